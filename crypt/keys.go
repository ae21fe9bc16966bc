package crypt

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes that the signing algorithms name
	_ "crypto/sha512"
	"fmt"
	"hash"
	"log/slog"
	"reflect"
	"slices"
	"sync"
)

// A ContentKey is an AES key that encrypts the attributes of items. It prints
// as REDACTED and is safe for concurrent use.
type ContentKey struct {
	block cipher.Block // nil if unwrapping failed
}

// NewContentKey returns a content key of 16, 24 or 32 bytes. It doesn't keep
// key.
func NewContentKey(key []byte) (*ContentKey, error) {
	if n := len(key); n != 16 && n != 24 && n != 32 {
		return nil, fmt.Errorf("%w: content key is %d bytes, want 16, 24 or 32", ErrConfig, n)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: content key: %w", ErrConfig, err)
	}
	return &ContentKey{block: block}, nil
}

// UnusableContentKey stands for a content key that could not be unwrapped. An
// item whose materials carry it is refused with [ErrVerify], but only after its
// signature was checked, so that neither the error nor its timing tells the two
// failures apart. Spec: Security considerations, "Order of operations, oracles,
// downgrade".
func UnusableContentKey() *ContentKey { return &ContentKey{} }

// Format prints k as REDACTED under every verb.
func (k ContentKey) Format(f fmt.State, _ rune) { redact(f, "ContentKey") }

// LogValue prints k as REDACTED in logs.
func (k *ContentKey) LogValue() slog.Value { return slog.StringValue("ContentKey(REDACTED)") }

// A KeyOption changes what a key is allowed to be or to do.
type KeyOption interface{ apply(*keyOptions) }

type keyOptions struct {
	weak  bool
	allow []string
}

type keyOption func(*keyOptions)

func (f keyOption) apply(o *keyOptions) { f(o) }

// AllowWeakKey accepts HMAC keys below 128 bits and RSA keys below 2048 bits,
// which old items may need. Without it they are refused.
func AllowWeakKey() KeyOption { return keyOption(func(o *keyOptions) { o.weak = true }) }

// AllowAlgorithms lets a verification key also verify items whose material
// description names one of these algorithms instead of its own. By default the
// description is not consulted: it is not signed. It has no effect on HMAC
// keys, whose algorithm is fixed with the key. Spec: Algorithm names, keys and
// key formats, "Signing algorithms".
func AllowAlgorithms(names ...string) KeyOption {
	return keyOption(func(o *keyOptions) { o.allow = append(o.allow, names...) })
}

func keyOptionsOf(opts []KeyOption) keyOptions {
	var o keyOptions
	for _, opt := range opts {
		opt.apply(&o)
	}
	return o
}

// kind is the family of a signing algorithm.
type kind uint8

const (
	kindHMAC kind = iota + 1
	kindRSA
	kindECDSA
)

type algorithm struct {
	name string // as the Java Cryptography Architecture spells it
	kind kind
	hash crypto.Hash
}

var algorithms = []algorithm{
	{"HmacSHA224", kindHMAC, crypto.SHA224},
	{"HmacSHA256", kindHMAC, crypto.SHA256},
	{"HmacSHA384", kindHMAC, crypto.SHA384},
	{"HmacSHA512", kindHMAC, crypto.SHA512},
	{"SHA224withRSA", kindRSA, crypto.SHA224},
	{"SHA256withRSA", kindRSA, crypto.SHA256},
	{"SHA384withRSA", kindRSA, crypto.SHA384},
	{"SHA512withRSA", kindRSA, crypto.SHA512},
	{"SHA224withECDSA", kindECDSA, crypto.SHA224},
	{"SHA256withECDSA", kindECDSA, crypto.SHA256},
	{"SHA384withECDSA", kindECDSA, crypto.SHA384},
	{"SHA512withECDSA", kindECDSA, crypto.SHA512},
}

func algorithmOf(name string) (algorithm, error) {
	for _, a := range algorithms {
		if a.name == name {
			return a, nil
		}
	}
	return algorithm{}, fmt.Errorf("%w: signing algorithm %q", ErrUnsupported, name)
}

// A SigningKey signs items: an HMAC key, or an RSA or ECDSA private key that
// may live in a security module. It prints as REDACTED and is safe for
// concurrent use if its crypto.Signer is. The zero value signs nothing.
type SigningKey struct {
	alg    algorithm
	mac    *macKey       // HMAC
	signer crypto.Signer // RSA, ECDSA
	verify *VerificationKey
}

// NewHMACKey returns a key for HmacSHA224, HmacSHA256, HmacSHA384 or
// HmacSHA512. The key has at least 16 bytes unless [AllowWeakKey] is given, and
// never 0. Key is copied.
func NewHMACKey(alg string, key []byte, opts ...KeyOption) (*SigningKey, error) {
	o := keyOptionsOf(opts)
	a, err := algorithmOf(alg)
	switch {
	case err != nil:
		return nil, err
	case a.kind != kindHMAC:
		return nil, fmt.Errorf("%w: %s is not an HMAC", ErrConfig, alg)
	case len(key) == 0:
		return nil, fmt.Errorf("%w: HMAC key is empty", ErrConfig)
	case len(key) < 16 && !o.weak:
		return nil, fmt.Errorf("%w: HMAC key is %d bytes, want at least 16", ErrConfig, len(key))
	}
	m := newMACKey(a.hash, key)
	return &SigningKey{alg: a, mac: m, verify: &VerificationKey{alg: a, mac: m}}, nil
}

// NewSigningKey returns an RSA (PKCS #1 v1.5) or ECDSA (ASN.1) signing key for
// an algorithm such as SHA256withRSA or SHA384withECDSA. The Python client knows
// no ECDSA. RSA keys have at least 2048 bits unless [AllowWeakKey] is given.
func NewSigningKey(alg string, signer crypto.Signer, opts ...KeyOption) (*SigningKey, error) {
	if v := reflect.ValueOf(signer); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, fmt.Errorf("%w: signing key is nil", ErrConfig)
	}
	v, err := NewVerificationKey(alg, signer.Public(), opts...)
	if err != nil {
		return nil, err
	}
	return &SigningKey{alg: v.alg, signer: signer, verify: v}, nil
}

// usable reports whether k was made by a constructor.
func (k *SigningKey) usable() bool { return k != nil && (k.mac != nil || k.signer != nil) }

// Algorithm returns the name of k's algorithm, such as "HmacSHA256".
func (k *SigningKey) Algorithm() string { return k.alg.name }

// VerificationKey returns the key that verifies what k signs.
func (k *SigningKey) VerificationKey() *VerificationKey { return k.verify }

// Format prints k's algorithm and REDACTED under every verb.
func (k SigningKey) Format(f fmt.State, _ rune) { redact(f, "SigningKey") }

// LogValue prints k as REDACTED in logs.
func (k *SigningKey) LogValue() slog.Value { return slog.StringValue("SigningKey(REDACTED)") }

// sign returns the signature of message.
func (k *SigningKey) sign(message []byte) ([]byte, error) {
	if k.mac != nil {
		return k.mac.sum(message), nil
	}
	sig, err := k.signer.Sign(rand.Reader, digest(k.alg.hash, message), k.alg.hash)
	if err != nil {
		return nil, fmt.Errorf("ddbenc: %s signature: %w", k.alg.name, err)
	}
	return sig, nil
}

// A VerificationKey verifies items: an HMAC key, or an RSA or ECDSA public key.
// It prints as REDACTED and is safe for concurrent use. The zero value verifies
// nothing.
type VerificationKey struct {
	alg   algorithm
	mac   *macKey
	pub   crypto.PublicKey // *rsa.PublicKey or *ecdsa.PublicKey
	allow []algorithm      // also accepted if the description names them
}

// NewVerificationKey returns the public half of [NewSigningKey]. To get one for
// an HMAC key, call [SigningKey.VerificationKey].
func NewVerificationKey(alg string, pub crypto.PublicKey, opts ...KeyOption) (*VerificationKey, error) {
	o := keyOptionsOf(opts)
	a, err := algorithmOf(alg)
	if err != nil {
		return nil, err
	}
	v := &VerificationKey{alg: a, pub: pub}
	if err := fits(a, pub, o.weak); err != nil {
		return nil, err
	}
	for _, name := range o.allow {
		extra, err := algorithmOf(name)
		if err != nil {
			return nil, err
		}
		if extra.kind != a.kind {
			return nil, fmt.Errorf("%w: %s can't be allowed for a key of %s", ErrConfig, name, alg)
		}
		v.allow = append(v.allow, extra)
	}
	return v, nil
}

// fits checks that pub is a key for a.
func fits(a algorithm, pub crypto.PublicKey, weak bool) error {
	switch key := pub.(type) {
	case *rsa.PublicKey:
		if key == nil || key.N == nil {
			return fmt.Errorf("%w: RSA key is nil", ErrConfig)
		}
		if a.kind == kindRSA {
			if bits := key.N.BitLen(); bits < 2048 && !weak {
				return fmt.Errorf("%w: RSA key is %d bits, want at least 2048", ErrConfig, bits)
			}
			return nil
		}
	case *ecdsa.PublicKey:
		if key == nil {
			return fmt.Errorf("%w: ECDSA key is nil", ErrConfig)
		}
		if a.kind == kindECDSA {
			return nil
		}
	}
	return fmt.Errorf("%w: %s can't use a key of type %T", ErrConfig, a.name, pub)
}

// usable reports whether k was made by a constructor.
func (k *VerificationKey) usable() bool { return k != nil && (k.mac != nil || k.pub != nil) }

// Algorithm returns the name of k's algorithm, such as "SHA256withRSA".
func (k *VerificationKey) Algorithm() string { return k.alg.name }

// Format prints k as REDACTED under every verb.
func (k VerificationKey) Format(f fmt.State, _ rune) { redact(f, "VerificationKey") }

// LogValue prints k as REDACTED in logs.
func (k *VerificationKey) LogValue() slog.Value { return slog.StringValue("VerificationKey(REDACTED)") }

// verifies reports whether sig is the signature of message. Described is the
// algorithm that the item names, or empty; it counts only if it was allowed.
func (k *VerificationKey) verifies(described string, message, sig []byte) bool {
	if k.mac != nil {
		return hmac.Equal(k.mac.sum(message), sig)
	}
	a := k.alg
	if i := slices.IndexFunc(k.allow, func(a algorithm) bool { return a.name == described }); i >= 0 {
		a = k.allow[i]
	}
	sum := digest(a.hash, message)
	switch pub := k.pub.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(pub, a.hash, sum, sig) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(pub, sum, sig)
	}
	return false
}

func digest(h crypto.Hash, message []byte) []byte {
	d := h.New()
	d.Write(message)
	return d.Sum(nil)
}

// A macKey computes HMACs under one key. Keyed states are kept for reuse,
// because keying costs two blocks of the hash and several allocations.
type macKey struct{ states sync.Pool }

func newMACKey(h crypto.Hash, key []byte) *macKey {
	key = slices.Clone(key)
	return &macKey{states: sync.Pool{New: func() any { return hmac.New(h.New, key) }}}
}

func (k *macKey) sum(message []byte) []byte {
	m := k.states.Get().(hash.Hash)
	m.Reset()
	m.Write(message)
	sum := m.Sum(nil)
	k.states.Put(m)
	return sum
}

// redact prints a key as its type's name and nothing else.
func redact(f fmt.State, name string) { fmt.Fprintf(f, "%s(REDACTED)", name) }

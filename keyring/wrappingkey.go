package keyring

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // MGF1, and one of the OAEP hashes
	"fmt"
	"log/slog"
	"reflect"
	"slices"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"github.com/ddbenc/ddbenc/crypt"
)

// A WrappingKey wraps content keys, unwraps them, or both: an AES key, or half
// of an RSA pair. It prints as REDACTED and is safe for concurrent use if the
// private key it was made from is.
type WrappingKey struct {
	block cipher.Block     // AES: wraps and unwraps
	pub   *rsa.PublicKey   // RSA: wraps
	priv  crypto.Decrypter // RSA: unwraps; nil for a public key
}

// NewAESWrappingKey returns a key of 16, 24 or 32 bytes that wraps and unwraps
// with AES key wrap, RFC 3394. Key is copied. The error wraps
// [crypt.ErrConfig].
func NewAESWrappingKey(key []byte) (*WrappingKey, error) {
	if n := len(key); n != 16 && n != 24 && n != 32 {
		return nil, fmt.Errorf("%w: AES wrapping key is %d bytes, want 16, 24 or 32", crypt.ErrConfig, n)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: AES wrapping key: %w", crypt.ErrConfig, err)
	}
	return &WrappingKey{block: block}, nil
}

// NewRSAWrappingKey returns a key that wraps with RSA-OAEP and can't unwrap,
// for programs that write items and may not read any. Pub is an
// *rsa.PublicKey of at least 2048 bits, or fewer with [crypt.AllowWeakKey]. The
// error wraps [crypt.ErrConfig].
func NewRSAWrappingKey(pub crypto.PublicKey, opts ...crypt.KeyOption) (*WrappingKey, error) {
	// An RSA verification key has the same conditions, and its error names
	// only type and size.
	if _, err := crypt.NewVerificationKey("SHA256withRSA", pub, opts...); err != nil {
		return nil, fmt.Errorf("wrapping key: %w", err)
	}
	return &WrappingKey{pub: pub.(*rsa.PublicKey)}, nil
}

// NewRSAUnwrappingKey returns a key that unwraps with the private key and wraps
// with its public part. Priv is an *rsa.PrivateKey, a [*PrivateKey], or a key
// kept elsewhere that decrypts when given *rsa.OAEPOptions with MGFHash set. The
// conditions are those of [NewRSAWrappingKey].
func NewRSAUnwrappingKey(priv crypto.Decrypter, opts ...crypt.KeyOption) (*WrappingKey, error) {
	if v := reflect.ValueOf(priv); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, fmt.Errorf("%w: unwrapping key is nil", crypt.ErrConfig)
	}
	k, err := NewRSAWrappingKey(priv.Public(), opts...)
	if err != nil {
		return nil, err
	}
	if p, ok := priv.(*PrivateKey); ok {
		priv = p.rsa
	}
	k.priv = priv
	return k, nil
}

// Format prints k as REDACTED under every verb.
func (k WrappingKey) Format(f fmt.State, _ rune) { redact(f, "WrappingKey") }

// LogValue prints k as REDACTED in logs.
func (k *WrappingKey) LogValue() slog.Value { return slog.StringValue("WrappingKey(REDACTED)") }

// family is "AES" or "RSA".
func (k *WrappingKey) family() string {
	if k.block != nil {
		return "AES"
	}
	return "RSA"
}

// unwraps reports whether k can unwrap.
func (k *WrappingKey) unwraps() bool { return k.block != nil || k.priv != nil }

// A wrapAlgorithm is one value of amzn-ddb-wrap-alg. Spec: Algorithm names, keys
// and key formats, "Key wrapping".
type wrapAlgorithm struct {
	name   string
	family string      // of the keys that it fits: "AES" or "RSA"
	oaep   crypto.Hash // 0 for AES key wrap and for PKCS #1 v1.5
}

// pkcs1v15 reports whether a is the padding that is never written.
func (a wrapAlgorithm) pkcs1v15() bool { return a.family == "RSA" && a.oaep == 0 }

// Names are compared exactly. The Python client takes any name that begins with
// "AES" for AES key wrap; nobody writes one.
var wrapAlgorithms = []wrapAlgorithm{
	{"AESWrap", "AES", 0},
	{"RSA/ECB/OAEPWithSHA-256AndMGF1Padding", "RSA", crypto.SHA256},
	{"RSA/ECB/OAEPWithSHA-1AndMGF1Padding", "RSA", crypto.SHA1},
	{"RSA/ECB/OAEPWithSHA-384AndMGF1Padding", "RSA", crypto.SHA384},
	{"RSA/ECB/OAEPWithSHA-512AndMGF1Padding", "RSA", crypto.SHA512},
	{"RSA/ECB/PKCS1Padding", "RSA", 0},
	{"RSA", "RSA", 0},
}

func wrapAlgorithmOf(name string) (wrapAlgorithm, bool) {
	i := slices.IndexFunc(wrapAlgorithms, func(a wrapAlgorithm) bool { return a.name == name })
	if i < 0 {
		return wrapAlgorithm{}, false
	}
	return wrapAlgorithms[i], true
}

// defaultWrapAlgorithm is what a writer uses for k unless told otherwise.
func (k *WrappingKey) defaultWrapAlgorithm() wrapAlgorithm {
	i := slices.IndexFunc(wrapAlgorithms, func(a wrapAlgorithm) bool { return a.family == k.family() })
	return wrapAlgorithms[i]
}

// oaepOptions are those of every OAEP hash: the label is empty and MGF1 always
// uses SHA-1, which is the default of the standard Java provider.
func oaepOptions(h crypto.Hash) *rsa.OAEPOptions {
	return &rsa.OAEPOptions{Hash: h, MGFHash: crypto.SHA1}
}

// wrap returns key wrapped under k. PKCS #1 v1.5 is not among what it can do.
func (k *WrappingKey) wrap(a wrapAlgorithm, key []byte) ([]byte, error) {
	if a.oaep != 0 {
		return rsa.EncryptOAEPWithOptions(rand.Reader, k.pub, key, oaepOptions(a.oaep))
	}
	return josecipher.KeyWrap(k.block, key)
}

// unwrap returns the content key in wrapped, or no key at all for whatever
// reason: no caller may tell the reasons apart. It doesn't check a against k.
func (k *WrappingKey) unwrap(a wrapAlgorithm, wrapped []byte) (key []byte, ok bool) {
	var err error
	switch {
	case k.block != nil && len(wrapped) > 32+8:
		return nil, false // a hostile item would buy time with a long one
	case k.pub != nil && len(wrapped) != k.pub.Size():
		return nil, false // crypto/rsa would take a shorter one as a number
	case k.block != nil:
		key, err = josecipher.KeyUnwrap(k.block, wrapped)
	case a.pkcs1v15():
		key, err = unwrapPKCS1v15(k.priv.(*rsa.PrivateKey), wrapped)
	default:
		key, err = k.priv.Decrypt(rand.Reader, wrapped, oaepOptions(a.oaep))
	}
	return key, err == nil
}

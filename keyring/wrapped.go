package keyring

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
)

// A Wrapped provider makes a new AES content key for each item and stores it in
// the item, wrapped with AES key wrap or RSA-OAEP. It is the other clients'
// WrappedCryptographicMaterialsProvider (Python), WrappedMaterialsProvider and
// AsymmetricStaticProvider (Java). It is safe for concurrent use. Spec: Materials
// and materials providers, "Wrapped provider".
type Wrapped struct {
	keys         WrappedKeys // Verification is always set
	cfg          config
	contentAlg   string        // of a new content key, such as "AES/256"
	contentBytes int           // its length
	wrapAlg      wrapAlgorithm // how it is wrapped
}

var _ crypt.Provider = (*Wrapped)(nil)

// WrappedKeys are the keys of a [Wrapped] provider. A provider that only writes
// has no Unwrapping key, one that only reads has no Wrapping and no Signing key.
// If both wrapping keys are set they belong together.
type WrappedKeys struct {
	Wrapping   *WrappingKey
	Unwrapping *WrappingKey

	Signing      *crypt.SigningKey
	Verification *crypt.VerificationKey // nil means that of Signing
}

// NewWrapped returns a provider that wraps content keys with AES key wrap and
// signs with HmacSHA256. The wrapping key has 16, 24 or 32 bytes; the signing
// key has 16 or more, best 32. Both should be random and independent of each
// other. They are copied. The error wraps [crypt.ErrConfig].
func NewWrapped(wrappingKey, signingKey []byte, opts ...WrappedOption) (*Wrapped, error) {
	wrapping, err := NewAESWrappingKey(wrappingKey)
	if err != nil {
		return nil, err
	}
	signing, err := crypt.NewHMACKey("HmacSHA256", signingKey)
	if err != nil {
		return nil, err
	}
	return NewWrappedKeys(WrappedKeys{Wrapping: wrapping, Unwrapping: wrapping, Signing: signing}, opts...)
}

// NewWrappedRSA returns a provider that wraps content keys for the RSA pair of a
// private key, with OAEP, and signs with any signing key: that of another RSA
// pair, as the Java client's AsymmetricStaticProvider does, or an HMAC key. Use
// separate pairs for the two. The private key is one that [NewRSAUnwrappingKey]
// takes. Programs that should only write, or only read, get half of the keys
// through [NewWrappedKeys]. The error wraps [crypt.ErrConfig].
func NewWrappedRSA(wrapping crypto.Decrypter, signing *crypt.SigningKey, opts ...WrappedOption) (*Wrapped, error) {
	key, err := NewRSAUnwrappingKey(wrapping)
	if err != nil {
		return nil, err
	}
	return NewWrappedKeys(WrappedKeys{Wrapping: key, Unwrapping: key, Signing: signing}, opts...)
}

// NewWrappedKeys is [NewWrapped] for every other choice of keys. The error wraps
// [crypt.ErrConfig].
func NewWrappedKeys(keys WrappedKeys, opts ...WrappedOption) (*Wrapped, error) {
	p := &Wrapped{keys: keys}
	for _, opt := range opts {
		opt.applyWrapped(&p.cfg)
	}
	verification, err := verificationKey(keys.Signing, keys.Verification)
	if err != nil {
		return nil, err
	}
	p.keys.Verification = verification
	for _, check := range []func() error{p.cfg.checkDescription, p.checkKeys, p.setWriting} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// checkKeys refuses keys that can do nothing, or nothing together.
func (p *Wrapped) checkKeys() error {
	w, u := p.keys.Wrapping, p.keys.Unwrapping
	switch {
	case w == nil && u == nil:
		return fmt.Errorf("%w: neither wrapping nor unwrapping key", crypt.ErrConfig)
	case w != nil && p.keys.Signing == nil:
		return fmt.Errorf("%w: a wrapping key needs a signing key beside it", crypt.ErrConfig)
	case u != nil && !u.unwraps():
		return fmt.Errorf("%w: the unwrapping key is a public key, which can't unwrap", crypt.ErrConfig)
	case w != nil && u != nil && w.family() != u.family():
		return fmt.Errorf("%w: wrapping key is %s and unwrapping key is %s", crypt.ErrConfig, w.family(), u.family())
	case w != nil && u != nil && w.pub != nil && !w.pub.Equal(u.pub):
		return fmt.Errorf("%w: wrapping and unwrapping key are not of one RSA pair", crypt.ErrConfig)
	}
	if p.cfg.pkcs1v15 && u != nil {
		if _, ok := u.priv.(*rsa.PrivateKey); !ok {
			return fmt.Errorf("%w: PKCS #1 v1.5 needs an RSA private key that this process holds", crypt.ErrConfig)
		}
	}
	return nil
}

// setWriting takes from the provider's description how content keys are made
// and wrapped.
func (p *Wrapped) setWriting() error {
	switch alg := p.cfg.description[crypt.DescContentAlgorithm]; alg {
	case "", "AES", "AES/256":
		// Java makes of a bare "AES" what the platform's default is, 128 bits
		// on some releases and more on others.
		p.contentAlg, p.contentBytes = "AES/256", 32
	case "AES/192":
		p.contentAlg, p.contentBytes = alg, 24
	case "AES/128":
		p.contentAlg, p.contentBytes = alg, 16
	default:
		return fmt.Errorf("%w: content algorithm %q, want AES/128, AES/192 or AES/256", crypt.ErrConfig, alg)
	}
	if p.keys.Wrapping == nil {
		return nil
	}
	key := p.keys.Wrapping
	p.wrapAlg = key.defaultWrapAlgorithm()
	if name, ok := p.cfg.description[crypt.DescWrapAlgorithm]; ok {
		a, known := wrapAlgorithmOf(name)
		switch {
		case !known:
			return fmt.Errorf("%w: unknown wrapping algorithm %q", crypt.ErrConfig, name)
		case a.family != key.family():
			return fmt.Errorf("%w: wrapping algorithm %q doesn't fit an %s key", crypt.ErrConfig, name, key.family())
		case a.pkcs1v15():
			return fmt.Errorf("%w: wrapping algorithm %q is not written, only read", crypt.ErrConfig, name)
		}
		p.wrapAlg = a
	}
	if key.pub == nil {
		return nil
	}
	if got, want := key.pub.Size(), p.contentBytes+2*p.wrapAlg.oaep.Size()+2; got < want {
		return fmt.Errorf("%w: RSA key is %d bytes, want at least %d for %q", crypt.ErrConfig, got, want, p.wrapAlg.name)
	}
	return nil
}

// EncryptionMaterials makes a content key and returns it with these entries
// beside those of the provider's description:
//
//	amzn-ddb-env-alg   AES/256, or as configured; Java writes AES without the length
//	amzn-ddb-env-key   the wrapped key, standard Base64 with padding on one line
//	amzn-ddb-wrap-alg  AESWrap, RSA/ECB/OAEPWithSHA-256AndMGF1Padding, or as configured
//
// The error wraps [crypt.ErrNoKey] if there is no wrapping key.
func (p *Wrapped) EncryptionMaterials(context.Context, *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
	if p.keys.Wrapping == nil {
		return nil, fmt.Errorf("%w: the wrapped provider has no wrapping key and only reads", crypt.ErrNoKey)
	}
	raw := make([]byte, p.contentBytes)
	defer clear(raw)
	rand.Read(raw) // never fails
	content, err := crypt.NewContentKey(raw)
	if err != nil {
		return nil, err
	}
	wrapped, err := p.keys.Wrapping.wrap(p.wrapAlg, raw)
	if err != nil {
		return nil, fmt.Errorf("ddbenc: wrapping a content key: %w", err)
	}
	description := make(map[string]string, len(p.cfg.description)+5) // the encryptor adds two
	merge(description, p.cfg.description)
	description[crypt.DescContentAlgorithm] = p.contentAlg
	description[crypt.DescContentKey] = base64.StdEncoding.EncodeToString(wrapped)
	description[crypt.DescWrapAlgorithm] = p.wrapAlg.name
	return &crypt.EncryptionMaterials{
		ContentKey:  content,
		SigningKey:  p.keys.Signing,
		Description: description,
	}, nil
}

// DecryptionMaterials unwraps the content key of an item. The provider's own
// description plays no part in it.
//
// An item without a wrapped key gives materials without a content key, with
// which it can only be verified; the other clients make up a random key instead.
// A content key that can't be unwrapped, for whatever reason, gives
// [crypt.UnusableContentKey]. The error wraps [crypt.ErrUnsupported] if the item
// names an algorithm that this provider doesn't use, and [crypt.ErrNoKey] if the
// item lacks a required entry or there is no unwrapping key.
func (p *Wrapped) DecryptionMaterials(_ context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
	if err := p.cfg.checkRequired(ec.Description); err != nil {
		return nil, err
	}
	m := &crypt.DecryptionMaterials{VerificationKey: p.keys.Verification}
	text, ok := ec.Description[crypt.DescContentKey]
	if !ok {
		return m, nil
	}
	if p.keys.Unwrapping == nil {
		return nil, fmt.Errorf("%w: the wrapped provider has no unwrapping key and only writes", crypt.ErrNoKey)
	}
	// Only the name counts; what an item says of the length is not signed, and
	// the key says it better. No entry means AES, as Python has it.
	if alg, ok := ec.Description[crypt.DescContentAlgorithm]; ok {
		if name, _, _ := strings.Cut(alg, "/"); name != "AES" {
			return nil, fmt.Errorf("%w: content algorithm %.40q", crypt.ErrUnsupported, alg)
		}
	}
	a, err := p.readAlgorithm(ec.Description)
	if err != nil {
		return nil, err
	}
	m.ContentKey = p.unwrap(a, text)
	return m, nil
}

// readAlgorithm returns the wrapping algorithm that an item names, if it is one
// that this provider's key is used with.
func (p *Wrapped) readAlgorithm(description map[string]string) (wrapAlgorithm, error) {
	name, ok := description[crypt.DescWrapAlgorithm]
	family := p.keys.Unwrapping.family()
	switch {
	case ok:
	case family == "RSA":
		name = "RSA" // so PKCS #1 v1.5, not OAEP: that is what a missing entry means
	case p.cfg.assumeWrap:
		name = "AESWrap"
	default:
		return wrapAlgorithm{}, fmt.Errorf("%w: the item doesn't name its wrapping algorithm, see AssumeAESWrap", crypt.ErrUnsupported)
	}
	a, known := wrapAlgorithmOf(name)
	switch {
	case !known:
		return wrapAlgorithm{}, fmt.Errorf("%w: wrapping algorithm %.40q", crypt.ErrUnsupported, name)
	case a.family != family:
		return wrapAlgorithm{}, fmt.Errorf("%w: wrapping algorithm %q doesn't fit the provider's %s key", crypt.ErrUnsupported, name, family)
	case a.pkcs1v15() && !p.cfg.pkcs1v15:
		return wrapAlgorithm{}, fmt.Errorf("%w: PKCS #1 v1.5 is not allowed, see AllowPKCS1v15", crypt.ErrUnsupported)
	}
	return a, nil
}

// maxWrappedText bounds the Base64 text of a wrapped key, which nobody has
// verified: an RSA key of 16384 bits and line ends take less.
const maxWrappedText = 4096 // bytes

// unwrap decodes and unwraps a content key. Everything that can go wrong from
// here on has one outcome.
func (p *Wrapped) unwrap(a wrapAlgorithm, text string) *crypt.ContentKey {
	if len(text) > maxWrappedText {
		return unusable
	}
	// Old Java releases break the text into lines. The decoder skips CR and LF
	// and refuses every other foreign character.
	wrapped, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return unusable
	}
	raw, ok := p.keys.Unwrapping.unwrap(a, wrapped)
	if !ok {
		return unusable
	}
	defer clear(raw)
	content, err := crypt.NewContentKey(raw) // 16, 24 or 32 bytes, whatever was announced
	if err != nil {
		return unusable
	}
	return content
}

// Format prints p without its keys under every verb.
func (p Wrapped) Format(f fmt.State, _ rune) { redact(f, "Wrapped") }

// LogValue prints p without its keys in logs.
func (p *Wrapped) LogValue() slog.Value { return slog.StringValue("Wrapped(REDACTED)") }

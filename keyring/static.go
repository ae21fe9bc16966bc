package keyring

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/ddbenc/ddbenc/crypt"
)

// A Static provider gives every item the same keys. It is the simplest one, and
// the most exposed: one content key encrypts the whole table, and changing it
// means writing every item again. It is the other clients'
// StaticCryptographicMaterialsProvider (Python) and SymmetricStaticProvider
// (Java). It is safe for concurrent use. Spec: Materials and materials
// providers, "Static (raw) provider".
type Static struct {
	enc *crypt.EncryptionMaterials // nil: read only
	dec *crypt.DecryptionMaterials
	cfg config
}

var _ crypt.Provider = (*Static)(nil)

// StaticKeys are the keys of a [Static] provider. Of Signing and Verification
// one may be missing:
//
//	Content  Signing  Verification
//	set      set      any           reads and writes
//	set      nil      set           only reads
//	nil      set      any           reads and writes items in which nothing is encrypted
//	nil      nil      set           verifies such items
type StaticKeys struct {
	Content      *crypt.ContentKey
	Signing      *crypt.SigningKey
	Verification *crypt.VerificationKey // nil means that of Signing
}

// NewStatic returns a provider that encrypts with AES and signs with
// HmacSHA256. The content key has 16, 24 or 32 bytes; the signing key has 16 or
// more, best 32. Both should be random and independent of each other. They are
// copied. The error wraps [crypt.ErrConfig].
func NewStatic(contentKey, signingKey []byte, opts ...StaticOption) (*Static, error) {
	content, err := crypt.NewContentKey(contentKey)
	if err != nil {
		return nil, err
	}
	signing, err := crypt.NewHMACKey("HmacSHA256", signingKey)
	if err != nil {
		return nil, err
	}
	return NewStaticKeys(StaticKeys{Content: content, Signing: signing}, opts...)
}

// NewStaticKeys is [NewStatic] for every other choice of keys. The error wraps
// [crypt.ErrConfig].
func NewStaticKeys(keys StaticKeys, opts ...StaticOption) (*Static, error) {
	p := &Static{}
	for _, opt := range opts {
		opt.applyStatic(&p.cfg)
	}
	if err := p.cfg.checkDescription(); err != nil {
		return nil, err
	}
	verification, err := verificationKey(keys.Signing, keys.Verification)
	if err != nil {
		return nil, err
	}
	if keys.Signing != nil {
		p.enc = &crypt.EncryptionMaterials{
			ContentKey:  keys.Content,
			SigningKey:  keys.Signing,
			Description: merge(nil, p.cfg.description),
		}
	}
	p.dec = &crypt.DecryptionMaterials{ContentKey: keys.Content, VerificationKey: verification}
	return p, nil
}

// verificationKey returns v, or else the one that belongs to s.
func verificationKey(s *crypt.SigningKey, v *crypt.VerificationKey) (*crypt.VerificationKey, error) {
	switch {
	case v != nil:
		return v, nil
	case s != nil:
		return s.VerificationKey(), nil
	}
	return nil, fmt.Errorf("%w: neither signing nor verification key", crypt.ErrConfig)
}

// EncryptionMaterials returns the same materials for every item, or
// [crypt.ErrNoKey] if there is no signing key.
func (p *Static) EncryptionMaterials(context.Context, *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
	if p.enc == nil {
		return nil, fmt.Errorf("%w: the static provider has no signing key and only reads", crypt.ErrNoKey)
	}
	return p.enc, nil
}

// DecryptionMaterials returns the same materials for every item that has the
// required description, and [crypt.ErrNoKey] for the others.
func (p *Static) DecryptionMaterials(_ context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
	if err := p.cfg.checkRequired(ec.Description); err != nil {
		return nil, err
	}
	return p.dec, nil
}

// Format prints p without its keys under every verb.
func (p Static) Format(f fmt.State, _ rune) { redact(f, "Static") }

// LogValue prints p without its keys in logs.
func (p *Static) LogValue() slog.Value { return slog.StringValue("Static(REDACTED)") }

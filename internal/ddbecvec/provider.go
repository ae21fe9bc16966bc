package ddbecvec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// Provider is where a case's keys come from; Type says which fields matter.
type Provider struct {
	Type string `json:"type"` // "static", "wrapped", "aws_kms" or "most_recent"

	Encryption *Key `json:"encryption,omitempty"` // static; nil encrypts nothing
	Wrapping   *Key `json:"wrapping,omitempty"`   // wrapped
	Signing    *Key `json:"signing,omitempty"`    // static and wrapped

	KeyID       string   `json:"key_id,omitempty"` // aws_kms
	GrantTokens []string `json:"grant_tokens,omitempty"`
	FakeKMS     *FakeKMS `json:"fake_kms,omitempty"`

	MaterialName   string            `json:"material_name,omitempty"` // most_recent
	MetaTableName  string            `json:"meta_table_name,omitempty"`
	MetaProvider   *Provider         `json:"meta_provider,omitempty"` // protects the key table
	CreateVersions []int64           `json:"create_versions,omitempty"`
	MetaTableItems []json.RawMessage `json:"meta_table_items,omitempty"` // its rows after the item was written

	// Endpoint is that of a real KMS, or of the key table. Without it the SDKs'
	// environment variables count, and without those FakeKMS and a table in
	// memory.
	Endpoint string `json:"endpoint,omitempty"`

	// Description are entries given to the provider, some of which choose
	// algorithms.
	Description map[string]string `json:"material_description,omitempty"`
}

// A Key is raw bytes or one or both halves of a pair in PEM.
type Key struct {
	Algorithm  string `json:"algorithm"`
	Raw        []byte `json:"key_b64,omitempty"`
	PrivatePEM string `json:"private_key_pem,omitempty"`
	PublicPEM  string `json:"public_key_pem,omitempty"`
}

// ErrProvider reports a type of provider that this package can't open.
var ErrProvider = errors.New("ddbecvec: no such type of provider")

// A session opens the provider of one case and notes what that leads to. A
// description may choose what is only ever read, such as PKCS #1 v1.5, so
// reading and writing need different settings.
type session struct {
	writing  bool
	requests []KMSRequest
	table    keyTable // of a most_recent provider
}

// Open returns the provider of keys that p describes, to write with or only to read.
func (p *Provider) Open(ctx context.Context, writing bool) (crypt.Provider, error) {
	return (&session{writing: writing}).open(ctx, p)
}

// open returns the provider of keys that p describes.
func (s *session) open(ctx context.Context, p *Provider) (crypt.Provider, error) {
	switch p.Type {
	case "static":
		return p.static()
	case "wrapped":
		return p.wrapped(s.writing)
	case "aws_kms":
		return s.kms(p)
	case "most_recent":
		return s.mostRecent(ctx, p)
	}
	return nil, fmt.Errorf("%w: %q", ErrProvider, p.Type)
}

func (p *Provider) static() (crypt.Provider, error) {
	keys := keyring.StaticKeys{}
	var err error
	if p.Encryption != nil {
		if keys.Content, err = crypt.NewContentKey(p.Encryption.Raw); err != nil {
			return nil, err
		}
	}
	if keys.Signing, keys.Verification, err = p.Signing.signing(); err != nil {
		return nil, err
	}
	return keyring.NewStaticKeys(keys, keyring.WithDescription(p.Description))
}

func (p *Provider) wrapped(writing bool) (crypt.Provider, error) {
	keys := keyring.WrappedKeys{}
	var err error
	if keys.Wrapping, keys.Unwrapping, err = p.Wrapping.wrapping(); err != nil {
		return nil, err
	}
	if keys.Signing, keys.Verification, err = p.Signing.signing(); err != nil {
		return nil, err
	}
	var opts []keyring.WrappedOption
	if writing {
		opts = append(opts, keyring.WithDescription(p.Description))
	} else if wrap := p.Description[crypt.DescWrapAlgorithm]; wrap == "RSA" || wrap == "RSA/ECB/PKCS1Padding" {
		opts = append(opts, keyring.AllowPKCS1v15())
	}
	return keyring.NewWrappedKeys(keys, opts...)
}

// signing returns both halves of a signing key; a half that k has not is nil.
func (k *Key) signing() (*crypt.SigningKey, *crypt.VerificationKey, error) {
	switch {
	case k == nil:
		return nil, nil, errors.New("the case has no signing key")
	case k.Raw != nil:
		key, err := crypt.NewHMACKey(k.Algorithm, k.Raw, crypt.AllowWeakKey())
		return key, nil, err
	case k.PrivatePEM != "":
		private, err := keyring.ParsePrivateKey([]byte(k.PrivatePEM))
		if err != nil {
			return nil, nil, err
		}
		key, err := crypt.NewSigningKey(k.Algorithm, private, crypt.AllowWeakKey())
		return key, nil, err
	}
	public, err := keyring.ParsePublicKey([]byte(k.PublicPEM))
	if err != nil {
		return nil, nil, err
	}
	key, err := crypt.NewVerificationKey(k.Algorithm, public, crypt.AllowWeakKey())
	return nil, key, err
}

// wrapping returns both halves of a wrapping key; a half that k has not is nil.
func (k *Key) wrapping() (wrap, unwrap *keyring.WrappingKey, err error) {
	switch {
	case k == nil:
		return nil, nil, errors.New("the case has no wrapping key")
	case k.Raw != nil:
		wrap, err = keyring.NewAESWrappingKey(k.Raw)
		return wrap, wrap, err
	}
	if k.PublicPEM != "" {
		public, err := keyring.ParsePublicKey([]byte(k.PublicPEM))
		if err != nil {
			return nil, nil, err
		}
		if wrap, err = keyring.NewRSAWrappingKey(public, crypt.AllowWeakKey()); err != nil {
			return nil, nil, err
		}
	}
	if k.PrivatePEM != "" {
		private, err := keyring.ParsePrivateKey([]byte(k.PrivatePEM))
		if err != nil {
			return nil, nil, err
		}
		if unwrap, err = keyring.NewRSAUnwrappingKey(private, crypt.AllowWeakKey()); err != nil {
			return nil, nil, err
		}
	}
	return wrap, unwrap, nil
}

package keyring

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"log/slog"

	"github.com/ddbenc/ddbenc/crypt"
)

// RSAPadding is how a [RawRSA] keyring pads. MGF1 uses the same hash and the label
// is empty, unlike in a DDBEC item.
type RSAPadding uint8

const (
	_ RSAPadding = iota
	OAEPSHA256
	OAEPSHA384
	OAEPSHA512
	OAEPSHA1 // for old items and readers

	// PKCS1v15 is for old items and readers. The padding invites attacks; here a
	// wrong one looks like a wrong key.
	PKCS1v15
)

// String returns the name that the other clients use.
func (p RSAPadding) String() string {
	switch p {
	case OAEPSHA1:
		return "OAEP_SHA1_MGF1"
	case OAEPSHA256:
		return "OAEP_SHA256_MGF1"
	case OAEPSHA384:
		return "OAEP_SHA384_MGF1"
	case OAEPSHA512:
		return "OAEP_SHA512_MGF1"
	case PKCS1v15:
		return "PKCS1"
	}
	return fmt.Sprintf("RSAPadding(%d)", uint8(p))
}

// hash returns the hash of an OAEP padding, and 0 for others.
func (p RSAPadding) hash() crypto.Hash {
	switch p {
	case OAEPSHA1:
		return crypto.SHA1
	case OAEPSHA256:
		return crypto.SHA256
	case OAEPSHA384:
		return crypto.SHA384
	case OAEPSHA512:
		return crypto.SHA512
	}
	return 0
}

// RawRSA is a DB-ESDK keyring that encrypts data keys under an RSA key of the
// program's own. It is safe for concurrent use if the private key is. DB-ESDK
// spec: materials, "Raw RSA keyring".
type RawRSA struct {
	rawName
	padding RSAPadding
	pub     *rsa.PublicKey
	priv    crypto.Decrypter // nil: only writes
}

var _ crypt.Keyring = (*RawRSA)(nil)

// NewRawRSA returns a keyring that reads and writes. Priv is an *rsa.PrivateKey, a
// [*PrivateKey], or a key kept elsewhere that decrypts when given
// *rsa.OAEPOptions, or *rsa.PKCS1v15DecryptOptions with SessionKeyLen set. It has
// at least 2048 bits unless [crypt.AllowWeakKey] is given. Namespace and name are
// those of [NewRawAES]. The error wraps [crypt.ErrConfig].
func NewRawRSA(namespace, name string, padding RSAPadding, priv crypto.Decrypter, opts ...crypt.KeyOption) (*RawRSA, error) {
	if priv == nil {
		return nil, fmt.Errorf("%w: RSA private key is nil", crypt.ErrConfig)
	}
	k, err := NewRawRSAPublic(namespace, name, padding, priv.Public(), opts...)
	if err != nil {
		return nil, err
	}
	if p, ok := priv.(*PrivateKey); ok {
		priv = p.rsa
	}
	k.priv = priv
	return k, nil
}

// NewRawRSAPublic returns a keyring that writes items and can't read any. Pub is
// an *rsa.PublicKey. The rest is as for [NewRawRSA].
func NewRawRSAPublic(namespace, name string, padding RSAPadding, pub crypto.PublicKey, opts ...crypt.KeyOption) (*RawRSA, error) {
	k := &RawRSA{rawName: rawName{namespace, name}, padding: padding}
	if err := k.check(); err != nil {
		return nil, err
	}
	if padding != PKCS1v15 && padding.hash() == 0 {
		return nil, fmt.Errorf("%w: there is no padding %v", crypt.ErrConfig, padding)
	}
	// The conditions of a wrapping key are the same.
	w, err := NewRSAWrappingKey(pub, opts...)
	if err != nil {
		return nil, err
	}
	k.pub = w.pub
	return k, nil
}

// WrapKey returns one data key, whose provider info is k's name.
func (k *RawRSA) WrapKey(_ context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	return wrapIntermediate(kc, dataKey, k.namespace, func(intermediate []byte) (info, ciphertext []byte, err error) {
		if k.padding == PKCS1v15 {
			//lint:ignore SA1019 some readers have no other padding
			ciphertext, err = rsa.EncryptPKCS1v15(rand.Reader, k.pub, intermediate)
		} else {
			ciphertext, err = rsa.EncryptOAEPWithOptions(rand.Reader, k.pub, intermediate, &rsa.OAEPOptions{Hash: k.padding.hash()})
		}
		if err != nil {
			return nil, nil, fmt.Errorf("ddbenc: %v: %w", k.rawName, err)
		}
		return []byte(k.name), ciphertext, nil
	})
}

// UnwrapKey decrypts the first data key of k's namespace and name that it can. A
// keyring without private key returns [crypt.ErrNoKey].
func (k *RawRSA) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	if k.priv == nil {
		return nil, fmt.Errorf("%w: %v has no private key and only writes", crypt.ErrNoKey, k.rawName)
	}
	return unwrapIntermediate(ctx, kc, keys, k.rawName, k.knows, func(_ *crypt.EncryptedDataKey, ciphertext []byte) ([]byte, bool) {
		if len(ciphertext) != k.pub.Size() {
			return nil, false // crypto/rsa would take a shorter one as a number
		}
		intermediate, err := k.priv.Decrypt(rand.Reader, ciphertext, k.decrypterOptions())
		return intermediate, err == nil
	})
}

func (k *RawRSA) knows(e *crypt.EncryptedDataKey) bool {
	return e.ProviderID == k.namespace && string(e.ProviderInfo) == k.name
}

// decrypterOptions are those of k's padding. With PKCS #1 v1.5 a wrong padding
// gives a random key of the right size, which then fails as any wrong key does.
func (k *RawRSA) decrypterOptions() crypto.DecrypterOpts {
	if k.padding == PKCS1v15 {
		//lint:ignore SA1019 see PKCS1v15
		return &rsa.PKCS1v15DecryptOptions{SessionKeyLen: crypt.DataKeySize}
	}
	return &rsa.OAEPOptions{Hash: k.padding.hash()}
}

// Format prints k without its key under every verb.
func (k RawRSA) Format(f fmt.State, _ rune) { redact(f, "RawRSA") }

// LogValue prints k without its key in logs.
func (k *RawRSA) LogValue() slog.Value { return slog.StringValue("RawRSA(REDACTED)") }

package keyring

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"

	"github.com/ddbenc/ddbenc/crypt"
)

// A PrivateKey is an RSA or ECDSA private key. It is a crypto.Signer for
// [crypt.NewSigningKey] and, with an RSA key, a crypto.Decrypter for
// [NewRSAUnwrappingKey]. Unlike the key types of the standard library it prints
// as REDACTED. It is safe for concurrent use.
type PrivateKey struct {
	rsa *rsa.PrivateKey // one of the two is set
	ec  *ecdsa.PrivateKey
}

// ParsePrivateKey reads one unencrypted private key, as PEM or DER, in one of
// these forms:
//
//	PKCS #8    PRIVATE KEY       RSA or ECDSA
//	PKCS #1    RSA PRIVATE KEY   RSA
//	SEC 1      EC PRIVATE KEY    ECDSA
//
// PEM may be surrounded by text and by blocks of EC PARAMETERS, but has no
// second key. The error wraps [crypt.ErrConfig] and says nothing of the key but
// its form. Spec: Algorithm names, keys and key formats, "Key loading".
func ParsePrivateKey(data []byte) (*PrivateKey, error) {
	form, der, err := decodePEM(data)
	if err != nil {
		return nil, fmt.Errorf("%w: private key: %w", crypt.ErrConfig, err)
	}
	switch form {
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "":
	case "ENCRYPTED PRIVATE KEY":
		return nil, fmt.Errorf("%w: private key is encrypted: decrypt it first, for example with openssl pkcs8", crypt.ErrConfig)
	default:
		return nil, fmt.Errorf("%w: PEM block is %q, want a private key", crypt.ErrConfig, form)
	}
	// The parsers' errors can quote parts of what they read, so they stay here.
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		switch key := key.(type) {
		case *rsa.PrivateKey:
			return &PrivateKey{rsa: key}, nil
		case *ecdsa.PrivateKey:
			return &PrivateKey{ec: key}, nil
		}
		return nil, fmt.Errorf("%w: private key is a %T, want RSA or ECDSA", crypt.ErrConfig, key)
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return &PrivateKey{rsa: key}, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return &PrivateKey{ec: key}, nil
	}
	return nil, fmt.Errorf("%w: private key is not valid PKCS #8, PKCS #1 or SEC 1", crypt.ErrConfig)
}

// ParsePublicKey reads one public key, as PEM or DER, in one of these forms. It
// returns an *rsa.PublicKey or an *ecdsa.PublicKey.
//
//	SubjectPublicKeyInfo   PUBLIC KEY       RSA or ECDSA
//	PKCS #1                RSA PUBLIC KEY   RSA
//
// The error wraps [crypt.ErrConfig].
func ParsePublicKey(data []byte) (crypto.PublicKey, error) {
	form, der, err := decodePEM(data)
	if err != nil {
		return nil, fmt.Errorf("%w: public key: %w", crypt.ErrConfig, err)
	}
	switch form {
	case "PUBLIC KEY", "RSA PUBLIC KEY", "":
	default:
		return nil, fmt.Errorf("%w: PEM block is %q, want a public key", crypt.ErrConfig, form)
	}
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		switch key.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey:
			return key, nil
		}
		return nil, fmt.Errorf("%w: public key is a %T, want RSA or ECDSA", crypt.ErrConfig, key)
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	return nil, fmt.Errorf("%w: public key is not valid SubjectPublicKeyInfo or PKCS #1", crypt.ErrConfig)
}

// decodePEM returns the type and content of the one PEM block in data that
// holds a key, or an empty type and data itself if it is DER.
func decodePEM(data []byte) (form string, der []byte, err error) {
	const derSequence = 0x30 // every DER form begins with it, and no PEM does
	if len(data) > 0 && data[0] == derSequence {
		return "", data, nil
	}
	var found *pem.Block
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "EC PARAMETERS":
			continue // openssl writes the curve before the key
		case found != nil:
			return "", nil, fmt.Errorf("PEM holds more than one key")
		case block.Headers["DEK-Info"] != "":
			return "", nil, fmt.Errorf("PEM is encrypted: decrypt it first")
		}
		found = block
	}
	if found == nil {
		if bytes.Contains(data, []byte("-----BEGIN")) {
			return "", nil, fmt.Errorf("PEM is damaged or cut off")
		}
		return "", nil, fmt.Errorf("neither PEM nor DER")
	}
	return found.Type, found.Bytes, nil
}

// Public returns the public key, an *rsa.PublicKey or *ecdsa.PublicKey.
func (k *PrivateKey) Public() crypto.PublicKey {
	if k.rsa != nil {
		return k.rsa.Public()
	}
	return k.ec.Public()
}

// Sign signs digest as the key of the standard library does.
func (k *PrivateKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if k.rsa != nil {
		return k.rsa.Sign(rand, digest, opts)
	}
	return k.ec.Sign(rand, digest, opts)
}

// Decrypt decrypts with an RSA key as the key of the standard library does. The
// error of an ECDSA key wraps [crypt.ErrConfig].
func (k *PrivateKey) Decrypt(rand io.Reader, ciphertext []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	if k.rsa == nil {
		return nil, fmt.Errorf("%w: an ECDSA key can't decrypt", crypt.ErrConfig)
	}
	return k.rsa.Decrypt(rand, ciphertext, opts)
}

// Format prints k as REDACTED under every verb.
func (k PrivateKey) Format(f fmt.State, _ rune) { redact(f, "PrivateKey") }

// LogValue prints k as REDACTED in logs.
func (k *PrivateKey) LogValue() slog.Value { return slog.StringValue("PrivateKey(REDACTED)") }

// redact prints a key as its type's name and nothing else.
func redact(f fmt.State, name string) { fmt.Fprintf(f, "%s(REDACTED)", name) }

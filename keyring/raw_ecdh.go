package keyring

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"fmt"
	"log/slog"

	"github.com/ddbenc/ddbenc/crypt"
)

// RawECDH is a DB-ESDK keyring that encrypts data keys under a secret that two
// parties share, each with a private key of its own and the other's public key on
// P-256, P-384 or P-521. It is safe for concurrent use. DB-ESDK spec: materials,
// "ECDH keyrings".
type RawECDH struct {
	own     *ecdh.PrivateKey // nil: only writes, with a new key for each item
	parties ecdhParties      // without peer: only reads, from whomever
}

var _ crypt.Keyring = (*RawECDH)(nil)

// NewRawECDH returns a keyring for two parties that know each other: items that
// either of them writes so are read by both. The error wraps [crypt.ErrConfig].
func NewRawECDH(own *ecdh.PrivateKey, peer *ecdh.PublicKey) (*RawECDH, error) {
	if own == nil || peer == nil {
		return nil, fmt.Errorf("%w: ECDH key is nil", crypt.ErrConfig)
	}
	return newRawECDH(own, peer)
}

// NewRawECDHEphemeral returns a keyring that writes items for recipient, each with
// a new key of its own, and can't read any. The error wraps [crypt.ErrConfig].
func NewRawECDHEphemeral(recipient *ecdh.PublicKey) (*RawECDH, error) {
	if recipient == nil {
		return nil, fmt.Errorf("%w: ECDH key is nil", crypt.ErrConfig)
	}
	return newRawECDH(nil, recipient)
}

// NewRawECDHDiscovery returns a keyring that reads items that anyone wrote for
// recipient, and can't write any. Whoever knows the public key can be their
// writer. The error wraps [crypt.ErrConfig].
func NewRawECDHDiscovery(recipient *ecdh.PrivateKey) (*RawECDH, error) {
	if recipient == nil {
		return nil, fmt.Errorf("%w: ECDH key is nil", crypt.ErrConfig)
	}
	return newRawECDH(recipient, nil)
}

func newRawECDH(own *ecdh.PrivateKey, peer *ecdh.PublicKey) (*RawECDH, error) {
	var public *ecdh.PublicKey
	if own != nil {
		if _, err := ecdhCurveOf(own.Curve()); err != nil {
			return nil, err // also of the zero value, which has no public half
		}
		public = own.PublicKey()
	}
	parties, err := newECDHParties(public, peer)
	if err != nil {
		return nil, err
	}
	return &RawECDH{own: own, parties: parties}, nil
}

// ECDH returns an EC key for [NewRawECDH] and [NewRawECDHDiscovery]. The error of an
// RSA key wraps [crypt.ErrConfig].
func (k *PrivateKey) ECDH() (*ecdh.PrivateKey, error) {
	if k.ec == nil {
		return nil, fmt.Errorf("%w: an RSA key can't do ECDH", crypt.ErrConfig)
	}
	key, err := k.ec.ECDH()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", crypt.ErrConfig, err)
	}
	return key, nil
}

// WrapKey returns one data key. A keyring that only reads returns
// [crypt.ErrNoKey].
func (k *RawECDH) WrapKey(_ context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	p := &k.parties
	if p.peer == nil {
		return nil, fmt.Errorf("%w: the ECDH keyring has no public key to encrypt for and only reads", crypt.ErrNoKey)
	}
	sender, point := k.own, p.ownPoint
	if sender == nil {
		var err error
		if sender, err = p.curve.curve.GenerateKey(rand.Reader); err != nil {
			return nil, fmt.Errorf("ddbenc: ECDH key: %w", err)
		}
		point = compress(sender.PublicKey())
	}
	return wrapIntermediate(kc, dataKey, providerRawECDH, func(intermediate []byte) (info, ciphertext []byte, err error) {
		shared, err := sender.ECDH(p.peer)
		if err != nil {
			return nil, nil, fmt.Errorf("ddbenc: ECDH: %w", err)
		}
		defer clear(shared)
		i := ecdhInfo{recipient: p.peerPoint, sender: point}
		ciphertext, err = p.curve.seal(kc, shared, i, intermediate)
		return i.append(nil), ciphertext, err
	})
}

// UnwrapKey decrypts the first data key that was made with k's keys, in either
// direction, that it can. A keyring that only writes returns [crypt.ErrNoKey].
func (k *RawECDH) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	if k.own == nil {
		return nil, fmt.Errorf("%w: the ECDH keyring has no private key and only writes", crypt.ErrNoKey)
	}
	p := &k.parties
	return unwrapIntermediate(ctx, kc, keys, ecdhKeys{}, p.knows, func(e *crypt.EncryptedDataKey, ciphertext []byte) ([]byte, bool) {
		i, _ := p.of(e)
		peer, ok := p.other(i)
		if !ok {
			return nil, false
		}
		shared, err := k.own.ECDH(peer)
		if err != nil {
			return nil, false
		}
		defer clear(shared)
		return p.curve.open(kc, shared, i, ciphertext)
	})
}

// Format prints k without its keys under every verb.
func (k RawECDH) Format(f fmt.State, _ rune) { redact(f, "RawECDH") }

// LogValue prints k without its keys in logs.
func (k *RawECDH) LogValue() slog.Value { return slog.StringValue("RawECDH(REDACTED)") }

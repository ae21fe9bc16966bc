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
	curve *ecdhCurve
	own   *ecdh.PrivateKey // nil: only writes, with a new key for each item
	peer  *ecdh.PublicKey  // nil: only reads, from whomever
}

var _ crypt.Keyring = (*RawECDH)(nil)

// NewRawECDH returns a keyring for two parties that know each other: items that
// either of them writes so are read by both. The error wraps [crypt.ErrConfig].
func NewRawECDH(own *ecdh.PrivateKey, peer *ecdh.PublicKey) (*RawECDH, error) {
	if own == nil || peer == nil {
		return nil, fmt.Errorf("%w: ECDH key is nil", crypt.ErrConfig)
	}
	if own.Curve() != peer.Curve() {
		return nil, fmt.Errorf("%w: ECDH keys are on %v and %v", crypt.ErrConfig, own.Curve(), peer.Curve())
	}
	return newRawECDH(own, peer, peer.Curve())
}

// NewRawECDHEphemeral returns a keyring that writes items for recipient, each with
// a new key of its own, and can't read any. The error wraps [crypt.ErrConfig].
func NewRawECDHEphemeral(recipient *ecdh.PublicKey) (*RawECDH, error) {
	if recipient == nil {
		return nil, fmt.Errorf("%w: ECDH key is nil", crypt.ErrConfig)
	}
	return newRawECDH(nil, recipient, recipient.Curve())
}

// NewRawECDHDiscovery returns a keyring that reads items that anyone wrote for
// recipient, and can't write any. Whoever knows the public key can be their
// writer. The error wraps [crypt.ErrConfig].
func NewRawECDHDiscovery(recipient *ecdh.PrivateKey) (*RawECDH, error) {
	if recipient == nil {
		return nil, fmt.Errorf("%w: ECDH key is nil", crypt.ErrConfig)
	}
	return newRawECDH(recipient, nil, recipient.Curve())
}

func newRawECDH(own *ecdh.PrivateKey, peer *ecdh.PublicKey, curve ecdh.Curve) (*RawECDH, error) {
	c, err := ecdhCurveOf(curve)
	if err != nil {
		return nil, err
	}
	return &RawECDH{curve: c, own: own, peer: peer}, nil
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
	if k.peer == nil {
		return nil, fmt.Errorf("%w: the ECDH keyring has no public key to encrypt for and only reads", crypt.ErrNoKey)
	}
	sender := k.own
	if sender == nil {
		var err error
		if sender, err = k.curve.curve.GenerateKey(rand.Reader); err != nil {
			return nil, fmt.Errorf("ddbenc: ECDH key: %w", err)
		}
	}
	return wrapIntermediate(kc, dataKey, providerRawECDH, func(intermediate []byte) (info, ciphertext []byte, err error) {
		shared, err := sender.ECDH(k.peer)
		if err != nil {
			return nil, nil, fmt.Errorf("ddbenc: ECDH: %w", err)
		}
		defer clear(shared)
		i := ecdhInfo{recipient: compress(k.peer), sender: compress(sender.PublicKey())}
		ciphertext, err = k.curve.seal(kc, shared, i, intermediate)
		return i.append(nil), ciphertext, err
	})
}

// UnwrapKey decrypts the first data key that was made with k's keys, in either
// direction, that it can. A keyring that only writes returns [crypt.ErrNoKey].
func (k *RawECDH) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	if k.own == nil {
		return nil, fmt.Errorf("%w: the ECDH keyring has no private key and only writes", crypt.ErrNoKey)
	}
	knows := func(e *crypt.EncryptedDataKey) bool {
		_, _, ok := k.parties(e)
		return ok
	}
	return unwrapIntermediate(ctx, kc, keys, ecdhKeys{}, knows, func(e *crypt.EncryptedDataKey, ciphertext []byte) ([]byte, bool) {
		i, other, ok := k.parties(e)
		if !ok {
			return nil, false
		}
		peer, ok := k.curve.decompress(other)
		if !ok {
			return nil, false
		}
		shared, err := k.own.ECDH(peer)
		if err != nil {
			return nil, false
		}
		defer clear(shared)
		return k.curve.open(kc, shared, i, ciphertext)
	})
}

func (k *RawECDH) parties(e *crypt.EncryptedDataKey) (i ecdhInfo, other []byte, ok bool) {
	p := ecdhParties{own: compress(k.own.PublicKey())}
	if k.peer != nil {
		p.peer = compress(k.peer)
	}
	return p.of(e)
}

// Format prints k without its keys under every verb.
func (k RawECDH) Format(f fmt.State, _ rune) { redact(f, "RawECDH") }

// LogValue prints k without its keys in logs.
func (k *RawECDH) LogValue() slog.Value { return slog.StringValue("RawECDH(REDACTED)") }

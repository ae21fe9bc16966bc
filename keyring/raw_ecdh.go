package keyring

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"

	"github.com/ddbenc/ddbenc/crypt"
)

// Provider ids of data keys under a shared secret. The keyrings of both kinds read
// each other's.
const (
	providerRawECDH = "raw-ecdh"
	providerKMSECDH = "aws-kms-ecdh"
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
	i := slices.IndexFunc(ecdhCurves, func(c ecdhCurve) bool { return c.curve == curve })
	if i < 0 {
		return nil, fmt.Errorf("%w: ECDH key is on %v, want P-256, P-384 or P-521", crypt.ErrConfig, curve)
	}
	return &RawECDH{curve: &ecdhCurves[i], own: own, peer: peer}, nil
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

// An ecdhCurve is one of the curves that data keys may be on.
type ecdhCurve struct {
	name  string // in what keys are derived from
	curve ecdh.Curve
	math  elliptic.Curve // to decompress points with
}

var ecdhCurves = []ecdhCurve{
	{"p256", ecdh.P256(), elliptic.P256()},
	{"p384", ecdh.P384(), elliptic.P384()},
	{"p521", ecdh.P521(), elliptic.P521()},
}

// compress returns a point as 02 or 03, by whether Y is even, and X.
func compress(key *ecdh.PublicKey) []byte {
	point := key.Bytes() // 04 | X | Y
	compressed := point[:len(point)/2+1]
	compressed[0] = 2 | point[len(point)-1]&1
	return compressed
}

// decompress is the reverse for a point on c.
func (c *ecdhCurve) decompress(compressed []byte) (*ecdh.PublicKey, bool) {
	x, y := elliptic.UnmarshalCompressed(c.math, compressed)
	if x == nil {
		return nil, false
	}
	size := len(compressed) - 1
	point := make([]byte, 1+2*size)
	point[0] = 4
	x.FillBytes(point[1 : 1+size])
	y.FillBytes(point[1+size:])
	key, err := c.curve.NewPublicKey(point)
	return key, err == nil
}

// ecdhInfo is the provider info of a data key:
//
//	01 | length, 4 bytes | recipient | length, 4 bytes | sender
//
// where both are compressed points.
type ecdhInfo struct{ recipient, sender []byte }

const ecdhVersion = 1

func (i ecdhInfo) append(dst []byte) []byte {
	dst = append(dst, ecdhVersion)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(i.recipient)))
	dst = append(dst, i.recipient...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(i.sender)))
	return append(dst, i.sender...)
}

// parseECDHInfo reads an info with points of size bytes. The result aliases info.
func parseECDHInfo(info []byte, size int) (i ecdhInfo, ok bool) {
	if len(info) != 1+2*(4+size) {
		return ecdhInfo{}, false
	}
	i = ecdhInfo{recipient: info[5 : 5+size], sender: info[9+size:]}
	return i, bytes.Equal(i.append(nil), info)
}

// Sizes in bytes of a provider ciphertext: salt, commitment key, and an
// intermediate key with its tag.
const (
	ecdhSaltSize   = 32
	ecdhCommitSize = 32
	ecdhSealedSize = crypt.DataKeySize + aesTagSize
)

// keys derives what wraps an intermediate key: its commitment key and its cipher.
// Fixed is also the additional data of the latter.
func (c *ecdhCurve) keys(kc *crypt.KeyContext, shared, salt []byte, i ecdhInfo) (commit []byte, aead cipher.AEAD, fixed []byte, err error) {
	fixed = slices.Concat([]byte("ecdh-key-derivation\x00"+c.name+"\x00HMAC_SHA384\x00"), i.sender, i.recipient, []byte{0, 1, 0}, kc.Bytes())
	var okm []byte
	m := hmac.New(sha512.New384, shared)
	for block := byte(1); block <= 2; block++ {
		m.Reset()
		m.Write([]byte{0, 0, 0, block})
		m.Write(fixed)
		m.Write([]byte{0})
		m.Write(salt)
		m.Write([]byte{0, 0, 2, 0}) // 512 bits
		okm = m.Sum(okm)
	}
	defer clear(okm[ecdhCommitSize:])
	block, err := aes.NewCipher(okm[ecdhCommitSize:64])
	if err != nil {
		return nil, nil, nil, err
	}
	aead, err = cipher.NewGCM(block)
	return okm[:ecdhCommitSize:ecdhCommitSize], aead, fixed, err
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
		salt := make([]byte, ecdhSaltSize, ecdhSaltSize+ecdhCommitSize+ecdhSealedSize)
		rand.Read(salt) // never fails
		commit, aead, fixed, err := k.curve.keys(kc, shared, salt, i)
		if err != nil {
			return nil, nil, fmt.Errorf("ddbenc: ECDH: %w", err)
		}
		var nonce [aesNonceSize]byte // the key is used once
		return i.append(nil), aead.Seal(append(salt, commit...), nonce[:], intermediate, fixed), nil
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
		if !ok || len(ciphertext) != ecdhSaltSize+ecdhCommitSize+ecdhSealedSize {
			return nil, false
		}
		return k.open(kc, i, other, ciphertext)
	})
}

// ecdhKeys names the keys of an ECDH keyring in errors.
type ecdhKeys struct{}

func (ecdhKeys) String() string { return "the keys of the ECDH keyring" }

// parties returns the keys in a data key's info if k is one of the parties, and the
// other party as a compressed point.
func (k *RawECDH) parties(e *crypt.EncryptedDataKey) (i ecdhInfo, other []byte, ok bool) {
	if e.ProviderID != providerRawECDH && e.ProviderID != providerKMSECDH {
		return ecdhInfo{}, nil, false
	}
	own := compress(k.own.PublicKey())
	if i, ok = parseECDHInfo(e.ProviderInfo, len(own)); !ok {
		return ecdhInfo{}, nil, false
	}
	if k.peer == nil {
		return i, i.sender, bytes.Equal(i.recipient, own)
	}
	peer := compress(k.peer)
	toOwn := bytes.Equal(i.recipient, own) && bytes.Equal(i.sender, peer)
	toPeer := bytes.Equal(i.recipient, peer) && bytes.Equal(i.sender, own)
	return i, peer, toOwn || toPeer
}

// open decrypts an intermediate key after it has compared its commitment key.
func (k *RawECDH) open(kc *crypt.KeyContext, i ecdhInfo, other, ciphertext []byte) (intermediate []byte, ok bool) {
	peer, ok := k.curve.decompress(other)
	if !ok {
		return nil, false
	}
	shared, err := k.own.ECDH(peer)
	if err != nil {
		return nil, false
	}
	defer clear(shared)
	salt, rest := ciphertext[:ecdhSaltSize], ciphertext[ecdhSaltSize:]
	commit, aead, fixed, err := k.curve.keys(kc, shared, salt, i)
	if err != nil || subtle.ConstantTimeCompare(commit, rest[:ecdhCommitSize]) != 1 {
		return nil, false
	}
	var nonce [aesNonceSize]byte
	intermediate, err = aead.Open(nil, nonce[:], rest[ecdhCommitSize:], fixed)
	return intermediate, err == nil
}

// Format prints k without its keys under every verb.
func (k *RawECDH) Format(f fmt.State, _ rune) { redact(f, "RawECDH") }

// LogValue prints k without its keys in logs.
func (k *RawECDH) LogValue() slog.Value { return slog.StringValue("RawECDH(REDACTED)") }

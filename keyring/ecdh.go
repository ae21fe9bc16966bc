package keyring

import (
	"bytes"
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
	"slices"

	"github.com/ddbenc/ddbenc/crypt"
)

// Provider ids of data keys under a shared secret. The keyrings of both kinds read
// each other's.
const (
	providerRawECDH = "raw-ecdh"
	providerKMSECDH = "aws-kms-ecdh"
)

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

func ecdhCurveOf(curve ecdh.Curve) (*ecdhCurve, error) {
	i := slices.IndexFunc(ecdhCurves, func(c ecdhCurve) bool { return c.curve == curve })
	if i < 0 {
		return nil, fmt.Errorf("%w: ECDH key is on %v, want P-256, P-384 or P-521", crypt.ErrConfig, curve)
	}
	return &ecdhCurves[i], nil
}

// size is the size of a coordinate in bytes, which is also that of a shared secret.
func (c *ecdhCurve) size() int { return (c.math.Params().BitSize + 7) / 8 }

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

	ecdhSize = ecdhSaltSize + ecdhCommitSize + ecdhSealedSize
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

// seal encrypts an intermediate key under a shared secret.
func (c *ecdhCurve) seal(kc *crypt.KeyContext, shared []byte, i ecdhInfo, intermediate []byte) ([]byte, error) {
	salt := make([]byte, ecdhSaltSize, ecdhSize)
	rand.Read(salt) // never fails
	commit, aead, fixed, err := c.keys(kc, shared, salt, i)
	if err != nil {
		return nil, fmt.Errorf("ddbenc: ECDH: %w", err)
	}
	var nonce [aesNonceSize]byte // the key is used once
	return aead.Seal(append(salt, commit...), nonce[:], intermediate, fixed), nil
}

// open decrypts an intermediate key after it has compared its commitment key.
func (c *ecdhCurve) open(kc *crypt.KeyContext, shared []byte, i ecdhInfo, ciphertext []byte) (intermediate []byte, ok bool) {
	if len(ciphertext) != ecdhSize {
		return nil, false
	}
	salt, rest := ciphertext[:ecdhSaltSize], ciphertext[ecdhSaltSize:]
	commit, aead, fixed, err := c.keys(kc, shared, salt, i)
	if err != nil || subtle.ConstantTimeCompare(commit, rest[:ecdhCommitSize]) != 1 {
		return nil, false
	}
	var nonce [aesNonceSize]byte
	intermediate, err = aead.Open(nil, nonce[:], rest[ecdhCommitSize:], fixed)
	return intermediate, err == nil
}

// ecdhParties are the two that share a secret. Without peer the other one is whoever
// wrote the item for own. Without own they only write.
type ecdhParties struct {
	curve     *ecdhCurve
	peer      *ecdh.PublicKey
	ownPoint  []byte // compressed, as is the next
	peerPoint []byte
}

// newECDHParties returns the parties of two keys, one of which may be nil. The error
// wraps [crypt.ErrConfig].
func newECDHParties(own, peer *ecdh.PublicKey) (ecdhParties, error) {
	either := own
	if own == nil {
		either = peer
	}
	curve, err := ecdhCurveOf(either.Curve())
	if err != nil {
		return ecdhParties{}, err
	}
	if own != nil && peer != nil && own.Curve() != peer.Curve() {
		return ecdhParties{}, fmt.Errorf("%w: ECDH keys are on %v and %v", crypt.ErrConfig, own.Curve(), peer.Curve())
	}
	p := ecdhParties{curve: curve, peer: peer}
	if own != nil {
		p.ownPoint = compress(own)
	}
	if peer != nil {
		p.peerPoint = compress(peer)
	}
	return p, nil
}

// of returns the keys in a data key's info if it is of p.
func (p *ecdhParties) of(e *crypt.EncryptedDataKey) (i ecdhInfo, ok bool) {
	if !isECDH(e) {
		return ecdhInfo{}, false
	}
	if i, ok = parseECDHInfo(e.ProviderInfo, len(p.ownPoint)); !ok {
		return ecdhInfo{}, false
	}
	if p.peer == nil {
		return i, bytes.Equal(i.recipient, p.ownPoint)
	}
	toOwn := bytes.Equal(i.recipient, p.ownPoint) && bytes.Equal(i.sender, p.peerPoint)
	toPeer := bytes.Equal(i.recipient, p.peerPoint) && bytes.Equal(i.sender, p.ownPoint)
	return i, toOwn || toPeer
}

// knows reports whether a data key is of p.
func (p *ecdhParties) knows(e *crypt.EncryptedDataKey) bool {
	_, ok := p.of(e)
	return ok
}

// other returns the public key of the other party to a data key of p. Only that of
// one who isn't known beforehand can be no point of the curve.
func (p *ecdhParties) other(i ecdhInfo) (*ecdh.PublicKey, bool) {
	if p.peer != nil {
		return p.peer, true
	}
	return p.curve.decompress(i.sender)
}

func isECDH(e *crypt.EncryptedDataKey) bool {
	return e.ProviderID == providerRawECDH || e.ProviderID == providerKMSECDH
}

// ecdhKeys names the keys of an ECDH keyring in errors.
type ecdhKeys struct{}

func (ecdhKeys) String() string { return "the keys of the ECDH keyring" }

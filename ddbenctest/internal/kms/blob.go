package kms

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
)

// Sizes in bytes of a symmetric ciphertext's parts.
const (
	materialSize   = 32 // AES-256 key
	materialIDSize = 32
	ivSize         = 12
	tagSize        = 16
	checkSize      = 8
)

// blobMagic begins every symmetric ciphertext; the last byte is the version.
var blobMagic = []byte{'d', 'd', 'b', 'k', 1}

// A material is one version of a symmetric key. Its id is derived from the key,
// so that given material has the same id in every engine. It is immutable.
type material struct {
	id   [materialIDSize]byte
	aead cipher.AEAD
}

// newMaterial makes a material of a 32-byte key, which it does not keep.
func newMaterial(key []byte) *material {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("kms: " + err.Error()) // callers give 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("kms: " + err.Error())
	}
	m := &material{aead: aead}
	h := hmac.New(sha256.New, key)
	h.Write([]byte("ddbenctest kms key material id"))
	h.Sum(m.id[:0])
	return m
}

// name is the material's id as the API shows it, 64 hexadecimal digits.
func (m *material) name() string { return hex.EncodeToString(m.id[:]) }

// A blob is a symmetric ciphertext taken apart; its slices alias the input.
type blob struct {
	keyID      string
	materialID []byte
	header     []byte // all before iv
	iv         []byte
	sealed     []byte // ciphertext and tag
}

// seal encrypts plaintext for the key with the given id:
//
//	"ddbk" 0x01 | key id length, 1 byte | key id | material id, 32 | check, 8 | IV, 12 | AES-256-GCM ciphertext | tag, 16
//
// check is the start of SHA-256 of what is before it: whoever damages a header is
// told that the ciphertext is invalid, instead of that a key is not there. The
// additional data is everything before IV, then the encryption context.
func (m *material) seal(keyID string, plaintext []byte, ec encryptionContext) []byte {
	n := len(blobMagic) + 1 + len(keyID) + materialIDSize + checkSize
	out := make([]byte, 0, n+ivSize+len(plaintext)+tagSize)
	out = append(out, blobMagic...)
	out = append(out, byte(len(keyID)))
	out = append(out, keyID...)
	out = append(out, m.id[:]...)
	sum := sha256.Sum256(out)
	out = append(out, sum[:checkSize]...)
	aad := ec.appendCanonical(slices.Clone(out))
	out = out[:n+ivSize]
	rand.Read(out[n:])
	return m.aead.Seal(out, out[n:], plaintext, aad)
}

// open decrypts what seal made. ok is false when anything differs.
func (m *material) open(b blob, ec encryptionContext) (plaintext []byte, ok bool) {
	plaintext, err := m.aead.Open(nil, b.iv, b.sealed, ec.appendCanonical(slices.Clone(b.header)))
	return plaintext, err == nil
}

// parseBlob takes a ciphertext apart. ok is false when seal cannot have made it.
func parseBlob(src []byte) (b blob, ok bool) {
	if !bytes.HasPrefix(src, blobMagic) || len(src) <= len(blobMagic) {
		return b, false
	}
	idStart := len(blobMagic) + 1
	idEnd := idStart + int(src[idStart-1])
	checkStart := idEnd + materialIDSize
	n := checkStart + checkSize
	if len(src) < n+ivSize+tagSize {
		return b, false
	}
	sum := sha256.Sum256(src[:checkStart])
	if !bytes.Equal(sum[:checkSize], src[checkStart:n]) {
		return b, false
	}
	return blob{
		keyID:      string(src[idStart:idEnd]),
		materialID: src[idEnd:checkStart],
		header:     src[:n],
		iv:         src[n : n+ivSize],
		sealed:     src[n+ivSize:],
	}, true
}

// An encryptionContext is a request's map of strings. A nil value, JSON null, is
// refused before anything else happens.
type encryptionContext map[string]*string

// appendCanonical appends the context in its one spelling: for each entry, in
// byte order of the names,
//
//	name length, 4 bytes big-endian | name | value length, 4 bytes | value
//
// An absent context and an empty one append nothing.
func (ec encryptionContext) appendCanonical(dst []byte) []byte {
	for _, name := range slices.Sorted(maps.Keys(ec)) {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(name)))
		dst = append(dst, name...)
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(*ec[name])))
		dst = append(dst, *ec[name]...)
	}
	return dst
}

// plain is a copy as an ordinary map, nil for an absent context.
func (ec encryptionContext) plain() map[string]string {
	if ec == nil {
		return nil
	}
	m := make(map[string]string, len(ec))
	for k, v := range ec {
		if v != nil {
			m[k] = *v
		}
	}
	return m
}

package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
)

// providerHierarchy is the provider id of data keys under a branch key.
const providerHierarchy = "aws-kms-hierarchy"

// An intermediate key under a branch key, which follows the wrapped data key in the
// ciphertext of a data key:
//
//	salt, 16 bytes | nonce, 12 | version, 16 | sealed intermediate key, 48
//
// DB-ESDK spec: materials, "Hierarchical keyring".
const (
	branchSaltSize    = 16 // bytes
	branchVersionSize = 16

	branchNonceAt        = branchSaltSize
	branchVersionAt      = branchNonceAt + aesNonceSize
	branchSealedAt       = branchVersionAt + branchVersionSize
	branchCiphertextSize = branchSealedAt + crypt.DataKeySize + aesTagSize
)

// A branchVersionID is the version of a branch key, a UUID.
type branchVersionID [branchVersionSize]byte

// String returns v as a UUID in lower case.
func (v branchVersionID) String() string {
	s := hex.EncodeToString(v[:])
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

// parseBranchVersion reads the form that String returns, and no other.
func parseBranchVersion(s string) (v branchVersionID, ok bool) {
	if !isUUID(s) {
		return v, false
	}
	_, err := hex.Decode(v[:], []byte(strings.ReplaceAll(s, "-", "")))
	return v, err == nil
}

// A branchVersion is one version of a branch key, ready to wrap and unwrap data
// keys. It doesn't change.
type branchVersion struct {
	id      string
	version branchVersionID
	mac     hash.Cloner // HMAC-SHA-256 under the branch key, that nothing was written to
}

// newBranchVersion checks what a store returned for branch key id. The error wraps
// [crypt.ErrVerify].
func newBranchVersion(k *BranchKey, id string) (*branchVersion, error) {
	if k == nil || k.key == nil {
		return nil, fmt.Errorf("%w: the key store returned no key for branch key %q", crypt.ErrVerify, id)
	}
	if k.ID != id {
		return nil, fmt.Errorf("%w: the key store returned another branch key than %q", crypt.ErrVerify, id)
	}
	version, ok := parseBranchVersion(k.Version)
	if !ok {
		return nil, fmt.Errorf("%w: the key store returned a version of branch key %q that is not a UUID in lower case", crypt.ErrVerify, id)
	}
	mac, ok := hmac.New(sha256.New, k.secret()).(hash.Cloner)
	if !ok {
		return nil, fmt.Errorf("%w: HMAC-SHA-256 can't be cloned", crypt.ErrUnsupported)
	}
	return &branchVersion{id: id, version: version, mac: mac}, nil
}

// wrap encrypts a data key under a new intermediate key, salt and nonce.
func (v *branchVersion) wrap(kc *crypt.KeyContext, dataKey []byte) (crypt.WrappedKey, error) {
	var random [crypt.DataKeySize + branchSaltSize + aesNonceSize]byte
	rand.Read(random[:]) // never fails
	intermediate := random[:crypt.DataKeySize]
	defer clear(intermediate)
	return v.wrapWith(kc, dataKey, intermediate, random[crypt.DataKeySize:])
}

// wrapWith is wrap with an intermediate key, and with salt and nonce one after the
// other.
func (v *branchVersion) wrapWith(kc *crypt.KeyContext, dataKey, intermediate, saltAndNonce []byte) (crypt.WrappedKey, error) {
	wrapped, macKey, err := crypt.WrapDataKey(kc, dataKey, intermediate)
	if err != nil {
		return crypt.WrappedKey{}, err
	}
	// Provider info and ciphertext, side by side.
	buf := make([]byte, 0, len(v.id)+len(wrapped)+branchCiphertextSize)
	buf = append(buf, v.id...)
	info, ciphertext := buf[:len(buf):len(buf)], append(buf[len(buf):], wrapped...)
	ciphertext = append(ciphertext, saltAndNonce...)
	ciphertext = append(ciphertext, v.version[:]...)
	salt, nonce := saltAndNonce[:branchSaltSize], saltAndNonce[branchSaltSize:]
	aead, err := v.aead(salt)
	if err != nil {
		return crypt.WrappedKey{}, err
	}
	ciphertext = aead.Seal(ciphertext, nonce, intermediate, v.additional(kc))
	return crypt.WrappedKey{
		EncryptedDataKey: crypt.EncryptedDataKey{ProviderID: providerHierarchy, ProviderInfo: info, Ciphertext: ciphertext},
		MACKey:           macKey,
	}, nil
}

// open decrypts an intermediate key under this version, whose ciphertext has the
// right size.
func (v *branchVersion) open(kc *crypt.KeyContext, ciphertext []byte) (intermediate []byte, err error) {
	aead, err := v.aead(ciphertext[:branchSaltSize])
	if err != nil {
		return nil, err
	}
	intermediate, err = aead.Open(nil, ciphertext[branchNonceAt:branchVersionAt], ciphertext[branchSealedAt:], v.additional(kc))
	if err != nil {
		return nil, errUnwrap
	}
	return intermediate, nil
}

// aead returns AES-256-GCM under the wrapping key of salt, one block of a KDF in
// counter mode:
//
//	HMAC-SHA-256(branch key, counter, 4 bytes: 1 | label | 0 | salt | bits, 4 bytes: 256)
func (v *branchVersion) aead(salt []byte) (cipher.AEAD, error) {
	mac, err := v.mac.Clone()
	if err != nil {
		return nil, err
	}
	buf := make([]byte, 0, 64)
	buf = append(buf, 0, 0, 0, 1)
	buf = append(buf, providerHierarchy...)
	buf = append(buf, 0)
	buf = append(buf, salt...)
	buf = append(buf, 0, 0, 1, 0)
	mac.Write(buf)
	key := mac.Sum(buf[:0])
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// additional returns the additional data of a sealed intermediate key:
//
//	label | branch key id | version | encryption context
func (v *branchVersion) additional(kc *crypt.KeyContext) []byte {
	buf := make([]byte, 0, len(providerHierarchy)+len(v.id)+branchVersionSize+len(kc.Bytes()))
	buf = append(buf, providerHierarchy...)
	buf = append(buf, v.id...)
	buf = append(buf, v.version[:]...)
	return append(buf, kc.Bytes()...)
}

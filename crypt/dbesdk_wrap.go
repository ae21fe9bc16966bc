package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"fmt"
)

// Sizes in bytes of what a [Keyring] handles.
const (
	DataKeySize        = 32 // plaintext data key, intermediate key and MAC key
	WrappedDataKeySize = DataKeySize + gcmTagSize
)

const (
	gcmNonceSize = 12
	gcmTagSize   = 16
)

// Labels of what is derived from an intermediate key. DB-ESDK spec: materials,
// "Intermediate key wrapping".
const (
	labelWrapEncrypt = "AWS_MPL_INTERMEDIATE_KEYWRAP_ENC"
	labelWrapMAC     = "AWS_MPL_INTERMEDIATE_KEYWRAP_MAC"
)

// WrapDataKey encrypts a data key under a fresh intermediate key of 32 random
// bytes, for a [Keyring] that encrypts the intermediate key in its own way. The
// ciphertext of the [EncryptedDataKey] is
//
//	wrapped, 48 bytes | encrypted intermediate key
//
// and macKey is what belongs beside it. An intermediate key is used once, since
// the nonce is fixed; one of another size gives an error wrapping [ErrConfig].
// DB-ESDK spec: materials, "Intermediate key wrapping".
func WrapDataKey(kc *KeyContext, dataKey, intermediate []byte) (wrapped, macKey []byte, err error) {
	if len(dataKey) != DataKeySize {
		return nil, nil, fmt.Errorf("%w: data key is %d bytes, want %d", ErrConfig, len(dataKey), DataKeySize)
	}
	aead, macKey, err := intermediateKeys(intermediate)
	if err != nil {
		return nil, nil, err
	}
	var nonce [gcmNonceSize]byte
	return aead.Seal(make([]byte, 0, WrappedDataKeySize), nonce[:], dataKey, kc.Bytes()), macKey, nil
}

// UnwrapDataKey decrypts a data key that [WrapDataKey] encrypted, given the first
// 48 bytes of the ciphertext. If they were not encrypted under that intermediate
// key and context, the error wraps [ErrNoKey] and [ErrVerify].
func UnwrapDataKey(kc *KeyContext, wrapped, intermediate []byte) (*UnwrappedKey, error) {
	aead, macKey, err := intermediateKeys(intermediate)
	if err != nil {
		return nil, err
	}
	var nonce [gcmNonceSize]byte
	dataKey, err := aead.Open(nil, nonce[:], wrapped, kc.Bytes())
	if err != nil || len(dataKey) != DataKeySize {
		return nil, fmt.Errorf("%w: %w: wrapped data key", ErrNoKey, ErrVerify)
	}
	return &UnwrappedKey{DataKey: dataKey, MACKey: macKey}, nil
}

func intermediateKeys(intermediate []byte) (aead cipher.AEAD, macKey []byte, err error) {
	if len(intermediate) != DataKeySize {
		return nil, nil, fmt.Errorf("%w: intermediate key is %d bytes, want %d", ErrConfig, len(intermediate), DataKeySize)
	}
	var kek []byte
	err = deriveKeys(intermediate, []derivation{{labelWrapEncrypt, &kek}, {labelWrapMAC, &macKey}})
	if err != nil {
		return nil, nil, err
	}
	defer clear(kek)
	aead, err = newGCM(kek)
	return aead, macKey, err
}

// A derivation is one key to derive.
type derivation struct {
	info string
	key  *[]byte // result, DataKeySize bytes
}

// deriveKeys derives keys with HKDF-SHA-512 without salt, RFC 5869.
func deriveKeys(from []byte, keys []derivation) error {
	prk, err := hkdf.Extract(sha512.New, from, nil)
	if err != nil {
		return err
	}
	defer clear(prk)
	for _, d := range keys {
		if *d.key, err = hkdf.Expand(sha512.New, prk, d.info, DataKeySize); err != nil {
			return err
		}
	}
	return nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

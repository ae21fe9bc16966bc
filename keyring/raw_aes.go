package keyring

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"

	"github.com/ddbenc/ddbenc/crypt"
)

// RawAES is a DB-ESDK keyring that encrypts data keys under an AES key of the
// program's own. It is safe for concurrent use. DB-ESDK spec: materials, "Raw AES
// keyring".
type RawAES struct {
	rawName
	aead cipher.AEAD
	info []byte // provider info but for the nonce at its end
}

var _ crypt.Keyring = (*RawAES)(nil)

// Sizes that the provider info of a raw AES key tells.
const (
	aesNonceSize = 12 // bytes
	aesTagSize   = 16 // bytes
)

// NewRawAES returns a keyring with an AES key of 16, 24 or 32 bytes, which is
// copied. Namespace and name identify the key to whoever reads the item; both are
// readable in it, and "aws-kms" is no namespace. The error wraps
// [crypt.ErrConfig].
func NewRawAES(namespace, name string, key []byte) (*RawAES, error) {
	k := &RawAES{rawName: rawName{namespace, name}}
	if err := k.check(); err != nil {
		return nil, err
	}
	if n := len(key); n != 16 && n != 24 && n != 32 {
		return nil, fmt.Errorf("%w: AES key is %d bytes, want 16, 24 or 32", crypt.ErrConfig, n)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: AES key: %w", crypt.ErrConfig, err)
	}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("%w: AES key: %w", crypt.ErrConfig, err)
	}
	k.info = append([]byte(name), 0, 0, 0, 8*aesTagSize)
	k.info = binary.BigEndian.AppendUint32(k.info, aesNonceSize)
	return k, nil
}

// WrapKey returns one data key, with the provider info
//
//	name | tag size, 4 bytes: 128 bits | nonce size, 4 bytes: 12 | nonce
func (k *RawAES) WrapKey(_ context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	return wrapIntermediate(kc, dataKey, k.namespace, func(intermediate []byte) (info, ciphertext []byte, err error) {
		info = append(slices.Grow(slices.Clone(k.info), aesNonceSize), make([]byte, aesNonceSize)...)
		nonce := info[len(k.info):]
		rand.Read(nonce) // never fails
		return info, k.aead.Seal(nil, nonce, intermediate, kc.Bytes()), nil
	})
}

// UnwrapKey decrypts the first data key of k's namespace and name that it can.
func (k *RawAES) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	return unwrapIntermediate(ctx, kc, keys, k.rawName, k.knows, func(e *crypt.EncryptedDataKey, ciphertext []byte) ([]byte, bool) {
		intermediate, err := k.aead.Open(nil, e.ProviderInfo[len(k.info):], ciphertext, kc.Bytes())
		return intermediate, err == nil
	})
}

func (k *RawAES) knows(e *crypt.EncryptedDataKey) bool {
	return e.ProviderID == k.namespace && len(e.ProviderInfo) == len(k.info)+aesNonceSize && bytes.HasPrefix(e.ProviderInfo, k.info)
}

// Format prints k without its key under every verb.
func (k RawAES) Format(f fmt.State, _ rune) { redact(f, "RawAES") }

// LogValue prints k without its key in logs.
func (k *RawAES) LogValue() slog.Value { return slog.StringValue("RawAES(REDACTED)") }

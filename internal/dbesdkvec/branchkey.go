package dbesdkvec

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
)

// A branchKeyring is the hierarchical keyring without a key store: it knows one
// version of one branch key. The other clients' vectors were written with it. DB-ESDK
// spec: materials, "Hierarchical keyring".
type branchKeyring struct {
	id      string
	version []byte // raw UUID
	key     []byte
}

const (
	providerHierarchy = "aws-kms-hierarchy"
	saltSize          = 16
	nonceSize         = 12
	versionSize       = 16
)

func newBranchKeyring(id, version string, key []byte) (*branchKeyring, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(version, "-", ""))
	if err != nil || len(raw) != versionSize {
		return nil, fmt.Errorf("version of branch key %q is no UUID", id)
	}
	return &branchKeyring{id: id, version: raw, key: key}, nil
}

// aead returns what wraps intermediate keys under salt.
func (b *branchKeyring) aead(salt []byte) (cipher.AEAD, error) {
	m := hmac.New(sha256.New, b.key) // counter mode, one block
	m.Write(slices.Concat([]byte{0, 0, 0, 1}, []byte(providerHierarchy), []byte{0}, salt, []byte{0, 0, 1, 0}))
	block, err := aes.NewCipher(m.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (b *branchKeyring) aad(kc *crypt.KeyContext) []byte {
	return slices.Concat([]byte(providerHierarchy), []byte(b.id), b.version, kc.Bytes())
}

func (b *branchKeyring) WrapKey(_ context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	random := make([]byte, crypt.DataKeySize+saltSize+nonceSize)
	rand.Read(random)
	intermediate, salt, nonce := random[:crypt.DataKeySize], random[crypt.DataKeySize:][:saltSize], random[crypt.DataKeySize+saltSize:]
	wrapped, macKey, err := crypt.WrapDataKey(kc, dataKey, intermediate)
	if err != nil {
		return nil, err
	}
	aead, err := b.aead(salt)
	if err != nil {
		return nil, err
	}
	ciphertext := slices.Concat(wrapped, salt, nonce, b.version, aead.Seal(nil, nonce, intermediate, b.aad(kc)))
	return []crypt.WrappedKey{{
		EncryptedDataKey: crypt.EncryptedDataKey{ProviderID: providerHierarchy, ProviderInfo: []byte(b.id), Ciphertext: ciphertext},
		MACKey:           macKey,
	}}, nil
}

func (b *branchKeyring) UnwrapKey(_ context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	const head = crypt.WrappedDataKeySize + saltSize + nonceSize + versionSize
	for i := range keys {
		k := &keys[i]
		if k.ProviderID != providerHierarchy || string(k.ProviderInfo) != b.id || len(k.Ciphertext) < head {
			continue
		}
		wrapped, rest := k.Ciphertext[:crypt.WrappedDataKeySize], k.Ciphertext[crypt.WrappedDataKeySize:head]
		salt, nonce, version := rest[:saltSize], rest[saltSize:][:nonceSize], rest[saltSize+nonceSize:]
		aead, err := b.aead(salt)
		if err != nil {
			return nil, err
		}
		intermediate, err := aead.Open(nil, nonce, k.Ciphertext[head:], b.aad(kc))
		if err == nil && bytes.Equal(version, b.version) {
			return crypt.UnwrapDataKey(kc, wrapped, intermediate)
		}
	}
	return nil, fmt.Errorf("%w: none of its data keys is for branch key %q", crypt.ErrNoKey, b.id)
}

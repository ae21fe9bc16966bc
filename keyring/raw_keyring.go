package keyring

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/ddbenc/ddbenc/crypt"
)

// providerKMS is the provider id of data keys that AWS KMS encrypted.
const providerKMS = "aws-kms"

// A rawName is the name of a key that a program holds itself: its namespace is
// the provider id of data keys under it, and its name is in their provider info.
type rawName struct{ namespace, name string }

// check refuses names that no item can hold, and the one that means AWS KMS.
func (n rawName) check() error {
	switch {
	case n.namespace == providerKMS:
		return fmt.Errorf("%w: key namespace %q is reserved", crypt.ErrConfig, n.namespace)
	case n.namespace == "" || n.name == "":
		return fmt.Errorf("%w: key namespace or key name is empty", crypt.ErrConfig)
	case !utf8.ValidString(n.namespace) || !utf8.ValidString(n.name):
		return fmt.Errorf("%w: key namespace or key name is not valid UTF-8", crypt.ErrConfig)
	case len(n.namespace) > math.MaxUint16 || len(n.name) > math.MaxUint16/2:
		return fmt.Errorf("%w: key namespace or key name is too long", crypt.ErrConfig)
	}
	return nil
}

func (n rawName) String() string { return fmt.Sprintf("key %q of namespace %q", n.name, n.namespace) }

// wrapIntermediate wraps a data key under a new intermediate key, which encrypt
// encrypts: it returns provider info and ciphertext. DB-ESDK spec: materials,
// "Intermediate key wrapping".
func wrapIntermediate(kc *crypt.KeyContext, dataKey []byte, providerID string, encrypt func(intermediate []byte) (info, ciphertext []byte, err error)) ([]crypt.WrappedKey, error) {
	intermediate := make([]byte, crypt.DataKeySize)
	rand.Read(intermediate) // never fails
	defer clear(intermediate)
	info, ciphertext, err := encrypt(intermediate)
	if err != nil {
		return nil, err
	}
	wrapped, macKey, err := crypt.WrapDataKey(kc, dataKey, intermediate)
	if err != nil {
		return nil, err
	}
	return []crypt.WrappedKey{{
		EncryptedDataKey: crypt.EncryptedDataKey{ProviderID: providerID, ProviderInfo: info, Ciphertext: append(wrapped, ciphertext...)},
		MACKey:           macKey,
	}}, nil
}

// errUnwrap is the one error of data keys that a raw keyring knows and can't
// decrypt, whatever the reason. A padding oracle would need two.
var errUnwrap = fmt.Errorf("%w: %w: its data key can't be decrypted", crypt.ErrNoKey, crypt.ErrVerify)

// unwrapIntermediate unwraps the first of keys that decrypt is for, and can
// decrypt the intermediate key of. What describes who asks, for the error if
// there is none.
func unwrapIntermediate(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey, what fmt.Stringer, knows func(*crypt.EncryptedDataKey) bool, decrypt func(k *crypt.EncryptedDataKey, ciphertext []byte) (intermediate []byte, ok bool)) (*crypt.UnwrappedKey, error) {
	known := false
	for i := range keys {
		k := &keys[i]
		if !knows(k) {
			continue
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("ddbenc: data key: %w", contextError(ctx))
		}
		known = true
		if len(k.Ciphertext) < crypt.WrappedDataKeySize {
			continue
		}
		intermediate, ok := decrypt(k, k.Ciphertext[crypt.WrappedDataKeySize:])
		if !ok {
			continue
		}
		unwrapped, err := crypt.UnwrapDataKey(kc, k.Ciphertext[:crypt.WrappedDataKeySize], intermediate)
		clear(intermediate)
		if err == nil {
			return unwrapped, nil
		}
	}
	if known {
		return nil, errUnwrap
	}
	return nil, fmt.Errorf("%w: none of its %d data keys is for %v", crypt.ErrNoKey, len(keys), what)
}

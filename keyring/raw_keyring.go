package keyring

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"slices"
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
	return wrapUnder(kc, dataKey, intermediate, crypt.EncryptedDataKey{ProviderID: providerID, ProviderInfo: info, Ciphertext: ciphertext})
}

// wrapUnder wraps a data key under an intermediate key that is in e, encrypted.
func wrapUnder(kc *crypt.KeyContext, dataKey, intermediate []byte, e crypt.EncryptedDataKey) ([]crypt.WrappedKey, error) {
	wrapped, macKey, err := crypt.WrapDataKey(kc, dataKey, intermediate)
	if err != nil {
		return nil, err
	}
	e.Ciphertext = append(wrapped, e.Ciphertext...)
	return []crypt.WrappedKey{{EncryptedDataKey: e, MACKey: macKey}}, nil
}

// errUnwrap is the one error of data keys that a keyring knows and that can't be
// decrypted, whatever the reason. A padding oracle would need two.
var errUnwrap = fmt.Errorf("%w: %w: its data key can't be decrypted", crypt.ErrNoKey, crypt.ErrVerify)

// unwrapIntermediate is [unwrapEach] for keys of the program's own, which give no
// other error than errUnwrap.
func unwrapIntermediate(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey, what fmt.Stringer, knows func(*crypt.EncryptedDataKey) bool, decrypt func(k *crypt.EncryptedDataKey, ciphertext []byte) (intermediate []byte, ok bool)) (*crypt.UnwrappedKey, error) {
	return unwrapEach(ctx, kc, keys, what, knows, func(k *crypt.EncryptedDataKey, ciphertext []byte) ([]byte, error) {
		intermediate, ok := decrypt(k, ciphertext)
		if !ok {
			return nil, errUnwrap
		}
		return intermediate, nil
	})
}

// unwrapEach unwraps the first of the keys that knows accepts and that decrypt can
// decrypt the intermediate key of. If there is none, the error tells why not. What
// describes who asks.
func unwrapEach(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey, what fmt.Stringer, knows func(*crypt.EncryptedDataKey) bool, decrypt func(k *crypt.EncryptedDataKey, ciphertext []byte) (intermediate []byte, err error)) (*crypt.UnwrappedKey, error) {
	var errs []error
	for i := range keys {
		k := &keys[i]
		if !knows(k) {
			continue
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("ddbenc: data key: %w", contextError(ctx))
		}
		unwrapped, err := unwrapOne(kc, k, decrypt)
		if err == nil {
			return unwrapped, nil
		}
		if ctx.Err() != nil && err != errUnwrap {
			return nil, err // of a call that ctx ended
		}
		if err != errUnwrap || !slices.Contains(errs, errUnwrap) {
			errs = append(errs, err)
		}
	}
	switch len(errs) {
	case 0:
		return nil, errNotFor(what, keys)
	case 1:
		return nil, errs[0]
	}
	return nil, joinReasons(errs)
}

func errNotFor(what fmt.Stringer, keys []crypt.EncryptedDataKey) error {
	return fmt.Errorf("%w: none of its %d data keys is for %v", crypt.ErrNoKey, len(keys), what)
}

func unwrapOne(kc *crypt.KeyContext, k *crypt.EncryptedDataKey, decrypt func(*crypt.EncryptedDataKey, []byte) ([]byte, error)) (*crypt.UnwrappedKey, error) {
	if len(k.Ciphertext) < crypt.WrappedDataKeySize {
		return nil, errUnwrap
	}
	intermediate, err := decrypt(k, k.Ciphertext[crypt.WrappedDataKeySize:])
	if err != nil {
		return nil, err
	}
	defer clear(intermediate)
	unwrapped, err := crypt.UnwrapDataKey(kc, k.Ciphertext[:crypt.WrappedDataKeySize], intermediate)
	if err != nil {
		return nil, errUnwrap
	}
	return unwrapped, nil
}

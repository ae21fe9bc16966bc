package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/ddbenc/ddbenc/crypt"
)

// Multi is a DB-ESDK keyring of several: items are written for all of them, or
// those that come first, and read with any. It is safe for concurrent use. DB-ESDK
// spec: materials, "Multi-keyring".
type Multi struct {
	keyrings []crypt.Keyring
	writers  int // how many of them, from the first on, items are written for
}

var _ crypt.Keyring = (*Multi)(nil)

// NewMulti returns a keyring of first and more, any of which may be a Multi
// itself. The other clients call the first one the generator and the others its
// children. Here the data key is made before a keyring is asked, so there is no
// difference but in the order in which they are asked, which is also that of an
// item's data keys. The error wraps [crypt.ErrConfig].
func NewMulti(first crypt.Keyring, more ...crypt.Keyring) (*Multi, error) {
	m, err := NewSeveralKeyrings(first, more...)
	if err != nil {
		return nil, err
	}
	m.writers = len(m.keyrings)
	return m, nil
}

// NewSeveralKeyrings returns a keyring that writes with one keyring, and reads with
// that and others: for the time of a change from one key to another, or with
// keyrings that can't write. It is for DB-ESDK what [NewSeveral] is for DDBEC. The
// error wraps [crypt.ErrConfig].
func NewSeveralKeyrings(write crypt.Keyring, also ...crypt.Keyring) (*Multi, error) {
	keyrings := append([]crypt.Keyring{write}, also...)
	if slices.Contains(keyrings, nil) {
		return nil, fmt.Errorf("%w: keyring is nil", crypt.ErrConfig)
	}
	return &Multi{keyrings: keyrings, writers: 1}, nil
}

// WrapKey returns the data keys of all keyrings that items are written for. If one
// fails, all do.
func (m *Multi) WrapKey(ctx context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	var all []crypt.WrappedKey
	for i, k := range m.keyrings[:m.writers] {
		wrapped, err := k.WrapKey(ctx, kc, dataKey)
		if err != nil {
			return nil, fmt.Errorf("keyring %d: %w", i, err)
		}
		all = append(all, wrapped...)
	}
	return all, nil
}

// UnwrapKey returns what the first keyring returns that can unwrap one of keys. If
// none can, the error tells what each one said. It wraps [crypt.ErrNoKey] if that is
// all that any of them has to say; where a keyring has another reason, such as
// [ErrUnavailable], it is the reason of all.
func (m *Multi) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	var errs []error
	for i, k := range m.keyrings {
		unwrapped, err := k.UnwrapKey(ctx, kc, keys)
		if err == nil {
			return unwrapped, nil
		}
		errs = append(errs, fmt.Errorf("keyring %d: %w", i, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, joinReasons(errs)
}

// joinReasons joins the errors of keyrings or data keys that were tried in turn. The
// text has all of them. That one has no key is no reason if another was refused one:
// the caller isn't to think that there is none.
func joinReasons(errs []error) error {
	absent := func(err error) bool { return errors.Is(err, crypt.ErrNoKey) && !errors.Is(err, crypt.ErrVerify) }
	if slices.ContainsFunc(errs, func(err error) bool { return !absent(err) }) {
		for i, err := range errs {
			if absent(err) {
				errs[i] = errors.New(err.Error())
			}
		}
	}
	return errors.Join(errs...)
}

// Format prints m without keys under every verb.
func (m *Multi) Format(f fmt.State, _ rune) { redact(f, "Multi") }

// LogValue prints m without keys in logs.
func (m *Multi) LogValue() slog.Value { return slog.StringValue("Multi(REDACTED)") }

package keyring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/ddbenc/ddbenc/crypt"
)

// Several is a provider that writes with one provider and reads with several, for
// the time of a change from old keys to new ones. It is safe for concurrent use.
type Several struct {
	write crypt.Provider
	read  []crypt.Provider
}

var _ crypt.Provider = (*Several)(nil)

// unusable is every content key of this package that could not be unwrapped, so
// that [Several] knows one.
var unusable = crypt.UnusableContentKey()

// NewSeveral returns a provider that writes with write. Items are read with the
// first of write and also, in this order, that knows the item:
//
//   - [KMS] knows the items that name KMS and one of its keys,
//   - [MostRecent] those that name its material,
//   - [Wrapped] those whose content key it can unwrap,
//   - [Static], and any provider, those that have the entries of [RequireDescription].
//
// Without RequireDescription a Static provider believes every item to be its own,
// so it comes last. A provider without content key for an item is used if no other
// one has any. A provider of one's own passes an item on by an error that wraps
// [crypt.ErrNoKey] or [crypt.ErrUnsupported].
//
// Asking costs what the providers cost: an item of the old keys may take a call
// that the new ones refuse. The error wraps [crypt.ErrConfig].
func NewSeveral(write crypt.Provider, also ...crypt.Provider) (*Several, error) {
	read := append([]crypt.Provider{write}, also...)
	if slices.Contains(read, nil) {
		return nil, fmt.Errorf("%w: provider is nil", crypt.ErrConfig)
	}
	return &Several{write: write, read: read}, nil
}

// EncryptionMaterials returns those of the provider that writes.
func (p *Several) EncryptionMaterials(ctx context.Context, ec *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
	return p.write.EncryptionMaterials(ctx, ec)
}

// DecryptionMaterials returns those of the first provider that knows the item. If
// none does, the error tells what each one said, unless the item is one to be
// refused after its signature was checked.
func (p *Several) DecryptionMaterials(ctx context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
	var verifyOnly, refused *crypt.DecryptionMaterials // the first ones
	var errs []error
	for _, inner := range p.read {
		m, err := inner.DecryptionMaterials(ctx, ec)
		switch {
		case err != nil && ctx.Err() == nil && (errors.Is(err, crypt.ErrNoKey) || errors.Is(err, crypt.ErrUnsupported)):
			errs = append(errs, err)
		case err != nil:
			return nil, err // a provider that knows the item, or can't say now
		case m == nil || m.ContentKey == nil:
			verifyOnly = cmp.Or(verifyOnly, m)
		case m.ContentKey == unusable:
			refused = cmp.Or(refused, m)
		default:
			return m, nil
		}
	}
	if m := cmp.Or(verifyOnly, refused); m != nil {
		return m, nil
	}
	return nil, errors.Join(errs...)
}

// Format prints p without keys under every verb.
func (p *Several) Format(f fmt.State, _ rune) { redact(f, "Several") }

// LogValue prints p without keys in logs.
func (p *Several) LogValue() slog.Value { return slog.StringValue("Several(REDACTED)") }

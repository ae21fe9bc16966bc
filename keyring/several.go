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
// Without RequireDescription a Static provider with a content key believes every
// item to be its own, so it is asked last, also if it is the one that writes. A
// second one would never be asked, and is refused: let both write an entry of their
// own, or use Wrapped. A provider without content key for an item is used if no other
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
	slices.SortStableFunc(read, func(a, b crypt.Provider) int { return rank(a) - rank(b) })
	if n := len(read); n > 1 && rank(read[n-2]) > 0 {
		return nil, fmt.Errorf("%w: two static providers can't tell their items apart without RequireDescription", crypt.ErrConfig)
	}
	return &Several{write: write, read: read}, nil
}

// rank is 1 for a provider that takes every item for its own, and else 0.
func rank(p crypt.Provider) int {
	if s, ok := p.(*Static); ok && len(s.cfg.required) == 0 && s.dec.ContentKey != nil {
		return 1
	}
	return 0
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

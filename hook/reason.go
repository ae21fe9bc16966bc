package hook

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
)

// reasons are the short names of errors. The first that fits is taken: a keyring's
// ErrNoKey may wrap ErrVerify, too, which is what matters then.
var reasons = []struct {
	sentinel error
	name     string
}{
	{context.Canceled, "canceled"},
	{context.DeadlineExceeded, "deadline_exceeded"},
	{crypt.ErrNotSigned, "not_signed"},
	{crypt.ErrVerify, "verify"},
	{crypt.ErrMalformed, "malformed"},
	{crypt.ErrUnsupported, "unsupported"},
	{crypt.ErrNoKey, "no_key"},
	{crypt.ErrKeyRefused, "key_refused"},
	{crypt.ErrUnavailable, "unavailable"},
	{crypt.ErrInvalidItem, "invalid_item"},
	{crypt.ErrConfig, "config"},
}

// Reason returns a short name of what err is, for counting:
//
//	not_signed  verify  malformed  no_key  unsupported  invalid_item  config
//	key_refused  unavailable  canceled  deadline_exceeded  other
//
// It is empty for nil. There may be more of them in later versions.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	for _, r := range reasons {
		if errors.Is(err, r.sentinel) {
			return r.name
		}
	}
	return "other"
}

// Redact returns an error in which errors.Is finds what it finds in err, and of
// which nothing else can be had: its text is that of the sentinels that [Reason]
// knows, and errors.As and errors.Unwrap find nothing. It is for whoever calls the
// functions of a [Hooks]: the errors of a service, and of what marshals values, may
// quote what they were given. It returns nil for nil.
func Redact(err error) error {
	if err == nil {
		return nil
	}
	return &redacted{err}
}

type redacted struct{ err error }

func (e *redacted) Error() string {
	var texts []string
	for _, r := range reasons {
		if errors.Is(e.err, r.sentinel) {
			texts = append(texts, strings.TrimPrefix(r.sentinel.Error(), "ddbenc: "))
		}
	}
	if len(texts) == 0 {
		return "ddbenc: another error"
	}
	return "ddbenc: " + strings.Join(texts, ": ")
}

// Is reports whether the error that was redacted is target.
func (e *redacted) Is(target error) bool { return errors.Is(e.err, target) }

// Format prints the text of Error under every verb.
func (e *redacted) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

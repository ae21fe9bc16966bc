package hook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/keyring"
)

func TestReasonNamesWhatAnErrorWraps(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{crypt.ErrNotSigned, "not_signed"},
		{fmt.Errorf("item: %w", crypt.ErrVerify), "verify"},
		{&crypt.AttributeError{Op: "decrypt", Name: "a", Err: crypt.ErrMalformed}, "malformed"},
		{crypt.ErrNoKey, "no_key"},
		{fmt.Errorf("%w: %w", crypt.ErrNoKey, crypt.ErrVerify), "verify"}, // what matters more
		{crypt.ErrUnsupported, "unsupported"},
		{crypt.ErrInvalidItem, "invalid_item"},
		{crypt.ErrConfig, "config"},
		{keyring.ErrKeyRefused, "key_refused"},
		{keyring.ErrUnavailable, "unavailable"},
		{context.Canceled, "canceled"},
		{fmt.Errorf("%w: %w", keyring.ErrUnavailable, context.DeadlineExceeded), "deadline_exceeded"},
		{errors.New("a program's own"), "other"},
	} {
		if got := hook.Reason(tt.err); got != tt.want {
			t.Errorf("Reason(%v) = %q, want %q", tt.err, got, tt.want)
		}
		if got := hook.Reason(hook.Redact(tt.err)); got != tt.want {
			t.Errorf("Reason of %v, redacted, = %q, want %q", tt.err, got, tt.want)
		}
	}
}

// secretError is what a service or a marshaler may return.
type secretError struct{ quoted string }

func (e secretError) Error() string { return "can't take " + e.quoted }

func TestRedactLeavesNoTextAndKeepsWhatAnErrorIs(t *testing.T) {
	const secret = "planted-secret"
	own := errors.New("own")
	err := hook.Redact(fmt.Errorf("%w: %w: %w", crypt.ErrNoKey, own, secretError{secret}))
	for _, is := range []error{crypt.ErrNoKey, own} {
		if !errors.Is(err, is) {
			t.Errorf("errors.Is does not find %v", is)
		}
	}
	if errors.Is(err, crypt.ErrVerify) {
		t.Error("errors.Is finds what is not there")
	}
	if e, ok := errors.AsType[secretError](err); ok {
		t.Errorf("errors.As finds a %T", e)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Error("failed", "err", err)
	printed := fmt.Sprintf("%v %+v %#v %s %q %d", err, err, err, err, err, err) + log.String()
	if strings.Contains(printed, secret) {
		t.Errorf("the text has what was quoted: %s", printed)
	}
	if got, want := err.Error(), crypt.ErrNoKey.Error(); got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
	if got, want := hook.Redact(own).Error(), "ddbenc: another error"; got != want {
		t.Errorf("the text of an unknown error is %q, want %q", got, want)
	}
	if hook.Redact(nil) != nil {
		t.Error("Redact(nil) is not nil")
	}
}

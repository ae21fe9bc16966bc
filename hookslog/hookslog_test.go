package hookslog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/hookslog"
)

// logged returns the lines that call leads to, from level on, without their times.
func logged(level slog.Level, call func(*hook.Hooks)) string {
	var b bytes.Buffer
	call(hookslog.New(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))))
	return b.String()
}

func TestEventsBecomeOneLineEach(t *testing.T) {
	ctx := context.Background()
	item := hook.Item{Table: "patients", Op: "PutItem", Action: hook.Encrypt, Attributes: 7, Bytes: 512, Duration: time.Millisecond}
	bad := hook.Item{Table: "patients", Index: "by-clinic", Op: "Query", Action: hook.Decrypt, Attributes: 7, Bytes: 512,
		Duration: time.Millisecond, Err: hook.Redact(fmt.Errorf("quotes a planted-secret: %w", crypt.ErrNotSigned))}
	gone := bad
	gone.Err = context.Canceled
	load := hook.KeyLoad{Provider: "KMS", Op: "Decrypt", Key: "alias/a", Duration: time.Second}
	found := hook.KeyLoad{Provider: "MostRecent", Op: "MaxVersion", Key: "patients", Cached: true}
	noKey := load
	noKey.Err = hook.Redact(crypt.ErrUnavailable)
	noKeyGone := load
	noKeyGone.Err = context.Canceled
	for _, tt := range []struct {
		name string
		call func(*hook.Hooks)
		want string
	}{
		{"encrypted", func(h *hook.Hooks) { h.Encrypted(ctx, item) },
			`level=DEBUG msg="item encrypted" table=patients op=PutItem attributes=7 bytes=512 duration=1ms`},
		{"decrypted", func(h *hook.Hooks) { h.Decrypted(ctx, item) },
			`level=DEBUG msg="item decrypted" table=patients op=PutItem attributes=7 bytes=512 duration=1ms`},
		{"failed", func(h *hook.Hooks) { h.Failed(ctx, bad) },
			`level=ERROR msg="item failed" table=patients index=by-clinic op=Query action=decrypt attributes=7 bytes=512 duration=1ms reason=not_signed error="ddbenc: item is not signed"`},
		{"failed since nobody waits", func(h *hook.Hooks) { h.Failed(ctx, gone) },
			`level=DEBUG msg="item failed" table=patients index=by-clinic op=Query action=decrypt attributes=7 bytes=512 duration=1ms reason=canceled error="context canceled"`},
		{"refused", func(h *hook.Hooks) {
			h.Refused(ctx, hook.Refusal{Table: "patients", Op: "Scan", Err: errors.New("ddbenc: request refused: no")})
		}, `level=WARN msg="request refused" table=patients op=Scan error="ddbenc: request refused: no"`},
		{"retried", func(h *hook.Hooks) {
			h.Retried(ctx, hook.Retry{Table: "patients", Op: "UpdateItem", Attempt: 2, Reason: hook.Conflict})
		}, `level=INFO msg="tried again" table=patients op=UpdateItem attempt=2 reason=conflict`},
		{"gave up", func(h *hook.Hooks) {
			h.Retried(ctx, hook.Retry{Table: "patients", Op: "UpdateItem", Attempt: 25, Reason: hook.Conflict, GaveUp: true})
		}, `level=WARN msg="gave up" table=patients op=UpdateItem attempt=25 reason=conflict`},
		{"key found", func(h *hook.Hooks) { h.KeyLoaded(ctx, found) },
			`level=DEBUG msg="key found" provider=MostRecent op=MaxVersion key=patients`},
		{"key loaded", func(h *hook.Hooks) { h.KeyLoaded(ctx, load) },
			`level=DEBUG msg="key loaded" provider=KMS op=Decrypt key=alias/a duration=1s`},
		{"key failed", func(h *hook.Hooks) { h.KeyLoaded(ctx, noKey) },
			`level=ERROR msg="key failed" provider=KMS op=Decrypt key=alias/a duration=1s reason=unavailable error="ddbenc: keys are unavailable"`},
		{"key failed since nobody waits", func(h *hook.Hooks) { h.KeyLoaded(ctx, noKeyGone) },
			`level=DEBUG msg="key failed" provider=KMS op=Decrypt key=alias/a duration=1s reason=canceled error="context canceled"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := logged(slog.LevelDebug, tt.call)
			if diff := cmp.Diff(tt.want+"\n", got); diff != "" {
				t.Errorf("the line differs (-want +got):\n%s", diff)
			}
			quiet := logged(slog.LevelInfo, tt.call)
			if debug := strings.HasPrefix(tt.want, "level=DEBUG"); debug != (quiet == "") {
				t.Errorf("from INFO on, %q is logged", quiet)
			}
		})
	}
}

func TestWhatIsNotLoggedAllocatesNothing(t *testing.T) {
	h := hookslog.New(slog.New(slog.DiscardHandler))
	allocs := testing.AllocsPerRun(100, func() {
		h.Encrypted(context.Background(), hook.Item{Table: "patients", Op: "PutItem"})
		h.KeyLoaded(context.Background(), hook.KeyLoad{Provider: "KMS", Op: "Decrypt"})
	})
	if allocs > 0 {
		t.Errorf("%v allocations, want none", allocs)
	}
}

// Package hookslog logs what package hook tells, through log/slog:
//
//	seen := hookslog.New(slog.Default())
//	patients, err := ddbenc.NewTable[Patient](db, "patients", format, ddbenc.WithHooks(seen))
//
// Each event is one record:
//
//	message          level   attributes
//	item encrypted   DEBUG   table op attributes bytes duration
//	item decrypted   DEBUG   table index op attributes bytes duration
//	item failed      ERROR   table index op action attributes bytes duration reason error
//	request refused  WARN    table op error
//	tried again      INFO    table op attempt reason
//	gave up          WARN    table op attempt reason
//	key found        DEBUG   provider op key
//	key loaded       DEBUG   provider op key duration
//	key failed       ERROR   provider op key duration reason error
//
// What failed for the reason that its context was cancelled is logged as DEBUG:
// nobody waited for it any more. No record has the value of an attribute or a key.
// The names of keys are there: the ARNs or ids of KMS keys, and those of branch keys
// and materials, in which there may be names of tenants.
package hookslog

import (
	"context"
	"errors"
	"log/slog"

	"github.com/ddbenc/ddbenc/hook"
)

// New returns hooks that log to logger. A record that the logger's handler is not
// enabled for costs next to nothing. To leave out one kind of event, set its
// function to nil before the hooks are used.
func New(logger *slog.Logger) *hook.Hooks {
	l := hookLogger{logger}
	return &hook.Hooks{
		Encrypted: func(ctx context.Context, e hook.Item) { l.item(ctx, slog.LevelDebug, "item encrypted", e) },
		Decrypted: func(ctx context.Context, e hook.Item) { l.item(ctx, slog.LevelDebug, "item decrypted", e) },
		Failed:    func(ctx context.Context, e hook.Item) { l.item(ctx, failure(e.Err), "item failed", e) },
		Refused:   l.refused,
		Retried:   l.retried,
		KeyLoaded: l.keyLoaded,
	}
}

type hookLogger struct{ *slog.Logger }

// failure returns the level of something that failed with err.
func failure(err error) slog.Level {
	if errors.Is(err, context.Canceled) {
		return slog.LevelDebug
	}
	return slog.LevelError
}

func (l hookLogger) item(ctx context.Context, level slog.Level, message string, e hook.Item) {
	if !l.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs, slog.String("table", e.Table))
	if e.Index != "" {
		attrs = append(attrs, slog.String("index", e.Index))
	}
	attrs = append(attrs, slog.String("op", e.Op))
	if e.Err != nil {
		attrs = append(attrs, slog.String("action", e.Action))
	}
	attrs = append(attrs, slog.Int("attributes", e.Attributes), slog.Int("bytes", e.Bytes), slog.Duration("duration", e.Duration))
	l.LogAttrs(ctx, level, message, withError(attrs, e.Err)...)
}

func withError(attrs []slog.Attr, err error) []slog.Attr {
	if err == nil {
		return attrs
	}
	return append(attrs, slog.String("reason", hook.Reason(err)), slog.String("error", err.Error()))
}

func (l hookLogger) refused(ctx context.Context, e hook.Refusal) {
	l.LogAttrs(ctx, slog.LevelWarn, "request refused",
		slog.String("table", e.Table), slog.String("op", e.Op), slog.String("error", e.Err.Error()))
}

func (l hookLogger) retried(ctx context.Context, e hook.Retry) {
	level, message := slog.LevelInfo, "tried again"
	if e.GaveUp {
		level, message = slog.LevelWarn, "gave up"
	}
	l.LogAttrs(ctx, level, message,
		slog.String("table", e.Table), slog.String("op", e.Op), slog.Int("attempt", e.Attempt), slog.String("reason", e.Reason))
}

func (l hookLogger) keyLoaded(ctx context.Context, e hook.KeyLoad) {
	level, message := slog.LevelDebug, "key loaded"
	switch {
	case e.Err != nil:
		level, message = failure(e.Err), "key failed"
	case e.Cached:
		message = "key found"
	}
	if !l.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 6)
	attrs = append(attrs, slog.String("provider", e.Provider), slog.String("op", e.Op), slog.String("key", e.Key))
	if !e.Cached {
		attrs = append(attrs, slog.Duration("duration", e.Duration))
	}
	l.LogAttrs(ctx, level, message, withError(attrs, e.Err)...)
}

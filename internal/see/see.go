// Package see calls the functions of package hook, so that nothing which they do
// reaches what they are called from.
package see

import (
	"context"

	"github.com/ddbenc/ddbenc/hook"
)

// Call calls f with e. f is one of the functions of h, which may be nil. A panic of f
// is given to h.Panicked.
func Call[E any](ctx context.Context, h *hook.Hooks, f func(context.Context, E), e E) {
	if f == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil && h.Panicked != nil {
			h.Panicked(v)
		}
	}()
	f(ctx, e)
}

// Join returns hooks that call the functions of all of hooks, in this order. Those
// that are nil are left out; if none is left the result is nil. A panic in one does
// not keep the others from being called.
func Join(hooks ...*hook.Hooks) *hook.Hooks {
	var all []*hook.Hooks
	for _, h := range hooks {
		if h != nil {
			all = append(all, h)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &hook.Hooks{
		Encrypted: join(all, func(h *hook.Hooks) func(context.Context, hook.Item) { return h.Encrypted }),
		Decrypted: join(all, func(h *hook.Hooks) func(context.Context, hook.Item) { return h.Decrypted }),
		Failed:    join(all, func(h *hook.Hooks) func(context.Context, hook.Item) { return h.Failed }),
		Refused:   join(all, func(h *hook.Hooks) func(context.Context, hook.Refusal) { return h.Refused }),
		Retried:   join(all, func(h *hook.Hooks) func(context.Context, hook.Retry) { return h.Retried }),
		KeyLoaded: join(all, func(h *hook.Hooks) func(context.Context, hook.KeyLoad) { return h.KeyLoaded }),
	}
}

// join returns a function that calls those of all that are there, or nil.
func join[E any](all []*hook.Hooks, of func(*hook.Hooks) func(context.Context, E)) func(context.Context, E) {
	any := false
	for _, h := range all {
		any = any || of(h) != nil
	}
	if !any {
		return nil
	}
	return func(ctx context.Context, e E) {
		for _, h := range all {
			Call(ctx, h, of(h), e)
		}
	}
}

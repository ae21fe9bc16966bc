package ddbenc

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/internal/see"
)

// WithHooks tells of the table's items, of the calls that were refused and of those
// that were tried again, by whatever they were made: a [Table], a transaction, or a
// client with [Encrypted]. Each item is told of once. Of keys, give the same hooks
// to what loads them, by keyring.WithHooks. Several are all called, in this order.
// The default is none, which costs nothing.
func WithHooks(hooks ...*hook.Hooks) TableOption {
	return tableOption(func(o *tableOptions) {
		o.hooks = see.Join(append([]*hook.Hooks{o.hooks}, hooks...)...)
	})
}

// began returns the time for hooks, which is not asked for without them.
func (c *core) began() (start time.Time) {
	if c.hooks != nil {
		start = time.Now()
	}
	return start
}

// tellEncrypted tells of an item that was encrypted. If it could not be, it is the
// plaintext, and err says why.
func (c *core) tellEncrypted(ctx context.Context, start time.Time, op string, it item, err error) {
	if h := c.hooks; h != nil {
		f := h.Encrypted
		if err != nil {
			f = h.Failed
		}
		c.tellItem(ctx, f, start, hook.Item{Op: op, Action: hook.Encrypt, Err: err}, it)
	}
}

// tellDecrypted tells of a stored item that was read. err says why it could not be.
func (c *core) tellDecrypted(ctx context.Context, start time.Time, op, index string, stored item, err error) {
	if h := c.hooks; h != nil {
		f := h.Decrypted
		if err != nil {
			f = h.Failed
		}
		c.tellItem(ctx, f, start, hook.Item{Op: op, Index: index, Action: hook.Decrypt, Err: err}, stored)
	}
}

func (c *core) tellItem(ctx context.Context, f func(context.Context, hook.Item), start time.Time, e hook.Item, it item) {
	if f == nil {
		return
	}
	e.Duration = time.Since(start) // before the size is counted
	e.Table, e.Attributes, e.Bytes, e.Err = c.name, len(it), itemSize(it), hook.Redact(e.Err)
	see.Call(ctx, c.hooks, f, e)
}

// tellRefused tells of a call that ends with *err, if a request on the table was
// refused. It is deferred by every method that a program calls and that makes
// requests.
func (c *core) tellRefused(ctx context.Context, op string, err *error) {
	if c.hooks == nil || c.hooks.Refused == nil || *err == nil {
		return
	}
	var r refusalTexts
	r.collect(*err, "")
	r.tell(ctx, c.hooks, op, c.name)
}

// refusalTexts are the texts of refusals, by the name of the table.
type refusalTexts map[string][]string

// collect finds the refusals in err, which is about the table of that name.
func (r *refusalTexts) collect(err error, table string) {
	switch e := err.(type) {
	case *opError:
		table = e.table
	case *OperationError:
		table = e.Table
	}
	switch e := err.(type) {
	case *refusal:
		if *r == nil {
			*r = refusalTexts{}
		}
		(*r)[table] = append((*r)[table], e.why)
	case interface{ Unwrap() error }:
		r.collect(e.Unwrap(), table)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			r.collect(err, table)
		}
	}
}

// tell tells h of the refusals of one table.
func (r refusalTexts) tell(ctx context.Context, h *hook.Hooks, op, table string) {
	if texts := r[table]; len(texts) > 0 {
		err := &refusal{strings.Join(texts, "; ")}
		see.Call(ctx, h, h.Refused, hook.Refusal{Table: table, Op: op, Err: err})
	}
}

// tellRefused tells the hooks of the tables of a request that was refused with err.
// What can't be told to belong to one of them is told to all.
func (e *clientEncryption) tellRefused(ctx context.Context, op string, err error) {
	var r refusalTexts
	r.collect(err, "")
	if len(r) == 0 {
		return
	}
	for _, t := range e.tables.byName {
		if t.hooks != nil {
			r.tell(ctx, t.hooks, op, t.name)
		}
	}
	for _, t := range e.tables.byName {
		delete(r, t.name)
	}
	none := refusalTexts{}
	for _, name := range slices.Sorted(maps.Keys(r)) {
		none[""] = append(none[""], r[name]...)
	}
	told := map[*hook.Hooks]bool{}
	for _, t := range e.tables.byName {
		if t.hooks != nil && !told[t.hooks] {
			told[t.hooks] = true
			none.tell(ctx, t.hooks, op, "")
		}
	}
}

// tellRefusedOf tells of a transaction that ends with *err, once for each of the
// tables of its operations that refused something.
func tellRefusedOf[P any](ctx context.Context, op string, parts []P, table func(*P) *core, err *error) {
	if *err == nil {
		return
	}
	for c := range tablesOf(parts, table) {
		c.tellRefused(ctx, op, err)
	}
}

// tellRetriedOf tells of a transaction that did not succeed, once for each table of
// its operations.
func tellRetriedOf[P any](ctx context.Context, op string, parts []P, table func(*P) *core, n int, reason string, again bool) {
	for c := range tablesOf(parts, table) {
		c.tellRetried(ctx, op, n, reason, again)
	}
}

// tablesOf yields the tables of parts that have hooks, each once.
func tablesOf[P any](parts []P, table func(*P) *core) iter.Seq[*core] {
	return func(yield func(*core) bool) {
		told := map[*core]bool{}
		for i := range parts {
			if c := table(&parts[i]); c != nil && c.hooks != nil && !told[c] {
				told[c] = true
				if !yield(c) {
					return
				}
			}
		}
	}
}

// tellRetried tells of an attempt, the n-th, that did not succeed.
func (c *core) tellRetried(ctx context.Context, op string, n int, reason string, again bool) {
	if h := c.hooks; h != nil {
		see.Call(ctx, h, h.Retried, hook.Retry{Table: c.name, Op: op, Attempt: n, Reason: reason, GaveUp: !again})
	}
}

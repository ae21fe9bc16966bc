package ddbenc

import (
	"context"
	"fmt"
	"iter"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
)

// A Page is some items of a query or scan that follow one another, with the
// position behind each.
type Page[T any] struct {
	// Items are the items, verified and decrypted.
	Items []T

	// Errs tells of items that are not in Items, in their order, if
	// [ContinueOnItemError] was given.
	Errs []*ItemError

	// Next is the position behind the page, which may lie behind the last of
	// Items. It is zero if nothing follows. If it is not zero there may be
	// nothing that follows all the same: DynamoDB does not look ahead.
	Next Cursor

	binding   binding
	positions []string // behind each of Items
}

// After returns the position behind Items[i].
func (p *Page[T]) After(i int) Cursor { return cursorAt(p.binding, p.positions[i]) }

// Format prints how many items p has, under every verb.
func (p Page[T]) Format(f fmt.State, _ rune) { fmt.Fprint(f, p.text()) }

// LogValue prints p in logs as Format does.
func (p Page[T]) LogValue() slog.Value { return slog.StringValue(p.text()) }

func (p *Page[T]) text() string {
	return fmt.Sprintf("Page(%d items, %d errors, REDACTED)", len(p.Items), len(p.Errs))
}

// QueryPages yields what [Table.Query] does in pages, and where to go on behind
// each item: with [Resume], at any time, in any process.
//
//	for page, err := range patients.QueryPages(ctx, key, ddbenc.Resume(saved)) {
//
// A page is what one request of DynamoDB gives: [PageSize] items or 1 MB, less what
// the filter drops, which may be all of them. [Limit] ends the last page where it
// is reached. All other options are as for Query. With an error the page is nil and
// the loop ends; what its page had before is a page of its own, whose Next leads to
// the item that could not be read.
func (t *Table[T]) QueryPages(ctx context.Context, key expression.KeyConditionBuilder, opts ...QueryOption) iter.Seq2[*Page[T], error] {
	return func(yield func(*Page[T], error) bool) {
		c := queryCall(opts)
		c.cursors = true
		l, err := t.query(&c, key, "")
		t.core.tellRefused(ctx, opQuery, &err)
		listPages(ctx, t.core, &c, l, err, t.opener(&c, l), yield)
	}
}

// ScanPages yields what [Table.Scan] does in pages, which are as for
// [Table.QueryPages].
func (t *Table[T]) ScanPages(ctx context.Context, opts ...ScanOption) iter.Seq2[*Page[T], error] {
	return func(yield func(*Page[T], error) bool) {
		c := scanCall(opts)
		c.cursors = true
		l, err := t.scan(&c, "")
		t.core.tellRefused(ctx, opScan, &err)
		listPages(ctx, t.core, &c, l, err, t.opener(&c, l), yield)
	}
}

// OnePage makes one page of all: with [Limit], the page of up to so many items that
// a caller of a web API sees, whatever a filter drops and however many requests it
// takes. Without Limit it holds all items in memory. With an error the page is nil.
func OnePage[T any](pages iter.Seq2[*Page[T], error]) (*Page[T], error) {
	all := &Page[T]{}
	for p, err := range pages {
		if err != nil {
			return nil, err
		}
		all.Items = append(all.Items, p.Items...)
		all.Errs = append(all.Errs, p.Errs...)
		all.positions = append(all.positions, p.positions...)
		all.Next, all.binding = p.Next, p.binding
	}
	return all, nil
}

// listPages yields the pages of l as values of V, or only err if that is set.
func listPages[V any](ctx context.Context, c *core, o *call, l *listing, err error,
	open func(context.Context, item) (V, error), yield func(*Page[V], error) bool,
) {
	if err != nil {
		yield(nil, err)
		return
	}
	left := o.limit // 0 for no limit
	for p, err := range c.pages(ctx, l) {
		if err != nil {
			yield(nil, err)
			return
		}
		last := o.limit > 0 && len(p.items) >= left
		page, err := openPageOf(ctx, c, o, l, p, left, open)
		if err != nil && len(page.positions)+len(page.Errs) == 0 {
			yield(nil, err)
			return
		}
		if !yield(page, nil) {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if last {
			return
		}
		left -= len(p.items)
	}
}

// openPageOf opens the items of p, up to limit of them if that is over 0. With an
// error the page has what was before.
func openPageOf[V any](ctx context.Context, c *core, o *call, l *listing, p page, limit int,
	open func(context.Context, item) (V, error),
) (*Page[V], error) {
	out := &Page[V]{binding: l.binding}
	items, end := p.items, p.next
	if limit > 0 && limit < len(items) {
		items, end = items[:limit], items[limit-1]
	}
	out.Items = make([]V, 0, len(items))
	out.positions = make([]string, 0, len(items))
	i := 0
	stop := func(err error) (*Page[V], error) {
		if i > 0 {
			position, _ := l.position(items[i-1]) // it was one, or is behind an item that is not
			out.Next = cursorAt(l.binding, position)
		}
		return out, err
	}
	for v, err := range inOrder(ctx, items, o.aheadOrDefault(), open) {
		if ctx.Err() != nil {
			return stop(c.opError(l.op, ctx.Err()))
		}
		position, positionErr := l.position(items[i])
		switch bad, ok := err.(*ItemError); {
		case err != nil && ok && o.goOn && positionErr == nil:
			out.Errs = append(out.Errs, bad)
		case err != nil:
			return stop(err)
		case positionErr != nil:
			return stop(c.listedError(l.op, l.index, items[i], positionErr))
		default:
			out.Items = append(out.Items, v)
			out.positions = append(out.positions, position)
		}
		i++
	}
	if len(end) > 0 {
		position, err := l.position(end)
		if err != nil {
			return stop(c.opError(l.op, err))
		}
		out.Next = cursorAt(l.binding, position)
	}
	return out, nil
}

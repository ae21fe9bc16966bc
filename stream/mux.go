package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

// A Record is a change of an item of the struct type T. Its images were verified.
// It prints as its [Change] does.
type Record[T any] struct {
	Change

	// Old is the item before the change and New is the one after it. They are nil if
	// there was none, or if the stream's view does not have it.
	Old, New *T
}

// A RawRecord is a [Record] of a table whose items have no Go type.
type RawRecord struct {
	Change
	Old, New Item
}

// A Handler handles the records of one table. It is made by [On] or [OnRaw].
type Handler interface {
	tableName() (string, error)
	handle(ctx context.Context, r *StoredRecord) error
}

// On handles each record of a table by fn. A record that fails, since fn returns an
// error or the record can't be read, is not done: it comes again, before the ones
// behind it.
func On[T any](table *ddbenc.Table[T], fn func(context.Context, *Record[T]) error, opts ...HandlerOption) Handler {
	h := &handler[*T]{options: handlerOptionsOf(opts)}
	if table != nil && fn != nil {
		h.table = table
		h.fn = func(ctx context.Context, c Change, old, new *T) error {
			return fn(ctx, &Record[T]{Change: c, Old: old, New: new})
		}
	}
	return h
}

// OnRaw is [On] for a table whose items have no Go type.
func OnRaw(table *ddbenc.RawTable, fn func(context.Context, *RawRecord) error, opts ...HandlerOption) Handler {
	h := &handler[Item]{options: handlerOptionsOf(opts)}
	if table != nil && fn != nil {
		h.table = table
		h.fn = func(ctx context.Context, c Change, old, new Item) error {
			return fn(ctx, &RawRecord{Change: c, Old: old, New: new})
		}
	}
	return h
}

// A HandlerOption changes how [On] and [OnRaw] handle records.
type HandlerOption interface{ applyHandler(*handlerOptions) }

type handlerOptions struct {
	onItemError func(context.Context, Change, *ddbenc.ItemError) error
}

type handlerOption func(*handlerOptions)

func (f handlerOption) applyHandler(o *handlerOptions) { f(o) }

func handlerOptionsOf(opts []HandlerOption) (o handlerOptions) {
	for _, opt := range opts {
		opt.applyHandler(&o)
	}
	return o
}

// OnItemError lets fn decide what becomes of a record that can't be verified,
// decrypted or read, and never can: with nil it is passed over, and else it fails
// with the error, and comes again. Of the record fn gets what does not come from its
// images. The default is to fail, so that one bad record stops its shard until
// somebody looks, or Lambda gives it up.
//
// It is not called if the keys could not be had, or the context ended, which says
// nothing about the record.
func OnItemError(fn func(context.Context, Change, *ddbenc.ItemError) error) HandlerOption {
	return handlerOption(func(o *handlerOptions) { o.onItemError = fn })
}

// An opener is a table whose items are of type V.
type opener[V any] interface {
	Name() string
	KeyAttributes(ddbenc.PrimaryKey) (Item, error)
	DecryptItem(context.Context, Item, ...ddbenc.DecryptOption) (V, error)
}

type handler[V any] struct {
	table   opener[V] // nil if there is none
	fn      func(ctx context.Context, c Change, old, new V) error
	options handlerOptions
}

func (h *handler[V]) tableName() (string, error) {
	if h.table == nil {
		return "", errors.New("its table or function is nil")
	}
	return h.table.Name(), nil
}

func (h *handler[V]) handle(ctx context.Context, r *StoredRecord) error {
	old, new, err := h.open(ctx, r)
	if err == nil {
		return h.fn(ctx, r.Change, old, new)
	}
	var e *ddbenc.ItemError
	if h.options.onItemError != nil && ctx.Err() == nil && errors.As(err, &e) && isItemsFault(err) {
		return h.options.onItemError(ctx, r.Change, e)
	}
	return err
}

// open verifies and decrypts both images. It returns both or none.
func (h *handler[V]) open(ctx context.Context, r *StoredRecord) (old, new V, err error) {
	if err := r.check(); err != nil {
		return old, new, &ddbenc.ItemError{Op: opDecrypt, Table: h.table.Name(), Err: err}
	}
	return openImages(ctx, h.table, r)
}

// opDecrypt is the operation of every ItemError: the one that ddbenc.Table.DecryptItem
// gives its own.
const opDecrypt = "DecryptItem"

// openImages is open for a record whose images were checked to be the right ones.
func openImages[V any](ctx context.Context, table opener[V], r *StoredRecord) (old, new V, err error) {
	var none V
	// Where there is no image to compare it with, the key is all that a program gets.
	if _, err := table.KeyAttributes(r.Key()); err != nil {
		return none, none, &ddbenc.ItemError{Op: opDecrypt, Table: table.Name(), Err: malformed("its keys: %w", err)}
	}
	under := ddbenc.UnderKey(r.Key())
	if len(r.Old) > 0 {
		if old, err = table.DecryptItem(ctx, r.Old, under); err != nil {
			return none, none, err
		}
	}
	if len(r.New) > 0 {
		if new, err = table.DecryptItem(ctx, r.New, under); err != nil {
			return none, none, err
		}
	}
	return old, new, nil
}

// isItemsFault reports whether a record that failed with err will fail with it
// forever.
func isItemsFault(err error) bool {
	for _, passing := range []error{crypt.ErrUnavailable, crypt.ErrKeyRefused, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, passing) {
			return false
		}
	}
	for _, lasting := range []error{ddbenc.ErrNotSigned, ddbenc.ErrVerify, ddbenc.ErrMalformed, ddbenc.ErrNoKey, ddbenc.ErrUnsupported} {
		if errors.Is(err, lasting) {
			return true
		}
	}
	return false
}

// A Mux handles the records of one or several tables, each by the handler of its
// table. It does not change once made.
type Mux struct {
	handlers map[string]muxHandler // by the name of the table
}

type muxHandler struct {
	Handler
	id tableID
}

// NewMux makes a mux of one handler for each table. Two for one table, and none at
// all, are an error that wraps [ddbenc.ErrConfig].
func NewMux(handlers ...Handler) (*Mux, error) {
	m := &Mux{handlers: make(map[string]muxHandler, len(handlers))}
	bad := func(format string, args ...any) (*Mux, error) {
		return nil, fmt.Errorf("stream: %w: %w", ddbenc.ErrConfig, fmt.Errorf(format, args...))
	}
	for i, h := range handlers {
		if h == nil {
			return bad("handler %d is nil", i)
		}
		name, err := h.tableName()
		if err != nil {
			return bad("handler %d: %w", i, err)
		}
		id, err := parseTable(name)
		if err != nil {
			return bad("handler %d: %w", i, err)
		}
		if _, ok := m.handlers[id.table]; ok {
			return bad("two handlers are for table %q", id.table)
		}
		m.handlers[id.table] = muxHandler{h, id}
	}
	if len(handlers) == 0 {
		return bad("there is no handler")
	}
	return m, nil
}

// Handle handles one record, for a program that gets records in another way than
// from Lambda or a [Reader]. The table is the one of r.StreamARN, or r.Table if that
// is empty. A record of a table without handler is refused, with an error that wraps
// [ddbenc.ErrRefused]. Every error is a [*RecordError]. r is left as it is.
func (m *Mux) Handle(ctx context.Context, r *StoredRecord) error {
	h, err := m.handlerOf(r)
	if err == nil {
		named := *r
		named.Table = h.id.table
		r = &named
		if err = ctx.Err(); err == nil {
			err = h.handle(ctx, r)
		}
	}
	if err != nil {
		return &RecordError{Change: r.Change, Err: err}
	}
	return nil
}

// handlerOf returns the handler of the table that r is of.
func (m *Mux) handlerOf(r *StoredRecord) (muxHandler, error) {
	id := tableID{table: r.Table}
	if r.StreamARN != "" {
		var err error
		if id, err = parseStreamARN(r.StreamARN); err != nil {
			return muxHandler{}, fmt.Errorf("%w: its table can't be told: %w", ddbenc.ErrRefused, err)
		}
		if r.Table != "" && r.Table != id.table {
			return muxHandler{}, fmt.Errorf("%w: it is of table %.255q and of the stream of another", ddbenc.ErrRefused, r.Table)
		}
	}
	return m.find(id)
}

func (m *Mux) find(id tableID) (muxHandler, error) {
	h, ok := m.handlers[id.table]
	if !ok || !h.id.is(id) {
		return muxHandler{}, fmt.Errorf("%w: there is no handler for table %.255q of account %.20q", ddbenc.ErrRefused, id.table, id.account)
	}
	return h, nil
}

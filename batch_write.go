package ddbenc

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// A BatchError reports writes of a batch that were not made, or of which it is not
// known. All others were made. To go on where the batch stopped, give what is left
// to BatchWrite again, which encrypts it again:
//
//	var left *ddbenc.BatchError[Patient]
//	if errors.As(err, &left) {
//		err = patients.BatchWrite(ctx, left.Puts, left.Deletes)
//	}
type BatchError[T any] struct {
	Table string // physical table name

	// Puts and Deletes are the caller's own items and keys that were not
	// written, in the order in which they were given.
	Puts    []*T
	Deletes []PrimaryKey

	// UnknownPuts and UnknownDeletes were sent, and may or may not have been
	// written, since no answer came back. If there are any, the error wraps
	// [ErrUnknownOutcome].
	UnknownPuts    []*T
	UnknownDeletes []PrimaryKey

	// Err says why the batch stopped.
	Err error
}

func (e *BatchError[T]) Error() string {
	text := fmt.Sprintf("ddbenc: BatchWriteItem on table %q: %d writes were not made", e.Table, len(e.Puts)+len(e.Deletes))
	if n := e.unknown(); n > 0 {
		text += fmt.Sprintf(", and of %d it is not known", n)
	}
	return text + ": " + bare(e.Err)
}

// Unwrap returns Err, and ErrUnknownOutcome if there are writes of which the
// outcome is not known.
func (e *BatchError[T]) Unwrap() []error {
	if e.unknown() > 0 {
		return []error{e.Err, ErrUnknownOutcome}
	}
	return []error{e.Err}
}

// Format prints the text of Error under every verb.
func (e *BatchError[T]) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

func (e *BatchError[T]) unknown() int { return len(e.UnknownPuts) + len(e.UnknownDeletes) }

// BatchPut encrypts and stores items, any number of them: see [Table.BatchWrite].
func (t *Table[T]) BatchPut(ctx context.Context, items []*T, opts ...BatchWriteOption) error {
	return t.BatchWrite(ctx, items, nil, opts...)
}

// BatchDelete deletes the items under keys, any number of them: see
// [Table.BatchWrite]. A key that no item has is no error.
func (t *Table[T]) BatchDelete(ctx context.Context, keys []PrimaryKey, opts ...BatchWriteOption) error {
	return t.BatchWrite(ctx, nil, keys, opts...)
}

// BatchWrite encrypts and stores the items of puts and deletes the items under the
// keys of deletes, any number of them. The writes are made in no particular order,
// each by itself: a batch is no transaction. Two writes of the same item are
// refused, since one of them would be lost.
//
// All items are encrypted before the first one is sent, so that one that can't be
// leaves nothing half done. After that the error is a [*BatchError], which has
// what was not written. Any other error means that nothing was sent.
//
// A request takes 25 writes, one request after the other. What the service leaves
// unprocessed is sent again, as it was encrypted the first time, after a wait that
// grows with each request that got nothing done; after ten of those in a row the
// batch stops.
//
// A batch has no conditions. For a type with a version attribute it is refused,
// since it would overwrite whatever version is there.
func (t *Table[T]) BatchWrite(ctx context.Context, puts []*T, deletes []PrimaryKey, opts ...BatchWriteOption) (err error) {
	defer t.core.tellRefused(ctx, opBatchWrite, &err)
	var c call
	for _, opt := range opts {
		opt.applyBatchWrite(&c)
	}
	api, err := t.core.batchAPI(opBatchWrite)
	if err != nil {
		return err
	}
	writes, err := t.batchWrites(puts, deletes)
	if err != nil {
		return err
	}
	sealed, err := t.core.sealBatch(ctx, t.core.encryptor(c.encryptor), writes)
	if err != nil {
		return err
	}
	return t.sendBatch(ctx, api, sealed, puts, deletes)
}

// sendBatch sends the writes that were made of puts and deletes, in this order. Its
// error is a *BatchError.
func (t *Table[T]) sendBatch(ctx context.Context, api BatchAPI, sealed []types.WriteRequest, puts []*T, deletes []PrimaryKey) error {
	left, err := t.core.batchWrite(ctx, api, sealed)
	if err == nil {
		return nil
	}
	e := &BatchError[T]{Table: t.core.name, Err: err}
	for _, w := range left {
		switch i, j := w.position, w.position-len(puts); {
		case j < 0 && w.unknown:
			e.UnknownPuts = append(e.UnknownPuts, puts[i])
		case j < 0:
			e.Puts = append(e.Puts, puts[i])
		case w.unknown:
			e.UnknownDeletes = append(e.UnknownDeletes, deletes[j])
		default:
			e.Deletes = append(e.Deletes, deletes[j])
		}
	}
	return e
}

// batchWrites returns the writes of a batch, puts first, after it checked them.
func (t *Table[T]) batchWrites(puts []*T, deletes []PrimaryKey) ([]types.WriteRequest, error) {
	r := &refusals{op: opBatchWrite, table: t.core.name}
	if len(puts)+len(deletes) > 0 && t.refuseVersion(r) {
		return nil, r.err()
	}
	writes := make([]types.WriteRequest, 0, len(puts)+len(deletes))
	seen := make(map[string]string, len(puts)+len(deletes)) // what has a key, by keyID
	add := func(what string, w types.WriteRequest) {
		before := len(r.errs)
		t.core.checkBatchWrite(r, w)
		if len(r.errs) > before {
			return
		}
		id := t.core.shape.keyID(batchKey(w))
		if first, ok := seen[id]; ok {
			r.add("it is the same item as %s: leave one of them out", first)
			return
		}
		seen[id] = what
		writes = append(writes, w)
	}
	for i, v := range puts {
		if r.enough() {
			return nil, r.err()
		}
		what := fmt.Sprintf("item %d", i)
		r.at = what + ": "
		it, err := t.binder.encode(v)
		if err != nil {
			r.errs = append(r.errs, t.core.opError(opBatchWrite, &elementError{what, err}))
			continue
		}
		add(what, types.WriteRequest{PutRequest: &types.PutRequest{Item: it}})
	}
	for i, key := range deletes {
		if r.enough() {
			break
		}
		what := fmt.Sprintf("key %d", i)
		r.at = what + ": "
		before := len(r.errs)
		if attributes := t.keys.attributes(r, key); len(r.errs) == before {
			add(what, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: attributes}})
		}
	}
	return writes, r.err()
}

// refuseVersion refuses a batch of a type with a version.
func (t *Table[T]) refuseVersion(r *refusals) bool {
	version := t.binder.schema.Version
	if version == "" {
		return false
	}
	r.add("%s has the version attribute %q, and the writes of a batch have no conditions to check it by: "+
		"use Put and Delete, or a transaction", t.binder.schema.Type, version)
	return true
}

// sealBatch encrypts writes that were checked, some of them at the same time.
func (c *core) sealBatch(ctx context.Context, enc crypt.Encryptor, writes []types.WriteRequest) ([]types.WriteRequest, error) {
	sealed := make([]types.WriteRequest, 0, len(writes))
	seal := func(ctx context.Context, w types.WriteRequest) (types.WriteRequest, error) {
		return c.sealBatchWrite(ctx, enc, w)
	}
	for w, err := range inOrder(ctx, writes, defaultAhead, seal) {
		if ctx.Err() != nil {
			return nil, c.opError(opBatchWrite, ctx.Err())
		}
		if err != nil {
			return nil, c.opError(opBatchWrite, &elementError{fmt.Sprintf("item %d", len(sealed)), err})
		}
		sealed = append(sealed, w)
	}
	return sealed, nil
}

// An unwritten is a write of a batch that was not made, or may not have been.
type unwritten struct {
	position int
	unknown  bool // it was sent, and may have been made
}

// batchWrite sends writes, of which no two are of the same item. It returns those
// that are left if there is an error, in their order.
func (c *core) batchWrite(ctx context.Context, api BatchAPI, writes []types.WriteRequest) (left []unwritten, err error) {
	unknown := make([]bool, len(writes))
	done := make([]bool, len(writes))
	_, err = c.inChunks(ctx, opBatchWrite, len(writes), maxBatchWrite, func(chunk []int) (left []int, err error) {
		asked := make(map[string]int, len(chunk)) // positions, by keyID
		requests := make([]types.WriteRequest, 0, len(chunk))
		for _, i := range chunk {
			asked[c.shape.keyID(batchKey(writes[i]))] = i
			requests = append(requests, writes[i])
		}
		var o outcome
		out, err := api.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{c.name: requests},
		}, o.watch)
		if o.mayBeDone(err) {
			for _, i := range chunk {
				unknown[i] = true
			}
		}
		if err != nil {
			return nil, err
		}
		for _, requests := range out.UnprocessedItems { // of one table, by whatever name
			for _, w := range requests {
				i, ok := 0, (w.PutRequest == nil) != (w.DeleteRequest == nil)
				if ok {
					i, ok = asked[c.shape.keyID(batchKey(w))]
				}
				if !ok {
					for _, i := range chunk {
						unknown[i] = true
					}
					return nil, errUnasked
				}
				delete(asked, c.shape.keyID(batchKey(w)))
				left = append(left, i)
			}
		}
		for _, i := range asked {
			done[i] = true
		}
		return left, nil
	})
	if err == nil {
		return nil, nil
	}
	for i := range writes {
		if !done[i] {
			left = append(left, unwritten{i, unknown[i]})
		}
	}
	return left, err
}

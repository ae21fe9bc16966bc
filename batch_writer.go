package ddbenc

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A BatchWriter collects writes and makes them 25 at a time, which is all that it
// holds, for imports whose items don't fit into memory at once. It is made by
// [Table.BatchWriter], and is for one goroutine at a time:
//
//	w := patients.BatchWriter()
//	for p := range source {
//		if err := w.Put(ctx, p); err != nil {
//			return err
//		}
//	}
//	return w.Flush(ctx)
//
// An error of any method that is a [*BatchError] is about writes that were collected
// before, which the writer has let go of; it has what was not written, and should be
// seen to before the writer goes on. Its Puts are items like those that were given,
// read back from what was to be written. The write that was given is collected all
// the same. Any other error is about that write, which is refused; what was collected
// stays.
type BatchWriter[T any] struct {
	table   *Table[T]
	options call

	puts             []*T
	deletes          []PrimaryKey
	putting, erasing []types.WriteRequest // the writes of puts and deletes
	seen             map[string]bool      // their items, by keyID
}

// BatchWriter returns a writer for t. Nothing is collected yet.
func (t *Table[T]) BatchWriter(opts ...BatchWriteOption) *BatchWriter[T] {
	w := &BatchWriter[T]{table: t}
	for _, opt := range opts {
		opt.applyBatchWrite(&w.options)
	}
	w.clear()
	return w
}

func (w *BatchWriter[T]) clear() {
	*w = BatchWriter[T]{table: w.table, options: w.options, seen: map[string]bool{}}
}

// Put collects an item as it is now: v, and what it points to, may be used for the
// next one. It sends what was collected before if that is 25 writes, or has one of
// the same item.
func (w *BatchWriter[T]) Put(ctx context.Context, v *T) (err error) {
	defer w.table.core.tellRefused(ctx, opBatchWrite, &err)
	r := &refusals{op: opBatchWrite, table: w.table.core.name}
	if w.table.refuseVersion(r) {
		return r.err()
	}
	it, err := w.table.binder.encode(v)
	if err != nil {
		return w.table.core.opError(opBatchWrite, err)
	}
	write := types.WriteRequest{PutRequest: &types.PutRequest{Item: it}}
	return w.add(ctx, r, write, func() {
		kept := *v
		w.puts, w.putting = append(w.puts, &kept), append(w.putting, write)
	})
}

// Delete collects a key. It sends what was collected before as Put does.
func (w *BatchWriter[T]) Delete(ctx context.Context, key PrimaryKey) (err error) {
	defer w.table.core.tellRefused(ctx, opBatchWrite, &err)
	r := &refusals{op: opBatchWrite, table: w.table.core.name}
	if w.table.refuseVersion(r) {
		return r.err()
	}
	attributes := w.table.keys.attributes(r, key)
	if err := r.err(); err != nil {
		return err
	}
	write := types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: attributes}}
	return w.add(ctx, r, write, func() {
		w.deletes, w.erasing = append(w.deletes, key), append(w.erasing, write)
	})
}

// add checks a write, makes room for it and calls keep to collect it.
func (w *BatchWriter[T]) add(ctx context.Context, r *refusals, write types.WriteRequest, keep func()) error {
	w.table.core.checkBatchWrite(r, write)
	if err := r.err(); err != nil {
		return err
	}
	id := w.table.core.shape.keyID(batchKey(write))
	var err error
	if w.seen[id] || len(w.seen) == maxBatchWrite {
		err = w.flush(ctx)
	}
	w.seen[id] = true
	keep()
	return err
}

// Flush encrypts and sends what was collected, as [Table.BatchWrite] does. The
// writer can be used again, after an error too.
func (w *BatchWriter[T]) Flush(ctx context.Context) (err error) {
	defer w.table.core.tellRefused(ctx, opBatchWrite, &err)
	return w.flush(ctx)
}

func (w *BatchWriter[T]) flush(ctx context.Context) error {
	if len(w.seen) == 0 {
		return nil
	}
	puts, deletes, writes := w.puts, w.deletes, append(w.putting, w.erasing...)
	w.clear()
	t := w.table
	api, err := t.core.batchAPI(opBatchWrite)
	var sealed []types.WriteRequest
	if err == nil {
		sealed, err = t.core.sealBatch(ctx, t.core.encryptor(w.options.encryptor), writes)
	}
	if err != nil {
		err = &BatchError[T]{Table: t.core.name, Puts: puts, Deletes: deletes, Err: err}
	} else {
		err = t.sendBatch(ctx, api, sealed, puts, deletes)
	}
	if err != nil {
		t.restore(puts, writes)
	}
	return err
}

// restore sets the items of puts, which share memory with the caller's, to what they
// were when they were collected. A type that can't be read back stays as it is.
func (t *Table[T]) restore(puts []*T, writes []types.WriteRequest) {
	for i, v := range puts {
		was := new(T)
		if t.binder.decode(writes[i].PutRequest.Item, was) == nil {
			*v = *was
		}
	}
}

// Format prints how many writes are collected, under every verb.
func (w BatchWriter[T]) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "BatchWriter(%d writes, REDACTED)", len(w.seen))
}

package ddbenc

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// A BatchResult is what [Table.BatchGet] found under one key.
type BatchResult[T any] struct {
	// Item is the item, or nil if there is none or if Err says why it is not
	// given.
	Item *T

	// Err is an [*ItemError] if the item is there and can't be verified,
	// decrypted or read. If it is another error, nothing is known of the item.
	Err error
}

// BatchGet returns the items under keys, any number of them. The result has one
// element for each key, in their order; a key that is there twice is asked for
// once. A key that no item has is no error.
//
// The error is nil only if all keys were looked up and all items that are there
// could be read. Otherwise, the result says of each position what became of it,
// and the error wraps the errors of all; the result is nil only if keys or options
// were refused and nothing was asked.
//
// A request asks for 100 keys, one request after the other. Keys that the service
// leaves unprocessed are asked for again after a wait that grows with each request
// that got nothing done; after ten of those in a row the rest fails. The items of a
// request are decrypted side by side.
func (t *Table[T]) BatchGet(ctx context.Context, keys []PrimaryKey, opts ...BatchGetOption) (_ []BatchResult[T], err error) {
	defer t.core.tellRefused(ctx, opBatchGet, &err)
	var c call
	for _, opt := range opts {
		opt.applyBatchGet(&c)
	}
	api, err := t.core.batchAPI(opBatchGet)
	if err != nil {
		return nil, err
	}
	r := &refusals{op: opBatchGet, table: t.core.name}
	t.checkHideExpired(r, &c)
	var unique []item
	places := map[string]int{}      // in unique, by keyID
	place := make([]int, len(keys)) // in unique, of each key
	for i, key := range keys {
		r.at = fmt.Sprintf("key %d: ", i)
		before := len(r.errs)
		attributes := t.keys.attributes(r, key)
		if len(r.errs) == before {
			t.core.shape.checkKey(r, attributes)
		}
		if r.enough() {
			break
		}
		if len(r.errs) > 0 {
			continue
		}
		id := t.core.shape.keyID(attributes)
		n, ok := places[id]
		if !ok {
			n = len(unique)
			places[id] = n
			unique = append(unique, attributes)
		}
		place[i] = n
	}
	if err := r.err(); err != nil {
		return nil, err
	}

	found := t.core.batchGet(ctx, api, t.core.encryptor(c.encryptor), unique, c.consistent)
	results := make([]BatchResult[T], len(keys))
	failed := &batchGetError{table: t.core.name, keys: len(keys)}
	for i := range results {
		f := &found[place[i]]
		switch {
		case f.err != nil:
			results[i].Err = f.err
		case f.item != nil && !t.hides(&c, f.item):
			results[i].Item, results[i].Err = t.decode(opBatchGet, f.item)
		}
		if results[i].Err != nil {
			failed.add(i, results[i].Err)
		}
	}
	if len(failed.errs) > 0 {
		return results, failed
	}
	return results, nil
}

// A batchGetError wraps the errors of all positions that have one.
type batchGetError struct {
	table string
	keys  int // that were asked for
	first int // position of errs[0]
	errs  []error
}

func (e *batchGetError) add(i int, err error) {
	if len(e.errs) == 0 {
		e.first = i
	}
	e.errs = append(e.errs, err)
}

func (e *batchGetError) Error() string {
	return fmt.Sprintf("ddbenc: BatchGetItem on table %q: %d of %d keys failed, the first of them key %d: %s",
		e.table, len(e.errs), e.keys, e.first, bare(e.errs[0]))
}

func (e *batchGetError) Unwrap() []error { return e.errs }

// A fetched is what batchGet found under one key: an item, none, or an error.
type fetched struct {
	item item
	err  error
}

// An answered is an item that the service returned, and the position of its key.
type answered struct {
	position int
	stored   item
}

// batchGet returns what is under keys, which were checked and of which no two are
// equal, in their order.
func (c *core) batchGet(ctx context.Context, api BatchAPI, enc crypt.Encryptor, keys []item, consistent bool) []fetched {
	found := make([]fetched, len(keys))
	rest, err := c.inChunks(ctx, opBatchGet, len(keys), maxBatchGet, func(chunk []int) (left []int, err error) {
		asked := make(map[string]int, len(chunk)) // positions, by keyID
		in := types.KeysAndAttributes{ConsistentRead: ifTrue(consistent)}
		for _, i := range chunk {
			asked[c.shape.keyID(keys[i])] = i
			in.Keys = append(in.Keys, keys[i])
		}
		out, err := api.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{c.name: in},
		})
		if err != nil {
			return nil, err
		}
		// Each key is answered once at most, whatever the service sends: it is
		// no longer asked for once it is.
		answer := func(key item) (i int, err error) {
			id := c.shape.keyID(key)
			i, ok := asked[id]
			if !ok {
				return 0, errUnasked
			}
			delete(asked, id)
			return i, nil
		}
		var answers []answered
		for _, items := range out.Responses { // of one table, by whatever name
			for _, it := range items {
				i, err := answer(it)
				if err != nil {
					return nil, err
				}
				answers = append(answers, answered{i, it})
			}
		}
		for _, part := range out.UnprocessedKeys {
			for _, key := range part.Keys {
				i, err := answer(key)
				if err != nil {
					return nil, err
				}
				left = append(left, i)
			}
		}
		n := 0
		open := func(ctx context.Context, a answered) (item, error) {
			return c.openAt(ctx, enc, opBatchGet, keys[a.position], a.stored)
		}
		for plain, err := range inOrder(ctx, answers, defaultAhead, open) {
			if ctx.Err() != nil {
				break
			}
			found[answers[n].position] = fetched{item: plain, err: err}
			n++
		}
		for _, a := range answers[n:] { // not to be taken for absent
			found[a.position].err = c.opError(opBatchGet, ctx.Err())
		}
		return left, nil
	})
	for _, i := range rest {
		found[i].err = c.opError(opBatchGet, err)
	}
	return found
}

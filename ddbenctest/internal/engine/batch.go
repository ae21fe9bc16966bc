package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// Limits of batches.
const (
	maxBatchGet   = 100
	maxBatchWrite = 25
	maxBatchBytes = 16 << 20 // of items that BatchGetItem returns, or BatchWriteItem takes
)

// BatchGetItemInput has the parameters of BatchGetItem.
type BatchGetItemInput struct {
	RequestItems           map[string]KeysAndAttributes `check:"max=100"`
	ReturnConsumedCapacity string                       `check:"enum=INDEXES|TOTAL|NONE"`
}

// KeysAndAttributes says what BatchGetItem reads from one table.
type KeysAndAttributes struct {
	Keys []attr.Item `check:"required,min=1,max=100,terse"`
	Projected
	ConsistentRead           *bool
	ExpressionAttributeNames map[string]string
}

// BatchGetItemOutput has the results of BatchGetItem.
type BatchGetItemOutput struct {
	Responses        map[string][]attr.Item
	UnprocessedKeys  map[string]KeysAndAttributes
	ConsumedCapacity []ConsumedCapacity
}

// TableNames returns the tables of the request.
func (in *BatchGetItemInput) TableNames() []string { return slices.Sorted(maps.Keys(in.RequestItems)) }

// A batchGet is what BatchGetItem reads from one table, read and checked.
type batchGet struct {
	name       string
	table      *table
	request    KeysAndAttributes
	projection projection
	keys       []string
}

// BatchGetItem reads items by their keys, from several tables, until the answer is
// full. Each is read by itself: a write may come in between.
func (e *Engine) BatchGetItem(ctx context.Context, in *BatchGetItemInput) (*BatchGetItemOutput, error) {
	gets, err := e.parseBatchGet(in)
	if err != nil {
		return nil, err
	}
	out := &BatchGetItemOutput{Responses: map[string][]attr.Item{}, UnprocessedKeys: map[string]KeysAndAttributes{}}
	skip := faultOf(ctx).Unprocessed
	size, n := 0, 0
	for _, g := range gets {
		out.Responses[g.name] = []attr.Item{}
		m := meter{table: g.table}
		for i, key := range g.keys {
			n++
			r, err := g.table.get(key)
			if err != nil {
				return nil, err
			}
			if skip && n%2 == 1 || r != nil && size+r.size > maxBatchBytes {
				left := out.UnprocessedKeys[g.name]
				keys := append(left.Keys, g.request.Keys[i])
				left = g.request
				left.Keys = keys
				out.UnprocessedKeys[g.name] = left
				continue
			}
			read := 0
			if r != nil {
				read = r.size
				size += r.size
				out.Responses[g.name] = append(out.Responses[g.name], g.projection.of(r.item))
			}
			m.units += readUnits(read, isTrue(g.request.ConsistentRead))
		}
		if c := m.result(in.ReturnConsumedCapacity); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
		}
	}
	return out, nil
}

func (e *Engine) parseBatchGet(in *BatchGetItemInput) ([]batchGet, error) {
	if len(in.RequestItems) == 0 {
		return nil, invalid("The requestItems parameter is required for BatchGetItem")
	}
	var gets []batchGet
	total := 0
	for _, name := range in.TableNames() {
		request := in.RequestItems[name]
		list, err := request.Projected.parse(request.ExpressionAttributeNames)
		if err != nil {
			return nil, err
		}
		gets = append(gets, batchGet{name: name, request: request, projection: list})
		total += len(request.Keys)
	}
	if total > maxBatchGet {
		return nil, invalid("Too many items requested for the BatchGetItem call")
	}
	for i := range gets {
		g := &gets[i]
		t, err := e.lookup(g.name)
		if err != nil {
			return nil, err
		}
		g.table = t
		seen := map[string]bool{}
		for _, k := range g.request.Keys {
			key, err := t.readKey(k, g.projection)
			if err != nil {
				return nil, err
			}
			if seen[key] {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
			seen[key] = true
			g.keys = append(g.keys, key)
		}
	}
	return gets, nil
}

// BatchWriteItemInput has the parameters of BatchWriteItem.
type BatchWriteItemInput struct {
	RequestItems                map[string][]BatchWrite `check:"max=25,values=25"`
	ReturnConsumedCapacity      string                  `check:"enum=INDEXES|TOTAL|NONE"`
	ReturnItemCollectionMetrics string                  `check:"enum=SIZE|NONE"`
}

// A BatchWrite is one write of a batch: one of the two.
type BatchWrite struct {
	PutRequest    *PutRequest
	DeleteRequest *DeleteRequest
}

// A PutRequest stores an item.
type PutRequest struct {
	Item attr.Item `check:"required"`
}

// A DeleteRequest deletes an item.
type DeleteRequest struct {
	Key attr.Item `check:"required"`
}

// BatchWriteItemOutput has the results of BatchWriteItem.
type BatchWriteItemOutput struct {
	UnprocessedItems map[string][]BatchWrite
	ConsumedCapacity []ConsumedCapacity
}

// TableNames returns the tables of the request.
func (in *BatchWriteItemInput) TableNames() []string {
	return slices.Sorted(maps.Keys(in.RequestItems))
}

// BatchWriteItem puts and deletes items, in several tables. Each write is by
// itself, but all were checked before the first is made.
func (e *Engine) BatchWriteItem(ctx context.Context, in *BatchWriteItemInput) (*BatchWriteItemOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	names := in.TableNames()
	writes := map[string][]*write{}
	for _, name := range names {
		list, err := e.bindBatch(name, in.RequestItems[name])
		if err != nil {
			return nil, err
		}
		writes[name] = list
	}
	out := &BatchWriteItemOutput{UnprocessedItems: map[string][]BatchWrite{}}
	fault := faultOf(ctx)
	n := 0
	for _, name := range names {
		var m *meter
		for i, w := range writes[name] {
			if n++; fault.Conflict || fault.Unprocessed && n%2 == 1 {
				out.UnprocessedItems[name] = append(out.UnprocessedItems[name], in.RequestItems[name][i])
				continue
			}
			c, err := w.run(ctx, e.Now)
			if err != nil {
				return nil, err
			}
			if m == nil {
				m = &meter{table: w.table}
			}
			m.writeLocked(c)
		}
		if m == nil {
			continue
		}
		if c := m.result(in.ReturnConsumedCapacity); c != nil {
			out.ConsumedCapacity = append(out.ConsumedCapacity, *c)
		}
	}
	return out, nil
}

// check refuses what can be told without the tables.
func (in *BatchWriteItemInput) check() error {
	if len(in.RequestItems) == 0 {
		return invalid("The requestItems parameter is required for BatchWriteItem")
	}
	total := 0
	for _, list := range in.RequestItems {
		for _, w := range list {
			if (w.PutRequest == nil) == (w.DeleteRequest == nil) {
				return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
			}
			if w.PutRequest != nil {
				if err := checkItemSize(newRecord(w.PutRequest.Item)); err != nil {
					return err
				}
			}
		}
		total += len(list)
	}
	if total > maxBatchWrite {
		return invalid("Too many items requested for the BatchWriteItem call")
	}
	return nil
}

// bindBatch checks the writes of one table.
func (e *Engine) bindBatch(name string, list []BatchWrite) ([]*write, error) {
	t, err := e.lookup(name)
	if err != nil {
		return nil, err
	}
	var writes []*write
	seen := map[string]bool{}
	for _, request := range list {
		var w *write
		var err error
		if request.PutRequest != nil {
			w, err = put{record: newRecord(request.PutRequest.Item)}.bind(t)
		} else if w, err = bindKey(t, request.DeleteRequest.Key, nil); err == nil {
			w.makes = deletes
		}
		if err != nil {
			return nil, err
		}
		if seen[w.key] {
			return nil, invalid("Provided list of item keys contains duplicates")
		}
		seen[w.key] = true
		writes = append(writes, w)
	}
	return writes, nil
}

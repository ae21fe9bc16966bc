package engine

import (
	"context"
	"slices"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// TransactGetItemsInput has the parameters of TransactGetItems.
type TransactGetItemsInput struct {
	TransactItems          []TransactGetItem `check:"required,min=1,max=100"`
	ReturnConsumedCapacity string            `check:"enum=INDEXES|TOTAL|NONE"`
}

// A TransactGetItem is one read of a transaction.
type TransactGetItem struct {
	Get *TransactGet `check:"required"`
}

// A TransactGet reads an item.
type TransactGet struct {
	TableName                *string   `check:"required,table"`
	Key                      attr.Item `check:"required"`
	ProjectionExpression     *string
	ExpressionAttributeNames map[string]string
}

// TransactGetItemsOutput has the results of TransactGetItems.
type TransactGetItemsOutput struct {
	Responses        []ItemResponse
	ConsumedCapacity []ConsumedCapacity
}

// An ItemResponse is an item that was read, if there is one.
type ItemResponse struct {
	Item attr.Item
}

// TableNames returns the tables of the request.
func (in *TransactGetItemsInput) TableNames() []string {
	var names []string
	for _, item := range in.TransactItems {
		if item.Get != nil && item.Get.TableName != nil {
			names = append(names, *item.Get.TableName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TransactGetItems reads items, all at one moment.
func (e *Engine) TransactGetItems(ctx context.Context, in *TransactGetItemsInput) (*TransactGetItemsOutput, error) {
	lists := make([]projection, len(in.TransactItems))
	for i, item := range in.TransactItems {
		var err error
		lists[i], err = Projected{ProjectionExpression: item.Get.ProjectionExpression}.parse(item.Get.ExpressionAttributeNames)
		if err != nil {
			return nil, err
		}
	}
	tables := map[string]*table{}
	for _, name := range in.TableNames() {
		t, err := e.lookup(name)
		if err != nil {
			return nil, err
		}
		tables[name] = t
	}
	reasons := newReasons(len(in.TransactItems))
	reads := make([]*write, len(in.TransactItems))
	seen := map[[2]string]bool{}
	for i, item := range in.TransactItems {
		t := tables[*item.Get.TableName]
		key, err := t.readKey(item.Get.Key, lists[i])
		if err != nil {
			reasons[i] = reasonOf(err)
			continue
		}
		reads[i] = &write{table: t, key: key}
		id := [2]string{t.name, key}
		if seen[id] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[id] = true
	}
	if err := canceled(reasons); err != nil {
		return nil, err
	}
	if faultOf(ctx).Conflict {
		reasons[0] = CancellationReason{Code: "TransactionConflict", Message: conflictMessage}
		return nil, canceled(reasons)
	}
	return readAll(in, reads, lists, tables)
}

// readAll reads the items under the locks of their tables.
func readAll(in *TransactGetItemsInput, reads []*write, lists []projection, tables map[string]*table) (*TransactGetItemsOutput, error) {
	list := sorted(tables)
	for _, t := range list {
		t.mu.RLock()
		defer t.mu.RUnlock()
		if t.dropped {
			return nil, &Error{Code: ResourceNotFound, Message: "Requested resource not found"}
		}
	}
	out := &TransactGetItemsOutput{Responses: make([]ItemResponse, len(reads))}
	changes := make([]change, len(reads))
	size := 0
	for i, w := range reads {
		r, _ := w.table.items.Get(w.key)
		changes[i] = change{key: w.key, old: r, new: r}
		if r != nil {
			size += r.size
			out.Responses[i].Item = lists[i].of(r.item)
		}
	}
	if size > maxTransaction {
		return nil, invalid("Transaction payload size cannot exceed 4MB. Payload Size: %d", size)
	}
	out.ConsumedCapacity = transactCapacity(in.ReturnConsumedCapacity, "read", reads, changes)
	return out, nil
}

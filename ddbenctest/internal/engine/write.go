package engine

import (
	"context"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// maxItem is the size of an item in bytes that the service stores at most.
const maxItem = 400 << 10

// A write is one write of one item, checked against its table and ready to run:
// what PutItem, UpdateItem and DeleteItem do, and the actions of a transaction.
type write struct {
	table     *table
	key       string // the storage key
	condition *condition
	makes     func(old *record) (*record, error) // the item that it leaves; nil for none
	showOld   bool                               // a failed condition shows the item
}

// prepare returns the change that the write would make now. The caller holds the
// lock of the table.
func (w *write) prepare() (change, error) {
	if w.table.dropped {
		return change{}, &Error{Code: ResourceNotFound, Message: "Requested resource not found"}
	}
	old, _ := w.table.items.Get(w.key)
	if !w.condition.holds(old) {
		err := &Error{Code: ConditionalCheckFailed, Message: "The conditional request failed"}
		if w.showOld && old != nil {
			err.Item = old.item
		}
		return change{}, err
	}
	next, err := w.makes(old)
	if err != nil {
		return change{}, err
	}
	return change{key: w.key, old: old, new: next}, nil
}

// conflictMessage is the service's word for an item that a transaction holds.
const conflictMessage = "Transaction is ongoing for the item"

// run makes the change.
func (w *write) run(ctx context.Context, now func() time.Time) (change, error) {
	if faultOf(ctx).Conflict {
		return change{}, &Error{Code: TransactionConflict, Message: conflictMessage}
	}
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	c, err := w.prepare()
	if err != nil {
		return change{}, err
	}
	w.table.apply(c, now())
	return c, nil
}

// A Request holds what every request for one item of a table has.
type Request struct {
	TableName              *string `check:"required,table"`
	ReturnConsumedCapacity string  `check:"enum=INDEXES|TOTAL|NONE"`
}

// A WriteRequest holds what every write of one item has.
type WriteRequest struct {
	Request
	ReturnItemCollectionMetrics         string `check:"enum=SIZE|NONE"`
	ReturnValues                        string `check:"enum=ALL_NEW|UPDATED_OLD|ALL_OLD|NONE|UPDATED_NEW"`
	ReturnValuesOnConditionCheckFailure string `check:"enum=ALL_OLD|NONE"`
	Conditional
	Placeholders
}

// WriteOutput has the results of PutItem, UpdateItem and DeleteItem.
type WriteOutput struct {
	Attributes       attr.Item
	ConsumedCapacity *ConsumedCapacity
}

// checkReturnValues refuses what only an update can return.
func (r *WriteRequest) checkReturnValues() error {
	if r.ReturnValues != "" && r.ReturnValues != "NONE" && r.ReturnValues != "ALL_OLD" {
		return invalid("Return values set to invalid value")
	}
	return nil
}

// output returns the results of a change that was made.
func (r *WriteRequest) output(t *table, c change) *WriteOutput {
	out := &WriteOutput{}
	if r.ReturnValues == "ALL_OLD" && c.old != nil {
		out.Attributes = c.old.item
	}
	if r.ReturnConsumedCapacity != "" && r.ReturnConsumedCapacity != "NONE" {
		m := meter{table: t}
		m.writeLocked(c)
		out.ConsumedCapacity = m.result(r.ReturnConsumedCapacity)
	}
	return out
}

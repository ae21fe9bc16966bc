package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// maxTransaction is the size in bytes of the items of a transaction at most.
const maxTransaction = 4 << 20

// TransactWriteItemsInput has the parameters of TransactWriteItems.
type TransactWriteItemsInput struct {
	TransactItems               []TransactWriteItem `check:"required,min=1,max=100"`
	ReturnConsumedCapacity      string              `check:"enum=INDEXES|TOTAL|NONE"`
	ReturnItemCollectionMetrics string              `check:"enum=SIZE|NONE"`
	ClientRequestToken          *string             `check:"min=1,max=36"`
}

// A TransactWriteItem is one action of a transaction: one of the four.
type TransactWriteItem struct {
	ConditionCheck *TransactCheck
	Put            *TransactPut
	Delete         *TransactDelete
	Update         *TransactUpdate
}

// A TransactAction holds what all actions have.
type TransactAction struct {
	TableName                           *string `check:"required,table"`
	ConditionExpression                 *string
	ReturnValuesOnConditionCheckFailure string `check:"enum=ALL_OLD|NONE"`
	Placeholders
}

// A TransactCheck wants an item to satisfy a condition.
type TransactCheck struct {
	TransactAction
	Key attr.Item `check:"required"`
}

// A TransactPut stores an item.
type TransactPut struct {
	TransactAction
	Item attr.Item `check:"required"`
}

// A TransactDelete deletes an item.
type TransactDelete struct {
	TransactAction
	Key attr.Item `check:"required"`
}

// A TransactUpdate changes an item.
type TransactUpdate struct {
	TransactAction
	Key              attr.Item `check:"required"`
	UpdateExpression *string   `check:"required"`
}

// TransactWriteItemsOutput has the results of TransactWriteItems.
type TransactWriteItemsOutput struct {
	ConsumedCapacity []ConsumedCapacity
}

// TableNames returns the tables of the request.
func (in *TransactWriteItemsInput) TableNames() []string {
	var names []string
	for _, item := range in.TransactItems {
		if a := item.action(); a != nil && a.TableName != nil {
			names = append(names, *a.TableName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// action returns what the action that is set has in common with the others, or
// nil when none or several are set.
func (i TransactWriteItem) action() *TransactAction {
	var found []*TransactAction
	if i.ConditionCheck != nil {
		found = append(found, &i.ConditionCheck.TransactAction)
	}
	if i.Put != nil {
		found = append(found, &i.Put.TransactAction)
	}
	if i.Delete != nil {
		found = append(found, &i.Delete.TransactAction)
	}
	if i.Update != nil {
		found = append(found, &i.Update.TransactAction)
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// A step is one action of a transaction that was read: bind checks it against its
// table.
type step struct {
	table string
	bind  func(*table) (*write, error)
	size  int // of an item that it puts
}

// TransactWriteItems makes all writes of the transaction, or none.
func (e *Engine) TransactWriteItems(ctx context.Context, in *TransactWriteItemsInput) (*TransactWriteItemsOutput, error) {
	steps, err := in.parse()
	if err != nil {
		return nil, err
	}
	tables := map[string]*table{}
	for _, name := range in.TableNames() {
		t, err := e.lookup(name)
		if err != nil {
			return nil, err
		}
		tables[name] = t
	}
	if in.ClientRequestToken == nil {
		return e.transact(ctx, in, steps, tables)
	}
	done, err := e.tokens.begin(*in.ClientRequestToken, in.TransactItems, e.Now())
	if err != nil {
		return nil, err
	}
	if done {
		return e.replay(in, steps, tables)
	}
	out, err := e.transact(ctx, in, steps, tables)
	e.tokens.end(*in.ClientRequestToken, err == nil)
	return out, err
}

// parse reads what can be read without the tables.
func (in *TransactWriteItemsInput) parse() ([]step, error) {
	var steps []step
	for i, item := range in.TransactItems {
		s, err := item.parse(i + 1)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// parse reads the action, which is the n-th.
func (i TransactWriteItem) parse(n int) (step, error) {
	a := i.action()
	if a == nil {
		if i == (TransactWriteItem{}) {
			return step{}, invalid("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
		}
		return step{}, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	if i.ConditionCheck != nil && a.ConditionExpression == nil {
		return step{}, invalid("1 validation error detected: Value null at 'transactItems.%d.member.conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null", n)
	}
	cond := Conditional{ConditionExpression: a.ConditionExpression}
	expressions := cond.expressions()
	if i.Update != nil {
		expressions = append(expressions, parameter{"UpdateExpression", true})
	}
	if err := checkMix(a.Placeholders, expressions, nil); err != nil {
		return step{}, err
	}
	s := step{table: *a.TableName}
	showOld := a.ReturnValuesOnConditionCheckFailure == "ALL_OLD"
	shows := func(w *write, err error) (*write, error) {
		if err == nil {
			w.showOld = showOld
		}
		return w, err
	}
	switch {
	case i.Put != nil:
		p, err := parsePut(i.Put.Item, cond, a.Placeholders)
		if err != nil {
			return step{}, err
		}
		s.size = p.record.size
		s.bind = func(t *table) (*write, error) { return shows(p.bind(t)) }
	case i.Update != nil:
		u, err := parseUpdate(i.Update.UpdateExpression, nil, cond, a.Placeholders)
		if err != nil {
			return step{}, err
		}
		s.size = attr.ItemSize(i.Update.Key)
		s.bind = func(t *table) (*write, error) { return shows(u.bind(t, i.Update.Key)) }
	default:
		var key attr.Item
		makes := deletes
		if i.Delete != nil {
			key = i.Delete.Key
		} else {
			key, makes = i.ConditionCheck.Key, keeps
		}
		c, err := parseConditional(cond, a.Placeholders)
		if err != nil {
			return step{}, err
		}
		s.size = attr.ItemSize(key)
		s.bind = func(t *table) (*write, error) {
			w, err := shows(bindKey(t, key, c))
			if err == nil {
				w.makes = makes
			}
			return w, err
		}
	}
	return s, nil
}

// deletes and keeps are effects of a write: no item, and the item as it is.
func deletes(*record) (*record, error)   { return nil, nil }
func keeps(old *record) (*record, error) { return old, nil }

// transact makes the transaction under the locks of its tables.
func (e *Engine) transact(ctx context.Context, in *TransactWriteItemsInput, steps []step, tables map[string]*table) (*TransactWriteItemsOutput, error) {
	reasons := newReasons(len(steps))
	writes := make([]*write, len(steps))
	size := 0
	seen := map[[2]string]bool{}
	for i, s := range steps {
		size += s.size
		w, err := s.bind(tables[s.table])
		if err != nil {
			reasons[i] = reasonOf(err)
			continue
		}
		writes[i] = w
		id := [2]string{w.table.name, w.key}
		if seen[id] {
			return nil, invalid("Transaction request cannot include multiple operations on one item")
		}
		seen[id] = true
	}
	if size > maxTransaction {
		return nil, invalid("Transaction payload size cannot exceed 4MB. Payload Size: %d", size)
	}
	if err := canceled(reasons); err != nil {
		return nil, err
	}
	if faultOf(ctx).Conflict {
		reasons[0] = CancellationReason{Code: "TransactionConflict", Message: conflictMessage}
		return nil, canceled(reasons)
	}
	defer lockAll(tables)()
	changes := make([]change, len(writes))
	for i, w := range writes {
		c, err := w.prepare()
		if err != nil {
			if AsError(err).Code == ResourceNotFound {
				return nil, err
			}
			reasons[i] = reasonOf(err)
		}
		changes[i] = c
	}
	if err := canceled(reasons); err != nil {
		return nil, err
	}
	out := &TransactWriteItemsOutput{ConsumedCapacity: transactCapacity(in.ReturnConsumedCapacity, "write", writes, changes)}
	now := e.Now()
	for i, w := range writes {
		if changes[i].old != changes[i].new {
			w.table.apply(changes[i], now)
		}
	}
	return out, nil
}

// lockAll locks tables for writing in the order of their names and returns what
// unlocks them.
func lockAll(tables map[string]*table) (unlock func()) {
	list := sorted(tables)
	for _, t := range list {
		t.mu.Lock()
	}
	return func() {
		for _, t := range list {
			t.mu.Unlock()
		}
	}
}

// sorted returns tables, which may be known by several names, each once in the
// order in which to lock them.
func sorted(tables map[string]*table) []*table {
	var list []*table
	for _, t := range tables {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *table) int { return strings.Compare(a.name, b.name) })
	return slices.Compact(list)
}

// transactCapacity charges the actions of a transaction by table.
func transactCapacity(mode, kind string, writes []*write, changes []change) []ConsumedCapacity {
	if mode != "TOTAL" && mode != "INDEXES" {
		return nil
	}
	meters := map[*table]*meter{}
	var order []*table
	for i, w := range writes {
		m := meters[w.table]
		if m == nil {
			m = &meter{table: w.table, transaction: kind}
			meters[w.table] = m
			order = append(order, w.table)
		}
		if kind == "write" {
			m.write(changes[i])
		} else {
			m.read(changes[i].old)
		}
	}
	var list []ConsumedCapacity
	for _, t := range order {
		list = append(list, *meters[t].result(mode))
	}
	return list
}

// newReasons returns reasons for n actions of which none is at fault.
func newReasons(n int) []CancellationReason {
	reasons := make([]CancellationReason, n)
	for i := range reasons {
		reasons[i].Code = "None"
	}
	return reasons
}

// reasonOf returns an error of one action as a reason.
func reasonOf(err error) CancellationReason {
	e := AsError(err)
	code := "ValidationError"
	if e.Code == ConditionalCheckFailed {
		code = "ConditionalCheckFailed"
	}
	return CancellationReason{Code: code, Message: e.Message, Item: e.Item}
}

// canceled returns the error of a transaction if one of its actions is at fault.
func canceled(reasons []CancellationReason) error {
	codes := make([]string, len(reasons))
	fault := false
	for i, r := range reasons {
		codes[i] = r.Code
		fault = fault || r.Code != "None"
	}
	if !fault {
		return nil
	}
	return &Error{
		Code:    TransactionCanceled,
		Message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]",
		Reasons: reasons,
	}
}

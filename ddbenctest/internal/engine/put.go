package engine

import (
	"context"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// PutItemInput has the parameters of PutItem.
type PutItemInput struct {
	WriteRequest
	Item attr.Item `check:"required"`
}

// PutItem stores an item in the place of the one with its key.
func (e *Engine) PutItem(ctx context.Context, in *PutItemInput) (*WriteOutput, error) {
	if err := checkMix(in.Placeholders, in.expressions(), in.legacy()); err != nil {
		return nil, err
	}
	if err := in.checkReturnValues(); err != nil {
		return nil, err
	}
	p, err := parsePut(in.Item, in.Conditional, in.Placeholders)
	if err != nil {
		return nil, err
	}
	t, err := e.lookup(*in.TableName)
	if err != nil {
		return nil, err
	}
	w, err := p.bind(t)
	if err != nil {
		return nil, err
	}
	w.showOld = in.ReturnValuesOnConditionCheckFailure == "ALL_OLD"
	c, err := w.run(ctx, e.Now)
	if err != nil {
		return nil, err
	}
	return in.output(t, c), nil
}

// expressions lists the expressions of a request that has only a condition.
func (c Conditional) expressions() []parameter {
	return []parameter{{"ConditionExpression", c.ConditionExpression != nil}}
}

// A put is a PutItem, or the Put of a transaction, that was read.
type put struct {
	record    *record
	condition *condition
}

// parsePut reads what can be read without the table.
func parsePut(item attr.Item, cond Conditional, p Placeholders) (put, error) {
	r := newRecord(item)
	if err := checkItemSize(r); err != nil {
		return put{}, err
	}
	c, err := parseConditional(cond, p)
	return put{r, c}, err
}

// parseConditional reads a condition that is a request's only expression.
func parseConditional(cond Conditional, p Placeholders) (*condition, error) {
	scope, err := p.scope()
	if err != nil {
		return nil, err
	}
	c, err := cond.condition(p, scope)
	if err != nil {
		return nil, err
	}
	return c, scope.Unused()
}

// bind checks the put against its table.
func (p put) bind(t *table) (*write, error) {
	t.mu.RLock()
	err := t.checkItem(p.record.item)
	t.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	if err := p.condition.checkScalars(t.key.schemaFor()); err != nil {
		return nil, err
	}
	key, _ := t.key.storageKey(p.record.item)
	return &write{
		table:     t,
		key:       string(key),
		condition: p.condition,
		makes:     func(*record) (*record, error) { return p.record, nil },
	}, nil
}

// checkItemSize refuses an item that is too large, or has names that are.
func checkItemSize(r *record) error {
	if r.size > maxItem {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

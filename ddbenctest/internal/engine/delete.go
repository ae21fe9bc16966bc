package engine

import (
	"context"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// DeleteItemInput has the parameters of DeleteItem.
type DeleteItemInput struct {
	WriteRequest
	Key attr.Item `check:"required"`
}

// DeleteItem deletes the item with the key, if there is one.
func (e *Engine) DeleteItem(ctx context.Context, in *DeleteItemInput) (*WriteOutput, error) {
	if err := checkMix(in.Placeholders, in.expressions(), in.legacy()); err != nil {
		return nil, err
	}
	if err := in.checkReturnValues(); err != nil {
		return nil, err
	}
	c, err := parseConditional(in.Conditional, in.Placeholders)
	if err != nil {
		return nil, err
	}
	t, err := e.lookup(*in.TableName)
	if err != nil {
		return nil, err
	}
	w, err := bindKey(t, in.Key, c)
	if err != nil {
		return nil, err
	}
	w.makes = deletes
	w.showOld = in.ReturnValuesOnConditionCheckFailure == "ALL_OLD"
	ch, err := w.run(ctx, e.Now)
	if err != nil {
		return nil, err
	}
	return in.output(t, ch), nil
}

// bindKey returns a write of the item with the key, whose effect is still to be
// set.
func bindKey(t *table, key attr.Item, c *condition) (*write, error) {
	if err := t.key.checkKey(key); err != nil {
		return nil, err
	}
	if err := c.checkScalars(t.key.schemaFor()); err != nil {
		return nil, err
	}
	k, _ := t.key.storageKey(key)
	return &write{table: t, key: string(k), condition: c}, nil
}

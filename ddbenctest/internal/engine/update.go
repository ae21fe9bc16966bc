package engine

import (
	"context"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// UpdateItemInput has the parameters of UpdateItem.
type UpdateItemInput struct {
	WriteRequest
	Key              attr.Item `check:"required"`
	UpdateExpression *string
	AttributeUpdates map[string]eval.AttributeUpdate
}

// UpdateItem changes attributes of the item with the key, or makes it.
func (e *Engine) UpdateItem(ctx context.Context, in *UpdateItemInput) (*WriteOutput, error) {
	err := checkMix(in.Placeholders,
		append([]parameter{{"UpdateExpression", in.UpdateExpression != nil}}, in.expressions()...),
		append([]parameter{{"AttributeUpdates", in.AttributeUpdates != nil}}, in.legacy()...))
	if err != nil {
		return nil, err
	}
	u, err := parseUpdate(in.UpdateExpression, in.AttributeUpdates, in.Conditional, in.Placeholders)
	if err != nil {
		return nil, err
	}
	t, err := e.lookup(*in.TableName)
	if err != nil {
		return nil, err
	}
	w, err := u.bind(t, in.Key)
	if err != nil {
		return nil, err
	}
	w.showOld = in.ReturnValuesOnConditionCheckFailure == "ALL_OLD"
	c, err := w.run(ctx, e.Now)
	if err != nil {
		return nil, err
	}
	out := in.output(t, c)
	switch in.ReturnValues {
	case "ALL_NEW":
		if c.new != nil {
			out.Attributes = c.new.item
		}
	case "UPDATED_OLD":
		out.Attributes = u.touched(c.old)
	case "UPDATED_NEW":
		out.Attributes = u.touched(c.new)
	}
	return out, nil
}

// An update is an UpdateItem, or the Update of a transaction, that was read.
type update struct {
	tree      *expr.Update // nil when nothing is to change but the item is to exist
	values    eval.Values
	legacy    bool
	condition *condition
}

// parseUpdate reads what can be read without the table.
func parseUpdate(text *string, legacy map[string]eval.AttributeUpdate, cond Conditional, p Placeholders) (*update, error) {
	u := &update{values: eval.Values(p.ExpressionAttributeValues)}
	scope, err := p.scope()
	if err != nil {
		return nil, err
	}
	if text != nil {
		if u.tree, err = scope.Update(*text); err != nil {
			return nil, err
		}
	}
	if legacy != nil {
		u.legacy = true
		if u.tree, u.values, err = eval.AttributeUpdates(legacy); err != nil {
			return nil, err
		}
	}
	if u.condition, err = cond.condition(p, scope); err != nil {
		return nil, err
	}
	return u, scope.Unused()
}

// bind checks the update against its table.
func (u *update) bind(t *table, key attr.Item) (*write, error) {
	w, err := bindKey(t, key, u.condition)
	if err != nil {
		return nil, err
	}
	if u.tree != nil {
		schema := t.key.schemaFor()
		if err := eval.CheckUpdate(u.tree, schema); err != nil {
			return nil, err
		}
		if err := eval.CheckScalars(u.tree.Refs(), schema); err != nil {
			return nil, err
		}
	}
	w.makes = func(old *record) (*record, error) { return u.apply(t, key, old) }
	return w, nil
}

// apply returns the item that the update makes of old. The table's lock is held.
func (u *update) apply(t *table, key attr.Item, old *record) (*record, error) {
	item := key
	if old != nil {
		item = old.item
	} else if u.onlyDeletes() {
		return nil, nil
	}
	if u.tree != nil {
		change := eval.Update
		if u.legacy {
			change = eval.UpdateLegacy
		}
		updated, err := change(u.tree, item, u.values)
		if err != nil {
			return nil, err
		}
		item = updated
	}
	if err := t.checkIndexKeys(item); err != nil {
		return nil, err
	}
	r := newRecord(item)
	if r.size > maxItem {
		return nil, invalid("Item size to update has exceeded the maximum allowed size")
	}
	return r, nil
}

// onlyDeletes reports whether the update is one of AttributeUpdates with nothing
// but DELETE, which does not make an item that is not there. (An expression
// with nothing but REMOVE does.)
func (u *update) onlyDeletes() bool {
	if !u.legacy || u.tree == nil || len(u.tree.Actions) == 0 {
		return false
	}
	for _, a := range u.tree.Actions {
		if a.Clause != expr.Remove && a.Clause != expr.Delete {
			return false
		}
	}
	return true
}

// touched returns what the update names of an item, or nil when that is nothing.
func (u *update) touched(r *record) attr.Item {
	if r == nil || u.tree == nil {
		return nil
	}
	if part := eval.Project(eval.Paths(u.tree), r.item); len(part) > 0 {
		return part
	}
	return nil
}

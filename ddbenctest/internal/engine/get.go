package engine

import (
	"context"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// GetItemInput has the parameters of GetItem.
type GetItemInput struct {
	Request
	Key            attr.Item `check:"required"`
	ConsistentRead *bool
	Projected
	ExpressionAttributeNames map[string]string
}

// GetItemOutput has the results of GetItem.
type GetItemOutput struct {
	Item             attr.Item // nil when there is none
	ConsumedCapacity *ConsumedCapacity
}

// GetItem reads the item with the key.
func (e *Engine) GetItem(_ context.Context, in *GetItemInput) (*GetItemOutput, error) {
	p, err := in.Projected.parse(in.ExpressionAttributeNames)
	if err != nil {
		return nil, err
	}
	t, err := e.lookup(*in.TableName)
	if err != nil {
		return nil, err
	}
	key, err := t.readKey(in.Key, p)
	if err != nil {
		return nil, err
	}
	r, err := t.get(key)
	if err != nil {
		return nil, err
	}
	out := &GetItemOutput{}
	size := 0
	if r != nil {
		out.Item, size = p.of(r.item), r.size
	}
	m := meter{table: t, units: readUnits(size, isTrue(in.ConsistentRead))}
	out.ConsumedCapacity = m.result(in.ReturnConsumedCapacity)
	return out, nil
}

// parse reads a projection that is a request's only expression.
func (p Projected) parse(names map[string]string) (projection, error) {
	placeholders := Placeholders{ExpressionAttributeNames: names}
	err := checkMix(placeholders,
		[]parameter{{"ProjectionExpression", p.ProjectionExpression != nil}},
		[]parameter{{"AttributesToGet", p.AttributesToGet != nil}})
	if err != nil {
		return nil, err
	}
	scope, err := placeholders.scope()
	if err != nil {
		return nil, err
	}
	list, err := p.projection(scope)
	if err != nil {
		return nil, err
	}
	return list, scope.Unused()
}

// readKey returns the storage key of the item that a read asks for.
func (t *table) readKey(key attr.Item, p projection) (string, error) {
	if err := t.key.checkKey(key); err != nil {
		return "", err
	}
	if err := p.checkScalars(t.key.schemaFor()); err != nil {
		return "", err
	}
	k, _ := t.key.storageKey(key)
	return string(k), nil
}

// get returns the record under a storage key, or nil.
func (t *table) get(key string) (*record, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.dropped {
		return nil, &Error{Code: ResourceNotFound, Message: "Requested resource not found"}
	}
	r, _ := t.items.Get(key)
	return r, nil
}

// checkScalars refuses paths that lead into a key attribute.
func (p projection) checkScalars(schemas ...eval.Schema) error {
	for _, s := range schemas {
		if err := eval.CheckScalars(expr.ProjectionRefs(p), s); err != nil {
			return err
		}
	}
	return nil
}

func isTrue(b *bool) bool { return b != nil && *b }

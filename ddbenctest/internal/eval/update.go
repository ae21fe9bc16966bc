package eval

import (
	"maps"
	"slices"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/internal/expr"
)

const (
	msgBadPath = "The document path provided in the update expression is invalid for update"
	msgNoSuch  = "The provided expression refers to an attribute that does not exist in the item"
	msgBadType = "An operand in the update expression has an incorrect data type"
	msgTooDeep = "Nesting Levels have exceeded supported limits"
)

// Paths returns what an update writes to: with [Project], the attributes that
// ReturnValues UPDATED_OLD and UPDATED_NEW ask for, taken from the old and the
// new item. (The service answers with the elements that were named; DynamoDB
// Local with the whole of their top-level attributes.)
func Paths(u *expr.Update) []expr.Path {
	paths := make([]expr.Path, len(u.Actions))
	for i, a := range u.Actions {
		paths[i] = a.Path
	}
	return paths
}

// Update returns item as the update leaves it. For an item that does not exist
// yet, item holds its key. All operands are read from item as it is, before any
// action takes effect; list elements are counted as they are in item, too.
func Update(u *expr.Update, item attr.Item, values Values) (attr.Item, error) {
	root := new(branch[expr.Action])
	// Of several faults one is reported. Like the checks of internal/expr, this
	// goes from the last action to the first; the service's order is that of a
	// hash table.
	for _, a := range slices.Backward(u.Actions) {
		root.add(a.Path, a)
	}
	updated, err := evaluation{item, values}.apply(root, attr.Value{Kind: attr.M, Map: item})
	if err != nil {
		return nil, err
	}
	if attr.CheckDepth(updated.Map) != nil {
		return nil, attr.Invalid(msgTooDeep)
	}
	return updated.Map, nil
}

// apply returns v with the actions of b, which is no leaf.
func (e evaluation) apply(b *branch[expr.Action], v attr.Value) (attr.Value, error) {
	if len(b.indexes) > 0 {
		return e.applyToList(b, v)
	}
	if v.Kind != attr.M {
		return v, attr.Invalid(msgBadPath)
	}
	v.Map = maps.Clone(v.Map)
	if v.Map == nil {
		v.Map = make(map[string]attr.Value)
	}
	for _, name := range b.added {
		old, exists := v.Map[name]
		element, keep, err := e.element(b.names[name], old, exists)
		switch {
		case err != nil:
			return v, err
		case keep:
			v.Map[name] = element
		default:
			delete(v.Map, name)
		}
	}
	return v, nil
}

// applyToList is apply for a list. Elements set beyond its end follow it in the
// order of their indexes.
func (e evaluation) applyToList(b *branch[expr.Action], v attr.Value) (attr.Value, error) {
	if v.Kind != attr.L {
		return v, attr.Invalid(msgBadPath)
	}
	old := v.List
	v.List = slices.Clone(old)
	removed := 0
	for _, i := range b.order() {
		exists := i < len(old)
		var have attr.Value
		if exists {
			have = old[i]
		}
		element, keep, err := e.element(b.indexes[i], have, exists)
		switch {
		case err != nil:
			return v, err
		case exists && keep:
			v.List[i-removed] = element
		case exists:
			v.List = slices.Delete(v.List, i-removed, i-removed+1)
			removed++
		case keep:
			v.List = append(v.List, element)
		}
	}
	return v, nil
}

// element returns what becomes of an element of a map or list, and whether it is
// there afterwards.
func (e evaluation) element(b *branch[expr.Action], old attr.Value, exists bool) (attr.Value, bool, error) {
	if !b.leaf {
		updated, err := e.apply(b, old)
		return updated, true, err
	}
	switch b.data.Clause {
	case expr.Set:
		v, err := e.assigned(b.data.Value)
		return v, true, err
	case expr.Remove:
		return old, false, nil
	}
	return e.amend(b.data, old, exists)
}

// amend returns what an ADD or DELETE makes of an element, and whether it is there
// afterwards.
func (e evaluation) amend(a expr.Action, old attr.Value, exists bool) (attr.Value, bool, error) {
	operand, _ := e.operand(a.Value)
	switch {
	case !exists:
		return operand, a.Clause == expr.Add, nil
	case old.Kind != operand.Kind:
		return old, true, attr.Invalid(msgBadType)
	case a.Clause == expr.Delete:
		left := attr.Subtract(old, operand)
		return left, len(left.Set) > 0, nil
	case old.Kind == attr.N:
		sum, err := attr.AddNumbers(old.Str, operand.Str)
		return attr.Value{Kind: attr.N, Str: sum}, true, err
	case old.Kind == attr.L: // of AttributeUpdates only
		return attr.Value{Kind: attr.L, List: slices.Concat(old.List, operand.List)}, true, nil
	}
	return attr.Union(old, operand), true, nil
}

// assigned returns the value of the right side of a SET action.
func (e evaluation) assigned(o expr.Operand) (attr.Value, error) {
	switch o := o.(type) {
	case expr.Path:
		v, ok := Lookup(e.item, o)
		if !ok {
			return v, attr.Invalid(msgNoSuch)
		}
		return v, nil
	case *expr.Placeholder:
		return e.values[o.Name], nil
	case *expr.Arithmetic:
		return e.arithmetic(o)
	case *expr.Call:
		if o.Func == "list_append" {
			return e.listAppend(o)
		}
		// if_not_exists: the service wants its second operand to exist even
		// when the first does.
		fallback, err := e.assigned(o.Args[1])
		if v, ok := Lookup(e.item, o.Args[0].(expr.Path)); ok && err == nil {
			return v, nil
		}
		return fallback, err
	}
	return attr.Value{}, attr.Invalid(msgBadType)
}

// typed returns two operands that must be of one kind. Faults inside of either
// come before those of their types, which are looked at from left to right.
func (e evaluation) typed(left, right expr.Operand, kind attr.Kind) (l, r attr.Value, err error) {
	operands := [2]expr.Operand{left, right}
	var values [2]attr.Value
	for i, o := range operands {
		if _, path := o.(expr.Path); path {
			continue
		}
		if values[i], err = e.assigned(o); err != nil {
			return l, r, err
		}
	}
	for i, o := range operands {
		if _, path := o.(expr.Path); path {
			if values[i], err = e.assigned(o); err != nil {
				return l, r, err
			}
		}
		if values[i].Kind != kind {
			return l, r, attr.Invalid(msgBadType)
		}
	}
	return values[0], values[1], nil
}

func (e evaluation) arithmetic(a *expr.Arithmetic) (attr.Value, error) {
	left, right, err := e.typed(a.Left, a.Right, attr.N)
	if err != nil {
		return attr.Value{}, err
	}
	compute := attr.AddNumbers
	if a.Op == "-" {
		compute = attr.SubNumbers
	}
	n, err := compute(left.Str, right.Str)
	return attr.Value{Kind: attr.N, Str: n}, err
}

func (e evaluation) listAppend(f *expr.Call) (attr.Value, error) {
	first, second, err := e.typed(f.Args[0], f.Args[1], attr.L)
	if err != nil {
		return attr.Value{}, err
	}
	return attr.Value{Kind: attr.L, List: slices.Concat(first.List, second.List)}, nil
}

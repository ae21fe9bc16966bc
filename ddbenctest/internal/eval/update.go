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

// A change is what happens to the value at the end of a path.
type change struct {
	value attr.Value // the new value
	gone  bool       // or none
}

// Update returns item as the update leaves it. For an item that does not exist
// yet, item holds its key. All operands are read from item as it is, before any
// action takes effect; list elements are counted as they are in item, too.
func Update(u *expr.Update, item attr.Item, values Values) (attr.Item, error) {
	e := evaluation{item, values}
	root := new(branch[change])
	// The order of the steps is the order in which the service finds fault.
	for _, a := range u.Actions {
		if a.Clause == expr.Add || a.Clause == expr.Delete {
			c, changes, err := e.amend(a)
			if err != nil {
				return nil, err
			}
			if changes {
				root.add(a.Path, c)
			}
		}
	}
	for _, a := range u.Actions {
		if a.Clause == expr.Remove {
			if err := e.target(a.Path); err != nil {
				return nil, err
			}
			root.add(a.Path, change{gone: true})
		}
	}
	for _, a := range slices.Backward(u.Actions) {
		if a.Clause != expr.Set {
			continue
		}
		if err := e.target(a.Path); err != nil {
			return nil, err
		}
		v, err := e.assigned(a.Value)
		if err != nil {
			return nil, err
		}
		root.add(a.Path, change{value: v})
	}
	for _, a := range u.Actions {
		if a.Clause == expr.Add || a.Clause == expr.Delete {
			if err := e.target(a.Path); err != nil {
				return nil, err
			}
		}
	}
	updated := apply(root, attr.Value{Kind: attr.M, Map: item}).Map
	if attr.CheckDepth(updated) != nil {
		return nil, attr.Invalid(msgTooDeep)
	}
	return updated, nil
}

// target checks that path leads to a place that can be written: a top-level
// attribute, or an element of a map or list that exists.
func (e evaluation) target(path expr.Path) error {
	last := len(path) - 1
	if last == 0 {
		return nil
	}
	parent, ok := Lookup(e.item, path[:last])
	want := attr.M
	if path[last].IsIndex() {
		want = attr.L
	}
	if !ok || parent.Kind != want {
		return attr.Invalid(msgBadPath)
	}
	return nil
}

// amend returns what an ADD or DELETE makes of the value that is there, and
// whether it makes a difference.
func (e evaluation) amend(a expr.Action) (change, bool, error) {
	operand, _ := e.operand(a.Value)
	old, exists := Lookup(e.item, a.Path)
	switch {
	case !exists:
		return change{value: operand}, a.Clause == expr.Add, nil
	case old.Kind != operand.Kind:
		return change{}, false, attr.Invalid(msgBadType)
	case a.Clause == expr.Delete:
		left := attr.Subtract(old, operand)
		return change{value: left, gone: len(left.Set) == 0}, true, nil
	case old.Kind == attr.N:
		sum, err := attr.AddNumbers(old.Str, operand.Str)
		return change{value: attr.Value{Kind: attr.N, Str: sum}}, true, err
	case old.Kind == attr.L: // of AttributeUpdates only
		return change{value: attr.Value{Kind: attr.L, List: slices.Concat(old.List, operand.List)}}, true, nil
	}
	return change{value: attr.Union(old, operand)}, true, nil
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

// typed is assigned for an operand that must be of one kind.
func (e evaluation) typed(o expr.Operand, kind attr.Kind) (attr.Value, error) {
	v, err := e.assigned(o)
	if err == nil && v.Kind != kind {
		err = attr.Invalid(msgBadType)
	}
	return v, err
}

func (e evaluation) arithmetic(a *expr.Arithmetic) (attr.Value, error) {
	left, err := e.typed(a.Left, attr.N)
	if err != nil {
		return attr.Value{}, err
	}
	right, err := e.typed(a.Right, attr.N)
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
	first, err := e.typed(f.Args[0], attr.L)
	if err != nil {
		return attr.Value{}, err
	}
	second, err := e.typed(f.Args[1], attr.L)
	if err != nil {
		return attr.Value{}, err
	}
	return attr.Value{Kind: attr.L, List: slices.Concat(first.List, second.List)}, nil
}

// apply returns v with the changes of b, which is no leaf. Elements set beyond a
// list's end follow it in the order of their indexes.
func apply(b *branch[change], v attr.Value) attr.Value {
	v.Map, v.List = maps.Clone(v.Map), slices.Clone(v.List)
	for name, child := range b.names {
		switch {
		case !child.leaf:
			v.Map[name] = apply(child, v.Map[name])
		case child.data.gone:
			delete(v.Map, name)
		default:
			if v.Map == nil {
				v.Map = make(map[string]attr.Value)
			}
			v.Map[name] = child.data.value
		}
	}
	length, removed := len(v.List), 0
	for _, i := range b.order() {
		child := b.indexes[i]
		switch {
		case i >= length && !child.data.gone:
			v.List = append(v.List, child.data.value)
		case i >= length:
		case !child.leaf:
			v.List[i-removed] = apply(child, v.List[i-removed])
		case child.data.gone:
			v.List = slices.Delete(v.List, i-removed, i-removed+1)
			removed++
		default:
			v.List[i-removed] = child.data.value
		}
	}
	return v
}

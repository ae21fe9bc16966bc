package eval

import (
	"slices"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// A branch is a set of paths that begin alike: either all of a value, or some
// elements of it. Since the paths of an expression do not overlap or conflict,
// a branch has children of one sort only.
type branch[T any] struct {
	leaf    bool
	data    T // of a leaf
	names   map[string]*branch[T]
	indexes map[int]*branch[T]
}

// add returns the leaf at the end of path, which it grows from b.
func (b *branch[T]) add(path expr.Path, data T) {
	for _, e := range path {
		next := new(branch[T])
		switch {
		case e.IsIndex():
			if b.indexes == nil {
				b.indexes = make(map[int]*branch[T])
			}
			if have, ok := b.indexes[e.Index]; ok {
				next = have
			}
			b.indexes[e.Index] = next
		default:
			if b.names == nil {
				b.names = make(map[string]*branch[T])
			}
			if have, ok := b.names[e.Name]; ok {
				next = have
			}
			b.names[e.Name] = next
		}
		b = next
	}
	b.leaf, b.data = true, data
}

// order returns the list indexes of b, lowest first.
func (b *branch[T]) order() []int {
	indexes := make([]int, 0, len(b.indexes))
	for i := range b.indexes {
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	return indexes
}

// Project returns the part of item that paths lead to. Maps keep the names and
// lists the order of what is left; a path that leads nowhere adds nothing. The
// result shares its values with item and is never nil.
func Project(paths []expr.Path, item attr.Item) attr.Item {
	root := new(branch[struct{}])
	for _, path := range paths {
		root.add(path, struct{}{})
	}
	v, _ := project(root, attr.Value{Kind: attr.M, Map: item})
	if v.Map == nil {
		return attr.Item{}
	}
	return v.Map
}

// project returns what b leaves of v, and whether anything is left.
func project(b *branch[struct{}], v attr.Value) (attr.Value, bool) {
	if b.leaf {
		return v, true
	}
	out := attr.Value{Kind: v.Kind}
	for name, child := range b.names {
		if e, ok := v.Map[name]; ok {
			if kept, ok := project(child, e); ok {
				if out.Map == nil {
					out.Map = make(map[string]attr.Value)
				}
				out.Map[name] = kept
			}
		}
	}
	for _, i := range b.order() {
		if i < len(v.List) {
			if kept, ok := project(b.indexes[i], v.List[i]); ok {
				out.List = append(out.List, kept)
			}
		}
	}
	return out, out.Map != nil || out.List != nil
}

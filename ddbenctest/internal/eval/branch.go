package eval

import (
	"maps"
	"slices"

	"github.com/ddbenc/ddbenc/internal/expr"
)

// A branch is a set of paths that begin alike: either all of a value, or some
// elements of it. Since the paths of an expression do not overlap or conflict,
// a branch has elements of one sort only.
type branch[T any] struct {
	leaf    bool
	data    T // of a leaf
	names   map[string]*branch[T]
	added   []string // the keys of names, in the order in which they came
	indexes map[int]*branch[T]
}

// add grows b by path and puts data at its end.
func (b *branch[T]) add(path expr.Path, data T) {
	for _, e := range path {
		var next *branch[T]
		if e.IsIndex() {
			next = b.indexes[e.Index]
		} else {
			next = b.names[e.Name]
		}
		if next == nil {
			next = new(branch[T])
			b.put(e, next)
		}
		b = next
	}
	b.leaf, b.data = true, data
}

func (b *branch[T]) put(e expr.Element, next *branch[T]) {
	if e.IsIndex() {
		if b.indexes == nil {
			b.indexes = make(map[int]*branch[T])
		}
		b.indexes[e.Index] = next
		return
	}
	if b.names == nil {
		b.names = make(map[string]*branch[T])
	}
	b.names[e.Name] = next
	b.added = append(b.added, e.Name)
}

// order returns the list indexes of b, lowest first.
func (b *branch[T]) order() []int { return slices.Sorted(maps.Keys(b.indexes)) }

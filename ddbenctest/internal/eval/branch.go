package eval

import (
	"maps"
	"slices"
	"unicode/utf16"

	"github.com/ddbenc/ddbenc/internal/expr"
)

// A branch is a set of paths that begin alike: either all of a value, or some
// elements of it. Since the paths of an expression do not overlap or conflict,
// a branch has elements of one sort only.
type branch[T any] struct {
	leaf    bool
	data    T // of a leaf
	names   names[T]
	indexes map[int]*branch[T]
}

// names are the elements of a branch through a map.
type names[T any] struct {
	of    map[string]*branch[T]
	added []string // the keys of of, in the order in which they came
}

// add grows b by path and puts data at its end.
func (b *branch[T]) add(path expr.Path, data T) {
	for _, e := range path {
		var next *branch[T]
		if e.IsIndex() {
			next = b.indexes[e.Index]
		} else {
			next = b.names.of[e.Name]
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
	if b.names.of == nil {
		b.names.of = make(map[string]*branch[T])
	}
	b.names.of[e.Name] = next
	b.names.added = append(b.names.added, e.Name)
}

// order returns the list indexes of b, lowest first.
func (b *branch[T]) order() []int { return slices.Sorted(maps.Keys(b.indexes)) }

// order returns the names in the order in which DynamoDB Local looks at them: from
// the last bucket of a Java hash table to the first. It matters when an update has
// more than one fault, of which only one is reported.
func (n names[T]) order() []string {
	buckets := uint32(16)
	for 4*len(n.added) > 3*int(buckets) {
		buckets *= 2
	}
	sorted := slices.Clone(n.added)
	slices.SortStableFunc(sorted, func(a, b string) int {
		return int(javaHash(b)&(buckets-1)) - int(javaHash(a)&(buckets-1))
	})
	return sorted
}

// javaHash is java.lang.String's hashCode as java.util.HashMap spreads it.
func javaHash(s string) uint32 {
	h := uint32(0)
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + uint32(unit)
	}
	return h ^ h>>16
}

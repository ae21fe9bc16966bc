// Package ordered is a map from strings to values that keeps its keys in byte
// order: a B-tree in memory. The engine stores every table and index in one,
// under keys whose byte order is the order that DynamoDB reads them in (see
// package keys), so that a keyed call costs O(log n) and a page of a query
// costs O(log n + page) wherever it starts.
//
// A Map is not safe for concurrent use; the engine's table lock guards it.
package ordered

import "sort"

const (
	maxEntries = 63             // entries in a node before it splits
	minEntries = maxEntries / 2 // entries in a node other than the root
)

// A Map holds values by key in byte order. The zero Map is empty and ready.
type Map[V any] struct {
	root *node[V]
	len  int
}

// A node holds sorted entries. An inner node has one child more than it has
// entries: child i holds the keys before entry i and after entry i-1.
type node[V any] struct {
	entries  []entry[V]
	children []*node[V]
}

type entry[V any] struct {
	key   string
	value V
}

// Len returns the number of keys.
func (m *Map[V]) Len() int { return m.len }

// Get returns the value under key and whether there is one.
func (m *Map[V]) Get(key string) (V, bool) {
	for n := m.root; n != nil; {
		i, found := n.find(key)
		if found {
			return n.entries[i].value, true
		}
		if len(n.children) == 0 {
			break
		}
		n = n.children[i]
	}
	var zero V
	return zero, false
}

// Set puts value under key, in the place of what was there.
func (m *Map[V]) Set(key string, value V) {
	if m.root == nil {
		m.root = &node[V]{}
	}
	if len(m.root.entries) == maxEntries {
		m.root = &node[V]{children: []*node[V]{m.root}}
		m.root.split(0)
	}
	if m.root.set(key, value) {
		m.len++
	}
}

// Delete removes key and reports whether it was there.
func (m *Map[V]) Delete(key string) bool {
	if m.root == nil || !m.root.delete(key) {
		return false
	}
	m.len--
	if len(m.root.entries) == 0 && len(m.root.children) == 1 {
		m.root = m.root.children[0]
	}
	return true
}

// Ascend calls visit with the keys at or after from, in order, until visit
// returns false. The map must not change meanwhile.
func (m *Map[V]) Ascend(from string, visit func(key string, value V) bool) {
	if m.root != nil {
		m.root.ascend(from, visit)
	}
}

// Descend calls visit with the keys before the key before, in reverse order,
// until visit returns false. The map must not change meanwhile.
func (m *Map[V]) Descend(before string, visit func(key string, value V) bool) {
	if m.root != nil {
		m.root.descend(before, true, visit)
	}
}

// find returns the index of the first entry at or after key and whether it is
// key itself.
func (n *node[V]) find(key string) (int, bool) {
	i := sort.Search(len(n.entries), func(i int) bool { return n.entries[i].key >= key })
	return i, i < len(n.entries) && n.entries[i].key == key
}

// set stores key below n, which is not full, and reports whether it is new.
// Full children are split on the way down, so that there is always room.
func (n *node[V]) set(key string, value V) bool {
	for {
		i, found := n.find(key)
		if found {
			n.entries[i].value = value
			return false
		}
		if len(n.children) == 0 {
			n.entries = insert(n.entries, i, entry[V]{key, value})
			return true
		}
		if len(n.children[i].entries) == maxEntries {
			n.split(i)
			continue // the entry that came up may be key, or lie before it
		}
		n = n.children[i]
	}
}

// split moves the upper half of full child i to a new node behind it and the
// entry between the halves up into n.
func (n *node[V]) split(i int) {
	left := n.children[i]
	middle := left.entries[minEntries]
	right := &node[V]{entries: append(make([]entry[V], 0, maxEntries), left.entries[minEntries+1:]...)}
	clear(left.entries[minEntries:])
	left.entries = left.entries[:minEntries]
	if len(left.children) > 0 {
		right.children = append(make([]*node[V], 0, maxEntries+1), left.children[minEntries+1:]...)
		clear(left.children[minEntries+1:])
		left.children = left.children[:minEntries+1]
	}
	n.entries = insert(n.entries, i, middle)
	n.children = insert(n.children, i+1, right)
}

// delete removes key below n and reports whether it was there. Whatever child
// it goes down to has an entry to spare, so that no node falls below its
// minimum; only the root may run empty.
func (n *node[V]) delete(key string) bool {
	i, found := n.find(key)
	if len(n.children) == 0 {
		if found {
			n.entries = remove(n.entries, i)
		}
		return found
	}
	if len(n.children[i].entries) <= minEntries {
		n.refill(i)
		return n.delete(key) // entries moved: look again
	}
	if found {
		n.entries[i] = n.children[i].deleteLast()
		return true
	}
	return n.children[i].delete(key)
}

// deleteLast removes and returns the last entry below n, which has an entry to
// spare.
func (n *node[V]) deleteLast() entry[V] {
	for len(n.children) > 0 {
		last := len(n.children) - 1
		if len(n.children[last].entries) <= minEntries {
			n.refill(last)
			last = len(n.children) - 1
		}
		n = n.children[last]
	}
	last := n.entries[len(n.entries)-1]
	n.entries = remove(n.entries, len(n.entries)-1)
	return last
}

// refill gives child i an entry to spare: one from a neighbour that can give,
// or all of a neighbour that can't.
func (n *node[V]) refill(i int) {
	switch {
	case i > 0 && len(n.children[i-1].entries) > minEntries:
		left, child := n.children[i-1], n.children[i]
		last := len(left.entries) - 1
		child.entries = insert(child.entries, 0, n.entries[i-1])
		n.entries[i-1] = left.entries[last]
		left.entries = remove(left.entries, last)
		if len(left.children) > 0 {
			child.children = insert(child.children, 0, left.children[last+1])
			left.children = remove(left.children, last+1)
		}
	case i < len(n.entries) && len(n.children[i+1].entries) > minEntries:
		child, right := n.children[i], n.children[i+1]
		child.entries = append(child.entries, n.entries[i])
		n.entries[i] = right.entries[0]
		right.entries = remove(right.entries, 0)
		if len(right.children) > 0 {
			child.children = append(child.children, right.children[0])
			right.children = remove(right.children, 0)
		}
	default:
		if i == len(n.entries) {
			i--
		}
		left, right := n.children[i], n.children[i+1]
		left.entries = append(append(left.entries, n.entries[i]), right.entries...)
		left.children = append(left.children, right.children...)
		n.entries = remove(n.entries, i)
		n.children = remove(n.children, i+1)
	}
}

func (n *node[V]) ascend(from string, visit func(string, V) bool) bool {
	i, found := n.find(from)
	if !found && len(n.children) > 0 && !n.children[i].ascend(from, visit) {
		return false
	}
	for ; i < len(n.entries); i++ {
		if !visit(n.entries[i].key, n.entries[i].value) {
			return false
		}
		if len(n.children) > 0 && !n.children[i+1].ascend("", visit) {
			return false
		}
	}
	return true
}

// descend visits the keys below n, bounded by before when bounded is true.
func (n *node[V]) descend(before string, bounded bool, visit func(string, V) bool) bool {
	i := len(n.entries)
	if bounded {
		i, _ = n.find(before)
	}
	if len(n.children) > 0 && !n.children[i].descend(before, bounded, visit) {
		return false
	}
	for i--; i >= 0; i-- {
		if !visit(n.entries[i].key, n.entries[i].value) {
			return false
		}
		if len(n.children) > 0 && !n.children[i].descend("", false, visit) {
			return false
		}
	}
	return true
}

func insert[T any](s []T, i int, v T) []T {
	var zero T
	s = append(s, zero)
	copy(s[i+1:], s[i:])
	s[i] = v
	return s
}

func remove[T any](s []T, i int) []T {
	copy(s[i:], s[i+1:])
	var zero T
	s[len(s)-1] = zero // let go of what it held
	return s[:len(s)-1]
}

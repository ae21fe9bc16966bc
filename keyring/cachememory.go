package keyring

import (
	"container/heap"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A cacheMemory is what caches can share. Beyond its bound the least recently used
// entries go first.
type cacheMemory[K comparable, V any] struct {
	bound int          // entries
	epoch atomic.Int64 // grows with each stored entry

	// Entries are spread over maps that never change and are only replaced, so that
	// finding one takes no lock, and small ones, so that adding one copies little.
	seed maphash.Seed
	maps []atomic.Pointer[map[K]*entry[K, V]]

	mu      sync.Mutex // for what follows, and to replace maps
	queue   cacheQueue[K, V]
	flights map[K]*flight[V]
}

type entry[K comparable, V any] struct {
	key    K
	value  V
	since  time.Time
	usable time.Duration // of the cache that loaded it
	used   atomic.Int64  // epoch of the last use
	wait   atomic.Int64  // age until which nobody loads it again, after a failure

	// Guarded by the memory's mu.
	seen  int64 // used as the queue knows it, which may be less
	place int   // in the queue
}

// entriesPerMap is how many entries one map holds on average in a full memory.
const entriesPerMap = 32

func newCacheMemory[K comparable, V any](bound int) *cacheMemory[K, V] {
	m := &cacheMemory[K, V]{
		bound:   bound,
		seed:    maphash.MakeSeed(),
		maps:    make([]atomic.Pointer[map[K]*entry[K, V]], min(1+bound/entriesPerMap, 1<<12)),
		flights: map[K]*flight[V]{},
	}
	for i := range m.maps {
		m.maps[i].Store(&map[K]*entry[K, V]{})
	}
	return m
}

// age returns how old e is, and whether that is too old for everyone. An entry of the
// future is: a clock that went back would keep it for too long.
func (e *entry[K, V]) age(now time.Time) (age time.Duration, old bool) {
	age = now.Sub(e.since)
	return age, age < 0 || age > e.usable
}

// mapOf returns the map that the entry of key is in, if there is one.
func (m *cacheMemory[K, V]) mapOf(key K) *atomic.Pointer[map[K]*entry[K, V]] {
	if len(m.maps) == 1 {
		return &m.maps[0]
	}
	return &m.maps[maphash.Comparable(m.seed, key)%uint64(len(m.maps))]
}

// find returns the entry of key, however old, or nil.
func (m *cacheMemory[K, V]) find(key K) *entry[K, V] { return (*m.mapOf(key).Load())[key] }

// size returns the number of entries.
func (m *cacheMemory[K, V]) size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.queue)
}

// store adds an entry and drops the least recently used ones beyond the bound.
// Uses between two stores are not told apart. The caller holds m.mu.
func (m *cacheMemory[K, V]) store(key K, v V, since time.Time, usable time.Duration) {
	e := &entry[K, V]{key: key, value: v, since: since, usable: usable}
	e.seen = m.epoch.Add(2) - 1 // before all later uses, after all earlier ones
	e.used.Store(e.seen)
	if old := m.find(key); old != nil {
		heap.Remove(&m.queue, old.place)
	}
	heap.Push(&m.queue, e)
	m.replace(key, e)
	for len(m.queue) > m.bound {
		m.remove(m.oldest())
	}
}

// oldest returns the least recently used entry. The caller holds m.mu.
func (m *cacheMemory[K, V]) oldest() *entry[K, V] {
	for {
		e := m.queue[0]
		used := e.used.Load()
		if used == e.seen {
			return e // no other can have been used before
		}
		e.seen = used
		heap.Fix(&m.queue, 0)
	}
}

// remove takes e out of the memory. The caller holds m.mu.
func (m *cacheMemory[K, V]) remove(e *entry[K, V]) {
	heap.Remove(&m.queue, e.place)
	m.replace(e.key, nil)
}

// replace makes e the entry of key, or leaves none if e is nil. The caller holds m.mu.
func (m *cacheMemory[K, V]) replace(key K, e *entry[K, V]) {
	place := m.mapOf(key)
	after := maps.Clone(*place.Load())
	if after[key] = e; e == nil {
		delete(after, key)
	}
	place.Store(&after)
}

// drop removes an entry that is too old for everyone, and with it what it kept in
// memory. The caller holds m.mu.
func (m *cacheMemory[K, V]) drop(key K, now time.Time) {
	e := m.find(key)
	if e == nil {
		return
	}
	if _, old := e.age(now); old {
		m.remove(e)
	}
}

// forget removes the entries whose keys match. Loads of them under way still
// answer those who wait for them, and are not stored.
func (m *cacheMemory[K, V]) forget(match func(K) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range slices.Clone(m.queue) {
		if match(e.key) {
			m.remove(e)
		}
	}
	maps.DeleteFunc(m.flights, func(key K, _ *flight[V]) bool { return match(key) })
}

// A cacheQueue is a heap of entries whose first is the least recently used one, as
// far as it has seen uses.
type cacheQueue[K comparable, V any] []*entry[K, V]

func (q cacheQueue[K, V]) Len() int           { return len(q) }
func (q cacheQueue[K, V]) Less(i, j int) bool { return q[i].seen < q[j].seen }

func (q cacheQueue[K, V]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *cacheQueue[K, V]) Push(e any) {
	e.(*entry[K, V]).place = len(*q)
	*q = append(*q, e.(*entry[K, V]))
}

func (q *cacheQueue[K, V]) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return e
}

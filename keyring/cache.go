package keyring

import (
	"context"
	"errors"
	"maps"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// graceTime is how long after its time to live a cached value may still be used
// while one caller renews it. It is the same in the other clients.
const graceTime = 500 * time.Millisecond

// A cache keeps what was loaded under a key for a time to live, and loads it once
// when many ask at the same time. It has the semantics of the Java client's
// TTLCache. For an entry of age a:
//
//	a <= ttl                  the entry
//	ttl < a <= ttl + grace    the first caller loads again, the others get the entry meanwhile
//	ttl + grace < a           as if absent: the first caller loads, the others wait
//
// The age counts from the start of the load, so that whatever was revoked before
// is out of use at ttl + grace after, however slow the load was. A failed load
// fails those who wait for it, and leaves the cache as it was.
//
// Hits take no lock and write nothing, so they don't slow each other down.
// Spec: Materials and materials providers, "Caching most-recent provider".
type cache[K comparable, V any] struct {
	ttl   time.Duration
	bound int              // entries
	now   func() time.Time // with a monotonic reading
	stats *cacheStats

	entries atomic.Pointer[map[K]*entry[V]] // never changed, only replaced
	epoch   atomic.Int64                    // grows with each stored entry

	mu      sync.Mutex // for what follows, and to replace entries
	flights map[K]*flight[V]
}

type entry[V any] struct {
	value V
	since time.Time
	used  atomic.Int64 // epoch of the last use
}

// A flight is one load, and those who wait for it.
type flight[V any] struct {
	done    chan struct{} // closed when value and err are set
	value   V
	err     error
	waiters int // guarded by the cache's mu
	cancel  context.CancelFunc
}

func newCache[K comparable, V any](ttl time.Duration, bound int, now func() time.Time, stats *cacheStats) *cache[K, V] {
	c := &cache[K, V]{ttl: ttl, bound: bound, now: now, stats: stats, flights: map[K]*flight[V]{}}
	c.entries.Store(&map[K]*entry[V]{})
	return c
}

// hit returns the value of key if it needs no loading.
func (c *cache[K, V]) hit(key K) (V, bool) {
	if e, fresh := c.lookup(key); fresh {
		c.stats.hits.add()
		return e.value, true
	}
	var none V
	return none, false
}

// get returns the value of key, loading it if need be. A load goes on without its
// first caller: it gets the values of that one's context, and ends early only
// when all who wait for it have gone.
func (c *cache[K, V]) get(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	if v, ok := c.hit(key); ok {
		return v, nil
	}
	c.mu.Lock()
	// Another caller may have loaded it since, or be about to.
	e, fresh := c.lookup(key)
	f, flying := c.flights[key]
	if fresh || e != nil && flying {
		c.mu.Unlock()
		c.stats.hits.add()
		return e.value, nil
	}
	if !flying {
		if e == nil {
			c.drop(key)
		}
		f = c.start(ctx, key, load)
	}
	f.waiters++
	c.mu.Unlock()

	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		c.leave(key, f)
		var none V
		return none, contextError(ctx)
	}
}

// lookup returns the entry of key if it can be used, and whether it can without
// renewing it.
func (c *cache[K, V]) lookup(key K) (e *entry[V], fresh bool) {
	e = (*c.entries.Load())[key]
	if e == nil {
		return nil, false
	}
	age := c.now().Sub(e.since)
	if age > c.ttl+graceTime {
		return nil, false
	}
	if epoch := c.epoch.Load(); e.used.Load() != epoch {
		e.used.Store(epoch)
	}
	return e, age <= c.ttl
}

// start begins a load. The caller holds c.mu.
func (c *cache[K, V]) start(ctx context.Context, key K, load func(context.Context) (V, error)) *flight[V] {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight[V]{done: make(chan struct{}), cancel: cancel, err: errAborted}
	c.flights[key] = f
	since := c.now()
	go func() {
		defer cancel()
		defer c.land(key, f, since)
		f.value, f.err = load(ctx)
		c.stats.loaded(f.err)
	}()
	return f
}

// errAborted is the outcome of a load that ended its goroutine.
var errAborted = errors.New("ddbenc: the key store ended the goroutine that asked it")

// land gives the outcome of a load to those who wait for it, and stores it.
func (c *cache[K, V]) land(key K, f *flight[V], since time.Time) {
	defer close(f.done)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[key] != f {
		return // the cache was emptied, or nobody waits
	}
	delete(c.flights, key)
	if f.err == nil {
		c.store(key, f.value, since)
	}
}

// leave stops waiting for f. A load for which nobody waits is cancelled, and
// nobody may join it any more.
func (c *cache[K, V]) leave(key K, f *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.waiters--
	if f.waiters == 0 {
		f.cancel()
		if c.flights[key] == f {
			delete(c.flights, key)
		}
	}
}

// put stores a value that was not loaded.
func (c *cache[K, V]) put(key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store(key, v, c.now())
}

// store adds an entry and drops the least recently used ones beyond the bound.
// Uses between two stores are not told apart. The caller holds c.mu.
func (c *cache[K, V]) store(key K, v V, since time.Time) {
	after := maps.Clone(*c.entries.Load())
	e := &entry[V]{value: v, since: since}
	e.used.Store(c.epoch.Add(2) - 1) // before all later uses, after all earlier ones
	after[key] = e
	for len(after) > c.bound {
		var oldest K
		least := int64(math.MaxInt64)
		for k, e := range after {
			if used := e.used.Load(); used < least {
				oldest, least = k, used
			}
		}
		delete(after, oldest)
	}
	c.entries.Store(&after)
}

// drop removes an entry that is too old, and with it what it kept in memory. The
// caller holds c.mu.
func (c *cache[K, V]) drop(key K) {
	if _, ok := (*c.entries.Load())[key]; ok {
		after := maps.Clone(*c.entries.Load())
		delete(after, key)
		c.entries.Store(&after)
	}
}

// clear empties the cache. Loads under way still answer those who wait for them,
// and are not stored.
func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Store(&map[K]*entry[V]{})
	clear(c.flights)
}

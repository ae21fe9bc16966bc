package keyring

import (
	"context"
	"errors"
	"time"
)

// A cache keeps what was loaded under a key for a time, and loads it once when many
// ask at the same time. For an entry of age a:
//
//	a <= fresh            the entry
//	fresh < a <= usable   the first caller loads again, the others get the entry meanwhile
//	usable < a            as if absent: the first caller loads, the others wait
//
// The age counts from the start of the load, so that whatever was revoked before
// is out of use at usable after, however slow the load was. A failed load fails
// those who wait for it, and leaves the cache as it was.
//
// Hits take no lock and write nothing, so they don't slow each other down.
//
// Several caches, each with its own times, can share a memory. An entry is then
// used no longer than both allow, the one that loaded it and the one that is
// asked.
type cache[K comparable, V any] struct {
	*cacheMemory[K, V]
	times cacheTimes
	now   func() time.Time // with a monotonic reading
	stats *cacheStats

	tell func(ctx context.Context, key K) // of each answer from memory, or nil
}

type cacheTimes struct {
	fresh, usable time.Duration

	// patience is how long the caller who loads an entry again waits for that, before
	// he uses the entry as the others do, and how long it counts as fresh again if
	// loading failed. Without patience he waits, gets the error, and the next caller
	// tries.
	patience time.Duration
}

// A flight is one load, and those who wait for it.
type flight[V any] struct {
	done   chan struct{} // closed when value and err are set
	value  V
	err    error
	cancel context.CancelFunc

	// Guarded by the memory's mu.
	waiters int
	renewal bool // one of the waiters is the cache itself
}

// hit returns the value of key if it needs no loading.
func (c *cache[K, V]) hit(ctx context.Context, key K) (V, bool) {
	if e, fresh := c.lookup(key); fresh {
		c.found(ctx, key)
		return e.value, true
	}
	var none V
	return none, false
}

// found counts and tells of an answer from memory. No lock is held.
func (c *cache[K, V]) found(ctx context.Context, key K) {
	c.stats.hits.add()
	if c.tell != nil {
		c.tell(ctx, key)
	}
}

// get returns the value of key, loading it if need be. A load goes on without its
// first caller: it gets the values of that one's context, and ends early only
// when all who wait for it have gone.
func (c *cache[K, V]) get(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	if v, ok := c.hit(ctx, key); ok {
		return v, nil
	}
	c.mu.Lock()
	// Another caller may have loaded it since, or be about to.
	e, fresh := c.lookup(key)
	f, flying := c.flights[key]
	if fresh || e != nil && flying {
		c.mu.Unlock()
		c.found(ctx, key)
		return e.value, nil
	}
	if !flying {
		c.drop(key, c.now())
		f = c.start(ctx, key, load)
		f.renewal = e != nil && c.times.patience > 0
		f.waiters = 1
	} else if f.renewal {
		f.renewal = false // this caller takes the place of the cache among its waiters
	} else {
		f.waiters++
	}
	renewal := f.renewal
	c.mu.Unlock()

	if renewal {
		return c.renew(ctx, key, f, load)
	}
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		c.leave(key, f)
		var none V
		return none, contextError(ctx)
	}
}

// renew waits for f, a renewal, for as long as patience lasts, and makes do with the
// entry that is there if that brings nothing. F goes on without its caller.
func (c *cache[K, V]) renew(ctx context.Context, key K, f *flight[V], load func(context.Context) (V, error)) (V, error) {
	enough := time.NewTimer(c.times.patience)
	defer enough.Stop()
	select {
	case <-f.done:
		if f.err == nil {
			return f.value, nil
		}
	case <-enough.C:
	case <-ctx.Done():
	}
	if e, _ := c.lookup(key); e != nil {
		c.found(ctx, key)
		return e.value, nil
	}
	select {
	case <-f.done:
		return f.value, f.err
	default:
		return c.get(ctx, key, load) // it has expired meanwhile
	}
}

// lookup returns the entry of key if it can be used, and whether it can without
// renewing it.
func (c *cache[K, V]) lookup(key K) (e *entry[K, V], fresh bool) {
	e = c.find(key)
	if e == nil {
		return nil, false
	}
	age, old := e.age(c.now())
	if old || age > c.times.usable {
		return nil, false
	}
	if epoch := c.epoch.Load(); e.used.Load() != epoch {
		e.used.Store(epoch)
	}
	return e, age <= c.times.fresh || age <= time.Duration(e.wait.Load())
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
		c.store(key, f.value, since, c.times.usable)
	} else if e := c.find(key); e != nil && c.times.patience > 0 {
		e.wait.Store(int64(c.now().Sub(e.since) + c.times.patience))
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
	c.store(key, v, c.now(), c.times.usable)
}

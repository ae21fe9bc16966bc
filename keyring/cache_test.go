package keyring

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The tests run in synctest bubbles, where time moves only when all wait.

// counted is a load that counts.
type counted struct {
	n    atomic.Int64
	took time.Duration
	err  error
}

func (c *counted) load(ctx context.Context) (int64, error) {
	n := c.n.Add(1)
	select {
	case <-time.After(c.took):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return n, c.err
}

func testCache(ttl time.Duration, bound int) *cache[string, int64] {
	return &cache[string, int64]{newCacheMemory[string, int64](bound), cacheTimes{fresh: ttl, usable: ttl + graceTime}, time.Now, &cacheStats{}, nil}
}

// Spec: Caching most-recent provider, "Java semantics".
func TestCacheAges(t *testing.T) {
	for _, tt := range []struct {
		age  time.Duration
		want int64
	}{
		{0, 1},
		{10 * time.Second, 1},
		{10*time.Second + 1, 2},
		{10*time.Second + 500*time.Millisecond, 2},
		{10*time.Second + 500*time.Millisecond + 1, 2},
		{time.Hour, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, l := testCache(10*time.Second, 10), &counted{}
			if v, err := c.get(t.Context(), "k", l.load); v != 1 || err != nil {
				t.Fatalf("first get = %d, error %v", v, err)
			}
			time.Sleep(tt.age)
			if v, err := c.get(t.Context(), "k", l.load); v != tt.want || err != nil {
				t.Errorf("get at age %v = %d, error %v, want %d", tt.age, v, err, tt.want)
			}
		})
	}
}

// While one caller renews a value in its grace time the others get the old one;
// after it they wait.
func TestCacheGrace(t *testing.T) {
	for _, tt := range []struct {
		age  time.Duration
		want int64 // of the second caller
	}{
		{time.Second + 100*time.Millisecond, 1},
		{time.Second + 600*time.Millisecond, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, l := testCache(time.Second, 10), &counted{}
			if _, err := c.get(t.Context(), "k", l.load); err != nil {
				t.Fatal(err)
			}
			l.took = 50 * time.Millisecond
			time.Sleep(tt.age)
			var wg sync.WaitGroup
			wg.Go(func() {
				if v, err := c.get(t.Context(), "k", l.load); v != 2 || err != nil {
					t.Errorf("age %v: renewing get = %d, error %v, want 2", tt.age, v, err)
				}
			})
			synctest.Wait()
			if v, err := c.get(t.Context(), "k", l.load); v != tt.want || err != nil {
				t.Errorf("age %v: get beside it = %d, error %v, want %d", tt.age, v, err, tt.want)
			}
			wg.Wait()
			if n := l.n.Load(); n != 2 {
				t.Errorf("age %v: %d loads, want 2", tt.age, n)
			}
		})
	}
}

// A value is as old as the question that it answers.
func TestCacheSlowLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := testCache(10*time.Second, 10), &counted{took: 8 * time.Second}
		if v, err := c.get(t.Context(), "k", l.load); v != 1 || err != nil {
			t.Fatalf("get = %d, error %v", v, err)
		}
		time.Sleep(3 * time.Second)
		if v, err := c.get(t.Context(), "k", l.load); v != 2 || err != nil {
			t.Errorf("get 11 s after the load began = %d, error %v, want 2", v, err)
		}
	})
}

func TestCacheStampede(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := testCache(time.Second, 10), &counted{took: time.Second}
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				if v, err := c.get(t.Context(), "k", l.load); v != 1 || err != nil {
					t.Errorf("get = %d, error %v", v, err)
				}
			})
		}
		wg.Wait()
		if n := l.n.Load(); n != 1 {
			t.Errorf("%d loads, want 1", n)
		}
	})
}

// No lock is held during a load: other keys are loaded and found meanwhile.
func TestCacheLoadsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, slow, quick := testCache(time.Minute, 10), &counted{took: time.Hour}, &counted{}
		go c.get(t.Context(), "slow", slow.load)
		synctest.Wait()
		for i := range 5 {
			start := time.Now()
			if _, err := c.get(t.Context(), fmt.Sprint(i), quick.load); err != nil || time.Since(start) != 0 {
				t.Errorf("get beside a slow load took %v, error %v", time.Since(start), err)
			}
		}
		time.Sleep(time.Hour)
	})
}

func TestCacheFailedLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		c, l := testCache(time.Second, 10), &counted{took: time.Millisecond, err: boom}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if v, err := c.get(t.Context(), "k", l.load); v != 0 && err == nil || err != boom {
					t.Errorf("get = %d, error %v, want boom", v, err)
				}
			})
		}
		wg.Wait()
		if n := l.n.Load(); n != 1 {
			t.Errorf("%d loads, want 1", n)
		}
		l.err = nil
		if v, err := c.get(t.Context(), "k", l.load); v != 2 || err != nil {
			t.Errorf("get after a failure = %d, error %v, want 2", v, err)
		}
		// In the grace time a failure is told, and the old value stays for others.
		time.Sleep(time.Second + 100*time.Millisecond)
		l.err = boom
		if _, err := c.get(t.Context(), "k", l.load); err != boom {
			t.Errorf("failed renewal: error %v, want boom", err)
		}
		l.err = nil
		if v, err := c.get(t.Context(), "k", l.load); v != 4 || err != nil {
			t.Errorf("renewal after a failed one = %d, error %v, want 4", v, err)
		}
		if got, want := c.stats.snapshot(), (CacheStats{Hits: 0, Loads: 4, Failures: 2}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

func TestCacheCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := testCache(time.Minute, 10), &counted{took: 10 * time.Second}
		first, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			start := time.Now()
			if _, err := c.get(first, "k", l.load); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled get: error %v", err)
			}
			if took := time.Since(start); took != time.Second {
				t.Errorf("cancelled get took %v, want 1s", took)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if v, err := c.get(t.Context(), "k", l.load); v != 1 || err != nil {
				t.Errorf("get of the one who stays = %d, error %v, want 1", v, err)
			}
		})
		time.Sleep(time.Second)
		cancel() // the one who began the load leaves
		wg.Wait()
	})
}

func TestCacheAllCallersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testCache(24*time.Hour, 10)
		ended := make(chan error, 1)
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), valueKey{}, "trace"), time.Second)
		defer cancel()
		_, err := c.get(ctx, "k", func(ctx context.Context) (int64, error) {
			if _, ok := ctx.Deadline(); ok || ctx.Value(valueKey{}) != "trace" {
				t.Error("the load has its caller's deadline, or not its values")
			}
			<-ctx.Done()
			time.Sleep(time.Hour) // slow to notice
			ended <- ctx.Err()
			return 13, nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want DeadlineExceeded", err)
		}
		// The next caller doesn't wait for the load that was given up.
		l := &counted{}
		if v, err := c.get(t.Context(), "k", l.load); v != 1 || err != nil {
			t.Errorf("get = %d, error %v, want a load of its own", v, err)
		}
		if err := <-ended; err != context.Canceled {
			t.Errorf("the load's context ended with %v", err)
		}
		synctest.Wait()
		if v, err := c.get(t.Context(), "k", l.load); v != 1 || err != nil {
			t.Errorf("get = %d, error %v: the load that was given up was stored", v, err)
		}
	})
}

type valueKey struct{}

// A reason of one's own for ending a context is told.
func TestCacheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("user went away")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		c, l := testCache(time.Minute, 10), &counted{took: time.Second}
		if _, err := c.get(ctx, "k", l.load); !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
			t.Errorf("error %v, want Canceled and the reason", err)
		}
	})
}

func TestCacheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := testCache(time.Minute, 3), &counted{}
		get := func(key string) {
			t.Helper()
			if _, err := c.get(t.Context(), key, l.load); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{"a", "b", "c", "a", "d", "c", "e"} {
			get(key)
			if n := c.size(); n > 3 {
				t.Errorf("%d entries after %q, want 3 at most", n, key)
			}
		}
		loads := l.n.Load()
		for _, key := range []string{"c", "d", "e"} { // a was used before c and d, b before a
			get(key)
		}
		if n := l.n.Load(); n != loads {
			t.Errorf("%d loads of what was used last, want none", n-loads)
		}
	})
}

// A clock that goes back doesn't make an entry last longer, whether it can be loaded
// again or not.
func TestCacheClockGoesBack(t *testing.T) {
	now := time.Now()
	c, l := testCache(time.Minute, 3), &counted{}
	c.now = func() time.Time { return now }
	get := func(want int64, wantErr error) {
		t.Helper()
		if v, err := c.get(t.Context(), "k", l.load); !errors.Is(err, wantErr) || err == nil && v != want {
			t.Errorf("get = %d, %v, want %d, %v", v, err, want, wantErr)
		}
	}
	get(1, nil)
	now = now.Add(-time.Hour)
	get(2, nil)
	get(2, nil)
	now = now.Add(-time.Hour)
	l.err = errors.New("boom")
	get(0, l.err)
	now = now.Add(time.Hour)
	get(0, l.err)
}

// An entry that is too old goes out of memory when its key is asked for, even if
// it can't be loaded again.
func TestCacheDropsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := testCache(time.Second, 3), &counted{}
		if _, err := c.get(t.Context(), "k", l.load); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		l.err = errors.New("boom")
		if _, err := c.get(t.Context(), "k", l.load); err == nil {
			t.Error("no error")
		}
		if n := c.size(); n != 0 {
			t.Errorf("%d entries, want none", n)
		}
	})
}

func TestCacheForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := testCache(time.Hour, 10), &counted{took: 2 * time.Second}
		var wg sync.WaitGroup
		wg.Go(func() {
			if v, err := c.get(t.Context(), "k", l.load); v != 1 || err != nil {
				t.Errorf("get = %d, error %v, want 1", v, err)
			}
		})
		time.Sleep(time.Second)
		c.forget(func(key string) bool { return key == "k" })
		if v, err := c.get(t.Context(), "k", l.load); v != 2 || err != nil {
			t.Errorf("get after forget = %d, error %v, want a load that began after it", v, err)
		}
		wg.Wait()
		if v, err := c.get(t.Context(), "k", l.load); v != 2 || err != nil {
			t.Errorf("get = %d, error %v, want 2", v, err)
		}
	})
}

// A store that ends its goroutine, as t.FailNow does, leaves nobody waiting.
func TestCacheLoadNeverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testCache(time.Hour, 10)
		_, err := c.get(t.Context(), "k", func(context.Context) (int64, error) {
			runtime.Goexit()
			return 1, nil
		})
		if err != errAborted {
			t.Errorf("error %v, want errAborted", err)
		}
	})
}

func TestCacheStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := testCache(time.Hour, 10), &counted{err: errors.New("boom")}
		c.get(t.Context(), "k", l.load)
		l.err = nil
		c.get(t.Context(), "k", l.load)
		c.get(t.Context(), "k", l.load)
		if got, want := c.stats.snapshot(), (CacheStats{Hits: 1, Loads: 2, Failures: 1}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

// With patience, nobody who could use the entry notices that it can't be renewed,
// and it is tried seldom.
func TestCachePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		c, l := testCache(0, 10), &counted{took: time.Millisecond}
		c.times = cacheTimes{fresh: 50 * time.Second, usable: time.Minute, patience: time.Second}
		get := func(want, loads int64) {
			t.Helper()
			if v, err := c.get(t.Context(), "k", l.load); v != want || err != nil {
				t.Errorf("get = %d, error %v, want %d", v, err, want)
			}
			if n := l.n.Load(); n != loads {
				t.Errorf("%d loads, want %d", n, loads)
			}
		}
		get(1, 1)
		time.Sleep(51 * time.Second)
		l.err = boom
		get(1, 2)
		get(1, 2)
		time.Sleep(time.Second + time.Millisecond)
		get(1, 3)
		get(1, 3)
		time.Sleep(time.Minute)
		for loads := range int64(3) { // nothing is left to be patient with
			if v, err := c.get(t.Context(), "k", l.load); err != boom {
				t.Errorf("get of what has expired = %d, error %v, want boom", v, err)
			}
			if n := l.n.Load(); n != 4+loads {
				t.Errorf("%d loads, want %d", n, 4+loads)
			}
		}
		l.err = nil
		get(7, 7)
		if got, want := c.stats.snapshot(), (CacheStats{Hits: 4, Loads: 7, Failures: 5}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

// An entry that expires while it is renewed in vain is not used any more.
func TestCachePatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		c, l := testCache(0, 10), &counted{}
		c.times = cacheTimes{fresh: 50 * time.Second, usable: time.Minute, patience: time.Hour}
		if _, err := c.get(t.Context(), "k", l.load); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Second)
		l.err, l.took = boom, 2*time.Second
		if v, err := c.get(t.Context(), "k", l.load); err != boom {
			t.Errorf("get = %d, error %v, want boom", v, err)
		}
	})
}

// Two caches of one memory: an entry is as good as both of them allow, and one of
// them takes nothing from the other.
func TestCacheSharedMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long, l := testCache(time.Minute, 10), &counted{}
		short := &cache[string, int64]{long.cacheMemory, cacheTimes{fresh: 10 * time.Second, usable: 10 * time.Second}, time.Now, &cacheStats{}, nil}
		get := func(c *cache[string, int64], want int64) {
			t.Helper()
			if v, err := c.get(t.Context(), "k", l.load); v != want || err != nil {
				t.Errorf("get = %d, error %v, want %d", v, err, want)
			}
		}
		get(long, 1)
		get(short, 1)
		time.Sleep(11 * time.Second)
		l.err = errors.New("boom")
		if _, err := short.get(t.Context(), "k", l.load); err == nil {
			t.Error("the stricter cache uses what is too old for it")
		}
		get(long, 1)
		l.err = nil
		get(short, 3)
		time.Sleep(11 * time.Second)
		get(long, 4) // loaded by the stricter cache
		if got, want := long.stats.snapshot(), (CacheStats{Hits: 1, Loads: 2}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
		if got, want := short.stats.snapshot(), (CacheStats{Hits: 1, Loads: 2, Failures: 1}); got != want {
			t.Errorf("stats of the stricter cache %+v, want %+v", got, want)
		}
	})
}

// Who renews an entry that he could use waits no longer than patience lasts, and is
// not failed by his own deadline. The renewal goes on.
func TestCacheRenewerLeaves(t *testing.T) {
	for _, deadline := range []time.Duration{100 * time.Millisecond, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			c, l := testCache(0, 10), &counted{}
			c.times = cacheTimes{fresh: 50 * time.Second, usable: time.Minute, patience: time.Second}
			if _, err := c.get(t.Context(), "k", l.load); err != nil {
				t.Fatal(err)
			}
			time.Sleep(51 * time.Second)
			l.took = 3 * time.Second
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			start := time.Now()
			if v, err := c.get(ctx, "k", l.load); v != 1 || err != nil {
				t.Errorf("deadline %v: renewing get = %d, error %v, want 1", deadline, v, err)
			}
			if took, want := time.Since(start), min(deadline, time.Second); took != want {
				t.Errorf("deadline %v: renewing get took %v, want %v", deadline, took, want)
			}
			time.Sleep(3 * time.Second)
			if v, err := c.get(t.Context(), "k", l.load); v != 2 || err != nil {
				t.Errorf("deadline %v: get after it = %d, error %v, want 2", deadline, v, err)
			}
		})
	}
}

// A renewal that brings nothing until the entry has expired is one that callers wait
// for like any other, and ends with the last of them.
func TestCacheRenewalHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, l := testCache(0, 10), &counted{}
		c.times = cacheTimes{fresh: 50 * time.Second, usable: time.Minute, patience: time.Second}
		if _, err := c.get(t.Context(), "k", l.load); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59*time.Second + 500*time.Millisecond)
		ended := make(chan error, 1)
		hang := func(ctx context.Context) (int64, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return 0, ctx.Err()
		}
		var renewer sync.WaitGroup
		renewer.Go(func() { // for whom there is no entry any more when patience ends
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if v, err := c.get(ctx, "k", hang); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("renewing get = %d, error %v, want DeadlineExceeded", v, err)
			}
		})
		synctest.Wait()
		if v, err := c.get(t.Context(), "k", hang); v != 1 || err != nil {
			t.Errorf("get beside it = %d, error %v, want 1", v, err)
		}
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if v, err := c.get(ctx, "k", hang); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("get of what has expired = %d, error %v, want DeadlineExceeded", v, err)
		}
		renewer.Wait()
		if err := <-ended; err != context.Canceled {
			t.Errorf("the renewal's context ended with %v", err)
		}
		if v, err := c.get(t.Context(), "k", l.load); v != 2 || err != nil {
			t.Errorf("get after that = %d, error %v, want a load of its own", v, err)
		}
		synctest.Wait()
		if got, want := c.stats.snapshot(), (CacheStats{Hits: 1, Loads: 3, Failures: 1}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}

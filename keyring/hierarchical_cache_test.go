package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/keyring"
)

// Calls of the store: none within the time to live.
func TestHierarchicalCalls(t *testing.T) {
	store, clk := newBranchKeys("branch"), &clock{}
	h := hierarchical(t, store, keyring.WithTTL(ttl), keyring.WithGracePeriod(0), keyring.WithClock(clk.Now))
	first := wrap(t, h)
	store.expectCalls(t, "first item written", "active branch")
	mustUnwrap(t, h, first)
	store.expectCalls(t, "first item read", "version branch")
	for range 10 {
		mustUnwrap(t, h, wrap(t, h))
	}
	store.expectCalls(t, "within the time to live")

	old, current := store.versions["branch"][0].Version, store.rotate("branch").Version
	clk.Advance(ttl)
	if got := versionIn(wrap(t, h)[0]); got != old {
		t.Errorf("at the time to live items are written with %s, want %s", got, old)
	}
	store.expectCalls(t, "at the time to live")
	clk.Advance(time.Nanosecond)
	second := wrap(t, h)
	if got := versionIn(second[0]); got != current {
		t.Errorf("after the time to live items are written with %s, want %s", got, current)
	}
	store.expectCalls(t, "after the time to live", "active branch")
	mustUnwrap(t, h, second)
	mustUnwrap(t, h, first)
	store.expectCalls(t, "reading the new and the old version", "version branch", "version branch")
	mustUnwrap(t, h, second)
	mustUnwrap(t, h, first)
	store.expectCalls(t, "reading them again")

	h.Refresh()
	wrap(t, h)
	mustUnwrap(t, h, first)
	store.expectCalls(t, "after Refresh", "active branch", "version branch")
	if got, want := h.Stats(), (keyring.CacheStats{Hits: 23, Loads: 7}); got != want {
		t.Errorf("Stats = %+v, want %+v", got, want)
	}
}

// Each way in which a store can take a key away, for writing and reading, old
// versions and new ones. A failure is not remembered either.
func TestHierarchicalRevocation(t *testing.T) {
	revoked := fmt.Errorf("%w: disabled", keyring.ErrKeyRefused)
	for name, grace := range map[string]time.Duration{"with grace period": ttl / 2, "without": 0} {
		t.Run(name, func(t *testing.T) {
			store, clk := newBranchKeys("branch"), &clock{}
			h := hierarchical(t, store, keyring.WithTTL(ttl), keyring.WithGracePeriod(grace), keyring.WithClock(clk.Now))
			old := wrap(t, h)
			store.rotate("branch")
			h.Refresh()
			current := wrap(t, h)
			mustUnwrap(t, h, old)
			mustUnwrap(t, h, current)

			store.set(func() { store.fail = func(context.Context, string) error { return revoked } })
			for range 10 { // to the end of the time to live
				clk.Advance(ttl / 10)
				wrap(t, h)
				mustUnwrap(t, h, old)
				mustUnwrap(t, h, current)
			}
			clk.Advance(time.Nanosecond)
			for range 3 {
				if got, err := h.WrapKey(t.Context(), someContext(t), counting(32)); got != nil || !errors.Is(err, keyring.ErrKeyRefused) {
					t.Errorf("writing after revocation = %v, %v, want ErrKeyRefused", got, err)
				}
				for name, keys := range map[string][]crypt.EncryptedDataKey{"old": old, "current": current} {
					if err := unwrap(t, h, keys); !errors.Is(err, keyring.ErrKeyRefused) {
						t.Errorf("reading the %s version after revocation: %v, want ErrKeyRefused", name, err)
					}
				}
			}
			store.set(func() { store.fail, store.versions = nil, map[string][]*keyring.BranchKey{} })
			if err := unwrap(t, h, current); !errors.Is(err, crypt.ErrNoKey) {
				t.Errorf("reading after the branch key was deleted: %v, want ErrNoKey", err)
			}
		})
	}
}

// 64 goroutines on a cold cache cause one call, and all get its answer.
func TestHierarchicalStampede(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBranchKeys("branch")
		h := hierarchical(t, store)
		// asAnswered runs f 64 times at once while the store is silent.
		asAnswered := func(f func(i int)) {
			store.set(func() { store.block = make(chan struct{}) })
			var all sync.WaitGroup
			for i := range 64 {
				all.Go(func() { f(i) })
			}
			synctest.Wait()
			close(store.block)
			all.Wait()
		}
		items := make([][]crypt.EncryptedDataKey, 64)
		asAnswered(func(i int) { items[i] = wrap(t, h) })
		store.expectCalls(t, "writing", "active branch")
		asAnswered(func(i int) { mustUnwrap(t, h, items[i]) })
		store.expectCalls(t, "reading", "version branch")

		// A failure is that of all who waited for it, and of nobody after them.
		h.Refresh()
		boom := errors.New("boom")
		store.set(func() { store.fail = func(context.Context, string) error { return boom } })
		asAnswered(func(int) {
			if _, err := h.WrapKey(t.Context(), someContext(t), counting(32)); !errors.Is(err, boom) {
				t.Errorf("WrapKey: %v, want boom", err)
			}
		})
		store.expectCalls(t, "writing in vain", "active branch")
		store.set(func() { store.fail = nil })
		asAnswered(func(int) { wrap(t, h) })
		store.expectCalls(t, "writing after that", "active branch")
		if got, want := h.Stats(), (keyring.CacheStats{Loads: 4, Failures: 1}); got != want {
			t.Errorf("Stats = %+v, want %+v", got, want)
		}
	})
}

// Without grace 64 goroutines wait together at the end of each time to live; with it
// one renews and nobody waits.
func TestHierarchicalRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBranchKeys("branch")
		h := hierarchical(t, store, keyring.WithTTL(time.Minute))
		wrap(t, h)
		store.expectCalls(t, "cold", "active branch")
		time.Sleep(50 * time.Second)
		wrap(t, h)
		store.expectCalls(t, "before the grace period")

		time.Sleep(time.Second)
		store.set(func() { store.block = make(chan struct{}) })
		var renewed sync.WaitGroup
		renewed.Go(func() { wrap(t, h) })
		synctest.Wait()
		var others sync.WaitGroup
		for range 64 {
			others.Go(func() { wrap(t, h) })
		}
		others.Wait() // while the store doesn't answer
		store.expectCalls(t, "in the grace period", "active branch")
		close(store.block)
		renewed.Wait()
		time.Sleep(49 * time.Second)
		wrap(t, h)
		store.expectCalls(t, "after the renewal")
	})
}

// A store that fails in the grace period is noticed by hooks and nobody else, and
// asked once a second at most.
func TestHierarchicalRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBranchKeys("branch")
		var told []error // of each question to the store
		h := hierarchical(t, store, keyring.WithTTL(time.Minute), keyring.WithHooks(&hook.Hooks{KeyLoaded: func(_ context.Context, e hook.KeyLoad) {
			if !e.Cached {
				told = append(told, e.Err)
			}
		}}))
		keys := wrap(t, h)
		boom := errors.New("boom")
		store.set(func() { store.fail = func(context.Context, string) error { return boom } })
		store.takeCalls()
		time.Sleep(50*time.Second + time.Millisecond)
		for range 99 { // to 59.9 s
			wrap(t, h)
			time.Sleep(100 * time.Millisecond)
		}
		calls := len(store.takeCalls())
		if calls < 5 || calls > 10 {
			t.Errorf("%d calls in the grace period, want about 9", calls)
		}
		if len(told) != calls+1 {
			t.Errorf("hooks were told of %d questions, want %d", len(told), calls+1)
		}
		time.Sleep(time.Second)
		if got, err := h.WrapKey(t.Context(), someContext(t), counting(32)); got != nil || !errors.Is(err, boom) {
			t.Errorf("WrapKey after the time to live = %v, %v, want boom", got, err)
		}
		store.set(func() { store.fail = nil })
		mustUnwrap(t, h, append(keys, wrap(t, h)...))
		for i, err := range told {
			if first, last := i == 0, i >= len(told)-2; errors.Is(err, boom) == (first || last) {
				t.Errorf("hooks were told %v of question %d of %d", err, i+1, len(told))
			}
		}
	})
}

// The caller who asked the store leaves; those who wait with him don't notice. When
// all have left, the store's context ends.
func TestHierarchicalWaitersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBranchKeys("branch")
		store.block = make(chan struct{})
		h := hierarchical(t, store)
		first, cancel := context.WithCancel(t.Context())
		hurried, cancelHurried := context.WithTimeout(t.Context(), time.Second)
		defer cancelHurried()
		var all sync.WaitGroup
		ask := func(ctx context.Context, want error) {
			all.Go(func() {
				if _, err := h.WrapKey(ctx, someContext(t), counting(32)); !errors.Is(err, want) {
					t.Errorf("WrapKey: %v, want %v", err, want)
				}
			})
			synctest.Wait()
		}
		ask(first, context.Canceled)
		ask(hurried, context.DeadlineExceeded)
		ask(t.Context(), nil)
		cancel()
		time.Sleep(2 * time.Second)
		close(store.block)
		all.Wait()
		store.expectCalls(t, "one who stays", "active branch")

		h.Refresh()
		store.set(func() { store.block = make(chan struct{}) }) // for ever
		hurried, cancelHurried = context.WithTimeout(t.Context(), time.Second)
		defer cancelHurried()
		ask(hurried, context.DeadlineExceeded)
		ask(hurried, context.DeadlineExceeded)
		all.Wait()
		synctest.Wait() // the store's goroutine has ended, or the test would not
	})
}

// Many tenants in one small cache: no more than fit are kept, and each gets its own.
func TestHierarchicalCapacity(t *testing.T) {
	store := newBranchKeys("a", "b", "c")
	cache, err := keyring.NewBranchKeyCache(2)
	if err != nil {
		t.Fatal(err)
	}
	tenant := func(key struct{ PK string }) (string, error) { return key.PK, nil }
	for name, opt := range map[string]keyring.HierarchicalOption{"own": keyring.WithCacheSize(2), "shared": keyring.WithBranchKeyCache(cache)} {
		h, err := keyring.NewHierarchicalByKey(store, tenant, opt)
		if err != nil {
			t.Fatal(err)
		}
		write := func(tenant string) {
			t.Helper()
			wrapped, err := h.WrapKey(t.Context(), tenantContext(t, tenant), counting(32))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(wrapped[0].ProviderInfo); got != tenant {
				t.Errorf("%s: data key of %q for tenant %q", name, got, tenant)
			}
		}
		for _, tenant := range []string{"a", "b", "a", "c", "a", "a", "b"} {
			write(tenant)
		}
		store.expectCalls(t, name, "active a", "active b", "active c", "active b")
	}
	if n := cache.Len(); n != 2 {
		t.Errorf("%d branch keys in the cache, want 2", n)
	}
}

// Hundreds of tenants at once with one keyring, written and read by 64 goroutines.
func TestHierarchicalTenants(t *testing.T) {
	var ids []string
	for i := range 300 {
		ids = append(ids, fmt.Sprintf("tenant-%d", i))
	}
	store := newBranchKeys(ids...)
	h, err := keyring.NewHierarchicalByKey(store, func(key struct{ PK string }) (string, error) { return key.PK, nil })
	if err != nil {
		t.Fatal(err)
	}
	work := func(worker int) {
		for i := range 60 { // some of them others' too
			tenant := ids[(i+worker*5)%len(ids)]
			kc := tenantContext(t, tenant)
			wrapped, err := h.WrapKey(t.Context(), kc, counting(32))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := h.UnwrapKey(t.Context(), kc, stored(wrapped)); err != nil || string(wrapped[0].ProviderInfo) != tenant {
				t.Errorf("tenant %q: %v, or another's data key", tenant, err)
				return
			}
		}
	}
	var all sync.WaitGroup
	for worker := range 64 {
		all.Go(func() { work(worker) })
	}
	all.Wait()
	if got := len(store.takeCalls()); got != 2*len(ids) {
		t.Errorf("%d calls, want %d", got, 2*len(ids))
	}
	stats := h.Stats()
	if stats.Loads != int64(2*len(ids)) || stats.Failures != 0 {
		t.Errorf("Stats = %+v", stats)
	}
}

// Whatever happens at the same time, nobody gets another key or an error that is not
// his: entries that expire, rotations, a store that fails, callers who leave, a cache
// that is too small and emptied.
func TestHierarchicalUnrest(t *testing.T) {
	ids := []string{"a", "b", "c", "d", "e"}
	store := newBranchKeys(ids...)
	boom := errors.New("boom")
	store.fail = func(context.Context, string) error {
		if rand.IntN(4) == 0 {
			return boom
		}
		return nil
	}
	cache, err := keyring.NewBranchKeyCache(6)
	if err != nil {
		t.Fatal(err)
	}
	var keyrings []*keyring.Hierarchical
	for range 2 {
		h, err := keyring.NewHierarchicalByKey(store, func(key struct{ PK string }) (string, error) { return key.PK, nil },
			keyring.WithTTL(time.Millisecond), keyring.WithBranchKeyCache(cache), keyring.WithPartition("p"))
		if err != nil {
			t.Fatal(err)
		}
		keyrings = append(keyrings, h)
	}
	expected := func(err error) bool { return errors.Is(err, boom) || errors.Is(err, context.Canceled) }
	done := make([]int, 64)
	var all sync.WaitGroup
	for worker := range done {
		all.Go(func() {
			for i := range 50 {
				id, h := ids[rand.IntN(len(ids))], keyrings[rand.IntN(2)]
				switch {
				case i%20 == 0 && worker == 0:
					store.rotate(id)
				case i%20 == 10 && worker == 0:
					h.Refresh()
				}
				ctx, cancel := context.WithCancel(t.Context())
				if rand.IntN(4) == 0 {
					time.AfterFunc(time.Duration(rand.IntN(100))*time.Microsecond, cancel)
				}
				kc, dataKey := tenantContext(t, id), randomBytes(crypt.DataKeySize)
				wrapped, err := h.WrapKey(ctx, kc, dataKey)
				if err == nil {
					var got *crypt.UnwrappedKey
					if got, err = h.UnwrapKey(ctx, kc, stored(wrapped)); err == nil {
						done[worker]++
						if !bytes.Equal(got.DataKey, dataKey) || string(wrapped[0].ProviderInfo) != id {
							t.Errorf("another key than that of %q", id)
						}
					}
				}
				if err != nil && !expected(err) {
					t.Errorf("branch key %q: %v", id, err)
				}
				cancel()
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range done {
		total += n
	}
	if total == 0 {
		t.Error("nothing was ever read")
	}
	if n := cache.Len(); n > 6 {
		t.Errorf("%d branch keys in the cache, want at most 6", n)
	}
}

// Keyrings of one cache see each other's branch keys in the same partition and with
// stores of the same name, and not otherwise. DB-ESDK spec: materials, "Cache entry
// ids".
func TestBranchKeyCachePartitions(t *testing.T) {
	cache, err := keyring.NewBranchKeyCache(100)
	if err != nil {
		t.Fatal(err)
	}
	store := newBranchKeys("branch", "other")
	share := keyring.WithBranchKeyCache(cache)
	first := hierarchical(t, store, share, keyring.WithPartition("p"))
	keys := wrap(t, first)
	mustUnwrap(t, first, keys)
	store.takeCalls()

	for _, tt := range []struct {
		name  string
		opts  []keyring.HierarchicalOption
		calls []string
	}{
		{"same partition", []keyring.HierarchicalOption{share, keyring.WithPartition("p")}, nil},
		{"another partition", []keyring.HierarchicalOption{share, keyring.WithPartition("q")}, []string{"active branch", "version branch"}},
		{"no partition", []keyring.HierarchicalOption{share}, []string{"active branch", "version branch"}},
		{"no partition again", []keyring.HierarchicalOption{share}, []string{"active branch", "version branch"}},
		{"same partition, own cache", []keyring.HierarchicalOption{keyring.WithPartition("p")}, []string{"active branch", "version branch"}},
	} {
		h := hierarchical(t, store, tt.opts...)
		wrap(t, h)
		mustUnwrap(t, h, keys)
		store.expectCalls(t, tt.name, tt.calls...)
		if got := h.Stats(); got.Loads != int64(len(tt.calls)) {
			t.Errorf("%s: Stats = %+v", tt.name, got)
		}
	}

	// The same partition of a store with another name, where all else is the same.
	renamed := newBranchKeys()
	renamed.name, renamed.versions = "other keys", store.versions
	h := hierarchical(t, renamed, share, keyring.WithPartition("p"))
	mustUnwrap(t, h, wrap(t, h))
	renamed.expectCalls(t, "another store", "active branch", "version branch")

	// Another branch key with the same version, which nobody made.
	twin, err := keyring.NewBranchKey("other", store.versions["branch"][0].Version, counting(32))
	if err != nil {
		t.Fatal(err)
	}
	store.versions["other"] = []*keyring.BranchKey{twin}
	other, err := keyring.NewHierarchical(store, "other", share, keyring.WithPartition("p"))
	if err != nil {
		t.Fatal(err)
	}
	mustUnwrap(t, other, wrap(t, other))
	store.expectCalls(t, "another branch key", "active other", "version other")

	// Refresh takes from others only what it shares with them.
	n := cache.Len()
	h.Refresh()
	if got := cache.Len(); got != n-2 {
		t.Errorf("Refresh of one of many removed %d branch keys, want 2", n-got)
	}
	mustUnwrap(t, first, wrap(t, first))
	store.expectCalls(t, "after Refresh of another store")
}

// The time to live is that of who asks.
func TestBranchKeyCacheTimes(t *testing.T) {
	cache, err := keyring.NewBranchKeyCache(100)
	if err != nil {
		t.Fatal(err)
	}
	store, clk := newBranchKeys("branch"), &clock{}
	open := func(ttl time.Duration) *keyring.Hierarchical {
		return hierarchical(t, store, keyring.WithTTL(ttl), keyring.WithClock(clk.Now), keyring.WithBranchKeyCache(cache), keyring.WithPartition("p"))
	}
	patient, strict := open(time.Hour), open(time.Minute)
	wrap(t, patient)
	store.expectCalls(t, "cold", "active branch")
	clk.Advance(time.Minute + 1)
	wrap(t, patient)
	store.expectCalls(t, "who may use it for an hour")
	wrap(t, strict)
	store.expectCalls(t, "who may use it for a minute", "active branch")
}

func tenantContext(t testing.TB, tenant string) *crypt.KeyContext {
	t.Helper()
	return keyContext(t, map[string]string{
		"aws-crypto-table-name": "T", "aws-crypto-partition-name": "PK", "aws-crypto-attr.PK": tenant, "aws-crypto-legend": "S",
	})
}

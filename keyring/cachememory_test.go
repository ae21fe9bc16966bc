package keyring

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// What leaves a full memory is always an entry that was not used after the others,
// as far as uses between two stores are told apart.
func TestCacheMemoryDropsTheLeastRecentlyUsed(t *testing.T) {
	const bound = 200 // several maps
	c := testCache(time.Hour, bound)
	if len(c.maps) < 2 {
		t.Fatal("only one map")
	}
	stores, used := 0, map[string]int{} // key to the number of stores before its last use
	for range 5000 {
		key := fmt.Sprint(rand.IntN(3 * bound))
		if _, ok := used[key]; ok && rand.IntN(10) > 0 {
			if _, ok := c.hit(t.Context(), key); !ok {
				t.Fatalf("%q is gone", key)
			}
			used[key] = stores
			continue
		}
		c.put(key, 1)
		stores++
		used[key] = stores
		least := math.MaxInt
		for _, n := range used {
			least = min(least, n)
		}
		for key, n := range used {
			if c.find(key) != nil {
				continue
			}
			if delete(used, key); n != least {
				t.Fatalf("%q was dropped, used after %d stores, while another one was not since %d", key, n, least)
			}
		}
		if len(used) > bound || len(used) != c.size() {
			t.Fatalf("%d entries of %d, want at most %d", len(used), c.size(), bound)
		}
	}
	c.forget(func(key string) bool { return key[0] != '1' })
	for key := range used {
		if (c.find(key) != nil) != (key[0] == '1') {
			t.Errorf("%q after the others were forgotten", key)
		}
	}
}

// A store copies no more of a large memory than of a small one.
func TestCacheMemoryOfManyEntries(t *testing.T) {
	const bound = 20_000
	c := testCache(time.Hour, bound)
	for i := range 2 * bound {
		c.put(fmt.Sprint(i), 1)
	}
	if n := c.size(); n != bound {
		t.Errorf("%d entries, want %d", n, bound)
	}
	largest := 0
	for i := range c.maps {
		largest = max(largest, len(*c.maps[i].Load()))
	}
	if largest > 4*entriesPerMap {
		t.Errorf("a map of %d entries, want about %d", largest, entriesPerMap)
	}
}

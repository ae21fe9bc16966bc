package ordered

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
)

// TestMapAgainstModel drives a Map and a Go map through the same random
// changes and compares what they hold, in both directions and from the middle.
func TestMapAgainstModel(t *testing.T) {
	for _, space := range []int{10, 500, 20_000} {
		t.Run(fmt.Sprintf("keys=%d", space), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(space), 1))
			var m Map[int]
			model := map[string]int{}
			for step := range 60_000 {
				key := fmt.Sprint("k", rng.IntN(space))
				if grow := step/10_000%2 == 0; rng.IntN(10) < 3 == grow {
					_, want := model[key]
					if got := m.Delete(key); got != want {
						t.Fatalf("step %d: Delete(%q) = %v, want %v", step, key, got, want)
					}
					delete(model, key)
				} else {
					m.Set(key, step)
					model[key] = step
				}
				if step%5_000 == 0 {
					compare(t, &m, model, fmt.Sprint("k", rng.IntN(space)))
				}
			}
			for key := range model {
				if !m.Delete(key) {
					t.Fatalf("Delete(%q) = false for a key that was there", key)
				}
			}
			compare(t, &m, nil, "k")
		})
	}
}

func compare(t *testing.T, m *Map[int], model map[string]int, pivot string) {
	t.Helper()
	check(t, m.root, true)
	var keys, after, before []string
	for key, want := range model {
		keys = append(keys, key)
		if got, ok := m.Get(key); !ok || got != want {
			t.Fatalf("Get(%q) = %d, %v, want %d", key, got, ok, want)
		}
	}
	sort.Strings(keys)
	for _, key := range keys {
		if key >= pivot {
			after = append(after, key)
		} else {
			before = append([]string{key}, before...)
		}
	}
	if m.Len() != len(keys) {
		t.Fatalf("Len() = %d, want %d", m.Len(), len(keys))
	}
	if got := collect(m.Ascend, ""); !slices.Equal(got, keys) {
		t.Fatalf("Ascend from the start gives %d keys, want %d", len(got), len(keys))
	}
	if got := collect(m.Ascend, pivot); !slices.Equal(got, after) {
		t.Fatalf("Ascend(%q) = %v, want %v", pivot, got, after)
	}
	if got := collect(m.Descend, pivot); !slices.Equal(got, before) {
		t.Fatalf("Descend(%q) = %v, want %v", pivot, got, before)
	}
}

func collect(walk func(string, func(string, int) bool), from string) (keys []string) {
	walk(from, func(key string, _ int) bool {
		keys = append(keys, key)
		return true
	})
	return keys
}

// check fails unless every node but the root holds a lawful number of entries
// and all leaves are equally deep. It returns the height of n.
func check(t *testing.T, n *node[int], root bool) int {
	t.Helper()
	if n == nil {
		return 0
	}
	if len(n.entries) > maxEntries || !root && len(n.entries) < minEntries {
		t.Fatalf("a node has %d entries, want %d to %d", len(n.entries), minEntries, maxEntries)
	}
	if len(n.children) == 0 {
		return 1
	}
	if len(n.children) != len(n.entries)+1 {
		t.Fatalf("a node of %d entries has %d children", len(n.entries), len(n.children))
	}
	height := check(t, n.children[0], false)
	for _, child := range n.children[1:] {
		if h := check(t, child, false); h != height {
			t.Fatalf("leaves at depths %d and %d", height, h)
		}
	}
	return height + 1
}

func TestWalksStop(t *testing.T) {
	var m Map[int]
	for i := range 1000 {
		m.Set(fmt.Sprintf("%04d", i), i)
	}
	var got []string
	m.Ascend("0500", func(key string, _ int) bool {
		got = append(got, key)
		return len(got) < 3
	})
	m.Descend("0500", func(key string, _ int) bool {
		got = append(got, key)
		return len(got) < 6
	})
	if want := "0500 0501 0502 0499 0498 0497"; strings.Join(got, " ") != want {
		t.Errorf("walks visit %v, want %s", got, want)
	}
}

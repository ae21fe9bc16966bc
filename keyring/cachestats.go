package keyring

import (
	"math/rand/v2"
	"sync/atomic"
)

// CacheStats counts what a cache did since it was made.
type CacheStats struct {
	Hits     int64 // answered from the cache
	Loads    int64 // asked of the store, failures included
	Failures int64 // of these, failed
}

// cacheStats counts for [CacheStats].
type cacheStats struct {
	hits            counter
	loads, failures atomic.Int64
}

// loaded counts one load.
func (s *cacheStats) loaded(err error) {
	s.loads.Add(1)
	if err != nil {
		s.failures.Add(1)
	}
}

func (s *cacheStats) snapshot() CacheStats {
	return CacheStats{Hits: s.hits.sum(), Loads: s.loads.Load(), Failures: s.failures.Load()}
}

// A counter counts on many cores at once without their waiting for each other:
// each count goes to one of several places, far enough apart in memory.
type counter [16]struct {
	n atomic.Int64
	_ [56]byte // fills a cache line of 64 bytes
}

func (c *counter) add() { c[rand.Uint32()%uint32(len(c))].n.Add(1) }

func (c *counter) sum() int64 {
	var sum int64
	for i := range c {
		sum += c[i].n.Load()
	}
	return sum
}

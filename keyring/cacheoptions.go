package keyring

import (
	"fmt"
	"time"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
)

// A CacheOption is for whatever keeps keys in memory: [MostRecent] providers and
// [Hierarchical] keyrings.
type CacheOption interface {
	MostRecentOption
	HierarchicalOption
}

type cacheConfig struct {
	size  int
	now   func() time.Time
	hooks *hook.Hooks
}

type cacheOption func(*cacheConfig)

func (f cacheOption) applyMostRecent(c *mostRecentConfig) { f(&c.cacheConfig) }

func (f cacheOption) applyHierarchical(c *hierarchicalConfig) { f(&c.cacheConfig) }

func newCacheConfig() cacheConfig { return cacheConfig{size: 1000, now: time.Now} }

func (c *cacheConfig) check(ttl time.Duration) error {
	switch {
	case c.now == nil:
		return fmt.Errorf("%w: clock is nil", crypt.ErrConfig)
	case ttl < time.Millisecond:
		return fmt.Errorf("%w: time to live is %v, want at least 1ms", crypt.ErrConfig, ttl)
	case c.size < 1:
		return fmt.Errorf("%w: cache size is %d, want at least 1", crypt.ErrConfig, c.size)
	}
	return nil
}

// WithCacheSize bounds the number of keys that are kept: of a [MostRecent]
// provider, that of versions and that of material names; of a [Hierarchical]
// keyring, that of versions of branch keys, where the active one counts beside the
// same version as items name it. The default is 1000. The least recently used ones
// go first.
func WithCacheSize(entries int) CacheOption {
	return cacheOption(func(c *cacheConfig) { c.size = entries })
}

// A ClockOption is for whatever looks at a clock: caches, and [BranchKeyStore].
type ClockOption interface {
	CacheOption
	BranchKeyStoreOption
}

type clockOption func() time.Time

func (now clockOption) applyMostRecent(c *mostRecentConfig)     { c.now = now }
func (now clockOption) applyHierarchical(c *hierarchicalConfig) { c.now = now }
func (now clockOption) applyBranchKeyStore(s *BranchKeyStore)   { s.now = now }

// WithClock replaces the clock, for tests of what happens when time passes. Now
// must not go backwards, and is called from many goroutines at once.
func WithClock(now func() time.Time) ClockOption { return clockOption(now) }

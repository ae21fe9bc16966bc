package keyring

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/ddbenc/ddbenc/crypt"
)

// A HierarchicalOption changes what [NewHierarchical], [NewHierarchicalByItem] and
// [NewHierarchicalByKey] return. Every [CacheOption] is one.
type HierarchicalOption interface{ applyHierarchical(*hierarchicalConfig) }

type hierarchicalOption func(*hierarchicalConfig)

func (f hierarchicalOption) applyHierarchical(c *hierarchicalConfig) { f(c) }

type hierarchicalConfig struct {
	cacheConfig
	ttl       time.Duration
	grace     *time.Duration // nil: the default
	shared    *BranchKeyCache
	isShared  bool
	partition *string
}

const (
	defaultTTL   = 10 * time.Minute
	defaultGrace = 10 * time.Second

	// renewalPatience is how long a caller waits for a renewal, and how long nobody
	// tries again after one failed.
	renewalPatience = time.Second
)

// WithTTL sets for how long a branch key is used before the store is asked again,
// at least a millisecond. This is the time that a revoked key goes on working. The
// default is 10 minutes.
func WithTTL(d time.Duration) HierarchicalOption {
	return hierarchicalOption(func(c *hierarchicalConfig) { c.ttl = d })
}

// WithGracePeriod sets for how long before the end of its time to live a branch key
// is renewed: the first caller in that time asks the store, and the others use what
// is there meanwhile. If the store fails or takes longer than a second, that caller
// uses it too; after a failure nobody asks again for a second. The grace period has
// to be less than the time to live. Zero makes callers wait at the end of each time
// to live. The default is 10 seconds, or half the time to live if that is less.
func WithGracePeriod(d time.Duration) HierarchicalOption {
	return hierarchicalOption(func(c *hierarchicalConfig) { c.grace = &d })
}

// WithBranchKeyCache makes the keyring use a cache that others use too. Its size is
// then that of the cache, and [WithCacheSize] has no effect.
func WithBranchKeyCache(cache *BranchKeyCache) HierarchicalOption {
	return hierarchicalOption(func(c *hierarchicalConfig) { c.shared, c.isShared = cache, true })
}

// WithPartition lets keyrings that have the same [BranchKeyCache] and the same
// partition use each other's branch keys, if their stores have the same logical
// name. Without it each keyring sees only what it loaded itself. Keyrings of one
// partition have to be meant for the same purpose and trust the same stores: what
// one of them was refused, another may have loaded.
func WithPartition(id string) HierarchicalOption {
	return hierarchicalOption(func(c *hierarchicalConfig) { c.partition = &id })
}

// newHierarchicalConfig applies opts and checks the result.
func newHierarchicalConfig(opts []HierarchicalOption) (*hierarchicalConfig, error) {
	c := &hierarchicalConfig{cacheConfig: newCacheConfig(), ttl: defaultTTL}
	for _, opt := range opts {
		opt.applyHierarchical(c)
	}
	if err := c.check(c.ttl); err != nil {
		return nil, err
	}
	switch {
	case c.grace != nil && (*c.grace < 0 || *c.grace >= c.ttl):
		return nil, fmt.Errorf("%w: grace period is %v, want less than the time to live, %v", crypt.ErrConfig, *c.grace, c.ttl)
	case c.isShared && (c.shared == nil || c.shared.memory == nil):
		return nil, fmt.Errorf("%w: cache was not made by NewBranchKeyCache", crypt.ErrConfig)
	case c.partition != nil && *c.partition == "":
		return nil, fmt.Errorf("%w: partition is empty", crypt.ErrConfig)
	}
	return c, nil
}

// memory returns where branch keys are kept.
func (c *hierarchicalConfig) memory() *cacheMemory[branchCacheKey, *branchVersion] {
	if c.isShared {
		return c.shared.memory
	}
	return newCacheMemory[branchCacheKey, *branchVersion](c.size)
}

// partitionID returns a name that keyrings of the same partition share. DB-ESDK
// spec: materials, "Cache entry ids".
func (c *hierarchicalConfig) partitionID() string {
	if c.partition != nil {
		return "partition " + *c.partition
	}
	return "keyring " + rand.Text()
}

func (c *hierarchicalConfig) times() cacheTimes {
	grace := min(defaultGrace, c.ttl/2)
	if c.grace != nil {
		grace = *c.grace
	}
	return cacheTimes{fresh: c.ttl - grace, usable: c.ttl, patience: renewalPatience}
}

package keyring

import (
	"fmt"
	"log/slog"

	"github.com/ddbenc/ddbenc/crypt"
)

// A BranchKeyCache keeps branch keys for several [Hierarchical] keyrings, so that
// all of them together keep no more than its capacity. The least recently used
// ones go first. Each keyring sees only what it loaded itself, unless it shares a
// partition with others: see [WithPartition]. It is safe for concurrent use.
//
// A keyring that isn't given one has a cache of its own. DB-ESDK spec: materials,
// "Cache types", "Shared".
type BranchKeyCache struct {
	memory *cacheMemory[branchCacheKey, *branchVersion]
}

// NewBranchKeyCache returns a cache of capacity branch keys; the active version of
// a branch key counts beside the same version as items name it. The error wraps
// [crypt.ErrConfig].
func NewBranchKeyCache(capacity int) (*BranchKeyCache, error) {
	if capacity < 1 {
		return nil, fmt.Errorf("%w: cache size is %d, want at least 1", crypt.ErrConfig, capacity)
	}
	return &BranchKeyCache{newCacheMemory[branchCacheKey, *branchVersion](capacity)}, nil
}

// Len returns the number of branch keys in the cache.
func (c *BranchKeyCache) Len() int { return c.memory.size() }

// Format prints c without keys under every verb.
func (c *BranchKeyCache) Format(f fmt.State, _ rune) { redact(f, "BranchKeyCache") }

// LogValue prints c without keys in logs.
func (c *BranchKeyCache) LogValue() slog.Value { return slog.StringValue("BranchKeyCache(REDACTED)") }

// A branchCacheKey identifies an entry of a cache. The other clients hash the same
// parts. DB-ESDK spec: materials, "Cache entry ids".
type branchCacheKey struct {
	partition string
	store     string // logical name
	id        string
	active    bool            // the version to write with
	version   branchVersionID // otherwise
}

package keyring

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
)

// Hierarchical is a DB-ESDK keyring that encrypts data keys under a branch key from
// a [BranchKeyStore], and keeps branch keys for a time to live: most items cost no call
// at all. Items are written with the active version of the branch key and read
// with the version that they name. With a supplier instead of a fixed id, one
// keyring serves any number of tenants, each with a branch key of its own.
//
// A branch key that was deleted, or whose KMS key was disabled or may not be used
// any more, stops working within the time to live, for reading as for writing. A
// new version is used for writing within the same time.
//
// It is safe for concurrent use. When many callers miss the cache at the same time
// the store is asked once. Shortly before an entry expires one caller renews it
// while the others go on using it, so that none of them waits for a store that
// answers. A failure is not kept: the next caller asks again.
//
// DB-ESDK spec: materials, "Hierarchical keyring" and "Caches of branch keys".
type Hierarchical struct {
	store     BranchKeySource
	storeName string
	supplier  BranchKeySupplier
	id        string // if there is no supplier
	partition string
	cache     cache[branchCacheKey, *branchVersion]
	stats     cacheStats
	hooks     *hook.Hooks
}

var _ crypt.Keyring = (*Hierarchical)(nil)

var _ BranchKeySource = (*BranchKeyStore)(nil)

// BranchKeySource is what a [Hierarchical] keyring asks. [BranchKeyStore] is one. Its
// methods are called from many goroutines at once.
//
// The context that they get has the values of the caller's who needed the key
// first, and ends when all who wait for it have gone.
type BranchKeySource interface {
	// Name returns the logical name of the store, which doesn't change. It tells
	// stores apart that share a [BranchKeyCache].
	Name() string

	// ActiveBranchKey returns the version that items are written with.
	ActiveBranchKey(ctx context.Context, id string) (*BranchKey, error)

	// BranchKeyVersion returns the version that an item names, a UUID in lower
	// case. Nobody has verified the item yet.
	BranchKeyVersion(ctx context.Context, id, version string) (*BranchKey, error)
}

// NewHierarchical returns a keyring with one branch key for all items. The error
// wraps [crypt.ErrConfig]; no network is used.
func NewHierarchical(store BranchKeySource, branchKeyID string, opts ...HierarchicalOption) (*Hierarchical, error) {
	if err := checkBranchKeyID(branchKeyID); err != nil {
		return nil, err
	}
	return newHierarchical(&Hierarchical{store: store, id: branchKeyID}, opts)
}

// NewHierarchicalByItem returns a keyring that asks supplier for the branch key of
// each item. An item that claims to be another tenant's can't be read: its data key
// is not of the branch key that the supplier chooses then. [NewHierarchicalByKey] is
// the same with a simpler function. The error wraps [crypt.ErrConfig]; no network is
// used.
func NewHierarchicalByItem(store BranchKeySource, supplier BranchKeySupplier, opts ...HierarchicalOption) (*Hierarchical, error) {
	if supplier == nil {
		return nil, fmt.Errorf("%w: supplier of branch key ids is nil", crypt.ErrConfig)
	}
	return newHierarchical(&Hierarchical{store: store, supplier: supplier}, opts)
}

func newHierarchical(h *Hierarchical, opts []HierarchicalOption) (*Hierarchical, error) {
	if h.store == nil {
		return nil, fmt.Errorf("%w: key store is nil", crypt.ErrConfig)
	}
	c, err := newHierarchicalConfig(opts)
	if err != nil {
		return nil, err
	}
	h.storeName, h.partition, h.hooks = h.store.Name(), c.partitionID(), c.hooks
	h.cache = cache[branchCacheKey, *branchVersion]{c.memory(), c.times(), c.now, &h.stats, nil}
	if told(h.hooks) {
		h.cache.tell = func(ctx context.Context, key branchCacheKey) {
			op := "BranchKeyVersion"
			if key.active {
				op = "ActiveBranchKey"
			}
			found(ctx, h.hooks, "Hierarchical", op, key.id)
		}
	}
	return h, nil
}

// WrapKey encrypts a data key under the active version of the item's branch key.
// The error is that of the supplier or of the store, or a context's.
func (h *Hierarchical) WrapKey(ctx context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	id, err := h.branchKeyID(ctx, kc)
	if err != nil {
		return nil, err
	}
	v, err := h.active(ctx, id)
	if err != nil {
		return nil, err
	}
	wrapped, err := v.wrap(kc, dataKey)
	if err != nil {
		return nil, err
	}
	return []crypt.WrappedKey{wrapped}, nil
}

// UnwrapKey decrypts the first data key of the item's branch key that it can. If
// there is one and none can be decrypted, the error tells why for each.
func (h *Hierarchical) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	id, err := h.branchKeyID(ctx, kc)
	if err != nil {
		return nil, err
	}
	knows := func(k *crypt.EncryptedDataKey) bool {
		return k.ProviderID == providerHierarchy && string(k.ProviderInfo) == id
	}
	return unwrapEach(ctx, kc, keys, branchName(id), knows, func(_ *crypt.EncryptedDataKey, ciphertext []byte) ([]byte, error) {
		// Nobody asks the store for what could not be decrypted anyway.
		if len(ciphertext) != branchCiphertextSize {
			return nil, errUnwrap
		}
		v, err := h.version(ctx, id, branchVersionID(ciphertext[branchVersionAt:]))
		if err != nil {
			return nil, err
		}
		return v.open(kc, ciphertext)
	})
}

// A branchName describes a branch key in errors.
type branchName string

func (n branchName) String() string { return fmt.Sprintf("branch key %q", string(n)) }

// branchKeyID returns the id of the item's branch key.
func (h *Hierarchical) branchKeyID(ctx context.Context, kc *crypt.KeyContext) (string, error) {
	if h.supplier == nil {
		return h.id, nil
	}
	id, err := h.supplier(ctx, kc)
	if err != nil {
		return "", err
	}
	return id, checkBranchKeyID(id)
}

// active returns the active version of a branch key through the cache. Like version
// it makes no function value for a hit, which most calls are.
func (h *Hierarchical) active(ctx context.Context, id string) (*branchVersion, error) {
	key := branchCacheKey{partition: h.partition, store: h.storeName, id: id, active: true}
	if v, ok := h.cache.hit(ctx, key); ok {
		return v, nil
	}
	return h.cache.get(ctx, key, func(ctx context.Context) (*branchVersion, error) {
		e := hook.KeyLoad{Provider: "Hierarchical", Op: "ActiveBranchKey", Key: id}
		return loading(ctx, h.hooks, e, func(ctx context.Context) (*branchVersion, error) {
			k, err := h.store.ActiveBranchKey(ctx, id)
			if err != nil {
				return nil, err
			}
			return newBranchVersion(k, id)
		})
	})
}

// version returns a version of a branch key through the cache.
func (h *Hierarchical) version(ctx context.Context, id string, version branchVersionID) (*branchVersion, error) {
	key := branchCacheKey{partition: h.partition, store: h.storeName, id: id, version: version}
	if v, ok := h.cache.hit(ctx, key); ok {
		return v, nil
	}
	return h.cache.get(ctx, key, func(ctx context.Context) (*branchVersion, error) {
		e := hook.KeyLoad{Provider: "Hierarchical", Op: "BranchKeyVersion", Key: id}
		return loading(ctx, h.hooks, e, func(ctx context.Context) (*branchVersion, error) {
			k, err := h.store.BranchKeyVersion(ctx, id, version.String())
			if err != nil {
				return nil, err
			}
			v, err := newBranchVersion(k, id)
			if err == nil && v.version != version {
				return nil, fmt.Errorf("%w: the key store returned another version of branch key %q", crypt.ErrVerify, id)
			}
			return v, err
		})
	})
}

// Refresh forgets all branch keys that h has in its cache, so that the next items
// ask the store: those that other keyrings use too, if they share cache, partition
// and store. Items that are on their way may still use what they got.
func (h *Hierarchical) Refresh() {
	h.cache.forget(func(key branchCacheKey) bool { return key.partition == h.partition && key.store == h.storeName })
}

// Stats returns how often the cache and the store have answered h. Every item asks
// once.
func (h *Hierarchical) Stats() CacheStats { return h.stats.snapshot() }

// Format prints h without keys under every verb.
func (h *Hierarchical) Format(f fmt.State, _ rune) { redact(f, "Hierarchical") }

// LogValue prints h without keys in logs.
func (h *Hierarchical) LogValue() slog.Value { return slog.StringValue("Hierarchical(REDACTED)") }

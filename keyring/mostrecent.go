package keyring

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
)

// A MostRecent provider writes with the newest version of a key from a store, and
// reads with the version that the item names. It keeps both for a time to live,
// so that most items cost no call at all. It is the CachingMostRecentProvider of
// the other clients, with the semantics of Java's: the Python client never asks
// again for old versions, so that there a revoked key works for ever.
//
// A key that was revoked in the store, or whose protecting KMS key was disabled,
// stops working within the time to live and half a second more. A version that
// was added is used for writing within the same time.
//
// It is safe for concurrent use. When many callers miss the cache at the same
// time the store is asked once. Spec: Materials and materials providers, "Caching
// most-recent provider".
type MostRecent struct {
	store     KeyStore
	material  func(context.Context, *crypt.EncryptionContext) (string, error)
	sameName  func(written, configured string) bool
	versions  *cache[string, int64] // by name
	providers *cache[materialVersion, crypt.Provider]
	stats     cacheStats
	hooks     *hook.Hooks
}

var _ crypt.Provider = (*MostRecent)(nil)

type materialVersion struct {
	name    string
	version int64
}

// String returns v as descriptions of items name it.
func (v materialVersion) String() string { return fmt.Sprintf("%s#%d", v.name, v.version) }

// KeyStore is what a [MostRecent] provider asks. [MetaStore] is one.
type KeyStore interface {
	// MaxVersion returns the newest version of a material, or a negative
	// number if there is none.
	MaxVersion(ctx context.Context, name string) (int64, error)

	// Provider returns the provider of a version that exists.
	Provider(ctx context.Context, name string, version int64) (crypt.Provider, error)

	// GetOrCreate returns the provider of a version, which it makes if there
	// is none.
	GetOrCreate(ctx context.Context, name string, version int64) (crypt.Provider, error)

	// VersionOf returns which version an item's description names.
	VersionOf(description map[string]string) (name string, version int64, err error)
}

var _ KeyStore = (*MetaStore)(nil)

// A MostRecentOption changes what [NewMostRecent] returns. Every [CacheOption] is
// one.
type MostRecentOption interface{ applyMostRecent(*mostRecentConfig) }

type mostRecentOption func(*mostRecentConfig)

func (f mostRecentOption) applyMostRecent(c *mostRecentConfig) { f(c) }

type mostRecentConfig struct {
	cacheConfig
	material func(context.Context, *crypt.EncryptionContext) (string, error)
	sameName func(written, configured string) bool
}

// WithMaterialByItem selects the material of each item, instead of the one that
// [NewMostRecent] was given. Fn is called from many goroutines at once. When an
// item is read, ec.Item is as stored and not verified.
func WithMaterialByItem(fn func(ctx context.Context, ec *crypt.EncryptionContext) (name string, err error)) MostRecentOption {
	return mostRecentOption(func(c *mostRecentConfig) { c.material = fn })
}

// AllowMaterialName lets fn say whether items that were written with one material
// name may be read where another one is configured. The keys are those of the name
// in the item. By default the two must be equal; the other clients never compare.
func AllowMaterialName(fn func(written, configured string) bool) MostRecentOption {
	return mostRecentOption(func(c *mostRecentConfig) { c.sameName = fn })
}

// NewMostRecent returns a provider that keeps keys of a material for ttl, at least
// a millisecond. Version 0 is made with the first item, if there is none. The
// error wraps [crypt.ErrConfig].
func NewMostRecent(store KeyStore, material string, ttl time.Duration, opts ...MostRecentOption) (*MostRecent, error) {
	c := mostRecentConfig{
		cacheConfig: newCacheConfig(),
		sameName:    func(written, configured string) bool { return written == configured },
	}
	for _, opt := range opts {
		opt.applyMostRecent(&c)
	}
	if c.material == nil {
		if err := checkMaterial(material, 0); err != nil {
			return nil, err
		}
		c.material = func(context.Context, *crypt.EncryptionContext) (string, error) { return material, nil }
	}
	if store == nil || c.sameName == nil {
		return nil, fmt.Errorf("%w: store or function is nil", crypt.ErrConfig)
	}
	if err := c.check(ttl); err != nil {
		return nil, err
	}
	p := &MostRecent{store: store, material: c.material, sameName: c.sameName, hooks: c.hooks}
	times := cacheTimes{fresh: ttl, usable: ttl + graceTime}
	p.versions = &cache[string, int64]{newCacheMemory[string, int64](c.size), times, c.now, &p.stats, nil}
	p.providers = &cache[materialVersion, crypt.Provider]{newCacheMemory[materialVersion, crypt.Provider](c.size), times, c.now, &p.stats, nil}
	if told(p.hooks) {
		p.versions.tell = func(ctx context.Context, name string) {
			found(ctx, p.hooks, "MostRecent", "MaxVersion", name)
		}
		p.providers.tell = func(ctx context.Context, v materialVersion) {
			found(ctx, p.hooks, "MostRecent", "Provider", v.String())
		}
	}
	return p, nil
}

// graceTime is how long after its time to live a cached value may still be used
// while one caller renews it: the cache has the semantics of the Java client's
// TTLCache. It is the same in the other clients. Spec: Materials and materials
// providers, "Caching most-recent provider".
const graceTime = 500 * time.Millisecond

// EncryptionMaterials returns materials of the newest version. The error is that
// of the store, or a context's.
func (p *MostRecent) EncryptionMaterials(ctx context.Context, ec *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
	name, err := p.material(ctx, ec)
	if err != nil {
		return nil, err
	}
	version, err := p.newest(ctx, name)
	if err != nil {
		return nil, err
	}
	create := version < 0
	inner, err := p.version(ctx, materialVersion{name, max(version, 0)}, create)
	if err != nil {
		return nil, err
	}
	return inner.EncryptionMaterials(ctx, ec)
}

// DecryptionMaterials returns materials of the version that the item names. The
// error wraps [crypt.ErrNoKey] if it names none or another material, or is that
// of the store, or a context's.
func (p *MostRecent) DecryptionMaterials(ctx context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
	written, version, err := p.store.VersionOf(ec.Description)
	if err != nil {
		return nil, err
	}
	configured, err := p.material(ctx, ec)
	if err != nil {
		return nil, err
	}
	if !p.sameName(written, configured) {
		return nil, fmt.Errorf("%w: it was written with another material than %q", crypt.ErrNoKey, configured)
	}
	inner, err := p.version(ctx, materialVersion{written, version}, mustExist)
	if err != nil {
		return nil, err
	}
	return inner.DecryptionMaterials(ctx, ec)
}

// newest returns the newest version through the cache, or a negative number. Like
// version it makes no function value for a hit, which most calls are.
func (p *MostRecent) newest(ctx context.Context, name string) (int64, error) {
	if v, ok := p.versions.hit(ctx, name); ok {
		return v, nil
	}
	return p.versions.get(ctx, name, func(ctx context.Context) (int64, error) {
		e := hook.KeyLoad{Provider: "MostRecent", Op: "MaxVersion", Key: name}
		return loading(ctx, p.hooks, e, func(ctx context.Context) (int64, error) {
			return p.store.MaxVersion(ctx, name)
		})
	})
}

// mustExist is for versions that items name: they are never made.
const mustExist = false

// version returns the provider of one version through the cache.
func (p *MostRecent) version(ctx context.Context, v materialVersion, create bool) (crypt.Provider, error) {
	if inner, ok := p.providers.hit(ctx, v); ok {
		return inner, nil
	}
	return p.providers.get(ctx, v, func(ctx context.Context) (crypt.Provider, error) {
		if create {
			return loading(ctx, p.hooks, hook.KeyLoad{Provider: "MostRecent", Op: "GetOrCreate", Key: v.String()},
				func(ctx context.Context) (crypt.Provider, error) { return p.create(ctx, v) })
		}
		return loading(ctx, p.hooks, hook.KeyLoad{Provider: "MostRecent", Op: "Provider", Key: v.String()},
			func(ctx context.Context) (crypt.Provider, error) { return p.store.Provider(ctx, v.name, v.version) })
	})
}

// create makes a version in the store, which is the newest one from then on.
func (p *MostRecent) create(ctx context.Context, v materialVersion) (crypt.Provider, error) {
	inner, err := p.store.GetOrCreate(ctx, v.name, v.version)
	if err == nil {
		p.versions.put(v.name, v.version)
	}
	return inner, err
}

// Refresh forgets everything that is kept, so that the next items ask the store.
// Items that are on their way may still use what they got.
func (p *MostRecent) Refresh() {
	p.versions.forget(func(string) bool { return true })
	p.providers.forget(func(materialVersion) bool { return true })
}

// Stats returns how often the cache and the store have answered. Writing an item
// asks twice, for the newest version and for its keys, reading one once.
func (p *MostRecent) Stats() CacheStats { return p.stats.snapshot() }

// Format prints p without keys under every verb.
func (p *MostRecent) Format(f fmt.State, _ rune) { redact(f, "MostRecent") }

// LogValue prints p without keys in logs.
func (p *MostRecent) LogValue() slog.Value { return slog.StringValue("MostRecent(REDACTED)") }

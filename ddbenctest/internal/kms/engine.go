package kms

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"
	"time"
)

// Defaults of an engine: the account of the examples in AWS's documentation, and
// the Region of a request that is not signed.
const (
	DefaultAccount = "111122223333"
	DefaultRegion  = "us-east-1"
)

// Config says what an engine is like. Its zero value is a good one.
type Config struct {
	Account string // of keys and aliases; DefaultAccount when empty
	NoLog   bool   // keep no requests, for a server that runs for long
}

// An Engine is a KMS: all Regions of one account. It is safe for concurrent use.
// Make one with [New].
type Engine struct {
	account string
	log     requestLog
	faults  faults

	mu      sync.Mutex // guards everything below, and the keys themselves
	offset  time.Duration
	regions map[string]*region
	doomed  map[*key]struct{} // keys with a deletion date
}

// region is one Region's keys by id and aliases by name ("alias/…").
type region struct {
	keys    map[string]*key
	aliases map[string]*alias
}

// New makes an engine without keys.
func New(c Config) *Engine {
	e := &Engine{
		account: c.Account,
		regions: make(map[string]*region),
		doomed:  make(map[*key]struct{}),
	}
	if e.account == "" {
		e.account = DefaultAccount
	}
	e.log.off = c.NoLog
	return e
}

// Advance moves the engine's clock forward: keys whose waiting period ends are
// deleted, automatic rotations that fall due happen.
func (e *Engine) Advance(d time.Duration) {
	e.mu.Lock()
	e.offset += d
	e.mu.Unlock()
}

// Now is the engine's time, in UTC.
func (e *Engine) Now() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now()
}

// now is the engine's time; the caller holds mu.
func (e *Engine) now() time.Time { return time.Now().Add(e.offset).UTC() }

// lock takes mu and does what has fallen due since: every look at keys starts
// with it. Use: defer e.lock()().
func (e *Engine) lock() (unlock func()) {
	e.mu.Lock()
	if len(e.doomed) > 0 {
		now := e.now()
		for k := range e.doomed {
			if !k.deletion.After(now) {
				e.remove(k)
			}
		}
	}
	return e.mu.Unlock
}

// in is the Region named, made when first asked for; the caller holds mu.
func (e *Engine) in(name string) *region {
	r := e.regions[name]
	if r == nil {
		r = &region{keys: make(map[string]*key), aliases: make(map[string]*alias)}
		e.regions[name] = r
	}
	return r
}

// remove forgets a key, its aliases with it. When it was the last replica that a
// primary waited for, the primary's own waiting period begins. The caller holds mu.
func (e *Engine) remove(k *key) {
	r := e.in(k.region)
	delete(r.keys, k.id)
	delete(e.doomed, k)
	for name, a := range r.aliases {
		if a.target == k {
			delete(r.aliases, name)
		}
	}
	delete(k.family.members, k.region)
	if p := k.family.members[k.family.primary]; p != nil && p.awaitsReplicas && len(k.family.members) == 1 {
		p.awaitsReplicas = false
		p.deletion = k.deletion.AddDate(0, 0, p.windowDays)
		e.doomed[p] = struct{}{}
	}
}

// partition is the partition that a Region belongs to.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// arn is the ARN of a resource ("key/…" or "alias/…").
func arn(region, account, resource string) string {
	return "arn:" + partition(region) + ":kms:" + region + ":" + account + ":" + resource
}

// randomHex is n random bytes in hexadecimal.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// newUUID is a random (version 4) UUID.
func newUUID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

package engine

import (
	"strconv"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// oldestExpiry is how long ago an item may have expired to be deleted still: the
// service takes older times for mistakes.
const oldestExpiry = 5 * 365 * 24 * time.Hour

// timeToLive is a table's setting: the attribute that holds when items expire,
// in seconds since 1970; none when empty.
type timeToLive struct {
	attribute string
}

// expired reports whether item has expired by now.
func (ttl timeToLive) expired(item attr.Item, now time.Time) bool {
	v, ok := item[ttl.attribute]
	if !ok || v.Kind != attr.N {
		return false
	}
	seconds, err := strconv.ParseFloat(v.Str, 64)
	if err != nil {
		return false
	}
	age := float64(now.Unix()) - seconds
	return age > 0 && age < oldestExpiry.Seconds()
}

// expire deletes the expired items of all tables.
func (e *Engine) expire() {
	now := e.Now()
	e.mu.RLock()
	tables := make([]*table, 0, len(e.tables))
	for _, t := range e.tables {
		tables = append(tables, t)
	}
	e.mu.RUnlock()
	for _, t := range tables {
		t.mu.Lock()
		t.expire(now)
		t.mu.Unlock()
	}
}

func (t *table) expire(now time.Time) {
	if t.ttl.attribute == "" || t.dropped {
		return
	}
	var gone []change
	t.items.Ascend("", func(key string, r *record) bool {
		if t.ttl.expired(r.item, now) {
			gone = append(gone, change{key: key, old: r, expired: true})
		}
		return true
	})
	for _, c := range gone {
		t.apply(c, now)
	}
}

// expiryPeriod is how often an engine for which time passes by itself looks for
// expired items.
const expiryPeriod = time.Second

// ExpireSometimes deletes expired items if it has not looked for them in the last
// second.
func (e *Engine) ExpireSometimes() {
	now := time.Now()
	last := e.lastExpiry.Load()
	if last != nil && now.Sub(*last) < expiryPeriod || !e.lastExpiry.CompareAndSwap(last, &now) {
		return
	}
	e.expire()
}

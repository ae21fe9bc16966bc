package engine

import (
	"slices"
	"sync"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine/ordered"
)

// A record is one stored item, or one entry of an index. It is never changed.
type record struct {
	item attr.Item
	size int    // bytes, as the service counts them
	base string // of an index entry: the storage key of the table's item
}

// newRecord returns a record of item, which belongs to the engine from then on.
func newRecord(item attr.Item) *record {
	return &record{item: item, size: attr.ItemSize(item)}
}

// A table holds items and what is derived from them.
type table struct {
	name, arn, id string
	created       time.Time
	key           keySchema

	mu      sync.RWMutex // guards what follows
	dropped bool         // deleted: a request that found the table before must look again
	items   ordered.Map[*record]
	bytes   int64
	indexes []*index // local ones first, each kind in the order of definition
	stream  *stream  // nil when disabled
	ttl     timeToLive
	tags    map[string]string

	definitions   []AttributeDefinition
	billing       billing
	protected     bool
	class         string
	sse           *SSEDescription
	streamSetting *StreamSpecification
	latestStream  *stream
}

// kindOf returns the defined type of a key attribute, 0 when it has none.
func kindOf(definitions []AttributeDefinition, name string) attr.Kind {
	for _, d := range definitions {
		if d.AttributeName == name {
			return attr.KindOf(d.AttributeType)
		}
	}
	return 0
}

// index returns the index of that name, or nil.
func (t *table) index(name string) *index {
	i := slices.IndexFunc(t.indexes, func(x *index) bool { return x.name == name })
	if i < 0 {
		return nil
	}
	return t.indexes[i]
}

// checkItem refuses an item that the table can't hold: one without the table's
// key, or with an attribute that an index wants of another type.
func (t *table) checkItem(item attr.Item) error {
	if err := t.key.checkItem(item); err != nil {
		return err
	}
	return t.checkIndexKeys(item)
}

// checkIndexKeys refuses an item whose attributes have the name of an index key
// but not its type or size.
func (t *table) checkIndexKeys(item attr.Item) error {
	for _, x := range t.indexes {
		for i, a := range x.key.attributes() {
			v, ok := item[a.Name]
			if !ok {
				continue
			}
			if v.Kind != a.Kind {
				return invalidParameter("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", a.Name, a.Kind, v.Kind, x.name)
			}
			if err := x.checkValue(a.Name, v, i == 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// A change is a write of one item that is about to take effect.
type change struct {
	key      string  // the storage key
	old, new *record // nil for an item that is not there
	expired  bool    // the service deletes it, for its time to live
}

// apply makes the change in the table, its indexes and its stream. The caller
// holds the table's lock and has checked everything: from here on nothing fails.
func (t *table) apply(c change, now time.Time) {
	if c.old != nil {
		t.bytes -= int64(c.old.size)
	}
	if c.new != nil {
		t.bytes += int64(c.new.size)
		t.items.Set(c.key, c.new)
	} else {
		t.items.Delete(c.key)
	}
	for _, x := range t.indexes {
		x.apply(c)
	}
	if t.stream != nil {
		t.stream.append(t.key, c, now)
	}
}

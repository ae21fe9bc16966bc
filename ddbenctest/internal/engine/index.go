package engine

import (
	"slices"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine/ordered"
)

// An index is a local or global secondary index: entries for those items of its
// table that have all attributes of its key, each with the attributes that are
// projected. The table's lock guards it.
type index struct {
	name       string
	global     bool
	key        keySchema
	schema     []KeySchemaElement
	projection Projection
	throughput *ProvisionedThroughput // of a global index
	onDemand   *OnDemandThroughput    // of a global index
	projected  map[string]bool        // names; nil for all
	entries    ordered.Map[*record]
	bytes      int64
}

// newIndex returns an empty index of a table with the given key.
func newIndex(def IndexDefinition, global bool, definitions []AttributeDefinition, table keySchema) *index {
	x := &index{
		name:       *def.IndexName,
		global:     global,
		key:        newKeySchema(def.KeySchema, definitions),
		schema:     def.KeySchema,
		projection: *def.Projection,
		throughput: def.ProvisionedThroughput,
		onDemand:   def.OnDemandThroughput,
	}
	if x.projection.ProjectionType != "ALL" {
		x.projected = make(map[string]bool)
		for _, a := range slices.Concat(table.attributes(), x.key.attributes()) {
			x.projected[a.Name] = true
		}
		for _, name := range x.projection.NonKeyAttributes {
			x.projected[name] = true
		}
	}
	return x
}

// entry returns the index's entry for the item r under its storage key, or
// nothing for an item that the index does not hold.
func (x *index) entry(base string, r *record) (key string, entry *record) {
	if r == nil {
		return "", nil
	}
	k, ok := x.key.storageKey(r.item)
	if !ok {
		return "", nil
	}
	key = string(append(k, base...))
	if x.projected == nil {
		return key, &record{item: r.item, size: r.size, base: base}
	}
	item := make(attr.Item, len(x.projected))
	for name := range x.projected {
		if v, ok := r.item[name]; ok {
			item[name] = v
		}
	}
	entry = newRecord(item)
	entry.base = base
	return key, entry
}

func (x *index) apply(c change) {
	oldKey, old := x.entry(c.key, c.old)
	newKey, entry := x.entry(c.key, c.new)
	if old != nil {
		x.bytes -= int64(old.size)
		if oldKey != newKey {
			x.entries.Delete(oldKey)
		}
	}
	if entry != nil {
		x.bytes += int64(entry.size)
		x.entries.Set(newKey, entry)
	}
}

// writes returns the sizes of the writes to the index that a change brings: none
// when the entry stays as it is, two when it moves to another key.
func (x *index) writes(c change) []int {
	oldKey, old := x.entry(c.key, c.old)
	newKey, entry := x.entry(c.key, c.new)
	switch {
	case old == nil && entry == nil:
		return nil
	case old == nil:
		return []int{entry.size}
	case entry == nil:
		return []int{old.size}
	case oldKey != newKey:
		return []int{old.size, entry.size}
	case attr.EqualItems(old.item, entry.item):
		return nil
	}
	return []int{max(old.size, entry.size)}
}

// checkValue applies the limits of an index key's value.
func (x *index) checkValue(name string, v attr.Value, partition bool) error {
	if v.Kind == attr.N {
		return nil
	}
	switch {
	case v.Str == "" && v.Kind == attr.B:
		return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty binary value. IndexName: %s, IndexKey: %s", x.name, name)
	case v.Str == "":
		return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: %s, IndexKey: %s", x.name, name)
	case partition && len(v.Str) > maxPartitionKey:
		return invalidParameter("Size of hashkey has exceeded the maximum size limit of%d bytes", maxPartitionKey)
	case !partition && len(v.Str) > maxSortKey:
		return invalidParameter("Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSortKey)
	}
	return nil
}

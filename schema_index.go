package ddbenc

import (
	"fmt"
	"slices"
)

// An indexDraft is an index while its fields are being found.
type indexDraft struct {
	SchemaIndex
	first           field // that mentions the index
	partition, sort field // the fields of the keys
}

// indexes puts the secondary indexes together from the roles of the fields.
func (c *compiler) indexes(fields []field) {
	var drafts []*indexDraft
	for _, f := range fields {
		for _, role := range f.indexes {
			i := slices.IndexFunc(drafts, func(d *indexDraft) bool { return d.Name == role.index })
			if i < 0 {
				i = len(drafts)
				drafts = append(drafts, &indexDraft{SchemaIndex: SchemaIndex{Name: role.index, Global: role.global}, first: f})
			}
			c.indexKey(drafts[i], f, role)
		}
	}
	for _, d := range drafts {
		if d.Global {
			c.globalIndex(d)
		} else {
			c.localIndex(d)
		}
		c.schema.Indexes = append(c.schema.Indexes, d.SchemaIndex)
	}
}

// indexKey gives f its role in d.
func (c *compiler) indexKey(d *indexDraft, f field, role indexRole) {
	if d.Global != role.global {
		c.refuse(f.path, f.indexText, fmt.Sprintf("index %s is %s at %s", d.Name, kind(d.Global), d.first.path), "")
		return
	}
	name, holder, what := &d.PartitionKey, &d.partition, "partition"
	if role.sort {
		name, holder, what = &d.SortKey, &d.sort, "sort"
	}
	if *name != "" {
		c.refuse(f.path, f.indexText, fmt.Sprintf("second %s key of index %s, after %s", what, d.Name, holder.path), "")
		return
	}
	*name, *holder = f.attr, f
}

func kind(global bool) string {
	if global {
		return "global"
	}
	return "local"
}

// globalIndex checks an index with a partition key of its own.
func (c *compiler) globalIndex(d *indexDraft) {
	if d.PartitionKey == "" {
		c.refuse(d.first.path, d.first.indexText, fmt.Sprintf(
			`global index %s has no partition key: tag its field dynamodbindex:"%s,global,partition"`, d.Name, d.Name), "")
	}
}

// localIndex checks an index that shares the table's partition key, which may
// be mentioned or not.
func (c *compiler) localIndex(d *indexDraft) {
	switch {
	case d.SortKey == "":
		c.refuse(d.first.path, d.first.indexText, fmt.Sprintf(
			`local index %s has no sort key: tag its field dynamodbindex:"%s,local,sort"`, d.Name, d.Name), "")
	case c.schema.PartitionKey == "":
		// Reported already.
	case c.schema.SortKey == "":
		c.refuse(d.first.path, d.first.indexText, "DynamoDB has local indexes only on tables with a sort key", "")
	}
	if d.PartitionKey != "" && c.schema.PartitionKey != "" && d.PartitionKey != c.schema.PartitionKey {
		c.refuse(d.partition.path, d.partition.indexText, fmt.Sprintf(
			"the partition key of a local index is the table's, %q", c.schema.PartitionKey), "")
	}
	d.PartitionKey = c.schema.PartitionKey
}

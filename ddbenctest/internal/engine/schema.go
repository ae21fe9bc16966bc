package engine

import (
	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine/keys"
)

// Limits of key attributes in bytes.
const (
	maxPartitionKey = 2048
	maxSortKey      = 1024
)

// A KeyAttribute is one attribute of a key with its type.
type KeyAttribute struct {
	Name string
	Kind attr.Kind // S, N or B
}

// A keySchema is the key of a table or an index.
type keySchema struct {
	partition KeyAttribute
	sort      *KeyAttribute // nil when the partition key is the whole key
}

// attributes returns the key's attributes, the partition key first.
func (k keySchema) attributes() []KeyAttribute {
	if k.sort == nil {
		return []KeyAttribute{k.partition}
	}
	return []KeyAttribute{k.partition, *k.sort}
}

// has reports whether name is an attribute of the key.
func (k keySchema) has(name string) bool {
	return name == k.partition.Name || k.sort != nil && name == k.sort.Name
}

// storageKey returns the bytes that item is stored under (package keys). ok is
// false when item lacks a key attribute or has one of another type, which keeps
// it out of an index; a table checks first.
func (k keySchema) storageKey(item attr.Item) (key []byte, ok bool) {
	v, ok := item[k.partition.Name]
	if !ok || v.Kind != k.partition.Kind {
		return nil, false
	}
	key = partitionKey(v)
	if k.sort != nil {
		v, ok := item[k.sort.Name]
		if !ok || v.Kind != k.sort.Kind {
			return nil, false
		}
		key = appendScalar(key, v)
	}
	return key, true
}

// partitionKey returns the prefix that all items with partition key v share.
func partitionKey(v attr.Value) []byte {
	return keys.Partition(appendScalar(nil, v))
}

func appendScalar(dst []byte, v attr.Value) []byte {
	if v.Kind == attr.N {
		return keys.AppendNumber(dst, v.Str)
	}
	return keys.AppendString(dst, v.Str)
}

// of returns the key attributes of item.
func (k keySchema) of(item attr.Item) attr.Item {
	key := attr.Item{k.partition.Name: item[k.partition.Name]}
	if k.sort != nil {
		key[k.sort.Name] = item[k.sort.Name]
	}
	return key
}

// checkKey refuses a Key parameter that is not exactly this key.
func (k keySchema) checkKey(key attr.Item) error {
	attributes := k.attributes()
	if len(key) != len(attributes) {
		return invalid("The provided key element does not match the schema")
	}
	for i, a := range attributes {
		v, ok := key[a.Name]
		if !ok || v.Kind != a.Kind {
			return invalid("The provided key element does not match the schema")
		}
		if err := checkKeyValue(a.Name, v, i == 0); err != nil {
			return err
		}
	}
	return nil
}

// checkItem refuses an item that lacks this key.
func (k keySchema) checkItem(item attr.Item) error {
	for i, a := range k.attributes() {
		v, ok := item[a.Name]
		if !ok {
			return invalidParameter("Missing the key %s in the item", a.Name)
		}
		if v.Kind != a.Kind {
			return invalidParameter("Type mismatch for key %s expected: %s actual: %s", a.Name, a.Kind, v.Kind)
		}
		if err := checkKeyValue(a.Name, v, i == 0); err != nil {
			return err
		}
	}
	return nil
}

// checkKeyValue applies the limits of a key attribute's value.
func checkKeyValue(name string, v attr.Value, partition bool) error {
	if v.Kind == attr.N {
		return nil
	}
	switch {
	case v.Str == "" && v.Kind == attr.B:
		return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: %s", name)
	case v.Str == "":
		return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
	case partition && len(v.Str) > maxPartitionKey:
		return invalidParameter("Size of hashkey has exceeded the maximum size limit of%d bytes", maxPartitionKey)
	case !partition && len(v.Str) > maxSortKey:
		return invalidParameter("Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSortKey)
	}
	return nil
}

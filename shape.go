package ddbenc

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// An item is the attributes of one item.
type item = map[string]types.AttributeValue

// A shape is what requests are checked against: keys, indexes and actions of
// one table, whatever they were compiled from. It is not changed once built.
type shape struct {
	owner    string // what declares it, for texts: a Go type's name
	keys     []keyAttr
	indexes  map[string]indexShape
	actions  crypt.Actions
	reserved []string // what the format adds to an item
}

// A keyAttr is one attribute of a primary key or of an index's key.
type keyAttr struct {
	name string
	typ  string // S, N or B; empty if only a value can tell
}

// types names the types that the attribute may have, for texts.
func (k keyAttr) types() string {
	if k.typ == "" {
		return "S, N or B"
	}
	return k.typ
}

// takes reports whether v has a type that the attribute may have.
func (k keyAttr) takes(v types.AttributeValue) bool {
	name := typeName(v)
	return name == k.typ || k.typ == "" && (name == "S" || name == "N" || name == "B")
}

// An indexShape is a secondary index. Its key has one or more attributes,
// partition key first.
type indexShape struct {
	keys   []keyAttr
	global bool
}

// shapeOf returns the shape of a compiled type. reserved names what the format
// adds to an item.
func shapeOf(schema *Schema, reserved []string) *shape {
	attr := func(name string) []keyAttr {
		a, ok := schema.Attribute(name)
		if !ok {
			return nil
		}
		return []keyAttr{{name: name, typ: a.Type}}
	}
	s := &shape{
		owner:    schema.Type,
		keys:     append(attr(schema.PartitionKey), attr(schema.SortKey)...),
		indexes:  make(map[string]indexShape, len(schema.Indexes)),
		actions:  schema.Actions(),
		reserved: reserved,
	}
	for _, x := range schema.Indexes {
		s.indexes[x.Name] = indexShape{
			keys:   append(attr(x.PartitionKey), attr(x.SortKey)...),
			global: x.Global,
		}
	}
	return s
}

// action returns what happens to the attribute called name. Key attributes are
// signed if nothing else is said of them, as the formats have it.
func (s *shape) action(name string) crypt.Action {
	act := s.actions.Of(name)
	if act == crypt.EncryptAndSign && s.isKey(name) {
		return crypt.SignOnly
	}
	return act
}

func (s *shape) isKey(name string) bool {
	named := func(k keyAttr) bool { return k.name == name }
	if slices.ContainsFunc(s.keys, named) {
		return true
	}
	for _, ix := range s.indexes {
		if slices.ContainsFunc(ix.keys, named) {
			return true
		}
	}
	return false
}

// keysOf returns the key of the index called name, or of the table if name is
// empty.
func (s *shape) keysOf(index string) (keys []keyAttr, ok bool) {
	if index == "" {
		return s.keys, true
	}
	ix, ok := s.indexes[index]
	return ix.keys, ok
}

// keyOf returns the primary key of a stored item, as far as it is there.
func (s *shape) keyOf(it item) item {
	key := make(item, len(s.keys))
	for _, k := range s.keys {
		if v, ok := it[k.name]; ok {
			key[k.name] = v
		}
	}
	return key
}

// checkKey refuses a primary key that has other attributes than the table's, or
// values that can't be a key.
func (s *shape) checkKey(r *refusals, key item) {
	for _, k := range s.keys {
		s.checkKeyValue(r, k, key[k.name], "")
	}
	for name := range key {
		if !slices.ContainsFunc(s.keys, func(k keyAttr) bool { return k.name == name }) {
			r.add("attribute %q is not part of the primary key (%s)", name, keyNames(s.keys))
		}
	}
}

// checkItem refuses an item that DynamoDB would reject for its keys, or that
// has an attribute of the format's own.
func (s *shape) checkItem(r *refusals, it item) {
	for _, k := range s.keys {
		s.checkKeyValue(r, k, it[k.name], "")
	}
	for _, name := range slices.Sorted(maps.Keys(s.indexes)) {
		for _, k := range s.indexes[name].keys {
			if v, ok := it[k.name]; ok && !slices.Contains(s.keys, k) {
				s.checkKeyValue(r, k, v, name)
			}
		}
	}
	for _, name := range s.reserved {
		if _, ok := it[name]; ok {
			r.add("attribute %q is reserved for the encryption format: rename it", name)
		}
	}
}

// checkKeyValue refuses v as the value of key attribute k of an index, or of
// the table if index is empty.
func (s *shape) checkKeyValue(r *refusals, k keyAttr, v types.AttributeValue, index string) {
	what := fmt.Sprintf("key attribute %q", k.name)
	if index != "" {
		what += fmt.Sprintf(" of index %q", index)
	}
	if isNil(v) {
		r.add("%s has no value", what)
		return
	}
	if !k.takes(v) {
		way := ""
		if typeName(v) == "NULL" && index != "" {
			way = ": with omitempty the attribute is left out, and the item is not in the index"
		}
		r.add("%s has type %s, want %s%s", what, typeName(v), k.types(), way)
		return
	}
	if isEmpty(v) {
		r.add("%s is empty, which DynamoDB does not allow", what)
	}
	if n, ok := v.(*types.AttributeValueMemberN); ok {
		if _, err := codec.CanonicalNumber(n.Value); err != nil {
			r.add("%s is not a number that DynamoDB can hold", what)
		}
	}
}

// checkIndex refuses an index that the type does not declare, and a consistent
// read of a global one.
func (s *shape) checkIndex(r *refusals, name string, consistent bool) bool {
	if name == "" {
		return true
	}
	ix, ok := s.indexes[name]
	switch {
	case !ok && len(s.indexes) == 0:
		r.add("index %q is unknown: %s declares none; add a dynamodbindex tag to its key fields", name, s.owner)
	case !ok:
		r.add("index %q is unknown: %s declares %s; add a dynamodbindex tag to its key fields", name, s.owner, strings.Join(quoted(slices.Sorted(maps.Keys(s.indexes))), ", "))
	case ix.global && consistent:
		r.add("index %q is global, and those have no consistent reads: read the table, or without ConsistentRead", name)
	}
	return ok
}

// sameKey reports whether two keys are equal as DynamoDB compares them.
func sameKey(a, b item) bool {
	return maps.EqualFunc(a, b, sameScalar)
}

// sameScalar compares two values of a key: numbers by value, so that "1.0" is
// "1".
func sameScalar(a, b types.AttributeValue) bool {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		b, ok := b.(*types.AttributeValueMemberS)
		return ok && a.Value == b.Value
	case *types.AttributeValueMemberB:
		b, ok := b.(*types.AttributeValueMemberB)
		return ok && bytes.Equal(a.Value, b.Value)
	case *types.AttributeValueMemberN:
		b, ok := b.(*types.AttributeValueMemberN)
		if !ok || a.Value == b.Value {
			return ok
		}
		m, err1 := codec.CanonicalNumber(a.Value)
		n, err2 := codec.CanonicalNumber(b.Value)
		return err1 == nil && err2 == nil && m == n
	}
	return false
}

// isNil reports whether v is nothing, or a nil pointer, as a type that marshals
// itself may return.
func isNil(v types.AttributeValue) bool { return v == nil || reflect.ValueOf(v).IsNil() }

// isEmpty reports whether v is a string or binary value of no length.
func isEmpty(v types.AttributeValue) bool {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value == ""
	case *types.AttributeValueMemberB:
		return len(v.Value) == 0
	}
	return false
}

// typeName returns DynamoDB's name of the type of v, such as "S" or "NULL".
func typeName(v types.AttributeValue) string {
	return strings.TrimPrefix(fmt.Sprintf("%T", v), "*types.AttributeValueMember")
}

// keyNames lists the names of a key's attributes, for texts.
func keyNames(keys []keyAttr) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return strings.Join(quoted(names), ", ")
}

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return out
}

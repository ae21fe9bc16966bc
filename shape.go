package ddbenc

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/suggest"
)

// An item is the attributes of one item.
type item = map[string]types.AttributeValue

// A shape is what requests are checked against: keys, indexes and actions of
// one table, whatever they were compiled from. It is not changed once built.
type shape struct {
	owner    string // what declares it, for texts: a Go type's name
	advice   advice
	keys     []keyAttr
	indexes  []indexShape // by name
	actions  crypt.Actions
	reserved []string // what the format adds to an item

	reservedPrefix string          // of other reserved names, or empty
	stored         []crypt.Actions // of stored items, if they are not as actions says
	plaintext      bool            // items are written as they are
}

// An advice is what a caller can do about a refusal, in the words of what declares
// the table.
type advice struct {
	declare, readable, index string
}

var tagAdvice = advice{
	declare:  `declare it with ddbenc:"sign" or "none"`,
	readable: `tag the field ddbenc:"sign"`,
	index:    "add a dynamodbindex tag to its key fields",
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
	name := valueType(v)
	return name == k.typ && name != "" || k.typ == "" && (name == "S" || name == "N" || name == "B")
}

// An indexShape is a secondary index. Its key has one or more attributes,
// partition key first.
type indexShape struct {
	name   string
	keys   []keyAttr
	global bool
}

// shapeOf returns the shape of a compiled type, without what its format reserves.
func shapeOf(schema *Schema) *shape {
	attr := func(name string) []keyAttr {
		a, ok := schema.Attribute(name)
		if !ok {
			return nil
		}
		return []keyAttr{{name: name, typ: a.Type}}
	}
	s := &shape{
		owner:   schema.Type,
		advice:  tagAdvice,
		keys:    append(attr(schema.PartitionKey), attr(schema.SortKey)...),
		actions: schema.Actions(),
	}
	for _, x := range schema.Indexes {
		s.indexes = append(s.indexes, indexShape{
			name:   x.Name,
			keys:   append(attr(x.PartitionKey), attr(x.SortKey)...),
			global: x.Global,
		})
	}
	slices.SortFunc(s.indexes, func(a, b indexShape) int { return strings.Compare(a.name, b.name) })
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

func (s *shape) isPrimary(name string) bool {
	return slices.ContainsFunc(s.keys, func(k keyAttr) bool { return k.name == name })
}

func (s *shape) isKey(name string) bool {
	if s.isPrimary(name) {
		return true
	}
	for _, ix := range s.indexes {
		if slices.ContainsFunc(ix.keys, func(k keyAttr) bool { return k.name == name }) {
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
	ix, ok := s.index(index)
	return ix.keys, ok
}

// index returns the index called name.
func (s *shape) index(name string) (indexShape, bool) {
	for _, ix := range s.indexes {
		if ix.name == name {
			return ix, true
		}
	}
	return indexShape{}, false
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

// checkItem refuses an item that DynamoDB would reject for its keys or for values
// that it can read, or that has an attribute of the format's own.
func (s *shape) checkItem(r *refusals, it item) {
	for _, k := range s.keys {
		s.checkKeyValue(r, k, it[k.name], "")
	}
	for _, ix := range s.indexes {
		for _, k := range ix.keys {
			if v, ok := it[k.name]; ok && !slices.Contains(s.keys, k) {
				s.checkKeyValue(r, k, v, ix.name)
			}
		}
	}
	s.checkReserved(r, it)
	s.checkReadable(r, it)
}

// checkReserved refuses attributes of the format's own.
func (s *shape) checkReserved(r *refusals, it item) {
	var bad []string
	for name := range it {
		if s.isReserved(name) {
			bad = append(bad, name)
		}
	}
	slices.Sort(bad)
	for _, name := range bad {
		r.add("attribute %q is reserved for the encryption format: rename it", name)
	}
}

// checkKeyValue refuses v as the value of key attribute k of an index, or of
// the table if index is empty.
func (s *shape) checkKeyValue(r *refusals, k keyAttr, v types.AttributeValue, index string) {
	problem := k.problem(v)
	if problem == "" {
		return
	}
	if index != "" {
		index = fmt.Sprintf(" of index %q", index)
		if !isNil(v) && typeName(v) == "NULL" {
			problem += ": with omitempty the attribute is left out, and the item is not in the index"
		}
	}
	r.add("key attribute %q%s %s", k.name, index, problem)
}

// problem says what is wrong with v as the value of k, or returns an empty
// string.
func (k keyAttr) problem(v types.AttributeValue) string {
	switch {
	case isNil(v):
		return "has no value"
	case !k.takes(v):
		return fmt.Sprintf("has type %s, want %s", typeName(v), k.types())
	case isEmpty(v):
		return "is empty, which DynamoDB does not allow"
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberN:
		if _, err := codec.CanonicalNumber(v.Value); err != nil {
			return "is not a number that DynamoDB can hold"
		}
	case *types.AttributeValueMemberS:
		if !utf8.ValidString(v.Value) { // it would be sent as another key
			return "is not valid UTF-8"
		}
	}
	return ""
}

// checkIndex refuses an index that the type does not declare, and a consistent
// read of a global one.
func (s *shape) checkIndex(r *refusals, name string, consistent bool) bool {
	if name == "" {
		return true
	}
	ix, ok := s.index(name)
	near, isNear := suggest.Nearest(name, s.namesOfIndexes())
	switch {
	case !ok && isNear:
		r.add("index %q is unknown; did you mean %q?", name, near)
	case !ok && len(s.indexes) == 0:
		r.add("index %q is unknown: %s declares none; %s", name, s.owner, s.advice.index)
	case !ok:
		r.add("index %q is unknown: %s declares %s; %s", name, s.owner, s.indexNames(), s.advice.index)
	case ix.global && consistent:
		r.add("index %q is global, and those have no consistent reads: read the table, or without ConsistentRead", name)
	}
	return ok
}

// indexNames lists the names of the indexes, for texts.
func (s *shape) indexNames() string { return strings.Join(quoted(s.namesOfIndexes()), ", ") }

func (s *shape) namesOfIndexes() []string {
	names := make([]string, len(s.indexes))
	for i, ix := range s.indexes {
		names[i] = ix.name
	}
	return names
}

// hasKey reports whether it is the item under key.
func (s *shape) hasKey(it, key item) bool {
	for _, k := range s.keys {
		if !sameScalar(it[k.name], key[k.name]) {
			return false
		}
	}
	return true
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
	if name := valueType(v); name != "" {
		return name
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", v), "*types.AttributeValueMember")
}

// keyNames lists the names of a key's attributes, for texts.
func keyNames(keys []keyAttr) string { return strings.Join(quoted(namesOf(keys)), ", ") }

func namesOf(keys []keyAttr) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return out
}

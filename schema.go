package ddbenc

import (
	"errors"
	"reflect"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"github.com/ddbenc/ddbenc/crypt"
)

// ErrSchema reports a type that can't be a table's: its tags can't be read, say
// something impossible, or stand where they have no effect. The error holds one
// [*SchemaError] for each mistake.
var ErrSchema = errors.New("ddbenc: bad schema")

// A Schema says what a struct type stores in DynamoDB, and what of it is
// protected. It is plain data: print it, compare it with go-cmp in a test, keep
// it. [SchemaOf] makes it.
type Schema struct {
	// Type is the name of the Go type.
	Type string

	// Default is the action of attributes that the type does not declare: of
	// an item that another program wrote, for example.
	Default crypt.Action

	// PartitionKey and SortKey name the attributes of the table's primary
	// key. SortKey is empty if there is none.
	PartitionKey, SortKey string

	// Version and TTL name the attributes tagged version and ttl, if any.
	Version, TTL string

	// Attributes lists what the type declares, in the order of its fields.
	Attributes []SchemaAttribute

	// Indexes lists the secondary indexes, in the order in which the fields
	// mention them.
	Indexes []SchemaIndex
}

// A SchemaAttribute is one attribute of a [Schema].
type SchemaAttribute struct {
	// Name is the attribute's name in DynamoDB.
	Name string

	// Field is the Go selector of the field, such as "Name", or "Audit.At"
	// if it comes from an embedded struct Audit.
	Field string

	// GoType is the type of the field, such as "time.Time".
	GoType string

	// Type is the DynamoDB type that a value gets: S, N, B, BOOL, M, L, SS, NS
	// or BS. It is empty if only a value can tell, which is so for interfaces
	// and for types that marshal themselves. A nil may become NULL.
	Type string

	// Action is what happens to the attribute.
	Action crypt.Action

	// Why says where the action comes from: "tag", "default",
	// "default=sign" (of the struct), "partition key", "sort key",
	// "key of index by-clinic", "version" or "ttl".
	Why string
}

// A SchemaIndex is one secondary index of a [Schema].
type SchemaIndex struct {
	Name   string
	Global bool // else local

	// PartitionKey and SortKey name the attributes of the index's key. The
	// partition key of a local index is the table's. SortKey is empty if
	// there is none.
	PartitionKey, SortKey string
}

// SchemaOf compiles the schema of T, a struct or a pointer to one. Attributes
// are named as package attributevalue names them, which reads the dynamodbav
// tag and no other one. Give opts only if the table has [EncoderOptions], and
// then the same ones: some of them change types.
//
// # Tags
//
// The ddbenc tag says what is protected:
//
//	ddbenc:"encrypt"  encrypted and signed; the default
//	ddbenc:"sign"     readable, signed; the default of keys, versions and ttls
//	ddbenc:"none"     neither: anyone who can write to the table can change it unseen
//	ddbenc:"context"  signed, and part of the encryption context; not every format has it
//
// On a field _ struct{} the tag ddbenc:"default=sign", or another action, sets
// the default of the struct, and of the structs embedded in it that don't set
// their own. An attribute is protected as a whole, so the tag has no place in
// the structs inside.
//
// The dynamodbav tag has the name first, then options: those of attributevalue
// (omitempty, omitemptyelem, nullempty, nullemptyelem, string, unixtime,
// binaryset, numberset, stringset), and
//
//	dynamodbav:"id,partition"   the partition key
//	dynamodbav:"at,sort"        the sort key; a time.Time wants unixtime too, since
//	                            as text one instant has many spellings
//	dynamodbav:"rev,version"    an integer that counts the versions of the item
//	dynamodbav:"expires,ttl"    the time at which DynamoDB may delete the item: whole
//	                            seconds since 1970, or a time.Time with unixtime
//
// The dynamodbindex tag has the name of a secondary index, its kind, and the
// role of the field in its key. Semicolons separate several indexes:
//
//	dynamodbindex:"by-clinic,global,partition"
//	dynamodbindex:"by-clinic,global,sort;by-time,local,sort"
//
// # Mistakes
//
// Whatever can't be read, can't be, or has no effect where it stands is an
// error, and so is a field that attributevalue would drop without a word. Every
// mistake in T is reported at once, each as a [*SchemaError], all of them
// wrapping [ErrSchema]. What SchemaOf can't see are the values of interfaces: a
// ddbenc tag in a type that only comes in through one is not found.
//
// A type is compiled once. Each call returns a copy, which is the caller's.
func SchemaOf[T any](opts ...func(*attributevalue.EncoderOptions)) (*Schema, error) {
	s, err := schemaOf(reflect.TypeFor[T](), opts...)
	if err != nil {
		return nil, err
	}
	clone := *s
	clone.Attributes = slices.Clone(clone.Attributes)
	clone.Indexes = slices.Clone(clone.Indexes)
	return &clone, nil
}

// compiled is the outcome of compiling one type.
type compiled struct {
	schema *Schema // nil if err is not
	err    error
}

// schemas maps schemaKey to *compiled. Failures are kept too, since a type
// never changes.
var schemas sync.Map

// A schemaKey holds what a schema depends on.
type schemaKey struct {
	t    reflect.Type
	mode encoderMode
}

// schemaOf compiles t, or returns its schema from the cache. The schema is
// shared: read only.
func schemaOf(t reflect.Type, opts ...func(*attributevalue.EncoderOptions)) (*Schema, error) {
	mode, err := encoderModeOf(opts)
	if err != nil {
		return nil, err
	}
	key := schemaKey{t, mode}
	v, ok := schemas.Load(key)
	if !ok {
		c := &compiled{}
		c.schema, c.err = compile(t, mode)
		v, _ = schemas.LoadOrStore(key, c) // racing callers all get the first
	}
	c := v.(*compiled)
	return c.schema, c.err
}

// Attribute returns the declared attribute of that name. Case matters.
func (s *Schema) Attribute(name string) (SchemaAttribute, bool) {
	for _, a := range s.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return SchemaAttribute{}, false
}

// Index returns the declared index of that name.
func (s *Schema) Index(name string) (SchemaIndex, bool) {
	for _, x := range s.Indexes {
		if x.Name == name {
			return x, true
		}
	}
	return SchemaIndex{}, false
}

// Names returns the names of the declared attributes that have the action a, in
// the order of the fields.
func (s *Schema) Names(a crypt.Action) []string {
	var names []string
	for _, attr := range s.Attributes {
		if attr.Action == a {
			names = append(names, attr.Name)
		}
	}
	return names
}

// IndexKeys returns the names of all key attributes of indexes, each once, in
// the order of the fields. Attributes of the table's own key may be among them.
func (s *Schema) IndexKeys() []string {
	var names []string
	for _, attr := range s.Attributes {
		for _, x := range s.Indexes {
			if attr.Name == x.PartitionKey || attr.Name == x.SortKey {
				names = append(names, attr.Name)
				break
			}
		}
	}
	return names
}

// Actions returns what happens to each attribute, as package crypt wants it.
func (s *Schema) Actions() crypt.Actions {
	actions := crypt.Actions{Default: s.Default, Attributes: make(map[string]crypt.Action, len(s.Attributes))}
	for _, attr := range s.Attributes {
		actions.Attributes[attr.Name] = attr.Action
	}
	return actions
}

package ddbenc

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A versionField is the field of a type that counts the versions of an item. The
// first one that is stored is 1, and 0 is the version of an item that is not
// stored, or was before the type had the field.
type versionField struct {
	name  string       // of the attribute
	owner string       // the type, for texts
	typ   reflect.Type // of the field
	index []int
}

// versionField compiles the field with the option version. It returns nil if there
// is none.
func (b *binder) versionField() (*versionField, error) {
	name := b.schema.Version
	if name == "" {
		return nil, nil
	}
	a, _ := b.schema.Attribute(name)
	f, ok := fieldOf(b.typ, a.Field)
	if !ok || implements(f.Type, marshalerType) {
		return nil, fmt.Errorf("%w: %s.%s is a version of type %s, which marshals itself: use an integer type that does not", ErrSchema, b.schema.Type, a.Field, a.GoType)
	}
	return &versionField{name: name, owner: b.schema.Type, typ: f.Type, index: f.Index}, nil
}

// of returns the version that v, a pointer to the type, has.
func (f *versionField) of(v any) (uint64, error) {
	s := structIn(v)
	if !s.IsValid() {
		return 0, nil // a nil, which can't be encoded
	}
	field, err := s.FieldByIndexErr(f.index)
	switch {
	case err != nil:
		return 0, nil // behind a nil pointer, so not stored
	case !field.CanInt():
		return field.Uint(), nil
	case field.Int() < 0:
		return 0, fmt.Errorf("%w: the version, attribute %q, is negative: leave it to the table, which counts from 1", ErrInvalidItem, f.name)
	}
	return uint64(field.Int()), nil
}

// after returns the version that follows n, or an error if the field can't hold it.
func (f *versionField) after(n uint64) (uint64, error) {
	limit := ^uint64(0) >> (64 - f.typ.Bits())
	if reflect.Zero(f.typ).CanInt() {
		limit >>= 1
	}
	if n >= limit {
		return 0, fmt.Errorf("%w: the version can't be counted up: attribute %q has the type %s, and has reached its end", ErrInvalidItem, f.name, f.typ)
	}
	return n + 1, nil
}

// set makes n the version that v, a pointer to the type, has.
func (f *versionField) set(v any, n uint64) {
	s := reflect.ValueOf(v).Elem()
	for _, i := range f.index {
		for s.Kind() == reflect.Pointer {
			if s.IsNil() {
				s.Set(reflect.New(s.Type().Elem()))
			}
			s = s.Elem()
		}
		s = s.Field(i)
	}
	if s.CanInt() {
		s.SetInt(int64(n))
		return
	}
	s.SetUint(n)
}

// value returns n as it is stored.
func (f *versionField) value(n uint64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatUint(n, 10)}
}

// stored is the condition that the stored item has version n.
func (f *versionField) stored(n uint64) expression.ConditionBuilder {
	name := expression.NameNoDotSplit(f.name)
	if n == 0 {
		return name.AttributeNotExists()
	}
	return name.Equal(expression.Value(f.value(n)))
}

// beforePut makes a write of v depend on the stored item having the version that v
// has, or on there being no item if v has version 0. It returns the version to
// write. partition names the partition key.
func (f *versionField) beforePut(c *call, v any, partition string) (uint64, error) {
	n, err := f.of(v)
	if err != nil {
		return 0, err
	}
	cond := f.stored(n)
	if n == 0 {
		cond = expression.NameNoDotSplit(partition).AttributeNotExists()
	}
	c.condition = and(c.condition, cond)
	return f.after(n)
}

// beforeDelete makes a delete depend on the version that the caller gave. There is
// no safe default, so a caller who gave none is refused.
func (f *versionField) beforeDelete(r *refusals, c *call) {
	switch {
	case c.version != nil:
		c.condition = and(c.condition, f.stored(*c.version))
	case !c.anyVersion:
		r.add("%s has a version (%q), and none is given: use IfVersion with the one that may be deleted, or AnyVersion", f.owner, f.name)
	}
}

// advance gives next, which is to replace the item current, the version that
// follows, unless nothing is changed and the item is not rewritten either: a lost
// answer is judged by versions, so that every stored form of an item needs its own.
// Whatever next has is ignored. current is nil if there is no item.
func (f *versionField) advance(current, next item, rewrite bool) error {
	n, ok := versionIn(current, f.name)
	if !ok {
		return fmt.Errorf("%w: the stored version, attribute %q, is not a whole number from 0 on", ErrInvalidItem, f.name)
	}
	delete(next, f.name)
	if v, ok := current[f.name]; ok {
		next[f.name] = v
	}
	if current != nil && !rewrite && !differ(current, next) {
		return nil
	}
	n, err := f.after(n)
	if err != nil {
		return err
	}
	next[f.name] = f.value(n)
	return nil
}

// IfVersion lets an item be deleted only if it has the version n, which is that of
// a T that was read or put. Version 0 means an item without a version. It is for
// types that have one. For [TxCheck] it is a condition as well.
func IfVersion[N interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}](n N) VersionOption {
	return option(func(c *call) {
		if n < 0 {
			c.negative = true
			return
		}
		v := uint64(n)
		c.version = &v
	})
}

// AnyVersion lets an item be deleted whatever its version is. It is for types that
// have one.
func AnyVersion() VersionOption { return option(func(c *call) { c.anyVersion = true }) }

// checkVersionOptions refuses options that make no sense together, or for the
// type. f is nil if the type has no version.
func (f *versionField) checkVersionOptions(r *refusals, c *call) {
	given := c.version != nil || c.negative
	switch {
	case f == nil && (given || c.anyVersion):
		r.add("a version is given, but the type has none: tag an integer field dynamodbav:\"rev,version\"")
	case given && c.anyVersion:
		r.add("IfVersion and AnyVersion exclude each other")
	case c.negative:
		r.add("IfVersion has a negative version")
	}
}

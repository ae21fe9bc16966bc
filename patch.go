package ddbenc

import (
	"context"
	"reflect"
	"slices"
)

// Patch changes what is set in v of the item that has v's key, and returns the
// item as stored:
//
//	p, err := patients.Patch(ctx, &Patient{ID: "p-1", Visit: 1, Clinic: "east"})
//
// It is [Table.Update] with a function that assigns the fields of v which are
// not zero, whole; encoding/json's omitzero sees zeros in the same way. A pointer,
// slice or map is set if it is not nil, so that what is empty can be stored through
// these, and through no other types: use Update there.
//
// If T has a version and v has one that is not 0, the item must have the same, or
// the error is a [*ConditionError] with the item in Current. v is not changed.
func (t *Table[T]) Patch(ctx context.Context, v *T, opts ...UpdateOption) (*T, error) {
	patch, err := t.binder.marshal(v)
	if err != nil {
		return nil, t.core.opError(opUpdate, err)
	}
	key := t.core.shape.keyOf(patch)
	fields := t.binder.setFields(v, patch)
	var version uint64
	if t.version != nil {
		if version, err = t.version.of(v); err != nil {
			return nil, t.core.opError(opUpdate, err)
		}
	}
	if version != 0 {
		opts = append(slices.Clip(opts), option(func(c *call) { c.replaces = version }))
	}
	return t.Update(ctx, RawKey(key), func(p *T) error {
		for _, f := range fields {
			// What is there would be merged with, if it is a map.
			if old, err := structIn(p).FieldByIndexErr(f.Index); err == nil {
				old.SetZero()
			}
		}
		return t.binder.decode(patch, p)
	}, opts...)
}

// setFields returns the fields that are set in v, a pointer to the type, without
// those of the key and the version, and removes the attributes of all others from
// it, which is v marshaled.
func (b *binder) setFields(v any, it item) (set []reflect.StructField) {
	s := structIn(v)
	for _, a := range b.schema.Attributes {
		f, ok := fieldOf(b.typ, a.Field)
		value, err := s.FieldByIndexErr(f.Index)
		own := a.Name == b.schema.PartitionKey || a.Name == b.schema.SortKey || a.Name == b.schema.Version
		if !ok || err != nil || own || isZero(value) {
			delete(it, a.Name)
			continue
		}
		set = append(set, f)
	}
	return set
}

// structIn returns the struct that v, a pointer to the type, leads to.
func structIn(v any) reflect.Value {
	s := reflect.ValueOf(v)
	for s.Kind() == reflect.Pointer {
		s = s.Elem()
	}
	return s
}

// isZero reports whether v is zero by its own judgement or, if it has none, Go's.
func isZero(v reflect.Value) bool {
	if v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface && v.CanInterface() {
		if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
			return z.IsZero()
		}
	}
	return v.IsZero()
}

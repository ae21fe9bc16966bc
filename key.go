package ddbenc

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A PrimaryKey says which item is meant. It is made by [Key] or [RawKey], and
// prints without its values.
type PrimaryKey struct {
	parts      []any                           // from Key: partition, then sort
	attributes map[string]types.AttributeValue // from RawKey
}

// Key returns the key with these values of the partition and sort key. The
// values have the types of the key's fields, or types that convert to them
// without loss, and are marshaled by the tags of those fields: a time.Time
// becomes a number if its field says unixtime. A types.AttributeValue is taken
// as it is. What does not fit the table is refused by the operation that the
// key is given to.
func Key(partition any, sort ...any) PrimaryKey {
	return PrimaryKey{parts: append([]any{partition}, sort...)}
}

// RawKey returns the key with these attributes, such as those of
// [ItemError.Key].
func RawKey(attributes map[string]types.AttributeValue) PrimaryKey {
	return PrimaryKey{attributes: maps.Clone(attributes)}
}

// Format prints k without its values, under every verb.
func (k PrimaryKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "PrimaryKey(REDACTED)") }

// LogValue prints k in logs as Format does.
func (k PrimaryKey) LogValue() slog.Value { return slog.StringValue("PrimaryKey(REDACTED)") }

// A keyField turns Go values into values of one key attribute, as its struct
// field would be marshaled.
type keyField struct {
	keyAttr
	goType reflect.Type // of the field, pointers removed
	holder reflect.Type // a struct with one field of goType and the tag's options
}

// value marshals v. Its error holds no value.
func (f *keyField) value(enc *attributevalue.Encoder, v any) (types.AttributeValue, error) {
	if av, ok := v.(types.AttributeValue); ok {
		return av, nil
	}
	in, ok := convert(reflect.ValueOf(v), f.goType)
	if !ok {
		return nil, fmt.Errorf("key attribute %q has the type %s: a value of type %T does not convert to it without loss", f.name, f.goType, v)
	}
	holder := reflect.New(f.holder)
	holder.Elem().Field(0).Set(in)
	av, err := enc.Encode(holder.Interface())
	if m, ok := av.(*types.AttributeValueMemberM); ok && err == nil {
		return m.Value[holderName], nil
	}
	return nil, fmt.Errorf("key attribute %q can't be marshaled from a value of type %T", f.name, v)
}

// convert returns v as a t if nothing is lost: the same kind of value under
// another name, or a number that t can hold.
func convert(v reflect.Value, t reflect.Type) (_ reflect.Value, ok bool) {
	for v.Kind() == reflect.Pointer && v.Type() != t && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		return v, false
	case v.Type().AssignableTo(t):
		return v, true
	case v.Kind() == t.Kind() && !isNumeric(t) && v.CanConvert(t):
		return v.Convert(t), true
	case !isNumeric(v.Type()) || !isNumeric(t) || v.CanFloat() && !isFloat(t):
		return v, false
	}
	// There and back, at the same sign, shows that nothing was lost. A float
	// out of an integer's range converts to anything, so floats were left out.
	out := v.Convert(t)
	if out.CanFloat() && !v.CanFloat() && math.Abs(out.Float()) > maxExact {
		return v, false
	}
	return out, out.Convert(v.Type()).Equal(v) && negative(out) == negative(v)
}

// maxExact bounds the integers that every float64 up to it holds exactly.
const maxExact = 1 << 53

func isFloat(t reflect.Type) bool {
	return t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64
}

func isNumeric(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64 && t.Kind() != reflect.Uintptr
}

func negative(v reflect.Value) bool {
	switch {
	case v.CanInt():
		return v.Int() < 0
	case v.CanFloat():
		return v.Float() < 0
	}
	return false
}

// A keyMaker marshals primary keys of one table.
type keyMaker struct {
	fields  []keyField // partition, sort
	encoder *attributevalue.Encoder
}

// keyMaker compiles the fields of the primary key.
func (b *binder) keyMaker(keys []keyAttr) keyMaker {
	m := keyMaker{encoder: b.encoder}
	for _, k := range keys {
		a, _ := b.schema.Attribute(k.name)
		f, _ := fieldOf(b.typ, a.Field)
		t := structOf(f.Type)
		m.fields = append(m.fields, keyField{keyAttr: k, goType: t, holder: holderOf(t, valueOptions(f))})
	}
	return m
}

// attributes returns k as the attributes of a key, refusing what does not fit
// the table's fields. The types of the attributes are not checked yet.
func (m *keyMaker) attributes(r *refusals, k PrimaryKey) item {
	if k.attributes != nil {
		return k.attributes
	}
	if len(k.parts) != len(m.fields) {
		names := make([]keyAttr, len(m.fields))
		for i, f := range m.fields {
			names[i] = f.keyAttr
		}
		r.add("the key has %d values, want %d: %s", len(k.parts), len(m.fields), keyNames(names))
		return nil
	}
	key := make(item, len(m.fields))
	for i := range m.fields {
		v, err := m.fields[i].value(m.encoder, k.parts[i])
		if err != nil {
			r.add("%v", err)
			continue
		}
		key[m.fields[i].name] = v
	}
	return key
}

// startKey returns where to begin behind an item: its primary key, and its key
// in the index that is read.
func (s *shape) startKey(r *refusals, index string, it item) item {
	keys, _ := s.keysOf(index)
	start := make(item, len(s.keys)+len(keys))
	for _, k := range slices.Concat(s.keys, keys) {
		if _, ok := start[k.name]; ok {
			continue
		}
		s.checkKeyValue(r, k, it[k.name], "")
		start[k.name] = it[k.name]
	}
	return start
}

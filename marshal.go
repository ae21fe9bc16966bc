package ddbenc

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A binder turns values of one Go type into items and back, by package
// attributevalue. Its errors name attributes and types and hold no value; the
// causes that they wrap may.
type binder struct {
	typ     reflect.Type // the struct, pointers removed
	schema  *Schema
	known   map[string]bool // names of the declared attributes
	encoder *attributevalue.Encoder
	decoder *attributevalue.Decoder
}

func newBinder(t reflect.Type, s *Schema, enc []func(*attributevalue.EncoderOptions), dec []func(*attributevalue.DecoderOptions)) *binder {
	b := &binder{
		typ:     structOf(t),
		schema:  s,
		known:   make(map[string]bool, len(s.Attributes)),
		encoder: attributevalue.NewEncoder(enc...),
		decoder: attributevalue.NewDecoder(dec...),
	}
	for _, a := range s.Attributes {
		b.known[a.Name] = true
	}
	return b
}

// encode returns the item of in, a pointer to the type, and refuses what must not
// be stored. The item shares no memory with in, unless a type that marshals itself
// does so.
func (b *binder) encode(in any) (item, error) {
	it, err := b.marshal(in)
	if err == nil {
		err = b.checkTTL(it)
	}
	if err != nil {
		return nil, err
	}
	return it, nil
}

// marshal is encode of what need not be fit to be stored.
func (b *binder) marshal(in any) (item, error) {
	v := reflect.ValueOf(in)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if !v.IsValid() {
		return nil, fmt.Errorf("%w: %s is nil", ErrInvalidItem, b.schema.Type)
	}
	av, err := b.encoder.Encode(in)
	if err != nil {
		return nil, b.encodeError(v, err)
	}
	return av.(*types.AttributeValueMemberM).Value, nil
}

// decode reads it into out, a pointer to the type.
//
// Attributes that the type does not declare are left out. It matters for names
// that differ in case only: attributevalue would read "NAME" into the field of
// "name" too, and the one may be signed where the other is not.
func (b *binder) decode(it item, out any) error {
	for name := range it {
		if !b.known[name] {
			it = b.declared(it)
			break
		}
	}
	err := b.decoder.Decode(&types.AttributeValueMemberM{Value: it}, out)
	if err != nil {
		return b.decodeError(it, err)
	}
	return nil
}

// declared returns the attributes of it that the type declares.
func (b *binder) declared(it item) item {
	out := make(item, len(it))
	for name, v := range it {
		if b.known[name] {
			out[name] = v
		}
	}
	return out
}

// A valueError says which attributes of an item don't fit their fields.
type valueError struct {
	text     string
	sentinel error // ErrInvalidItem when writing, ErrMalformed when reading
	err      error // its text may quote a value
}

func (e *valueError) Error() string { return e.text }

func (e *valueError) Unwrap() []error {
	return []error{e.sentinel, e.err}
}

// encodeError finds the fields of v that can't be marshaled, one by one.
func (b *binder) encodeError(v reflect.Value, err error) error {
	var bad []string
	for _, a := range b.schema.Attributes {
		field, ok := fieldOf(b.typ, a.Field)
		if !ok {
			continue
		}
		fv, err := v.FieldByIndexErr(field.Index)
		if err != nil {
			continue // behind a nil pointer, and so not marshaled
		}
		holder := reflect.New(holderOf(field.Type, valueOptions(field)))
		holder.Elem().Field(0).Set(fv)
		if _, err := b.encoder.Encode(holder.Interface()); err != nil {
			bad = append(bad, fmt.Sprintf("%q (field %s of type %s)", a.Name, a.Field, a.GoType))
		}
	}
	return &valueError{text: fmt.Sprintf("%s can't be marshaled: attribute %s", b.schema.Type, strings.Join(bad, ", ")), sentinel: ErrInvalidItem, err: err}
}

// decodeError finds the attributes that can't be unmarshaled, one by one.
func (b *binder) decodeError(it item, err error) error {
	var bad []string
	for _, a := range b.schema.Attributes {
		v, ok := it[a.Name]
		if !ok {
			continue
		}
		one := &types.AttributeValueMemberM{Value: item{a.Name: v}}
		if err := b.decoder.Decode(one, reflect.New(b.typ).Interface()); err != nil {
			bad = append(bad, fmt.Sprintf("%q, stored as %s, does not fit field %s of type %s", a.Name, typeName(v), a.Field, a.GoType))
		}
	}
	return &valueError{text: fmt.Sprintf("%s can't be unmarshaled: attribute %s", b.schema.Type, strings.Join(bad, "; ")), sentinel: ErrMalformed, err: err}
}

// holderName is the attribute that a holder's field is marshaled to.
const holderName = "k"

// holderOf returns a struct type with one field K of type t, whose dynamodbav
// tag has these options.
func holderOf(t reflect.Type, options avOption) reflect.Type {
	tag := holderName
	if options != 0 {
		tag += "," + options.String()
	}
	return reflect.StructOf([]reflect.StructField{{
		Name: "K", Type: t, Tag: reflect.StructTag(fmt.Sprintf("%s:%q", attrKey, tag)),
	}})
}

// valueOptions returns what f's tag says about the value, apart from roles.
func valueOptions(f reflect.StructField) avOption {
	r, _ := parseField(f)
	return r.options &^ optRoles
}

// fieldOf finds a field of struct t by a selector such as "Audit.At". Its index
// counts from t.
func fieldOf(t reflect.Type, selector string) (reflect.StructField, bool) {
	var index []int
	var f reflect.StructField
	for name := range strings.SplitSeq(selector, ".") {
		t = structOf(t)
		if t.Kind() != reflect.Struct {
			return f, false
		}
		var ok bool
		if f, ok = t.FieldByName(name); !ok {
			return f, false
		}
		index = append(index, f.Index...)
		t = f.Type
	}
	f.Index = index
	return f, true
}

// structOf removes the pointers from t.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

package ddbenc

import (
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// This file is attributevalue's encoder with its look-ups done once, when the
// table is opened. attributevalue boxes every scalar to ask whether it is a
// number, which made two fifths of a Put. What comes out is the same,
// value for value: TestEncoderAgrees and FuzzEncoderAgrees compare the two.
//
// Whatever is not plain, such as a type that marshals itself or an interface, is
// handed to attributevalue. So is every item that turns out not to fit its tags,
// for attributevalue's error, and everything if the table has encoder options.

// An encodeFunc encodes one value of the type that it was compiled for. The
// result is nil if the value is to be left out.
type encodeFunc func(v reflect.Value) (types.AttributeValue, error)

// An encodedType is a compiled type.
type encodedType struct {
	encode encodeFunc
	plain  bool // attributevalue is called for nothing in it
}

// errUnfit sends an item to attributevalue, to be told what is wrong with it.
var errUnfit = errors.New("ddbenc: value does not fit its tag")

// An encodeCompiler compiles types.
type encodeCompiler struct {
	slow *attributevalue.Encoder
	busy map[encodeKey]*encodedType // being compiled, for types that contain themselves
}

// An encodeKey is a type with the options of its field that matter to values.
type encodeKey struct {
	t reflect.Type
	o avOption
}

// compileEncoder returns the encoder of items of t, a struct.
func compileEncoder(t reflect.Type, slow *attributevalue.Encoder) encodeFunc {
	c := &encodeCompiler{slow: slow, busy: map[encodeKey]*encodedType{}}
	return c.compile(t, 0).encode
}

// compile returns the encoder of values of type t with the options o.
func (c *encodeCompiler) compile(t reflect.Type, o avOption) encodedType {
	key := encodeKey{t, o}
	if e, ok := c.busy[key]; ok {
		return encodedType{encode: func(v reflect.Value) (types.AttributeValue, error) { return e.encode(v) }}
	}
	e := &encodedType{}
	c.busy[key] = e
	var ok bool
	if *e, ok = c.nonZero(t, o); ok {
		e.encode = orZero(t, o, e.encode)
	} else {
		*e = c.fallback(t, o)
	}
	delete(c.busy, key)
	return *e
}

// fallback lets attributevalue encode the values of type t.
func (c *encodeCompiler) fallback(t reflect.Type, o avOption) encodedType {
	holder := holderOf(t, o)
	return encodedType{encode: func(v reflect.Value) (types.AttributeValue, error) {
		h := reflect.New(holder)
		h.Elem().Field(0).Set(v)
		av, err := c.slow.Encode(h.Interface())
		if m, ok := av.(*types.AttributeValueMemberM); ok && err == nil {
			return m.Value[holderName], nil
		}
		return nil, errUnfit
	}}
}

// orZero adds what happens to the zero value: it is left out or becomes NULL if
// the options say so, and a nil is NULL in any case.
func orZero(t reflect.Type, o avOption, encode encodeFunc) encodeFunc {
	isZero := zeroTest(t)
	omit := o&optOmitEmpty != 0
	null := o&optNullEmpty != 0
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer:
		null = true
	}
	switch {
	case isZero == nil || !omit && !null:
		return encode
	case omit:
		return func(v reflect.Value) (types.AttributeValue, error) {
			if isZero(v) {
				return nil, nil
			}
			return encode(v)
		}
	}
	return func(v reflect.Value) (types.AttributeValue, error) {
		if isZero(v) {
			return &types.AttributeValueMemberNULL{Value: true}, nil
		}
		return encode(v)
	}
}

// zeroTest returns what attributevalue calls zero among the values of t, or nil
// if nothing is.
func zeroTest(t reflect.Type) func(reflect.Value) bool {
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer:
		return reflect.Value.IsNil
	case reflect.Array, reflect.String:
		return func(v reflect.Value) bool { return v.Len() == 0 }
	case reflect.Struct:
		return nil
	}
	return reflect.Value.IsZero
}

// nonZero returns the encoder of values that are not zero, or false if only
// attributevalue can do it.
func (c *encodeCompiler) nonZero(t reflect.Type, o avOption) (encodedType, bool) {
	if implements(t, marshalerType) || o&optOmitEmpty != 0 && o&optNullEmpty != 0 {
		return encodedType{}, false
	}
	switch t.Kind() {
	case reflect.Pointer:
		elem := t.Elem()
		if elem.Kind() == reflect.Pointer {
			return encodedType{}, false
		}
		// What a pointer leads to is stored even if it is zero.
		e, ok := c.nonZero(elem, o)
		return encodedType{plain: e.plain, encode: func(v reflect.Value) (types.AttributeValue, error) { return e.encode(v.Elem()) }}, ok
	case reflect.Slice, reflect.Array:
		return c.slice(t, o)
	case reflect.Map:
		return c.mapOf(t, o)
	case reflect.Struct:
		return c.structOf(t, o)
	}
	encode := scalarEncoder(t, o)
	return encodedType{encode: encode, plain: true}, encode != nil
}

// scalarEncoder returns the encoder of booleans, strings and numbers, or nil.
func scalarEncoder(t reflect.Type, o avOption) encodeFunc {
	var text func(v reflect.Value) string
	switch t.Kind() {
	case reflect.Bool:
		return func(v reflect.Value) (types.AttributeValue, error) {
			return &types.AttributeValueMemberBOOL{Value: v.Bool()}, nil
		}
	case reflect.String:
		text = reflect.Value.String
		if !t.Implements(numberType) {
			o |= optString
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		text = func(v reflect.Value) string { return strconv.FormatInt(v.Int(), 10) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		text = func(v reflect.Value) string { return strconv.FormatUint(v.Uint(), 10) }
	case reflect.Float32, reflect.Float64:
		text = func(v reflect.Value) string { return strconv.FormatFloat(v.Float(), 'f', -1, t.Bits()) }
	default:
		return nil
	}
	if o&optString != 0 {
		return func(v reflect.Value) (types.AttributeValue, error) {
			return &types.AttributeValueMemberS{Value: text(v)}, nil
		}
	}
	return func(v reflect.Value) (types.AttributeValue, error) {
		return &types.AttributeValueMemberN{Value: text(v)}, nil
	}
}

// elementOptions returns what the options of a list or map say of its elements.
func elementOptions(o avOption) (of avOption) {
	if o&optOmitEmptyElem != 0 {
		of |= optOmitEmpty | optOmitEmptyElem
	}
	if o&optNullEmptyElem != 0 {
		of |= optNullEmpty
	}
	return of
}

// slice returns the encoder of a slice or array: bytes, a set or a list.
func (c *encodeCompiler) slice(t reflect.Type, o avOption) (encodedType, bool) {
	if t.Elem().Kind() == reflect.Uint8 {
		return encodedType{encode: encodeBytes, plain: true}, t.Elem() == reflect.TypeFor[byte]()
	}
	elem := c.compile(t.Elem(), elementOptions(o))
	each := func(v reflect.Value, use func(types.AttributeValue) bool) error {
		for i := range v.Len() {
			av, err := elem.encode(v.Index(i))
			if err != nil {
				return err
			}
			if av != nil && !use(av) {
				return errUnfit
			}
		}
		return nil
	}
	encode := func(v reflect.Value) (types.AttributeValue, error) {
		list := make([]types.AttributeValue, 0, v.Len())
		err := each(v, func(av types.AttributeValue) bool { list = append(list, av); return true })
		return &types.AttributeValueMemberL{Value: list}, err
	}
	switch sliceType(t, o) {
	case "BS":
		encode = func(v reflect.Value) (types.AttributeValue, error) {
			set := make([][]byte, 0, v.Len())
			err := each(v, func(av types.AttributeValue) bool {
				b, ok := av.(*types.AttributeValueMemberB)
				if ok {
					set = append(set, b.Value)
				}
				return ok && b.Value != nil
			})
			return orNull(&types.AttributeValueMemberBS{Value: set}, v), err
		}
	case "NS":
		encode = func(v reflect.Value) (types.AttributeValue, error) {
			set := make([]string, 0, v.Len())
			err := each(v, func(av types.AttributeValue) bool {
				n, ok := av.(*types.AttributeValueMemberN)
				if ok {
					set = append(set, n.Value)
				}
				return ok
			})
			return orNull(&types.AttributeValueMemberNS{Value: set}, v), err
		}
	case "SS":
		encode = func(v reflect.Value) (types.AttributeValue, error) {
			set := make([]string, 0, v.Len())
			err := each(v, func(av types.AttributeValue) bool {
				s, ok := av.(*types.AttributeValueMemberS)
				if ok {
					set = append(set, s.Value)
				}
				return ok
			})
			return orNull(&types.AttributeValueMemberSS{Value: set}, v), err
		}
	}
	return encodedType{encode: encode, plain: elem.plain}, true
}

// orNull returns the set made of v, or NULL if v has no elements, since sets
// can't be empty.
func orNull(set types.AttributeValue, v reflect.Value) types.AttributeValue {
	if v.Len() == 0 {
		return &types.AttributeValueMemberNULL{Value: true}
	}
	return set
}

// encodeBytes copies a slice or array of bytes.
func encodeBytes(v reflect.Value) (types.AttributeValue, error) {
	b := make([]byte, v.Len())
	reflect.Copy(reflect.ValueOf(b), v)
	return &types.AttributeValueMemberB{Value: b}, nil
}

// mapOf returns the encoder of a map with plain strings as keys. Its values are
// not addressable, which matters to methods with pointer receivers; so they have
// to be plain.
func (c *encodeCompiler) mapOf(t reflect.Type, o avOption) (encodedType, bool) {
	elem := c.compile(t.Elem(), elementOptions(o))
	if t.Key().Kind() != reflect.String || t.Key().NumMethod() > 0 || !elem.plain {
		return encodedType{}, false
	}
	return encodedType{plain: true, encode: func(v reflect.Value) (types.AttributeValue, error) {
		m := make(map[string]types.AttributeValue, v.Len())
		for it := v.MapRange(); it.Next(); {
			key := it.Key().String()
			if key == "" {
				return nil, errUnfit
			}
			av, err := elem.encode(it.Value())
			if err != nil {
				return nil, err
			}
			if av != nil {
				m[key] = av
			}
		}
		return &types.AttributeValueMemberM{Value: m}, nil
	}}, true
}

// structOf returns the encoder of a time or of a struct with fields.
func (c *encodeCompiler) structOf(t reflect.Type, o avOption) (encodedType, bool) {
	if t.ConvertibleTo(timeType) {
		return encodedType{plain: true, encode: func(v reflect.Value) (types.AttributeValue, error) {
			at := v.Convert(timeType).Interface().(time.Time)
			if o&optUnixTime != 0 {
				return &types.AttributeValueMemberN{Value: strconv.FormatInt(at.Unix(), 10)}, nil
			}
			return &types.AttributeValueMemberS{Value: at.Format(time.RFC3339Nano)}, nil
		}}, true
	}
	fields, ok := attributeFields(t)
	if !ok {
		return encodedType{}, false
	}
	plain := true
	encoders := make([]encodeFunc, len(fields))
	for i, f := range fields {
		e := c.compile(f.goType, f.options&^optRoles)
		encoders[i] = e.encode
		plain = plain && e.plain
	}
	return encodedType{plain: plain, encode: func(v reflect.Value) (types.AttributeValue, error) {
		m := make(map[string]types.AttributeValue, len(fields))
		for i := range fields {
			fv, ok := fieldByIndex(v, fields[i].index)
			if !ok {
				continue
			}
			av, err := encoders[i](fv)
			if err != nil {
				return nil, err
			}
			if av != nil {
				m[fields[i].attr] = av
			}
		}
		return &types.AttributeValueMemberM{Value: m}, nil
	}}, true
}

// attributeFields returns the fields that attributevalue stores of the struct t,
// or false if there is anything unusual about them.
func attributeFields(t reflect.Type) ([]field, bool) {
	c := &compiler{
		mode: encoderMode{timeType: "S"}, schema: &Schema{Type: rootName(t)},
		own: map[reflect.Type]bool{}, walked: map[walkKey]bool{},
	}
	fields := c.fields(t)
	return fields, len(c.errs) == 0
}

// fieldByIndex returns a field, or false if a nil pointer is on the way to it.
func fieldByIndex(v reflect.Value, index []int) (reflect.Value, bool) {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

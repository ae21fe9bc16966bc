package ddbenc

import (
	"encoding"
	"fmt"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

var (
	timeType            = reflect.TypeFor[time.Time]()
	durationType        = reflect.TypeFor[time.Duration]()
	marshalerType       = reflect.TypeFor[attributevalue.Marshaler]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	binaryMarshalerType = reflect.TypeFor[encoding.BinaryMarshaler]()

	// attributevalue takes strings with these methods for numbers: its own
	// Number and that of encoding/json.
	numberType = reflect.TypeFor[interface {
		Float64() (float64, error)
		Int64() (int64, error)
		String() string
	}]()
)

// An encoderMode holds what the options of attributevalue's encoder say about
// the types that Go values get.
type encoderMode struct {
	useMarshalers bool   // encoding.TextMarshaler and BinaryMarshaler are used
	timeType      string // type of a time.Time; empty if unknown
}

// encoderModeOf applies opts as attributevalue does. A TagKey that changes
// names is an error.
func encoderModeOf(opts []func(*attributevalue.EncoderOptions)) (encoderMode, error) {
	if len(opts) == 0 {
		return encoderMode{timeType: "S"}, nil
	}
	var got attributevalue.EncoderOptions
	attributevalue.NewEncoder(append(opts[:len(opts):len(opts)], func(o *attributevalue.EncoderOptions) { got = *o })...)
	if got.TagKey != "" && got.TagKey != attrKey {
		return encoderMode{}, fmt.Errorf("%w: encoder option TagKey is %q, but names come from the dynamodbav tag only", ErrSchema, got.TagKey)
	}
	mode := encoderMode{useMarshalers: got.UseEncodingMarshalers, timeType: "S"}
	if got.EncodeTime != nil {
		v, err := got.EncodeTime(time.Unix(0, 0).UTC())
		if err != nil {
			v = nil
		}
		mode.timeType = valueType(v)
	}
	return mode, nil
}

// valueType names the DynamoDB type of v. A nil and a NULL have none.
func valueType(v types.AttributeValue) string {
	switch v.(type) {
	case *types.AttributeValueMemberS:
		return "S"
	case *types.AttributeValueMemberN:
		return "N"
	case *types.AttributeValueMemberB:
		return "B"
	case *types.AttributeValueMemberBOOL:
		return "BOOL"
	case *types.AttributeValueMemberM:
		return "M"
	case *types.AttributeValueMemberL:
		return "L"
	case *types.AttributeValueMemberSS:
		return "SS"
	case *types.AttributeValueMemberNS:
		return "NS"
	case *types.AttributeValueMemberBS:
		return "BS"
	}
	return ""
}

// typeOf returns the DynamoDB type that attributevalue's encoder gives to the
// values of a field of type t with these options. It is empty if only a value
// can tell. It repeats the decisions of Encoder.encode, in their order.
func (m encoderMode) typeOf(t reflect.Type, options avOption) string {
	t = withoutPointers(t)
	switch {
	case t.Kind() == reflect.Interface, implements(t, marshalerType):
		return ""
	case m.useMarshalers && implements(t, textMarshalerType):
		return "S"
	case m.useMarshalers && implements(t, binaryMarshalerType):
		return "B"
	}
	switch t.Kind() {
	case reflect.Struct:
		switch {
		case !t.ConvertibleTo(timeType):
			return "M"
		case options&optUnixTime != 0:
			return "N"
		}
		return m.timeType
	case reflect.Map:
		return "M"
	case reflect.Slice, reflect.Array:
		return sliceType(t, options)
	case reflect.Bool:
		return "BOOL"
	case reflect.String:
		if !t.Implements(numberType) {
			return "S"
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
	default:
		return "" // see neverStored
	}
	if options&optString != 0 {
		return "S"
	}
	return "N"
}

// sliceType is typeOf for slices and arrays.
func sliceType(t reflect.Type, options avOption) string {
	switch {
	case t.Elem().Kind() == reflect.Uint8:
		return "B"
	case options&optBinarySet != 0, t == reflect.TypeFor[[][]byte]():
		return "BS"
	case options&optNumberSet != 0:
		return "NS"
	case options&optStringSet != 0:
		return "SS"
	}
	return "L"
}

// neverStored reports whether attributevalue passes over fields of type t.
func neverStored(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		return !implements(t, marshalerType)
	}
	return false
}

// losesAll reports whether attributevalue stores values of the struct type t as
// empty maps although they hold something.
func (m encoderMode) losesAll(t reflect.Type) bool {
	switch {
	case t.NumField() == 0, t.ConvertibleTo(timeType), implements(t, marshalerType):
		return false
	case m.useMarshalers && (implements(t, textMarshalerType) || implements(t, binaryMarshalerType)):
		return false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() || f.Anonymous || f.Name == "_" {
			return false
		}
	}
	return true
}

// implements reports whether the encoder finds the methods of iface on a value
// of type t inside an addressable struct, where it looks at the pointer's
// methods as well.
func implements(t, iface reflect.Type) bool {
	return t.Implements(iface) || t.Name() != "" && t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(iface)
}

// withoutPointers returns what a pointer, or a pointer to a pointer, leads to.
func withoutPointers(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// probe marshals the zero value of a type that marshals itself, to learn the
// type of its values. It returns an empty string if that fails or gives NULL:
// a zero value need not be a good one.
func probe(t reflect.Type) (typ string) {
	defer func() {
		if recover() != nil {
			typ = "" // a user's method may not have been made for zero values
		}
	}()
	v, err := attributevalue.Marshal(reflect.New(t).Interface())
	if err != nil {
		return ""
	}
	return valueType(v)
}

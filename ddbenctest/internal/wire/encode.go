package wire

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// An encoder appends v as JSON to dst.
type encoder func(dst []byte, v reflect.Value) []byte

var encoders sync.Map // reflect.Type to encoder

var timeType = reflect.TypeFor[time.Time]()

// encodeResponse appends out, a pointer to one of the engine's output
// structures, to dst. Members are named as the fields are; those that are nil or
// an empty string are left out, numbers and booleans stay even when zero.
// Times are seconds with milliseconds, as the service writes them.
func encodeResponse(dst []byte, out any) []byte {
	v := reflect.ValueOf(out).Elem()
	return encoderOf(v.Type())(dst, v)
}

func encoderOf(t reflect.Type) encoder {
	if e, ok := encoders.Load(t); ok {
		return e.(encoder)
	}
	e, _ := encoders.LoadOrStore(t, compileEncoder(t))
	return e.(encoder)
}

func compileEncoder(t reflect.Type) encoder {
	switch t {
	case valueType:
		return func(dst []byte, v reflect.Value) []byte { return v.Interface().(attr.Value).AppendJSON(dst) }
	case itemType:
		return func(dst []byte, v reflect.Value) []byte { return attr.AppendItem(dst, v.Interface().(attr.Item)) }
	case timeType:
		return func(dst []byte, v reflect.Value) []byte {
			ms := v.Interface().(time.Time).UnixMilli()
			return strconv.AppendFloat(dst, float64(ms)/1000, 'f', 3, 64)
		}
	}
	switch t.Kind() {
	case reflect.Pointer:
		elem := encoderOf(t.Elem())
		return func(dst []byte, v reflect.Value) []byte { return elem(dst, v.Elem()) }
	case reflect.String:
		return func(dst []byte, v reflect.Value) []byte { return attr.AppendString(dst, v.String()) }
	case reflect.Bool:
		return func(dst []byte, v reflect.Value) []byte { return strconv.AppendBool(dst, v.Bool()) }
	case reflect.Int, reflect.Int64:
		return func(dst []byte, v reflect.Value) []byte { return strconv.AppendInt(dst, v.Int(), 10) }
	case reflect.Float64:
		return func(dst []byte, v reflect.Value) []byte {
			prec := -1
			if f := v.Float(); f == math.Trunc(f) {
				prec = 1 // capacity units are written 1.0
			}
			return strconv.AppendFloat(dst, v.Float(), 'f', prec, 64)
		}
	case reflect.Slice:
		elem := encoderOf(t.Elem())
		return func(dst []byte, v reflect.Value) []byte {
			dst = append(dst, '[')
			for i := range v.Len() {
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = elem(dst, v.Index(i))
			}
			return append(dst, ']')
		}
	case reflect.Map:
		elem := encoderOf(t.Elem())
		return func(dst []byte, v reflect.Value) []byte {
			keys := v.MapKeys()
			slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
			dst = append(dst, '{')
			for i, key := range keys {
				if i > 0 {
					dst = append(dst, ',')
				}
				dst = attr.AppendString(dst, key.String())
				dst = append(dst, ':')
				dst = elem(dst, v.MapIndex(key))
			}
			return append(dst, '}')
		}
	case reflect.Struct:
		return structEncoder(t)
	}
	panic("wire: no encoder for " + t.String())
}

func structEncoder(t reflect.Type) encoder {
	type field struct {
		index  []int
		name   string // quoted, with its colon
		encode encoder
	}
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous {
			continue
		}
		name := f.Name
		if tag, ok := f.Tag.Lookup("wire"); ok {
			name = tag // one that does not begin with a capital
		}
		fields = append(fields, field{f.Index, strconv.Quote(name) + ":", encoderOf(f.Type)})
	}
	return func(dst []byte, v reflect.Value) []byte {
		dst = append(dst, '{')
		first := true
		for _, f := range fields {
			fv := v.FieldByIndex(f.index)
			if absent(fv) {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(dst, f.name...)
			dst = f.encode(dst, fv)
		}
		return append(dst, '}')
	}
}

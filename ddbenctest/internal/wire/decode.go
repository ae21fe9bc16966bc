package wire

import (
	"errors"
	"reflect"
	"sync"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

// A decoder reads the JSON that stands next into v, which is settable. What it
// can't read is a SerializationException; a value that it can read but that the
// service would refuse is kept in the reader for later (see decodeRequest).
type decoder func(r *reader, v reflect.Value) error

var decoders sync.Map // reflect.Type to decoder; a type never changes

// Types that package attr reads.
var (
	valueType  = reflect.TypeFor[attr.Value]()
	itemType   = reflect.TypeFor[attr.Item]()
	valuesType = reflect.TypeFor[engine.Values]()
)

// decodeRequest reads a request into in, a pointer to one of the engine's input
// structures, whose exported fields are named as the members of the API. A member
// that the structure lacks is refused: to ignore what a request asks for would
// be to answer something else in silence.
//
// As in the service, the whole request is read first, then the constraints on
// members are checked, and only then are the values in it validated.
func decodeRequest(body []byte, in any) error {
	r := &reader{src: body}
	v := reflect.ValueOf(in).Elem()
	d := decoderOf(v.Type())
	if err := d(r, v); err != nil {
		return err
	}
	if r.space(); r.pos != len(r.src) {
		return errSyntax
	}
	if err := checkConstraints(v); err != nil {
		return err
	}
	return r.refused
}

func decoderOf(t reflect.Type) decoder {
	if d, ok := decoders.Load(t); ok {
		return d.(decoder)
	}
	d, _ := decoders.LoadOrStore(t, compileDecoder(t))
	return d.(decoder)
}

func compileDecoder(t reflect.Type) decoder {
	switch t {
	case valueType:
		return decodeValue
	case itemType:
		return decodeItem
	case valuesType:
		return decodeValues
	}
	switch t.Kind() {
	case reflect.Pointer:
		elem := decoderOf(t.Elem())
		return func(r *reader, v reflect.Value) error {
			p := reflect.New(t.Elem())
			if err := elem(r, p.Elem()); err != nil {
				return err
			}
			v.Set(p)
			return nil
		}
	case reflect.String:
		return func(r *reader, v reflect.Value) error {
			s, err := r.str()
			v.SetString(s)
			return err
		}
	case reflect.Bool:
		return func(r *reader, v reflect.Value) error {
			b, err := r.boolean()
			v.SetBool(b)
			return err
		}
	case reflect.Int, reflect.Int64:
		return func(r *reader, v reflect.Value) error {
			n, err := r.integer(t.Kind() == reflect.Int64)
			v.SetInt(n)
			return err
		}
	case reflect.Slice:
		return sliceDecoder(t)
	case reflect.Map:
		return mapDecoder(t)
	case reflect.Struct:
		return structDecoder(t)
	}
	panic("wire: no decoder for " + t.String())
}

func sliceDecoder(t reflect.Type) decoder {
	elem := decoderOf(t.Elem())
	return func(r *reader, v reflect.Value) error {
		list := reflect.MakeSlice(t, 0, 4)
		err := r.elements(func(int) error {
			e := reflect.New(t.Elem()).Elem()
			if err := elem(r, e); err != nil {
				return err
			}
			list = reflect.Append(list, e)
			return nil
		})
		v.Set(list)
		return err
	}
}

func mapDecoder(t reflect.Type) decoder {
	elem := decoderOf(t.Elem())
	return func(r *reader, v reflect.Value) error {
		m := reflect.MakeMap(t)
		err := r.members("java.util.Map", func(name string) error {
			e := reflect.New(t.Elem()).Elem()
			if err := elem(r, e); err != nil {
				return err
			}
			m.SetMapIndex(reflect.ValueOf(name), e)
			return nil
		})
		v.Set(m)
		return err
	}
}

func structDecoder(t reflect.Type) decoder {
	type field struct {
		index  []int
		decode decoder
	}
	fields := map[string]field{}
	for _, f := range reflect.VisibleFields(t) {
		if f.IsExported() && !f.Anonymous {
			fields[f.Name] = field{f.Index, decoderOf(f.Type)}
		}
	}
	class := "class com.amazonaws.dynamodb.v20120810." + t.Name()
	return func(r *reader, v reflect.Value) error {
		return r.members(class, func(name string) error {
			f, ok := fields[name]
			if !ok {
				return &engine.Error{Code: engine.Validation, Message: "The embedded engine does not support the parameter " + name}
			}
			return f.decode(r, v.FieldByIndex(f.index))
		})
	}
}

func decodeValue(r *reader, v reflect.Value) error {
	raw, err := r.raw()
	if err != nil {
		return err
	}
	value, err := attr.Decode(raw)
	if err := r.keep(err, ""); err != nil {
		return err
	}
	*v.Addr().Interface().(*attr.Value) = value
	return nil
}

func decodeItem(r *reader, v reflect.Value) error {
	raw, err := r.raw()
	if err != nil {
		return err
	}
	item, err := attr.DecodeItem(raw)
	if err := r.keep(err, ""); err != nil {
		return err
	}
	if item == nil { // a refused item is there all the same
		item = attr.Item{}
	}
	*v.Addr().Interface().(*attr.Item) = item
	return nil
}

func decodeValues(r *reader, v reflect.Value) error {
	raw, err := r.raw()
	if err != nil {
		return err
	}
	values, err := attr.DecodeValues(raw)
	suffix := ""
	if named, ok := errors.AsType[*attr.NamedError](err); ok {
		suffix = " for key " + named.Name
	}
	if err := r.keep(err, suffix); err != nil {
		return err
	}
	if values == nil {
		values = map[string]attr.Value{}
	}
	*v.Addr().Interface().(*engine.Values) = values
	return nil
}

// keep returns an error of package attr about JSON as ours, and keeps the first
// of a value that the service would refuse.
func (r *reader) keep(err error, suffix string) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*attr.Error](err)
	if !ok {
		return err
	}
	if e.Code == attr.CodeSerialization {
		return &engine.Error{Code: engine.Serialization, Message: e.Message}
	}
	if r.refused == nil {
		message := e.Message
		if suffix != "" {
			message = "ExpressionAttributeValues contains invalid value: " + message + suffix
		}
		r.refused = &engine.Error{Code: engine.Validation, Message: message}
	}
	return nil
}

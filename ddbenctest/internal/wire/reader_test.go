package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

// tree reads whatever stands next as encoding/json would decode it into an any,
// with numbers as text.
func tree(r *reader) (any, error) {
	r.space()
	switch r.next() {
	case '{':
		m := map[string]any{}
		err := r.members("", func(name string) (err error) {
			m[name], err = tree(r)
			return err
		})
		return m, err
	case '[':
		list := []any{}
		err := r.elements(func(int) error {
			v, err := tree(r)
			list = append(list, v)
			return err
		})
		return list, err
	case '"':
		return r.str()
	case 't', 'f':
		return r.boolean()
	case 'n':
		_, err := r.null()
		return nil, err
	}
	text, err := r.number()
	return json.Number(text), err
}

// twin reads what stands next with encoding/json, dropping what is null as the
// reader does: of members with the same name the last one that is not null counts.
func twin(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		m := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			e, err := twin(d)
			if err != nil {
				return nil, err
			}
			if e != nil {
				m[name.(string)] = e
			}
		}
		_, err = d.Token()
		return m, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			e, err := twin(d)
			if err != nil {
				return nil, err
			}
			if e != nil {
				list = append(list, e)
			}
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "a" : [ 1 , -2.5e+3, "x" ], "b":{"c":null,"d":true,"e":false} } `, `{"a":"\u00e9\ud83d\ude00\ud800x\"\\\/\b\f\n\r\t"}`,
		`{"a":01}`, `{"a":1.}`, `{"a":"\x"}`, `{"a"}`, `{,}`, `[1,]`, "{\"a\":\"\xff\"}", `{"a":tru}`, `"x"`, ``, `{"a":{"b":[[],{}]}}x`, `{"":[],"":null}`, `{"a":"` + "\x01" + `"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		r := &reader{src: src}
		got, err := tree(r)
		r.space()
		read := err == nil && r.pos == len(src)
		d := json.NewDecoder(bytes.NewReader(src))
		d.UseNumber()
		valid := json.Valid(src) && utf8.Valid(src)
		if read && !valid {
			t.Fatalf("%q was read as %v, but is no JSON", src, got)
		}
		if !read && valid && strings.Count(string(src), "[")+strings.Count(string(src), "{") < maxDepth {
			t.Fatalf("%q was refused: %v", src, err)
		}
		if want, err := twin(d); read && (err != nil || !reflect.DeepEqual(got, want)) {
			t.Fatalf("%q was read as %#v, want %#v, %v", src, got, want, err)
		}
		skip := &reader{src: src}
		if raw, err := skip.raw(); err == nil && read && !bytes.Equal(bytes.TrimSpace(src), raw) {
			t.Fatalf("raw of %q is %q", src, raw)
		}
	})
}

func TestReaderRefuses(t *testing.T) {
	for _, test := range []struct {
		src  string
		read func(*reader) error
		want string
	}{
		{`5`, readString, "NUMBER_VALUE cannot be converted to String"},
		{`5.5`, readString, "DECIMAL_VALUE cannot be converted to String"},
		{`true`, readString, "TRUE_VALUE cannot be converted to String"},
		{`false`, readString, "FALSE_VALUE cannot be converted to String"},
		{`{}`, readString, "Start of structure or map found where not expected"},
		{`[]`, readString, "Unrecognized collection type class java.lang.String"},
		{`"x"`, readInteger, "STRING_VALUE cannot be converted to Integer"},
		{`99999999999`, readInteger, "NUMBER_VALUE cannot be converted to Integer"},
		{`"maybe"`, readBoolean, "Unexpected token received from parser"},
		{`7`, readBoolean, "NUMBER_VALUE cannot be converted to Boolean"},
		{`"x"`, readObject, "Unexpected field type"},
		{`[]`, readObject, "Unrecognized collection type class X"},
		{`{}`, readList, "Start of structure or map found where not expected"},
		{strings.Repeat(`[`, 1000), func(r *reader) error { return r.skip() }, "Nesting is deeper than 128 levels"},
		{``, readString, ""},
		{`"x`, readString, ""},
		{`{"a" 1}`, readObject, ""},
	} {
		err := test.read(&reader{src: []byte(test.src)})
		e, ok := err.(*engine.Error)
		if !ok || e.Code != engine.Serialization || e.Message != test.want {
			t.Errorf("%s gives %v, want a SerializationException with %q", test.src, err, test.want)
		}
	}
}

func readString(r *reader) error  { _, err := r.str(); return err }
func readInteger(r *reader) error { _, err := r.integer(false); return err }
func readBoolean(r *reader) error { _, err := r.boolean(); return err }
func readObject(r *reader) error  { return r.members("class X", func(string) error { return r.skip() }) }
func readList(r *reader) error    { return r.elements(func(int) error { return r.skip() }) }

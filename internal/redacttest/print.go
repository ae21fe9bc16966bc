package redacttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/token"
	"log/slog"
	"reflect"
	"sync"
)

// Checks are the ways to print that are tried besides those of package fmt and of
// logs as text.
type Checks struct {
	Hidden bool // in an unexported field, where package fmt calls no methods
	JSON   bool // package encoding/json, and logs as JSON of what is in another value
}

// formats are those with which a program may print. With %T and %p package fmt calls
// no method of any type; nobody prints what is no pointer by the latter.
var formats = []string{
	"%v", "%+v", "%#v", "%s", "%+s", "%#s", "%q", "%+q", "%#q", "%x", "%X", "%#x", "% x", "%d", "%+d", "%#d",
	"%b", "%o", "%O", "%c", "%U", "%#U", "%t", "%e", "%f", "%g", "%G", "%z", "%10.3v",
}

// Leaks prints v, what it points to or a pointer to it, and structs, slices and maps
// of these, and returns which secrets were found where.
func (c Checks) Leaks(v any, secrets ...Secret) (leaks []string) {
	value := reflect.ValueOf(v)
	forms := []reflect.Value{value}
	switch {
	case value.Kind() != reflect.Pointer:
		pointer := reflect.New(value.Type())
		pointer.Elem().Set(value)
		forms = append(forms, pointer)
	case !value.IsNil() && copied(value.Type().Elem()):
		forms = append(forms, value.Elem())
	}
	clean := map[string]bool{} // the same texts come again and again
	for i, form := range forms {
		// What programs have as a pointer they don't hide as a value.
		for _, in := range containers(form, c.Hidden && (i == 0 || value.Kind() != reflect.Pointer)) {
			what := fmt.Sprintf("%s of a %s", in.name, form.Type())
			for _, p := range c.printed(in.value, in.name == itself) {
				if clean[p.text] {
					continue
				}
				before := len(leaks)
				for _, s := range secrets {
					if f, found := s.in(p.text); found {
						leaks = append(leaks, fmt.Sprintf("%s, %s: %s (as %q): %.300q", what, p.how, s, f, p.text))
					}
				}
				clean[p.text] = len(leaks) == before
			}
		}
	}
	return leaks
}

// copied reports whether programs copy values of type t, which they have pointers to:
// it has a name for them, there is no lock in it, or go vet would complain, and it is
// no error, which it would be no longer.
func copied(t reflect.Type) bool {
	isError := reflect.PointerTo(t).Implements(reflect.TypeFor[error]()) && !t.Implements(reflect.TypeFor[error]())
	return token.IsExported(t.Name()) && !locked(t) && !isError
}

func locked(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[sync.Locker]()) {
		return true
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if locked(t.Field(i).Type) {
				return true
			}
		}
	case reflect.Array:
		return locked(t.Elem())
	}
	return false
}

const itself = "itself"

type container struct {
	name  string
	value any
}

// containers returns v and values that hold it, hidden or not.
func containers(v reflect.Value, hidden bool) []container {
	boxed := v.Interface()
	list := reflect.Append(reflect.MakeSlice(reflect.SliceOf(v.Type()), 0, 1), v)
	byName := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[string](), v.Type()))
	byName.SetMapIndex(reflect.ValueOf("v"), v)
	exported := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "V", Type: v.Type()}})).Elem()
	exported.Field(0).Set(v)
	all := []container{
		{itself, boxed},
		{"a slice", list.Interface()},
		{"a slice of interfaces", []any{boxed}},
		{"a map", byName.Interface()},
		{"a map of interfaces", map[string]any{"v": boxed}},
		{"a struct", exported.Interface()},
		{"a pointer to a struct", exported.Addr().Interface()},
		{"a struct with an interface", struct{ V any }{boxed}},
	}
	if hidden {
		all = append(all,
			container{"a struct with an unexported interface", struct{ v any }{boxed}},
			container{"an unexported struct in a struct", struct{ v struct{ V any } }{struct{ V any }{boxed}}},
			container{"an unexported slice in a struct", struct{ v []any }{[]any{boxed}}},
		)
	}
	return all
}

type text struct{ how, text string }

// printed returns what is printed of v, which is a value to be tested alone or in
// another one.
func (c Checks) printed(v any, alone bool) []text {
	all := []text{{"Sprint", fmt.Sprint(v)}, {"Sprintln", fmt.Sprintln(v)}, {"an error", fmt.Errorf("failed: %v", v).Error()}}
	for _, format := range formats {
		all = append(all, text{format, fmt.Sprintf(format, v)})
	}
	var logged bytes.Buffer
	log := func(h slog.Handler) string {
		logged.Reset()
		l := slog.New(h)
		l.Info("held", "v", v)
		l.Info("held", slog.Group("g", "v", v))
		l.With("v", v).Error("held")
		return logged.String()
	}
	all = append(all, text{"a log as text", log(slog.NewTextHandler(&logged, nil))})
	if c.JSON || alone {
		all = append(all, text{"a log as JSON", log(slog.NewJSONHandler(&logged, nil))})
	}
	if c.JSON {
		encoded, err := json.Marshal(v)
		all = append(all, text{"JSON", string(encoded)}, text{"the error of JSON", fmt.Sprint(err)})
	}
	return all
}

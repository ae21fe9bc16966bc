package wire

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

// maxViolations is how many violated constraints the service tells of at once.
const maxViolations = 10

// A constraint is what the tag of a field asks of a member of a request, such as
//
//	check:"required,min=3,max=255,pattern=name"
//	check:"enum=ALL|KEYS_ONLY|INCLUDE"
//
// min and max bound the length of strings, lists and maps and the value of
// numbers. values=N bounds the length of each value of a map. terse is for the
// members whose violation the service tells without the value, in another
// spelling. table is for the name of a table, or its ARN; a violation of it is told
// alone.
type constraint struct {
	index    []int
	name     string // as in a path: the member's with its first letter small
	required bool
	min, max *int64
	values   *int64
	enum     []string
	pattern  *regexp.Regexp
	terse    bool
	table    bool
	nested   bool // what the member holds has constraints of its own
}

var patterns = map[string]*regexp.Regexp{
	"name": regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`),
}

var constraints sync.Map // reflect.Type of a struct to []constraint

// checkConstraints returns the service's error that lists the members of the
// structure v that violate their constraints.
func checkConstraints(v reflect.Value) error {
	var found []string
	for _, c := range constraintsOf(v.Type()) {
		if c.table {
			c.checkTable(v.FieldByIndex(c.index), &found)
		}
	}
	if found == nil {
		check(v, "", &found)
	}
	if len(found) == 0 {
		return nil
	}
	plural := ""
	if len(found) > 1 {
		plural = "s"
	}
	return &engine.Error{
		Code:    engine.Validation,
		Message: fmt.Sprintf("%d validation error%s detected: %s", len(found), plural, strings.Join(found, "; ")),
	}
}

func check(v reflect.Value, path string, found *[]string) {
	for _, c := range constraintsOf(v.Type()) {
		c.check(v.FieldByIndex(c.index), path+c.name, found)
	}
}

// checkTable checks the name of a table. An ARN stands for one; the engine finds
// out whether it does.
func (c *constraint) checkTable(v reflect.Value, found *[]string) {
	if v.IsNil() || strings.HasPrefix(v.Elem().String(), "arn:") {
		return
	}
	one, most := int64(1), int64(255)
	named := constraint{min: &one, max: &most, pattern: patterns["name"]}
	if v.Elem().Len() == 0 {
		named.pattern = nil
	}
	named.check(v, c.name, found)
}

// tersePath spells a path for a terse constraint: RequestItems.NAME.member.Keys.
func tersePath(path string) string {
	last := strings.LastIndex(path, ".") + 1
	path = path[:last] + strings.ToUpper(path[last:last+1]) + path[last+1:]
	return strings.ToUpper(path[:1]) + path[1:]
}

// checkNested looks for structures in v and checks them.
func checkNested(v reflect.Value, path string, found *[]string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			checkNested(v.Elem(), path, found)
		}
	case reflect.Struct:
		check(v, path+".", found)
	case reflect.Slice:
		for i := range v.Len() {
			checkNested(v.Index(i), fmt.Sprintf("%s.%d.member", path, i+1), found)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			checkNested(v.MapIndex(key), fmt.Sprintf("%s.%s.member", path, key), found)
		}
	}
}

func (c *constraint) check(v reflect.Value, path string, found *[]string) {
	given := v
	violated := func(format string, args ...any) {
		if len(*found) == maxViolations {
			return
		}
		if c.terse {
			*found = append(*found, fmt.Sprintf("Value at '%s' failed to satisfy constraint: ", tersePath(path))+fmt.Sprintf(format, args...))
		} else {
			*found = append(*found, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: ", show(given), path)+fmt.Sprintf(format, args...))
		}
	}
	if absent(v) {
		if c.required {
			violated("Member must not be null")
		}
		return
	}
	if v.Kind() == reflect.Pointer && v.Elem().Kind() != reflect.Struct {
		v = v.Elem()
	}
	var size int64
	what := "length"
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		size = int64(v.Len())
	case reflect.Int, reflect.Int64:
		size, what = v.Int(), "value"
	}
	if c.pattern != nil && !c.pattern.MatchString(v.String()) {
		violated("Member must satisfy regular expression pattern: %s", strings.Trim(c.pattern.String(), "^$"))
	}
	if c.min != nil && size < *c.min {
		violated("Member must have %s greater than or equal to %d", what, *c.min)
	}
	if c.max != nil && size > *c.max {
		violated("Member must have %s less than or equal to %d", what, *c.max)
	}
	if c.enum != nil && !slices.Contains(c.enum, v.String()) {
		violated("Member must satisfy enum value set: [%s]", strings.Join(c.enum, ", "))
	}
	if c.values != nil {
		for _, key := range v.MapKeys() {
			if n := int64(v.MapIndex(key).Len()); n == 0 || n > *c.values {
				violated("Map value must satisfy constraint: [Member must have length less than or equal to %d, Member must have length greater than or equal to 1]", *c.values)
				break
			}
		}
	}
	if c.nested {
		checkNested(v, path, found)
	}
}

func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0
	}
	return false
}

// show spells a value as the service does in its message: structures as
// Name(member=value), lists in brackets, maps in braces. Of an item it shows only
// the names.
func show(v reflect.Value) string {
	text := spell(v)
	if text == "null" {
		return text
	}
	return "'" + text + "'"
}

func spell(v reflect.Value) string {
	if absent(v) {
		return "null"
	}
	var parts []string
	switch v.Kind() {
	case reflect.Pointer:
		if v.Elem().Kind() == reflect.String {
			return v.Elem().String() // even when empty
		}
		return spell(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, spell(v.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Map:
		for _, key := range v.MapKeys() {
			part := key.String()
			if holdsStruct(v.Type()) {
				part += "=" + spell(v.MapIndex(key))
			}
			parts = append(parts, part)
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(v.Type()) {
			if !f.IsExported() || f.Anonymous {
				continue
			}
			if fv := v.FieldByIndex(f.Index); !absent(fv) {
				parts = append(parts, lowerFirst(f.Name)+"="+spell(fv))
			}
		}
		return v.Type().Name() + "(" + strings.Join(parts, ", ") + ")"
	}
	return fmt.Sprint(v.Interface())
}

// constraintsOf returns the constraints on the fields of a structure, those of
// embedded structures with them.
func constraintsOf(t reflect.Type) []constraint {
	if known, ok := constraints.Load(t); ok {
		return known.([]constraint)
	}
	list := []constraint{}
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous {
			continue
		}
		c := constraint{index: f.Index, name: lowerFirst(f.Name), nested: holdsStruct(f.Type)}
		c.parse(f.Tag.Get("check"))
		if c.nested || f.Tag.Get("check") != "" {
			list = append(list, c)
		}
	}
	constraints.Store(t, list)
	return list
}

func (c *constraint) parse(tag string) {
	for rule := range strings.SplitSeq(tag, ",") {
		name, arg, _ := strings.Cut(rule, "=")
		switch name {
		case "":
		case "required":
			c.required = true
		case "terse":
			c.terse = true
		case "table":
			c.table = true
		case "enum":
			c.enum = strings.Split(arg, "|")
		case "pattern":
			c.pattern = patterns[arg]
		case "min", "max", "values":
			n, err := strconv.ParseInt(arg, 10, 64)
			if err != nil {
				panic("wire: constraint " + rule + ": " + err.Error())
			}
			switch name {
			case "min":
				c.min = &n
			case "max":
				c.max = &n
			case "values":
				c.values = &n
			}
		default:
			panic("wire: unknown constraint " + rule)
		}
	}
}

// holdsStruct reports whether a member of type t holds structures of the API,
// which may have constraints. Attribute values have none.
func holdsStruct(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return holdsStruct(t.Elem())
	case reflect.Struct:
		return t != valueType
	}
	return false
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

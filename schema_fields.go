package ddbenc

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
)

// A field is a struct field that competes for an attribute name.
type field struct {
	rule
	attr   string // attribute name: the tag's, or the field's own
	index  []int  // for reflect.Value.FieldByIndex
	path   string // Go selector, such as "Audit.At"
	goName string
	goType reflect.Type

	fallback    crypt.Action // default of the struct that declares the field
	fallbackWhy string

	twice bool // there are two of them at one depth: see embedded
}

// An embedded is a struct whose fields are, or become, attributes of the item:
// the root, or one that is embedded in it.
type embedded struct {
	t           reflect.Type
	index       []int
	path        string
	fallback    crypt.Action
	fallbackWhy string
	twice       bool // embedded twice at one depth, or inside such a struct
}

// child appends field i, called name, to the path.
func (e embedded) child(i int, name string) (index []int, path string) {
	// Clipped, since siblings must not share what is behind the parent.
	return append(slices.Clip(e.index), i), joinPath(e.path, name)
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// fields returns the fields that become attributes, in the order of the source.
//
// The rules are attributevalue's, which took them from encoding/json: of
// several fields with the same attribute name the one at the smallest depth
// wins, at equal depth the only one whose name comes from a tag, and if that
// does not decide, none. Where a field loses, data would be lost without a
// word, so all but plain shadowing as in Go is reported.
func (c *compiler) fields(root reflect.Type) []field {
	candidates := c.candidates(root)
	byName := map[string][]field{}
	var names []string // in order of first sight, to report in a fixed order
	for _, f := range candidates {
		if byName[f.attr] == nil {
			names = append(names, f.attr)
		}
		byName[f.attr] = append(byName[f.attr], f)
	}
	var out []field
	for _, name := range names {
		if f, ok := c.dominant(byName[name]); ok {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b field) int { return slices.Compare(a.index, b.index) })
	return out
}

// candidates walks root and the structs embedded in it, level by level, so that
// its result is ordered by depth.
func (c *compiler) candidates(root reflect.Type) []field {
	var fields []field
	level := []embedded{{t: root, fallback: crypt.EncryptAndSign, fallbackWhy: "default"}}
	for len(level) > 0 {
		count := map[reflect.Type]int{}
		for _, e := range level {
			count[e.t]++
		}
		var next []embedded
		for _, e := range level {
			if c.own[e.t] {
				continue // an outer level, or an earlier embedding, has it
			}
			c.own[e.t] = true
			e.twice = e.twice || count[e.t] > 1
			e = c.structDefault(e)
			if len(e.index) == 0 {
				c.schema.Default = e.fallback
			}
			for i := range e.t.NumField() {
				f, deeper := c.field(e, i)
				switch {
				case deeper != nil:
					next = append(next, *deeper)
				case f != nil:
					fields = append(fields, *f)
				}
			}
		}
		level = next
	}
	return fields
}

// structDefault applies a field _ struct{} with a default of its own in e.
// Structs embedded in e inherit it.
func (c *compiler) structDefault(e embedded) embedded {
	var set bool
	for i := range e.t.NumField() {
		sf := e.t.Field(i)
		if sf.Name != "_" {
			continue
		}
		r, _ := parseField(sf)
		if r.structDefault == 0 {
			continue
		}
		if set {
			c.refuse(joinPath(e.path, "_"), r.actionText, "second default in one struct", "")
		}
		set = true
		e.fallback = r.structDefault
		e.fallbackWhy = "default=" + actionWord(r.structDefault)
	}
	return e
}

// field reads field i of e. It returns a field that competes for a name, or a
// struct whose fields do, or neither if attributevalue would pass over it.
func (c *compiler) field(e embedded, i int) (*field, *embedded) {
	sf := e.t.Field(i)
	index, path := e.child(i, sf.Name)
	r, problems := parseField(sf)
	for _, p := range problems {
		c.refuse(path, p.tag, p.reason, p.suggestion)
	}
	if r.ignored || sf.Name == "_" || !sf.IsExported() && !sf.Anonymous {
		return nil, nil
	}
	t := sf.Type
	if t.Name() == "" && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if sf.Anonymous && r.name == "" && t.Kind() == reflect.Struct {
		c.checkFlattened(sf, r, path, t)
		e.t, e.index, e.path = t, index, path
		return nil, &e
	}
	if !sf.IsExported() {
		// attributevalue takes it, and then panics at all but a few of these.
		c.refuse(path, "", "an unexported embedded "+t.String()+" can't be stored: export it, or ignore it", `dynamodbav:"-"`)
		return nil, nil
	}
	f := &field{
		rule: r, attr: r.name, index: index, path: path, goName: sf.Name, goType: sf.Type,
		fallback: e.fallback, fallbackWhy: e.fallbackWhy, twice: e.twice,
	}
	if f.attr == "" {
		f.attr = sf.Name
	}
	return f, nil
}

// checkFlattened refuses what has no effect on an embedded struct whose fields
// become attributes themselves.
func (c *compiler) checkFlattened(sf reflect.StructField, r rule, path string, t reflect.Type) {
	reason := "has no effect on an embedded struct, whose fields become attributes of their own: tag those, or give the struct a name"
	suggestion := `dynamodbav:"` + strings.ToLower(sf.Name) + `"`
	if r.actionText != "" {
		c.refuse(path, r.actionText, reason, suggestion)
	}
	if r.indexText != "" {
		c.refuse(path, r.indexText, reason, suggestion)
	}
	if r.options != 0 {
		c.refuse(path, r.attrText, reason, "")
	}
	switch {
	case sf.Type.Kind() == reflect.Pointer && !sf.IsExported():
		c.refuse(path, "", "a pointer to an unexported embedded struct can't be read back: embed the struct itself", "")
	case t.ConvertibleTo(timeType):
		c.refuse(path, "", "an embedded time would not be stored: give it a name", suggestion)
	}
}

// dominant picks the field that attributevalue stores under a name, out of all
// that have it, ordered by depth. It reports every field that loses, unless it
// is merely shadowed as everybody expects of Go.
func (c *compiler) dominant(fields []field) (field, bool) {
	depth := len(fields[0].index)
	var top []field
	for _, f := range fields {
		if len(f.index) == depth {
			top = append(top, f)
		}
	}
	winner, ok := top[0], len(top) == 1 && !top[0].twice
	if !ok {
		winner, ok = c.clash(top)
	}
	for _, f := range fields[len(top):] {
		c.shadowed(f, winner)
	}
	return winner, ok
}

// clash reports several fields of one name at one depth. Like attributevalue it
// prefers the only one with a name from a tag, and else takes none.
func (c *compiler) clash(top []field) (field, bool) {
	var tagged []field
	for _, f := range top {
		if f.name != "" {
			tagged = append(tagged, f)
		}
	}
	if len(tagged) == 1 && !tagged[0].twice {
		for _, f := range top {
			if f.path != tagged[0].path {
				c.refuse(f.path, f.attrText, "attribute "+strconv.Quote(f.attr)+" is taken by "+tagged[0].path+", and this field would be lost", "")
			}
		}
		return tagged[0], true
	}
	if len(top) == 1 {
		c.refuse(top[0].path, top[0].attrText, "its struct is embedded twice at the same depth, so the attribute "+strconv.Quote(top[0].attr)+" would be lost", "")
		return top[0], false
	}
	for _, f := range top[1:] {
		c.refuse(f.path, f.attrText, "attribute "+strconv.Quote(f.attr)+" is also "+top[0].path+" at the same depth, so both would be lost", "")
	}
	return top[0], false
}

// shadowed reports a field below winner of the same attribute name, if data or
// a decision would be lost that the outer field does not replace.
func (c *compiler) shadowed(f, winner field) {
	switch {
	case f.goName != winner.goName:
		c.refuse(f.path, f.attrText, "attribute "+strconv.Quote(f.attr)+" is taken by "+winner.path+", and this field would be lost", "")
	case f.action != 0 && winner.action == 0:
		c.refuse(f.path, f.actionText, "has no effect, since "+winner.path+" shadows the field: tag that one", "")
	case f.has(optRoles) && !winner.has(optRoles):
		c.refuse(f.path, f.attrText, "has no effect, since "+winner.path+" shadows the field: tag that one", "")
	case f.indexes != nil && winner.indexes == nil:
		c.refuse(f.path, f.indexText, "has no effect, since "+winner.path+" shadows the field: tag that one", "")
	}
}

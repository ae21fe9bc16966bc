package ddbenc

import (
	"fmt"
	"reflect"

	"github.com/ddbenc/ddbenc/crypt"
)

// nested looks through everything that the value of attribute f can hold: for
// ddbenc tags, which have no effect inside, since an attribute is protected as a
// whole, and for types that attributevalue drops or panics at.
//
// A type that contains itself is the exception. Its tags do have an effect on
// the outermost value, so they are accepted inside as well, unless they ask for
// encryption within an attribute that isn't encrypted.
func (c *compiler) nested(f field, action crypt.Action) {
	c.walk(f.goType, walk{attr: f.attr, field: f.path, path: f.path, action: action})
}

// A walk is a way from an attribute down to a type.
type walk struct {
	attr   string // name of the attribute
	field  string // its field
	path   string // from the root to here, such as "Lines[].Price"
	action crypt.Action
	opaque bool // behind a type that marshals itself
}

// walkKey is what the findings of a walk depend on. A type is reported for the
// first attribute that reaches it.
type walkKey struct {
	t         reflect.Type
	encrypted bool
	opaque    bool
}

func (c *compiler) walk(t reflect.Type, w walk) {
	w.opaque = w.opaque || implements(t, marshalerType)
	switch t.Kind() {
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Interface && !w.opaque {
			c.refuse(w.path, "", fmt.Sprintf("attributevalue drops what %s leads to: use the interface itself", t), "")
			return
		}
		c.walk(t.Elem(), w)
	case reflect.Slice, reflect.Array:
		if elem := t.Elem(); elem.Kind() == reflect.Uint8 && elem != reflect.TypeFor[byte]() && !w.opaque {
			c.refuse(w.path, "", fmt.Sprintf("attributevalue panics at %s, since its elements are bytes by another name: use byte", t), "")
		}
		w.path += "[]"
		c.walk(t.Elem(), w)
	case reflect.Map:
		w.path += "[]"
		c.walk(t.Key(), w)
		c.walk(t.Elem(), w)
	case reflect.Struct:
		c.walkStruct(t, w)
	}
}

func (c *compiler) walkStruct(t reflect.Type, w walk) {
	key := walkKey{t, w.action == crypt.EncryptAndSign, w.opaque}
	if c.walked[key] {
		return
	}
	c.walked[key] = true
	if !w.opaque && c.mode.losesAll(t) {
		reason := fmt.Sprintf("attributevalue stores %s as an empty map, since it has no exported fields, and its value would be lost", t)
		if implements(t, textMarshalerType) || implements(t, binaryMarshalerType) {
			reason += ": open the table with EncoderOptions and DecoderOptions that use its encoding methods"
		}
		c.refuse(w.path, "", reason, "")
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		inside := w
		inside.path = joinPath(w.path, sf.Name)
		r, _ := parseField(sf)
		if c.own[t] {
			if r.action == crypt.EncryptAndSign && w.action != crypt.EncryptAndSign {
				c.refuse(inside.path, r.actionText, fmt.Sprintf(
					"is not encrypted inside attribute %q, which is stored with action %s: encrypt %s, or give it a type without ddbenc tags",
					w.attr, actionWord(w.action), w.field), "")
			}
		} else {
			c.refuseNestedTag(sf, inside)
		}
		if !r.ignored && (sf.IsExported() || sf.Anonymous) {
			c.walk(sf.Type, inside)
		}
	}
}

// refuseNestedTag reports any tag on sf that is, or was meant to be, for
// ddbenc. Other mistakes in the tags of nested structs, which may be anyone's,
// are none of ours.
func (c *compiler) refuseNestedTag(sf reflect.StructField, w walk) {
	for _, tag := range actionTags(sf.Tag) {
		c.refuse(w.path, tag, fmt.Sprintf("has no effect inside attribute %q: attributes are protected as a whole, so tag %s", w.attr, w.field), "")
	}
}

package attr

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// MaxDepth is how many levels an item may nest: a scalar attribute is at
// level 1, a scalar in a list that is an attribute at level 2.
const MaxDepth = 32

// maxName is how long an attribute's name may be, bytes.
const maxName = 65535

// Decode reads one attribute value from DynamoDB's JSON, such as {"N":"1.50"},
// and validates it. Errors are [*Error]: CodeSerialization when the JSON does
// not have the shape of a value, CodeValidation when the service would refuse
// the value. Trouble of the first sort anywhere wins over the second, since the
// service validates only what it could read. The result shares no memory with
// data.
func Decode(data []byte) (Value, error) {
	d := decoder{src: data}
	v := d.value(1)
	if err := d.end(); err != nil {
		return Value{}, err
	}
	return v, nil
}

// DecodeItem reads an item, a JSON object of values, as [Decode] reads a value.
// A JSON null gives a nil item.
func DecodeItem(data []byte) (Item, error) {
	d := decoder{src: data}
	item := d.members(1)
	if err := d.end(); err != nil {
		return nil, err
	}
	return item, nil
}

// A NamedError is an error of [DecodeValues]: the first value that is refused
// and its name.
type NamedError struct {
	Name string
	Err  *Error
}

func (e *NamedError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the value.
func (e *NamedError) Unwrap() error { return e.Err }

// DecodeValues reads a JSON object of values that are no item, such as
// ExpressionAttributeValues. It differs from [DecodeItem] in telling the name
// of a refused value by a [*NamedError], which the service puts in its message.
func DecodeValues(data []byte) (map[string]Value, error) {
	d := decoder{src: data, placeholders: true}
	values := d.members(1)
	if err := d.end(); err != nil {
		if e, ok := err.(*Error); ok && e.Code == CodeValidation {
			return nil, &NamedError{d.refusedIn, e}
		}
		return nil, err
	}
	return values, nil
}

// UnmarshalJSON makes a Value usable in structs for encoding/json.
func (v *Value) UnmarshalJSON(data []byte) error {
	decoded, err := Decode(data)
	if err == nil {
		*v = decoded
	}
	return err
}

// A decoder walks one JSON text. The first malformed byte stays in err and ends
// the walk; the first value that would be refused stays in refused while the
// walk goes on.
type decoder struct {
	src       []byte
	off       int
	err       error
	refused   error
	top       string // the top-level member being read
	refusedIn string // top when refused was set

	placeholders bool // the names at the top are of values in expressions
}

// end checks that nothing follows and returns what went wrong.
func (d *decoder) end() error {
	if d.err == nil && d.peek() != 0 {
		d.fail()
	}
	if d.err != nil {
		return d.err
	}
	return d.refused
}

func (d *decoder) refuse(err error) {
	if d.refused == nil {
		d.refused, d.refusedIn = err, d.top
	}
}

func (d *decoder) malformed(message string) {
	if d.err == nil {
		d.err = malformed(message)
	}
}

// fail reports text that is not JSON.
func (d *decoder) fail() {
	d.malformed(fmt.Sprintf("The request is not valid JSON at byte %d of a value", d.off))
}

// object reads an object and calls member, which must consume the value, for
// each of its names.
func (d *decoder) object(member func(name string)) {
	d.off++ // the caller saw '{'
	if d.peek() == '}' {
		d.off++
		return
	}
	for d.err == nil {
		if d.peek() != '"' {
			d.fail()
			return
		}
		name := d.str()
		if !d.expect(':') {
			return
		}
		member(name)
		if d.err != nil || d.more('}') {
			return
		}
	}
}

// array reads an array and calls element, which must consume it, for each.
func (d *decoder) array(element func()) {
	d.off++ // the caller saw '['
	if d.peek() == ']' {
		d.off++
		return
	}
	for d.err == nil {
		element()
		if d.err != nil || d.more(']') {
			return
		}
	}
}

// more consumes a comma or the closing byte; it is true after the latter.
func (d *decoder) more(closing byte) bool {
	switch d.peek() {
	case ',':
		d.off++
		return false
	case closing:
		d.off++
		return true
	}
	d.fail()
	return true
}

// class is how the service names the type of a value.
const class = "com.amazonaws.dynamodb.v20120810.AttributeValue"

// value reads an attribute value. Below MaxDepth it reads on without building,
// so that hostile nesting ends at the JSON reader's own bound.
func (d *decoder) value(depth int) Value {
	if d.null() {
		d.refuse(Invalid(msgEmptyValue))
		return Value{}
	}
	if !d.structure("class "+class, "Unexpected value type in payload") {
		return Value{}
	}
	if depth > MaxDepth {
		d.refuse(Invalid(msgDepth))
		d.skip()
		return Value{}
	}
	var v Value
	kinds := 0
	d.object(func(name string) {
		kind := KindOf(name)
		switch {
		case kind == 0:
			d.skip()
		case !d.null(): // null is as good as absent
			if kind != v.Kind {
				kinds++
			}
			v = d.typed(kind, depth)
		}
	})
	switch {
	case d.err != nil:
	case kinds == 0:
		d.refuse(Invalid(msgEmptyValue))
	case kinds > 1:
		d.refuse(Invalid(msgSeveralTypes))
	}
	return v
}

// typed reads what follows a type's name.
func (d *decoder) typed(kind Kind, depth int) Value {
	v := Value{Kind: kind}
	switch kind {
	case S:
		v.Str = d.text()
	case N:
		v.Str = d.number()
	case B:
		v.Str = d.blob()
	case BOOL:
		v.Bool = d.boolean()
	case NULL:
		if !d.boolean() && d.err == nil {
			d.refuse(Invalid(msgNullFalse))
		}
	case SS, NS, BS:
		v = d.set(kind)
	case L:
		v.List = []Value{}
		if d.list() {
			d.array(func() { v.List = append(v.List, d.value(depth+1)) })
		}
	case M:
		v.Map = d.members(depth + 1)
	}
	return v
}

// members reads an object of values.
func (d *decoder) members(depth int) map[string]Value {
	if d.null() {
		return nil
	}
	if !d.structure("java.util.Map<java.lang.String, "+class+">", "Unexpected field type") {
		return nil
	}
	m := make(map[string]Value)
	d.object(func(name string) {
		if depth == 1 {
			d.top = name
		}
		if depth > 1 || !d.placeholders {
			d.checkName(name)
		}
		m[name] = d.value(depth)
	})
	return m
}

// checkName refuses what no attribute may be called.
func (d *decoder) checkName(name string) {
	switch {
	case name == "":
		d.refuse(Invalid(msgEmptyName))
	case len(name) > maxName:
		d.refuse(Invalid(msgLongName))
	}
}

func (d *decoder) set(kind Kind) Value {
	if !d.list() {
		return Value{}
	}
	var members []string
	d.array(func() {
		switch {
		case d.null():
			d.refuse(Invalid(msgNullMember))
		case kind == SS:
			members = append(members, d.text())
		case kind == NS:
			members = append(members, d.number())
		default:
			members = append(members, d.blob())
		}
	})
	if d.err != nil {
		return Value{}
	}
	if len(members) == 0 {
		d.refuse(Invalid(map[Kind]string{SS: msgEmptySS, NS: msgEmptyNS, BS: msgEmptyBS}[kind]))
		return Value{}
	}
	set := NewSet(kind, slices.Clone(members))
	if len(set.Set) < len(members) {
		switch kind {
		case SS: // quoted in the order in which they were sent
			d.refuse(Invalid("One or more parameter values were invalid: Input collection [" + strings.Join(members, ", ") + "] contains duplicates."))
		case NS:
			d.refuse(Invalid(msgDuplicateNS))
		case BS:
			d.refuse(Invalid(msgDuplicateBS))
		}
	}
	return set
}

func (d *decoder) number() string {
	s := d.text()
	if d.err != nil {
		return ""
	}
	n, err := ParseNumber(s)
	if err != nil {
		d.refuse(err)
	}
	return n
}

// text reads a string and refuses other JSON in the service's words.
func (d *decoder) text() string {
	if d.peek() == '"' {
		return d.str()
	}
	d.notScalar("String")
	return ""
}

// boolean reads true or false, or one of the strings that the service takes
// for them.
func (d *decoder) boolean() bool {
	switch d.peek() {
	case 't':
		d.literal("true")
		return true
	case 'f':
		d.literal("false")
		return false
	case '"':
		switch strings.ToUpper(d.str()) {
		case "TRUE", "1", "YES":
			return true
		case "FALSE", "0", "NO":
			return false
		}
		d.malformed("Unexpected token received from parser")
		return false
	}
	d.notScalar("Boolean")
	return false
}

// notScalar reports the JSON at hand, which is not what class is made from.
func (d *decoder) notScalar(class string) {
	switch c := d.peek(); {
	case c == '{':
		d.malformed("Start of structure or map found where not expected")
	case c == '[':
		d.malformed("Unrecognized collection type class java.lang." + class)
	case c == 't':
		d.malformed("TRUE_VALUE cannot be converted to " + class)
	case c == 'f':
		d.malformed("FALSE_VALUE cannot be converted to " + class)
	case c == '-' || '0' <= c && c <= '9':
		if strings.ContainsAny(d.numberToken(), ".eE") {
			d.malformed("DECIMAL_VALUE cannot be converted to " + class)
		} else {
			d.malformed("NUMBER_VALUE cannot be converted to " + class)
		}
	default:
		d.fail()
	}
}

func (d *decoder) blob() string {
	switch c := d.peek(); c {
	case '"':
	case '{':
		d.malformed("Start of structure or map found where not expected")
		return ""
	case '[':
		d.malformed("Unrecognized collection type class java.nio.ByteBuffer")
		return ""
	default:
		d.malformed("only base-64-encoded strings are convertible to bytes")
		return ""
	}
	s := d.str()
	if len(s)%4 != 0 {
		d.malformed(fmt.Sprintf("Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(s)))
		return ""
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") { // which Go's decoder skips
		d.malformed("Invalid last non-pad Base64 character dectected")
		return ""
	}
	return string(raw)
}

// list reports whether an array is next, and what is wrong otherwise.
func (d *decoder) list() bool {
	switch d.peek() {
	case '[':
		return true
	case '{':
		d.malformed("Start of structure or map found where not expected")
	case 0:
		d.fail()
	default:
		d.malformed("Unexpected field type")
	}
	return false
}

// structure reports whether an object is next, and what is wrong otherwise:
// an array where class is expected, or a scalar.
func (d *decoder) structure(class, scalar string) bool {
	switch d.peek() {
	case '{':
		return true
	case '[':
		d.malformed("Unrecognized collection type " + class)
	case 0:
		d.fail()
	default:
		d.malformed(scalar)
	}
	return false
}

// Package eval evaluates expressions on items: conditions and filters,
// projections, updates and key conditions. The expressions are trees of
// internal/expr; the parameters of the time before expressions (Expected,
// AttributeUpdates, KeyConditions and the rest) are turned into the same trees.
//
// Items and values are not changed: an update returns a new item that shares
// with the old what the update left alone. Errors are of type [*attr.Error].
package eval

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// Values holds the values of a request's placeholders, by name with the colon.
type Values = map[string]attr.Value

// NewScope returns a scope to parse one request's expressions in. Either map is
// nil when the request has no such parameter.
func NewScope(names map[string]string, values Values) (*expr.Scope, error) {
	if values == nil {
		return expr.NewScope(names, nil)
	}
	known := make(map[string]expr.Value, len(values))
	for name, v := range values {
		known[name] = value{v}
	}
	return expr.NewScope(names, known)
}

// value shows an attribute value to the checks of internal/expr.
type value struct{ attr.Value }

func (v value) Type() string { return v.Kind.String() }

func (v value) Text() string {
	switch v.Kind {
	case attr.S, attr.N:
		return v.Str
	case attr.B:
		return base64.StdEncoding.EncodeToString([]byte(v.Str))
	}
	return string(v.AppendJSON(nil))
}

func (v value) Compare(w expr.Value) int {
	c, _ := attr.Compare(v.Value, w.(value).Value)
	return c
}

// Lookup returns the value that path leads to in item.
func Lookup(item attr.Item, path expr.Path) (attr.Value, bool) {
	v, ok := item[path.Root()]
	for _, e := range path[1:] {
		if !ok {
			break
		}
		v, ok = step(v, e)
	}
	return v, ok
}

// step returns the element e of a map or list.
func step(v attr.Value, e expr.Element) (attr.Value, bool) {
	if e.IsIndex() {
		if e.Index < len(v.List) {
			return v.List[e.Index], true
		}
		return attr.Value{}, false
	}
	w, ok := v.Map[e.Name]
	return w, ok
}

// Condition reports whether item satisfies c. A nil item has no attributes.
func Condition(c expr.Condition, item attr.Item, values Values) bool {
	return evaluation{item, values}.condition(c)
}

// An evaluation is one item and the values of a request.
type evaluation struct {
	item   attr.Item
	values Values
}

// operand returns the value of an operand of a condition; ok is false if it has
// none, as a path that leads nowhere.
func (e evaluation) operand(o expr.Operand) (v attr.Value, ok bool) {
	switch o := o.(type) {
	case expr.Path:
		return Lookup(e.item, o)
	case *expr.Placeholder:
		v, ok = e.values[o.Name]
		return v, ok
	case *expr.Call:
		if v, ok := e.operand(o.Args[0]); ok && o.Func == "size" {
			return size(v)
		}
	}
	return attr.Value{}, false
}

// size is the function of that name: not the size that counts for an item's
// limit, but how many elements a value has. Strings are measured in UTF-16
// units, as DynamoDB Local does.
func size(v attr.Value) (attr.Value, bool) {
	n := 0
	switch v.Kind {
	case attr.S:
		for _, r := range v.Str {
			n += utf16.RuneLen(r)
		}
	case attr.B:
		n = len(v.Str)
	case attr.SS, attr.NS, attr.BS:
		n = len(v.Set)
	case attr.L:
		n = len(v.List)
	case attr.M:
		n = len(v.Map)
	default:
		return attr.Value{}, false
	}
	return attr.Value{Kind: attr.N, Str: strconv.Itoa(n)}, true
}

func (e evaluation) condition(c expr.Condition) bool {
	switch c := c.(type) {
	case *expr.Logical:
		if c.Op == "AND" {
			return e.condition(c.Left) && e.condition(c.Right)
		}
		return e.condition(c.Left) || e.condition(c.Right)
	case *expr.Not:
		return !e.condition(c.X)
	case *expr.Compare:
		return e.compare(c)
	case *expr.Between:
		x, xOK := e.operand(c.X)
		low, lowOK := e.operand(c.Low)
		high, highOK := e.operand(c.High)
		return xOK && lowOK && highOK && ordered(">=", x, low) && ordered("<=", x, high)
	case *expr.In:
		x, ok := e.operand(c.X)
		if !ok {
			return false
		}
		for _, o := range c.List {
			if v, ok := e.operand(o); ok && attr.Equal(x, v) {
				return true
			}
		}
	case *expr.Call:
		return e.call(c)
	}
	return false
}

// compare compares two operands. One that is missing is not equal to anything,
// not even to another that is missing, and has no order.
func (e evaluation) compare(c *expr.Compare) bool {
	left, leftOK := e.operand(c.Left)
	right, rightOK := e.operand(c.Right)
	both := leftOK && rightOK
	switch c.Op {
	case "=":
		return both && attr.Equal(left, right)
	case "<>":
		return !both || !attr.Equal(left, right)
	}
	return both && ordered(c.Op, left, right)
}

// ordered reports whether v op w. Values of different types, or of a type
// without order, are in no relation.
func ordered(op string, v, w attr.Value) bool {
	c, ok := attr.Compare(v, w)
	if !ok {
		return false
	}
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func (e evaluation) call(f *expr.Call) bool {
	v, ok := e.operand(f.Args[0])
	switch f.Func {
	case "attribute_exists":
		return ok
	case "attribute_not_exists":
		return !ok
	}
	w, wOK := e.operand(f.Args[1])
	if !ok || !wOK {
		return false
	}
	switch f.Func {
	case "attribute_type":
		return v.Kind.String() == w.Str
	case "begins_with":
		return v.Kind == w.Kind && (v.Kind == attr.S || v.Kind == attr.B) && strings.HasPrefix(v.Str, w.Str)
	case "contains":
		return contains(v, w)
	}
	return false
}

// contains reports whether w is part of v: of a string or binary a piece, of a
// set a member, of a list an element.
func contains(v, w attr.Value) bool {
	switch {
	case v.Kind == attr.S || v.Kind == attr.B:
		return v.Kind == w.Kind && strings.Contains(v.Str, w.Str)
	case v.Kind.IsSet():
		return v.Kind.Member() == w.Kind && v.Contains(w.Str)
	}
	for _, e := range v.List {
		if attr.Equal(e, w) {
			return true
		}
	}
	return false
}

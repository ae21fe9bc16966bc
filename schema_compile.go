package ddbenc

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ddbenc/ddbenc/crypt"
)

// A compiler turns one type into a schema, collecting mistakes as it goes.
type compiler struct {
	mode   encoderMode
	schema *Schema
	errs   []error

	own    map[reflect.Type]bool // the root, and the structs embedded in it
	walked map[walkKey]bool      // see nested
}

// refuse notes a mistake at the field that path leads to. The tag is empty if
// the mistake is not in one.
func (c *compiler) refuse(path, tag, reason, suggestion string) {
	c.errs = append(c.errs, &SchemaError{
		Type: c.schema.Type, Field: path, Tag: tag, Reason: reason, Suggestion: suggestion,
	})
}

// compile is schemaOf without the cache.
func compile(t reflect.Type, mode encoderMode) (*Schema, error) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	c := &compiler{
		mode:   mode,
		schema: &Schema{Type: rootName(t)},
		own:    map[reflect.Type]bool{},
		walked: map[walkKey]bool{},
	}
	if reason := c.unfit(t); reason != "" {
		c.refuse("", "", reason, "")
		return nil, errors.Join(c.errs...)
	}
	fields := c.fields(t)
	c.keys(fields)
	c.indexes(fields)
	context := c.usesContext(fields)
	for _, f := range fields {
		c.attribute(f, context)
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return c.schema, nil
}

// rootName names t as its own package does.
func rootName(t reflect.Type) string {
	switch {
	case t.Name() != "":
		return t.Name()
	case t.Kind() == reflect.Struct:
		return "struct"
	}
	return t.String()
}

// unfit says why t can't be a table's type at all, or returns an empty string.
func (c *compiler) unfit(t reflect.Type) string {
	switch {
	case t.Kind() != reflect.Struct:
		return "not a struct: a table's type is a struct or a pointer to one, and package crypt is for items without a type"
	case implements(t, marshalerType):
		return marshalsItself(t, marshalerType)
	case c.mode.useMarshalers && implements(t, textMarshalerType):
		return marshalsItself(t, textMarshalerType)
	case c.mode.useMarshalers && implements(t, binaryMarshalerType):
		return marshalsItself(t, binaryMarshalerType)
	case t.ConvertibleTo(timeType):
		return "a time is stored as one value, not as an item"
	}
	return ""
}

// marshalsItself explains why t, which implements iface, is refused.
func marshalsItself(t, iface reflect.Type) string {
	reason := "the type marshals itself (" + iface.Method(0).Name + "), so its attributes can't be known"
	for i := range t.NumField() {
		if sf := t.Field(i); sf.Anonymous && implements(sf.Type, iface) {
			return reason + ": the method comes from the embedded " + sf.Name + ", which can be a named field instead"
		}
	}
	return reason
}

// keys finds the table's key, its version and its ttl.
func (c *compiler) keys(fields []field) {
	roles := []struct {
		option avOption
		what   string
		name   *string
	}{
		{optPartition, "partition key", &c.schema.PartitionKey},
		{optSort, "sort key", &c.schema.SortKey},
		{optVersion, "version", &c.schema.Version},
		{optTTL, "ttl", &c.schema.TTL},
	}
	for _, role := range roles {
		first := ""
		for _, f := range fields {
			switch {
			case !f.has(role.option):
			case first != "":
				c.refuse(f.path, f.attrText, "second "+role.what+", after "+first, "")
			default:
				first, *role.name = f.path, f.attr
			}
		}
	}
	if c.schema.PartitionKey == "" && !c.suggested("partition") {
		c.refuse("", "", `no partition key: tag one field dynamodbav:"name,partition"`, "")
	}
}

// suggested reports whether word was suggested in place of something, so that
// its absence is explained.
func (c *compiler) suggested(word string) bool {
	return slices.ContainsFunc(c.errs, func(err error) bool {
		return err.(*SchemaError).Suggestion == word
	})
}

// usesContext reports whether any attribute goes into the encryption context.
// Then the keys have to be there as well. Spec: DB-ESDK, "Configuration".
func (c *compiler) usesContext(fields []field) bool {
	return c.schema.Default == crypt.SignAndIncludeInContext || slices.ContainsFunc(fields, func(f field) bool {
		return cmp.Or(f.action, f.fallback) == crypt.SignAndIncludeInContext
	})
}

// attribute adds the attribute of f to the schema.
func (c *compiler) attribute(f field, context bool) {
	if neverStored(f.goType) {
		for _, tag := range []string{f.actionText, f.attrText, f.indexText} {
			if tag != "" {
				c.refuse(f.path, tag, fmt.Sprintf("has no effect on %s, which is never stored", f.goType), "")
			}
		}
		return
	}
	a := SchemaAttribute{
		Name:   f.attr,
		Field:  f.path,
		GoType: f.goType.String(),
		Type:   c.mode.typeOf(f.goType, f.options),
		Action: f.action,
		Why:    "tag",
	}
	role := c.role(f)
	if a.Action == 0 {
		a.Action, a.Why = f.fallback, f.fallbackWhy
		if role.what != "" {
			a.Action, a.Why = crypt.SignOnly, role.what
		}
		if role.tableKey && context {
			a.Action, a.Why = crypt.SignAndIncludeInContext, role.what+", since other attributes are in the context"
		}
	}
	c.checkName(f, role)
	c.checkAction(f, role)
	c.checkOptions(f, a.Type)
	a.Type = c.checkRoleType(f, role, a.Type)
	c.schema.Attributes = append(c.schema.Attributes, a)
	c.nested(f, a.Action)
}

// A role is what an attribute is for, other than to hold data.
type role struct {
	what      string // such as "partition key"; empty for data
	tableKey  bool
	indexKey  bool
	mustSign  string // why action none is refused; empty if it is not
	noEncrypt string // why action encrypt is refused; empty if it is not
}

// role returns the role of f. The first that applies says why an action is
// refused; what an index demands of its key is asked for in any case.
func (c *compiler) role(f field) role {
	var r role
	switch {
	case f.has(optKey):
		r.what = "partition key"
		if f.has(optSort) {
			r.what = "sort key"
		}
		r.tableKey = true
		r.noEncrypt = "a key of the table can't be encrypted: DynamoDB finds items by its value"
		r.mustSign = "a key of the table must be signed, or one item could be put in the place of another unseen"
	case f.has(optVersion):
		r.what = "version"
		r.noEncrypt = "a version can't be encrypted: DynamoDB compares it when an item is written"
		r.mustSign = "a version must be signed, or anyone could turn it back unseen"
	case f.has(optTTL):
		r.what = "ttl"
		r.noEncrypt = "a ttl can't be encrypted: DynamoDB reads it to expire the item"
	}
	if len(f.indexes) > 0 {
		r.indexKey = true
		if r.what == "" {
			r.what = "key of index " + f.indexes[0].index
			r.noEncrypt = "a key of index " + f.indexes[0].index + " can't be encrypted: the index needs the value and its type"
		}
	}
	return r
}

// Names that belong to the item formats.
var reservedPrefixes = []string{"*amzn-ddb-map-", "aws_dbe_"}

const (
	maxNameSize    = 65535 // bytes, DynamoDB's limit for attribute names
	maxKeyNameSize = 255   // bytes, the same for keys of tables and indexes
)

// checkName refuses attribute names that can't be stored.
func (c *compiler) checkName(f field, r role) {
	for _, prefix := range reservedPrefixes {
		if strings.HasPrefix(f.attr, prefix) {
			c.refuse(f.path, f.attrText, "attribute names that begin with "+quote(prefix)+" are reserved for the item formats", "")
		}
	}
	limit := maxNameSize
	if r.tableKey || r.indexKey {
		limit = maxKeyNameSize
	}
	if len(f.attr) > limit {
		c.refuse(f.path, "", fmt.Sprintf("the attribute name is %d bytes, at most %d are possible", len(f.attr), limit), "")
	}
}

// checkAction refuses an explicit action that the role of f can't have.
func (c *compiler) checkAction(f field, r role) {
	switch {
	case f.action == crypt.EncryptAndSign && r.noEncrypt != "":
		c.refuse(f.path, f.actionText, r.noEncrypt, "sign")
	case f.action == crypt.DoNothing && r.mustSign != "":
		c.refuse(f.path, f.actionText, r.mustSign, "sign")
	}
}

// checkOptions refuses options that attributevalue would pass over, or fail at
// with every value, because of the type of the field. typ is the type that they
// lead to.
func (c *compiler) checkOptions(f field, typ string) {
	for _, o := range []struct {
		option avOption
		want   string
		elem   string // type of the elements
	}{
		{optString, "S", ""},
		{optUnixTime, "N", ""},
		{optBinarySet, "BS", "B"},
		{optNumberSet, "NS", "N"},
		{optStringSet, "SS", "S"},
	} {
		if !f.has(o.option) || typ == "" {
			continue
		}
		if typ != o.want {
			c.refuse(f.path, f.attrText, fmt.Sprintf("%s has no effect on %s, which is stored as %s", o.option, f.goType, typ), "")
			continue
		}
		if o.elem == "" {
			continue
		}
		elem := withoutPointers(f.goType).Elem()
		if got := c.mode.typeOf(elem, 0); got != "" && got != o.elem {
			c.refuse(f.path, f.attrText, fmt.Sprintf("%s holds elements of type %s, but %s is stored as %s", o.option, o.elem, elem, got), "")
		}
	}
}

// checkRoleType refuses types that the role of f can't have. It returns typ, or
// what a type that marshals itself was found to give.
func (c *compiler) checkRoleType(f field, r role, typ string) string {
	t := withoutPointers(f.goType)
	if r.what == "" {
		return typ
	}
	if typ == "" && t.Kind() != reflect.Interface {
		typ = probe(t)
	}
	shown := cmp.Or(typ, "anything")
	known := typ != "" || t.Kind() == reflect.Interface
	if r.tableKey || r.indexKey {
		if known && typ != "S" && typ != "N" && typ != "B" {
			c.refuse(f.path, "", fmt.Sprintf("a key is stored as S, N or B, but %s is stored as %s", f.goType, shown), "")
		}
	}
	switch {
	case f.has(optVersion):
		if !isInteger(f.goType) || typ != "N" {
			c.refuse(f.path, f.attrText, fmt.Sprintf("a version is an integer, not %s (stored as %s)", f.goType, shown), "")
		}
	case !f.has(optTTL):
	case t.ConvertibleTo(timeType) && typ == "S":
		fixed := fmt.Sprintf(`dynamodbav:"%s,%s"`, f.name, f.options|optUnixTime)
		c.refuse(f.path, f.attrText, "a ttl is a whole number of seconds since 1970, but a time is stored as text", fixed)
	case t == durationType:
		c.refuse(f.path, f.attrText, "a ttl is a point in time, in seconds since 1970, not a time.Duration", "")
	case known && typ != "N", t.Kind() == reflect.Float32, t.Kind() == reflect.Float64:
		c.refuse(f.path, f.attrText, fmt.Sprintf("a ttl is a whole number of seconds since 1970, not %s (stored as %s)", f.goType, shown), "")
	}
	return typ
}

// isInteger reports whether t can be counted up.
func isInteger(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 // all sizes of both signs
}

func quote(s string) string {
	if !utf8.ValidString(s) {
		return strconv.QuoteToASCII(s)
	}
	return strconv.Quote(s)
}

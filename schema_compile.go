package ddbenc

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

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
// Then the keys have to be there as well. Spec: DB-ESDK,
// "Configuration of an item encryptor".
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

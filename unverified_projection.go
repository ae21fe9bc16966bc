package ddbenc

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/suggest"
)

// projectionBinder returns what reads the attributes of P out of stored items of the
// type of table, and refuses those that such items don't have in the clear.
func projectionBinder[P any](core *core, table *binder) (*binder, error) {
	t := structOf(reflect.TypeFor[P]())
	c := &compiler{
		mode:   encoderMode{timeType: "S"},
		schema: &Schema{Type: rootName(t)},
		own:    map[reflect.Type]bool{},
	}
	if reason := c.unfit(t); reason != "" {
		c.refuse("", "", reason, "")
		return nil, errors.Join(c.errs...)
	}
	b := &binder{typ: t, schema: c.schema, known: map[string]bool{}, encoder: table.encoder, decoder: table.decoder}
	for _, f := range c.fields(t) {
		c.project(f, core, table.schema)
		c.schema.Attributes = append(c.schema.Attributes, SchemaAttribute{Name: f.attr, Field: f.path, GoType: f.goType.String()})
		b.known[f.attr] = true
	}
	if len(b.known)+len(c.errs) == 0 {
		c.refuse("", "", "there is no field to read an attribute into", "")
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return b, nil
}

// project refuses a field of a projection that is none of the readable attributes of
// table.
func (c *compiler) project(f field, core *core, table *Schema) {
	a, ok := table.Attribute(f.attr)
	switch {
	case !ok:
		var readable []string
		for _, a := range table.Attributes {
			if a.Action != crypt.EncryptAndSign {
				readable = append(readable, a.Name)
			}
		}
		near, _ := suggest.Nearest(f.attr, readable)
		c.refuse(f.path, f.attrText, "attribute "+strconv.Quote(f.attr)+" is not declared by "+table.Type+", whose readable ones are "+strings.Join(quoted(readable), ", "), near)
	case a.Action == crypt.EncryptAndSign:
		c.refuse(f.path, f.attrText, "attribute "+strconv.Quote(f.attr)+" is stored encrypted: read whole items from the table", "")
	case core.shape.wasEncrypted(f.attr):
		c.refuse(f.path, f.attrText, "attribute "+strconv.Quote(f.attr)+" is encrypted in some stored items: read whole items from the table", "")
	case f.action != 0 && f.action != a.Action:
		c.refuse(f.path, f.actionText, table.Type+" has ddbenc:"+strconv.Quote(actionWord(a.Action))+" for attribute "+strconv.Quote(f.attr), "")
	}
}

package ddbenc

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
)

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
			c.refuse(f.path, f.attrText, "attribute names that begin with "+strconv.Quote(prefix)+" are reserved for the item formats", "")
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

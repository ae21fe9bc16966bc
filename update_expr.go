package ddbenc

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// changes yields the attributes in which two items differ, in the order of their
// names, with their values in the second one, nil where it has none.
func changes(from, to item) iter.Seq2[string, types.AttributeValue] {
	return func(yield func(string, types.AttributeValue) bool) {
		var names []string
		for name, v := range to {
			if old, ok := from[name]; !ok || !sameValue(old, v) {
				names = append(names, name)
			}
		}
		for name := range from {
			if _, ok := to[name]; !ok {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			if !yield(name, to[name]) {
				return
			}
		}
	}
}

// differ reports whether two items differ.
func differ(a, b item) bool {
	for range changes(a, b) {
		return true
	}
	return false
}

// overlay returns it with changes made.
func overlay(it item, changes iter.Seq2[string, types.AttributeValue]) item {
	it = maps.Clone(it)
	for name, v := range changes {
		if v == nil {
			delete(it, name)
		} else {
			it[name] = v
		}
	}
	return it
}

// maxExpression is how many bytes DynamoDB allows in one expression.
const maxExpression = 4096

// An updateExpr is an UpdateItem in the making. Every name and value goes by a
// placeholder.
type updateExpr struct {
	names               map[string]string
	values              item
	holders             map[string]string // of a name
	set, remove, demand []string
}

// change sets the attribute called name to v, or removes it if v is nil.
func (x *updateExpr) change(name string, v types.AttributeValue) {
	if v == nil {
		x.remove = append(x.remove, x.name(name))
		return
	}
	x.set = append(x.set, x.name(name)+"="+x.value(v))
}

// unchanged demands that the attribute called name has the value v, or is not
// there if v is nil.
func (x *updateExpr) unchanged(name string, v types.AttributeValue) {
	if v == nil {
		x.demand = append(x.demand, "attribute_not_exists("+x.name(name)+")")
		return
	}
	x.demand = append(x.demand, x.name(name)+"="+x.value(v))
}

// exists demands that the attribute called name is there.
func (x *updateExpr) exists(name string) {
	x.demand = append(x.demand, "attribute_exists("+x.name(name)+")")
}

// empty reports whether nothing is to be changed.
func (x *updateExpr) empty() bool { return len(x.set)+len(x.remove) == 0 }

// input returns the update, without its table and key.
func (x *updateExpr) input() (*dynamodb.UpdateItemInput, error) {
	var update []string
	if len(x.set) > 0 {
		update = append(update, "SET "+strings.Join(x.set, ","))
	}
	if len(x.remove) > 0 {
		update = append(update, "REMOVE "+strings.Join(x.remove, ","))
	}
	text, condition := strings.Join(update, " "), strings.Join(x.demand, " AND ")
	if longest := max(len(text), len(condition)); longest > maxExpression {
		return nil, refusalf("the update writes %d attributes in an expression of %d bytes, and DynamoDB takes %d: "+
			"use Get, and Put with a condition", len(x.set)+len(x.remove), longest, maxExpression)
	}
	in := &dynamodb.UpdateItemInput{
		UpdateExpression:         aws.String(text),
		ConditionExpression:      aws.String(condition),
		ExpressionAttributeNames: x.names,
	}
	if len(x.values) > 0 {
		in.ExpressionAttributeValues = x.values
	}
	return in, nil
}

// name returns the placeholder of an attribute's name.
func (x *updateExpr) name(name string) string {
	if holder, ok := x.holders[name]; ok {
		return holder
	}
	if x.names == nil {
		x.names, x.holders = map[string]string{}, map[string]string{}
	}
	holder := "#" + strconv.FormatInt(int64(len(x.names)), 36)
	x.names[holder], x.holders[name] = name, holder
	return holder
}

// value returns a placeholder for v.
func (x *updateExpr) value(v types.AttributeValue) string {
	if x.values == nil {
		x.values = item{}
	}
	holder := ":" + strconv.FormatInt(int64(len(x.values)), 36)
	x.values[holder] = v
	return holder
}

package eval

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// An AttributeUpdate is what AttributeUpdates does to one attribute.
type AttributeUpdate struct {
	Action string // PUT, ADD or DELETE; empty for PUT
	Value  *attr.Value
}

// kindWords are the names of types in the messages about actions.
var kindWords = map[attr.Kind]string{
	attr.S: "STRING", attr.N: "NUMBER", attr.B: "BINARY", attr.BOOL: "BOOLEAN", attr.NULL: "NULL", attr.L: "LIST", attr.M: "MAP",
}

// AttributeUpdates turns that parameter into an update and the values of its
// placeholders; apply it with [UpdateLegacy]. PUT is SET, DELETE without a value
// is REMOVE, and ADD and DELETE of sets are the clauses of the same name. ADD
// takes lists, too, unlike the clause.
func AttributeUpdates(updates map[string]AttributeUpdate) (*expr.Update, Values, error) {
	const invalid = "One or more parameter values were invalid: "
	u := new(expr.Update)
	b := builder{values: make(Values)}
	for _, name := range slices.Sorted(maps.Keys(updates)) {
		if name == "" {
			return nil, nil, attr.Invalid("Empty attribute name")
		}
		update := updates[name]
		a := expr.Action{Path: topLevel(name)}
		switch update.Action {
		case "", "PUT":
			a.Clause = expr.Set
		case "ADD":
			a.Clause = expr.Add
		case "DELETE":
			a.Clause = expr.Delete
		default:
			return nil, nil, attr.Invalid("Member must satisfy enum value set: [ADD, DELETE, PUT]")
		}
		switch v := update.Value; {
		case v == nil && a.Clause == expr.Delete:
			a.Clause = expr.Remove
		case v == nil:
			return nil, nil, attr.Invalid(invalid + "Only DELETE action is allowed when no attribute value is specified")
		case a.Clause == expr.Delete && !v.Kind.IsSet():
			return nil, nil, attr.Invalid(invalid + "DELETE action with value is not supported for the type " + kindWords[v.Kind])
		case a.Clause == expr.Add && !v.Kind.IsSet() && v.Kind != attr.N && v.Kind != attr.L:
			return nil, nil, attr.Invalid(invalid + "ADD action is not supported for the type " + kindWords[v.Kind])
		default:
			a.Value = b.value(*v)
		}
		u.Actions = append(u.Actions, a)
	}
	return u, b.values, nil
}

// UpdateLegacy is [Update] for what [AttributeUpdates] returns; the service
// words an operand of the wrong type differently.
func UpdateLegacy(u *expr.Update, item attr.Item, values Values) (attr.Item, error) {
	updated, err := Update(u, item, values)
	var refused *attr.Error
	if errors.As(err, &refused) && refused.Message == msgBadType {
		err = attr.Invalid("Type mismatch for attribute to update")
	}
	return updated, err
}

func hasField(list, field string) bool {
	return slices.Contains(strings.Fields(list), field)
}

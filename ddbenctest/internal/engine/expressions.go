package engine

import (
	"errors"
	"strings"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// Values holds ExpressionAttributeValues.
type Values map[string]attr.Value

// Placeholders are what the expressions of a request refer to.
type Placeholders struct {
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues Values
}

// A condition is a condition or filter and the values that it refers to. A nil
// condition always holds.
type condition struct {
	tree   expr.Condition
	values eval.Values
}

// holds reports whether the item r satisfies the condition; r is nil for an item
// that does not exist.
func (c *condition) holds(r *record) bool {
	if c == nil {
		return true
	}
	var item attr.Item
	if r != nil {
		item = r.item
	}
	return eval.Condition(c.tree, item, c.values)
}

// checkScalars refuses paths that lead into a key attribute.
func (c *condition) checkScalars(schemas ...eval.Schema) error {
	if c == nil {
		return nil
	}
	for _, s := range schemas {
		if err := eval.CheckScalars(expr.ConditionRefs(c.tree), s); err != nil {
			return err
		}
	}
	return nil
}

// A projection is a list of the parts of items that a request asks for. A nil
// projection asks for everything.
type projection []expr.Path

func (p projection) of(item attr.Item) attr.Item {
	if p == nil {
		return item
	}
	return eval.Project(p, item)
}

// A parameter is one that a request may have, for the checks of which may go
// together.
type parameter struct {
	name  string
	given bool
}

// checkMix refuses requests that mix expressions with the parameters that were
// there before them, and placeholders without an expression that could use them.
func checkMix(p Placeholders, expressions, legacy []parameter) error {
	given := func(list []parameter) (names []string) {
		for _, p := range list {
			if p.given {
				names = append(names, p.name)
			}
		}
		return names
	}
	used, old := given(expressions), given(legacy)
	if len(used) > 0 && len(old) > 0 {
		return invalid("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}",
			strings.Join(old, ", "), strings.Join(used, ", "))
	}
	if p.ExpressionAttributeNames != nil && len(used) == 0 {
		return invalid("ExpressionAttributeNames can only be specified when using expressions")
	}
	if p.ExpressionAttributeValues == nil {
		return nil
	}
	var able []string
	for _, e := range expressions {
		if e.name == "ProjectionExpression" {
			continue
		}
		if e.given {
			return nil
		}
		able = append(able, e.name)
	}
	if len(able) == 0 || len(used) == 0 && len(old) > 0 {
		return invalid("ExpressionAttributeValues can only be specified when using expressions")
	}
	verb := "is"
	if len(able) > 1 {
		verb = "are"
	}
	return invalid("ExpressionAttributeValues can only be specified when using expressions: %s %s null", strings.Join(able, " and "), verb)
}

// scope returns a scope for the request's expressions.
func (p Placeholders) scope() (*expr.Scope, error) {
	return eval.NewScope(p.ExpressionAttributeNames, eval.Values(p.ExpressionAttributeValues))
}

// parse reads a condition of the given kind; nil text gives a nil condition.
func (p Placeholders) parse(scope *expr.Scope, kind expr.Kind, text *string) (*condition, error) {
	if text == nil {
		return nil, nil
	}
	tree, err := scope.Condition(kind, *text)
	if err != nil {
		return nil, err
	}
	return &condition{tree, eval.Values(p.ExpressionAttributeValues)}, nil
}

// A Conditional is what makes a write conditional: an expression or Expected.
type Conditional struct {
	ConditionExpression *string
	Expected            map[string]eval.Expectation
	ConditionalOperator string `check:"enum=OR|AND"`
}

// condition reads the condition. scope is the request's.
func (c Conditional) condition(p Placeholders, scope *expr.Scope) (*condition, error) {
	if c.ConditionExpression != nil {
		return p.parse(scope, expr.ConditionExpression, c.ConditionExpression)
	}
	tree, values, err := eval.Expected(c.Expected, c.ConditionalOperator)
	if tree == nil || err != nil {
		return nil, err
	}
	return &condition{tree, values}, nil
}

// legacy lists the parameters that can't stand beside expressions.
func (c Conditional) legacy() []parameter {
	return []parameter{{"Expected", c.Expected != nil}, {"ConditionalOperator", c.ConditionalOperator != ""}}
}

// A Projected is what makes a read return a part of items.
type Projected struct {
	ProjectionExpression *string
	AttributesToGet      []string `check:"min=1"`
}

func (p Projected) projection(scope *expr.Scope) (projection, error) {
	switch {
	case p.ProjectionExpression != nil:
		return scope.Projection(*p.ProjectionExpression)
	case p.AttributesToGet != nil:
		return eval.AttributesToGet(p.AttributesToGet)
	}
	return nil, nil
}

// schemaFor returns the key as package eval wants it.
func (k keySchema) schemaFor() eval.Schema {
	s := eval.Schema{Partition: k.partition.Name, PartitionKind: k.partition.Kind}
	if k.sort != nil {
		s.Sort, s.SortKind = k.sort.Name, k.sort.Kind
	}
	return s
}

// AsError returns err as the service would answer it: as it is when it is an
// [*Error], as a ValidationException when an expression or a value was refused.
// Anything else is a fault of the engine.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*expr.Error](err); ok {
		return &Error{Code: Validation, Message: e.Error()}
	}
	if e, ok := errors.AsType[*attr.Error](err); ok {
		return &Error{Code: e.Code, Message: e.Message}
	}
	return &Error{Code: InternalServer, Message: "The embedded engine failed"}
}

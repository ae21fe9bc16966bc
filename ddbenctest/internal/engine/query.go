package engine

import (
	"context"
	"strings"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine/keys"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// QueryInput has the parameters of Query.
type QueryInput struct {
	ReadRequest
	Limit                  *int `check:"min=1,terse"`
	KeyConditionExpression *string
	KeyConditions          map[string]eval.Comparison
	QueryFilter            map[string]eval.Comparison
	ScanIndexForward       *bool
}

// Query reads items of one partition in the order of their sort keys.
func (e *Engine) Query(_ context.Context, in *QueryInput) (*ReadOutput, error) {
	q, err := in.parse()
	if err != nil {
		return nil, err
	}
	t, err := e.lookup(*in.TableName)
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	s, err := in.source(t)
	if err != nil {
		return nil, err
	}
	p, err := q.bind(in, s)
	if err != nil {
		return nil, err
	}
	return p.read(in.ReturnConsumedCapacity), nil
}

// A query is a Query that was read.
type query struct {
	key        expr.Condition // nil for KeyConditions
	filter     *condition
	projection projection
}

// parse reads what can be read without the table.
func (in *QueryInput) parse() (*query, error) {
	legacy := []parameter{
		{"AttributesToGet", in.AttributesToGet != nil},
		{"QueryFilter", in.QueryFilter != nil},
		{"ConditionalOperator", in.ConditionalOperator != ""},
		{"KeyConditions", in.KeyConditions != nil},
	}
	if in.KeyConditionExpression == nil {
		legacy = legacy[:3] // KeyConditions may stand beside other expressions
	}
	err := checkMix(in.Placeholders, []parameter{
		{"ProjectionExpression", in.ProjectionExpression != nil},
		{"FilterExpression", in.FilterExpression != nil},
		{"KeyConditionExpression", in.KeyConditionExpression != nil},
	}, legacy)
	if err != nil {
		return nil, err
	}
	if in.KeyConditions == nil && in.KeyConditionExpression == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	if err := in.checkSelect(); err != nil {
		return nil, err
	}
	scope, err := in.scope()
	if err != nil {
		return nil, err
	}
	q := &query{}
	if text := in.KeyConditionExpression; text != nil {
		if q.key, err = scope.Condition(expr.KeyConditionExpression, *text); err != nil {
			return nil, err
		}
	}
	if q.filter, err = in.filter(scope, in.QueryFilter); err != nil {
		return nil, err
	}
	if q.projection, err = in.projection(scope); err != nil {
		return nil, err
	}
	return q, scope.Unused()
}

// filter reads the filter of a query or scan.
func (r *ReadRequest) filter(scope *expr.Scope, legacy map[string]eval.Comparison) (*condition, error) {
	if r.FilterExpression != nil {
		return r.Placeholders.parse(scope, expr.FilterExpression, r.FilterExpression)
	}
	tree, values, err := eval.Filter(legacy, r.ConditionalOperator)
	if tree == nil || err != nil {
		return nil, err
	}
	return &condition{tree, values}, nil
}

// bind checks the query against its source and returns the page that it reads.
func (q *query) bind(in *QueryInput, s source) (*page, error) {
	schema := s.key.schemaFor()
	var key eval.Key
	var err error
	if q.key != nil {
		key, err = eval.KeyCondition(q.key, schema, eval.Values(in.ExpressionAttributeValues))
	} else {
		key, err = eval.KeyConditions(in.KeyConditions, schema)
	}
	if err != nil {
		return nil, err
	}
	if in.FilterExpression != nil {
		err = eval.CheckFilter(q.filter.tree, schema)
	} else {
		err = eval.CheckQueryFilter(in.QueryFilter, schema)
	}
	if err != nil {
		return nil, err
	}
	if err := q.projection.checkScalars(schema, s.table.key.schemaFor()); err != nil {
		return nil, err
	}
	p, err := in.page(s, in.Limit, q.filter, q.projection)
	if err != nil {
		return nil, err
	}
	if p.unprojected != nil {
		return nil, invalidParameter("Secondary index %s does not project one or more filter attributes: [%s]", *in.IndexName, strings.Join(p.unprojected, ", "))
	}
	p.backward = in.ScanIndexForward != nil && !*in.ScanIndexForward
	p.from, p.to = bounds(s.key, key)
	if in.ExclusiveStartKey == nil {
		return p, nil
	}
	position, err := s.position(in.ExclusiveStartKey)
	if err != nil {
		return nil, err
	}
	if !p.within(position) {
		return nil, outside(in.ExclusiveStartKey, s.key, key)
	}
	p.after(position)
	return p, nil
}

// outside returns the error for a start key that the query would not reach.
func outside(start attr.Item, k keySchema, key eval.Key) error {
	switch {
	case key.Sort == nil:
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	case !key.Sort.Contains(start[k.sort.Name]):
		return invalid("The provided starting key does not match the range key predicate")
	}
	return invalid("The provided starting key is outside query boundaries based on provided conditions")
}

// bounds returns the storage keys that a query's key condition asks for: those at
// or after from and before to.
func bounds(k keySchema, key eval.Key) (from, to string) {
	prefix := partitionKey(key.Partition)
	from, to = string(prefix), keys.After(string(prefix))
	if key.Sort == nil {
		return from, to
	}
	at := func(v attr.Value) string { return string(appendScalar(append([]byte(nil), prefix...), v)) }
	low := at(key.Sort.Low)
	switch key.Sort.Op {
	case "=":
		return low, keys.After(low)
	case "<":
		return from, low
	case "<=":
		return from, keys.After(low)
	case ">":
		return keys.After(low), to
	case ">=":
		return low, to
	case "BETWEEN":
		return low, keys.After(at(key.Sort.High))
	case "begins_with":
		open := string(keys.AppendPrefix(append([]byte(nil), prefix...), key.Sort.Low.Str))
		return open, keys.After(open)
	}
	return from, to
}

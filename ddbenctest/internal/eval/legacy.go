package eval

import (
	"maps"
	"slices"
	"strconv"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// A Comparison is a condition on one attribute as KeyConditions, QueryFilter and
// ScanFilter have it. Amazon DynamoDB Developer Guide, "Legacy conditional
// parameters".
type Comparison struct {
	ComparisonOperator string
	AttributeValueList []attr.Value
}

// An Expectation is a condition on one attribute as Expected has it: a
// comparison, with one Value or a list, or the older Value and Exists.
type Expectation struct {
	ComparisonOperator string
	AttributeValueList []attr.Value // nil if it is not in the request
	Value              *attr.Value
	Exists             *bool
}

// An operator says what a ComparisonOperator takes.
type operator struct {
	op       string // of a keyTerm
	min, max int    // how many values
	types    string // what they may be, separated by spaces; empty for any
}

const scalars = "S N B"

var operators = map[string]operator{
	"EQ":           {"=", 1, 1, ""},
	"NE":           {"<>", 1, 1, ""},
	"LE":           {"<=", 1, 1, scalars},
	"LT":           {"<", 1, 1, scalars},
	"GE":           {">=", 1, 1, scalars},
	"GT":           {">", 1, 1, scalars},
	"NOT_NULL":     {"NOT_NULL", 0, 0, ""},
	"NULL":         {"NULL", 0, 0, ""},
	"CONTAINS":     {"CONTAINS", 1, 1, "S N B BOOL NULL"},
	"NOT_CONTAINS": {"NOT_CONTAINS", 1, 1, "S N B BOOL NULL"},
	"BEGINS_WITH":  {"begins_with", 1, 1, "S B"},
	"IN":           {"IN", 1, 1 << 30, scalars},
	"BETWEEN":      {"BETWEEN", 2, 2, scalars},
}

// check validates the operator and the number and types of its values.
func (c Comparison) check() (operator, error) {
	const invalid = "One or more parameter values were invalid: "
	o, ok := operators[c.ComparisonOperator]
	list := c.AttributeValueList
	switch {
	case !ok:
		return o, attr.Invalid("Comparison type does not exist in DynamoDB")
	case len(list) < o.min || len(list) > o.max:
		return o, attr.Invalid(invalid + "Invalid number of argument(s) for the " + c.ComparisonOperator + " ComparisonOperator")
	}
	for _, v := range list {
		if v.Kind != list[0].Kind {
			return o, attr.Invalid(invalid + "AttributeValues inside AttributeValueList must be of same type")
		}
	}
	if len(list) > 0 && o.types != "" && !hasField(o.types, list[0].Kind.String()) {
		return o, attr.Invalid(invalid + "ComparisonOperator " + c.ComparisonOperator + " is not valid for " +
			list[0].Kind.String() + " AttributeValue type")
	}
	if o.op == "BETWEEN" && ordered(">", list[0], list[1]) {
		return o, attr.Invalid("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
	}
	return o, nil
}

// Filter turns ScanFilter or QueryFilter into a condition and the values of its
// placeholders. conditional is the ConditionalOperator; empty means AND. An empty
// filter gives a nil condition.
func Filter(filter map[string]Comparison, conditional string) (expr.Condition, Values, error) {
	b := builder{values: make(Values)}
	for _, name := range slices.Sorted(maps.Keys(filter)) {
		if err := b.comparison(name, filter[name]); err != nil {
			return nil, nil, err
		}
	}
	return b.join(conditional)
}

// Expected turns Expected into a condition and the values of its placeholders, as
// [Filter] does.
func Expected(expected map[string]Expectation, conditional string) (expr.Condition, Values, error) {
	b := builder{values: make(Values)}
	for _, name := range slices.Sorted(maps.Keys(expected)) {
		c, err := expected[name].comparison(name)
		if err == nil {
			err = b.comparison(name, c)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return b.join(conditional)
}

// comparison returns the comparison that e asks for.
func (e Expectation) comparison(name string) (Comparison, error) {
	fail := func(problem string) (Comparison, error) {
		return Comparison{}, attr.Invalid("One or more parameter values were invalid: " + problem + " for Attribute: " + name)
	}
	list := e.AttributeValueList
	switch {
	case list != nil && e.Value != nil:
		return fail("Value and AttributeValueList cannot be used together")
	case e.ComparisonOperator != "" && e.Exists != nil:
		return fail("Exists and ComparisonOperator cannot be used together")
	case e.ComparisonOperator != "":
		null := e.ComparisonOperator == "NULL" || e.ComparisonOperator == "NOT_NULL"
		if e.Value != nil {
			list = []attr.Value{*e.Value}
		} else if list == nil && !null {
			return fail("Value or AttributeValueList must be used with ComparisonOperator: " + e.ComparisonOperator)
		}
		return Comparison{e.ComparisonOperator, list}, nil
	case list != nil:
		return fail("AttributeValueList can only be used with a ComparisonOperator")
	case e.Exists != nil && !*e.Exists && e.Value != nil:
		return fail("Value cannot be used when Exists is false")
	case e.Exists != nil && !*e.Exists:
		return Comparison{ComparisonOperator: "NULL"}, nil
	case e.Value == nil && e.Exists == nil:
		return fail("Value must be provided when Exists is null")
	case e.Value == nil:
		return fail("Value must be provided when Exists is true")
	}
	return Comparison{"EQ", []attr.Value{*e.Value}}, nil
}

// KeyConditions reads KeyConditions for the table or index with the given key.
func KeyConditions(conditions map[string]Comparison, schema Schema) (Key, error) {
	var terms []keyTerm
	for _, name := range slices.Sorted(maps.Keys(conditions)) {
		o, err := conditions[name].check()
		if err != nil {
			return Key{}, err
		}
		terms = append(terms, keyTerm{name, o.op, conditions[name].AttributeValueList})
	}
	return keyOf(terms, schema)
}

// CheckQueryFilter refuses a QueryFilter on the attributes that the query's own
// key condition is for.
func CheckQueryFilter(filter map[string]Comparison, schema Schema) error {
	for _, name := range []string{schema.Partition, schema.Sort} {
		if _, ok := filter[name]; ok && name != "" {
			return attr.Invalid("QueryFilter can only contain non-primary key attributes: Primary key attribute: " + name)
		}
	}
	return nil
}

// AttributesToGet turns that parameter into a projection.
func AttributesToGet(names []string) ([]expr.Path, error) {
	seen := make(map[string]bool, len(names))
	paths := make([]expr.Path, 0, len(names))
	for _, name := range names {
		switch {
		case name == "":
			return nil, attr.Invalid("Empty attribute name")
		case seen[name]:
			return nil, attr.Invalid("One or more parameter values were invalid: Duplicate value in attribute name: " + name)
		}
		seen[name] = true
		paths = append(paths, topLevel(name))
	}
	return paths, nil
}

// topLevel returns the path of a top-level attribute, whose name is taken as it
// is: the legacy parameters know no document paths.
func topLevel(name string) expr.Path { return expr.Path{{Name: name}} }

// A builder makes the tree of a legacy parameter.
type builder struct {
	conditions []expr.Condition
	values     Values
}

// value returns a new placeholder for v.
func (b *builder) value(v attr.Value) *expr.Placeholder {
	p := &expr.Placeholder{Name: ":" + strconv.Itoa(len(b.values))}
	b.values[p.Name] = v
	return p
}

// comparison adds the condition on one attribute.
func (b *builder) comparison(name string, c Comparison) error {
	if name == "" {
		return attr.Invalid("Empty attribute name")
	}
	o, err := c.check()
	if err != nil {
		return err
	}
	path := topLevel(name)
	args := make([]expr.Operand, len(c.AttributeValueList))
	for i, v := range c.AttributeValueList {
		args[i] = b.value(v)
	}
	call := func(f string) *expr.Call { return &expr.Call{Func: f, Args: append([]expr.Operand{path}, args...)} }
	var cond expr.Condition
	switch o.op {
	case "NULL":
		cond = call("attribute_not_exists")
	case "NOT_NULL":
		cond = call("attribute_exists")
	case "CONTAINS":
		cond = call("contains")
	case "begins_with":
		cond = call("begins_with")
	case "NOT_CONTAINS":
		// Unlike NOT contains(), it wants the attribute to exist.
		cond = &expr.Logical{
			Op:    "AND",
			Left:  &expr.Call{Func: "attribute_exists", Args: []expr.Operand{path}},
			Right: &expr.Not{X: call("contains")},
		}
	case "IN":
		cond = &expr.In{X: path, List: args}
	case "BETWEEN":
		cond = &expr.Between{X: path, Low: args[0], High: args[1]}
	default:
		cond = &expr.Compare{Op: o.op, Left: path, Right: args[0]}
	}
	b.conditions = append(b.conditions, cond)
	return nil
}

// join joins the conditions by the ConditionalOperator.
func (b *builder) join(conditional string) (expr.Condition, Values, error) {
	switch {
	case conditional != "" && len(b.conditions) == 0:
		return nil, nil, attr.Invalid("ConditionalOperator cannot be used without Filter or Expected")
	case conditional != "" && len(b.conditions) == 1:
		return nil, nil, attr.Invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	case len(b.conditions) == 0:
		return nil, nil, nil
	}
	op := conditional
	if op == "" {
		op = "AND"
	}
	joined := b.conditions[0]
	for _, c := range b.conditions[1:] {
		joined = &expr.Logical{Op: op, Left: joined, Right: c}
	}
	return joined, b.values, nil
}

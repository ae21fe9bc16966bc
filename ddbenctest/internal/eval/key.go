package eval

import (
	"iter"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// A Schema is the primary key of a table or an index.
type Schema struct {
	Partition     string
	PartitionKind attr.Kind // S, N or B
	Sort          string    // empty if there is no sort key
	SortKind      attr.Kind
}

// kind returns the kind of the key attribute name, or 0 if it is none.
func (s Schema) kind(name string) attr.Kind {
	switch {
	case name == s.Partition:
		return s.PartitionKind
	case name == s.Sort && s.Sort != "":
		return s.SortKind
	}
	return 0
}

// A Range is a condition on the sort key.
type Range struct {
	Op   string // = < <= > >= BETWEEN begins_with
	Low  attr.Value
	High attr.Value // for BETWEEN
}

// Contains reports whether the sort key v is in the range.
func (r *Range) Contains(v attr.Value) bool {
	switch r.Op {
	case "=":
		return attr.Equal(v, r.Low)
	case "BETWEEN":
		return ordered(">=", v, r.Low) && ordered("<=", v, r.High)
	case "begins_with":
		return len(v.Str) >= len(r.Low.Str) && v.Str[:len(r.Low.Str)] == r.Low.Str
	}
	return ordered(r.Op, v, r.Low)
}

// A Key is what a query asks for: one partition and, if Sort is not nil, a range
// of its sort keys.
type Key struct {
	Partition attr.Value
	Sort      *Range
}

const (
	msgMissedKey     = "Query condition missed key schema element: "
	msgNotSupported  = "Query key condition not supported"
	msgConditionType = "One or more parameter values were invalid: Condition parameter type does not match schema type"
	msgLength        = "Conditions can be of length 1 or 2 only"
	msgTwice         = "KeyConditionExpressions must only contain one condition per key"
)

// A keyTerm is one comparison of a key condition.
type keyTerm struct {
	name string
	op   string
	args []attr.Value
}

// KeyCondition reads a key condition for the table or index with the given key.
// It refuses what the service refuses: operators other than = < <= > >= BETWEEN
// and begins_with, a partition that is not fixed, attributes that are not keys.
// Paths into key attributes come first: the service looks for them in the whole
// request, so check a filter with [CheckScalars] before.
func KeyCondition(c expr.Condition, schema Schema, values Values) (Key, error) {
	if err := CheckScalars(expr.ConditionRefs(c), schema); err != nil {
		return Key{}, err
	}
	k := keyReader{values: values}
	if err := k.read(c); err != nil {
		return Key{}, err
	}
	return keyOf(k.terms, schema)
}

// keyOf puts together the terms on the parts of a key. The order of its checks
// is the service's.
func keyOf(terms []keyTerm, schema Schema) (Key, error) {
	switch {
	case len(terms) == 0:
		return Key{}, attr.Invalid("Conditions must be at least length 1")
	case len(terms) > 2:
		return Key{}, attr.Invalid(msgLength)
	case len(terms) == 2 && schema.Sort == "":
		return Key{}, attr.Invalid(msgNotSupported)
	}
	byName := make(map[string]keyTerm, len(terms))
	for _, t := range terms {
		byName[t.name] = t
	}
	partition, ok := byName[schema.Partition]
	if !ok {
		return Key{}, attr.Invalid(msgMissedKey + schema.Partition)
	}
	if err := partition.checkKind(schema.PartitionKind); err != nil {
		return Key{}, err
	}
	if partition.op != "=" {
		return Key{}, attr.Invalid(msgNotSupported)
	}
	if err := partition.checkEmpty(); err != nil {
		return Key{}, err
	}
	key := Key{Partition: partition.args[0]}
	if len(terms) == 1 {
		return key, nil
	}
	sort, ok := byName[schema.Sort]
	if !ok {
		return Key{}, attr.Invalid(msgMissedKey + schema.Sort)
	}
	if err := sort.checkKind(schema.SortKind); err != nil {
		return Key{}, err
	}
	if err := sort.checkEmpty(); err != nil {
		return Key{}, err
	}
	key.Sort = &Range{Op: sort.op, Low: sort.args[0]}
	if sort.op == "BETWEEN" {
		key.Sort.High = sort.args[1]
	}
	return key, nil
}

// checkKind checks that the operator can be answered from an index and that its
// values have the type of the key.
func (t keyTerm) checkKind(kind attr.Kind) error {
	if len(t.args) == 0 || !indexable[t.op] {
		return attr.Invalid("Attempted conditional constraint is not an indexable operation")
	}
	for _, v := range t.args {
		if v.Kind != kind {
			return attr.Invalid(msgConditionType)
		}
	}
	return nil
}

// indexable are the operators of key conditions. The others can be asked for by
// KeyConditions alone.
var indexable = map[string]bool{
	"=": true, "<": true, "<=": true, ">": true, ">=": true, "BETWEEN": true, "begins_with": true,
}

func (t keyTerm) checkEmpty() error {
	for _, v := range t.args {
		switch {
		case v.Kind == attr.S && v.Str == "":
			return attr.Invalid("One or more parameter values are not valid. The AttributeValue for a key attribute " +
				"cannot contain an empty string value. Key: " + t.name)
		case v.Kind == attr.B && v.Str == "":
			return attr.Invalid("One or more parameter values are not valid. The AttributeValue for a key attribute " +
				"cannot contain an empty binary value. Key: " + t.name)
		}
	}
	return nil
}

// A keyReader collects the comparisons of a key condition.
type keyReader struct {
	values Values
	terms  []keyTerm
}

func (k *keyReader) read(c expr.Condition) error {
	switch c := c.(type) {
	case *expr.Logical:
		if c.Op == "OR" {
			return badOperator("OR")
		}
		if err := k.read(c.Left); err != nil {
			return err
		}
		return k.read(c.Right)
	case *expr.Not:
		return badOperator("NOT")
	case *expr.In:
		return badOperator("IN")
	case *expr.Compare:
		if c.Op == "<>" {
			return badOperator(c.Op)
		}
		return k.compare(c)
	case *expr.Between:
		return k.term("BETWEEN", []expr.Operand{c.X, c.Low, c.High})
	case *expr.Call:
		if c.Func != "begins_with" {
			return badOperator(c.Func)
		}
		return k.term(c.Func, c.Args)
	}
	return nil
}

func badOperator(op string) error {
	return attr.Invalid("Invalid operator used in KeyConditionExpression: " + op)
}

// compare reads a comparison, in which the key may be on either side.
func (k *keyReader) compare(c *expr.Compare) error {
	op := c.Op
	if _, ok := c.Left.(*expr.Placeholder); ok {
		op = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
	}
	return k.term(op, []expr.Operand{c.Left, c.Right})
}

// term adds the comparison of a key attribute with values.
func (k *keyReader) term(op string, operands []expr.Operand) error {
	const invalid = "Invalid condition in KeyConditionExpression: "
	if _, ok := operands[0].(*expr.Placeholder); ok && (op == "BETWEEN" || op == "begins_with") {
		return attr.Invalid(invalid + op + " operator must have the key attribute as its first operand")
	}
	t := keyTerm{op: op}
	for _, o := range operands {
		switch o := o.(type) {
		case *expr.Call:
			return attr.Invalid("KeyConditionExpressions cannot contain nested operations")
		case expr.Path:
			switch {
			case t.name != "":
				return attr.Invalid(invalid + "Multiple attribute names used in one condition")
			case len(o) > 1:
				return attr.Invalid("KeyConditionExpressions cannot have conditions on nested attributes")
			}
			t.name = o.Root()
		case *expr.Placeholder:
			t.args = append(t.args, k.values[o.Name])
		}
	}
	if t.name == "" {
		return attr.Invalid(invalid + "No key attribute specified")
	}
	for _, other := range k.terms {
		if other.name == t.name {
			return attr.Invalid(msgTwice)
		}
	}
	k.terms = append(k.terms, t)
	return nil
}

// CheckScalars refuses document paths that lead into a key attribute. A request's
// expressions are checked against the key of its table, and of its index.
func CheckScalars(refs iter.Seq[expr.Ref], schema Schema) error {
	found := ""
	for ref := range refs {
		// The service names the partition key if it finds both.
		if name := ref.Path.Root(); len(ref.Path) > 1 && schema.kind(name) != 0 && (found == "" || name == schema.Partition) {
			found = name
		}
	}
	if found != "" {
		return attr.Invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: " + found)
	}
	return nil
}

// CheckFilter refuses a filter of a query on the attributes that the query's own
// key condition is for.
func CheckFilter(c expr.Condition, schema Schema) error {
	if err := CheckScalars(expr.ConditionRefs(c), schema); err != nil {
		return err
	}
	found := ""
	for ref := range expr.ConditionRefs(c) {
		// The service names the partition key if the filter has both.
		if name := ref.Path.Root(); schema.kind(name) != 0 && (found == "" || name == schema.Partition) {
			found = name
		}
	}
	if found != "" {
		return attr.Invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: " + found)
	}
	return nil
}

// CheckUpdate refuses an update that writes to a key attribute or leads into one.
func CheckUpdate(u *expr.Update, schema Schema) error {
	found := ""
	for _, a := range u.Actions {
		if name := a.Path.Root(); schema.kind(name) != 0 && (found == "" || name == schema.Partition) {
			found = name
		}
	}
	if found != "" {
		return attr.Invalid("One or more parameter values were invalid: Cannot update attribute " + found +
			". This attribute is part of the key")
	}
	return CheckScalars(u.Refs(), schema)
}

package expr

import "strings"

// A checker resolves the placeholders of one parsed expression and checks its
// operands. It stops at the first that the service would refuse.
type checker struct {
	scope *Scope
	kind  Kind
}

func (c *checker) fail(message string) error { return &Error{c.kind, message} }

// path resolves the names of a path in place.
func (c *checker) path(p Path) error {
	if len(p) > maxDepth {
		return c.fail("The document path has too many nesting levels; nesting levels: " + itoa(len(p)))
	}
	for i, e := range p {
		if e.Placeholder == "" {
			continue
		}
		name, ok := c.scope.names[e.Placeholder]
		if !ok {
			return c.fail("An expression attribute name used in the document path is not defined; attribute name: " + e.Placeholder)
		}
		c.scope.usedNames[e.Placeholder] = true
		p[i].Name = name
	}
	return nil
}

func (c *checker) placeholder(v *Placeholder) error {
	if _, ok := c.scope.values[v.Name]; !ok && !c.scope.anyValue {
		return c.fail("An expression attribute value used in expression is not defined; attribute value: " + v.Name)
	}
	c.scope.usedValues[v.Name] = true
	return nil
}

// condition checks a condition from left to right.
func (c *checker) condition(cond Condition) error {
	switch cond := cond.(type) {
	case *Logical:
		if err := c.condition(cond.Left); err != nil {
			return err
		}
		return c.condition(cond.Right)
	case *Not:
		return c.condition(cond.X)
	case *Compare:
		return c.comparison(cond)
	case *Between:
		return c.between(cond)
	case *In:
		if err := c.operands(append([]Operand{cond.X}, cond.List...)); err != nil {
			return err
		}
		if err := c.distinct("IN", cond.X, cond.List...); err != nil {
			return err
		}
		if n := len(cond.List); n > maxOperands {
			return c.fail("The IN operator is provided with too many operands; number of operands: " + itoa(n))
		}
	case *Call:
		return c.call(cond)
	}
	return nil
}

func (c *checker) operands(list []Operand) error {
	for _, o := range list {
		var err error
		switch o := o.(type) {
		case Path:
			err = c.path(o)
		case *Placeholder:
			err = c.placeholder(o)
		case *Call:
			err = c.call(o)
		case *Arithmetic:
			err = c.arithmetic(o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) comparison(cmp *Compare) error {
	if err := c.operands([]Operand{cmp.Left, cmp.Right}); err != nil {
		return err
	}
	if err := c.distinct(cmp.Op, cmp.Left, cmp.Right); err != nil {
		return err
	}
	if cmp.Op == "=" || cmp.Op == "<>" {
		return nil
	}
	return c.types(cmp.Op, "S N B", cmp.Left, cmp.Right)
}

func (c *checker) between(b *Between) error {
	if err := c.operands([]Operand{b.X, b.Low, b.High}); err != nil {
		return err
	}
	if err := c.types("BETWEEN", "S N B", b.X, b.Low, b.High); err != nil {
		return err
	}
	if err := c.distinct("BETWEEN", b.X, b.Low, b.High); err != nil {
		return err
	}
	low, high := c.value(b.Low), c.value(b.High)
	if low == nil || high == nil {
		return nil
	}
	bounds := "lower bound operand: AttributeValue: {" + low.Type() + ":" + low.Text() +
		"}, upper bound operand: AttributeValue: {" + high.Type() + ":" + high.Text() + "}"
	switch {
	case low.Type() != high.Type():
		return c.fail("The BETWEEN operator requires same data type for lower and upper bounds; " + bounds)
	case low.Compare(high) > 0:
		return c.fail("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " + bounds)
	}
	return nil
}

// operandCount is how many operands a function takes.
var operandCount = map[string]int{
	"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2,
	"contains": 2, "size": 1, "if_not_exists": 2, "list_append": 2,
}

func (c *checker) call(f *Call) error {
	if err := c.operands(f.Args); err != nil {
		return err
	}
	if len(f.Args) != operandCount[f.Func] {
		return c.fail("Incorrect number of operands for operator or function; operator or function: " +
			f.Func + ", number of operands: " + itoa(len(f.Args)))
	}
	switch f.Func {
	case "attribute_exists", "attribute_not_exists", "if_not_exists":
		if _, ok := f.Args[0].(Path); !ok {
			return c.fail("Operator or function requires a document path; operator or function: " + f.Func)
		}
		return c.distinct(f.Func, f.Args[0], f.Args[1:]...)
	case "size":
		return c.types(f.Func, "S B SS NS BS L M", f.Args[0])
	case "list_append":
		return c.types(f.Func, "L", f.Args...)
	}
	if err := c.distinct(f.Func, f.Args[0], f.Args[1]); err != nil {
		return err
	}
	switch f.Func {
	case "begins_with":
		return c.types(f.Func, "S B", f.Args...)
	case "attribute_type":
		return c.typeName(f)
	}
	return nil
}

const typeNames = "N BS L B NULL M S SS NS BOOL"

// typeName checks the second operand of attribute_type: a string that names a
// type.
func (c *checker) typeName(f *Call) error {
	if _, ok := f.Args[1].(Path); ok {
		return c.fail("Incorrect operand type for operator or function; operator or function: " +
			f.Func + ", operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
	}
	if err := c.types(f.Func, "S", f.Args[1]); err != nil {
		return err
	}
	v := c.value(f.Args[1])
	if v == nil {
		return nil
	}
	names := strings.Fields(typeNames)
	for _, name := range names {
		if name == v.Text() {
			return nil
		}
	}
	return c.fail("Invalid attribute type name found; type: " + v.Text() + ", valid types: {" + strings.Join(names, ",") + "}")
}

// value returns the value of an operand that is a placeholder, if it is known.
func (c *checker) value(o Operand) Value {
	if v, ok := o.(*Placeholder); ok {
		return c.scope.values[v.Name]
	}
	return nil
}

// types checks the operands whose type is known before any item is seen.
func (c *checker) types(operator, allowed string, operands ...Operand) error {
	for _, o := range operands {
		typ := ""
		if v := c.value(o); v != nil {
			typ = v.Type()
		} else if f, ok := o.(*Call); ok && f.Func == "size" {
			typ = "N"
		}
		if typ != "" && !hasField(allowed, typ) {
			return c.fail("Incorrect operand type for operator or function; operator or function: " +
				operator + ", operand type: " + typ)
		}
	}
	return nil
}

func hasField(list, field string) bool {
	for f := range strings.FieldsSeq(list) {
		if f == field {
			return true
		}
	}
	return false
}

// distinct refuses to compare a path with itself.
func (c *checker) distinct(operator string, first Operand, rest ...Operand) error {
	p, ok := first.(Path)
	if !ok {
		return nil
	}
	for _, o := range rest {
		if q, ok := o.(Path); ok && p.Equal(q) {
			return c.fail("The first operand must be distinct from the remaining operands for this operator or function; operator: " +
				operator + ", first operand: " + p.quoted())
		}
	}
	return nil
}

package expr

// wholeCondition reads a condition up to the end of the text:
//
//	condition  = and { OR and }
//	and        = not { AND not }
//	not        = NOT not | comparison
//	comparison = operand comparator operand
//	           | operand BETWEEN operand AND operand
//	           | operand IN ( operand { , operand } )
//	           | function
//	           | ( condition )
//
// A parenthesis can open a condition or an operand, which only what follows
// tells. The methods therefore read either: their result is a condition, or an
// operand if no operator has made a condition of it yet.
func (p *parser) wholeCondition() (Condition, error) {
	t, err := p.or()
	if err != nil {
		return nil, err
	}
	c, err := p.condition(t)
	if err != nil {
		return nil, err
	}
	return c, p.end()
}

// A term is a condition or an operand, whichever is not nil.
type term struct {
	condition     Condition
	operand       Operand
	parenthesized bool
	redundant     bool // more than once, which is an error if an operator follows
}

// condition returns the condition that t is. A function that stands alone is
// one; another operand lacks its operator.
func (p *parser) condition(t term) (Condition, error) {
	if t.condition != nil {
		return t.condition, nil
	}
	f, ok := t.operand.(*Call)
	if !ok {
		return nil, p.unexpected()
	}
	if f.Func == "size" {
		p.misused(f)
	}
	return f, nil
}

func (p *parser) or() (term, error) {
	return p.logical("OR", func() (term, error) { return p.logical("AND", p.not) })
}

func (p *parser) logical(op string, side func() (term, error)) (term, error) {
	left, err := side()
	for err == nil && p.is(op) {
		var l, r Condition
		if l, err = p.condition(left); err != nil {
			break
		}
		p.at++
		var right term
		if right, err = side(); err != nil {
			break
		}
		if r, err = p.condition(right); err != nil {
			break
		}
		left = term{condition: &Logical{op, l, r}}
	}
	return left, err
}

func (p *parser) not() (term, error) {
	if !p.accept("NOT") {
		return p.comparison()
	}
	t, err := p.not()
	if err != nil {
		return term{}, err
	}
	c, err := p.condition(t)
	return term{condition: &Not{c}}, err
}

func (p *parser) comparison() (term, error) {
	left, err := p.primary()
	if err != nil || left.operand == nil {
		return left, err
	}
	t := p.peek()
	var c Condition
	switch {
	case !comparators[t.text] || t.kind != symbol && t.kind != keyword:
		return left, nil
	case left.redundant:
		return term{}, p.redundant()
	}
	p.at++
	switch t.text {
	case "BETWEEN":
		c, err = p.between(left.operand)
	case "IN":
		var list []Operand
		list, err = p.operandList()
		for _, o := range list {
			p.operandOnly(o)
		}
		c = &In{left.operand, list}
	default:
		var right Operand
		right, err = p.right()
		c = &Compare{t.text, left.operand, right}
	}
	p.operandOnly(left.operand)
	return term{condition: c}, err
}

func (p *parser) between(x Operand) (Condition, error) {
	low, err := p.right()
	if err != nil {
		return nil, err
	}
	if err := p.expect("AND"); err != nil {
		return nil, err
	}
	high, err := p.right()
	return &Between{x, low, high}, err
}

// comparators are the operators that make a condition of operands.
var comparators = map[string]bool{
	"=": true, "<>": true, "<": true, "<=": true, ">": true, ">=": true, "BETWEEN": true, "IN": true,
}

// right reads the operand on the right of an operator.
func (p *parser) right() (Operand, error) {
	o, _, err := p.operand()
	if err == nil {
		p.operandOnly(o)
	}
	return o, err
}

// primary reads an operand, or what is in parentheses.
func (p *parser) primary() (term, error) {
	if !p.accept("(") {
		o, err := p.bareOperand()
		return term{operand: o}, err
	}
	p.groups++
	t, err := p.or()
	p.groups--
	if err != nil {
		return term{}, err
	}
	twice := t.parenthesized
	t.parenthesized = true
	if _, function := t.operand.(*Call); t.operand != nil && !function {
		// Without an operator after it this is a syntax error first of all.
		t.redundant = t.redundant || twice
		twice = false
	}
	if err := p.close(twice); err != nil {
		return term{}, err
	}
	return t, p.undeferred()
}

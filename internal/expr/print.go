package expr

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// String returns the path as it may be written in an expression, such as
// a.#b[2]; a name that was written as a placeholder stays one.
func (p Path) String() string {
	var b strings.Builder
	for i, e := range p {
		switch {
		case e.IsIndex():
			b.WriteString("[" + itoa(e.Index) + "]")
			continue
		case i > 0:
			b.WriteByte('.')
		}
		if e.Placeholder != "" {
			b.WriteString(e.Placeholder)
		} else {
			b.WriteString(e.Name)
		}
	}
	return b.String()
}

// quoted returns the path as the service prints it in messages: [a, b, [2]].
func (p Path) quoted() string {
	parts := make([]string, len(p))
	for i, e := range p {
		if e.IsIndex() {
			parts[i] = "[" + itoa(e.Index) + "]"
		} else {
			parts[i] = e.Name
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// String returns the placeholder as it is written.
func (v *Placeholder) String() string { return v.Name }

// String returns the call as it may be written in an expression.
func (c *Call) String() string { return c.Func + "(" + list(c.Args) + ")" }

// String returns the sum or difference as it may be written in an expression.
func (a *Arithmetic) String() string {
	return a.Left.String() + " " + a.Op + " " + a.Right.String()
}

// String returns the condition as it may be written in an expression, with no
// more parentheses than it needs. Parsing it again gives the same tree.
func (l *Logical) String() string {
	left, right := l.Left.String(), l.Right.String()
	if l.Op == "AND" && isLogical(l.Left, "OR") {
		left = "(" + left + ")"
	}
	if isLogical(l.Right, l.Op) || isLogical(l.Right, "OR") {
		right = "(" + right + ")"
	}
	return left + " " + l.Op + " " + right
}

// String returns the condition as it may be written in an expression.
func (n *Not) String() string {
	if _, ok := n.X.(*Logical); ok {
		return "NOT (" + n.X.String() + ")"
	}
	return "NOT " + n.X.String()
}

// String returns the condition as it may be written in an expression.
func (c *Compare) String() string {
	return c.Left.String() + " " + c.Op + " " + c.Right.String()
}

// String returns the condition as it may be written in an expression.
func (b *Between) String() string {
	return b.X.String() + " BETWEEN " + b.Low.String() + " AND " + b.High.String()
}

// String returns the condition as it may be written in an expression.
func (in *In) String() string { return in.X.String() + " IN (" + list(in.List) + ")" }

func isLogical(c Condition, op string) bool {
	l, ok := c.(*Logical)
	return ok && l.Op == op
}

func list(operands []Operand) string {
	parts := make([]string, len(operands))
	for i, o := range operands {
		parts[i] = o.String()
	}
	return strings.Join(parts, ", ")
}

// String returns the update as it may be written in an expression.
func (u *Update) String() string {
	var b strings.Builder
	for i, a := range u.Actions {
		switch {
		case i == 0:
			b.WriteString(string(a.Clause) + " ")
		case a.Clause != u.Actions[i-1].Clause:
			b.WriteString(" " + string(a.Clause) + " ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(a.Path.String())
		switch a.Clause {
		case Set:
			b.WriteString(" = " + a.Value.String())
		case Add, Delete:
			b.WriteString(" " + a.Value.String())
		}
	}
	return b.String()
}

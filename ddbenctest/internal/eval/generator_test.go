package eval_test

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

// A generator makes expressions over the attributes and values of TestLocal.
type generator struct{ *rand.Rand }

func (g *generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g *generator) path() string {
	p := g.pick("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "#a", "#b", "c", "d", "pk", "sk")
	if g.IntN(40) == 0 {
		p = g.pick("name", "#zz", "Status", "contains")
	}
	for g.IntN(5) < 2 {
		if g.IntN(2) == 0 {
			p += "." + g.pick("a", "b", "c", "d", "#a", "#b")
		} else {
			p += "[" + strconv.Itoa(g.IntN(5)) + "]"
		}
	}
	return p
}

func (g *generator) value() string {
	if g.IntN(60) == 0 {
		return ":undefined"
	}
	return g.pick(":s", ":s2", ":n", ":n2", ":n0", ":s", ":n", ":l", ":m", ":ss", ":ns", ":b", ":t", ":z", ":big", ":tiny", ":max")
}

// parens puts text in parentheses now and then, and rarely twice.
func (g *generator) parens(text string) string {
	for g.IntN(12) == 0 {
		text = "(" + text + ")"
	}
	return text
}

func (g *generator) operand() string {
	switch g.IntN(12) {
	case 0:
		return g.parens("size(" + g.operand() + ")")
	case 1, 2, 3, 4, 5, 6:
		return g.parens(g.path())
	}
	return g.parens(g.value())
}

func (g *generator) condition(depth int) string {
	if depth > 0 && g.IntN(2) == 0 {
		switch g.IntN(4) {
		case 0:
			return "NOT " + g.condition(depth-1)
		case 1:
			return "(" + g.condition(depth-1) + ")"
		default:
			return g.condition(depth-1) + g.pick(" AND ", " OR ", " and ") + g.condition(depth-1)
		}
	}
	switch g.IntN(9) {
	case 0:
		return g.operand() + " BETWEEN " + g.operand() + " AND " + g.operand()
	case 1:
		return g.operand() + " IN (" + g.list(1, 3, g.operand) + ")"
	case 2:
		return g.pick("attribute_exists", "attribute_not_exists") + "(" + g.path() + ")"
	case 3:
		return "attribute_type(" + g.path() + ", " + g.pick(":y", ":w", ":y", ":w", ":s", ":n", "a") + ")"
	case 4:
		return g.pick("begins_with", "contains") + "(" + g.operand() + ", " + g.operand() + ")"
	case 5:
		if g.IntN(6) == 0 {
			return g.call()
		}
	}
	return g.operand() + g.pick(" = ", "<>", " < ", " <= ", ">", " >= ") + g.operand()
}

// call is any function with any number of operands.
func (g *generator) call() string {
	name := g.pick("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size",
		"if_not_exists", "list_append", "Size", "foo")
	return name + "(" + g.list(1, 3, g.operand) + ")"
}

func (g *generator) list(low, high int, element func() string) string {
	parts := make([]string, low+g.IntN(high-low+1))
	for i := range parts {
		parts[i] = element()
	}
	return strings.Join(parts, ", ")
}

func (g *generator) assigned() string {
	switch g.IntN(8) {
	case 0, 1:
		return g.parens("if_not_exists(" + g.path() + ", " + g.operandOfUpdate() + ")")
	case 2:
		return g.parens("list_append(" + g.operandOfUpdate() + ", " + g.operandOfUpdate() + ")")
	case 3:
		if g.IntN(5) == 0 {
			return g.call()
		}
	}
	return g.operandOfUpdate()
}

func (g *generator) operandOfUpdate() string {
	switch g.IntN(8) {
	case 0:
		return "if_not_exists(" + g.path() + ", " + g.value() + ")"
	case 1, 2, 3:
		return g.parens(g.path())
	}
	return g.parens(g.value())
}

func (g *generator) update() string {
	var clauses []string
	for _, i := range g.Perm(4)[:1+g.IntN(3)] {
		switch i {
		case 0:
			clauses = append(clauses, "SET "+g.list(1, 3, func() string {
				v := g.assigned()
				if g.IntN(3) == 0 {
					v = g.parens(v + g.pick(" + ", " - ") + g.assigned())
				}
				return g.path() + " = " + v
			}))
		case 1:
			clauses = append(clauses, "REMOVE "+g.list(1, 3, g.path))
		case 2:
			clauses = append(clauses, "ADD "+g.list(1, 2, func() string { return g.path() + " " + g.pick(":n", ":ss", ":ns", g.value()) }))
		case 3:
			clauses = append(clauses, "DELETE "+g.list(1, 2, func() string { return g.path() + " " + g.pick(":ss", ":ns", g.value()) }))
		}
	}
	if g.IntN(20) == 0 {
		clauses = append(clauses, clauses[0])
	}
	return strings.Join(clauses, " ")
}

func (g *generator) keyCondition() string {
	partition := "pk = :s"
	sort := g.pick("sk = :n", "sk < :n2", "sk >= :n", "sk BETWEEN :n0 AND :n2", ":n <= sk", "begins_with(sk, :s)")
	switch g.IntN(4) {
	case 0:
		partition = g.condition(0)
	case 1:
		sort = g.condition(1)
	case 2:
		return partition
	}
	if g.IntN(3) == 0 {
		partition, sort = sort, partition
	}
	return partition + " AND " + sort
}

// valueInPath is what DynamoDB Local takes for a path, and fails on with an internal
// error.
var valueInPath = regexp.MustCompile(`\.\s*:`)

// broken drops, doubles or swaps a piece of text now and then.
func (g *generator) broken(text string) string {
	for g.IntN(5) == 0 {
		pieces := strings.Split(text, " ")
		i := g.IntN(len(pieces))
		switch g.IntN(5) {
		case 0:
			pieces[i] = ""
		case 1:
			pieces[i] += " " + pieces[i]
		case 2:
			j := g.IntN(len(pieces))
			pieces[i], pieces[j] = pieces[j], pieces[i]
		case 3:
			pieces[i] += g.pick("(", ")", ",", ".", "[", "]", "=", "!", "'", "é", "#", ":", "_", "-", "+", "0")
		case 4:
			pieces[i] = g.pick("AND", "OR", "NOT", "SET", "IN", "BETWEEN", "REMOVE", "a", ":s", "(", ")")
		}
		text = strings.Join(pieces, " ")
	}
	if text == "" || valueInPath.MatchString(text) {
		return "a"
	}
	return text
}

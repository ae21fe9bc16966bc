package ddbenctest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// A differentialStep is one call, whose answers from two engines are compared.
type differentialStep struct {
	op, request string

	// all reads every page. The request lacks its last brace.
	all bool

	// unordered compares the items of an answer without their order, which the
	// service does not promise for them.
	unordered bool

	// coarse compares the error's code and leaves out attributes: the two are
	// known to differ for a request of this kind (see conformanceDifferences).
	coarse bool
}

func (s differentialStep) String() string {
	if s.all {
		return s.op + " " + s.request + "} (all pages)"
	}
	return s.op + " " + s.request
}

// A differentialGenerator makes up calls on the table "@index". The same source
// gives the same calls: none depends on an answer.
type differentialGenerator struct {
	*rand.Rand
	values map[string]json.RawMessage // of the expressions of the call being made
}

func pick[T any](g *differentialGenerator, from ...T) T { return from[g.IntN(len(from))] }

// chance is true once in n times.
func (g *differentialGenerator) chance(n int) bool { return g.IntN(n) == 0 }

// step makes up a call.
func (g *differentialGenerator) step() differentialStep {
	g.values = map[string]json.RawMessage{}
	switch n := g.IntN(100); {
	case n < 28:
		return differentialStep{op: "PutItem", request: g.members(`"Item":`+g.item(), g.condition(), g.returns("NONE", "ALL_OLD"))}
	case n < 50:
		return g.update()
	case n < 56:
		return differentialStep{op: "DeleteItem", request: g.members(`"Key":`+g.key(), g.condition(), g.returns("NONE", "ALL_OLD"))}
	case n < 64:
		return differentialStep{op: "GetItem", request: g.members(`"Key":`+g.key(), g.projection(), pick(g, ``, `"ConsistentRead":true`))}
	case n < 78:
		return g.query()
	case n < 84:
		return g.scan()
	case n < 88:
		return g.batch()
	case n < 93:
		return g.transaction()
	case n < 97:
		return g.legacy()
	}
	return g.mistake()
}

// members joins the members of a request, without those that are empty, and adds
// the table and the values of its expressions.
func (g *differentialGenerator) members(members ...string) string {
	text := `{"TableName":"@index"`
	for _, m := range members {
		if m != "" {
			text += "," + m
		}
	}
	used := map[string]json.RawMessage{} // choices that were not taken made values, too
	for _, name := range substituteToken.FindAllString(text, -1) {
		if value, ok := g.values[name]; ok {
			used[name] = value
		}
	}
	if len(used) > 0 {
		values, err := json.Marshal(used)
		if err != nil {
			panic("ddbenctest: " + err.Error())
		}
		text += `,"ExpressionAttributeValues":` + string(values)
	}
	return text + "}"
}

// key is one of 24 keys.
func (g *differentialGenerator) key() string {
	return fmt.Sprintf(`{"pk":{"S":"%s"},"sk":{"S":"%s"}}`, pick(g, "p", "q", "r"), pick(g, "1", "10", "2", "a", "aa", "b", "é", "~"))
}

// item is an item with some attributes, and index keys now and then.
func (g *differentialGenerator) item() string {
	item := strings.TrimSuffix(g.key(), "}")
	for _, name := range []string{"a", "b", "c", "d"} {
		if !g.chance(3) {
			item += `,"` + name + `":` + g.value(2)
		}
	}
	if g.chance(2) {
		item += `,"m":{"M":{"x":` + g.value(1) + `,"y":` + g.value(1) + `}}`
	}
	if g.chance(2) {
		item += `,"els":{"L":[` + g.value(1) + `,` + g.value(1) + `]}`
	}
	if g.chance(2) {
		item += `,"marks":` + pick(g, `{"SS":["a","b"]}`, `{"NS":["1","2.5"]}`, `{"SS":["b","a","é"]}`, `{"BS":["AQ=="]}`)
	}
	return item + g.indexKeys() + "}"
}

func (g *differentialGenerator) indexKeys() string {
	keys := ""
	if g.chance(2) {
		keys += `,"g":{"S":"` + pick(g, "g", "h") + `"}`
	}
	if g.chance(2) {
		keys += `,"r":` + g.number()
	}
	if g.chance(2) {
		keys += `,"l":` + g.number()
	}
	return keys
}

func (g *differentialGenerator) number() string {
	return `{"N":"` + pick(g, "0", "1", "2", "10", "-1", "-2.5", "0.001", "100", "9007199254740993", "12345678901234567890123456789012345678") + `"}`
}

// value is any value, with others inside it down to a depth.
func (g *differentialGenerator) value(depth int) string {
	n := 10
	if depth == 0 {
		n = 8
	}
	switch g.IntN(n) {
	case 0, 1:
		return `{"S":"` + pick(g, "", "a", "b", "ab", "é", "banana") + `"}`
	case 2, 3:
		return g.number()
	case 4:
		return `{"B":"` + pick(g, "", "AQ==", "AP8=", "/w==") + `"}`
	case 5:
		return pick(g, `{"BOOL":true}`, `{"BOOL":false}`, `{"NULL":true}`)
	case 6:
		return pick(g, `{"SS":["a"]}`, `{"SS":["a","b"]}`, `{"SS":["b","","a"]}`)
	case 7:
		return pick(g, `{"NS":["1"]}`, `{"NS":["1","2","-1"]}`, `{"BS":["AQ==","Ag=="]}`)
	case 8:
		return pick(g, `{"L":[]}`, `{"L":[`+g.value(depth-1)+`]}`, `{"L":[`+g.value(depth-1)+`,`+g.value(depth-1)+`]}`)
	}
	return pick(g, `{"M":{}}`, `{"M":{"x":`+g.value(depth-1)+`}}`, `{"M":{"x":`+g.value(depth-1)+`,"y":`+g.value(depth-1)+`}}`)
}

// placeholder stands for a value in an expression.
func (g *differentialGenerator) placeholder(value string) string {
	name := fmt.Sprintf(":v%d", len(g.values))
	g.values[name] = json.RawMessage(value)
	return name
}

func (g *differentialGenerator) path() string {
	return pick(g, "a", "b", "c", "d", "m.x", "m.y", "els[0]", "els[1]", "marks", "nope", "m", "els", "m.x.y")
}

// condition is a condition for a write, or none, with what to return if it fails.
func (g *differentialGenerator) condition() string {
	if g.chance(2) {
		return ""
	}
	return `"ConditionExpression":"` + g.test(2) + `"` + pick(g, ``, `,"ReturnValuesOnConditionCheckFailure":"ALL_OLD"`)
}

// test is a condition of some depth.
func (g *differentialGenerator) test(depth int) string {
	if depth > 0 {
		switch g.IntN(6) {
		case 0:
			return g.test(depth-1) + " AND " + g.test(depth-1)
		case 1:
			return g.test(depth-1) + " OR " + g.test(depth-1)
		case 2:
			return "NOT " + g.test(depth-1)
		case 3:
			return "(" + g.test(0) + " OR " + g.test(0) + ") AND " + g.test(0)
		}
	}
	path := g.path()
	switch g.IntN(9) {
	case 0:
		return "attribute_exists(" + path + ")"
	case 1:
		return "attribute_not_exists(" + path + ")"
	case 2:
		return "attribute_type(" + path + ", " + g.placeholder(`{"S":"`+pick(g, "S", "N", "M", "L", "SS", "NULL")+`"}`) + ")"
	case 3:
		return "begins_with(" + path + ", " + g.placeholder(pick(g, `{"S":"a"}`, `{"B":"AQ=="}`, `{"S":""}`)) + ")"
	case 4:
		return "contains(" + path + ", " + g.placeholder(g.value(0)) + ")"
	case 5:
		return "size(" + path + ") " + pick(g, "=", "<", ">=", "<>") + " " + g.placeholder(g.number())
	case 6:
		return path + " IN (" + g.placeholder(g.value(0)) + ", " + g.placeholder(g.value(1)) + ")"
	case 7:
		return path + " " + pick(g, "=", "<>") + " " + g.placeholder(g.value(1))
	}
	return path + " " + pick(g, "=", "<>", "<", "<=", ">", ">=") + " " + g.placeholder(pick(g, g.number(), `{"S":"a"}`, `{"B":"AQ=="}`))
}

func (g *differentialGenerator) returns(values ...string) string {
	return `"ReturnValues":"` + pick(g, values...) + `"`
}

func (g *differentialGenerator) projection() string {
	if g.chance(2) {
		return ""
	}
	return `"ProjectionExpression":"` + pick(g, "a", "a, b", "sk, m.x", "m.x, m.y", "els[1]", "els[1], els[0]", "nope", "m, els[0], sk", "a, pk") + `"`
}

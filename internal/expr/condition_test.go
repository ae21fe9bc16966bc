package expr_test

import (
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/internal/expr"
)

// A known is the value of a placeholder: its type and its text.
type known struct{ typ, text string }

func (k known) Type() string { return k.typ }
func (k known) Text() string { return k.text }

func (k known) Compare(v expr.Value) int { return strings.Compare(k.text, v.Text()) }

func newScope(t testing.TB) *expr.Scope {
	t.Helper()
	scope, err := expr.NewScope(map[string]string{"#a": "a", "#n": "name", "#dot": "x.y"}, map[string]expr.Value{
		":s": known{"S", "x"}, ":n": known{"N", "1"}, ":n5": known{"N", "5"}, ":l": known{"L", ""}, ":m": known{"M", ""},
		":b": known{"B", "YQ=="}, ":t": known{"BOOL", ""}, ":z": known{"NULL", ""}, ":ss": known{"SS", ""}, ":type": known{"S", "SS"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return scope
}

func TestConditionsAreReadByPrecedence(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"a = :s", "a = :s"},
		{"a=:s", "a = :s"},
		{"a<>b", "a <> b"},
		{" a\n>=\t:s\r", "a >= :s"},
		{"(a) = (:s)", "a = :s"},
		{"a . b [ 0 ] = :s", "a.b[0] = :s"},
		{"#a.#dot[1][2].c < :s", "#a.#dot[1][2].c < :s"},
		{"a = :s or b = :s and c = :s", "a = :s OR b = :s AND c = :s"},
		{"(a = :s OR b = :s) AND c = :s", "(a = :s OR b = :s) AND c = :s"},
		{"a = :s AND (b = :s AND c = :s)", "a = :s AND (b = :s AND c = :s)"},
		{"(a = :s AND b = :s) AND c = :s", "a = :s AND b = :s AND c = :s"},
		{"a = :s OR b = :s OR c = :s", "a = :s OR b = :s OR c = :s"},
		{"NOT a = :s AND b = :s", "NOT a = :s AND b = :s"},
		{"NOT (a = :s AND b = :s)", "NOT (a = :s AND b = :s)"},
		{"not not a = :s", "NOT NOT a = :s"},
		{"(NOT a = :s)", "NOT a = :s"},
		{"a BETWEEN :n AND :n5 AND b = :s", "a BETWEEN :n AND :n5 AND b = :s"},
		{"(a) between (b) and (c)", "a BETWEEN b AND c"},
		{"a IN (:s, (b), c[0])", "a IN (:s, b, c[0])"},
		{"size(a) > size((b))", "size(a) > size(b)"},
		{"(attribute_exists(a))", "attribute_exists(a)"},
		{"attribute_not_exists (a.b)", "attribute_not_exists(a.b)"},
		{"attribute_type(a, :type) AND begins_with(a, :s) AND contains(a, size(b))",
			"attribute_type(a, :type) AND begins_with(a, :s) AND contains(a, size(b))"},
		{"contains = begins_with", "contains = begins_with"},
		{":s = :s", ":s = :s"},
	} {
		c, err := newScope(t).Condition(expr.ConditionExpression, tt.text)
		if err != nil {
			t.Errorf("Condition(%q): %v", tt.text, err)
			continue
		}
		if got := c.String(); got != tt.want {
			t.Errorf("Condition(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestConditionErrors(t *testing.T) {
	many := func(n int, s, join string) string { return strings.TrimSuffix(strings.Repeat(s+join, n), join) }
	for _, tt := range []struct{ name, text, want string }{
		{"an empty expression", "", "The expression can not be empty;"},
		{"only spaces", "  ", `Syntax error; token: "<EOF>", near: "  "`},
		{"the end where an operator belongs", "a", `Syntax error; token: "<EOF>", near: "a"`},
		{"the end where an operand belongs", "a = ", `Syntax error; token: "<EOF>", near: "= "`},
		{"the first token", "= a", `Syntax error; token: "=", near: "= a"`},
		{"neighbours keep their spaces", "a   =  \n  =  :a", "Syntax error; token: \"=\", near: \"=  \n  =  :a\""},
		{"the last token is quoted with what follows", "a = :a b  ", `Syntax error; token: "b", near: ":a b  "`},
		{"words in a row", "INVALID SYNTAX HERE", `Syntax error; token: "SYNTAX", near: "INVALID SYNTAX HERE"`},
		{"a parenthesis too few", "(a = :s", `Syntax error; token: "<EOF>", near: ":s"`},
		{"a parenthesis too many", "a = :s)", `Syntax error; token: ")", near: ":s)"`},
		{"a parenthesized operand alone", "(a)", `Syntax error; token: "<EOF>", near: ")"`},
		{"a path in two", "(a).b = :s", `Syntax error; token: ".", near: ").b"`},
		{"a condition compared", "(a = b) = c", `Syntax error; token: "=", near: ") = c"`},
		{"an operand in place of a condition", "a AND b", `Syntax error; token: "AND", near: "a AND b"`},
		{"NOT before an operand", "(NOT (a))", `Syntax error; token: ")", near: "))"`},
		{"a keyword as a name", "a.and = :s", `Syntax error; token: "and", near: ".and ="`},
		{"a clause's keyword as a name", "set = :s", `Syntax error; token: "set", near: "set ="`},
		{"an index with a sign", "a[-1] = :s", `Syntax error; token: "-", near: "[-1"`},
		{"an index with a leading zero", "a[01] = :s", `Syntax error; token: "1", near: "01]"`},
		{"an index by value", "a[:n] = :s", `Syntax error; token: ":n", near: "[:n]"`},
		{"a literal", "a = 5", `Syntax error; token: "5", near: "= 5"`},
		{"an unknown character", "a != :s", `Syntax error; token: "!", near: "a !="`},
		{"a character beyond ASCII", "é = :s", `Syntax error; token: "é", near: "é ="`},
		{"a name that begins with an underscore", "_a = :s", `Syntax error; token: "_", near: "_a"`},
		{"a sigil alone", "a = :", `Syntax error; token: ":", near: "= :"`},
		{"an empty list", "a IN ()", `Syntax error; token: ")", near: "()"`},
		{"a list without parentheses", "a IN :s", `Syntax error; token: ":s", near: "IN :s"`},
		{"a function without operands", "size() = :n", `Syntax error; token: ")", near: "() ="`},

		{"doubled parentheses around a condition", "((a = :s))", "The expression has redundant parentheses;"},
		{"doubled parentheses around an operand", "a = ((b))", "The expression has redundant parentheses;"},
		{"doubled parentheses before a syntax error", "((a = b)) +", "The expression has redundant parentheses;"},
		{"doubled parentheses around no condition", "((b)) + d", `Syntax error; token: "+", near: ") + d"`},
		{"doubled parentheses in a broken function", "contains(((a)), AND", `Syntax error; token: "AND", near: ", AND"`},
		{"doubled parentheses in a function in a broken group", "(contains(((a)), :s)", `Syntax error; token: "<EOF>", near: ")"`},
		{"doubled parentheses in a function", "contains(((a)), :s)", "The expression has redundant parentheses;"},

		{"a function that does not exist", "foo(a)", "Invalid function name; function: foo"},
		{"a function in capitals", "SIZE(a) = :n", "Invalid function name; function: SIZE"},
		{"a function of updates", "if_not_exists(a, b) = :s", "The function is not allowed in a condition expression; function: if_not_exists"},
		{"a condition as an operand", "attribute_exists(a) = :s", "The function is not allowed to be used this way in an expression; function: attribute_exists"},
		{"a size as a condition", "NOT size(a)", "The function is not allowed to be used this way in an expression; function: size"},
		{"a reserved word", "name = :s", "Attribute name is a reserved keyword; reserved keyword: name"},
		{"a reserved word as it is written", "a.Status = :s", "Attribute name is a reserved keyword; reserved keyword: Status"},
		{"an index beyond 32 bits", "a[2147483648] = :s", "List index is not within the allowable range; index: [2147483648]"},
		{"the leftmost of several", "a = name OR foo(b)", "Attribute name is a reserved keyword; reserved keyword: name"},
		{"a function before its operands", "foo(name)", "Invalid function name; function: foo"},

		{"a name that is not defined", "#zz = :zz", "An expression attribute name used in the document path is not defined; attribute name: #zz"},
		{"a value that is not defined", ":zz = #zz", "An expression attribute value used in expression is not defined; attribute value: :zz"},
		{"placeholders before types", ":l < :zz", "An expression attribute value used in expression is not defined; attribute value: :zz"},
		{"a path of 33 elements", "a" + strings.Repeat(".b", 32) + " = :s", "The document path has too many nesting levels; nesting levels: 33"},
		{"too few operands", "begins_with(a)", "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1"},
		{"too many operands", "size(a, b) = :n", "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2"},
		{"a path that is needed", "attribute_exists(:s)", "Operator or function requires a document path; operator or function: attribute_exists"},
		{"a path compared with itself", "#a = a", "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]"},
		{"a long path compared with itself", "a.b[0] IN (:s, a.b[0])", "The first operand must be distinct from the remaining operands for this operator or function; operator: IN, first operand: [a, b, [0]]"},
		{"a function of a path and itself", "contains(a, a)", "The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [a]"},
		{"an operand without order", "a < :ss", "Incorrect operand type for operator or function; operator or function: <, operand type: SS"},
		{"a bound without order", "a BETWEEN :l AND a", "Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: L"},
		{"the size of a number", "size(:n) = :n", "Incorrect operand type for operator or function; operator or function: size, operand type: N"},
		{"the size of a size", "size(size(a)) = :n", "Incorrect operand type for operator or function; operator or function: size, operand type: N"},
		{"a number begins with nothing", "begins_with(:n, a)", "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
		{"a type that is a path", "attribute_type(a, b)", "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}"},
		{"a type that is a number", "attribute_type(a, :n)", "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N"},
		{"a type that does not exist", "attribute_type(a, :s)", "Invalid attribute type name found; type: x, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}"},
		{"bounds of two types", "a BETWEEN :n AND :s", "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}"},
		{"bounds the wrong way round", "a BETWEEN :n5 AND :n", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"},
		{"101 values", "a IN (" + many(101, ":s", ",") + ")", "The IN operator is provided with too many operands; number of operands: 101"},
		{"301 operators", many(151, "a=:s", " OR "), "The expression contains too many operators; operator count: 301"},
		{"301 operators and functions", many(150, "a=:s", " OR ") + " AND size(a)=:n", "The expression contains too many operators; operator count: 301"},
		{"301 operators after all else", many(200, "a=:s", " OR ") + " OR a = a", "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]"},
		{"4097 characters", "a = :s" + strings.Repeat(" ", 4091), "Expression size has exceeded the maximum allowed size; expression size: 4097"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newScope(t).Condition(expr.FilterExpression, tt.text)
			want := "Invalid FilterExpression: " + tt.want
			if err == nil || err.Error() != want {
				t.Errorf("Condition(%q)\n  = %v\nwant %s", tt.text, err, want)
			}
		})
	}
}

func TestConditionLimitsAreReached(t *testing.T) {
	for name, text := range map[string]string{
		"4096 characters":     "a = :s" + strings.Repeat(" ", 4090),
		"32 path elements":    "a" + strings.Repeat("[0]", 31) + " = :s",
		"299 operators":       strings.Repeat("a=:s OR ", 149) + "a=:s",
		"300 operators":       "NOT " + strings.Repeat("a=:s OR ", 149) + "a=:s",
		"100 values":          "a IN (:s" + strings.Repeat(",:s", 99) + ")",
		"the greatest index":  "a[2147483647] = :s",
		"equal bounds":        "a BETWEEN :n AND :n",
		"deep parentheses":    strings.Repeat("(", 149) + "a=:s" + strings.Repeat(" OR a=:s)", 149),
		"values of any type":  "a = :l AND a <> :m AND a IN (:ss, :t, :z)",
		"any part of a whole": "contains(:n, a) AND contains(a, :ss)",
	} {
		if _, err := newScope(t).Condition(expr.FilterExpression, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReservedWords(t *testing.T) {
	scope := newScope(t)
	for _, word := range []string{"ABORT", "abort", "Zone", "timestamp", "Values", "year", "COUNTER", "user"} {
		if _, err := scope.Projection(word); err == nil || !strings.Contains(err.Error(), "reserved keyword: "+word) {
			t.Errorf("Projection(%q) = %v", word, err)
		}
	}
	for _, word := range []string{"patient", "aborts", "attribute_exists", "years"} {
		if _, err := scope.Projection(word); err != nil {
			t.Errorf("Projection(%q) = %v", word, err)
		}
	}
}

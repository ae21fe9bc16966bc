package expr_test

import (
	"strconv"
	"strings"
	"testing"
)

func TestUpdates(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"set a = :s", "SET a = :s"},
		{"SET a=:s,b=c REMOVE d[1] , e ADD f :n DELETE g :ss", "SET a = :s, b = c REMOVE d[1], e ADD f :n DELETE g :ss"},
		{"DELETE g :ss SET a = b+:n", "DELETE g :ss SET a = b + :n"},
		{"SET a = (b - (c))", "SET a = b - c"},
		{"SET a = (b)", "SET a = b"},
		{"SET a = (b) + (c)", "SET a = b + c"},
		{"SET a = if_not_exists(#a.b, if_not_exists(c, :n)) + :n", "SET a = if_not_exists(#a.b, if_not_exists(c, :n)) + :n"},
		{"SET a = list_append(if_not_exists(a, :l), :l)", "SET a = list_append(if_not_exists(a, :l), :l)"},
		{"SET a = list_append(b, b)", "SET a = list_append(b, b)"},
		{"SET a = b - b", "SET a = b - b"},
		{"SET c.a = :s, c.b = :s REMOVE d[0], d[1]", "SET c.a = :s, c.b = :s REMOVE d[0], d[1]"},
	} {
		u, err := newScope(t).Update(tt.text)
		if err != nil {
			t.Errorf("Update(%q): %v", tt.text, err)
			continue
		}
		if got := u.String(); got != tt.want {
			t.Errorf("Update(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestUpdateErrors(t *testing.T) {
	const overlap = " with each other; must remove or rewrite one of these paths; path one: "
	for _, tt := range []struct{ name, text, want string }{
		{"an empty expression", "", "The expression can not be empty;"},
		{"a clause without actions", "SET", `Syntax error; token: "<EOF>", near: "SET"`},
		{"no clause", "INVALID SYNTAX HERE", `Syntax error; token: "INVALID", near: "INVALID SYNTAX"`},
		{"a comma before a clause", "SET a = :s, REMOVE b", `Syntax error; token: "REMOVE", near: ", REMOVE b"`},
		{"a sum of three", "SET a = b + c + d", `Syntax error; token: "+", near: "c + d"`},
		{"a sum in a sum", "SET a = b - (c + d)", `Syntax error; token: "+", near: "c + d"`},
		{"a sum of a sum", "SET a = (b + c) - d", `Syntax error; token: "-", near: ") - d"`},
		{"a sum as an operand", "SET a = list_append(b + c, d)", `Syntax error; token: "+", near: "b + c"`},
		{"a product", "SET a = b * c", `Syntax error; token: "*", near: "b * c"`},
		{"a target in parentheses", "SET (a) = b", `Syntax error; token: "(", near: "SET (a"`},
		{"ADD of a path", "ADD a b", `Syntax error; token: "b", near: "a b"`},
		{"ADD with a sign", "ADD a = :n", `Syntax error; token: "=", near: "a = :n"`},
		{"doubled parentheses", "SET a = ((b))", "The expression has redundant parentheses;"},
		{"doubled parentheses around a sum", "SET a = ((b + c))", "The expression has redundant parentheses;"},

		{"a function of conditions", "SET a = size(b)", "The function is not allowed in an update expression; function: size"},
		{"a list in a list", "SET a = list_append(list_append(b, c), d)", "The function is not allowed to be used this way in an expression; function: list_append"},
		{"a list in a sum", "SET a = b + list_append(c, d)", "The function is not allowed to be used this way in an expression; function: list_append"},
		{"a reserved word", "SET a = :s REMOVE name", "Attribute name is a reserved keyword; reserved keyword: name"},
		{"a clause twice", "SET a = :zz SET b = :s", `The "SET" section can only be used once in an update expression;`},
		{"two clauses twice", "ADD a :n ADD b :n SET c = :n SET d = :n", `The "ADD" section can only be used once in an update expression;`},

		{"a path twice", "SET a = :s, a = :s", "Two document paths overlap" + overlap + "[a], path two: [a]"},
		{"a path and its beginning", "SET a.b = :s REMOVE a", "Two document paths overlap" + overlap + "[a, b], path two: [a]"},
		{"a path by another name", "SET a[1] = :s ADD #a[1].c :n", "Two document paths overlap" + overlap + "[a, [1]], path two: [a, [1], c]"},
		{"a list and a map", "SET a.b = :s, a[0] = :s", "Two document paths conflict" + overlap + "[a, b], path two: [a, [0]]"},
		{"overlaps before operands", "SET a = :zz, a = :n", "Two document paths overlap" + overlap + "[a], path two: [a]"},
		{"the last name that is not defined", "SET #y = :n, #z = :n", "An expression attribute name used in the document path is not defined; attribute name: #z"},
		{"the last value that is not defined", "SET a = :y, b = :z1", "An expression attribute value used in expression is not defined; attribute value: :z1"},
		{"a sum with a string", "SET a = b + :s", "Incorrect operand type for operator or function; operator or function: +, operand type: S"},
		{"a string appended", "SET a = list_append(b, :s)", "Incorrect operand type for operator or function; operator or function: list_append, operand type: S"},
		{"too many operands", "SET a = if_not_exists(b, c, d)", "Incorrect number of operands for operator or function; operator or function: if_not_exists, number of operands: 3"},
		{"a path that is needed", "SET a = if_not_exists(:s, b)", "Operator or function requires a document path; operator or function: if_not_exists"},
		{"a path and itself", "SET a = if_not_exists(b, b)", "The first operand must be distinct from the remaining operands for this operator or function; operator: if_not_exists, first operand: [b]"},
		{"ADD of a string", "ADD a :s", "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"},
		{"DELETE of a number", "DELETE a :n", "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newScope(t).Update(tt.text)
			want := "Invalid UpdateExpression: " + tt.want
			if err == nil || err.Error() != want {
				t.Errorf("Update(%q)\n  = %v\nwant %s", tt.text, err, want)
			}
		})
	}
}

func TestUpdatesHaveNoOperatorLimit(t *testing.T) {
	var actions []string
	for i := range 301 {
		actions = append(actions, "f"+strconv.Itoa(i)+"=:n")
	}
	if _, err := newScope(t).Update("SET " + strings.Join(actions, ",")); err != nil {
		t.Error(err)
	}
}

func TestProjections(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"a", "a"},
		{" a , b.c[0] ,#n", "a b.c[0] #n"},
		{"a.b, a.c", "a.b a.c"},
		{"a[0], a[1]", "a[0] a[1]"},
		{"a,", `! Syntax error; token: "<EOF>", near: ","`},
		{"a b", `! Syntax error; token: "b", near: "a b"`},
		{"size(a)", `! Syntax error; token: "(", near: "size(a"`},
		{":s", `! Syntax error; token: ":s", near: ":s"`},
		{"a, name", "! Attribute name is a reserved keyword; reserved keyword: name"},
		{"a, #a", "! Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]"},
		{"a.b, a", "! Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a]"},
		{"a[0], a.b", "! Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, [0]], path two: [a, b]"},
		{"#zz", "! An expression attribute name used in the document path is not defined; attribute name: #zz"},
	} {
		paths, err := newScope(t).Projection(tt.text)
		var got string
		if err != nil {
			got = strings.Replace(err.Error(), "Invalid ProjectionExpression:", "!", 1)
		} else {
			parts := make([]string, len(paths))
			for i, p := range paths {
				parts[i] = p.String()
			}
			got = strings.Join(parts, " ")
		}
		if got != tt.want {
			t.Errorf("Projection(%q)\n  = %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

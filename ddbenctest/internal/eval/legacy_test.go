package eval_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
)

// parse reads a legacy parameter from the JSON of a request.
func parse[T any](t *testing.T, text string) map[string]T {
	t.Helper()
	var m map[string]T
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// The answers are those of DynamoDB Local 3.3.1: for each operator and the value
// of each attribute of conditionItem, the attributes that match it.
func TestFilterOperators(t *testing.T) {
	item := mustItem(conditionItem)
	operands := map[string]string{"s": `{"S":"abc"}`, "a": `{"S":"a"}`, "n": `{"N":"5"}`, "b": `{"B":"YWJj"}`, "t": `{"BOOL":true}`, "z": `{"NULL":true}`,
		"ss": `{"SS":["a","b"]}`, "ns": `{"NS":["1","2"]}`, "l": `{"L":[{"S":"a"},{"N":"1"},{"SS":["a","b"]}]}`, "m": `{"M":{"k":{"S":"v"},"l":{"L":[{"S":"q"}]}}}`}
	for _, tt := range []struct {
		op, operand string
		want        string
	}{
		{"EQ", "s", "s"}, {"EQ", "a", ""}, {"EQ", "n", "n"}, {"EQ", "ss", "ss"}, {"EQ", "l", "l"}, {"EQ", "m", "m"}, {"EQ", "z", "z"},
		{"NE", "s", "n b t z ss ns l m gone"}, {"NE", "ss", "s n b t z ns l m gone"},
		{"LE", "s", "s"}, {"LE", "a", ""}, {"LT", "n", ""}, {"GE", "b", "b"}, {"GT", "a", "s"},
		{"CONTAINS", "a", "s ss l"}, {"CONTAINS", "b", "b"}, {"CONTAINS", "t", ""},
		{"NOT_CONTAINS", "a", "n b t z ns m"}, {"NOT_CONTAINS", "z", "s n b t z ss ns l m"},
		{"BEGINS_WITH", "a", "s"}, {"BEGINS_WITH", "b", "b"},
		{"IN", "s", "s"}, {"IN", "a", ""}, {"BETWEEN", "n", "n"}, {"BETWEEN", "a", ""},
		{"NULL", "", "gone"}, {"NOT_NULL", "", "s n b t z ss ns l m"},
	} {
		list := ""
		if tt.operand != "" {
			list = operands[tt.operand]
		}
		if tt.op == "BETWEEN" {
			list += "," + list
		}
		got := ""
		for _, name := range []string{"s", "n", "b", "t", "z", "ss", "ns", "l", "m", "gone"} {
			filter := parse[eval.Comparison](t, fmt.Sprintf(`{%q:{"ComparisonOperator":%q,"AttributeValueList":[%s]}}`, name, tt.op, list))
			c, values, err := eval.Filter(filter, "")
			if err != nil {
				t.Fatalf("%s of %s: %v", tt.op, tt.operand, err)
			}
			if eval.Condition(c, item, values) {
				if got != "" {
					got += " "
				}
				got += name
			}
		}
		if got != tt.want {
			t.Errorf("%s %s is true of %q, want %q", tt.op, tt.operand, got, tt.want)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	const invalid = "One or more parameter values were invalid: "
	const x = `{"S":"x"}`
	for _, tt := range []struct{ filter, conditional, want string }{
		{`{"a":{"ComparisonOperator":"EQ"}}`, "", invalid + "Invalid number of argument(s) for the EQ ComparisonOperator"},
		{`{"a":{"ComparisonOperator":"IN","AttributeValueList":[]}}`, "", invalid + "Invalid number of argument(s) for the IN ComparisonOperator"},
		{`{"a":{"ComparisonOperator":"BETWEEN","AttributeValueList":[` + x + `]}}`, "", invalid + "Invalid number of argument(s) for the BETWEEN ComparisonOperator"},
		{`{"a":{"ComparisonOperator":"NULL","AttributeValueList":[` + x + `]}}`, "", invalid + "Invalid number of argument(s) for the NULL ComparisonOperator"},
		{`{"a":{"ComparisonOperator":"IN","AttributeValueList":[` + x + `,{"N":"1"}]}}`, "", invalid + "AttributeValues inside AttributeValueList must be of same type"},
		{`{"a":{"ComparisonOperator":"LT","AttributeValueList":[{"SS":["a"]}]}}`, "", invalid + "ComparisonOperator LT is not valid for SS AttributeValue type"},
		{`{"a":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"N":"1"}]}}`, "", invalid + "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"},
		{`{"a":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"5"},{"N":"1"}]}}`, "", "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"},
		{`{"a":{"ComparisonOperator":"LIKE","AttributeValueList":[` + x + `]}}`, "", "Comparison type does not exist in DynamoDB"},
		{`{"":{"ComparisonOperator":"NULL"}}`, "", "Empty attribute name"},
		{`{"a":{"ComparisonOperator":"NULL"}}`, "OR", "ConditionalOperator can only be used when Filter or Expected has two or more elements"},
		{`{}`, "AND", "ConditionalOperator cannot be used without Filter or Expected"},
	} {
		_, _, err := eval.Filter(parse[eval.Comparison](t, tt.filter), tt.conditional)
		if err == nil || err.Error() != tt.want {
			t.Errorf("Filter(%s, %s)\n  = %v\nwant %s", tt.filter, tt.conditional, err, tt.want)
		}
	}
}

func TestFilterJoins(t *testing.T) {
	filter := parse[eval.Comparison](t, `{"s":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"abc"}]},"n":{"ComparisonOperator":"LT","AttributeValueList":[{"N":"1"}]},"gone":{"ComparisonOperator":"NULL"}}`)
	for conditional, want := range map[string]bool{"": false, "AND": false, "OR": true} {
		c, values, err := eval.Filter(filter, conditional)
		if err != nil {
			t.Fatal(err)
		}
		if got := eval.Condition(c, mustItem(conditionItem), values); got != want {
			t.Errorf("%s by %q is %v", c, conditional, got)
		}
	}
	if c, _, err := eval.Filter(nil, ""); c != nil || err != nil {
		t.Errorf("no filter is %v, %v", c, err)
	}
}

func TestExpected(t *testing.T) {
	const invalid = "! One or more parameter values were invalid: "
	const x, y = `{"S":"x"}`, `{"S":"y"}`
	item := mustItem(updateItem)
	for _, tt := range []struct{ expected, want string }{
		{`{"s":{"Value":` + x + `}}`, "true"},
		{`{"s":{"Value":` + y + `}}`, "false"},
		{`{"s":{"Value":` + x + `,"Exists":true}}`, "true"},
		{`{"s":{"Exists":false}}`, "false"},
		{`{"gone":{"Exists":false}}`, "true"},
		{`{"s":{"ComparisonOperator":"EQ","Value":` + x + `}}`, "true"},
		{`{"s":{"ComparisonOperator":"EQ","AttributeValueList":[` + x + `]}}`, "true"},
		{`{"s":{"ComparisonOperator":"NULL"}}`, "false"},
		{`{"s":{"ComparisonOperator":"NOT_NULL"}}`, "true"},
		{`{"s":{"ComparisonOperator":"BETWEEN","AttributeValueList":[` + x + `,` + y + `]}}`, "true"},
		{`{"s":{"Value":` + x + `},"n":{"Value":` + x + `}}`, "false"},
		{`{"s":{"Value":` + x + `,"Exists":false}}`, invalid + "Value cannot be used when Exists is false for Attribute: s"},
		{`{"s":{"Exists":true}}`, invalid + "Value must be provided when Exists is true for Attribute: s"},
		{`{"s":{}}`, invalid + "Value must be provided when Exists is null for Attribute: s"},
		{`{"s":{"ComparisonOperator":"EQ"}}`, invalid + "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: s"},
		{`{"s":{"ComparisonOperator":"EQ","AttributeValueList":[` + x + `],"Value":` + x + `}}`, invalid + "Value and AttributeValueList cannot be used together for Attribute: s"},
		{`{"s":{"AttributeValueList":[]}}`, invalid + "AttributeValueList can only be used with a ComparisonOperator for Attribute: s"},
		{`{"s":{"ComparisonOperator":"EQ","Exists":true,"Value":` + x + `}}`, invalid + "Exists and ComparisonOperator cannot be used together for Attribute: s"},
		{`{"s":{"ComparisonOperator":"NULL","Value":` + x + `}}`, invalid + "Invalid number of argument(s) for the NULL ComparisonOperator"},
		{`{"s":{"ComparisonOperator":"IN","AttributeValueList":[]}}`, invalid + "Invalid number of argument(s) for the IN ComparisonOperator"},
	} {
		c, values, err := eval.Expected(parse[eval.Expectation](t, tt.expected), "")
		got := ""
		if err != nil {
			got = "! " + err.Error()
		} else {
			got = fmt.Sprint(eval.Condition(c, item, values))
		}
		if got != tt.want {
			t.Errorf("Expected(%s)\n  = %s\nwant %s", tt.expected, got, tt.want)
		}
	}
}

func TestLegacyKeyConditions(t *testing.T) {
	const pk = `"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"x"}]}`
	sk := func(op, list string) string {
		return `{` + pk + `,"sk":{"ComparisonOperator":"` + op + `","AttributeValueList":[` + list + `]}}`
	}
	for _, tt := range []struct{ conditions, want string }{
		{`{` + pk + `}`, "x"},
		{sk("EQ", `{"N":"1"}`), "x = 1"},
		{sk("LE", `{"N":"1"}`), "x <= 1"},
		{sk("BETWEEN", `{"N":"1"},{"N":"2"}`), "x BETWEEN 1"},
		{sk("NE", `{"N":"1"}`), "! Attempted conditional constraint is not an indexable operation"},
		{sk("CONTAINS", `{"N":"1"}`), "! Attempted conditional constraint is not an indexable operation"},
		{sk("IN", `{"N":"1"}`), "! Attempted conditional constraint is not an indexable operation"},
		{sk("NULL", ``), "! Attempted conditional constraint is not an indexable operation"},
		{sk("BEGINS_WITH", `{"S":"x"}`), "! One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{sk("BETWEEN", `{"N":"2"},{"N":"1"}`), "! The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"},
		{`{"pk":{"ComparisonOperator":"GT","AttributeValueList":[{"S":"x"}]}}`, "! Query key condition not supported"},
		{`{"sk":{"ComparisonOperator":"EQ","AttributeValueList":[{"N":"1"}]}}`, "! Query condition missed key schema element: pk"},
		{`{` + pk + `,"a":{"ComparisonOperator":"EQ","AttributeValueList":[{"N":"1"}]}}`, "! Query condition missed key schema element: sk"},
		{`{}`, "! Conditions must be at least length 1"},
	} {
		key, err := eval.KeyConditions(parse[eval.Comparison](t, tt.conditions), localSchema)
		got := key.Partition.Str
		if key.Sort != nil {
			got += " " + key.Sort.Op + " " + key.Sort.Low.Str
		}
		if err != nil {
			got = "! " + err.Error()
		}
		if got != tt.want {
			t.Errorf("KeyConditions(%s)\n  = %s\nwant %s", tt.conditions, got, tt.want)
		}
	}
}

func TestCheckQueryFilter(t *testing.T) {
	filter := parse[eval.Comparison](t, `{"a":{"ComparisonOperator":"NULL"}}`)
	if err := eval.CheckQueryFilter(filter, localSchema); err != nil {
		t.Error(err)
	}
	filter["sk"] = eval.Comparison{}
	const want = "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"
	if err := eval.CheckQueryFilter(filter, localSchema); err == nil || err.Error() != want {
		t.Errorf("CheckQueryFilter: %v", err)
	}
	if err := eval.CheckQueryFilter(filter, hashSchema); err != nil {
		t.Error(err)
	}
}

func TestAttributesToGet(t *testing.T) {
	paths, err := eval.AttributesToGet([]string{"n", "m.k", "gone"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(attr.AppendItem(nil, eval.Project(paths, mustItem(updateItem)))), `{"n":{"N":"1"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for want, names := range map[string][]string{
		"One or more parameter values were invalid: Duplicate value in attribute name: a": {"a", "b", "a"},
		"Empty attribute name": {""},
	} {
		if _, err := eval.AttributesToGet(names); err == nil || err.Error() != want {
			t.Errorf("AttributesToGet(%q) = %v", names, err)
		}
	}
}

func TestAttributeUpdates(t *testing.T) {
	const invalid = "! One or more parameter values were invalid: "
	const mismatch = "! Type mismatch for attribute to update"
	for _, tt := range []struct{ updates, want string }{
		{`{"s":{"Action":"PUT","Value":{"N":"2"}}}`, `{"N":"2"}`},
		{`{"s":{"Value":{"N":"2"}}}`, `{"N":"2"}`},
		{`{"z":{"Action":"PUT","Value":{"M":{}}}}`, `{"M":{}}`},
		{`{"a.b":{"Action":"PUT","Value":{"S":"not a path"}}}`, `{"S":"not a path"}`},
		{`{"s":{"Action":"DELETE"}}`, `gone`},
		{`{"z":{"Action":"DELETE"}}`, `gone`},
		{`{"ss":{"Action":"DELETE","Value":{"SS":["b","c"]}}}`, `{"SS":["a"]}`},
		{`{"ss":{"Action":"DELETE","Value":{"SS":["a","b"]}}}`, `gone`},
		{`{"z":{"Action":"DELETE","Value":{"SS":["a"]}}}`, `gone`},
		{`{"n":{"Action":"ADD","Value":{"N":"2"}}}`, `{"N":"3"}`},
		{`{"z":{"Action":"ADD","Value":{"N":"2"}}}`, `{"N":"2"}`},
		{`{"ss":{"Action":"ADD","Value":{"SS":["b","c"]}}}`, `{"SS":["a","b","c"]}`},
		{`{"l":{"Action":"ADD","Value":{"L":[{"S":"3"}]}}}`, `{"L":[{"S":"0"},{"S":"1"},{"S":"2"},{"S":"3"}]}`},
		{`{"z":{"Action":"ADD","Value":{"L":[]}}}`, `{"L":[]}`},
		{`{"s":{"Action":"ADD","Value":{"N":"2"}}}`, mismatch},
		{`{"ss":{"Action":"ADD","Value":{"NS":["2"]}}}`, mismatch},
		{`{"n":{"Action":"DELETE","Value":{"SS":["a"]}}}`, mismatch},
		{`{"n":{"Action":"ADD","Value":{"N":"1E-130"}}}`, "! " + precision},
		{`{"s":{"Action":"PUT"}}`, invalid + "Only DELETE action is allowed when no attribute value is specified"},
		{`{"s":{"Action":"ADD","Value":{"S":"y"}}}`, invalid + "ADD action is not supported for the type STRING"},
		{`{"s":{"Action":"ADD","Value":{"BOOL":true}}}`, invalid + "ADD action is not supported for the type BOOLEAN"},
		{`{"s":{"Action":"DELETE","Value":{"N":"1"}}}`, invalid + "DELETE action with value is not supported for the type NUMBER"},
		{`{"s":{"Action":"DELETE","Value":{"L":[]}}}`, invalid + "DELETE action with value is not supported for the type LIST"},
		{`{"s":{"Action":"REPLACE","Value":{"N":"1"}}}`, "! Member must satisfy enum value set: [ADD, DELETE, PUT]"},
		{`{"":{"Action":"DELETE"}}`, "! Empty attribute name"},
	} {
		updates := parse[eval.AttributeUpdate](t, tt.updates)
		got := func() string {
			u, values, err := eval.AttributeUpdates(updates)
			if err != nil {
				return "! " + err.Error()
			}
			updated, err := eval.UpdateLegacy(u, mustItem(updateItem), values)
			if err != nil {
				return "! " + err.Error()
			}
			for name := range updates {
				if v, ok := updated[name]; ok {
					return string(v.AppendJSON(nil))
				}
			}
			return "gone"
		}()
		if got != tt.want {
			t.Errorf("AttributeUpdates(%s)\n  = %s\nwant %s", tt.updates, got, tt.want)
		}
	}
}

func ExampleExpected() {
	exists := false
	c, values, err := eval.Expected(map[string]eval.Expectation{
		"patient_id": {Exists: &exists},
		"version":    {ComparisonOperator: "LT", AttributeValueList: []attr.Value{{Kind: attr.N, Str: "3"}}},
	}, "OR")
	fmt.Println(c, err)
	fmt.Println(eval.Condition(c, attr.Item{"patient_id": {Kind: attr.S, Str: "p-1"}, "version": {Kind: attr.N, Str: "2"}}, values))
	// Output:
	// attribute_not_exists(patient_id) OR version < :0 <nil>
	// true
}

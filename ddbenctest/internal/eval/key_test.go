package eval_test

import (
	"fmt"
	"testing"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
	"github.com/ddbenc/ddbenc/internal/expr"
)

var (
	textSchema = eval.Schema{Partition: "pk", PartitionKind: attr.S, Sort: "sk", SortKind: attr.S}
	hashSchema = eval.Schema{Partition: "pk", PartitionKind: attr.S}
)

const keyValues = `{":s":{"S":"x"},":n":{"N":"1"},":n5":{"N":"5"},":e":{"S":""},":b":{"B":""},":l":{"L":[]},":t":{"BOOL":true},":type":{"S":"S"}}`

func keyCondition(t *testing.T, text string, schema eval.Schema) (eval.Key, error) {
	t.Helper()
	values := mustItem(keyValues)
	scope, err := eval.NewScope(nil, values)
	if err != nil {
		t.Fatal(err)
	}
	c, err := scope.Condition(expr.KeyConditionExpression, text)
	if err != nil {
		t.Fatal(err)
	}
	return eval.KeyCondition(c, schema, values)
}

func TestKeyConditions(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"pk = :s", "x"},
		{":s = pk", "x"},
		{"(pk) = (:s)", "x"},
		{"pk = :s AND sk = :s", "x = x"},
		{"sk < :s AND pk = :s", "x < x"},
		{"pk = :s AND :s < sk", "x > x"},
		{"pk = :s AND :s >= sk", "x <= x"},
		{"(pk = :s AND sk BETWEEN :s AND :s)", "x BETWEEN x AND x"},
		{"pk = :s AND begins_with(sk, :s)", "x begins_with x"},

		{"sk = :s", "! Query condition missed key schema element: pk"},
		{"pk = :s AND a = :s", "! Query condition missed key schema element: sk"},
		{"pk < :s", "! Query key condition not supported"},
		{"pk > :s AND sk = :s", "! Query key condition not supported"},
		{"begins_with(pk, :s)", "! Query key condition not supported"},
		{"pk = :s AND pk = :s", "! KeyConditionExpressions must only contain one condition per key"},
		{"pk = :s AND sk > :s AND sk < :s", "! KeyConditionExpressions must only contain one condition per key"},
		{"pk = :s AND sk = :s AND a = :s", "! Conditions can be of length 1 or 2 only"},
		{"pk = :n", "! One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"pk > :n", "! One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"pk = :s AND sk = :l", "! One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"pk = :e", "! One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"},
		{"pk = :s AND begins_with(sk, :e)", "! One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: sk"},

		{"pk <> :s", "! Invalid operator used in KeyConditionExpression: <>"},
		{"pk = :s OR sk = :s", "! Invalid operator used in KeyConditionExpression: OR"},
		{"NOT pk = :s", "! Invalid operator used in KeyConditionExpression: NOT"},
		{"pk IN (:s)", "! Invalid operator used in KeyConditionExpression: IN"},
		{"pk = :s AND contains(sk, :s)", "! Invalid operator used in KeyConditionExpression: contains"},
		{"pk = :s AND attribute_type(sk, :type)", "! Invalid operator used in KeyConditionExpression: attribute_type"},
		{"size(pk) = :n", "! KeyConditionExpressions cannot contain nested operations"},
		{"size(pk) BETWEEN :n AND :n", "! KeyConditionExpressions cannot contain nested operations"},
		{"pk = :s AND begins_with(:s, sk)", "! Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its first operand"},
		{"pk = :s AND :s BETWEEN sk AND pk", "! Invalid condition in KeyConditionExpression: BETWEEN operator must have the key attribute as its first operand"},
		{"pk = sk", "! Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
		{"pk = :s AND :s = :s", "! Invalid condition in KeyConditionExpression: No key attribute specified"},
		{"a.b = :s", "! KeyConditionExpressions cannot have conditions on nested attributes"},
		{"pk = a.b", "! Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"},
		{"pk.a = :s OR a = :s", "! Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"},
		{"sk[0] = :s AND pk[0] = :s", "! Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"},
	} {
		key, err := keyCondition(t, tt.text, textSchema)
		got := key.Partition.Str
		if r := key.Sort; r != nil {
			got += " " + r.Op + " " + r.Low.Str
			if r.Op == "BETWEEN" {
				got += " AND " + r.High.Str
			}
		}
		if err != nil {
			got = "! " + err.Error()
		}
		if got != tt.want {
			t.Errorf("%s\n  = %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

func TestKeyConditionsWithoutSortKey(t *testing.T) {
	for text, want := range map[string]string{
		"pk = :s AND sk = :s":           "Query key condition not supported",
		"a = :s AND b = :s":             "Query key condition not supported",
		"sk = :s":                       "Query condition missed key schema element: pk",
		"pk = :s AND a = :s AND b = :s": "Conditions can be of length 1 or 2 only",
	} {
		if _, err := keyCondition(t, text, hashSchema); err == nil || err.Error() != want {
			t.Errorf("%s = %v, want %s", text, err, want)
		}
	}
	binary := eval.Schema{Partition: "pk", PartitionKind: attr.B}
	const want = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: pk"
	if _, err := keyCondition(t, "pk = :b", binary); err == nil || err.Error() != want {
		t.Errorf("an empty binary: %v", err)
	}
}

func TestRangeContains(t *testing.T) {
	n := func(s string) attr.Value { return attr.Value{Kind: attr.N, Str: s} }
	s := func(s string) attr.Value { return attr.Value{Kind: attr.S, Str: s} }
	for _, tt := range []struct {
		r    eval.Range
		v    attr.Value
		want bool
	}{
		{eval.Range{Op: "=", Low: n("5")}, n("5"), true},
		{eval.Range{Op: "=", Low: n("5")}, n("6"), false},
		{eval.Range{Op: "<", Low: n("10")}, n("9"), true},
		{eval.Range{Op: "<", Low: n("10")}, n("10"), false},
		{eval.Range{Op: "<=", Low: n("10")}, n("10"), true},
		{eval.Range{Op: ">", Low: n("9")}, n("10"), true},
		{eval.Range{Op: ">=", Low: n("9")}, n("8"), false},
		{eval.Range{Op: "BETWEEN", Low: n("2"), High: n("10")}, n("10"), true},
		{eval.Range{Op: "BETWEEN", Low: n("2"), High: n("10")}, n("11"), false},
		{eval.Range{Op: "begins_with", Low: s("ab")}, s("abc"), true},
		{eval.Range{Op: "begins_with", Low: s("ab")}, s("a"), false},
		{eval.Range{Op: "begins_with", Low: s("ab")}, s("b"), false},
	} {
		if got := tt.r.Contains(tt.v); got != tt.want {
			t.Errorf("%v contains %v: %v", tt.r, tt.v, got)
		}
	}
}

func TestCheckFilter(t *testing.T) {
	const key = "Filter Expression can only contain non-primary key attributes: Primary key attribute: "
	for text, want := range map[string]string{
		"a = :s":                "",
		"sk = :s":               key + "sk",
		"a = pk":                key + "pk",
		"size(sk) = :n":         key + "sk",
		"sk = :s AND pk = :s":   key + "pk",
		"attribute_exists(pk)":  key + "pk",
		"sk.a = :s AND pk = :s": "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: sk",
	} {
		scope, err := eval.NewScope(nil, mustItem(keyValues))
		if err != nil {
			t.Fatal(err)
		}
		c, err := scope.Condition(expr.FilterExpression, text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := eval.CheckFilter(c, textSchema); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestCheckUpdate(t *testing.T) {
	const key = "One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key"
	for text, want := range map[string]string{
		"SET a = pk":              "",
		"SET pk = :s":             fmt.Sprintf(key, "pk"),
		"REMOVE sk":               fmt.Sprintf(key, "sk"),
		"REMOVE sk SET pk.a = :s": fmt.Sprintf(key, "pk"),
		"SET a = pk.b":            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
	} {
		scope, err := eval.NewScope(nil, mustItem(keyValues))
		if err != nil {
			t.Fatal(err)
		}
		u, err := scope.Update(text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := eval.CheckUpdate(u, textSchema); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func ExampleKeyCondition() {
	values := eval.Values{":id": {Kind: attr.S, Str: "p-1"}, ":from": {Kind: attr.N, Str: "10"}}
	scope, err := eval.NewScope(nil, values)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := scope.Condition(expr.KeyConditionExpression, "patient_id = :id AND visit >= :from")
	if err != nil {
		fmt.Println(err)
		return
	}
	schema := eval.Schema{Partition: "patient_id", PartitionKind: attr.S, Sort: "visit", SortKind: attr.N}
	key, err := eval.KeyCondition(c, schema, values)
	fmt.Println(key.Partition.Str, key.Sort.Op, key.Sort.Low.Str, err)
	fmt.Println(key.Sort.Contains(attr.Value{Kind: attr.N, Str: "9.5"}))
	// Output:
	// p-1 >= 10 <nil>
	// false
}

package expr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/internal/expr"
)

func TestScopeChecksPlaceholders(t *testing.T) {
	one := map[string]expr.Value{":a": known{"S", ""}}
	for _, tt := range []struct {
		name   string
		names  map[string]string
		values map[string]expr.Value
		want   string
	}{
		{"none", nil, nil, ""},
		{"good ones", map[string]string{"#a": "b", "#0": "a.b", "#_": strings.Repeat("n", 65535)}, one, ""},
		{"no names", map[string]string{}, nil, "ExpressionAttributeNames must not be empty"},
		{"no values", nil, map[string]expr.Value{}, "ExpressionAttributeValues must not be empty"},
		{"a name without sigil", map[string]string{"a": "b"}, one, `ExpressionAttributeNames contains invalid key: Syntax error; key: "a"`},
		{"a sigil alone", map[string]string{"#": "b"}, nil, `ExpressionAttributeNames contains invalid key: Syntax error; key: "#"`},
		{"a dash", map[string]string{"#a-b": "b"}, nil, `ExpressionAttributeNames contains invalid key: Syntax error; key: "#a-b"`},
		{"an empty key", map[string]string{"": "b"}, nil, "ExpressionAttributeNames contains invalid key: The expression attribute map contains an empty key;"},
		{"a long key", map[string]string{"#" + strings.Repeat("a", 255): "b"}, nil,
			"ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: 256"},
		{"an empty name", map[string]string{"#a": ""}, nil, "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"},
		{"a long name", map[string]string{"#a": strings.Repeat("n", 65536)}, nil,
			"ExpressionAttributeNames contains invalid value: Attribute name is too large, must be less than 65536 bytes for key #a"},
		{"a value without sigil", nil, map[string]expr.Value{"a": one[":a"]}, `ExpressionAttributeValues contains invalid key: Syntax error; key: "a"`},
		{"names before values", map[string]string{"#": "b"}, map[string]expr.Value{":": one[":a"]}, `ExpressionAttributeNames contains invalid key: Syntax error; key: "#"`},
	} {
		_, err := expr.NewScope(tt.names, tt.values)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestUnused(t *testing.T) {
	names := map[string]string{"#a": "a", "#b": "b", "#c": "c"}
	values := map[string]expr.Value{":x": known{"S", ""}, ":y": known{"S", ""}}
	scope, err := expr.NewScope(names, values)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		run  func() error
		want string
	}{
		{func() error { return nil }, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b, #c}"},
		{func() error { _, err := scope.Projection("#a.#c"); return err }, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"},
		{func() error { _, err := scope.Condition(expr.FilterExpression, "#b = :y"); return err }, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}"},
		{func() error { _, err := scope.Update("SET d = :x"); return err }, ""},
	} {
		if err := step.run(); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := scope.Unused(); err != nil {
			got = err.Error()
		}
		if got != step.want {
			t.Errorf("Unused() = %s, want %s", got, step.want)
		}
	}
}

func TestErrorsNameTheExpression(t *testing.T) {
	scope := newScope(t)
	_, update := scope.Update("SET")
	_, key := scope.Condition(expr.KeyConditionExpression, "a")
	for err, kind := range map[error]expr.Kind{update: expr.UpdateExpression, key: expr.KeyConditionExpression, scope.Unused(): ""} {
		var e *expr.Error
		if !errors.As(err, &e) || e.Kind != kind {
			t.Errorf("%v has kind %q, want %q", err, e.Kind, kind)
		}
	}
}

func TestOpenScopeTakesAnyValue(t *testing.T) {
	scope, err := expr.NewOpenScope(map[string]string{"#s": "secret"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scope.Condition(expr.ConditionExpression, "#s < :anything AND a BETWEEN :x AND :y"); err != nil {
		t.Error(err)
	}
	if err := scope.Unused(); err != nil {
		t.Error(err)
	}
	if _, err := scope.Condition(expr.ConditionExpression, "#t = :anything"); err == nil {
		t.Error("a name that is not defined passed")
	}
}

func TestRefs(t *testing.T) {
	scope := newScope(t)
	c, err := scope.Condition(expr.ConditionExpression,
		"#a = b.c OR NOT (attribute_exists(d) AND attribute_not_exists(e[0])) OR size(f) > :n OR g IN (:n, h) OR "+
			"i BETWEEN j AND size(k) OR contains(l, m) OR begins_with(n, :s) OR attribute_type(o, :type)")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for ref := range expr.ConditionRefs(c) {
		got = append(got, ref.Path.Root()+" "+ref.Role.String())
	}
	want := []string{
		"a compared", "b compared", "d tested for existence", "e tested for existence", "f measured", "g compared", "h compared",
		"i compared", "j compared", "k measured", "l compared", "m compared", "n compared", "o tested for its type",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ConditionRefs (-want +got)\n%s", diff)
	}

	u, err := scope.Update("SET #a = b + if_not_exists(c, :n), d = list_append(e, f.x) REMOVE g ADD h :n DELETE i.j :ss")
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	for ref := range u.Refs() {
		got = append(got, ref.Path.Root()+" "+ref.Role.String())
	}
	want = []string{
		"a written", "b read", "c read", "d written", "e read", "f read", "g removed", "h added to", "i deleted from",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Refs (-want +got)\n%s", diff)
	}
}

func TestRefsStop(t *testing.T) {
	scope := newScope(t)
	c, err := scope.Condition(expr.ConditionExpression, "a = b OR c IN (d, e) OR f BETWEEN g AND h OR NOT contains(i, j)")
	if err != nil {
		t.Fatal(err)
	}
	u, err := scope.Update("SET a = b + c REMOVE d")
	if err != nil {
		t.Fatal(err)
	}
	for stop := range 10 {
		n := 0
		for range expr.ConditionRefs(c) {
			if n == stop {
				break
			}
			n++
		}
		for range u.Refs() {
			break
		}
	}
}

func ExampleScope() {
	// A request to find what names the attribute "notes" of a patient.
	scope, err := expr.NewOpenScope(map[string]string{"#n": "notes"})
	if err != nil {
		fmt.Println(err)
		return
	}
	filter, err := scope.Condition(expr.FilterExpression, "attribute_exists(#n) AND contains(#n[0], :word) AND visits > :v")
	if err != nil {
		fmt.Println(err)
		return
	}
	for ref := range expr.ConditionRefs(filter) {
		fmt.Println(ref.Path.Root(), "is", ref.Role)
	}
	// Output:
	// notes is tested for existence
	// notes is compared
	// visits is compared
}

func ExampleScope_Condition() {
	scope, err := expr.NewOpenScope(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = scope.Condition(expr.FilterExpression, "status = :open")
	fmt.Println(err)
	// Output: Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: status
}

package eval_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
	"github.com/ddbenc/ddbenc/internal/expr"
)

const conditionItem = `{"s":{"S":"abc"},"e":{"S":""},"n":{"N":"5"},"b":{"B":"YWJj"},"t":{"BOOL":true},"z":{"NULL":true},
	"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"bs":{"BS":["YQ==","Yg=="]},"l":{"L":[{"S":"a"},{"N":"1"},{"SS":["a","b"]}]},
	"m":{"M":{"k":{"S":"v"},"l":{"L":[{"S":"q"}]}}},"u":{"S":"é😀"},"l2":{"L":[{"S":"a"},{"N":"1"},{"SS":["b","a"]}]}}`

const conditionValues = `{":s":{"S":"abc"},":p":{"S":"a"},":e":{"S":""},":n":{"N":"5.0"},":n1":{"N":"1"},":n2":{"N":"2"},":n3":{"N":"3"},":n7":{"N":"7"},
	":b":{"B":"YQ=="},":t":{"BOOL":true},":f":{"BOOL":false},":z":{"NULL":true},":ss":{"SS":["b","a"]},":ns":{"NS":["2.0","1"]},
	":l":{"L":[{"S":"a"},{"N":"1.0"},{"SS":["b","a"]}]},":m":{"M":{"l":{"L":[{"S":"q"}]},"k":{"S":"v"}}},":S":{"S":"S"},":SS":{"S":"SS"}}`

// The answers are those of DynamoDB Local 3.3.1.
func TestCondition(t *testing.T) {
	item, values := mustItem(conditionItem), mustItem(conditionValues)
	check := func(want bool, texts ...string) {
		for _, text := range texts {
			for text := range strings.SplitSeq(text, ";") {
				scope, err := eval.NewScope(nil, values)
				if err != nil {
					t.Fatal(err)
				}
				c, err := scope.Condition(expr.FilterExpression, text)
				if err != nil {
					t.Error(err)
					continue
				}
				if got := eval.Condition(c, item, values); got != want {
					t.Errorf("%s = %v", c, got)
				}
			}
		}
	}
	check(true,
		"s = :s;n = :n;t = :t;z = :z;ss = :ss;ns = :ns;l = :l;m = :m;l = l2;:s = :s",
		"b <> :b;t <> :f;s <> :n;gone <> :s;gone <> lost;l[5] <> :s;m.k <> :s;size(gone) <> :n1;size(n) <> :n1",
		"s > :p;s >= :s;n > :n1;n <= :n;n < :n7;b >= :b;s < u",
		"size(s) = :n3;size(u) = :n3;size(b) = :n3;size(ss) = :n2;size(ns) = :n2;size(bs) = :n2;size(l) = :n3;size(m) = :n2;size(:s) = :n3",
		"contains(s, :p);contains(s, :e);contains(b, :b);contains(ss, :p);contains(ns, :n1);contains(bs, :b);contains(l, :p);contains(l, :n1);contains(l, :ss);contains(:s, s)",
		"begins_with(s, :p);begins_with(s, :e);begins_with(s, :s);begins_with(b, :b);begins_with(:s, s)",
		"attribute_type(s, :S);attribute_type(ss, :SS);attribute_type(:s, :S)",
		"attribute_exists(z);attribute_exists(m.k);attribute_exists(l[2]);attribute_not_exists(s.k);attribute_not_exists(gone.x[1])",
		"s IN (:p, :s);n IN (:s, :n);l IN (:l);ss IN (gone, :ss);NOT gone IN (:s)",
		"n BETWEEN :n1 AND :n7;n BETWEEN :n AND :n;s BETWEEN :e AND :s;size(s) BETWEEN :n1 AND :n7;NOT n BETWEEN gone AND :n7",
		"s = :s OR gone < :n AND s = :p;NOT s = :p;NOT NOT s = :s",
	)
	check(false,
		"b = :b;t = :f;s = :n;gone = :s;gone = lost;m.l[0] = :s;size(gone) = :n1;size(n) = :n1;size(t) = :n1;size(z) = :n1;z <> :z;l <> l2",
		"s < :p;s < :n;s >= :n1;n >= :s;gone < :s;t > z;l < l2;ss >= ns;size(n) < :n7;size(s) = s",
		"contains(s, :n1);contains(b, :p);contains(s, :b);contains(ss, :n1);contains(ss, :ss);contains(l, :s);contains(m, :p);contains(n, :n);contains(gone, :p);contains(s, gone);contains(t, :t);contains(ns, :p)",
		"begins_with(s, :b);begins_with(b, :p);begins_with(n, :p);begins_with(gone, :p);begins_with(s, gone);begins_with(l, :p);begins_with(:p, s)",
		"attribute_type(gone, :S);attribute_type(s, :SS);attribute_exists(m.q);attribute_exists(l[3]);attribute_exists(s.k);attribute_exists(l.k);attribute_exists(m[0])",
		"gone IN (:s);gone IN (lost);s IN (gone);s BETWEEN n AND ss;gone BETWEEN :n1 AND :n2;n BETWEEN :n1 AND gone;n BETWEEN :n2 AND :n3",
		"(s = :s OR s = :s) AND s = :p",
	)
}

func TestConditionOfNoItem(t *testing.T) {
	scope, err := eval.NewScope(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := scope.Condition(expr.ConditionExpression, "attribute_not_exists(pk)")
	if err != nil {
		t.Fatal(err)
	}
	if !eval.Condition(c, nil, nil) {
		t.Error("an attribute of no item exists")
	}
}

func TestProject(t *testing.T) {
	item := mustItem(`{"n":{"N":"1"},"l":{"L":[{"S":"0"},{"L":[{"S":"x"},{"S":"y"}]},{"S":"2"},{"M":{"a":{"N":"1"},"b":{"N":"2"}}}]},
		"m":{"M":{"k":{"N":"1"},"j":{"N":"2"},"l":{"L":[]}}}}`)
	for _, tt := range []struct{ text, want string }{
		{"n", `{"n":{"N":"1"}}`},
		{"gone, n", `{"n":{"N":"1"}}`},
		{"l[2], l[0]", `{"l":{"L":[{"S":"0"},{"S":"2"}]}}`},
		{"l[0], l[9]", `{"l":{"L":[{"S":"0"}]}}`},
		{"l[9]", `{}`},
		{"l[3].a", `{"l":{"L":[{"M":{"a":{"N":"1"}}}]}}`},
		{"l[3].b, l[3].a", `{"l":{"L":[{"M":{"a":{"N":"1"},"b":{"N":"2"}}}]}}`},
		{"l[3].c", `{}`},
		{"l[1][1], l[1][0], l[3].b", `{"l":{"L":[{"L":[{"S":"x"},{"S":"y"}]},{"M":{"b":{"N":"2"}}}]}}`},
		{"m.k", `{"m":{"M":{"k":{"N":"1"}}}}`},
		{"m.k, m.j, n", `{"m":{"M":{"j":{"N":"2"},"k":{"N":"1"}}},"n":{"N":"1"}}`},
		{"m.k.x, l.k, n.a, gone.a, m.l[0]", `{}`},
		{"m.l", `{"m":{"M":{"l":{"L":[]}}}}`},
	} {
		scope, err := eval.NewScope(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		paths, err := scope.Projection(tt.text)
		if err != nil {
			t.Errorf("Projection(%q): %v", tt.text, err)
			continue
		}
		if got := string(attr.AppendItem(nil, eval.Project(paths, item))); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.text, got, tt.want)
		}
	}
	if got := eval.Project(nil, nil); got == nil || len(got) != 0 {
		t.Errorf("a projection of nothing is %v", got)
	}
}

func TestBoundsAreQuoted(t *testing.T) {
	values := mustItem(`{":b":{"B":"YQ=="},":c":{"B":"Yg=="},":l":{"L":[{"N":"1"}]},":n":{"N":"1"}}`)
	for text, want := range map[string]string{
		"a BETWEEN :c AND :b": "lower bound operand: AttributeValue: {B:Yg==}, upper bound operand: AttributeValue: {B:YQ==}",
		"a BETWEEN :n AND :b": "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {B:YQ==}",
	} {
		scope, err := eval.NewScope(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scope.Condition(expr.FilterExpression, text); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func ExampleCondition() {
	values := eval.Values{":v": {Kind: attr.N, Str: "3"}}
	scope, err := eval.NewScope(nil, values)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := scope.Condition(expr.ConditionExpression, "attribute_not_exists(patient_id) OR version < :v")
	if err != nil {
		fmt.Println(err)
		return
	}
	item := attr.Item{"patient_id": {Kind: attr.S, Str: "p-1"}, "version": {Kind: attr.N, Str: "2"}}
	fmt.Println(eval.Condition(c, item, values), eval.Condition(c, nil, values))
	// Output: true true
}

func BenchmarkCondition(b *testing.B) {
	item, values := mustItem(conditionItem), mustItem(conditionValues)
	scope, err := eval.NewScope(nil, values)
	if err != nil {
		b.Fatal(err)
	}
	c, err := scope.Condition(expr.FilterExpression, "s = :s AND n BETWEEN :n1 AND :n7 AND contains(ss, :p) AND NOT attribute_exists(gone)")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !eval.Condition(c, item, values) {
			b.Fatal("false")
		}
	}
}

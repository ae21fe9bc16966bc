package expr_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ddbenc/ddbenc/internal/expr"
)

// FuzzParse reads any text as every kind of expression. What is accepted is
// printed and read again, which gives the same tree.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"a = :s OR NOT (b.c[0] <> #a AND size(d) IN (:n, e)) AND f BETWEEN :n AND :n5",
		"attribute_exists(a) AND attribute_type(b, :type) OR begins_with(c, :s) AND (contains(d, :l) OR e < f)",
		"((a)) = (b)", "NOT NOT a = :s", "a[2147483648] = :s", "(a = :s", "a = \u00e9",
		"SET a = :s, b[1].c = if_not_exists(d, :n) + :n, e = list_append(:l, f) REMOVE g ADD h :n DELETE i :ss",
		"SET a = ((b - c))", "ADD a :n ADD b :n", "a, b.c, #a[0][1], d", "a, a.b", "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		again := func(printed string, first, second any, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%q printed as %q is refused: %v", text, printed, err)
			}
			if diff := cmp.Diff(first, second, cmpopts.IgnoreUnexported(expr.Call{}, expr.Update{})); diff != "" {
				t.Errorf("%q printed as %q differs\n%s", text, printed, diff)
			}
		}
		if c, err := newScope(t).Condition(expr.FilterExpression, text); err == nil && len(c.String()) < 4096 {
			second, err := newScope(t).Condition(expr.FilterExpression, c.String())
			again(c.String(), c, second, err)
		}
		if u, err := newScope(t).Update(text); err == nil && len(u.String()) < 4096 {
			second, err := newScope(t).Update(u.String())
			again(u.String(), u, second, err)
		}
		if paths, err := newScope(t).Projection(text); err == nil {
			printed := ""
			for i, p := range paths {
				if i > 0 {
					printed += ","
				}
				printed += p.String()
			}
			second, err := newScope(t).Projection(printed)
			again(printed, paths, second, err)
		}
	})
}

func BenchmarkCondition(b *testing.B) {
	scope := newScope(b)
	const text = "attribute_not_exists(#a) OR (version < :n5 AND owner_id = :s AND size(notes) <= :n)"
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := scope.Condition(expr.ConditionExpression, text); err != nil {
			b.Fatal(err)
		}
	}
}

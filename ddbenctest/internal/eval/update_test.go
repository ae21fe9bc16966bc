package eval_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
)

const updateItem = `{"n":{"N":"1"},"s":{"S":"x"},"l":{"L":[{"S":"0"},{"S":"1"},{"S":"2"}]},"m":{"M":{"k":{"N":"1"},"l":{"L":[]}}},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]}}`

const updateValues = `{":a":{"S":"x"},":n":{"N":"1"},":m2":{"N":"5"},":neg":{"N":"-5"},":l":{"L":[{"N":"9"}]},":m":{"M":{}},":ss":{"SS":["a"]},":ss2":{"SS":["b","c"]},":ab":{"SS":["a","b"]},
	":ns":{"NS":["2","3"]},":big":{"N":"99999999999999999999999999999999999999"},":ten":{"N":"0.1"},":max":{"N":"9.9E125"}}`

// update applies text to item and returns what has changed, or the error.
func update(t *testing.T, text, item, values string) string {
	t.Helper()
	old, vals := mustItem(item), mustItem(values)
	scope, err := eval.NewScope(nil, vals)
	if err != nil {
		t.Fatal(err)
	}
	u, err := scope.Update(text)
	if err != nil {
		t.Fatal(err)
	}
	updated, err := eval.Update(u, old, vals)
	if before := mustItem(item); !attr.EqualItems(old, before) {
		t.Errorf("%s changed the old item", text)
	}
	if err != nil {
		return err.Error()
	}
	var changes []string
	for name, v := range updated {
		if was, ok := old[name]; !ok || !attr.Equal(v, was) {
			changes = append(changes, name+"="+string(v.AppendJSON(nil)))
		}
	}
	for name := range old {
		if _, ok := updated[name]; !ok {
			changes = append(changes, "-"+name)
		}
	}
	slices.Sort(changes)
	return strings.Join(changes, " ")
}

// The answers are those of DynamoDB Local 3.3.1.
func TestUpdate(t *testing.T) {
	const badPath = "The document path provided in the update expression is invalid for update"
	const noSuch = "The provided expression refers to an attribute that does not exist in the item"
	const badType = "An operand in the update expression has an incorrect data type"
	for _, tt := range []struct{ text, want string }{
		{"SET n = :m2", `n={"N":"5"}`},
		{"SET z = :a, n = :m2", `n={"N":"5"} z={"S":"x"}`},
		{"SET n = n + :m2", `n={"N":"6"}`},
		{"SET n = n - :m2", `n={"N":"-4"}`},
		{"SET n = :m2 - n", `n={"N":"4"}`},
		{"SET z = n + n", `z={"N":"2"}`},
		{"SET z = s", `z={"S":"x"}`},
		{"SET z = l[1]", `z={"S":"1"}`},
		{"SET z = m.k", `z={"N":"1"}`},
		{"SET z = l[9]", noSuch},
		{"SET z = s.x", noSuch},
		{"SET z = gone", noSuch},
		{"SET z = gone + :n", noSuch},
		{"SET z = s + :n", badType},
		{"SET z = :n + l", badType},
		{"SET z = s + gone", badType},
		{"SET z = gone + s", noSuch},
		{"SET z = s + if_not_exists(n, gone)", noSuch},
		{"SET z = :big + :ten", precision},
		{"SET z = :max + :max", "Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{"SET z = if_not_exists(n, :m2)", `z={"N":"1"}`},
		{"SET z = if_not_exists(z, :m2)", `z={"N":"5"}`},
		{"SET z = if_not_exists(z, if_not_exists(y, :n)) + :m2", `z={"N":"6"}`},
		{"SET z = if_not_exists(z, y)", noSuch},
		{"SET z = if_not_exists(n, y)", noSuch},
		{"SET z = if_not_exists(z, :a) + :n", badType},
		{"SET z = list_append(l, :l)", `z={"L":[{"S":"0"},{"S":"1"},{"S":"2"},{"N":"9"}]}`},
		{"SET l = list_append(:l, l)", `l={"L":[{"N":"9"},{"S":"0"},{"S":"1"},{"S":"2"}]}`},
		{"SET z = list_append(if_not_exists(z, :l), :l)", `z={"L":[{"N":"9"},{"N":"9"}]}`},
		{"SET z = list_append(m.l, m.l)", `z={"L":[]}`},
		{"SET z = list_append(s, gone)", badType},
		{"SET z = list_append(gone, s)", noSuch},

		{"SET l[1] = :a", `l={"L":[{"S":"0"},{"S":"x"},{"S":"2"}]}`},
		{"SET l[9] = :a", `l={"L":[{"S":"0"},{"S":"1"},{"S":"2"},{"S":"x"}]}`},
		{"SET l[9] = :a, l[7] = :n", `l={"L":[{"S":"0"},{"S":"1"},{"S":"2"},{"N":"1"},{"S":"x"}]}`},
		{"SET l[0] = l[1], l[1] = l[0]", `l={"L":[{"S":"1"},{"S":"0"},{"S":"2"}]}`},
		{"SET m.z = :a", `m={"M":{"k":{"N":"1"},"l":{"L":[]},"z":{"S":"x"}}}`},
		{"SET m.l[0] = :n, m.l[1] = :a REMOVE m.k", `m={"M":{"l":{"L":[{"N":"1"},{"S":"x"}]}}}`},
		{"SET q.z = :a", badPath},
		{"SET s.z = :a", badPath},
		{"SET s[0] = :a", badPath},
		{"SET m[0] = :a", badPath},
		{"SET l.a = :a", badPath},
		{"SET m.l[5].x = :a", badPath},
		{"SET l[1].x = :a", badPath},
		{"SET q.z = gone", badPath},
		{"SET a = gone, q.z = :n", badPath},
		{"SET q.z = :n, a = gone", noSuch},

		{"REMOVE n", "-n"},
		{"REMOVE z", ""},
		{"REMOVE l[0]", `l={"L":[{"S":"1"},{"S":"2"}]}`},
		{"REMOVE l[1], l[0]", `l={"L":[{"S":"2"}]}`},
		{"REMOVE l[0], l[1], l[2]", `l={"L":[]}`},
		{"REMOVE l[9]", ""},
		{"REMOVE m.k", `m={"M":{"l":{"L":[]}}}`},
		{"REMOVE m.y", ""},
		{"REMOVE z.y", badPath},
		{"REMOVE z[0]", badPath},
		{"REMOVE m.z.y", badPath},
		{"REMOVE l[5].x", badPath},
		{"REMOVE s[0]", badPath},
		{"SET l[0] = :a REMOVE l[1]", `l={"L":[{"S":"x"},{"S":"2"}]}`},
		{"SET l[1] = :a REMOVE l[0]", `l={"L":[{"S":"x"},{"S":"2"}]}`},
		{"SET l[3] = :a REMOVE l[0], l[1]", `l={"L":[{"S":"2"},{"S":"x"}]}`},
		{"REMOVE l[1] SET l[2] = :a", `l={"L":[{"S":"0"},{"S":"x"}]}`},

		{"ADD n :m2", `n={"N":"6"}`},
		{"ADD n :neg", `n={"N":"-4"}`},
		{"ADD z :n", `z={"N":"1"}`},
		{"ADD z :ss", `z={"SS":["a"]}`},
		{"ADD ss :ss2", `ss={"SS":["a","b","c"]}`},
		{"ADD ns :ns", `ns={"NS":["1","2","3"]}`},
		{"ADD m.k :n, m.z :n", `m={"M":{"k":{"N":"2"},"l":{"L":[]},"z":{"N":"1"}}}`},
		{"ADD l[9] :n", `l={"L":[{"S":"0"},{"S":"1"},{"S":"2"},{"N":"1"}]}`},
		{"ADD l[5] :n, l[4] :m2 SET l[3] = :a", `l={"L":[{"S":"0"},{"S":"1"},{"S":"2"},{"S":"x"},{"N":"5"},{"N":"1"}]}`},
		{"ADD ss :ns", badType},
		{"ADD s :n", badType},
		{"ADD l[0] :n", badType},
		{"ADD q.z :n", badPath},
		{"ADD n :ten", `n={"N":"1.1"}`},

		{"DELETE ss :ss", `ss={"SS":["b"]}`},
		{"DELETE ss :ss2", `ss={"SS":["a"]}`},
		{"DELETE ss :ab", "-ss"},
		{"DELETE z :ss", ""},
		{"DELETE m.z :ss", ""},
		{"DELETE l[9] :ss", ""},
		{"DELETE ss :ns", badType},
		{"DELETE n :ss", badType},
		{"DELETE q.z :ss", badPath},
	} {
		if got := update(t, tt.text, updateItem, updateValues); got != tt.want {
			t.Errorf("%s\n  = %s\nwant %s", tt.text, got, tt.want)
		}
	}
}

const precision = "Attempting to store more than 38 significant digits in a Number"

func TestUpdateOfANewItem(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"SET a = pk", `a={"S":"p"}`},
		{"SET a = if_not_exists(pk, :n)", `a={"S":"p"}`},
		{"ADD a :n", `a={"N":"1"}`},
		{"REMOVE a", ""},
		{"DELETE a :ss", ""},
		{"SET a.b = :n", "The document path provided in the update expression is invalid for update"},
	} {
		if got := update(t, tt.text, `{"pk":{"S":"p"}}`, updateValues); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestUpdateKeepsTheDepth(t *testing.T) {
	deep := strings.Repeat(`{"L":[`, 31) + `{"S":"x"}` + strings.Repeat(`]}`, 31)
	values := `{":deep":` + deep + `}`
	if got := update(t, "SET z = :deep", updateItem, values); strings.Contains(got, "Nesting") {
		t.Error(got)
	}
	if got := update(t, "SET m.z = :deep", updateItem, values); got != "Nesting Levels have exceeded supported limits" {
		t.Error(got)
	}
}

func TestUpdateSharesWhatItLeaves(t *testing.T) {
	item := mustItem(updateItem)
	scope, err := eval.NewScope(nil, mustItem(`{":n":{"N":"7"}}`))
	if err != nil {
		t.Fatal(err)
	}
	u, err := scope.Update("SET m.k = :n")
	if err != nil {
		t.Fatal(err)
	}
	updated, err := eval.Update(u, item, mustItem(`{":n":{"N":"7"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if &updated["l"].List[0] != &item["l"].List[0] {
		t.Error("a list that was left alone was copied")
	}
	if item["m"].Map["k"].Str != "1" || updated["m"].Map["k"].Str != "7" {
		t.Errorf("old %v, new %v", item["m"], updated["m"])
	}
}

// UPDATED_OLD and UPDATED_NEW are projections of the update's own paths.
func TestUpdatedAttributes(t *testing.T) {
	item, values := mustItem(updateItem), mustItem(updateValues)
	for _, tt := range []struct{ text, old, new string }{
		{"SET n = :m2, z = :a", `{"n":{"N":"1"}}`, `{"n":{"N":"5"},"z":{"S":"x"}}`},
		{"SET m.k = :m2", `{"m":{"M":{"k":{"N":"1"}}}}`, `{"m":{"M":{"k":{"N":"5"}}}}`},
		{"SET l[1] = :a", `{"l":{"L":[{"S":"1"}]}}`, `{"l":{"L":[{"S":"x"}]}}`},
		{"SET l[9] = :a", `{}`, `{}`},
		{"REMOVE n", `{"n":{"N":"1"}}`, `{}`},
		{"DELETE ss :ab", `{"ss":{"SS":["a","b"]}}`, `{}`},
	} {
		scope, err := eval.NewScope(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		u, err := scope.Update(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		updated, err := eval.Update(u, item, values)
		if err != nil {
			t.Fatal(err)
		}
		before := string(attr.AppendItem(nil, eval.Project(eval.Paths(u), item)))
		after := string(attr.AppendItem(nil, eval.Project(eval.Paths(u), updated)))
		if before != tt.old || after != tt.new {
			t.Errorf("%s: %s and %s, want %s and %s", tt.text, before, after, tt.old, tt.new)
		}
	}
}

func ExampleUpdate() {
	values := eval.Values{":n": {Kind: attr.N, Str: "1"}, ":note": {Kind: attr.L, List: []attr.Value{{Kind: attr.S, Str: "seen"}}}}
	scope, err := eval.NewScope(nil, values)
	if err != nil {
		fmt.Println(err)
		return
	}
	u, err := scope.Update("SET visits = if_not_exists(visits, :n) + :n, notes = list_append(notes, :note) REMOVE draft")
	if err != nil {
		fmt.Println(err)
		return
	}
	item := attr.Item{"notes": {Kind: attr.L}, "draft": {Kind: attr.BOOL, Bool: true}}
	updated, err := eval.Update(u, item, values)
	fmt.Println(string(attr.AppendItem(nil, updated)), err)
	// Output: {"notes":{"L":[{"S":"seen"}]},"visits":{"N":"2"}} <nil>
}

func BenchmarkUpdate(b *testing.B) {
	item, values := mustItem(updateItem), mustItem(updateValues)
	scope, err := eval.NewScope(nil, values)
	if err != nil {
		b.Fatal(err)
	}
	u, err := scope.Update("SET m.k = m.k + :n, s = :a ADD ss :ss REMOVE l[0]")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := eval.Update(u, item, values); err != nil {
			b.Fatal(err)
		}
	}
}

package ddbenc

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/internal/expr"
)

// What other clients let through, or refuse although it is fine. Spec: How the
// clients read expressions, and where to be stricter.
func TestCheckConditionReadsStrictly(t *testing.T) {
	s := orders() // name is encrypted, phase signed, views neither
	s.actions.Attributes["index_no"] = s.actions.Attributes["phase"]
	s.actions.Attributes["notes"] = s.actions.Attributes["phase"]
	const secret = `names "name", which is stored encrypted`
	for _, tc := range []struct {
		text  string
		names map[string]string
		want  string // empty if it is fine
	}{
		{"phase = :v", nil, ""},
		{"index_no = :v AND notes = :w", nil, ""},
		{"attribute_exists(name)", nil, "reserved keyword"},
		{"attribute_exists(#n)", map[string]string{"#n": "name"}, ""},
		{"ATTRIBUTE_EXISTS(#n)", map[string]string{"#n": "name"}, "Invalid function name"},
		{"attribute_exists ( #n ) and size(#n) > :v", map[string]string{"#n": "name"}, ""},
		{"#n = :v", map[string]string{"#n": "name"}, secret},
		{"phase = :v\tAND\n#n = :v", map[string]string{"#n": "name"}, secret},
		{"phase = :v OR\r\nNOT (#n = :v)", map[string]string{"#n": "name"}, secret},
		{"#n.x = :v", map[string]string{"#n": "name"}, secret},
		{"#n[0] = :v", map[string]string{"#n": "name"}, secret},
		{"#n.#n = :v", map[string]string{"#n": "name"}, secret},
		{"phase.#n = :v", map[string]string{"#n": "name"}, ""},
		{"attribute_exists(#n.x)", map[string]string{"#n": "name"}, secret},
		{"size(#n[1]) > :v", map[string]string{"#n": "name"}, secret},
		{"attribute_exists(#n) AND #n = :v", map[string]string{"#n": "name"}, secret},
		{"contains(phase, #n)", map[string]string{"#n": "name"}, secret},
		{"begins_with(#n, :v)", map[string]string{"#n": "name"}, secret},
		{"attribute_type(#n, :v)", map[string]string{"#n": "name"}, secret},
		{":v IN (phase, #n)", map[string]string{"#n": "name"}, secret},
		{"size(phase) = #n", map[string]string{"#n": "name"}, secret},
		{"#n = :v", map[string]string{"#n": "nothing declared"}, `names "nothing declared", which Order does not declare, so it counts as encrypted`},
		{"#n = :v", map[string]string{"#n": "Name"}, `names "Name", which Order does not declare`},
		{"#n = :v", map[string]string{"#n": "*sig*"}, `names "*sig*", which belongs to the encryption format`},
		{"attribute_not_exists(#n)", map[string]string{"#n": "*sig*"}, ""},
		{"#n = :v", map[string]string{"#n": "phase", "#m": "name"}, ""}, // the service refuses what is not used
		{"#n = :v", nil, "is not defined"},
		{"phase == :v", nil, "Syntax error"},
		{"phase = :v AND", nil, "Syntax error"},
		{"", nil, "can not be empty"},
		{"#n = :v", map[string]string{"n": "phase"}, "the names of the condition can't be read"},
	} {
		r := &refusals{op: opPut, table: "orders"}
		s.checkCondition(r, "condition", expr.ConditionExpression, &tc.text, tc.names)
		got := strings.Join(texts(r), "\n")
		if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%q with %v: got %q, want %q", tc.text, tc.names, got, tc.want)
		}
	}
}

func TestCheckConditionNamesEachAttributeOnce(t *testing.T) {
	s := orders()
	text := "title = :v OR title = :w OR salary = :v"
	r := &refusals{op: opPut, table: "orders"}
	s.checkCondition(r, "filter", expr.FilterExpression, &text, nil)
	got := texts(r)
	if len(got) != 2 || !strings.Contains(got[0], `"title"`) || !strings.Contains(got[1], `"salary"`) {
		t.Errorf("refused %q", got)
	}
}

func TestCheckKeyCondition(t *testing.T) {
	values := item{":s": avS("4711"), ":n": avN("4711"), ":b": avB("4711"), ":t": avS("2026-01-01T00:00:00Z")}
	for _, tc := range []struct {
		index, text string
		want        []string
		partition   item
	}{
		{"", "id = :s", nil, item{"id": avS("4711")}},
		{"", ":s = id AND seq BETWEEN :n AND :n", nil, item{"id": avS("4711")}},
		{"", "seq > :n AND (id = :s)", nil, item{"id": avS("4711")}},
		{"", "id = :missing", []string{`the key condition does not say which "id" by an equality, so it would not be one partition: add it, or use a scan`}, nil},
		{"", "id > :s", []string{`the key condition does not say which "id" by an equality, so it would not be one partition: add it, or use a scan`}, nil},
		{"by-clinic", "clinic = :s AND seq <= :n", nil, item{"clinic": avS("4711")}},
		{"by-rank", "id = :s AND begins_with(#r, :b)", nil, item{"id": avS("4711")}},
		{"by-rank", "id = :s AND seq = :n", []string{`the key condition names "seq", which is not a key of index "by-rank" ("id", "rank"): query the table, without ddbenc.Index`}, item{"id": avS("4711")}},
		{"", "id = :n AND seq = :t", []string{
			`the key condition compares "id", which has type S, with a value of type N`,
			`the key condition compares "seq", which has type N, with a value of type S: if the field is a time tagged unixtime, compare it with attributevalue.UnixTime(t)`,
		}, item{"id": avN("4711")}},
		{"", "id = :s AND clinic = :s", []string{`the key condition names "clinic", which is not a key of the table ("id", "seq"): add ddbenc.Index("by-clinic")`}, item{"id": avS("4711")}},
		{"", "id = :s AND #n = :s", []string{`the key condition names "name", which is not a key of the table ("id", "seq"): it is stored encrypted, so it can't be queried`}, item{"id": avS("4711")}},
		{"", "id = :s AND #s = :s", []string{`the key condition names "phase", which is not a key of the table ("id", "seq"): use ddbenc.Filter`}, item{"id": avS("4711")}},
		{"", "id = :s AND id.x = :s", []string{`the key condition names a part of "id", but a key has no parts`}, item{"id": avS("4711")}},
		{"", "id = :s OR seq = :n", []string{`the key condition has a part other than a comparison of a key attribute with a value, joined by AND: id = :s OR seq = :n`}, nil},
		{"", "id = :s AND NOT seq = :n", []string{`the key condition has a part other than a comparison of a key attribute with a value, joined by AND: NOT seq = :n`}, item{"id": avS("4711")}},
		{"", "id = :s AND seq <> :n", []string{`the key condition has a part other than a comparison of a key attribute with a value, joined by AND: seq <> :n`}, item{"id": avS("4711")}},
		{"", "id = :s AND seq = id", []string{`the key condition has a part other than a comparison of a key attribute with a value, joined by AND: seq = id`}, item{"id": avS("4711")}},
		{"", "id = :s AND attribute_exists(seq)", []string{`the key condition has a part other than a comparison of a key attribute with a value, joined by AND: attribute_exists(seq)`}, item{"id": avS("4711")}},
		{"", "id = :s AND seq IN (:n)", []string{`the key condition has a part other than a comparison of a key attribute with a value, joined by AND: seq IN (:n)`}, item{"id": avS("4711")}},
		{"", "id = :s AND size(seq) = :n", []string{`the key condition has a part other than a comparison of a key attribute with a value, joined by AND: size(seq) = :n`}, item{"id": avS("4711")}},
	} {
		r := &refusals{op: opPut, table: "orders"}
		names := map[string]string{"#n": "name", "#r": "rank", "#s": "phase"}
		partition := orders().checkKeyCondition(r, tc.index, &tc.text, names, values)
		if diff := cmp.Diff(tc.want, texts(r)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.text, diff)
		}
		if diff := cmp.Diff(tc.partition, partition, sameValues); diff != "" {
			t.Errorf("partition of %q (-want +got):\n%s", tc.text, diff)
		}
		if slices.ContainsFunc(texts(r), func(s string) bool { return strings.Contains(s, "4711") }) {
			t.Errorf("%q: a value is in %q", tc.text, texts(r))
		}
	}
	r := &refusals{op: opPut, table: "orders"}
	orders().checkKeyCondition(r, "", nil, nil, nil)
	if got := texts(r); len(got) != 1 || got[0] != `there is no key condition: say which "id", or use a scan` {
		t.Errorf("without a key condition: %q", got)
	}
}

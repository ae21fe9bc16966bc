package ddbenc

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
)

// orders is the table of the tests of request checks.
func orders() *shape {
	return &shape{
		owner: "Order", advice: tagAdvice,
		keys: []keyAttr{{"id", "S"}, {"seq", "N"}},
		indexes: []indexShape{
			{name: "by-clinic", keys: []keyAttr{{"clinic", "S"}, {"seq", "N"}}, global: true},
			{name: "by-rank", keys: []keyAttr{{"id", "S"}, {"rank", ""}}},
		},
		actions: crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{
			"id": crypt.SignOnly, "seq": crypt.SignOnly, "clinic": crypt.SignOnly, "rank": crypt.SignOnly,
			"name": crypt.EncryptAndSign, "phase": crypt.SignOnly, "views": crypt.DoNothing,
		}},
		reserved: []string{"*sig*", "*desc*"},
	}
}

// texts returns what r refused, without what is the same in all of it.
func texts(r *refusals) []string {
	var out []string
	for _, err := range r.errs {
		out = append(out, strings.TrimPrefix(err.Error(), `ddbenc: PutItem on table "orders": request refused: `))
	}
	return out
}

func TestCheckItem(t *testing.T) {
	whole := func(change ...any) item {
		it := item{"id": avS("x"), "seq": avN("1"), "clinic": avS("c"), "rank": avN("2"), "name": avS("n")}
		for i := 0; i < len(change); i += 2 {
			if change[i+1] == nil {
				delete(it, change[i].(string))
			} else {
				it[change[i].(string)] = change[i+1].(types.AttributeValue)
			}
		}
		return it
	}
	null := types.AttributeValue(&types.AttributeValueMemberNULL{Value: true})
	for _, tc := range []struct {
		name string
		item item
		want []string
	}{
		{"whole", whole(), nil},
		{"not in an index", whole("clinic", nil, "rank", nil), nil},
		{"rank may be text", whole("rank", avS("a")), nil},
		{"key missing", whole("id", nil, "seq", nil), []string{
			`key attribute "id" has no value`,
			`key attribute "seq" has no value`,
		}},
		{"key types", whole("id", avN("1"), "seq", avS("1")), []string{
			`key attribute "id" has type N, want S`,
			`key attribute "seq" has type S, want N`,
		}},
		{"key empty", whole("id", avS("")), []string{`key attribute "id" is empty, which DynamoDB does not allow`}},
		{"key is no number", whole("seq", avN("4711x")), []string{`key attribute "seq" is not a number that DynamoDB can hold`}},
		{"index key null", whole("clinic", null), []string{
			`key attribute "clinic" of index "by-clinic" has type NULL, want S: with omitempty the attribute is left out, and the item is not in the index`,
		}},
		{"index key type", whole("rank", &types.AttributeValueMemberBOOL{Value: true}), []string{
			`key attribute "rank" of index "by-rank" has type BOOL, want S, N or B`,
		}},
		{"index key is a set", whole("clinic", &types.AttributeValueMemberSS{Value: []string{"c"}}), []string{
			`key attribute "clinic" of index "by-clinic" has type SS, want S`,
		}},
		{"typed nil", whole("id", (*types.AttributeValueMemberS)(nil)), []string{`key attribute "id" has no value`}},
		{"reserved", whole("*sig*", avB("x")), []string{`attribute "*sig*" is reserved for the encryption format: rename it`}},
	} {
		r := &refusals{op: opPut, table: "orders"}
		orders().checkItem(r, tc.item)
		if diff := cmp.Diff(tc.want, texts(r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func TestCheckKey(t *testing.T) {
	r := &refusals{op: opPut, table: "orders"}
	orders().checkKey(r, item{"id": avS("x"), "name": avS("y")})
	want := []string{
		`key attribute "seq" has no value`,
		`attribute "name" is not part of the primary key ("id", "seq")`,
	}
	if diff := cmp.Diff(want, texts(r)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCheckIndex(t *testing.T) {
	for _, tc := range []struct {
		index      string
		consistent bool
		want       string
	}{
		{"", true, ""},
		{"by-clinic", false, ""},
		{"by-rank", true, ""},
		{"by-clinic", true, `index "by-clinic" is global, and those have no consistent reads: read the table, or without ConsistentRead`},
		{"by-clinc", false, `index "by-clinc" is unknown; did you mean "by-clinic"?`},
		{"byRank", true, `index "byRank" is unknown; did you mean "by-rank"?`},
		{"by-name", false, `index "by-name" is unknown: Order declares "by-clinic", "by-rank"; add a dynamodbindex tag to its key fields`},
	} {
		r := &refusals{op: opPut, table: "orders"}
		orders().checkIndex(r, tc.index, tc.consistent)
		if got := strings.Join(texts(r), "\n"); got != tc.want {
			t.Errorf("index %q, consistent %v: got %s, want %s", tc.index, tc.consistent, got, tc.want)
		}
	}
}

func TestSameKey(t *testing.T) {
	for _, tc := range []struct {
		a, b item
		want bool
	}{
		{item{"k": avS("x")}, item{"k": avS("x")}, true},
		{item{"k": avS("x")}, item{"k": avS("y")}, false},
		{item{"k": avS("x")}, item{"k": avB("x")}, false},
		{item{"k": avS("1")}, item{"k": avN("1")}, false},
		{item{"k": avN("1")}, item{"k": avS("1")}, false},
		{item{"k": avB("x")}, item{"k": avB("x")}, true},
		{item{"k": avB("x")}, item{"k": avS("x")}, false},
		{item{"k": avN("1")}, item{"k": avN("1.0")}, true},
		{item{"k": avN("100")}, item{"k": avN("1E2")}, true},
		{item{"k": avN("1")}, item{"k": avN("2")}, false},
		{item{"k": avN("x")}, item{"k": avN("y")}, false},
		{item{"k": avN("1")}, item{"l": avN("1")}, false},
		{item{"k": avN("1")}, item{"k": avN("1"), "l": avN("1")}, false},
		{item{"k": nil}, item{"k": nil}, false},
	} {
		if got := sameKey(tc.a, tc.b); got != tc.want {
			t.Errorf("sameKey(%v, %v) = %v", tc.a, tc.b, got)
		}
	}
}

package vectors

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestEqual(t *testing.T) {
	item := func(v types.AttributeValue) map[string]types.AttributeValue {
		return map[string]types.AttributeValue{"a": v}
	}
	n := func(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
	ss := func(s ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }
	ns := func(s ...string) types.AttributeValue { return &types.AttributeValueMemberNS{Value: s} }
	bs := func(s ...[]byte) types.AttributeValue { return &types.AttributeValueMemberBS{Value: s} }
	l := func(v ...types.AttributeValue) types.AttributeValue { return &types.AttributeValueMemberL{Value: v} }
	m := func(v types.AttributeValue) types.AttributeValue {
		return &types.AttributeValueMemberM{Value: item(v)}
	}
	cases := []struct {
		name string
		a, b types.AttributeValue
		want bool
	}{
		{"numbers of one value", n("1.50e1"), n("15"), true},
		{"numbers of other value", n("1"), n("10"), false},
		{"zeros", n("-0"), n("0.0"), true},
		{"no numbers", n("NaN"), n("NaN"), true},
		{"string sets", ss("a", "b"), ss("b", "a", "a"), true},
		{"other string sets", ss("a"), ss("a", "b"), false},
		{"number sets", ns("1.0", "2"), ns("2.0", "1"), true},
		{"binary sets", bs([]byte{1}, []byte{2}), bs([]byte{2}, []byte{1}), true},
		{"lists in another order", l(n("1"), n("2")), l(n("2"), n("1")), false},
		{"deep", m(l(ns("1.0"))), m(l(ns("1"))), true},
		{"types", n("1"), &types.AttributeValueMemberS{Value: "1"}, false},
		{"empty sets of other types", ss(), ns(), false},
		{"nil and empty", &types.AttributeValueMemberB{}, &types.AttributeValueMemberB{Value: []byte{}}, true},
		{"bool and null", &types.AttributeValueMemberBOOL{Value: true}, &types.AttributeValueMemberNULL{Value: true}, false},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			if got := Equal(item(tt.a), item(tt.b)); got != tt.want {
				t.Errorf("Equal(%v, %v) = %v, want %v", Canonical(item(tt.a)), Canonical(item(tt.b)), got, tt.want)
			}
		})
	}
	if Equal(item(n("1")), nil) {
		t.Error("an item equals an empty one")
	}
}

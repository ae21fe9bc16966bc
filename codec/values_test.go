package codec

import (
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

// Short constructors of attribute values, for tables.

func str(s string) types.AttributeValue     { return &types.AttributeValueMemberS{Value: s} }
func num(s string) types.AttributeValue     { return &types.AttributeValueMemberN{Value: s} }
func bin(s string) types.AttributeValue     { return &types.AttributeValueMemberB{Value: []byte(s)} }
func boolean(b bool) types.AttributeValue   { return &types.AttributeValueMemberBOOL{Value: b} }
func null() types.AttributeValue            { return &types.AttributeValueMemberNULL{Value: true} }
func strs(s ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }
func nums(s ...string) types.AttributeValue { return &types.AttributeValueMemberNS{Value: s} }

func bins(s ...string) types.AttributeValue {
	set := make([][]byte, len(s))
	for i := range s {
		set[i] = []byte(s[i])
	}
	return &types.AttributeValueMemberBS{Value: set}
}

func list(e ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: e}
}

// dict takes names and values by turns.
func dict(pairs ...any) types.AttributeValue {
	m := make(map[string]types.AttributeValue)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1].(types.AttributeValue)
	}
	return &types.AttributeValueMemberM{Value: m}
}

// nested returns a value of the given depth: lists, with a NULL inside.
func nested(depth int) types.AttributeValue {
	v := null()
	for range depth - 1 {
		v = list(v)
	}
	return v
}

// sdkValues lets go-cmp look into the SDK's types, which hold an unexported marker.
var sdkValues = cmp.Exporter(func(t reflect.Type) bool {
	return strings.HasPrefix(t.PkgPath(), "github.com/aws/")
})

// diff is cmp.Diff of what is not equal. Equal values are not given to cmp, whose
// time doubles with each level of a list in a list.
func diff(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got, sdkValues)
}

package vectors

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// Equal compares items by value: numbers by what they are worth, sets as sets.
func Equal(a, b map[string]types.AttributeValue) bool {
	return reflect.DeepEqual(Canonical(a), Canonical(b))
}

// Canonical returns an item in a form that is equal, to reflect.DeepEqual and to
// go-cmp, for items of equal value: numbers in one spelling, sets in one order
// and without duplicates. Values become maps of one member, by the name of
// their type, as in DynamoDB JSON. Text of a number that is none stays as it is.
func Canonical(item map[string]types.AttributeValue) map[string]any {
	out := make(map[string]any, len(item))
	for name, v := range item {
		out[name] = canonical(v)
	}
	return out
}

func canonical(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": Number(v.Value)}
	case *types.AttributeValueMemberB:
		return map[string]any{"B": string(v.Value)}
	case *types.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": v.Value}
	case *types.AttributeValueMemberNULL:
		return map[string]any{"NULL": v.Value}
	case *types.AttributeValueMemberSS:
		return map[string]any{"SS": set(v.Value, func(s string) string { return s })}
	case *types.AttributeValueMemberNS:
		return map[string]any{"NS": set(v.Value, Number)}
	case *types.AttributeValueMemberBS:
		return map[string]any{"BS": set(v.Value, func(b []byte) string { return string(b) })}
	case *types.AttributeValueMemberL:
		list := make([]any, len(v.Value))
		for i, e := range v.Value {
			list[i] = canonical(e)
		}
		return map[string]any{"L": list}
	case *types.AttributeValueMemberM:
		return map[string]any{"M": Canonical(v.Value)}
	}
	return fmt.Sprintf("%T", v)
}

func set[T any](members []T, text func(T) string) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = text(m)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Number returns the one spelling of a number's value. Text that is no number stays
// as it is.
func Number(s string) string {
	if c, err := codec.CanonicalNumber(s); err == nil {
		return c
	}
	return s
}

package codec

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// UnmarshalItem reads an item from DynamoDB JSON, see [MarshalItem]. It is strict:
// data is one object and nothing else but space; each value is an object with
// exactly one member, whose name is one of the ten types; NULL is true; binary is
// standard base64 with its padding and nothing between; text is valid UTF-8
// without lone surrogates; no name occurs twice; values nest at most [MaxDepth]
// deep. Numbers are strings and kept as they are written, digit for digit;
// [CanonicalNumber] checks them.
//
// The error wraps [ErrMalformed], names the attribute and tells where data went
// wrong, not what its values are. The result does not alias data; empty sets,
// lists and maps are empty, not nil.
func UnmarshalItem(data []byte) (map[string]types.AttributeValue, error) {
	s := scanner{src: data}
	item := make(map[string]types.AttributeValue)
	s.object(func(name string) {
		if _, ok := item[name]; ok {
			s.failf("it occurs twice, the second time before byte %d", s.off)
		} else {
			item[name] = s.value(1)
		}
		if s.err != nil {
			s.err = fmt.Errorf("attribute %q: %w", name, s.err)
		}
	})
	s.end()
	if s.err != nil {
		return nil, s.err
	}
	return item, nil
}

// UnmarshalValue reads one value from DynamoDB JSON, such as {"S":"text"}. See
// [UnmarshalItem].
func UnmarshalValue(data []byte) (types.AttributeValue, error) {
	s := scanner{src: data}
	v := s.value(1)
	s.end()
	if s.err != nil {
		return nil, s.err
	}
	return v, nil
}

// value reads an object with one member. After a failure the result means nothing.
func (s *scanner) value(depth int) types.AttributeValue {
	if depth > MaxDepth {
		s.failf("nested deeper than %d levels at byte %d", MaxDepth, s.off)
		return nil
	}
	var v types.AttributeValue
	start := s.off
	s.object(func(kind string) {
		if v != nil {
			s.failf("value at byte %d has more than one type", start)
			return
		}
		v = s.member(kind, depth)
	})
	if s.err == nil && v == nil {
		s.failf("value at byte %d has no type", start)
	}
	return v
}

// member reads what follows the name of a type.
func (s *scanner) member(kind string, depth int) types.AttributeValue {
	switch kind {
	case "S":
		return &types.AttributeValueMemberS{Value: s.string()}
	case "N":
		return &types.AttributeValueMemberN{Value: s.string()}
	case "B":
		return &types.AttributeValueMemberB{Value: s.binary()}
	case "BOOL":
		return &types.AttributeValueMemberBOOL{Value: s.bool()}
	case "NULL":
		if !s.bool() {
			s.failf("NULL before byte %d is false, it can only be true", s.off)
		}
		return &types.AttributeValueMemberNULL{Value: true}
	case "SS":
		return &types.AttributeValueMemberSS{Value: scanList(s, s.string)}
	case "NS":
		return &types.AttributeValueMemberNS{Value: scanList(s, s.string)}
	case "BS":
		return &types.AttributeValueMemberBS{Value: scanList(s, s.binary)}
	case "L":
		return &types.AttributeValueMemberL{Value: scanList(s, func() types.AttributeValue {
			return s.value(depth + 1)
		})}
	case "M":
		m := make(map[string]types.AttributeValue)
		s.object(func(key string) {
			if _, ok := m[key]; ok {
				s.failf("map has a key twice, the second time before byte %d", s.off)
				return
			}
			m[key] = s.value(depth + 1)
		})
		return &types.AttributeValueMemberM{Value: m}
	}
	s.failf("unknown type before byte %d", s.off)
	return nil
}

func scanList[T any](s *scanner, element func() T) []T {
	list := []T{}
	s.array(func() { list = append(list, element()) })
	return list
}

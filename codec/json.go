package codec

import (
	"encoding/base64"
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// MarshalItem returns item as DynamoDB JSON, an object of attribute names and
// values:
//
//	{"age":{"N":"42"},"name":{"S":"text"},"photo":{"B":"AAEC"},"tags":{"SS":["a","b"]}}
//
// Names and map keys are sorted by their bytes, so that an item has one text; sets
// and lists keep their order. Binary is base64, padded. Numbers are text, written
// as they are and not looked at. There is no space. A nil item is an empty one.
//
// A nil value, an unknown union member, NULL false, text that is not UTF-8 or
// nesting beyond [MaxDepth] gives an error wrapping [ErrInvalid] that names the
// attribute.
func MarshalItem(item map[string]types.AttributeValue) ([]byte, error) {
	return AppendItemJSON(nil, item)
}

// MarshalValue returns one value as DynamoDB JSON, such as {"S":"text"}. See
// [MarshalItem].
func MarshalValue(v types.AttributeValue) ([]byte, error) {
	return AppendValueJSON(nil, v)
}

// AppendItemJSON appends what [MarshalItem] returns to dst. On error dst comes
// back as it was.
func AppendItemJSON(dst []byte, item map[string]types.AttributeValue) ([]byte, error) {
	out := append(dst, '{')
	var few [fewEntries]mapEntry
	var err error
	for i, e := range sortedEntries(few[:0], item, PythonOrder) {
		if out, err = appendJSONKey(out, i, e.name); err != nil {
			return dst, fmt.Errorf("attribute name %q: %w", e.name, err)
		}
		if out, err = appendJSON(out, e.value, 1); err != nil {
			return dst, fmt.Errorf("attribute %q: %w", e.name, err)
		}
	}
	return append(out, '}'), nil
}

// AppendValueJSON appends what [MarshalValue] returns to dst. On error dst comes
// back as it was.
func AppendValueJSON(dst []byte, v types.AttributeValue) ([]byte, error) {
	out, err := appendJSON(dst, v, 1)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func appendJSON(dst []byte, v types.AttributeValue, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return dst, errTooDeep
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		if v == nil {
			return dst, errNilValue
		}
		return closeJSON(appendJSONString(append(dst, `{"S":`...), v.Value))
	case *types.AttributeValueMemberN:
		if v == nil {
			return dst, errNilValue
		}
		return closeJSON(appendJSONString(append(dst, `{"N":`...), v.Value))
	case *types.AttributeValueMemberB:
		if v == nil {
			return dst, errNilValue
		}
		return closeJSON(appendJSONBinary(append(dst, `{"B":`...), v.Value))
	case *types.AttributeValueMemberBOOL:
		switch {
		case v == nil:
			return dst, errNilValue
		case v.Value:
			return append(dst, `{"BOOL":true}`...), nil
		default:
			return append(dst, `{"BOOL":false}`...), nil
		}
	case *types.AttributeValueMemberNULL:
		switch {
		case v == nil:
			return dst, errNilValue
		case !v.Value:
			return dst, errNullFalse
		default:
			return append(dst, `{"NULL":true}`...), nil
		}
	case *types.AttributeValueMemberL:
		if v == nil {
			return dst, errNilValue
		}
		return closeJSON(appendJSONList(append(dst, `{"L":`...), v.Value, "list element",
			func(dst []byte, e types.AttributeValue) ([]byte, error) {
				return appendJSON(dst, e, depth+1)
			}))
	case *types.AttributeValueMemberM:
		if v == nil {
			return dst, errNilValue
		}
		return closeJSON(appendJSONMap(append(dst, `{"M":`...), v.Value, depth))
	case *types.AttributeValueMemberSS:
		if v == nil {
			return dst, errNilValue
		}
		return closeJSON(appendJSONList(append(dst, `{"SS":`...), v.Value, "set member", appendJSONString))
	case *types.AttributeValueMemberNS:
		if v == nil {
			return dst, errNilValue
		}
		return closeJSON(appendJSONList(append(dst, `{"NS":`...), v.Value, "set member", appendJSONString))
	case *types.AttributeValueMemberBS:
		if v == nil {
			return dst, errNilValue
		}
		return closeJSON(appendJSONList(append(dst, `{"BS":`...), v.Value, "set member", appendJSONBinary))
	case nil:
		return dst, errNilValue
	default:
		return dst, unknownType(v)
	}
}

// closeJSON ends the object around a type's member.
func closeJSON(dst []byte, err error) ([]byte, error) {
	if err != nil {
		return dst, err
	}
	return append(dst, '}'), nil
}

func appendJSONList[T any](dst []byte, list []T, what string, appendElement func([]byte, T) ([]byte, error)) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, e := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendElement(dst, e); err != nil {
			return dst, fmt.Errorf("%s %d: %w", what, i, err)
		}
	}
	return append(dst, ']'), nil
}

func appendJSONMap(dst []byte, m map[string]types.AttributeValue, depth int) ([]byte, error) {
	dst = append(dst, '{')
	var few [fewEntries]mapEntry
	var err error
	for i, e := range sortedEntries(few[:0], m, PythonOrder) {
		if dst, err = appendJSONKey(dst, i, e.name); err != nil {
			return dst, fmt.Errorf("map key %d: %w", i, err)
		}
		if dst, err = appendJSON(dst, e.value, depth+1); err != nil {
			return dst, fmt.Errorf("map value %d: %w", i, err)
		}
	}
	return append(dst, '}'), nil
}

// appendJSONKey appends the key of an object's member i with what is around it.
func appendJSONKey(dst []byte, i int, key string) ([]byte, error) {
	if i > 0 {
		dst = append(dst, ',')
	}
	dst, err := appendJSONString(dst, key)
	return append(dst, ':'), err
}

func appendJSONBinary(dst []byte, b []byte) ([]byte, error) {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"'), nil
}

// appendJSONString escapes what JSON requires: quotes, backslashes and control
// characters.
func appendJSONString(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, errNotUTF8
	}
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"'), nil
}

package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// MaxDBESDKDepth is how deeply values may nest in the DB-ESDK form, when they are
// written and when they are read. It counts as [MaxDepth] does: a value by itself
// has depth 1. DB-ESDK spec: "Values", rules on serializing.
const MaxDBESDKDepth = 32

// maxDBESDKKey is the longest key of a map, in bytes of UTF-8.
const maxDBESDKKey = 1<<16 - 1

// A typeID is the first two bytes of a terminal, big-endian. DB-ESDK spec: "Type
// ids".
type typeID uint16

const (
	idNull      typeID = 0x0000
	idString    typeID = 0x0001
	idNumber    typeID = 0x0002
	idBinary    typeID = 0xffff
	idBool      typeID = 0x0004
	idStringSet typeID = 0x0101
	idNumberSet typeID = 0x0102
	idBinarySet typeID = 0x01ff
	idMap       typeID = 0x0200
	idList      typeID = 0x0300
)

// TypeIDSize is the size in bytes of the type id that begins every terminal, and
// that stays in front of an encrypted one.
const TypeIDSize = 2

// AppendDBESDK appends v to dst as the AWS Database Encryption SDK serializes it,
// a terminal: the type id, 2 bytes, and the value up to the end. Counts and
// lengths are 4 bytes big-endian; LV(x) is the length of x and x.
//
//	NULL     00 00
//	S        00 01  UTF-8
//	N        00 02  canonical number
//	BOOL     00 04  01 for true, 00 for false
//	B        ff ff  bytes
//	SS, NS   01 01, 01 02  count, then LV(member), by UTF-16 code units
//	BS       01 ff  count, then LV(member), by unsigned bytes
//	M        02 00  count, then 00 01, LV(key), type id, LV(value), by UTF-16 code units of the key
//	L        03 00  count, then type id, LV(value), as the list has them
//
// Numbers are canonical, see [CanonicalNumber], before they are sorted. Nil slices
// and maps are empty ones. A set with two equal members, a key of a map that is
// empty or longer than 65535 bytes, nesting beyond [MaxDBESDKDepth] and what
// [AppendDDBEC] refuses too give an error wrapping [ErrInvalid], and dst comes
// back at its old length. (The clients write NULL false, and read it as true.)
//
// Nothing of v is kept. It allocates as AppendDDBEC does. DB-ESDK spec:
// "Attribute value -> terminal".
func AppendDBESDK(dst []byte, v types.AttributeValue) ([]byte, error) {
	out, err := appendTerminal(dst, v, 1)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// appendTerminal appends type id and value, and between them, inside a
// container, the length of the value.
func appendTerminal(dst []byte, v types.AttributeValue, depth int) ([]byte, error) {
	if depth > MaxDBESDKDepth {
		return dst, errDBESDKTooDeep
	}
	id, err := typeIDOf(v)
	if err != nil {
		return dst, err
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(id))
	if depth == 1 {
		return appendTerminalValue(dst, v, depth)
	}
	dst = append(dst, 0, 0, 0, 0)
	start := len(dst)
	if dst, err = appendTerminalValue(dst, v, depth); err != nil {
		return dst, err
	}
	n := len(dst) - start
	if n > maxLength {
		return dst, fmt.Errorf("%w: length %d, at most %d fits", ErrInvalid, n, maxLength)
	}
	binary.BigEndian.PutUint32(dst[start-4:], uint32(n))
	return dst, nil
}

var errDBESDKTooDeep = fmt.Errorf("%w: nested deeper than %d levels", ErrInvalid, MaxDBESDKDepth)

// typeIDOf returns the type id of v, which is then known not to be nil.
func typeIDOf(v types.AttributeValue) (typeID, error) {
	var id typeID
	isNil := false
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		id, isNil = idString, v == nil
	case *types.AttributeValueMemberN:
		id, isNil = idNumber, v == nil
	case *types.AttributeValueMemberB:
		id, isNil = idBinary, v == nil
	case *types.AttributeValueMemberBOOL:
		id, isNil = idBool, v == nil
	case *types.AttributeValueMemberNULL:
		id, isNil = idNull, v == nil
	case *types.AttributeValueMemberSS:
		id, isNil = idStringSet, v == nil
	case *types.AttributeValueMemberNS:
		id, isNil = idNumberSet, v == nil
	case *types.AttributeValueMemberBS:
		id, isNil = idBinarySet, v == nil
	case *types.AttributeValueMemberM:
		id, isNil = idMap, v == nil
	case *types.AttributeValueMemberL:
		id, isNil = idList, v == nil
	case nil:
		isNil = true
	default:
		return 0, unknownType(v)
	}
	if isNil {
		return 0, errNilValue
	}
	return id, nil
}

// appendTerminalValue appends the value without its type id and length.
func appendTerminalValue(dst []byte, v types.AttributeValue, depth int) ([]byte, error) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		if !utf8.ValidString(v.Value) {
			return dst, errNotUTF8
		}
		return append(dst, v.Value...), nil
	case *types.AttributeValueMemberN:
		return AppendNumber(dst, v.Value)
	case *types.AttributeValueMemberB:
		return append(dst, v.Value...), nil
	case *types.AttributeValueMemberBOOL:
		if v.Value {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case *types.AttributeValueMemberNULL:
		if !v.Value {
			return dst, errNullFalse
		}
		return dst, nil
	case *types.AttributeValueMemberSS:
		return appendDBESDKStrings(dst, v.Value)
	case *types.AttributeValueMemberNS:
		return appendDBESDKNumbers(dst, v.Value)
	case *types.AttributeValueMemberBS:
		return appendDBESDKBinaries(dst, v.Value)
	case *types.AttributeValueMemberM:
		return appendDBESDKMap(dst, v.Value, depth)
	case *types.AttributeValueMemberL:
		return appendDBESDKList(dst, v.Value, depth)
	}
	return dst, unknownType(v) // typeIDOf knows the same types
}

var errTwice = fmt.Errorf("%w: set has two equal members", ErrInvalid)

func appendDBESDKStrings(dst []byte, set []string) ([]byte, error) {
	if !namesSorted(set, JavaOrder) {
		var few [fewEntries]string
		set = sortedNames(few[:0], set, JavaOrder)
	}
	dst, err := appendLength(dst, len(set))
	if err != nil {
		return dst, err
	}
	for i, s := range set {
		if i > 0 && s == set[i-1] {
			return dst, errTwice
		}
		if dst, err = appendText(dst, s); err != nil {
			return dst, fmt.Errorf("set member %d: %w", i, err)
		}
	}
	return dst, nil
}

func appendDBESDKNumbers(dst []byte, set []string) ([]byte, error) {
	dst, err := appendLength(dst, len(set))
	if err != nil {
		return dst, err
	}
	var few [fewEntries]string
	texts := few[:0]
	if len(set) > len(few) {
		texts = make([]string, 0, len(set))
	}
	for i, s := range set {
		text, err := CanonicalNumber(s)
		if err != nil {
			return dst, fmt.Errorf("set member %d: %w", i, err)
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	for i, s := range texts {
		if i > 0 && s == texts[i-1] {
			return dst, errTwice
		}
		dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
	}
	return dst, nil
}

func appendDBESDKBinaries(dst []byte, set [][]byte) ([]byte, error) {
	dst, err := appendLength(dst, len(set))
	if err != nil {
		return dst, err
	}
	if !slices.IsSortedFunc(set, bytes.Compare) {
		set = slices.Clone(set)
		slices.SortFunc(set, bytes.Compare)
	}
	for i, b := range set {
		if i > 0 && bytes.Equal(b, set[i-1]) {
			return dst, errTwice
		}
		if dst, err = appendBinary(dst, b); err != nil {
			return dst, fmt.Errorf("set member %d: %w", i, err)
		}
	}
	return dst, nil
}

// appendDBESDKMap names no key in its errors, as appendMap doesn't.
func appendDBESDKMap(dst []byte, m map[string]types.AttributeValue, depth int) ([]byte, error) {
	dst, err := appendLength(dst, len(m))
	if err != nil {
		return dst, err
	}
	var few [fewEntries]mapEntry
	for i, e := range sortedEntries(few[:0], m, JavaOrder) {
		if len(e.name) == 0 || len(e.name) > maxDBESDKKey {
			return dst, fmt.Errorf("%w: map key %d is %d bytes, want 1 to %d", ErrInvalid, i, len(e.name), maxDBESDKKey)
		}
		dst = binary.BigEndian.AppendUint16(dst, uint16(idString))
		if dst, err = appendText(dst, e.name); err != nil {
			return dst, fmt.Errorf("map key %d: %w", i, err)
		}
		if dst, err = appendTerminal(dst, e.value, depth+1); err != nil {
			return dst, fmt.Errorf("map value %d: %w", i, err)
		}
	}
	return dst, nil
}

func appendDBESDKList(dst []byte, list []types.AttributeValue, depth int) ([]byte, error) {
	dst, err := appendLength(dst, len(list))
	if err != nil {
		return dst, err
	}
	for i, e := range list {
		if dst, err = appendTerminal(dst, e, depth+1); err != nil {
			return dst, fmt.Errorf("list element %d: %w", i, err)
		}
	}
	return dst, nil
}

package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// MaxDepth is how deeply values may nest in the DDBEC form and in JSON, when they
// are written and when they are read. A value by itself has depth 1, an element of
// a list or a value of a map one more than its container. DynamoDB allows 32
// levels of what it can see; the inside of an encrypted attribute it cannot see.
// Spec: "Nesting depth".
const MaxDepth = 256

// Tags, the second byte of every serialized value; the first is zero. Spec:
// "Attribute value serialization", Layout.
const (
	tagNull      = 0x00
	tagBool      = '?'
	tagString    = 's'
	tagNumber    = 'n'
	tagBinary    = 'b'
	tagStringSet = 'S'
	tagNumberSet = 'N'
	tagBinarySet = 'B'
	tagList      = 'L'
	tagMap       = 'M'
)

// maxLength is the largest length or count that is written. The field would hold
// twice as much, but the Java client reads it as a signed number.
const maxLength = math.MaxInt32

// AppendDDBEC appends v to dst as the DynamoDB Encryption Client serializes it.
// LV(x) stands for the length of x, 4 bytes big-endian, and x; counts are 4 bytes
// big-endian too.
//
//	NULL          00 00
//	BOOL          00 3f  01 for true, 00 for false
//	S, N, B       00 73, 00 6e, 00 62  LV(text, canonical number or bytes)
//	SS, NS, BS    00 53, 00 4e, 00 42  count, then LV(member) in order
//	L             00 4c  count, then each element, in full, as the list has them
//	M             00 4d  count, then each key as an S, in order, and its value
//
// Members of sets and keys of maps are sorted by o; members that occur twice are
// kept. Numbers are canonical, see [CanonicalNumber]. Nil slices and maps are
// empty ones. A nil value or element, a union member of another type (also
// [types.UnknownUnionMember]), NULL false, text that is not UTF-8, nesting beyond
// [MaxDepth], a length over 2^31-1 or an unknown order gives an error wrapping
// [ErrInvalid], and dst comes back at its old length.
//
// Nothing of v is kept. Besides growing dst it allocates only to sort what does
// not come sorted: maps and sets of more than 16 entries, and numbers of a set
// that are not canonical. Spec: "Attribute value serialization".
func AppendDDBEC(dst []byte, v types.AttributeValue, o Order) ([]byte, error) {
	if o > PythonRounding {
		return dst, fmt.Errorf("%w: unknown order %d", ErrInvalid, o)
	}
	out, err := appendDDBEC(dst, v, o, 1)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func appendDDBEC(dst []byte, v types.AttributeValue, o Order, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return dst, errTooDeep
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		if v == nil {
			return dst, errNilValue
		}
		return appendText(append(dst, 0, tagString), v.Value)
	case *types.AttributeValueMemberN:
		if v == nil {
			return dst, errNilValue
		}
		return appendNumberLV(append(dst, 0, tagNumber), v.Value, o)
	case *types.AttributeValueMemberB:
		if v == nil {
			return dst, errNilValue
		}
		return appendBinary(append(dst, 0, tagBinary), v.Value)
	case *types.AttributeValueMemberBOOL:
		switch {
		case v == nil:
			return dst, errNilValue
		case v.Value:
			return append(dst, 0, tagBool, 1), nil
		default:
			return append(dst, 0, tagBool, 0), nil
		}
	case *types.AttributeValueMemberNULL:
		switch {
		case v == nil:
			return dst, errNilValue
		case !v.Value:
			return dst, errNullFalse
		default:
			return append(dst, 0, tagNull), nil
		}
	case *types.AttributeValueMemberL:
		if v == nil {
			return dst, errNilValue
		}
		return appendList(append(dst, 0, tagList), v.Value, o, depth)
	case *types.AttributeValueMemberM:
		if v == nil {
			return dst, errNilValue
		}
		return appendMap(append(dst, 0, tagMap), v.Value, o, depth)
	case *types.AttributeValueMemberSS:
		if v == nil {
			return dst, errNilValue
		}
		return appendStringSet(append(dst, 0, tagStringSet), v.Value, o)
	case *types.AttributeValueMemberNS:
		if v == nil {
			return dst, errNilValue
		}
		return appendNumberSet(append(dst, 0, tagNumberSet), v.Value, o)
	case *types.AttributeValueMemberBS:
		if v == nil {
			return dst, errNilValue
		}
		return appendBinarySet(append(dst, 0, tagBinarySet), v.Value, o)
	case nil:
		return dst, errNilValue
	default:
		return dst, unknownType(v)
	}
}

// Errors of values that have no encoding in any form.
var (
	errNilValue  = fmt.Errorf("%w: value is nil", ErrInvalid)
	errNullFalse = fmt.Errorf("%w: NULL is false, it can only be true", ErrInvalid)
	errTooDeep   = fmt.Errorf("%w: nested deeper than %d levels", ErrInvalid, MaxDepth)
	errNotUTF8   = fmt.Errorf("%w: text is not valid UTF-8", ErrInvalid)
)

func unknownType(v types.AttributeValue) error {
	return fmt.Errorf("%w: unknown type of attribute value %T", ErrInvalid, v)
}

// appendLength appends a length or count, checked before it narrows.
func appendLength(dst []byte, n int) ([]byte, error) {
	if n > maxLength {
		return dst, fmt.Errorf("%w: length %d, at most %d fits", ErrInvalid, n, maxLength)
	}
	return binary.BigEndian.AppendUint32(dst, uint32(n)), nil
}

func appendText(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, errNotUTF8
	}
	dst, err := appendLength(dst, len(s))
	if err != nil {
		return dst, err
	}
	return append(dst, s...), nil
}

func appendBinary(dst []byte, b []byte) ([]byte, error) {
	dst, err := appendLength(dst, len(b))
	if err != nil {
		return dst, err
	}
	return append(dst, b...), nil
}

// appendNumberLV appends a number as the clients sign it. What is canonical, as
// numbers from DynamoDB are, is only looked at and copied.
func appendNumberLV(dst []byte, s string, o Order) ([]byte, error) {
	if o == PythonRounding {
		s, err := writtenNumber(s, o)
		if err != nil {
			return dst, err
		}
		return append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...), nil
	}
	start := len(dst)
	dst, err := AppendNumber(append(dst, 0, 0, 0, 0), s)
	if err != nil {
		return dst, err
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst, nil
}

func appendList(dst []byte, list []types.AttributeValue, o Order, depth int) ([]byte, error) {
	dst, err := appendLength(dst, len(list))
	if err != nil {
		return dst, err
	}
	for i, e := range list {
		if dst, err = appendDDBEC(dst, e, o, depth+1); err != nil {
			return dst, fmt.Errorf("list element %d: %w", i, err)
		}
	}
	return dst, nil
}

// appendMap names no key in its errors: inside an encrypted attribute a key is as
// secret as its value.
func appendMap(dst []byte, m map[string]types.AttributeValue, o Order, depth int) ([]byte, error) {
	dst, err := appendLength(dst, len(m))
	if err != nil {
		return dst, err
	}
	var few [fewEntries]mapEntry
	for i, e := range sortedEntries(few[:0], m, o) {
		if dst, err = appendText(append(dst, 0, tagString), e.name); err != nil {
			return dst, fmt.Errorf("map key %d: %w", i, err)
		}
		if dst, err = appendDDBEC(dst, e.value, o, depth+1); err != nil {
			return dst, fmt.Errorf("map value %d: %w", i, err)
		}
	}
	return dst, nil
}

// fewEntries is how many entries are sorted without allocating.
const fewEntries = 16

type mapEntry struct {
	name  string
	value types.AttributeValue
}

// sortedEntries appends the entries of m to few and sorts them.
func sortedEntries(few []mapEntry, m map[string]types.AttributeValue, o Order) []mapEntry {
	if len(m) > cap(few) {
		entries := make([]mapEntry, 0, len(m))
		for name, value := range m {
			entries = append(entries, mapEntry{name, value})
		}
		slices.SortFunc(entries, func(a, b mapEntry) int { return CompareNames(o, a.name, b.name) })
		return entries
	}
	for name, value := range m {
		at := len(few)
		few = append(few, mapEntry{})
		for ; at > 0 && CompareNames(o, name, few[at-1].name) < 0; at-- {
			few[at] = few[at-1]
		}
		few[at] = mapEntry{name, value}
	}
	return few
}

func appendStringSet(dst []byte, set []string, o Order) ([]byte, error) {
	if !namesSorted(set, o) {
		var few [fewEntries]string
		set = sortedNames(few[:0], set, o)
	}
	dst, err := appendLength(dst, len(set))
	if err != nil {
		return dst, err
	}
	for i, s := range set {
		if dst, err = appendText(dst, s); err != nil {
			return dst, fmt.Errorf("set member %d: %w", i, err)
		}
	}
	return dst, nil
}

// appendNumberSet sorts the members by their canonical text, byte by byte, in
// every order: -1, 1, 10, 9.
func appendNumberSet(dst []byte, set []string, o Order) ([]byte, error) {
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
		text, err := writtenNumber(s, o)
		if err != nil {
			return dst, fmt.Errorf("set member %d: %w", i, err)
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	for _, s := range texts {
		dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
	}
	return dst, nil
}

func appendBinarySet(dst []byte, set [][]byte, o Order) ([]byte, error) {
	dst, err := appendLength(dst, len(set))
	if err != nil {
		return dst, err
	}
	compare := func(a, b []byte) int { return compareBytes(o, a, b) }
	if !slices.IsSortedFunc(set, compare) {
		var few [fewEntries][]byte
		sorted := few[:0]
		if len(set) > len(few) {
			sorted = make([][]byte, 0, len(set))
		}
		set = append(sorted, set...)
		slices.SortFunc(set, compare)
	}
	for i, b := range set {
		if dst, err = appendBinary(dst, b); err != nil {
			return dst, fmt.Errorf("set member %d: %w", i, err)
		}
	}
	return dst, nil
}

func namesSorted(names []string, o Order) bool {
	for i := 1; i < len(names); i++ {
		if CompareNames(o, names[i-1], names[i]) > 0 {
			return false
		}
	}
	return true
}

// sortedNames returns a sorted copy of names, in few if it fits.
func sortedNames(few []string, names []string, o Order) []string {
	if len(names) > cap(few) {
		few = make([]string, 0, len(names))
	}
	few = append(few, names...)
	slices.SortFunc(few, func(a, b string) int { return CompareNames(o, a, b) })
	return few
}

package codec

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// An Order says how members of sets, keys of maps and names of attributes are
// sorted. The clients that write the format do not agree on it, and a signature
// covers the order. Spec: "Ordering of sets and map keys".
type Order uint8

const (
	// JavaOrder is the order of the Java client, form J of the spec, and what
	// ddbenc writes unless told otherwise: text by UTF-16 code units, binary set
	// members by signed bytes (0x80 comes before 0x7f).
	JavaOrder Order = iota

	// PythonOrder is the order of the Python client, form P of the spec: text by
	// UTF-8 bytes, binary set members by unsigned bytes.
	PythonOrder

	// PythonRounding is PythonOrder with numbers as the Python client signs them
	// under its default decimal context: rounded half to even to 28 significant
	// digits, and negative zero written -0. It is only for verifying what such a
	// client signed, by explicit choice, since digits after the 28th go unsigned.
	// Spec: "Canonical numbers", the Python rounding defect.
	PythonRounding
)

// String returns "JavaOrder", "PythonOrder" or "PythonRounding".
func (o Order) String() string {
	switch o {
	case JavaOrder:
		return "JavaOrder"
	case PythonOrder:
		return "PythonOrder"
	case PythonRounding:
		return "PythonRounding"
	}
	return "Order(" + strconv.Itoa(int(o)) + ")"
}

// CompareNames compares two attribute names, map keys or members of a string set
// and returns -1, 0 or 1. Only JavaOrder differs from the order of Go strings.
// Text that is not UTF-8 has a place in each order too, though no meaning.
func CompareNames(o Order, a, b string) int {
	if o == JavaOrder {
		return compareUTF16(a, b)
	}
	return strings.Compare(a, b)
}

// compareUTF16 compares UTF-8 texts as their UTF-16 code units compare.
//
// Where two valid texts first differ in a byte that is not the first of its
// character, both characters have the same length and compare as their bytes do.
// Where they differ in a first byte, the bytes compare as the characters do, but
// for one case: characters of U+10000 and up (first byte 0xf0 to 0xf4) are pairs
// of units 0xd800 to 0xdfff, and so come before U+E000 to U+FFFF (first byte 0xee
// and 0xef). Ranking 0xee and 0xef last is the whole difference.
func compareUTF16(a, b string) int {
	n := min(len(a), len(b))
	x, y := a[:n], b[:n]
	for i := range len(x) {
		if x[i] != y[i] {
			return cmp.Compare(rankUTF16(x[i]), rankUTF16(y[i]))
		}
	}
	return cmp.Compare(len(a), len(b))
}

func rankUTF16(b byte) int {
	if b == 0xee || b == 0xef {
		return int(b) + 0x100
	}
	return int(b)
}

// compareBytes compares members of binary sets: by signed bytes in JavaOrder, as
// java.nio.ByteBuffer compares, and by unsigned bytes otherwise. A proper prefix
// comes first.
func compareBytes(o Order, a, b []byte) int {
	if o != JavaOrder {
		return bytes.Compare(a, b)
	}
	n := min(len(a), len(b))
	x, y := a[:n], b[:n]
	for i := range len(x) {
		if x[i] != y[i] {
			return cmp.Compare(int8(x[i]), int8(y[i]))
		}
	}
	return cmp.Compare(len(a), len(b))
}

// OrdersDiffer reports whether JavaOrder and PythonOrder give different bytes for
// v, so that a reader knows whether a second attempt can help. The answer is
// exact for what [AppendDDBEC] accepts; for other values it means nothing. It
// allocates only for text or bytes that can make the difference.
func OrdersDiffer(v types.AttributeValue) bool {
	return ordersDiffer(v, 1)
}

func ordersDiffer(v types.AttributeValue, depth int) bool {
	if depth > MaxDepth {
		return false // refused by AppendDDBEC
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberSS:
		return v != nil && NameOrdersDiffer(v.Value)
	case *types.AttributeValueMemberBS:
		return v != nil && bytesOrdersDiffer(v.Value)
	case *types.AttributeValueMemberL:
		return v != nil && slices.ContainsFunc(v.Value, func(e types.AttributeValue) bool {
			return ordersDiffer(e, depth+1)
		})
	case *types.AttributeValueMemberM:
		if v == nil {
			return false
		}
		var seen byteClasses
		for name, e := range v.Value {
			seen.add(name)
			if ordersDiffer(e, depth+1) {
				return true
			}
		}
		return seen.both() && namesDiffer(mapKeys(v.Value))
	}
	return false
}

// NameOrdersDiffer reports whether JavaOrder and PythonOrder sort names
// differently. The names may come in any order and are not changed.
func NameOrdersDiffer(names []string) bool {
	if len(names) < 2 {
		return false
	}
	var seen byteClasses
	for _, name := range names {
		seen.add(name)
	}
	return seen.both() && namesDiffer(slices.Clone(names))
}

// namesDiffer is the exact test; it sorts names.
func namesDiffer(names []string) bool {
	slices.SortFunc(names, compareUTF16)
	return !slices.IsSorted(names)
}

func bytesOrdersDiffer(members [][]byte) bool {
	if len(members) < 2 || slices.IsSortedFunc(members, bytes.Compare) &&
		slices.IsSortedFunc(members, compareSignedBytes) {
		return false
	}
	sorted := slices.Clone(members)
	slices.SortFunc(sorted, compareSignedBytes)
	return !slices.IsSortedFunc(sorted, bytes.Compare)
}

func compareSignedBytes(a, b []byte) int { return compareBytes(JavaOrder, a, b) }

// byteClasses notes whether texts hold a character of U+E000 to U+FFFF and one of
// U+10000 and up. Without both, the two orders agree.
type byteClasses struct{ high, supplementary bool }

func (c *byteClasses) add(s string) {
	for i := range len(s) {
		switch {
		case s[i] >= 0xf0:
			c.supplementary = true
		case s[i] >= 0xee:
			c.high = true
		}
	}
}

func (c *byteClasses) both() bool { return c.high && c.supplementary }

func mapKeys(m map[string]types.AttributeValue) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

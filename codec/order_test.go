package codec

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// compareByUnits is the definition: convert, then compare.
func compareByUnits(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// compareBySigned is the definition for members of binary sets.
func compareBySigned(a, b []byte) int {
	return slices.CompareFunc(a, b, func(x, y byte) int { return cmp.Compare(int8(x), int8(y)) })
}

func TestCompareNames(t *testing.T) {
	// Characters at every border that matters: of UTF-8 lengths, of surrogates.
	names := []string{"", "a", "b", "ab", "\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uf8ff",
		"\uff5a", "\uffff", "\U00010000", "\U0001f600", "\U0010ffff", "é", "e\u0301"}
	for _, prefix := range []string{"", "x", "\u3042", "\uff5a", "\U0001f600"} {
		for _, a := range names {
			for _, b := range names {
				for _, suffix := range []string{"", "\uffff", "\U00010000"} {
					a, b := prefix+a+suffix, prefix+b
					if got, want := CompareNames(JavaOrder, a, b), compareByUnits(a, b); got != want {
						t.Errorf("CompareNames(JavaOrder, %+q, %+q) = %d, want %d", a, b, got, want)
					}
					if got, want := CompareNames(PythonOrder, a, b), strings.Compare(a, b); got != want {
						t.Errorf("CompareNames(PythonOrder, %+q, %+q) = %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
}

// TestCompareNamesInvalid: text that is not UTF-8 is refused elsewhere; until then
// comparing must stay an order, or sorting it would depend on chance.
func TestCompareNamesInvalid(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		b := make([]byte, r.IntN(3))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return string(b)
	}
	for range 20000 {
		a, b, c := text(), text(), text()
		ab, ba := CompareNames(JavaOrder, a, b), CompareNames(JavaOrder, b, a)
		if ab != -ba || (ab == 0) != (a == b) {
			t.Fatalf("%q and %q compare as %d and %d", a, b, ab, ba)
		}
		if ab <= 0 && CompareNames(JavaOrder, b, c) <= 0 && CompareNames(JavaOrder, a, c) > 0 {
			t.Fatalf("%q, %q, %q are not in order", a, b, c)
		}
	}
}

func TestCompareBytes(t *testing.T) {
	members := [][]byte{nil, {0}, {1}, {0x7f}, {0x80}, {0x80, 0}, {0x80, 0x80}, {0xff}, {0x7f, 0xff}, {0x7f, 0x7f}}
	for _, a := range members {
		for _, b := range members {
			if got, want := compareBytes(JavaOrder, a, b), compareBySigned(a, b); got != want {
				t.Errorf("compareBytes(JavaOrder, %x, %x) = %d, want %d", a, b, got, want)
			}
			if got, want := compareBytes(PythonOrder, a, b), bytes.Compare(a, b); got != want {
				t.Errorf("compareBytes(PythonOrder, %x, %x) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestOrdersDiffer(t *testing.T) {
	const high, supp = "\uff5a", "\U0001f600"
	for _, tt := range []struct {
		name string
		v    types.AttributeValue
		want bool
	}{
		{"string", str(high + supp), false},
		{"nil", nil, false},
		{"nil set", (*types.AttributeValueMemberSS)(nil), false},
		{"nil map", (*types.AttributeValueMemberM)(nil), false},
		{"ascii set", strs("b", "a"), false},
		{"set with high only", strs(high, "a", "\ue000"), false},
		{"set with supplementary only", strs(supp, "a", "\U0010ffff"), false},
		{"set with both", strs(high, supp), true},
		{"set with both, never compared", strs("a"+high, "b"+supp), false},
		{"set with both in one member", strs(high+supp, "a"), false},
		{"map with both", dict(high, null(), supp, null()), true},
		{"map with both, never compared", dict("a"+high, null(), "b"+supp, null()), false},
		{"map value", dict("a", strs(high, supp)), true},
		{"list element", list(num("1"), strs(high, supp)), true},
		{"number set", nums("9", "10", "-1"), false},
		{"binary set, low", bins("\x01", "\x7f"), false},
		{"binary set, high", bins("\xff", "\x80"), false},
		{"binary set, both", bins("\x7f", "\x80"), true},
		{"binary set, both, sorted as Java does", bins("\x80", "\x7f"), true},
		{"binary set, both, never compared", bins("\x01\x80", "\x02\x7f"), false},
		{"binary set, one member", bins("\x7f\x80"), false},
		{"binary set, prefix", bins("\x80", "\x80\x80", ""), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := OrdersDiffer(tt.v); got != tt.want {
				t.Errorf("OrdersDiffer = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestNameOrdersDiffer(t *testing.T) {
	names := []string{"\U0001f600", "a", "\uff5a"}
	if !NameOrdersDiffer(names) {
		t.Error("NameOrdersDiffer of names on which the clients disagree = false")
	}
	if names[0] != "\U0001f600" || names[1] != "a" {
		t.Errorf("NameOrdersDiffer changed its argument: %q", names)
	}
	for _, names := range [][]string{nil, {"\uff5a"}, {"\uff5a", "b"}, {"a\uff5a", "b\U0001f600"}} {
		if NameOrdersDiffer(names) {
			t.Errorf("NameOrdersDiffer(%+q) = true", names)
		}
	}
}

func TestOrderString(t *testing.T) {
	for o, want := range map[Order]string{JavaOrder: "JavaOrder", PythonOrder: "PythonOrder", PythonRounding: "PythonRounding", 7: "Order(7)"} {
		if got := o.String(); got != want {
			t.Errorf("Order(%d).String() = %q, want %q", o, got, want)
		}
	}
}

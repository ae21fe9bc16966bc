package codec

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// valueTests are the examples of the spec, "Attribute value serialization":
// Layout, and Ordering of sets and map keys.
var valueTests = []struct {
	name   string
	value  types.AttributeValue
	java   string // hex
	python string // hex, where it differs
}{
	{"NULL", null(), "0000", ""},
	{"true", boolean(true), "003f01", ""},
	{"false", boolean(false), "003f00", ""},
	{"empty string", str(""), "007300000000", ""},
	{"ASCII string", str("test"), "00730000000474657374", ""},
	{"two-byte character", str("é"), "007300000002c3a9", ""},
	{"supplementary character", str("\U0001f600"), "007300000004f09f9880", ""},
	{"number with zeros after the point", num("55.00"), "006e000000023535", ""},
	{"negative fraction", num("-0.50"), "006e000000042d302e35", ""},
	{"number with exponent", num("1E+3"), "006e0000000431303030", ""},
	{"zero with a fraction", num("0.00"), "006e0000000130", ""},
	{"empty binary", bin(""), "006200000000", ""},
	{"binary", bin("\x00\x01\x02\x03"), "00620000000400010203", ""},
	{"string set", strs("b", "a"), "00530000000200000001610000000162", ""},
	{"number set", nums("9", "10", "1.0", "-1"), "004e00000004000000022d3100000001310000000231300000000139", ""},
	{"binary set", bins("\x02", "\x01\x00"), "0042000000020000000201000000000102", ""},
	{"empty string set", strs(), "005300000000", ""},
	{"empty number set", nums(), "004e00000000", ""},
	{"empty binary set", bins(), "004200000000", ""},
	{"empty list", list(), "004c00000000", ""},
	{"empty map", dict(), "004d00000000", ""},
	{"list", list(str("x"), num("3"), null()), "004c0000000300730000000178006e00000001330000", ""},
	{"map", dict("b", boolean(true), "a", list(str(""))),
		"004d0000000200730000000161004c0000000100730000000000730000000162003f01", ""},

	{"binary set over both signs", bins("\x7f", "\x80"),
		"0042000000020000000180000000017f", "004200000002000000017f0000000180"},
	{"string set beyond the BMP", strs("\uff5a", "\U0001f600"),
		"00530000000200000004f09f988000000003efbd9a", "00530000000200000003efbd9a00000004f09f9880"},
	{"map beyond the BMP", dict("\uff5a", boolean(true), "\U0001f600", boolean(false)),
		"004d00000002007300000004f09f9880003f00007300000003efbd9a003f01",
		"004d00000002007300000003efbd9a003f01007300000004f09f9880003f00"},
	{"binary set of the spec's order", bins("\x80", "\x7f", "", "\x00", "\x80\x00"),
		"00420000000500000000" + "0000000180" + "000000028000" + "0000000100" + "000000017f",
		"00420000000500000000" + "0000000100" + "000000017f" + "0000000180" + "000000028000"},

	// Not of the spec: members that occur twice are kept.
	{"string set with a member twice", strs("a", "b", "a"), "005300000003000000016100000001610000000162", ""},
	{"number set with equal members", nums("1.0", "1"), "004e0000000200000001310000000131", ""},
	{"binary set with a member twice", bins("a", "a"), "00420000000200000001610000000161", ""},
	{"map with an empty key", dict("", null()), "004d000000010073000000000000", ""},
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAppendDDBEC(t *testing.T) {
	for _, tt := range valueTests {
		t.Run(tt.name, func(t *testing.T) {
			before := cloneValue(tt.value)
			for _, o := range []Order{JavaOrder, PythonOrder, PythonRounding} {
				want := tt.java
				if o != JavaOrder && tt.python != "" {
					want = tt.python
				}
				got, err := AppendDDBEC([]byte("before"), tt.value, o)
				if err != nil || string(got) != "before"+string(unhex(t, want)) {
					t.Errorf("%v: %x, %v, want %s after the prefix", o, got, err, want)
				}
			}
			if diff := diff(before, tt.value); diff != "" {
				t.Errorf("AppendDDBEC changed its argument:\n%s", diff)
			}
			if got, want := OrdersDiffer(tt.value), tt.python != ""; got != want {
				t.Errorf("OrdersDiffer = %v, want %v", got, want)
			}
		})
	}
}

func TestAppendDDBECNilMeansEmpty(t *testing.T) {
	for _, tt := range []struct {
		value types.AttributeValue
		want  string
	}{
		{&types.AttributeValueMemberB{}, "006200000000"},
		{&types.AttributeValueMemberSS{}, "005300000000"},
		{&types.AttributeValueMemberNS{}, "004e00000000"},
		{&types.AttributeValueMemberBS{}, "004200000000"},
		{&types.AttributeValueMemberL{}, "004c00000000"},
		{&types.AttributeValueMemberM{}, "004d00000000"},
		{&types.AttributeValueMemberBS{Value: [][]byte{nil}}, "00420000000100000000"},
	} {
		got, err := AppendDDBEC(nil, tt.value, JavaOrder)
		if err != nil || hex.EncodeToString(got) != tt.want {
			t.Errorf("AppendDDBEC(%T) = %x, %v, want %s", tt.value, got, err, tt.want)
		}
	}
}

// invalidValues have no encoding in any form. The spec's rows are in "Invalid
// input to the serializer" and "Canonical numbers".
var invalidValues = []struct {
	name  string
	value types.AttributeValue
	text  string // of the error
}{
	{"no type", nil, "value is nil"},
	{"nil S", (*types.AttributeValueMemberS)(nil), "value is nil"},
	{"nil N", (*types.AttributeValueMemberN)(nil), "value is nil"},
	{"nil B", (*types.AttributeValueMemberB)(nil), "value is nil"},
	{"nil BOOL", (*types.AttributeValueMemberBOOL)(nil), "value is nil"},
	{"nil NULL", (*types.AttributeValueMemberNULL)(nil), "value is nil"},
	{"nil SS", (*types.AttributeValueMemberSS)(nil), "value is nil"},
	{"nil NS", (*types.AttributeValueMemberNS)(nil), "value is nil"},
	{"nil BS", (*types.AttributeValueMemberBS)(nil), "value is nil"},
	{"nil L", (*types.AttributeValueMemberL)(nil), "value is nil"},
	{"nil M", (*types.AttributeValueMemberM)(nil), "value is nil"},
	{"unknown type", &types.UnknownUnionMember{Tag: "X"}, "unknown type of attribute value *types.UnknownUnionMember"},
	{"NULL false", &types.AttributeValueMemberNULL{}, "NULL is false"},
	{"nil list element", list(null(), nil), "list element 1: "},
	{"nil map value", dict("a", null(), "b", (*types.AttributeValueMemberS)(nil)), "map value 1: "},
	{"string that is not UTF-8", str("secret\xff"), "not valid UTF-8"},
	{"surrogate", str("secret\xed\xa0\x80"), "not valid UTF-8"},
	{"set member that is not UTF-8", strs("a", "\xc3"), "set member 1: "},
	{"key that is not UTF-8", dict("secret\x80", null()), "map key 0: "},
	{"deep list", nested(MaxDepth + 1), "nested deeper than 256"},
	{"deep map", dict("a", nested(MaxDepth)), "nested deeper than 256"},
}

func TestAppendDDBECInvalid(t *testing.T) {
	tests := slices.Clone(invalidValues)
	for _, n := range numberTests {
		if n.err == nil {
			continue
		}
		tests = append(tests, []struct {
			name  string
			value types.AttributeValue
			text  string
		}{
			{"number " + n.in, num(n.in), n.err.Error()},
			{"number in a set " + n.in, nums("1", n.in), "set member 1: "},
			{"number in a list " + n.in, list(num("1"), num(n.in)), "list element 1: "},
		}...)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dst := make([]byte, 6, 1024)
			copy(dst, "before")
			for _, o := range []Order{JavaOrder, PythonOrder, PythonRounding} {
				got, err := AppendDDBEC(dst, tt.value, o)
				if string(got) != "before" {
					t.Errorf("%v: dst came back as %q", o, got)
				}
				if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("%v: error %v, want one that wraps ErrInvalid and says %q", o, err, tt.text)
				}
				if err != nil && strings.Contains(err.Error(), "secret") {
					t.Errorf("%v: the error tells the value: %v", o, err)
				}
			}
		})
	}
}

func TestAppendDDBECUnknownOrder(t *testing.T) {
	if got, err := AppendDDBEC(nil, null(), PythonRounding+1); !errors.Is(err, ErrInvalid) || got != nil {
		t.Errorf("AppendDDBEC with an unknown order = %x, %v, want ErrInvalid", got, err)
	}
}

// TestAppendDDBECSelf: a value that contains itself ends at the bound.
func TestAppendDDBECSelf(t *testing.T) {
	self := &types.AttributeValueMemberL{Value: []types.AttributeValue{null(), nil}}
	self.Value[1] = self
	if _, err := AppendDDBEC(nil, self, JavaOrder); !errors.Is(err, ErrInvalid) {
		t.Errorf("AppendDDBEC of a list in itself: error %v, want ErrInvalid", err)
	}
	if OrdersDiffer(self) {
		t.Error("OrdersDiffer of a list in itself = true")
	}
}

func TestMaxDepth(t *testing.T) {
	b, err := AppendDDBEC(nil, nested(MaxDepth), JavaOrder)
	if err != nil {
		t.Fatalf("AppendDDBEC at depth %d: %v", MaxDepth, err)
	}
	v, err := DecodeDDBEC(b)
	if err != nil {
		t.Fatalf("DecodeDDBEC at depth %d: %v", MaxDepth, err)
	}
	if diff := diff(nested(MaxDepth), v); diff != "" {
		t.Errorf("depth %d comes back changed:\n%s", MaxDepth, diff)
	}
	deeper := append([]byte{0, tagList, 0, 0, 0, 1}, b...)
	if v, err := DecodeDDBEC(deeper); !errors.Is(err, ErrMalformed) || v != nil {
		t.Errorf("DecodeDDBEC at depth %d = %v, %v, want ErrMalformed", MaxDepth+1, v, err)
	}
}

// TestAppendLength: what does not fit the field is refused before it narrows.
func TestAppendLength(t *testing.T) {
	got, err := appendLength(nil, math.MaxInt32)
	if err != nil || binary.BigEndian.Uint32(got) != math.MaxInt32 {
		t.Errorf("appendLength(2^31-1) = %x, %v", got, err)
	}
	for _, shift := range []uint{31, 32, 33} {
		n := 1 << shift // 0 or negative where int has 32 bits, which no length is
		if n <= 0 {
			continue
		}
		if got, err := appendLength([]byte("x"), n); !errors.Is(err, ErrInvalid) || string(got) != "x" {
			t.Errorf("appendLength(%d) = %x, %v, want ErrInvalid", n, got, err)
		}
	}
}

func cloneValue(v types.AttributeValue) types.AttributeValue {
	switch v := v.(type) {
	case *types.AttributeValueMemberSS:
		return &types.AttributeValueMemberSS{Value: slices.Clone(v.Value)}
	case *types.AttributeValueMemberNS:
		return &types.AttributeValueMemberNS{Value: slices.Clone(v.Value)}
	case *types.AttributeValueMemberBS:
		return &types.AttributeValueMemberBS{Value: slices.Clone(v.Value)}
	}
	return v
}

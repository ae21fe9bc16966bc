package codec

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestDecodeDDBEC reads what the tests of AppendDDBEC write, in both orders.
func TestDecodeDDBEC(t *testing.T) {
	for _, tt := range valueTests {
		t.Run(tt.name, func(t *testing.T) {
			for _, text := range []string{tt.java, tt.python} {
				if text == "" {
					continue
				}
				src := unhex(t, text)
				v, err := DecodeDDBEC(src)
				if err != nil {
					t.Fatalf("DecodeDDBEC(%s): %v", text, err)
				}
				// Sets come back in the order of the bytes, numbers canonical, so
				// compare by encoding.
				o := JavaOrder
				if text == tt.python {
					o = PythonOrder
				}
				again, err := AppendDDBEC(nil, v, o)
				if err != nil || hex.EncodeToString(again) != text {
					t.Errorf("DecodeDDBEC(%s) encodes as %x, %v", text, again, err)
				}
			}
		})
	}
}

func TestDecodeDDBECValues(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      types.AttributeValue
	}{
		{"empty string", "007300000000", str("")},
		{"empty binary is not nil", "006200000000", bin("")},
		{"empty string set is not nil", "005300000000", &types.AttributeValueMemberSS{Value: []string{}}},
		{"empty number set is not nil", "004e00000000", &types.AttributeValueMemberNS{Value: []string{}}},
		{"empty binary set is not nil", "004200000000", bins()},
		{"empty list is not nil", "004c00000000", &types.AttributeValueMemberL{Value: []types.AttributeValue{}}},
		{"empty map is not nil", "004d00000000", dict()},
		{"number is made canonical", "006e00000004312e3530", num("1.5")},
		{"minus zero of Python", "006e000000022d30", num("0")},
		{"power of ten that Python rounds to", "006e0000007f" + hex.EncodeToString([]byte("1"+zeros(126))), num("1" + zeros(126))},
		{"set keeps its order", "0053000000020000000162" + "0000000161", strs("b", "a")},
		{"set keeps a member that occurs twice", "004e00000002000000023130" + "0000000531302e3030", nums("10", "10")},
		{"map in any order", "004d00000002" + "00730000000162" + "0000" + "00730000000161" + "003f01", dict("a", boolean(true), "b", null())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DecodeDDBEC(unhex(t, tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if diff := diff(tt.want, got); diff != "" {
				t.Errorf("DecodeDDBEC(%s), want -, got +:\n%s", tt.src, diff)
			}
		})
	}
}

// malformedValues are the rows of the spec, "Deserialization", and more.
var malformedValues = []struct{ name, src, text string }{
	{"empty buffer", "", "2 bytes wanted at byte 0, 0 left"},
	{"one byte", "00", "2 bytes wanted"},
	{"first byte not zero", "0173000000016b", "does not start with a zero byte"},
	{"first byte not zero, inside", "004c000000010100", "value at byte 6 does not start"},
	{"unknown tag", "0078", "unknown type at byte 1"},
	{"tag of another format", "000100000001", "unknown type at byte 1"},
	{"no length", "0073", "4 bytes wanted"},
	{"half a length", "00730000", "4 bytes wanted"},
	{"string cut short", "007300000004746573", "4 bytes wanted at byte 6, 3 left"},
	{"length larger than the rest", "0073ffffffff61", "4294967295 bytes wanted"},
	{"length with the top bit", "006280000000", "2147483648 bytes wanted"},
	{"length of 2^31-1", "006e7fffffff", "2147483647 bytes wanted"},
	{"huge list count", "004cffffffff0000", "count 4294967295 at byte 2, room for 1"},
	{"huge set count", "0053ffffffff", "count 4294967295"},
	{"map count with the top bit", "004d80000000", "count 2147483648"},
	{"set count one too many", "0053000000020000000161", "count 2 at byte 2, room for 1"},
	{"list count one too many", "004c000000020000", "count 2 at byte 2, room for 1"},
	{"map count one too many", "004d000000020073000000000000", "count 2 at byte 2, room for 1"},
	{"inner count takes what the outer one promised", "004c00000002" + "004c00000001" + "0000", "count 1 at byte 8, room for 0"},
	{"bool byte", "003f02", "BOOL at byte 2 is neither"},
	{"no bool byte", "003f", "1 bytes wanted"},
	{"invalid UTF-8 in a string", "007300000001ff", "not valid UTF-8"},
	{"surrogate in a string", "007300000003eda080", "not valid UTF-8"},
	{"invalid UTF-8 in a set", "005300000001" + "00000001c3", "not valid UTF-8"},
	{"invalid UTF-8 in a key", "004d00000001" + "00730000000180" + "0000", "not valid UTF-8"},
	{"number text", "006e00000003616263", "number is not decimal text"},
	{"NaN", "006e000000034e614e", "number is not decimal text"},
	{"Infinity", "006e00000008496e66696e697479", "number is not decimal text"},
	{"empty number", "006e00000000", "number is not decimal text"},
	{"number in a set", "004e00000001" + "0000000178", "number is not decimal text"},
	{"number out of range", "006e00000006" + "31452b313237", "number's magnitude"},
	{"number of 39 digits", "006e00000027" + strings.Repeat("31", 39), "more than 38 significant digits"},
	{"key that is no string", "004d00000001" + "006e0000000131" + "0000", "map key at byte 6 is not a string"},
	{"key that is NULL", "004d00000001" + "0000" + "000000000000", "map key at byte 6 is not a string"},
	{"key twice", "004d00000002" + "00730000000161" + "0000" + "00730000000161" + "0000", "map has a key twice"},
	{"bytes after a value", "000000", "1 bytes after the value"},
	{"bytes after a string", "00730000000161" + "00", "1 bytes after the value"},
	{"second value", "0000" + "0000", "2 bytes after the value"},
	{"map without value", "004d00000001" + "00730000000161", "count 1 at byte 2, room for 0"},
}

func TestDecodeDDBECMalformed(t *testing.T) {
	for _, tt := range malformedValues {
		t.Run(tt.name, func(t *testing.T) {
			v, err := DecodeDDBEC(unhex(t, tt.src))
			if v != nil {
				t.Errorf("value %v returned with an error", v)
			}
			if !errors.Is(err, ErrMalformed) || errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v, want one that wraps ErrMalformed and says %q", err, tt.text)
			}
		})
	}
}

// TestDecodeDDBECPrefixes: no prefix of an encoded value is one, and nothing may
// follow one.
func TestDecodeDDBECPrefixes(t *testing.T) {
	values := []types.AttributeValue{}
	for _, tt := range valueTests {
		values = append(values, tt.value)
	}
	values = append(values, list(values...), nested(20), dict("a", list(values...), "b", num("1E-100")))
	for _, v := range values {
		src, err := AppendDDBEC(nil, v, JavaOrder)
		if err != nil {
			t.Fatal(err)
		}
		for n := range src {
			if v, err := DecodeDDBEC(src[:n]); !errors.Is(err, ErrMalformed) || v != nil {
				t.Errorf("DecodeDDBEC of %d bytes of %x = %v, %v, want ErrMalformed", n, src, v, err)
			}
		}
		for _, extra := range []byte{0, 1, 0xff} {
			if v, err := DecodeDDBEC(append(src[:len(src):len(src)], extra)); !errors.Is(err, ErrMalformed) || v != nil {
				t.Errorf("DecodeDDBEC of %x and a byte = %v, %v, want ErrMalformed", src, v, err)
			}
		}
	}
}

// TestDecodeDDBECCopies: the result does not change with the input.
func TestDecodeDDBECCopies(t *testing.T) {
	want := list(str("text"), num("123"), bin("bytes"), strs("a"), nums("1"), bins("m"), dict("key", str(strings.Repeat("long", 1000))))
	src, err := AppendDDBEC(nil, want, JavaOrder)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeDDBEC(src)
	if err != nil {
		t.Fatal(err)
	}
	for i := range src {
		src[i] ^= 0xff
	}
	if diff := diff(want, got); diff != "" {
		t.Errorf("the result changed with its source:\n%s", diff)
	}
}

// TestDecodeDDBECMemory: what is allocated grows with the input, not with what it
// claims. Each level here claims room for as many elements as the bytes left could
// hold; a decoder that believed each would take hundreds of megabytes.
func TestDecodeDDBECMemory(t *testing.T) {
	src := make([]byte, 400<<10)
	for at := 0; at < (MaxDepth-1)*6; at += 6 {
		src[at+1] = tagList
		binary.BigEndian.PutUint32(src[at+2:], uint32(len(src)-at-6)/minElement)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := DecodeDDBEC(src)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrMalformed) {
		t.Errorf("error %v, want ErrMalformed", err)
	}
	if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(len(src)*20); got > limit {
		t.Errorf("decoding %d bytes allocates %d, want at most %d", len(src), got, limit)
	}
}

// TestDecodeDDBECLongTexts crosses the windows from which short texts are cut.
func TestDecodeDDBECLongTexts(t *testing.T) {
	var elements []types.AttributeValue
	for i := range 2000 {
		n := i * 37 % 300
		elements = append(elements, str(strings.Repeat(string(rune('a'+i%26)), n)), num("12345"))
		if i%100 == 0 {
			elements = append(elements, bin(strings.Repeat("b", 5000)), str(strings.Repeat("s", 5000)))
		}
	}
	want := list(elements...)
	src, err := AppendDDBEC(nil, want, JavaOrder)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeDDBEC(src)
	if err != nil {
		t.Fatal(err)
	}
	if diff := diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func FuzzDecodeDDBEC(f *testing.F) {
	for _, tt := range valueTests {
		f.Add(unhex(f, tt.java))
		if tt.python != "" {
			f.Add(unhex(f, tt.python))
		}
	}
	for _, tt := range malformedValues {
		f.Add(unhex(f, tt.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		v, err := DecodeDDBEC(src)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || v != nil {
				t.Fatalf("%v, %v, want ErrMalformed and no value", v, err)
			}
			return
		}
		var forms [2][]byte
		for _, o := range []Order{JavaOrder, PythonOrder} {
			once, err := AppendDDBEC(nil, v, o)
			if err != nil {
				if strings.Contains(err.Error(), errNumberRange.Error()) {
					return // 1E+126 is read and not written
				}
				t.Fatalf("what was read cannot be written: %v", err)
			}
			again, err := DecodeDDBEC(once)
			if err != nil {
				t.Fatalf("%v: what was written cannot be read: %v", o, err)
			}
			twice, err := AppendDDBEC(nil, again, o)
			if err != nil || string(twice) != string(once) {
				t.Errorf("%v: drifts from %x to %x, %v", o, once, twice, err)
			}
			forms[o] = once
		}
		if got, want := OrdersDiffer(v), string(forms[0]) != string(forms[1]); got != want {
			t.Errorf("OrdersDiffer = %v for %x and %x", got, forms[0], forms[1])
		}
		text, err := MarshalValue(v)
		if err != nil {
			t.Fatalf("what was read has no JSON: %v", err)
		}
		back, err := UnmarshalValue(text)
		if diff := diff(v, back); err != nil || diff != "" {
			t.Errorf("JSON drifts: %v\n%s", err, diff)
		}
	})
}

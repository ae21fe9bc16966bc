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

var terminalTests = []struct {
	name  string
	value types.AttributeValue
	want  string
}{
	{"null", null(), "0000"},
	{"string", str("StuffData"), "0001" + "537475666644617461"},
	{"empty string", str(""), "0001"},
	{"string of several planes", str("é\uff61\U00010002"), "0001" + "c3a9efbda1f0908082"},
	{"number", num("1"), "0002" + "31"},
	{"number with zeros and an exponent", num("00120.5000e1"), "0002" + hex.EncodeToString([]byte("1205"))},
	{"small negative number", num("-0001.2300E-5"), "0002" + hex.EncodeToString([]byte("-0.0000123"))},
	{"number with a plus sign", num("+123.456"), "0002" + hex.EncodeToString([]byte("123.456"))},
	{"minus zero", num("-0.00"), "0002" + "30"},
	{"number without integer digits", num(".5"), "0002" + "302e35"},
	{"largest number", num("9.9E+125"), "0002" + hex.EncodeToString([]byte("99"+zeros(124)))},
	{"smallest number", num("1E-130"), "0002" + hex.EncodeToString([]byte("0."+zeros(129)+"1"))},
	{"binary", bin("\x00\x80\xff"), "ffff" + "0080ff"},
	{"empty binary", bin(""), "ffff"},
	{"true", boolean(true), "0004" + "01"},
	{"false", boolean(false), "0004" + "00"},
	{"string set by UTF-16 code units", strs("\uff61", "\U00010002", "a", "B"),
		"0101" + "00000004" + "0000000142" + "0000000161" + "00000004f0908082" + "00000003efbda1"},
	{"empty string set", &types.AttributeValueMemberSS{}, "0101" + "00000000"},
	{"number set as strings, after normalizing", nums("10", "9", "-1.50", "1e3"),
		"0102" + "00000004" + "000000042d312e35" + "000000023130" + "0000000431303030" + "0000000139"},
	{"binary set by unsigned bytes", bins("\x80", "\x01\x02", "\x01", "\x7f"),
		"01ff" + "00000004" + "0000000101" + "000000020102" + "000000017f" + "0000000180"},
	{"empty list", list(), "0300" + "00000000"},
	{"list", list(num("7.0"), str("q"), strs("z", "y"), null()), "0300" + "00000004" +
		"0002" + "00000001" + "37" +
		"0001" + "00000001" + "71" +
		"0101" + "0000000e" + "00000002" + "0000000179" + "000000017a" +
		"0000" + "00000000"},
	{"empty map", dict(), "0200" + "00000000"},
	{"map by UTF-16 code units", dict("\uff61", str("x"), "\U00010002", num("1.0"), "a", list()), "0200" + "00000003" +
		"0001" + "00000001" + "61" + "0300" + "00000004" + "00000000" +
		"0001" + "00000004" + "f0908082" + "0002" + "00000001" + "31" +
		"0001" + "00000003" + "efbda1" + "0001" + "00000001" + "78"},
}

func TestAppendDBESDK(t *testing.T) {
	for _, tt := range terminalTests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendDBESDK([]byte{0xaa}, tt.value)
			if err != nil || hex.EncodeToString(got) != "aa"+tt.want {
				t.Errorf("AppendDBESDK = %x, %v, want aa%s", got, err, tt.want)
			}
			v, err := DecodeDBESDK(unhex(t, tt.want))
			if err != nil {
				t.Fatalf("DecodeDBESDK(%s): %v", tt.want, err)
			}
			again, err := AppendDBESDK(nil, v)
			if err != nil || hex.EncodeToString(again) != tt.want {
				t.Errorf("DecodeDBESDK(%s) encodes as %x, %v", tt.want, again, err)
			}
		})
	}
}

// TestAppendDBESDKInvalid has the rules of the spec, "Values".
func TestAppendDBESDKInvalid(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value types.AttributeValue
		text  string
	}{
		{"nil", nil, "value is nil"},
		{"nil pointer", (*types.AttributeValueMemberS)(nil), "value is nil"},
		{"nil element", list(nil), "list element 0: codec: value cannot be encoded: value is nil"},
		{"unknown member", &types.UnknownUnionMember{Tag: "X"}, "unknown type"},
		{"null false", &types.AttributeValueMemberNULL{}, "NULL is false"},
		{"not UTF-8", str("\xff"), "not valid UTF-8"},
		{"surrogate", str("\xed\xa0\x80"), "not valid UTF-8"},
		{"set member not UTF-8", strs("a", "\xff"), "set member 1"},
		{"equal strings", strs("a", "b", "a"), "two equal members"},
		{"equal numbers", nums("1", "1"), "two equal members"},
		{"numbers equal after normalizing", nums("1", "1.0"), "two equal members"},
		{"equal binaries", bins("a", "a"), "two equal members"},
		{"no number", num("abc"), "not decimal text"},
		{"blank in a number", num(" 1 "), "not decimal text"},
		{"NaN", num("NaN"), "not decimal text"},
		{"39 digits", num(strings.Repeat("1", 39)), "38 significant digits"},
		{"number too large", num("1E126"), "magnitude"},
		{"number too small", num("1E-131"), "magnitude"},
		{"number in a set", nums("1", "x"), "set member 1"},
		{"empty key", dict("", null()), "map key 0 is 0 bytes"},
		{"key too long", dict(strings.Repeat("k", 65536), null()), "map key 0 is 65536 bytes"},
		{"key not UTF-8", dict("\xff", null()), "map key 0"},
		{"depth 33", nested(33), "nested deeper than 32"},
		{"depth 33 in maps", dict("a", nested(32)), "nested deeper than 32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendDBESDK([]byte("before"), tt.value)
			if string(got) != "before" {
				t.Errorf("dst comes back as %q", got)
			}
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v, want one that wraps ErrInvalid and says %q", err, tt.text)
			}
		})
	}
}

func TestDBESDKDepth(t *testing.T) {
	want := nested(MaxDBESDKDepth)
	src, err := AppendDBESDK(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeDBESDK(src)
	if diff := diff(want, got); err != nil || diff != "" {
		t.Errorf("DecodeDBESDK: %v, want -, got +:\n%s", err, diff)
	}
}

func TestDecodeDBESDKValues(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      types.AttributeValue
	}{
		{"empty binary is not nil", "ffff", bin("")},
		{"empty set is not nil", "010100000000", &types.AttributeValueMemberSS{Value: []string{}}},
		{"empty list is not nil", "030000000000", &types.AttributeValueMemberL{Value: []types.AttributeValue{}}},
		{"number is kept", "0002" + hex.EncodeToString([]byte("1.50")), num("1.50")},
		{"set keeps its order", "0101" + "00000002" + "0000000162" + "0000000161", strs("b", "a")},
		{"map in any order", "0200" + "00000002" + "00010000000162" + "000000000000" + "00010000000161" + "00040000000101",
			dict("a", boolean(true), "b", null())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DecodeDBESDK(unhex(t, tt.src))
			if diff := diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("DecodeDBESDK(%s): %v, want -, got +:\n%s", tt.src, err, diff)
			}
		})
	}
}

// tooDeep is a list in lists of depth 33, and longKey a map with a key of 65536
// bytes.
func tooDeep() string {
	inner := "000000000000"
	for range MaxDBESDKDepth - 1 {
		value := "00000001" + inner
		n := binary.BigEndian.AppendUint32(nil, uint32(len(value)/2))
		inner = "0300" + hex.EncodeToString(n) + value
	}
	return "0300" + "00000001" + inner
}

func longKey() string {
	return "0200" + "00000001" + "0001" + "00010000" + strings.Repeat("6b", 65536) + "0000" + "00000000"
}

// malformedTerminals are the rules of the spec, "Values", on parsing, and more.
var malformedTerminals = []struct{ name, src, text string }{
	{"empty", "", "2 bytes wanted at byte 0, 0 left"},
	{"half a type id", "00", "2 bytes wanted"},
	{"unknown type id", "0003", "unknown type id 0003"},
	{"type id of the other format", "0073000000016b", "unknown type id 0073"},
	{"unknown type id inside", "0300" + "00000001" + "0005" + "00000000", "unknown type id 0005"},
	{"null with a value", "000000", "value ending at byte 2 should end at byte 3"},
	{"null with a value, inside", "0300" + "00000001" + "0000" + "00000001" + "00", "should end at"},
	{"bool without a value", "0004", "1 bytes wanted"},
	{"bool of two bytes", "00040101", "value ending at byte 3 should end at byte 4"},
	{"bool of 2", "000402", "BOOL at byte 2 is neither"},
	{"string not UTF-8", "0001ff", "not valid UTF-8"},
	{"surrogate", "0001eda080", "not valid UTF-8"},
	{"number not UTF-8", "0002ff", "not valid UTF-8"},
	{"set member not UTF-8", "0101" + "00000001" + "00000001ff", "not valid UTF-8"},
	{"number set member not UTF-8", "0102" + "00000001" + "00000001ff", "not valid UTF-8"},
	{"set without a count", "0101", "4 bytes wanted"},
	{"set count too large", "0101" + "ffffffff", "count 4294967295"},
	{"set count one too many", "0101" + "00000002" + "0000000161", "count 2 at byte 2, room for 1"},
	{"set count one too few", "0101" + "00000001" + "0000000161" + "0000000162", "value ending at byte 11 should end at byte 16"},
	{"set member past the end", "01ff" + "00000001" + "0000000261", "2 bytes wanted at byte 10, 1 left"},
	{"equal strings", "0101" + "00000002" + "0000000161" + "0000000161", "two equal members"},
	{"equal strings apart", "0101" + "00000003" + "0000000161" + "0000000162" + "0000000161", "two equal members"},
	{"equal numbers", "0102" + "00000002" + "0000000131" + "0000000131", "two equal members"},
	{"equal binaries", "01ff" + "00000002" + "0000000161" + "0000000161", "two equal members"},
	{"list count too large", "0300" + "ffffffff" + "000000000000", "count 4294967295"},
	{"list count one too many", "0300" + "00000002" + "000000000000", "count 2 at byte 2, room for 1"},
	{"element past the end", "0300" + "00000001" + "0001" + "00000002" + "61", "2 bytes wanted at byte 12, 1 left"},
	{"length of a container too large", "0300" + "00000001" + "0300" + "00000008" + "00000000", "8 bytes wanted at byte 12, 4 left"},
	{"length of a container not its own", "0300" + "00000002" + "0300" + "00000008" + "00000000" + "0000" + "00000000", "should end at"},
	{"bytes after a list", "0300" + "00000000" + "00", "should end at"},
	{"map count too large", "0200" + "80000000", "count 2147483648"},
	{"map count one too many", "0200" + "00000002" + "00010000000161" + "000000000000", "count 2 at byte 2, room for 1"},
	{"key of another type", "0200" + "00000001" + "00020000000131" + "000000000000", "map key at byte 6 is not a string"},
	{"key empty", "0200" + "00000001" + "000100000000" + "000200000001" + "31", "map key of 0 bytes"},
	{"key too long", longKey(), "map key of 65536 bytes"},
	{"key not UTF-8", "0200" + "00000001" + "000100000001ff" + "000000000000", "not valid UTF-8"},
	{"key twice", "0200" + "00000002" + "00010000000161" + "000000000000" + "00010000000161" + "000000000000", "map has a key twice"},
	{"map without a value", "0200" + "00000001" + "00010000000161", "count 1 at byte 2, room for 0"},
	{"depth 33", tooDeep(), "nested deeper than 32"},
}

func TestDecodeDBESDKMalformed(t *testing.T) {
	for _, tt := range malformedTerminals {
		t.Run(tt.name, func(t *testing.T) {
			v, err := DecodeDBESDK(unhex(t, tt.src))
			if v != nil {
				t.Errorf("value %v returned with an error", v)
			}
			if !errors.Is(err, ErrMalformed) || errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v, want one that wraps ErrMalformed and says %q", err, tt.text)
			}
		})
	}
}

// TestDecodeDBESDKPrefixes: no prefix of a container is a value, and nothing may
// follow one. (A prefix of a text or of bytes is one.)
func TestDecodeDBESDKPrefixes(t *testing.T) {
	for _, tt := range terminalTests {
		src := unhex(t, tt.want)
		if !strings.HasPrefix(tt.want, "01") && !strings.HasPrefix(tt.want, "02") && !strings.HasPrefix(tt.want, "03") {
			continue
		}
		for n := range src {
			if v, err := DecodeDBESDK(src[:n]); !errors.Is(err, ErrMalformed) || v != nil {
				t.Errorf("DecodeDBESDK of %d bytes of %x = %v, %v, want ErrMalformed", n, src, v, err)
			}
		}
		if v, err := DecodeDBESDK(append(src, 0)); !errors.Is(err, ErrMalformed) || v != nil {
			t.Errorf("DecodeDBESDK of %x and a byte = %v, %v, want ErrMalformed", src, v, err)
		}
	}
}

// TestDecodeDBESDKCopies: the result does not change with the input.
func TestDecodeDBESDKCopies(t *testing.T) {
	want := list(str("text"), num("123"), bin("bytes"), strs("a"), nums("1"), bins("m"), dict("key", str(strings.Repeat("long", 1000))))
	src, err := AppendDBESDK(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeDBESDK(src)
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

// TestDecodeDBESDKInPlace: only a binary is a part of the input.
func TestDecodeDBESDKInPlace(t *testing.T) {
	for _, tt := range terminalTests {
		src := unhex(t, tt.want)
		want, err := DecodeDBESDK(src)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeDBESDKInPlace(src)
		if diff := diff(want, got); err != nil || diff != "" {
			t.Errorf("DecodeDBESDKInPlace of a %s: %v, want -, got +:\n%s", tt.name, err, diff)
		}
		for i := range src {
			src[i] ^= 0xff
		}
		b, isBinary := got.(*types.AttributeValueMemberB)
		if shared := diff(want, got) != ""; shared != (isBinary && len(b.Value) > 0) {
			t.Errorf("DecodeDBESDKInPlace of a %s shares memory: %v", tt.name, shared)
		}
		if isBinary && cap(b.Value) != len(b.Value) {
			t.Errorf("appending to the result would write over what follows it")
		}
	}
	for _, tt := range malformedTerminals {
		if v, err := DecodeDBESDKInPlace(unhex(t, tt.src)); v != nil || !errors.Is(err, ErrMalformed) {
			t.Errorf("DecodeDBESDKInPlace, %s = %v, %v, want ErrMalformed", tt.name, v, err)
		}
	}
}

// TestDecodeDBESDKMemory is TestDecodeDDBECMemory for this form.
func TestDecodeDBESDKMemory(t *testing.T) {
	src := make([]byte, 400<<10)
	for at := 0; at < MaxDBESDKDepth-1; at++ {
		// Each level after the first has a length before its count.
		off := at * 10
		binary.BigEndian.PutUint16(src[off:], uint16(idList))
		if at > 0 {
			binary.BigEndian.PutUint32(src[off+2:], uint32(len(src)-off-6))
			off += 4
		}
		binary.BigEndian.PutUint32(src[off+2:], uint32(len(src)-off-6)/minDBESDKElement)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := DecodeDBESDK(src)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrMalformed) {
		t.Errorf("error %v, want ErrMalformed", err)
	}
	if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(len(src)*20); got > limit {
		t.Errorf("decoding %d bytes allocates %d, want at most %d", len(src), got, limit)
	}
}

func TestAppendDBESDKAllocs(t *testing.T) {
	skipUnderRace(t)
	dst := make([]byte, 0, 1024)
	for _, tt := range []struct {
		name  string
		value types.AttributeValue
	}{
		{"string", str("someone@example.com")},
		{"number that is not canonical", num("1234.5600")},
		{"string set", strs("c", "b", "a")},
		{"number set", nums("3", "1", "2")},
		{"map", dict("b", num("1"), "a", list(str("x"), boolean(true)))},
	} {
		got := testing.AllocsPerRun(100, func() {
			if _, err := AppendDBESDK(dst, tt.value); err != nil {
				t.Fatal(err)
			}
		})
		if got != 0 {
			t.Errorf("AppendDBESDK of a %s allocates %v times, want 0", tt.name, got)
		}
	}
}

func FuzzDecodeDBESDK(f *testing.F) {
	for _, tt := range terminalTests {
		f.Add(unhex(f, tt.want))
	}
	for _, tt := range malformedTerminals {
		f.Add(unhex(f, tt.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		v, err := DecodeDBESDK(src)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || v != nil {
				t.Fatalf("%v, %v, want ErrMalformed and no value", v, err)
			}
			return
		}
		once, err := AppendDBESDK(nil, v)
		if err != nil {
			// Numbers are read as they are, so only they can be refused: for
			// what they are, or for being equal once they are canonical.
			if text := err.Error(); strings.Contains(text, "number") || strings.Contains(text, errTwice.Error()) {
				return
			}
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := DecodeDBESDK(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		twice, err := AppendDBESDK(nil, again)
		if err != nil || string(twice) != string(once) {
			t.Errorf("drifts from %x to %x, %v", once, twice, err)
		}
	})
}

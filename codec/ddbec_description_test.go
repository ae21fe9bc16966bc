package codec

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const (
	symMode = "0000000000000015616d7a6e2d6464622d6d61702d73796d2d6d6f6465000000112f4342432f504b43533550616464696e67"
	both    = "0000000000000017616d7a6e2d6464622d6d61702d7369676e696e67416c670000000a486d616353484132353600000015616d7a6e2d6464622d6d61702d73796d2d6d6f6465000000112f4342432f504b43533550616464696e67"
)

// descriptionTests holds the examples of the spec, "Material description".
var descriptionTests = []struct {
	name string
	m    map[string]string
	want string // hex
}{
	{"empty", map[string]string{}, "00000000"},
	{"sym-mode", map[string]string{"amzn-ddb-map-sym-mode": "/CBC/PKCS5Padding"}, symMode},
	{"sym-mode and signingAlg", map[string]string{"amzn-ddb-map-sym-mode": "/CBC/PKCS5Padding", "amzn-ddb-map-signingAlg": "HmacSHA256"}, both},
	{"empty key and value", map[string]string{"": ""}, "00000000" + "00000000" + "00000000"},
	{"empty value", map[string]string{"a": ""}, "00000000" + "0000000161" + "00000000"},
	{"by bytes, not by UTF-16", map[string]string{"\U0001f600": "2", "\uff5a": "1"},
		"00000000" + "00000003efbd9a" + "0000000131" + "00000004f09f9880" + "0000000132"},
	{"a shorter key first", map[string]string{"ab": "", "a": "", "B": ""},
		"00000000" + "0000000142" + "00000000" + "0000000161" + "00000000" + "000000026162" + "00000000"},
}

func TestAppendDescription(t *testing.T) {
	for _, tt := range descriptionTests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendDescription([]byte("before"), tt.m)
			if err != nil || string(got) != "before"+string(unhex(t, tt.want)) {
				t.Errorf("AppendDescription = %x, %v, want %s after the prefix", got, err, tt.want)
			}
			m, err := DecodeDescription(unhex(t, tt.want))
			if err != nil {
				t.Fatal(err)
			}
			if diff := diff(tt.m, m); diff != "" {
				t.Errorf("DecodeDescription, want -, got +:\n%s", diff)
			}
		})
	}
	if got, err := AppendDescription(nil, nil); err != nil || hex.EncodeToString(got) != "00000000" {
		t.Errorf("AppendDescription(nil) = %x, %v, want 00000000", got, err)
	}
}

// TestAppendDescriptionMany goes beyond the entries that are sorted on the stack.
func TestAppendDescriptionMany(t *testing.T) {
	want := make(map[string]string)
	for i := range 100 {
		want[fmt.Sprint("key", i*17%100)] = strings.Repeat("v", i*10)
	}
	src, err := AppendDescription(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	again, err := AppendDescription(nil, want)
	if err != nil || string(again) != string(src) {
		t.Errorf("the same map gives other bytes, %v", err)
	}
	got, err := DecodeDescription(src)
	if err != nil {
		t.Fatal(err)
	}
	if diff := diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestAppendDescriptionInvalid(t *testing.T) {
	for _, m := range []map[string]string{{"secret\xff": ""}, {"a": "", "b": "secret\xed\xa0\x80"}} {
		got, err := AppendDescription([]byte("before"), m)
		if string(got) != "before" || !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("AppendDescription(%+q) = %q, %v, want the prefix and ErrInvalid", m, got, err)
		}
	}
}

var malformedDescriptions = []struct{ name, src, text string }{
	{"empty", "", "4 bytes wanted at byte 0, 0 left"},
	{"three bytes", "000000", "4 bytes wanted at byte 0, 3 left"},
	{"version 1", "00000001", "version 1 of the material description, want 0"},
	{"version 2^31", "80000000", "version 2147483648"},
	{"stray byte", "0000000000", "4 bytes wanted at byte 4, 1 left"},
	{"half a length", "00000000" + "0000", "4 bytes wanted"},
	{"key cut short", "00000000" + "0000000261", "2 bytes wanted at byte 8, 1 left"},
	{"key without value", "00000000" + "0000000161", "4 bytes wanted at byte 9, 0 left"},
	{"value cut short", "00000000" + "0000000161" + "0000000562", "5 bytes wanted"},
	{"length with the top bit", "00000000" + "ffffffff61", "4294967295 bytes wanted"},
	{"length of 2^31", "00000000" + "8000000061", "2147483648 bytes wanted"},
	{"huge value length", "00000000" + "0000000161" + "7fffffff62", "2147483647 bytes wanted"},
	{"key that is not UTF-8", "00000000" + "00000001ff" + "00000000", "not valid UTF-8"},
	{"value that is not UTF-8", "00000000" + "0000000161" + "00000001c3", "not valid UTF-8"},
	{"key twice", "00000000" + "0000000161" + "0000000162" + "0000000161" + "0000000162", "a key occurs twice"},
	{"empty key twice", "00000000" + "00000000" + "00000000" + "00000000" + "00000000", "a key occurs twice"},
}

func TestDecodeDescriptionMalformed(t *testing.T) {
	for _, tt := range malformedDescriptions {
		t.Run(tt.name, func(t *testing.T) {
			m, err := DecodeDescription(unhex(t, tt.src))
			if m != nil || !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("DecodeDescription = %v, %v, want ErrMalformed and %q", m, err, tt.text)
			}
		})
	}
}

// TestDecodeDescriptionAnyOrder: the Java client writes entries as they lie in a
// hash map.
func TestDecodeDescriptionAnyOrder(t *testing.T) {
	got, err := DecodeDescription(unhex(t, "00000000"+"0000000162"+"0000000132"+"0000000161"+"0000000131"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := diff(map[string]string{"a": "1", "b": "2"}, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// TestDecodeDescriptionPrefixes: a prefix is a description only where an entry ends.
func TestDecodeDescriptionPrefixes(t *testing.T) {
	src := unhex(t, both)
	ends := map[int]bool{4: true, 4 + 4 + 23 + 4 + 10: true}
	for n := range src {
		_, err := DecodeDescription(src[:n])
		if ends[n] != (err == nil) || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("DecodeDescription of %d bytes: error %v", n, err)
		}
	}
}

func TestDecodeDescriptionCopies(t *testing.T) {
	src := unhex(t, symMode)
	m, err := DecodeDescription(src)
	if err != nil {
		t.Fatal(err)
	}
	clear(src)
	if got := m["amzn-ddb-map-sym-mode"]; got != "/CBC/PKCS5Padding" {
		t.Errorf("the result changed with its source: %q", got)
	}
}

func FuzzDecodeDescription(f *testing.F) {
	for _, tt := range descriptionTests {
		f.Add(unhex(f, tt.want))
	}
	for _, tt := range malformedDescriptions {
		f.Add(unhex(f, tt.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		m, err := DecodeDescription(src)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || m != nil {
				t.Fatalf("%v, %v, want ErrMalformed and no map", m, err)
			}
			return
		}
		once, err := AppendDescription(nil, m)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if len(once) != len(src) || binary.BigEndian.Uint32(once) != 0 {
			t.Errorf("%d bytes of source, %d written", len(src), len(once))
		}
		again, err := DecodeDescription(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := diff(m, again); diff != "" {
			t.Errorf("drifts:\n%s", diff)
		}
	})
}

package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
)

// The worked examples of the DB-ESDK spec: items that the Java client wrote.
const (
	headerV1 = "010140815abc8337d7e6c0bff8f30a0b7977d22dace0380ab99908b3ec29f97469de0003656573000100156177732d637279" +
		"70746f2d7075626c69632d6b65790044416c4652704b66725663523169646a5a2f786b4d6a2b524257474f497263694b2f61" +
		"5a576e646c58374f326a2f374c6a2f6874475135704d76616d665773673549413d3d0100116177732d6b6d732d6869657261" +
		"72636879002462643338343266662d333037362d343039322d393931382d343339353733303035306238008cd632e5e98b82" +
		"ae301cb00008ee93ee55b78ec93e4fcdd0723cfe8126060c686bebd665da810ced28c483003b19d0582f566becafebf928b7" +
		"ea1d1537e428204962ec4cf9502cf70c528837a9e9ce18a3edb542729f861cacb7997ff6694ef0a8158a38a15e0309ac32bc" +
		"186090ea779e7b3cf597bf6e0a6fca2cffaddcd5bb0021fb1c96864e72cba138b6aff2206d2f3d3d2ca3407e1518ddc3487b" +
		"18804304fcca42e523e61ce727d5e8d5"
	headerV2 = "0201734198a90d832fa05218b22e0f92671523d675b42de3fe1e71f3e40ebc30e55d0003656563000100156177732d637279" +
		"70746f2d7075626c69632d6b657900444175664a646b70634e65386978437a432b4e4b61704478652b5662513076526f2b44" +
		"41587830765a6336526a52785669584575784858374849596d633562563239673d3d0100116177732d6b6d732d6869657261" +
		"72636879002462643338343266662d333037362d343039322d393931382d343339353733303035306238008c62d9035ec757" +
		"555e659e314ea6b22791a056ef1231e800fcecaceeca39dc811b676fe88f6042f0979696103e4b8bfcc9e61fab8800c6a691" +
		"5c95acc7c6908bbd075c40b3c776b4223fa6f80ee9ce18a3edb542729f861cacb7997ff69850813c037dfa2a627e08b4cf0b" +
		"1c41c3ae2255966d8a106cd51dd09502b98346789dd297692f60e705599f418d42550dbb2ef5957ed54cf75cee5e52a3d538" +
		"62624e76de75f6694c6fb2ca8c57177a"
	contextV1 = "000400166177732d63727970746f2d617474722e5265634e756d00044141497800196177732d63727970746f2d7061727469" +
		"74696f6e2d6e616d6500065265634e756d00156177732d63727970746f2d7075626c69632d6b65790044416c4652704b6672" +
		"5663523169646a5a2f786b4d6a2b524257474f497263694b2f615a576e646c58374f326a2f374c6a2f6874475135704d7661" +
		"6d665773673549413d3d00156177732d63727970746f2d7461626c652d6e616d65001247617a656c6c65566563746f725461" +
		"626c65"
)

// Offsets of fields in headerV1.
const (
	legendAt     = 34
	contextAt    = 39
	dataKeysAt   = 134
	commitmentAt = 334
)

func TestDecodeDBESDKHeader(t *testing.T) {
	for _, tt := range []struct {
		name, src, legend, publicKey, commitment string
		version                                  uint8
	}{
		{"version 1", headerV1, "ees", "AlFRpKfrVcR1idjZ/xkMj+RBWGOIrciK/aZWndlX7O2j/7Lj/htGQ5pMvamfWsg5IA==",
			"f2206d2f3d3d2ca3407e1518ddc3487b18804304fcca42e523e61ce727d5e8d5", 1},
		{"version 2", headerV2, "eec", "AufJdkpcNe8ixCzC+NKapDxe+VbQ0vRo+DAXx0vZc6RjRxViXEuxHX7HIYmc5bV29g==",
			"0dbb2ef5957ed54cf75cee5e52a3d53862624e76de75f6694c6fb2ca8c57177a", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := unhex(t, tt.src)
			h, err := DecodeDBESDKHeader(src)
			if err != nil {
				t.Fatal(err)
			}
			want := &DBESDKHeader{
				Version: tt.version, Flavor: FlavorECDSA, MessageID: [32]byte(src[2:34]), Legend: []byte(tt.legend),
				Context: []ContextEntry{{"aws-crypto-public-key", tt.publicKey}},
				DataKeys: []EncryptedDataKey{{
					ProviderID:   "aws-kms-hierarchy",
					ProviderInfo: []byte("bd3842ff-3076-4092-9918-4395730050b8"),
					Ciphertext:   src[194:commitmentAt],
				}},
				Commitment: [32]byte(unhex(t, tt.commitment)),
			}
			if diff := diff(want, h); diff != "" {
				t.Errorf("DecodeDBESDKHeader, want -, got +:\n%s", diff)
			}
			again, err := AppendDBESDKHeader([]byte("before"), h)
			if err != nil || !bytes.Equal(again[6:], src[:commitmentAt]) {
				t.Errorf("AppendDBESDKHeader(of what was decoded) = %x, %v", again, err)
			}
			for i := range src {
				src[i] ^= 0xff
			}
			if diff := diff(unhex(t, tt.src)[194:commitmentAt], h.DataKeys[0].Ciphertext); diff != "" {
				t.Error("the result changed with its source")
			}
		})
	}
}

// patch returns headerV1 with bytes replaced from offset at on.
func patch(t testing.TB, at int, with string) []byte {
	src := unhex(t, headerV1)
	copy(src[at:], with)
	return src
}

// splice returns headerV1 with n bytes from offset at on replaced.
func splice(t testing.TB, at, n int, with string) []byte {
	src := unhex(t, headerV1)
	return append(append(bytes.Clone(src[:at]), with...), src[at+n:]...)
}

// malformedHeaders are the conditions of the spec, "Header", and more.
func malformedHeaders(t testing.TB) []struct {
	name string
	src  []byte
	text string
} {
	valid := unhex(t, headerV1)
	return []struct {
		name string
		src  []byte
		text string
	}{
		{"empty", nil, "2 bytes wanted at byte 0, 0 left"},
		{"shorter than 34 bytes", valid[:33], "32 bytes wanted at byte 2, 31 left"},
		{"version 0", patch(t, 0, "\x00"), "version 0, want 1 or 2"},
		{"version 3", patch(t, 0, "\x03"), "version 3, want 1 or 2"},
		{"flavor 2", patch(t, 1, "\x02"), "flavor 2, want 0 or 1"},
		{"legend byte unknown", patch(t, legendAt+3, "x"), "legend byte 1 is unknown"},
		{"legend byte of an action without one", patch(t, legendAt+2, "\x00"), "legend byte 0 is unknown"},
		{"legend longer than the rest", patch(t, legendAt, "\xff\xff"), "65535 bytes wanted"},
		{"legend too short", patch(t, legendAt, "\x00\x02"), "encryption context of 29440 entries"},
		{"context count too large", patch(t, contextAt, "\xff\xff"), "encryption context of 65535 entries"},
		{"context count one too many", patch(t, contextAt, "\x00\x02"), "bytes wanted"},
		{"context key past the end", patch(t, contextAt+2, "\xff\xff"), "65535 bytes wanted"},
		{"context value past the end", patch(t, contextAt+25, "\xff\xff"), "65535 bytes wanted"},
		{"context key twice", splice(t, contextAt, 2, "\x00\x03\x00\x01a\x00\x00\x00\x01a\x00\x00"), "key 1 is empty or out of order"},
		{"context keys descend", splice(t, contextAt, 2, "\x00\x03\x00\x01b\x00\x00\x00\x01a\x00\x00"), "key 1 is empty or out of order"},
		{"context key empty", splice(t, contextAt, 2, "\x00\x02\x00\x00\x00\x00"), "key 0 is empty"},
		{"context key not UTF-8", patch(t, contextAt+4, "\xff"), "not valid UTF-8"},
		{"context value not UTF-8", patch(t, contextAt+27, "\xff"), "not valid UTF-8"},
		{"no data keys", patch(t, dataKeysAt, "\x00"), "0 data keys before byte 135"},
		{"data key count too large", patch(t, dataKeysAt, "\xff"), "255 data keys before byte 135, want at least 1, room for 38"},
		{"data key count one too many", patch(t, dataKeysAt, "\x02"), "bytes wanted"},
		{"provider id past the end", patch(t, dataKeysAt+1, "\xff\xff"), "65535 bytes wanted"},
		{"provider id not UTF-8", patch(t, dataKeysAt+3, "\xc3"), "not valid UTF-8"},
		{"provider info past the end", patch(t, dataKeysAt+20, "\xff\xff"), "65535 bytes wanted"},
		{"ciphertext past the end", patch(t, dataKeysAt+58, "\xff\xff"), "65535 bytes wanted"},
		{"ciphertext one byte longer", patch(t, dataKeysAt+58, "\x00\x8d"), "32 bytes wanted at byte 335, 31 left"},
		{"ciphertext one byte shorter", patch(t, dataKeysAt+58, "\x00\x8b"), "1 bytes after the value"},
		{"no commitment", valid[:commitmentAt], "32 bytes wanted"},
		{"commitment cut short", valid[:len(valid)-1], "32 bytes wanted at byte 334, 31 left"},
		{"bytes after the commitment", append(bytes.Clone(valid), 0), "1 bytes after the value"},
	}
}

func TestDecodeDBESDKHeaderMalformed(t *testing.T) {
	for _, tt := range malformedHeaders(t) {
		t.Run(tt.name, func(t *testing.T) {
			h, err := DecodeDBESDKHeader(tt.src)
			if h != nil {
				t.Error("a header was returned with an error")
			}
			if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v, want one that wraps ErrMalformed and says %q", err, tt.text)
			}
		})
	}
}

func TestDecodeDBESDKHeaderPrefixes(t *testing.T) {
	src := unhex(t, headerV1)
	for n := range src {
		if h, err := DecodeDBESDKHeader(src[:n]); !errors.Is(err, ErrMalformed) || h != nil {
			t.Errorf("DecodeDBESDKHeader of %d bytes = %v, %v, want ErrMalformed", n, h, err)
		}
	}
}

func TestAppendDBESDKHeaderInvalid(t *testing.T) {
	long := strings.Repeat("x", math.MaxUint16+1)
	for _, tt := range []struct {
		name   string
		change func(*DBESDKHeader)
		text   string
	}{
		{"version 0", func(h *DBESDKHeader) { h.Version = 0 }, "version 0"},
		{"version 3", func(h *DBESDKHeader) { h.Version = 3 }, "version 3"},
		{"flavor 2", func(h *DBESDKHeader) { h.Flavor = 2 }, "flavor 2"},
		{"legend byte", func(h *DBESDKHeader) { h.Legend = []byte("ex") }, "legend byte 1"},
		{"legend too long", func(h *DBESDKHeader) { h.Legend = bytes.Repeat([]byte("e"), math.MaxUint16+1) }, "legend: "},
		{"no data key", func(h *DBESDKHeader) { h.DataKeys = nil }, "0 data keys"},
		{"256 data keys", func(h *DBESDKHeader) { h.DataKeys = make([]EncryptedDataKey, 256) }, "256 data keys"},
		{"provider id not UTF-8", func(h *DBESDKHeader) { h.DataKeys[0].ProviderID = "\xff" }, "data key 0"},
		{"provider id too long", func(h *DBESDKHeader) { h.DataKeys[0].ProviderID = long }, "data key 0"},
		{"provider info too long", func(h *DBESDKHeader) { h.DataKeys[0].ProviderInfo = []byte(long) }, "data key 0"},
		{"ciphertext too long", func(h *DBESDKHeader) { h.DataKeys[0].Ciphertext = []byte(long) }, "data key 0"},
		{"context out of order", func(h *DBESDKHeader) { h.Context = []ContextEntry{{"b", ""}, {"a", ""}} }, "key 1 is empty or out of order"},
		{"context key twice", func(h *DBESDKHeader) { h.Context = []ContextEntry{{"a", ""}, {"a", "b"}} }, "key 1 is empty or out of order"},
		{"context key empty", func(h *DBESDKHeader) { h.Context = []ContextEntry{{"", ""}} }, "key 0 is empty"},
		{"context key too long", func(h *DBESDKHeader) { h.Context = []ContextEntry{{long, ""}} }, "key 0: "},
		{"context value too long", func(h *DBESDKHeader) { h.Context = []ContextEntry{{"a", long}} }, "value 0: "},
		{"context value not UTF-8", func(h *DBESDKHeader) { h.Context = []ContextEntry{{"a", "\xff"}} }, "value 0: "},
		{"context too large", func(h *DBESDKHeader) { h.Context = make([]ContextEntry, math.MaxUint16+1) }, "length 65536"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &DBESDKHeader{Version: 1, DataKeys: []EncryptedDataKey{{ProviderID: "ns"}}}
			tt.change(h)
			out, err := AppendDBESDKHeader([]byte("before"), h)
			if string(out) != "before" {
				t.Errorf("dst comes back as %q", out)
			}
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v, want one that wraps ErrInvalid and says %q", err, tt.text)
			}
		})
	}
}

func TestAppendContext(t *testing.T) {
	for _, tt := range []struct {
		name    string
		entries []ContextEntry
		want    string
	}{
		{"empty", nil, "0000"},
		{"worked example", []ContextEntry{
			{"aws-crypto-attr.RecNum", "AAIx"},
			{"aws-crypto-partition-name", "RecNum"},
			{"aws-crypto-public-key", "AlFRpKfrVcR1idjZ/xkMj+RBWGOIrciK/aZWndlX7O2j/7Lj/htGQ5pMvamfWsg5IA=="},
			{"aws-crypto-table-name", "GazelleVectorTable"},
		}, contextV1},
		{"by bytes, not by UTF-16", []ContextEntry{{"\uff61", ""}, {"\U00010002", "v"}}, "0002" + "0003efbda10000" + "0004f0908082000176"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendContext(nil, tt.entries)
			if want := unhex(t, tt.want); err != nil || !bytes.Equal(got, want) {
				t.Errorf("AppendContext = %x, %v, want %x", got, err, want)
			}
		})
	}
}

func TestDBESDKFooter(t *testing.T) {
	tag, signature := bytes.Repeat([]byte{1}, TagSize), bytes.Repeat([]byte{2}, SignatureSize)
	for _, tt := range []struct {
		name   string
		footer DBESDKFooter
		flavor Flavor
	}{
		{"one tag", DBESDKFooter{Tags: [][]byte{tag}, Signature: []byte{}}, FlavorMAC},
		{"three tags", DBESDKFooter{Tags: [][]byte{tag, bytes.Repeat([]byte{3}, TagSize), tag}, Signature: []byte{}}, FlavorMAC},
		{"signature", DBESDKFooter{Tags: [][]byte{tag}, Signature: signature}, FlavorECDSA},
		{"two tags and a signature", DBESDKFooter{Tags: [][]byte{tag, tag}, Signature: signature}, FlavorECDSA},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := len(tt.footer.Tags)
			src, err := AppendDBESDKFooter(nil, &tt.footer)
			if err != nil {
				t.Fatal(err)
			}
			got, err := DecodeDBESDKFooter(src, tt.flavor, n)
			if diff := diff(&tt.footer, got); err != nil || diff != "" {
				t.Errorf("DecodeDBESDKFooter: %v, want -, got +:\n%s", err, diff)
			}
			for _, size := range []int{0, 1, len(src) - 1, len(src) + 1, len(src) - TagSize, len(src) + TagSize} {
				other := make([]byte, size)
				if f, err := DecodeDBESDKFooter(other, tt.flavor, n); !errors.Is(err, ErrMalformed) || f != nil {
					t.Errorf("DecodeDBESDKFooter of %d bytes = %v, %v, want ErrMalformed", size, f, err)
				}
			}
			if _, err := DecodeDBESDKFooter(src, tt.flavor^1, n); !errors.Is(err, ErrMalformed) {
				t.Errorf("DecodeDBESDKFooter of the other flavor: %v, want ErrMalformed", err)
			}
		})
	}
	for _, tt := range []struct {
		name   string
		footer DBESDKFooter
	}{
		{"no tag", DBESDKFooter{}},
		{"short tag", DBESDKFooter{Tags: [][]byte{tag[1:]}}},
		{"signature of 102 bytes", DBESDKFooter{Tags: [][]byte{tag}, Signature: signature[1:]}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if out, err := AppendDBESDKFooter([]byte("before"), &tt.footer); !errors.Is(err, ErrInvalid) || string(out) != "before" {
				t.Errorf("AppendDBESDKFooter = %q, %v, want ErrInvalid", out, err)
			}
		})
	}
}

func TestAppendPath(t *testing.T) {
	for _, tt := range []struct{ name, table, attr, want string }{
		{"worked example", "GazelleVectorTable", "Junk", "47617a656c6c65566563746f725461626c6500000000000000012400000000000000044a756e6b"},
		{"length in UTF-16 units", "T", "\U00010002é", "540000000000000001240000000000000003f0908082c3a9"},
		{"nothing after the table name", "", "", "0000000000000001240000000000000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendPath(nil, tt.table, tt.attr)
			if want := unhex(t, tt.want); err != nil || !bytes.Equal(got, want) {
				t.Errorf("AppendPath(%q, %q) = %x, %v, want %x", tt.table, tt.attr, got, err, want)
			}
		})
	}
	for _, tt := range []struct{ table, attr string }{{"\xff", "a"}, {"T", "\xed\xa0\x80"}} {
		if got, err := AppendPath(nil, tt.table, tt.attr); !errors.Is(err, ErrInvalid) || got != nil {
			t.Errorf("AppendPath(%q, %q) = %x, %v, want ErrInvalid", tt.table, tt.attr, got, err)
		}
	}
}

// TestComparePaths: the order of names is that of the bytes of their paths.
func TestComparePaths(t *testing.T) {
	names := []string{"", "a", "b", "aa", "é", "\uff61", "\U00010002", "zz", "éé", "\uff61\uff61", "zzz", "\U00010002a", "a\U00010002"}
	for _, a := range names {
		for _, b := range names {
			pa, errA := AppendPath(nil, "T", a)
			pb, errB := AppendPath(nil, "T", b)
			if err := errors.Join(errA, errB); err != nil {
				t.Fatal(err)
			}
			if got, want := ComparePaths(a, b), bytes.Compare(pa, pb); got != want {
				t.Errorf("ComparePaths(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func FuzzDecodeDBESDKHeader(f *testing.F) {
	f.Add(unhex(f, headerV1))
	f.Add(unhex(f, headerV2))
	for _, tt := range malformedHeaders(f) {
		f.Add(tt.src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		h, err := DecodeDBESDKHeader(src)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || h != nil {
				t.Fatalf("%v, %v, want ErrMalformed and no header", h, err)
			}
			return
		}
		again, err := AppendDBESDKHeader(nil, h)
		if err != nil || !bytes.Equal(append(again, h.Commitment[:]...), src) {
			t.Errorf("drifts from %x to %x, %v", src, again, err)
		}
	})
}

func FuzzDecodeDBESDKFooter(f *testing.F) {
	f.Add(make([]byte, TagSize), uint8(0), uint8(1))
	f.Add(make([]byte, 2*TagSize+SignatureSize), uint8(1), uint8(2))
	f.Add(binary.BigEndian.AppendUint64(nil, 1), uint8(0), uint8(0))
	f.Fuzz(func(t *testing.T, src []byte, flavor, keys uint8) {
		footer, err := DecodeDBESDKFooter(src, Flavor(flavor%2), int(keys))
		if err != nil {
			if !errors.Is(err, ErrMalformed) || footer != nil {
				t.Fatalf("%v, %v, want ErrMalformed and no footer", footer, err)
			}
			return
		}
		if again, err := AppendDBESDKFooter(nil, footer); err != nil || !bytes.Equal(again, src) {
			t.Errorf("drifts from %x to %x, %v", src, again, err)
		}
	})
}

package codec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// benchmarks are values of the shapes that items have.
func benchmarks() []struct {
	name  string
	value types.AttributeValue
} {
	words := make([]string, 100)
	fields := make(map[string]types.AttributeValue)
	for i := range words {
		words[i] = fmt.Sprintf("word %03d", i*37%100)
	}
	for i := range 8 {
		fields[fmt.Sprintf("field%d", i*5%8)] = str("some text of a usual length")
	}
	lines := make([]types.AttributeValue, 50)
	for i := range lines {
		lines[i] = dict("sku", str("AB-1234567"), "price", num("19.99"), "amount", num("3"), "gift", boolean(i%2 == 0))
	}
	return []struct {
		name  string
		value types.AttributeValue
	}{
		{"string", str("someone@example.com")},
		{"string-4KiB", str(strings.Repeat("all work and no play ", 200))},
		{"number", num("1234.56")},
		{"number-noncanonical", num("1234.5600")},
		{"binary-64", bin(strings.Repeat("\xfe", 64))},
		{"bool", boolean(true)},
		{"string-set-3-sorted", strs("gift", "priority", "tracked")},
		{"string-set-3", strs("tracked", "priority", "gift")},
		{"string-set-100", strs(words...)},
		{"number-set-6", nums("1", "2.5", "30", "400", "5000.125", "-6")},
		{"binary-set-3", bins("\x80", "\x7f", "\x00")},
		{"map-8", &types.AttributeValueMemberM{Value: fields}},
		{"list-50-of-maps", &types.AttributeValueMemberL{Value: lines}},
	}
}

func BenchmarkAppendDDBEC(b *testing.B) {
	for _, bm := range benchmarks() {
		b.Run(bm.name, func(b *testing.B) {
			dst, err := AppendDDBEC(nil, bm.value, JavaOrder)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(dst)))
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = AppendDDBEC(dst[:0], bm.value, JavaOrder); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeDDBEC(b *testing.B) {
	for _, bm := range benchmarks() {
		b.Run(bm.name, func(b *testing.B) {
			src, err := AppendDDBEC(nil, bm.value, JavaOrder)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DecodeDDBEC(src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCanonicalNumber(b *testing.B) {
	for _, s := range []string{"7", "1718000000", "1234.5600", "-0.00001", "1E+125", strings.Repeat("9", 38)} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := CanonicalNumber(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeDescription(b *testing.B) {
	src, err := AppendDescription(nil, map[string]string{
		"amzn-ddb-map-sym-mode":   "/CBC/PKCS5Padding",
		"amzn-ddb-map-signingAlg": "HmacSHA256",
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeDescription(src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSON(b *testing.B) {
	item := make(map[string]types.AttributeValue)
	for _, bm := range benchmarks() {
		item[bm.name] = bm.value
	}
	text, err := MarshalItem(item)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("AppendItemJSON", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if text, err = AppendItemJSON(text[:0], item); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("UnmarshalItem", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := UnmarshalItem(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}

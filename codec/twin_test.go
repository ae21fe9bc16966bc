package codec

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// twin is AppendDDBEC written for shortness: it sorts by the definitions and
// copies everything. Numbers are canonical already.
func twin(v types.AttributeValue, java bool) []byte {
	text, member := strings.Compare, slices.Compare[[]byte]
	if java {
		text, member = compareByUnits, compareBySigned
	}
	lv := func(b []byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
	}
	container := func(tag byte, parts [][]byte) []byte {
		return append([]byte{0, tag}, append(binary.BigEndian.AppendUint32(nil, uint32(len(parts))), slices.Concat(parts...)...)...)
	}
	texts := func(set []string, compare func(a, b string) int) (parts [][]byte) {
		for _, s := range slices.SortedFunc(slices.Values(set), compare) {
			parts = append(parts, lv([]byte(s)))
		}
		return parts
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return append([]byte{0, 's'}, lv([]byte(v.Value))...)
	case *types.AttributeValueMemberN:
		return append([]byte{0, 'n'}, lv([]byte(v.Value))...)
	case *types.AttributeValueMemberB:
		return append([]byte{0, 'b'}, lv(v.Value)...)
	case *types.AttributeValueMemberBOOL:
		if v.Value {
			return []byte{0, '?', 1}
		}
		return []byte{0, '?', 0}
	case *types.AttributeValueMemberSS:
		return container('S', texts(v.Value, text))
	case *types.AttributeValueMemberNS:
		return container('N', texts(v.Value, strings.Compare))
	case *types.AttributeValueMemberBS:
		var parts [][]byte
		for _, b := range slices.SortedFunc(slices.Values(v.Value), member) {
			parts = append(parts, lv(b))
		}
		return container('B', parts)
	case *types.AttributeValueMemberL:
		var parts [][]byte
		for _, e := range v.Value {
			parts = append(parts, twin(e, java))
		}
		return container('L', parts)
	case *types.AttributeValueMemberM:
		var parts [][]byte
		for _, k := range slices.SortedFunc(slices.Values(mapKeys(v.Value)), text) {
			parts = append(parts, append(twin(str(k), java), twin(v.Value[k], java)...))
		}
		return container('M', parts)
	}
	return []byte{0, 0}
}

// A maker makes values by chance, most of them small, some larger than what is
// sorted on the stack.
type maker struct{ *rand.Rand }

func (r maker) count() int {
	if r.IntN(8) == 0 {
		return r.IntN(3 * fewEntries)
	}
	return r.IntN(5)
}

func (r maker) text() string {
	characters := []rune("aab\x00\u00e9\ud7ff\ue000\uff5a\U00010000\U0001f600")
	s := make([]rune, r.IntN(5))
	for i := range s {
		s[i] = characters[r.IntN(len(characters))]
	}
	return string(s)
}

func (r maker) number() string {
	numbers := []string{"0", "1", "-1", "10", "9", "0.5", "-0.25", nines(38), "1" + zeros(125), "0." + zeros(129) + "1"}
	return numbers[r.IntN(len(numbers))]
}

func (r maker) bytes() []byte {
	b := make([]byte, r.IntN(4))
	for i := range b {
		b[i] = []byte{0, 1, 0x7f, 0x80, 0xff}[r.IntN(5)]
	}
	return b
}

func (r maker) value(depth int) types.AttributeValue {
	kind := r.IntN(10)
	if depth == 0 {
		kind = r.IntN(8)
	}
	switch kind {
	case 0:
		return null()
	case 1:
		return boolean(r.IntN(2) == 0)
	case 2:
		return str(r.text())
	case 3:
		return num(r.number())
	case 4:
		return &types.AttributeValueMemberB{Value: r.bytes()}
	case 5:
		return &types.AttributeValueMemberSS{Value: several(r, r.text)}
	case 6:
		return &types.AttributeValueMemberNS{Value: several(r, r.number)}
	case 7:
		return &types.AttributeValueMemberBS{Value: several(r, r.bytes)}
	case 8:
		return &types.AttributeValueMemberL{Value: several(r, func() types.AttributeValue { return r.value(depth - 1) })}
	default:
		m := make(map[string]types.AttributeValue)
		for range r.count() {
			m[r.text()] = r.value(depth - 1)
		}
		return &types.AttributeValueMemberM{Value: m}
	}
}

func several[T any](r maker, one func() T) []T {
	s := make([]T, r.count())
	for i := range s {
		s[i] = one()
	}
	return s
}

// TestTwin races AppendDDBEC with its simple twin, and OrdersDiffer with a
// comparison of both forms, and reads everything back.
func TestTwin(t *testing.T) {
	r := maker{rand.New(rand.NewPCG(3, 14))}
	for range 5000 {
		v := r.value(3)
		forms := [2]string{}
		for i, o := range []Order{JavaOrder, PythonOrder} {
			want := twin(v, o == JavaOrder)
			got, err := AppendDDBEC(nil, v, o)
			if err != nil || string(got) != string(want) {
				text, _ := MarshalValue(v)
				t.Fatalf("AppendDDBEC(%s, %v) = %x, %v, want %x", text, o, got, err, want)
			}
			back, err := DecodeDDBEC(got)
			if err != nil {
				t.Fatalf("DecodeDDBEC(%x): %v", got, err)
			}
			if diff := diff(normal(t, v), normal(t, back)); diff != "" {
				t.Fatalf("DecodeDDBEC(%x), want -, got +:\n%s", got, diff)
			}
			forms[i] = string(got)
		}
		if got, want := OrdersDiffer(v), forms[0] != forms[1]; got != want {
			t.Fatalf("OrdersDiffer = %v for %x and %x", got, forms[0], forms[1])
		}
	}
}

// TestNameOrdersDifferTwin does the same for names.
func TestNameOrdersDifferTwin(t *testing.T) {
	r := maker{rand.New(rand.NewPCG(2, 71))}
	for range 5000 {
		names := several(r, r.text)
		java := slices.SortedFunc(slices.Values(names), compareByUnits)
		python := slices.Sorted(slices.Values(names))
		if got, want := NameOrdersDiffer(names), !slices.Equal(java, python); got != want {
			t.Fatalf("NameOrdersDiffer(%+q) = %v", names, got)
		}
	}
}

package codec

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/ddbenc/ddbenc/internal/testenv"
)

func skipUnderRace(t *testing.T) {
	t.Helper()
	testenv.CountsAllocations(t)
}

// TestAppendAllocs: what items are made of is serialized without allocating.
func TestAppendAllocs(t *testing.T) {
	skipUnderRace(t)
	wide := make(map[string]types.AttributeValue)
	for i := range fewEntries {
		wide[strings.Repeat("k", i*5%fewEntries)] = null()
	}
	for _, tt := range []struct {
		name  string
		value types.AttributeValue
		want  float64
	}{
		{"string", str("someone@example.com"), 0},
		{"number", num("1718000000"), 0},
		{"number that is not canonical", num("1234.5600"), 0},
		{"number with an exponent", num("1E+125"), 0},
		{"binary", bin("bytes"), 0},
		{"bool", boolean(true), 0},
		{"null", null(), 0},
		{"sorted string set", strs("a", "b", "c"), 0},
		{"string set", strs("c", "b", "a"), 0},
		{"number set", nums("3", "1", "2"), 0},
		{"binary set", bins("\x7f", "\x80"), 0},
		{"map", &types.AttributeValueMemberM{Value: wide}, 0},
		{"list of maps", list(dict("b", num("1"), "a", str("x")), dict("d", nums("2", "1"), "c", strs("z", "y"))), 0},
		{"longer string set", strs(strings.Split("the quick brown fox jumps over the lazy dog and then it runs away from all of us", " ")...), 1},
	} {
		dst := make([]byte, 0, 4096)
		for _, o := range []Order{JavaOrder, PythonOrder} {
			got := testing.AllocsPerRun(100, func() {
				if _, err := AppendDDBEC(dst, tt.value, o); err != nil {
					t.Fatal(err)
				}
			})
			if got > tt.want {
				t.Errorf("AppendDDBEC of a %s, %v: %v allocations, want %v", tt.name, o, got, tt.want)
			}
		}
		if got := testing.AllocsPerRun(100, func() { OrdersDiffer(tt.value) }); got > 0 && tt.name != "binary set" {
			t.Errorf("OrdersDiffer of a %s: %v allocations", tt.name, got)
		}
	}
}

// TestDecodeAllocs: decoding allocates the result and no more. A value is one
// allocation and its text another; texts of a container share one, and its values
// come in groups.
func TestDecodeAllocs(t *testing.T) {
	skipUnderRace(t)
	for _, tt := range []struct {
		name  string
		value types.AttributeValue
		want  float64
	}{
		{"string", str("someone@example.com"), 2},
		{"number", num("1718000000"), 2},
		{"binary", bin("bytes"), 2},
		{"bool", boolean(true), 1},
		{"null", null(), 1},
		{"string set", strs("a", "b", "c"), 3},
		{"number set", nums("1", "2", "3"), 3},
		{"binary set", bins("aa", "bb", "cc"), 5},
		{"list of strings", list(str("a"), str("b"), str("c"), str("d")), 4},
		{"map", dict("a", str("x"), "b", num("1"), "c", num("2")), 6},
	} {
		src, err := AppendDDBEC(nil, tt.value, JavaOrder)
		if err != nil {
			t.Fatal(err)
		}
		got := testing.AllocsPerRun(100, func() {
			if _, err := DecodeDDBEC(src); err != nil {
				t.Fatal(err)
			}
		})
		if got > tt.want {
			t.Errorf("DecodeDDBEC of a %s: %v allocations, want %v", tt.name, got, tt.want)
		}
	}
}

func TestNumberAllocs(t *testing.T) {
	skipUnderRace(t)
	dst := make([]byte, 0, 1024)
	for _, s := range []string{"0", "1718000000", "1234.5600", "1E+125", "-1E-130", nines(38)} {
		got := testing.AllocsPerRun(100, func() {
			if _, err := AppendNumber(dst, s); err != nil {
				t.Fatal(err)
			}
		})
		if got > 0 {
			t.Errorf("AppendNumber(%q): %v allocations", s, got)
		}
	}
	if got := testing.AllocsPerRun(100, func() { CompareNames(JavaOrder, "name\uff5a", "name\U0001f600") }); got > 0 {
		t.Errorf("CompareNames: %v allocations", got)
	}
}

func TestJSONAllocs(t *testing.T) {
	skipUnderRace(t)
	item := map[string]types.AttributeValue{"a": str("x"), "b": nums("1", "2"), "c": list(dict("d", bin("y")))}
	dst := make([]byte, 0, 1024)
	got := testing.AllocsPerRun(100, func() {
		if _, err := AppendItemJSON(dst, item); err != nil {
			t.Fatal(err)
		}
	})
	if got > 0 {
		t.Errorf("AppendItemJSON: %v allocations", got)
	}
}

package attr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

func decode(t testing.TB, text string) attr.Value {
	t.Helper()
	v, err := attr.Decode([]byte(text))
	if err != nil {
		t.Fatalf("Decode(%s): %v", text, err)
	}
	return v
}

func TestDecodeEncode(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`{"S":"a"}`, `{"S":"a"}`},
		{`{"S":""}`, `{"S":""}`},
		{` { "S" : "é😀\u00e9\ud83d\ude00\n\t\"\\\/\b\f\r" } `, `{"S":"é😀é😀\n\t\"\\/\u0008\u000c\r"}`},
		{`{"S":"\ud800x\u0000"}`, `{"S":"�x\u0000"}`},
		{"{\"S\":\"\xff\"}", `{"S":"�"}`},
		{`{"N":"1.50"}`, `{"N":"1.5"}`},
		{`{"B":""}`, `{"B":""}`},
		{`{"B":"AP+/"}`, `{"B":"AP+/"}`},
		{`{"BOOL":true}`, `{"BOOL":true}`},
		{`{"BOOL":"no"}`, `{"BOOL":false}`},
		{`{"NULL":true}`, `{"NULL":true}`},
		{`{"NULL":"TRUE"}`, `{"NULL":true}`},
		{`{"SS":["b","a","","c"]}`, `{"SS":["","a","b","c"]}`},
		{`{"NS":["3","1e3","-5","2"]}`, `{"NS":["-5","2","3","1000"]}`},
		{`{"BS":["Yg==","YQ=="]}`, `{"BS":["YQ==","Yg=="]}`},
		{`{"L":[]}`, `{"L":[]}`},
		{`{"L":[{"S":"x"},{"L":[{"N":"1"}]}]}`, `{"L":[{"S":"x"},{"L":[{"N":"1"}]}]}`},
		{`{"M":{}}`, `{"M":{}}`},
		{`{"M":{"b":{"S":"1"},"a":{"M":{"c":{"BOOL":false}}}}}`, `{"M":{"a":{"M":{"c":{"BOOL":false}}},"b":{"S":"1"}}}`},
		{`{"M":{"a":{"S":"1"},"a":{"S":"2"}}}`, `{"M":{"a":{"S":"2"}}}`},
		{`{"S":"a","N":null}`, `{"S":"a"}`},
		{`{"X":{"a":[1,{"b":-2.5e3},[]],"c":{},"d":null,"e":[true,false,"x"]},"S":"a"}`, `{"S":"a"}`},
		{nested(31), nested(31)},
	} {
		v, err := attr.Decode([]byte(tt.in))
		if err != nil {
			t.Errorf("Decode(%s): %v", tt.in, err)
			continue
		}
		if got := string(v.AppendJSON([]byte("x"))); got != "x"+tt.want {
			t.Errorf("Decode(%s) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// nested is a string in lists, depth of them.
func nested(depth int) string {
	return strings.Repeat(`{"L":[`, depth) + `{"S":"x"}` + strings.Repeat(`]}`, depth)
}

func TestDecodeRefuses(t *testing.T) {
	const invalid = "One or more parameter values were invalid: "
	const empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
	const depth = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
	for _, tt := range []struct{ in, code, message string }{
		{`{}`, attr.CodeValidation, empty},
		{`null`, attr.CodeValidation, empty},
		{`{"X":"a"}`, attr.CodeValidation, empty},
		{`{"S":null}`, attr.CodeValidation, empty},
		{`{"L":[{}]}`, attr.CodeValidation, empty},
		{`{"M":{"a":null}}`, attr.CodeValidation, empty},
		{`{"S":"a","N":"1"}`, attr.CodeValidation, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"},
		{`{"SS":["a"],"NS":[]}`, attr.CodeValidation, invalid + "An number set  may not be empty"},
		{`{"NULL":false}`, attr.CodeValidation, invalid + "Null attribute value types must have the value of true"},
		{`{"SS":[]}`, attr.CodeValidation, invalid + "An string set  may not be empty"},
		{`{"BS":[]}`, attr.CodeValidation, invalid + "Binary sets should not be empty"},
		{`{"SS":["b","a","b"]}`, attr.CodeValidation, invalid + "Input collection [b, a, b] contains duplicates."},
		{`{"NS":["1","1.0"]}`, attr.CodeValidation, "Input collection contains duplicates"},
		{`{"BS":["YQ==","YQ=="]}`, attr.CodeValidation, invalid + "Input collection of type BS contains duplicates."},
		{`{"SS":[null]}`, attr.CodeValidation, invalid + "An string set may not have a null string as a member"},
		{`{"N":"x"}`, attr.CodeValidation, noNumber + "x"},
		{`{"L":[{"M":{"a":{"N":"1E200"}}}]}`, attr.CodeValidation, overflow},
		{`{"M":{"":{"S":"a"}}}`, attr.CodeValidation, "Empty attribute name"},
		{`{"M":{"` + strings.Repeat("n", 65536) + `":{"S":"a"}}}`, attr.CodeValidation, "Attribute name is too large, must be less than 65536 bytes"},
		{nested(32), attr.CodeValidation, depth},
		{nested(5000), attr.CodeValidation, depth},

		{`{"S":1}`, attr.CodeSerialization, "NUMBER_VALUE cannot be converted to String"},
		{`{"N":1.5}`, attr.CodeSerialization, "DECIMAL_VALUE cannot be converted to String"},
		{`{"S":true}`, attr.CodeSerialization, "TRUE_VALUE cannot be converted to String"},
		{`{"S":false}`, attr.CodeSerialization, "FALSE_VALUE cannot be converted to String"},
		{`{"S":[]}`, attr.CodeSerialization, "Unrecognized collection type class java.lang.String"},
		{`{"S":{}}`, attr.CodeSerialization, "Start of structure or map found where not expected"},
		{`{"BOOL":1}`, attr.CodeSerialization, "NUMBER_VALUE cannot be converted to Boolean"},
		{`{"BOOL":"maybe"}`, attr.CodeSerialization, "Unexpected token received from parser"},
		{`{"B":1}`, attr.CodeSerialization, "only base-64-encoded strings are convertible to bytes"},
		{`{"B":[]}`, attr.CodeSerialization, "Unrecognized collection type class java.nio.ByteBuffer"},
		{`{"B":{}}`, attr.CodeSerialization, "Start of structure or map found where not expected"},
		{`{"B":"23456"}`, attr.CodeSerialization, "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
		{`{"B":"=+/="}`, attr.CodeSerialization, "Invalid last non-pad Base64 character dectected"},
		{`{"B":"YR=="}`, attr.CodeSerialization, "Invalid last non-pad Base64 character dectected"},
		{`{"B":"YQ=\n="}`, attr.CodeSerialization, "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
		{`{"B":"YQ\n\n\n\n=="}`, attr.CodeSerialization, "Invalid last non-pad Base64 character dectected"},
		{`{"SS":"a"}`, attr.CodeSerialization, "Unexpected field type"},
		{`{"SS":[1]}`, attr.CodeSerialization, "NUMBER_VALUE cannot be converted to String"},
		{`{"L":{}}`, attr.CodeSerialization, "Start of structure or map found where not expected"},
		{`{"L":["a"]}`, attr.CodeSerialization, "Unexpected value type in payload"},
		{`{"L":[[]]}`, attr.CodeSerialization, "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"},
		{`{"M":1}`, attr.CodeSerialization, "Unexpected field type"},
		{`{"M":[]}`, attr.CodeSerialization, "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"},
		{`{"L":[{"N":"x"},{"S":1}]}`, attr.CodeSerialization, "NUMBER_VALUE cannot be converted to String"},
	} {
		_, err := attr.Decode([]byte(tt.in))
		var e *attr.Error
		if !errors.As(err, &e) || e.Code != tt.code || e.Message != tt.message {
			t.Errorf("Decode(%.80s)\n  = %v\nwant %s: %s", tt.in, err, tt.code, tt.message)
		}
	}
}

func TestDecodeRefusesWhatIsNotJSON(t *testing.T) {
	for _, in := range []string{
		``, `{`, `{"S"`, `{"S":`, `{"S":"a"`, `{"S":"a}`, `{"S":"a"}}`, `{"S":"a"},`, `{"S":"a",}`, `{S:"a"}`, `{"S" "a"}`, `{"S":"\x"}`,
		`{"S":"\u12"}`, `{"S":"\u12g4"}`, "{\"S\":\"\n\"}", `{"S":"\`, `{"S":nul}`, `{"BOOL":tru}`, `{"BOOL":fals}`, `{"L":[{"S":"a"}`,
		`{"L":[{"S":"a"}{"S":"b"}]}`, `{"L":[`, `{"L":`, `{"M":`, `{"M":{"a"}}`, `{"X":[1,]}`, `{"X":{"a"}}`, `{"X":{1:2}}`, `{"X":}`, `{"X":[`, `{"B":`,
		`{"SS":["a"`, `{"X":` + strings.Repeat(`[`, 20000), `{"S":?}`,
	} {
		_, err := attr.Decode([]byte(in))
		var e *attr.Error
		if !errors.As(err, &e) || e.Code != attr.CodeSerialization {
			t.Errorf("Decode(%.60s) = %v, want %s", in, err, attr.CodeSerialization)
		}
	}
}

func TestDecodeItem(t *testing.T) {
	item, err := attr.DecodeItem([]byte(`{"pk":{"S":"a"},"n":{"N":"1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := attr.Item{"pk": {Kind: attr.S, Str: "a"}, "n": {Kind: attr.N, Str: "1"}}
	if diff := cmp.Diff(want, item); diff != "" {
		t.Errorf("DecodeItem (-want +got)\n%s", diff)
	}
	if item, err := attr.DecodeItem([]byte(`null`)); item != nil || err != nil {
		t.Errorf("DecodeItem(null) = %v, %v", item, err)
	}
	for _, text := range []string{`[]`, `{"":{"N":"1"}}`, `{"` + strings.Repeat("n", 65536) + `":{"N":"1"}}`} {
		if _, err := attr.DecodeItem([]byte(text)); err == nil {
			t.Errorf("DecodeItem(%.20s) succeeded", text)
		}
	}
}

func TestDecodeValuesNamesTheRefused(t *testing.T) {
	_, err := attr.DecodeValues([]byte(`{":a":{"S":"x"},":b":{"L":[{"SS":[]}]},":c":{}}`))
	var named *attr.NamedError
	if !errors.As(err, &named) || named.Name != ":b" || !errors.As(err, new(*attr.Error)) {
		t.Errorf("DecodeValues: %v", err)
	}
	_, err = attr.DecodeValues([]byte(`{":b":{"SS":[]},":c":1}`))
	if errors.As(err, &named) || err == nil {
		t.Errorf("DecodeValues of malformed JSON: %v", err)
	}
}

func TestValuesInStructs(t *testing.T) {
	type request struct{ Key map[string]attr.Value }
	var r request
	if err := json.Unmarshal([]byte(`{"Key":{"a":{"N":"01"}}}`), &r); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if want := `{"Key":{"a":{"N":"1"}}}`; err != nil || string(text) != want {
		t.Errorf("Marshal = %s, %v, want %s", text, err, want)
	}
	if err := json.Unmarshal([]byte(`{"Key":{"a":{"N":"x"}}}`), &r); !errors.As(err, new(*attr.Error)) {
		t.Errorf("Unmarshal: %v", err)
	}
}

func TestEqual(t *testing.T) {
	same := [][2]string{
		{`{"N":"1.0"}`, `{"N":"1"}`},
		{`{"SS":["a","b"]}`, `{"SS":["b","a"]}`},
		{`{"L":[{"NS":["1","2"]}]}`, `{"L":[{"NS":["2.0","1"]}]}`},
		{`{"M":{"a":{"BS":["YQ==","Yg=="]},"b":{"NULL":true}}}`, `{"M":{"b":{"NULL":true},"a":{"BS":["Yg==","YQ=="]}}}`},
	}
	for _, pair := range same {
		if !attr.Equal(decode(t, pair[0]), decode(t, pair[1])) {
			t.Errorf("%s and %s differ", pair[0], pair[1])
		}
	}
	different := []string{
		`{"S":"a"}`, `{"S":"b"}`, `{"S":"1"}`, `{"N":"1"}`, `{"B":"YQ=="}`, `{"BOOL":true}`, `{"BOOL":false}`, `{"NULL":true}`, `{"SS":["a"]}`, `{"SS":["a","b"]}`,
		`{"SS":["1"]}`, `{"NS":["1"]}`, `{"L":[]}`, `{"L":[{"S":"a"}]}`, `{"L":[{"S":"a"},{"S":"b"}]}`, `{"L":[{"S":"b"},{"S":"a"}]}`, `{"M":{}}`, `{"M":{"a":{"S":"a"}}}`, `{"M":{"b":{"S":"a"}}}`,
	}
	for i, a := range different {
		for j, b := range different {
			if got := attr.Equal(decode(t, a), decode(t, b)); got != (i == j) {
				t.Errorf("Equal(%s, %s) = %v", a, b, got)
			}
		}
	}
	if attr.Equal(attr.Value{}, attr.Value{}) {
		t.Error("two values of no kind are equal")
	}
}

func TestCompare(t *testing.T) {
	for _, ascending := range [][]string{
		{`{"S":""}`, `{"S":"A"}`, `{"S":"a"}`, `{"S":"aa"}`, `{"S":"b"}`, `{"S":"é"}`, `{"S":"～"}`, `{"S":"😀"}`}, // by UTF-8, unlike UTF-16
		{`{"B":""}`, `{"B":"AA=="}`, `{"B":"fw=="}`, `{"B":"gA=="}`, `{"B":"gAA="}`, `{"B":"/w=="}`},
		{`{"N":"-10"}`, `{"N":"-9"}`, `{"N":"9"}`, `{"N":"10"}`},
	} {
		for i, a := range ascending {
			for j, b := range ascending {
				c, ok := attr.Compare(decode(t, a), decode(t, b))
				if !ok || (c < 0) != (i < j) || (c > 0) != (i > j) {
					t.Errorf("Compare(%s, %s) = %d, %v", a, b, c, ok)
				}
			}
		}
	}
	for _, pair := range [][2]string{{`{"S":"1"}`, `{"N":"1"}`}, {`{"BOOL":true}`, `{"BOOL":true}`}, {`{"SS":["a"]}`, `{"SS":["a"]}`}} {
		if _, ok := attr.Compare(decode(t, pair[0]), decode(t, pair[1])); ok {
			t.Errorf("%s and %s have an order", pair[0], pair[1])
		}
	}
}

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want int
	}{
		{`{"S":""}`, 0}, {`{"S":"abc"}`, 3}, {`{"S":"é😀"}`, 6}, {`{"B":"YWJj"}`, 3},
		{`{"BOOL":true}`, 1}, {`{"NULL":true}`, 1},
		{`{"N":"0"}`, 1}, {`{"N":"1"}`, 2}, {`{"N":"-1"}`, 3}, {`{"N":"12"}`, 2}, {`{"N":"123"}`, 3}, {`{"N":"100"}`, 2}, {`{"N":"1000"}`, 2},
		{`{"N":"0.1"}`, 2}, {`{"N":"0.01"}`, 2}, {`{"N":"0.001"}`, 2}, {`{"N":"100.1"}`, 4}, {`{"N":"10000.5"}`, 5}, {`{"N":"0.00105"}`, 3}, {`{"N":"0.015"}`, 3},
		{`{"N":"12345678901234567890123456789012345678"}`, 20}, {`{"N":"1E125"}`, 2}, {`{"N":"1E-130"}`, 2},
		{`{"SS":["a","bc"]}`, 3}, {`{"NS":["1","-1"]}`, 5}, {`{"BS":["YQ==","YWJj"]}`, 4},
		{`{"L":[]}`, 3}, {`{"L":[{"S":"a"},{"N":"1"}]}`, 8}, {`{"M":{}}`, 3}, {`{"M":{"ab":{"S":"c"}}}`, 7},
	} {
		if got := decode(t, tt.in).Size(); got != tt.want {
			t.Errorf("size of %s is %d, want %d", tt.in, got, tt.want)
		}
	}
	if got := attr.ItemSize(attr.Item{"pk": decode(t, `{"S":"a"}`), "né": decode(t, `{"L":[]}`)}); got != 2+1+3+3 {
		t.Errorf("ItemSize = %d", got)
	}
	if got := (attr.Value{}).Size(); got != 0 {
		t.Errorf("size of no value is %d", got)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	item := attr.Item{"a": decode(t, `{"M":{"l":{"L":[{"SS":["x","y"]}]}}}`)}
	clone := attr.CloneItem(item)
	clone["a"].Map["l"].List[0].Set[0] = "changed"
	clone["a"].Map["new"] = attr.Value{}
	clone["b"] = attr.Value{}
	if got, want := string(attr.AppendItem(nil, item)), `{"a":{"M":{"l":{"L":[{"SS":["x","y"]}]}}}}`; got != want {
		t.Errorf("the original became %s", got)
	}
	if !attr.EqualItems(item, attr.CloneItem(item)) {
		t.Error("a clone differs")
	}
}

func TestSets(t *testing.T) {
	a, b := decode(t, `{"NS":["3","1","20"]}`), decode(t, `{"NS":["20","2"]}`)
	for _, tt := range []struct {
		name string
		got  attr.Value
		want string
	}{
		{"Union", attr.Union(a, b), `{"NS":["1","2","3","20"]}`},
		{"Subtract", attr.Subtract(a, b), `{"NS":["1","3"]}`},
		{"Subtract all", attr.Subtract(a, a), `{"NS":[]}`},
		{"NewSet", attr.NewSet(attr.SS, []string{"b", "a", "b"}), `{"SS":["a","b"]}`},
	} {
		if got := string(tt.got.AppendJSON(nil)); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.name, got, tt.want)
		}
	}
	if !a.Contains("20") || a.Contains("2") {
		t.Error("Contains is wrong")
	}
}

func TestKinds(t *testing.T) {
	for _, name := range []string{"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"} {
		k := attr.KindOf(name)
		if k.String() != name {
			t.Errorf("KindOf(%s) = %s", name, k)
		}
		if member := k.Member(); k.IsSet() != (member != 0) || k.IsSet() && member.String()+"S" != name {
			t.Errorf("a member of %s is %s", name, member)
		}
	}
	if attr.KindOf("s") != 0 || attr.Kind(99).String() != "" {
		t.Error("there are other kinds")
	}
}

func TestCheckDepth(t *testing.T) {
	deepest := decode(t, nested(31))
	if err := attr.CheckDepth(attr.Item{"a": deepest}); err != nil {
		t.Error(err)
	}
	for _, v := range []attr.Value{
		{Kind: attr.L, List: []attr.Value{deepest}},
		{Kind: attr.M, Map: map[string]attr.Value{"a": deepest}},
	} {
		if err := attr.CheckDepth(attr.Item{"a": v}); err == nil {
			t.Errorf("depth 33 in %s passed", v.Kind)
		}
	}
}

// FuzzDecode reads any text as a value. What is accepted is written and read
// again as the same value, and encoding/json agrees that it is JSON.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{"M":{"a":{"L":[{"S":"x"},{"N":"1e5"}]},"b":{"SS":["a","b"]},"c":{"B":"YQ=="}}}`, `{"X":[1,{"y":null}],"BOOL":true}`, `{"S":"\ud83d\ude00\u00e9\n"}`,
		`{"NS":["1","2.50"]}`, `{"NULL":true}`, `{"L":[]}`, `{`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := attr.Decode(data)
		if err != nil {
			return
		}
		text := v.AppendJSON(nil)
		again, err := attr.Decode(text)
		if err != nil || !attr.Equal(v, again) {
			t.Errorf("%q is written as %s, which reads as %s, %v", data, text, again.AppendJSON(nil), err)
		}
		if !json.Valid(text) {
			t.Errorf("%q is written as %s", data, text)
		}
	})
}

const benchmarkItem = `{"pk":{"S":"patient-0001"},"sk":{"N":"1700000000"},"name":{"S":"Ada Lovelace"},"notes":{"L":[{"S":"first"},{"S":"second"}]},
	"tags":{"SS":["a","b","c"]},"address":{"M":{"city":{"S":"London"},"zip":{"S":"W1"}}},"score":{"N":"12.5"},"data":{"B":"AAECAwQFBgcICQ=="},"ok":{"BOOL":true}}`

func BenchmarkDecodeItem(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(benchmarkItem)))
	for b.Loop() {
		if _, err := attr.DecodeItem([]byte(benchmarkItem)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendItem(b *testing.B) {
	item, err := attr.DecodeItem([]byte(benchmarkItem))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = attr.AppendItem(buf[:0], item)
	}
	b.SetBytes(int64(len(buf)))
}

func ExampleDecode() {
	v, err := attr.Decode([]byte(`{"NS": ["10", "2.50", "-1e2"]}`))
	fmt.Println(string(v.AppendJSON(nil)), err)

	_, err = attr.Decode([]byte(`{"N": "many"}`))
	fmt.Println(err)
	// Output:
	// {"NS":["-100","2.5","10"]} <nil>
	// The parameter cannot be converted to a numeric value: many
}

func ExampleAddNumbers() {
	sum, err := attr.AddNumbers("0.1", "0.2")
	fmt.Println(sum, err)
	_, err = attr.AddNumbers("1", mustParse("1E-130"))
	fmt.Println(err)
	// Output:
	// 0.3 <nil>
	// Attempting to store more than 38 significant digits in a Number
}

func mustParse(s string) string {
	n, err := attr.ParseNumber(s)
	if err != nil {
		panic(err)
	}
	return n
}

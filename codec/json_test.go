package codec

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// jsonTests are values and the one text that MarshalValue gives them.
var jsonTests = []struct {
	name  string
	value types.AttributeValue
	text  string
}{
	{"string", str("text"), `{"S":"text"}`},
	{"empty string", str(""), `{"S":""}`},
	{"escapes", str("\"\\/\b\f\n\r\t\x00\x1f\x7f"), `{"S":"\"\\/\u0008\u000c\n\r\t\u0000\u001f` + "\x7f" + `"}`},
	{"characters", str("é\u2028\uff5a\U0001f600<&>"), `{"S":"é` + "\u2028\uff5a\U0001f600" + `<&>"}`},
	{"number as text", num("1.50"), `{"N":"1.50"}`},
	{"number of 38 digits", num("12345678901234567890123456789012345678"), `{"N":"12345678901234567890123456789012345678"}`},
	{"number that is none", num("NaN"), `{"N":"NaN"}`},
	{"binary", bin("\x00\x01\xff"), `{"B":"AAH/"}`},
	{"binary with padding", bin("\xfb"), `{"B":"+w=="}`},
	{"empty binary", bin(""), `{"B":""}`},
	{"true", boolean(true), `{"BOOL":true}`},
	{"false", boolean(false), `{"BOOL":false}`},
	{"NULL", null(), `{"NULL":true}`},
	{"string set keeps its order", strs("b", "a", "b"), `{"SS":["b","a","b"]}`},
	{"number set", nums("1", "1.0"), `{"NS":["1","1.0"]}`},
	{"binary set", bins("b", ""), `{"BS":["Yg==",""]}`},
	{"empty set", &types.AttributeValueMemberSS{Value: []string{}}, `{"SS":[]}`},
	{"list", list(str("a"), num("1"), null()), `{"L":[{"S":"a"},{"N":"1"},{"NULL":true}]}`},
	{"empty list", &types.AttributeValueMemberL{Value: []types.AttributeValue{}}, `{"L":[]}`},
	{"map sorted by bytes", dict("b", null(), "a", boolean(true), "\U0001f600", null(), "\uff5a", null()),
		`{"M":{"a":{"BOOL":true},"b":{"NULL":true},"` + "\uff5a" + `":{"NULL":true},"` + "\U0001f600" + `":{"NULL":true}}}`},
	{"empty map", dict(), `{"M":{}}`},
	{"keys that look like types", dict("S", dict("S", str("S"))), `{"M":{"S":{"M":{"S":{"S":"S"}}}}}`},
	{"key with escapes", dict("a\"\n", null()), `{"M":{"a\"\n":{"NULL":true}}}`},
	{"deepest", nested(MaxDepth), strings.Repeat(`{"L":[`, MaxDepth-1) + `{"NULL":true}` + strings.Repeat(`]}`, MaxDepth-1)},
}

func TestJSON(t *testing.T) {
	for _, tt := range jsonTests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendValueJSON([]byte("before"), tt.value)
			if err != nil || string(got) != "before"+tt.text {
				t.Errorf("AppendValueJSON = %s, %v, want %s after the prefix", got, err, tt.text)
			}
			if !json.Valid([]byte(tt.text)) {
				t.Errorf("%s is not JSON", tt.text)
			}
			src := []byte(tt.text)
			v, err := UnmarshalValue(src)
			if err != nil {
				t.Fatalf("UnmarshalValue(%s): %v", tt.text, err)
			}
			clear(src) // the result must not alias it
			if diff := diff(tt.value, v); diff != "" {
				t.Errorf("UnmarshalValue(%s), want -, got +:\n%s", tt.text, diff)
			}
		})
	}
}

func TestMarshalValueNilMeansEmpty(t *testing.T) {
	for want, v := range map[string]types.AttributeValue{
		`{"B":""}`:    &types.AttributeValueMemberB{},
		`{"SS":[]}`:   &types.AttributeValueMemberSS{},
		`{"NS":[]}`:   &types.AttributeValueMemberNS{},
		`{"BS":[]}`:   &types.AttributeValueMemberBS{},
		`{"BS":[""]}`: &types.AttributeValueMemberBS{Value: [][]byte{nil}},
		`{"L":[]}`:    &types.AttributeValueMemberL{},
		`{"M":{}}`:    &types.AttributeValueMemberM{},
	} {
		if got, err := MarshalValue(v); err != nil || string(got) != want {
			t.Errorf("MarshalValue(%T{}) = %s, %v, want %s", v, got, err, want)
		}
	}
}

// TestUnmarshalValue reads texts that MarshalValue writes otherwise.
func TestUnmarshalValue(t *testing.T) {
	for _, tt := range []struct {
		text string
		want types.AttributeValue
	}{
		{" \t\r\n{ \"S\" : \"a\" } \n", str("a")},
		{`{"S":"\"\\\/\b\f\n\r\t"}`, str("\"\\/\b\f\n\r\t")},
		{`{"S":"\u00e9\u00E9\uFF5A"}`, str("éé\uff5a")},
		{`{"S":"\ud83d\ude00x\uDBFF\uDFFF"}`, str("\U0001f600x\U0010ffff")},
		{`{"S":"\u0000"}`, str("\x00")},
		{`{"\u0053":"a"}`, str("a")},
		{`{"B":"AA\u0048\/"}`, bin("\x00\x01\xff")},
		{`{"L":[ {"S":"a"} , {"S":"b"} ]}`, list(str("a"), str("b"))},
		{`{"SS":[ ]}`, &types.AttributeValueMemberSS{Value: []string{}}},
		{`{"M":{ }}`, dict()},
		{`{"M":{"b":{"NULL":true},"a":{"NULL":true}}}`, dict("a", null(), "b", null())},
		{`{"BOOL": true }`, boolean(true)},
	} {
		got, err := UnmarshalValue([]byte(tt.text))
		if err != nil {
			t.Errorf("UnmarshalValue(%s): %v", tt.text, err)
			continue
		}
		if diff := diff(tt.want, got); diff != "" {
			t.Errorf("UnmarshalValue(%s), want -, got +:\n%s", tt.text, diff)
		}
	}
}

// malformedJSON are texts that are no value; SECRET stands where a value is.
var malformedJSON = []struct{ name, text, want string }{
	{"nothing", ``, `'{' expected at byte 0`},
	{"space", ` `, `'{' expected at byte 1`},
	{"not an object", `"SECRET"`, `'{' expected at byte 0`},
	{"array", `[]`, `'{' expected at byte 0`},
	{"null", `null`, `'{' expected at byte 0`},
	{"no type", `{}`, `value at byte 0 has no type`},
	{"two types", `{"S":"SECRET","N":"1"}`, `more than one type`},
	{"one type twice", `{"S":"SECRET","S":"b"}`, `more than one type`},
	{"unknown type", `{"SECRET":"a"}`, `unknown type before byte`},
	{"type in lower case", `{"s":"SECRET"}`, `unknown type`},
	{"empty type", `{"":"SECRET"}`, `unknown type`},
	{"text after the value", `{"S":"SECRET"}x`, `text after the value, from byte 14`},
	{"second value", `{"S":"a"}{"S":"SECRET"}`, `text after the value`},
	{"zero byte after the value", "{\"S\":\"a\"}\x00", `text after the value`},
	{"zero byte before the value", "\x00{\"S\":\"a\"}", `'{' expected`},
	{"byte order mark", "\xef\xbb\xbf{\"S\":\"a\"}", `'{' expected`},
	{"comma after the last member", `{"S":"SECRET",}`, `'"' expected`},
	{"comma after the last element", `{"SS":["SECRET",]}`, `'"' expected`},
	{"comma before the first element", `{"SS":[,"SECRET"]}`, `'"' expected`},
	{"no comma", `{"SS":["SECRET" "b"]}`, `']' expected`},
	{"no colon", `{"S" "SECRET"}`, `':' expected`},
	{"unquoted name", `{S:"SECRET"}`, `'"' expected`},
	{"single quotes", `{'S':'SECRET'}`, `'"' expected`},
	{"comment", `{/**/"S":"SECRET"}`, `'"' expected`},
	{"string that is null", `{"S":null}`, `'"' expected`},
	{"string that is a number", `{"S":1}`, `'"' expected`},
	{"number that is a JSON number", `{"N":1}`, `'"' expected`},
	{"number that is a float", `{"N":1.5e3}`, `'"' expected`},
	{"number in a set", `{"NS":[1]}`, `'"' expected`},
	{"NULL false", `{"NULL":false}`, `NULL before byte 13 is false`},
	{"NULL null", `{"NULL":null}`, `true or false expected`},
	{"BOOL text", `{"BOOL":"true"}`, `true or false expected`},
	{"BOOL word", `{"BOOL":truest}`, `'}' expected`},
	{"BOOL cut short", `{"BOOL":tru`, `true or false expected`},
	{"list that is an object", `{"L":{"S":"SECRET"}}`, `'[' expected`},
	{"map that is an array", `{"M":["SECRET"]}`, `'{' expected`},
	{"list of plain strings", `{"L":["SECRET"]}`, `'{' expected`},
	{"set of values", `{"SS":[{"S":"SECRET"}]}`, `'"' expected`},
	{"list with null", `{"L":[null]}`, `'{' expected`},
	{"element without type", `{"L":[{}]}`, `value at byte 6 has no type`},
	{"key twice", `{"M":{"SECRET":{"S":"a"},"SECRET":{"S":"b"}}}`, `map has a key twice`},
	{"key twice, spelled differently", `{"M":{"a":{"S":"a"},"\u0061":{"S":"b"}}}`, `map has a key twice`},
	{"no end of string", `{"S":"SECRET`, `string at byte 5 does not end`},
	{"no end after a backslash", `{"S":"SECRET\`, `string at byte 5 does not end`},
	{"escaped quote at the end", `{"S":"SECRET\"}`, `string at byte 5 does not end`},
	{"no end of object", `{"S":"SECRET"`, `'}' expected`},
	{"control character", "{\"S\":\"SECRET\n\"}", `control character in a string at byte 12`},
	{"zero byte in a string", "{\"S\":\"SECRET\x00\"}", `control character`},
	{"unknown escape", `{"S":"SECRET\x41"}`, `unknown escape`},
	{"short escape", `{"S":"SECRET\u12"}`, `bad \u`},
	{"escape that is not hexadecimal", `{"S":"SECRET\u12g4"}`, `bad \u`},
	{"high surrogate alone", `{"S":"SECRET\ud83d"}`, `bad \u`},
	{"high surrogate and another character", `{"S":"SECRET\ud83d\u0041"}`, `bad \u`},
	{"high surrogate and text", `{"S":"SECRET\ud83dabcdef"}`, `bad \u`},
	{"high surrogate and half an escape", `{"S":"SECRET\ud83d\ude"}`, `bad \u`},
	{"low surrogate alone", `{"S":"SECRET\ude00"}`, `bad \u`},
	{"surrogates the wrong way round", `{"S":"SECRET\ude00\ud83d"}`, `bad \u`},
	{"invalid UTF-8", "{\"S\":\"SECRET\xff\"}", `string at byte 5 is not valid UTF-8`},
	{"surrogate in UTF-8", "{\"S\":\"SECRET\xed\xa0\x80\"}", `not valid UTF-8`},
	{"base64 without padding", `{"B":"SECRET0"}`, `is not base64`},
	{"base64 with too much padding", `{"B":"SECRET=="}`, `is not base64`},
	{"base64 of a URL", `{"B":"_-__"}`, `is not base64`},
	{"base64 with a line break", `{"B":"SECR\nET00"}`, `is not base64`},
	{"base64 with a return at the end", `{"B":"SECRET00\r"}`, `is not base64`},
	{"base64 with a space", `{"B":"SECR ET00"}`, `is not base64`},
	{"base64 with stray bits", `{"B":"SECRET1="}`, `is not base64`},
	{"too deep", strings.Repeat(`{"L":[`, MaxDepth) + `{"NULL":true}` + strings.Repeat(`]}`, MaxDepth), `nested deeper than 256 levels`},
	{"much too deep", strings.Repeat(`{"M":{"SECRET":`, 100000), `nested deeper than 256 levels`},
}

func TestUnmarshalMalformed(t *testing.T) {
	for _, tt := range malformedJSON {
		t.Run(tt.name, func(t *testing.T) {
			v, err := UnmarshalValue([]byte(tt.text))
			if v != nil || !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("UnmarshalValue = %v, %v, want ErrMalformed and %q", v, err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the error tells the value: %v", err)
			}
			item, err := UnmarshalItem([]byte(`{"pk":{"S":"k"},"secret-plan":` + tt.text + `}`))
			if item != nil || !errors.Is(err, ErrMalformed) {
				t.Errorf("UnmarshalItem = %v, %v, want ErrMalformed", item, err)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the error tells the value: %v", err)
			}
		})
	}
}

func TestItem(t *testing.T) {
	item := map[string]types.AttributeValue{}
	var want strings.Builder
	for i := range 20 { // more than are sorted on the stack
		name := string(rune('a' + i*7%20))
		item[name] = num(name)
	}
	for i := range 20 {
		name := string(rune('a' + i))
		want.WriteString(`,"` + name + `":{"N":"` + name + `"}`)
	}
	text, err := MarshalItem(item)
	if err != nil || string(text) != "{"+want.String()[1:]+"}" {
		t.Errorf("MarshalItem = %s, %v", text, err)
	}
	got, err := UnmarshalItem(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := diff(item, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	for _, text := range []string{`{}`, " { }\n"} {
		if got, err := UnmarshalItem([]byte(text)); err != nil || got == nil || len(got) != 0 {
			t.Errorf("UnmarshalItem(%q) = %v, %v, want an empty item", text, got, err)
		}
	}
	if got, err := MarshalItem(nil); err != nil || string(got) != "{}" {
		t.Errorf("MarshalItem(nil) = %s, %v", got, err)
	}
}

func TestUnmarshalItemMalformed(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", ``, `'{' expected at byte 0`},
		{"a value is an item with a bad attribute", `{"S":"SECRET"}`, `attribute "S": codec: malformed input: '{' expected at byte 5`},
		{"list of items", `[{"a":{"S":"SECRET"}}]`, `'{' expected at byte 0`},
		{"two items", `{"a":{"S":"SECRET"}}{}`, `text after the value, from byte 20`},
		{"name twice", `{"a":{"S":"SECRET"},"a":{"S":"b"}}`, `attribute "a": codec: malformed input: it occurs twice`},
		{"bad attribute", `{"ok":{"S":"SECRET"},"bad\n":{"NULL":false}}`, `attribute "bad\n": `},
		{"name that is not UTF-8", "{\"\xff\":{\"S\":\"SECRET\"}}", `not valid UTF-8`},
		{"attribute that is null", `{"a":null}`, `attribute "a": `},
		{"after the last attribute", `{"a":{"S":"SECRET"},}`, `'"' expected at byte 20`},
		{"no end", `{"a":{"S":"SECRET"}`, `'}' expected at byte 19`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			item, err := UnmarshalItem([]byte(tt.text))
			if item != nil || !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("UnmarshalItem = %v, %v, want ErrMalformed and %q", item, err, tt.want)
			}
		})
	}
}

func TestUnmarshalPrefixes(t *testing.T) {
	for _, tt := range jsonTests[:len(jsonTests)-1] {
		text := []byte(`{"a":` + tt.text + `,"b":` + tt.text + `}`)
		for n := range text {
			if item, err := UnmarshalItem(text[:n]); !errors.Is(err, ErrMalformed) || item != nil {
				t.Errorf("UnmarshalItem(%s) = %v, %v, want ErrMalformed", text[:n], item, err)
			}
		}
	}
}

func TestMarshalInvalid(t *testing.T) {
	for _, tt := range invalidValues {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AppendValueJSON([]byte("before"), tt.value)
			if string(got) != "before" || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("AppendValueJSON = %s, %v, want the prefix, ErrInvalid and %q", got, err, tt.text)
			}
			item := map[string]types.AttributeValue{"pk": str("k"), "plan": tt.value}
			got, err = AppendItemJSON([]byte("before"), item)
			if string(got) != "before" || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `attribute "plan": `) {
				t.Errorf("AppendItemJSON = %s, %v, want the prefix, ErrInvalid and the name", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the value: %v", err)
			}
		})
	}
	if got, err := MarshalItem(map[string]types.AttributeValue{"a\xff": null()}); got != nil || !errors.Is(err, ErrInvalid) {
		t.Errorf("MarshalItem with a name that is not UTF-8 = %s, %v, want ErrInvalid", got, err)
	}
}

// TestJSONAgreesWithStandard reads what MarshalValue writes with encoding/json.
func TestJSONAgreesWithStandard(t *testing.T) {
	for i := range 0x800 {
		s := string(rune(i)) + "x" + string(rune(0x10000+i))
		text, err := MarshalValue(str(s))
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ S string }
		if err := json.Unmarshal(text, &got); err != nil || got.S != s {
			t.Errorf("encoding/json reads %s as %+q, %v, want %+q", text, got.S, err, s)
		}
		escaped, err := json.Marshal(map[string]string{"S": s})
		if err != nil {
			t.Fatal(err)
		}
		v, err := UnmarshalValue(escaped)
		if err != nil {
			t.Fatalf("UnmarshalValue(%s): %v", escaped, err)
		}
		if diff := diff(str(s), v); diff != "" {
			t.Errorf("UnmarshalValue(%s), want -, got +:\n%s", escaped, diff)
		}
	}
}

func FuzzUnmarshalItem(f *testing.F) {
	for _, tt := range jsonTests {
		f.Add([]byte(`{"a":` + tt.text + `}`))
	}
	for _, tt := range malformedJSON[:len(malformedJSON)-2] {
		f.Add([]byte(`{"a":` + tt.text + `}`))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		item, err := UnmarshalItem(text)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || item != nil {
				t.Fatalf("%v, %v, want ErrMalformed and no item", item, err)
			}
			return
		}
		if !json.Valid(text) {
			t.Errorf("%q is read and is not JSON", text)
		}
		once, err := MarshalItem(item)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := UnmarshalItem(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := diff(item, again); diff != "" {
			t.Errorf("drifts:\n%s", diff)
		}
		if twice, err := MarshalItem(again); err != nil || string(twice) != string(once) {
			t.Errorf("drifts from %s to %s, %v", once, twice, err)
		}
	})
}

package ddbenc

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitTag(t *testing.T) {
	tests := []struct {
		tag  reflect.StructTag
		want []string // the texts of the pairs
		err  string
	}{
		{tag: ""},
		{tag: "  "},
		{tag: `json:"a"`, want: []string{`json:"a"`}},
		{tag: ` json:"a"   ddbenc:"sign" `, want: []string{`json:"a"`, `ddbenc:"sign"`}},
		{tag: `json:"a\"b" x:"\u00e9"`, want: []string{`json:"a\"b"`, `x:"\u00e9"`}},
		{tag: `ddbenc:encrypt`, err: "the value of ddbenc has no quotes around it"},
		{tag: `ddbenc:'encrypt'`, err: "the value of ddbenc has no quotes around it"},
		{tag: `ddbenc:"encrypt`, err: "the value of ddbenc has no quotes around it"},
		{tag: "ddbenc:`encrypt`", err: "the value of ddbenc has no quotes around it"},
		{tag: `ddbenc: "encrypt"`, err: "the value of ddbenc has no quotes around it"},
		{tag: `ddbenc:"a\zb"`, err: "the value of ddbenc has no quotes around it"},
		{tag: `ddbenc`, err: `"ddbenc" is not key:"value"`},
		{tag: `"ddbenc":"encrypt"`, err: `"\"ddbenc\"" is not a tag's key`},
		{tag: `dd benc:"encrypt"`, err: `"dd benc" is not a tag's key`},
		{tag: `:"encrypt"`, err: `"" is not a tag's key`},
		{tag: `json:"a",ddbenc:"encrypt"`, want: []string{`json:"a"`}, err: `no space between json:"a" and ",ddbenc:\"encrypt\""`},
		{tag: `json:"a"ddbenc:"encrypt"`, want: []string{`json:"a"`}, err: `no space between json:"a" and "ddbenc:\"encrypt\""`},
		{tag: "json:\"a\"\tddbenc:\"encrypt\"", want: []string{`json:"a"`}, err: `no space between json:"a" and "\tddbenc:\"encrypt\""`},
		{tag: `json:"a" ddbenc:encrypt`, want: []string{`json:"a"`}, err: "the value of ddbenc has no quotes around it"},
	}
	for _, tt := range tests {
		pairs, err := splitTag(tt.tag)
		var texts []string
		for _, p := range pairs {
			texts = append(texts, p.text)
			if got := tt.tag.Get(p.key); got != p.value {
				t.Errorf("splitTag(%q): value of %s is %q, reflect finds %q", tt.tag, p.key, p.value, got)
			}
		}
		if diff := cmp.Diff(tt.want, texts); diff != "" {
			t.Errorf("splitTag(%q): pairs (-want +got):\n%s", tt.tag, diff)
		}
		if got := errText(err); got != tt.err {
			t.Errorf("splitTag(%q): error %q, want %q", tt.tag, got, tt.err)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

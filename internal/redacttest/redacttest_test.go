package redacttest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const planted = "planted-secret"

var (
	key     = []byte("\x00\x01\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff")
	number  = new(big.Int).Exp(big.NewInt(7), big.NewInt(99), nil)
	secrets = []Secret{Key("key", key), Text("text", planted), Number("number", number)}
)

// Types that print their secrets in one way or another, and one that does not.
type (
	open    struct{ Name string }
	closed  struct{ p **string }
	Pointed struct{ Key []byte } // redacts what is a pointer only
	fmtOnly struct{ Key []byte } // and is not for logs
	half    struct{ Key []byte } // prints a part of its key
	marshal struct{ Key []byte }
	visible struct{ Key []byte }
	decimal struct{ N *big.Int }

	unexported struct{ key []byte }
	Failure    struct{ Text string }
	Locked     struct {
		mu  sync.Mutex
		key []byte
	}
)

func (*Pointed) Format(f fmt.State, _ rune)    { fmt.Fprint(f, "REDACTED") }
func (*Pointed) MarshalText() ([]byte, error)  { return []byte("REDACTED"), nil }
func (*Failure) Error() string                 { return "failed" }
func (*Failure) MarshalText() ([]byte, error)  { return []byte("failed"), nil }
func (*Failure) Format(f fmt.State, _ rune)    { fmt.Fprint(f, "failed") }
func (*unexported) Format(f fmt.State, _ rune) { fmt.Fprint(f, "REDACTED") }
func (*Locked) Format(f fmt.State, _ rune)     { fmt.Fprint(f, "REDACTED") }
func (fmtOnly) Format(f fmt.State, _ rune)     { fmt.Fprint(f, "REDACTED") }
func (h half) Format(f fmt.State, _ rune)      { fmt.Fprintf(f, "%x...", h.Key[:10]) }
func (marshal) Format(f fmt.State, _ rune)     { fmt.Fprint(f, "REDACTED") }
func (marshal) LogValue() slog.Value           { return slog.StringValue("REDACTED") }
func (visible) Format(f fmt.State, _ rune)     { fmt.Fprint(f, "REDACTED") }
func (visible) MarshalText() ([]byte, error)   { return []byte("REDACTED"), nil }

func TestLeaksFindsWhatIsPrinted(t *testing.T) {
	all := Checks{Hidden: true, JSON: true}
	p := new(string)
	*p = planted
	for _, tt := range []struct {
		name   string
		checks Checks
		v      any
		want   string // in one of the leaks; none means that there is none
	}{
		{"fields", all, open{planted}, "itself of a redacttest.open, %v: text"},
		{"fields, of a pointer", all, &open{planted}, "itself of a *redacttest.open, %v: text"},
		{"a pointer to a pointer", all, closed{&p}, ""},
		{"an error", all, fmt.Errorf("%s", planted), "an error: text"},
		{"bytes", all, struct{ K []byte }{key}, "%x: key"},
		{"decimal bytes", all, struct{ K []byte }{key}, "%v: key"},
		{"Go syntax", all, struct{ K []byte }{key}, "%#v: key"},
		{"an array", all, struct{ K [16]byte }{[16]byte(key)}, "%d: key"},
		{"words", all, struct{ K [2]uint32 }{[2]uint32{0x0001f2f3, 0xf4f5f6f7}}, "%v: key"},
		{"words, as hex", all, struct{ K [2]uint32 }{[2]uint32{0x0001f2f3, 0xf4f5f6f7}}, "%#v: key"},
		{"JSON, as Base64", all, struct{ K []byte }{append([]byte("a"), key...)}, "JSON: key"},
		{"a log", all, struct{ K []byte }{key}, "a log as JSON: key"},
		{"a key in part", all, half{key}, "%v: key"},
		{"a number", all, decimal{number}, "%+v: number"},
		{"methods of a pointer", all, &Pointed{key}, "itself of a redacttest.Pointed, %v: key"},
		{"which nobody copies", Checks{JSON: true}, &unexported{key}, ""},
		{"an error, which is none when copied", Checks{JSON: true}, &Failure{planted}, ""},
		{"or may copy", Checks{JSON: true}, &Locked{sync.Mutex{}, key}, ""},
		{"JSON is forgotten", all, fmtOnly{key}, "a slice of a redacttest.fmtOnly, JSON: key"},
		{"JSON is forgotten, but for the log", all, marshal{key}, "a struct of a redacttest.marshal, a log as JSON: key"},
		{"JSON may be", Checks{}, marshal{key}, ""},
		{"JSON may be, but not in a log", Checks{}, fmtOnly{key}, "itself of a redacttest.fmtOnly, a log as JSON: key"},
		{"fields that package fmt walks", all, visible{key}, "an unexported slice in a struct of a redacttest.visible, %v: key"},
		{"which may be", Checks{JSON: true}, visible{key}, ""},
		{"another key", all, struct{ K []byte }{[]byte("another key, quite another")}, ""},
		{"raw JSON", all, struct{ M json.Marshaler }{json.RawMessage(`"` + planted + `"`)}, "JSON: text"},
	} {
		leaks := tt.checks.Leaks(tt.v, secrets...)
		switch {
		case tt.want == "" && len(leaks) > 0:
			t.Errorf("%s: %d leaks, among them %s", tt.name, len(leaks), leaks[0])
		case tt.want != "" && !slices.ContainsFunc(leaks, func(l string) bool { return strings.Contains(l, tt.want) }):
			t.Errorf("%s: no %q among %d leaks:\n%s", tt.name, tt.want, len(leaks), strings.Join(leaks, "\n"))
		}
	}
}

func TestEveryExportedTypeIsListed(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.go":      "package redacttest\n\ntype Listed struct{}\ntype (\n\tForgotten struct{ Key []byte }\n\tName string\n\tunexported struct{}\n)\n",
		"b.go":      "package redacttest\n\ntype Checks struct{}\ntype Generic[T any] struct{ V T }\ntype Func func()\ntype Iface interface{}\ntype Alias = map[string]string\n",
		"c_test.go": "package redacttest\n\ntype OfATest struct{}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := Package{
		Values:  []any{&Checks{}, generic[int]{}},
		Without: map[string]string{"Listed": "it is empty", "Checks": "it is, too", "Name": "", "Alias": "not ours", "Gone": "was removed"},
		JSON:    map[string]string{"Lost": "was removed, too"},
	}
	want := []string{
		"JSON names Lost, which is no exported type",
		"Without names Gone, which is no exported type",
		"type Checks is among the values, and among those without secrets",
		"type Forgotten is not tested: add a value of it that holds the secrets, or the reason why none can",
		"type Generic is not tested: add a value of it that holds the secrets, or the reason why none can",
		"type Name has no secrets for no reason",
	}
	got := p.unlisted(t, dir)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("bad is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	p.Values = []any{&Checks{}, Generic[int]{}}
	if got := p.unlisted(t, dir); len(got) != len(want)-1 {
		t.Errorf("a value of a generic type is not seen:\n%s", strings.Join(got, "\n"))
	}
}

// Generic is a type with an argument, and generic another one of that name but for
// its case.
type (
	Generic[T any] struct{ V T }
	generic[T any] struct{ V T }
)

package ddbecvec

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

const aCase = `{
	"name": "made/here", "note": "kept", "table_name": "t", "partition_key": "pk", "sort_key": null,
	"attribute_actions": {"attributes": {"pk": "SIGN_ONLY", "free": "DO_NOTHING"}, "default": "ENCRYPT_AND_SIGN"},
	"provider": {
		"type": "wrapped",
		"wrapping": {"algorithm": "AES", "key_b64": "AAECAwQFBgcICQoLDA0ODw=="},
		"signing": {"algorithm": "HmacSHA256", "key_b64": "AAECAwQFBgcICQoLDA0ODw=="}
	},
	"plaintext_item": {"pk": {"S": "1"}, "free": {"N": "1.0"}, "secret": {"SS": ["b", "a"]}}
}`

func TestParse(t *testing.T) {
	anyError := errors.New("any other error")
	cases := []struct {
		name, in string
		want     int
		err      error // anyError is every other than ErrNoCases
	}{
		{"list", "[" + aCase + "," + aCase + "]", 2, nil},
		{"object", `{"cases": [` + aCase + `]}`, 1, nil},
		{"empty list", "[]", 0, nil},
		{"list of something else", `[{"table": "t", "item": {}}]`, 0, ErrNoCases},
		{"list of numbers", `[1, 2]`, 0, ErrNoCases},
		{"object without cases", `{"keys": {}}`, 0, ErrNoCases},
		{"no JSON", `{`, 0, ErrNoCases},
		{"one element is no case", "[" + aCase + `, {"name": "x"}]`, 0, anyError},
		{"case with a list as name", `[{"name": [], "table_name": "", "attribute_actions": {}, "provider": {}}]`, 0, anyError},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse([]byte(tt.in))
			if len(got) != tt.want || (err == nil) != (tt.err == nil) || errors.Is(err, ErrNoCases) != (tt.err == ErrNoCases) {
				t.Errorf("Parse(%s) = %d cases, %v; want %d, %v", tt.in, len(got), err, tt.want, tt.err)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("keys.json", `{"aesKey": {}}`)
	write("README.md", "["+aCase+"]")
	if got, err := Load(dir); err != nil || len(got) != 0 {
		t.Errorf("Load of a folder without cases = %d cases, %v", len(got), err)
	}
	write("deep/er/any name.json", "["+aCase+"]")
	write("top.json", "["+aCase+"]")
	if got, err := Load(dir); err != nil || len(got) != 2 {
		t.Errorf("Load = %d cases, %v; want 2", len(got), err)
	}
	write("broken.json", "["+aCase+", {}]")
	if _, err := Load(dir); err == nil {
		t.Error("Load passed over a list that is partly one of cases")
	}
	if _, err := Load(filepath.Join(dir, "missing")); err == nil {
		t.Error("Load of a missing folder gave no error")
	}
}

func TestEncryptDecrypt(t *testing.T) {
	cases, err := Parse([]byte("[" + aCase + "]"))
	if err != nil {
		t.Fatal(err)
	}
	c := cases[0]
	out, err := c.Encrypt(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out.Error != "" || out.Client != Go {
		t.Fatalf("Encrypt by %q: %s", out.Client, out.Error)
	}
	data := marshal(t, out)
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil || members["note"] != "kept" {
		t.Errorf("Encrypt lost what it does not know: %s, %v", data, err)
	}
	r := out.Decrypt(t.Context())
	if r.Error != "" || r.Name != c.Name || r.Client != Go {
		t.Fatalf("Decrypt = %+v", r)
	}
	got, err := unmarshalItem("plaintext_item", r.PlaintextItem)
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	if diff := diffItems(want, got); diff != "" {
		t.Errorf("Decrypt (-want +got):\n%s", diff)
	}
	if r := c.Decrypt(t.Context()); r.Error == "" || r.PlaintextItem != nil {
		t.Errorf("Decrypt of a case without encrypted item = %+v", r)
	}
}

func TestEncryptReportsErrors(t *testing.T) {
	for name, change := range map[string]func(c *Case){
		"unknown action":       func(c *Case) { c.AttributeActions.Default = "ENCRYPT" },
		"unknown provider":     func(c *Case) { c.Provider.Type = "tpm" },
		"no signing key":       func(c *Case) { c.Provider.Signing = nil },
		"no wrapping key":      func(c *Case) { c.Provider.Wrapping = nil },
		"value that is no one": func(c *Case) { c.PlaintextItem = json.RawMessage(`{"a": {"N": "1", "S": "1"}}`) },
		"number that is none":  func(c *Case) { c.PlaintextItem = json.RawMessage(`{"pk": {"S": "1"}, "a": {"N": "x"}}`) },
		"no item":              func(c *Case) { c.PlaintextItem = nil },
	} {
		t.Run(name, func(t *testing.T) {
			cases, err := Parse([]byte("[" + aCase + "]"))
			if err != nil {
				t.Fatal(err)
			}
			c := cases[0]
			change(c)
			out, err := c.Encrypt(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if out.Error == "" || out.EncryptedItem != nil {
				t.Errorf("Encrypt = %s, error %q", out.EncryptedItem, out.Error)
			}
		})
	}
}

func TestEqual(t *testing.T) {
	item := func(v types.AttributeValue) map[string]types.AttributeValue {
		return map[string]types.AttributeValue{"a": v}
	}
	n := func(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
	ss := func(s ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }
	ns := func(s ...string) types.AttributeValue { return &types.AttributeValueMemberNS{Value: s} }
	bs := func(s ...[]byte) types.AttributeValue { return &types.AttributeValueMemberBS{Value: s} }
	l := func(v ...types.AttributeValue) types.AttributeValue { return &types.AttributeValueMemberL{Value: v} }
	m := func(v types.AttributeValue) types.AttributeValue {
		return &types.AttributeValueMemberM{Value: item(v)}
	}
	cases := []struct {
		name string
		a, b types.AttributeValue
		want bool
	}{
		{"numbers of one value", n("1.50e1"), n("15"), true},
		{"numbers of other value", n("1"), n("10"), false},
		{"zeros", n("-0"), n("0.0"), true},
		{"no numbers", n("NaN"), n("NaN"), true},
		{"string sets", ss("a", "b"), ss("b", "a", "a"), true},
		{"other string sets", ss("a"), ss("a", "b"), false},
		{"number sets", ns("1.0", "2"), ns("2.0", "1"), true},
		{"binary sets", bs([]byte{1}, []byte{2}), bs([]byte{2}, []byte{1}), true},
		{"lists in another order", l(n("1"), n("2")), l(n("2"), n("1")), false},
		{"deep", m(l(ns("1.0"))), m(l(ns("1"))), true},
		{"types", n("1"), &types.AttributeValueMemberS{Value: "1"}, false},
		{"empty sets of other types", ss(), ns(), false},
		{"nil and empty", &types.AttributeValueMemberB{}, &types.AttributeValueMemberB{Value: []byte{}}, true},
		{"bool and null", &types.AttributeValueMemberBOOL{Value: true}, &types.AttributeValueMemberNULL{Value: true}, false},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			if got := Equal(item(tt.a), item(tt.b)); got != tt.want {
				t.Errorf("Equal(%v, %v) = %v, want %v", Canonical(item(tt.a)), Canonical(item(tt.b)), got, tt.want)
			}
		})
	}
	if Equal(item(n("1")), nil) {
		t.Error("an item equals an empty one")
	}
}

func TestSignedByPythonOnly(t *testing.T) {
	rounded := []string{"Python rounds numbers to 28 significant digits"}
	for _, tt := range []struct {
		c    Case
		want bool
	}{
		{Case{Client: Python, Divergence: rounded}, true},
		{Case{Client: Java, Divergence: rounded}, false},
		{Case{Client: Python}, false},
		{Case{Client: Python, Divergence: []string{"attribute names sorted by UTF-16 (Java) or by code point (Python)"}}, false},
	} {
		if got := tt.c.SignedByPythonOnly(); got != tt.want {
			t.Errorf("SignedByPythonOnly of %s with %q = %v", tt.c.Client, tt.c.Divergence, got)
		}
	}
}

func TestTable(t *testing.T) {
	cases, err := Parse([]byte("[" + aCase + "]"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := cases[0].Table()
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "t" || got.PartitionKey != "pk" || got.SortKey != "" ||
		got.Actions.Default != crypt.EncryptAndSign || got.Actions.Of("pk") != crypt.SignOnly || got.Actions.Of("free") != crypt.DoNothing {
		t.Errorf("Table = %+v", got)
	}
}

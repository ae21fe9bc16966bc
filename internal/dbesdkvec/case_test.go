package dbesdkvec

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// aCase is a case that says everything.
const aCase = `{"name": "made/%/here", "category": "made", "table_name": "T", "partition_key": "pk", "sort_key": null,
	"attribute_actions": {"attributes": {"pk": "SIGN_ONLY", "a": "ENCRYPT_AND_SIGN", ":x": "DO_NOTHING"}},
	"algorithm_suite": "ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY_SYMSIG_HMAC_SHA384", "allowed_unsigned_attribute_prefix": ":",
	"provider": {"type": "raw_aes", "key_namespace": "ns", "key_name": "n", "key_b64": "AAECAwQFBgcICQoLDA0ODw=="},
	"plaintext_item": {"pk": {"S": "p"}, "a": {"N": "1"}, ":x": {"BOOL": true}}, "note": "kept"}`

func parseCase(t *testing.T, data string) *Case {
	t.Helper()
	cases, err := Parse([]byte("[" + data + "]"))
	if err != nil || len(cases) != 1 {
		t.Fatalf("Parse = %v, %v", cases, err)
	}
	return cases[0]
}

func TestCase(t *testing.T) {
	c := parseCase(t, aCase)
	out, err := c.Encrypt(t.Context())
	if err != nil || out.Error != "" || out.Client != Go || out.EncryptedItem == nil {
		t.Fatalf("Encrypt = %+v, %v", out, err)
	}
	if string(out.members["note"]) != `"kept"` {
		t.Errorf("a member that means nothing here is lost")
	}
	r := out.Decrypt(t.Context())
	if r.Error != "" || r.Client != Go || r.Name != c.Name {
		t.Fatalf("Decrypt = %+v", r)
	}
	got, err := codec.UnmarshalItem(r.PlaintextItem)
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Plaintext()
	if diff := diffItems(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}

	other, err := out.With(map[string]any{"decrypt_overrides": map[string]any{"table_name": "U"}})
	if err != nil {
		t.Fatal(err)
	}
	if r := other.Decrypt(t.Context()); r.Error == "" || r.PlaintextItem != nil {
		t.Errorf("Decrypt in another table = %+v", r)
	}
	refused, err := c.With(map[string]any{"plaintext_item": json.RawMessage(`{"a": {"N": "1"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := refused.Encrypt(t.Context()); err != nil || !strings.Contains(out.Error, `"pk" is missing`) {
		t.Errorf("Encrypt without a key = %q, %v", out.Error, err)
	}
}

func TestCaseTable(t *testing.T) {
	for name, change := range map[string]map[string]any{
		"unsigned and not in the list": {"allowed_unsigned_attribute_prefix": nil},
		"signed and in the list":       {"allowed_unsigned_attributes": []string{"a"}},
	} {
		c, err := parseCase(t, aCase).With(change)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Table(); !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", name, err)
		}
	}
}

func TestSkip(t *testing.T) {
	for _, tt := range []struct {
		change map[string]any
		want   string
	}{
		{map[string]any{"note": nil}, ""},
		{map[string]any{"search": map[string]any{}}, "beacons"},
		{map[string]any{"legacy_override": map[string]any{}}, ""},
		{map[string]any{"plaintext_override": "FORCE_PLAINTEXT_WRITE_ALLOW_PLAINTEXT_READ"}, ""},
		{map[string]any{"provider": Provider{Type: "unheard_of"}}, "keyring unheard_of"},
		{map[string]any{"provider": Provider{Type: "multi", Children: []Provider{{Type: "raw_rsa"}, {Type: "unheard_of"}}}}, "keyring unheard_of"},
	} {
		c, err := parseCase(t, aCase).With(tt.change)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Skip(); got != tt.want {
			t.Errorf("Skip with %v = %q, want %q", tt.change, got, tt.want)
		}
	}
}

// TestLoad: lists of cases and the shapes of the other clients' files are told apart
// by what is in them, whatever the files' names.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a/b/any.json", "["+strings.Replace(aCase, "%", "1", 1)+"]")
	write("c.json", `{"cases": [`+strings.Replace(aCase, "%", "2", 1)+`]}`)
	write("other.json", `{"something": "else"}`)
	write("own/keys.json", `{"keys": {"static-branch-key-1": {"key-id": "k", "branchKeyVersion": "e9ce18a3-edb5-4272-9f86-1cacb7997ff6", "branchKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}}`)
	write("own/data.json", `{"RoundTripTest": {"Configs": {"all": {"attributeActionsOnEncrypt": {"RecNum": "SIGN_ONLY", "x": "ENCRYPT_AND_SIGN"}}},
		"Records": [{"RecNum": 1, "x": {"L": ["text", 2.50, {"NS": [1, "2"]}, {"M": {"n": {"NULL": false}}}]}}]}}`)
	cases, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range cases {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"made/1/here", "made/2/here", "data/round-trip/all/0"}, names); diff != "" {
		t.Fatalf("cases (-want +got):\n%s", diff)
	}
	last := cases[2]
	want := `{"RecNum":{"N":"1"},"x":{"L":[{"S":"text"},{"N":"2.50"},{"NS":["1","2"]},{"M":{"n":{"NULL":true}}}]}}`
	if string(last.PlaintextItem) != want {
		t.Errorf("item %s, want %s", last.PlaintextItem, want)
	}
	testWriting(t, last)
}

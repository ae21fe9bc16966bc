package ddbecvec

import (
	"encoding/json"
	"testing"

	"github.com/ddbenc/ddbenc/codec"
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
	got, err := codec.UnmarshalItem(r.PlaintextItem)
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

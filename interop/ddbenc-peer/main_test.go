package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const oneCase = `{"name": "made/here", "table_name": "t", "partition_key": "pk", "sort_key": null,
	"attribute_actions": {"attributes": {"pk": "SIGN_ONLY"}, "default": "ENCRYPT_AND_SIGN"},
	"provider": {
		"type": "static",
		"encryption": {"algorithm": "AES", "key_b64": "AAECAwQFBgcICQoLDA0ODw=="},
		"signing": {"algorithm": "HmacSHA256", "key_b64": "AAECAwQFBgcICQoLDA0ODw=="}
	},
	"plaintext_item": {"pk": {"S": "1"}, "a": {"N": "1.50"}}}`

const dbesdkCaseText = `{"name": "made/too", "table_name": "t", "partition_key": "pk", "sort_key": null,
	"attribute_actions": {"attributes": {"pk": "SIGN_ONLY", "a": "ENCRYPT_AND_SIGN"}},
	"provider": {"type": "raw_aes", "key_namespace": "ns", "key_name": "k", "key_b64": "AAECAwQFBgcICQoLDA0ODw=="},
	"plaintext_item": {"pk": {"S": "1"}, "a": {"N": "1.50"}}}`

const kmsProvider = `{"type": "aws_kms", "key_id": "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	"fake_kms": {"plaintext_b64": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "ciphertext_blob_b64": "AQID"}}`

func TestRun(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustRun := func(verb, in, out string) string {
		t.Helper()
		if err := run(t.Context(), verb, path(in), path(out)); err != nil {
			t.Fatalf("%s %s: %v", verb, in, err)
		}
		data, err := os.ReadFile(path(out))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}

	for _, in := range []string{"[" + oneCase + "]", `{"cases": [` + oneCase + `]}`} {
		write("in.json", in)
		if got := mustRun("encrypt", "in.json", "stored.json"); !strings.Contains(got, `"encrypted_item":{"*amzn-ddb-map-desc*"`) {
			t.Errorf("encrypt wrote %s", got)
		}
		const want = `[{"name":"made/here","client":"go-ddbec","plaintext_item":{"a":{"N":"1.5"},"pk":{"S":"1"}}}]` + "\n"
		if got := mustRun("decrypt", "stored.json", "read.json"); got != want {
			t.Errorf("decrypt wrote %s, want %s", got, want)
		}
		if got := mustRun("decrypt", "in.json", "read.json"); !strings.Contains(got, `"error":"the case has no encrypted_item"`) {
			t.Errorf("decrypt of a case that nobody wrote gave %s", got)
		}
	}
	// In one list the format of each case is told by the case.
	withKMS := func(text string) string {
		t.Helper()
		var c map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		c["provider"] = json.RawMessage(kmsProvider)
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	write("in.json", "["+strings.Join([]string{oneCase, dbesdkCaseText, withKMS(oneCase), withKMS(dbesdkCaseText)}, ",")+"]")
	var stored []struct {
		Client    string                       `json:"client"`
		Encrypted map[string]json.RawMessage   `json:"encrypted_item"`
		Requests  []struct{ Operation string } `json:"kms_requests"`
	}
	if err := json.Unmarshal([]byte(mustRun("encrypt", "in.json", "stored.json")), &stored); err != nil {
		t.Fatal(err)
	}
	for i, attribute := range []string{"*amzn-ddb-map-sig*", "aws_dbe_head", "*amzn-ddb-map-sig*", "aws_dbe_head"} {
		if stored[i].Encrypted[attribute] == nil {
			t.Errorf("case %d has no %s: %v", i, attribute, stored[i])
		}
		if asked := i >= 2; asked != (len(stored[i].Requests) == 1) {
			t.Errorf("case %d has the requests %v", i, stored[i].Requests)
		}
	}
	read := mustRun("decrypt", "stored.json", "read.json")
	if got := strings.Count(read, `"plaintext_item":{"a":{"N":"1.5"},"pk":{"S":"1"}}`); got != 4 {
		t.Errorf("decrypt of both formats wrote %s", read)
	}
	write("in.json", "[]")
	if got := mustRun("encrypt", "in.json", "out.json"); got != "[]\n" {
		t.Errorf("encrypt of no cases wrote %s", got)
	}
	for name, in := range map[string]string{"something else": `[{"a": 1}]`, "no JSON": "x"} {
		write("in.json", in)
		if err := run(t.Context(), "encrypt", path("in.json"), path("out.json")); err == nil {
			t.Errorf("encrypt of %s gave no error", name)
		}
	}
	if err := run(t.Context(), "decrypt", path("missing.json"), path("out.json")); err == nil {
		t.Error("decrypt of a missing file gave no error")
	}
}

package dbesdkvec

import (
	"encoding/json"
	"strings"
	"testing"
)

// aStore is a key store with one version of the branch key "b".
const aStore = `{"table_name": "keys", "logical_name": "store", "kms_arn": "arn:aws:kms:us-west-2:111122223333:key/9d989aa2-2f9c-438c-a745-cc57d3ad0126",
	"items": [` + aRow + `"type": {"S": "branch:version:4a0c7b92-3703-4209-8961-24b07ab6562b"}, "enc": {"B": "AQ=="}},
		` + aRow + `"type": {"S": "branch:ACTIVE"}, "version": {"S": "branch:version:4a0c7b92-3703-4209-8961-24b07ab6562b"}, "enc": {"B": "Ag=="}}],
	"kms_keys": [{"ciphertext_b64": "AQ==", "plaintext_b64": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
		{"ciphertext_b64": "Ag==", "plaintext_b64": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}`

const aRow = `{"branch-key-id": {"S": "b"}, "create-time": {"S": "2024-06-01T10:00:00.000000Z"}, "hierarchy-version": {"N": "1"},
	"kms-arn": {"S": "arn:aws:kms:us-west-2:111122223333:key/9d989aa2-2f9c-438c-a745-cc57d3ad0126"}, `

func TestHierarchicalCase(t *testing.T) {
	with := func(store string) *Case {
		t.Helper()
		c, err := parseCase(t, aCase).With(map[string]any{"provider": json.RawMessage(`{"type": "hierarchical", "branch_key_id": "b", "key_store": ` + store + `}`)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	testWriting(t, with(aStore))
	testAskedOnce(t, with(aStore))
	for name, store := range map[string]string{
		"no store":           "null",
		"another KMS key":    strings.Replace(aStore, "9d989aa2", "00000000", 1),
		"no active version":  strings.Replace(aStore, "branch:ACTIVE", "branch:PASSIVE", 1),
		"unknown ciphertext": strings.Replace(aStore, `"ciphertext_b64": "Ag=="`, `"ciphertext_b64": "Aw=="`, 1),
	} {
		if out, err := with(store).Encrypt(t.Context()); err != nil || out.Error == "" {
			t.Errorf("%s: Encrypt = %+v, %v, want its error", name, out, err)
		}
	}
}

// testAskedOnce: KMS decrypts the branch key for the first item that c's encryptor
// writes, and isn't asked again for the second.
func testAskedOnce(t *testing.T, c *Case) {
	log := new(requestLog)
	e, err := c.encryptor(t.Context(), log, true)
	if err != nil {
		t.Fatal(err)
	}
	item, err := c.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := e.Encrypt(t.Context(), item); err != nil {
			t.Fatal(err)
		}
	}
	if len(log.requests) != 1 {
		t.Errorf("two items made %d requests to KMS, want 1: %v", len(log.requests), log.requests)
	}
}

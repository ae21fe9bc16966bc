package dbesdkvec

import (
	"context"
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/keyring"
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

// storeRequest is a request to KMS as a case tells it.
type storeRequest struct {
	Operation string            `json:"operation"`
	KeyID     string            `json:"KeyId"`
	Blob      []byte            `json:"CiphertextBlob"`
	Context   map[string]string `json:"EncryptionContext"`
}

// recordingKMS remembers what it is asked.
type recordingKMS struct {
	*storeServices
	requests []storeRequest
}

func (r *recordingKMS) Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	r.requests = append(r.requests, storeRequest{"Decrypt", *in.KeyId, in.CiphertextBlob, in.EncryptionContext})
	return r.storeServices.Decrypt(ctx, in, opts...)
}

// TestVectorsBranchKeyRequests: writing an item asks KMS what the other client's
// writer asked.
func TestVectorsBranchKeyRequests(t *testing.T) {
	cases, err := Load(filepath.Join(vectorsDir(t), "generated"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, c := range cases {
		if c.Provider.Type != typeStore || c.members["kms_requests"] == nil || c.Skip() != "" || c.Category == "negative" {
			continue
		}
		ran++
		var want []storeRequest
		if err := json.Unmarshal(c.members["kms_requests"], &want); err != nil {
			t.Fatal(err)
		}
		services, err := newStoreServices(c.Provider.KeyStore)
		if err != nil {
			t.Fatal(err)
		}
		kms := &recordingKMS{storeServices: services}
		s := c.Provider.KeyStore
		store, err := keyring.NewBranchKeyStore(services, kms, s.Table, s.Name, keyring.KMSKeyARN(s.KMSKey))
		if err != nil {
			t.Fatal(err)
		}
		k, err := keyring.NewHierarchical(store, c.Provider.BranchKeyID)
		if err != nil {
			t.Fatal(err)
		}
		e, err := c.Encryptor(k)
		if err != nil {
			t.Fatal(err)
		}
		item, err := c.Plaintext()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second one asks nothing
			if _, err := e.Encrypt(t.Context(), item); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(kms.requests, want) {
			t.Errorf("%s: requests (-want +got):\n%s", c.Name, cmp.Diff(want, kms.requests))
		}
	}
	if ran == 0 {
		t.Error("no case of a branch key has requests to KMS")
	}
	t.Logf("%d cases ran", ran)
}

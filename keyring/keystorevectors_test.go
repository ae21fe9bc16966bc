package keyring

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/internal/testenv"
)

// A storeVector is the table of a key store that another client wrote, what KMS
// decrypts its ciphertexts to, and what that client asked KMS when it read them.
type storeVector struct {
	file       string
	name, arn  string
	rows       []map[string]types.AttributeValue
	plaintexts map[string][]byte // by ciphertext
	requests   []*kms.DecryptInput
}

// TestVectorsKeyStore reads every row of every key store in the vectors, whatever
// files they are in, and compares what KMS is asked with what the clients asked.
func TestVectorsKeyStore(t *testing.T) {
	dir := testenv.Vectors(t, "dbesdk")
	var vectors []storeVector
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var doc any
		if err := json.Unmarshal(data, &doc); err != nil {
			return err
		}
		findStores(t, filepath.Base(path), doc, nil, &vectors)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rows, requests := 0, 0
	for _, v := range vectors {
		rows += len(v.rows)
		requests += v.run(t)
	}
	t.Logf("%d rows of %d key stores were read, and %d requests to KMS compared", rows, len(vectors), requests)
	if rows == 0 || requests == 0 {
		t.Fatalf("no key store found below %s", dir)
	}
}

// findStores adds the key stores in a JSON document, of the shape of the generated
// vectors and of the official ones. In is the object that holds doc.
func findStores(t *testing.T, file string, doc any, in map[string]any, found *[]storeVector) {
	switch doc := doc.(type) {
	case []any:
		for _, d := range doc {
			findStores(t, file, d, in, found)
		}
	case map[string]any:
		blobs, _ := in["kmsBlobs"].(map[string]any)
		switch keys, _ := doc["kms_keys"].([]any); {
		case keys != nil:
			v := storeVector{file: file, name: doc["logical_name"].(string), arn: doc["kms_arn"].(string), plaintexts: map[string][]byte{}}
			for _, row := range doc["items"].([]any) {
				v.addRow(t, row)
			}
			for _, k := range keys {
				k := k.(map[string]any)
				v.plaintexts[string(base64Of(t, k["ciphertext_b64"]))] = base64Of(t, k["plaintext_b64"])
			}
			*found = append(*found, v)
			return
		case blobs != nil && doc["logicalKeyStoreName"] != nil:
			v := storeVector{file: file, name: doc["logicalKeyStoreName"].(string), arn: doc["kmsKeyArn"].(string), plaintexts: map[string][]byte{}}
			for _, when := range []string{"itemsAfterCreateKey", "itemsAfterVersionKey"} {
				v := v
				v.rows = nil
				for _, row := range doc[when].(map[string]any) {
					v.addRow(t, row)
				}
				for from, to := range blobs {
					v.plaintexts[string(hexOf(t, from))] = hexOf(t, to)
				}
				*found = append(*found, v)
			}
			return
		}
		first := len(*found)
		for _, d := range doc {
			findStores(t, file, d, doc, found)
		}
		if requests, _ := doc["kms_requests"].([]any); requests != nil {
			for i := range (*found)[first:] {
				(*found)[first+i].addRequests(t, requests)
			}
		}
	}
}

func (v *storeVector) addRow(t *testing.T, row any) {
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	item, err := codec.UnmarshalItem(text)
	if err != nil {
		t.Fatal(err)
	}
	v.rows = append(v.rows, item)
}

// addRequests adds those of a case that are for branch keys.
func (v *storeVector) addRequests(t *testing.T, requests []any) {
	for _, r := range requests {
		r := r.(map[string]any)
		entries, _ := r["EncryptionContext"].(map[string]any)
		if r["operation"] != "Decrypt" || entries["tablename"] == nil {
			continue
		}
		in := &kms.DecryptInput{
			KeyId: aws.String(r["KeyId"].(string)), CiphertextBlob: base64Of(t, r["CiphertextBlob"]), EncryptionContext: map[string]string{},
		}
		for name, value := range entries {
			in.EncryptionContext[name] = value.(string)
		}
		v.requests = append(v.requests, in)
	}
}

func base64Of(t *testing.T, v any) []byte {
	b, err := base64.StdEncoding.DecodeString(v.(string))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func hexOf(t *testing.T, v any) []byte {
	b, err := hex.DecodeString(v.(string))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run reads all rows, and returns how many of the client's requests were seen.
func (v *storeVector) run(t *testing.T) int {
	fake := &vectorStore{storeVector: v}
	for _, keys := range []KMSConfiguration{KMSKeyARN(v.arn), KMSMRKeyARN(v.arn), KMSDiscovery(), KMSMRDiscovery(strings.Split(v.arn, ":")[3])} {
		s, err := NewBranchKeyStore(fake, fake, storeTable, v.name, keys)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range v.rows {
			id, typ := stringValue(item[attrBranchKeyID]), stringValue(item[attrType])
			k, err := readType(t.Context(), s, id, typ)
			if err != nil {
				t.Errorf("%s: %v", v.file, err)
				continue
			}
			row, err := parseKeyRow(item)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(k.Bytes(), v.plaintexts[string(row.enc)]) || k.ID != id || k.Version != row.version() {
				t.Errorf("%s: row %v gives %v, or another key", v.file, row, k)
			}
			if !reflect.DeepEqual(row.item(), item) {
				t.Errorf("%s: row %v written again differs", v.file, row)
			}
		}
	}
	seen := 0
	for _, want := range v.requests {
		for _, got := range fake.got {
			if bytes.Equal(got.CiphertextBlob, want.CiphertextBlob) {
				seen++
				equal(t, "request to KMS", got, want)
				break
			}
		}
	}
	if seen != len(v.requests) {
		t.Errorf("%s: %d of %d requests to KMS were made", v.file, seen, len(v.requests))
	}
	return seen
}

// A vectorStore is the table and the KMS of a vector. KMS there binds nothing; the
// requests tell.
type vectorStore struct {
	*storeVector
	BranchKeyStoreKMSClient
	BranchKeyStoreClient
	got []*kms.DecryptInput
}

func (v *vectorStore) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	for _, row := range v.rows {
		if reflect.DeepEqual(rowKeyOf(row), in.Key) {
			return &dynamodb.GetItemOutput{Item: row}, nil
		}
	}
	return &dynamodb.GetItemOutput{}, nil
}

func (v *vectorStore) Decrypt(_ context.Context, in *kms.DecryptInput, _ ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	v.got = append(v.got, in)
	plaintext, ok := v.plaintexts[string(in.CiphertextBlob)]
	if !ok {
		return nil, &kmstypes.InvalidCiphertextException{}
	}
	return &kms.DecryptOutput{KeyId: in.KeyId, Plaintext: bytes.Clone(plaintext)}, nil
}

package ddbenc_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// The formulas of docs/formats.md, in bytes. A value of n bytes is a string or
// binary value here.

func encryptedDBESDK(n int) int { return n + 18 }

// dbesdkItem is what DB-ESDK adds to an item with so many signed attributes, the
// keys among them, besides what encrypted values grow.
func dbesdkItem(signed int, ecdsa bool, dataKeys ...dataKeySize) int {
	size := 95 + signed
	if ecdsa {
		size += 196
	}
	for _, k := range dataKeys {
		size += 54 + k.provider + k.info + k.ciphertext
	}
	return size
}

type dataKeySize struct{ provider, info, ciphertext int }

func encryptedDDBEC(n int) int { return 16 + 16*((n+6)/16+1) }

// ddbecItem is what DDBEC adds to an item with this material description.
func ddbecItem(signature int, description map[string]string) int {
	size := 37 + signature + 4
	for key, value := range description {
		size += 8 + len(key) + len(value)
	}
	return size
}

func TestSizeFormulas(t *testing.T) {
	kms := ddbenctest.NewKMS(t)
	kmsKey := kms.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	hierarchical := branchKeyring(t, kms, kmsKey) // branch key "visitors"
	aes := dataKeySize{len("tests"), len("key 1") + 20, 96}
	branch := dataKeySize{len("aws-kms-hierarchy"), len("visitors"), 140}
	both := must(keyring.NewMulti(testKeyring, hierarchical))
	for name, tt := range map[string]struct {
		format    crypt.Format
		encrypted func(int) int
		fixed     func(avItem) int
	}{
		"raw AES, no ECDSA": {crypt.NewDBESDK(testKeyring, crypt.WriteSuite(crypt.SuiteMAC)), encryptedDBESDK,
			func(it avItem) int { return dbesdkItem(len(it), false, aes) }},
		"raw AES":    {crypt.NewDBESDK(testKeyring), encryptedDBESDK, func(it avItem) int { return dbesdkItem(len(it), true, aes) }},
		"branch key": {crypt.NewDBESDK(hierarchical), encryptedDBESDK, func(it avItem) int { return dbesdkItem(len(it), true, branch) }},
		"two data keys": {crypt.NewDBESDK(both, crypt.WriteSuite(crypt.SuiteMAC)), encryptedDBESDK,
			func(it avItem) int { return dbesdkItem(len(it), false, aes, branch) }},
		"DDBEC": {testDDBEC, encryptedDDBEC, func(it avItem) int {
			return ddbecItem(32, map[string]string{"amzn-ddb-map-sym-mode": "/CBC/PKCS5Padding", "amzn-ddb-map-signingAlg": "HmacSHA256"})
		}},
	} {
		enc := must(tt.format.ForTable(crypt.Table{Name: "sizes", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}))
		for _, lengths := range [][]int{{}, {0}, {1, 9, 10}, {15, 16, 17, 1000}} {
			plain, want := avItem{"id": s("1")}, len("id")+1
			for i, n := range lengths {
				a := fmt.Sprint("a", i)
				plain[a] = s(strings.Repeat("x", n))
				want += len(a) + tt.encrypted(n)
			}
			want += tt.fixed(plain)
			stored := must(enc.Encrypt(t.Context(), plain))
			got := 0
			for _, name := range slices.Sorted(maps.Keys(stored)) {
				got += len(name)
				switch v := stored[name].(type) {
				case *types.AttributeValueMemberB:
					got += len(v.Value)
				case *types.AttributeValueMemberS:
					got += len(v.Value)
				}
			}
			if got != want {
				t.Errorf("%s: values of %d bytes make an item of %d bytes, want %d", name, lengths, got, want)
			}
		}
	}
}

package keyring_test

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// counting returns the bytes 0 to n-1.
func counting(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func hmacKey(t testing.TB, alg string, key []byte) *crypt.SigningKey {
	t.Helper()
	k, err := crypt.NewHMACKey(alg, key, crypt.AllowWeakKey())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func privateKey(t testing.TB, name string) *keyring.PrivateKey {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	key, err := keyring.ParsePrivateKey(data)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// exampleTable is the table of the spec's worked examples.
func exampleTable(t testing.TB, p crypt.Provider) crypt.Encryptor {
	t.Helper()
	return table(t, p, crypt.EncryptAndSign)
}

// signOnlyTable is the same table with nothing encrypted.
func signOnlyTable(t testing.TB, p crypt.Provider) crypt.Encryptor {
	t.Helper()
	return table(t, p, crypt.SignOnly)
}

func table(t testing.TB, p crypt.Provider, a crypt.Action) crypt.Encryptor {
	t.Helper()
	e, err := crypt.NewDDBEC(p).ForTable(crypt.Table{
		Name: "T", PartitionKey: "hk",
		Actions: crypt.Actions{Default: crypt.DoNothing, Attributes: map[string]crypt.Action{"hk": crypt.SignOnly, "a": a}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func exampleContext(description map[string]string) *crypt.EncryptionContext {
	return &crypt.EncryptionContext{TableName: "T", PartitionKey: "hk", Item: examplePlaintext(), Description: description}
}

func examplePlaintext() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"hk": &types.AttributeValueMemberS{Value: "p"},
		"a":  &types.AttributeValueMemberS{Value: "secret"},
		"x":  &types.AttributeValueMemberN{Value: "1.10"},
	}
}

// exampleItem is the item of the worked examples as stored.
func exampleItem(t testing.TB, a, signature, description string) map[string]types.AttributeValue {
	t.Helper()
	item := examplePlaintext()
	item["a"] = &types.AttributeValueMemberB{Value: unhex(t, a)}
	item[crypt.DDBECSignature] = &types.AttributeValueMemberB{Value: unhex(t, signature)}
	item[crypt.DDBECDescription] = &types.AttributeValueMemberB{Value: unhex(t, description)}
	return item
}

// description returns an item's material description.
func description(t testing.TB, item map[string]types.AttributeValue) map[string]string {
	t.Helper()
	d, err := codec.DecodeDescription(item[crypt.DDBECDescription].(*types.AttributeValueMemberB).Value)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// describe returns a copy of item with another material description.
func describe(t testing.TB, item map[string]types.AttributeValue, d map[string]string) map[string]types.AttributeValue {
	t.Helper()
	b, err := codec.AppendDescription(nil, d)
	if err != nil {
		t.Fatal(err)
	}
	changed := make(map[string]types.AttributeValue, len(item))
	for name, v := range item {
		changed[name] = v
	}
	changed[crypt.DDBECDescription] = &types.AttributeValueMemberB{Value: b}
	return changed
}

package crypt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/redacttest"
)

// ownKeys is a keyring and a provider of a program, which takes no care of how it
// prints.
type ownKeys struct {
	crypt.Keyring
	crypt.Provider
	key []byte
}

// Whatever holds keys or the values of an item prints without them.
func TestPrintingShowsNoSecrets(t *testing.T) {
	const plaintext = "planted-plaintext"
	newKey := func() []byte {
		key := make([]byte, 32)
		rand.Read(key)
		return key
	}
	contentKey, hmacKey, dataKey, macKey, ownKey := newKey(), newKey(), newKey(), newKey(), newKey()
	content, err := crypt.NewContentKey(contentKey)
	if err != nil {
		t.Fatal(err)
	}
	signing, err := crypt.NewHMACKey("HmacSHA256", hmacKey)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecScalar, err := ecKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	withRSA, err := crypt.NewSigningKey("SHA256withRSA", rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	withECDSA, err := crypt.NewSigningKey("SHA384withECDSA", ecKey)
	if err != nil {
		t.Fatal(err)
	}

	own := &ownKeys{key: ownKey}
	ddbec := crypt.NewDDBEC(own)
	dbesdk := crypt.NewDBESDK(own)
	managed := crypt.NewDBESDKManaged(crypt.ManageKeyring(own))
	table := crypt.Table{Name: "t", PartitionKey: "pk", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}
	kc, err := crypt.NewKeyContext(crypt.SuiteMAC, map[string]string{"aws-crypto-attr.pk": plaintext})
	if err != nil {
		t.Fatal(err)
	}
	required, err := crypt.RequireContext(crypt.ManageKeyring(own), "entry")
	if err != nil {
		t.Fatal(err)
	}
	values := []any{
		content, signing, signing.VerificationKey(), withRSA, withRSA.VerificationKey(), withECDSA,
		&crypt.EncryptionMaterials{ContentKey: content, SigningKey: signing, Description: map[string]string{"entry": plaintext}},
		&crypt.DecryptionMaterials{ContentKey: content, VerificationKey: signing.VerificationKey()},
		crypt.EncryptionContext{TableName: "t", Item: item{"pk": str(plaintext), "b": bin(dataKey)}, Description: map[string]string{"entry": plaintext}},
		crypt.WrappedKey{EncryptedDataKey: crypt.EncryptedDataKey{ProviderID: "p"}, MACKey: macKey},
		crypt.UnwrappedKey{DataKey: dataKey, MACKey: macKey},
		kc,
		&crypt.MaterialsRequest{Context: kc, Stored: map[string]string{"entry": plaintext}},
		&crypt.Materials{Keyring: own, Stored: map[string]string{"entry": plaintext}, Reproduced: map[string]string{"entry": plaintext}},
		ddbec, dbesdk, managed, crypt.Migrate(dbesdk, ddbec, crypt.ForgeablePlaintext()),
		crypt.WrittenWith(ddbec, crypt.Actions{}), crypt.ManageKeyring(own), required,
		&crypt.AttributeError{Op: "decrypt", Name: "name", Err: errors.New("failed")},
	}
	for _, f := range []crypt.Format{ddbec, dbesdk, managed, crypt.Migrate(dbesdk, ddbec)} {
		e, err := f.ForTable(table)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, e)
		_, err = e.Decrypt(t.Context(), item{"pk": str(plaintext)})
		values = append(values, err)
	}

	p := redacttest.Package{
		Secrets: []redacttest.Secret{
			redacttest.Key("content key", contentKey), redacttest.Key("HMAC key", hmacKey),
			redacttest.Key("data key", dataKey), redacttest.Key("MAC key", macKey), redacttest.Key("own key", ownKey),
			redacttest.Number("RSA key", rsaKey.D), redacttest.Number("RSA prime", rsaKey.Primes[0]),
			redacttest.Key("ECDSA key", ecScalar),
			redacttest.Text("plaintext", plaintext),
		},
		Values: values,
		Without: map[string]string{
			"Action":           "a number",
			"Actions":          "names of attributes and what is done to them",
			"EncryptedDataKey": "what an item stores, readable by everyone",
			"Inspection":       "what an item stores, readable by everyone",
			"DataKeyInfo":      "names of keys, which an item stores",
			"Kind":             "a number",
			"Suite":            "a number",
			"Table":            "names and actions",
		},
		Open: map[string]string{
			"EncryptionContext":   "its fields are for providers",
			"EncryptionMaterials": "its description is stored, readable by everyone",
			"KeyContext":          "its entries are stored, readable by everyone",
			"Materials":           "its fields are for managers",
			"MaterialsRequest":    "its fields are for managers",
			"UnwrappedKey":        "its fields are for keyrings",
			"WrappedKey":          "its fields are for keyrings",
		},
	}
	p.Test(t)
}

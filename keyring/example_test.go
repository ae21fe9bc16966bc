package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// readSecret stands for wherever a program gets its keys from.
func readSecret(name string) []byte {
	return bytes.Repeat([]byte(name[:1]), 32)
}

// readFile is os.ReadFile for examples.
func readFile(name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

func encryptor(p crypt.Provider) crypt.Encryptor {
	e, err := crypt.NewDDBEC(p).ForTable(crypt.Table{
		Name: "patients", PartitionKey: "id",
		Actions: crypt.Actions{Default: crypt.EncryptAndSign},
	})
	if err != nil {
		log.Fatal(err)
	}
	return e
}

func patient() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"id":   &types.AttributeValueMemberS{Value: "p-1"},
		"name": &types.AttributeValueMemberS{Value: "Ada"},
	}
}

// name returns the name in an item that was read.
func name(item map[string]types.AttributeValue, err error) string {
	if err != nil {
		return err.Error()
	}
	return item["name"].(*types.AttributeValueMemberS).Value
}

func ExampleNewStatic() {
	provider, err := keyring.NewStatic(readSecret("content key"), readSecret("signing key"))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	patients := encryptor(provider)
	stored, err := patients.Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("stored name is %T\n", stored["name"])
	fmt.Println(name(patients.Decrypt(ctx, stored)))
	// Output:
	// stored name is *types.AttributeValueMemberB
	// Ada
}

// A service that may read and must not write.
func ExampleNewStaticKeys() {
	content, err := crypt.NewContentKey(readSecret("content key"))
	if err != nil {
		log.Fatal(err)
	}
	public, err := keyring.ParsePublicKey(readFile("testdata/rsa-public.pem"))
	if err != nil {
		log.Fatal(err)
	}
	verification, err := crypt.NewVerificationKey("SHA256withRSA", public)
	if err != nil {
		log.Fatal(err)
	}
	reader, err := keyring.NewStaticKeys(keyring.StaticKeys{Content: content, Verification: verification})
	if err != nil {
		log.Fatal(err)
	}
	_, err = encryptor(reader).Encrypt(context.Background(), patient())
	fmt.Println(errors.Is(err, crypt.ErrNoKey), err)
	// Output:
	// true ddbenc: no key for this item: the static provider has no signing key and only reads
}

func ExampleNewWrapped() {
	provider, err := keyring.NewWrapped(readSecret("wrapping key"), readSecret("signing key"))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	patients := encryptor(provider)
	stored, err := patients.Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(patients.Decrypt(ctx, stored)))
	// Output:
	// Ada
}

// Content keys are wrapped for one key pair and items are signed with another.
func ExampleNewWrappedRSA() {
	wrapping, err := keyring.ParsePrivateKey(readFile("testdata/rsa.pem"))
	if err != nil {
		log.Fatal(err)
	}
	pair, err := keyring.ParsePrivateKey(readFile("testdata/ec-pkcs8.pem"))
	if err != nil {
		log.Fatal(err)
	}
	signing, err := crypt.NewSigningKey("SHA256withECDSA", pair)
	if err != nil {
		log.Fatal(err)
	}
	provider, err := keyring.NewWrappedRSA(wrapping, signing)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	patients := encryptor(provider)
	stored, err := patients.Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(patients.Decrypt(ctx, stored)))
	// Output:
	// Ada
}

// A service that collects items without being able to read them has the public
// wrapping key. One that reads them without being able to write has the private
// wrapping key and the public signing key.
func ExampleNewWrappedKeys() {
	private, err := keyring.ParsePrivateKey(readFile("testdata/rsa.pem"))
	if err != nil {
		log.Fatal(err)
	}
	signing, err := crypt.NewHMACKey("HmacSHA512", readSecret("signing key"))
	if err != nil {
		log.Fatal(err)
	}
	wrap, err := keyring.NewRSAWrappingKey(private.Public())
	if err != nil {
		log.Fatal(err)
	}
	writer, err := keyring.NewWrappedKeys(keyring.WrappedKeys{Wrapping: wrap, Signing: signing})
	if err != nil {
		log.Fatal(err)
	}
	unwrap, err := keyring.NewRSAUnwrappingKey(private)
	if err != nil {
		log.Fatal(err)
	}
	reader, err := keyring.NewWrappedKeys(keyring.WrappedKeys{Unwrapping: unwrap, Verification: signing.VerificationKey()})
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	stored, err := encryptor(writer).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(encryptor(writer).Decrypt(ctx, stored)))
	fmt.Println(name(encryptor(reader).Decrypt(ctx, stored)))
	// Output:
	// ddbenc: no key for this item: the wrapped provider has no unwrapping key and only writes
	// Ada
}

func ExampleParsePrivateKey() {
	key, err := keyring.ParsePrivateKey(readFile("testdata/rsa.pem"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v has a public key of type %T\n", key, key.Public())
	// Output:
	// PrivateKey(REDACTED) has a public key of type *rsa.PublicKey
}

func ExampleParsePublicKey() {
	_, err := keyring.ParsePublicKey(readFile("testdata/rsa.pem"))
	fmt.Println(err)
	// Output:
	// ddbenc: bad configuration: PEM block is "PRIVATE KEY", want a public key
}

func ExampleWithDescription() {
	provider, err := keyring.NewWrapped(readSecret("wrapping key"), readSecret("signing key"),
		keyring.WithDescription(map[string]string{"amzn-ddb-env-alg": "AES/128", "owner": "clinic-7"}))
	if err != nil {
		log.Fatal(err)
	}
	materials, err := provider.EncryptionMaterials(context.Background(), &crypt.EncryptionContext{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(materials.Description["owner"], materials.Description["amzn-ddb-env-alg"])
	// Output:
	// clinic-7 AES/128
}

func ExampleRequireDescription() {
	mark := map[string]string{"owner": "clinic-7"}
	provider, err := keyring.NewStatic(readSecret("content key"), readSecret("signing key"),
		keyring.WithDescription(mark), keyring.RequireDescription(mark))
	if err != nil {
		log.Fatal(err)
	}
	_, err = provider.DecryptionMaterials(context.Background(),
		&crypt.EncryptionContext{Description: map[string]string{"owner": "clinic-8"}})
	fmt.Println(err)
	// Output:
	// ddbenc: no key for this item: its description has another value of "owner"
}

// Items of an old release of the Java client, which wrapped with PKCS #1 v1.5,
// stay readable. Those that are written are wrapped with OAEP.
func ExampleAllowPKCS1v15() {
	private, err := keyring.ParsePrivateKey(readFile("testdata/rsa.pem"))
	if err != nil {
		log.Fatal(err)
	}
	signing, err := crypt.NewHMACKey("HmacSHA256", readSecret("signing key"))
	if err != nil {
		log.Fatal(err)
	}
	provider, err := keyring.NewWrappedRSA(private, signing, keyring.AllowPKCS1v15())
	if err != nil {
		log.Fatal(err)
	}
	old := map[string]string{"amzn-ddb-env-key": string(readFile("testdata/pkcs1v15-32.b64"))}
	materials, err := provider.DecryptionMaterials(context.Background(), &crypt.EncryptionContext{Description: old})
	fmt.Println(materials.ContentKey, err)
	// Output:
	// ContentKey(REDACTED) <nil>
}

// A table moves from keys in the program to KMS while it is in use: new items are
// written with KMS, old ones stay readable until they were written again.
func ExampleNewSeveral() {
	service := ddbenctest.NewKMS(nil)
	after, err := keyring.NewKMS(service.Client("eu-west-1"), service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"}))
	if err != nil {
		log.Fatal(err)
	}
	before, err := keyring.NewStatic(readSecret("content key"), readSecret("signing key"))
	if err != nil {
		log.Fatal(err)
	}
	provider, err := keyring.NewSeveral(after, before)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	stored, err := encryptor(before).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(encryptor(provider).Decrypt(ctx, stored)))
	stored, err = encryptor(provider).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(encryptor(after).Decrypt(ctx, stored)))
	// Output:
	// Ada
	// Ada
}

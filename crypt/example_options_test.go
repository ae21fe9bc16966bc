package crypt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// signing returns the encryptor of a table in which everything is signed and
// nothing encrypted.
func signing(name string, keys keyring.StaticKeys, opts ...crypt.DDBECOption) crypt.Encryptor {
	provider, err := keyring.NewStaticKeys(keys)
	if err != nil {
		log.Fatal(err)
	}
	enc, err := crypt.NewDDBEC(provider, opts...).ForTable(crypt.Table{
		Name: name, PartitionKey: "id", Actions: crypt.Actions{Default: crypt.SignOnly},
	})
	if err != nil {
		log.Fatal(err)
	}
	return enc
}

func exampleMAC() keyring.StaticKeys {
	key, err := crypt.NewHMACKey("HmacSHA384", make([]byte, 48)) // use a random key
	if err != nil {
		log.Fatal(err)
	}
	return keyring.StaticKeys{Signing: key}
}

func exampleItem(attribute string, v types.AttributeValue) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "p-1"}, attribute: v}
}

// A table that was restored under another name is read by its old one, which is
// part of what was signed.
func ExampleOverrideTableNames() {
	ctx := context.Background()
	stored, err := signing("patients", exampleMAC()).Encrypt(ctx, exampleItem("clinic", &types.AttributeValueMemberS{Value: "north"}))
	if err != nil {
		log.Fatal(err)
	}
	_, err = signing("patients-restored", exampleMAC()).Decrypt(ctx, stored)
	fmt.Println(err)
	names := crypt.OverrideTableNames(map[string]string{"patients-restored": "patients"})
	_, err = signing("patients-restored", exampleMAC(), names).Decrypt(ctx, stored)
	fmt.Println(err)
	// Output:
	// ddbenc: item failed verification
	// <nil>
}

// Java and Python sort these two bytes differently. An item in either order is
// read here, but each of the old clients reads only its own.
func ExampleRefuseOrderDependent() {
	ctx := context.Background()
	item := exampleItem("tags", &types.AttributeValueMemberBS{Value: [][]byte{{0x7f}, {0x80}}})
	for _, order := range []codec.Order{codec.JavaOrder, codec.PythonOrder} {
		stored, err := signing("patients", exampleMAC(), crypt.WriteOrder(order)).Encrypt(ctx, item)
		if err != nil {
			log.Fatal(err)
		}
		_, err = signing("patients", exampleMAC()).Decrypt(ctx, stored)
		fmt.Println(order, err)
	}
	_, err := signing("patients", exampleMAC(), crypt.RefuseOrderDependent()).Encrypt(ctx, item)
	fmt.Println(err)
	// Output:
	// JavaOrder <nil>
	// PythonOrder <nil>
	// ddbenc: item can't be encrypted: the Java and the Python client sort its sets or names differently
}

// An ECDSA key signs what a program with the public key alone can verify. The key
// may be one that a security module keeps. The Python client knows no ECDSA.
func ExampleNewSigningKey() {
	ctx := context.Background()
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := crypt.NewSigningKey("SHA384withECDSA", private)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := crypt.NewVerificationKey("SHA384withECDSA", private.Public())
	if err != nil {
		log.Fatal(err)
	}
	stored, err := signing("patients", keyring.StaticKeys{Signing: signer}).Encrypt(ctx, exampleItem("clinic", &types.AttributeValueMemberS{Value: "north"}))
	if err != nil {
		log.Fatal(err)
	}
	reader := signing("patients", keyring.StaticKeys{Verification: verifier})
	_, err = reader.Decrypt(ctx, stored)
	fmt.Println(signer, err)
	_, err = reader.Encrypt(ctx, exampleItem("clinic", &types.AttributeValueMemberS{Value: "south"}))
	fmt.Println(errors.Is(err, crypt.ErrNoKey))
	// Output:
	// SigningKey(REDACTED) <nil>
	// true
}

// Which hash an RSA signature uses is written into the item, where nobody signs
// it. It counts only where it is allowed.
func ExampleAllowAlgorithms() {
	ctx := context.Background()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	old, err := crypt.NewSigningKey("SHA256withRSA", private)
	if err != nil {
		log.Fatal(err)
	}
	stored, err := signing("patients", keyring.StaticKeys{Signing: old}).Encrypt(ctx, exampleItem("clinic", &types.AttributeValueMemberS{Value: "north"}))
	if err != nil {
		log.Fatal(err)
	}
	for _, opts := range [][]crypt.KeyOption{nil, {crypt.AllowAlgorithms("SHA256withRSA")}} {
		key, err := crypt.NewVerificationKey("SHA512withRSA", private.Public(), opts...)
		if err != nil {
			log.Fatal(err)
		}
		_, err = signing("patients", keyring.StaticKeys{Verification: key}).Decrypt(ctx, stored)
		fmt.Println(err)
	}
	// Output:
	// ddbenc: item failed verification
	// <nil>
}

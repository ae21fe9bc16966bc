package keyring_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

func ExampleNewRawAES() {
	k, err := keyring.NewRawAES("my service", "2025", make([]byte, 32)) // use a random key
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := crypt.NewDBESDK(k).ForTable(crypt.Table{
		Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := enc.Encrypt(context.Background(), map[string]types.AttributeValue{
		"id":   &types.AttributeValueMemberS{Value: "p-1"},
		"name": &types.AttributeValueMemberS{Value: "Ada"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := enc.Decrypt(context.Background(), stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plain["name"].(*types.AttributeValueMemberS).Value)
	// Output: Ada
}

// A service writes for itself and for an archive, whose private key it doesn't have.
func ExampleNewMulti() {
	archiveKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		fmt.Println(err)
		return
	}
	own, err := keyring.NewRawAES("my service", "2025", make([]byte, 32)) // use a random key
	if err != nil {
		fmt.Println(err)
		return
	}
	archive, err := keyring.NewRawRSAPublic("archive", "2025", keyring.OAEPSHA256, archiveKey.Public())
	if err != nil {
		fmt.Println(err)
		return
	}
	both, err := keyring.NewMulti(own, archive)
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := crypt.NewDBESDK(both).ForTable(crypt.Table{
		Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := enc.Encrypt(context.Background(), map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "p-1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := crypt.Inspect(stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, k := range in.DataKeys {
		fmt.Println(k.Provider, k.Key)
	}
	// Output:
	// my service 2025
	// archive 2025
}

// The key changes. Items are written with the new one from now on, and those from
// before are still read.
func ExampleNewSeveralKeyrings() {
	ctx := context.Background()
	before, err := keyring.NewRawAES("my service", "2025", make([]byte, 32)) // use random keys
	if err != nil {
		fmt.Println(err)
		return
	}
	now, err := keyring.NewRawAES("my service", "2026", make([]byte, 32))
	if err != nil {
		fmt.Println(err)
		return
	}
	moving, err := keyring.NewSeveralKeyrings(now, before)
	if err != nil {
		fmt.Println(err)
		return
	}
	table := crypt.Table{Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}
	for _, k := range []crypt.Keyring{before, moving} {
		writer, err := crypt.NewDBESDK(k).ForTable(table)
		if err != nil {
			fmt.Println(err)
			return
		}
		reader, err := crypt.NewDBESDK(moving).ForTable(table)
		if err != nil {
			fmt.Println(err)
			return
		}
		stored, err := writer.Encrypt(ctx, map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "p-1"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		in, err := crypt.Inspect(stored)
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = reader.Decrypt(ctx, stored)
		fmt.Println(in.DataKeys[0].Key, err)
	}
	// Output:
	// 2025 <nil>
	// 2026 <nil>
}

// A collector writes items that only the analyst can read.
func ExampleNewRawECDHEphemeral() {
	analystKey, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	collector, err := keyring.NewRawECDHEphemeral(analystKey.PublicKey())
	if err != nil {
		fmt.Println(err)
		return
	}
	analyst, err := keyring.NewRawECDHDiscovery(analystKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	table := crypt.Table{Name: "events", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}
	writer, err := crypt.NewDBESDK(collector).ForTable(table)
	if err != nil {
		fmt.Println(err)
		return
	}
	reader, err := crypt.NewDBESDK(analyst).ForTable(table)
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := writer.Encrypt(context.Background(), map[string]types.AttributeValue{
		"id":   &types.AttributeValueMemberS{Value: "e-1"},
		"what": &types.AttributeValueMemberS{Value: "door opened"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = writer.Decrypt(context.Background(), stored)
	fmt.Println(err)
	plain, err := reader.Decrypt(context.Background(), stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plain["what"].(*types.AttributeValueMemberS).Value)
	// Output:
	// ddbenc: no key for this item: the ECDH keyring has no private key and only writes
	// door opened
}

package crypt_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

func ExampleNewDBESDK() {
	ctx := context.Background()
	k, err := keyring.NewRawAES("my service", "2025", make([]byte, 32)) // use a random key
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := crypt.NewDBESDK(k, crypt.WriteSuite(crypt.SuiteMAC)).ForTable(crypt.Table{
		Name:         "patients",
		PartitionKey: "id",
		Actions: crypt.Actions{
			Default:    crypt.EncryptAndSign,
			Attributes: map[string]crypt.Action{"clinic": crypt.SignAndIncludeInContext},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := enc.Encrypt(ctx, map[string]types.AttributeValue{
		"id":     &types.AttributeValueMemberS{Value: "p-1"},
		"name":   &types.AttributeValueMemberS{Value: "Ada"},
		"clinic": &types.AttributeValueMemberS{Value: "north"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := enc.Decrypt(ctx, stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("read:", plain["name"].(*types.AttributeValueMemberS).Value)

	delete(stored, "name")
	_, err = enc.Decrypt(ctx, stored)
	fmt.Println("removed:", err, errors.Is(err, crypt.ErrLegend))
	// Output:
	// read: Ada
	// removed: ddbenc: item failed verification: its signed attributes are not those that were written: only 2 attributes are signed now, 3 were true
}

func ExampleInspect() {
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
	in, err := crypt.Inspect(stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(in.Format, in.Version, in.Suite)
	fmt.Println(in.Legend)
	fmt.Printf("%+v\n", in.DataKeys)
	// Output:
	// DB-ESDK 1 ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384_SYMSIG_HMAC_SHA384
	// [SIGN_ONLY ENCRYPT_AND_SIGN]
	// [{Provider:my service Key:2025 BranchKeyVersion:}]
}

package crypt_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

func Example() {
	ctx := context.Background()
	provider, err := keyring.NewStatic(make([]byte, 32), make([]byte, 32)) // use random keys
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := crypt.NewDDBEC(provider).ForTable(crypt.Table{
		Name:         "patients",
		PartitionKey: "id",
		Actions: crypt.Actions{
			Default:    crypt.EncryptAndSign,
			Attributes: map[string]crypt.Action{"clinic": crypt.SignOnly},
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
	fmt.Printf("stored: id %T, name %T, clinic %T, %d attributes\n", stored["id"], stored["name"], stored["clinic"], len(stored))

	plain, err := enc.Decrypt(ctx, stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("read:", plain["name"].(*types.AttributeValueMemberS).Value)

	stored["clinic"] = &types.AttributeValueMemberS{Value: "south"}
	_, err = enc.Decrypt(ctx, stored)
	fmt.Println("changed:", err, errors.Is(err, crypt.ErrVerify))
	// Output:
	// stored: id *types.AttributeValueMemberS, name *types.AttributeValueMemberB, clinic *types.AttributeValueMemberS, 5 attributes
	// read: Ada
	// changed: ddbenc: item failed verification true
}

func ExampleDecryptJSON() {
	ctx := context.Background()
	provider, err := keyring.NewStatic(make([]byte, 32), make([]byte, 32)) // use random keys
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := crypt.NewDDBEC(provider).ForTable(crypt.Table{
		Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := crypt.EncryptJSON(ctx, enc, []byte(`{"id": {"S": "p-1"}, "age": {"N": "41.0"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := crypt.DecryptJSON(ctx, enc, stored)
	fmt.Println(string(plain), err)
	// Output:
	// {"age":{"N":"41"},"id":{"S":"p-1"}} <nil>
}

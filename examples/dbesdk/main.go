// Dbesdk stores items that the AWS Database Encryption SDK for Java, .NET and Rust
// reads too, with a branch key in a key store, and shows what the format keeps in
// the item: what was encrypted, and which key can decrypt it.
//
//	go run ./examples/dbesdk
//
// It runs on services inside the process. With DDBENC_ON_AWS=1 it uses the SDK's
// usual configuration instead.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/keyring"
)

const (
	tableName = "ddbenc-dbesdk"
	storeName = "ddbenc-dbesdk-keys"
	branchKey = "patients"
)

type Patient struct {
	ID     string   `dynamodbav:"patient_id,partition"`
	Name   string   `dynamodbav:"name" ddbenc:"encrypt"`
	Notes  []string `dynamodbav:"notes" ddbenc:"encrypt"`
	Clinic string   `dynamodbav:"clinic" ddbenc:"sign"`
	Views  int      `dynamodbav:"views" ddbenc:"none"`
}

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	db, err := services.DynamoDB(ctx)
	if err != nil {
		return err
	}
	service, err := services.KMS(ctx)
	if err != nil {
		return err
	}
	if err := services.CreateTable[Patient](ctx, db, tableName); err != nil {
		return err
	}
	store, err := openStore(ctx, db, service)
	if err != nil {
		return err
	}

	keys, err := keyring.NewHierarchical(store, branchKey)
	if err != nil {
		return err
	}
	patients, err := ddbenc.NewTable[Patient](db, tableName, crypt.NewDBESDK(keys))
	if err != nil {
		return err
	}

	fmt.Println("1. Put a patient and get it back.")
	if err := patients.Put(ctx, &Patient{ID: "p-1", Name: "Ada Lovelace", Notes: []string{"allergic to penicillin"}, Clinic: "north"}); err != nil {
		return err
	}
	p, err := patients.Get(ctx, ddbenc.Key("p-1"))
	if err != nil {
		return err
	}
	fmt.Printf("   %s, notes %q\n", p.Name, p.Notes)

	fmt.Println("\n2. What everybody sees of the stored item, without a key:")
	stored, err := raw(ctx, db)
	if err != nil {
		return err
	}
	in, err := crypt.Inspect(stored)
	if err != nil {
		return err
	}
	fmt.Printf("   %s, suite %v\n", in.Format, in.Suite)
	fmt.Printf("   actions %v\n", in.Legend)
	for _, k := range in.DataKeys {
		fmt.Printf("   data key of %s, branch key %q\n", k.Provider, k.Key)
	}

	fmt.Println("\n3. The header commits to the data key, so no other key gives another plaintext.")
	head := stored[crypt.DBESDKHeader].(*types.AttributeValueMemberB).Value
	head[len(head)-1] ^= 1 // of the commitment
	if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(tableName), Item: stored}); err != nil {
		return err
	}
	if _, err = patients.Get(ctx, ddbenc.Key("p-1")); !errors.Is(err, crypt.ErrCommitment) {
		return fmt.Errorf("the changed item was not refused: %w", err)
	}
	fmt.Println("   refused:", err)
	return nil
}

// openStore does what an administrator does once, and opens the store.
func openStore(ctx context.Context, db *dynamodb.Client, service *kms.Client) (*keyring.BranchKeyStore, error) {
	key, err := service.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("for the ddbenc example")})
	if err != nil {
		return nil, err
	}
	if _, err := keyring.CreateBranchKeyTable(ctx, db, storeName); err != nil {
		return nil, err
	}
	store, err := keyring.NewBranchKeyStore(db, service, storeName, storeName, keyring.KMSKeyARN(*key.KeyMetadata.Arn))
	if err != nil {
		return nil, err
	}
	return store, store.CreateKeyWithID(ctx, branchKey, map[string]string{"purpose": "example"})
}

// raw reads the item without ddbenc.
func raw(ctx context.Context, db *dynamodb.Client) (map[string]types.AttributeValue, error) {
	out, err := db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      aws.String(tableName),
		ConsistentRead: aws.Bool(true),
		Key:            map[string]types.AttributeValue{"patient_id": &types.AttributeValueMemberS{Value: "p-1"}},
	})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}

// Branchkeys gives each tenant of one table a branch key of its own, in a key store
// that one KMS key protects. Items cost no call to KMS while the branch keys are in
// the cache, a tenant's key is rotated while the table is in use, and no item can
// pass for another tenant's.
//
//	go run ./examples/branchkeys
//
// It runs on services inside the process. With DDBENC_ON_AWS=1 it uses the SDK's
// usual configuration instead.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

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
	tableName = "ddbenc-branchkeys"
	storeName = "ddbenc-branchkeys-keys"
)

type Invoice struct {
	ID     string `dynamodbav:"id,partition"`
	Tenant string `dynamodbav:"tenant" ddbenc:"context"` // readable, and selects the branch key
	Amount string `dynamodbav:"amount" ddbenc:"encrypt"`
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
	if err := services.CreateTable[Invoice](ctx, db, tableName); err != nil {
		return err
	}
	store, err := openStore(ctx, db, service)
	if err != nil {
		return err
	}

	// When a tenant is registered: its branch key, whose id a real program keeps
	// beside the tenant.
	branchKeys := map[string]string{}
	for _, tenant := range []string{"acme", "globex"} {
		if branchKeys[tenant], err = store.CreateKey(ctx, map[string]string{"tenant": tenant}); err != nil {
			return err
		}
	}

	// In every program that uses the table.
	keys, err := keyring.NewHierarchicalByKey(store, func(key Invoice) (string, error) {
		id, ok := branchKeys[key.Tenant]
		if !ok {
			return "", fmt.Errorf("%w: the item names no known tenant", crypt.ErrNoKey)
		}
		return id, nil
	}, keyring.WithTTL(5*time.Minute))
	if err != nil {
		return err
	}
	invoices, err := ddbenc.NewTable[Invoice](db, tableName, crypt.NewDBESDK(keys))
	if err != nil {
		return err
	}

	fmt.Println("1. A hundred items written and read.")
	for i := range 50 {
		for _, tenant := range []string{"acme", "globex"} {
			invoice := Invoice{ID: fmt.Sprintf("%s-%d", tenant, i), Tenant: tenant, Amount: "100.00"}
			if err := invoices.Put(ctx, &invoice); err != nil {
				return err
			}
			if _, err := invoices.Get(ctx, ddbenc.Key(invoice.ID)); err != nil {
				return err
			}
		}
	}
	fmt.Printf("   The key store was read %d times, with a call to KMS each time.\n", keys.Stats().Loads)

	fmt.Println("\n2. acme's branch key gets a new version, perhaps by a job that runs once a day.")
	rotated, err := store.RotateOlderThan(ctx, branchKeys["acme"], 90*24*time.Hour)
	if err != nil {
		return err
	}
	fmt.Println("   Older than 90 days, and so rotated:", rotated)
	if _, err := store.VersionKey(ctx, branchKeys["acme"]); err != nil { // at once, whatever its age
		return err
	}
	keys.Refresh() // or wait: every program notices within its time to live
	if err := invoices.Put(ctx, &Invoice{ID: "acme-50", Tenant: "acme", Amount: "250.00"}); err != nil {
		return err
	}
	before, err := versionOf(ctx, db, "acme-0")
	if err != nil {
		return err
	}
	after, err := versionOf(ctx, db, "acme-50")
	if err != nil {
		return err
	}
	fmt.Println("   New items name another version than old ones:", before != after)
	if _, err := invoices.Get(ctx, ddbenc.Key("acme-0")); err != nil {
		return err
	}
	fmt.Println("   Old items can be read.")
	rewrite := func(*Invoice) error { return nil }
	if _, err := invoices.Update(ctx, ddbenc.Key("acme-0"), rewrite, ddbenc.Rewrite()); err != nil {
		return err
	}
	if before, err = versionOf(ctx, db, "acme-0"); err != nil {
		return err
	}
	fmt.Println("   One that is written again names the new version:", before == after)

	fmt.Println("\n3. Somebody who can write to the table gives an invoice of acme to globex.")
	if err := give(ctx, db, "acme-1", "globex"); err != nil {
		return err
	}
	_, err = invoices.Get(ctx, ddbenc.Key("acme-1"))
	fmt.Println("   It is refused, for want of a key:", errors.Is(err, crypt.ErrNoKey))
	return nil
}

// versionOf returns the version of the branch key of a stored item. Everyone can
// see it, without a key.
func versionOf(ctx context.Context, db *dynamodb.Client, id string) (string, error) {
	out, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(tableName), Key: keyOf(id)})
	if err != nil {
		return "", err
	}
	in, err := crypt.Inspect(out.Item)
	if err != nil {
		return "", err
	}
	return in.DataKeys[0].BranchKeyVersion, nil
}

// give changes the tenant of a stored item behind the program's back.
func give(ctx context.Context, db *dynamodb.Client, id, tenant string) error {
	_, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 aws.String(tableName),
		Key:                       keyOf(id),
		UpdateExpression:          aws.String("SET tenant = :t"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":t": &types.AttributeValueMemberS{Value: tenant}},
	})
	return err
}

func keyOf(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}}
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
	return keyring.NewBranchKeyStore(db, service, storeName, storeName, keyring.KMSKeyARN(*key.KeyMetadata.Arn))
}

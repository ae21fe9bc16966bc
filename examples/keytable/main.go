// Keytable keeps versioned keys in a DynamoDB table that KMS protects, and caches
// them: items cost no call to KMS, and keys are rotated by adding a version.
//
//	go run ./examples/keytable
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
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/keyring"
)

const (
	tableName = "ddbenc-keytable"
	keyTable  = "ddbenc-keytable-keys"
	material  = "patients"
)

type Patient struct {
	ID   string `dynamodbav:"id,partition"`
	Name string `dynamodbav:"name" ddbenc:"encrypt"`
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
	keys, err := services.KMS(ctx)
	if err != nil {
		return err
	}
	if err := services.CreateTable[Patient](ctx, db, tableName); err != nil {
		return err
	}

	// Once, by an administrator: a KMS key and the key table that it protects.
	key, err := keys.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("for the ddbenc example")})
	if err != nil {
		return err
	}
	var exists *types.ResourceInUseException
	if err := keyring.CreateMetaTable(ctx, db, keyTable); err != nil && !errors.As(err, &exists) {
		return err
	}

	// In every program.
	protect, err := keyring.NewKMS(keys, *key.KeyMetadata.Arn)
	if err != nil {
		return err
	}
	store, err := keyring.NewMetaStore(db, keyTable, protect)
	if err != nil {
		return err
	}
	asked := &hook.Hooks{KeyLoaded: func(_ context.Context, e hook.KeyLoad) {
		if !e.Cached {
			fmt.Printf("asked the key table: %s %s\n", e.Op, e.Key)
		}
	}}
	provider, err := keyring.NewMostRecent(store, material, time.Minute, keyring.WithHooks(asked))
	if err != nil {
		return err
	}
	patients, err := ddbenc.NewTable[Patient](db, tableName, crypt.NewDDBEC(provider))
	if err != nil {
		return err
	}

	for i := range 100 {
		if err := patients.Put(ctx, &Patient{ID: fmt.Sprintf("p-%d", i), Name: "Ada"}); err != nil {
			return err
		}
	}
	fmt.Println("100 items written")

	// Rotation: a new version. Programs write with it within the time to live;
	// items of the old version stay readable.
	version, err := store.NewVersion(ctx, material)
	if err != nil {
		return err
	}
	provider.Refresh() // do not wait for the minute
	if err := patients.Put(ctx, &Patient{ID: "p-100", Name: "Grace"}); err != nil {
		return err
	}
	old, err := patients.Get(ctx, ddbenc.Key("p-0"))
	if err != nil {
		return err
	}
	fmt.Printf("writing with version %d now; an item of version %d reads %q\n", version, version-1, old.Name)
	return nil
}

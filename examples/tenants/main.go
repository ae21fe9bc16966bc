// Tenants gives each tenant of one table a KMS key of its own. A tenant that
// disables its key can't be read any more, and the others notice nothing.
//
//	go run ./examples/tenants
//
// It runs on services inside the process. With DDBENC_ON_AWS=1 it uses the SDK's
// usual configuration instead.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/keyring"
)

const tableName = "ddbenc-tenants"

type Invoice struct {
	ID     string `dynamodbav:"id,partition"`
	Tenant string `dynamodbav:"tenant" ddbenc:"sign"` // readable: it selects the key
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
	keys, err := services.KMS(ctx)
	if err != nil {
		return err
	}
	if err := services.CreateTable[Invoice](ctx, db, tableName); err != nil {
		return err
	}

	// The tenants' keys. A real program looks them up where tenants are
	// registered, so that new ones need no restart.
	arns := map[string]string{}
	for _, tenant := range []string{"acme", "globex"} {
		key, err := keys.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("key of tenant " + tenant)})
		if err != nil {
			return err
		}
		arns[tenant] = *key.KeyMetadata.Arn
	}
	keyOf := func(_ context.Context, ec *crypt.EncryptionContext) ([]string, error) {
		tenant, _ := ec.Item["tenant"].(*types.AttributeValueMemberS)
		if tenant == nil || arns[tenant.Value] == "" {
			return nil, fmt.Errorf("%w: the item names no known tenant", crypt.ErrNoKey)
		}
		return []string{arns[tenant.Value]}, nil
	}
	provider, err := keyring.NewKMSByItem(keys, keyOf)
	if err != nil {
		return err
	}
	invoices, err := ddbenc.NewTable[Invoice](db, tableName, crypt.NewDDBEC(provider))
	if err != nil {
		return err
	}

	for _, invoice := range []Invoice{{"i-1", "acme", "100.00"}, {"i-2", "globex", "250.00"}} {
		if err := invoices.Put(ctx, &invoice); err != nil {
			return err
		}
	}
	if _, err := keys.DisableKey(ctx, &kms.DisableKeyInput{KeyId: aws.String(arns["acme"])}); err != nil {
		return err
	}
	fmt.Println("acme disabled its key")
	for _, id := range []string{"i-1", "i-2"} {
		invoice, err := invoices.Get(ctx, ddbenc.Key(id))
		if err != nil {
			fmt.Printf("%s: %v\n", id, err)
			continue
		}
		fmt.Printf("%s: %s of %s\n", id, invoice.Amount, invoice.Tenant)
	}
	return nil
}

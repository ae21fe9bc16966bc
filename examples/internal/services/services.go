// Package services gives the examples a DynamoDB and a KMS: inside the process by
// default, so that they run with nothing but Go, and AWS or whatever else the
// SDK's usual configuration names if the program is told so.
package services

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// DynamoDB returns a client of the engine inside the process, or of what the
// SDK's configuration names if AWS_ENDPOINT_URL_DYNAMODB or DDBENC_ON_AWS is set.
func DynamoDB(ctx context.Context) (*dynamodb.Client, error) {
	if os.Getenv("AWS_ENDPOINT_URL_DYNAMODB") == "" && os.Getenv("DDBENC_ON_AWS") == "" {
		return ddbenctest.NewDynamoDB(nil), nil
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	return dynamodb.NewFromConfig(cfg), nil
}

// KMS returns a client of the KMS inside the process, or of what the SDK's
// configuration names if AWS_ENDPOINT_URL_KMS or DDBENC_ON_AWS is set.
func KMS(ctx context.Context) (*kms.Client, error) {
	if os.Getenv("AWS_ENDPOINT_URL_KMS") == "" && os.Getenv("DDBENC_ON_AWS") == "" {
		return ddbenctest.NewKMS(nil).Client("eu-central-1"), nil
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	return kms.NewFromConfig(cfg), nil
}

// CreateTable makes the table that T's tags describe, unless it is there already,
// and waits for it.
func CreateTable[T any](ctx context.Context, db *dynamodb.Client, name string) error {
	schema, err := ddbenc.SchemaOf[T]()
	if err != nil {
		return err
	}
	var exists *types.ResourceInUseException
	if _, err := db.CreateTable(ctx, schema.CreateTableInput(name)); err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("creating table %s: %w", name, err)
	}
	waiter := dynamodb.NewTableExistsWaiter(db)
	return waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, time.Minute)
}

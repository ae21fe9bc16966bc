package keyring

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TableCreator is what [CreateMetaTable] needs of *dynamodb.Client.
type TableCreator interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	dynamodb.DescribeTableAPIClient
}

// CreateMetaTable makes a table for a [MetaStore] and waits until it is there:
//
//	partition key N (S), sort key V (N), no indexes, paid by request
//
// Changes can give it provisioned throughput, tags, or deletion protection, which
// is a good idea: without the table nothing can be decrypted. The error is that
// of DynamoDB, reachable through errors.As, such as types.ResourceInUseException
// if there is a table of that name.
func CreateMetaTable(ctx context.Context, client TableCreator, table string, changes ...func(*dynamodb.CreateTableInput)) error {
	in := &dynamodb.CreateTableInput{
		TableName: &table,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(rowName), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(rowVersion), KeyType: types.KeyTypeRange},
		},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(rowName), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(rowVersion), AttributeType: types.ScalarAttributeTypeN},
		},
		BillingMode: types.BillingModePayPerRequest,
	}
	for _, change := range changes {
		change(in)
	}
	if _, err := client.CreateTable(ctx, in, withUserAgent); err != nil {
		return fmt.Errorf("ddbenc: creating key table %q: %w", table, err)
	}
	if _, err := waitForTable(ctx, client, table); err != nil {
		return fmt.Errorf("ddbenc: waiting for key table %q: %w", table, err)
	}
	return nil
}

// waitForTable waits until a table is there, and returns what DynamoDB says of it.
func waitForTable(ctx context.Context, client dynamodb.DescribeTableAPIClient, table string) (*dynamodb.DescribeTableOutput, error) {
	const patience = 5 * time.Minute
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = time.Second })
	return waiter.WaitForOutput(ctx, &dynamodb.DescribeTableInput{TableName: &table}, patience)
}

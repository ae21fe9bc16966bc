package keyring

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// CreateBranchKeyTable makes a table for a [BranchKeyStore], waits until it is
// there, and returns its ARN:
//
//	partition key branch-key-id (S), sort key type (S), no indexes, paid by request
//
// A table of that name that is there already stays as it is; it may have other
// attribute definitions and indexes. Changes are for a new table only. They can
// give it provisioned throughput, tags, or deletion protection, which is a good
// idea: without the table nothing can be decrypted.
//
// The error wraps [crypt.ErrConfig] if the table that is there has other keys, or
// that of DynamoDB.
func CreateBranchKeyTable(ctx context.Context, client TableCreator, table string, changes ...func(*dynamodb.CreateTableInput)) (arn string, err error) {
	if client == nil || table == "" {
		return "", fmt.Errorf("%w: a key store needs a DynamoDB client and a table name", crypt.ErrConfig)
	}
	described, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table}, withUserAgent)
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		if err := createBranchKeyTable(ctx, client, table, changes); err != nil {
			return "", err
		}
	case err != nil:
		return "", serviceError(ctx, fmt.Sprintf("describing key store %q", table), err)
	case described.Table != nil && described.Table.TableStatus == types.TableStatusActive:
		return checkBranchKeyTable(table, described.Table)
	}
	described, err = waitForTable(ctx, client, table)
	if err != nil {
		return "", serviceError(ctx, fmt.Sprintf("waiting for key store %q", table), err)
	}
	return checkBranchKeyTable(table, described.Table)
}

// createBranchKeyTable makes the table unless somebody else does at the same time.
func createBranchKeyTable(ctx context.Context, client TableCreator, table string, changes []func(*dynamodb.CreateTableInput)) error {
	in := &dynamodb.CreateTableInput{
		TableName:            &table,
		KeySchema:            branchKeySchema,
		AttributeDefinitions: branchKeyAttributes,
		BillingMode:          types.BillingModePayPerRequest,
	}
	in.KeySchema, in.AttributeDefinitions = slices.Clone(in.KeySchema), slices.Clone(in.AttributeDefinitions)
	for _, change := range changes {
		change(in)
	}
	_, err := client.CreateTable(ctx, in, withUserAgent)
	var exists *types.ResourceInUseException
	if err != nil && !errors.As(err, &exists) {
		return serviceError(ctx, fmt.Sprintf("creating key store %q", table), err)
	}
	return nil
}

// DB-ESDK spec: materials, "Table" of the branch key store.
var (
	branchKeySchema = []types.KeySchemaElement{
		{AttributeName: aws.String(attrBranchKeyID), KeyType: types.KeyTypeHash},
		{AttributeName: aws.String(attrType), KeyType: types.KeyTypeRange},
	}
	branchKeyAttributes = []types.AttributeDefinition{
		{AttributeName: aws.String(attrBranchKeyID), AttributeType: types.ScalarAttributeTypeS},
		{AttributeName: aws.String(attrType), AttributeType: types.ScalarAttributeTypeS},
	}
)

// checkBranchKeyTable returns the ARN of a table that can be a key store.
func checkBranchKeyTable(table string, t *types.TableDescription) (arn string, err error) {
	bad := t == nil || t.TableArn == nil
	for i := 0; !bad && i < len(branchKeySchema); i++ {
		key, attr := branchKeySchema[i], branchKeyAttributes[i]
		bad = !slices.ContainsFunc(t.KeySchema, func(k types.KeySchemaElement) bool {
			return aws.ToString(k.AttributeName) == *key.AttributeName && k.KeyType == key.KeyType
		}) || !slices.ContainsFunc(t.AttributeDefinitions, func(a types.AttributeDefinition) bool {
			return aws.ToString(a.AttributeName) == *attr.AttributeName && a.AttributeType == attr.AttributeType
		})
	}
	if bad {
		return "", fmt.Errorf("%w: table %q is no key store, which has the keys %q and %q of type S",
			crypt.ErrConfig, table, attrBranchKeyID, attrType)
	}
	return *t.TableArn, nil
}

package ddbenc

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// CreateTableInput returns the request that creates a table for s: its key, its
// indexes, each projecting all attributes as [Index] needs, billed by request.
// The caller may change it before sending it.
func (s *Schema) CreateTableInput(table string) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{
		TableName:   aws.String(table),
		BillingMode: types.BillingModePayPerRequest,
		KeySchema:   keySchema(s.PartitionKey, s.SortKey),
	}
	names := []string{s.PartitionKey, s.SortKey}
	for _, x := range s.Indexes {
		names = append(names, x.PartitionKey, x.SortKey)
		key, all := keySchema(x.PartitionKey, x.SortKey), &types.Projection{ProjectionType: types.ProjectionTypeAll}
		if x.Global {
			in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes,
				types.GlobalSecondaryIndex{IndexName: aws.String(x.Name), KeySchema: key, Projection: all})
		} else {
			in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes,
				types.LocalSecondaryIndex{IndexName: aws.String(x.Name), KeySchema: key, Projection: all})
		}
	}
	for _, a := range s.Attributes {
		if slices.Contains(names, a.Name) {
			in.AttributeDefinitions = append(in.AttributeDefinitions,
				types.AttributeDefinition{AttributeName: aws.String(a.Name), AttributeType: types.ScalarAttributeType(a.Type)})
		}
	}
	return in
}

func keySchema(partition, sort string) []types.KeySchemaElement {
	key := []types.KeySchemaElement{{AttributeName: aws.String(partition), KeyType: types.KeyTypeHash}}
	if sort != "" {
		key = append(key, types.KeySchemaElement{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange})
	}
	return key
}

package ddbenctest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

func ExampleNewDynamoDB() {
	ctx := context.Background()
	db := ddbenctest.NewDynamoDB(nil) // in a test: NewDynamoDB(t)
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("notes"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	if err != nil {
		panic(err)
	}
	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String("notes"),
		Item: map[string]types.AttributeValue{
			"id":   &types.AttributeValueMemberS{Value: "n-1"},
			"text": &types.AttributeValueMemberS{Value: "water the plants"},
		},
	})
	if err != nil {
		panic(err)
	}
	out, err := db.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("notes")})
	if err != nil {
		panic(err)
	}
	for _, item := range out.Items {
		fmt.Println(item["text"].(*types.AttributeValueMemberS).Value)
	}
	// Output: water the plants
}

// makeTable creates a table with the partition key pk and the sort key sk.
func makeTable(t testing.TB, db *dynamodb.Client, name string) {
	t.Helper()
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(name),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: "S"},
			{AttributeName: aws.String("sk"), AttributeType: "N"},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: "HASH"},
			{AttributeName: aws.String("sk"), KeyType: "RANGE"},
		},
		BillingMode: types.BillingModePayPerRequest,
	})
	if err != nil {
		t.Fatal(err)
	}
}

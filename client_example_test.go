package ddbenc_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// Code that was written for the plain client keeps its calls.
func ExampleEncrypted() {
	type Card struct {
		ID     string `dynamodbav:"id,partition"`
		Number string `dynamodbav:"number"`
	}
	ctx := context.Background()
	plain := ddbenctest.NewDynamoDB(nil)
	if _, err := plain.CreateTable(ctx, must(ddbenc.SchemaOf[Card]()).CreateTableInput("cards")); err != nil {
		fmt.Println(err)
		return
	}
	cards, err := ddbenc.NewTable[Card](plain, "cards", crypt.NewDDBEC(testProvider))
	if err != nil {
		fmt.Println(err)
		return
	}
	// Where there is a configuration: dynamodb.NewFromConfig(cfg, ddbenc.Encrypted(cards))
	db := dynamodb.New(plain.Options(), ddbenc.Encrypted(cards))

	if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("cards"), Item: map[string]types.AttributeValue{
		"id":     &types.AttributeValueMemberS{Value: "c-1"},
		"number": &types.AttributeValueMemberS{Value: "4111 1111 1111 1111"},
	}}); err != nil {
		fmt.Println(err)
		return
	}
	for name, client := range map[string]*dynamodb.Client{"with ddbenc": db, "without": plain} {
		out, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("cards"), Key: map[string]types.AttributeValue{
			"id": &types.AttributeValueMemberS{Value: "c-1"},
		}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %T\n", name, out.Item["number"])
	}

	_, err = db.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("cards"), FilterExpression: aws.String("begins_with(#n, :start)"),
		ExpressionAttributeNames: map[string]string{"#n": "number"}, ExpressionAttributeValues: map[string]types.AttributeValue{
			":start": &types.AttributeValueMemberS{Value: "4111"},
		}})
	fmt.Println("a filter on it is refused:", errors.Is(err, ddbenc.ErrRefused))
	// Unordered output:
	// with ddbenc: *types.AttributeValueMemberS
	// without: *types.AttributeValueMemberB
	// a filter on it is refused: true
}

// A table whose items are maps needs no Go type.
func ExampleNewRawTable() {
	patients, err := ddbenc.NewRawTable("patients", crypt.NewDDBEC(testProvider), ddbenc.RawSchema{
		PartitionKey: "patient_id",
		SortKey:      "visit",
		Indexes:      []ddbenc.SchemaIndex{{Name: "by-clinic", Global: true, PartitionKey: "clinic"}},
		Actions: crypt.Actions{
			Default:    crypt.EncryptAndSign,
			Attributes: map[string]crypt.Action{"views": crypt.DoNothing},
		},
	})
	fmt.Println(patients.Name(), err)

	_, err = ddbenc.NewRawTable("patients", crypt.NewDDBEC(testProvider), ddbenc.RawSchema{PartitionKey: "patient_id"})
	fmt.Println(err)
	// Output:
	// patients <nil>
	// ddbenc: bad configuration: attribute "patient_id" has no valid action
	// ddbenc: bad configuration: there is no valid default action
}

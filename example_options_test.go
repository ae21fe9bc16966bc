package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

// The ward becomes readable. Items from before still have it encrypted, and are
// read by the actions that they were written with.
func ExampleReadActions() {
	ctx := context.Background()
	type Before struct {
		ID    string `dynamodbav:"patient_id,partition"`
		Visit int64  `dynamodbav:"visit,sort"`
		Ward  string `dynamodbav:"ward"`
	}
	type Now struct {
		ID    string `dynamodbav:"patient_id,partition"`
		Visit int64  `dynamodbav:"visit,sort"`
		Ward  string `dynamodbav:"ward" ddbenc:"sign"`
	}
	db, _ := examplePatients(ctx)
	format := crypt.NewDDBEC(testProvider)
	before, err := ddbenc.NewTable[Before](db, "patients", format)
	if err != nil {
		log.Fatal(err)
	}
	if err := before.Put(ctx, &Before{ID: "p-9", Visit: 1, Ward: "north"}); err != nil {
		log.Fatal(err)
	}

	schema, err := ddbenc.SchemaOf[Before]()
	if err != nil {
		log.Fatal(err)
	}
	now, err := ddbenc.NewTable[Now](db, "patients", format, ddbenc.ReadActions(schema.Actions()))
	if err != nil {
		log.Fatal(err)
	}
	p, err := now.Get(ctx, ddbenc.Key("p-9", 1))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Ward)
	// Output: north
}

// An item that does not verify is known by its key, which is not in the error's
// text unless the table was opened with ShowKeys.
func ExampleItemError_Key() {
	ctx := context.Background()
	db, _ := examplePatients(ctx)
	patients, err := ddbenc.NewTable[Patient](db, "patients", crypt.NewDDBEC(testProvider), ddbenc.ShowKeys())
	if err != nil {
		log.Fatal(err)
	}
	_, err = db.UpdateItem(ctx, &dynamodb.UpdateItemInput{ // by someone without the key
		TableName: aws.String("patients"),
		Key: map[string]types.AttributeValue{
			"patient_id": &types.AttributeValueMemberS{Value: "p-2"},
			"visit":      &types.AttributeValueMemberN{Value: "1"},
		},
		UpdateExpression:          aws.String("SET clinic = :c"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":c": &types.AttributeValueMemberS{Value: "east"}},
	})
	if err != nil {
		log.Fatal(err)
	}

	_, err = patients.Get(ctx, ddbenc.Key("p-2", 1))
	fmt.Println(err)
	var bad *ddbenc.ItemError
	if errors.As(err, &bad) {
		fmt.Println(patients.Delete(ctx, ddbenc.RawKey(bad.Key())))
	}
	// Output:
	// ddbenc: GetItem on table "patients": item with key (patient_id="p-2", visit="1"): item failed verification
	// <nil>
}

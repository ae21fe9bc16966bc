package ddbenc_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// A client that has Encrypted twice, and a third time for a call, encrypts all of the
// tables, and nothing of one twice.
func TestEncryptedSeveralTimes(t *testing.T) {
	ctx, e := t.Context(), ddbenctest.NewEngine()
	open := func(name string) *ddbenc.RawTable {
		ddbenctest.CreateTable[Admission](t, e.Client(), name)
		return rawPatients(t, name)
	}
	north, south, west := open("north"), open("south"), open("west")
	db := dynamodb.New(e.Client().Options(), ddbenc.Encrypted(north), ddbenc.Encrypted(south))
	e.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Unprocessed: true})
	in := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{}}
	for _, name := range []string{"north", "south", "west"} {
		in.RequestItems[name] = []types.WriteRequest{{PutRequest: &types.PutRequest{Item: admission("ada", "1")}}}
	}
	for n := 0; len(in.RequestItems) > 0; n++ {
		out, err := db.BatchWriteItem(ctx, in, ddbenc.Encrypted(west))
		if err != nil || n > 5 {
			t.Fatal(n, err)
		}
		in = &dynamodb.BatchWriteItemInput{RequestItems: out.UnprocessedItems}
	}
	for _, name := range []string{"north", "south", "west"} {
		out, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &name, Key: admissionKey("ada", "1")}, ddbenc.Encrypted(west))
		if err := equal(err, admission("ada", "1"), orEmpty(out).Item); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	ddbenctest.RequireNoPlaintext(t, e, secret)

	name := "north"
	if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &name, Item: admission("bob", "1")}, ddbenc.Encrypted(north)); !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("a put on a table that is given twice: %v", err)
	}
	if _, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &name, Key: admissionKey("ada", "1")}, ddbenc.Encrypted(north)); !errors.Is(err, ddbenc.ErrNotSigned) {
		t.Errorf("a get on a table that is given twice: %v", err)
	}
}

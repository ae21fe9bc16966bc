package ddbenctest_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// TestPatients is the test that the package's documentation shows.
func TestPatients(t *testing.T) {
	provider, err := keyring.NewStatic(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	e := ddbenctest.NewEngine()
	ddbenctest.CreateTable[patient](t, e.Client(), "patients")
	patients, err := ddbenc.NewTable[patient](e.Client(), "patients", crypt.NewDDBEC(provider))
	if err != nil {
		t.Fatal(err)
	}
	e.Fault(ddbenctest.Fault{Operation: "PutItem", Code: "ProvisionedThroughputExceededException"})
	if err := patients.Put(t.Context(), &patient{ID: "p-1", Name: "Ada Lovelace"}); err != nil {
		t.Error(err)
	}
	ddbenctest.RequireNoPlaintext(t, e, "Ada Lovelace")
	p, err := patients.Get(t.Context(), ddbenc.Key("p-1"))
	if err != nil || p.Name != "Ada Lovelace" {
		t.Errorf("Get gives %v, %v", p, err)
	}
}

func ExampleEngine_Advance() {
	ctx := context.Background()
	e := ddbenctest.NewEngine()
	db := e.Client()
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("sessions"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		BillingMode:          types.BillingModePayPerRequest,
	})
	if err != nil {
		panic(err)
	}
	_, err = db.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String("sessions"),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("end"), Enabled: aws.Bool(true)},
	})
	if err != nil {
		panic(err)
	}
	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("sessions"), Item: map[string]types.AttributeValue{
		"id":  &types.AttributeValueMemberS{Value: "s-1"},
		"end": &types.AttributeValueMemberN{Value: fmt.Sprint(e.Now().Add(time.Hour).Unix())},
	}})
	if err != nil {
		panic(err)
	}
	for range 2 {
		out, err := db.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("sessions")})
		if err != nil {
			panic(err)
		}
		fmt.Println(out.Count)
		e.Advance(2 * time.Hour)
	}
	// Output:
	// 1
	// 0
}

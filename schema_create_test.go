package ddbenc_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ddbenc/ddbenc"
)

func TestCreateTableInput(t *testing.T) {
	type visit struct {
		ID     string    `dynamodbav:"id,partition"`
		At     time.Time `dynamodbav:"at,sort,unixtime"`
		Clinic []byte    `dynamodbav:"clinic" dynamodbindex:"by-clinic,global,partition"`
		Nurse  string    `dynamodbav:"nurse" dynamodbindex:"by-nurse,local,sort"`
		Name   string    `dynamodbav:"name"`
	}
	schema, err := ddbenc.SchemaOf[visit]()
	if err != nil {
		t.Fatal(err)
	}
	hash := func(name string) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: types.KeyTypeHash}
	}
	sort := func(name string) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: types.KeyTypeRange}
	}
	attr := func(name, typ string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeType(typ)}
	}
	all := &types.Projection{ProjectionType: types.ProjectionTypeAll}
	want := &dynamodb.CreateTableInput{
		TableName:            aws.String("visits"),
		BillingMode:          types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{hash("id"), sort("at")},
		AttributeDefinitions: []types.AttributeDefinition{attr("id", "S"), attr("at", "N"), attr("clinic", "B"), attr("nurse", "S")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			{IndexName: aws.String("by-clinic"), KeySchema: []types.KeySchemaElement{hash("clinic")}, Projection: all}},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{
			{IndexName: aws.String("by-nurse"), KeySchema: []types.KeySchemaElement{hash("id"), sort("nurse")}, Projection: all}},
	}
	unexported := cmpopts.IgnoreUnexported(dynamodb.CreateTableInput{}, types.KeySchemaElement{}, types.AttributeDefinition{},
		types.GlobalSecondaryIndex{}, types.LocalSecondaryIndex{}, types.Projection{})
	if diff := cmp.Diff(want, schema.CreateTableInput("visits"), unexported); diff != "" {
		t.Errorf("CreateTableInput (-want +got):\n%s", diff)
	}
}

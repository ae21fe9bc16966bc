package ddbenc

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
)

// Every field of the inputs that are sent, and of the outputs that are read,
// has to be known: checked or replaced by its seal method or opened by its
// operation, or harmless as it is. A field that a new SDK adds fails this test
// until someone has decided which.
func TestInputsAreClassified(t *testing.T) {
	const (
		handled  = "checked, encrypted or decrypted"
		harmless = "passes"
		empty    = "passes, since it only counts or names"
	)
	classes := map[string]string{
		"Item": handled, "Key": handled, "TableName": handled, "IndexName": handled,
		"ConditionExpression": handled, "FilterExpression": handled, "KeyConditionExpression": handled,
		"ProjectionExpression": handled, "AttributesToGet": handled, "Select": handled, "ConsistentRead": handled,
		"Expected": handled, "ConditionalOperator": handled, "KeyConditions": handled, "QueryFilter": handled, "ScanFilter": handled,
		"ReturnValues": handled, "ReturnValuesOnConditionCheckFailure": handled,
		"ExpressionAttributeNames": handled, "ExpressionAttributeValues": handled,

		"ExclusiveStartKey": harmless, "Limit": harmless, "ScanIndexForward": harmless, "Segment": harmless, "TotalSegments": harmless,
		"ReturnConsumedCapacity": harmless, "ReturnItemCollectionMetrics": harmless,

		"Items": handled, "Attributes": handled, "LastEvaluatedKey": handled, "Count": handled,
		"ScannedCount": empty, "ConsumedCapacity": empty, "ItemCollectionMetrics": empty, "ResultMetadata": empty,
	}
	for _, v := range []any{
		dynamodb.PutItemInput{}, dynamodb.PutItemOutput{}, dynamodb.GetItemInput{}, dynamodb.GetItemOutput{},
		dynamodb.DeleteItemInput{}, dynamodb.DeleteItemOutput{}, dynamodb.QueryInput{}, dynamodb.QueryOutput{},
		dynamodb.ScanInput{}, dynamodb.ScanOutput{},
	} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			if f.IsExported() && classes[f.Name] == "" {
				t.Errorf("%T.%s is not classified", v, f.Name)
			}
		}
	}
}

// plainCore is a core whose encryptor must not be reached.
func plainCore() *core { return &core{name: "orders", shape: orders()} }

// What the typed table never asks for is refused all the same: the SDK's inputs
// come from elsewhere too.
func TestSealRefuses(t *testing.T) {
	c := plainCore()
	key := item{"id": avS("x"), "seq": avN("1")}
	keyCond := aws.String("id = :i")
	values := item{":i": avS("x")}
	put := func(in dynamodb.PutItemInput) error {
		in.Item = key
		_, err := c.sealPut(context.Background(), nil, &in)
		return err
	}
	del := func(in dynamodb.DeleteItemInput) error {
		in.Key = key
		_, err := c.sealDelete(&in)
		return err
	}
	get := func(in dynamodb.GetItemInput) error {
		in.Key = key
		_, err := c.sealGet(&in)
		return err
	}
	query := func(in dynamodb.QueryInput) error {
		in.KeyConditionExpression, in.ExpressionAttributeValues = keyCond, values
		_, _, err := c.sealQuery(&in)
		return err
	}
	scan := func(in dynamodb.ScanInput) error {
		_, err := c.sealScan(&in)
		return err
	}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{put(dynamodb.PutItemInput{Expected: map[string]types.ExpectedAttributeValue{"name": {}}}), "Expected is a legacy parameter: use ConditionExpression"},
		{put(dynamodb.PutItemInput{ConditionalOperator: types.ConditionalOperatorAnd}), "ConditionalOperator is a legacy parameter: use ConditionExpression"},
		{put(dynamodb.PutItemInput{ReturnValues: types.ReturnValueAllNew}), `ReturnValues "ALL_NEW" is not one of NONE and ALL_OLD`},
		{del(dynamodb.DeleteItemInput{Expected: map[string]types.ExpectedAttributeValue{"name": {}}}), "Expected is a legacy parameter: use ConditionExpression"},
		{del(dynamodb.DeleteItemInput{ConditionalOperator: types.ConditionalOperatorAnd}), "ConditionalOperator is a legacy parameter: use ConditionExpression"},
		{del(dynamodb.DeleteItemInput{ReturnValues: "NEW_KIND"}), `ReturnValues "NEW_KIND" is not one of NONE and ALL_OLD`},
		{get(dynamodb.GetItemInput{AttributesToGet: []string{"id"}}), "AttributesToGet would return a part of the item, which can't be verified: read all of it" + wayToPart},
		{get(dynamodb.GetItemInput{ProjectionExpression: aws.String("id")}), "ProjectionExpression would return a part of the item, which can't be verified: read all of it" + wayToPart},
		{query(dynamodb.QueryInput{AttributesToGet: []string{"id"}}), "AttributesToGet would return a part of the item, which can't be verified: read all of it" + wayToPart},
		{query(dynamodb.QueryInput{ProjectionExpression: aws.String("")}), "ProjectionExpression would return a part of the item, which can't be verified: read all of it" + wayToPart},
		{query(dynamodb.QueryInput{Select: types.SelectSpecificAttributes}), `Select "SPECIFIC_ATTRIBUTES" could return parts of items, which can't be verified: use ALL_ATTRIBUTES or COUNT`},
		{query(dynamodb.QueryInput{KeyConditions: map[string]types.Condition{"id": {}}}), "KeyConditions is a legacy parameter: use KeyConditionExpression"},
		{query(dynamodb.QueryInput{QueryFilter: map[string]types.Condition{"id": {}}}), "QueryFilter is a legacy parameter: use FilterExpression"},
		{query(dynamodb.QueryInput{ConditionalOperator: types.ConditionalOperatorOr}), "ConditionalOperator is a legacy parameter: use FilterExpression"},
		{scan(dynamodb.ScanInput{AttributesToGet: []string{"id"}}), "AttributesToGet would return a part of the item, which can't be verified: read all of it" + wayToPart},
		{scan(dynamodb.ScanInput{ProjectionExpression: aws.String("id")}), "ProjectionExpression would return a part of the item, which can't be verified: read all of it" + wayToPart},
		{scan(dynamodb.ScanInput{Select: types.SelectAllProjectedAttributes}), `Select "ALL_PROJECTED_ATTRIBUTES" could return parts of items, which can't be verified: use ALL_ATTRIBUTES or COUNT`},
		{scan(dynamodb.ScanInput{ScanFilter: map[string]types.Condition{"id": {}}}), "ScanFilter is a legacy parameter: use FilterExpression"},
		{scan(dynamodb.ScanInput{ConditionalOperator: types.ConditionalOperatorOr}), "ConditionalOperator is a legacy parameter: use FilterExpression"},
	} {
		if tc.err == nil {
			t.Errorf("not refused: %s", tc.want)
			continue
		}
		if _, got, _ := strings.Cut(tc.err.Error(), "request refused: "); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

// What is allowed is sent as it came, under the table's own name, and the
// caller's input stays as it was.
func TestSealLeavesTheInputAlone(t *testing.T) {
	c := plainCore()
	in := &dynamodb.QueryInput{
		TableName:                 aws.String("something else"),
		KeyConditionExpression:    aws.String("id = :i AND #a > :a"),
		ExpressionAttributeNames:  map[string]string{"#a": "seq"},
		ExpressionAttributeValues: item{":i": avS("x"), ":a": avN("5")},
		Select:                    types.SelectCount,
		Limit:                     aws.Int32(5),
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	}
	before := *in
	got, partition, err := c.sealQuery(in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(item{"id": avS("x")}, partition, sameValues); diff != "" {
		t.Errorf("partition (-want +got):\n%s", diff)
	}
	want := before
	want.TableName = aws.String("orders")
	unexported := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".noSmithyDocumentSerde" }, cmp.Ignore())
	if diff := cmp.Diff(&want, got, unexported, sameValues); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&before, in, unexported, sameValues); diff != "" {
		t.Errorf("input changed (-before +after):\n%s", diff)
	}
}

func TestShapeSignsKeysByDefault(t *testing.T) {
	s := orders()
	s.actions = crypt.Actions{Default: crypt.EncryptAndSign}
	for _, name := range []string{"id", "seq", "clinic", "rank"} {
		if got := s.action(name); got != crypt.SignOnly {
			t.Errorf("action of key attribute %q is %v", name, got)
		}
	}
	for _, name := range []string{"name", "unheard of"} {
		if got := s.action(name); got != crypt.EncryptAndSign {
			t.Errorf("action of attribute %q is %v", name, got)
		}
	}
}

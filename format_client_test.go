package ddbenc_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

// sdkChart is a chart as the plain SDK has it.
func sdkChart(id, seq string) avItem {
	return avItem{"id": s(id), "seq": n(seq), "text": s(secret), "ward": s("north"), "grade": n("1"), "_views": n("2"), "rev": n("1")}
}

func testChartClient[T any, P anyChart[T]](t *testing.T, c *chartTable[T, P]) {
	ctx := t.Context()
	db := dynamodb.New(c.db.Options(), ddbenc.Encrypted(c.table))
	key := avItem{"id": s("p"), "seq": n("1")}
	want := sdkChart("p", "1")
	same := func(what string, got avItem, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got, avCmp); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
		}
	}
	if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &c.name, Item: want}); err != nil {
		t.Fatal(err)
	}
	got, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.name, Key: key})
	same("GetItem", got.Item, err)
	again, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &c.name, Item: want, ReturnValues: types.ReturnValueAllOld})
	same("PutItem", again.Attributes, err)
	views, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &c.name, Key: key, UpdateExpression: aws.String("SET #v = #v + :one"),
		ExpressionAttributeNames: map[string]string{"#v": "_views"}, ExpressionAttributeValues: avItem{":one": n("1")}, ReturnValues: types.ReturnValueAllNew})
	want["_views"] = n("3")
	same("UpdateItem", views.Attributes, err)
	for name, index := range map[string]*string{"Query": nil, "Query of an index": aws.String("by-ward")} {
		attribute, value := "id", "p"
		if index != nil {
			attribute, value = "ward", "north"
		}
		page, err := db.Query(ctx, &dynamodb.QueryInput{TableName: &c.name, IndexName: index, KeyConditionExpression: aws.String("#k = :v"),
			ExpressionAttributeNames: map[string]string{"#k": attribute}, ExpressionAttributeValues: avItem{":v": s(value)}})
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		same(name, page.Items[0], nil)
	}
	scan, err := db.Scan(ctx, &dynamodb.ScanInput{TableName: &c.name, IndexName: aws.String("by-ward")})
	if err != nil || len(scan.Items) != 1 {
		t.Fatalf("Scan of an index: %v", err)
	}
	same("Scan of an index", scan.Items[0], nil)

	if _, err := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{c.name: {
		{PutRequest: &types.PutRequest{Item: sdkChart("p", "2")}}, {PutRequest: &types.PutRequest{Item: sdkChart("p", "3")}}}}}); err != nil {
		t.Error(err)
	}
	batch, err := db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{c.name: {Keys: []map[string]types.AttributeValue{{"id": s("p"), "seq": n("2")}}}}})
	if err != nil || len(batch.Responses[c.name]) != 1 {
		t.Fatalf("BatchGetItem: %v", err)
	}
	want = sdkChart("p", "2")
	same("BatchGetItem", batch.Responses[c.name][0], nil)
	if _, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: &c.name, Item: sdkChart("p", "4")}}, {Delete: &types.Delete{TableName: &c.name, Key: avItem{"id": s("p"), "seq": n("3")}}}}}); err != nil {
		t.Error(err)
	}
	tx, err := db.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: &c.name, Key: avItem{"id": s("p"), "seq": n("4")}}}}})
	if err != nil || len(tx.Responses) != 1 {
		t.Fatalf("TransactGetItems: %v", err)
	}
	want = sdkChart("p", "4")
	same("TransactGetItems", tx.Responses[0].Item, nil)

	// What could leak, compare ciphertext or return a part is refused.
	reserved := sdkChart("p", "5")
	for _, name := range c.reserved() {
		reserved[name] = s("x")
	}
	_, put := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &c.name, Item: reserved})
	_, batchPut := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{c.name: {{PutRequest: &types.PutRequest{Item: reserved}}}}})
	_, set := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &c.name, Key: key, UpdateExpression: aws.String("SET grade = :x"), ExpressionAttributeValues: avItem{":x": n("1")}})
	_, mark := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &c.name, Key: key, UpdateExpression: aws.String("REMOVE aws_dbe_b_text, aws_dbe_head")})
	_, project := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.name, Key: key, ProjectionExpression: aws.String("grade")})
	_, part := db.Scan(ctx, &dynamodb.ScanInput{TableName: &c.name, IndexName: aws.String("by-ward"), Select: types.SelectAllProjectedAttributes})
	_, filter := db.Scan(ctx, &dynamodb.ScanInput{TableName: &c.name, FilterExpression: aws.String("begins_with(aws_dbe_b_text, :x)"), ExpressionAttributeValues: avItem{":x": s("0")}})
	for what, err := range map[string]error{
		"reserved name": put, "reserved name in a batch": batchPut, "update of what is signed": set, "update of a mark": mark,
		"projection": project, "projected attributes": part, "filter on a beacon": filter,
	} {
		if !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("%s: %v, want a refusal", what, err)
		}
	}
}

// reserved returns names that no item of the format may have.
func (c *chartTable[T, P]) reserved() []string {
	schema := must(ddbenc.SchemaOf[T]())
	enc := must(c.format.ForTable(crypt.Table{Name: c.name, PartitionKey: schema.PartitionKey, SortKey: schema.SortKey, Actions: schema.Actions()}))
	if p := enc.ReservedPrefix(); p != "" {
		return append(enc.Reserved(), p+"b_text")
	}
	return enc.Reserved()
}

package ddbenc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
)

// sealed returns an item as an encrypted client of table sends it, in DynamoDB's
// JSON.
func sealed(tb testing.TB, table ddbenc.ClientTable, it avItem) string {
	tb.Helper()
	db, w := scripted(func(string, string) (int, string) { return 200, "{}" }, table)
	if _, err := db.PutItem(tb.Context(), &dynamodb.PutItemInput{TableName: aws.String("patients"), Item: it}); err != nil {
		tb.Fatal(err)
	}
	var in struct{ Item json.RawMessage }
	if err := json.Unmarshal([]byte(w.bodies[0]), &in); err != nil {
		tb.Fatal(err)
	}
	return string(in.Item)
}

// Whatever a server puts where an item can stand, nothing comes out that is not a
// genuine item, and the one that was asked for.
func TestClientHostileServer(t *testing.T) {
	table := rawPatients(t, "patients")
	name := aws.String("patients")
	genuine := sealed(t, table, admission("ada", "1"))
	var changed avItem = must(codec.UnmarshalItem([]byte(genuine)))
	answersOf := map[string]string{
		"changed":   string(must(codec.MarshalItem(with(changed, "clinic", s("south"))))),
		"plaintext": string(must(codec.MarshalItem(admission("ada", "1")))),
		"another":   sealed(t, table, admission("bob", "1")),
		"unsigned":  string(must(codec.MarshalItem(with(changed, "*amzn-ddb-map-sig*", nil)))),
	}
	key := admissionKey("ada", "1")
	exists := aws.String("attribute_exists(patient_id)")
	views := map[string]string{"#v": "views"}

	for _, path := range []struct {
		name    string
		status  int
		answer  string // with %s for the item
		call    func(ctx context.Context, db *dynamodb.Client) (any, error)
		any     bool // any genuine item is right
		written bool // the write took effect
	}{
		{"get", 200, `{"Item":%s}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: key})
		}, false, false},
		{"put, old item", 200, `{"Attributes":%s}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: admission("ada", "1"), ReturnValues: "ALL_OLD"})
		}, false, true},
		{"delete, old item", 200, `{"Attributes":%s}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key, ReturnValues: "ALL_OLD"})
		}, false, true},
		{"update, old item", 200, `{"Attributes":%s}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key, UpdateExpression: aws.String("REMOVE #v"),
				ExpressionAttributeNames: views, ReturnValues: "ALL_OLD"})
		}, false, true},
		{"update, new item", 200, `{"Attributes":%s}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key, UpdateExpression: aws.String("REMOVE #v"),
				ExpressionAttributeNames: views, ReturnValues: "ALL_NEW"})
		}, false, true},
		{"query", 200, `{"Items":[%s],"Count":1}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.Query(ctx, &dynamodb.QueryInput{TableName: name, KeyConditionExpression: aws.String("patient_id = :p"), ExpressionAttributeValues: avItem{":p": s("ada")}})
		}, false, false},
		{"query of an index", 200, `{"Items":[%s],"Count":1}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.Query(ctx, &dynamodb.QueryInput{TableName: name, IndexName: aws.String("by-clinic"),
				KeyConditionExpression: aws.String("clinic = :p"), ExpressionAttributeValues: avItem{":p": s("north")}})
		}, true, false},
		{"scan", 200, `{"Items":[%s],"Count":1}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.Scan(ctx, &dynamodb.ScanInput{TableName: name})
		}, true, false},
		{"batch get", 200, `{"Responses":{"patients":[%s]}}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"patients": {Keys: []map[string]types.AttributeValue{key}}}})
		}, false, false},
		{"batch get under another name", 200, `{"Responses":{"arn:aws:dynamodb:eu-central-1:123456789012:table/patients":[%s]}}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"patients": {Keys: []map[string]types.AttributeValue{key}}}})
		}, false, false},
		{"transaction of gets", 200, `{"Responses":[{"Item":%s}]}`, func(ctx context.Context, db *dynamodb.Client) (any, error) {
			return db.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: name, Key: key}}}})
		}, false, false},
		{"failed condition of a put", 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no","Item":%s}`,
			func(ctx context.Context, db *dynamodb.Client) (any, error) {
				return db.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: admission("ada", "1"), ConditionExpression: exists, ReturnValuesOnConditionCheckFailure: "ALL_OLD"})
			}, false, false},
		{"failed condition of a delete", 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no","Item":%s}`,
			func(ctx context.Context, db *dynamodb.Client) (any, error) {
				return db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key, ConditionExpression: exists, ReturnValuesOnConditionCheckFailure: "ALL_OLD"})
			}, false, false},
		{"failed condition of an update", 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no","Item":%s}`,
			func(ctx context.Context, db *dynamodb.Client) (any, error) {
				return db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key, UpdateExpression: aws.String("REMOVE #v"), ExpressionAttributeNames: views,
					ConditionExpression: exists, ReturnValuesOnConditionCheckFailure: "ALL_OLD"})
			}, false, false},
		{"cancelled transaction", 400, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"no","CancellationReasons":[{"Code":"ConditionalCheckFailed","Message":"no","Item":%s}]}`,
			func(ctx context.Context, db *dynamodb.Client) (any, error) {
				return db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
					{ConditionCheck: &types.ConditionCheck{TableName: name, Key: key, ConditionExpression: exists, ReturnValuesOnConditionCheckFailure: "ALL_OLD"}}}})
			}, false, false},
	} {
		answer := ""
		db, _ := scripted(func(string, string) (int, string) { return path.status, answer }, table)

		answer = fmt.Sprintf(path.answer, genuine)
		out, err := path.call(t.Context(), db)
		got := fmt.Sprintf("%+v", plainText(out, err))
		if !strings.Contains(got, secret) || path.status == 200 && err != nil {
			t.Errorf("%s: of the genuine item we got %s, %v", path.name, got, err)
		}

		for kind, it := range answersOf {
			if kind == "another" && path.any {
				continue
			}
			answer = fmt.Sprintf(path.answer, it)
			out, err := path.call(t.Context(), db)
			var item *ddbenc.ItemError
			if !errors.As(err, &item) || !errors.Is(err, ddbenc.ErrVerify) && !errors.Is(err, ddbenc.ErrNotSigned) {
				t.Errorf("%s, %s item: error %v", path.name, kind, err)
				continue
			}
			if item.Written != path.written {
				t.Errorf("%s, %s item: Written is %v", path.name, kind, item.Written)
			}
			if path.status == 200 && fmt.Sprintf("%v", out) != "<nil>" {
				t.Errorf("%s, %s item: returned %v", path.name, kind, out)
			}
			if got := fmt.Sprintf("%+v", plainText(nil, err)); strings.Contains(got, "patient_id") || strings.Contains(err.Error(), secret) {
				t.Errorf("%s, %s item: the error has something of it: %s", path.name, kind, got)
			}
		}
	}
}

// plainText gathers the items in an output, or in the SDK's error.
func plainText(out any, err error) (items []string) {
	add := func(all ...map[string]types.AttributeValue) {
		for _, it := range all {
			if it != nil {
				items = append(items, string(must(codec.MarshalItem(it))))
			}
		}
	}
	var failed *types.ConditionalCheckFailedException
	var canceled *types.TransactionCanceledException
	if errors.As(err, &failed) {
		add(failed.Item)
	}
	if errors.As(err, &canceled) {
		for _, r := range canceled.CancellationReasons {
			add(r.Item)
		}
	}
	switch out := out.(type) {
	case *dynamodb.GetItemOutput:
		add(orEmpty(out).Item)
	case *dynamodb.PutItemOutput:
		add(orEmpty(out).Attributes)
	case *dynamodb.DeleteItemOutput:
		add(orEmpty(out).Attributes)
	case *dynamodb.UpdateItemOutput:
		add(orEmpty(out).Attributes)
	case *dynamodb.QueryOutput:
		add(orEmpty(out).Items...)
	case *dynamodb.ScanOutput:
		add(orEmpty(out).Items...)
	case *dynamodb.BatchGetItemOutput:
		for _, all := range orEmpty(out).Responses {
			add(all...)
		}
	case *dynamodb.TransactGetItemsOutput:
		for _, r := range orEmpty(out).Responses {
			add(r.Item)
		}
	}
	return items
}

// Responses that don't fit the request are refused, or lose what can't belong
// anywhere.
func TestClientMisfitResponses(t *testing.T) {
	table := rawPatients(t, "patients")
	name, key := aws.String("patients"), admissionKey("ada", "1")
	genuine := sealed(t, table, admission("ada", "1"))
	answer := ""
	status := 200
	db, _ := scripted(func(string, string) (int, string) { return status, answer }, table)
	ctx := t.Context()
	gets := &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: name, Key: key}}}}
	batch := &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"patients": {Keys: []map[string]types.AttributeValue{key}}}}
	write := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"patients": {{PutRequest: &types.PutRequest{Item: admission("ada", "1")}}}}}

	for _, tc := range []struct {
		name, answer string
		call         func() (any, error)
	}{
		{"too many responses", `{"Responses":[{},{"Item":` + genuine + `}]}`, func() (any, error) { return db.TransactGetItems(ctx, gets) }},
		{"too few responses", `{"Responses":[]}`, func() (any, error) { return db.TransactGetItems(ctx, gets) }},
		{"unprocessed key of another item", `{"UnprocessedKeys":{"patients":{"Keys":[{"patient_id":{"S":"bob"},"visit":{"N":"1"}}]}}}`,
			func() (any, error) { return db.BatchGetItem(ctx, batch) }},
		{"unprocessed put of another item", `{"UnprocessedItems":{"patients":[{"PutRequest":{"Item":{"patient_id":{"S":"bob"},"visit":{"N":"1"}}}}]}}`,
			func() (any, error) { return db.BatchWriteItem(ctx, write) }},
		{"unprocessed delete of what was put", `{"UnprocessedItems":{"patients":[{"DeleteRequest":{"Key":{"patient_id":{"S":"ada"},"visit":{"N":"1"}}}}]}}`,
			func() (any, error) { return db.BatchWriteItem(ctx, write) }},
		{"unprocessed nothing", `{"UnprocessedItems":{"patients":[{}]}}`, func() (any, error) { return db.BatchWriteItem(ctx, write) }},
	} {
		answer = tc.answer
		if out, err := tc.call(); !errors.Is(err, ddbenc.ErrVerify) || fmt.Sprintf("%v", out) != "<nil>" {
			t.Errorf("%s: got %v, %v", tc.name, out, err)
		}
	}

	// Attributes that no one asked for are dropped.
	answer = `{"Attributes":` + genuine + `}`
	put, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: admission("ada", "1")})
	if err != nil || put.Attributes != nil {
		t.Errorf("put: %v, %v", put, err)
	}
	update := &dynamodb.UpdateItemInput{TableName: name, Key: key, UpdateExpression: aws.String("REMOVE #v"), ExpressionAttributeNames: map[string]string{"#v": "views"}}
	updated, err := db.UpdateItem(ctx, update)
	if err != nil || updated.Attributes != nil {
		t.Errorf("update: %v, %v", updated, err)
	}
	update.ReturnValues = "UPDATED_OLD"
	updated, err = db.UpdateItem(ctx, update)
	if diff := cmp.Diff(map[string]types.AttributeValue{"views": n("1")}, updated.Attributes, avCmp); err != nil || diff != "" {
		t.Errorf("update, old part: %v, -want +got:\n%s", err, diff)
	}

	// Without one reason for each entry, none can be told to be an entry's.
	status, answer = 400, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"no","CancellationReasons":[{"Code":"None"},{"Code":"X","Item":`+genuine+`}]}`
	_, err = db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Delete: &types.Delete{TableName: name, Key: key}}}})
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) || len(plainText(nil, err)) > 0 {
		t.Errorf("cancelled: %v", err)
	}
}

// What comes back unprocessed is the caller's own, and can be sent again as it is.
func TestClientUnprocessedItems(t *testing.T) {
	table := rawPatients(t, "patients")
	var left string
	db, w := scripted(func(op, body string) (int, string) {
		// The service has numbers its own way, and its own order.
		var in struct {
			RequestItems map[string][]json.RawMessage
		}
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			t.Error(err)
		}
		for name, requests := range in.RequestItems {
			for i, j := 0, len(requests)-1; i < j; i, j = i+1, j-1 {
				requests[i], requests[j] = requests[j], requests[i]
			}
			in.RequestItems[name] = requests
		}
		left = string(must(json.Marshal(map[string]any{"UnprocessedItems": in.RequestItems})))
		return 200, strings.ReplaceAll(left, `"1.50"`, `"1.5"`)
	}, table)
	ada, bob := admission("ada", "1.50"), admission("bob", "2")
	in := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
		"patients": {{PutRequest: &types.PutRequest{Item: ada}}, {DeleteRequest: &types.DeleteRequest{Key: admissionKey("cyd", "1")}}, {PutRequest: &types.PutRequest{Item: bob}}},
		"another":  {{PutRequest: &types.PutRequest{Item: avItem{"id": s("x")}}}},
	}}
	out, err := db.BatchWriteItem(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]types.WriteRequest{
		"patients": {in.RequestItems["patients"][2], in.RequestItems["patients"][1], in.RequestItems["patients"][0]},
		"another":  in.RequestItems["another"],
	}
	if diff := cmp.Diff(want, out.UnprocessedItems, inputs); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: out.UnprocessedItems}); err != nil {
		t.Errorf("again: %v", err)
	}
	w.mustBeSecret(t)
}

// A retry sends the ciphertext of the first attempt.
func TestClientRetriesCiphertext(t *testing.T) {
	var mu sync.Mutex
	tries := map[string]int{}
	db, w := scripted(func(op, _ string) (int, string) {
		mu.Lock()
		defer mu.Unlock()
		if tries[op]++; tries[op] < 3 {
			return 500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`
		}
		return 200, "{}"
	}, rawPatients(t, "patients"))
	name := aws.String("patients")
	noWait := func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: name, Item: admission("ada", "1")}, noWait); err != nil {
		t.Fatal(err)
	}
	if _, err := db.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: name, Item: admission("ada", "1")}}}}, noWait); err != nil {
		t.Fatal(err)
	}
	if w.requests() != 6 || w.bodies[0] != w.bodies[1] || w.bodies[1] != w.bodies[2] || w.bodies[3] != w.bodies[4] || w.bodies[4] != w.bodies[5] {
		t.Errorf("attempts differ: %q", w.bodies)
	}
}

// A transaction whose outcome is unknown may be sent again under its token: it is
// the same request to DynamoDB. The SDK stores the token in the caller's input.
func TestClientTransactionAgain(t *testing.T) {
	status := 500
	db, w := scripted(func(string, string) (int, string) { return status, "{}" }, rawPatients(t, "patients"))
	once := func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }
	in := &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: aws.String("patients"), Item: admission("ada", "1")}}}}
	if _, err := db.TransactWriteItems(t.Context(), in, once); err == nil {
		t.Fatal("no error")
	}
	status = 200
	if _, err := db.TransactWriteItems(t.Context(), in, once); err != nil {
		t.Fatal(err)
	}
	request := func(i int) (v any) {
		if err := json.Unmarshal([]byte(w.bodies[i]), &v); err != nil {
			t.Error(err)
		}
		return v
	}
	if diff := cmp.Diff(request(0), request(1)); diff != "" {
		t.Errorf("not the same: -first +again:\n%s", diff)
	}
	in.TransactItems[0].Put.Item["name"] = s("another")
	if _, err := db.TransactWriteItems(t.Context(), in, once); err != nil || cmp.Equal(request(2), request(1)) {
		t.Errorf("another request: %v, %s", err, w.bodies)
	}
	w.mustBeSecret(t)
}

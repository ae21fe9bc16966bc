package ddbenctest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

// faultEngine returns an engine with the table "items" and a client that does not
// retry.
func faultEngine(t testing.TB) (*ddbenctest.Engine, *dynamodb.Client) {
	t.Helper()
	e := ddbenctest.NewEngine()
	db := e.Client(func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	makeTable(t, db, "items")
	return e, db
}

func faultItem(sk int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "p"},
		"sk": &types.AttributeValueMemberN{Value: fmt.Sprint(sk)},
	}
}

func putItem(ctx context.Context, db *dynamodb.Client, sk int) error {
	_, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("items"), Item: faultItem(sk)})
	return err
}

// countItems returns how many items the table "items" holds.
func countItems(t testing.TB, db *dynamodb.Client) int32 {
	t.Helper()
	out, err := db.Scan(context.WithoutCancel(t.Context()), &dynamodb.ScanInput{TableName: aws.String("items"), Select: types.SelectCount})
	if err != nil {
		t.Fatal(err)
	}
	return out.Count
}

func errorCode(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

func TestFaultCodes(t *testing.T) {
	for _, code := range []string{
		"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException", "InternalServerError", "ServiceUnavailable",
	} {
		t.Run(code, func(t *testing.T) {
			e, db := faultEngine(t)
			e.Fault(ddbenctest.Fault{Operation: "PutItem", Table: "items", Times: 2, Code: code})
			for i, want := range []string{code, code, ""} {
				err := putItem(t.Context(), db, i)
				if errorCode(err) != want {
					t.Errorf("call %d gives %v, want code %q", i, err, want)
				}
			}
			if n := countItems(t, db); n != 1 {
				t.Errorf("%d items are stored, want 1", n)
			}
		})
	}
}

// The SDK retries throttling without waiting, so two faults go unnoticed.
func TestFaultIsRetried(t *testing.T) {
	e, _ := faultEngine(t)
	e.Fault(ddbenctest.Fault{Operation: "PutItem", Times: 2, Code: "ProvisionedThroughputExceededException"})
	start := time.Now()
	if err := putItem(t.Context(), e.Client(), 1); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("retries took %v", d)
	}
}

func TestFaultSkipsAndMatches(t *testing.T) {
	e, db := faultEngine(t)
	e.Fault(ddbenctest.Fault{Operation: "GetItem", Code: "InternalServerError"})
	e.Fault(ddbenctest.Fault{Table: "other", Times: -1, Code: "InternalServerError"})
	e.Fault(ddbenctest.Fault{Operation: "PutItem", Skip: 1, Code: "ThrottlingException", Message: "slow down"})
	for i, want := range []string{"", "ThrottlingException", ""} {
		if err := putItem(t.Context(), db, i); errorCode(err) != want || want != "" && !strings.Contains(err.Error(), "slow down") {
			t.Errorf("call %d gives %v, want code %q", i, err, want)
		}
	}
	e.Fault(ddbenctest.Fault{Times: -1, Code: "ThrottlingException"})
	e.ClearFaults()
	if err := putItem(t.Context(), db, 9); err != nil {
		t.Errorf("after ClearFaults: %v", err)
	}
}

func TestFaultDropsAndLosesResponses(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault ddbenctest.Fault
		want  int32 // items stored by the call that failed
	}{
		{"dropped", ddbenctest.Fault{Operation: "PutItem", Drop: true}, 0},
		{"response lost", ddbenctest.Fault{Operation: "PutItem", LoseResponse: true}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, db := faultEngine(t)
			e.Fault(test.fault)
			if err := putItem(t.Context(), db, 1); err == nil || errorCode(err) != "" {
				t.Errorf("PutItem gives %v, want an error of the connection", err)
			}
			if n := countItems(t, db); n != test.want {
				t.Errorf("%d items are stored, want %d", n, test.want)
			}
		})
		t.Run(test.name+" over a socket", func(t *testing.T) {
			e, _ := faultEngine(t)
			server := httptest.NewServer(e.Handler())
			defer server.Close()
			db := e.Client(func(o *dynamodb.Options) {
				o.BaseEndpoint, o.HTTPClient, o.Retryer = aws.String(server.URL), server.Client(), aws.NopRetryer{}
			})
			e.Fault(test.fault)
			if err := putItem(t.Context(), db, 1); err == nil || errorCode(err) != "" {
				t.Errorf("PutItem gives %v, want an error of the connection", err)
			}
			if n := countItems(t, db); n != test.want {
				t.Errorf("%d items are stored, want %d", n, test.want)
			}
		})
	}
}

func TestFaultLatencyTimesOut(t *testing.T) {
	e, db := faultEngine(t)
	e.Fault(ddbenctest.Fault{Operation: "PutItem", Latency: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := putItem(ctx, db, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("PutItem gives %v, want the deadline's error", err)
	}
	if n := countItems(t, db); n != 0 {
		t.Errorf("%d items are stored, want none", n)
	}
}

func TestFaultLeavesBatchesUnprocessed(t *testing.T) {
	e, db := faultEngine(t)
	var writes []types.WriteRequest
	var keys []map[string]types.AttributeValue
	for i := range 5 {
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: faultItem(i)}})
		keys = append(keys, faultItem(i))
	}
	e.Fault(ddbenctest.Fault{Unprocessed: true, Operation: "BatchWriteItem"})
	rounds := 0
	for request := map[string][]types.WriteRequest{"items": writes}; len(request) > 0; rounds++ {
		out, err := db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: request})
		if err != nil {
			t.Fatal(err)
		}
		request = out.UnprocessedItems
	}
	if n := countItems(t, db); rounds != 2 || n != 5 {
		t.Errorf("%d rounds stored %d items, want 2 rounds and 5 items", rounds, n)
	}
	e.Fault(ddbenctest.Fault{Unprocessed: true, Operation: "BatchGetItem"})
	rounds, read := 0, 0
	for request := map[string]types.KeysAndAttributes{"items": {Keys: keys}}; len(request) > 0; rounds++ {
		out, err := db.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: request})
		if err != nil {
			t.Fatal(err)
		}
		read += len(out.Responses["items"])
		request = out.UnprocessedKeys
	}
	if rounds != 2 || read != 5 {
		t.Errorf("%d rounds read %d items, want 2 rounds and 5 items", rounds, read)
	}
}

func TestFaultConflicts(t *testing.T) {
	e, db := faultEngine(t)
	request := &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("items"), Item: faultItem(1)}},
		{Put: &types.Put{TableName: aws.String("items"), Item: faultItem(2)}},
	}}
	e.Fault(ddbenctest.Fault{Conflict: true})
	_, err := db.TransactWriteItems(t.Context(), request)
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok || len(canceled.CancellationReasons) != 2 || *canceled.CancellationReasons[0].Code != "TransactionConflict" || *canceled.CancellationReasons[1].Code != "None" {
		t.Errorf("TransactWriteItems gives %v, want a conflict of the first action", err)
	}
	e.Fault(ddbenctest.Fault{Conflict: true})
	if err := putItem(t.Context(), db, 1); errorCode(err) != "TransactionConflictException" {
		t.Errorf("PutItem gives %v, want a TransactionConflictException", err)
	}
	if n := countItems(t, db); n != 0 {
		t.Errorf("%d items are stored, want none", n)
	}
}

// A transaction whose response was lost is made once: the SDK's retry has the same
// token.
func TestLostTransactionIsMadeOnce(t *testing.T) {
	e, _ := faultEngine(t)
	db := e.Client()
	e.Fault(ddbenctest.Fault{Operation: "TransactWriteItems", LoseResponse: true})
	_, err := db.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Update: &types.Update{
		TableName: aws.String("items"), Key: faultItem(1), UpdateExpression: aws.String("ADD n :one"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("items"), Key: faultItem(1)})
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Item["n"].(*types.AttributeValueMemberN).Value; n != "1" {
		t.Errorf("n is %s, want 1", n)
	}
}

func ExampleEngine_Fault() {
	e := ddbenctest.NewEngine()
	db := e.Client()
	e.Fault(ddbenctest.Fault{Operation: "ListTables", Times: 3, Code: "RequestLimitExceeded"})
	for range 2 {
		_, err := db.ListTables(context.Background(), &dynamodb.ListTablesInput{})
		fmt.Println(err == nil)
	}
	fmt.Println(len(e.Requests()), "requests")
	// Output:
	// false
	// true
	// 4 requests
}

package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
)

// What the SDK builds on its client works on an encrypted one as it is:
// paginators, waiters, the expression builder and attributevalue.
func TestClientWithTheSDK(t *testing.T) {
	c := openClinic(t)
	ctx := t.Context()
	type visit struct {
		ID    string `dynamodbav:"patient_id"`
		Visit int    `dynamodbav:"visit"`
		Name  string `dynamodbav:"name"`
	}
	var want []visit
	for i := range 25 {
		v := visit{"ada", i, fmt.Sprint(secret, i)}
		want = append(want, v)
		c.put(t, must(attributevalue.MarshalMap(v)))
	}

	if err := dynamodb.NewTableExistsWaiter(c.db).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &c.table}, time.Minute); err != nil {
		t.Errorf("waiter: %v", err)
	}

	expr := must(expression.NewBuilder().
		WithKeyCondition(expression.KeyAnd(expression.Key("patient_id").Equal(expression.Value("ada")), expression.Key("visit").LessThan(expression.Value(100)))).
		WithFilter(expression.Name("name").AttributeExists()).Build())
	var got []visit
	pages := 0
	for p := dynamodb.NewQueryPaginator(c.db, &dynamodb.QueryInput{
		TableName: &c.table, Limit: aws.Int32(10),
		KeyConditionExpression: expr.KeyCondition(), FilterExpression: expr.Filter(),
		ExpressionAttributeNames: expr.Names(), ExpressionAttributeValues: expr.Values(),
	}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var some []visit
		if err := attributevalue.UnmarshalListOfMaps(page.Items, &some); err != nil {
			t.Fatal(err)
		}
		got = append(got, some...)
	}
	if diff := cmp.Diff(want, got); diff != "" || pages != 3 {
		t.Errorf("query in %d pages: -want +got:\n%s", pages, diff)
	}

	scanned := 0
	for p := dynamodb.NewScanPaginator(c.db, &dynamodb.ScanInput{TableName: &c.table, Limit: aws.Int32(10)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range page.Items {
			if strings.HasPrefix(it["name"].(*types.AttributeValueMemberS).Value, secret) {
				scanned++
			}
		}
	}
	if scanned != len(want) {
		t.Errorf("scanned %d items, want %d", scanned, len(want))
	}

	got = nil
	keys := make([]map[string]types.AttributeValue, len(want))
	for i := range want {
		keys[i] = admissionKey("ada", fmt.Sprint(i))
	}
	for p := dynamodb.NewBatchGetItemPaginator(c.db, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{c.table: {Keys: keys}}}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var some []visit
		if err := attributevalue.UnmarshalListOfMaps(page.Responses[c.table], &some); err != nil {
			t.Fatal(err)
		}
		got = append(got, some...)
	}
	if len(got) != len(want) {
		t.Errorf("batch get found %d items, want %d", len(got), len(want))
	}
	c.wire.mustBeSecret(t)
}

// Middleware that a program has put into its client may change requests, the name
// of a table above all: what counts is what is sent.
func TestClientBehindOtherMiddleware(t *testing.T) {
	table := rawPatients(t, "prod-patients")
	prefix := func(pos middleware.RelativePosition) func(*dynamodb.Options) {
		return func(o *dynamodb.Options) {
			o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
				return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("prefix", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					put := *in.Parameters.(*dynamodb.PutItemInput)
					put.TableName = aws.String("prod-" + *put.TableName)
					in.Parameters = &put
					return next.HandleInitialize(ctx, in)
				}), pos)
			})
		}
	}
	for _, pos := range []middleware.RelativePosition{middleware.Before, middleware.After} {
		db, w := scripted(func(string, string) (int, string) { return 200, "{}" }, table)
		if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("patients"), Item: admission("ada", "1")}, prefix(pos)); err != nil {
			t.Fatal(err)
		}
		if w.mustBeSecret(t); !strings.Contains(w.bodies[0], "prod-patients") {
			t.Errorf("sent %s", w.bodies)
		}
	}
}

// A table is encrypted by whichever name it is called.
func TestClientNamesOnTheWire(t *testing.T) {
	arn := "arn:aws:dynamodb:eu-central-1:123456789012:table/patients"
	ctx := t.Context()
	for _, opened := range []string{"patients", arn} {
		for _, called := range []string{"patients", arn, "arn:aws:dynamodb:us-east-1:123456789012:table/patients"} {
			db, w := scripted(func(string, string) (int, string) { return 200, "{}" }, rawPatients(t, opened))
			name := &called
			_, err1 := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: admission("ada", "1")})
			_, err2 := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{called: {{PutRequest: &types.PutRequest{Item: admission("ada", "1")}}}}})
			_, err3 := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: name, Item: admission("ada", "1")}}}})
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Error(err)
			}
			w.mustBeSecret(t)
			for _, body := range w.bodies {
				if !strings.Contains(body, `"`+called+`"`) {
					t.Errorf("opened as %s: the request does not name %s: %s", opened, called, body)
				}
			}
		}
	}
}

// One client may be used by many goroutines.
func TestClientConcurrently(t *testing.T) {
	c := openClinic(t)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			id := fmt.Sprint("p-", i)
			want := with(admission(id, "1"), "name", s(fmt.Sprint(secret, i)))
			if _, err := c.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: want}); err != nil {
				t.Error(err)
			}
			out, err := c.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &c.table, Key: admissionKey(id, "1"), ConsistentRead: aws.Bool(true)})
			if diff := cmp.Diff(want, orEmpty(out).Item, avCmp); err != nil || diff != "" {
				t.Errorf("%v, -want +got:\n%s", err, diff)
			}
			if _, err := c.db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &c.table}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c.wire.mustBeSecret(t)
}

// An update makes no item, which would have no signature.
func TestClientUpdateOfNothing(t *testing.T) {
	c := openClinic(t)
	in := &dynamodb.UpdateItemInput{TableName: &c.table, Key: admissionKey("nobody", "1"), UpdateExpression: aws.String("ADD #v :one"),
		ExpressionAttributeNames: map[string]string{"#v": "views"}, ExpressionAttributeValues: avItem{":one": n("1")}}
	_, err := c.db.UpdateItem(t.Context(), in)
	var failed *types.ConditionalCheckFailedException
	if !errors.Is(err, ddbenc.ErrNotFound) || !errors.As(err, &failed) {
		t.Errorf("got %v", err)
	}
	in.ConditionExpression = aws.String("attribute_not_exists(patient_id)")
	if _, err := c.db.UpdateItem(t.Context(), in); !errors.As(err, &failed) || errors.Is(err, ddbenc.ErrNotFound) {
		t.Errorf("with a condition: %v", err)
	}
	_, err = c.db.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Update: &types.Update{
		TableName: &c.table, Key: in.Key, UpdateExpression: in.UpdateExpression, ExpressionAttributeNames: in.ExpressionAttributeNames, ExpressionAttributeValues: in.ExpressionAttributeValues}}}})
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		t.Errorf("in a transaction: %v", err)
	}
	if it := c.stored(t, in.Key); it != nil {
		t.Errorf("stored: %v", it)
	}
}

// The item inside a failed condition is the SDK's, decrypted.
func TestClientFailedConditions(t *testing.T) {
	c := openClinic(t)
	ctx := t.Context()
	ada := admission("ada", "1")
	c.put(t, ada)
	var failed *types.ConditionalCheckFailedException
	_, err := c.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &c.table, Item: ada, ConditionExpression: aws.String("attribute_not_exists(patient_id)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ada, failed.Item, avCmp); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	var canceled *types.TransactionCanceledException
	_, err = c.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: &c.other, Item: admissionKey("x", "1")}},
		{Delete: &types.Delete{TableName: &c.table, Key: admissionKey("ada", "1"), ConditionExpression: aws.String("clinic = :c"), ExpressionAttributeValues: avItem{":c": s("south")},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}},
	}})
	if !errors.As(err, &canceled) || len(canceled.CancellationReasons) != 2 {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ada, canceled.CancellationReasons[1].Item, avCmp); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

package ddbenc_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

type avItem = map[string]types.AttributeValue

// An Admission is the type of most tests: every action, both kinds of index.
type Admission struct {
	ID     string    `dynamodbav:"patient_id,partition"`
	Visit  time.Time `dynamodbav:"visit,sort,unixtime"`
	Name   string    `dynamodbav:"name" ddbenc:"encrypt"`
	Notes  []string  `dynamodbav:"notes,omitempty" ddbenc:"encrypt"`
	Clinic string    `dynamodbav:"clinic,omitempty" ddbenc:"sign" dynamodbindex:"by-clinic,global,partition"`
	Rank   int       `dynamodbav:"rank,omitempty" ddbenc:"sign" dynamodbindex:"by-rank,local,sort"`
	Views  int       `dynamodbav:"views" ddbenc:"none"`
}

// visitAt returns the n-th point in time of the tests.
func visitAt(n int) time.Time { return time.Unix(1_700_000_000+int64(n), 0).UTC() }

// A fake is a DynamoDB that answers what a test says, and remembers what it was
// asked. It can be as hostile as a test wants.
type fake struct {
	calls   int
	put     *dynamodb.PutItemInput
	update  *dynamodb.UpdateItemInput
	del     *dynamodb.DeleteItemInput
	queries []dynamodb.QueryInput
	scans   []dynamodb.ScanInput

	item  avItem // of Get, and the old item of Put and Delete
	pages [][]avItem
	next  []avItem // key behind each page
	err   error
}

func (f *fake) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	f.calls++
	f.put = in
	return &dynamodb.PutItemOutput{Attributes: f.item}, f.err
}

func (f *fake) GetItem(_ context.Context, _ *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	f.calls++
	return &dynamodb.GetItemOutput{Item: f.item}, f.err
}

func (f *fake) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	f.calls++
	f.update = in
	return &dynamodb.UpdateItemOutput{}, f.err
}

func (f *fake) DeleteItem(_ context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	f.calls++
	f.del = in
	return &dynamodb.DeleteItemOutput{Attributes: f.item}, f.err
}

func (f *fake) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	f.calls++
	f.queries = append(f.queries, *in)
	items, next := f.page(len(f.queries) - 1)
	return &dynamodb.QueryOutput{Items: items, Count: int32(len(items)), LastEvaluatedKey: next}, f.err
}

func (f *fake) Scan(_ context.Context, in *dynamodb.ScanInput, _ ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	f.calls++
	f.scans = append(f.scans, *in)
	items, next := f.page(len(f.scans) - 1)
	return &dynamodb.ScanOutput{Items: items, Count: int32(len(items)), LastEvaluatedKey: next}, f.err
}

func (f *fake) page(n int) (items []avItem, next avItem) {
	if n < len(f.pages) {
		items = f.pages[n]
	}
	if n < len(f.next) {
		next = f.next[n]
	}
	return items, next
}

// openAdmissions opens a table of patients on db.
func openAdmissions(tb testing.TB, db ddbenc.DynamoDBAPI, opts ...ddbenc.TableOption) *ddbenc.Table[Admission] {
	tb.Helper()
	table, err := ddbenc.NewTable[Admission](db, "patients", crypt.NewDDBEC(testProvider), opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

// stored returns p as it is stored.
func stored(tb testing.TB, p Admission) avItem {
	tb.Helper()
	db := &fake{}
	if err := openAdmissions(tb, db).Put(context.Background(), &p); err != nil {
		tb.Fatal(err)
	}
	return db.put.Item
}

// with returns a copy of an item in which one attribute is v, or is missing if v
// is nil.
func with(it avItem, name string, v types.AttributeValue) avItem {
	it = maps.Clone(it)
	if v == nil {
		delete(it, name)
	} else {
		it[name] = v
	}
	return it
}

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func n(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }

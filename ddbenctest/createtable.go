package ddbenctest

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc"
)

// A TableCreator creates tables. A *dynamodb.Client is one.
type TableCreator interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	DeleteTable(context.Context, *dynamodb.DeleteTableInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteTableOutput, error)
}

var _ TableCreator = (*dynamodb.Client)(nil)

// createTimeout bounds the wait for a new table. Engines on this machine take
// no time, DynamoDB some seconds.
const createTimeout = 2 * time.Minute

// CreateTable creates the table called name for T, with its keys and indexes as
// the tags say, waits until it can be used, and deletes it when the test ends.
// It fails the test at once if any of this goes wrong.
func CreateTable[T any](t testing.TB, db TableCreator, name string) {
	t.Helper()
	schema, err := ddbenc.SchemaOf[T]()
	if err != nil {
		t.Fatalf("the type has mistakes:\n%v", err)
	}
	in := schema.CreateTableInput(name)
	for _, def := range in.AttributeDefinitions {
		if def.AttributeType == "" {
			t.Fatalf("the type of key attribute %q is known to its values only: create the table yourself", *def.AttributeName)
		}
	}
	if _, err := db.CreateTable(t.Context(), in); err != nil {
		t.Fatalf("creating table %q: %v", name, err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		_, err := db.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &name})
		if err != nil {
			t.Errorf("deleting table %q: %v", name, err)
		}
	})
	waiter := dynamodb.NewTableExistsWaiter(db, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay = 50 * time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, createTimeout); err != nil {
		t.Fatalf("waiting for table %q: %v", name, err)
	}
}

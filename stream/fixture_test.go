package stream_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
	"github.com/ddbenc/ddbenc/stream"
)

// A Patient is the item of most tests.
type Patient struct {
	ID     string                `dynamodbav:"patient_id,partition"`
	Visit  int64                 `dynamodbav:"visit,sort"`
	Name   string                `dynamodbav:"name" ddbenc:"encrypt"`
	Weight attributevalue.Number `dynamodbav:"weight,omitempty" ddbenc:"encrypt"`
	Photo  []byte                `dynamodbav:"photo,omitempty" ddbenc:"encrypt"`
	Clinic string                `dynamodbav:"clinic" ddbenc:"sign"`
	Views  int                   `dynamodbav:"views" ddbenc:"none"`
}

// A Session expires.
type Session struct {
	ID      string    `dynamodbav:"id,partition"`
	Token   string    `dynamodbav:"token" ddbenc:"encrypt"`
	Expires time.Time `dynamodbav:"expires,ttl,unixtime"`
}

// formats are the two item formats, with keys that need not be secret.
var formats = []struct {
	name   string
	format crypt.Format
}{
	{"DDBEC", crypt.NewDDBEC(must(keyring.NewStatic(make([]byte, 32), []byte("a signing key that is no secret!"))))},
	{"DB-ESDK", crypt.NewDBESDK(must(keyring.NewRawAES("tests", "1", make([]byte, 32))))},
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// open makes a table with a stream on the engine, and returns the stream's ARN.
func open[T any](ctx context.Context, e *ddbenctest.Engine, name string, format crypt.Format, view types.StreamViewType) (*ddbenc.Table[T], string) {
	db := e.Client()
	in := must(ddbenc.SchemaOf[T]()).CreateTableInput(name)
	in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view}
	out := must(db.CreateTable(ctx, in))
	return must(ddbenc.NewTable[T](db, name, format)), *out.TableDescription.LatestStreamArn
}

// openPatients is open for patients.
func openPatients(t *testing.T, format crypt.Format, view types.StreamViewType) (*ddbenctest.Engine, *ddbenc.Table[Patient], string) {
	t.Helper()
	e := ddbenctest.NewEngine()
	patients, arn := open[Patient](t.Context(), e, "patients", format, view)
	return e, patients, arn
}

// readStream returns all records of a stream of the engine.
func readStream(ctx context.Context, e *ddbenctest.Engine, arn string) []streamtypes.Record {
	client := e.StreamsClient()
	described := must(client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn}))
	iterator := must(client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: described.StreamDescription.Shards[0].ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	}))
	return must(client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator})).Records
}

// readEvent returns the event that Lambda would send for all records of a stream.
func readEvent(ctx context.Context, e *ddbenctest.Engine, arn string) stream.Event {
	var event stream.Event
	for _, r := range readStream(ctx, e, arn) {
		event.Records = append(event.Records, stream.FromStreams(arn, r))
	}
	return event
}

func put(t *testing.T, patients *ddbenc.Table[Patient], list ...Patient) {
	t.Helper()
	for i := range list {
		if err := patients.Put(t.Context(), &list[i]); err != nil {
			t.Fatal(err)
		}
	}
}

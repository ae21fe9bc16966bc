package stream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/stream"
)

// A User is the item of the examples.
type User struct {
	ID    string `dynamodbav:"user_id,partition"`
	Email string `dynamodbav:"email" ddbenc:"encrypt"`
	Plan  string `dynamodbav:"plan" ddbenc:"sign"`
}

// exampleUsers returns a table whose stream has a put and a change.
func exampleUsers(ctx context.Context) (*ddbenctest.Engine, *ddbenc.Table[User], string) {
	e := ddbenctest.NewEngine()
	users, arn := open[User](ctx, e, "users", formats[0].format, types.StreamViewTypeNewAndOldImages)
	for _, u := range []User{{ID: "u-1", Email: "ada@example.com", Plan: "free"}, {ID: "u-1", Email: "ada@example.com", Plan: "paid"}} {
		if err := users.Put(ctx, &u); err != nil {
			log.Fatal(err)
		}
	}
	return e, users, arn
}

func upgraded(ctx context.Context, u *User) error {
	fmt.Println("upgraded:", u.Email)
	return nil
}

// A Lambda function for a table's stream. Its main has one line:
//
//	lambda.Start(mux.Lambda())
func ExampleMux_Lambda() {
	ctx := context.Background()
	e, users, arn := exampleUsers(ctx)

	mux, err := stream.NewMux(stream.On(users, func(ctx context.Context, r *stream.Record[User]) error {
		if r.Operation == stream.Modify && r.Old.Plan == "free" && r.New.Plan == "paid" {
			return upgraded(ctx, r.New)
		}
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}

	resp, err := mux.Lambda()(ctx, readEvent(ctx, e, arn)) // what Lambda would do
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(resp)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", text)
	// Output:
	// upgraded: ada@example.com
	// {"batchItemFailures":[]}
}

// A function on the streams of several tables, one of them without a Go type.
func ExampleNewMux() {
	ctx := context.Background()
	e, users, arn := exampleUsers(ctx)
	audit, err := ddbenc.NewRawTable("audit", formats[0].format, ddbenc.RawSchema{PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}})
	if err != nil {
		log.Fatal(err)
	}

	mux, err := stream.NewMux(
		stream.On(users, func(ctx context.Context, r *stream.Record[User]) error {
			fmt.Println("user", r.New.ID, r.Operation)
			return nil
		}),
		stream.OnRaw(audit, func(ctx context.Context, r *stream.RawRecord) error {
			fmt.Println("audit", len(r.New), "attributes")
			return nil
		}),
	)
	if err != nil {
		log.Fatal(err)
	}

	for _, r := range readEvent(ctx, e, arn).Records {
		if err := mux.Handle(ctx, &r); err != nil {
			log.Fatal(err)
		}
	}
	// A record of a table that has no handler is refused.
	err = mux.Handle(ctx, &stream.StoredRecord{Change: stream.Change{Table: "invoices"}})
	fmt.Println(errors.Is(err, ddbenc.ErrRefused))
	// Output:
	// user u-1 INSERT
	// user u-1 MODIFY
	// true
}

// A record that is not genuine stops its shard, unless the program passes it over.
func ExampleOnItemError() {
	ctx := context.Background()
	e, users, arn := exampleUsers(ctx)
	event := readEvent(ctx, e, arn)
	event.Records[0].New["plan"] = &types.AttributeValueMemberS{Value: "gold"} // forged

	onUser := func(ctx context.Context, r *stream.Record[User]) error {
		fmt.Println(r.Operation, r.New.Plan)
		return nil
	}
	mux, err := stream.NewMux(stream.On(users, onUser, stream.OnItemError(
		func(ctx context.Context, c stream.Change, err *ddbenc.ItemError) error {
			fmt.Println("passed over:", err.Err)
			return nil // or err, to fail
		})))
	if err != nil {
		log.Fatal(err)
	}

	if _, err := mux.Lambda()(ctx, event); err != nil {
		log.Fatal(err)
	}
	// Output:
	// passed over: ddbenc: item failed verification
	// MODIFY paid
}

// A program that follows a stream by itself. It ends here because the stream was
// turned off.
func ExampleReader() {
	ctx := context.Background()
	e, users, arn := exampleUsers(ctx)
	turnOff(ctx, e, "users")
	mux, err := stream.NewMux(stream.On(users, func(ctx context.Context, r *stream.Record[User]) error {
		fmt.Println(r.Operation, r.New.Email, r.New.Plan)
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	var checkpoints stream.MemoryCheckpoints
	client := e.StreamsClient() // dynamodbstreams.NewFromConfig(cfg) is AWS

	reader, err := stream.NewReader(client, arn, mux,
		stream.WithCheckpoints(&checkpoints), // of your own: a database's, a file's
		stream.PollInterval(time.Second))
	if err != nil {
		log.Fatal(err)
	}
	if err := reader.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// INSERT ada@example.com free
	// MODIFY ada@example.com paid
}

func turnOff(ctx context.Context, e *ddbenctest.Engine, table string) {
	if _, err := e.Client().UpdateTable(ctx, &dynamodb.UpdateTableInput{
		TableName: &table, StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)},
	}); err != nil {
		log.Fatal(err)
	}
}

// A Place is where a shard's checkpoint is kept: in a table, too.
type Place struct {
	Shard  string `dynamodbav:"shard,partition"`
	Number string `dynamodbav:"number" ddbenc:"sign"`
	Done   bool   `dynamodbav:"done" ddbenc:"sign"`
}

// tableCheckpoints keeps checkpoints in a table, which nobody can change unseen.
type tableCheckpoints struct{ places *ddbenc.Table[Place] }

func (c tableCheckpoints) Load(ctx context.Context, shard string) (stream.Checkpoint, error) {
	p, err := c.places.Get(ctx, ddbenc.Key(shard), ddbenc.ConsistentRead())
	if errors.Is(err, ddbenc.ErrNotFound) {
		return stream.Checkpoint{}, nil
	}
	if err != nil {
		return stream.Checkpoint{}, err
	}
	return stream.Checkpoint{SequenceNumber: p.Number, Done: p.Done}, nil
}

func (c tableCheckpoints) Save(ctx context.Context, shard string, at stream.Checkpoint) error {
	return c.places.Put(ctx, &Place{Shard: shard, Number: at.SequenceNumber, Done: at.Done})
}

func ExampleCheckpoints() {
	ctx := context.Background()
	e, users, arn := exampleUsers(ctx)
	turnOff(ctx, e, "users")
	places, _ := open[Place](ctx, e, "checkpoints", formats[0].format, types.StreamViewTypeKeysOnly)
	mux, err := stream.NewMux(stream.On(users, func(ctx context.Context, r *stream.Record[User]) error {
		fmt.Println(r.Operation)
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}

	for range 2 { // a program that is started again does nothing twice
		reader, err := stream.NewReader(e.StreamsClient(), arn, mux, stream.WithCheckpoints(tableCheckpoints{places}))
		if err != nil {
			log.Fatal(err)
		}
		if err := reader.Run(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// INSERT
	// MODIFY
}

// A stream with the view KEYS_ONLY says which items changed. The rest is read from
// the table, where it is verified.
func ExampleChange_Key() {
	ctx := context.Background()
	e := ddbenctest.NewEngine()
	users, arn := open[User](ctx, e, "users", formats[0].format, types.StreamViewTypeKeysOnly)
	if err := users.Put(ctx, &User{ID: "u-1", Email: "ada@example.com"}); err != nil {
		log.Fatal(err)
	}

	mux, err := stream.NewMux(stream.On(users, func(ctx context.Context, r *stream.Record[User]) error {
		u, err := users.Get(ctx, r.Key())
		if errors.Is(err, ddbenc.ErrNotFound) {
			return nil // deleted since
		}
		if err != nil {
			return err
		}
		fmt.Println(r.Operation, u.Email)
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := mux.Lambda()(ctx, readEvent(ctx, e, arn)); err != nil {
		log.Fatal(err)
	}
	// Output: INSERT ada@example.com
}

// A record of the Streams API, got in some other way than by a Reader.
func ExampleFromStreams() {
	ctx := context.Background()
	e, users, arn := exampleUsers(ctx)
	mux, err := stream.NewMux(stream.On(users, func(ctx context.Context, r *stream.Record[User]) error {
		fmt.Println(r.Operation, r.New.Plan)
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}

	client := e.StreamsClient()
	described, err := client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	if err != nil {
		log.Fatal(err)
	}
	iterator, err := client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: described.StreamDescription.Shards[0].ShardId, ShardIteratorType: "TRIM_HORIZON",
	})
	if err != nil {
		log.Fatal(err)
	}
	out, err := client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator})
	if err != nil {
		log.Fatal(err)
	}
	for _, record := range out.Records {
		r := stream.FromStreams(arn, record)
		if err := mux.Handle(ctx, &r); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// INSERT free
	// MODIFY paid
}

// A handler that has an event of another type, such as the events.DynamoDBEvent of
// aws-lambda-go, converts it. Here it is the JSON as it came.
func ExampleEventFrom() {
	ctx := context.Background()
	e, users, arn := exampleUsers(ctx)
	var in map[string]any
	if err := json.Unmarshal(must(json.Marshal(readEvent(ctx, e, arn))), &in); err != nil {
		log.Fatal(err)
	}

	event, err := stream.EventFrom(in)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range event.Records {
		u, err := users.DecryptItem(ctx, r.New, ddbenc.UnderKey(r.Key()))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(u.Email, u.Plan)
	}
	// Output:
	// ada@example.com free
	// ada@example.com paid
}

// exportOf is a file of an export of a table.
func exportOf(ctx context.Context, users *ddbenc.Table[User]) io.Reader {
	var file bytes.Buffer
	if err := stream.WriteImport(ctx, &file, users, users.Scan(ctx)); err != nil {
		log.Fatal(err)
	}
	return &file
}

func ExampleReadExport() {
	ctx := context.Background()
	_, users, _ := exampleUsers(ctx)
	file := exportOf(ctx, users) // of S3: gzip.NewReader(object.Body)

	for u, err := range stream.ReadExport(ctx, file, users) {
		if err != nil {
			log.Fatal(err) // or continue, behind an item that is not genuine
		}
		fmt.Println(u.ID, u.Email)
	}
	// Output: u-1 ada@example.com
}

// An export of a table becomes an import to another, with other keys and in the other
// format. No item is in plaintext in between, except in memory.
func ExampleWriteImport() {
	ctx := context.Background()
	e, users, _ := exampleUsers(ctx)
	file := exportOf(ctx, users)
	newUsers, err := ddbenc.NewTable[User](e.Client(), "new-users", formats[1].format)
	if err != nil {
		log.Fatal(err)
	}

	var out bytes.Buffer
	if err := stream.WriteImport(ctx, &out, newUsers, stream.ReadExport(ctx, file, users)); err != nil {
		log.Fatal(err)
	}
	for u, err := range stream.ReadExport(ctx, &out, newUsers) {
		fmt.Println(u.ID, u.Email, err)
	}
	// Output: u-1 ada@example.com <nil>
}

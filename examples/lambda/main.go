// Lambda is a function for the stream of an encrypted table: it gets every change of
// it, verified and decrypted, and tells Lambda which record it could not handle, so
// that the ones before that don't come again.
//
//	go run ./examples/lambda
//
// It makes the table, and the events that Lambda would send, on a DynamoDB inside the
// process. In a function of yours, main is the one line
//
//	lambda.Start(mux.Lambda())
//
// with lambda from github.com/aws/aws-lambda-go, and the event source mapping has
// ReportBatchItemFailures among its FunctionResponseTypes.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
	"github.com/ddbenc/ddbenc/stream"
)

// An Order is what the table holds.
type Order struct {
	ID       string    `dynamodbav:"order_id,partition"`
	Customer string    `dynamodbav:"customer" ddbenc:"encrypt"`
	Total    int64     `dynamodbav:"total" ddbenc:"encrypt"`
	Status   string    `dynamodbav:"status" ddbenc:"sign"`
	Expires  time.Time `dynamodbav:"expires,ttl,unixtime"`
}

// A service does the function's work.
type service struct {
	mailDown bool
}

// onOrder handles one change. It may be called again for the same one.
func (s *service) onOrder(ctx context.Context, r *stream.Record[Order]) error {
	switch {
	case r.Operation == stream.Insert:
		fmt.Printf("   new order %s of %s, %d cents\n", r.New.ID, r.New.Customer, r.New.Total)
	case r.Expired:
		fmt.Printf("   order %s expired while it was %s\n", r.Old.ID, r.Old.Status)
	case r.Operation == stream.Remove:
		fmt.Printf("   order %s was deleted\n", r.Old.ID)
	case r.Old.Status != r.New.Status:
		if s.mailDown {
			return errors.New("the mail server does not answer")
		}
		fmt.Printf("   to %s: your order %s is %s\n", r.New.Customer, r.New.ID, r.New.Status)
	}
	return nil
}

// onForged handles what no one who has the keys has written.
func (s *service) onForged(ctx context.Context, c stream.Change, err *ddbenc.ItemError) error {
	fmt.Printf("   %s of a record that is not genuine is passed over: %v\n", c.Operation, err.Err)
	return nil
}

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	engine := ddbenctest.NewEngine()
	orders, arn, err := open(ctx, engine)
	if err != nil {
		return err
	}

	var s service
	mux, err := stream.NewMux(stream.On(orders, s.onOrder, stream.OnItemError(s.onForged)))
	if err != nil {
		return err
	}
	function := mux.Lambda(stream.OnFailure(func(_ context.Context, e *stream.RecordError) {
		fmt.Println("   failed:", e.Err)
	}))

	fmt.Println("1. Two orders, of which one is shipped and the other expires:")
	soon := engine.Now().Add(time.Hour)
	for _, o := range []Order{
		{ID: "o-1", Customer: "ada@example.com", Total: 1999, Status: "paid", Expires: soon.AddDate(1, 0, 0)},
		{ID: "o-2", Customer: "grace@example.com", Total: 500, Status: "open", Expires: soon},
	} {
		if err := orders.Put(ctx, &o); err != nil {
			return err
		}
	}
	if _, err := orders.Update(ctx, ddbenc.Key("o-1"), func(o *Order) error { o.Status = "shipped"; return nil }); err != nil {
		return err
	}
	engine.Advance(2 * time.Hour)
	lambda := source{client: engine.StreamsClient(), arn: arn}
	event, err := lambda.event(ctx, "")
	if err != nil {
		return err
	}
	if _, err := invoke(ctx, function, event); err != nil {
		return err
	}

	fmt.Println("\n2. The same once more, while the mail server is down. Lambda learns where to begin again:")
	s.mailDown = true
	failed, err := invoke(ctx, function, event)
	if err != nil {
		return err
	}
	s.mailDown = false

	fmt.Println("\n3. It sends that record again, and those behind it:")
	if event, err = lambda.event(ctx, failed); err != nil {
		return err
	}
	if failed, err = invoke(ctx, function, event); err != nil {
		return err
	}
	if failed != "" {
		return fmt.Errorf("record %s failed again", failed)
	}

	fmt.Println("\n4. Someone without the keys changes the table:")
	if _, err := engine.Client().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(orders.Name()), Key: map[string]types.AttributeValue{"order_id": &types.AttributeValueMemberS{Value: "o-1"}},
		UpdateExpression:         aws.String("SET #s = :s"),
		ExpressionAttributeNames: map[string]string{"#s": "status"}, ExpressionAttributeValues: map[string]types.AttributeValue{":s": &types.AttributeValueMemberS{Value: "refunded"}},
	}); err != nil {
		return err
	}
	if event, err = lambda.event(ctx, ""); err != nil {
		return err
	}
	_, err = invoke(ctx, function, event)
	return err
}

// open makes the table with its stream.
func open(ctx context.Context, engine *ddbenctest.Engine) (*ddbenc.Table[Order], string, error) {
	const name = "orders"
	db := engine.Client()
	schema, err := ddbenc.SchemaOf[Order]()
	if err != nil {
		return nil, "", err
	}
	in := schema.CreateTableInput(name)
	in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages}
	out, err := db.CreateTable(ctx, in)
	if err != nil {
		return nil, "", err
	}
	if _, err := db.UpdateTimeToLive(ctx, schema.TimeToLiveInput(name)); err != nil {
		return nil, "", err
	}
	// A key of your own, 32 random bytes. A program that means it keeps it in AWS KMS,
	// or in a secret store.
	key := make([]byte, 32)
	rand.Read(key)
	ring, err := keyring.NewRawAES("orders", "1", key)
	if err != nil {
		return nil, "", err
	}
	orders, err := ddbenc.NewTable[Order](db, name, crypt.NewDBESDK(ring))
	return orders, aws.ToString(out.TableDescription.LatestStreamArn), err
}

// A source is what AWS Lambda is to the function: it reads the stream.
type source struct {
	client *dynamodbstreams.Client
	arn    string
	last   string // sequence number of the last record that was sent
}

// event returns the JSON of the records that were not sent yet or, if there is a
// sequence number, from that one on.
func (s *source) event(ctx context.Context, from string) ([]byte, error) {
	described, err := s.client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &s.arn})
	if err != nil {
		return nil, err
	}
	in := &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &s.arn, ShardId: described.StreamDescription.Shards[0].ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	}
	switch {
	case from != "":
		in.ShardIteratorType, in.SequenceNumber = streamtypes.ShardIteratorTypeAtSequenceNumber, &from
	case s.last != "":
		in.ShardIteratorType, in.SequenceNumber = streamtypes.ShardIteratorTypeAfterSequenceNumber, aws.String(s.last)
	}
	iterator, err := s.client.GetShardIterator(ctx, in)
	if err != nil {
		return nil, err
	}
	out, err := s.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator})
	if err != nil {
		return nil, err
	}
	var event stream.Event
	for _, r := range out.Records {
		event.Records = append(event.Records, stream.FromStreams(s.arn, r))
		s.last = aws.ToString(r.Dynamodb.SequenceNumber)
	}
	return json.Marshal(event)
}

// invoke calls the function as Lambda does, with JSON, and returns the first of the
// sequence numbers that failed.
func invoke(ctx context.Context, function func(context.Context, stream.Event) (stream.Response, error), text []byte) (failed string, err error) {
	var event stream.Event
	if err := json.Unmarshal(text, &event); err != nil {
		return "", err
	}
	resp, err := function(ctx, event)
	if err != nil {
		return "", err
	}
	out, err := json.Marshal(resp)
	if err != nil {
		return "", err
	}
	fmt.Printf("   response: %s\n", out)
	for _, f := range resp.BatchItemFailures {
		return f.ItemIdentifier, nil
	}
	return "", nil
}

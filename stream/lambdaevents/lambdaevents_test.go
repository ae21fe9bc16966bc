package lambdaevents

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
	"github.com/ddbenc/ddbenc/stream"
)

type patient struct {
	ID     string              `dynamodbav:"patient_id,partition"`
	Name   string              `dynamodbav:"name"`
	Photo  []byte              `dynamodbav:"photo"`
	Tags   []string            `dynamodbav:"tags,stringset"`
	Scores []float64           `dynamodbav:"scores,numberset"`
	Visits []map[string]string `dynamodbav:"visits"`
	Clinic string              `dynamodbav:"clinic" ddbenc:"sign"`
	Views  int                 `dynamodbav:"views" ddbenc:"none"`
}

var ada = patient{
	ID: "p-1", Name: "Ada <&> Lovelace\u2028", Photo: []byte{0, 255, 128}, Tags: []string{"a", "b"}, Scores: []float64{1, 2.5},
	Visits: []map[string]string{{"at": "9:00"}, {}}, Clinic: "north", Views: 3,
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var formats = map[string]crypt.Format{
	"DDBEC":   crypt.NewDDBEC(must(keyring.NewStatic(make([]byte, 32), []byte("a signing key that is no secret!")))),
	"DB-ESDK": crypt.NewDBESDK(must(keyring.NewRawAES("tests", "1", make([]byte, 32)))),
}

// patients returns a table, and the event that Lambda sends of two puts and a delete.
func patients(t *testing.T, format crypt.Format) (*ddbenc.Table[patient], stream.Event) {
	t.Helper()
	ctx := t.Context()
	e := ddbenctest.NewEngine()
	in := must(ddbenc.SchemaOf[patient]()).CreateTableInput("patients")
	in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages}
	arn := must(e.Client().CreateTable(ctx, in)).TableDescription.LatestStreamArn
	table := must(ddbenc.NewTable[patient](e.Client(), "patients", format))
	changed := ada
	changed.Clinic = "south"
	for _, p := range []patient{ada, changed} {
		if err := table.Put(ctx, &p); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Delete(ctx, ddbenc.Key("p-1")); err != nil {
		t.Fatal(err)
	}
	client := e.StreamsClient()
	shard := must(client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})).StreamDescription.Shards[0]
	iterator := must(client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: shard.ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	}))
	var event stream.Event
	for _, r := range must(client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator})).Records {
		event.Records = append(event.Records, stream.FromStreams(*arn, r))
	}
	return table, event
}

// lambda.Start takes a handler as it is: the same function that makes a handler of
// any makes one of it, which gets and returns JSON.
func TestLambdaTakesTheHandler(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			table, event := patients(t, format)
			var got []string
			mux := must(stream.NewMux(stream.On(table, func(_ context.Context, r *stream.Record[patient]) error {
				if r.Operation == stream.Remove {
					return fmt.Errorf("the third one fails")
				}
				if r.New.Name != ada.Name || !reflect.DeepEqual(r.New.Photo, ada.Photo) || !reflect.DeepEqual(r.New.Visits, ada.Visits) {
					t.Errorf("the new image is %v", r.New)
				}
				got = append(got, string(r.Operation), r.New.Clinic)
				return nil
			})))
			handler := lambda.NewHandler(mux.Lambda(stream.OnFailure(func(context.Context, *stream.RecordError) {})))
			out, err := handler.Invoke(t.Context(), must(json.Marshal(event)))
			want := fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":%q}]}`, event.Records[2].SequenceNumber)
			if err != nil || string(out) != want || strings.Join(got, " ") != "INSERT north MODIFY south" {
				t.Errorf("handled %v, response %s, error %v", got, out, err)
			}
			// The response is the one that the types of aws-lambda-go have.
			var response events.DynamoDBEventResponse
			if err := json.Unmarshal(out, &response); err != nil || len(response.BatchItemFailures) != 1 || response.BatchItemFailures[0].ItemIdentifier != event.Records[2].SequenceNumber {
				t.Errorf("response %v, error %v", response, err)
			}
		})
	}
}

// A handler that was written with the types of aws-lambda-go converts what it gets.
func TestEventsOfLambdaGo(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			table, event := patients(t, format)
			var in events.DynamoDBEvent
			if err := json.Unmarshal(must(json.Marshal(event)), &in); err != nil {
				t.Fatal(err)
			}
			in.Records[2].UserIdentity = &events.DynamoDBUserIdentity{Type: "Service", PrincipalID: "dynamodb.amazonaws.com"}
			event.Records[2].Expired = true

			got, err := stream.EventFrom(in)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got.Records {
				if !reflect.DeepEqual(got.Records[i], event.Records[i]) {
					t.Errorf("record %d changed: %#v", i, got.Records[i])
				}
			}
			n := 0
			mux := must(stream.NewMux(stream.On(table, func(_ context.Context, r *stream.Record[patient]) error { n++; return nil })))
			if resp, err := mux.Lambda()(t.Context(), *got); err != nil || len(resp.BatchItemFailures) != 0 || n != 3 {
				t.Errorf("%d records were handled, response %v, error %v", n, resp, err)
			}

			item, err := stream.ItemFrom(in.Records[0].Change.NewImage)
			if err != nil || !reflect.DeepEqual(item, event.Records[0].New) {
				t.Errorf("the image changed, error %v", err)
			}
			p, err := table.DecryptItem(t.Context(), item)
			if err != nil || !reflect.DeepEqual(*p, ada) {
				t.Errorf("got %v, error %v", p, err)
			}
		})
	}
}

// Every type of value, as a program builds them.
func TestValuesOfLambdaGo(t *testing.T) {
	const digits = "12345678901234567890123456789012345678"
	in := map[string]events.DynamoDBAttributeValue{
		"s": events.NewStringAttribute("<ä\u2028&>"), "n": events.NewNumberAttribute(digits), "b": events.NewBinaryAttribute([]byte{0, 255}),
		"bool": events.NewBooleanAttribute(true), "null": events.NewNullAttribute(), "empty": events.NewStringAttribute(""),
		"ss": events.NewStringSetAttribute([]string{"a"}), "ns": events.NewNumberSetAttribute([]string{"1", digits}), "bs": events.NewBinarySetAttribute([][]byte{{1}}),
		"l": events.NewListAttribute([]events.DynamoDBAttributeValue{events.NewNumberAttribute("1.50")}),
		"m": events.NewMapAttribute(map[string]events.DynamoDBAttributeValue{"x": events.NewListAttribute([]events.DynamoDBAttributeValue{})}),
	}
	s := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	n := func(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }
	want := stream.Item{
		"s": s("<ä\u2028&>"), "n": n(digits), "b": &types.AttributeValueMemberB{Value: []byte{0, 255}},
		"bool": &types.AttributeValueMemberBOOL{Value: true}, "null": &types.AttributeValueMemberNULL{Value: true}, "empty": s(""),
		"ss": &types.AttributeValueMemberSS{Value: []string{"a"}}, "ns": &types.AttributeValueMemberNS{Value: []string{"1", digits}},
		"bs": &types.AttributeValueMemberBS{Value: [][]byte{{1}}},
		"l":  &types.AttributeValueMemberL{Value: []types.AttributeValue{n("1.50")}},
		"m":  &types.AttributeValueMemberM{Value: stream.Item{"x": &types.AttributeValueMemberL{Value: []types.AttributeValue{}}}},
	}
	got, err := stream.ItemFrom(in)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, error %v", got, err)
	}

	event, err := stream.EventFrom(events.DynamoDBEvent{Records: []events.DynamoDBEventRecord{{
		EventName: "INSERT", EventSource: "aws:dynamodb", EventSourceArn: "arn:aws:dynamodb:eu-central-1:123456789012:table/x-table/stream/2026-01-02T15:04:05.678",
		Change: events.DynamoDBStreamRecord{
			ApproximateCreationDateTime: events.SecondsEpochTime{Time: time.UnixMilli(1_700_000_000_250)}, Keys: in, NewImage: in, SequenceNumber: "1", SizeBytes: 9, StreamViewType: "NEW_IMAGE",
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	r := event.Records[0]
	if !reflect.DeepEqual(r.New, want) || !reflect.DeepEqual(r.Keys, want) || r.Old != nil || r.Table != "x-table" || !r.Time.Equal(time.UnixMilli(1_700_000_000_250)) || r.Size != 9 {
		t.Errorf("got %#v of %v", r, r.Time)
	}
}

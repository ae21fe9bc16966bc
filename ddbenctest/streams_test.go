package ddbenctest_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

// expiringEngine returns an engine whose table "items" has a stream and items that
// expire at the time in "end".
func expiringEngine(t testing.TB) (*ddbenctest.Engine, *dynamodb.Client) {
	t.Helper()
	e, db := faultEngine(t)
	_, err := db.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("items"),
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages}})
	if err == nil {
		_, err = db.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: aws.String("items"),
			TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("end"), Enabled: aws.Bool(true)}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return e, db
}

// records reads the stream of the table "items" from the start.
func records(t testing.TB, e *ddbenctest.Engine) []streamtypes.Record {
	t.Helper()
	streams := e.StreamsClient()
	list, err := streams.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{TableName: aws.String("items")})
	if err != nil {
		t.Fatal(err)
	}
	arn := list.Streams[0].StreamArn
	described, err := streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	iterator, err := streams.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: described.StreamDescription.Shards[0].ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator})
	if err != nil {
		t.Fatal(err)
	}
	return out.Records
}

func TestItemsExpireWithTheClock(t *testing.T) {
	e, db := expiringEngine(t)
	now := e.Now().Unix()
	for i, end := range []string{
		formatInt(now + 60), formatInt(now + 3600), "soon", formatInt(now - 6*365*24*3600), // too old to be meant
	} {
		item := faultItem(i)
		item["end"] = &types.AttributeValueMemberN{Value: end}
		if end == "soon" {
			item["end"] = &types.AttributeValueMemberS{Value: end}
		}
		if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("items"), Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		by   time.Duration
		want int32
	}{{0, 4}, {59 * time.Second, 4}, {2 * time.Second, 3}, {time.Hour, 2}} {
		e.Advance(step.by)
		if n := countItems(t, db); n != step.want {
			t.Errorf("after another %v there are %d items, want %d", step.by, n, step.want)
		}
	}
	all := records(t, e)
	if len(all) != 6 {
		t.Fatalf("the stream has %d records, want 4 of puts and 2 of expiry", len(all))
	}
	last := all[5]
	if last.EventName != "REMOVE" || last.UserIdentity == nil || *last.UserIdentity.Type != "Service" ||
		*last.UserIdentity.PrincipalId != "dynamodb.amazonaws.com" || last.Dynamodb.OldImage == nil || last.Dynamodb.NewImage != nil {
		t.Errorf("the record of an expired item is %+v", last)
	}
	if all[0].EventName != "INSERT" || all[0].UserIdentity != nil {
		t.Errorf("the record of a put is %+v", all[0])
	}
}

func TestStreamForgetsAfterADay(t *testing.T) {
	e, db := expiringEngine(t)
	if err := putItem(t.Context(), db, 1); err != nil {
		t.Fatal(err)
	}
	if n := len(records(t, e)); n != 1 {
		t.Fatalf("the stream has %d records, want 1", n)
	}
	e.Advance(25 * time.Hour)
	if n := len(records(t, e)); n != 0 {
		t.Errorf("after a day the stream has %d records, want none", n)
	}
}

func TestStreamIteratorExpires(t *testing.T) {
	e, db := expiringEngine(t)
	if err := putItem(t.Context(), db, 1); err != nil {
		t.Fatal(err)
	}
	streams := e.StreamsClient()
	list, err := streams.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{})
	if err != nil {
		t.Fatal(err)
	}
	described, err := streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: list.Streams[0].StreamArn})
	if err != nil {
		t.Fatal(err)
	}
	iterator, err := streams.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: list.Streams[0].StreamArn, ShardId: described.StreamDescription.Shards[0].ShardId, ShardIteratorType: streamtypes.ShardIteratorTypeLatest,
	})
	if err != nil {
		t.Fatal(err)
	}
	e.Advance(16 * time.Minute)
	_, err = streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator})
	if errorCode(err) != "ExpiredIteratorException" {
		t.Errorf("GetRecords gives %v, want an ExpiredIteratorException", err)
	}
}

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

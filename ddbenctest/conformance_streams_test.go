package ddbenctest_test

import (
	"fmt"
	"time"
)

// ttlChecks are of the settings of time to live.
var ttlChecks = []conformanceCheck{
	script("time to live is off at first", "@item.ttloff", step{"DescribeTimeToLive", `{}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`}),
	script("time to live is set and unset", "@item.ttl",
		step{"UpdateTimeToLive", `{"TimeToLiveSpecification":{"AttributeName":"exp","Enabled":true}}`, `{"TimeToLiveSpecification":{"AttributeName":"exp","Enabled":true}}`},
		step{"DescribeTimeToLive", `{}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"exp"}}`},
		step{"UpdateTimeToLive", `{"TimeToLiveSpecification":{"AttributeName":"exp","Enabled":true}}`, `ValidationException: TimeToLive is already enabled`},
		step{"UpdateTimeToLive", `{"TimeToLiveSpecification":{"AttributeName":"other","Enabled":false}}`, `ValidationException`},
		step{"UpdateTimeToLive", `{"TimeToLiveSpecification":{"AttributeName":"exp","Enabled":false}}`, `{"TimeToLiveSpecification":{"AttributeName":"exp","Enabled":false}}`},
		step{"DescribeTimeToLive", `{}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`},
		step{"UpdateTimeToLive", `{"TimeToLiveSpecification":{"AttributeName":"exp","Enabled":false}}`, `ValidationException: TimeToLive is already disabled`}),
	script("time to live of a table that is not there", "@missing",
		step{"DescribeTimeToLive", `{}`, `ResourceNotFoundException`},
		step{"UpdateTimeToLive", `{"TimeToLiveSpecification":{"AttributeName":"exp","Enabled":true}}`, `ResourceNotFoundException`}),
	script("item that expires later stays", "@item.later",
		step{"UpdateTimeToLive", `{"TimeToLiveSpecification":{"AttributeName":"exp","Enabled":true}}`, ``},
		step{"PutItem", `{"Item":{` + keyText + `,"exp":{"N":"32503680000"}}}`, `{}`}, get(`"exp":{"N":"32503680000"}`)),
}

// streamChecks are of the streams of tables.
var streamChecks = []conformanceCheck{
	streamed("KEYS_ONLY", ``, ``),
	streamed("NEW_IMAGE", `,"NewImage":{`+streamItem+`,"a":{"S":"%s"}}`, ``),
	streamed("OLD_IMAGE", ``, `,"OldImage":{`+streamItem+`,"a":{"S":"%s"}}`),
	streamed("NEW_AND_OLD_IMAGES", `,"NewImage":{`+streamItem+`,"a":{"S":"%s"}}`, `,"OldImage":{`+streamItem+`,"a":{"S":"%s"}}`),
	talk("stream has the writes of batches and transactions", "", func(c *conversation) {
		arn := c.streamTable("@streambatch", "KEYS_ONLY")
		c.do("BatchWriteItem", `{"RequestItems":{"@streambatch":[{"PutRequest":{"Item":{"pk":{"S":"1"}}}}]}}`, ``)
		c.do("TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"@streambatch","Item":{"pk":{"S":"2"}}}}]}`, `{}`)
		c.do("TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"@streambatch","Key":{"pk":{"S":"1"}}}}]}`, `{}`)
		want := "INSERT1 INSERT2 REMOVE1 "
		got := ""
		for _, r := range c.records(arn, 3) {
			key := r["Dynamodb"].(map[string]any)["Keys"].(map[string]any)["pk"].(map[string]any)["S"]
			got += fmt.Sprint(r["EventName"], key, " ")
		}
		if got != want {
			c.t.Errorf("got %s, want %s", got, want)
		}
	}),
	talk("stream leaves out what changes nothing", "", func(c *conversation) {
		arn := c.streamTable("@streamsame", "NEW_AND_OLD_IMAGES")
		c.do("PutItem", `{"TableName":"@streamsame","Item":{"pk":{"S":"1"},"a":{"S":"x"}}}`, `{}`)
		c.do("PutItem", `{"TableName":"@streamsame","Item":{"pk":{"S":"1"},"a":{"S":"x"}}}`, `{}`)
		c.do("DeleteItem", `{"TableName":"@streamsame","Key":{"pk":{"S":"none"}}}`, ``)
		c.do("PutItem", `{"TableName":"@streamsame","Item":{"pk":{"S":"1"},"a":{"S":"x"}},"ConditionExpression":"attribute_not_exists(pk)"}`, `ConditionalCheckFailedException`)
		c.do("DeleteItem", `{"TableName":"@streamsame","Key":{"pk":{"S":"1"}}}`, `{}`)
		got := ""
		for _, r := range c.records(arn, 2) {
			got += fmt.Sprint(r["EventName"], " ")
		}
		if got != "INSERT REMOVE " {
			c.t.Errorf("got %s, want INSERT REMOVE", got)
		}
	}),
	talk("stream is read from anywhere", "", func(c *conversation) {
		arn := c.streamTable("@streamread", "KEYS_ONLY")
		for i := range 5 {
			c.do("PutItem", fmt.Sprintf(`{"TableName":"@streamread","Item":{"pk":{"S":"%d"}}}`, i), `{}`)
		}
		records := c.records(arn, 5)
		shard := c.shard(arn)
		third := records[2]["Dynamodb"].(map[string]any)["SequenceNumber"].(string)
		for _, tt := range []struct {
			kind, members string
			want          int
		}{
			{"TRIM_HORIZON", ``, 5}, {"LATEST", ``, 0},
			{"AT_SEQUENCE_NUMBER", `,"SequenceNumber":"` + third + `"`, 3}, {"AFTER_SEQUENCE_NUMBER", `,"SequenceNumber":"` + third + `"`, 2},
		} {
			iterator := c.do("GetShardIterator", `{"StreamArn":"`+arn+`","ShardId":"`+shard+`","ShardIteratorType":"`+tt.kind+`"`+tt.members+`}`, ``)
			a := c.do("GetRecords", fmt.Sprintf(`{"ShardIterator":%q}`, iterator.body["ShardIterator"]), ``)
			if got, _ := a.body["Records"].([]any); len(got) != tt.want {
				c.t.Errorf("%s: got %d records, want %d", tt.kind, len(got), tt.want)
			}
		}
		c.do("GetShardIterator", `{"StreamArn":"`+arn+`","ShardId":"`+shard+`","ShardIteratorType":"AT_SEQUENCE_NUMBER"}`, `ValidationException`)
		c.do("GetShardIterator", `{"StreamArn":"`+arn+`","ShardId":"shardId-00000000000000000000-00000000","ShardIteratorType":"LATEST"}`, `ResourceNotFoundException`)
	}),
	talk("stream is read in pages", "", func(c *conversation) {
		arn := c.streamTable("@streampage", "KEYS_ONLY")
		for i := range 5 {
			c.do("PutItem", fmt.Sprintf(`{"TableName":"@streampage","Item":{"pk":{"S":"%d"}}}`, i), `{}`)
		}
		c.records(arn, 5)
		iterator := c.do("GetShardIterator", `{"StreamArn":"`+arn+`","ShardId":"`+c.shard(arn)+`","ShardIteratorType":"TRIM_HORIZON"}`, ``).body["ShardIterator"]
		n := 0
		for range 4 {
			a := c.do("GetRecords", fmt.Sprintf(`{"ShardIterator":%q,"Limit":2}`, iterator), ``)
			records, _ := a.body["Records"].([]any)
			if len(records) > 2 {
				c.t.Errorf("a page has %d records", len(records))
			}
			n += len(records)
			iterator = a.body["NextShardIterator"]
		}
		if n != 5 {
			c.t.Errorf("got %d records, want 5", n)
		}
	}),
	talk("stream is listed and described", "", func(c *conversation) {
		arn := c.streamTable("@streamlist", "NEW_IMAGE")
		c.do("ListStreams", `{"TableName":"@streamlist"}`, `has {"Streams":[{"StreamArn":"`+arn+`","TableName":"@streamlist"}]}`)
		c.do("DescribeStream", `{"StreamArn":"`+arn+`"}`, `has {"StreamDescription":{"StreamArn":"`+arn+`","TableName":"@streamlist","StreamStatus":"ENABLED","StreamViewType":"NEW_IMAGE",
			"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}}`)
		c.do("ListStreams", `{"TableName":"@missing"}`, `{"Streams":[]}`)
	}),
	script("stream that is not there", "", step{"DescribeStream", `{"StreamArn":"arn:aws:dynamodb:us-east-1:000000000000:table/nope/stream/2026-01-01T00:00:00.000"}`, `ResourceNotFoundException`}),
	talk("stream is turned on and off", "", func(c *conversation) {
		c.do("CreateTable", `{"TableName":"@streamoff","BillingMode":"PAY_PER_REQUEST",`+tableSchema+`}`, ``)
		c.do("PutItem", `{"TableName":"@streamoff","Item":{"pk":{"S":"before"}}}`, `{}`)
		c.do("UpdateTable", `{"TableName":"@streamoff","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`, ``)
		table := c.do("DescribeTable", `{"TableName":"@streamoff"}`, `has {"Table":{"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}}`).body["Table"].(map[string]any)
		arn := table["LatestStreamArn"].(string)
		c.do("UpdateTable", `{"TableName":"@streamoff","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`, `ValidationException`)
		c.do("PutItem", `{"TableName":"@streamoff","Item":{"pk":{"S":"in"}}}`, `{}`)
		if records := c.records(arn, 1); len(records) != 1 {
			c.t.Errorf("got %d records, want 1", len(records))
		}
		c.do("UpdateTable", `{"TableName":"@streamoff","StreamSpecification":{"StreamEnabled":false}}`, ``)
		c.do("PutItem", `{"TableName":"@streamoff","Item":{"pk":{"S":"after"}}}`, `{}`)
		c.do("DescribeStream", `{"StreamArn":"`+arn+`"}`, `has {"StreamDescription":{"StreamStatus":"DISABLED"}}`)
		if records := c.records(arn, 1); len(records) != 1 {
			c.t.Errorf("after the stream was turned off: got %d records, want 1", len(records))
		}
	}),
}

// streamItem is what the items of stream checks have but the attribute a.
const streamItem = `"pk":{"S":"1"},"big":{"N":"12345678901234567890123456789012345678"},"s":{"SS":["x","y"]}`

// streamed checks what the records of a view have of an item that is put, updated
// and deleted. The image texts have %s where the attribute a is.
func streamed(view, newImage, oldImage string) conformanceCheck {
	return talk("stream of "+view, "", func(c *conversation) {
		table := "@stream" + view
		arn := c.streamTable(table, view)
		c.do("PutItem", `{"TableName":"`+table+`","Item":{`+streamItem+`,"a":{"S":"one"}}}`, `{}`)
		c.do("UpdateItem", `{"TableName":"`+table+`","Key":{"pk":{"S":"1"}},"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{":a":{"S":"two"}}}`, `{}`)
		c.do("DeleteItem", `{"TableName":"`+table+`","Key":{"pk":{"S":"1"}}}`, `{}`)
		records := c.records(arn, 3)
		if len(records) != 3 {
			c.t.Fatalf("got %d records, want 3", len(records))
		}
		image := func(format, a string) string {
			if format == "" || a == "" {
				return ""
			}
			return fmt.Sprintf(format, a)
		}
		for i, want := range []struct{ event, old, new string }{{"INSERT", "", "one"}, {"MODIFY", "one", "two"}, {"REMOVE", "two", ""}} {
			d := records[i]["Dynamodb"].(map[string]any)
			if _, ok := d["SequenceNumber"].(string); !ok {
				c.t.Errorf("record %d has no sequence number", i)
			}
			if size, _ := d["SizeBytes"].(float64); size <= 0 {
				c.t.Errorf("record %d has size %v", i, d["SizeBytes"])
			}
			for _, name := range []string{"SequenceNumber", "SizeBytes", "ApproximateCreationDateTime"} {
				delete(d, name)
			}
			got := answer{body: map[string]any{"EventName": records[i]["EventName"], "EventSource": records[i]["EventSource"], "Dynamodb": d}}
			if problem := c.compare(got, `{"EventName":"`+want.event+`","EventSource":"aws:dynamodb","Dynamodb":{"Keys":{"pk":{"S":"1"}},"StreamViewType":"`+view+`"`+
				image(newImage, want.new)+image(oldImage, want.old)+`}}`); problem != "" {
				c.t.Errorf("record %d:\n%s", i, problem)
			}
		}
	})
}

// streamTable makes a table with a stream and returns the stream's ARN.
func (c *conversation) streamTable(name, view string) string {
	c.t.Helper()
	a := c.do("CreateTable", `{"TableName":"`+name+`","BillingMode":"PAY_PER_REQUEST",`+tableSchema+`,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"`+view+`"}}`, ``)
	table, _ := a.body["TableDescription"].(map[string]any)
	arn, ok := table["LatestStreamArn"].(string)
	if !ok {
		c.t.Fatalf("the table has no stream: %v", a)
	}
	return arn
}

// shard is the id of a stream's only shard.
func (c *conversation) shard(arn string) string {
	c.t.Helper()
	a := c.do("DescribeStream", `{"StreamArn":"`+arn+`"}`, ``)
	description, _ := a.body["StreamDescription"].(map[string]any)
	shards, _ := description["Shards"].([]any)
	if len(shards) == 0 {
		c.t.Fatalf("the stream has no shard: %v", a)
	}
	return shards[0].(map[string]any)["ShardId"].(string)
}

// records reads a stream from its start until there are n records or two seconds
// are over: a stream may lag.
func (c *conversation) records(arn string, n int) []map[string]any {
	c.t.Helper()
	var records []map[string]any
	a := c.do("GetShardIterator", `{"StreamArn":"`+arn+`","ShardId":"`+c.shard(arn)+`","ShardIteratorType":"TRIM_HORIZON"}`, ``)
	iterator := a.body["ShardIterator"]
	for range 40 {
		a := c.do("GetRecords", fmt.Sprintf(`{"ShardIterator":%q}`, iterator), ``)
		list, _ := a.body["Records"].([]any)
		for _, r := range list {
			records = append(records, r.(map[string]any))
		}
		iterator = a.body["NextShardIterator"]
		if len(records) >= n || iterator == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(records) < n {
		c.t.Fatalf("got %d records, want %d", len(records), n)
	}
	return records
}

package wire

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

// FuzzAnswer sends requests to every operation of an engine with a table: none
// makes it panic, fail inside, or answer something other than JSON.
func FuzzAnswer(f *testing.F) {
	const table = `{"TableName":"items","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"g","AttributeType":"N"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},
		"GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`
	for _, seed := range []string{
		`{}`, `{"TableName":"items"}`, table, strings.ReplaceAll(table, "items", "other"),
		`{"TableName":"items","Item":{"pk":{"S":"1"},"g":{"N":"2"},"l":{"L":[{"M":{"a":{"BS":["AA=="]}}}]}},"ConditionExpression":"attribute_not_exists(pk)","ReturnValues":"ALL_OLD"}`,
		`{"TableName":"items","Key":{"pk":{"S":"1"}},"ProjectionExpression":"l[0].a, g","ReturnConsumedCapacity":"INDEXES"}`,
		`{"TableName":"items","Key":{"pk":{"S":"1"}},"UpdateExpression":"SET g = g + :n, l[1] = if_not_exists(x, :n) REMOVE q ADD c :n","ExpressionAttributeValues":{":n":{"N":"1"}},"ReturnValues":"UPDATED_NEW"}`,
		`{"TableName":"items","Key":{"pk":{"S":"1"}},"AttributeUpdates":{"g":{"Action":"ADD","Value":{"N":"1"}}},"Expected":{"pk":{"Exists":false}}}`,
		`{"TableName":"items","IndexName":"by-g","KeyConditionExpression":"g = :n","ExpressionAttributeValues":{":n":{"N":"2"}},"Limit":1,"ScanIndexForward":false,"ExclusiveStartKey":{"pk":{"S":"1"},"g":{"N":"2"}}}`,
		`{"TableName":"items","Segment":0,"TotalSegments":3,"FilterExpression":"size(pk) > :n OR NOT contains(l, :n)","ExpressionAttributeValues":{":n":{"N":"2"}},"Select":"COUNT"}`,
		`{"RequestItems":{"items":{"Keys":[{"pk":{"S":"1"}}],"ConsistentRead":true}}}`,
		`{"RequestItems":{"items":[{"PutRequest":{"Item":{"pk":{"S":"2"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"1"}}}}]}}`,
		`{"TransactItems":[{"Put":{"TableName":"items","Item":{"pk":{"S":"3"}}}},{"ConditionCheck":{"TableName":"items","Key":{"pk":{"S":"1"}},"ConditionExpression":"attribute_exists(pk)"}}],"ClientRequestToken":"t"}`,
		`{"TransactItems":[{"Get":{"TableName":"items","Key":{"pk":{"S":"1"}}}}]}`,
		`{"TableName":"items","TimeToLiveSpecification":{"AttributeName":"end","Enabled":true}}`,
		`{"TableName":"items","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-g"}}]}`,
		`{"ShardIterator":"a|1|eA=="}`, `{"StreamArn":"arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/x","ShardId":"s","ShardIteratorType":"LATEST"}`,
	} {
		f.Add([]byte(seed))
	}
	targets := slices.Sorted(maps.Keys(operations))
	f.Fuzz(func(t *testing.T, body []byte) {
		h := &Handler{Engine: engine.New()}
		h.answer(context.Background(), dynamoDB+"CreateTable", []byte(table))
		for _, target := range targets {
			status, answer := h.answer(context.Background(), target, body)
			if status >= 500 || !json.Valid(answer) {
				t.Errorf("%s %s: %d %s", target, body, status, answer)
			}
		}
	})
}

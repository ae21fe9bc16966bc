package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/stream"
)

// lambdaEvent is an event as Lambda sends it, but for the item.
const lambdaEvent = `{"Records": [{
	"eventID": "f07f8ca4b0b26cb9c4e5e77e69f274ee",
	"eventName": "REMOVE",
	"eventVersion": "1.1",
	"eventSource": "aws:dynamodb",
	"awsRegion": "us-east-1",
	"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
	"dynamodb": {
		"ApproximateCreationDateTime": 1.480642020125E9,
		"Keys": {"id": {"S": "e-1"}},
		"OldImage": {"id": {"S": "e-1"}, "n": {"N": "12345678901234567890123456789012345678"}, "b": {"B": "AAEqQQ=="}, "bs": {"BS": ["AAEq", "QQ=="]},
			"l": {"L": [{"S": "<&>"}, {"NULL": true}, {"BOOL": false}]}, "m": {"M": {"x": {"NS": ["1", "2.50"]}, "y": {"SS": ["a"]}}}},
		"SequenceNumber": "1405400000000002063282832",
		"SizeBytes": 54,
		"StreamViewType": "NEW_AND_OLD_IMAGES"
	},
	"eventSourceARN": "` + eventsARN + `"
}]}`

func TestEventOfLambda(t *testing.T) {
	var e stream.Event
	if err := json.Unmarshal([]byte(lambdaEvent), &e); err != nil {
		t.Fatal(err)
	}
	s := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	want := stream.StoredRecord{
		Change: stream.Change{
			Operation: stream.Remove, Table: "events", StreamARN: eventsARN, Region: "us-east-1", EventID: "f07f8ca4b0b26cb9c4e5e77e69f274ee",
			Keys: stream.Item{"id": s("e-1")}, SequenceNumber: "1405400000000002063282832", Time: time.UnixMilli(1480642020125).UTC(), Size: 54,
			View: types.StreamViewTypeNewAndOldImages, Expired: true,
		},
		Old: stream.Item{
			"id": s("e-1"), "n": &types.AttributeValueMemberN{Value: digits}, "b": &types.AttributeValueMemberB{Value: []byte{0, 1, 0x2a, 0x41}},
			"bs": &types.AttributeValueMemberBS{Value: [][]byte{{0, 1, 0x2a}, {0x41}}},
			"l":  &types.AttributeValueMemberL{Value: []types.AttributeValue{s("<&>"), &types.AttributeValueMemberNULL{Value: true}, &types.AttributeValueMemberBOOL{}}},
			"m": &types.AttributeValueMemberM{Value: stream.Item{
				"x": &types.AttributeValueMemberNS{Value: []string{"1", "2.50"}}, "y": &types.AttributeValueMemberSS{Value: []string{"a"}}}},
		},
	}
	if len(e.Records) != 1 || !reflect.DeepEqual(e.Records[0], want) {
		t.Errorf("got %#v", e.Records)
	}
	again := must(stream.EventFrom(e))
	if !reflect.DeepEqual(*again, e) {
		t.Error("the event changes when it is written and read again")
	}
}

func TestEventsThatAreNone(t *testing.T) {
	for _, text := range []string{``, `5`, `null`, `[]`, `{}`, `{"Records":null}`, `{"Records":{}}`, `{"Records":"x"}`, `{"Records":[`, `{"records":5}`} {
		var e stream.Event
		if err := e.UnmarshalJSON([]byte(text)); !errors.Is(err, ddbenc.ErrMalformed) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, v := range []any{nil, 5, func() {}, map[string]any{"x": 1}} {
		if e, err := stream.EventFrom(v); !errors.Is(err, ddbenc.ErrMalformed) || e != nil {
			t.Errorf("%T: %v, error %v", v, e, err)
		}
	}
	if e, err := stream.EventFrom(stream.Event{}); err != nil || len(e.Records) != 0 {
		t.Errorf("an event without records: %v", err)
	}
}

// A record that can't be read fails by itself, with its number, and quotes no value.
func TestEventRecordsThatCannotBeRead(t *testing.T) {
	replace := func(old, new string) string { return strings.Replace(lambdaEvent, old, new, 1) }
	for name, text := range map[string]string{
		"another source":           replace("aws:dynamodb", "aws:kinesis"),
		"a number as name":         replace(`"REMOVE"`, `918273`),
		"a text as size":           replace(`"SizeBytes": 54`, `"SizeBytes": "918273"`),
		"a size too large":         replace(`"SizeBytes": 54`, `"SizeBytes": 918273918273918273918273`),
		"a time in milliseconds":   replace(`1.480642020125E9`, `1480642020125`),
		"a negative time":          replace(`1.480642020125E9`, `-1`),
		"an unreadable image":      replace(`{"S": "<&>"}`, `{"S": 918273}`),
		"an unknown type":          replace(`{"S": "<&>"}`, `{"918273": "a"}`),
		"a number that is no text": replace(`{"N": "12345678901234567890123456789012345678"}`, `{"N": 918273}`),
		"base64 with space":        replace(`"AAEqQQ=="`, `"AAEq QQ=="`),
		"an attribute twice":       replace(`"b": {"B"`, `"n": {"B"`),
		"keys that are a list":     replace(`{"id": {"S": "e-1"}}`, `[]`),
		"a bottomless image":       replace(`{"S": "<&>"}`, strings.Repeat(`{"L":[`, 500)+strings.Repeat(`]}`, 500)),
	} {
		var e stream.Event
		if err := json.Unmarshal([]byte(text), &e); err != nil || text == lambdaEvent {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var h handled
		var told *stream.RecordError
		resp, _ := h.mux().Lambda(stream.OnFailure(func(_ context.Context, e *stream.RecordError) { told = e }))(t.Context(), e)
		if len(resp.BatchItemFailures) != 1 || resp.BatchItemFailures[0].ItemIdentifier != "1405400000000002063282832" || !errors.Is(told, ddbenc.ErrMalformed) {
			t.Errorf("%s: response %v, error %v", name, resp, told)
		} else if strings.Contains(told.Error(), "918273") {
			t.Errorf("%s: the error quotes a value: %v", name, told)
		}
	}
}

func TestItemFrom(t *testing.T) {
	type value struct{ N string }
	got, err := stream.ItemFrom(map[string]value{"n": {digits}})
	if want := (stream.Item{"n": &types.AttributeValueMemberN{Value: digits}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, error %v", got, err)
	}
	for _, v := range []any{nil, 5, func() {}, map[string]string{"n": "1"}} {
		if it, err := stream.ItemFrom(v); !errors.Is(err, ddbenc.ErrMalformed) || it != nil {
			t.Errorf("%T: %v, error %v", v, it, err)
		}
	}
}

// Whatever is sent, handling it does not crash, nothing that does not verify reaches
// a handler, and what can be read does not change when it is written again.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(lambdaEvent))
	f.Add([]byte(`{"Records":[{}]}`))
	f.Add([]byte(`{"Records":[{"eventName":"INSERT","eventSource":"aws:dynamodb","eventSourceARN":"` + eventsARN +
		`","dynamodb":{"Keys":{"id":{"S":"k1"}},"SequenceNumber":"1","StreamViewType":"KEYS_ONLY"}}]}`))
	sealed := must(events.EncryptItem(f.Context(), stream.Item{"id": &types.AttributeValueMemberS{Value: "k1"}, "x": &types.AttributeValueMemberS{Value: "y"}}))
	f.Add(must(json.Marshal(stream.Event{Records: []stream.StoredRecord{{Change: stream.Change{
		Operation: stream.Insert, StreamARN: eventsARN, Keys: stream.Item{"id": &types.AttributeValueMemberS{Value: "k1"}}, SequenceNumber: "1", View: types.StreamViewTypeNewImage,
	}, New: sealed}}})))
	quiet := stream.OnFailure(func(context.Context, *stream.RecordError) {})
	f.Fuzz(func(t *testing.T, in []byte) {
		var e stream.Event
		if err := json.Unmarshal(in, &e); err != nil {
			return
		}
		mux := must(stream.NewMux(stream.OnRaw(events, func(_ context.Context, r *stream.RawRecord) error {
			if len(r.Old) > 0 || r.New != nil && !reflect.DeepEqual(r.New["x"], types.AttributeValue(&types.AttributeValueMemberS{Value: "y"})) {
				t.Errorf("handled a forged record: %v, %v", r.Old, r.New)
			}
			return nil
		})))
		if _, err := mux.Lambda(stream.ContinueAfterFailure(), quiet)(t.Context(), e); err != nil {
			t.Error(err)
		}
		text, err := json.Marshal(e)
		if err != nil {
			return // a record that could not be read
		}
		var again stream.Event
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("written again: %v", err)
		}
		for i := range e.Records { // an ARN that can't be read leaves the table open
			if !reflect.DeepEqual(e.Records[i], again.Records[i]) {
				t.Errorf("record %d changes when it is written and read again", i)
			}
		}
	})
}

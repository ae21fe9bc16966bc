package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/stream"
)

// batch returns an event of n records, with the sequence numbers 1 to n.
func batch(n int) (e stream.Event) {
	for _, r := range keyRecords("k", n) {
		e.Records = append(e.Records, stream.FromStreams(eventsARN, r))
	}
	return e
}

func TestLambdaReportsFailures(t *testing.T) {
	boom := errors.New("boom")
	failing := func(keys ...string) func(string) error {
		return func(key string) error {
			for _, k := range keys {
				if k == key {
					return boom
				}
			}
			return nil
		}
	}
	for _, tt := range []struct {
		name    string
		opts    []stream.LambdaOption
		fail    []string
		handled string
		want    string // the response
		err     error
	}{
		{"none", nil, nil, "k1 k2 k3 k4 k5", `{"batchItemFailures":[]}`, nil},
		{"stop at the first", nil, []string{"k2", "k4"}, "k1", `{"batchItemFailures":[{"itemIdentifier":"2"}]}`, nil},
		{"go on", []stream.LambdaOption{stream.ContinueAfterFailure()}, []string{"k2", "k4"}, "k1 k3 k5", `{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"4"}]}`, nil},
		{"the whole batch", []stream.LambdaOption{stream.FailWholeBatch()}, []string{"k2"}, "k1", `{"batchItemFailures":[]}`, boom},
		{"the whole batch, without failure", []stream.LambdaOption{stream.FailWholeBatch()}, nil, "k1 k2 k3 k4 k5", `{"batchItemFailures":[]}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := handled{fail: failing(tt.fail...)}
			var told []string
			opts := append(tt.opts, stream.OnFailure(func(_ context.Context, e *stream.RecordError) {
				if !errors.Is(e, boom) {
					t.Error(e)
				}
				told = append(told, e.Change.SequenceNumber)
			}))
			resp, err := h.mux().Lambda(opts...)(t.Context(), batch(5))
			if got := string(must(json.Marshal(resp))); got != tt.want || h.String() != tt.handled || !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Errorf("handled %q, response %s, error %v", &h, got, err)
			}
			if want := strings.Count(tt.want, "itemIdentifier"); len(told) != want && tt.err == nil {
				t.Errorf("OnFailure was told of %v", told)
			}
		})
	}
}

// The reason of a failure is logged if nobody asks for it, and has no values.
func TestLambdaLogsFailures(t *testing.T) {
	var log strings.Builder
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)

	e, patients, arn := openPatients(t, formats[0].format, types.StreamViewTypeNewImage)
	put(t, patients, Patient{ID: "patient-1", Name: "Ada", Clinic: "north"})
	event := readEvent(t.Context(), e, arn)
	event.Records[0].New["clinic"] = &types.AttributeValueMemberS{Value: "south"}
	mux := must(stream.NewMux(stream.On(patients, func(context.Context, *stream.Record[Patient]) error { return nil })))
	resp, err := mux.Lambda()(t.Context(), event)
	if want := []stream.ItemFailure{{ItemIdentifier: event.Records[0].SequenceNumber}}; err != nil || !reflect.DeepEqual(resp.BatchItemFailures, want) {
		t.Errorf("response %v, error %v", resp, err)
	}
	if !strings.Contains(log.String(), "failed verification") || strings.Contains(log.String(), "patient-1") || strings.Contains(log.String(), "south") {
		t.Errorf("logged: %s", &log)
	}
}

// Once Lambda's time is over, what is left is not handled and not done either.
func TestLambdaHeedsItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	h := handled{fail: func(key string) error {
		if key == "k2" {
			cancel()
		}
		return nil
	}}
	resp, err := h.mux().Lambda(stream.OnFailure(nil))(ctx, batch(4))
	if want := []stream.ItemFailure{{ItemIdentifier: "3"}}; err != nil || !reflect.DeepEqual(resp.BatchItemFailures, want) || h.String() != "k1 k2" {
		t.Errorf("handled %q, response %v, error %v", &h, resp, err)
	}
}

// A record whose number can't be read fails the whole batch, which is how Lambda
// takes an empty one.
func TestLambdaOfRecordWithoutNumber(t *testing.T) {
	var e stream.Event
	if err := json.Unmarshal([]byte(`{"Records":[{"eventSource":"aws:dynamodb","eventSourceARN":"`+eventsARN+`","dynamodb":5}]}`), &e); err != nil {
		t.Fatal(err)
	}
	var h handled
	resp, err := h.mux().Lambda(stream.OnFailure(func(context.Context, *stream.RecordError) {}))(t.Context(), e)
	if want := []stream.ItemFailure{{}}; err != nil || !reflect.DeepEqual(resp.BatchItemFailures, want) {
		t.Errorf("response %v, error %v", resp, err)
	}
}

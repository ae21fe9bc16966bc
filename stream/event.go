package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// An Event is what AWS Lambda sends to a function for a batch of records, all of
// one shard and in order. It reads and writes the JSON of it, so that a function can
// take one as it is.
//
// A record that can't be read does not keep the others from being read: it fails
// when it is handled.
type Event struct {
	Records []StoredRecord
}

// Format prints how many records e has.
func (e Event) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "Event(%d records)", len(e.Records)) }

// LogValue prints e in logs as Format does.
func (e Event) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(e)) }

// EventFrom returns an event that another type holds, by the JSON that it marshals
// to: the DynamoDBEvent of package github.com/aws/aws-lambda-go/events, or a map. The
// error wraps [ddbenc.ErrMalformed] and holds no value.
func EventFrom(v any) (*Event, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, malformed("a %T can't be marshaled as JSON", v)
	}
	e := new(Event)
	if err := e.UnmarshalJSON(data); err != nil {
		return nil, err
	}
	return e, nil
}

// ItemFrom returns an item that another type holds, by the JSON that it marshals to:
// the map[string]DynamoDBAttributeValue of package
// github.com/aws/aws-lambda-go/events, or one of its own attributes. The error wraps
// [ddbenc.ErrMalformed] and holds no value.
func ItemFrom(v any) (Item, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, malformed("a %T can't be marshaled as JSON", v)
	}
	it, err := codec.UnmarshalItem(data)
	if err != nil {
		return nil, malformed("%w", err)
	}
	return it, nil
}

// The JSON of an event. AWS Lambda Developer Guide, "Using AWS Lambda with Amazon
// DynamoDB".
type (
	eventJSON struct {
		Records []recordJSON `json:"Records"`
	}
	recordJSON struct {
		EventID      string        `json:"eventID"`
		EventName    string        `json:"eventName"`
		EventVersion string        `json:"eventVersion,omitempty"`
		EventSource  string        `json:"eventSource"`
		AWSRegion    string        `json:"awsRegion"`
		Dynamodb     changeJSON    `json:"dynamodb"`
		SourceARN    string        `json:"eventSourceARN"`
		UserIdentity *identityJSON `json:"userIdentity,omitempty"`
	}
	changeJSON struct {
		Time           json.Number     `json:"ApproximateCreationDateTime,omitempty"` // seconds
		Keys           json.RawMessage `json:"Keys,omitempty"`
		NewImage       json.RawMessage `json:"NewImage,omitempty"`
		OldImage       json.RawMessage `json:"OldImage,omitempty"`
		SequenceNumber string          `json:"SequenceNumber"`
		SizeBytes      int64           `json:"SizeBytes"`
		View           string          `json:"StreamViewType"`
	}
	identityJSON struct {
		Type      string `json:"type"`
		Principal string `json:"principalId"`
	}
)

// eventSource is that of DynamoDB.
const eventSource = "aws:dynamodb"

// UnmarshalJSON reads the JSON of an event. Its error wraps [ddbenc.ErrMalformed]
// and holds no value.
func (e *Event) UnmarshalJSON(data []byte) error {
	var in struct {
		Records []json.RawMessage `json:"Records"`
	}
	if err := json.Unmarshal(data, &in); err != nil || in.Records == nil {
		return malformed("it is not the JSON of an event with Records")
	}
	e.Records = make([]StoredRecord, len(in.Records))
	for i, text := range in.Records {
		e.Records[i] = readRecord(text)
	}
	return nil
}

// readRecord reads one record. What can be read of one that is wrong is there
// beside its error: the sequence number, above all.
func readRecord(text json.RawMessage) StoredRecord {
	var in recordJSON
	err := json.Unmarshal(text, &in)
	r := StoredRecord{Change: Change{
		Operation:      Operation(in.EventName),
		StreamARN:      in.SourceARN,
		Region:         in.AWSRegion,
		EventID:        in.EventID,
		SequenceNumber: in.Dynamodb.SequenceNumber,
		Size:           in.Dynamodb.SizeBytes,
		View:           types.StreamViewType(in.Dynamodb.View),
	}}
	if arn, err := parseStreamARN(in.SourceARN); err == nil {
		r.Table = arn.table
	}
	if in.UserIdentity != nil {
		r.Expired = expired(r.Operation, in.UserIdentity.Type, in.UserIdentity.Principal)
	}
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType): // its text may have the value
		r.err = malformed("its member %.100q is of another type", wrongType.Field)
	case err != nil:
		r.err = malformed("it is not the JSON of a record")
	case in.EventSource != eventSource:
		r.err = malformed("it is from %.50q, want %q", in.EventSource, eventSource)
	}
	if r.Time, err = readTime(in.Dynamodb.Time); err != nil && r.err == nil {
		r.err = err
	}
	for _, part := range []struct {
		to   *Item
		from json.RawMessage
		what string
	}{{&r.Keys, in.Dynamodb.Keys, "keys"}, {&r.Old, in.Dynamodb.OldImage, "old image"}, {&r.New, in.Dynamodb.NewImage, "new image"}} {
		if len(part.from) == 0 || bytes.Equal(part.from, []byte("null")) {
			continue
		}
		it, err := codec.UnmarshalItem(part.from)
		switch {
		case err == nil && len(it) > 0:
			*part.to = it
		case err != nil && r.err == nil:
			r.err = malformed("its %s: %w", part.what, err)
		}
	}
	return r
}

// maxSeconds is the last second of the year 9999.
const maxSeconds = 253402300799

// readTime reads a time in seconds, which may have a fraction or an exponent. It has
// the precision of milliseconds.
func readTime(n json.Number) (time.Time, error) {
	if n == "" {
		return time.Time{}, nil
	}
	seconds, err := n.Float64()
	if err != nil || seconds < 0 || seconds > maxSeconds {
		return time.Time{}, malformed("its time is not one in seconds since 1970")
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC(), nil
}

// MarshalJSON writes the JSON that Lambda would send, for a test or a local run.
func (e Event) MarshalJSON() ([]byte, error) {
	out := eventJSON{Records: make([]recordJSON, len(e.Records))}
	for i := range e.Records {
		var err error
		if out.Records[i], err = e.Records[i].json(); err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
	}
	return json.Marshal(out)
}

func (r *StoredRecord) json() (out recordJSON, err error) {
	if r.err != nil {
		return out, r.err
	}
	out = recordJSON{
		EventID:      r.EventID,
		EventName:    string(r.Operation),
		EventVersion: "1.1",
		EventSource:  eventSource,
		AWSRegion:    r.Region,
		SourceARN:    r.StreamARN,
		Dynamodb:     changeJSON{SequenceNumber: r.SequenceNumber, SizeBytes: r.Size, View: string(r.View)},
	}
	if !r.Time.IsZero() {
		out.Dynamodb.Time = json.Number(fmt.Sprintf("%d.%03d", r.Time.Unix(), r.Time.Nanosecond()/1e6))
	}
	if r.Expired {
		out.UserIdentity = &identityJSON{serviceIdentity, servicePrincipal}
	}
	for _, part := range []struct {
		to   *json.RawMessage
		from Item
	}{{&out.Dynamodb.Keys, r.Keys}, {&out.Dynamodb.OldImage, r.Old}, {&out.Dynamodb.NewImage, r.New}} {
		if part.from != nil && err == nil {
			*part.to, err = codec.MarshalItem(part.from)
		}
	}
	return out, err
}

package stream_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/internal/redacttest"
	"github.com/ddbenc/ddbenc/keyring"
	"github.com/ddbenc/ddbenc/stream"
)

// Whatever holds keys or the values of an item prints without them.
func TestPrintingShowsNoSecrets(t *testing.T) {
	const planted = "planted-secret"
	contentKey, signingKey := []byte("a content key that is quite secret")[:32], []byte("a signing key that is quite secret")[:32]
	format := crypt.NewDDBEC(must(keyring.NewStatic(contentKey, signingKey)))
	e := ddbenctest.NewEngine()
	patients, arn := open[Patient](t.Context(), e, "patients", format, types.StreamViewTypeNewAndOldImages)
	raw := must(ddbenc.NewRawTable("raw", format, ddbenc.RawSchema{PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}))

	secret := func() stream.Item {
		return stream.Item{"patient_id": &types.AttributeValueMemberS{Value: planted}, "photo": &types.AttributeValueMemberB{Value: []byte(planted)}}
	}
	change := stream.Change{Operation: stream.Modify, Table: "patients", SequenceNumber: "1", Keys: secret()}
	stored := stream.StoredRecord{Change: change, Old: secret(), New: secret()}
	patient := &Patient{ID: planted, Name: planted, Photo: []byte(planted)}
	on := stream.On(patients, func(context.Context, *stream.Record[Patient]) error { return nil })
	onRaw := stream.OnRaw(raw, func(context.Context, *stream.RawRecord) error { return nil })
	mux := must(stream.NewMux(on, onRaw))
	if err := patients.Put(t.Context(), patient); err != nil {
		t.Fatal(err)
	}
	read := stream.FromStreams(arn, readStream(t.Context(), e, arn)[0])
	handled := mux.Handle(t.Context(), &stored)
	parsed := stream.Event{}
	notJSON := parsed.UnmarshalJSON([]byte(`{"Records":"` + planted + `"}`))
	_, noLine := stream.ParseExportLine([]byte(`{"Item":{"a":"` + planted + `"}}`))
	_, noItem := stream.ItemFrom(map[string]any{"a": map[string]any{planted: 1}})

	p := redacttest.Package{
		Secrets: []redacttest.Secret{
			redacttest.Text("plaintext", planted),
			redacttest.Key("content key", contentKey), redacttest.Key("signing key", signingKey),
		},
		Values: []any{
			change, stored, read,
			&stream.Record[Patient]{Change: change, Old: patient, New: patient},
			&stream.RawRecord{Change: change, Old: secret(), New: secret()},
			stream.Event{Records: []stream.StoredRecord{stored}},
			&stream.RecordError{Change: change, Err: errors.New("failed")},
			handled, notJSON, noLine, noItem, fmt.Errorf("wrapped: %w", handled),
			on, onRaw, mux, must(stream.NewReader(e.StreamsClient(), arn, must(stream.NewMux(on)))),
		},
		Without: map[string]string{
			"Checkpoint":        "a sequence number",
			"Item":              "another name of a map of the SDK's values, which print as the SDK does",
			"ItemFailure":       "a sequence number",
			"MemoryCheckpoints": "sequence numbers",
			"Operation":         "a text that says what was done",
			"Response":          "sequence numbers",
		},
		Open: map[string]string{
			"Change":       "its fields are for handlers",
			"Event":        "its fields are for handlers",
			"RawRecord":    "its fields are for handlers",
			"Record":       "its fields are for handlers",
			"RecordError":  "its fields are for handlers",
			"StoredRecord": "its fields are for handlers",
		},
		JSON: map[string]string{
			"Event": "it is what Lambda sends, and has the items as stored",
		},
	}
	p.Test(t)
}

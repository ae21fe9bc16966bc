package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/stream"
)

// digits is a number that no float holds.
const digits = "12345678901234567890123456789012345678"

// Every view, of an item that is put, changed and deleted, in both formats, from the
// Streams API and through the JSON that Lambda sends.
func TestRecordsOfEveryView(t *testing.T) {
	first := Patient{ID: "p-1", Visit: 1, Name: "Ada Lovelace", Weight: digits, Photo: []byte{0, 255}, Clinic: "north"}
	second := first
	second.Name, second.Photo = "Ada King", nil
	for _, f := range formats {
		for view, want := range map[types.StreamViewType][3][2]*Patient{
			types.StreamViewTypeNewAndOldImages: {{nil, &first}, {&first, &second}, {&second, nil}},
			types.StreamViewTypeNewImage:        {{nil, &first}, {nil, &second}, {nil, nil}},
			types.StreamViewTypeOldImage:        {{nil, nil}, {&first, nil}, {&second, nil}},
			types.StreamViewTypeKeysOnly:        {},
		} {
			t.Run(fmt.Sprintf("%s/%s", f.name, view), func(t *testing.T) {
				e, patients, arn := openPatients(t, f.format, view)
				put(t, patients, first, second)
				if err := patients.Delete(t.Context(), ddbenc.Key("p-1", 1)); err != nil {
					t.Fatal(err)
				}
				var got []stream.Record[Patient]
				mux := must(stream.NewMux(stream.On(patients, func(_ context.Context, r *stream.Record[Patient]) error {
					got = append(got, *r)
					return nil
				})))
				event := readEvent(t.Context(), e, arn)
				var sent stream.Event // as Lambda gets it
				if err := json.Unmarshal(must(json.Marshal(event)), &sent); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(event, sent) {
					t.Error("an event changes on its way through JSON")
				}
				for i := range event.Records {
					for _, r := range []stream.StoredRecord{event.Records[i], sent.Records[i]} {
						if err := mux.Handle(t.Context(), &r); err != nil {
							t.Fatal(err)
						}
					}
				}
				key := must(patients.KeyAttributes(ddbenc.Key("p-1", 1)))
				for i, r := range got {
					op := []stream.Operation{stream.Insert, stream.Modify, stream.Remove}[i/2]
					images := [2]*Patient{r.Old, r.New}
					if diff := cmp.Diff(want[i/2], images); diff != "" {
						t.Errorf("images of %s (-want +got):\n%s", op, diff)
					}
					if r.Operation != op || r.Table != "patients" || r.StreamARN != arn || r.View != view || r.Expired || r.Size <= 0 ||
						r.SequenceNumber == "" || r.Time.IsZero() || !reflect.DeepEqual(r.Keys, key) {
						t.Errorf("change %d is %#v: %+v", i, r.Change, reflect.ValueOf(r.Change))
					}
				}
				if len(got) != 6 {
					t.Errorf("%d records were handled, want 6", len(got))
				}
				// Nothing that left the engine, the stream included, was readable.
				for _, secret := range []string{"Ada", digits} {
					if strings.Contains(string(must(json.Marshal(event))), secret) {
						t.Errorf("the event has %q", secret)
					}
				}
				ddbenctest.RequireNoPlaintext(t, e, "Ada Lovelace", "Ada King", digits)
			})
		}
	}
}

func TestExpiryIsNoDelete(t *testing.T) {
	e := ddbenctest.NewEngine()
	sessions, arn := open[Session](t.Context(), e, "sessions", formats[0].format, types.StreamViewTypeNewAndOldImages)
	schema := must(ddbenc.SchemaOf[Session]())
	must(e.Client().UpdateTimeToLive(t.Context(), schema.TimeToLiveInput("sessions")))
	for _, id := range []string{"s-1", "s-2"} {
		if err := sessions.Put(t.Context(), &Session{ID: id, Token: "t", Expires: e.Now().Add(time.Minute).Truncate(time.Second)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := sessions.Delete(t.Context(), ddbenc.Key("s-1")); err != nil {
		t.Fatal(err)
	}
	e.Advance(2 * time.Minute)

	got := ""
	mux := must(stream.NewMux(stream.On(sessions, func(_ context.Context, r *stream.Record[Session]) error {
		if r.Operation == stream.Remove {
			got += fmt.Sprintf("%s %t; ", r.Old.ID, r.Expired)
		}
		return nil
	})))
	text := must(json.Marshal(readEvent(t.Context(), e, arn)))
	var event stream.Event
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	if resp := must(mux.Lambda()(t.Context(), event)); len(resp.BatchItemFailures) != 0 || got != "s-1 false; s-2 true; " {
		t.Errorf("removed and expired: %s, failures %v", got, resp)
	}
}

// hostile is a way to change a record of a modified item, and the error that it must
// have.
var hostile = []struct {
	name   string
	change func(r, other *stream.StoredRecord)
	want   error
}{
	{"new image of another item", func(r, o *stream.StoredRecord) { r.New = o.New }, ddbenc.ErrVerify},
	{"old image of another item", func(r, o *stream.StoredRecord) { r.Old = o.Old }, ddbenc.ErrVerify},
	{"keys of another item", func(r, o *stream.StoredRecord) { r.Keys = o.Keys }, ddbenc.ErrVerify},
	{"no keys", func(r, _ *stream.StoredRecord) { r.Keys = nil }, ddbenc.ErrMalformed},
	{"a key too few", func(r, _ *stream.StoredRecord) { delete(r.Keys, "visit") }, ddbenc.ErrMalformed},
	{"a key too many", func(r, _ *stream.StoredRecord) { r.Keys["name"] = r.Keys["patient_id"] }, ddbenc.ErrMalformed},
	{"key of another type", func(r, _ *stream.StoredRecord) { r.Keys["visit"] = r.Keys["patient_id"] }, ddbenc.ErrMalformed},
	{"nil key", func(r, _ *stream.StoredRecord) { r.Keys["visit"] = nil }, ddbenc.ErrMalformed},
	{"no new image", func(r, _ *stream.StoredRecord) { r.New = nil }, ddbenc.ErrMalformed},
	{"empty new image", func(r, _ *stream.StoredRecord) { r.New = stream.Item{} }, ddbenc.ErrMalformed},
	{"no old image", func(r, _ *stream.StoredRecord) { r.Old = nil }, ddbenc.ErrMalformed},
	{"insert with an old image", func(r, _ *stream.StoredRecord) { r.Operation = stream.Insert }, ddbenc.ErrMalformed},
	{"remove with a new image", func(r, _ *stream.StoredRecord) { r.Operation = stream.Remove }, ddbenc.ErrMalformed},
	{"images in KEYS_ONLY", func(r, _ *stream.StoredRecord) { r.View = types.StreamViewTypeKeysOnly }, ddbenc.ErrMalformed},
	{"old image in NEW_IMAGE", func(r, _ *stream.StoredRecord) { r.View = types.StreamViewTypeNewImage }, ddbenc.ErrMalformed},
	{"new image in OLD_IMAGE", func(r, _ *stream.StoredRecord) { r.View = types.StreamViewTypeOldImage }, ddbenc.ErrMalformed},
	{"unknown operation", func(r, _ *stream.StoredRecord) { r.Operation = "UPSERT" }, ddbenc.ErrMalformed},
	{"no operation", func(r, _ *stream.StoredRecord) { r.Operation = "" }, ddbenc.ErrMalformed},
	{"unknown view", func(r, _ *stream.StoredRecord) { r.View = "ALL" }, ddbenc.ErrMalformed},
	{"no view", func(r, _ *stream.StoredRecord) { r.View = "" }, ddbenc.ErrMalformed},
	{"plaintext", func(r, _ *stream.StoredRecord) { r.New = r.Keys }, ddbenc.ErrNotSigned},
	{"a changed attribute", func(r, _ *stream.StoredRecord) { r.New["clinic"] = &types.AttributeValueMemberS{Value: "south"} }, ddbenc.ErrVerify},
	{"a removed attribute", func(r, _ *stream.StoredRecord) { delete(r.Old, "name") }, ddbenc.ErrVerify},
	{"an added attribute", func(r, _ *stream.StoredRecord) { r.New["more"] = r.Keys["patient_id"] }, ddbenc.ErrVerify},
	{"a nil attribute", func(r, _ *stream.StoredRecord) { r.New["clinic"] = nil }, nil},
	{"a swapped attribute", func(r, o *stream.StoredRecord) { r.New["name"] = o.New["name"] }, ddbenc.ErrVerify},
	{"a bottomless attribute", func(r, _ *stream.StoredRecord) { r.New["name"] = nested(5000) }, nil},
	{"record of another table", func(r, _ *stream.StoredRecord) { r.StreamARN = strings.Replace(r.StreamARN, "patients", "people", 1) }, ddbenc.ErrRefused},
	{"record of a table and the stream of another", func(r, _ *stream.StoredRecord) { r.Table = "people" }, ddbenc.ErrRefused},
	{"ARN of a table", func(r, _ *stream.StoredRecord) {
		r.StreamARN = "arn:aws:dynamodb:us-east-1:000000000000:table/patients"
	}, ddbenc.ErrRefused},
	{"no table", func(r, _ *stream.StoredRecord) { r.StreamARN, r.Table = "", "" }, ddbenc.ErrRefused},
}

// nested is a value that nests deeper than any in DynamoDB.
func nested(depth int) types.AttributeValue {
	var v types.AttributeValue = &types.AttributeValueMemberS{Value: "deep"}
	for range depth {
		v = &types.AttributeValueMemberL{Value: []types.AttributeValue{v}}
	}
	return v
}

func TestHostileRecords(t *testing.T) {
	for _, f := range formats {
		e, patients, arn := openPatients(t, f.format, types.StreamViewTypeNewAndOldImages)
		put(t, patients, Patient{ID: "p-1", Name: "Ada"}, Patient{ID: "p-1", Name: "Ada King"}, Patient{ID: "p-2", Name: "Grace"}, Patient{ID: "p-2", Name: "Hopper"})
		all := readEvent(t.Context(), e, arn).Records
		if all[1].Operation != stream.Modify || all[3].Operation != stream.Modify {
			t.Fatal("the records are others")
		}
		for _, tt := range hostile {
			t.Run(f.name+"/"+tt.name, func(t *testing.T) {
				r, other := clone(all[1]), clone(all[3])
				tt.change(&r, &other)
				called := false
				handle := func(context.Context, *stream.Record[Patient]) error {
					called = true
					return nil
				}
				mux := must(stream.NewMux(stream.On(patients, handle)))
				err := mux.Handle(t.Context(), &r)
				if err == nil || called || tt.want != nil && !errors.Is(err, tt.want) {
					t.Fatalf("error %v, want %v; the handler was called: %t", err, tt.want, called)
				}
				var failed *stream.RecordError
				var bad *ddbenc.ItemError
				if !errors.As(err, &failed) || failed.Change.SequenceNumber != r.SequenceNumber {
					t.Errorf("error %v is no RecordError of the record", err)
				}
				if isItem := errors.As(err, &bad); isItem == errors.Is(err, ddbenc.ErrRefused) && tt.want != ddbenc.ErrMalformed {
					t.Errorf("error %v is an ItemError: %t", err, isItem)
				}
				for _, secret := range []string{"Ada", "Grace", "p-1"} {
					if text := fmt.Sprintf("%v %+v %#v", err, failed, failed.Change); strings.Contains(text, secret) {
						t.Errorf("the error has %q: %s", secret, text)
					}
				}
				if bad == nil {
					return
				}

				// The program decides, and gets nothing of the images.
				var told *ddbenc.ItemError
				mux = must(stream.NewMux(stream.On(patients, handle, stream.OnItemError(func(_ context.Context, c stream.Change, e *ddbenc.ItemError) error {
					told = e
					return nil
				}))))
				if err := mux.Handle(t.Context(), &r); err != nil || told == nil || called {
					t.Errorf("passed over: error %v, told %v, handler called %t", err, told, called)
				}
			})
		}
	}
}

func clone(r stream.StoredRecord) stream.StoredRecord {
	r.Keys, r.Old, r.New = maps.Clone(r.Keys), maps.Clone(r.Old), maps.Clone(r.New)
	return r
}

// A key service that is down says nothing about a record, so it is not passed over.
func TestOnItemErrorIsNotForPassingFailures(t *testing.T) {
	e, patients, arn := openPatients(t, formats[1].format, types.StreamViewTypeNewImage)
	put(t, patients, Patient{ID: "p-1", Name: "Ada"})
	record := readEvent(t.Context(), e, arn).Records[0]
	for _, cause := range []error{crypt.ErrUnavailable, crypt.ErrKeyRefused, context.DeadlineExceeded} {
		down := must(ddbenc.NewTable[Patient](e.Client(), "patients", crypt.NewDBESDK(failingKeyring{cause})))
		called := false
		mux := must(stream.NewMux(stream.On(down,
			func(context.Context, *stream.Record[Patient]) error { called = true; return nil },
			stream.OnItemError(func(context.Context, stream.Change, *ddbenc.ItemError) error { called = true; return nil }))))
		if err := mux.Handle(t.Context(), &record); !errors.Is(err, cause) || called {
			t.Errorf("%v: error %v, something was called: %t", cause, err, called)
		}
	}
}

type failingKeyring struct{ err error }

func (k failingKeyring) WrapKey(context.Context, *crypt.KeyContext, []byte) ([]crypt.WrappedKey, error) {
	return nil, k.err
}

func (k failingKeyring) UnwrapKey(context.Context, *crypt.KeyContext, []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	return nil, k.err
}

func TestMuxOfSeveralTables(t *testing.T) {
	e := ddbenctest.NewEngine()
	patients, patientsARN := open[Patient](t.Context(), e, "patients", formats[0].format, types.StreamViewTypeNewImage)
	sessions, sessionsARN := open[Session](t.Context(), e, "sessions", formats[1].format, types.StreamViewTypeNewImage)
	notes := must(ddbenc.NewRawTable("arn:aws:dynamodb:eu-central-1:123456789012:table/notes", formats[1].format,
		ddbenc.RawSchema{PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}))
	put(t, patients, Patient{ID: "p-1", Name: "Ada"})
	if err := sessions.Put(t.Context(), &Session{ID: "s-1", Expires: time.Unix(4e9, 0)}); err != nil {
		t.Fatal(err)
	}
	id := stream.Item{"id": &types.AttributeValueMemberS{Value: "n-1"}}
	note := stream.StoredRecord{
		Change: stream.Change{Operation: stream.Insert, View: types.StreamViewTypeNewImage, SequenceNumber: "1", Keys: id,
			StreamARN: "arn:aws:dynamodb:us-west-2:123456789012:table/notes/stream/2026-01-02T15:04:05.678"}, // a replica
		New: must(notes.EncryptItem(t.Context(), id)),
	}
	got := ""
	mux := must(stream.NewMux(
		stream.On(patients, func(_ context.Context, r *stream.Record[Patient]) error { got += r.New.ID + " "; return nil }),
		stream.On(sessions, func(_ context.Context, r *stream.Record[Session]) error { got += r.New.ID + " "; return nil }),
		stream.OnRaw(notes, func(_ context.Context, r *stream.RawRecord) error {
			got += r.Table + " " + r.New["id"].(*types.AttributeValueMemberS).Value
			return nil
		}),
	))
	event := readEvent(t.Context(), e, patientsARN)
	event.Records = append(append(event.Records, readEvent(t.Context(), e, sessionsARN).Records...), note)
	if resp := must(mux.Lambda()(t.Context(), event)); len(resp.BatchItemFailures) != 0 || got != "p-1 s-1 notes n-1" {
		t.Errorf("handled %q, failures %v", got, resp)
	}

	note.StreamARN = strings.Replace(note.StreamARN, "123456789012", "210987654321", 1)
	if err := mux.Handle(t.Context(), &note); !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("a record of another account: %v", err)
	}
}

func TestNewMuxRefuses(t *testing.T) {
	_, patients, _ := openPatients(t, formats[0].format, types.StreamViewTypeKeysOnly)
	fn := func(context.Context, *stream.Record[Patient]) error { return nil }
	for name, handlers := range map[string][]stream.Handler{
		"no handler":       nil,
		"a nil handler":    {nil},
		"a nil table":      {stream.On[Patient](nil, fn)},
		"a nil function":   {stream.On(patients, nil)},
		"a nil raw table":  {stream.OnRaw(nil, func(context.Context, *stream.RawRecord) error { return nil })},
		"one table, twice": {stream.On(patients, fn), stream.On(patients, fn)},
	} {
		if m, err := stream.NewMux(handlers...); !errors.Is(err, ddbenc.ErrConfig) || m != nil {
			t.Errorf("%s: %v, error %v", name, m, err)
		}
	}
}

func TestFromStreamsOfNothing(t *testing.T) {
	_, patients, arn := openPatients(t, formats[0].format, types.StreamViewTypeKeysOnly)
	mux := must(stream.NewMux(stream.On(patients, func(context.Context, *stream.Record[Patient]) error { return nil })))
	for name, in := range map[string]streamtypes.Record{
		"an empty record":  {},
		"an empty change":  {EventName: "INSERT", Dynamodb: &streamtypes.StreamRecord{}},
		"an unknown value": {EventName: "INSERT", Dynamodb: &streamtypes.StreamRecord{Keys: map[string]streamtypes.AttributeValue{"id": nil}}},
	} {
		r := stream.FromStreams(arn, in)
		if err := mux.Handle(t.Context(), &r); !errors.Is(err, ddbenc.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := json.Marshal(stream.Event{Records: []stream.StoredRecord{r}}); err == nil && name != "an empty change" {
			t.Errorf("%s: it can be marshaled", name)
		}
	}
}

func TestRecordsPrintNoValues(t *testing.T) {
	e, patients, arn := openPatients(t, formats[0].format, types.StreamViewTypeNewImage)
	put(t, patients, Patient{ID: "patient-1", Name: "Ada", Clinic: "north"})
	event := readEvent(t.Context(), e, arn)
	mux := must(stream.NewMux(stream.On(patients, func(_ context.Context, r *stream.Record[Patient]) error {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "record", r, "stored", event.Records[0])
		text := fmt.Sprintf("%v %+v %#v %s %v %+v %#v %v %s", r, r, *r, r, event, event.Records[0], event, event.Records, log.String())
		for _, value := range []string{"patient-1", "Ada", "north"} {
			if strings.Contains(text, value) {
				t.Errorf("it prints %q: %s", value, text)
			}
		}
		if !strings.Contains(text, "INSERT") {
			t.Errorf("it does not print the operation: %s", text)
		}
		return nil
	})))
	if err := mux.Handle(t.Context(), &event.Records[0]); err != nil {
		t.Error(err)
	}
}

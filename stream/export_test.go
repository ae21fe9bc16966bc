package stream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/stream"
)

func seq(list ...Patient) iter.Seq2[Patient, error] {
	return func(yield func(Patient, error) bool) {
		for _, p := range list {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func TestImportAndExport(t *testing.T) {
	list := []Patient{
		{ID: "p-1", Name: "Ada\nLovelace <&>", Weight: digits, Photo: []byte{0, 255}, Clinic: "north"},
		{ID: "p-2", Visit: -1, Name: "Grace \u2028", Clinic: "\x01\u00e9"},
	}
	for i, f := range formats {
		_, patients, _ := openPatients(t, f.format, types.StreamViewTypeKeysOnly)
		var file bytes.Buffer
		if err := stream.WriteImport(t.Context(), &file, patients, seq(list...)); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(file.Bytes(), []byte("\n")); n != 2 || strings.Contains(file.String(), "Ada") || strings.Contains(file.String(), digits) {
			t.Errorf("%s: %d lines, want 2 that are not readable:\n%s", f.name, n, &file)
		}
		// From one format into the other: what a migration does.
		_, other, _ := openPatients(t, formats[1-i].format, types.StreamViewTypeKeysOnly)
		var again bytes.Buffer
		if err := stream.WriteImport(t.Context(), &again, other, stream.ReadExport(t.Context(), &file, patients)); err != nil {
			t.Fatal(err)
		}
		var got []Patient
		for p, err := range stream.ReadExport(t.Context(), &again, other) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, p)
		}
		if diff := cmp.Diff(list, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.name, diff)
		}
	}
}

func TestExportWithBadLines(t *testing.T) {
	_, patients, _ := openPatients(t, formats[0].format, types.StreamViewTypeKeysOnly)
	line := func(p Patient) string {
		return string(must(stream.AppendImportLine(nil, must(patients.EncryptItem(t.Context(), &p)))))
	}
	good := line(Patient{ID: "p-1", Clinic: "north"}) + "\n  \r\n" + // lines of space are none
		strings.Replace(line(Patient{ID: "p-2", Clinic: "north"}), "north", "south", 1) +
		`{"Item":{"patient_id":{"S":"918273"}}}` + "\n" +
		`{"Item":{"patient_id":{"S":918273}}}` + "\n" +
		`{"Keys":{}}` + "\n" + `918273` + "\n" + `{"Item":` + "\n" +
		line(Patient{ID: "p-3", Clinic: "north"})
	var got []string
	for p, err := range stream.ReadExport(t.Context(), strings.NewReader(good), patients) {
		switch {
		case err == nil:
			got = append(got, p.ID)
		case p.ID != "" || p.Clinic != "":
			t.Errorf("%v came with an error", p)
		case strings.Contains(err.Error(), "918273"):
			t.Errorf("the error quotes a value: %v", err)
		case errors.Is(err, ddbenc.ErrVerify):
			got = append(got, "verify")
		case errors.Is(err, ddbenc.ErrNotSigned):
			got = append(got, "unsigned")
		case errors.Is(err, ddbenc.ErrMalformed):
			got = append(got, "malformed")
		}
	}
	if s := strings.Join(got, " "); s != "p-1 verify unsigned malformed malformed malformed malformed p-3" {
		t.Errorf("got %s", s)
	}

	err := stream.WriteImport(t.Context(), io.Discard, patients, stream.ReadExport(t.Context(), strings.NewReader(good), patients))
	if !errors.Is(err, ddbenc.ErrVerify) || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("WriteImport of it: %v", err)
	}
}

// What says nothing about one line ends the loop.
func TestExportThatEnds(t *testing.T) {
	_, patients, _ := openPatients(t, formats[0].format, types.StreamViewTypeKeysOnly)
	var file bytes.Buffer
	if err := stream.WriteImport(t.Context(), &file, patients, seq(Patient{ID: "p-1"}, Patient{ID: "p-2"})); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	broken := errors.New("the connection broke")
	for _, tt := range []struct {
		name string
		ctx  context.Context
		r    io.Reader
		want error
	}{
		{"a reader that fails", t.Context(), io.MultiReader(bytes.NewReader(file.Bytes()[:10]), iotest.ErrReader(broken)), broken},
		{"a context that ended", cancelled, bytes.NewReader(file.Bytes()), context.Canceled},
		{"a line that is too long", t.Context(), strings.NewReader(strings.Repeat(" ", 16<<20) + "{}"), ddbenc.ErrMalformed},
	} {
		var errs []error
		for _, err := range stream.ReadExport(tt.ctx, tt.r, patients) {
			if err != nil {
				errs = append(errs, err)
			}
		}
		// A broken connection leaves half a line before it, which is an error of its own.
		if n := len(errs); n < 1 || n > 2 || !errors.Is(errs[n-1], tt.want) {
			t.Errorf("%s: errors %v, want %v", tt.name, errs, tt.want)
		}
	}
	if err := stream.WriteImport(cancelled, io.Discard, patients, seq(Patient{ID: "p-1"})); !errors.Is(err, context.Canceled) {
		t.Errorf("WriteImport with a context that ended: %v", err)
	}
	if err := stream.WriteImport(t.Context(), io.Discard, patients, seq(Patient{})); !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("WriteImport of an item without key: %v", err)
	}
	if err := stream.WriteImport(t.Context(), failingWriter{broken}, patients, seq(Patient{ID: "p-1"})); !errors.Is(err, broken) {
		t.Errorf("WriteImport to a writer that fails: %v", err)
	}
	for p, err := range stream.ReadExport(t.Context(), bytes.NewReader(file.Bytes()), patients) {
		if err != nil || p.ID != "p-1" {
			t.Errorf("got %v, error %v", p, err)
		}
		break
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestIncrementalExport(t *testing.T) {
	_, patients, _ := openPatients(t, formats[1].format, types.StreamViewTypeKeysOnly)
	text := func(it stream.Item) json.RawMessage { return must(codec.MarshalItem(it)) }
	sealed := func(p Patient) json.RawMessage { return text(must(patients.EncryptItem(t.Context(), &p))) }
	key := func(id string) json.RawMessage { return text(must(patients.KeyAttributes(ddbenc.Key(id, 1)))) }
	before, after := sealed(Patient{ID: "p-1", Visit: 1, Name: "Ada"}), sealed(Patient{ID: "p-1", Visit: 1, Name: "Ada King"})
	const at = `"Metadata":{"WriteTimestampMicros":{"N":"1680109764000001"}},`
	for _, tt := range []struct {
		line string
		want string
		err  error
	}{
		{fmt.Sprintf(`{%s"Keys":%s,"OldImage":%s,"NewImage":%s}`, at, key("p-1"), before, after), "MODIFY Ada, Ada King", nil},
		{fmt.Sprintf(`{"Metadata":{"WriteTimestampMicros":"1680109764000001"},"Keys":%s,"NewImage":%s}`, key("p-1"), after), "MODIFY , Ada King", nil},
		{fmt.Sprintf(`{%s"Keys":%s,"OldImage":%s}`, at, key("p-1"), before), "REMOVE Ada, ", nil},
		{fmt.Sprintf(`{%s"Keys":%s}`, at, key("p-1")), "REMOVE , ", nil},
		{fmt.Sprintf(`{%s"Keys":%s,"NewImage":%s}`, at, key("p-2"), after), "", ddbenc.ErrVerify},
		{fmt.Sprintf(`{%s"Keys":%s,"NewImage":%s}`, at, key("p-1"), key("p-1")), "", ddbenc.ErrNotSigned},
		{fmt.Sprintf(`{%s"Keys":{},"NewImage":%s}`, at, after), "", ddbenc.ErrMalformed},
		{fmt.Sprintf(`{%s"NewImage":%s}`, at, after), "", ddbenc.ErrMalformed},
		{fmt.Sprintf(`{%s"Keys":%s,"NewImage":[]}`, at, key("p-1")), "", ddbenc.ErrMalformed},
		{fmt.Sprintf(`{"Metadata":{"WriteTimestampMicros":5},"Keys":%s}`, key("p-1")), "", ddbenc.ErrMalformed},
		{fmt.Sprintf(`{"Metadata":{"WriteTimestampMicros":"-5"},"Keys":%s}`, key("p-1")), "", ddbenc.ErrMalformed},
	} {
		n := 0
		for r, err := range stream.ReadIncrementalExport(t.Context(), strings.NewReader(tt.line), patients) {
			n++
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || (err == nil) != (r != nil) {
				t.Errorf("%s: error %v, want %v", tt.line, err, tt.err)
			}
			if r == nil {
				continue
			}
			var names [2]string
			for i, p := range []*Patient{r.Old, r.New} {
				if p != nil {
					names[i] = p.Name
				}
			}
			if got := fmt.Sprintf("%s %s, %s", r.Operation, names[0], names[1]); got != tt.want || r.Table != "patients" || !r.Time.Equal(time.UnixMicro(1680109764000001)) {
				t.Errorf("got %s at %v, want %s", got, r.Time, tt.want)
			}
		}
		if n != 1 {
			t.Errorf("%d records, want 1", n)
		}
	}
}

func TestExportLines(t *testing.T) {
	id := stream.Item{"id": &types.AttributeValueMemberS{Value: "e-1"}}
	line := must(stream.AppendImportLine(nil, must(events.EncryptItem(t.Context(), id))))
	stored, err := stream.ParseExportLine(line)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := events.DecryptItem(t.Context(), stored); err != nil || len(got) != 1 {
		t.Errorf("got %v, error %v", got, err)
	}
	if out, err := stream.AppendImportLine([]byte("x"), stream.Item{"id": nil}); err == nil || string(out) != "x" {
		t.Errorf("an item with nothing in it: %q, error %v", out, err)
	}
}

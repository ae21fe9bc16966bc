package stream

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
)

// maxLine is more than an export writes on a line: two images of 400 KB, each byte of
// which may be written as six.
const maxLine = 16 << 20

// ReadExport yields the items of a full export to S3 in DynamoDB JSON, verified and
// decrypted. r is one of its data files, with the compression removed:
//
//	{"Item":{"patient_id":{"S":"p-1"},"name":{"B":"..."},...}}
//	{"Item":{"patient_id":{"S":"p-2"},...
//
// A line that can't be read, and an item that can't be verified or decrypted, gives
// the zero T and an error that wraps an [*ddbenc.ItemError] or
// [ddbenc.ErrMalformed], and the loop may go on behind it. Any other error, of r or
// ctx or of a line of more than 16 MiB, ends the loop. Memory is bounded by one line.
//
// An export that misses items is as good as one that has them all: what is not there
// can't be verified.
func ReadExport[T any](ctx context.Context, r io.Reader, table *ddbenc.Table[T]) iter.Seq2[T, error] {
	return readLines(ctx, r, func(line []byte) (v T, err error) {
		it, err := ParseExportLine(line)
		if err != nil {
			return v, err
		}
		p, err := table.DecryptItem(ctx, it)
		if err != nil {
			return v, err
		}
		return *p, nil
	})
}

// ReadIncrementalExport yields the changes of an incremental export to S3 in DynamoDB
// JSON, both images verified and decrypted:
//
//	{"Metadata":{"WriteTimestampMicros":{"N":"1680109764000000"}},"Keys":{...},"OldImage":{...},"NewImage":{...}}
//
// There is one for each item that changed in the time of the export, in no order.
// Operation is Remove if the item is not there in the end, and else Modify, though it
// may not have been there at the beginning. Change has Keys, Table and Time besides.
// Errors are those of [ReadExport].
func ReadIncrementalExport[T any](ctx context.Context, r io.Reader, table *ddbenc.Table[T]) iter.Seq2[*Record[T], error] {
	return readLines(ctx, r, func(line []byte) (*Record[T], error) {
		s, err := parseIncrementalLine(line)
		if err != nil {
			return nil, err
		}
		if id, err := parseTable(table.Name()); err == nil {
			s.Table = id.table
		}
		old, new, err := openImages(ctx, table, &s)
		if err != nil {
			return nil, err
		}
		return &Record[T]{Change: s.Change, Old: old, New: new}, nil
	})
}

// WriteImport encrypts items and writes them as DynamoDB imports them from S3 in
// DynamoDB JSON: lines as [ReadExport] reads them. The items may be those of
// [ReadExport], or of a Scan of another table, and with them what they were written
// with is exchanged for what the table has. It stops at the first error, of an item or
// of w: what was written by then is no complete import.
func WriteImport[T any](ctx context.Context, w io.Writer, table *ddbenc.Table[T], items iter.Seq2[T, error]) error {
	out := bufio.NewWriter(w)
	var line []byte
	n := 0
	for v, err := range items {
		n++
		var it Item
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			it, err = table.EncryptItem(ctx, &v)
		}
		if err == nil {
			line, err = AppendImportLine(line[:0], it)
		}
		if err == nil {
			_, err = out.Write(line)
		}
		if err != nil {
			return fmt.Errorf("stream: item %d: %w", n, err)
		}
	}
	return out.Flush()
}

// ParseExportLine reads one line of a full export, for tables without a Go type. The
// item is encrypted and not verified: see [ddbenc.RawTable.DecryptItem]. The error
// wraps [ddbenc.ErrMalformed] and holds no value.
func ParseExportLine(line []byte) (Item, error) {
	var in struct {
		Item json.RawMessage `json:"Item"`
	}
	if err := json.Unmarshal(line, &in); err != nil || len(in.Item) == 0 {
		return nil, malformed("it is not the JSON of an object with an Item")
	}
	it, err := codec.UnmarshalItem(in.Item)
	if err != nil {
		return nil, malformed("its Item: %w", err)
	}
	return it, nil
}

// AppendImportLine appends an item, encrypted already, as a line of an import to dst.
// On error dst comes back as it was.
func AppendImportLine(dst []byte, it Item) ([]byte, error) {
	out, err := codec.AppendItemJSON(append(dst, `{"Item":`...), it)
	if err != nil {
		return dst, err
	}
	return append(out, "}\n"...), nil
}

// parseIncrementalLine reads one line of an incremental export.
func parseIncrementalLine(line []byte) (r StoredRecord, err error) {
	var in struct {
		Metadata struct {
			Written json.RawMessage `json:"WriteTimestampMicros"`
		} `json:"Metadata"`
		Keys     json.RawMessage `json:"Keys"`
		OldImage json.RawMessage `json:"OldImage"`
		NewImage json.RawMessage `json:"NewImage"`
	}
	if err := json.Unmarshal(line, &in); err != nil || len(in.Keys) == 0 {
		return r, malformed("it is not the JSON of an object with Keys")
	}
	for _, part := range []struct {
		to   *Item
		from json.RawMessage
		what string
	}{{&r.Keys, in.Keys, "keys"}, {&r.Old, in.OldImage, "old image"}, {&r.New, in.NewImage, "new image"}} {
		if len(part.from) == 0 || bytes.Equal(part.from, []byte("null")) {
			continue
		}
		if *part.to, err = codec.UnmarshalItem(part.from); err != nil {
			return r, malformed("its %s: %w", part.what, err)
		}
	}
	r.Operation = Modify
	if len(r.New) == 0 {
		r.Operation = Remove
	}
	r.Time, err = readMicros(in.Metadata.Written)
	return r, err
}

// readMicros reads a time in microseconds, which some exports have as text and some
// as a number of DynamoDB JSON.
func readMicros(text json.RawMessage) (time.Time, error) {
	if len(text) == 0 {
		return time.Time{}, nil
	}
	var digits string
	if json.Unmarshal(text, &digits) != nil {
		var n struct{ N string }
		if err := json.Unmarshal(text, &n); err != nil {
			return time.Time{}, malformed("its time is neither text nor a number")
		}
		digits = n.N
	}
	micros, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || micros < 0 || micros/1e6 > maxSeconds {
		return time.Time{}, malformed("its time is not one in microseconds since 1970")
	}
	return time.UnixMicro(micros).UTC(), nil
}

// readLines yields what read makes of each line that is not empty.
func readLines[V any](ctx context.Context, r io.Reader, read func(line []byte) (V, error)) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		var none V
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		n := 0
		for lines.Scan() {
			n++
			if len(bytes.TrimSpace(lines.Bytes())) == 0 {
				continue
			}
			v, err := read(lines.Bytes())
			switch {
			case ctx.Err() != nil:
				yield(none, ctx.Err())
				return
			case err != nil:
				if !yield(none, fmt.Errorf("stream: line %d: %w", n, err)) || !isItemsFault(err) {
					return
				}
			case !yield(v, nil):
				return
			}
		}
		if err := lines.Err(); err != nil {
			if errors.Is(err, bufio.ErrTooLong) {
				err = malformed("it has more than %d bytes", maxLine)
			}
			yield(none, fmt.Errorf("stream: line %d: %w", n+1, err))
		}
	}
}

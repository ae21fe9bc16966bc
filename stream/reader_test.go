package stream_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/stream"
)

const eventsARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/events/stream/2026-01-02T15:04:05.678"

// events is the table of the streams that are made up. Its records have keys only.
var events = must(ddbenc.NewRawTable("events", formats[1].format, ddbenc.RawSchema{PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}))

// keyRecords returns records with keys such as "a1", "a2" and the sequence numbers 1,
// 2 and so on.
func keyRecords(prefix string, n int) (list []streamtypes.Record) {
	for i := range n {
		list = append(list, streamtypes.Record{EventName: streamtypes.OperationTypeInsert, Dynamodb: &streamtypes.StreamRecord{
			Keys:                        map[string]streamtypes.AttributeValue{"id": &streamtypes.AttributeValueMemberS{Value: fmt.Sprint(prefix, i+1)}},
			SequenceNumber:              aws.String(fmt.Sprint(i + 1)),
			StreamViewType:              streamtypes.StreamViewTypeKeysOnly,
			ApproximateCreationDateTime: aws.Time(time.Unix(1_700_000_000+int64(i), 0)),
		}})
	}
	return list
}

// A handled remembers which keys were handled, and fails as a test says.
type handled struct {
	mu   sync.Mutex
	keys []string
	fail func(key string) error
}

func (h *handled) handle(_ context.Context, r *stream.RawRecord) error {
	key := r.Keys["id"].(*types.AttributeValueMemberS).Value
	if h.fail != nil {
		if err := h.fail(key); err != nil {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys = append(h.keys, key)
	return nil
}

func (h *handled) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.keys, " ")
}

func (h *handled) mux() *stream.Mux { return must(stream.NewMux(stream.OnRaw(events, h.handle))) }

func newReader(f *fakeStream, h *handled, opts ...stream.ReaderOption) *stream.Reader {
	return must(stream.NewReader(f, eventsARN, h.mux(), opts...))
}

// The stream of the engine, through the SDK's client.
func TestReaderOfEngine(t *testing.T) {
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			e, patients, arn := openPatients(t, f.format, types.StreamViewTypeNewAndOldImages)
			for i := range 25 {
				put(t, patients, Patient{ID: fmt.Sprint("p-", i%5), Name: fmt.Sprint("Ada ", i)})
			}
			turnOff(t.Context(), e, "patients")
			var got []string
			mux := must(stream.NewMux(stream.On(patients, func(_ context.Context, r *stream.Record[Patient]) error {
				got = append(got, r.New.Name)
				return nil
			})))
			var checkpoints stream.MemoryCheckpoints
			for range 2 { // the second time there is nothing left
				reader := must(stream.NewReader(e.StreamsClient(), arn, mux, stream.PageSize(4), stream.WithCheckpoints(&checkpoints)))
				if err := reader.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if len(got) != 25 || got[0] != "Ada 0" || got[24] != "Ada 24" {
				t.Errorf("handled %v", got)
			}
			ddbenctest.RequireNoPlaintext(t, e, "Ada 24")
		})
	}
}

// A reader follows an open stream until its context ends.
func TestReaderFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{shards: []*fakeShard{{id: "a", records: keyRecords("a", 2)}}}
		var h handled
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() { result <- newReader(f, &h, stream.PollInterval(time.Second)).Run(ctx) }()
		time.Sleep(1500 * time.Millisecond)
		if got := h.String(); got != "a1 a2" {
			t.Errorf("handled %q", got)
		}
		f.mu.Lock()
		f.shards[0].records = keyRecords("a", 3)
		f.mu.Unlock()
		time.Sleep(time.Second)
		if got := h.String(); got != "a1 a2 a3" {
			t.Errorf("handled %q", got)
		}
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		if n := f.calls["GetRecords"]; n > 6 {
			t.Errorf("%d calls of GetRecords in 2.5 seconds", n)
		}
	})
}

// Shards split, and a shard's records are handled after its parent's.
func TestReaderKeepsTheOrderOfShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{page: 2, shards: []*fakeShard{
			{id: "d", parent: "b", records: keyRecords("d", 5)}, // listed before its parent
			{id: "a", parent: "gone", closed: true, records: keyRecords("a", 5)},
			{id: "b", parent: "a", closed: true, records: keyRecords("b", 5)},
			{id: "c", parent: "a", records: keyRecords("c", 5)},
			{id: "x", records: keyRecords("x", 5)},
		}}
		var h handled
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() { result <- newReader(f, &h, stream.PageSize(2)).Run(ctx) }()
		time.Sleep(5 * time.Second)

		f.mu.Lock() // c is split later on
		f.shards[3].closed = true
		f.shards = append(f.shards, &fakeShard{id: "e", parent: "c", records: keyRecords("e", 5)}, &fakeShard{id: "f", parent: "c", records: keyRecords("f", 5)})
		f.mu.Unlock()
		time.Sleep(5 * time.Second)
		cancel()
		<-result

		if len(h.keys) != 35 {
			t.Errorf("%d records were handled, want 35 of 7 shards: %v", len(h.keys), &h)
		}
		at := func(key string) int { return slices.Index(h.keys, key) }
		for _, pair := range []string{"a1 a5", "a5 b1", "b5 d1", "a5 c1", "c5 e1", "c5 f1", "x1 x5"} {
			before, after, _ := strings.Cut(pair, " ")
			if at(before) > at(after) || at(before) < 0 {
				t.Errorf("%s was handled after %s: %v", before, after, &h)
			}
		}
	})
}

// A stream that was turned off has an end.
func TestReaderEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{off: true, shards: []*fakeShard{
			{id: "a", closed: true, records: keyRecords("a", 2)}, {id: "b", parent: "a", closed: true}, {id: "c", parent: "b", closed: true, records: keyRecords("c", 1)},
		}}
		var h handled
		if err := newReader(f, &h).Run(t.Context()); err != nil || h.String() != "a1 a2 c1" {
			t.Errorf("handled %q, error %v", &h, err)
		}
		if n := f.calls["DescribeStream"]; n > 2 {
			t.Errorf("%d calls of DescribeStream", n)
		}
	})
}

// A panic of a handler is Run's, which leaves nothing running; no record is lost to it,
// nor to a handler that ends its goroutine.
func TestReaderWithHandlerThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{off: true, shards: []*fakeShard{
			{id: "a", closed: true, records: keyRecords("a", 3)}, {id: "b", parent: "a", closed: true, records: keyRecords("b", 1)},
			{id: "c", closed: false, records: keyRecords("c", 1)},
		}}
		var checkpoints stream.MemoryCheckpoints
		bad := func() { panic("boom") }
		h := handled{fail: func(key string) error {
			if key == "a2" {
				bad()
			}
			return nil
		}}
		run := func() (panicked any, err error) {
			defer func() { panicked = recover() }()
			return nil, newReader(f, &h, stream.WithCheckpoints(&checkpoints), stream.PageSize(1)).Run(t.Context())
		}
		if panicked, err := run(); panicked != "boom" {
			t.Errorf("panic %v, error %v", panicked, err)
		}
		bad = runtime.Goexit
		if panicked, err := run(); err == nil || panicked != nil {
			t.Errorf("panic %v, error %v", panicked, err)
		}
		if c, err := checkpoints.Load(t.Context(), "a"); c != (stream.Checkpoint{SequenceNumber: "1"}) || err != nil {
			t.Errorf("the checkpoint is %v, error %v", c, err)
		}
		f.shards[2].closed = true
		h.fail, h.keys = nil, nil
		if panicked, err := run(); err != nil || panicked != nil || !strings.Contains(h.String(), "a2 a3 b1") {
			t.Errorf("handled %q, panic %v, error %v", &h, panicked, err)
		}
	})
}

// What was handled is not handled again, what was not is, and nothing is behind a
// record that failed.
func TestReaderResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{off: true, shards: []*fakeShard{{id: "a", closed: true, records: keyRecords("a", 6)}, {id: "b", parent: "a", closed: true, records: keyRecords("b", 1)}}}
		var checkpoints stream.MemoryCheckpoints
		boom := errors.New("boom")
		h := handled{fail: func(key string) error {
			if key == "a4" {
				return boom
			}
			return nil
		}}
		for range 2 {
			err := newReader(f, &h, stream.WithCheckpoints(&checkpoints)).Run(t.Context())
			var failed *stream.RecordError
			if !errors.Is(err, boom) || !errors.As(err, &failed) || failed.Change.SequenceNumber != "4" || h.String() != "a1 a2 a3" {
				t.Fatalf("handled %q, error %v", &h, err)
			}
		}
		if c, err := checkpoints.Load(t.Context(), "a"); c != (stream.Checkpoint{SequenceNumber: "3"}) || err != nil {
			t.Errorf("the checkpoint is %v, error %v", c, err)
		}
		h.fail = nil
		if err := newReader(f, &h, stream.WithCheckpoints(&checkpoints)).Run(t.Context()); err != nil || h.String() != "a1 a2 a3 a4 a5 a6 b1" {
			t.Errorf("handled %q, error %v", &h, err)
		}
		if c, err := checkpoints.Load(t.Context(), "b"); c != (stream.Checkpoint{SequenceNumber: "1", Done: true}) || err != nil {
			t.Errorf("the checkpoint of an ended shard is %v, error %v", c, err)
		}
	})
}

// A shard that DynamoDB forgets while it is handled keeps its children waiting.
func TestReaderWaitsForAForgottenParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{off: true, shards: []*fakeShard{{id: "a", closed: true, records: keyRecords("a", 2)}, {id: "b", parent: "a", closed: true, records: keyRecords("b", 1)}}}
		h := handled{fail: func(key string) error {
			if key == "a1" {
				f.mu.Lock()
				f.shards[0].gone = true
				f.mu.Unlock()
				time.Sleep(time.Hour) // shards are listed meanwhile
			}
			return nil
		}}
		if err := newReader(f, &h).Run(t.Context()); err != nil || h.String() != "a1 a2 b1" {
			t.Errorf("handled %q, error %v", &h, err)
		}
	})
}

func TestReaderRetries(t *testing.T) {
	expired, trimmed := &streamtypes.ExpiredIteratorException{}, &streamtypes.TrimmedDataAccessException{}
	for _, tt := range []struct {
		name   string
		faults map[string][]error
	}{
		{"throttled", map[string][]error{
			"DescribeStream": {throttled, throttled}, "GetShardIterator": {throttled}, "GetRecords": {throttled, throttled, throttled, nil, throttled},
		}},
		{"expired iterators", map[string][]error{"GetRecords": {nil, expired, nil, expired}}},
		{"trimmed before the first read", map[string][]error{"GetRecords": {trimmed}, "GetShardIterator": {nil, trimmed}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeStream{off: true, faults: tt.faults, shards: []*fakeShard{{id: "a", closed: true, records: keyRecords("a", 5)}}}
				var h handled
				if err := newReader(f, &h, stream.PageSize(2)).Run(t.Context()); err != nil || h.String() != "a1 a2 a3 a4 a5" {
					t.Errorf("handled %q, error %v", &h, err)
				}
			})
		})
	}
}

func TestReaderGivesUp(t *testing.T) {
	always := slices.Repeat([]error{throttled}, 100)
	expired := slices.Repeat([]error{error(&streamtypes.ExpiredIteratorException{})}, 100)
	final := errors.New("no such account")
	for _, tt := range []struct {
		name   string
		faults map[string][]error
		want   error
	}{
		{"throttled without an end", map[string][]error{"GetRecords": always}, throttled},
		{"throttled from the start", map[string][]error{"DescribeStream": always}, throttled},
		{"expired without an end", map[string][]error{"GetRecords": expired}, expired[0]},
		{"an error that does not pass", map[string][]error{"GetRecords": {final, final}}, final}, // one for each shard
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeStream{faults: tt.faults, shards: []*fakeShard{{id: "a", records: keyRecords("a", 5)}, {id: "b"}}}
				var h handled
				if err := newReader(f, &h, stream.Attempts(5)).Run(t.Context()); !errors.Is(err, tt.want) || len(h.keys) > 0 {
					t.Errorf("handled %q, error %v, want %v", &h, err, tt.want)
				}
			})
		})
	}
}

// Records that DynamoDB deleted unread are not passed over in silence.
func TestReaderTellsWhatIsLost(t *testing.T) {
	for _, tt := range []struct {
		name        string
		shards      []*fakeShard
		checkpoints map[string]stream.Checkpoint
		skipped     string // what is handled with SkipTrimmed
	}{
		{"the record behind the checkpoint is gone",
			[]*fakeShard{{id: "a", closed: true, trimmed: 4, records: keyRecords("a", 6)}}, map[string]stream.Checkpoint{"a": {SequenceNumber: "2"}}, "a5 a6"},
		{"the shard of the checkpoint is gone",
			[]*fakeShard{{id: "b", parent: "a", closed: true, records: keyRecords("b", 1)}}, map[string]stream.Checkpoint{"a": {SequenceNumber: "2"}}, "b1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeStream{off: true, shards: tt.shards}
				var checkpoints stream.MemoryCheckpoints
				for id, c := range tt.checkpoints {
					if err := checkpoints.Save(t.Context(), id, c); err != nil {
						t.Fatal(err)
					}
				}
				var h handled
				if err := newReader(f, &h, stream.WithCheckpoints(&checkpoints)).Run(t.Context()); !errors.Is(err, stream.ErrTrimmed) || len(h.keys) > 0 {
					t.Errorf("handled %q, error %v", &h, err)
				}
				if err := newReader(f, &h, stream.WithCheckpoints(&checkpoints), stream.SkipTrimmed()).Run(t.Context()); err != nil || h.String() != tt.skipped {
					t.Errorf("skipped: handled %q, error %v, want %q", &h, err, tt.skipped)
				}
			})
		})
	}
}

// A shard is deleted while it waits for its turn.
func TestReaderOfShardThatVanishes(t *testing.T) {
	for _, skip := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := &fakeStream{off: true, shards: []*fakeShard{{id: "a", closed: true, records: keyRecords("a", 1)}, {id: "b", parent: "a", closed: true, records: keyRecords("b", 1)}}}
			f.onCall = func(op, shard string) {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.shards[0].gone = f.shards[0].gone || op == "GetShardIterator" && shard == "a"
			}
			var h handled
			var opts []stream.ReaderOption
			if skip {
				opts = append(opts, stream.SkipTrimmed())
			}
			err := newReader(f, &h, opts...).Run(t.Context())
			if skip && (err != nil || h.String() != "b1") || !skip && !errors.Is(err, stream.ErrTrimmed) {
				t.Errorf("skip %t: handled %q, error %v", skip, &h, err)
			}
		})
	}
}

func TestReaderSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{off: true, shards: []*fakeShard{{id: "a", closed: true, records: keyRecords("a", 6)}}}
		f.shards[0].records[1].Dynamodb.ApproximateCreationDateTime = nil // not told, so not passed over
		var h handled
		since := time.Unix(1_700_000_003, 999)
		if err := newReader(f, &h, stream.Since(since)).Run(t.Context()); err != nil || h.String() != "a2 a4 a5 a6" {
			t.Errorf("handled %q, error %v", &h, err)
		}
	})
}

// Independent shards are worked on at the same time, as many as may be, and none
// waits forever for its turn.
func TestReaderWorksInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{}
		for i := range 12 {
			f.shards = append(f.shards, &fakeShard{id: fmt.Sprint("shard", i), records: keyRecords(fmt.Sprint(i, "-"), 3)})
		}
		f.onCall = func(op, _ string) {
			if op == "GetRecords" {
				time.Sleep(10 * time.Millisecond)
			}
		}
		var h handled
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := newReader(f, &h, stream.Parallel(3), stream.PageSize(1)).Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run: %v", err)
		}
		if len(h.keys) != 36 || f.maxBusy != 3 {
			t.Errorf("%d records were handled, want 36; %d shards were read at once, want 3", len(h.keys), f.maxBusy)
		}
	})
}

// What was handled before the context ended is saved.
func TestReaderSavesWhenItIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{shards: []*fakeShard{{id: "a", records: keyRecords("a", 6)}}}
		ctx, cancel := context.WithCancel(t.Context())
		h := handled{fail: func(key string) error {
			if key == "a3" {
				cancel()
			}
			return nil
		}}
		var checkpoints stream.MemoryCheckpoints
		if err := newReader(f, &h, stream.WithCheckpoints(&checkpoints)).Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		if c := must(checkpoints.Load(t.Context(), "a")); c.SequenceNumber != "3" || h.String() != "a1 a2 a3" {
			t.Errorf("handled %q, checkpoint %v", &h, c)
		}
	})
}

// failingCheckpoints fail, to load or to save.
type failingCheckpoints struct {
	stream.MemoryCheckpoints
	load, save error
}

func (c *failingCheckpoints) Load(ctx context.Context, shard string) (stream.Checkpoint, error) {
	if c.load != nil {
		return stream.Checkpoint{}, c.load
	}
	return c.MemoryCheckpoints.Load(ctx, shard)
}

func (c *failingCheckpoints) Save(context.Context, string, stream.Checkpoint) error { return c.save }

func TestReaderWithoutCheckpoints(t *testing.T) {
	down := errors.New("the store is down")
	boom := errors.New("boom")
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStream{off: true, shards: []*fakeShard{{id: "a", closed: true, records: keyRecords("a", 3)}, {id: "b", parent: "a", closed: true, records: keyRecords("b", 3)}}}
		var h handled
		if err := newReader(f, &h, stream.WithCheckpoints(&failingCheckpoints{load: down})).Run(t.Context()); !errors.Is(err, down) || len(h.keys) > 0 {
			t.Errorf("that can't be loaded: handled %q, error %v", &h, err)
		}
		if err := newReader(f, &h, stream.WithCheckpoints(&failingCheckpoints{save: down})).Run(t.Context()); !errors.Is(err, down) || h.String() != "a1 a2 a3" {
			t.Errorf("that can't be saved: handled %q, error %v", &h, err)
		}
		h = handled{fail: func(key string) error {
			if key == "a2" {
				return boom
			}
			return nil
		}}
		if err := newReader(f, &h, stream.WithCheckpoints(&failingCheckpoints{save: down})).Run(t.Context()); !errors.Is(err, down) || !errors.Is(err, boom) {
			t.Errorf("that can't be saved after a failure: %v", err)
		}
	})
}

func TestReaderOfHostileService(t *testing.T) {
	unnumbered := keyRecords("a", 1)
	unnumbered[0].Dynamodb.SequenceNumber = nil
	for name, shards := range map[string][]*fakeShard{
		"a parent of itself":         {{id: "a", parent: "a"}},
		"parents of each other":      {{id: "a", parent: "b"}, {id: "b", parent: "a"}},
		"a shard without a name":     {{id: ""}},
		"a shard twice":              {{id: "a", closed: true}, {id: "a", closed: true}},
		"a record without number":    {{id: "a", records: unnumbered}},
		"a record without a change":  {{id: "a", records: []streamtypes.Record{{}}}},
		"a record of a hostile view": {{id: "a", records: []streamtypes.Record{{Dynamodb: &streamtypes.StreamRecord{SequenceNumber: aws.String("1"), StreamViewType: "ALL"}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h handled
				if err := newReader(&fakeStream{shards: shards}, &h).Run(t.Context()); !errors.Is(err, ddbenc.ErrMalformed) || len(h.keys) > 0 {
					t.Errorf("handled %q, error %v", &h, err)
				}
			})
		})
	}
}

func TestNewReaderRefuses(t *testing.T) {
	var h handled
	for name, try := range map[string]func() (*stream.Reader, error){
		"no client": func() (*stream.Reader, error) { return stream.NewReader(nil, eventsARN, h.mux()) },
		"no mux":    func() (*stream.Reader, error) { return stream.NewReader(&fakeStream{}, eventsARN, nil) },
		"no stream": func() (*stream.Reader, error) { return stream.NewReader(&fakeStream{}, "events", h.mux()) },
		"another table": func() (*stream.Reader, error) {
			return stream.NewReader(&fakeStream{}, strings.Replace(eventsARN, "events", "others", 1), h.mux())
		},
		"no interval": func() (*stream.Reader, error) {
			return stream.NewReader(&fakeStream{}, eventsARN, h.mux(), stream.PollInterval(0))
		},
		"no parallelism": func() (*stream.Reader, error) {
			return stream.NewReader(&fakeStream{}, eventsARN, h.mux(), stream.Parallel(0))
		},
		"no attempts": func() (*stream.Reader, error) {
			return stream.NewReader(&fakeStream{}, eventsARN, h.mux(), stream.Attempts(0))
		},
		"too large": func() (*stream.Reader, error) {
			return stream.NewReader(&fakeStream{}, eventsARN, h.mux(), stream.PageSize(1001))
		},
	} {
		if r, err := try(); !errors.Is(err, ddbenc.ErrConfig) || r != nil {
			t.Errorf("%s: %v, error %v", name, r, err)
		}
	}
}

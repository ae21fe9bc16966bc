package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/ddbenc/ddbenc"
)

// StreamsAPI is what a [Reader] calls of the SDK. A [*dynamodbstreams.Client] has
// it.
type StreamsAPI interface {
	DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error)
	GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error)
	GetRecords(context.Context, *dynamodbstreams.GetRecordsInput, ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error)
}

var _ StreamsAPI = (*dynamodbstreams.Client)(nil)

// A Reader follows the stream of one table. It does not change once made.
type Reader struct {
	client    StreamsAPI
	streamARN string
	mux       *Mux
	options   readerOptions
}

// A ReaderOption changes how a [Reader] reads.
type ReaderOption interface{ applyReader(*readerOptions) }

type readerOptions struct {
	checkpoints Checkpoints
	poll        time.Duration
	parallel    int
	pageSize    int
	attempts    int
	since       time.Time
	skipTrimmed bool
}

type readerOption func(*readerOptions)

func (f readerOption) applyReader(o *readerOptions) { f(o) }

// WithCheckpoints keeps what was handled in c. The default is to keep it in memory,
// as long as the Reader is there: a new one begins at the oldest record of the
// stream, which is a day old at most.
func WithCheckpoints(c Checkpoints) ReaderOption {
	return readerOption(func(o *readerOptions) { o.checkpoints = c })
}

// PollInterval is how long to wait until an open shard that had no more records is
// asked for them again. New shards are looked for at ten times that. The default is
// a second; DynamoDB answers for a shard five times a second, to all of its readers.
func PollInterval(d time.Duration) ReaderOption {
	return readerOption(func(o *readerOptions) { o.poll = d })
}

// Parallel lets n shards be worked on at the same time, from the request for records
// until the last of them is handled. It bounds how many calls of handlers there are
// at once, and how many pages of records are in memory. The default is 4.
func Parallel(n int) ReaderOption { return readerOption(func(o *readerOptions) { o.parallel = n }) }

// PageSize asks for n records at a time, of 1000 at most. A checkpoint is saved after
// each page, so n is how many records of a shard may come again after a crash. The
// default is 1000.
func PageSize(n int) ReaderOption { return readerOption(func(o *readerOptions) { o.pageSize = n }) }

// Attempts is how often something is asked of DynamoDB, when it throttles or fails,
// before [Reader.Run] gives up: n times, with random waits of up to 20 seconds in
// between, beside what the SDK's client tries by itself. The default is 10.
func Attempts(n int) ReaderOption { return readerOption(func(o *readerOptions) { o.attempts = n }) }

// Since passes over records of before t. It is for a program that has no use for the
// past; the default is to begin at the oldest record. The times of records are whole
// seconds and approximate, so a few of before t may be handled.
func Since(t time.Time) ReaderOption { return readerOption(func(o *readerOptions) { o.since = t }) }

// SkipTrimmed goes on at the oldest record that is left, when others before it may
// have been deleted unread. The default is to stop with an error that wraps
// [ErrTrimmed]. It happens to programs that were down, or behind, for more than 24
// hours; and as DynamoDB does not say whether there was a record between the last one
// that was handled and the oldest one left, also when there was none.
func SkipTrimmed() ReaderOption {
	return readerOption(func(o *readerOptions) { o.skipTrimmed = true })
}

const maxPage = 1000 // records, of GetRecords

// NewReader makes a reader of the stream with the ARN, which is the LatestStreamArn
// that DescribeTable returns. The mux must have a handler for its table. The error
// wraps [ddbenc.ErrConfig], and the network is not used.
func NewReader(client StreamsAPI, streamARN string, mux *Mux, opts ...ReaderOption) (*Reader, error) {
	o := readerOptions{poll: time.Second, parallel: 4, pageSize: maxPage, attempts: 10}
	for _, opt := range opts {
		opt.applyReader(&o)
	}
	if o.checkpoints == nil {
		o.checkpoints = new(MemoryCheckpoints)
	}
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("stream: %w: %w", ddbenc.ErrConfig, fmt.Errorf(format, args...)))
	}
	if client == nil {
		bad("there is no client")
	}
	id, err := parseStreamARN(streamARN)
	switch {
	case err != nil:
		bad("%w", err)
	case mux == nil:
		bad("there is no mux")
	default:
		if _, err := mux.find(id); err != nil {
			bad("%w", err)
		}
	}
	if o.poll <= 0 || o.parallel < 1 || o.attempts < 1 {
		bad("PollInterval, Parallel and Attempts have to be more than 0")
	}
	if o.pageSize < 1 || o.pageSize > maxPage {
		bad("PageSize is %d, want 1 to %d", o.pageSize, maxPage)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Reader{client: client, streamARN: streamARN, mux: mux, options: o}, nil
}

// Run reads the stream and handles its records until ctx ends, a handler returns an
// error, or DynamoDB can't be read. It returns nil if the stream was turned off and
// all of it was handled, and else why it ended: the context's error, a
// [*RecordError], one that wraps [ErrTrimmed], or the SDK's.
//
// The records of a shard are handled one after the other, and those of a shard after
// those of its parents: so the records of an item are in order. A record that was
// handled is not handled again as long as Run goes on. After Run was called again it
// may be, unless its checkpoint was saved: at the end of every page, and, when Run
// ends with an error that is not of Checkpoints, at the last record that was handled.
//
// A panic of a handler ends Run and is Run's own, whose caller can recover from it.
// The page that the record is of comes again.
//
// Two calls at the same time, or two Readers on the same checkpoints, handle
// everything twice.
func (r *Reader) Run(ctx context.Context) error {
	err := r.run(ctx)
	if ctx.Err() != nil { // what the goroutines return then is its consequence
		return ctx.Err()
	}
	return err
}

// run is Run, and ends when all its goroutines have, whatever it ends with.
func (r *Reader) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	f := newFollower(r)
	defer f.wait()
	defer cancel()
	return f.follow(ctx)
}

// shards lists the shards of the stream, and whether it was turned off so that no
// more will come.
func (r *Reader) shards(ctx context.Context) (list []shard, off bool, err error) {
	known := map[string]bool{}
	var start *string
	for {
		var out *dynamodbstreams.DescribeStreamOutput
		err := r.retry(ctx, func() (err error) {
			out, err = r.client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &r.streamARN, ExclusiveStartShardId: start})
			return err
		})
		if err != nil {
			return nil, false, err
		}
		d := out.StreamDescription
		if d == nil {
			return nil, false, malformed("DescribeStream returned nothing")
		}
		for _, s := range d.Shards {
			id := aws.ToString(s.ShardId)
			if id == "" || known[id] {
				return nil, false, malformed("DescribeStream returned a shard without a name, or one twice")
			}
			known[id] = true
			list = append(list, shard{id: id, parent: aws.ToString(s.ParentShardId)})
		}
		off = d.StreamStatus == "DISABLED"
		next := d.LastEvaluatedShardId
		if aws.ToString(next) == "" {
			return list, off, nil
		}
		if len(d.Shards) == 0 || len(list) > maxShards {
			return nil, false, malformed("DescribeStream returned pages without an end")
		}
		start = next
	}
}

// maxShards is more than a stream has: a table with a thousand partitions makes six
// thousand shards a day.
const maxShards = 1 << 18

package stream_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"
)

// A fakeStream is a stream of many shards, whose faults a test says.
type fakeStream struct {
	mu      sync.Mutex
	off     bool
	shards  []*fakeShard
	page    int                    // shards a page of DescribeStream, 0 for all
	faults  map[string][]error     // by operation, the errors of its next calls
	calls   map[string]int         // by operation
	at      []time.Duration        // of the calls of GetRecords, since the first
	begin   time.Time              //
	busy    int                    // calls of GetRecords that are under way
	maxBusy int                    //
	onCall  func(op, shard string) // before each, without lock
}

// A fakeShard has records with the sequence numbers 1 to len(records).
type fakeShard struct {
	id, parent string
	records    []streamtypes.Record
	closed     bool
	trimmed    int // records that are deleted
	gone       bool
}

func (f *fakeStream) call(op, shard string) error {
	f.mu.Lock()
	if f.calls == nil {
		f.calls = map[string]int{}
	}
	f.calls[op]++
	var err error
	if len(f.faults[op]) > 0 {
		err, f.faults[op] = f.faults[op][0], f.faults[op][1:]
	}
	hook := f.onCall
	f.mu.Unlock()
	if hook != nil {
		hook(op, shard)
	}
	return err
}

func (f *fakeStream) find(id string) *fakeShard {
	i := slices.IndexFunc(f.shards, func(s *fakeShard) bool { return s.id == id && !s.gone })
	if i < 0 {
		return nil
	}
	return f.shards[i]
}

func (f *fakeStream) DescribeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	if err := f.call("DescribeStream", ""); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	d := &streamtypes.StreamDescription{StreamStatus: streamtypes.StreamStatusEnabled}
	if f.off {
		d.StreamStatus = streamtypes.StreamStatusDisabled
	}
	begin := 0
	if in.ExclusiveStartShardId != nil {
		begin = slices.IndexFunc(f.shards, func(s *fakeShard) bool { return s.id == *in.ExclusiveStartShardId }) + 1
	}
	for _, s := range f.shards[begin:] {
		if s.gone {
			continue
		}
		if f.page > 0 && len(d.Shards) == f.page {
			d.LastEvaluatedShardId = d.Shards[f.page-1].ShardId
			break
		}
		shard := streamtypes.Shard{ShardId: aws.String(s.id)}
		if s.parent != "" {
			shard.ParentShardId = aws.String(s.parent)
		}
		d.Shards = append(d.Shards, shard)
	}
	return &dynamodbstreams.DescribeStreamOutput{StreamDescription: d}, nil
}

func (f *fakeStream) GetShardIterator(_ context.Context, in *dynamodbstreams.GetShardIteratorInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	if err := f.call("GetShardIterator", *in.ShardId); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.find(*in.ShardId)
	if s == nil {
		return nil, &streamtypes.ResourceNotFoundException{}
	}
	next := s.trimmed
	if in.ShardIteratorType == streamtypes.ShardIteratorTypeAfterSequenceNumber {
		n, err := strconv.Atoi(*in.SequenceNumber)
		if err != nil {
			return nil, err
		}
		if n <= s.trimmed {
			return nil, &streamtypes.TrimmedDataAccessException{}
		}
		next = n
	}
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: aws.String(fmt.Sprintf("%s|%d", s.id, next))}, nil
}

func (f *fakeStream) GetRecords(_ context.Context, in *dynamodbstreams.GetRecordsInput, _ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	id, position, _ := strings.Cut(*in.ShardIterator, "|")
	f.mu.Lock()
	if f.begin.IsZero() {
		f.begin = time.Now()
	}
	f.at = append(f.at, time.Since(f.begin))
	f.busy++
	f.maxBusy = max(f.maxBusy, f.busy)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.busy--
		f.mu.Unlock()
	}()
	if err := f.call("GetRecords", id); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.find(id)
	if s == nil {
		return nil, &streamtypes.ResourceNotFoundException{}
	}
	next, err := strconv.Atoi(position)
	if err != nil {
		return nil, err
	}
	if next < s.trimmed {
		return nil, &streamtypes.TrimmedDataAccessException{}
	}
	out := &dynamodbstreams.GetRecordsOutput{Records: s.records[next:min(len(s.records), next+int(*in.Limit))]}
	next += len(out.Records)
	if !s.closed || next < len(s.records) {
		out.NextShardIterator = aws.String(fmt.Sprintf("%s|%d", s.id, next))
	}
	return out, nil
}

// throttled is how the SDK reports that DynamoDB throttles.
var throttled error = &smithy.GenericAPIError{Code: "LimitExceededException", Message: "Rate exceeded"}

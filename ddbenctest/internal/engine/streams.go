package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ListStreamsInput has the parameters of ListStreams.
type ListStreamsInput struct {
	TableName               *string `check:"min=3,max=255,pattern=name"`
	Limit                   *int    `check:"min=1,max=100"`
	ExclusiveStartStreamArn *string
}

// ListStreamsOutput has the results of ListStreams.
type ListStreamsOutput struct {
	Streams                []StreamName
	LastEvaluatedStreamArn string
}

// A StreamName names a stream.
type StreamName struct {
	StreamArn   string
	TableName   string
	StreamLabel string
}

// ListStreams lists streams, of one table or of all, those that were turned off
// within the last day too.
func (e *Engine) ListStreams(_ context.Context, in *ListStreamsInput) (*ListStreamsOutput, error) {
	now := e.Now()
	e.mu.RLock()
	arns := slices.Sorted(maps.Keys(e.streams))
	streams := maps.Clone(e.streams)
	e.mu.RUnlock()
	limit := 100
	if in.Limit != nil {
		limit = *in.Limit
	}
	out := &ListStreamsOutput{Streams: []StreamName{}}
	for _, arn := range arns {
		s := streams[arn]
		if in.TableName != nil && s.table.name != *in.TableName || in.ExclusiveStartStreamArn != nil && arn <= *in.ExclusiveStartStreamArn || s.gone(now) {
			continue
		}
		if len(out.Streams) == limit {
			out.LastEvaluatedStreamArn = out.Streams[limit-1].StreamArn
			break
		}
		out.Streams = append(out.Streams, StreamName{arn, s.table.name, s.label})
	}
	return out, nil
}

// gone reports whether the stream was turned off so long ago that it is deleted.
func (s *stream) gone(now time.Time) bool {
	s.table.mu.RLock()
	defer s.table.mu.RUnlock()
	return s.closed != nil && now.Sub(*s.closed) > streamLife
}

// DescribeStreamInput has the parameters of DescribeStream.
type DescribeStreamInput struct {
	StreamArn             *string `check:"required,min=37,max=1024"`
	Limit                 *int    `check:"min=1,max=100"`
	ExclusiveStartShardId *string
}

// DescribeStreamOutput has the results of DescribeStream.
type DescribeStreamOutput struct {
	StreamDescription StreamDescription
}

// A StreamDescription is a stream and its shards.
type StreamDescription struct {
	StreamArn               string
	StreamLabel             string
	StreamStatus            string
	StreamViewType          string
	CreationRequestDateTime time.Time
	TableName               string
	KeySchema               []KeySchemaElement
	Shards                  []Shard
}

// A Shard is a part of a stream.
type Shard struct {
	ShardId             string
	SequenceNumberRange SequenceNumberRange
}

// A SequenceNumberRange says which records a shard holds; an open one has no end.
type SequenceNumberRange struct {
	StartingSequenceNumber string
	EndingSequenceNumber   string
}

// DescribeStream describes a stream, which has one shard.
func (e *Engine) DescribeStream(_ context.Context, in *DescribeStreamInput) (*DescribeStreamOutput, error) {
	s, err := e.findStream(*in.StreamArn)
	if err != nil {
		return nil, fail(ResourceNotFound, "Requested resource not found: Stream: %s not found", *in.StreamArn)
	}
	s.table.mu.RLock()
	defer s.table.mu.RUnlock()
	d := StreamDescription{
		StreamArn:               s.arn,
		StreamLabel:             s.label,
		StreamStatus:            "ENABLED",
		StreamViewType:          s.view,
		CreationRequestDateTime: s.created,
		TableName:               s.table.name,
		KeySchema:               s.table.key.elements(),
		Shards:                  []Shard{},
	}
	shard := Shard{s.shard(), SequenceNumberRange{StartingSequenceNumber: sequenceNumber(1)}}
	if s.closed != nil {
		d.StreamStatus = "DISABLED"
		shard.SequenceNumberRange.EndingSequenceNumber = sequenceNumber(max(1, s.trimmed+len(s.records)))
	}
	if in.ExclusiveStartShardId == nil || *in.ExclusiveStartShardId < shard.ShardId {
		d.Shards = append(d.Shards, shard)
	}
	return &DescribeStreamOutput{d}, nil
}

// shard returns the id of the stream's shard.
func (s *stream) shard() string {
	return fmt.Sprintf("shardId-%020d-%08x", s.created.UnixMilli(), uint32(s.created.UnixNano()))
}

func (e *Engine) findStream(arn string) (*stream, error) {
	e.mu.RLock()
	s, ok := e.streams[arn]
	e.mu.RUnlock()
	if !ok || s.gone(e.Now()) {
		return nil, fail(ResourceNotFound, "Stream does not exist")
	}
	return s, nil
}

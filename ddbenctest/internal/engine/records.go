package engine

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

const (
	iteratorLife = 15 * time.Minute
	maxRecords   = 1000 // of GetRecords
)

// GetShardIteratorInput has the parameters of GetShardIterator.
type GetShardIteratorInput struct {
	StreamArn         *string `check:"required,min=37,max=1024"`
	ShardId           *string `check:"required"`
	ShardIteratorType string  `check:"required,enum=TRIM_HORIZON|LATEST|AT_SEQUENCE_NUMBER|AFTER_SEQUENCE_NUMBER"`
	SequenceNumber    *string `check:"min=21,max=40"`
}

// GetShardIteratorOutput has the results of GetShardIterator.
type GetShardIteratorOutput struct {
	ShardIterator string
}

// GetShardIterator returns where to begin to read a shard.
func (e *Engine) GetShardIterator(_ context.Context, in *GetShardIteratorInput) (*GetShardIteratorOutput, error) {
	s, err := e.findStream(*in.StreamArn)
	if err != nil {
		return nil, err
	}
	now := e.Now()
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	s.trim(now)
	if *in.ShardId != s.shard() {
		return nil, fail(ResourceNotFound, "Shard does not exist")
	}
	bySequence := strings.HasSuffix(in.ShardIteratorType, "SEQUENCE_NUMBER")
	switch {
	case bySequence && in.SequenceNumber == nil:
		return nil, invalidParameter("Invalid SequenceNumber")
	case !bySequence && in.SequenceNumber != nil:
		return nil, invalidParameter("SequenceNumber should not be passed for this iterator type")
	}
	next := s.trimmed + 1 // the number of the record to read first
	switch in.ShardIteratorType {
	case "LATEST":
		next += len(s.records)
	case "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
		n := 0
		if _, err := fmt.Sscanf(strings.TrimLeft(*in.SequenceNumber, "0"), "%d", &n); err != nil || sequenceNumber(n) != *in.SequenceNumber {
			return nil, invalidParameter("Invalid SequenceNumber")
		}
		if in.ShardIteratorType == "AFTER_SEQUENCE_NUMBER" {
			n++
		}
		switch {
		case n <= s.trimmed:
			return nil, errTrimmed
		case n > s.trimmed+len(s.records)+1:
			return nil, invalidParameter("Invalid SequenceNumber")
		}
		next = n
	}
	return &GetShardIteratorOutput{s.iterator(next, now)}, nil
}

var errTrimmed error = &Error{Code: TrimmedDataAccess, Message: "The operation attempted to read past the oldest stream record in a shard."}

// iterator spells a position in the stream, which is good for some minutes.
func (s *stream) iterator(next int, now time.Time) string {
	position := fmt.Sprintf("%s|%d|%d", s.shard(), next, now.UnixMilli())
	return s.arn + "|1|" + base64.StdEncoding.EncodeToString([]byte(position))
}

// GetRecordsInput has the parameters of GetRecords.
type GetRecordsInput struct {
	ShardIterator *string `check:"required,min=1,max=2048"`
	Limit         *int    `check:"min=1,max=1000"`
}

// GetRecordsOutput has the results of GetRecords.
type GetRecordsOutput struct {
	Records           []Record
	NextShardIterator string // none at the end of a closed shard
}

// A Record is a change of an item.
type Record struct {
	EventID      string       `wire:"eventID"`
	EventName    string       `wire:"eventName"`
	EventVersion string       `wire:"eventVersion"`
	EventSource  string       `wire:"eventSource"`
	AwsRegion    string       `wire:"awsRegion"`
	Dynamodb     StreamRecord `wire:"dynamodb"`
	UserIdentity *Identity    `wire:"userIdentity"`
}

// A StreamRecord says what changed.
type StreamRecord struct {
	ApproximateCreationDateTime time.Time
	Keys                        attr.Item
	NewImage                    attr.Item
	OldImage                    attr.Item
	SequenceNumber              string
	SizeBytes                   int64
	StreamViewType              string
}

// An Identity says that the service made a change by itself.
type Identity struct {
	PrincipalId string
	Type        string
}

// GetRecords reads records from the position of an iterator on.
func (e *Engine) GetRecords(_ context.Context, in *GetRecordsInput) (*GetRecordsOutput, error) {
	arn, next, at, ok := parseIterator(*in.ShardIterator)
	if !ok {
		return nil, invalid("Invalid ShardIterator")
	}
	s, err := e.findStream(arn)
	if err != nil {
		return nil, err
	}
	now := e.Now()
	if now.Sub(at) > iteratorLife {
		return nil, &Error{Code: ExpiredIterator, Message: "Iterator expired. The iterator was created more than 15 minutes ago."}
	}
	limit := maxRecords
	if in.Limit != nil {
		limit = *in.Limit
	}
	s.table.mu.Lock()
	defer s.table.mu.Unlock()
	s.trim(now)
	if next <= s.trimmed {
		return nil, errTrimmed
	}
	if next > s.trimmed+len(s.records)+1 {
		return nil, invalid("Invalid ShardIterator")
	}
	out := &GetRecordsOutput{Records: []Record{}}
	size := 0
	for _, r := range s.records[next-s.trimmed-1:] {
		if len(out.Records) == limit || size >= maxPage {
			break
		}
		record := s.record(r, e.region)
		size += int(record.Dynamodb.SizeBytes)
		out.Records = append(out.Records, record)
		next++
	}
	if s.closed == nil || next <= s.trimmed+len(s.records) {
		out.NextShardIterator = s.iterator(next, now)
	}
	return out, nil
}

func parseIterator(text string) (arn string, next int, at time.Time, ok bool) {
	parts := strings.Split(text, "|")
	if len(parts) != 3 {
		return "", 0, at, false
	}
	position, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return "", 0, at, false
	}
	fields := strings.Split(string(position), "|")
	if len(fields) != 3 {
		return "", 0, at, false
	}
	var ms int64
	if _, err := fmt.Sscan(fields[1], &next); err != nil || next < 1 {
		return "", 0, at, false
	}
	if _, err := fmt.Sscan(fields[2], &ms); err != nil {
		return "", 0, at, false
	}
	return parts[0], next, time.UnixMilli(ms), true
}

// record returns a change as the stream's view shows it.
func (s *stream) record(r streamRecord, region string) Record {
	out := Record{
		EventID:      fmt.Sprintf("%x%08x", s.created.UnixNano(), r.number),
		EventName:    "MODIFY",
		EventVersion: "1.1",
		EventSource:  "aws:dynamodb",
		AwsRegion:    region,
		Dynamodb: StreamRecord{
			ApproximateCreationDateTime: r.at.Truncate(time.Second),
			Keys:                        r.key,
			SequenceNumber:              sequenceNumber(r.number),
			StreamViewType:              s.view,
		},
	}
	switch {
	case r.old == nil:
		out.EventName = "INSERT"
	case r.new == nil:
		out.EventName = "REMOVE"
	}
	size := attr.ItemSize(r.key)
	if r.new != nil && (s.view == "NEW_IMAGE" || s.view == "NEW_AND_OLD_IMAGES") {
		out.Dynamodb.NewImage = r.new.item
		size += r.new.size
	}
	if r.old != nil && (s.view == "OLD_IMAGE" || s.view == "NEW_AND_OLD_IMAGES") {
		out.Dynamodb.OldImage = r.old.item
		size += r.old.size
	}
	out.Dynamodb.SizeBytes = int64(size)
	if r.expired {
		out.UserIdentity = &Identity{PrincipalId: "dynamodb.amazonaws.com", Type: "Service"}
	}
	return out
}

package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/ddbenc/ddbenc/internal/backoff"
)

// A worker reads one shard.
type worker struct {
	*follower // of which it may use what does not change
	shard     shard
	orphan    bool // it has a parent that is gone

	at       Checkpoint
	saved    Checkpoint
	iterator *string // nil if one has to be asked for
}

// run reads the shard to its end.
func (w *worker) run(ctx context.Context) error {
	if err := w.load(ctx); err != nil {
		return err
	}
	for !w.at.Done {
		idle, err := w.step(ctx)
		if err != nil {
			return err
		}
		if idle {
			if err := backoff.Sleep(ctx, w.options.poll); err != nil {
				return err
			}
		}
	}
	return nil
}

// load looks up how far the shard was handled.
func (w *worker) load(ctx context.Context) (err error) {
	if w.at, err = w.options.checkpoints.Load(ctx, w.shard.id); err != nil {
		return fmt.Errorf("stream: checkpoint of shard %q: %w", w.shard.id, err)
	}
	w.saved = w.at
	if !w.orphan || w.at != (Checkpoint{}) || w.options.skipTrimmed {
		return nil
	}
	// The parent was deleted. If it was begun and not done, records went with it.
	parent, err := w.options.checkpoints.Load(ctx, w.shard.parent)
	switch {
	case err != nil:
		return fmt.Errorf("stream: checkpoint of shard %q: %w", w.shard.parent, err)
	case parent.SequenceNumber != "" && !parent.Done:
		return fmt.Errorf("%w: shard %q, behind sequence number %q", ErrTrimmed, w.shard.parent, parent.SequenceNumber)
	}
	return nil
}

// step handles one page of records, when it is the shard's turn. It reports whether
// there were none.
func (w *worker) step(ctx context.Context) (idle bool, err error) {
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	out, err := w.fetch(ctx)
	if err != nil || w.at.Done {
		return false, err
	}
	for _, record := range out.Records {
		if err := w.handle(ctx, record); err != nil {
			if saveErr := w.save(ctx); saveErr != nil {
				return false, errors.Join(err, saveErr)
			}
			return false, err
		}
	}
	w.iterator = out.NextShardIterator
	if aws.ToString(w.iterator) == "" {
		w.at.Done = true
	}
	return len(out.Records) == 0, w.save(ctx)
}

// handle handles one record.
func (w *worker) handle(ctx context.Context, record streamtypes.Record) error {
	r := FromStreams(w.streamARN, record)
	if r.SequenceNumber == "" {
		return &RecordError{Change: r.Change, Err: malformed("it has no sequence number")}
	}
	// Times are whole seconds, so those of the first second are handled.
	if r.Time.IsZero() || !r.Time.Before(w.options.since.Truncate(time.Second)) {
		if err := w.mux.Handle(ctx, &r); err != nil {
			return err
		}
	}
	w.at.SequenceNumber = r.SequenceNumber
	return nil
}

// save saves the checkpoint, if it is a new one. It does so even if the context has
// ended, since what was handled is handled.
func (w *worker) save(ctx context.Context) error {
	if w.at == w.saved {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	if err := w.options.checkpoints.Save(ctx, w.shard.id, w.at); err != nil {
		return fmt.Errorf("stream: saving the checkpoint of shard %q: %w", w.shard.id, err)
	}
	w.saved = w.at
	return nil
}

// saveTimeout is how long a checkpoint may take.
const saveTimeout = 30 * time.Second

// fetch returns the next page of records. It marks the shard as done if it is gone
// and that is all right.
func (w *worker) fetch(ctx context.Context) (out *dynamodbstreams.GetRecordsOutput, err error) {
	again := 0
	err = w.retry(ctx, func() error {
		for {
			if out, err = w.tryFetch(ctx); err == nil {
				return nil
			}
			if again++; again > w.options.attempts {
				return err
			}
			var expired *streamtypes.ExpiredIteratorException
			var trimmed *streamtypes.TrimmedDataAccessException
			var gone *streamtypes.ResourceNotFoundException
			switch {
			case errors.As(err, &expired):
				w.iterator = nil // good for 15 minutes, and taken up again where it was
			case errors.As(err, &trimmed):
				w.iterator = nil
				if w.at.SequenceNumber == "" {
					continue // the oldest record is another one by now
				}
				if !w.options.skipTrimmed {
					return w.trimmed(err)
				}
				w.at.SequenceNumber = ""
			case errors.As(err, &gone):
				if !w.options.skipTrimmed {
					return w.trimmed(err)
				}
				w.at.Done = true
				return w.save(ctx)
			default:
				return err
			}
		}
	})
	return out, err
}

func (w *worker) trimmed(err error) error {
	return fmt.Errorf("%w: shard %q, behind sequence number %q: %w", ErrTrimmed, w.shard.id, w.at.SequenceNumber, err)
}

// tryFetch asks for the next page, and for an iterator first if there is none.
func (w *worker) tryFetch(ctx context.Context) (*dynamodbstreams.GetRecordsOutput, error) {
	if w.iterator == nil {
		in := &dynamodbstreams.GetShardIteratorInput{
			StreamArn: &w.streamARN, ShardId: &w.shard.id, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
		}
		if w.at.SequenceNumber != "" {
			in.ShardIteratorType, in.SequenceNumber = streamtypes.ShardIteratorTypeAfterSequenceNumber, &w.at.SequenceNumber
		}
		out, err := w.client.GetShardIterator(ctx, in)
		if err != nil {
			return nil, err
		}
		if aws.ToString(out.ShardIterator) == "" {
			return nil, malformed("GetShardIterator returned none")
		}
		w.iterator = out.ShardIterator
	}
	return w.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: w.iterator, Limit: aws.Int32(int32(w.options.pageSize))})
}

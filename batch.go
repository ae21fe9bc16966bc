package ddbenc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc/hook"
)

// BatchAPI is what [Table.BatchGet], [Table.BatchPut], [Table.BatchDelete] and
// [Table.BatchWrite] call of the SDK. A [*dynamodb.Client] has it. It is apart from
// [DynamoDBAPI] so that a fake has to have it only where batches are used.
type BatchAPI interface {
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	BatchWriteItem(context.Context, *dynamodb.BatchWriteItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error)
}

var _ BatchAPI = (*dynamodb.Client)(nil)

// How much one request takes.
const (
	maxBatchGet   = 100 // keys
	maxBatchWrite = 25  // writes
)

// maxRefusals bounds how many problems of one batch are told: what is wrong with
// many elements is mostly the same.
const maxRefusals = 10

// enough reports whether r has so many problems that the rest of a batch need not
// be looked at, and says so in r.
func (r *refusals) enough() bool {
	if len(r.errs) < maxRefusals {
		return false
	}
	r.at = ""
	r.add("there may be more, which were not looked at")
	return true
}

// errUnprocessed reports that the service put the rest of a batch off for too
// long.
var errUnprocessed = errors.New("ddbenc: the service left the rest unprocessed, as often as it was asked")

// errUnasked reports an answer that is none to the question.
var errUnasked = fmt.Errorf("%w: the service answered with an item or key that it was not asked for", ErrVerify)

// batchAPI returns the table's client for operation op.
func (c *core) batchAPI(op string) (BatchAPI, error) {
	api, ok := c.db.(BatchAPI)
	if !ok {
		return nil, c.opError(op, fmt.Errorf("%w: the table was opened with a %T, which lacks methods of ddbenc.BatchAPI", ErrConfig, c.db))
	}
	return api, nil
}

// inChunks calls do, which makes requests of operation op, for up to size of the positions 0 to n-1 at a time, until none
// is left, and returns those that are: all that do left and those that it was not
// called for. What do leaves is tried again, together with the next ones, after a
// wait, also if do was throttled, which counts as leaving all. Any other error ends
// it, as does a number of calls in a row that got nothing done.
func (c *core) inChunks(ctx context.Context, op string, n, size int, do func(chunk []int) (left []int, err error)) (rest []int, err error) {
	rest = make([]int, n)
	for i := range rest {
		rest[i] = i
	}
	idle := 0 // calls that got nothing done, or the last one if it left something
	for len(rest) > 0 {
		if err := ctx.Err(); err != nil {
			return rest, err
		}
		chunk := rest[:min(size, len(rest))]
		left, err := do(chunk)
		switch {
		case isThrottle(err):
			left = chunk
		case err != nil:
			return rest, err
		}
		if len(left) < len(chunk) {
			idle = 0
		}
		rest = slices.Concat(left, rest[len(chunk):])
		if len(left) == 0 {
			continue
		}
		idle++
		reason := hook.Unprocessed
		if err != nil {
			reason = hook.Throttled
		}
		c.tellRetried(ctx, op, idle, reason, defaultBackoff.More(idle))
		switch again, waitErr := defaultBackoff.Wait(ctx, idle); {
		case waitErr != nil:
			return rest, waitErr
		case !again && err != nil:
			return rest, err
		case !again:
			return rest, errUnprocessed
		}
	}
	return nil, nil
}

// An elementError says which of several elements of a request err is about.
type elementError struct {
	what string // such as "item 3"
	err  error
}

func (e *elementError) Error() string { return "ddbenc: " + e.what + ": " + bare(e.err) }

func (e *elementError) Unwrap() error { return e.err }

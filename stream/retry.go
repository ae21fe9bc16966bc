package stream

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/ddbenc/ddbenc/internal/backoff"
)

const (
	firstWait = 100 * time.Millisecond // at most
	maxWait   = 20 * time.Second
)

// passing are the errors after which the same request may succeed: throttling, and
// failures of the service and the network.
var passing = retry.IsErrorRetryables(retry.DefaultRetryables)

// retry calls try until it succeeds, fails for good, or has failed as often as it
// may.
func (r *Reader) retry(ctx context.Context, try func() error) error {
	b := backoff.Backoff{Base: firstWait, Max: maxWait, Tries: r.options.attempts}
	for n := 1; ; n++ {
		err := try()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case passing.IsErrorRetryable(err) != aws.TrueTernary:
			return err
		}
		again, waitErr := b.Wait(ctx, n)
		switch {
		case waitErr != nil:
			return waitErr
		case !again:
			return err
		}
	}
}

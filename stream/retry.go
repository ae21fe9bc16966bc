package stream

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

const (
	firstWait = 100 * time.Millisecond // at most
	maxWait   = 20 * time.Second
)

// passing are the errors after which the same request may succeed: throttling, and
// failures of the service and the network.
var passing = retry.IsErrorRetryables(retry.DefaultRetryables)

// retry calls try until it succeeds, fails for good, or has failed as often as it
// may. The waits are random, so that readers who met once don't meet again, and
// double on average until they reach a maximum.
func (r *Reader) retry(ctx context.Context, try func() error) error {
	longest := firstWait
	for n := 1; ; n++ {
		err := try()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case n >= r.options.attempts || passing.IsErrorRetryable(err) != aws.TrueTernary:
			return err
		}
		if err := sleep(ctx, rand.N(longest)+1); err != nil {
			return err
		}
		longest = min(2*longest, maxWait)
	}
}

// sleep waits for d, or until ctx ends, whose error it returns then.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

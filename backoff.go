package ddbenc

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// A backoff says how long to wait before the same thing is tried again, and how
// often. The waits are random, so that callers that met once don't meet again,
// and double on average until they reach a maximum.
type backoff struct {
	base, max time.Duration // of the first wait, and of all
	tries     int           // in all, the first one included
}

// defaultBackoff is for batches and transactions. It gives up after about four
// seconds of waiting on average, and nine at most.
var defaultBackoff = backoff{base: 50 * time.Millisecond, max: 2 * time.Second, tries: 10}

// wait waits before a try that follows n failed ones, or until ctx ends, whose
// error it returns then. It reports whether there may be one more try.
func (b backoff) wait(ctx context.Context, n int) (again bool, err error) {
	if n >= b.tries {
		return false, nil
	}
	longest := b.max
	if shift := n - 1; shift < 32 && b.base<<shift < b.max {
		longest = b.base << shift
	}
	t := time.NewTimer(rand.N(longest) + 1)
	defer t.Stop()
	select {
	case <-t.C:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// throttles are the errors by which the service says that it did nothing since it
// has too much to do.
var throttles = retry.IsErrorThrottles(retry.DefaultThrottles)

// isThrottle reports whether err is one of throttles.
func isThrottle(err error) bool { return throttles.IsErrorThrottle(err) == aws.TrueTernary }

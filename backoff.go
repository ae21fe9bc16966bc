package ddbenc

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/ddbenc/ddbenc/internal/backoff"
)

// defaultBackoff is for batches and transactions. It gives up after about four
// seconds of waiting on average, and nine at most.
var defaultBackoff = backoff.Backoff{Base: 50 * time.Millisecond, Max: 2 * time.Second, Tries: 10}

// throttles are the errors by which the service says that it did nothing since it
// has too much to do.
var throttles = retry.IsErrorThrottles(retry.DefaultThrottles)

// isThrottle reports whether err is one of throttles.
func isThrottle(err error) bool { return throttles.IsErrorThrottle(err) == aws.TrueTernary }

// Package backoff says how long to wait before the same thing is tried again, and
// when that can help.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// A Backoff says how long to wait before the same thing is tried again, and how
// often. The waits are random, so that callers that met once don't meet again, and
// double on average until they reach a maximum.
type Backoff struct {
	Base, Max time.Duration // of the first wait, and of all; positive
	Tries     int           // in all, the first one included
}

// More reports whether there may be one more try after n failed ones.
func (b Backoff) More(n int) bool { return n < b.Tries }

// Wait waits before a try that follows n failed ones, at least 1, or until ctx ends,
// whose error it returns then. It reports whether there may be one more try, and
// waits for no other.
func (b Backoff) Wait(ctx context.Context, n int) (again bool, err error) {
	if !b.More(n) {
		return false, nil
	}
	if err := Sleep(ctx, rand.N(b.longest(n))+1); err != nil {
		return false, err
	}
	return true, nil
}

// longest bounds the wait after n failed tries.
func (b Backoff) longest(n int) time.Duration {
	if doubled := n - 1; b.Base <= b.Max>>doubled {
		return b.Base << doubled
	}
	return b.Max
}

// Sleep waits for d, or until ctx ends, whose error it returns then.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

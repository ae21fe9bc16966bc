package backoff

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"
)

func TestWait(t *testing.T) {
	b := Backoff{Base: 1, Max: 4, Tries: 20}
	for n := 1; n < b.Tries; n++ {
		if again, err := b.Wait(t.Context(), n); !again || err != nil || !b.More(n) {
			t.Fatalf("no try after %d: %v", n, err)
		}
	}
	if again, err := b.Wait(t.Context(), b.Tries); again || err != nil || b.More(b.Tries) {
		t.Errorf("one try too many, or error %v", err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := Backoff{Base: math.MaxInt64, Max: math.MaxInt64, Tries: 2}
	if again, err := b.Wait(ctx, 1); again || !errors.Is(err, context.Canceled) {
		t.Errorf("a try after the context ended, or error %v", err)
	}
	if again, err := b.Wait(ctx, 2); again || err != nil {
		t.Errorf("one try too many, or error %v of no wait", err)
	}
}

// The waits double up to the maximum and don't overflow on the way.
func TestLongest(t *testing.T) {
	for _, tt := range []struct {
		b    Backoff
		n    int
		want time.Duration
	}{
		{Backoff{Base: 50, Max: 2000}, 1, 50},
		{Backoff{Base: 50, Max: 2000}, 2, 100},
		{Backoff{Base: 50, Max: 2000}, 6, 1600},
		{Backoff{Base: 50, Max: 2000}, 7, 2000},
		{Backoff{Base: 50, Max: 1600}, 6, 1600},
		{Backoff{Base: 50, Max: 2000}, 64, 2000},
		{Backoff{Base: 50, Max: 2000}, math.MaxInt, 2000},
		{Backoff{Base: 50, Max: 20}, 1, 20},
		{Backoff{Base: 1, Max: math.MaxInt64}, 63, 1 << 62},
		{Backoff{Base: 3, Max: math.MaxInt64}, 63, math.MaxInt64},
	} {
		if got := tt.b.longest(tt.n); got != tt.want {
			t.Errorf("%+v: wait %d is at most %d, want %d", tt.b, tt.n, got, tt.want)
		}
	}
}

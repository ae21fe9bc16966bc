package ddbenc

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func numbers(n int) []int {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	return in
}

// Later items take less time than earlier ones and still come after them; no more
// than ahead run at once.
func TestInOrder(t *testing.T) {
	for _, ahead := range []int{1, 2, 7, 100} {
		for _, n := range []int{0, 1, 2, 50} {
			synctest.Test(t, func(t *testing.T) {
				var running, most atomic.Int32
				var got []int
				for v, err := range inOrder(t.Context(), numbers(n), ahead, func(_ context.Context, i int) (int, error) {
					if r := running.Add(1); r > most.Load() {
						most.Store(r)
					}
					defer running.Add(-1)
					time.Sleep(time.Duration(n-i) * time.Second)
					return i, nil
				}) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, v)
				}
				if !slices.Equal(got, numbers(n)) {
					t.Errorf("%d items, %d ahead: %v", n, ahead, got)
				}
				if want := min(ahead, n); int(most.Load()) > want || n == 50 && int(most.Load()) < want {
					t.Errorf("%d items, %d ahead: %d ran at once", n, ahead, most.Load())
				}
			})
		}
	}
}

// A loop that stops leaves nothing behind, for which a bubble waits, and begins
// nothing new.
func TestInOrderStops(t *testing.T) { synctest.Test(t, testInOrderStops) }

func testInOrderStops(t *testing.T) {
	var begun atomic.Int32
	for range inOrder(t.Context(), numbers(1000), 8, func(ctx context.Context, i int) (int, error) {
		begun.Add(1)
		if i > 0 {
			<-ctx.Done()
		}
		return i, ctx.Err()
	}) {
		break
	}
	if n := begun.Load(); n > 8 {
		t.Errorf("%d calls were begun, want at most 8", n)
	}
}

func TestInOrderContextEnds(t *testing.T) {
	for _, ahead := range []int{1, 4} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		var last error
		for _, err := range inOrder(ctx, numbers(1000), ahead, func(context.Context, int) (int, error) { return 0, nil }) {
			if n++; n == 3 {
				cancel()
			}
			last = err
		}
		if n != 4 || !errors.Is(last, context.Canceled) {
			t.Errorf("%d ahead: %d results, the last with error %v", ahead, n, last)
		}
	}
}

// A panic of a user's code is the loop's, where it can be recovered from.
func TestInOrderPanics(t *testing.T) {
	defer func() {
		if p := recover(); p != "at 2" {
			t.Errorf("recovered %v", p)
		}
	}()
	for range inOrder(t.Context(), numbers(9), 4, func(_ context.Context, i int) (int, error) {
		if i == 2 {
			panic("at 2")
		}
		return i, nil
	}) {
	}
	t.Error("the loop ended without a panic")
}

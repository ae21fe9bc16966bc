package ddbenc

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// countTo is a list that gives i.0, i.1 and so on, each after a wait.
func countTo(n int, wait func(i int) time.Duration, begun *atomic.Int32) func(context.Context, int) iter.Seq2[string, error] {
	return func(ctx context.Context, i int) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for k := range n {
				begun.Add(1)
				time.Sleep(wait(i))
				if !yield(fmt.Sprint(i, ".", k), nil) {
					return
				}
			}
		}
	}
}

func TestMerged(t *testing.T) {
	for _, tc := range []struct {
		name   string
		lists  int
		inTurn bool
		want   []string
		took   time.Duration
	}{
		{"none", 0, false, nil, 0},
		{"one", 1, false, []string{"0.0", "0.1", "0.2"}, 3 * time.Second},
		// List i gives something every i+1 seconds, and half a second later than others.
		{"as they come", 3, false, []string{"0.0", "0.1", "1.0", "0.2", "2.0", "1.1", "1.2", "2.1", "2.2"}, 10 * time.Second},
		{"in turn", 3, true, []string{"0.0", "1.0", "2.0", "0.1", "1.1", "2.1", "0.2", "1.2", "2.2"}, 10 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var begun atomic.Int32
				begin := time.Now()
				var got []string
				for v, err := range merged(t.Context(), tc.lists, tc.inTurn, countTo(3, func(i int) time.Duration {
					return time.Duration(i+1)*time.Second + time.Duration(i)*100*time.Millisecond
				}, &begun)) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, v)
				}
				if !slices.Equal(got, tc.want) || time.Since(begin) > tc.took {
					t.Errorf("got %v in %v", got, time.Since(begin))
				}
			})
		})
	}
}

// Lists of different lengths, in turn: those that have ended are passed over.
func TestMergedUneven(t *testing.T) {
	var got []string
	for v := range merged(t.Context(), 4, true, func(_ context.Context, i int) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for k := range []int{2, 0, 3, 1}[i] {
				if !yield(fmt.Sprint(i, ".", k), nil) {
					return
				}
			}
		}
	}) {
		got = append(got, v)
	}
	if want := []string{"0.0", "2.0", "3.0", "0.1", "2.1", "2.2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A list has at most one element that the loop has not taken, however long that
// takes.
func TestMergedHoldsBack(t *testing.T) {
	for _, inTurn := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var begun atomic.Int32
			taken := 0
			for range merged(t.Context(), 5, inTurn, countTo(20, func(int) time.Duration { return 0 }, &begun)) {
				taken++
				synctest.Wait()
				if n := int(begun.Load()); n > taken+5 {
					t.Fatalf("%d were begun when %d were taken", n, taken)
				}
			}
			if taken != 100 {
				t.Errorf("%d were taken", taken)
			}
		})
	}
}

// An error, a break, the end of the context and a panic end the lists, and nothing
// runs on.
// Whatever ends the loop, nothing is left running: a bubble waits for all of it.
func TestMergedEnds(t *testing.T) { synctest.Test(t, testMergedEnds) }

func testMergedEnds(t *testing.T) {
	bad := errors.New("bad")
	lists := func(fail func(ctx context.Context, i, k int) error) func(context.Context, int) iter.Seq2[int, error] {
		return func(ctx context.Context, i int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for k := 0; ; k++ {
					if !yield(k, fail(ctx, i, k)) {
						return
					}
				}
			}
		}
	}
	for _, inTurn := range []bool{false, true} {
		var errs []error
		for _, err := range merged(t.Context(), 4, inTurn, lists(func(_ context.Context, i, k int) error {
			if i == 2 && k == 3 {
				return bad
			}
			return nil
		})) {
			if err != nil {
				errs = append(errs, err)
			}
		}
		if len(errs) != 1 || errs[0] != bad {
			t.Errorf("errors %v", errs)
		}

		for range merged(t.Context(), 4, inTurn, lists(func(context.Context, int, int) error { return nil })) {
			break
		}

		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		errs = nil
		for _, err := range merged(ctx, 4, inTurn, lists(func(ctx context.Context, _, k int) error {
			if k > 1 {
				<-ctx.Done()
			}
			return ctx.Err()
		})) {
			if err != nil {
				errs = append(errs, err)
			}
			if n++; n == 3 {
				cancel()
			}
		}
		cancel()
		if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
			t.Errorf("after the context ended: %v", errs)
		}

		func() {
			defer func() {
				if p := recover(); p != "in a list" {
					t.Errorf("recovered %v", p)
				}
			}()
			for range merged(t.Context(), 4, inTurn, lists(func(_ context.Context, i, k int) error {
				if i == 1 && k == 2 {
					panic("in a list")
				}
				return nil
			})) {
			}
			t.Error("the loop ended without a panic")
		}()
	}
}

package ddbenc

import (
	"context"
	"iter"
	"sync"
)

// inOrder yields what do returns for each of in, in their order, while up to
// ahead calls of do run at the same time. If ctx ends, so does the loop, with its
// error. When the loop stops early the context of the calls under way is cancelled
// and no new one is begun. All have ended when the loop has.
func inOrder[In, Out any](ctx context.Context, in []In, ahead int, do func(context.Context, In) (Out, error)) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		if ahead <= 1 || len(in) <= 1 {
			for i, v := range in {
				if !yield(do(ctx, v)) || i+1 < len(in) && ended(ctx, yield) {
					return
				}
			}
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		type result struct {
			out      Out
			err      error
			panicked any
		}
		results := make([]chan result, min(ahead, len(in))) // of in[i] at i modulo ahead
		begin := func(i int) {
			ch := make(chan result, 1)
			results[i%len(results)] = ch
			running.Go(func() {
				var r result
				defer func() {
					r.panicked = recover() // it is the loop's, whose caller can recover from it
					ch <- r
				}()
				r.out, r.err = do(ctx, in[i])
			})
		}
		for i := range results {
			begin(i)
		}
		for i := range in {
			r := <-results[i%len(results)]
			if r.panicked != nil {
				panic(r.panicked)
			}
			if !yield(r.out, r.err) {
				return
			}
			if next := i + len(results); next < len(in) {
				begin(next)
			}
			if i+1 < len(in) && ended(ctx, yield) {
				return
			}
		}
	}
}

// ended yields the error of ctx, if it has one.
func ended[Out any](ctx context.Context, yield func(Out, error) bool) bool {
	err := ctx.Err()
	if err != nil {
		var none Out
		yield(none, err)
	}
	return err != nil
}

package ddbenc

import (
	"context"
	"iter"
	"slices"
	"sync"
)

// maxSegments is DynamoDB's limit of TotalSegments.
const maxSegments = 1_000_000

// A spread says what a listing reads at the same time. Its zero value is one page
// after the other.
type spread struct {
	segments   int  // of a scan, 0 if it is not cut, negative if that can't be
	alone      bool // only one of them is read
	segment    int  // that one, else 0
	inTurn     bool // their pages come in a fixed order
	fetchAhead bool // the next page is fetched while one is read
}

// lists returns how many lists of pages are fetched side by side, 0 if pages are
// fetched only when they are asked for.
func (s spread) lists() int {
	switch {
	case s.segments > 0 && !s.alone:
		return s.segments
	case s.fetchAhead:
		return 1
	}
	return 0
}

// Segments lets a scan read n parts of the table, or of the index, at the same
// time. Together they have each item once. The items come as their pages arrive,
// those of one page in their order; [Limit], [ContinueOnItemError], an error and
// the end of the loop hold for all parts together.
//
// Each part fetches its next page while the loop is busy, and waits with it until
// it is taken: up to n pages of 1 MB are in memory, and n times the capacity is
// used. A loop that stops early may have read n pages that it did not see.
//
// A position in such a scan is one for each part, so [Table.ScanPages], [Resume]
// and [StartAfter] are refused: see [Segment].
func Segments(n int) ScanOption {
	return option(func(c *call) { c.segments, c.inTurn = orInvalid(n), false })
}

// SegmentsInTurn is [Segments] in a fixed order: the first page of each part, then
// the second page of each one that has it, and so on. A table that did not change
// gives the same items in the same order. The slowest part holds the others up.
func SegmentsInTurn(n int) ScanOption {
	return option(func(c *call) { c.segments, c.inTurn = orInvalid(n), true })
}

// Segment scans part i of n only, counted from 0: for scans that several machines
// share, or that are to be resumed. Cursors are bound to the part.
func Segment(i, n int) ScanOption {
	return option(func(c *call) {
		c.segments, c.segment, c.alone = orInvalid(n), i, true
		if i < 0 || i >= n {
			c.segments = -1
		}
	})
}

// FetchAhead fetches the next page while the loop is busy with one. Two pages are
// in memory then, and a loop that stops early has read one page that it did not
// see. The default is to fetch a page when the loop gets there.
func FetchAhead() ListOption { return option(func(c *call) { c.fetchAhead = true }) }

// checkSpread refuses segments that can't be, or that have no one position.
func (c *call) checkSpread(r *refusals) {
	switch s := c.spread; {
	case s.segments < 0 && s.alone:
		r.add("Segment has a part that is not one of those from 0 to their number less 1")
	case s.segments < 0:
		r.add("Segments is less than 1")
	case s.segments > maxSegments:
		r.add("a scan has %d segments, and DynamoDB takes %d", s.segments, maxSegments)
	case s.segments == 0 || s.alone:
	case c.cursors:
		r.add("pages of a scan in segments have no one position: scan each part with ddbenc.Segment, or use Scan")
	case c.resume != nil || c.startAfter != nil:
		r.add("a scan in segments has no one position to begin behind: scan each part with ddbenc.Segment")
	}
}

// merged yields what n lists give. Each list runs on its own and waits with an
// element until the loop takes it: so up to n elements are waiting. They come as
// they are ready, or inTurn, which is one of each list that goes on. The first
// error, or the end of ctx, ends it; the context of the lists is cancelled when the
// loop stops, and all have ended when the loop has.
func merged[P any](ctx context.Context, n int, inTurn bool, list func(ctx context.Context, i int) iter.Seq2[P, error]) iter.Seq2[P, error] {
	type result struct {
		elem     P
		err      error
		end      bool // there is no element
		panicked any
	}
	return func(yield func(P, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		run := func(i int, to chan<- result) {
			send := func(r result) bool {
				select {
				case to <- r:
					return true
				case <-ctx.Done():
					return false
				}
			}
			last := result{end: true}
			defer func() {
				if last.panicked = recover(); last.panicked != nil || last.end {
					send(last) // the panic is the loop's, whose caller can recover from it
				}
			}()
			for p, err := range list(ctx, i) {
				if !send(result{elem: p, err: err}) || err != nil {
					last.end = false
					return
				}
			}
		}
		live := make([]chan result, n)
		shared := make(chan result)
		for i := range live {
			ch := shared
			if inTurn {
				ch = make(chan result)
			}
			live[i] = ch
			running.Go(func() { run(i, ch) })
		}
		var none P
		for i := 0; len(live) > 0; {
			i %= len(live)
			var r result
			select {
			case r = <-live[i]:
			case <-ctx.Done():
				yield(none, ctx.Err())
				return
			}
			switch {
			case r.panicked != nil:
				panic(r.panicked)
			case r.end:
				live = slices.Delete(live, i, i+1)
				continue
			case !yield(r.elem, r.err) || r.err != nil:
				return
			}
			i++
		}
	}
}

package stream

import (
	"context"
	"errors"
	"time"
)

// A shard is a part of a stream. Its records come after those of its parent.
type shard struct {
	id, parent string
}

// A follower is one call of Run. Only the goroutine of Run uses it.
type follower struct {
	*Reader
	slots chan struct{} // one for each shard that may be worked on

	list    []shard
	listed  map[string]bool // by id, those of list
	started map[string]bool
	done    map[string]bool
	off     bool // the stream was turned off

	ended   chan shardEnd
	running int
}

// A shardEnd says how the reading of a shard ended.
type shardEnd struct {
	id       string
	err      error
	panicked any
}

func newFollower(r *Reader) *follower {
	return &follower{
		Reader:  r,
		slots:   make(chan struct{}, r.options.parallel),
		started: map[string]bool{},
		done:    map[string]bool{},
		ended:   make(chan shardEnd),
	}
}

// follow starts to read shards as soon as their parents are done, until the first
// error, or the end of the stream.
func (f *follower) follow(ctx context.Context) error {
	for {
		var err error
		if f.list, f.off, err = f.shards(ctx); err != nil {
			return err
		}
		f.listed = make(map[string]bool, len(f.list))
		for _, s := range f.list {
			f.listed[s.id] = true
		}
		f.start(ctx)
		switch {
		case f.running > 0:
		case !f.allDone():
			return malformed("DescribeStream returned shards that are parents of each other")
		case f.off:
			return nil
		}
		if err := f.waitForShards(ctx); err != nil {
			return err
		}
	}
}

// start starts the shards whose parents are done, or were not there any more when
// it was their turn.
func (f *follower) start(ctx context.Context) {
	for _, s := range f.list {
		if f.started[s.id] || (f.listed[s.parent] || f.started[s.parent]) && !f.done[s.parent] {
			continue
		}
		f.started[s.id] = true
		f.running++
		w := &worker{follower: f, shard: s, orphan: s.parent != "" && !f.listed[s.parent]}
		go func() {
			e := shardEnd{id: s.id, err: errGoexit}
			defer func() {
				e.panicked = recover() // it is Run's, whose caller can recover from it
				f.ended <- e
			}()
			e.err = w.run(ctx)
		}()
	}
}

// errGoexit reports a handler that called runtime.Goexit, as testing's FailNow does.
var errGoexit = errors.New("stream: a handler ended its goroutine")

func (f *follower) allDone() bool {
	for _, s := range f.list {
		if !f.done[s.id] {
			return false
		}
	}
	return true
}

// waitForShards returns when it is time to list the shards again: after ten
// intervals, or one if a shard has ended whose children are not known.
func (f *follower) waitForShards(ctx context.Context) error {
	begin := time.Now()
	for {
		patience := 10 * f.options.poll
		if f.childless() {
			patience = f.options.poll
		}
		if f.off && f.running == 0 {
			return nil
		}
		timer := time.NewTimer(time.Until(begin.Add(patience)))
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case e := <-f.ended:
			timer.Stop()
			f.running--
			if e.panicked != nil {
				panic(e.panicked)
			}
			if e.err != nil {
				return e.err
			}
			f.done[e.id] = true
			f.start(ctx)
		}
	}
}

// childless reports whether a shard was read to its end and none is known that
// follows it, though one will.
func (f *follower) childless() bool {
	if f.off {
		return false
	}
	parents := make(map[string]bool, len(f.list))
	for _, s := range f.list {
		parents[s.parent] = true
	}
	for _, s := range f.list {
		if f.done[s.id] && !parents[s.id] {
			return true
		}
	}
	return len(f.list) == 0
}

// wait waits for all goroutines, whose context has ended.
func (f *follower) wait() {
	for ; f.running > 0; f.running-- {
		<-f.ended
	}
}

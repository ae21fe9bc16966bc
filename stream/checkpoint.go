package stream

import (
	"context"
	"sync"
)

// Checkpoints keeps how far a [Reader] has come in each shard of a stream. A shard's
// id is its own: no two streams have shards of the same id. Save is called from many
// goroutines, but for one shard by one at a time. What was saved must be there for
// the next program, or records come again.
type Checkpoints interface {
	// Load returns what was last saved for the shard, and a zero Checkpoint if
	// nothing was.
	Load(ctx context.Context, shard string) (Checkpoint, error)

	// Save keeps c for the shard.
	Save(ctx context.Context, shard string, c Checkpoint) error
}

// A Checkpoint is how far a shard was handled.
type Checkpoint struct {
	// SequenceNumber is that of the last record that was handled, of those behind
	// which there is none that was not. It is empty if there is none.
	SequenceNumber string

	// Done says that the shard has ended, and every record of it was handled. Shards
	// are read when their parents are done.
	Done bool
}

// MemoryCheckpoints is the Checkpoints of tests, and of programs that read a stream
// from its oldest record each time. Its zero value is empty. It is safe for
// concurrent use.
type MemoryCheckpoints struct {
	mu sync.Mutex
	m  map[string]Checkpoint
}

// Load implements [Checkpoints].
func (c *MemoryCheckpoints) Load(_ context.Context, shard string) (Checkpoint, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[shard], nil
}

// Save implements [Checkpoints].
func (c *MemoryCheckpoints) Save(_ context.Context, shard string, p Checkpoint) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = make(map[string]Checkpoint)
	}
	c.m[shard] = p
	return nil
}

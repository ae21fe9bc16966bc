package wire

import (
	"context"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

// An Effect is what becomes of a request other than what it asks for. The zero
// Effect leaves it alone.
type Effect struct {
	Before func(context.Context) error // runs first; an error is the answer, and nothing is done
	Fault  *engine.Fault               // goes with the request into the engine
	After  func(context.Context)       // runs when all is done, before the answer is sent
}

func (f Effect) context(ctx context.Context) context.Context {
	if f.Fault == nil {
		return ctx
	}
	return engine.WithFault(ctx, f.Fault)
}

package ddbenctest

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/wire"
)

// A Fault is trouble for calls to come: Latency first, then one of the other
// kinds. With nothing but a kind of trouble set it meets the very next call.
//
//	e.Fault(ddbenctest.Fault{Operation: "PutItem", Times: 2, Code: "ProvisionedThroughputExceededException"})
type Fault struct {
	Operation string // the only operation that it meets, such as "PutItem"; "" for any
	Table     string // the only table whose requests it meets; "" for any
	Skip      int    // how many matching calls pass unharmed before it begins
	Times     int    // how many matching calls it meets; 0 means 1, negative all from then on

	// Latency is a wait of real time before the call is served. It ends early
	// when the caller gives up: with a long one and a context with a deadline the
	// call times out, without effect.
	Latency time.Duration

	// Drop closes the connection instead of serving the call.
	Drop bool

	// LoseResponse serves the call and closes the connection instead of
	// answering: a write takes effect, and the caller can't know.
	LoseResponse bool

	// Code answers with this error instead of serving the call, such as
	// "ProvisionedThroughputExceededException", "RequestLimitExceeded",
	// "ThrottlingException" or "InternalServerError". Message is its text, one of
	// the service's kind when empty.
	Code, Message string

	// Unprocessed serves a batch in part: every second element, the first of
	// them, comes back as unprocessed.
	Unprocessed bool

	// Conflict cancels a transaction, refuses a write of one item, or leaves a batch
	// of writes unprocessed, as if another transaction was under way on the items.
	Conflict bool
}

// faults are what is to go wrong, in the order in which it was asked for.
type faults struct {
	mu   sync.Mutex
	list []*Fault
}

// Fault adds a fault. Of several that match a call, the one added first meets it.
// The SDK's client retries what it takes for temporary, up to three attempts, each
// of which is a call.
func (e *Engine) Fault(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	e.faults.list = append(e.faults.list, &f)
}

// ClearFaults forgets all faults.
func (e *Engine) ClearFaults() {
	e.faults.mu.Lock()
	defer e.faults.mu.Unlock()
	e.faults.list = nil
}

// meet is the fault that a request meets, counted down, or nil.
func (fs *faults) meet(r wire.Request) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, f := range fs.list {
		if f.Operation != "" && f.Operation != r.Operation || f.Table != "" && !slices.Contains(r.Tables, f.Table) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				fs.list = slices.Delete(slices.Clone(fs.list), i, i+1)
			}
		}
		met := *f
		return &met
	}
	return nil
}

// effect returns what the fault does to a request.
func (f *Fault) effect() wire.Effect {
	if f == nil {
		return wire.Effect{}
	}
	var effect wire.Effect
	if f.Latency > 0 || f.Drop || f.Code != "" {
		effect.Before = f.before
	}
	if f.LoseResponse {
		effect.After = func(context.Context) { panic(http.ErrAbortHandler) } // net/http closes the connection
	}
	if f.Unprocessed || f.Conflict {
		effect.Fault = &engine.Fault{Unprocessed: f.Unprocessed, Conflict: f.Conflict}
	}
	return effect
}

func (f *Fault) before(ctx context.Context) error {
	if f.Latency > 0 {
		t := time.NewTimer(f.Latency)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			panic(http.ErrAbortHandler) // nobody reads the answer
		}
	}
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Code == "":
		return nil
	}
	message := f.Message
	if message == "" {
		message = faultMessages[f.Code]
	}
	return &engine.Error{Code: f.Code, Message: message}
}

// faultMessages are the service's texts.
var faultMessages = map[string]string{
	engine.ThroughputExceeded: "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
	engine.RequestLimit:       "Throughput exceeds the current throughput limit for your account. Please contact AWS Support at https://aws.amazon.com/support request a limit increase",
	engine.Throttling:         "Rate of requests exceeds the allowed throughput.",
	engine.InternalServer:     "Internal server error",
	engine.ServiceUnavailable: "Service is unavailable. Please try again later.",
}

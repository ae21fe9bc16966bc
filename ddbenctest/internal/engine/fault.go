package engine

import "context"

// A Fault is trouble that the engine itself makes for one request.
type Fault struct {
	// Unprocessed leaves every second action of a batch undone, the first
	// included, and of a batch of one that one.
	Unprocessed bool

	// Conflict cancels a transaction, refuses a single write, or leaves a batch of
	// writes undone, as if another transaction was under way on the same items.
	Conflict bool
}

type faultKey struct{}

// WithFault returns a context for a request that is to meet f.
func WithFault(ctx context.Context, f *Fault) context.Context {
	return context.WithValue(ctx, faultKey{}, f)
}

// faultOf returns the fault that a request is to meet; none is the zero Fault.
func faultOf(ctx context.Context) Fault {
	if f, ok := ctx.Value(faultKey{}).(*Fault); ok {
		return *f
	}
	return Fault{}
}

// TableNames returns the table of a request for one.
func (r *Request) TableNames() []string {
	if r.TableName == nil {
		return nil
	}
	return []string{*r.TableName}
}

package kms

import (
	"sync"
	"time"
)

// A Fault is trouble for calls to come. Its zero value, with Code or another kind
// of trouble set, meets the very next call.
type Fault struct {
	Operation string // the only operation that it meets; "" for any
	Region    string // the only Region that it meets; "" for any
	Skip      int    // how many matching calls pass unharmed before it begins
	Times     int    // how many matching calls it meets; 0 means 1, negative all from then on

	Latency time.Duration // wait this long first, of real time, or until the caller gives up
	Drop    bool          // then close the connection without an answer
	Code    string        // then answer with this error instead of doing anything
	Message string        // of the error; a text of the service's kind when empty
}

// faults are what is to go wrong, in the order in which it was asked for.
type faults struct {
	mu   sync.Mutex
	list []*Fault
}

// Fault adds a fault. Of several that match a call, the one added first meets it.
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

// meet is the fault that a call meets, counted down, and whether there is one.
func (fs *faults) meet(operation, region string) (Fault, bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, f := range fs.list {
		if f.Operation != "" && f.Operation != operation || f.Region != "" && f.Region != region {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				fs.list = append(fs.list[:i:i], fs.list[i+1:]...)
			}
		}
		return *f, true
	}
	return Fault{}, false
}

// err is the error that the fault answers with, or nil.
func (f Fault) err(operation string) *Error {
	if f.Code == "" {
		return nil
	}
	if f.Message != "" {
		return &Error{Code: f.Code, Message: f.Message}
	}
	switch f.Code {
	case codeThrottling:
		return fail(f.Code, "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.")
	case codeAccessDenied:
		return fail(f.Code, "User is not authorized to perform: kms:%s because no identity-based policy allows the kms:%s action", operation, operation)
	case codeDependencyTimeout:
		return fail(f.Code, "The system timed out while trying to fulfill the request.")
	}
	return fail(f.Code, "The request was rejected by a fault of the test.")
}

package engine

import (
	"reflect"
	"sync"
	"time"
)

// tokenLife is how long a ClientRequestToken is remembered.
const tokenLife = 10 * time.Minute

// tokens remembers the transactions that were made, by their ClientRequestToken,
// so that one that comes again is not made again.
type tokens struct {
	mu   sync.Mutex
	used map[string]*token
	last []*token // in the order of use, to forget the oldest
}

type token struct {
	name    string
	at      time.Time
	request []TransactWriteItem
	pending bool
}

// begin notes that a transaction with the token is under way. done reports that it
// was made already. A token of another transaction is refused, and so is one that
// is under way.
func (ts *tokens) begin(name string, request []TransactWriteItem, now time.Time) (done bool, err error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for len(ts.last) > 0 && now.Sub(ts.last[0].at) > tokenLife {
		if old := ts.last[0]; ts.used[old.name] == old {
			delete(ts.used, old.name)
		}
		ts.last = ts.last[1:]
	}
	if t, ok := ts.used[name]; ok {
		switch {
		case !reflect.DeepEqual(t.request, request):
			return false, &Error{Code: IdempotentMismatch, Message: "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical"}
		case t.pending:
			return false, &Error{Code: TransactionInProgress, Message: "The transaction with the given request token is already in progress."}
		}
		return true, nil
	}
	t := &token{name: name, at: now, request: request, pending: true}
	if ts.used == nil {
		ts.used = map[string]*token{}
	}
	ts.used[name] = t
	ts.last = append(ts.last, t)
	return false, nil
}

// end notes that the transaction ended. One that was not made may come again.
func (ts *tokens) end(name string, made bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if made {
		ts.used[name].pending = false
	} else {
		delete(ts.used, name)
	}
}

// replay answers a transaction that was made before: with success, and with what
// reading its items costs.
func (e *Engine) replay(in *TransactWriteItemsInput, steps []step, tables map[string]*table) (*TransactWriteItemsOutput, error) {
	var writes []*write
	var changes []change
	for _, s := range steps {
		w, err := s.bind(tables[s.table])
		if err != nil {
			return nil, err
		}
		old, err := w.table.get(w.key)
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
		changes = append(changes, change{key: w.key, old: old, new: old})
	}
	return &TransactWriteItemsOutput{ConsumedCapacity: transactCapacity(in.ReturnConsumedCapacity, "read", writes, changes)}, nil
}

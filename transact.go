package ddbenc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/internal/backoff"
)

// TransactAPI is what [TransactWrite] and [TransactGet] call of the SDK. A
// [*dynamodb.Client] has it.
type TransactAPI interface {
	TransactGetItems(context.Context, *dynamodb.TransactGetItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactGetItemsOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

var _ TransactAPI = (*dynamodb.Client)(nil)

// transactClient returns db without what Encrypted added to it: the operations are
// encrypted already.
func transactClient(db TransactAPI) (TransactAPI, error) {
	if isNilClient(db) {
		return nil, fmt.Errorf("%w: no DynamoDB client", ErrConfig)
	}
	if client, ok := db.(*dynamodb.Client); ok {
		return withoutEncryption(client).(TransactAPI), nil
	}
	return db, nil
}

// An OperationError is what one operation of a transaction has to do with its
// failure. It wraps Err.
type OperationError struct {
	Index int    // of the operation, counted from 0
	Label string // that [Label] gave it
	Op    string // "Put", "Delete", "Check", "Update" or "Get"
	Table string // physical table name

	// Code is DynamoDB's reason, such as "ConditionalCheckFailed",
	// "TransactionConflict" or "ValidationError", and Message its text, which may
	// quote values and is not in the text of the error. Both are empty if the
	// reason is not the service's.
	Code, Message string

	// Err is a [*ConditionError] of the table's type if the condition did not
	// hold, an [*ItemError] if an item could not be read, or why the operation
	// was refused. It may be nil if Code says it all.
	Err error
}

func (e *OperationError) Error() string { return "ddbenc: " + e.text() }

func (e *OperationError) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "operation %d", e.Index)
	if e.Label != "" {
		fmt.Fprintf(&b, " %q", e.Label)
	}
	if e.Op != "" {
		fmt.Fprintf(&b, " (%s on table %q)", e.Op, e.Table)
	}
	if e.Err != nil {
		return b.String() + ": " + bare(e.Err)
	}
	return b.String() + ": " + e.Code
}

// Unwrap returns Err.
func (e *OperationError) Unwrap() error { return e.Err }

// Format prints the text of Error under every verb.
func (e *OperationError) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

// A TransactionError reports a transaction that was sent and failed. Nothing of it
// took effect, unless the error wraps [ErrUnknownOutcome]: then all of it may have.
//
// With [errors.As], the [*ConditionError] of a table's type is found if the
// condition of an operation on such a table did not hold, and the SDK's
// [*types.TransactionCanceledException], whose items, being unverified, were
// removed.
type TransactionError struct {
	Op string // DynamoDB operation, "TransactWriteItems" or "TransactGetItems"

	// Failed has the operations that made the transaction fail, in their order.
	// It is empty if it failed as a whole.
	Failed []*OperationError

	// Err is the SDK's error, or nil if the service did its part and items that
	// it returned can't be read.
	Err error

	unknown  bool
	conflict bool // updated items changed each time
}

func (e *TransactionError) Error() string {
	text := "ddbenc: " + e.Op + " failed"
	if e.unknown {
		text += ", or not: " + bare(ErrUnknownOutcome)
	}
	if e.conflict {
		text += ": " + bare(ErrConflict)
	}
	for i, f := range e.Failed {
		text += []string{": ", "; "}[min(i, 1)] + f.text()
	}
	if len(e.Failed) == 0 && e.Err != nil {
		text += ": " + bare(e.Err)
	}
	return text
}

// Unwrap returns the errors of Failed, Err, ErrUnknownOutcome if it is not known
// whether the transaction was made, and ErrConflict if items that it updates changed
// at every attempt.
func (e *TransactionError) Unwrap() []error {
	var errs []error
	for _, f := range e.Failed {
		errs = append(errs, f)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	if e.unknown {
		errs = append(errs, ErrUnknownOutcome)
	}
	if e.conflict {
		errs = append(errs, ErrConflict)
	}
	return errs
}

// Format prints the text of Error under every verb.
func (e *TransactionError) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

// A txPart is what is known of an operation when its transaction fails.
type txPart struct {
	kind, label string
	core        *core
	key         item // or the whole item

	// current is nil if the item that failed the condition was not asked for.
	current func(ctx context.Context, stored item) (item, error)
	// typed gives a failed condition its type.
	typed func(error) error
	// made is nil, or called once the transaction was made.
	made func()
}

// operationError says that err is of the i-th operation.
func (p *txPart) operationError(i int, err error) *OperationError {
	e := &OperationError{Index: i, Label: p.label, Op: p.kind, Err: err}
	if p.core != nil {
		e.Table = p.core.name
	}
	return e
}

// canceled returns the operations that made a transaction fail, after it opened the
// items in the service's error, err, and took them out of it.
func canceled(ctx context.Context, parts []txPart, err error) (failed []*OperationError) {
	var all *types.TransactionCanceledException
	if !errors.As(err, &all) {
		return nil
	}
	for i := range all.CancellationReasons {
		reason := &all.CancellationReasons[i]
		stored := reason.Item
		reason.Item = nil // it is not verified, and reachable by errors.As
		code := deref(reason.Code)
		if len(all.CancellationReasons) != len(parts) || code == "" || code == codeNone {
			continue // which operation it belongs to can't be told, or it is none
		}
		p := &parts[i]
		e := p.operationError(i, nil)
		e.Code, e.Message = code, deref(reason.Message)
		if code == codeCondition && p.typed != nil {
			f := &conditionFailure{op: p.kind, err: err}
			if len(stored) > 0 && p.current != nil {
				f.current, f.itemErr = p.current(ctx, stored)
			}
			e.Err = p.typed(f)
		}
		failed = append(failed, e)
	}
	return failed
}

// isContention reports whether err says that a transaction was not made for the
// sole reason that others were under way on its items, or that there was too much
// to do: the same transaction can succeed a moment later.
func isContention(err error) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return isThrottle(err)
	}
	return backoff.Contended(canceled)
}

// contention says what isContention found, for hooks.
func contention(err error) string {
	if isThrottle(err) {
		return hook.Throttled
	}
	return hook.Conflict
}

// table returns the table of the operation, or nil.
func (p *txPart) table() *core { return p.core }

// The codes of an operation that was not the reason why its transaction was
// cancelled, and of one whose condition did not hold.
const (
	codeNone      = "None"
	codeCondition = "ConditionalCheckFailed"
)

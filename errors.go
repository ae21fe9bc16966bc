package ddbenc

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// What a caller can decide on. Each error of a [Table] wraps one of these, the
// error of the AWS SDK that caused it, what the source of keys returned, or the
// context's error.
var (
	// ErrNotFound reports that no item has the key that was asked for.
	ErrNotFound = errors.New("ddbenc: item not found")

	// ErrRefused reports a request that was not sent, because DynamoDB would
	// have compared ciphertext, returned something that can't be verified, or
	// rejected it. The text names the attribute and the way out.
	ErrRefused = errors.New("ddbenc: request refused")

	// ErrConditionFailed reports a write whose condition did not hold. The
	// error is a [*ConditionError].
	ErrConditionFailed = errors.New("ddbenc: condition failed")

	// ErrUnknownOutcome reports a write that was sent and may or may not have
	// taken effect, since no answer came back.
	ErrUnknownOutcome = errors.New("ddbenc: the outcome is unknown")
)

// The sentinels of package crypt, which are the same values.
var (
	ErrNotSigned   = crypt.ErrNotSigned   // the stored item has no signature
	ErrVerify      = crypt.ErrVerify      // the stored item is not what its writer signed, or for other keys
	ErrMalformed   = crypt.ErrMalformed   // the stored item, or its description, can't be read
	ErrNoKey       = crypt.ErrNoKey       // the source of keys has none for this item
	ErrUnsupported = crypt.ErrUnsupported // unknown or disallowed algorithm
	ErrInvalidItem = crypt.ErrInvalidItem // the item can't be encrypted
	ErrConfig      = crypt.ErrConfig      // keys, actions or names that can't work together
)

// An ItemError reports a stored item that could not be verified, decrypted or
// read into the table's type. Nothing of it is returned but its key, which
// comes from the unverified item: look the item up by it, but believe it no
// further. Attribute values are in its text only if the table was opened with
// [ShowKeys].
type ItemError struct {
	Op    string // DynamoDB operation, such as "Query"
	Table string // physical table name
	Index string // name of the index that was read, if any

	// Written is true if the operation was a write and took effect, and only
	// the item that it replaced or deleted could not be read.
	Written bool

	Err error

	key     map[string]types.AttributeValue
	showKey bool
}

// Key returns the attributes of the primary key of the item, as far as the
// stored item has them. The map is the caller's.
func (e *ItemError) Key() map[string]types.AttributeValue { return maps.Clone(e.key) }

func (e *ItemError) Error() string {
	what := "item"
	if e.Written {
		what = "done, but the item it replaced"
	}
	if len(e.key) > 0 {
		what += " with key (" + e.keyText() + ")"
	}
	text := fmt.Sprintf("ddbenc: %s on table %q: %s: %s", e.Op, e.Table, what, bare(e.Err))
	if e.Index != "" && (errors.Is(e.Err, ErrNotSigned) || errors.Is(e.Err, ErrVerify)) {
		text += fmt.Sprintf("; index %q must project all attributes, or else read the table", e.Index)
	}
	return text
}

// Unwrap returns the cause. If the cause is an unmarshaling error, its own
// text may quote an attribute value; the text of e does not.
func (e *ItemError) Unwrap() error { return e.Err }

// Format prints the text of Error under every verb.
func (e *ItemError) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

func (e *ItemError) keyText() string {
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(e.key)) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name)
		if !e.showKey {
			continue
		}
		switch v := e.key[name].(type) {
		case *types.AttributeValueMemberS:
			fmt.Fprintf(&b, "=%q", v.Value)
		case *types.AttributeValueMemberN:
			fmt.Fprintf(&b, "=%.40q", v.Value)
		case *types.AttributeValueMemberB:
			b.WriteString("=base64:" + base64.StdEncoding.EncodeToString(v.Value))
		}
	}
	return b.String()
}

// A ConditionError reports a write that DynamoDB did not make because its
// condition did not hold. It wraps [ErrConditionFailed] and the SDK's
// [*types.ConditionalCheckFailedException], whose Item, being unverified, was
// removed. In a transaction that is the [*types.TransactionCanceledException], and
// the [OperationError] that wraps the ConditionError says which operation it was.
type ConditionError[T any] struct {
	Op    string // DynamoDB operation, such as "PutItem", or "Put" of a transaction
	Table string // physical table name

	// Current is the stored item that failed the condition, verified and
	// decrypted, if [ReturnCurrent] was given. It is nil if there is no item.
	Current *T

	// CurrentErr says why an item that is there is not in Current. Usually it
	// is an [*ItemError].
	CurrentErr error

	// Err is the SDK's error.
	Err error
}

func (e *ConditionError[T]) Error() string {
	text := fmt.Sprintf("ddbenc: %s on table %q: condition failed", e.Op, e.Table)
	if e.CurrentErr != nil {
		text += "; the current item can't be read: " + bare(e.CurrentErr)
	}
	return text
}

// Unwrap returns ErrConditionFailed and the SDK's error. CurrentErr is not
// among them, since it says nothing about the write.
func (e *ConditionError[T]) Unwrap() []error { return []error{ErrConditionFailed, e.Err} }

// Format prints the text of Error under every verb.
func (e *ConditionError[T]) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

// The operations, by DynamoDB's names.
const (
	opPut    = "PutItem"
	opGet    = "GetItem"
	opDelete = "DeleteItem"
	opQuery  = "Query"
	opScan   = "Scan"

	opBatchGet      = "BatchGetItem"
	opBatchWrite    = "BatchWriteItem"
	opTransactGet   = "TransactGetItems"
	opTransactWrite = "TransactWriteItems"
)

// An opError says during which operation, on which table, err came up. table is empty
// if it can't be told.
type opError struct {
	op, table string
	err       error
}

func (e *opError) Error() string {
	if e.table == "" { // it can't be told
		return "ddbenc: " + e.op + ": " + bare(e.err)
	}
	return fmt.Sprintf("ddbenc: %s on table %q: %s", e.op, e.table, bare(e.err))
}

func (e *opError) Unwrap() error { return e.err }

// bare returns the text of err without the package name in front, for use
// inside another error's text.
func bare(err error) string { return strings.TrimPrefix(err.Error(), "ddbenc: ") }

// A refusal says why a request was refused. It wraps ErrRefused. Its text names
// attributes and the way out, and holds no attribute value.
type refusal struct{ why string }

func refusalf(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

func (e *refusal) Error() string { return ErrRefused.Error() + ": " + e.why }

func (e *refusal) Unwrap() error { return ErrRefused }

// refusals collects what is wrong with one request, so that a caller sees all
// of it at once.
type refusals struct {
	op, table string
	at        string // which of several elements is looked at, such as "key 3: "
	errs      []error
}

// add notes one problem. Its text names the attribute and the way out, and
// holds no attribute value.
func (r *refusals) add(format string, args ...any) {
	r.errs = append(r.errs, &opError{op: r.op, table: r.table, err: refusalf("%s%s", r.at, fmt.Sprintf(format, args...))})
}

// err returns everything added, or nil.
func (r *refusals) err() error {
	if len(r.errs) == 1 {
		return r.errs[0]
	}
	return errors.Join(r.errs...)
}

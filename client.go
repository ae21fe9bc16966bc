package ddbenc

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
)

// A ClientTable is a table that [Encrypted] takes: a [*Table] or a [*RawTable].
type ClientTable interface {
	Name() string
	clientCore() *core
}

func (t *Table[T]) clientCore() *core {
	if t == nil {
		return nil
	}
	return t.core
}

func (t *RawTable) clientCore() *core {
	if t == nil {
		return nil
	}
	return t.core
}

// Encrypted puts encryption into a plain SDK client, for code that was written
// without it:
//
//	db := dynamodb.NewFromConfig(cfg, ddbenc.Encrypted(patients, cards))
//
// What the client sends to these tables is encrypted and signed, and what comes
// back is verified and decrypted, in every place where an item can stand: also
// the old item that ReturnValues asks for, UnprocessedItems, and the item inside
// a failed condition or a cancelled transaction. Other tables are left alone.
// Inputs are never changed. Paginators, waiters, retries and tracing work as they
// do without; a retry sends the ciphertext that was made for the first attempt.
//
// # What is refused
//
// A request that could store plaintext, compare ciphertext, or return what can't
// be verified is not sent; its error wraps [ErrRefused], and names the way out:
//
//   - conditions, filters and keys on encrypted attributes, but for
//     attribute_exists, attribute_not_exists and size (which is the ciphertext's)
//   - projections, in every spelling
//   - UpdateItem, unless it touches only attributes that are not signed: use
//     [Table] for the rest. It never creates an item, which would be unsigned.
//   - the parameters from before expressions
//   - PartiQL that names one of the tables, or whose table can't be told
//   - vector searches in, and bulk imports to, one of the tables
//   - operations and parameters that this version of ddbenc does not know
//
// Operations that move no items, such as DescribeTable, pass. They include
// ImportTable, whose new table holds what the import had, and backups and
// exports, which hold the items as stored.
//
// # Names
//
// A table is found by its name and by its ARN, in any Region. A name that may or
// may not mean an encrypted table is refused.
//
// # Errors
//
// The first item that can't be verified or decrypted fails the call, with an
// [*ItemError]. If the call was a write, its Written is set. A failed condition
// is the SDK's ConditionalCheckFailedException as before, its Item decrypted; if
// that can't be, Item is nil and the error wraps an [*ItemError] too.
//
// # Idempotent transactions
//
// A TransactWriteItems that failed, and is sent again with the same content and
// ClientRequestToken within ten minutes, is sent with the ciphertext of the first
// time, so that DynamoDB knows it again. The client remembers its last 16 failed
// transactions for that, as they were sent.
//
// # Versions and times to live
//
// Items are the program's own, so a version or ttl in T is an attribute as others
// are: signed or not by its tag, and neither counted, checked nor hidden. A program
// that shares a table with versions has to put the next one, on the condition that
// the stored one is that which it read.
//
// # With a Table
//
// A [Table] may be given to Encrypted whatever client it was opened with. One
// that is opened with an encrypted client works beside it, and not through it:
// its items are encrypted once.
//
// Encrypted is an option of single calls as well, and may be given several times, each
// with other tables: calls on a table that is given twice are refused or fail. If the
// tables can't go together, or one is nil, every call of the client fails with an
// error that wraps [ErrConfig].
func Encrypted(tables ...ClientTable) func(*dynamodb.Options) {
	set, err := newTableSet(tables)
	e := &clientEncryption{tables: set, err: err}
	return func(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, e.addTo) }
}

// A clientEncryption is the middleware that Encrypted adds. One serves all calls of
// a client, at the same time.
//
// It stands in the serialize step, directly in front of the serializer, which is
// behind everything that a program may have put into a client to change requests,
// table names for example, and outside of the loop of retries.
type clientEncryption struct {
	tables tableSet
	err    error // why the tables can't go together
	failed failedTransactions
}

// addTo adds e to the stack of one call. It is passed as a method value, by which
// withoutEncryption knows it.
func (e *clientEncryption) addTo(stack *middleware.Stack) error {
	if e.err != nil {
		return e.err
	}
	if operations[stack.ID()] == passes {
		return nil
	}
	return stack.Serialize.Insert(e, "OperationSerializer", middleware.Before)
}

// ID names the middleware.
func (*clientEncryption) ID() string { return "ddbenc.Encrypted" }

// HandleSerialize encrypts a request and decrypts its response.
func (e *clientEncryption) HandleSerialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (
	out middleware.SerializeOutput, metadata middleware.Metadata, err error,
) {
	defer func() {
		if err != nil {
			e.tellRefused(ctx, middleware.GetOperationName(ctx), err)
		}
	}()
	var t *core
	if name, ok := soleTable(in.Parameters); ok {
		if t, err = e.tables.find(name); err != nil {
			return out, metadata, &opError{op: middleware.GetOperationName(ctx), table: deref(name), err: err}
		}
		if t == nil {
			return next.HandleSerialize(ctx, in)
		}
	}
	x := &exchange{ctx: ctx, in: in, next: next}
	result, err := e.serve(x, t)
	if x.passed {
		return x.out, x.metadata, err
	}
	return middleware.SerializeOutput{Result: result}, x.metadata, err
}

// soleTable returns the name of the table of a request that has one. Requests on
// many tables, and unknown ones, are not ok.
func soleTable(request any) (name *string, ok bool) {
	switch in := request.(type) {
	case *dynamodb.PutItemInput:
		return in.TableName, true
	case *dynamodb.GetItemInput:
		return in.TableName, true
	case *dynamodb.DeleteItemInput:
		return in.TableName, true
	case *dynamodb.UpdateItemInput:
		return in.TableName, true
	case *dynamodb.QueryInput:
		return in.TableName, true
	case *dynamodb.ScanInput:
		return in.TableName, true
	case *dynamodb.SearchVectorsInput:
		return in.TableName, true
	case *dynamodb.StartBulkPutItemsInput:
		return in.TableName, true
	}
	return nil, false
}

// serve answers a request on the encrypted table t, or one that may have many
// tables.
func (e *clientEncryption) serve(x *exchange, t *core) (result any, err error) {
	switch in := x.in.Parameters.(type) {
	case *dynamodb.PutItemInput:
		return serve(x, opPut, t, in, t.clientPut)
	case *dynamodb.GetItemInput:
		return serve(x, opGet, t, in, t.clientGet)
	case *dynamodb.DeleteItemInput:
		return serve(x, opDelete, t, in, t.clientDelete)
	case *dynamodb.UpdateItemInput:
		return serve(x, opClientUpdate, t, in, t.clientUpdate)
	case *dynamodb.QueryInput:
		return serve(x, opQuery, t, in, t.clientQuery)
	case *dynamodb.ScanInput:
		return serve(x, opScan, t, in, t.clientScan)
	case *dynamodb.BatchGetItemInput:
		return orNil(e.batchGet(x, in))
	case *dynamodb.BatchWriteItemInput:
		return orNil(e.batchWrite(x, in))
	case *dynamodb.TransactGetItemsInput:
		return orNil(e.transactGet(x, in))
	case *dynamodb.TransactWriteItemsInput:
		return orNil(e.transactWrite(x, in))
	case *dynamodb.ExecuteStatementInput:
		return nil, e.partiQL(x, "ExecuteStatement", in.Statement)
	case *dynamodb.BatchExecuteStatementInput:
		return nil, e.partiQL(x, "BatchExecuteStatement", batchStatements(in)...)
	case *dynamodb.ExecuteTransactionInput:
		return nil, e.partiQL(x, "ExecuteTransaction", transactStatements(in)...)
	case *dynamodb.SearchVectorsInput:
		return nil, t.opError("SearchVectors", refusalf("the table is encrypted, and the results could not be verified: use Query"))
	case *dynamodb.StartBulkPutItemsInput:
		return nil, t.opError("StartBulkPutItems", refusalf("the table is encrypted, and plaintext would be stored: use BatchWriteItem"))
	}
	return nil, refusalf("this version of ddbenc does not know the operation, which may move items: use a client without ddbenc.Encrypted")
}

// An exchange is one request and its response.
type exchange struct {
	ctx  context.Context
	in   middleware.SerializeInput
	next middleware.SerializeHandler

	metadata middleware.Metadata
	out      middleware.SerializeOutput
	passed   bool // as it came
}

// pass sends the request as it came and hands its response back as it is.
func (x *exchange) pass() (err error) {
	x.passed = true
	x.out, x.metadata, err = x.next.HandleSerialize(x.ctx, x.in)
	return err
}

// send sends params in the place of the request.
func send[Out any](x *exchange, params any) (*Out, error) {
	x.in.Parameters = params
	out, metadata, err := x.next.HandleSerialize(x.ctx, x.in)
	x.metadata = metadata
	if err != nil {
		return nil, err
	}
	result, ok := out.Result.(*Out)
	if !ok {
		return nil, fmt.Errorf("ddbenc: the SDK returned a %T, want a %T", out.Result, result)
	}
	clearUnknown(result)
	return result, nil
}

// serve serves an operation on one encrypted table by do.
func serve[In, Out any](x *exchange, op string, t *core, in *In, do func(*exchange, *In) (*Out, error)) (any, error) {
	if err := refuseUnknown(op, t.name, in); err != nil {
		return nil, err
	}
	return orNil(do(x, in))
}

// orNil returns out as a value that is nil when out is.
func orNil[Out any](out *Out, err error) (any, error) {
	if err != nil || out == nil {
		return nil, err
	}
	return out, nil
}

// withoutEncryption returns db as it is without what Encrypted added to it, for
// a table that encrypts by itself.
func withoutEncryption(db DynamoDBAPI) DynamoDBAPI {
	client, ok := db.(*dynamodb.Client)
	if !ok {
		return db
	}
	opts := client.Options()
	if !slices.ContainsFunc(opts.APIOptions, isEncryption) {
		return db
	}
	opts.APIOptions = slices.DeleteFunc(opts.APIOptions, isEncryption)
	return dynamodb.New(opts)
}

// isEncryption reports whether f is the addTo of a clientEncryption. Functions
// can't be compared, and to call those of others for a test could do anything.
func isEncryption(f func(*middleware.Stack) error) bool {
	return funcName(f) == funcName((*clientEncryption)(nil).addTo)
}

func funcName(f func(*middleware.Stack) error) string {
	return runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
}

package ddbenc

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A TxRead is one operation of a read transaction: what [TxGet] returns and
// [TransactGet] takes.
type TxRead struct {
	txPart
	options call
	build   func(*refusals) types.Get
	decode  func(item) (store func(), err error) // of a verified item, or nil
}

// TxGet reads the item under key in a transaction and stores it in *into, or nil if
// there is none. Options are [Label], [WithEncryptor] and [HideExpired].
func TxGet[T any](t *Table[T], key PrimaryKey, into **T, opts ...TxReadOption) TxRead {
	read := TxRead{txPart: txPart{kind: "Get"}}
	for _, opt := range opts {
		opt.applyTxRead(&read.options)
	}
	options := read.options
	read.label = options.label
	if t != nil {
		read.core = t.core
	}
	read.build = func(r *refusals) types.Get {
		if into == nil {
			r.add("there is no place to store the item in")
		} else {
			*into = nil // whatever becomes of the call, what stood there is not its result
		}
		t.checkHideExpired(r, &options)
		return types.Get{TableName: t.core.tableName(), Key: t.keys.attributes(r, key)}
	}
	read.decode = func(it item) (store func(), err error) {
		var v *T
		if it != nil && !t.hides(&options, it) {
			if v, err = t.decode(opTransactGet, it); err != nil {
				return nil, err
			}
		}
		return func() { *into = v }, nil
	}
	return read
}

// Format prints the operation without its key, under every verb.
func (r TxRead) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "TxRead(%s, REDACTED)", r.kind) }

// TransactGet reads the items of all reads as they were at one moment:
//
//	var ada *Patient
//	var north *Clinic
//	err := ddbenc.TransactGet(ctx, db,
//		ddbenc.TxGet(patients, ddbenc.Key("ada"), &ada),
//		ddbenc.TxGet(clinics, ddbenc.Key("north"), &north))
//
// An item that is not there is no error. On an error nil is stored in all of the
// places. What is refused is told by [*OperationError]s; a transaction that was
// sent and failed, or of whose items one can't be read, is a [*TransactionError].
//
// If others were writing to the items at that moment, the transaction is sent again
// up to ten times in all, with waits that grow. That there are up to 100 operations
// and 4 MB of items is for DynamoDB to check.
func TransactGet(ctx context.Context, db TransactAPI, reads ...TxRead) (err error) {
	defer tellRefusedOf(ctx, opTransactGet, reads, (*TxRead).table, &err)
	api, err := transactClient(db)
	if err != nil || len(reads) == 0 {
		return err
	}
	in := &dynamodb.TransactGetItemsInput{}
	parts := make([]txPart, len(reads))
	var errs []error
	for i := range reads {
		get, err := reads[i].check()
		parts[i] = reads[i].txPart
		if err != nil {
			errs = append(errs, parts[i].operationError(i, err))
		}
		in.TransactItems = append(in.TransactItems, types.TransactGetItem{Get: &get})
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}

	var out *dynamodb.TransactGetItemsOutput
	for n := 1; ; n++ {
		if out, err = api.TransactGetItems(ctx, in); err == nil {
			break
		}
		if isContention(err) {
			tellRetriedOf(ctx, opTransactGet, parts, (*txPart).table, n, contention(err), defaultBackoff.More(n))
			again, waitErr := defaultBackoff.Wait(ctx, n)
			if again {
				continue
			}
			if waitErr != nil {
				err = fmt.Errorf("%w, after %w", waitErr, err)
			}
		}
		return &TransactionError{Op: opTransactGet, Failed: canceled(ctx, parts, err), Err: err}
	}
	if len(out.Responses) != len(reads) {
		return &TransactionError{Op: opTransactGet, Err: fmt.Errorf("%w: %d answers to %d operations", ErrVerify, len(out.Responses), len(reads))}
	}
	return openTransaction(ctx, reads, in.TransactItems, out.Responses)
}

// check returns the operation as it is sent.
func (r *TxRead) check() (types.Get, error) {
	switch {
	case r.build == nil:
		return types.Get{}, fmt.Errorf("%w: it was not made by TxGet", ErrConfig)
	case r.core == nil:
		return types.Get{}, fmt.Errorf("%w: it has no table", ErrConfig)
	}
	refused := &refusals{op: opTransactGet, table: r.core.name}
	get := r.build(refused)
	if err := refused.err(); err != nil {
		return get, err
	}
	r.core.checkTransactGet(refused, &get)
	return get, refused.err()
}

// openTransaction opens the items that asked was answered with, and stores them if
// all can be read.
func openTransaction(ctx context.Context, reads []TxRead, asked []types.TransactGetItem, answers []types.ItemResponse) error {
	positions := make([]int, len(reads))
	for i := range positions {
		positions[i] = i
	}
	open := func(ctx context.Context, i int) (store func(), err error) {
		r := &reads[i]
		var plain item
		if len(answers[i].Item) > 0 {
			plain, err = r.core.openAt(ctx, r.core.encryptor(r.options.encryptor), opTransactGet, asked[i].Get.Key, answers[i].Item)
			if err != nil {
				return nil, err
			}
		}
		return r.decode(plain)
	}
	var stores []func()
	var failed []*OperationError
	n := 0
	for store, err := range inOrder(ctx, positions, defaultAhead, open) {
		if ctx.Err() != nil {
			return &TransactionError{Op: opTransactGet, Err: ctx.Err()}
		}
		if err != nil {
			failed = append(failed, reads[n].operationError(n, err))
		}
		stores = append(stores, store)
		n++
	}
	if len(failed) > 0 {
		return &TransactionError{Op: opTransactGet, Failed: failed}
	}
	for _, store := range stores {
		store()
	}
	return nil
}

package ddbenc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/hook"
)

// A TxWrite is one operation of a write transaction: what [TxPut], [TxUpdate],
// [TxDelete] and [TxCheck] return and [TransactWrite] takes.
type TxWrite struct {
	txPart
	options call
	build   func(*refusals, *call) (builtWrite, error)
}

// A builtWrite is an operation with its item in plaintext.
type builtWrite struct {
	types.TransactWriteItem
	made func() // of txPart

	// seal makes the operation as it is sent, and may call a function of the
	// caller. If it is nil, the item is to be encrypted and no more.
	seal func(context.Context) (types.TransactWriteItem, error)
}

// TxPut encrypts and stores v in a transaction. Options are [If], [ReturnCurrent],
// [Label] and [WithEncryptor]. If T has a version, it is checked and counted up as
// [Table.Put] does it, and v gets the new one when the transaction was made.
func TxPut[T any](t *Table[T], v *T, opts ...TxWriteOption) TxWrite {
	return newTxWrite(t, "Put", opts, func(r *refusals, c *call) (built builtWrite, err error) {
		if c.version != nil || c.negative || c.anyVersion {
			r.add("IfVersion and AnyVersion are not for puts, which go by the version that the item has")
		}
		var version uint64
		if t.version != nil {
			if version, err = t.version.beforePut(c, v, t.core.shape.keys[0].name); err != nil {
				return built, err
			}
			built.made = func() { t.version.set(v, version) }
		}
		expr := r.build(c, nil)
		it, err := t.binder.encode(v)
		if t.version != nil && err == nil {
			it[t.version.name] = t.version.value(version)
		}
		built.TransactWriteItem = types.TransactWriteItem{Put: &types.Put{
			TableName:                           t.core.tableName(),
			Item:                                it,
			ConditionExpression:                 expr.Condition(),
			ExpressionAttributeNames:            expr.Names(),
			ExpressionAttributeValues:           expr.Values(),
			ReturnValuesOnConditionCheckFailure: returnCurrent(c.current),
		}}
		return built, err
	})
}

// TxDelete deletes the item under key in a transaction. Options are [If],
// [ReturnCurrent], [Label] and [WithEncryptor], and if T has a version one of
// [IfVersion] and [AnyVersion].
func TxDelete[T any](t *Table[T], key PrimaryKey, opts ...TxWriteOption) TxWrite {
	return newTxWrite(t, "Delete", opts, func(r *refusals, c *call) (built builtWrite, _ error) {
		if t.version.checkVersionOptions(r, c); t.version != nil {
			t.version.beforeDelete(r, c)
		}
		expr := r.build(c, nil)
		built.TransactWriteItem = types.TransactWriteItem{Delete: &types.Delete{
			TableName:                           t.core.tableName(),
			Key:                                 t.keys.attributes(r, key),
			ConditionExpression:                 expr.Condition(),
			ExpressionAttributeNames:            expr.Names(),
			ExpressionAttributeValues:           expr.Values(),
			ReturnValuesOnConditionCheckFailure: returnCurrent(c.current),
		}}
		return built, nil
	})
}

// TxCheck makes a transaction depend on a condition on the item under key, which
// is left as it is. What a condition can say is told at [If]; the item itself is
// not verified for it. Options are [ReturnCurrent], [Label], [WithEncryptor],
// further conditions by [If] and, if T has a version, [IfVersion]: with the version
// of an item that was read and an empty condition, the transaction depends on the
// item being what it was.
func TxCheck[T any](t *Table[T], key PrimaryKey, cond expression.ConditionBuilder, opts ...TxWriteOption) TxWrite {
	return newTxWrite(t, "Check", opts, func(r *refusals, c *call) (built builtWrite, _ error) {
		c.condition = and(cond, c.condition)
		t.version.checkVersionOptions(r, c)
		switch {
		case c.anyVersion:
			r.add("AnyVersion is nothing to check")
		case c.version != nil && t.version != nil:
			c.condition = and(c.condition, t.version.stored(*c.version))
		}
		if !c.condition.IsSet() {
			r.add("there is no condition to check")
		}
		expr := r.build(c, nil)
		built.TransactWriteItem = types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName:                           t.core.tableName(),
			Key:                                 t.keys.attributes(r, key),
			ConditionExpression:                 expr.Condition(),
			ExpressionAttributeNames:            expr.Names(),
			ExpressionAttributeValues:           expr.Values(),
			ReturnValuesOnConditionCheckFailure: returnCurrent(c.current),
		}}
		return built, nil
	})
}

func newTxWrite[T any](t *Table[T], kind string, opts []TxWriteOption, build func(*refusals, *call) (builtWrite, error)) TxWrite {
	w := TxWrite{txPart: txPart{kind: kind}, build: build}
	for _, opt := range opts {
		opt.applyTxWrite(&w.options)
	}
	w.label = w.options.label
	if t != nil {
		w.core, w.typed = t.core, t.writeError
	}
	return w
}

// Format prints the operation without its item or key, under every verb.
func (w TxWrite) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "TxWrite(%s, REDACTED)", w.kind) }

// TransactWrite makes all of ops or none, over any tables of any types:
//
//	err := ddbenc.TransactWrite(ctx, db,
//		ddbenc.TxPut(patients, &ada, ddbenc.If(isNew), ddbenc.Label("admit")),
//		ddbenc.TxCheck(clinics, ddbenc.Key("north"), isOpen),
//		ddbenc.TxDelete(waiting, ddbenc.Key("ada")))
//
// db must be a client for the account and Region of the tables. All items are
// checked and encrypted before anything is sent; an error by then is made of
// [*OperationError]s. A transaction that was sent and failed is a
// [*TransactionError].
//
// If others were writing to the same items, or there was too much to do, and for no
// other reason, the transaction is sent again, as it was encrypted the first time
// and under the same token, up to ten times in all with waits that grow. The SDK
// does so if an answer is lost. If it is lost for good, the error wraps
// [ErrUnknownOutcome]; with [PrepareWrite] the same transaction can then be sent
// until there is an answer.
//
// If an item of a [TxUpdate] changed since it was read, and for no other reason,
// everything is prepared anew, up to 25 times; then the error wraps [ErrConflict].
//
// That there are up to 100 operations and 4 MB of items, no two on the same item, is
// for DynamoDB to check. Without operations there is nothing to do.
func TransactWrite(ctx context.Context, db TransactAPI, ops ...TxWrite) error {
	for n := 1; ; n++ {
		p, err := PrepareWrite(ctx, "", ops...)
		if err == nil {
			err = p.Send(ctx, db)
		}
		failed := updateMoved(err)
		if failed == nil {
			return err
		}
		tellRetriedOf(ctx, opTransactWrite, ops, (*TxWrite).table, n, hook.Conflict, updateBackoff.More(n))
		switch again, err := updateBackoff.Wait(ctx, n); {
		case err != nil:
			failed.Err = fmt.Errorf("%w, after %w", err, failed.Err)
			return failed
		case !again:
			failed.conflict = true
			return failed
		}
	}
}

// A PreparedWrite is a write transaction that was checked and encrypted. However
// often it is sent, it is the same to DynamoDB: the same ciphertext under the same
// token, which takes effect once. It is safe for concurrent use; but that the first
// Send to succeed sets the versions of items that were put is a write to the
// caller's values.
type PreparedWrite struct {
	made    sync.Once   // what is to be done then
	done    atomic.Bool // it was made
	unknown atomic.Bool // it was sent, and may have been made
	token   string
	parts   []txPart
	entries []types.TransactWriteItem
}

// PrepareWrite checks and encrypts a transaction that is to be sent by
// [PreparedWrite.Send]. Later changes of the caller's values have no effect on it.
//
// DynamoDB remembers the token of a transaction for ten minutes and makes no second
// one under it. Up to 36 characters can be given, such as the id of an order, else
// the token is random. The same operations prepared once more have other ciphertext,
// and are another transaction: under a token that was used they are refused with the
// SDK's [*types.IdempotentParameterMismatchException], and not made. So keep the
// PreparedWrite rather than the token.
func PrepareWrite(ctx context.Context, token string, ops ...TxWrite) (_ *PreparedWrite, err error) {
	defer tellRefusedOf(ctx, opTransactWrite, ops, (*TxWrite).table, &err)
	if token == "" {
		token = rand.Text()
	}
	p := &PreparedWrite{token: token}
	var errs []error
	built := make([]builtWrite, len(ops))
	for i := range ops {
		var err error
		if built[i], err = ops[i].check(); err != nil {
			errs = append(errs, ops[i].operationError(i, err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	p.entries = make([]types.TransactWriteItem, len(ops))
	var others []int
	for i := range ops {
		if built[i].seal == nil {
			others = append(others, i)
			continue
		}
		var err error
		if p.entries[i], err = built[i].seal(ctx); err != nil {
			return nil, ops[i].operationError(i, err)
		}
	}
	seal := func(ctx context.Context, i int) (types.TransactWriteItem, error) {
		w := &ops[i]
		return w.core.sealTransactWrite(ctx, w.core.encryptor(w.options.encryptor), built[i].TransactWriteItem)
	}
	n := 0
	for sealed, err := range inOrder(ctx, others, defaultAhead, seal) {
		i := others[n]
		n++
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, ops[i].operationError(i, err)
		}
		p.entries[i] = sealed
	}
	for i := range ops {
		p.parts = append(p.parts, ops[i].part(p.entries[i], built[i].made))
	}
	return p, nil
}

// check returns the operation with its item in plaintext.
func (w *TxWrite) check() (built builtWrite, err error) {
	switch {
	case w.build == nil:
		return built, fmt.Errorf("%w: it was not made by TxPut, TxUpdate, TxDelete or TxCheck", ErrConfig)
	case w.core == nil:
		return built, fmt.Errorf("%w: it has no table", ErrConfig)
	}
	r := &refusals{op: opTransactWrite, table: w.core.name}
	if (w.options.create || w.options.rewrite) && w.kind != kindUpdate {
		r.add("CreateIfAbsent and Rewrite are for updates")
	}
	options := w.options
	if built, err = w.build(r, &options); err != nil {
		return built, err
	}
	if err := r.err(); err != nil {
		return built, err
	}
	built.TransactWriteItem = w.core.checkTransactWrite(r, built.TransactWriteItem)
	return built, r.err()
}

// part returns what is to be known of the operation after it was sealed.
func (w *TxWrite) part(sealed types.TransactWriteItem, made func()) txPart {
	p := w.txPart
	p.made = made
	_, p.key, _ = transactTarget(sealed)
	if w.options.current {
		enc := p.core.encryptor(w.options.encryptor)
		p.current = func(ctx context.Context, stored item) (item, error) {
			return p.core.openAt(ctx, enc, opTransactWrite, p.key, stored)
		}
	}
	return p
}

// Token returns the token of the transaction.
func (p *PreparedWrite) Token() string { return p.token }

// Format prints the transaction without its items, under every verb.
func (p *PreparedWrite) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "PreparedWrite(%d operations, REDACTED)", len(p.entries))
}

// Send makes the transaction: see [TransactWrite]. It may be called again after any
// error, within ten minutes of the first time: if the transaction was made after
// all, nothing is made twice and there is no error. Once it was made, Send does
// nothing.
func (p *PreparedWrite) Send(ctx context.Context, db TransactAPI) error {
	api, err := transactClient(db)
	if err != nil || len(p.entries) == 0 || p.done.Load() {
		return err
	}
	for n := 1; ; n++ {
		err := ctx.Err() // before it counts as sent
		if err == nil {
			err = p.send(ctx, api)
		}
		if err == nil {
			return nil
		}
		if isContention(err) {
			tellRetriedOf(ctx, opTransactWrite, p.parts, (*txPart).table, n, contention(err), defaultBackoff.More(n))
			again, waitErr := defaultBackoff.Wait(ctx, n)
			if again {
				continue
			}
			if waitErr != nil {
				err = fmt.Errorf("%w, after %w", waitErr, err)
			}
		}
		return &TransactionError{Op: opTransactWrite, Failed: canceled(ctx, p.parts, err), Err: err, unknown: p.unknown.Load()}
	}
}

// send sends the transaction once, and notes what is known of it then.
func (p *PreparedWrite) send(ctx context.Context, api TransactAPI) error {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: p.entries, ClientRequestToken: aws.String(p.token)}
	var o outcome
	_, err := api.TransactWriteItems(ctx, in, o.watch)
	var canceled *types.TransactionCanceledException
	var underWay *types.TransactionInProgressException
	switch {
	case err == nil:
		p.made.Do(func() {
			for i := range p.parts {
				if p.parts[i].made != nil {
					p.parts[i].made()
				}
			}
		})
		p.done.Store(true) // only now: another Send returns by it, and its caller reads what was set
	case errors.As(err, &canceled):
		p.unknown.Store(false) // had it been made before, the token would say so
	case errors.As(err, &underWay) || o.mayBeDone(err):
		p.unknown.Store(true)
	}
	return err
}

package ddbenc

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
)

// DynamoDBAPI is what a [Table] calls of the SDK. A [*dynamodb.Client] has it.
type DynamoDBAPI interface {
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

var _ DynamoDBAPI = (*dynamodb.Client)(nil)

// A core is one table without its Go type: the only place where requests are
// checked and items encrypted, verified and decrypted. Its methods take the
// SDK's inputs with plaintext in them and leave those as they are. It is safe
// for concurrent use.
type core struct {
	db       DynamoDBAPI
	name     string // physical table name or ARN
	enc      crypt.Encryptor
	shape    *shape
	showKeys bool
	version  string      // name of the attribute that counts the versions of an item, or empty
	hooks    *hook.Hooks // nil if there are none
}

// encryptor returns the encryptor of one call, given its override or nil.
func (c *core) encryptor(override crypt.Encryptor) crypt.Encryptor {
	if override != nil {
		return override
	}
	return c.enc
}

// put encrypts and stores in.Item, and returns the item that it replaced if
// in.ReturnValues asks for it. If only that one can't be read, the error is an
// *ItemError with Written set.
func (c *core) put(ctx context.Context, enc crypt.Encryptor, in *dynamodb.PutItemInput) (old item, err error) {
	sealed, err := c.sealPut(ctx, enc, in)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil { // before it counts as sent
		return nil, c.opError(opPut, err)
	}
	var o outcome
	out, err := c.db.PutItem(ctx, sealed, o.watch)
	if err != nil {
		w := &sealedWrite{op: opPut, key: in.Item, enc: enc, plain: in.Item, sealed: sealed.Item}
		return nil, c.writeError(ctx, &o, w, in.ConditionExpression != nil, in.ReturnValues, err)
	}
	return c.openOld(ctx, enc, opPut, in.ReturnValues, in.Item, out.Attributes)
}

// delete deletes the item under in.Key, and returns it if in.ReturnValues asks
// for it.
func (c *core) delete(ctx context.Context, enc crypt.Encryptor, in *dynamodb.DeleteItemInput) (old item, err error) {
	sealed, err := c.sealDelete(in)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, c.opError(opDelete, err)
	}
	var o outcome
	out, err := c.db.DeleteItem(ctx, sealed, o.watch)
	if err != nil {
		w := &sealedWrite{op: opDelete, key: in.Key, enc: enc}
		return nil, c.writeError(ctx, &o, w, in.ConditionExpression != nil, in.ReturnValues, err)
	}
	return c.openOld(ctx, enc, opDelete, in.ReturnValues, in.Key, out.Attributes)
}

// get returns the item under in.Key, or ErrNotFound.
func (c *core) get(ctx context.Context, enc crypt.Encryptor, in *dynamodb.GetItemInput) (item, error) {
	sealed, err := c.sealGet(in)
	if err != nil {
		return nil, err
	}
	out, err := c.db.GetItem(ctx, sealed)
	if err != nil {
		return nil, c.opError(opGet, err)
	}
	if len(out.Item) == 0 {
		return nil, c.opError(opGet, ErrNotFound)
	}
	return c.openAt(ctx, enc, opGet, in.Key, out.Item)
}

// open verifies and decrypts one stored item. Its error is an *ItemError.
func (c *core) open(ctx context.Context, enc crypt.Encryptor, op string, stored item) (item, error) {
	return c.openIf(ctx, enc, op, "", stored, func(item) error { return nil })
}

// openIf is open for an item that was read from index, unless that is empty, and
// that is given back only if check finds it to be the one that was asked for. It is
// where all items are decrypted.
func (c *core) openIf(ctx context.Context, enc crypt.Encryptor, op, index string, stored item, check func(plain item) error) (item, error) {
	start := c.began()
	plain, err := enc.Decrypt(ctx, stored)
	if err == nil {
		err = check(plain)
	}
	c.tellDecrypted(ctx, start, op, index, stored, err)
	if err != nil {
		return nil, c.listedError(op, index, stored, err)
	}
	return plain, nil
}

// listedError is the error of a stored item that was read from index, unless that
// is empty.
func (c *core) listedError(op, index string, stored item, err error) *ItemError {
	e := c.itemError(op, stored, err)
	e.Index = index
	return e
}

// openAt is open for an item that must be the one under key, which may have
// more attributes than the key's. A signature says
// that an item is genuine, not that it is the one that was asked for.
func (c *core) openAt(ctx context.Context, enc crypt.Encryptor, op string, key, stored item) (item, error) {
	return c.openIf(ctx, enc, op, "", stored, func(plain item) error {
		if !c.shape.hasKey(plain, key) {
			return ErrVerify
		}
		return nil
	})
}

// openOld opens the item that a write under key replaced or deleted, if it was
// asked for and there was one.
func (c *core) openOld(ctx context.Context, enc crypt.Encryptor, op string, ask types.ReturnValue, key, stored item) (item, error) {
	if ask != types.ReturnValueAllOld || len(stored) == 0 {
		return nil, nil
	}
	old, err := c.openAt(ctx, enc, op, key, stored)
	if err != nil {
		return nil, written(err)
	}
	return old, nil
}

// written marks an item's error as one of a write that was made.
func written(err error) error {
	var e *ItemError
	if errors.As(err, &e) {
		e.Written = true
	}
	return err
}

// isWritten reports whether err is that of a write that was made.
func isWritten(err error) bool {
	var e *ItemError
	return errors.As(err, &e) && e.Written
}

func (c *core) itemError(op string, stored item, err error) *ItemError {
	return &ItemError{Op: op, Table: c.name, Err: err, key: c.shape.keyOf(stored), showKey: c.showKeys}
}

func (c *core) opError(op string, err error) error {
	return &opError{op: op, table: c.name, err: err}
}

// A conditionFailure is a ConditionError before its item has a Go type.
type conditionFailure struct {
	op      string
	current item  // verified and decrypted, or nil
	itemErr error // why current is nil although there is an item
	err     error // the SDK's
}

func (e *conditionFailure) Error() string { return "ddbenc: " + e.op + ": condition failed" }

// writeError makes what a write returned ours: a failed condition to a
// *conditionFailure, whose item is opened, what may or may not have been done to
// an ErrUnknownOutcome, and the rest to an opError. It is nil if the write turns
// out to have been made.
func (c *core) writeError(ctx context.Context, o *outcome, w *sealedWrite, conditional bool, ask types.ReturnValue, err error) error {
	var failed *types.ConditionalCheckFailedException
	var stored item
	if errors.As(err, &failed) {
		stored, failed.Item = failed.Item, nil // it is not verified, and reachable by errors.As
	}
	switch c.judge(ctx, err, o, w, conditional) {
	case unknown:
		return c.opError(w.op, fmt.Errorf("%w: %w", ErrUnknownOutcome, err))
	case made:
		if ask == types.ReturnValueAllOld {
			return written(c.itemError(w.op, w.key, errOldLost))
		}
		return nil
	}
	if failed == nil {
		return c.opError(w.op, err)
	}
	e := &conditionFailure{op: w.op, err: err}
	if len(stored) > 0 {
		e.current, e.itemErr = c.openAt(ctx, w.enc, w.op, w.key, stored)
	}
	return e
}

// errOldLost reports that a write was made, but not what it replaced.
var errOldLost = errors.New("ddbenc: the answer that held it was lost")

// tableName returns what requests name the table by.
func (c *core) tableName() *string { return aws.String(c.name) }

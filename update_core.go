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
	"github.com/ddbenc/ddbenc/internal/backoff"
)

// An update is one call of Table.Update without its type.
type update struct {
	encryptor crypt.Encryptor // of this call, or nil for the table's
	key       item
	create    bool // if there is no item
	rewrite   bool // what is signed, changed or not
	tries     backoff.Backoff

	// edit returns what the item is to become, all of it. current is the
	// plaintext of the stored item, not to be changed, or nil if there is none.
	edit func(current item) (next item, err error)
}

// errMoved reports a write that was not made, since the item is not the one that
// was read.
var errMoved = errors.New("ddbenc: another writer changed the item")

// update changes one item: it reads, edits and writes until no other writer comes
// in between.
func (c *core) update(ctx context.Context, u update) error {
	r := &refusals{op: opUpdate, table: c.name}
	c.shape.checkKey(r, u.key)
	if err := r.err(); err != nil {
		return err
	}
	for n := 1; ; n++ {
		err := c.tryUpdate(ctx, &u)
		if !errors.Is(err, errMoved) {
			return err
		}
		c.tellRetried(ctx, opUpdate, n, hook.Conflict, u.tries.More(n))
		again, waitErr := u.tries.Wait(ctx, n)
		switch {
		case waitErr != nil:
			return c.opError(opUpdate, waitErr)
		case !again:
			return c.conflict(n, err)
		}
	}
}

// tryUpdate is one attempt of update. If it wraps errMoved another one can help.
func (c *core) tryUpdate(ctx context.Context, u *update) error {
	stored, current, next, err := c.edited(ctx, u)
	if err != nil {
		return err
	}
	if stored == nil {
		return c.create(ctx, u, next)
	}
	return c.replace(ctx, u, stored, current, next)
}

// edited reads the item and returns it as it is stored, its plaintext, and what it
// is to become. The first two are nil if there is no item.
func (c *core) edited(ctx context.Context, u *update) (stored, current, next item, err error) {
	stored, err = c.read(ctx, opUpdate, u.key)
	if err != nil {
		return nil, nil, nil, err
	}
	if stored == nil && !u.create {
		return nil, nil, nil, c.opError(opUpdate, ErrNotFound)
	}
	if stored != nil {
		current, err = c.openAt(ctx, c.encryptor(u.encryptor), opUpdate, u.key, stored)
		if err != nil {
			return nil, nil, nil, err
		}
	}
	next, err = u.edit(current)
	if err != nil {
		return nil, nil, nil, err
	}
	r := &refusals{op: opUpdate, table: c.name}
	c.shape.checkItem(r, next)
	if len(r.errs) == 0 && !c.shape.hasKey(next, u.key) {
		r.add("the update changes the key (%s), which says which item it is: put another item and delete this one", keyNames(c.shape.keys))
	}
	if err := r.err(); err != nil {
		return nil, nil, nil, err
	}
	return stored, current, next, nil
}

// read returns the stored item under key as it is, or nil if there is none. key
// may have more attributes than the key's.
func (c *core) read(ctx context.Context, op string, key item) (item, error) {
	out, err := c.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: c.tableName(), Key: c.shape.keyOf(key), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, c.opError(op, err)
	}
	if len(out.Item) == 0 {
		return nil, nil
	}
	return out.Item, nil
}

// sealCreate returns the request that puts an item where there is none.
func (c *core) sealCreate(ctx context.Context, enc crypt.Encryptor, next item) (*dynamodb.PutItemInput, error) {
	return c.sealPut(ctx, enc, &dynamodb.PutItemInput{
		Item:                     next,
		ConditionExpression:      aws.String("attribute_not_exists(#k)"),
		ExpressionAttributeNames: map[string]string{"#k": c.shape.keys[0].name},
	})
}

// create puts an item where there is none.
func (c *core) create(ctx context.Context, u *update, next item) error {
	enc := c.encryptor(u.encryptor)
	sealed, err := c.sealCreate(ctx, enc, next)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // before it counts as sent
		return c.opError(opUpdate, err)
	}
	var o outcome
	_, err = c.db.PutItem(ctx, sealed, o.watch)
	return moved(c.settle(ctx, err, &o, &sealedWrite{op: opUpdate, key: u.key, enc: enc, plain: next, sealed: sealed.Item}))
}

// replace makes of the item stored, whose plaintext is current, one whose
// plaintext is next.
func (c *core) replace(ctx context.Context, u *update, stored, current, next item) error {
	x, w, err := c.sealReplace(ctx, u, stored, current, next)
	if err != nil || x.empty() {
		return err
	}
	in, err := x.input()
	if err != nil {
		return c.opError(opUpdate, err)
	}
	in.TableName, in.Key = c.tableName(), u.key
	if err := ctx.Err(); err != nil {
		return c.opError(opUpdate, err)
	}
	var o outcome
	_, err = c.db.UpdateItem(ctx, in, o.watch)
	return moved(c.settle(ctx, err, &o, w))
}

// sealReplace returns the expressions that make of the item stored, whose plaintext
// is current, one whose plaintext is next, and what tells afterwards whether they
// did. The expressions are empty but for their condition if nothing is to be
// changed.
func (c *core) sealReplace(ctx context.Context, u *update, stored, current, next item) (*updateExpr, *sealedWrite, error) {
	enc := c.encryptor(u.encryptor)
	w := &sealedWrite{op: opUpdate, key: u.key, enc: enc}
	changed, signed := false, u.rewrite
	for name := range changes(current, next) {
		changed, signed = true, signed || !c.shape.unsigned(name)
	}
	// What another encryptor signs is not known here.
	signed = signed || changed && (u.encryptor != nil || outdated(enc, stored))
	var to item
	if signed {
		sealed, err := c.encrypt(ctx, enc, opUpdate, next)
		if err != nil {
			return nil, nil, c.opError(opUpdate, err)
		}
		w.plain, w.sealed = next, sealed
		to = sealed
	} else {
		to = overlay(stored, changes(current, next)) // what is not signed is stored as it is
	}

	x := &updateExpr{}
	demanded := x.demandMarks(c.shape, enc, stored, u.encryptor == nil)
	if len(x.values) == 0 {
		x.exists(c.shape.keys[0].name) // or the update would make an item
	}
	for name, v := range changes(stored, to) {
		if !demanded[name] && (u.encryptor != nil || c.shape.wasUnsigned(name)) {
			x.unchanged(name, stored[name])
		}
		x.change(name, v)
	}
	return x, w, nil
}

// moved marks an error by which the write was not made for the reason that others
// write to the item too.
func moved(err error) error {
	var failed *types.ConditionalCheckFailedException
	var busy *types.TransactionConflictException
	if err != nil && !errors.Is(err, ErrUnknownOutcome) && (errors.As(err, &failed) || errors.As(err, &busy)) {
		return fmt.Errorf("%w: %w", errMoved, err)
	}
	return err
}

package ddbenc

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/internal/backoff"
)

const kindUpdate = "Update"

// TxUpdate changes the item under key by a function, in a transaction. It is
// [Table.Update] in what it reads, writes and depends on. The item is read when the
// transaction is prepared, apart from the other operations; in the transaction it
// has to be still the one that was read, also if modify changed nothing. If it is
// not, [TransactWrite] starts over, so that modify may be called several times, and
// gives up with [ErrConflict]. A [PreparedWrite] is what it is, and fails.
//
// A condition on the item is for modify to look at. Options are [CreateIfAbsent],
// [Rewrite], [ReturnCurrent], [Label] and [WithEncryptor]. The functions of a transaction are
// called one after the other, in the order of their operations.
func TxUpdate[T any](t *Table[T], key PrimaryKey, modify func(*T) error, opts ...TxWriteOption) TxWrite {
	return newTxWrite(t, kindUpdate, opts, func(r *refusals, c *call) (built builtWrite, _ error) {
		if c.condition.IsSet() || c.version != nil || c.negative || c.anyVersion {
			r.add("an update has no conditions: look at the item in the function, and return an error")
		}
		if modify == nil {
			r.add("there is no function to update the item by")
		}
		attributes := t.keys.attributes(r, key)
		if len(r.errs) == 0 {
			t.core.shape.checkKey(r, attributes)
		}
		u := &update{
			encryptor: c.encryptor, key: attributes, create: c.create, rewrite: c.rewrite,
			edit: func(current item) (next item, err error) {
				_, next, err = t.edit(c, attributes, current, modify)
				return next, err
			},
		}
		built.seal = func(ctx context.Context) (types.TransactWriteItem, error) {
			return t.core.sealTransactUpdate(ctx, u, c.current)
		}
		return built, nil
	})
}

// sealTransactUpdate reads the item and returns what changes it if it is still the
// same: a put, if there is none, an update, or a check, if nothing is to be changed.
func (c *core) sealTransactUpdate(ctx context.Context, u *update, current bool) (out types.TransactWriteItem, err error) {
	stored, plain, next, err := c.edited(ctx, u)
	if err != nil {
		return out, err
	}
	if stored == nil {
		in, err := c.sealCreate(ctx, c.encryptor(u.encryptor), next)
		if err != nil {
			return out, err
		}
		out.Put = &types.Put{
			TableName:                           c.tableName(),
			Item:                                in.Item,
			ConditionExpression:                 in.ConditionExpression,
			ExpressionAttributeNames:            in.ExpressionAttributeNames,
			ReturnValuesOnConditionCheckFailure: returnCurrent(current),
		}
		return out, nil
	}
	x, _, err := c.sealReplace(ctx, u, stored, plain, next)
	if err != nil {
		return out, err
	}
	in, err := x.input()
	switch {
	case err != nil:
		return out, c.opError(opTransactWrite, err)
	case x.empty():
		out.ConditionCheck = &types.ConditionCheck{
			TableName:                           c.tableName(),
			Key:                                 u.key,
			ConditionExpression:                 in.ConditionExpression,
			ExpressionAttributeNames:            in.ExpressionAttributeNames,
			ExpressionAttributeValues:           in.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: returnCurrent(current),
		}
	default:
		out.Update = &types.Update{
			TableName:                           c.tableName(),
			Key:                                 u.key,
			UpdateExpression:                    in.UpdateExpression,
			ConditionExpression:                 in.ConditionExpression,
			ExpressionAttributeNames:            in.ExpressionAttributeNames,
			ExpressionAttributeValues:           in.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: returnCurrent(current),
		}
	}
	return out, nil
}

// updateMoved returns err as what it is if it is that of a transaction that was not
// made for the reason that items which it updates are not those that were read, and
// at most contention otherwise. Else it returns nil.
func updateMoved(err error) *TransactionError {
	e, ok := err.(*TransactionError)
	if !ok || e.unknown {
		return nil
	}
	moved := func(f *OperationError) bool { return f.Op == kindUpdate && f.Code == codeCondition }
	other := func(f *OperationError) bool { return !moved(f) && !backoff.ContentionCode(f.Code) }
	if !slices.ContainsFunc(e.Failed, moved) || slices.ContainsFunc(e.Failed, other) {
		return nil
	}
	return e
}

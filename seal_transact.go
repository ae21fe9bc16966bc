package ddbenc

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// These functions are part of the closed list that seal.go is about: the operations
// of transactions, whoever made the transaction, a Table or an encrypted client.

// checkTransactGet checks one operation of a TransactGetItems.
func (c *core) checkTransactGet(r *refusals, in *types.Get) {
	r.projection(nil, in.ProjectionExpression)
	c.shape.checkKey(r, in.Key)
}

// checkTransactWrite checks one operation of a TransactWriteItems, which has one
// action, and returns it as it may be sent but for the encryption: an update is
// replaced by one that can't make an item. in is left as it is.
func (c *core) checkTransactWrite(r *refusals, in types.TransactWriteItem) types.TransactWriteItem {
	condition := func(text *string, names map[string]string, values item) {
		c.shape.checkCondition(r, "condition", expr.ConditionExpression, text, names)
		r.values(values, text)
	}
	switch {
	case in.Put != nil:
		c.shape.checkItem(r, in.Put.Item)
		condition(in.Put.ConditionExpression, in.Put.ExpressionAttributeNames, in.Put.ExpressionAttributeValues)
	case in.Delete != nil:
		c.shape.checkKey(r, in.Delete.Key)
		condition(in.Delete.ConditionExpression, in.Delete.ExpressionAttributeNames, in.Delete.ExpressionAttributeValues)
	case in.ConditionCheck != nil:
		c.shape.checkKey(r, in.ConditionCheck.Key)
		condition(in.ConditionCheck.ConditionExpression, in.ConditionCheck.ExpressionAttributeNames, in.ConditionCheck.ExpressionAttributeValues)
	case in.Update != nil:
		u := *in.Update
		r.values(u.ExpressionAttributeValues, u.UpdateExpression, u.ConditionExpression)
		u.ConditionExpression, u.ExpressionAttributeNames = c.checkUpdate(r, u.Key, u.UpdateExpression, u.ConditionExpression, u.ExpressionAttributeNames)
		in.Update = &u
	}
	return in
}

// sealTransactWrite encrypts the item of an operation that was checked, if it is a
// put. It leaves in as it is. Its error is the encryptor's.
func (c *core) sealTransactWrite(ctx context.Context, enc crypt.Encryptor, in types.TransactWriteItem) (types.TransactWriteItem, error) {
	if in.Put == nil {
		return in, nil
	}
	sealed, err := c.encrypt(ctx, enc, opTransactWrite, in.Put.Item)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	put := *in.Put
	put.Item = sealed
	return types.TransactWriteItem{Put: &put}, nil
}

// transactTarget returns the table's name and the item or key of an operation that
// has one action. ok is false if it has another number of them or an unknown one.
func transactTarget(in types.TransactWriteItem) (table *string, key item, ok bool) {
	n := 0
	if in.Put != nil {
		table, key, n = in.Put.TableName, in.Put.Item, n+1
	}
	if in.Update != nil {
		table, key, n = in.Update.TableName, in.Update.Key, n+1
	}
	if in.Delete != nil {
		table, key, n = in.Delete.TableName, in.Delete.Key, n+1
	}
	if in.ConditionCheck != nil {
		table, key, n = in.ConditionCheck.TableName, in.ConditionCheck.Key, n+1
	}
	if n != 1 {
		return nil, nil, false
	}
	return table, key, true
}

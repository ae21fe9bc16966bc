package ddbenc

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// This file is the closed list of what may be sent to an encrypted table: each
// seal method takes an SDK input with plaintext in it, refuses what could store
// plaintext, compare ciphertext or return something that can't be verified, and
// returns a new input that can be sent. Every field of an input is either
// checked here or named in TestInputsAreClassified, so a new one in the SDK is
// seen before it is used. Spec: Client integration, "Before the request", and
// Python helper clients, "Forbidden parameters".

// sealPut checks in and encrypts its item.
func (c *core) sealPut(ctx context.Context, enc crypt.Encryptor, in *dynamodb.PutItemInput) (*dynamodb.PutItemInput, error) {
	r := &refusals{op: opPut, table: c.name}
	r.legacy("Expected", len(in.Expected) > 0, "ConditionExpression")
	r.legacy("ConditionalOperator", in.ConditionalOperator != "", "ConditionExpression")
	r.oldOnly(in.ReturnValues)
	c.shape.checkItem(r, in.Item)
	c.shape.checkCondition(r, "condition", expr.ConditionExpression, in.ConditionExpression, in.ExpressionAttributeNames)
	r.values(in.ExpressionAttributeValues, in.ConditionExpression)
	if err := r.err(); err != nil {
		return nil, err
	}
	sealed, err := c.encrypt(ctx, enc, opPut, in.Item)
	if err != nil {
		return nil, c.opError(opPut, err)
	}
	out := *in
	out.TableName, out.Item = c.tableName(), sealed
	return &out, nil
}

// sealDelete checks in.
func (c *core) sealDelete(in *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemInput, error) {
	r := &refusals{op: opDelete, table: c.name}
	r.legacy("Expected", len(in.Expected) > 0, "ConditionExpression")
	r.legacy("ConditionalOperator", in.ConditionalOperator != "", "ConditionExpression")
	r.oldOnly(in.ReturnValues)
	c.shape.checkKey(r, in.Key)
	c.shape.checkCondition(r, "condition", expr.ConditionExpression, in.ConditionExpression, in.ExpressionAttributeNames)
	r.values(in.ExpressionAttributeValues, in.ConditionExpression)
	if err := r.err(); err != nil {
		return nil, err
	}
	out := *in
	out.TableName = c.tableName()
	return &out, nil
}

// sealGet checks in.
func (c *core) sealGet(in *dynamodb.GetItemInput) (*dynamodb.GetItemInput, error) {
	r := &refusals{op: opGet, table: c.name}
	r.projection(in.AttributesToGet, in.ProjectionExpression)
	c.shape.checkKey(r, in.Key)
	if err := r.err(); err != nil {
		return nil, err
	}
	out := *in
	out.TableName = c.tableName()
	return &out, nil
}

// sealQuery checks in. It also returns the partition key and the value that
// every item has, in the table or in the index.
func (c *core) sealQuery(in *dynamodb.QueryInput) (_ *dynamodb.QueryInput, partition item, err error) {
	r := &refusals{op: opQuery, table: c.name}
	r.projection(in.AttributesToGet, in.ProjectionExpression)
	r.selection(in.Select)
	r.legacy("KeyConditions", len(in.KeyConditions) > 0, "KeyConditionExpression")
	r.legacy("QueryFilter", len(in.QueryFilter) > 0, "FilterExpression")
	r.legacy("ConditionalOperator", in.ConditionalOperator != "", "FilterExpression")
	index, consistent := deref(in.IndexName), deref(in.ConsistentRead)
	if c.shape.checkIndex(r, index, consistent) {
		partition = c.shape.checkKeyCondition(r, index, in.KeyConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	}
	c.shape.checkCondition(r, "filter", expr.FilterExpression, in.FilterExpression, in.ExpressionAttributeNames)
	r.values(in.ExpressionAttributeValues, in.KeyConditionExpression, in.FilterExpression)
	if err := r.err(); err != nil {
		return nil, nil, err
	}
	out := *in
	out.TableName, out.Select = c.tableName(), wholeItems(c.enc, index, in.Select)
	return &out, partition, nil
}

// sealScan checks in.
func (c *core) sealScan(in *dynamodb.ScanInput) (*dynamodb.ScanInput, error) {
	r := &refusals{op: opScan, table: c.name}
	r.projection(in.AttributesToGet, in.ProjectionExpression)
	r.selection(in.Select)
	r.legacy("ScanFilter", len(in.ScanFilter) > 0, "FilterExpression")
	r.legacy("ConditionalOperator", in.ConditionalOperator != "", "FilterExpression")
	c.shape.checkIndex(r, deref(in.IndexName), deref(in.ConsistentRead))
	c.shape.checkCondition(r, "filter", expr.FilterExpression, in.FilterExpression, in.ExpressionAttributeNames)
	r.values(in.ExpressionAttributeValues, in.FilterExpression)
	if err := r.err(); err != nil {
		return nil, err
	}
	out := *in
	out.TableName, out.Select = c.tableName(), wholeItems(c.enc, deref(in.IndexName), in.Select)
	return &out, nil
}

// legacy refuses a parameter from before expressions.
func (r *refusals) legacy(parameter string, set bool, instead string) {
	if set {
		r.add("%s is a legacy parameter: use %s", parameter, instead)
	}
}

// projection refuses reading a part of an item: its signature covers the whole.
func (r *refusals) projection(attributes []string, expression *string) {
	if len(attributes) > 0 {
		r.add("AttributesToGet would return a part of the item, which can't be verified: read all of it%s", wayToPart)
	}
	if expression != nil {
		r.add("ProjectionExpression would return a part of the item, which can't be verified: read all of it%s", wayToPart)
	}
}

const wayToPart = ", or what is not encrypted through ddbenc.NewUnverifiedReader"

// selection refuses what would return parts of items. Counting is fine.
func (r *refusals) selection(s types.Select) {
	if !slices.Contains([]types.Select{"", types.SelectAllAttributes, types.SelectCount}, s) {
		r.add("Select %q could return parts of items, which can't be verified: use ALL_ATTRIBUTES or COUNT", s)
	}
}

// oldOnly refuses return values that PutItem and DeleteItem don't have.
func (r *refusals) oldOnly(v types.ReturnValue) {
	if !slices.Contains([]types.ReturnValue{"", types.ReturnValueNone, types.ReturnValueAllOld}, v) {
		r.add("ReturnValues %q is not one of NONE and ALL_OLD", v)
	}
}

// deref returns *p, or the zero value if p is nil.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

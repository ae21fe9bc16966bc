package ddbenc

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/internal/expr"
)

const opClientUpdate = "UpdateItem"

// clientUpdate serves UpdateItem, as far as it leaves alone what is signed.
func (c *core) clientUpdate(x *exchange, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	r := &refusals{op: opClientUpdate, table: c.name}
	r.legacy("AttributeUpdates", len(in.AttributeUpdates) > 0, "UpdateExpression")
	r.legacy("Expected", len(in.Expected) > 0, "ConditionExpression")
	r.legacy("ConditionalOperator", in.ConditionalOperator != "", "ConditionExpression")
	if !slices.Contains(append(in.ReturnValues.Values(), ""), in.ReturnValues) {
		r.add("ReturnValues %q is unknown", in.ReturnValues)
	}
	condition, names := c.checkUpdate(r, in.Key, in.UpdateExpression, in.ConditionExpression, in.ExpressionAttributeNames)
	r.values(in.ExpressionAttributeValues, in.UpdateExpression, in.ConditionExpression)
	if err := r.err(); err != nil {
		return nil, err
	}
	sealed := *in
	sealed.ConditionExpression, sealed.ExpressionAttributeNames = condition, names
	out, err := send[dynamodb.UpdateItemOutput](x, &sealed)
	if err != nil {
		return nil, c.updateFailed(x, in, err)
	}
	switch in.ReturnValues {
	case types.ReturnValueAllOld, types.ReturnValueAllNew:
		if len(out.Attributes) == 0 {
			break
		}
		if out.Attributes, err = c.openAt(x.ctx, c.enc, opClientUpdate, in.Key, out.Attributes); err != nil {
			return nil, written(err)
		}
	case types.ReturnValueUpdatedOld, types.ReturnValueUpdatedNew:
		// The update named no others, so an honest server returns no others.
		maps.DeleteFunc(out.Attributes, func(name string, _ types.AttributeValue) bool { return !c.shape.unsigned(name) })
	default:
		out.Attributes = nil
	}
	return out, nil
}

// updateFailed is openFailed, and says of an update without a condition of the
// caller's that there was no item.
func (c *core) updateFailed(x *exchange, in *dynamodb.UpdateItemInput, err error) error {
	var failed *types.ConditionalCheckFailedException
	if in.ConditionExpression == nil && errors.As(err, &failed) {
		failed.Item = nil
		return fmt.Errorf("%w, and an update would make one that is not signed: put it: %w", c.opError(opClientUpdate, ErrNotFound), err)
	}
	return c.openFailed(x.ctx, opClientUpdate, in.Key, err)
}

// checkUpdate refuses an update that names a signed attribute or one of the
// format's own, anywhere: its signature would no longer fit. It returns a condition
// and names to send in the place of those given, by which the update fails where
// there is no item: it would make one without a signature. Spec: Before the
// request, "Update check".
func (c *core) checkUpdate(r *refusals, key item, update, condition *string, names map[string]string) (*string, map[string]string) {
	c.shape.checkKey(r, key)
	scope, err := expr.NewOpenScope(names)
	if err != nil {
		r.add("the names of the update can't be read: %v", err)
		return nil, nil
	}
	if update != nil {
		u, err := scope.Update(*update)
		if err != nil {
			r.add("the update can't be read: %v", err)
			return nil, nil
		}
		seen := map[string]bool{}
		for ref := range u.Refs() {
			name := ref.Path.Root()
			if seen[name] || c.shape.unsigned(name) {
				continue
			}
			seen[name] = true
			r.add("the update names %q, which is signed, so the item would not verify any more: "+
				"use Table.Update, which reads, verifies, changes and signs the item, or put the whole item", name)
		}
	}
	c.shape.checkCondition(r, "condition", expr.ConditionExpression, condition, names)
	if len(r.errs) > 0 {
		return nil, nil
	}

	names = maps.Clone(names)
	if names == nil {
		names = make(map[string]string, 1)
	}
	holder := "#ddbenc"
	for i := 0; names[holder] != ""; i++ {
		holder = "#ddbenc" + strconv.Itoa(i)
	}
	names[holder] = c.shape.keys[0].name
	exists := "attribute_exists(" + holder + ")"
	if condition != nil {
		cond, err := scope.Condition(expr.ConditionExpression, *condition)
		if err != nil {
			r.add("the condition can't be read: %v", err)
			return nil, nil
		}
		own := cond.String()
		if l, ok := cond.(*expr.Logical); ok && l.Op == "OR" {
			own = "(" + own + ")"
		}
		exists += " AND " + own
	}
	return aws.String(exists), names
}

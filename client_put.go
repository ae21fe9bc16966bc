package ddbenc

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// clientPut serves PutItem.
func (c *core) clientPut(x *exchange, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	sealed, err := c.sealPut(x.ctx, c.enc, in)
	if err != nil {
		return nil, err
	}
	sealed.TableName = in.TableName // which may be an ARN, or hold an account
	out, err := send[dynamodb.PutItemOutput](x, sealed)
	if err != nil {
		return nil, c.openFailed(x.ctx, opPut, in.Item, err)
	}
	out.Attributes, err = c.openOld(x.ctx, c.enc, opPut, in.ReturnValues, in.Item, out.Attributes)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// clientDelete serves DeleteItem.
func (c *core) clientDelete(x *exchange, in *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error) {
	sealed, err := c.sealDelete(in)
	if err != nil {
		return nil, err
	}
	sealed.TableName = in.TableName
	out, err := send[dynamodb.DeleteItemOutput](x, sealed)
	if err != nil {
		return nil, c.openFailed(x.ctx, opDelete, in.Key, err)
	}
	out.Attributes, err = c.openOld(x.ctx, c.enc, opDelete, in.ReturnValues, in.Key, out.Attributes)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// openFailed opens the item inside a failed condition of a write under key, where
// it stands in the SDK's error. If it can't be read it is taken out, and the
// result says why.
func (c *core) openFailed(ctx context.Context, op string, key item, err error) error {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || failed.Item == nil {
		return err
	}
	stored := failed.Item
	failed.Item = nil
	if len(stored) == 0 {
		return err
	}
	plain, itemErr := c.openAt(ctx, c.enc, op, key, stored)
	if itemErr != nil {
		return &currentError{err: err, items: []error{itemErr}}
	}
	failed.Item = plain
	return err
}

// A currentError is an error of the SDK that had stored items in it which could
// not be read. It wraps the SDK's error and those of the items.
type currentError struct {
	err   error
	items []error
}

func (e *currentError) Error() string {
	return fmt.Sprintf("%v; the current item can't be read: %s", e.err, bare(errors.Join(e.items...)))
}

func (e *currentError) Unwrap() []error { return append([]error{e.err}, e.items...) }

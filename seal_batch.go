package ddbenc

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// These functions are part of the closed list that seal.go is about: the elements
// of batches, whoever made the batch, a Table or an encrypted client.

// checkBatchGet checks one table's part of a BatchGetItem.
func (c *core) checkBatchGet(r *refusals, in types.KeysAndAttributes) {
	r.projection(in.AttributesToGet, in.ProjectionExpression)
	for _, key := range in.Keys {
		c.shape.checkKey(r, key)
	}
}

// checkBatchWrite checks one write of a BatchWriteItem.
func (c *core) checkBatchWrite(r *refusals, in types.WriteRequest) {
	switch {
	case (in.PutRequest == nil) == (in.DeleteRequest == nil):
		r.add("it has to have one of PutRequest and DeleteRequest")
	case in.PutRequest != nil:
		c.shape.checkItem(r, in.PutRequest.Item)
	default:
		c.shape.checkKey(r, in.DeleteRequest.Key)
	}
}

// sealBatchWrite encrypts the item of a write that was checked, if it is a put. It
// leaves in as it is. Its error is the encryptor's.
func (c *core) sealBatchWrite(ctx context.Context, enc crypt.Encryptor, in types.WriteRequest) (types.WriteRequest, error) {
	if in.PutRequest == nil {
		return in, nil
	}
	sealed, err := c.encrypt(ctx, enc, opBatchWrite, in.PutRequest.Item)
	if err != nil {
		return types.WriteRequest{}, err
	}
	put := *in.PutRequest
	put.Item = sealed
	return types.WriteRequest{PutRequest: &put}, nil
}

// batchKey returns the item or key of a write that was checked.
func batchKey(in types.WriteRequest) item {
	if in.PutRequest != nil {
		return in.PutRequest.Item
	}
	return in.DeleteRequest.Key
}

package ddbenc

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// clientGet serves GetItem.
func (c *core) clientGet(x *exchange, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
	sealed, err := c.sealGet(in)
	if err != nil {
		return nil, err
	}
	sealed.TableName = in.TableName
	out, err := send[dynamodb.GetItemOutput](x, sealed)
	if err != nil || out.Item == nil {
		return out, err
	}
	out.Item, err = c.openAt(x.ctx, c.enc, opGet, in.Key, out.Item)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// clientQuery serves Query.
func (c *core) clientQuery(x *exchange, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	if err := c.checkStart(opQuery, in.IndexName, in.ExclusiveStartKey); err != nil {
		return nil, err
	}
	sealed, partition, err := c.sealQuery(in)
	if err != nil {
		return nil, err
	}
	sealed.TableName = in.TableName
	out, err := send[dynamodb.QueryOutput](x, sealed)
	if err != nil {
		return nil, err
	}
	out.Items, err = c.openPage(x.ctx, &listing{op: opQuery, index: deref(in.IndexName), partition: partition, whole: demandsAll(sealed.Select)}, out.Items)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// clientScan serves Scan.
func (c *core) clientScan(x *exchange, in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
	if err := c.checkStart(opScan, in.IndexName, in.ExclusiveStartKey); err != nil {
		return nil, err
	}
	sealed, err := c.sealScan(in)
	if err != nil {
		return nil, err
	}
	sealed.TableName = in.TableName
	out, err := send[dynamodb.ScanOutput](x, sealed)
	if err != nil {
		return nil, err
	}
	out.Items, err = c.openPage(x.ctx, &listing{op: opScan, index: deref(in.IndexName), whole: demandsAll(sealed.Select)}, out.Items)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// checkStart refuses a start key that has other attributes than keys: DynamoDB
// would refuse it too, but after it had seen them.
func (c *core) checkStart(op string, index *string, start item) error {
	r := &refusals{op: op, table: c.name}
	keys, _ := c.shape.keysOf(deref(index))
	for name := range start {
		named := func(k keyAttr) bool { return k.name == name }
		if !slices.ContainsFunc(c.shape.keys, named) && !slices.ContainsFunc(keys, named) {
			r.add("ExclusiveStartKey has %q, which is no key attribute: give it the LastEvaluatedKey of a page", name)
		}
	}
	return r.err()
}

// openPage opens the items of one page on all cores, in their order. The first
// one that can't be read fails it. items is left as it is.
func (c *core) openPage(ctx context.Context, l *listing, items []item) ([]item, error) {
	return onAllCores(ctx, items, func(ctx context.Context, stored item) (item, error) { return c.openListed(ctx, c.enc, l, stored) })
}

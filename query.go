package ddbenc

import (
	"context"
	"iter"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Query yields the items of one partition that key selects, in the order of the
// sort key:
//
//	for p, err := range patients.Query(ctx, expression.Key("patient_id").Equal(expression.Value("p-1"))) {
//
// Pages are fetched as the loop gets there, their items decrypted a few ahead of
// the loop (see [DecryptAhead]), and nothing more is fetched once the loop stops.
// With an error T is zero and the loop ends, but see [ContinueOnItemError]. Each
// range over the result queries anew. [Table.QueryPages] gives positions to go on
// from, too.
func (t *Table[T]) Query(ctx context.Context, key expression.KeyConditionBuilder, opts ...QueryOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		c := queryCall(opts)
		l, err := t.query(&c, key, "")
		t.core.tellRefused(ctx, opQuery, &err)
		list(ctx, t.core, &c, l, err, t.opener(&c, l), yield)
	}
}

// Scan yields all items of the table, or of an index. Pages, errors and options
// are as for [Table.Query].
func (t *Table[T]) Scan(ctx context.Context, opts ...ScanOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		c := scanCall(opts)
		l, err := t.scan(&c, "")
		t.core.tellRefused(ctx, opScan, &err)
		list(ctx, t.core, &c, l, err, t.opener(&c, l), yield)
	}
}

// QueryCount returns how many items Query would yield. DynamoDB counts them:
// nothing is read, so nothing is verified, and items that do not verify count.
func (t *Table[T]) QueryCount(ctx context.Context, key expression.KeyConditionBuilder, opts ...QueryOption) (int, error) {
	c := queryCall(opts)
	l, err := t.query(&c, key, types.SelectCount)
	t.core.tellRefused(ctx, opQuery, &err)
	if err != nil {
		return 0, err
	}
	return t.core.count(ctx, l, c.limit)
}

// ScanCount returns how many items Scan would yield, counted as [Table.QueryCount]
// does.
func (t *Table[T]) ScanCount(ctx context.Context, opts ...ScanOption) (int, error) {
	c := scanCall(opts)
	l, err := t.scan(&c, types.SelectCount)
	t.core.tellRefused(ctx, opScan, &err)
	if err != nil {
		return 0, err
	}
	return t.core.count(ctx, l, c.limit)
}

func queryCall(opts []QueryOption) (c call) {
	for _, opt := range opts {
		opt.applyQuery(&c)
	}
	return c
}

func scanCall(opts []ScanOption) (c call) {
	for _, opt := range opts {
		opt.applyScan(&c)
	}
	return c
}

// query checks a query.
func (t *Table[T]) query(c *call, key expression.KeyConditionBuilder, sel types.Select) (*listing, error) {
	r := &refusals{op: opQuery, table: t.core.name}
	binding, start, ok := t.position(r, c, &key)
	if !ok {
		return nil, r.err()
	}
	t.filterExpired(r, c)
	expr := r.build(c, &key)
	limit := c.pageLimit(r)
	c.checkSpread(r)
	if err := r.err(); err != nil {
		return nil, err
	}
	in := &dynamodb.QueryInput{
		KeyConditionExpression:    expr.KeyCondition(),
		FilterExpression:          expr.Filter(),
		ExpressionAttributeNames:  expr.Names(),
		ExpressionAttributeValues: expr.Values(),
		IndexName:                 ifSet(c.index),
		ConsistentRead:            ifTrue(c.consistent),
		Limit:                     limit,
		ExclusiveStartKey:         start,
		Select:                    wholeItems(t.core.encryptor(c.encryptor), c.index, sel),
	}
	if c.descending {
		in.ScanIndexForward = aws.Bool(false)
	}
	l, err := t.core.query(in, c.projection)
	if err != nil {
		return nil, err
	}
	l.cursors, l.binding, l.spread = c.cursors, binding, c.spread
	return l, nil
}

// scan checks a scan.
func (t *Table[T]) scan(c *call, sel types.Select) (*listing, error) {
	r := &refusals{op: opScan, table: t.core.name}
	binding, start, ok := t.position(r, c, nil)
	if !ok {
		return nil, r.err()
	}
	t.filterExpired(r, c)
	expr := r.build(c, nil)
	limit := c.pageLimit(r)
	c.checkSpread(r)
	if err := r.err(); err != nil {
		return nil, err
	}
	l, err := t.core.scan(&dynamodb.ScanInput{
		FilterExpression:          expr.Filter(),
		ExpressionAttributeNames:  expr.Names(),
		ExpressionAttributeValues: expr.Values(),
		IndexName:                 ifSet(c.index),
		ConsistentRead:            ifTrue(c.consistent),
		Limit:                     limit,
		ExclusiveStartKey:         start,
		Select:                    wholeItems(t.core.encryptor(c.encryptor), c.index, sel),
	}, c.projection)
	if err != nil {
		return nil, err
	}
	l.cursors, l.binding, l.spread = c.cursors, binding, c.spread
	return l, nil
}

// opener returns what opens the items of l and gives them their type. Its errors
// are *ItemErrors. l is nil if there is none.
func (t *Table[T]) opener(c *call, l *listing) func(context.Context, item) (T, error) {
	enc := t.core.encryptor(c.encryptor)
	return func(ctx context.Context, stored item) (v T, err error) {
		plain, err := t.core.openListed(ctx, enc, l, stored)
		if err != nil {
			return v, err
		}
		if err := t.binder.decode(plain, &v); err != nil {
			return v, t.core.listedError(l.op, l.index, plain, err)
		}
		return v, nil
	}
}

// list yields the items of l as values of V, or only err if that is set.
func list[V any](ctx context.Context, c *core, o *call, l *listing, err error,
	open func(context.Context, item) (V, error), yield func(V, error) bool,
) {
	var zero V
	if err != nil {
		yield(zero, err)
		return
	}
	left := o.limit // 0 for no limit
	for p, err := range c.pages(ctx, l) {
		if err != nil {
			yield(zero, err)
			return
		}
		if o.limit > 0 && len(p.items) > left {
			p.items = p.items[:left]
		}
		for v, err := range inOrder(ctx, p.items, o.aheadOrDefault(), open) {
			if ctx.Err() != nil {
				yield(zero, c.opError(l.op, ctx.Err()))
				return
			}
			if err != nil {
				v = zero
			}
			_, bad := err.(*ItemError)
			if !yield(v, err) || err != nil && !(bad && o.goOn) {
				return
			}
		}
		if left -= len(p.items); left == 0 && o.limit > 0 {
			return
		}
	}
}

// position returns where a listing is to begin behind, or nil for the beginning,
// and what its cursors are bound to, if it has any. key is nil for a scan. It is
// called before filters are added to those of the caller. If ok is false nothing
// more can be said of the call.
func (t *Table[T]) position(r *refusals, c *call, key *expression.KeyConditionBuilder) (b binding, start item, ok bool) {
	if c.cursors || c.resume != nil {
		if b, ok = c.bind(r, key); !ok {
			return b, nil, false
		}
	}
	if c.resume != nil {
		return b, t.core.resumed(r, c, b), true
	}
	return b, t.startKey(r, c), true
}

// startKey returns where StartAfter lets a loop begin, or nil.
func (t *Table[T]) startKey(r *refusals, c *call) item {
	if c.startAfter == nil {
		return nil
	}
	last, ok := c.startAfter.(*T)
	if !ok || last == nil {
		r.add("StartAfter has a %T, want a %T that is not nil", c.startAfter, last)
		return nil
	}
	it, err := t.binder.marshal(last)
	if err != nil {
		r.add("StartAfter: %v", bare(err))
		return nil
	}
	return t.core.shape.startKey(r, c.index, it)
}

// pageLimit returns DynamoDB's Limit, the number of items that one page looks
// at. Without a filter no page need be longer than the loop.
func (c *call) pageLimit(r *refusals) *int32 {
	if c.limit < 0 {
		r.add("Limit is less than 1")
	}
	if c.ahead < 0 {
		r.add("DecryptAhead is less than 1")
	}
	if c.pageSize < 0 {
		r.add("PageSize is less than 1")
	}
	n := c.pageSize
	if c.limit > 0 && (n == 0 || c.limit < n) && !c.filter.IsSet() {
		n = c.limit
	}
	if n <= 0 {
		return nil
	}
	return aws.Int32(int32(min(n, math.MaxInt32)))
}

// ifSet leaves out a parameter that is empty by default.
func ifSet(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

package ddbenc

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// An Unverified is a part of a stored item of which nothing was checked: whoever can
// write to the table, or stands between it and this program, may have changed it,
// made it up, put it in the place of another, or left it out. It may serve to show
// a list, to find an item that is then read with [Table.Get], or to count. It prints
// as REDACTED.
type Unverified[P any] struct {
	projection P
}

// Unchecked returns the part of the item, unchecked.
func (u Unverified[P]) Unchecked() P { return u.projection }

// Format prints u without its values, under every verb.
func (u Unverified[P]) Format(f fmt.State, _ rune) { fmt.Fprint(f, "Unverified(REDACTED)") }

// LogValue prints u in logs as Format does.
func (u Unverified[P]) LogValue() slog.Value { return slog.StringValue("Unverified(REDACTED)") }

// An UnverifiedReader reads only the attributes of a table that are not encrypted,
// and checks nothing of them: a signature covers a whole item. It needs no keys and
// costs less than a [Table] where an index has few attributes: so it can read
// indexes with the projections KEYS_ONLY and INCLUDE, which a table can't, if P has
// only what is in them. It is safe for concurrent use.
type UnverifiedReader[P any] struct {
	table  unverifiedTable
	core   *core
	keys   *keyMaker
	binder *binder // of P
	ttl    string
}

// An unverifiedTable is what a reader takes over from a Table.
type unverifiedTable interface {
	query(*call, expression.KeyConditionBuilder, types.Select) (*listing, error)
	scan(*call, types.Select) (*listing, error)
	checkHideExpired(*refusals, *call) bool
}

// NewUnverifiedReader returns what reads the attributes in P, a struct, of the items
// of table. The fields of P are named by the dynamodbav tag as package attributevalue
// has it. Each has to be an attribute that T declares and does not encrypt, and none
// may be there twice; parts of attributes can't be named. A ddbenc tag has to be that
// of T. What is wrong is reported at once, as [*SchemaError]s that wrap [ErrSchema].
func NewUnverifiedReader[P, T any](table *Table[T]) (*UnverifiedReader[P], error) {
	b, err := projectionBinder[P](table.core, table.binder)
	if err != nil {
		return nil, err
	}
	return &UnverifiedReader[P]{table: table, core: table.core, keys: &table.keys, binder: b, ttl: table.binder.schema.TTL}, nil
}

// Get returns what P has of the item under key. If there is none the error wraps
// [ErrNotFound]. Even that is unverified: any server can say it.
func (u *UnverifiedReader[P]) Get(ctx context.Context, key PrimaryKey, opts ...GetOption) (_ Unverified[P], err error) {
	defer u.core.tellRefused(ctx, opGet, &err)
	var none Unverified[P]
	var c call
	for _, opt := range opts {
		opt.applyGet(&c)
	}
	r := &refusals{op: opGet, table: u.core.name}
	hide := u.table.checkHideExpired(r, &c)
	u.check(r, &c)
	attributes := u.keys.attributes(r, key)
	if err := r.err(); err != nil {
		return none, err
	}
	in, err := u.core.sealGet(&dynamodb.GetItemInput{Key: attributes, ConsistentRead: ifTrue(c.consistent)})
	if err != nil {
		return none, err
	}
	p := u.projection("")
	if hide {
		p.add(u.ttl)
	}
	in.ProjectionExpression, in.ExpressionAttributeNames = p.addTo(nil)
	out, err := u.core.db.GetItem(ctx, in)
	if err != nil {
		return none, u.core.opError(opGet, err)
	}
	if len(out.Item) == 0 || hide && expired(out.Item, u.ttl, time.Now()) {
		return none, u.core.opError(opGet, ErrNotFound)
	}
	return u.open(opGet, "", out.Item)
}

// Query yields what P has of the items of one partition, as [Table.Query] does with
// the same options. Conditions and filters can say what they can there.
func (u *UnverifiedReader[P]) Query(ctx context.Context, key expression.KeyConditionBuilder, opts ...QueryOption) iter.Seq2[Unverified[P], error] {
	return func(yield func(Unverified[P], error) bool) {
		c := queryCall(opts)
		l, err := u.query(&c, key)
		u.core.tellRefused(ctx, opQuery, &err)
		list(ctx, u.core, &c, l, err, u.opener(l), yield)
	}
}

// QueryPages yields what Query does in pages, which are as for [Table.QueryPages].
func (u *UnverifiedReader[P]) QueryPages(ctx context.Context, key expression.KeyConditionBuilder, opts ...QueryOption) iter.Seq2[*Page[Unverified[P]], error] {
	return func(yield func(*Page[Unverified[P]], error) bool) {
		c := queryCall(opts)
		c.cursors = true
		l, err := u.query(&c, key)
		u.core.tellRefused(ctx, opQuery, &err)
		listPages(ctx, u.core, &c, l, err, u.opener(l), yield)
	}
}

// Scan yields what P has of all items, as [Table.Scan] does with the same options.
func (u *UnverifiedReader[P]) Scan(ctx context.Context, opts ...ScanOption) iter.Seq2[Unverified[P], error] {
	return func(yield func(Unverified[P], error) bool) {
		c := scanCall(opts)
		l, err := u.scan(&c)
		u.core.tellRefused(ctx, opScan, &err)
		list(ctx, u.core, &c, l, err, u.opener(l), yield)
	}
}

// ScanPages yields what Scan does in pages, which are as for [Table.QueryPages].
func (u *UnverifiedReader[P]) ScanPages(ctx context.Context, opts ...ScanOption) iter.Seq2[*Page[Unverified[P]], error] {
	return func(yield func(*Page[Unverified[P]], error) bool) {
		c := scanCall(opts)
		c.cursors = true
		l, err := u.scan(&c)
		u.core.tellRefused(ctx, opScan, &err)
		listPages(ctx, u.core, &c, l, err, u.opener(l), yield)
	}
}

// Format prints the types and the table's name, under every verb.
func (u *UnverifiedReader[P]) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "UnverifiedReader[%s](%q)", u.binder.schema.Type, u.core.name)
}

func (u *UnverifiedReader[P]) query(c *call, key expression.KeyConditionBuilder) (*listing, error) {
	r := &refusals{op: opQuery, table: u.core.name}
	if u.check(r, c); r.err() != nil {
		return nil, r.err()
	}
	c.projection = u.projection(c.index)
	return u.table.query(c, key, "")
}

func (u *UnverifiedReader[P]) scan(c *call) (*listing, error) {
	r := &refusals{op: opScan, table: u.core.name}
	if u.check(r, c); r.err() != nil {
		return nil, r.err()
	}
	c.projection = u.projection(c.index)
	return u.table.scan(c, "")
}

// check refuses what would mean that something is decrypted.
func (u *UnverifiedReader[P]) check(r *refusals, c *call) {
	if c.encryptor != nil {
		r.add("WithEncryptor is given, but an unverified read decrypts nothing")
	}
}

// opener returns what gives the items of l their type. l is nil if there is none.
func (u *UnverifiedReader[P]) opener(l *listing) func(context.Context, item) (Unverified[P], error) {
	return func(_ context.Context, stored item) (Unverified[P], error) { return u.open(l.op, l.index, stored) }
}

// open gives a stored item its type. Its error is an *ItemError.
func (u *UnverifiedReader[P]) open(op, index string, stored item) (v Unverified[P], err error) {
	if err := u.binder.decode(stored, &v.projection); err != nil {
		return Unverified[P]{}, u.core.listedError(op, index, stored, err)
	}
	return v, nil
}

// projection returns what is asked of an index, or of the table if index is empty:
// what P has, and the keys, from which positions and errors are made.
func (u *UnverifiedReader[P]) projection(index string) *projection {
	p := &projection{}
	for _, a := range u.binder.schema.Attributes {
		p.add(a.Name)
	}
	for _, k := range u.core.shape.positionKeys(index) {
		p.add(k.name)
	}
	return p
}

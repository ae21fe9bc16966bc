package ddbenc

import (
	"context"
	"errors"
	"iter"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc/crypt"
)

// A listing is a query or scan that was checked.
type listing struct {
	op        string
	index     string // name of the index that is read, or empty
	partition item   // attribute that every item has, of a query; nil of a scan
	whole     bool   // all attributes were demanded

	// fetch asks for the page that begins behind start, or for the first one
	// if start is nil.
	fetch func(ctx context.Context, start item) (page, error)
}

// A page is one answer of Query or Scan.
type page struct {
	items []item // as stored
	count int
	next  item // where the next page begins, nil after the last one
}

// query checks in. No request is made yet.
func (c *core) query(in *dynamodb.QueryInput) (*listing, error) {
	sealed, partition, err := c.sealQuery(in)
	if err != nil {
		return nil, err
	}
	return &listing{op: opQuery, index: deref(in.IndexName), partition: partition, whole: demandsAll(sealed.Select), fetch: func(ctx context.Context, start item) (page, error) {
		in := *sealed
		if start != nil {
			in.ExclusiveStartKey = start
		}
		out, err := c.db.Query(ctx, &in)
		if err != nil {
			return page{}, c.opError(opQuery, err)
		}
		return page{items: out.Items, count: int(out.Count), next: out.LastEvaluatedKey}, nil
	}}, nil
}

// scan checks in. No request is made yet.
func (c *core) scan(in *dynamodb.ScanInput) (*listing, error) {
	sealed, err := c.sealScan(in)
	if err != nil {
		return nil, err
	}
	return &listing{op: opScan, index: deref(in.IndexName), whole: demandsAll(sealed.Select), fetch: func(ctx context.Context, start item) (page, error) {
		in := *sealed
		if start != nil {
			in.ExclusiveStartKey = start
		}
		out, err := c.db.Scan(ctx, &in)
		if err != nil {
			return page{}, c.opError(opScan, err)
		}
		return page{items: out.Items, count: int(out.Count), next: out.LastEvaluatedKey}, nil
	}}, nil
}

// errStuck reports an endless list of pages.
var errStuck = errors.New("ddbenc: the server returned the same page key twice in a row")

// pages yields page after page. An error ends it.
func (c *core) pages(ctx context.Context, l *listing) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		var start item
		for {
			p, err := l.fetch(ctx, start)
			if err == nil && len(p.next) > 0 && sameKey(start, p.next) {
				err = c.opError(l.op, errStuck)
			}
			if err != nil {
				yield(page{}, err)
				return
			}
			if !yield(p, nil) || len(p.next) == 0 {
				return
			}
			start = p.next
		}
	}
}

// items yields item after item, verified and decrypted, up to ahead of them at
// the same time and before the loop reaches them. After an *ItemError the loop may
// go on; any other error ends it.
func (c *core) items(ctx context.Context, enc crypt.Encryptor, l *listing, ahead int) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		for p, err := range c.pages(ctx, l) {
			if err != nil {
				yield(nil, err)
				return
			}
			open := func(ctx context.Context, stored item) (item, error) { return c.openListed(ctx, enc, l, stored) }
			for it, err := range inOrder(ctx, p.items, ahead, open) {
				if ctx.Err() != nil {
					yield(nil, c.opError(l.op, ctx.Err()))
					return
				}
				if !yield(it, err) {
					return
				}
			}
		}
	}
}

// openListed opens one item of a listing. A genuine item of another partition
// than the one that was queried is refused.
func (c *core) openListed(ctx context.Context, enc crypt.Encryptor, l *listing, stored item) (item, error) {
	return c.openIf(ctx, enc, l.op, l.index, stored, func(plain item) error {
		if l.index != "" && !l.whole && readsPlaintext(enc) && looksPlain(stored) {
			return ErrNotSigned // it may be a part of an encrypted item
		}
		for name, v := range l.partition {
			if !sameScalar(v, plain[name]) {
				return ErrVerify
			}
		}
		return nil
	})
}

// count adds up the pages of a listing that counts, to limit at most if limit
// is over 0.
func (c *core) count(ctx context.Context, l *listing, limit int) (int, error) {
	n := 0
	for p, err := range c.pages(ctx, l) {
		if err != nil {
			return 0, err
		}
		n += p.count
		if limit > 0 && n >= limit {
			return limit, nil
		}
	}
	return n, nil
}

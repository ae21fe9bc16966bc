package ddbenc

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc/crypt"
)

// A listing is a query or scan that was checked.
type listing struct {
	op        string
	index     string    // name of the index that is read, or empty
	partition item      // attribute that every item has, of a query; nil of a scan
	whole     bool      // all attributes were demanded
	keys      []keyAttr // what a position has: the keys of the table and the index, by name
	start     item      // where to begin behind, or nil
	cursors   bool      // whether positions are made of what the server returns
	binding   binding   // of the cursors
	spread              // what is read at the same time

	// fetch asks for the page that begins behind start, or for the first one
	// if start is nil. segment has no meaning if the listing has none.
	fetch func(ctx context.Context, start item, segment int) (page, error)
}

// A page is one answer of Query or Scan.
type page struct {
	items []item // as stored
	count int
	next  item // where the next page begins, nil after the last one
}

// query checks in. No request is made yet. A projection is not checked.
func (c *core) query(in *dynamodb.QueryInput, p *projection) (*listing, error) {
	sealed, partition, err := c.sealQuery(in)
	if err != nil {
		return nil, err
	}
	if p != nil {
		sealed.ProjectionExpression, sealed.ExpressionAttributeNames = p.addTo(sealed.ExpressionAttributeNames)
		sealed.Select = "" // DynamoDB takes no other one together with it
	}
	l := c.listing(opQuery, in.IndexName, in.ExclusiveStartKey)
	l.partition, l.whole = partition, demandsAll(sealed.Select)
	l.fetch = func(ctx context.Context, start item, _ int) (page, error) {
		in := *sealed
		in.ExclusiveStartKey = start
		out, err := c.db.Query(ctx, &in)
		if err != nil {
			return page{}, c.opError(opQuery, err)
		}
		return page{items: out.Items, count: int(out.Count), next: out.LastEvaluatedKey}, nil
	}
	return l, nil
}

// scan checks in. No request is made yet. A projection is not checked.
func (c *core) scan(in *dynamodb.ScanInput, p *projection) (*listing, error) {
	sealed, err := c.sealScan(in)
	if err != nil {
		return nil, err
	}
	if p != nil {
		sealed.ProjectionExpression, sealed.ExpressionAttributeNames = p.addTo(sealed.ExpressionAttributeNames)
		sealed.Select = ""
	}
	l := c.listing(opScan, in.IndexName, in.ExclusiveStartKey)
	l.whole = demandsAll(sealed.Select)
	l.fetch = func(ctx context.Context, start item, segment int) (page, error) {
		in := *sealed
		in.ExclusiveStartKey = start
		if l.segments > 0 {
			in.Segment, in.TotalSegments = aws.Int32(int32(segment)), aws.Int32(int32(l.segments))
		}
		out, err := c.db.Scan(ctx, &in)
		if err != nil {
			return page{}, c.opError(opScan, err)
		}
		return page{items: out.Items, count: int(out.Count), next: out.LastEvaluatedKey}, nil
	}
	return l, nil
}

func (c *core) listing(op string, index *string, start item) *listing {
	return &listing{op: op, index: deref(index), start: start, keys: c.shape.positionKeys(deref(index))}
}

// What a server can't mean by the key behind a page.
var (
	errStuck   = fmt.Errorf("%w: the server returned the same page key again", ErrMalformed)
	errPageKey = fmt.Errorf("%w: the server returned a page key with other attributes than the keys of the table and index that are declared", ErrMalformed)
)

// pages yields page after page, of all segments. An error ends it.
func (c *core) pages(ctx context.Context, l *listing) iter.Seq2[page, error] {
	if l.lists() == 0 {
		return c.pagesOf(ctx, l, l.segment)
	}
	return func(yield func(page, error) bool) {
		for p, err := range merged(ctx, l.lists(), l.inTurn, func(ctx context.Context, i int) iter.Seq2[page, error] {
			return c.pagesOf(ctx, l, l.segment+i)
		}) {
			if err != nil && err == ctx.Err() {
				err = c.opError(l.op, err)
			}
			if !yield(p, err) {
				return
			}
		}
	}
}

// pagesOf yields page after page of one segment. An error ends it.
func (c *core) pagesOf(ctx context.Context, l *listing, segment int) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		var seen cycle
		for start := l.start; ; {
			if start != nil && seen.closes(start) {
				yield(page{}, c.opError(l.op, errStuck))
				return
			}
			p, err := l.fetch(ctx, start, segment)
			if err == nil && len(p.next) > 0 && !l.takes(p.next) {
				err = c.opError(l.op, errPageKey)
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

// A cycle notices when a sequence of page keys comes back to one that it had. A
// server that goes on like that would be asked for ever. It is Brent's algorithm,
// which keeps one key: one that is marked at every power of two is met again at
// the latest when the sequence has three times the length of its part that does
// not repeat and one round. Keys of an honest server never repeat, since each page
// begins behind the last one in the order of the table.
type cycle struct {
	mark         item
	steps, limit int // since mark, until the next
}

// closes reports whether key was seen to come again.
func (c *cycle) closes(key item) bool {
	if c.mark != nil && sameKey(c.mark, key) {
		return true
	}
	if c.steps == c.limit {
		c.mark, c.steps, c.limit = key, 0, max(1, 2*c.limit)
	}
	c.steps++
	return false
}

// positionKeys returns the attributes of a position in an index, or in the table
// if index is empty: the primary key and the key of the index, by name.
func (s *shape) positionKeys(index string) []keyAttr {
	keys, _ := s.keysOf(index)
	all := slices.Concat(s.keys, keys)
	slices.SortFunc(all, func(a, b keyAttr) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(all, func(a, b keyAttr) bool { return a.name == b.name })
}

// takes reports whether next can be a key behind a page. Where no cursor is made of
// it, it may have attributes that are not declared, of an index whose sort key the
// type does not have. What can't be a key at all could not be compared with others.
func (l *listing) takes(next item) bool {
	if l.cursors {
		return isPosition(l.keys, next)
	}
	for _, v := range next {
		if !(keyAttr{}).takes(v) {
			return false
		}
	}
	return true
}

// isPosition reports whether it has the attributes keys, with values that they
// can have, and no others.
func isPosition(keys []keyAttr, it item) bool {
	return len(it) == len(keys) && !slices.ContainsFunc(keys, func(k keyAttr) bool { return k.problem(it[k.name]) != "" })
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

// A projection is the attributes that an unverified read asks for, whole ones.
type projection struct {
	names []string
}

// add adds an attribute, unless it is there.
func (p *projection) add(name string) {
	if !slices.Contains(p.names, name) {
		p.names = append(p.names, name)
	}
}

// addTo returns the projection's expression and the names of a request together
// with its own, which begin with #p, as those of package expression don't.
func (p *projection) addTo(names map[string]string) (*string, map[string]string) {
	names = maps.Clone(names)
	if names == nil {
		names = make(map[string]string, len(p.names))
	}
	placeholders := make([]string, len(p.names))
	for i, name := range p.names {
		placeholders[i] = "#p" + strconv.Itoa(i)
		names[placeholders[i]] = name
	}
	text := strings.Join(placeholders, ", ")
	return &text, names
}

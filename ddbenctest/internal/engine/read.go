package engine

import (
	"iter"
	"slices"
	"strings"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine/keys"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine/ordered"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// maxPage is how many bytes of items a query or scan reads for one page.
const maxPage = 1 << 20

// A ReadRequest holds what Query and Scan have in common.
type ReadRequest struct {
	Request
	IndexName           *string `check:"pattern=name,min=3,max=255"`
	Select              string  `check:"enum=SPECIFIC_ATTRIBUTES|COUNT|ALL_ATTRIBUTES|ALL_PROJECTED_ATTRIBUTES"`
	ConsistentRead      *bool
	ExclusiveStartKey   attr.Item
	FilterExpression    *string
	ConditionalOperator string `check:"enum=OR|AND"`
	Projected
	Placeholders
}

// ReadOutput has the results of Query and Scan.
type ReadOutput struct {
	Items            []attr.Item // nil when only a count was asked for
	Count            int
	ScannedCount     int
	LastEvaluatedKey attr.Item
	ConsumedCapacity *ConsumedCapacity
}

// A source is what a query or scan reads: a table or one of its indexes.
type source struct {
	table   *table
	index   *index // nil for the table itself
	records *ordered.Map[*record]
	key     keySchema
}

// source returns what the request reads. The caller holds the table's lock.
func (r *ReadRequest) source(t *table) (source, error) {
	if t.dropped {
		return source{}, &Error{Code: ResourceNotFound, Message: "Requested resource not found"}
	}
	if r.IndexName == nil {
		return source{table: t, records: &t.items, key: t.key}, nil
	}
	x := t.index(*r.IndexName)
	if x == nil {
		return source{}, invalid("The table does not have the specified index: %s", *r.IndexName)
	}
	if x.global && isTrue(r.ConsistentRead) {
		return source{}, invalid("Consistent reads are not supported on global secondary indexes")
	}
	return source{table: t, index: x, records: &x.entries, key: x.key}, nil
}

// keyAttributes returns the attributes that tell where a page ended: the key of
// the source and, for an index, that of the table.
func (s source) keyAttributes() []KeyAttribute {
	attributes := s.key.attributes()
	if s.index != nil {
		for _, a := range s.table.key.attributes() {
			if !s.key.has(a.Name) {
				attributes = append(attributes, a)
			}
		}
	}
	return attributes
}

// position returns the key to start after, for the request's ExclusiveStartKey.
func (s source) position(start attr.Item) (string, error) {
	attributes := s.keyAttributes()
	mismatch := "The provided starting key is invalid"
	if s.index == nil {
		mismatch = "The provided starting key is invalid: The provided key element does not match the schema"
	}
	if len(start) != len(attributes) {
		return "", invalid("%s", mismatch)
	}
	for _, a := range attributes {
		v, ok := start[a.Name]
		if !ok || v.Kind != a.Kind {
			return "", invalid("%s", mismatch)
		}
		if err := checkKeyValue(a.Name, v, a.Name == s.key.partition.Name || a.Name == s.table.key.partition.Name); err != nil {
			return "", invalid("The provided starting key is invalid: %s", AsError(err).Message)
		}
	}
	key, _ := s.key.storageKey(start)
	if s.index != nil {
		base, _ := s.table.key.storageKey(start)
		key = append(key, base...)
	}
	return string(key), nil
}

// A page is one page of a query or scan that is ready to be read.
type page struct {
	source
	from, to   string // the keys at or after from and before to; "" as to is the end
	backward   bool
	limit      int // items to read at most; 0 for no limit
	filter     *condition
	projection projection
	fetch      bool // return whole items from the table, for an index without them
	count      bool // count, don't return
	consistent bool

	unprojected []string // attributes that the filter looks at and the index does not hold
}

// after moves the beginning of the page behind the key of the item that the page
// before it ended with.
func (p *page) after(position string) {
	if p.backward {
		p.to = position
	} else {
		p.from = position + "\x00"
	}
}

// read reads the page. The caller holds the table's lock.
func (p *page) read(mode string) *ReadOutput {
	out := &ReadOutput{}
	if !p.count {
		out.Items = []attr.Item{}
	}
	var last *record
	read, size, fetched, fetchedUnits := 0, 0, 0, 0.0
	full := false
	visit := func(key string, r *record) bool {
		if p.backward && key < p.from || !p.backward && p.to != "" && key >= p.to {
			return false
		}
		if size+fetched >= maxPage { // there is more than fits
			full = true
			return false
		}
		last = r
		read++
		size += r.size
		whole := r
		if p.fetch || p.unprojected != nil {
			whole, _ = p.table.items.Get(r.base)
		}
		if p.fetch {
			r = whole
			fetched += r.size
			fetchedUnits += readUnits(r.size, p.consistent)
		}
		if p.filter.holds(whole) {
			out.Count++
			if !p.count {
				out.Items = append(out.Items, p.projection.of(r.item))
			}
		}
		full = read == p.limit // whether or not there is more
		return !full
	}
	if p.backward {
		p.records.Descend(p.to, visit) // a query's bounds are never open
	} else {
		p.records.Ascend(p.from, visit)
	}
	out.ScannedCount = read
	if full {
		out.LastEvaluatedKey = p.keyOf(last.item)
	}
	m := meter{table: p.table}
	units := readUnits(size, p.consistent)
	if p.index == nil {
		m.units = units
	} else {
		m.index(p.index, units)
		m.units = fetchedUnits
	}
	out.ConsumedCapacity = m.result(mode)
	return out
}

// keyOf returns the attributes of item that tell where a page ended.
func (s source) keyOf(item attr.Item) attr.Item {
	key := attr.Item{}
	for _, a := range s.keyAttributes() {
		key[a.Name] = item[a.Name]
	}
	return key
}

// page checks what a request selects against what its source holds, and returns
// the page without its bounds.
func (r *ReadRequest) page(s source, limit *int, filter *condition, list projection) (*page, error) {
	p := &page{source: s, filter: filter, projection: list, consistent: isTrue(r.ConsistentRead), count: r.Select == "COUNT"}
	if limit != nil {
		p.limit = *limit
	}
	x := s.index
	partial := x != nil && x.projected != nil
	if r.Select == "ALL_ATTRIBUTES" && partial {
		if x.global {
			return nil, invalidParameter("Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", x.name)
		}
		p.fetch = true
	}
	if !partial {
		return p, nil
	}
	asked := x.missing(expr.ProjectionRefs(list))
	switch {
	case len(asked) == 0:
	case x.global:
		return nil, invalidParameter("Global secondary index %s does not project [%s]", x.name, strings.Join(asked, ", "))
	default:
		p.fetch = true
	}
	if filter != nil {
		p.unprojected = x.missing(expr.ConditionRefs(filter.tree))
	}
	return p, nil
}

// missing lists the attributes that are mentioned and that the index does not
// hold.
func (x *index) missing(refs iter.Seq[expr.Ref]) []string {
	var names []string
	for ref := range refs {
		if name := ref.Path.Root(); !x.projected[name] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// checkSelect refuses combinations of Select with a projection.
func (r *ReadRequest) checkSelect() error {
	given := "ProjectionExpression"
	if r.AttributesToGet != nil {
		given = "AttributesToGet"
	}
	projected := r.ProjectionExpression != nil || r.AttributesToGet != nil
	switch {
	case r.Select == "ALL_PROJECTED_ATTRIBUTES" && r.IndexName == nil:
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	case projected && r.Select == "COUNT":
		return invalid("Cannot specify the %s when choosing to get only the Count", given)
	case projected && r.Select == "COUNT":
		return invalid("Cannot specify the %s when choosing to get only the Count", given)
	case projected && r.Select != "" && r.Select != "SPECIFIC_ATTRIBUTES":
		return invalid("Cannot specify the %s when choosing to get %s", given, r.Select)
	case r.Select == "SPECIFIC_ATTRIBUTES" && !projected:
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	}
	return nil
}

// within reports whether position lies in the page's bounds.
func (p *page) within(position string) bool {
	return position >= p.from && (p.to == "" || position < p.to)
}

// segment bounds the page to a segment of a parallel scan.
func (p *page) segment(i, total int) {
	p.from, p.to = keys.Segment(i, total)
}

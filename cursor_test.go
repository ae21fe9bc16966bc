package ddbenc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// pagedAdmissions opens a table with n visits of p-1, every second one of clinic west,
// and a few of p-2.
func pagedAdmissions(t *testing.T, n int) *ddbenc.Table[Admission] {
	table := newTable[Admission](t, engine(t))
	for i := range n {
		a := Admission{ID: "p-1", Visit: visitAt(i), Name: fmt.Sprint("Ada ", i), Clinic: []string{"west", "east"}[i%2], Rank: 10 - i, Views: i}
		if err := table.Put(t.Context(), &a); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			a.ID = "p-2"
			if err := table.Put(t.Context(), &a); err != nil {
				t.Fatal(err)
			}
		}
	}
	return table
}

// A paged is one query or scan in both its forms.
type paged struct {
	name  string
	all   func(opts ...ddbenc.ListOption) iter.Seq2[Admission, error]
	pages func(opts ...ddbenc.ListOption) iter.Seq2[*ddbenc.Page[Admission], error]
}

func pagedQuery(ctx context.Context, name string, table *ddbenc.Table[Admission], key expression.KeyConditionBuilder, opts ...ddbenc.QueryOption) paged {
	with := func(more []ddbenc.ListOption) []ddbenc.QueryOption {
		all := slices.Clone(opts)
		for _, o := range more {
			all = append(all, o)
		}
		return all
	}
	return paged{name,
		func(more ...ddbenc.ListOption) iter.Seq2[Admission, error] {
			return table.Query(ctx, key, with(more)...)
		},
		func(more ...ddbenc.ListOption) iter.Seq2[*ddbenc.Page[Admission], error] {
			return table.QueryPages(ctx, key, with(more)...)
		}}
}

func pagedScan(ctx context.Context, name string, table *ddbenc.Table[Admission], opts ...ddbenc.ScanOption) paged {
	with := func(more []ddbenc.ListOption) []ddbenc.ScanOption {
		all := slices.Clone(opts)
		for _, o := range more {
			all = append(all, o)
		}
		return all
	}
	return paged{name,
		func(more ...ddbenc.ListOption) iter.Seq2[Admission, error] { return table.Scan(ctx, with(more)...) },
		func(more ...ddbenc.ListOption) iter.Seq2[*ddbenc.Page[Admission], error] {
			return table.ScanPages(ctx, with(more)...)
		}}
}

// Pages of any size, gone on with behind any item, have what one loop has, in its
// order, on the table and on indexes, up and down, with filters.
func TestPagesEqualOneLoop(t *testing.T) {
	ctx := t.Context()
	const visits = 6
	table := pagedAdmissions(t, visits)
	west := expression.Key("clinic").Equal(expression.Value("west"))
	few := ddbenc.Filter(expression.Name("views").LessThan(expression.Value(4)))
	for _, q := range []paged{
		pagedQuery(ctx, "query", table, ofAda),
		pagedQuery(ctx, "query down", table, ofAda, ddbenc.Descending()),
		pagedQuery(ctx, "query with a filter", table, ofAda, few),
		pagedQuery(ctx, "query a range down", table, ofAda.And(expression.Key("visit").GreaterThan(expression.Value(visitAt(1).Unix()))), ddbenc.Descending()),
		pagedQuery(ctx, "query a global index", table, west, ddbenc.Index("by-clinic")),
		pagedQuery(ctx, "query a global index down, with a filter", table, west, ddbenc.Index("by-clinic"), ddbenc.Descending(), few),
		pagedQuery(ctx, "query a local index", table, ofAda, ddbenc.Index("by-rank"), ddbenc.ConsistentRead()),
		pagedQuery(ctx, "query a local index down", table, ofAda, ddbenc.Index("by-rank"), ddbenc.Descending(), ddbenc.FetchAhead()),
		pagedScan(ctx, "scan", table),
		pagedScan(ctx, "scan with a filter", table, few, ddbenc.FetchAhead()),
		pagedScan(ctx, "scan of an index", table, ddbenc.Index("by-clinic")),
		pagedScan(ctx, "scan of a segment", table, ddbenc.Segment(0, 2)),
		pagedScan(ctx, "scan of the other segment", table, ddbenc.Segment(1, 2), ddbenc.FetchAhead()),
	} {
		t.Run(q.name, func(t *testing.T) {
			want, err := collect(q.all())
			if err != nil || len(want) < 2 && !strings.Contains(q.name, "segment") {
				t.Fatalf("%d items, %v", len(want), err)
			}
			same := func(what string, got []Admission, err error) {
				t.Helper()
				if err != nil || !slices.EqualFunc(want, got, func(a, b Admission) bool { return reflect.DeepEqual(a, b) }) {
					t.Errorf("%s: got %d items %v, %v, want %d", what, len(got), got, err, len(want))
				}
			}
			for size := 1; size <= visits; size++ {
				page, err := ddbenc.OnePage(q.pages(ddbenc.PageSize(size)))
				if err != nil {
					t.Fatal(err)
				}
				if !page.Next.IsZero() {
					t.Errorf("pages of %d: the last one has a Next", size)
				}
				same(fmt.Sprintf("pages of %d", size), page.Items, nil)
				for i := range page.Items {
					rest, err := collect(q.all(ddbenc.Resume(page.After(i))))
					same(fmt.Sprintf("pages of %d, behind item %d", size, i), append(slices.Clone(page.Items[:i+1]), rest...), err)
				}

				var got []Admission
				for next, first := (ddbenc.Cursor{}), true; first || !next.IsZero(); first = false {
					page, err := ddbenc.OnePage(q.pages(ddbenc.Limit(size), ddbenc.Resume(next)))
					if err != nil {
						t.Fatal(err)
					}
					if len(page.Items) != size && !page.Next.IsZero() {
						t.Errorf("a page limited to %d has %d items and more to come", size, len(page.Items))
					}
					got, next = append(got, page.Items...), page.Next
				}
				same(fmt.Sprintf("limited to %d", size), got, nil)
			}
		})
	}
}

// The sealed and the stored form are as good as the cursor itself.
func TestCursorText(t *testing.T) {
	ctx := t.Context()
	table := pagedAdmissions(t, 3)
	page, err := ddbenc.OnePage(table.QueryPages(ctx, ofAda))
	if err != nil {
		t.Fatal(err)
	}
	type saved struct {
		At   ddbenc.Cursor `json:"at"`
		Done ddbenc.Cursor `json:"done,omitzero"`
	}
	text, err := json.Marshal(saved{At: page.After(0)})
	if err != nil {
		t.Fatal(err)
	}
	var back saved
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.At != page.After(0) || back.At == page.After(1) || !back.Done.IsZero() || strings.Contains(string(text), "done") {
		t.Errorf("%s became another cursor", text)
	}
	rest, err := collect(table.Query(ctx, ofAda, ddbenc.Resume(back.At)))
	if err != nil || len(rest) != 2 || !rest[0].Visit.Equal(visitAt(1)) {
		t.Errorf("got %v, %v", rest, err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, page.After(0)); got != "Cursor(REDACTED)" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if got := page.After(0).LogValue().String(); got != "Cursor(REDACTED)" {
		t.Errorf("logs have %s", got)
	}
}

// storedCursor was written by the first version, and must be read by each later one.
const storedCursor = "ARJWxGEO_uipA4G4YR_DIGOjn7UNy8frzDDdTVVkdaS7AgpwYXRpZW50X2lkUwNwLTEFdmlzaXROCjE3MDAwMDAwMDE" // of the query in TestStoredCursor

func TestStoredCursor(t *testing.T) {
	db := twoPages(t)
	for page, err := range openAdmissions(t, db).QueryPages(t.Context(), ofAda.And(expression.Key("visit").LessThan(expression.Value(1_800_000_000))),
		ddbenc.Descending(), ddbenc.Filter(expression.Name("views").In(expression.Value(0), expression.Value(1)).Not())) {
		if err != nil {
			t.Fatal(err)
		}
		text, err := page.After(0).MarshalText()
		if err != nil || string(text) != storedCursor {
			t.Errorf("the cursor is now %s, %v", text, err)
		}
		break
	}
}

// A cursor fits the query that it is from, however that is spelled, and no other.
func TestCursorIsBound(t *testing.T) {
	ctx := t.Context()
	key := func(name string, v any) expression.KeyConditionBuilder {
		return expression.Key(name).Equal(expression.Value(v))
	}
	views := func(v any) expression.ConditionBuilder {
		return expression.Name("views").GreaterThan(expression.Value(v))
	}
	type q = func(*ddbenc.Table[Admission], ...ddbenc.ListOption) iter.Seq2[*ddbenc.Page[Admission], error]
	query := func(key expression.KeyConditionBuilder, opts ...ddbenc.QueryOption) q {
		return func(table *ddbenc.Table[Admission], more ...ddbenc.ListOption) iter.Seq2[*ddbenc.Page[Admission], error] {
			return pagedQuery(ctx, "", table, key, opts...).pages(more...)
		}
	}
	scan := func(opts ...ddbenc.ScanOption) q {
		return func(table *ddbenc.Table[Admission], more ...ddbenc.ListOption) iter.Seq2[*ddbenc.Page[Admission], error] {
			return pagedScan(ctx, "", table, opts...).pages(more...)
		}
	}
	number := func(s string) types.AttributeValue { return n(s) }
	west := key("clinic", "west")
	all := []struct {
		name string
		q    q
	}{
		{"of p-1", query(ofAda)},
		{"of p-2", query(key("patient_id", "p-2"))},
		{"down", query(ofAda, ddbenc.Descending())},
		{"a range", query(ofAda.And(expression.Key("visit").GreaterThan(expression.Value(1))))},
		{"another range", query(ofAda.And(expression.Key("visit").GreaterThan(expression.Value(2))))},
		{"the other direction of it", query(ofAda.And(expression.Key("visit").LessThan(expression.Value(2))))},
		{"a filter", query(ofAda, ddbenc.Filter(views(1)))},
		{"another filter", query(ofAda, ddbenc.Filter(views(2)))},
		{"a filter of another attribute", query(ofAda, ddbenc.Filter(expression.Name("rank").GreaterThan(expression.Value(1))))},
		{"a filter of an element", query(ofAda, ddbenc.Filter(expression.Name("views[1]").GreaterThan(expression.Value(1))))},
		{"two filters", query(ofAda, ddbenc.Filter(views(1)), ddbenc.Filter(views(2)))},
		{"either filter", query(ofAda, ddbenc.Filter(views(1).Or(views(2))))},
		{"not that filter", query(ofAda, ddbenc.Filter(views(1).Not()))},
		{"a list", query(ofAda, ddbenc.Filter(expression.Name("views").In(expression.Value(1), expression.Value(2))))},
		{"between", query(ofAda, ddbenc.Filter(expression.Name("views").Between(expression.Value(1), expression.Value(2))))},
		{"a function", query(ofAda, ddbenc.Filter(expression.Name("views").AttributeExists()))},
		{"its opposite", query(ofAda, ddbenc.Filter(expression.Name("views").AttributeNotExists()))},
		{"size", query(ofAda, ddbenc.Filter(expression.Name("name").Size().GreaterThan(expression.Value(1))))},
		{"an index", query(west, ddbenc.Index("by-clinic"))},
		{"another index", query(ofAda, ddbenc.Index("by-rank"))},
		{"scan", scan()},
		{"scan of an index", scan(ddbenc.Index("by-clinic"))},
		{"scan of a segment", scan(ddbenc.Segment(0, 2))},
		{"scan of the other segment", scan(ddbenc.Segment(1, 2))},
		{"scan of one of more segments", scan(ddbenc.Segment(0, 3))},
	}
	page := func() *fake {
		return &fake{pages: [][]avItem{{stored(t, Admission{ID: "p-1", Visit: visitAt(1), Clinic: "west", Rank: 1})}}}
	}
	first := func(pages iter.Seq2[*ddbenc.Page[Admission], error]) (*ddbenc.Page[Admission], error) {
		for p, err := range pages {
			return p, err
		}
		return nil, errors.New("no page")
	}
	for i, from := range all {
		db := page()
		if i == 1 { // or it is no item of the partition
			db.pages[0][0] = stored(t, Admission{ID: "p-2", Visit: visitAt(1)})
		}
		p, err := first(from.q(openAdmissions(t, db)))
		if err != nil {
			t.Fatal(from.name, err)
		}
		for j, to := range all {
			db := &fake{}
			_, err := ddbenc.OnePage(to.q(openAdmissions(t, db), ddbenc.Resume(p.After(0)), ddbenc.PageSize(3), ddbenc.Limit(7), ddbenc.DecryptAhead(2)))
			switch {
			case i == j && (err != nil || db.calls != 1):
				t.Errorf("%s: %d calls, %v", from.name, db.calls, err)
			case i != j && (!errors.Is(err, ddbenc.ErrCursor) || db.calls != 0):
				t.Errorf("the cursor of %s, used for %s: %d calls, %v", from.name, to.name, db.calls, err)
			}
			if i != j {
				checkNoValues(t, err)
			}
		}
		other := must(ddbenc.NewTable[Admission](&fake{}, "patients-2", crypt.NewDDBEC(testProvider)))
		if _, err := ddbenc.OnePage(from.q(other, ddbenc.Resume(p.After(0)))); !errors.Is(err, ddbenc.ErrCursor) {
			t.Errorf("the cursor of %s, used for another table: %v", from.name, err)
		}
	}

	// The same query in other words.
	p, err := first(query(ofAda, ddbenc.Filter(views(number("1e1"))))(openAdmissions(t, page())))
	if err != nil {
		t.Fatal(err)
	}
	again := query(expression.KeyEqual(expression.Key("patient_id"), expression.Value(s("p-1"))), ddbenc.ConsistentRead(), ddbenc.Filter(expression.ConditionBuilder{}), ddbenc.Filter(views(number("10"))))
	if _, err := ddbenc.OnePage(again(openAdmissions(t, &fake{}), ddbenc.Resume(p.After(0)))); err != nil {
		t.Error(err)
	}
}

func TestBadCursors(t *testing.T) {
	ctx := t.Context()
	page, err := ddbenc.OnePage(openAdmissions(t, twoPages(t)).QueryPages(ctx, ofAda, ddbenc.Limit(1)))
	if err != nil {
		t.Fatal(err)
	}
	good := string(must(page.Next.MarshalText()))
	for _, text := range []string{"A", "AQ", good[:len(good)-1], good[:len(good)-4], good + "A", good + "AAAA", good + "\n", "\n" + good, "Ag" + good[2:], good + "=", strings.Repeat("A", 1<<20)} {
		c := page.Next
		err := c.UnmarshalText([]byte(text))
		if !errors.Is(err, ddbenc.ErrCursor) || c != page.Next {
			t.Errorf("%.80q gives %v", text, err)
		}
	}
	db := &fake{}
	table := openAdmissions(t, db)
	for _, opts := range [][]ddbenc.QueryOption{
		{ddbenc.Resume(page.Next), ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(1)})},
		{ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(1)}), ddbenc.Resume(ddbenc.Cursor{})},
	} {
		if _, err := table.QueryCount(ctx, ofAda, opts...); !errors.Is(err, ddbenc.ErrRefused) || !strings.Contains(err.Error(), "exclude each other") {
			t.Error(err)
		}
	}
	if db.calls != 0 {
		t.Errorf("%d calls", db.calls)
	}
	if _, err := table.QueryCount(ctx, ofAda, ddbenc.Resume(page.Next)); err != nil || !reflect.DeepEqual(db.queries[0].ExclusiveStartKey, avItem{"patient_id": s("p-1"), "visit": n("1700000001")}) {
		t.Errorf("%v, from %v", err, db.queries)
	}
}

// What can't be read neither stops the pages, if that is wished, nor hides from
// them, nor keeps a loop from going on.
func TestPagesWithBadItems(t *testing.T) {
	ctx := t.Context()
	bad := func() *fake {
		db := twoPages(t)
		db.pages[0][1] = with(db.pages[0][1], "name", s("Eve"))
		return db
	}
	visits := func(p *ddbenc.Page[Admission]) (v []int64) {
		for _, a := range p.Items {
			v = append(v, a.Visit.Unix()-1_700_000_000)
		}
		return v
	}
	start := func(c ddbenc.Cursor) string {
		db := &fake{}
		if _, err := openAdmissions(t, db).QueryCount(ctx, ofAda, ddbenc.Resume(c)); err != nil {
			t.Fatal(err)
		}
		return db.queries[0].ExclusiveStartKey["visit"].(*types.AttributeValueMemberN).Value
	}

	page, err := ddbenc.OnePage(openAdmissions(t, bad()).QueryPages(ctx, ofAda, ddbenc.ContinueOnItemError()))
	if err != nil || !slices.Equal(visits(page), []int64{1, 3, 4}) || len(page.Errs) != 1 || !errors.Is(page.Errs[0], ddbenc.ErrVerify) || !page.Next.IsZero() {
		t.Errorf("going on: %v, %v", page, err)
	}
	if got := start(page.After(1)); got != "1700000003" {
		t.Errorf("behind the second item is %s", got)
	}

	page, err = ddbenc.OnePage(openAdmissions(t, bad()).QueryPages(ctx, ofAda, ddbenc.ContinueOnItemError(), ddbenc.Limit(2)))
	if err != nil || !slices.Equal(visits(page), []int64{1}) || len(page.Errs) != 1 || start(page.Next) != "1700000002" {
		t.Errorf("limited to 2: %v, %v", page, err)
	}

	var pages []*ddbenc.Page[Admission]
	err = nil
	for p, e := range openAdmissions(t, bad()).QueryPages(ctx, ofAda) {
		if e != nil {
			if err = e; p != nil {
				t.Error("a page with an error")
			}
			continue
		}
		pages = append(pages, p)
	}
	if !errors.Is(err, ddbenc.ErrVerify) || len(pages) != 1 || !slices.Equal(visits(pages[0]), []int64{1}) || start(pages[0].Next) != "1700000001" {
		t.Errorf("stopping: %v, %v", pages, err)
	}
	if page, err := ddbenc.OnePage(openAdmissions(t, bad()).QueryPages(ctx, ofAda)); page != nil || !errors.Is(err, ddbenc.ErrVerify) {
		t.Errorf("one page: %v, %v", page, err)
	}
}

// What no cursor can be made of is an error, not a wrong cursor.
func TestPagesOfAHostileServer(t *testing.T) {
	good := stored(t, Admission{ID: "p-1", Visit: visitAt(1)})
	second := stored(t, Admission{ID: "p-1", Visit: visitAt(2)})
	for name, db := range map[string]*fake{
		"an item without a key":       {pages: [][]avItem{{good, with(second, "visit", nil)}}},
		"an item with a long key":     {pages: [][]avItem{{good, with(second, "patient_id", s(strings.Repeat("x", 1<<20)))}}},
		"a page key of nothing":       {pages: [][]avItem{{good}}, next: []avItem{{"visit": n("1")}}},
		"a page key of another type":  {pages: [][]avItem{{good}}, next: []avItem{{"patient_id": n("1"), "visit": n("1")}}},
		"a page key of more":          {pages: [][]avItem{{good}}, next: []avItem{{"patient_id": s("p-1"), "visit": n("1"), "rank": n("1")}}},
		"a page key that is too long": {pages: [][]avItem{{good}}, next: []avItem{{"patient_id": s(strings.Repeat("x", 1<<20)), "visit": n("1")}}},
	} {
		for _, opts := range [][]ddbenc.QueryOption{nil, {ddbenc.ContinueOnItemError()}, {ddbenc.FetchAhead()}} {
			again := *db
			var items int
			var errs []error
			for p, err := range openAdmissions(t, &again).QueryPages(t.Context(), ofAda, opts...) {
				if err != nil {
					errs = append(errs, err)
					continue
				}
				items += len(p.Items)
			}
			if len(errs) != 1 || items > 1 || !errors.Is(errs[0], ddbenc.ErrMalformed) && !errors.Is(errs[0], ddbenc.ErrVerify) {
				t.Errorf("%s: %d items, errors %v", name, items, errs)
			}
		}
	}
}

// A server that goes in circles is found out with one key kept.
func TestServerThatGoesInCircles(t *testing.T) {
	for _, lead := range []int{0, 1, 5} {
		for _, length := range []int{1, 2, 3, 7, 50} {
			for _, opts := range [][]ddbenc.QueryOption{nil, {ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(0)})}} {
				db := &fake{}
				for i := range 4 * (lead + length) {
					at := i
					if i >= lead {
						at = lead + (i-lead)%length
					}
					db.next = append(db.next, avItem{"patient_id": s("p-1"), "visit": n(fmt.Sprint(1_700_000_000 + at))})
				}
				_, err := openAdmissions(t, db).QueryCount(t.Context(), ofAda, opts...)
				if !errors.Is(err, ddbenc.ErrMalformed) || db.calls > 3*(lead+length)+1 {
					t.Errorf("%d pages, then rounds of %d: %d calls, %v", lead, length, db.calls, err)
				}
			}
		}
	}
}

// A filter on the time must not make every call another query.
func TestPagesHideExpired(t *testing.T) {
	ctx := t.Context()
	sessions := newTable[session](t, engine(t))
	for i := range 4 {
		if err := sessions.Put(ctx, &session{User: "u", ID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	ofUser := expression.Key("user").Equal(expression.Value("u"))
	page, err := ddbenc.OnePage(sessions.QueryPages(ctx, ofUser, ddbenc.HideExpired(), ddbenc.Limit(2)))
	if err != nil {
		t.Fatal(err)
	}
	rest, err := collect(sessions.Query(ctx, ofUser, ddbenc.Resume(page.Next), ddbenc.HideExpired()))
	if err != nil || len(rest) != 2 || rest[0].ID != "2" {
		t.Errorf("got %v, %v", rest, err)
	}
	if _, err := sessions.QueryCount(ctx, ofUser, ddbenc.Resume(page.Next)); !errors.Is(err, ddbenc.ErrCursor) {
		t.Errorf("without HideExpired: %v", err)
	}
}

// Loops that are stopped between requests leave nothing running, and fetch no more
// than they were told to.
func TestFetchAhead(t *testing.T) {
	db := ddbenctest.NewDynamoDB(t)
	table := newTable[Admission](t, db)
	for i := range 5 {
		if err := table.Put(t.Context(), &Admission{ID: "p-1", Visit: visitAt(i)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := collect(table.Query(t.Context(), ofAda, ddbenc.FetchAhead(), ddbenc.PageSize(1)))
	if err != nil || len(got) != 5 {
		t.Errorf("got %d items, %v", len(got), err)
	}
	for range table.Query(t.Context(), ofAda, ddbenc.FetchAhead(), ddbenc.PageSize(1)) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var errs []error
	for _, err := range table.Query(ctx, ofAda, ddbenc.FetchAhead(), ddbenc.PageSize(1)) {
		if err != nil {
			errs = append(errs, err)
		}
		cancel()
	}
	if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) || !strings.HasPrefix(errs[0].Error(), "ddbenc: Query on table") {
		t.Errorf("after the context ended: %v", errs)
	}
}

// Whatever text is read as a cursor is written as the same text.
func FuzzCursor(f *testing.F) {
	page, err := ddbenc.OnePage(openAdmissions(f, &fake{pages: [][]avItem{{stored(f, Admission{ID: "p-1", Visit: visitAt(1)})}}}).QueryPages(context.Background(), ofAda))
	if err != nil {
		f.Fatal(err)
	}
	text := must(page.After(0).MarshalText())
	f.Add(text)
	f.Add(text[:len(text)-2])
	f.Add([]byte(""))
	db := &fake{}
	table := openAdmissions(f, db)
	f.Fuzz(func(t *testing.T, text []byte) {
		*db = fake{}
		var c ddbenc.Cursor
		if err := c.UnmarshalText(text); err != nil {
			if !errors.Is(err, ddbenc.ErrCursor) || !c.IsZero() {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if got := must(c.MarshalText()); string(got) != string(text) {
			t.Errorf("%q was written as %q", text, got)
		}
		_, err := table.QueryCount(context.Background(), ofAda, ddbenc.Resume(c))
		if err != nil && (!errors.Is(err, ddbenc.ErrCursor) || db.calls > 0) {
			t.Errorf("%q: %v after %d calls", text, err, db.calls)
		}
	})
}

// A page prints without its items, and can be logged.
func TestPagePrintsNoItems(t *testing.T) {
	page := ddbenc.Page[Admission]{Items: []Admission{{Name: secret}}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("page", "page", page, "pointer", &page)
	text := fmt.Sprintf("%v %+v %#v %s %v", page, page, page, &page, []any{page}) + log.String()
	if strings.Contains(text, secret) || strings.Count(text, "Page(1 items, 0 errors, REDACTED)") != 7 {
		t.Errorf("printed %s", text)
	}
}

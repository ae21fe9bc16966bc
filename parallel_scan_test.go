package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// manyPatients opens a table with one visit of each of n patients.
func manyPatients(t *testing.T, db *dynamodb.Client, n int) *ddbenc.Table[Admission] {
	table := newTable[Admission](t, db)
	all := make([]*Admission, n)
	for i := range all {
		all[i] = &Admission{ID: fmt.Sprint("p-", i), Visit: visitAt(1), Clinic: "west", Views: i}
	}
	if err := table.BatchPut(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	return table
}

func patientIDs(all []Admission) []string {
	ids := make([]string, len(all))
	for i, a := range all {
		ids[i] = a.ID
	}
	return ids
}

// Segments have each item once together, whatever their number and the pages'
// size, and count the same.
func TestSegments(t *testing.T) {
	ctx := t.Context()
	const patients = 40
	table := manyPatients(t, engine(t), patients)
	few := ddbenc.Filter(expression.Name("views").LessThan(expression.Value(15)))
	for _, n := range []int{1, 2, 3, 8, 100} {
		for _, tc := range []struct {
			name string
			opts []ddbenc.ScanOption
			want int
		}{
			{"as they come", []ddbenc.ScanOption{ddbenc.Segments(n)}, patients},
			{"in turn", []ddbenc.ScanOption{ddbenc.SegmentsInTurn(n)}, patients},
			{"small pages", []ddbenc.ScanOption{ddbenc.Segments(n), ddbenc.PageSize(2)}, patients},
			{"small pages in turn", []ddbenc.ScanOption{ddbenc.SegmentsInTurn(n), ddbenc.PageSize(3), ddbenc.DecryptAhead(1)}, patients},
			{"a filter", []ddbenc.ScanOption{ddbenc.Segments(n), few, ddbenc.PageSize(4)}, 15},
			{"an index", []ddbenc.ScanOption{ddbenc.Segments(n), ddbenc.Index("by-clinic"), ddbenc.FetchAhead()}, patients},
			{"a limit", []ddbenc.ScanOption{ddbenc.Segments(n), ddbenc.Limit(11), ddbenc.PageSize(3)}, 11},
		} {
			all, err := collect(table.Scan(ctx, tc.opts...))
			ids := patientIDs(all)
			slices.Sort(ids)
			if got := len(slices.Compact(ids)); err != nil || got != tc.want || len(all) != tc.want {
				t.Errorf("%d segments, %s: %d items, %d of them different, %v", n, tc.name, len(all), got, err)
			}
			if got, err := table.ScanCount(ctx, tc.opts...); got != tc.want || err != nil {
				t.Errorf("%d segments, %s: counts %d, %v", n, tc.name, got, err)
			}
		}

		// One after the other, by hand, is the same; in turn is always the same.
		var parts []string
		for i := range n {
			part, err := collect(table.Scan(ctx, ddbenc.Segment(i, n), ddbenc.PageSize(2)))
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, patientIDs(part)...)
		}
		slices.Sort(parts)
		if len(slices.Compact(parts)) != patients {
			t.Errorf("%d segments have %v", n, parts)
		}
		inTurn := func() []string {
			all, err := collect(table.Scan(ctx, ddbenc.SegmentsInTurn(n), ddbenc.PageSize(2)))
			if err != nil {
				t.Fatal(err)
			}
			return patientIDs(all)
		}
		if first, again := inTurn(), inTurn(); !slices.Equal(first, again) {
			t.Errorf("%d segments in turn: %v, then %v", n, first, again)
		}
	}
}

// A segment is gone on with behind any of its items.
func TestSegmentPages(t *testing.T) {
	ctx := t.Context()
	table := manyPatients(t, engine(t), 12)
	for i := range 2 {
		all, err := ddbenc.OnePage(table.ScanPages(ctx, ddbenc.Segment(i, 2), ddbenc.PageSize(2)))
		if err != nil {
			t.Fatal(err)
		}
		for k := range all.Items {
			rest, err := collect(table.Scan(ctx, ddbenc.Segment(i, 2), ddbenc.Resume(all.After(k))))
			if err != nil || !slices.Equal(patientIDs(all.Items[k+1:]), patientIDs(rest)) {
				t.Errorf("segment %d behind item %d: %v, %v", i, k, patientIDs(rest), err)
			}
		}
	}
}

func TestSegmentsRefused(t *testing.T) {
	ctx := t.Context()
	start := ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(1)})
	scan := func(table *ddbenc.Table[Admission], opts []ddbenc.ScanOption) error {
		_, err := collect(table.Scan(ctx, opts...))
		return err
	}
	pages := func(table *ddbenc.Table[Admission], opts []ddbenc.ScanOption) error {
		_, err := ddbenc.OnePage(table.ScanPages(ctx, opts...))
		return err
	}
	for _, tc := range []struct {
		do   func(*ddbenc.Table[Admission], []ddbenc.ScanOption) error
		opts []ddbenc.ScanOption
		want string
	}{
		{scan, []ddbenc.ScanOption{ddbenc.Segments(0)}, "Segments is less than 1"},
		{scan, []ddbenc.ScanOption{ddbenc.SegmentsInTurn(-1)}, "Segments is less than 1"},
		{scan, []ddbenc.ScanOption{ddbenc.Segments(1_000_001)}, "a scan has 1000001 segments, and DynamoDB takes 1000000"},
		{scan, []ddbenc.ScanOption{ddbenc.Segment(2, 2)}, "Segment has a part that is not one of those from 0 to their number less 1"},
		{scan, []ddbenc.ScanOption{ddbenc.Segment(-1, 2)}, "Segment has a part"},
		{scan, []ddbenc.ScanOption{ddbenc.Segment(0, 0)}, "Segment has a part"},
		{pages, []ddbenc.ScanOption{ddbenc.Segments(2)}, "pages of a scan in segments have no one position: scan each part with ddbenc.Segment"},
		{scan, []ddbenc.ScanOption{ddbenc.Segments(2), start}, "a scan in segments has no one position to begin behind"},
		{scan, []ddbenc.ScanOption{ddbenc.Segments(2), ddbenc.Resume(ddbenc.Cursor{})}, "a scan in segments has no one position to begin behind"},
	} {
		db := &fake{}
		err := tc.do(openAdmissions(t, db), tc.opts)
		if !errors.Is(err, ddbenc.ErrRefused) || !strings.Contains(err.Error(), tc.want) || db.calls != 0 {
			t.Errorf("got %v, want %s", err, tc.want)
		}
	}
}

// A failing is a DynamoDB that fails one segment from its second page on.
type failing struct {
	ddbenc.DynamoDBAPI
	segment int32
	err     error

	mu    sync.Mutex
	calls int
}

func (f *failing) Scan(ctx context.Context, in *dynamodb.ScanInput, opts ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	f.mu.Lock()
	f.calls++
	f.mu.Unlock()
	if *in.Segment == f.segment && in.ExclusiveStartKey != nil {
		return nil, f.err
	}
	return f.DynamoDBAPI.Scan(ctx, in, opts...)
}

// The first error of any segment ends all.
func TestSegmentsFail(t *testing.T) {
	db := ddbenctest.NewDynamoDB(t)
	name := manyPatients(t, db, 30).Name()
	for _, opt := range []ddbenc.ScanOption{ddbenc.Segments(3), ddbenc.SegmentsInTurn(3)} {
		down := errors.New("out of order")
		f := &failing{DynamoDBAPI: db, segment: 1, err: down}
		table := must(ddbenc.NewTable[Admission](f, name, crypt.NewDDBEC(testProvider)))
		var errs []error
		for _, err := range table.Scan(t.Context(), opt, ddbenc.PageSize(1), ddbenc.ContinueOnItemError()) {
			if err != nil {
				errs = append(errs, err)
			}
		}
		if len(errs) != 1 || !errors.Is(errs[0], down) {
			t.Errorf("errors %v", errs)
		}

		ctx, cancel := context.WithCancel(t.Context())
		items := 0
		errs = nil
		for _, err := range must(ddbenc.NewTable[Admission](db, name, crypt.NewDDBEC(testProvider))).Scan(ctx, opt, ddbenc.PageSize(1)) {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			items++
			cancel()
		}
		cancel()
		if items != 1 || len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
			t.Errorf("after the context ended: %d items, %v", items, errs)
		}
	}
}

// An item that can't be read is told of beside the others, of all segments.
func TestSegmentsWithBadItems(t *testing.T) {
	ctx := t.Context()
	db := ddbenctest.NewDynamoDB(t)
	table := manyPatients(t, db, 20)
	for _, id := range []string{"p-3", "p-12"} {
		if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: new(table.Name()), Item: avItem{"patient_id": s(id), "visit": n("1700000001")}}); err != nil {
			t.Fatal(err)
		}
	}
	good, bad := 0, map[string]bool{}
	for _, err := range table.Scan(ctx, ddbenc.Segments(4), ddbenc.PageSize(2), ddbenc.ContinueOnItemError()) {
		var item *ddbenc.ItemError
		switch {
		case err == nil:
			good++
		case errors.As(err, &item):
			bad[item.Key()["patient_id"].(*types.AttributeValueMemberS).Value] = true
		default:
			t.Fatal(err)
		}
	}
	if good != 18 || len(bad) != 2 {
		t.Errorf("%d good ones, bad ones %v", good, bad)
	}
}

package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
)

var ofAda = expression.Key("patient_id").Equal(expression.Value("p-1"))

// twoPages is a DynamoDB with visits 1 to 4 of patient p-1 in two pages.
func twoPages(t *testing.T) *fake {
	visits := make([]avItem, 4)
	for i := range visits {
		visits[i] = stored(t, Admission{ID: "p-1", Visit: visitAt(i + 1), Name: "Ada"})
	}
	return &fake{
		pages: [][]avItem{visits[:2], visits[2:]},
		next:  []avItem{{"patient_id": s("p-1"), "visit": n("1700000002")}},
	}
}

func TestQueryFetchesPagesAsNeeded(t *testing.T) {
	for _, tc := range []struct {
		name  string
		stop  int // after so many items
		opts  []ddbenc.QueryOption
		items int
		calls int
	}{
		{"all", 100, nil, 4, 2},
		{"stop in the first page", 1, nil, 1, 1},
		{"stop at the end of the first page", 2, nil, 2, 1},
		{"stop in the second page", 3, nil, 3, 2},
		{"limit", 100, []ddbenc.QueryOption{ddbenc.Limit(2)}, 2, 1},
		{"limit in the second page", 100, []ddbenc.QueryOption{ddbenc.Limit(3)}, 3, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db := twoPages(t)
			var got []int64
			for p, err := range openAdmissions(t, db).Query(context.Background(), ofAda, tc.opts...) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, p.Visit.Unix()-1_700_000_000)
				if len(got) == tc.stop {
					break
				}
			}
			if want := []int64{1, 2, 3, 4}[:tc.items]; !cmp.Equal(want, got) || db.calls != tc.calls {
				t.Errorf("got items %v in %d calls, want %v in %d", got, db.calls, want, tc.calls)
			}
			if db.calls > 1 {
				if diff := cmp.Diff(db.next[0], db.queries[1].ExclusiveStartKey, avCmp); diff != "" {
					t.Errorf("second page starts elsewhere (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestQueryAndScanParameters(t *testing.T) {
	ctx := context.Background()
	db := &fake{}
	table := openAdmissions(t, db)
	last := &Admission{ID: "p-1", Visit: visitAt(2), Clinic: "west"}

	for range table.Query(ctx, expression.Key("clinic").Equal(expression.Value("west")),
		ddbenc.Index("by-clinic"), ddbenc.Descending(), ddbenc.PageSize(7), ddbenc.Limit(50), ddbenc.StartAfter(last)) {
	}
	q := db.queries[0]
	if *q.IndexName != "by-clinic" || *q.ScanIndexForward || *q.Limit != 7 || q.ConsistentRead != nil || q.Select != "" || q.FilterExpression != nil {
		t.Errorf("sent %+v", q)
	}
	if diff := cmp.Diff(avItem{"patient_id": s("p-1"), "visit": n("1700000002"), "clinic": s("west")}, q.ExclusiveStartKey, avCmp); diff != "" {
		t.Errorf("start key (-want +got):\n%s", diff)
	}

	for range table.Query(ctx, ofAda, ddbenc.Index("by-rank"), ddbenc.ConsistentRead(), ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(2), Rank: 3})) {
	}
	q = db.queries[1]
	if !*q.ConsistentRead || q.ScanIndexForward != nil {
		t.Errorf("sent %+v", q)
	}
	if diff := cmp.Diff(avItem{"patient_id": s("p-1"), "visit": n("1700000002"), "rank": n("3")}, q.ExclusiveStartKey, avCmp); diff != "" {
		t.Errorf("start key (-want +got):\n%s", diff)
	}

	seen := expression.Name("views").GreaterThan(expression.Value(3))
	for range table.Scan(ctx, ddbenc.Filter(seen), ddbenc.Filter(expression.ConditionBuilder{}), ddbenc.Filter(seen.Not()), ddbenc.Limit(5)) {
	}
	sc := db.scans[0]
	if *sc.FilterExpression != "(#0 > :0) AND (NOT (#0 > :1))" || sc.Limit != nil || sc.IndexName != nil || sc.ExclusiveStartKey != nil {
		t.Errorf("sent %+v, filter %s", sc, *sc.FilterExpression)
	}
}

func TestCount(t *testing.T) {
	ctx := context.Background()
	db := twoPages(t)
	if got, err := openAdmissions(t, db).QueryCount(ctx, ofAda); got != 4 || err != nil || db.queries[0].Select != types.SelectCount {
		t.Errorf("QueryCount gives %d, %v, and asked for %s", got, err, db.queries[0].Select)
	}
	db = twoPages(t)
	if got, err := openAdmissions(t, db).ScanCount(ctx); got != 4 || err != nil || db.scans[1].Select != types.SelectCount {
		t.Errorf("ScanCount gives %d, %v, and asked for %s", got, err, db.scans[1].Select)
	}
	db = twoPages(t)
	if got, err := openAdmissions(t, db).QueryCount(ctx, ofAda, ddbenc.Limit(1)); got != 1 || err != nil || db.calls != 1 {
		t.Errorf("QueryCount with Limit gives %d, %v, in %d calls", got, err, db.calls)
	}
	if got, err := openAdmissions(t, &fake{err: errors.New("out of order")}).ScanCount(ctx); got != 0 || err == nil {
		t.Errorf("ScanCount on a failure gives %d, %v", got, err)
	}
}

func TestBadItemInPage(t *testing.T) {
	ctx := context.Background()
	db := func() *fake {
		db := twoPages(t)
		db.pages[0][1] = with(db.pages[0][1], "name", s("Eve"))
		db.pages[1][0] = with(db.pages[1][0], "*amzn-ddb-map-sig*", nil)
		return db
	}
	list := func(it func(func(Admission, error) bool)) (items []int64, errs []error) {
		for p, err := range it {
			if err != nil {
				errs = append(errs, err)
				if diff := cmp.Diff(Admission{}, p); diff != "" {
					t.Errorf("with error %v came an item:\n%s", err, diff)
				}
				checkNoValues(t, err)
				continue
			}
			items = append(items, p.Visit.Unix()-1_700_000_000)
		}
		return items, errs
	}

	items, errs := list(openAdmissions(t, db()).Query(ctx, ofAda))
	if !cmp.Equal(items, []int64{1}) || len(errs) != 1 || !errors.Is(errs[0], ddbenc.ErrVerify) {
		t.Errorf("by default: items %v, errors %v", items, errs)
	}

	items, errs = list(openAdmissions(t, db()).Scan(ctx, ddbenc.ContinueOnItemError()))
	if !cmp.Equal(items, []int64{1, 4}) || len(errs) != 2 || !errors.Is(errs[0], ddbenc.ErrVerify) || !errors.Is(errs[1], ddbenc.ErrNotSigned) {
		t.Errorf("going on: items %v, errors %v", items, errs)
	}
	var e *ddbenc.ItemError
	if !errors.As(errs[1], &e) {
		t.Fatalf("got %T", errs[1])
	}
	if diff := cmp.Diff(avItem{"patient_id": s("p-1"), "visit": n("1700000003")}, e.Key(), avCmp); diff != "" {
		t.Errorf("key of the bad item (-want +got):\n%s", diff)
	}

	// Other errors end the loop all the same.
	failing := db()
	failing.err = errors.New("out of order")
	items, errs = list(openAdmissions(t, failing).Scan(ctx, ddbenc.ContinueOnItemError()))
	if items != nil || len(errs) != 1 {
		t.Errorf("on a failing service: items %v, errors %v", items, errs)
	}
}

// An item of a type that T can't hold is as bad as one that does not verify.
func TestItemThatDoesNotFit(t *testing.T) {
	db := &fake{pages: [][]avItem{{
		with(stored(t, Admission{ID: "p-1", Visit: visitAt(1)}), "views", s("4711")),
		stored(t, Admission{ID: "p-1", Visit: visitAt(2)}),
	}}}
	var errs []error
	count := 0
	for _, err := range openAdmissions(t, db).Scan(context.Background(), ddbenc.ContinueOnItemError()) {
		if err != nil {
			errs = append(errs, err)
		} else {
			count++
		}
	}
	if len(errs) != 1 || count != 1 {
		t.Fatalf("%d items, errors %v", count, errs)
	}
	want := `ddbenc: Scan on table "patients": item with key (patient_id, visit): Admission can't be unmarshaled: attribute "views", stored as S, does not fit field Views of type int`
	if errs[0].Error() != want {
		t.Errorf("got  %v\nwant %s", errs[0], want)
	}
	var bad *attributevalue.UnmarshalTypeError
	if !errors.As(errs[0], &bad) {
		t.Error("the cause is not reachable")
	}
}

func TestIndexHint(t *testing.T) {
	partial := with(stored(t, Admission{ID: "p-1", Visit: visitAt(1), Clinic: "west"}), "name", nil)
	db := &fake{pages: [][]avItem{{partial}}}
	for _, err := range openAdmissions(t, db).Scan(context.Background(), ddbenc.Index("by-clinic")) {
		if !errors.Is(err, ddbenc.ErrVerify) || !strings.Contains(err.Error(), `index "by-clinic" must project all attributes`) {
			t.Errorf("got %v", err)
		}
	}
}

func TestServerThatRepeatsItself(t *testing.T) {
	again := avItem{"patient_id": s("p-1"), "visit": n("1")}
	db := &fake{next: []avItem{again, again, again}}
	var errs []error
	for _, err := range openAdmissions(t, db).Scan(context.Background(), ddbenc.ContinueOnItemError()) {
		errs = append(errs, err)
	}
	if len(errs) != 1 || errs[0] == nil || db.calls != 2 {
		t.Errorf("%d calls, errors %v", db.calls, errs)
	}
}

func TestLoopEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var errs []error
	items := 0
	for _, err := range openAdmissions(t, twoPages(t)).Query(ctx, ofAda, ddbenc.ContinueOnItemError()) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		items++
		cancel()
	}
	if items != 1 || len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
		t.Errorf("%d items, errors %v", items, errs)
	}
}

func TestRangeTwice(t *testing.T) {
	db := &fake{pages: [][]avItem{{stored(t, Admission{ID: "p-1", Visit: visitAt(1)})}}}
	db.pages = append(db.pages, db.pages[0])
	all := openAdmissions(t, db).Scan(context.Background())
	for range 2 {
		got := 0
		for _, err := range all {
			if err != nil {
				t.Fatal(err)
			}
			got++
		}
		if got != 1 {
			t.Errorf("got %d items, want 1", got)
		}
	}
}

// What DynamoDB would compare with ciphertext, or reject, is not sent.
func TestReadsRefused(t *testing.T) {
	ctx := context.Background()
	name := expression.Name("name")
	key := func(name string, v any) expression.KeyConditionBuilder {
		return expression.Key(name).Equal(expression.Value(v))
	}
	query := func(key expression.KeyConditionBuilder, opts ...ddbenc.QueryOption) func(*ddbenc.Table[Admission]) error {
		return func(p *ddbenc.Table[Admission]) error {
			_, countErr := p.QueryCount(ctx, key, opts...)
			for _, err := range p.Query(ctx, key, opts...) {
				if fmt.Sprint(err) != fmt.Sprint(countErr) {
					t.Errorf("Query gives %v, QueryCount %v", err, countErr)
				}
				return err
			}
			return nil
		}
	}
	scan := func(opts ...ddbenc.ScanOption) func(*ddbenc.Table[Admission]) error {
		return func(p *ddbenc.Table[Admission]) error {
			_, countErr := p.ScanCount(ctx, opts...)
			for _, err := range p.Scan(ctx, opts...) {
				if fmt.Sprint(err) != fmt.Sprint(countErr) {
					t.Errorf("Scan gives %v, ScanCount %v", err, countErr)
				}
				return err
			}
			return nil
		}
	}
	put := func(cond expression.ConditionBuilder) func(*ddbenc.Table[Admission]) error {
		return func(p *ddbenc.Table[Admission]) error {
			putErr := p.Put(ctx, &Admission{ID: "p-1", Visit: visitAt(1)}, ddbenc.If(cond))
			delErr := p.Delete(ctx, ddbenc.Key("p-1", visitAt(1)), ddbenc.If(cond))
			if strings.ReplaceAll(fmt.Sprint(delErr), "DeleteItem", "PutItem") != fmt.Sprint(putErr) {
				t.Errorf("Put gives %v, Delete %v", putErr, delErr)
			}
			return putErr
		}
	}
	const encrypted = `names "name", which is stored encrypted`
	for _, tc := range []struct {
		name string
		do   func(*ddbenc.Table[Admission]) error
		want string
	}{
		{"condition on an encrypted attribute", put(name.Equal(expression.Value("Ada"))), "the condition " + encrypted},
		{"or on its parts", put(expression.Name("notes[0]").BeginsWith("w")), `the condition names "notes"`},
		{"nested in a good one", put(expression.Name("views").Equal(expression.Value(1)).And(name.Contains("A").Not())), "the condition " + encrypted},
		{"as the second operand", put(expression.Name("clinic").Equal(name)), "the condition " + encrypted},
		{"in a list", put(expression.Name("clinic").In(expression.Value("west"), name)), "the condition " + encrypted},
		{"in a range", put(expression.Value("b").Between(name, expression.Name("clinic"))), "the condition " + encrypted},
		{"its type", put(name.AttributeType(expression.String)), "the condition " + encrypted},
		{"an attribute that T does not declare", put(expression.Name("salary").GreaterThan(expression.Value(1))), `the condition names "salary", which Admission does not declare`},
		{"a reserved attribute", put(expression.NameNoDotSplit("*amzn-ddb-map-sig*").Equal(expression.Value([]byte{1}))), `"*amzn-ddb-map-sig*"`},
		{"filter", scan(ddbenc.Filter(name.Equal(expression.Value("Ada")))), "the filter " + encrypted},
		{"query filter", query(ofAda, ddbenc.Filter(name.Equal(expression.Value("Ada")))), "the filter " + encrypted},
		{"key condition on an encrypted attribute", query(ofAda.And(key("name", "Ada"))), `the key condition names "name", which is not a key of the table`},
		{"key condition on no key", query(key("views", 1)), `the key condition names "views", which is not a key of the table`},
		{"key condition on nearly a key", query(key("patientId", "p-1")), `the key condition names "patientId", which is not a key of the table ("patient_id", "visit"); did you mean "patient_id"?`},
		{"key condition on nearly a key of the index", query(key("clinc", "west"), ddbenc.Index("by-clinic")), `which is not a key of index "by-clinic" ("clinic"); did you mean "clinic"?`},
		{"nearly an index", query(ofAda, ddbenc.Index("by-rnak")), `index "by-rnak" is unknown; did you mean "by-rank"?`},
		{"key condition on an index's key", query(key("clinic", "west")), `add ddbenc.Index("by-clinic")`},
		{"key condition on the table's key in an index", query(ofAda, ddbenc.Index("by-clinic")), `the key condition names "patient_id", which is not a key of index "by-clinic" ("clinic")`},
		{"key condition without the partition key", query(key("visit", 5)), `the key condition does not say which "patient_id"`},
		{"key condition with a range of the partition key", query(expression.Key("patient_id").BeginsWith("p-")), `the key condition does not say which "patient_id"`},
		{"key of the wrong type", query(key("patient_id", 1)), `the key condition compares "patient_id", which has type S, with a value of type N`},
		{"key as a time", query(ofAda.And(key("visit", visitAt(1)))), `attributevalue.UnixTime`},
		{"range of the wrong type", query(ofAda.And(expression.Key("visit").Between(expression.Value(1), expression.Value("2")))), `compares "visit", which has type N, with a value of type S`},
		{"prefix of a number", query(ofAda.And(expression.Key("visit").BeginsWith("17"))), `compares "visit", which has type N, with a value of type S`},
		{"no key condition", query(expression.KeyConditionBuilder{}), "expression can't be built"},
		{"unknown index", query(ofAda, ddbenc.Index("by-name")), `index "by-name" is unknown: Admission declares "by-clinic", "by-rank"`},
		{"scan of an unknown index", scan(ddbenc.Index("by-name")), `index "by-name" is unknown`},
		{"consistent read of a global index", scan(ddbenc.Index("by-clinic"), ddbenc.ConsistentRead()), `index "by-clinic" is global`},
		{"limit", scan(ddbenc.Limit(0)), "Limit is less than 1"},
		{"page size", query(ofAda, ddbenc.PageSize(-1)), "PageSize is less than 1"},
		{"start of another type", scan(ddbenc.StartAfter(&benchSmall{})), "StartAfter has a *ddbenc_test.benchSmall, want a *ddbenc_test.Admission"},
		{"start nowhere", scan(ddbenc.StartAfter[Admission](nil)), "StartAfter"},
		{"start without the index's key", scan(ddbenc.Index("by-clinic"), ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(1)})), `key attribute "clinic" has no value`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db := &fake{}
			err := tc.do(openAdmissions(t, db))
			if db.calls > 0 {
				t.Errorf("%d calls were made", db.calls)
			}
			if !errors.Is(err, ddbenc.ErrRefused) {
				t.Fatalf("got error %v", err)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error does not say %s:\n%v", tc.want, err)
			}
			checkNoValues(t, err)
		})
	}
}

// What does not look into ciphertext is sent.
func TestConditionsAllowed(t *testing.T) {
	ctx := context.Background()
	name := expression.Name("name")
	for _, cond := range []expression.ConditionBuilder{
		name.AttributeExists(),
		name.AttributeNotExists(),
		name.Size().GreaterThan(expression.Value(10)),
		expression.Name("undeclared").AttributeNotExists(),
		expression.NameNoDotSplit("*amzn-ddb-map-sig*").AttributeExists(),
		expression.Name("patient_id").AttributeNotExists(),
		expression.Name("clinic").Equal(expression.Value("west")),
		expression.Name("views").LessThan(expression.Value(5)).Or(expression.Name("rank").AttributeType(expression.Number)),
	} {
		db := &fake{}
		table := openAdmissions(t, db)
		if err := table.Put(ctx, &Admission{ID: "p-1", Visit: visitAt(1)}, ddbenc.If(cond)); err != nil {
			t.Error(err)
		}
		if err := table.Delete(ctx, ddbenc.Key("p-1", visitAt(1)), ddbenc.If(cond)); err != nil {
			t.Error(err)
		}
		if db.calls != 2 || db.put.ConditionExpression == nil || db.del.ConditionExpression == nil {
			t.Errorf("sent %d requests, conditions %v and %v", db.calls, db.put.ConditionExpression, db.del.ConditionExpression)
		}
	}
}

package ddbenc_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// A visitRow is what an Admission has in the clear.
type visitRow struct {
	ID     string    `dynamodbav:"patient_id"`
	Visit  time.Time `dynamodbav:"visit,unixtime"`
	Clinic string    `dynamodbav:"clinic"`
	Views  int       `dynamodbav:"views"`
}

// newProjectedTable creates a table for Admissions whose indexes have only keys.
func newProjectedTable(t *testing.T, db *dynamodb.Client, name string) *ddbenc.Table[Admission] {
	schema, err := ddbenc.SchemaOf[Admission]()
	if err != nil {
		t.Fatal(err)
	}
	in := schema.CreateTableInput(name)
	keysOnly := &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	for i := range in.GlobalSecondaryIndexes {
		in.GlobalSecondaryIndexes[i].Projection = keysOnly
	}
	for i := range in.LocalSecondaryIndexes {
		in.LocalSecondaryIndexes[i].Projection = keysOnly
	}
	if _, err := db.CreateTable(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return must(ddbenc.NewTable[Admission](db, name, crypt.NewDDBEC(testProvider)))
}

func TestUnverified(t *testing.T) {
	ctx := t.Context()
	table := newProjectedTable(t, ddbenctest.NewDynamoDB(t), "patients")
	var want []visitRow
	for i := range 5 {
		a := &Admission{ID: "p-1", Visit: visitAt(i), Name: "Ada", Clinic: "west", Rank: 9 - i, Views: i}
		if err := table.Put(ctx, a); err != nil {
			t.Fatal(err)
		}
		want = append(want, visitRow{ID: a.ID, Visit: a.Visit, Clinic: a.Clinic, Views: a.Views})
	}
	rows := must(ddbenc.NewUnverifiedReader[visitRow](table))
	type keyRow struct {
		ID    string `dynamodbav:"patient_id,partition"`
		Visit int64  `dynamodbav:"visit,sort"`
	}
	keys := must(ddbenc.NewUnverifiedReader[*keyRow](table))
	unchecked := func(all []ddbenc.Unverified[visitRow], err error) (rows []visitRow) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range all {
			rows = append(rows, u.Unchecked())
		}
		return rows
	}
	sameTime := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
	same := func(what string, want, got []visitRow) {
		t.Helper()
		if diff := cmp.Diff(want, got, sameTime); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}

	got, err := rows.Get(ctx, ddbenc.Key("p-1", visitAt(2)), ddbenc.ConsistentRead())
	same("Get", want[2:3], unchecked([]ddbenc.Unverified[visitRow]{got}, err))
	if _, err := rows.Get(ctx, ddbenc.Key("p-1", visitAt(9))); !errors.Is(err, ddbenc.ErrNotFound) {
		t.Errorf("Get of nothing: %v", err)
	}

	same("Query", want, unchecked(collect(rows.Query(ctx, ofAda))))
	few := ddbenc.Filter(expression.Name("views").GreaterThan(expression.Value(2)))
	same("Query with a filter", want[3:], unchecked(collect(rows.Query(ctx, ofAda, few, ddbenc.PageSize(2)))))
	same("Scan", want, unchecked(collect(rows.Scan(ctx, ddbenc.Segments(3)))))
	page, err := ddbenc.OnePage(rows.QueryPages(ctx, ofAda, ddbenc.Limit(2)))
	if err != nil {
		t.Fatal(err)
	}
	same("a page", want[:2], unchecked(page.Items, nil))
	same("what follows", want[2:], unchecked(collect(rows.Query(ctx, ofAda, ddbenc.Resume(page.Next)))))
	same("what follows the first item", want[1:], unchecked(collect(rows.Query(ctx, ofAda, ddbenc.Resume(page.After(0))))))

	// A table can't read an index that lacks signed attributes; this can.
	west := expression.Key("clinic").Equal(expression.Value("west"))
	if _, err := collect(table.Query(ctx, west, ddbenc.Index("by-clinic"))); !errors.Is(err, ddbenc.ErrVerify) && !errors.Is(err, ddbenc.ErrNotSigned) {
		t.Errorf("verified query of KEYS_ONLY: %v", err)
	}
	var visits []int64
	pages, err := ddbenc.OnePage(keys.ScanPages(ctx, ddbenc.Index("by-clinic"), ddbenc.PageSize(2)))
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range pages.Items {
		visits = append(visits, u.Unchecked().Visit-visitAt(0).Unix())
		rest, err := collect(keys.Scan(ctx, ddbenc.Index("by-clinic"), ddbenc.Resume(pages.After(i))))
		if err != nil || len(rest) != 4-i {
			t.Errorf("behind item %d: %d items, %v", i, len(rest), err)
		}
	}
	if slices.Sort(visits); !slices.Equal(visits, []int64{0, 1, 2, 3, 4}) {
		t.Errorf("visits %v", visits)
	}

	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, page.Items[0]); text != "Unverified(REDACTED)" {
			t.Errorf("%s prints %s", verb, text)
		}
		if text := fmt.Sprintf(verb, rows); text != `UnverifiedReader[visitRow]("patients")` {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

// Only what is in the projection and keys is asked for, by placeholders.
func TestUnverifiedRequests(t *testing.T) {
	ctx := t.Context()
	type row struct {
		Views int `dynamodbav:"views"`
		Rank  int `dynamodbav:"rank"`
	}
	db := &fake{}
	rows := must(ddbenc.NewUnverifiedReader[row](openAdmissions(t, db)))
	if _, err := collect(rows.Query(ctx, expression.Key("clinic").Equal(expression.Value("west")), ddbenc.Index("by-clinic"),
		ddbenc.Filter(expression.Name("rank").LessThan(expression.Value(1))))); err != nil {
		t.Fatal(err)
	}
	q := db.queries[0]
	if *q.ProjectionExpression != "#p0, #p1, #p2, #p3, #p4" || q.Select != "" {
		t.Errorf("asked for %s", *q.ProjectionExpression)
	}
	want := map[string]string{"#0": "rank", "#1": "clinic", "#p0": "views", "#p1": "rank", "#p2": "clinic", "#p3": "patient_id", "#p4": "visit"}
	if diff := cmp.Diff(want, q.ExpressionAttributeNames); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if _, err := collect(rows.Scan(ctx)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"#p0": "views", "#p1": "rank", "#p2": "patient_id", "#p3": "visit"}, db.scans[0].ExpressionAttributeNames); diff != "" {
		t.Errorf("names of a scan (-want +got):\n%s", diff)
	}
}

// What does not fit is an error of that item; what was never asked for is not read.
func TestUnverifiedItems(t *testing.T) {
	ctx := t.Context()
	db := &fake{pages: [][]avItem{{
		{"patient_id": s("p-1"), "visit": n("1700000001"), "clinic": s("west"), "views": s("many")},
		{"patient_id": s("p-1"), "visit": n("1700000002"), "Clinic": s("east"), "views": n("2")},
	}}}
	rows := must(ddbenc.NewUnverifiedReader[visitRow](openAdmissions(t, db)))
	page, err := ddbenc.OnePage(rows.QueryPages(ctx, ofAda, ddbenc.ContinueOnItemError()))
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Errs) != 1 || page.Errs[0].Error() != `ddbenc: Query on table "patients": item with key (patient_id, visit): visitRow can't be unmarshaled: attribute "views", stored as S, does not fit field Views of type int` {
		t.Errorf("errors %v", page.Errs)
	}
	if len(page.Items) != 1 || page.Items[0].Unchecked().Clinic != "" || page.Items[0].Unchecked().Views != 2 {
		t.Errorf("items %v", page.Items[0].Unchecked())
	}
	down := &fake{err: errors.New("out of order")}
	if _, err := must(ddbenc.NewUnverifiedReader[visitRow](openAdmissions(t, down))).Get(ctx, ddbenc.Key("p-1", visitAt(1))); err == nil {
		t.Error("Get of a failing service gives no error")
	}
}

func TestUnverifiedHideExpired(t *testing.T) {
	ctx := t.Context()
	sessions := newTable[session](t, engine(t))
	for id, expires := range map[string]time.Time{"old": time.Now().AddDate(0, 0, -1), "new": time.Now().AddDate(0, 0, 1)} {
		if err := sessions.Put(ctx, &session{User: "u", ID: id, Expires: expires}); err != nil {
			t.Fatal(err)
		}
	}
	type row struct {
		ID string `dynamodbav:"id"`
	}
	rows := must(ddbenc.NewUnverifiedReader[row](sessions))
	_, err := rows.Get(ctx, ddbenc.Key("u", "old"), ddbenc.HideExpired())
	got, err2 := rows.Get(ctx, ddbenc.Key("u", "new"), ddbenc.HideExpired())
	if !errors.Is(err, ddbenc.ErrNotFound) || err2 != nil || got.Unchecked().ID != "new" {
		t.Errorf("got %v; %v, %v", err, got.Unchecked(), err2)
	}
	all, err := collect(rows.Scan(ctx, ddbenc.HideExpired()))
	if err != nil || len(all) != 1 || all[0].Unchecked().ID != "new" {
		t.Errorf("%d items, %v", len(all), err)
	}
}

func TestUnverifiedRefused(t *testing.T) {
	ctx := t.Context()
	db := &fake{}
	table := openAdmissions(t, db)
	type (
		encrypted struct {
			Visit int64  `dynamodbav:"visit"`
			Name  string `dynamodbav:"name"`
			Notes []string
		}
		unknown struct {
			Visit  int64  `dynamodbav:"vist"`
			Part   string `dynamodbav:"clinic.name"`
			Sealed []byte `dynamodbav:"*amzn-ddb-map-sig*"`
		}
		twice struct {
			Visit  int64 `dynamodbav:"visit"`
			Visit2 int64 `dynamodbav:"visit"`
		}
		tagged struct {
			Visit int64 `dynamodbav:"visit" ddbenc:"sign"`
			Views int   `dynamodbav:"views" ddbenc:"encrypt"`
		}
		typo struct {
			Visit int64 `dynamodbav:"visit,unixtme"`
		}
		empty struct {
			visit int64
		}
	)
	_ = empty{}.visit
	const readable = `whose readable ones are "patient_id", "visit", "clinic", "rank", "views"`
	for _, tc := range []struct {
		err  error
		want []string
	}{
		{second(ddbenc.NewUnverifiedReader[encrypted](table)), []string{
			`encrypted.Name: dynamodbav:"name": attribute "name" is stored encrypted: read whole items from the table`,
			`encrypted.Notes: attribute "Notes" is not declared by Admission, ` + readable}},
		{second(ddbenc.NewUnverifiedReader[unknown](table)), []string{
			`unknown.Visit: dynamodbav:"vist": attribute "vist" is not declared by Admission, ` + readable + `; did you mean "visit"?`,
			`unknown.Part: dynamodbav:"clinic.name": attribute "clinic.name" is not declared by Admission, ` + readable,
			`unknown.Sealed: dynamodbav:"*amzn-ddb-map-sig*": attribute "*amzn-ddb-map-sig*" is not declared by Admission, ` + readable}},
		{second(ddbenc.NewUnverifiedReader[twice](table)), []string{`twice.Visit2: dynamodbav:"visit": attribute "visit" is also Visit at the same depth, so both would be lost`}},
		{second(ddbenc.NewUnverifiedReader[tagged](table)), []string{`tagged.Views: ddbenc:"encrypt": Admission has ddbenc:"none" for attribute "views"`}},
		{second(ddbenc.NewUnverifiedReader[typo](table)), []string{`typo.Visit: dynamodbav:"visit,unixtme": unknown option "unixtme"; did you mean "unixtime"?`}},
		{second(ddbenc.NewUnverifiedReader[empty](table)), []string{`empty: there is no field to read an attribute into`}},
		{second(ddbenc.NewUnverifiedReader[string](table)), []string{`string: not a struct: a table's type is a struct or a pointer to one, and package crypt is for items without a type`}},
		{second(ddbenc.NewUnverifiedReader[Admission](table)), []string{
			`Admission.Name: dynamodbav:"name": attribute "name" is stored encrypted: read whole items from the table`,
			`Admission.Notes: dynamodbav:"notes,omitempty": attribute "notes" is stored encrypted: read whole items from the table`}},
	} {
		if !errors.Is(tc.err, ddbenc.ErrSchema) {
			t.Errorf("got %v, want %v", tc.err, tc.want)
			continue
		}
		if got := strings.Split(strings.ReplaceAll(fmt.Sprint(tc.err), "ddbenc: ", ""), "\n"); !slices.Equal(got, tc.want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
		}
	}

	// Of items written while more was encrypted, that could be there as ciphertext.
	type ranks struct {
		Rank  int `dynamodbav:"rank"`
		Views int `dynamodbav:"views"`
	}
	before := openAdmissions(t, db, ddbenc.ReadActions(crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"views": crypt.EncryptAndSign}}))
	if _, err := ddbenc.NewUnverifiedReader[ranks](before); err == nil || err.Error() != `ddbenc: ranks.Views: dynamodbav:"views": attribute "views" is encrypted in some stored items: read whole items from the table` {
		t.Errorf("with ReadActions: %v", err)
	}
	before = openAdmissions(t, db, ddbenc.ReadActions(crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"views": crypt.DoNothing}}))
	if _, err := ddbenc.NewUnverifiedReader[ranks](before); err != nil {
		t.Errorf("with ReadActions that leave it readable: %v", err)
	}

	rows := must(ddbenc.NewUnverifiedReader[visitRow](table))
	enc := must(crypt.NewDDBEC(testProvider).ForTable(crypt.Table{Name: "patients", PartitionKey: "patient_id", SortKey: "visit", Actions: crypt.Actions{Default: crypt.SignOnly}}))
	name := ddbenc.Filter(expression.Name("name").Equal(expression.Value("Ada")))
	for _, tc := range []struct {
		err  error
		want string
	}{
		{second(rows.Get(ctx, ddbenc.Key("p-1", visitAt(1)), ddbenc.WithEncryptor(enc))), "WithEncryptor is given"},
		{second(collect(rows.Query(ctx, ofAda, ddbenc.WithEncryptor(enc)))), "WithEncryptor is given"},
		{second(collect(rows.Scan(ctx, ddbenc.WithEncryptor(enc)))), "WithEncryptor is given"},
		{second(rows.Get(ctx, ddbenc.Key("p-1"))), "the key has 1 values, want 2"},
		{second(rows.Get(ctx, ddbenc.Key("p-1", visitAt(1)), ddbenc.HideExpired())), "HideExpired is given"},
		{second(collect(rows.Query(ctx, ofAda, name))), `the filter names "name", which is stored encrypted`},
		{second(collect(rows.Scan(ctx, name))), `the filter names "name", which is stored encrypted`},
		{second(collect(rows.Scan(ctx, ddbenc.Index("by-name")))), `index "by-name" is unknown`},
		{second(ddbenc.OnePage(rows.ScanPages(ctx, ddbenc.Segments(2)))), "have no one position"},
		{second(ddbenc.OnePage(rows.QueryPages(ctx, ofAda, ddbenc.StartAfter(&visitRow{})))), "StartAfter has a *ddbenc_test.visitRow, want a *ddbenc_test.Admission"},
	} {
		if !errors.Is(tc.err, ddbenc.ErrRefused) || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("got %v, want %s", tc.err, tc.want)
		}
	}
	if db.calls != 0 {
		t.Errorf("%d calls were made", db.calls)
	}
}

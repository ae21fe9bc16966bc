package ddbenc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// engine returns the client of the DynamoDB that these tests run on: the one at
// $AWS_ENDPOINT_URL_DYNAMODB if that is set, else one inside the process.
func engine(tb testing.TB) *dynamodb.Client {
	tb.Helper()
	if os.Getenv("AWS_ENDPOINT_URL_DYNAMODB") == "" {
		return ddbenctest.NewDynamoDB(tb)
	}
	cfg, err := config.LoadDefaultConfig(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return dynamodb.NewFromConfig(cfg)
}

// newTable creates a table for T under a name of its own.
func newTable[T any](tb testing.TB, db *dynamodb.Client, opts ...ddbenc.TableOption) *ddbenc.Table[T] {
	tb.Helper()
	name := "ddbenc-" + strings.ToLower(rand.Text())
	ddbenctest.CreateTable[T](tb, db, name)
	table, err := ddbenc.NewTable[T](db, name, crypt.NewDDBEC(testProvider), opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

// collect gathers what a loop yields, up to its error.
func collect[T any](seq func(func(T, error) bool)) (all []T, err error) {
	for v, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}

func TestEngineRoundTrip(t *testing.T) {
	type inner struct {
		A string            `dynamodbav:"a"`
		M map[string]int    `dynamodbav:"m"`
		L []map[string]bool `dynamodbav:"l"`
	}
	type kinds struct {
		ID     []byte                  `dynamodbav:"id,partition"`
		Text   string                  `dynamodbav:"text"`
		Number attributevalue.Number   `dynamodbav:"number"`
		Signed attributevalue.Number   `dynamodbav:"signed" ddbenc:"sign"`
		Plain  attributevalue.Number   `dynamodbav:"plain" ddbenc:"none"`
		Bytes  []byte                  `dynamodbav:"bytes"`
		Yes    bool                    `dynamodbav:"yes"`
		Null   *int                    `dynamodbav:"null"`
		Words  []string                `dynamodbav:"words,stringset"`
		Nums   []attributevalue.Number `dynamodbav:"nums,numberset"`
		Blobs  [][]byte                `dynamodbav:"blobs"`
		Inner  inner                   `dynamodbav:"inner"`
		Any    any                     `dynamodbav:"any"`
		Absent string                  `dynamodbav:"absent,omitempty"`
	}
	const digits = "12345678901234567890.123456789012345678"
	ctx := t.Context()
	table := newTable[kinds](t, engine(t))
	for name, v := range map[string]*kinds{
		"full": {
			ID: []byte{0, 1, 0xff}, Text: "grün\x00\U0001F600", Number: digits, Signed: digits, Plain: digits,
			Bytes: []byte{0xff, 0}, Yes: true, Words: []string{"a", "\uffff", "\U00010000"}, Nums: []attributevalue.Number{"-1", "0", digits},
			Blobs: [][]byte{{1}, {2, 3}}, Inner: inner{A: "x", M: map[string]int{"k": 1}, L: []map[string]bool{{"t": true}, {}}},
			Any: map[string]any{"list": []any{"x", true, nil}},
		},
		"empty": {ID: []byte{1}, Number: "0", Signed: "0", Plain: "0", Bytes: []byte{}, Inner: inner{M: map[string]int{}, L: []map[string]bool{}}, Any: ""},
		"large": {ID: []byte{2}, Number: "1", Signed: "1", Plain: "1", Text: strings.Repeat("x", 300<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			if err := table.Put(ctx, v); err != nil {
				t.Fatal(err)
			}
			got, err := table.Get(ctx, ddbenc.Key(v.ID), ddbenc.ConsistentRead())
			if err != nil {
				t.Fatal(err)
			}
			sets := cmpopts.SortSlices(func(a, b string) bool { return a < b })
			numbers := cmp.Transformer("canonical", func(n attributevalue.Number) string { return must(codec.CanonicalNumber(string(n))) })
			if diff := cmp.Diff(v, got, sets, numbers, cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b []byte) bool { return bytes.Compare(a, b) < 0 })); diff != "" {
				t.Errorf("-put +got:\n%s", diff)
			}
		})
	}
}

func TestEnginePutGetDelete(t *testing.T) {
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	key := ddbenc.Key("p-1", visitAt(1))
	first := &Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada", Notes: []string{"well"}, Clinic: "west", Rank: 3, Views: 1}
	second := &Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada L."}

	var old *Admission
	for _, step := range []struct {
		name              string
		do                func() error
		wantOld, wantThen *Admission
	}{
		{"put", func() error { return patients.Put(ctx, first, ddbenc.ReturnOld(&old)) }, nil, first},
		{"replace", func() error { return patients.Put(ctx, second, ddbenc.ReturnOld(&old)) }, first, second},
		{"delete", func() error { return patients.Delete(ctx, key, ddbenc.ReturnOld(&old)) }, second, nil},
		{"delete nothing", func() error { return patients.Delete(ctx, key, ddbenc.ReturnOld(&old)) }, nil, nil},
		{"put without looking back", func() error { return patients.Put(ctx, first) }, nil, first},
		{"delete without looking back", func() error { return patients.Delete(ctx, key) }, nil, nil},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.wantOld, old); diff != "" {
			t.Errorf("%s: old item (-want +got):\n%s", step.name, diff)
		}
		then, err := patients.Get(ctx, key, ddbenc.ConsistentRead())
		if step.wantThen == nil && !errors.Is(err, ddbenc.ErrNotFound) || step.wantThen != nil && err != nil {
			t.Errorf("%s: then Get gives error %v", step.name, err)
		}
		if diff := cmp.Diff(step.wantThen, then); diff != "" {
			t.Errorf("%s: then Get gives (-want +got):\n%s", step.name, diff)
		}
	}
}

func TestEngineConditions(t *testing.T) {
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	key := ddbenc.Key("p-1", visitAt(1))
	p := &Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada", Clinic: "west", Views: 1}
	put := func(opts ...ddbenc.PutOption) error { return patients.Put(ctx, p, opts...) }
	del := func(opts ...ddbenc.DeleteOption) error { return patients.Delete(ctx, key, opts...) }

	absent := ddbenc.If(expression.Name("patient_id").AttributeNotExists())
	if err := put(absent); err != nil {
		t.Fatal(err)
	}
	for name, cond := range map[string]expression.ConditionBuilder{
		"signed":             expression.Name("clinic").Equal(expression.Value("west")),
		"unsigned":           expression.Name("views").LessThan(expression.Value(5)),
		"encrypted exists":   expression.Name("name").AttributeExists(),
		"size of ciphertext": expression.Name("name").Size().Equal(expression.Value(32)), // IV and one block
		"none":               {},
	} {
		if err := put(ddbenc.If(cond)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	east := ddbenc.If(expression.Name("clinic").Equal(expression.Value("east")))
	for name, err := range map[string]error{
		"exists already":   put(absent, ddbenc.ReturnCurrent()),
		"another clinic":   put(east, ddbenc.ReturnCurrent()),
		"joined":           put(ddbenc.If(expression.Name("views").Equal(expression.Value(1))), east, ddbenc.ReturnCurrent()),
		"delete elsewhere": del(east, ddbenc.ReturnCurrent()),
	} {
		var failed *ddbenc.ConditionError[Admission]
		var sdk *types.ConditionalCheckFailedException
		if !errors.As(err, &failed) || !errors.Is(err, ddbenc.ErrConditionFailed) || !errors.As(err, &sdk) {
			t.Fatalf("%s: got %v", name, err)
		}
		if diff := cmp.Diff(p, failed.Current); diff != "" || failed.CurrentErr != nil {
			t.Errorf("%s: error %v, current item (-want +got):\n%s", name, failed.CurrentErr, diff)
		}
	}
	var failed *ddbenc.ConditionError[Admission]
	if err := del(east); !errors.As(err, &failed) || failed.Current != nil {
		t.Errorf("without ReturnCurrent: %v, current item %v", err, failed.Current)
	}
	if err := patients.Delete(ctx, ddbenc.Key("nobody", visitAt(1)), east, ddbenc.ReturnCurrent()); !errors.As(err, &failed) || failed.Current != nil {
		t.Errorf("on no item: %v, current item %v", err, failed.Current)
	}
}

// visits puts visits 1 to n of patient p-1 and one of p-2, in no order.
func visits(t *testing.T, patients *ddbenc.Table[Admission], n int) {
	t.Helper()
	put := func(p Admission) {
		if err := patients.Put(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		i := i*3%n + 1 // n is not a multiple of 3
		put(Admission{ID: "p-1", Visit: visitAt(i), Name: fmt.Sprint("Ada ", i), Clinic: []string{"west", "east"}[i%2], Rank: n - i + 1, Views: i})
	}
	put(Admission{ID: "p-2", Visit: visitAt(1), Name: "Bob", Clinic: "west"})
}

func TestEngineQuery(t *testing.T) {
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	visits(t, patients, 7)
	key := func(name string, v any) expression.KeyConditionBuilder {
		return expression.Key(name).Equal(expression.Value(v))
	}
	at := func(n int) expression.ValueBuilder { return expression.Value(attributevalue.UnixTime(visitAt(n))) }
	views := func(min int) expression.ConditionBuilder {
		return expression.Name("views").GreaterThanEqual(expression.Value(min))
	}
	for _, tc := range []struct {
		name string
		key  expression.KeyConditionBuilder
		opts []ddbenc.QueryOption
		want []int
	}{
		{"partition", ofAda, nil, []int{1, 2, 3, 4, 5, 6, 7}},
		{"consistent", ofAda, []ddbenc.QueryOption{ddbenc.ConsistentRead()}, []int{1, 2, 3, 4, 5, 6, 7}},
		{"descending", ofAda, []ddbenc.QueryOption{ddbenc.Descending()}, []int{7, 6, 5, 4, 3, 2, 1}},
		{"one visit", ofAda.And(expression.Key("visit").Equal(at(3))), nil, []int{3}},
		{"range", ofAda.And(expression.Key("visit").Between(at(3), at(5))), nil, []int{3, 4, 5}},
		{"limit", ofAda, []ddbenc.QueryOption{ddbenc.Limit(3)}, []int{1, 2, 3}},
		{"small pages", ofAda, []ddbenc.QueryOption{ddbenc.PageSize(2)}, []int{1, 2, 3, 4, 5, 6, 7}},
		{"limit over small pages", ofAda, []ddbenc.QueryOption{ddbenc.PageSize(2), ddbenc.Limit(5)}, []int{1, 2, 3, 4, 5}},
		{"filter", ofAda, []ddbenc.QueryOption{ddbenc.Filter(views(4))}, []int{4, 5, 6, 7}},
		{"limit after filter", ofAda, []ddbenc.QueryOption{ddbenc.Filter(views(4)), ddbenc.PageSize(2), ddbenc.Limit(2)}, []int{4, 5}},
		{"two filters", ofAda, []ddbenc.QueryOption{ddbenc.Filter(views(4)), ddbenc.Filter(expression.Name("clinic").Equal(expression.Value("east")))}, []int{5, 7}},
		{"start after", ofAda, []ddbenc.QueryOption{ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(5)})}, []int{6, 7}},
		{"start after, descending", ofAda, []ddbenc.QueryOption{ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(3)}), ddbenc.Descending()}, []int{2, 1}},
		{"local index", ofAda, []ddbenc.QueryOption{ddbenc.Index("by-rank")}, []int{7, 6, 5, 4, 3, 2, 1}},
		{"local index, consistent, start after", ofAda, []ddbenc.QueryOption{ddbenc.Index("by-rank"), ddbenc.ConsistentRead(), ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(3), Rank: 5})}, []int{2, 1}},
		{"range of a local index", ofAda.And(expression.Key("rank").LessThan(expression.Value(3))), []ddbenc.QueryOption{ddbenc.Index("by-rank")}, []int{7, 6}},
		{"global index", key("clinic", "east"), []ddbenc.QueryOption{ddbenc.Index("by-clinic"), ddbenc.PageSize(3)}, []int{1, 3, 5, 7}},
		{"nobody", key("patient_id", "p-3"), nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := collect(patients.Query(ctx, tc.key, tc.opts...))
			if err != nil {
				t.Fatal(err)
			}
			var visits []int
			for _, p := range got {
				visits = append(visits, p.Views)
				if want := fmt.Sprint("Ada ", p.Views); p.Name != want {
					t.Errorf("visit %d has name %q, want %q", p.Views, p.Name, want)
				}
			}
			if strings.HasPrefix(tc.name, "global") {
				slices.Sort(visits) // the index has no sort key
			}
			if diff := cmp.Diff(tc.want, visits); diff != "" {
				t.Errorf("visits (-want +got):\n%s", diff)
			}
			count, err := patients.QueryCount(ctx, tc.key, tc.opts...)
			if err != nil || count != len(tc.want) {
				t.Errorf("QueryCount gives %d, %v, want %d", count, err, len(tc.want))
			}
		})
	}
}

func TestEngineScan(t *testing.T) {
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	visits(t, patients, 7)
	for _, tc := range []struct {
		name string
		opts []ddbenc.ScanOption
		want int
	}{
		{"table", nil, 8},
		{"small pages", []ddbenc.ScanOption{ddbenc.PageSize(3), ddbenc.ConsistentRead()}, 8},
		{"limit", []ddbenc.ScanOption{ddbenc.Limit(5)}, 5},
		{"filter", []ddbenc.ScanOption{ddbenc.Filter(expression.Name("clinic").Equal(expression.Value("west")))}, 4},
		{"index", []ddbenc.ScanOption{ddbenc.Index("by-clinic"), ddbenc.PageSize(2)}, 8},
		{"sparse index", []ddbenc.ScanOption{ddbenc.Index("by-rank")}, 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := collect(patients.Scan(ctx, tc.opts...))
			if err != nil || len(got) != tc.want {
				t.Errorf("%d items, %v, want %d", len(got), err, tc.want)
			}
			count, err := patients.ScanCount(ctx, tc.opts...)
			if err != nil || count != tc.want {
				t.Errorf("ScanCount gives %d, %v, want %d", count, err, tc.want)
			}
		})
	}

	// From any item on, the rest follows.
	all, err := collect(patients.Scan(ctx))
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		rest, err := collect(patients.Scan(ctx, ddbenc.StartAfter(&all[i])))
		if diff := cmp.Diff(all[i+1:], rest, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("after item %d: error %v, -want +got:\n%s", i, err, diff)
		}
	}
}

// What someone with access to the table changes is found out, and only that
// item is lost.
func TestEngineTampering(t *testing.T) {
	ctx := t.Context()
	db := engine(t)
	patients := newTable[Admission](t, db)
	visits(t, patients, 4)
	_, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 aws.String(patients.Name()),
		Key:                       avItem{"patient_id": s("p-1"), "visit": n("1700000002")},
		UpdateExpression:          aws.String("SET clinic = :c"),
		ExpressionAttributeValues: avItem{":c": s("nowhere")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := patients.Get(ctx, ddbenc.Key("p-1", visitAt(2))); !errors.Is(err, ddbenc.ErrVerify) || p != nil {
		t.Errorf("Get gives %v, %v", p, err)
	}
	var good []int64
	var bad []string
	for p, err := range patients.Query(ctx, ofAda, ddbenc.ContinueOnItemError()) {
		var e *ddbenc.ItemError
		switch {
		case err == nil:
			good = append(good, p.Visit.Unix()-1_700_000_000)
		case errors.As(err, &e):
			bad = append(bad, e.Key()["visit"].(*types.AttributeValueMemberN).Value)
		default:
			t.Fatal(err)
		}
	}
	if !slices.Equal(good, []int64{1, 3, 4}) || !slices.Equal(bad, []string{"1700000002"}) {
		t.Errorf("good visits %v, bad %v", good, bad)
	}
}

// A reader that knows less of the item reads what it knows.
func TestEngineUnknownAttributes(t *testing.T) {
	type v2 struct {
		ID    string `dynamodbav:"id,partition"`
		Name  string `dynamodbav:"name"`
		Email string `dynamodbav:"email"`
		Views int    `dynamodbav:"views" ddbenc:"none"`
	}
	type v1 struct {
		ID   string `dynamodbav:"id,partition"`
		Name string `dynamodbav:"name"`
		Old  string `dynamodbav:"old,omitempty"`
	}
	ctx := t.Context()
	db := engine(t)
	now := newTable[v2](t, db)
	then, err := ddbenc.NewTable[v1](db, now.Name(), crypt.NewDDBEC(testProvider),
		ddbenc.ReadActions(must(ddbenc.SchemaOf[v2]()).Actions()))
	if err != nil {
		t.Fatal(err)
	}
	if err := now.Put(ctx, &v2{ID: "1", Name: "Ada", Email: "ada@example.com", Views: 3}); err != nil {
		t.Fatal(err)
	}
	got, err := then.Get(ctx, ddbenc.Key("1"), ddbenc.ConsistentRead())
	if diff := cmp.Diff(&v1{ID: "1", Name: "Ada"}, got); err != nil || diff != "" {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
}

func TestEnginePartialIndex(t *testing.T) {
	ctx := t.Context()
	db := engine(t)
	name := "ddbenc-" + strings.ToLower(rand.Text())
	in := must(ddbenc.SchemaOf[Admission]()).CreateTableInput(name)
	in.GlobalSecondaryIndexes[0].Projection = &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	if _, err := db.CreateTable(ctx, in); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := db.DeleteTable(context.WithoutCancel(ctx), &dynamodb.DeleteTableInput{TableName: &name})
		if err != nil {
			t.Error(err)
		}
	})
	patients, err := ddbenc.NewTable[Admission](db, name, crypt.NewDDBEC(testProvider))
	if err != nil {
		t.Fatal(err)
	}
	if err := patients.Put(ctx, &Admission{ID: "p-1", Visit: visitAt(1), Clinic: "west"}); err != nil {
		t.Fatal(err)
	}
	west := expression.Key("clinic").Equal(expression.Value("west"))
	_, err = collect(patients.Query(ctx, west, ddbenc.Index("by-clinic")))
	if !errors.Is(err, ddbenc.ErrNotSigned) || !strings.Contains(err.Error(), `index "by-clinic" must project all attributes`) {
		t.Errorf("Query gives %v", err)
	}
	if n, err := patients.QueryCount(ctx, west, ddbenc.Index("by-clinic")); n != 1 || err != nil {
		t.Errorf("QueryCount gives %d, %v", n, err)
	}
}

// 64 goroutines share one table. Run with -race.
func TestEngineConcurrency(t *testing.T) {
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			id := fmt.Sprint("p-", g%8) // eight goroutines to a patient
			p := &Admission{ID: id, Visit: visitAt(g), Name: "Ada", Clinic: "west", Views: g}
			for range 3 {
				if err := patients.Put(ctx, p); err != nil {
					t.Error(err)
				}
				got, err := patients.Get(ctx, ddbenc.Key(id, visitAt(g)), ddbenc.ConsistentRead())
				if diff := cmp.Diff(p, got); err != nil || diff != "" {
					t.Errorf("error %v, -want +got:\n%s", err, diff)
				}
				all, err := collect(patients.Query(ctx, expression.Key("patient_id").Equal(expression.Value(id)), ddbenc.PageSize(3), ddbenc.ConsistentRead()))
				if err != nil || len(all) == 0 {
					t.Errorf("%d visits, %v", len(all), err)
				}
				if _, err := collect(patients.Scan(ctx, ddbenc.Limit(10))); err != nil {
					t.Error(err)
				}
			}
			if err := patients.Delete(ctx, ddbenc.Key(id, visitAt(g))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, err := patients.ScanCount(ctx, ddbenc.ConsistentRead()); n != 0 || err != nil {
		t.Errorf("%d items left, %v", n, err)
	}
}

func TestEngineCancelled(t *testing.T) {
	patients := newTable[Admission](t, engine(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	key := ddbenc.Key("p-1", visitAt(1))
	_, getErr := patients.Get(ctx, key)
	_, queryErr := collect(patients.Query(ctx, ofAda))
	_, countErr := patients.ScanCount(ctx)
	for op, err := range map[string]error{
		"Put": patients.Put(ctx, &Admission{ID: "p-1", Visit: visitAt(1)}), "Get": getErr,
		"Delete": patients.Delete(ctx, key), "Query": queryErr, "ScanCount": countErr,
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s gives %v", op, err)
		}
	}
}

package ddbenc_test

import (
	"errors"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

type document struct {
	ID   string `dynamodbav:"id,partition"`
	Text string `dynamodbav:"text,omitempty"`
	Seen int    `dynamodbav:"seen" ddbenc:"none"`
	Rev  int    `dynamodbav:"rev,version"`
}

func TestEngineVersion(t *testing.T) {
	ctx := t.Context()
	documents := newTable[document](t, engine(t))
	d := &document{ID: "a", Text: "one"}
	stored := func() *document {
		t.Helper()
		got, err := documents.Get(ctx, ddbenc.Key("a"), ddbenc.ConsistentRead())
		if err != nil && !errors.Is(err, ddbenc.ErrNotFound) {
			t.Fatal(err)
		}
		return got
	}
	update := func(modify func(*document)) error {
		got, err := documents.Update(ctx, ddbenc.Key("a"), func(d *document) error { modify(d); return nil })
		if err == nil {
			*d = *got
		}
		return err
	}
	var old, current *document
	for _, step := range []struct {
		name    string
		do      func() error
		wantErr error
		want    *document // what is stored then, and what d is if there was no error
	}{
		{"put", func() error { return documents.Put(ctx, d) }, nil, &document{ID: "a", Text: "one", Rev: 1}},
		{"create again", func() error { return documents.Put(ctx, &document{ID: "a"}) }, ddbenc.ErrConditionFailed, &document{ID: "a", Text: "one", Rev: 1}},
		{"put what was put", func() error { d.Text = "two"; return documents.Put(ctx, d) }, nil, &document{ID: "a", Text: "two", Rev: 2}},
		{"put what is old", func() error { return documents.Put(ctx, &document{ID: "a", Rev: 1}, ddbenc.ReturnCurrent()) }, ddbenc.ErrConditionFailed, &document{ID: "a", Text: "two", Rev: 2}},
		{"put on a condition", func() error {
			return documents.Put(ctx, d, ddbenc.If(expression.Name("seen").Equal(expression.Value(0))), ddbenc.ReturnOld(&old))
		}, nil, &document{ID: "a", Text: "two", Rev: 3}},
		{"put on a failing condition", func() error {
			return documents.Put(ctx, d, ddbenc.If(expression.Name("seen").Equal(expression.Value(1))))
		}, ddbenc.ErrConditionFailed, &document{ID: "a", Text: "two", Rev: 3}},
		{"update", func() error { return update(func(d *document) { d.Text = "three" }) }, nil, &document{ID: "a", Text: "three", Rev: 4}},
		{"update of an unsigned attribute", func() error { return update(func(d *document) { d.Seen++ }) }, nil, &document{ID: "a", Text: "three", Seen: 1, Rev: 5}},
		{"update of nothing", func() error { return update(func(d *document) {}) }, nil, &document{ID: "a", Text: "three", Seen: 1, Rev: 5}},
		{"update of the version", func() error { return update(func(d *document) { d.Rev = 70 }) }, nil, &document{ID: "a", Text: "three", Seen: 1, Rev: 5}},
		{"update of everything", func() error { return update(func(d *document) { *d = document{ID: "a", Text: "four"} }) }, nil, &document{ID: "a", Text: "four", Rev: 6}},
		{"delete what is old", func() error { return documents.Delete(ctx, ddbenc.Key("a"), ddbenc.IfVersion(5)) }, ddbenc.ErrConditionFailed, &document{ID: "a", Text: "four", Rev: 6}},
		{"delete without a version", func() error { return documents.Delete(ctx, ddbenc.Key("a")) }, ddbenc.ErrRefused, &document{ID: "a", Text: "four", Rev: 6}},
		{"delete", func() error { return documents.Delete(ctx, ddbenc.Key("a"), ddbenc.IfVersion(d.Rev)) }, nil, nil},
		{"put what is deleted", func() error { return documents.Put(ctx, d) }, ddbenc.ErrConditionFailed, nil},
		{"delete what is not there", func() error { return documents.Delete(ctx, ddbenc.Key("a"), ddbenc.IfVersion(6)) }, ddbenc.ErrConditionFailed, nil},
		{"delete any", func() error { return documents.Delete(ctx, ddbenc.Key("a"), ddbenc.AnyVersion()) }, nil, nil},
	} {
		before := *d
		err := step.do()
		if !errors.Is(err, step.wantErr) {
			t.Fatalf("%s: got %v, want %v", step.name, err, step.wantErr)
		}
		var failed *ddbenc.ConditionError[document]
		if errors.As(err, &failed) != (step.wantErr == ddbenc.ErrConditionFailed) {
			t.Errorf("%s: got a %T", step.name, err)
		}
		if failed != nil && failed.Current != nil {
			current = failed.Current
		}
		if diff := cmp.Diff(step.want, stored()); diff != "" {
			t.Errorf("%s: stored (-want +got):\n%s", step.name, diff)
		}
		if err != nil && *d != before {
			t.Errorf("%s failed and changed the struct: %+v, was %+v", step.name, d, before)
		}
		if err == nil && step.want != nil && *d != *step.want {
			t.Errorf("%s leaves %+v, want %+v", step.name, d, step.want)
		}
	}
	if old == nil || old.Rev != 2 || current == nil || current.Rev != 2 {
		t.Errorf("ReturnOld gives %+v, ReturnCurrent %+v", old, current)
	}
}

// An item from before the type had a version gets one by Update.
func TestEngineVersionOfOldItems(t *testing.T) {
	type before struct {
		ID   string `dynamodbav:"id,partition"`
		Text string `dynamodbav:"text,omitempty"`
	}
	ctx := t.Context()
	db := engine(t)
	then := newTable[before](t, db)
	now := must(ddbenc.NewTable[document](db, then.Name(), crypt.NewDDBEC(testProvider)))
	if err := then.Put(ctx, &before{ID: "a", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := now.Put(ctx, &document{ID: "a"}); !errors.Is(err, ddbenc.ErrConditionFailed) {
		t.Errorf("Put gives %v", err)
	}
	got, err := now.Update(ctx, ddbenc.Key("a"), func(d *document) error { d.Text = "y"; return nil })
	if err != nil || got.Rev != 1 {
		t.Fatalf("Update gives %+v, %v", got, err)
	}
	if err := now.Put(ctx, got); err != nil || got.Rev != 2 {
		t.Errorf("Put leaves %+v, %v", got, err)
	}
	if err := then.Put(ctx, &before{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	if err := now.Delete(ctx, ddbenc.Key("b"), ddbenc.IfVersion(0)); err != nil {
		t.Errorf("Delete gives %v", err)
	}
}

// Of writers who read the same version one can put, and readers see every change
// counted. Run with -race.
func TestEngineVersionConcurrency(t *testing.T) {
	ctx := t.Context()
	documents := newTable[document](t, engine(t))
	var puts, updates atomic.Int32
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			if i%2 == 0 {
				_, err := documents.Update(ctx, ddbenc.Key("a"), func(d *document) error { d.Seen += 100; return nil }, ddbenc.CreateIfAbsent())
				if err != nil {
					t.Error(err)
				}
				updates.Add(1)
				return
			}
			for {
				d, err := documents.Get(ctx, ddbenc.Key("a"), ddbenc.ConsistentRead())
				if errors.Is(err, ddbenc.ErrNotFound) {
					d, err = &document{ID: "a"}, nil
				}
				if err != nil {
					t.Error(err)
					return
				}
				d.Seen += 100
				was := d.Rev
				err = documents.Put(ctx, d)
				switch {
				case err == nil && d.Rev == was+1:
					puts.Add(1)
					return
				case !errors.Is(err, ddbenc.ErrConditionFailed) || d.Rev != was:
					t.Errorf("Put gives %v, and version %d after %d", err, d.Rev, was)
					return
				}
			}
		})
	}
	wg.Wait()
	got, err := documents.Get(ctx, ddbenc.Key("a"), ddbenc.ConsistentRead())
	if want := (document{ID: "a", Seen: 3200, Rev: 32}); err != nil || *got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestVersionBounds(t *testing.T) {
	type signed struct {
		ID  string `dynamodbav:"id,partition"`
		Rev int8   `dynamodbav:"rev,version"`
	}
	type Counted struct {
		Rev uint16 `dynamodbav:"re.v,version"`
	}
	type embedded struct {
		ID string `dynamodbav:"id,partition"`
		*Counted
	}
	ctx := t.Context()
	db := engine(t)
	small := newTable[signed](t, db)
	for _, rev := range []int8{-1, math.MaxInt8, math.MinInt8} {
		v := signed{ID: "a", Rev: rev}
		if err := small.Put(ctx, &v); !errors.Is(err, ddbenc.ErrInvalidItem) || v.Rev != rev {
			t.Errorf("version %d: %v, then %d", rev, err, v.Rev)
		}
	}
	deep := newTable[embedded](t, db)
	v := embedded{ID: "a"}
	for want := uint16(1); want < 4; want++ {
		if err := deep.Put(ctx, &v); err != nil || v.Counted == nil || v.Rev != want {
			t.Fatalf("version %d: %v", want, err)
		}
	}
	got, err := deep.Update(ctx, ddbenc.Key("b"), func(*embedded) error { return nil }, ddbenc.CreateIfAbsent())
	if err != nil || got.Counted == nil || got.Rev != 1 {
		t.Errorf("Update: %+v, %v", got, err)
	}
	if err := deep.Put(ctx, nil); !errors.Is(err, ddbenc.ErrInvalidItem) {
		t.Errorf("nil: %v", err)
	}
	pointers := must(ddbenc.NewTable[*embedded](db, deep.Name(), crypt.NewDDBEC(testProvider)))
	p := &embedded{ID: "c"}
	if err := pointers.Put(ctx, &p); err != nil || p.Rev != 1 {
		t.Errorf("pointer: %v", err)
	}
}

func TestVersionOptionsAreRefused(t *testing.T) {
	ctx := t.Context()
	db := &fake{}
	documents := must(ddbenc.NewTable[document](db, "documents", crypt.NewDDBEC(testProvider)))
	for want, err := range map[string]error{
		"is given, but the type has none":  openAdmissions(t, db).Delete(ctx, adaKey, ddbenc.IfVersion(1)),
		"given, but the type has none":     openAdmissions(t, db).Delete(ctx, adaKey, ddbenc.AnyVersion()),
		"exclude each other":               documents.Delete(ctx, ddbenc.Key("a"), ddbenc.IfVersion(1), ddbenc.AnyVersion()),
		"negative version":                 documents.Delete(ctx, ddbenc.Key("a"), ddbenc.IfVersion(-1)),
		`use IfVersion with the one that `: documents.Delete(ctx, ddbenc.Key("a")),
	} {
		if !errors.Is(err, ddbenc.ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if db.calls != 0 {
		t.Errorf("%d requests were sent", db.calls)
	}
}

// scaled is a version that is stored as something else.
type scaled int

func (s scaled) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return attributevalue.Marshal(int(s) * 10)
}

func TestVersionsThatMarshalThemselves(t *testing.T) {
	type doc struct {
		ID  string `dynamodbav:"id,partition"`
		Rev scaled `dynamodbav:"rev,version"`
	}
	_, err := ddbenc.NewTable[doc](&fake{}, "docs", crypt.NewDDBEC(testProvider))
	if !errors.Is(err, ddbenc.ErrSchema) || !strings.Contains(err.Error(), "marshals itself") {
		t.Errorf("got %v", err)
	}
}

// The answer to a write with a condition is lost. What is known is reported as it
// is, and the struct has the version that is stored.
func TestWriteLostAnswers(t *testing.T) {
	throttle := ddbenctest.Fault{Code: "ProvisionedThroughputExceededException", Times: 3}
	for _, tc := range []struct {
		name  string
		write func(*ddbenc.Table[document]) error
		fault ddbenctest.Fault
		want  error
		rev   int // stored then; 0 for no item
	}{
		{"put", func(d *ddbenc.Table[document]) error { return putRev(t, d, 1, 2) }, ddbenctest.Fault{LoseResponse: true}, nil, 2},
		{"put, all answers", func(d *ddbenc.Table[document]) error { return putRev(t, d, 1, 2) }, ddbenctest.Fault{Operation: "PutItem", LoseResponse: true, Times: 3}, nil, 2},
		{"put of an old version", func(d *ddbenc.Table[document]) error { return putRev(t, d, 7, 7) }, ddbenctest.Fault{LoseResponse: true}, ddbenc.ErrUnknownOutcome, 1},
		{"put, throttled", func(d *ddbenc.Table[document]) error { return putRev(t, d, 1, 1) }, throttle, &types.ProvisionedThroughputExceededException{}, 1},
		{"put, dropped for good", func(d *ddbenc.Table[document]) error { return putRev(t, d, 1, 1) }, ddbenctest.Fault{Drop: true, Times: 3}, ddbenc.ErrUnknownOutcome, 1},
		{"put, old item asked for", func(d *ddbenc.Table[document]) error {
			old := &document{}
			v := document{ID: "a", Text: "x", Rev: 1}
			err := d.Put(t.Context(), &v, ddbenc.ReturnOld(&old))
			var e *ddbenc.ItemError
			if !errors.As(err, &e) || !e.Written || v.Rev != 2 {
				t.Errorf("got %v, version %d", err, v.Rev)
			}
			return nil
		}, ddbenctest.Fault{LoseResponse: true}, nil, 2},
		{"delete", func(d *ddbenc.Table[document]) error {
			return d.Delete(t.Context(), ddbenc.Key("a"), ddbenc.IfVersion(1))
		}, ddbenctest.Fault{LoseResponse: true}, ddbenc.ErrUnknownOutcome, 0},
		{"delete of any", func(d *ddbenc.Table[document]) error {
			return d.Delete(t.Context(), ddbenc.Key("a"), ddbenc.AnyVersion())
		}, ddbenctest.Fault{LoseResponse: true}, nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, documents := faulty[document](t)
			if err := documents.Put(t.Context(), &document{ID: "a", Text: "x"}); err != nil {
				t.Fatal(err)
			}
			e.Fault(tc.fault)
			err := tc.write(documents)
			e.ClearFaults()
			if sdk, ok := tc.want.(*types.ProvisionedThroughputExceededException); ok {
				if !errors.As(err, &sdk) || errors.Is(err, ddbenc.ErrUnknownOutcome) {
					t.Errorf("got %v", err)
				}
			} else if !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			d, err := documents.Get(t.Context(), ddbenc.Key("a"))
			switch {
			case errors.Is(err, ddbenc.ErrNotFound) && tc.rev == 0:
			case err != nil || d.Rev != tc.rev:
				t.Errorf("stored is %+v, %v, want version %d", d, err, tc.rev)
			}
		})
	}
}

// putRev puts an item with version rev and checks which one the struct has then.
func putRev(t *testing.T, documents *ddbenc.Table[document], rev, want int) error {
	t.Helper()
	d := document{ID: "a", Text: "y", Rev: rev}
	err := documents.Put(t.Context(), &d)
	if d.Rev != want {
		t.Errorf("the struct has version %d, want %d", d.Rev, want)
	}
	return err
}

// Versions tell that an update was not made although its answer was lost.
func TestUpdateOvertaken(t *testing.T) {
	ctx := t.Context()
	var documents *ddbenc.Table[document]
	writes := 0
	e := ddbenctest.NewEngine(ddbenctest.WithRequestHook(func(r ddbenctest.Request) {
		if r.Operation != "UpdateItem" {
			return
		}
		if writes++; writes == 2 {
			if _, err := documents.Update(ctx, ddbenc.Key("a"), func(d *document) error { d.Seen++; return nil }); err != nil {
				t.Error(err)
			}
		}
	}))
	ddbenctest.CreateTable[document](t, e.Client(), "documents")
	documents = must(ddbenc.NewTable[document](e.Client(), "documents", crypt.NewDDBEC(testProvider)))
	if err := documents.Put(ctx, &document{ID: "a", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	e.Fault(ddbenctest.Fault{Operation: "UpdateItem", Drop: true})
	got, err := documents.Update(ctx, ddbenc.Key("a"), func(d *document) error { d.Seen += 10; return nil })
	if want := (document{ID: "a", Text: "x", Seen: 11, Rev: 3}); err != nil || *got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// Stored versions that no table wrote.
func TestUpdateOfBadVersions(t *testing.T) {
	ctx := t.Context()
	db := ddbenctest.NewDynamoDB(t)
	ddbenctest.CreateTable[document](t, db, "documents")
	documents := must(ddbenc.NewTable[document](db, "documents", crypt.NewDDBEC(testProvider)))
	enc := must(crypt.NewDDBEC(testProvider).ForTable(crypt.Table{
		Name: "documents", PartitionKey: "id", Actions: must(ddbenc.SchemaOf[document]()).Actions(),
	}))
	for name, rev := range map[string]types.AttributeValue{"negative": n("-1"), "last": n("9223372036854775807"), "too large": n("1E30"), "text": s("1")} {
		it := must(enc.Encrypt(ctx, avItem{"id": s("a"), "rev": rev}))
		if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("documents"), Item: it}); err != nil {
			t.Fatal(err)
		}
		_, err := documents.Update(ctx, ddbenc.Key("a"), func(d *document) error { d.Text = "x"; return nil })
		if !errors.Is(err, ddbenc.ErrInvalidItem) && !errors.Is(err, ddbenc.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

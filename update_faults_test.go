package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// A sealedCounter is an item of which a test chooses what has a random ciphertext.
type sealedCounter struct {
	ID     string `dynamodbav:"id,partition"`
	Secret string `dynamodbav:"secret,omitempty"`
	Count  int    `dynamodbav:"count" ddbenc:"sign"`
	Views  int    `dynamodbav:"views" ddbenc:"none"`
}

func addOne(c *sealedCounter) error { c.Count++; return nil }

func viewOne(c *sealedCounter) error { c.Views++; return nil }

// faulty opens a table on an embedded engine, whose faults it returns.
func faulty[T any](t *testing.T) (*ddbenctest.Engine, *ddbenc.Table[T]) {
	t.Helper()
	e := ddbenctest.NewEngine()
	ddbenctest.CreateTable[T](t, e.Client(), "faulty")
	table, err := ddbenc.NewTable[T](e.Client(), "faulty", crypt.NewDDBEC(testProvider))
	if err != nil {
		t.Fatal(err)
	}
	return e, table
}

// The answer to a write is lost. The update is made once, and reported as done,
// as not done, or as unknown, whichever is known.
func TestUpdateLostAnswers(t *testing.T) {
	lost := func(times int) ddbenctest.Fault {
		return ddbenctest.Fault{Operation: "UpdateItem", LoseResponse: true, Times: times}
	}
	for _, tc := range []struct {
		name   string
		secret string // encrypted anew each time, if there is one
		faults []ddbenctest.Fault
		modify func(*sealedCounter) error
		// meddle is called once, by another writer, after the first write.
		meddle func(*sealedCounter) error
		want   error
		stored sealedCounter
	}{
		{"one", "x", []ddbenctest.Fault{lost(1)}, addOne, nil, nil, sealedCounter{Count: 1}},
		{"all", "x", []ddbenctest.Fault{lost(3)}, addOne, nil, nil, sealedCounter{Count: 1}},
		{"one, then another writer", "x", []ddbenctest.Fault{lost(1)}, addOne, addOne, ddbenc.ErrUnknownOutcome, sealedCounter{Count: 2}},
		{"one, then throttled for good", "x", []ddbenctest.Fault{lost(1), {Operation: "UpdateItem", Code: "ProvisionedThroughputExceededException", Times: 2}}, addOne, nil, nil, sealedCounter{Count: 1}},
		{"one, and nothing is encrypted", "", []ddbenctest.Fault{lost(1)}, addOne, nil, ddbenc.ErrUnknownOutcome, sealedCounter{Count: 1}},
		{"one of an unsigned attribute", "x", []ddbenctest.Fault{lost(1)}, viewOne, nil, ddbenc.ErrUnknownOutcome, sealedCounter{Views: 1}},
		{"request, before it arrives", "x", []ddbenctest.Fault{{Operation: "UpdateItem", Drop: true}}, addOne, nil, nil, sealedCounter{Count: 1}},
		{"every request, before it arrives", "x", []ddbenctest.Fault{{Operation: "UpdateItem", Drop: true, Times: 3}}, addOne, nil, ddbenc.ErrUnknownOutcome, sealedCounter{}},
		{"none, but throttled", "x", []ddbenctest.Fault{{Operation: "UpdateItem", Code: "ThrottlingException", Times: 2}}, addOne, nil, nil, sealedCounter{Count: 1}},
		{"none, but a server error", "x", []ddbenctest.Fault{{Operation: "UpdateItem", Code: "InternalServerError"}}, addOne, nil, nil, sealedCounter{Count: 1}},
		{"none, but a transaction is under way", "x", []ddbenctest.Fault{{Operation: "UpdateItem", Conflict: true, Times: 4}}, addOne, nil, nil, sealedCounter{Count: 1}},
		{"read", "x", []ddbenctest.Fault{{Operation: "GetItem", LoseResponse: true, Times: 2}}, addOne, nil, nil, sealedCounter{Count: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx := t.Context()
			var table *ddbenc.Table[sealedCounter]
			writes := 0
			var meddleErr error
			e := ddbenctest.NewEngine(ddbenctest.WithRequestHook(func(r ddbenctest.Request) {
				if r.Operation != "UpdateItem" {
					return
				}
				// Before the SDK's second attempt, another writer comes.
				if writes++; writes == 2 && tc.meddle != nil {
					_, meddleErr = table.Update(ctx, ddbenc.Key("a"), tc.meddle)
				}
			}))
			ddbenctest.CreateTable[sealedCounter](t, e.Client(), "faulty")
			table = must(ddbenc.NewTable[sealedCounter](e.Client(), "faulty", crypt.NewDDBEC(testProvider)))
			if err := table.Put(ctx, &sealedCounter{ID: "a", Secret: tc.secret}); err != nil {
				t.Fatal(err)
			}
			for _, f := range tc.faults {
				e.Fault(f)
			}
			got, err := table.Update(ctx, ddbenc.Key("a"), tc.modify)
			e.ClearFaults()
			if !errors.Is(err, tc.want) || tc.want != nil && got != nil || meddleErr != nil {
				t.Errorf("Update gives %v, %v, want error %v; the other writer %v", got, err, tc.want, meddleErr)
			}
			tc.stored.ID, tc.stored.Secret = "a", tc.secret
			then, err := table.Get(ctx, ddbenc.Key("a"))
			if err != nil || *then != tc.stored {
				t.Errorf("stored is %+v, %v, want %+v", then, err, tc.stored)
			}
			if tc.want == nil && err == nil && *got != *then {
				t.Errorf("Update returns %+v, stored is %+v", got, then)
			}
		})
	}
}

// The same when Update makes the item.
func TestUpdateLostAnswersOfCreation(t *testing.T) {
	for _, tc := range []struct {
		name, secret string
		fault        ddbenctest.Fault
		want         error
	}{
		{"one", "x", ddbenctest.Fault{Operation: "PutItem", LoseResponse: true}, nil},
		{"one, and nothing is encrypted", "", ddbenctest.Fault{Operation: "PutItem", LoseResponse: true}, ddbenc.ErrUnknownOutcome},
		{"request", "x", ddbenctest.Fault{Operation: "PutItem", Drop: true}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx := t.Context()
			e, table := faulty[sealedCounter](t)
			e.Fault(tc.fault)
			_, err := table.Update(ctx, ddbenc.Key("a"), func(c *sealedCounter) error {
				c.Secret = tc.secret
				return addOne(c)
			}, ddbenc.CreateIfAbsent())
			if !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if c, err := table.Get(ctx, ddbenc.Key("a")); err != nil || c.Count != 1 {
				t.Errorf("stored is %+v, %v", c, err)
			}
		})
	}
}

// Many writers on one item of a bad service: nothing is lost, nothing is done
// twice, and what is unknown is said to be.
func TestUpdateConcurrencyWithFaults(t *testing.T) {
	ctx := t.Context()
	e, table := faulty[sealedCounter](t)
	if err := table.Put(ctx, &sealedCounter{ID: "a", Secret: "x"}); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		e.Fault(ddbenctest.Fault{Operation: "UpdateItem", LoseResponse: true, Skip: 3 * i})
		e.Fault(ddbenctest.Fault{Operation: "UpdateItem", Code: "ThrottlingException", Skip: 5 * i})
		e.Fault(ddbenctest.Fault{Operation: "GetItem", Drop: true, Skip: 4 * i})
	}
	e.Fault(ddbenctest.Fault{Latency: time.Millisecond, Times: -1})
	var wg sync.WaitGroup
	var done, unknown atomic.Int32
	for range 64 {
		wg.Go(func() {
			switch _, err := table.Update(ctx, ddbenc.Key("a"), func(c *sealedCounter) error { c.Count += 100; return nil }); {
			case err == nil:
				done.Add(1)
			case errors.Is(err, ddbenc.ErrUnknownOutcome):
				unknown.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	e.ClearFaults()
	c, err := table.Get(ctx, ddbenc.Key("a"))
	if err != nil {
		t.Fatal(err)
	}
	least := int(done.Load()) * 100
	if most := least + int(unknown.Load())*100; c.Count < least || c.Count > most {
		t.Errorf("%d is stored, want %d to %d", c.Count, least, most)
	}
	t.Logf("%d updates done, %d unknown", done.Load(), unknown.Load())
}

// A context that ends while the answer is under way leaves the outcome unknown.
func TestUpdateCancelledWhileWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where the deadline passes in the fault alone
		e, table := faulty[sealedCounter](t)
		if err := table.Put(t.Context(), &sealedCounter{ID: "a", Secret: "x"}); err != nil {
			t.Fatal(err)
		}
		e.Fault(ddbenctest.Fault{Operation: "UpdateItem", Latency: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := table.Update(ctx, ddbenc.Key("a"), addOne)
		if !errors.Is(err, ddbenc.ErrUnknownOutcome) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// A fake has no attempts to be looked at: it is taken at its word.
func TestUpdateOnAFake(t *testing.T) {
	ada := Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"}
	db := &refusing{fake: fake{item: stored(t, ada)}}
	patients := openAdmissions(t, db)
	_, err := patients.Update(t.Context(), adaKey, func(p *Admission) error { p.Name += "!"; return nil }, ddbenc.Attempts(2))
	if !errors.Is(err, ddbenc.ErrConflict) || db.updates != 2 {
		t.Errorf("%v after %d writes", err, db.updates)
	}
	if v := *db.update.ConditionExpression; v != "#0=:0 AND #1=:1" {
		t.Errorf("the condition is %s", v)
	}
}

// A refusing fake fails every UpdateItem for its condition.
type refusing struct {
	fake
	updates int
}

func (f *refusing) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	f.updates++
	f.update = in
	return nil, &types.ConditionalCheckFailedException{Message: aws.String("no")}
}

// What does not fit an expression of DynamoDB is refused, and nothing is sent.
func TestUpdateTooWide(t *testing.T) {
	type wide struct {
		_     struct{} `ddbenc:"default=sign"`
		ID    string   `dynamodbav:"id,partition"`
		Count int      `dynamodbav:"count" ddbenc:"none"`
	}
	enc := must(crypt.NewDDBEC(testProvider).ForTable(crypt.Table{Name: "wide", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}))
	it := avItem{"id": s("a")}
	for i := range 600 {
		it[fmt.Sprint("x", i)] = s("")
	}
	db := &refusing{fake: fake{item: must(enc.Encrypt(t.Context(), it))}}
	table := must(ddbenc.NewTable[wide](db, "wide", crypt.NewDDBEC(testProvider)))
	_, err := table.Update(t.Context(), ddbenc.Key("a"), func(w *wide) error { w.Count++; return nil }, ddbenc.WithEncryptor(enc))
	if !errors.Is(err, ddbenc.ErrRefused) || db.updates != 0 {
		t.Errorf("%v after %d writes", err, db.updates)
	}
}

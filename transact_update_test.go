package ddbenc_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

func TestEngineTransactionUpdate(t *testing.T) {
	ctx := t.Context()
	h := newHospital(t, engine(t))
	take := func(n int) func(*Ward) error {
		return func(w *Ward) error {
			if w.Beds < n {
				return errFull
			}
			w.Beds -= n
			return nil
		}
	}
	err := ddbenc.TransactWrite(ctx, h.db,
		ddbenc.TxPut(h.patients, &ada),
		ddbenc.TxUpdate(h.wards, keyOfNorth, take(1)),
		ddbenc.TxUpdate(h.wards, ddbenc.Key("south"), func(w *Ward) error { w.Beds++; return nil }, ddbenc.CreateIfAbsent()),
		ddbenc.TxUpdate(h.patients, keyOfBob, func(*Admission) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	var a *Admission
	var n, s *Ward
	err = ddbenc.TransactGet(ctx, h.db, ddbenc.TxGet(h.patients, keyOfAda, &a), ddbenc.TxGet(h.wards, keyOfNorth, &n), ddbenc.TxGet(h.wards, ddbenc.Key("south"), &s))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*Ward{{ID: "north", Head: secret, Beds: 2}, {ID: "south", Beds: 1}}, []*Ward{n, s}); diff != "" || a == nil {
		t.Errorf("patient %v, wards (-want +got):\n%s", a, diff)
	}

	// What stands in the way of an update stands in the way of all.
	for name, tc := range map[string]struct {
		op   ddbenc.TxWrite
		want error
	}{
		"the function": {ddbenc.TxUpdate(h.wards, keyOfNorth, take(9), ddbenc.Label("take")), errFull},
		"no item":      {ddbenc.TxUpdate(h.wards, ddbenc.Key("west"), take(1)), ddbenc.ErrNotFound},
		"another key":  {ddbenc.TxUpdate(h.wards, keyOfNorth, func(w *Ward) error { w.ID = "x"; return nil }), ddbenc.ErrRefused},
		"no function":  {ddbenc.TxUpdate(h.wards, keyOfNorth, nil), ddbenc.ErrRefused},
		"a condition":  {ddbenc.TxUpdate(h.wards, keyOfNorth, take(1), ddbenc.If(hasBeds)), ddbenc.ErrRefused},
		"a bad key":    {ddbenc.TxUpdate(h.wards, ddbenc.Key(""), take(1)), ddbenc.ErrRefused},
		"a put":        {ddbenc.TxPut(h.wards, &north, ddbenc.CreateIfAbsent()), ddbenc.ErrRefused},
	} {
		err := ddbenc.TransactWrite(ctx, h.db, ddbenc.TxDelete(h.patients, keyOfAda), tc.op)
		var op *ddbenc.OperationError
		if !errors.Is(err, tc.want) || !errors.As(err, &op) || op.Index != 1 {
			t.Errorf("%s: error %v, want %v", name, err, tc.want)
		}
	}
	if _, err := h.patients.Get(ctx, keyOfAda, ddbenc.ConsistentRead()); err != nil {
		t.Error(err)
	}
}

var errFull = errors.New("no beds")

// Transfers between four wards, by many at a time, lose and make no beds.
func TestEngineTransfers(t *testing.T) {
	ctx := t.Context()
	h := newHospital(t, engine(t))
	const wards, workers, transfers = 4, 16, 5
	key := func(i int) ddbenc.PrimaryKey { return ddbenc.Key(fmt.Sprint("w-", i%wards)) }
	var keys []ddbenc.PrimaryKey
	for i := range wards {
		keys = append(keys, key(i))
		if err := h.wards.Put(ctx, &Ward{ID: fmt.Sprint("w-", i), Head: secret, Beds: 1000}); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for g := range workers {
		wg.Go(func() {
			for i := range transfers {
				for {
					err := ddbenc.TransactWrite(ctx, h.db,
						ddbenc.TxUpdate(h.wards, key(g+i), func(w *Ward) error { w.Beds -= g; return nil }),
						ddbenc.TxUpdate(h.wards, key(g+i+1+g%3), func(w *Ward) error { w.Beds += g; return nil }))
					if err == nil {
						break
					}
					if !errors.Is(err, ddbenc.ErrConflict) && !errors.As(err, new(*types.TransactionCanceledException)) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	results, err := h.wards.BatchGet(ctx, keys, ddbenc.ConsistentRead())
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, r := range results {
		sum += r.Item.Beds
		if r.Item.Head != secret {
			t.Errorf("ward %v", r.Item)
		}
	}
	if sum != wards*1000 {
		t.Errorf("%d beds, want %d", sum, wards*1000)
	}
}

// Whoever is faster each time wins in the end, and the error says so.
func TestTransactionUpdateConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, h := newFaultyHospital(t)
		calls := 0
		spoil := func(w *Ward) error {
			calls++
			w.Beds++
			other := north
			other.Beds = calls
			return h.wards.Put(t.Context(), &other)
		}
		start := time.Now()
		err := ddbenc.TransactWrite(t.Context(), h.db, ddbenc.TxUpdate(h.wards, keyOfNorth, spoil, ddbenc.ReturnCurrent()), ddbenc.TxPut(h.patients, &ada))
		var cond *ddbenc.ConditionError[Ward]
		if !errors.Is(err, ddbenc.ErrConflict) || !errors.As(err, &cond) || cond.Current.Beds != calls || errors.Is(err, ddbenc.ErrUnknownOutcome) {
			t.Errorf("error %v", err)
		}
		if calls != 25 || time.Since(start) > 25*time.Second {
			t.Errorf("%d calls in %v", calls, time.Since(start))
		}
		h.requireUntouched(t)

		// A lost answer is not started over, but sent again as it was.
		e.ForgetRequests()
		e.Fault(ddbenctest.Fault{Operation: "TransactWriteItems", LoseResponse: true, Times: 3})
		calls = 0
		err = ddbenc.TransactWrite(t.Context(), h.db, ddbenc.TxUpdate(h.wards, keyOfNorth, func(w *Ward) error { calls++; w.Beds = 7; return nil }))
		if !errors.Is(err, ddbenc.ErrUnknownOutcome) || calls != 1 {
			t.Errorf("after %d calls: error %v", calls, err)
		}
		ddbenctest.RequireNoPlaintext(t, e, secret)
	})
}

// requireUntouched checks that ada is not there.
func (h *hospital) requireUntouched(t *testing.T) {
	t.Helper()
	if _, err := h.patients.Get(t.Context(), keyOfAda, ddbenc.ConsistentRead()); !errors.Is(err, ddbenc.ErrNotFound) {
		t.Errorf("ada is there, or %v", err)
	}
}

// A condition that another operation does not meet is no reason to start over.
func TestTransactionUpdateOtherCondition(t *testing.T) {
	_, h := newFaultyHospital(t)
	calls := 0
	err := ddbenc.TransactWrite(t.Context(), h.db,
		ddbenc.TxUpdate(h.wards, keyOfNorth, func(w *Ward) error {
			calls++
			return h.wards.Put(t.Context(), &Ward{ID: "north", Beds: 9})
		}),
		ddbenc.TxPut(h.patients, &bob, ddbenc.If(isNew)))
	if !errors.Is(err, ddbenc.ErrConditionFailed) || errors.Is(err, ddbenc.ErrConflict) || calls != 1 {
		t.Errorf("after %d calls: error %v", calls, err)
	}
}

// A transaction on charts counts their versions up, and one that is prepared
// depends on what was read.
func TestTransactionUpdateVersion(t *testing.T) {
	ctx := t.Context()
	db := ddbenctest.NewDynamoDB(t)
	charts := newTable[Chart](t, db)
	write := func(text string) func(*Chart) error { return func(c *Chart) error { c.Text = text; return nil } }
	if err := ddbenc.TransactWrite(ctx, db, ddbenc.TxUpdate(charts, ddbenc.Key("a"), write("one"), ddbenc.CreateIfAbsent())); err != nil {
		t.Fatal(err)
	}
	tx, err := ddbenc.PrepareWrite(ctx, "", ddbenc.TxUpdate(charts, ddbenc.Key("a"), write("two")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := charts.Update(ctx, ddbenc.Key("a"), write("faster")); err != nil {
		t.Fatal(err)
	}
	if err := tx.Send(ctx, db); !errors.Is(err, ddbenc.ErrConditionFailed) {
		t.Errorf("error %v", err)
	}
	got, err := charts.Get(ctx, ddbenc.Key("a"), ddbenc.ConsistentRead())
	if diff := cmp.Diff(&Chart{ID: "a", Text: "faster", Rev: 2}, got); err != nil || diff != "" {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
}

// TransactGet can hide what has expired.
func TestTransactGetHidesExpired(t *testing.T) {
	type session struct {
		ID      string    `dynamodbav:"id,partition"`
		Expires time.Time `dynamodbav:"expires,ttl,unixtime"`
	}
	db := ddbenctest.NewDynamoDB(t)
	sessions := newTable[session](t, db)
	now := time.Now().UTC().Truncate(time.Second)
	if err := sessions.BatchPut(t.Context(), []*session{{"old", now.Add(-time.Hour)}, {"new", now.Add(time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	get := func(opts ...ddbenc.TxReadOption) string {
		var a, b *session
		err := ddbenc.TransactGet(t.Context(), db, ddbenc.TxGet(sessions, ddbenc.Key("old"), &a, opts...), ddbenc.TxGet(sessions, ddbenc.Key("new"), &b, opts...))
		return fmt.Sprint(a != nil, b != nil, err)
	}
	if all, some := get(), get(ddbenc.HideExpired()); all != "true true <nil>" || some != "false true <nil>" {
		t.Errorf("got %s, and hiding %s", all, some)
	}
	var w *Ward
	err := ddbenc.TransactGet(t.Context(), &dynamodb.Client{}, ddbenc.TxGet(newTable[Ward](t, db), keyOfNorth, &w, ddbenc.HideExpired()))
	if !errors.Is(err, ddbenc.ErrRefused) || !strings.Contains(err.Error(), "Ward has no time to live") {
		t.Errorf("error %v", err)
	}
}

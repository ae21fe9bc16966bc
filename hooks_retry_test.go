package ddbenc_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/hook"
)

// Each attempt of a batch or a transaction that did not succeed is told of, once for
// each table, and which one was the last. The SDK's own attempts, three for each
// call that is throttled, are not.
func TestHooksAreToldOfBatchesAndTransactionsThatAreTriedAgain(t *testing.T) {
	const batchGet, batchWrite, txGet, txWrite = "BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"
	unprocessed := ddbenctest.Fault{Unprocessed: true}
	conflict := ddbenctest.Fault{Conflict: true}
	throttledOnce := ddbenctest.Fault{Code: throttled, Times: 3}
	forEver := func(f ddbenctest.Fault) ddbenctest.Fault { f.Times = -1; return f }
	for _, tt := range []struct {
		name    string
		op      string
		faults  []ddbenctest.Fault
		reasons []string // of the attempts that did not succeed
		failed  bool
	}{
		{"unprocessed keys", batchGet, []ddbenctest.Fault{unprocessed}, []string{"1 unprocessed false"}, false},
		{"unprocessed keys, time and again", batchGet, []ddbenctest.Fault{unprocessed, unprocessed},
			[]string{"1 unprocessed false", "1 unprocessed false"}, false}, // some were got in between
		{"a throttled batch of keys", batchGet, []ddbenctest.Fault{throttledOnce}, []string{"1 throttled false"}, false},
		{"a batch of keys, throttled for ever", batchGet, []ddbenctest.Fault{forEver(throttledOnce)}, gaveUp("throttled"), true},
		{"unprocessed writes", batchWrite, []ddbenctest.Fault{unprocessed}, []string{"1 unprocessed false"}, false},
		{"a throttled batch of writes, then unprocessed ones", batchWrite, []ddbenctest.Fault{throttledOnce, throttledOnce, unprocessed},
			[]string{"1 throttled false", "2 throttled false", "1 unprocessed false"}, false},
		{"writes that another transaction holds up", batchWrite, []ddbenctest.Fault{conflict}, []string{"1 unprocessed false"}, false},
		{"writes that another one holds up for ever", batchWrite, []ddbenctest.Fault{forEver(conflict)}, gaveUp("unprocessed"), true},
		{"a read among other transactions", txGet, []ddbenctest.Fault{conflict, conflict}, []string{"1 conflict false", "2 conflict false"}, false},
		{"a throttled read", txGet, []ddbenctest.Fault{throttledOnce}, []string{"1 throttled false"}, false},
		{"a read among others for ever", txGet, []ddbenctest.Fault{forEver(conflict)}, gaveUp("conflict"), true},
		{"a write among other transactions", txWrite, []ddbenctest.Fault{conflict, throttledOnce}, []string{"1 conflict false", "2 throttled false"}, false},
		{"a write among others for ever", txWrite, []ddbenctest.Fault{forEver(conflict)}, gaveUp("conflict"), true},
		{"a throttled write", txWrite, []ddbenctest.Fault{forEver(throttledOnce)}, gaveUp("throttled"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, e := t.Context(), ddbenctest.NewEngine()
				got := map[string][]string{} // by table
				hooks := ddbenc.WithHooks(&hook.Hooks{Retried: func(_ context.Context, r hook.Retry) {
					got[r.Table] = append(got[r.Table], fmt.Sprintf("%s %d %s %t", r.Op, r.Attempt, r.Reason, r.GaveUp))
				}})
				table := func(name string) *ddbenc.Table[hooked] {
					ddbenctest.CreateTable[hooked](t, e.Client(), name)
					table, err := ddbenc.NewTable[hooked](e.Client(), name, staticFormat(t), hooks)
					ok(t, err)
					return table
				}
				first, second := table("first"), table("second")
				a, b := &hooked{ID: "a", Clinic: "north"}, &hooked{ID: "b", Clinic: "north"}
				keys := []ddbenc.PrimaryKey{ddbenc.Key("a"), ddbenc.Key("b"), ddbenc.Key("c"), ddbenc.Key("d")}
				for _, f := range tt.faults {
					f.Operation = tt.op
					e.Fault(f)
				}

				var err error
				want := map[string][]string{}
				for _, line := range tt.reasons {
					want["first"] = append(want["first"], tt.op+" "+line)
				}
				switch tt.op {
				case batchGet:
					_, err = first.BatchGet(ctx, keys)
				case batchWrite:
					err = first.BatchWrite(ctx, []*hooked{a, b}, keys[2:])
				case txGet:
					var into, other *hooked
					err = ddbenc.TransactGet(ctx, e.Client(), ddbenc.TxGet(first, keys[0], &into), ddbenc.TxGet(second, keys[0], &other), ddbenc.TxGet(first, keys[1], &other))
					want["second"] = want["first"]
				case txWrite:
					err = ddbenc.TransactWrite(ctx, e.Client(), ddbenc.TxPut(first, a), ddbenc.TxPut(second, a), ddbenc.TxPut(first, b))
					want["second"] = want["first"]
				}
				if (err != nil) != tt.failed {
					t.Errorf("the error is %v", err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// gaveUp is what is told of ten attempts for the same reason.
func gaveUp(reason string) (lines []string) {
	for n := range 10 {
		lines = append(lines, fmt.Sprintf("%d %s %t", n+1, reason, n == 9))
	}
	return lines
}

// An item that changes between read and write is a conflict of the transaction, too.
func TestHooksAreToldOfTransactionsWhoseItemsChange(t *testing.T) {
	e, table, seen := hookedTable(t)
	ctx, item := t.Context(), &hooked{ID: "a", Clinic: "north"}
	ok(t, table.Put(ctx, item))
	seen.expect(t, "encrypted encrypt PutItem hooked")
	tries := 0
	ok(t, ddbenc.TransactWrite(ctx, e.Client(), ddbenc.TxUpdate(table, ddbenc.Key("a"), func(w *hooked) error {
		w.Name += "!"
		if tries++; tries > 2 {
			return nil
		}
		return table.Put(ctx, item)
	})))
	seen.expect(t, "decrypted decrypt UpdateItem hooked", "encrypted encrypt PutItem hooked", "encrypted encrypt UpdateItem hooked", "retried TransactWriteItems hooked 1 conflict false",
		"decrypted decrypt UpdateItem hooked", "encrypted encrypt PutItem hooked", "encrypted encrypt UpdateItem hooked", "retried TransactWriteItems hooked 2 conflict false",
		"decrypted decrypt UpdateItem hooked", "encrypted encrypt UpdateItem hooked")
}

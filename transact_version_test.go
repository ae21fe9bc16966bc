package ddbenc_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// A Chart is an item with a version.
type Chart struct {
	ID   string `dynamodbav:"chart,partition"`
	Text string `dynamodbav:"text"`
	Rev  int    `dynamodbav:"rev,version"`
}

func TestTransactionVersions(t *testing.T) {
	ctx := t.Context()
	db := engine(t)
	charts := newTable[Chart](t, db)
	var none expression.ConditionBuilder
	write := func(ops ...ddbenc.TxWrite) error { return ddbenc.TransactWrite(ctx, db, ops...) }
	a, b := &Chart{ID: "a"}, &Chart{ID: "b"}
	if err := write(ddbenc.TxPut(charts, a), ddbenc.TxPut(charts, b)); err != nil || a.Rev != 1 || b.Rev != 1 {
		t.Fatalf("error %v, versions %d and %d", err, a.Rev, b.Rev)
	}
	if err := write(ddbenc.TxPut(charts, a), ddbenc.TxCheck(charts, ddbenc.Key("b"), none, ddbenc.IfVersion(b.Rev))); err != nil || a.Rev != 2 {
		t.Fatalf("error %v, version %d", err, a.Rev)
	}

	// Someone is faster. No version moves.
	stale := &Chart{ID: "a", Rev: 1}
	for name, ops := range map[string][]ddbenc.TxWrite{
		"put":    {ddbenc.TxPut(charts, b), ddbenc.TxPut(charts, stale, ddbenc.ReturnCurrent())},
		"create": {ddbenc.TxPut(charts, b), ddbenc.TxPut(charts, &Chart{ID: "a"}, ddbenc.ReturnCurrent())},
		"check":  {ddbenc.TxPut(charts, b), ddbenc.TxCheck(charts, ddbenc.Key("a"), none, ddbenc.IfVersion(1), ddbenc.ReturnCurrent())},
		"delete": {ddbenc.TxPut(charts, b), ddbenc.TxDelete(charts, ddbenc.Key("a"), ddbenc.IfVersion(1), ddbenc.ReturnCurrent())},
	} {
		err := write(ops...)
		var failed *ddbenc.ConditionError[Chart]
		if !errors.As(err, &failed) || failed.Current.Rev != 2 || b.Rev != 1 || stale.Rev != 1 {
			t.Errorf("%s: error %v, versions %d and %d", name, err, b.Rev, stale.Rev)
		}
	}
	if err := write(ddbenc.TxDelete(charts, ddbenc.Key("a"), ddbenc.IfVersion(2)), ddbenc.TxDelete(charts, ddbenc.Key("b"), ddbenc.AnyVersion())); err != nil {
		t.Fatal(err)
	}
	if n, err := charts.ScanCount(ctx, ddbenc.ConsistentRead()); n != 0 || err != nil {
		t.Errorf("%d charts are left, %v", n, err)
	}

	wards := newTable[Ward](t, db)
	for want, op := range map[string]ddbenc.TxWrite{
		"none is given":                           ddbenc.TxDelete(charts, ddbenc.Key("a")),
		"exclude each other":                      ddbenc.TxDelete(charts, ddbenc.Key("a"), ddbenc.AnyVersion(), ddbenc.IfVersion(1)),
		"negative version":                        ddbenc.TxCheck(charts, ddbenc.Key("a"), none, ddbenc.IfVersion(-1)),
		"AnyVersion is nothing":                   ddbenc.TxCheck(charts, ddbenc.Key("a"), none, ddbenc.AnyVersion()),
		"are not for puts":                        ddbenc.TxPut(charts, a, ddbenc.IfVersion(1)),
		"but the type has none":                   ddbenc.TxCheck(wards, keyOfNorth, hasBeds, ddbenc.IfVersion(1)),
		`Chart has the version attribute "rev", `: {},
	} {
		err := write(op)
		if strings.HasPrefix(want, "Chart") {
			err = charts.BatchWrite(ctx, []*Chart{{ID: "a"}}, nil)
		}
		if !errors.Is(err, ddbenc.ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// The version of the caller's value moves when the transaction is known to be made,
// and once.
func TestPreparedVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := ddbenctest.NewEngine()
		db := e.Client()
		charts := newTable[Chart](t, db)
		a := &Chart{ID: "a"}
		tx, err := ddbenc.PrepareWrite(t.Context(), "", ddbenc.TxPut(charts, a))
		if err != nil {
			t.Fatal(err)
		}
		e.Fault(ddbenctest.Fault{LoseResponse: true, Times: 3})
		if err := tx.Send(t.Context(), db); !errors.Is(err, ddbenc.ErrUnknownOutcome) || a.Rev != 0 {
			t.Errorf("error %v, version %d", err, a.Rev)
		}
		if err := tx.Send(t.Context(), db); err != nil || a.Rev != 1 {
			t.Errorf("error %v, version %d", err, a.Rev)
		}
		if err := charts.Put(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if err := tx.Send(t.Context(), db); err != nil || a.Rev != 2 {
			t.Errorf("error %v, version %d", err, a.Rev)
		}
	})
}

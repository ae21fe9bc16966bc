package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

func TestEngineBatchWriter(t *testing.T) {
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	items, keys := admissions(60)
	w := patients.BatchWriter()
	var p Admission // used again and again, as by a reader of a file
	for _, it := range items {
		p = *it
		if err := w.Put(ctx, &p); err != nil {
			t.Fatal(err)
		}
	}
	p = Admission{}
	// Of two writes of one item the later one stays, whichever they are.
	items[3].Name = "changed"
	for _, err := range []error{
		w.Put(ctx, items[3]), w.Delete(ctx, keys[4]), w.Delete(ctx, keys[5]), w.Put(ctx, items[5]), w.Put(ctx, items[6]), w.Delete(ctx, keys[6]),
		w.Flush(ctx), w.Flush(ctx),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	items[4], items[6] = nil, nil
	if diff := cmp.Diff(items, stand(t, patients, keys)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Whatever goes wrong, each write is made, collected, or handed back.
func TestBatchWriterFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		e, patients := newFaulty(t)
		e.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Code: "AccessDeniedException"})
		e.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Code: "InternalServerError", Times: 3})
		e.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Unprocessed: true, Times: 2})
		items, keys := admissions(80)
		w := patients.BatchWriter()
		var left []*Admission
		failed := map[int]int{} // how many are left, by position of the write
		add := func(i int, err error) {
			var b *ddbenc.BatchError[Admission]
			switch {
			case errors.As(err, &b):
				left = append(left, append(b.Puts, b.UnknownPuts...)...)
				failed[i] = len(b.Puts) + len(b.UnknownPuts)
			case err != nil:
				t.Errorf("write %d: %v", i, err)
			}
		}
		for i, it := range items {
			add(i, w.Put(ctx, it))
		}
		if err := w.Put(ctx, &Admission{}); !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("an empty key: %v", err)
		}
		if err := w.Put(ctx, nil); !errors.Is(err, ddbenc.ErrInvalidItem) {
			t.Errorf("nil: %v", err)
		}
		if err := w.Delete(ctx, ddbenc.Key("p")); !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("a short key: %v", err)
		}
		if text := fmt.Sprintf("%+v", w); text != "BatchWriter(5 writes, REDACTED)" {
			t.Errorf("printed %s", text)
		}
		add(len(items), w.Flush(ctx))
		if diff := cmp.Diff(map[int]int{25: 25, 50: 25}, failed); diff != "" {
			t.Errorf("left, by the write at which it showed (-want +got):\n%s", diff)
		}
		if err := patients.BatchPut(ctx, left); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(items, stand(t, patients, keys)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		ddbenctest.RequireNoPlaintext(t, e, secret)
	})
}

// What is handed back is what was collected, though the caller filled the same slice
// with the next item since.
func TestBatchWriterHandsBackWhatItCollected(t *testing.T) {
	ctx := t.Context()
	e, patients := newFaulty(t)
	e.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Code: "AccessDeniedException"})
	items, keys := admissions(3)
	w := patients.BatchWriter()
	var p Admission
	for i, it := range items {
		it.Notes = []string{fmt.Sprint("note of ", i)}
		notes := append(p.Notes[:0], it.Notes...)
		p = *it
		p.Notes = notes
		if err := w.Put(ctx, &p); err != nil {
			t.Fatal(err)
		}
	}
	var left *ddbenc.BatchError[Admission]
	if err := w.Flush(ctx); !errors.As(err, &left) {
		t.Fatal(err)
	}
	if err := patients.BatchWrite(ctx, left.Puts, left.Deletes); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(items, stand(t, patients, keys)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBatchWriterRefused(t *testing.T) {
	ctx := t.Context()
	charts := newTable[Chart](t, ddbenctest.NewDynamoDB(t)).BatchWriter()
	for _, err := range []error{charts.Put(ctx, &Chart{ID: "a"}), charts.Delete(ctx, ddbenc.Key("a"))} {
		if !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("of a type with a version: %v", err)
		}
	}
	old := openAdmissions(t, &fake{}).BatchWriter()
	if err := old.Put(ctx, &ada); err != nil {
		t.Fatal(err)
	}
	var left *ddbenc.BatchError[Admission]
	if err := old.Flush(ctx); !errors.As(err, &left) || !errors.Is(err, ddbenc.ErrConfig) || cmp.Diff([]*Admission{&ada}, left.Puts) != "" {
		t.Errorf("without BatchAPI: %v", err)
	}
}

// An import holds no more than a request takes.
func ExampleTable_BatchWriter() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	w := patients.BatchWriter()
	for visit := range int64(1000) {
		p := Patient{ID: "p-3", Visit: visit, Name: "Edsger", Clinic: "north"}
		if err := w.Put(ctx, &p); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Flush(ctx); err != nil {
		log.Fatal(err)
	}
	n, err := patients.ScanCount(ctx)
	fmt.Println(n, err)
	// Output: 1003 <nil>
}

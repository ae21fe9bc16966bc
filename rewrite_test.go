package ddbenc_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

func keep[T any](*T) error { return nil }

// A table moves from one static key to another, item by item, while its unsigned
// attributes and those that the type does not know stay.
func TestEngineRewrite(t *testing.T) {
	ctx := t.Context()
	db := engine(t)
	before := newTable[Admission](t, db)
	want := putAda(t, before)

	second := map[string]string{"key": "2"}
	newKey := must(keyring.NewStatic([]byte("another key 0123"), []byte("another signing key"), keyring.WithDescription(second), keyring.RequireDescription(second)))
	both := must(keyring.NewSeveral(newKey, testProvider))
	moving := must(ddbenc.NewTable[Admission](db, before.Name(), crypt.NewDDBEC(both)))
	after := must(ddbenc.NewTable[Admission](db, before.Name(), crypt.NewDDBEC(newKey)))

	stored := raw(t, db, before.Name())
	if _, err := moving.Update(ctx, adaKey, keep[Admission]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stored, raw(t, db, before.Name()), avCmp); diff != "" {
		t.Errorf("an update that changes nothing changes\n%s", diff)
	}
	if _, err := after.Get(ctx, adaKey); !errors.Is(err, ddbenc.ErrNoKey) && !errors.Is(err, ddbenc.ErrVerify) {
		t.Errorf("Get under the new key gives %v before the move", err)
	}
	got, err := moving.Update(ctx, adaKey, keep[Admission], ddbenc.Rewrite())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("Update returns (-want +got):\n%s", diff)
	}
	got, err = after.Get(ctx, adaKey)
	if diff := cmp.Diff(&want, got); err != nil || diff != "" {
		t.Errorf("Get under the new key gives %v, -want +got:\n%s", err, diff)
	}
}

// In a transaction too, and there an item with a version gets the next one: what
// tells lost answers apart.
func TestEngineRewriteInATransaction(t *testing.T) {
	ctx := t.Context()
	db := engine(t)
	documents := newTable[document](t, db)
	doc := document{ID: "a", Text: "x"}
	if err := documents.Put(ctx, &doc); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		opts []ddbenc.TxWriteOption
		want int
	}{
		{"kept", nil, 1},
		{"rewritten", []ddbenc.TxWriteOption{ddbenc.Rewrite()}, 2},
	} {
		if err := ddbenc.TransactWrite(ctx, db, ddbenc.TxUpdate(documents, ddbenc.Key("a"), keep[document], tc.opts...)); err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got, err := documents.Get(ctx, ddbenc.Key("a"), ddbenc.ConsistentRead())
		if err != nil || int(got.Rev) != tc.want || got.Text != "x" {
			t.Errorf("%s: Get gives %+v, %v, want version %d", tc.name, got, err, tc.want)
		}
	}
	err := ddbenc.TransactWrite(ctx, db, ddbenc.TxDelete(documents, ddbenc.Key("a"), ddbenc.AnyVersion(), ddbenc.Rewrite()))
	if !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("a delete with Rewrite gives %v", err)
	}
}

// Writers count while others rewrite. Nothing is lost. Run with -race.
func TestEngineRewriteConcurrency(t *testing.T) {
	const writers, rounds = 4, 10
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	putAda(t, patients)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range rounds {
				if _, err := patients.Update(ctx, adaKey, func(p *Admission) error { p.Rank++; return nil }, ddbenc.Attempts(1000)); err != nil {
					t.Error(err)
				}
				if _, err := patients.Update(ctx, adaKey, func(p *Admission) error { p.Views++; return nil }, ddbenc.Attempts(1000)); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range rounds {
				if _, err := patients.Update(ctx, adaKey, keep[Admission], ddbenc.Rewrite(), ddbenc.Attempts(1000)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err := patients.Get(ctx, adaKey, ddbenc.ConsistentRead())
	if err != nil || got.Rank != 3+writers*rounds || got.Views != 4+writers*rounds {
		t.Errorf("Get gives %+v, %v", got, err)
	}
}

package ddbenc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

const throttled = "ProvisionedThroughputExceededException"

// newFaulty returns a table on an engine whose faults a test can set. In a synctest
// bubble its waits take no time.
func newFaulty(t *testing.T, opts ...ddbenctest.DynamoDBOption) (*ddbenctest.Engine, *ddbenc.Table[Admission]) {
	t.Helper()
	e := ddbenctest.NewEngine(opts...)
	return e, newTable[Admission](t, e.Client())
}

// admissions returns n items of as many patients, and their keys.
func admissions(n int) (items []*Admission, keys []ddbenc.PrimaryKey) {
	for i := range n {
		id := fmt.Sprintf("p-%03d", i)
		items = append(items, &Admission{ID: id, Visit: visitAt(i), Name: fmt.Sprint(secret, i), Clinic: "west", Views: i})
		keys = append(keys, ddbenc.Key(id, visitAt(i)))
	}
	return items, keys
}

// stand returns the items that are stored under keys.
func stand(t *testing.T, patients *ddbenc.Table[Admission], keys []ddbenc.PrimaryKey) []*Admission {
	t.Helper()
	results, err := patients.BatchGet(context.WithoutCancel(t.Context()), keys, ddbenc.ConsistentRead())
	if err != nil {
		t.Fatal(err)
	}
	var items []*Admission
	for _, r := range results {
		items = append(items, r.Item)
	}
	return items
}

func TestEngineBatches(t *testing.T) {
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	items, keys := admissions(230)
	before, _ := admissions(230)
	if err := patients.BatchPut(ctx, items); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, items); diff != "" {
		t.Errorf("BatchPut changed the caller's items:\n%s", diff)
	}
	if diff := cmp.Diff(items, stand(t, patients, keys)); diff != "" {
		t.Errorf("put and got differ (-put +got):\n%s", diff)
	}

	// A batch that writes both ways, and its result read with keys twice and keys
	// of no item.
	items[7].Name = "changed"
	if err := patients.BatchWrite(ctx, items[:30], keys[100:]); err != nil {
		t.Fatal(err)
	}
	ask := append(keys[:101:101], keys[7], ddbenc.Key("nobody", visitAt(0)), keys[7], keys[229])
	want := append(items[:100:100], nil, items[7], nil, items[7], nil)
	got := stand(t, patients, ask)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got[7] == got[101] || got[101] == got[103] {
		t.Error("the same item at two positions shares memory")
	}
	if err := patients.BatchDelete(ctx, keys); err != nil {
		t.Fatal(err)
	}
	if n, err := patients.ScanCount(ctx, ddbenc.ConsistentRead()); n != 0 || err != nil {
		t.Errorf("%d items are left, %v", n, err)
	}
	if results, err := patients.BatchGet(ctx, nil); len(results) != 0 || err != nil {
		t.Errorf("of no keys: %v, %v", results, err)
	}
	if err := patients.BatchWrite(ctx, nil, nil); err != nil {
		t.Errorf("of no writes: %v", err)
	}
}

// One bad item is lost, and no other.
func TestBatchGetBadItem(t *testing.T) {
	ctx := t.Context()
	e, patients := newFaulty(t)
	items, keys := admissions(5)
	if err := patients.BatchPut(ctx, items); err != nil {
		t.Fatal(err)
	}
	_, err := e.Client().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 aws.String(patients.Name()),
		Key:                       avItem{"patient_id": s("p-003"), "visit": n("1700000003")},
		UpdateExpression:          aws.String("SET clinic = :c"),
		ExpressionAttributeValues: avItem{":c": s("nowhere")},
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := patients.BatchGet(ctx, append(keys, keys[3]))
	var bad *ddbenc.ItemError
	if !errors.As(err, &bad) || !errors.Is(err, ddbenc.ErrVerify) || !strings.Contains(err.Error(), "2 of 6 keys failed, the first of them key 3") {
		t.Errorf("error %v", err)
	}
	for i, r := range results {
		switch isBad := i == 3 || i == 5; {
		case isBad && (r.Item != nil || !errors.Is(r.Err, ddbenc.ErrVerify)):
			t.Errorf("position %d: %v, %v", i, r.Item, r.Err)
		case !isBad && (r.Err != nil || r.Item == nil || r.Item.Views != i):
			t.Errorf("position %d: %v, %v", i, r.Item, r.Err)
		}
	}
}

func TestBatchGetFaults(t *testing.T) {
	for _, tc := range []struct {
		name     string
		faults   []ddbenctest.Fault
		wantErr  error
		wantLost int // positions with an error
	}{
		{"unprocessed", []ddbenctest.Fault{{Unprocessed: true, Times: 5}}, nil, 0},
		{"throttled once", []ddbenctest.Fault{{Code: throttled, Skip: 1, Times: 4}}, nil, 0},
		{"throttled, unprocessed, throttled", []ddbenctest.Fault{{Code: throttled, Times: 3}, {Unprocessed: true}, {Code: throttled, Times: 7}}, nil, 0},
		{"connection lost", []ddbenctest.Fault{{Drop: true, Times: 2}}, nil, 0},
		{"throttled from the second request on", []ddbenctest.Fault{{Code: throttled, Skip: 1, Times: -1}}, &types.ProvisionedThroughputExceededException{}, 150},
		{"down from the second request on", []ddbenctest.Fault{{Code: "InternalServerError", Skip: 1, Times: -1}}, &types.InternalServerError{}, 150},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, patients := newFaulty(t)
				items, keys := admissions(250)
				if err := patients.BatchPut(t.Context(), items); err != nil {
					t.Fatal(err)
				}
				for _, f := range tc.faults {
					f.Operation = "BatchGetItem"
					e.Fault(f)
				}
				results, err := patients.BatchGet(t.Context(), keys)
				if (err == nil) != (tc.wantErr == nil) || tc.wantErr != nil && !asType(err, tc.wantErr) {
					t.Errorf("error %v, want a %T", err, tc.wantErr)
				}
				lost := 0
				for i, r := range results {
					switch {
					case r.Err != nil && r.Item == nil:
						lost++
					case r.Err != nil || cmp.Diff(items[i], r.Item) != "":
						t.Errorf("position %d: %v, %v", i, r.Item, r.Err)
					}
				}
				if lost != tc.wantLost || len(results) != len(keys) {
					t.Errorf("%d of %d positions have an error, want %d of %d", lost, len(results), tc.wantLost, len(keys))
				}
			})
		})
	}
}

// asType reports whether an error of the type of want is in err.
func asType(err, want error) bool {
	switch want.(type) {
	case *types.ProvisionedThroughputExceededException:
		return errors.As(err, new(*types.ProvisionedThroughputExceededException))
	case *types.TransactionCanceledException:
		return errors.As(err, new(*types.TransactionCanceledException))
	case *types.InternalServerError:
		return errors.As(err, new(*types.InternalServerError))
	}
	return errors.Is(err, want)
}

// What is not known is not taken for absent.
func TestBatchGetCancelled(t *testing.T) {
	for _, after := range []int{0, 1, 2} {
		t.Run(fmt.Sprint("after request ", after), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			requests := 0
			_, patients := newFaulty(t, ddbenctest.WithRequestHook(func(r ddbenctest.Request) {
				if r.Operation == "BatchGetItem" {
					if requests++; requests == after {
						cancel()
					}
				}
			}))
			items, keys := admissions(250)
			if err := patients.BatchPut(ctx, items); err != nil {
				t.Fatal(err)
			}
			if after == 0 {
				cancel()
			}
			results, err := patients.BatchGet(ctx, keys)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			for i, r := range results {
				if (r.Item == nil) == (r.Err == nil) || r.Err != nil && !errors.Is(r.Err, context.Canceled) {
					t.Errorf("position %d: %v, %v", i, r.Item, r.Err)
				}
			}
			if requests != after || len(results) != len(keys) {
				t.Errorf("%d requests, %d results", requests, len(results))
			}
		})
	}
}

// A batchFake is a service as hostile as a test wants.
type batchFake struct {
	fake
	get   func(*dynamodb.BatchGetItemInput) *dynamodb.BatchGetItemOutput
	write func(*dynamodb.BatchWriteItemInput) *dynamodb.BatchWriteItemOutput
}

func (f *batchFake) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	f.calls++
	return f.get(in), f.err
}

func (f *batchFake) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	f.calls++
	return f.write(in), f.err
}

func TestBatchGetHostile(t *testing.T) {
	first := stored(t, Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"})
	other := stored(t, Admission{ID: "p-2", Visit: visitAt(2), Name: "Bob"})
	posing := with(with(other, "patient_id", s("p-1")), "visit", n("1700000001"))
	for name, out := range map[string]*dynamodb.BatchGetItemOutput{
		"another item":          {Responses: map[string][]avItem{"patients": {other}}},
		"the item twice":        {Responses: map[string][]avItem{"patients": {first, first}}},
		"another under the key": {Responses: map[string][]avItem{"patients": {posing}}},
		"no key":                {Responses: map[string][]avItem{"patients": {with(first, "patient_id", nil)}}},
		"nothing in it":         {Responses: map[string][]avItem{"patients": {{}}}},
		"another table":         {Responses: map[string][]avItem{"others": {other}}},
		"another key is left":   {UnprocessedKeys: map[string]types.KeysAndAttributes{"patients": {Keys: []avItem{admissionKey("p-2", "1")}}}},
		"got and left": {
			Responses:       map[string][]avItem{"patients": {first}},
			UnprocessedKeys: map[string]types.KeysAndAttributes{"patients": {Keys: []avItem{admissionKey("p-1", "1700000001")}}},
		},
	} {
		db := &batchFake{get: func(*dynamodb.BatchGetItemInput) *dynamodb.BatchGetItemOutput { return out }}
		results, err := openAdmissions(t, db).BatchGet(t.Context(), []ddbenc.PrimaryKey{ddbenc.Key("p-1", visitAt(1))})
		if !errors.Is(err, ddbenc.ErrVerify) || len(results) != 1 || results[0].Item != nil || !errors.Is(results[0].Err, ddbenc.ErrVerify) {
			t.Errorf("%s: results %v, error %v", name, results, err)
		}
		if db.calls != 1 {
			t.Errorf("%s: %d requests", name, db.calls)
		}
	}
}

func TestBatchesRefused(t *testing.T) {
	ctx := t.Context()
	db := &batchFake{}
	patients := openAdmissions(t, db)
	good, key := &Admission{ID: "p-1", Visit: visitAt(1)}, ddbenc.Key("p-1", visitAt(1))
	_, getErr := patients.BatchGet(ctx, []ddbenc.PrimaryKey{key, ddbenc.Key("p-1"), ddbenc.Key(1, visitAt(1)), ddbenc.RawKey(avItem{"name": s("x")})})

	for _, tc := range []struct {
		name string
		err  error
		is   error
		want []string
	}{
		{"keys", getErr, ddbenc.ErrRefused, []string{"key 1: the key has 1 values", `key 2: key attribute "patient_id"`, `key 3: attribute "name" is not part`}},
		{"items", patients.BatchPut(ctx, []*Admission{good, {Visit: visitAt(1)}, nil}), ddbenc.ErrRefused, []string{`item 1: key attribute "patient_id" is empty`, "item 2: item can't be encrypted: Admission is nil"}},
		{"nil", patients.BatchPut(ctx, []*Admission{nil}), ddbenc.ErrInvalidItem, nil},
		{"an item twice", patients.BatchPut(ctx, []*Admission{good, good}), ddbenc.ErrRefused, []string{"item 1: it is the same item as item 0"}},
		{"put and deleted", patients.BatchWrite(ctx, []*Admission{good}, []ddbenc.PrimaryKey{key}), ddbenc.ErrRefused, []string{"key 0: it is the same item as item 0"}},
		{"deleted twice", patients.BatchDelete(ctx, []ddbenc.PrimaryKey{ddbenc.Key("p-1", visitAt(1)), ddbenc.RawKey(admissionKey("p-1", "1700000001.0"))}), ddbenc.ErrRefused, []string{"key 1: it is the same item as key 0"}},
	} {
		if !errors.Is(tc.err, tc.is) {
			t.Errorf("%s: error %v", tc.name, tc.err)
			continue
		}
		for _, want := range tc.want {
			if !strings.Contains(tc.err.Error(), want) {
				t.Errorf("%s: error does not say %s:\n%v", tc.name, want, tc.err)
			}
		}
	}
	many := make([]*Admission, 100)
	bad := make([]ddbenc.PrimaryKey, 100)
	_, getErr = patients.BatchGet(ctx, bad)
	for name, err := range map[string]error{"get": getErr, "put": patients.BatchPut(ctx, many), "delete": patients.BatchDelete(ctx, bad)} {
		if lines := strings.Count(err.Error(), "\n") + 1; lines != 11 || !strings.HasSuffix(err.Error(), "there may be more, which were not looked at") {
			t.Errorf("%s of 100 mistakes says, in %d lines:\n%v", name, lines, err)
		}
	}
	if db.calls > 0 {
		t.Errorf("%d requests were sent", db.calls)
	}

	// A fake from before batches opens tables, and says what it lacks.
	old := openAdmissions(t, &fake{})
	_, err := old.BatchGet(ctx, nil)
	for op, err := range map[string]error{"BatchGet": err, "BatchPut": old.BatchPut(ctx, nil)} {
		if !errors.Is(err, ddbenc.ErrConfig) || !strings.Contains(err.Error(), "a *ddbenc_test.fake, which lacks methods of ddbenc.BatchAPI") {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// sentNames returns the encrypted names that were sent in the requests of an
// engine, by patient, in the order of requests.
func sentNames(t *testing.T, e *ddbenctest.Engine) map[string][]string {
	t.Helper()
	type attribute struct{ S, B string }
	names := map[string][]string{}
	for _, r := range e.Requests() {
		if r.Operation != "BatchWriteItem" {
			continue
		}
		var body struct {
			RequestItems map[string][]struct {
				PutRequest struct{ Item map[string]attribute }
			}
		}
		if err := json.Unmarshal(r.Body, &body); err != nil {
			t.Fatal(err)
		}
		for _, writes := range body.RequestItems {
			for _, w := range writes {
				id := w.PutRequest.Item["patient_id"].S
				names[id] = append(names[id], w.PutRequest.Item["name"].B)
			}
		}
	}
	return names
}

func TestBatchWriteFaults(t *testing.T) {
	for _, tc := range []struct {
		name        string
		faults      []ddbenctest.Fault
		wantErr     error
		wantLeft    int // writes that the error says were not made
		wantUnknown int // writes of which it says that it is not known
		written     int // of all
	}{
		{"unprocessed", []ddbenctest.Fault{{Unprocessed: true, Times: 9}}, nil, 0, 0, 60},
		{"throttled in the middle", []ddbenctest.Fault{{Code: throttled, Skip: 1, Times: 4}}, nil, 0, 0, 60},
		{"unprocessed, then throttled", []ddbenctest.Fault{{Unprocessed: true}, {Code: "ThrottlingException", Times: 8}}, nil, 0, 0, 60},
		{"answer lost", []ddbenctest.Fault{{LoseResponse: true, Times: 2}}, nil, 0, 0, 60},
		{"throttled from the second request on", []ddbenctest.Fault{{Code: throttled, Skip: 1, Times: -1}}, &types.ProvisionedThroughputExceededException{}, 35, 0, 25},
		{"answers lost from the second request on", []ddbenctest.Fault{{LoseResponse: true, Skip: 1, Times: -1}}, ddbenc.ErrUnknownOutcome, 10, 25, 50},
		{"no connection", []ddbenctest.Fault{{Drop: true, Times: -1}}, ddbenc.ErrUnknownOutcome, 35, 25, 0},
		{"down", []ddbenctest.Fault{{Code: "InternalServerError", Times: -1}}, ddbenc.ErrUnknownOutcome, 35, 25, 0},
		{"answer lost, then throttled", []ddbenctest.Fault{{LoseResponse: true}, {Code: throttled, Times: -1}}, ddbenc.ErrUnknownOutcome, 35, 25, 25},
		{"refused", []ddbenctest.Fault{{Code: "AccessDeniedException", Skip: 2, Times: -1}}, nil, 10, 0, 50},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, patients := newFaulty(t)
				for _, f := range tc.faults {
					f.Operation = "BatchWriteItem"
					e.Fault(f)
				}
				items, keys := admissions(60)
				err := patients.BatchPut(t.Context(), items)
				var left *ddbenc.BatchError[Admission]
				switch {
				case tc.wantLeft+tc.wantUnknown == 0:
					if err != nil {
						t.Fatal(err)
					}
					left = &ddbenc.BatchError[Admission]{}
				case !errors.As(err, &left), tc.wantErr != nil && !asType(err, tc.wantErr), errors.Is(err, ddbenc.ErrUnknownOutcome) != (tc.wantUnknown > 0):
					t.Fatalf("error %v, want a %T", err, tc.wantErr)
				}
				if len(left.Puts) != tc.wantLeft || len(left.UnknownPuts) != tc.wantUnknown || len(left.Deletes)+len(left.UnknownDeletes) > 0 {
					t.Errorf("left are %d puts and %d of unknown outcome, want %d and %d", len(left.Puts), len(left.UnknownPuts), tc.wantLeft, tc.wantUnknown)
				}
				isLeft := map[*Admission]bool{}
				isUnknown := map[*Admission]bool{}
				for _, p := range left.Puts {
					isLeft[p] = true
				}
				for _, p := range left.UnknownPuts {
					isUnknown[p] = true
				}
				e.ClearFaults()
				written := 0
				for i, got := range stand(t, patients, keys) {
					if got != nil {
						written++
					}
					if !isUnknown[items[i]] && (got == nil) != isLeft[items[i]] {
						t.Errorf("item %d: stored %t, left %t", i, got != nil, isLeft[items[i]])
					}
				}
				if written != tc.written {
					t.Errorf("%d items are stored, want %d", written, tc.written)
				}
				for id, sent := range sentNames(t, e) {
					for _, name := range sent {
						if name == "" || name != sent[0] {
							t.Errorf("%s was sent with different ciphertexts", id)
						}
					}
				}
				ddbenctest.RequireNoPlaintext(t, e, secret)

				// The way on that the documentation gives.
				if err := patients.BatchWrite(t.Context(), append(left.Puts, left.UnknownPuts...), left.Deletes); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(items, stand(t, patients, keys)); diff != "" {
					t.Errorf("then (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A service that puts one write off for ever is asked ten times.
func TestBatchWriteGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, patients := newFaulty(t)
		items, keys := admissions(5)
		if err := patients.BatchPut(t.Context(), items); err != nil {
			t.Fatal(err)
		}
		e.ForgetRequests()
		e.Fault(ddbenctest.Fault{Unprocessed: true, Times: -1})
		err := patients.BatchWrite(t.Context(), nil, keys)
		var left *ddbenc.BatchError[Admission]
		if !errors.As(err, &left) || len(left.Deletes) != 1 || len(left.UnknownDeletes) != 0 || !strings.Contains(err.Error(), "1 writes were not made") {
			t.Fatalf("error %v", err)
		}
		if n := len(e.Requests()); n != 3+9 {
			t.Errorf("%d requests", n)
		}
		e.ClearFaults()
		for i, got := range stand(t, patients, keys) {
			if (got != nil) != (i == 0) {
				t.Errorf("item %d is stored: %t", i, got != nil)
			}
		}
		if err := patients.BatchDelete(t.Context(), left.Deletes); err != nil || stand(t, patients, keys[:1])[0] != nil {
			t.Errorf("error %v", err)
		}
	})
}

// A context that ends between requests leaves nothing in doubt; one that ends
// during a request leaves that one.
func TestBatchWriteCancelled(t *testing.T) {
	for _, tc := range []struct {
		name          string
		in            string // operation during which the context ends
		left, unknown int
	}{
		{"while encrypting", "", 0, 0},
		{"during the second request", "BatchWriteItem", 10, 25},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			requests := 0
			e, patients := newFaulty(t, ddbenctest.WithRequestHook(func(r ddbenctest.Request) {
				if r.Operation == "BatchWriteItem" {
					if requests++; requests == 2 {
						cancel()
					}
				}
			}))
			e.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Skip: 1, Drop: true})
			if tc.in == "" {
				cancel()
			}
			items, keys := admissions(60)
			err := patients.BatchPut(ctx, items)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v", err)
			}
			var left *ddbenc.BatchError[Admission]
			if !errors.As(err, &left) != (tc.left == 0) || left != nil && (len(left.Puts) != tc.left || len(left.UnknownPuts) != tc.unknown) {
				t.Errorf("error %v", err)
			}
			if tc.in == "" {
				for i, got := range stand(t, patients, keys) {
					if got != nil {
						t.Errorf("item %d is stored", i)
					}
				}
			}
		})
	}
}

func TestBatchWriteHostile(t *testing.T) {
	other := stored(t, Admission{ID: "p-2", Visit: visitAt(2)})
	put := func(it avItem) types.WriteRequest { return types.WriteRequest{PutRequest: &types.PutRequest{Item: it}} }
	for name, left := range map[string][]types.WriteRequest{
		"another item":   {put(other)},
		"another key":    {{DeleteRequest: &types.DeleteRequest{Key: admissionKey("p-2", "1")}}},
		"no item":        {put(nil)},
		"nothing":        {{}},
		"the item twice": {put(admissionKey("p-1", "1700000001")), put(admissionKey("p-1", "1700000001"))},
	} {
		db := &batchFake{write: func(in *dynamodb.BatchWriteItemInput) *dynamodb.BatchWriteItemOutput {
			return &dynamodb.BatchWriteItemOutput{UnprocessedItems: map[string][]types.WriteRequest{"patients": left}}
		}}
		p := &Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"}
		err := openAdmissions(t, db).BatchPut(t.Context(), []*Admission{p})
		var batch *ddbenc.BatchError[Admission]
		if !errors.As(err, &batch) || !errors.Is(err, ddbenc.ErrUnknownOutcome) || len(batch.UnknownPuts) != 1 || batch.UnknownPuts[0] != p {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

package ddbenc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// A Ward is the type of a second table, without a sort key.
type Ward struct {
	ID   string `dynamodbav:"ward,partition"`
	Head string `dynamodbav:"head"`
	Beds int    `dynamodbav:"beds" ddbenc:"sign"`
}

var (
	hasBeds    = expression.Name("beds").GreaterThan(expression.Value(0))
	isNew      = expression.Name("patient_id").AttributeNotExists()
	isThere    = expression.Name("patient_id").AttributeExists()
	anyConfl   = ddbenctest.Fault{Operation: "TransactWriteItems", Conflict: true, Times: -1}
	ada        = Admission{ID: "ada", Visit: visitAt(1), Name: secret, Clinic: "west"}
	bob        = Admission{ID: "bob", Visit: visitAt(2), Name: secret}
	north      = Ward{ID: "north", Head: secret, Beds: 3}
	keyOfAda   = ddbenc.Key("ada", visitAt(1))
	keyOfBob   = ddbenc.Key("bob", visitAt(2))
	keyOfNorth = ddbenc.Key("north")
	strangers  = ddbenc.Key("nobody", visitAt(1))
)

// A hospital is two tables on one service.
type hospital struct {
	db       *dynamodb.Client
	patients *ddbenc.Table[Admission]
	wards    *ddbenc.Table[Ward]
}

// newHospital opens a hospital in which bob and the north ward are.
func newHospital(t *testing.T, db *dynamodb.Client) *hospital {
	t.Helper()
	h := &hospital{db, newTable[Admission](t, db), newTable[Ward](t, db)}
	if err := errors.Join(h.patients.Put(t.Context(), &bob), h.wards.Put(t.Context(), &north)); err != nil {
		t.Fatal(err)
	}
	return h
}

func newFaultyHospital(t *testing.T, opts ...ddbenctest.DynamoDBOption) (*ddbenctest.Engine, *hospital) {
	t.Helper()
	e := ddbenctest.NewEngine(opts...)
	return e, newHospital(t, e.Client())
}

// admit lets ada in and bob out, if the ward has beds.
func (h *hospital) admit() []ddbenc.TxWrite {
	return []ddbenc.TxWrite{
		ddbenc.TxPut(h.patients, &ada, ddbenc.If(isNew), ddbenc.ReturnCurrent(), ddbenc.Label("admit")),
		ddbenc.TxCheck(h.wards, keyOfNorth, hasBeds, ddbenc.ReturnCurrent()),
		ddbenc.TxDelete(h.patients, keyOfBob, ddbenc.If(isThere)),
	}
}

// requireMade checks whether admit took effect.
func (h *hospital) requireMade(t *testing.T, made bool) {
	t.Helper()
	var a, b *Admission
	var w *Ward
	err := ddbenc.TransactGet(context.WithoutCancel(t.Context()), h.db, ddbenc.TxGet(h.patients, keyOfAda, &a),
		ddbenc.TxGet(h.patients, keyOfBob, &b), ddbenc.TxGet(h.wards, keyOfNorth, &w))
	if err != nil {
		t.Fatal(err)
	}
	wantA, wantB := &ada, (*Admission)(nil)
	if !made {
		wantA, wantB = nil, &bob
	}
	if cmp.Diff(wantA, a) != "" || cmp.Diff(wantB, b) != "" || cmp.Diff(&north, w) != "" {
		t.Errorf("made %t: then there are ada %v, bob %v, ward %v", made, a, b, w)
	}
}

func TestEngineTransaction(t *testing.T) {
	h := newHospital(t, engine(t))
	h.requireMade(t, false)
	if err := ddbenc.TransactWrite(t.Context(), h.db, h.admit()...); err != nil {
		t.Fatal(err)
	}
	h.requireMade(t, true)

	// A second time two conditions fail, and nothing is done.
	north := north
	north.Beds = 0
	if err := h.wards.Put(t.Context(), &north); err != nil {
		t.Fatal(err)
	}
	err := ddbenc.TransactWrite(t.Context(), h.db, append(h.admit(), ddbenc.TxDelete(h.patients, strangers))...)
	var failed *ddbenc.TransactionError
	if !errors.As(err, &failed) || !errors.Is(err, ddbenc.ErrConditionFailed) || errors.Is(err, ddbenc.ErrUnknownOutcome) {
		t.Fatalf("error %v", err)
	}
	type brief struct {
		Index                  int
		Label, Op, Table, Code string
	}
	var got []brief
	for _, f := range failed.Failed {
		got = append(got, brief{f.Index, f.Label, f.Op, f.Table, f.Code})
	}
	const code = "ConditionalCheckFailed"
	if diff := cmp.Diff([]brief{
		{0, "admit", "Put", h.patients.Name(), code}, {1, "", "Check", h.wards.Name(), code}, {2, "", "Delete", h.patients.Name(), code},
	}, got); diff != "" {
		t.Errorf("failed operations (-want +got):\n%s", diff)
	}
	var patient *ddbenc.ConditionError[Admission]
	var ward *ddbenc.ConditionError[Ward]
	if !errors.As(err, &patient) || cmp.Diff(&ada, patient.Current) != "" || patient.CurrentErr != nil {
		t.Errorf("patient %v", patient)
	}
	if !errors.As(err, &ward) || cmp.Diff(&north, ward.Current) != "" || ward.Table != h.wards.Name() {
		t.Errorf("ward %v", ward)
	}
	var last *ddbenc.ConditionError[Admission]
	if !errors.As(failed.Failed[2], &last) || last.Current != nil || last.CurrentErr != nil {
		t.Errorf("of bob, who was not asked for: %v", last)
	}
	var sdk *types.TransactionCanceledException
	if !errors.As(err, &sdk) {
		t.Fatalf("the SDK's error is not in %v", err)
	}
	for i, reason := range sdk.CancellationReasons {
		if reason.Item != nil {
			t.Errorf("reason %d has the stored item", i)
		}
	}
	want := fmt.Sprintf("ddbenc: TransactWriteItems failed: operation 0 \"admit\" (Put on table %q): Put on table %q: condition failed; operation 1", h.patients.Name(), h.patients.Name())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, err); !strings.HasPrefix(text, want) || strings.Contains(text, secret) {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func TestTransactWriteFaults(t *testing.T) {
	const op = "TransactWriteItems"
	for _, tc := range []struct {
		name     string
		faults   []ddbenctest.Fault
		made     bool
		unknown  bool
		wantCode string // of operation 0
		wantErr  error
		requests int
	}{
		{"conflicts", []ddbenctest.Fault{{Conflict: true, Times: 4}}, true, false, "", nil, 5},
		{"throttled", []ddbenctest.Fault{{Code: throttled, Times: 7}}, true, false, "", nil, 8},
		{"in progress", []ddbenctest.Fault{{Code: "TransactionInProgressException", Times: 4}}, true, false, "", nil, 5},
		{"answer lost", []ddbenctest.Fault{{LoseResponse: true, Times: 2}}, true, false, "", nil, 3},
		{"answer lost, then a conflict", []ddbenctest.Fault{{LoseResponse: true}, {Conflict: true}}, true, false, "", nil, 2},
		{"conflicts for ever", []ddbenctest.Fault{{Conflict: true, Times: -1}}, false, false, "TransactionConflict", &types.TransactionCanceledException{}, 10},
		{"throttled for ever", []ddbenctest.Fault{{Code: throttled, Times: -1}}, false, false, "", &types.ProvisionedThroughputExceededException{}, 30},
		{"refused", []ddbenctest.Fault{{Code: "AccessDeniedException", Times: -1}}, false, false, "", nil, 1},
		{"answers lost for ever", []ddbenctest.Fault{{LoseResponse: true, Times: -1}}, true, true, "", ddbenc.ErrUnknownOutcome, 3},
		{"no connection", []ddbenctest.Fault{{Drop: true, Times: -1}}, false, true, "", ddbenc.ErrUnknownOutcome, 3},
		{"down", []ddbenctest.Fault{{Code: "InternalServerError", Times: -1}}, false, true, "", &types.InternalServerError{}, 3},
		{"answer lost, then throttled for ever", []ddbenctest.Fault{{LoseResponse: true}, {Code: throttled, Times: -1}}, true, true, "", ddbenc.ErrUnknownOutcome, 30},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, h := newFaultyHospital(t)
				for _, f := range tc.faults {
					f.Operation = op
					e.Fault(f)
				}
				tx, err := ddbenc.PrepareWrite(t.Context(), "", h.admit()...)
				if err != nil {
					t.Fatal(err)
				}
				err = tx.Send(t.Context(), h.db)
				fails := tc.unknown || !tc.made
				var failed *ddbenc.TransactionError
				switch {
				case errors.As(err, &failed) != fails || (err != nil) != fails, tc.wantErr != nil && !asType(err, tc.wantErr):
					t.Fatalf("error %v, want %v", err, tc.wantErr)
				case errors.Is(err, ddbenc.ErrUnknownOutcome) != tc.unknown:
					t.Errorf("error %v, of an outcome that is unknown: %t", err, tc.unknown)
				case (tc.wantCode != "") != (failed != nil && len(failed.Failed) == 1 && failed.Failed[0].Code == tc.wantCode):
					t.Errorf("error %v, want code %s of operation 0", err, tc.wantCode)
				}
				e.ClearFaults()
				h.requireMade(t, tc.made)
				var bodies []any
				for _, r := range e.Requests() {
					if r.Operation == op {
						var body any
						if err := json.Unmarshal(r.Body, &body); err != nil {
							t.Fatal(err)
						}
						bodies = append(bodies, body)
						if diff := cmp.Diff(bodies[0], body); diff != "" {
							t.Errorf("two requests differ:\n%s", diff)
						}
					}
				}
				if len(bodies) != tc.requests {
					t.Errorf("%d requests, want %d", len(bodies), tc.requests)
				}
				ddbenctest.RequireNoPlaintext(t, e, secret)

				// A second time nothing more is known if it does not get through.
				e.Fault(ddbenctest.Fault{Operation: op, Code: throttled, Times: 30})
				if err := tx.Send(t.Context(), h.db); fails && (err == nil || errors.Is(err, ddbenc.ErrUnknownOutcome) != tc.unknown) {
					t.Errorf("second time: error %v, of an outcome that is unknown: %t", err, tc.unknown)
				}
				e.ClearFaults()

				// Sent again, the transaction is made exactly once: what others did
				// since then stays.
				changed := ada
				changed.Views = 99
				if tc.made {
					if err := h.patients.Put(t.Context(), &changed); err != nil {
						t.Fatal(err)
					}
				}
				if err := tx.Send(t.Context(), h.db); err != nil {
					t.Error(err)
				}
				got, err := h.patients.Get(t.Context(), keyOfAda, ddbenc.ConsistentRead())
				if err != nil || (got.Views == 99) != tc.made {
					t.Errorf("then ada is %v, %v", got, err)
				}
			})
		})
	}
}

// Prepared once more, a transaction is another one, even under its token.
func TestTransactionToken(t *testing.T) {
	const token = "order-4711"
	e, h := newFaultyHospital(t)
	first, err := ddbenc.PrepareWrite(t.Context(), token, h.admit()...)
	if err != nil || first.Token() != token {
		t.Fatalf("%v, %v", first, err)
	}
	second, err := ddbenc.PrepareWrite(t.Context(), token, ddbenc.TxPut(h.wards, &Ward{ID: "south"}))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Send(t.Context(), h.db), first.Send(t.Context(), h.db)); err != nil {
		t.Fatal(err)
	}
	err = second.Send(t.Context(), h.db)
	if !errors.As(err, new(*types.IdempotentParameterMismatchException)) || errors.Is(err, ddbenc.ErrUnknownOutcome) {
		t.Errorf("error %v", err)
	}
	if _, err := h.wards.Get(t.Context(), ddbenc.Key("south")); !errors.Is(err, ddbenc.ErrNotFound) {
		t.Errorf("error %v", err)
	}
	requests := e.Requests()
	var body struct{ ClientRequestToken string }
	if err := json.Unmarshal(requests[len(requests)-2].Body, &body); err != nil || body.ClientRequestToken != token {
		t.Errorf("token %q, %v", body.ClientRequestToken, err)
	}
	if got := fmt.Sprintf("%+v %#v %v", first, h.admit()[0], ddbenc.TxGet(h.wards, keyOfNorth, new(*Ward))); got != "PreparedWrite(3 operations, REDACTED) TxWrite(Put, REDACTED) TxRead(Get, REDACTED)" {
		t.Errorf("printed %s", got)
	}
}

// What is prepared is what is sent, whatever the caller does then.
func TestPreparedWriteIsApart(t *testing.T) {
	_, h := newFaultyHospital(t)
	p := ada
	tx, err := ddbenc.PrepareWrite(t.Context(), "", ddbenc.TxPut(h.patients, &p), ddbenc.TxDelete(h.patients, keyOfBob))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ada, p); diff != "" {
		t.Errorf("the caller's value changed:\n%s", diff)
	}
	p.Name = "another"
	if err := tx.Send(t.Context(), h.db); err != nil {
		t.Fatal(err)
	}
	h.requireMade(t, true)
}

func TestTransactionCancelled(t *testing.T) {
	for _, after := range []int{0, 2} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		e, h := newFaultyHospital(t, ddbenctest.WithRequestHook(func(r ddbenctest.Request) {
			if r.Operation == "TransactWriteItems" {
				if n++; n == after {
					cancel()
				}
			}
		}))
		e.Fault(anyConfl)
		tx, err := ddbenc.PrepareWrite(ctx, "", h.admit()...)
		if err != nil {
			t.Fatal(err)
		}
		if after == 0 {
			cancel()
			_, err = ddbenc.PrepareWrite(ctx, "", h.admit()...)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("PrepareWrite: %v", err)
			}
		}
		err = tx.Send(ctx, h.db)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after %d requests: error %v", after, err)
		}
		h.requireMade(t, false)
	}
}

// A txFake answers transactions as a test says.
type txFake struct {
	calls int
	err   error
	get   *dynamodb.TransactGetItemsOutput
}

func (f *txFake) TransactGetItems(context.Context, *dynamodb.TransactGetItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactGetItemsOutput, error) {
	f.calls++
	return f.get, f.err
}

func (f *txFake) TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	f.calls++
	return nil, f.err
}

func cancelledBy(item avItem, codes ...string) error {
	e := &types.TransactionCanceledException{}
	for _, code := range codes {
		e.CancellationReasons = append(e.CancellationReasons, types.CancellationReason{Code: aws.String(code), Item: item, Message: aws.String(secret)})
	}
	return fmt.Errorf("wrapped: %w", e)
}

func TestTransactionReasons(t *testing.T) {
	patients := openAdmissions(t, &fake{})
	it := stored(t, ada)
	for _, tc := range []struct {
		name       string
		err        error
		calls      int
		failed     int
		currentErr error
	}{
		{"contention", cancelledBy(nil, "None", "TransactionConflict", "ThrottlingError"), 10, 2, nil},
		{"contention and more", cancelledBy(nil, "TransactionConflict", "None", "ConditionalCheckFailed"), 1, 2, nil},
		{"contention and a mistake", cancelledBy(nil, "TransactionConflict", "None", "ValidationError"), 1, 2, nil},
		{"no reason", cancelledBy(nil, "None", "None", "None"), 1, 0, nil},
		{"too few reasons", cancelledBy(it, "ConditionalCheckFailed"), 1, 0, nil},
		{"the item", cancelledBy(it, "ConditionalCheckFailed", "None", "None"), 1, 1, nil},
		{"another item", cancelledBy(stored(t, bob), "ConditionalCheckFailed", "None", "None"), 1, 1, ddbenc.ErrVerify},
		{"a changed item", cancelledBy(with(it, "clinic", s("east")), "ConditionalCheckFailed", "None", "None"), 1, 1, ddbenc.ErrVerify},
		{"an item that is not signed", cancelledBy(admissionKey("ada", "1"), "ConditionalCheckFailed", "None", "None"), 1, 1, ddbenc.ErrNotSigned},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := &txFake{err: tc.err}
				err := ddbenc.TransactWrite(t.Context(), db,
					ddbenc.TxPut(patients, &ada, ddbenc.ReturnCurrent()), ddbenc.TxDelete(patients, keyOfBob), ddbenc.TxCheck(patients, strangers, isThere))
				var failed *ddbenc.TransactionError
				if !errors.As(err, &failed) || len(failed.Failed) != tc.failed || db.calls != tc.calls {
					t.Fatalf("after %d calls: error %v", db.calls, err)
				}
				if errors.Is(err, ddbenc.ErrUnknownOutcome) || strings.Contains(err.Error(), secret) {
					t.Errorf("error %v", err)
				}
				var cond *ddbenc.ConditionError[Admission]
				errors.As(err, &cond)
				if tc.currentErr != nil && (cond.Current != nil || !errors.Is(cond.CurrentErr, tc.currentErr)) {
					t.Errorf("current item %v, %v", cond.Current, cond.CurrentErr)
				}
				var sdk *types.TransactionCanceledException
				if !errors.As(err, &sdk) {
					t.Fatal("the SDK's error is gone")
				}
				for i, r := range sdk.CancellationReasons {
					if r.Item != nil {
						t.Errorf("reason %d has an item", i)
					}
				}
			})
		})
	}
}

func TestTransactionsRefused(t *testing.T) {
	ctx := t.Context()
	patients := openAdmissions(t, &fake{})
	var none *ddbenc.Table[Admission]
	var p *Admission
	byName := ddbenc.If(expression.Name("name").Equal(expression.Value("Ada")))
	db := &txFake{}
	write := func(ops ...ddbenc.TxWrite) error {
		return ddbenc.TransactWrite(ctx, db, append([]ddbenc.TxWrite{ddbenc.TxDelete(patients, keyOfBob)}, ops...)...)
	}
	read := func(reads ...ddbenc.TxRead) error {
		return ddbenc.TransactGet(ctx, db, append([]ddbenc.TxRead{ddbenc.TxGet(patients, keyOfBob, &p)}, reads...)...)
	}
	for _, tc := range []struct {
		name string
		err  error
		is   error
		want string
	}{
		{"encrypted attribute in a put", write(ddbenc.TxPut(patients, &ada, byName, ddbenc.Label("x"))), ddbenc.ErrRefused, `operation 1 "x" (Put on table "patients"): TransactWriteItems on table "patients": request refused: the condition names "name"`},
		{"encrypted attribute in a delete", write(ddbenc.TxDelete(patients, keyOfAda, byName)), ddbenc.ErrRefused, `operation 1 (Delete on table "patients")`},
		{"encrypted attribute in a check", write(ddbenc.TxCheck(patients, keyOfAda, isThere, byName)), ddbenc.ErrRefused, `the condition names "name"`},
		{"check of nothing", write(ddbenc.TxCheck(patients, keyOfAda, expression.ConditionBuilder{})), ddbenc.ErrRefused, "there is no condition to check"},
		{"nil item", write(ddbenc.TxPut(patients, nil)), ddbenc.ErrInvalidItem, "Admission is nil"},
		{"empty key", write(ddbenc.TxPut(patients, &Admission{})), ddbenc.ErrRefused, `key attribute "patient_id" is empty`},
		{"short key", write(ddbenc.TxDelete(patients, ddbenc.Key("ada"))), ddbenc.ErrRefused, "the key has 1 values, want 2"},
		{"two at once", write(ddbenc.TxDelete(patients, ddbenc.Key("ada")), ddbenc.TxPut(patients, nil)), ddbenc.ErrInvalidItem, "operation 1 (Delete"},
		{"no table", write(ddbenc.TxPut(none, &ada)), ddbenc.ErrConfig, "it has no table"},
		{"no operation", write(ddbenc.TxWrite{}), ddbenc.ErrConfig, "it was not made by"},
		{"no client", ddbenc.TransactWrite(ctx, nil, ddbenc.TxPut(patients, &ada)), ddbenc.ErrConfig, "no DynamoDB client"},
		{"nil client", ddbenc.TransactGet(ctx, (*dynamodb.Client)(nil), ddbenc.TxGet(patients, keyOfAda, &p)), ddbenc.ErrConfig, "no DynamoDB client"},
		{"get by a short key", read(ddbenc.TxGet(patients, ddbenc.Key("ada"), &p, ddbenc.Label("x"))), ddbenc.ErrRefused, `operation 1 "x" (Get on table "patients")`},
		{"get to nowhere", read(ddbenc.TxGet(patients, keyOfAda, nil)), ddbenc.ErrRefused, "no place to store"},
		{"get without a table", read(ddbenc.TxGet(none, keyOfAda, &p)), ddbenc.ErrConfig, "it has no table"},
		{"get of nothing", read(ddbenc.TxRead{}), ddbenc.ErrConfig, "it was not made by TxGet"},
	} {
		var op *ddbenc.OperationError
		if !errors.Is(tc.err, tc.is) || !strings.Contains(tc.err.Error(), tc.want) || strings.HasSuffix(tc.name, "client") == errors.As(tc.err, &op) {
			t.Errorf("%s: error %v, want %s", tc.name, tc.err, tc.want)
		}
	}
	if err := errors.Join(ddbenc.TransactWrite(ctx, db), ddbenc.TransactGet(ctx, db)); err != nil {
		t.Errorf("without operations: %v", err)
	}
	if db.calls > 0 {
		t.Errorf("%d requests were sent", db.calls)
	}
}

// On an error no item is stored, nor left in its place.
func TestTransactGetFailures(t *testing.T) {
	patients := openAdmissions(t, &fake{})
	good, other := stored(t, ada), stored(t, bob)
	response := func(items ...avItem) *dynamodb.TransactGetItemsOutput {
		out := &dynamodb.TransactGetItemsOutput{}
		for _, it := range items {
			out.Responses = append(out.Responses, types.ItemResponse{Item: it})
		}
		return out
	}
	for _, tc := range []struct {
		name  string
		db    txFake
		want  error
		calls int
		at    int // failing operation, or -1
	}{
		{"changed item", txFake{get: response(good, with(other, "patient_id", s("eve")))}, ddbenc.ErrVerify, 1, 1},
		{"items interchanged", txFake{get: response(other, good)}, ddbenc.ErrVerify, 1, 0},
		{"not signed", txFake{get: response(good, admissionKey("bob", "1700000002"))}, ddbenc.ErrNotSigned, 1, 1},
		{"too few answers", txFake{get: response(good)}, ddbenc.ErrVerify, 1, -1},
		{"too many answers", txFake{get: response(good, other, other)}, ddbenc.ErrVerify, 1, -1},
		{"conflicts", txFake{err: cancelledBy(good, "None", "TransactionConflict")}, nil, 10, 1},
		{"refused", txFake{err: cancelledBy(good, "None", "ValidationError")}, nil, 1, 1},
		{"throttled", txFake{err: &types.ThrottlingException{}}, nil, 10, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := &Admission{ID: "before"}, &Admission{ID: "before"}
				err := ddbenc.TransactGet(t.Context(), &tc.db, ddbenc.TxGet(patients, keyOfAda, &first), ddbenc.TxGet(patients, keyOfBob, &second))
				var failed *ddbenc.TransactionError
				if !errors.As(err, &failed) || tc.want != nil && !errors.Is(err, tc.want) || tc.db.calls != tc.calls {
					t.Fatalf("after %d calls: error %v, want %v", tc.db.calls, err, tc.want)
				}
				if at := len(failed.Failed) > 0; at != (tc.at >= 0) || at && failed.Failed[0].Index != tc.at {
					t.Errorf("error %v, want one of operation %d", err, tc.at)
				}
				if first != nil || second != nil {
					t.Error("there is an item")
				}
			})
		})
	}
}

// A transaction through an encrypted client is encrypted once.
func TestTransactionThroughEncryptedClient(t *testing.T) {
	h := newHospital(t, engine(t))
	db := dynamodb.New(h.db.Options(), ddbenc.Encrypted(h.patients, h.wards))
	if err := ddbenc.TransactWrite(t.Context(), db, h.admit()...); err != nil {
		t.Fatal(err)
	}
	h.requireMade(t, true)
	h.db = db
	h.requireMade(t, true)
}

// A key that a call brings is used to read what made a condition fail, too.
func TestTransactionEncryptor(t *testing.T) {
	h := newHospital(t, engine(t))
	schema := must(ddbenc.SchemaOf[Ward]())
	enc, err := crypt.NewDDBEC(must(keyring.NewStatic(bytes.Repeat([]byte{3}, 32), bytes.Repeat([]byte{4}, 32)))).ForTable(crypt.Table{Name: h.wards.Name(), PartitionKey: "ward", Actions: schema.Actions()})
	if err != nil {
		t.Fatal(err)
	}
	with := ddbenc.WithEncryptor(enc)
	south := &Ward{ID: "south", Head: secret}
	if err := ddbenc.TransactWrite(t.Context(), h.db, ddbenc.TxPut(h.wards, south, with)); err != nil {
		t.Fatal(err)
	}
	var own, other *Ward
	err = ddbenc.TransactGet(t.Context(), h.db, ddbenc.TxGet(h.wards, keyOfNorth, &own), ddbenc.TxGet(h.wards, ddbenc.Key("south"), &other, with))
	if err != nil || own.Beds != 3 || cmp.Diff(south, other) != "" {
		t.Errorf("%v, %v, %v", own, other, err)
	}
	err = ddbenc.TransactWrite(t.Context(), h.db, ddbenc.TxCheck(h.wards, ddbenc.Key("south"), hasBeds, with, ddbenc.ReturnCurrent()))
	var failed *ddbenc.ConditionError[Ward]
	if !errors.As(err, &failed) || cmp.Diff(south, failed.Current) != "" {
		t.Errorf("error %v", err)
	}
}

package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/internal/testenv"
	"github.com/ddbenc/ddbenc/keyring"
)

// hooked is a type for hooks.
type hooked struct {
	ID     string `dynamodbav:"id,partition"`
	Name   string `dynamodbav:"name"`
	Clinic string `dynamodbav:"clinic,omitempty" ddbenc:"sign" dynamodbindex:"by-clinic,global,partition"`
	Views  int    `dynamodbav:"views" ddbenc:"none"`
}

// told collects what hooks are told.
type told struct {
	mu    sync.Mutex
	lines []string
	texts strings.Builder // all there is to print
	bad   []string
}

func (s *told) add(line string, e any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
	fmt.Fprintf(&s.texts, "%v %+v %#v\n", e, e, e)
}

func (s *told) hooks() *hook.Hooks {
	item := func(what string) func(context.Context, hook.Item) {
		return func(_ context.Context, e hook.Item) {
			line := strings.TrimSpace(strings.Join([]string{what, e.Action, e.Op, e.Table, e.Index, hook.Reason(e.Err)}, " "))
			s.add(strings.Join(strings.Fields(line), " "), e)
			if e.Attributes < 1 || e.Bytes < 1 || e.Duration <= 0 {
				s.bad = append(s.bad, fmt.Sprintf("%s: %d attributes, %d bytes, %v", line, e.Attributes, e.Bytes, e.Duration))
			}
		}
	}
	return &hook.Hooks{
		Encrypted: item("encrypted"),
		Decrypted: item("decrypted"),
		Failed:    item("failed"),
		Refused: func(_ context.Context, e hook.Refusal) {
			line := "refused " + e.Op + " " + e.Table
			if !errors.Is(e.Err, ddbenc.ErrRefused) {
				line += " for another reason"
			}
			s.add(strings.TrimSpace(line), e)
		},
		Retried: func(_ context.Context, e hook.Retry) {
			s.add(fmt.Sprintf("retried %s %s %d %s %t", e.Op, e.Table, e.Attempt, e.Reason, e.GaveUp), e)
		},
	}
}

// expect compares what was told since the last time, in any order.
func (s *told) expect(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.lines)
	slices.Sort(want)
	if diff := cmp.Diff(want, s.lines); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, b := range s.bad {
		t.Error(b)
	}
	s.lines, s.bad = nil, nil
}

func staticFormat(t testing.TB) crypt.Format {
	t.Helper()
	p, err := keyring.NewStatic([]byte(strings.Repeat("k", 32)), []byte(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return crypt.NewDDBEC(p)
}

// hookedTable returns a table on an engine, and what its hooks are told.
func hookedTable(t *testing.T) (*ddbenctest.Engine, *ddbenc.Table[hooked], *told) {
	t.Helper()
	e, seen := ddbenctest.NewEngine(), &told{}
	ddbenctest.CreateTable[hooked](t, e.Client(), "hooked")
	table, err := ddbenc.NewTable[hooked](e.Client(), "hooked", staticFormat(t), ddbenc.WithHooks(seen.hooks()))
	if err != nil {
		t.Fatal(err)
	}
	return e, table, seen
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// drain reads all that a query or scan yields and returns the first error.
func drain[T any](seq func(yield func(T, error) bool)) (err error) {
	for _, e := range seq {
		err = errors.Join(err, e)
	}
	return err
}

func TestHooksAreToldOfEachItemOnce(t *testing.T) {
	e, table, seen := hookedTable(t)
	ctx, db := t.Context(), e.Client()
	key, a := ddbenc.Key("a"), &hooked{ID: "a", Name: "Ada", Clinic: "north"}

	ok(t, table.Put(ctx, a))
	seen.expect(t, "encrypted encrypt PutItem hooked")
	_, err := table.Get(ctx, key)
	ok(t, err)
	seen.expect(t, "decrypted decrypt GetItem hooked")
	_, err = table.Update(ctx, key, func(w *hooked) error { w.Name = "Ada L."; return nil })
	ok(t, err)
	seen.expect(t, "decrypted decrypt UpdateItem hooked", "encrypted encrypt UpdateItem hooked")
	_, err = table.Update(ctx, key, func(w *hooked) error { w.Views++; return nil })
	ok(t, err)
	seen.expect(t, "decrypted decrypt UpdateItem hooked") // nothing is encrypted
	ok(t, drain(table.Scan(ctx)))
	seen.expect(t, "decrypted decrypt Scan hooked")
	ok(t, drain(table.Query(ctx, expression.Key("clinic").Equal(expression.Value("north")), ddbenc.Index("by-clinic"))))
	seen.expect(t, "decrypted decrypt Query hooked by-clinic")
	ok(t, table.BatchPut(ctx, []*hooked{a, {ID: "b", Clinic: "north"}}))
	seen.expect(t, "encrypted encrypt BatchWriteItem hooked", "encrypted encrypt BatchWriteItem hooked")
	_, err = table.BatchGet(ctx, []ddbenc.PrimaryKey{key, ddbenc.Key("b"), ddbenc.Key("none"), key})
	ok(t, err)
	seen.expect(t, "decrypted decrypt BatchGetItem hooked", "decrypted decrypt BatchGetItem hooked")
	ok(t, ddbenc.TransactWrite(ctx, db, ddbenc.TxPut(table, a), ddbenc.TxUpdate(table, ddbenc.Key("b"), func(w *hooked) error { w.Name = "B"; return nil })))
	seen.expect(t, "encrypted encrypt TransactWriteItems hooked", "decrypted decrypt UpdateItem hooked", "encrypted encrypt UpdateItem hooked")
	var got *hooked
	ok(t, ddbenc.TransactGet(ctx, db, ddbenc.TxGet(table, key, &got)))
	seen.expect(t, "decrypted decrypt TransactGetItems hooked")
	stored, err := table.EncryptItem(ctx, a)
	ok(t, err)
	_, err = table.DecryptItem(ctx, stored)
	ok(t, err)
	seen.expect(t, "encrypted encrypt EncryptItem hooked", "decrypted decrypt DecryptItem hooked")
	var old *hooked
	ok(t, table.Delete(ctx, key, ddbenc.ReturnOld(&old)))
	seen.expect(t, "decrypted decrypt DeleteItem hooked")
}

func TestHooksAreToldOfWhatAClientDoes(t *testing.T) {
	ctx, e, seen := t.Context(), ddbenctest.NewEngine(), &told{}
	ddbenctest.CreateTable[hooked](t, e.Client(), "hooked")
	raw, err := ddbenc.NewRawTable("hooked", staticFormat(t), ddbenc.RawSchema{
		PartitionKey: "id",
		Indexes:      []ddbenc.SchemaIndex{{Name: "by-clinic", Global: true, PartitionKey: "clinic"}},
		Actions:      crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"clinic": crypt.SignOnly}},
	}, ddbenc.WithHooks(seen.hooks()))
	ok(t, err)
	db := e.Client(ddbenc.Encrypted(raw))
	key := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}}
	item := maps.Clone(key)
	item["name"] = &types.AttributeValueMemberS{Value: "Ada"}

	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("hooked"), Item: item})
	ok(t, err)
	_, err = db.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("hooked"), Key: key})
	ok(t, err)
	_, err = db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"hooked": {Keys: []map[string]types.AttributeValue{key}}}})
	ok(t, err)
	_, err = db.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("hooked")})
	ok(t, err)
	seen.expect(t, "encrypted encrypt PutItem hooked", "decrypted decrypt GetItem hooked",
		"decrypted decrypt BatchGetItem hooked", "decrypted decrypt Scan hooked")

	refused := func(err error) {
		t.Helper()
		if !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("the request is not refused: %v", err)
		}
	}
	_, err = db.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("hooked"), ProjectionExpression: aws.String("id")})
	refused(err)
	_, err = db.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: aws.String("SELECT * FROM hooked")})
	refused(err)
	_, err = db.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("what/is?this"), Key: key})
	refused(err)
	_, err = db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Update: &types.Update{TableName: aws.String("hooked"), Key: key, UpdateExpression: aws.String("REMOVE clinic")}}}})
	refused(err)
	seen.expect(t, "refused Scan hooked", "refused ExecuteStatement hooked", "refused GetItem", "refused TransactWriteItems hooked")

	other := e.Client(ddbenc.Encrypted(raw))
	_, err = other.ListTables(ctx, &dynamodb.ListTablesInput{})
	ok(t, err)
	seen.expect(t)
}

func TestHooksAreToldOfWhatDoesNotVerify(t *testing.T) {
	e, table, seen := hookedTable(t)
	ctx, db := t.Context(), e.Client()
	for _, id := range []string{"a", "b"} {
		ok(t, table.Put(ctx, &hooked{ID: id, Name: "planted-secret", Clinic: "north"}))
	}
	stored, err := table.EncryptItem(ctx, &hooked{ID: "a", Name: "planted-secret", Clinic: "north"})
	ok(t, err)
	seen.expect(t, "encrypted encrypt PutItem hooked", "encrypted encrypt PutItem hooked", "encrypted encrypt EncryptItem hooked")

	stored["clinic"] = &types.AttributeValueMemberS{Value: "south-planted-secret"}
	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("hooked"), Item: stored})
	ok(t, err)
	_, err = table.Get(ctx, ddbenc.Key("a"))
	if !errors.Is(err, ddbenc.ErrVerify) {
		t.Errorf("Get gives %v", err)
	}
	_, err = table.BatchGet(ctx, []ddbenc.PrimaryKey{ddbenc.Key("a"), ddbenc.Key("b")})
	if !errors.Is(err, ddbenc.ErrVerify) {
		t.Errorf("BatchGet gives %v", err)
	}
	genuine, err := table.EncryptItem(ctx, &hooked{ID: "other", Name: "planted-secret", Clinic: "north"})
	ok(t, err)
	_, err = table.DecryptItem(ctx, genuine, ddbenc.UnderKey(ddbenc.Key("a")))
	if !errors.Is(err, ddbenc.ErrVerify) {
		t.Errorf("an item under another key gives %v", err)
	}
	_, err = table.DecryptItem(ctx, map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "planted-secret"}})
	if !errors.Is(err, ddbenc.ErrNotSigned) {
		t.Errorf("an item in plaintext gives %v", err)
	}
	seen.expect(t, "failed decrypt GetItem hooked verify", "failed decrypt BatchGetItem hooked verify", "decrypted decrypt BatchGetItem hooked",
		"encrypted encrypt EncryptItem hooked", "failed decrypt DecryptItem hooked verify", "failed decrypt DecryptItem hooked not_signed")
	if text := seen.texts.String(); strings.Contains(text, "planted-secret") {
		t.Errorf("hooks are told a value: %s", text)
	}
}

// Every method that makes requests tells of those that were refused, once.
func TestHooksAreToldOfEveryRefusal(t *testing.T) {
	e, table, seen := hookedTable(t)
	ctx, db := t.Context(), e.Client()
	bad := ddbenc.If(expression.Name("name").Equal(expression.Value("planted-secret")))
	filter := ddbenc.Filter(expression.Name("name").Equal(expression.Value("planted-secret")))
	key, wrong := ddbenc.Key("a"), ddbenc.Key(7)
	byID := expression.Key("id").Equal(expression.Value("a"))
	large := &hooked{ID: "a", Name: strings.Repeat("x", 400<<10)}
	keys := func() error { _, err := table.KeyAttributes(wrong); return err }
	untried := map[string]bool{}
	for m := range reflect.TypeOf(table).Methods() {
		untried[m.Name] = true
	}
	for method, call := range map[string]struct {
		op   string
		call func() error
	}{
		"Put":         {"PutItem", func() error { return table.Put(ctx, &hooked{ID: "a"}, bad) }},
		"Get":         {"GetItem", func() error { _, err := table.Get(ctx, wrong); return err }},
		"Delete":      {"DeleteItem", func() error { return table.Delete(ctx, key, bad) }},
		"Update":      {"UpdateItem", func() error { _, err := table.Update(ctx, wrong, func(*hooked) error { return nil }); return err }},
		"Patch":       {"UpdateItem", func() error { _, err := table.Patch(ctx, &hooked{}); return err }},
		"Query":       {"Query", func() error { return drain(table.Query(ctx, byID, filter)) }},
		"QueryCount":  {"Query", func() error { _, err := table.QueryCount(ctx, byID, filter); return err }},
		"Scan":        {"Scan", func() error { return drain(table.Scan(ctx, filter)) }},
		"ScanCount":   {"Scan", func() error { _, err := table.ScanCount(ctx, filter); return err }},
		"QueryPages":  {"Query", func() error { return drain(table.QueryPages(ctx, byID, filter)) }},
		"ScanPages":   {"Scan", func() error { return drain(table.ScanPages(ctx, filter)) }},
		"BatchGet":    {"BatchGetItem", func() error { _, err := table.BatchGet(ctx, []ddbenc.PrimaryKey{wrong}); return err }},
		"BatchPut":    {"BatchWriteItem", func() error { return table.BatchPut(ctx, []*hooked{large}) }},
		"BatchDelete": {"BatchWriteItem", func() error { return table.BatchDelete(ctx, []ddbenc.PrimaryKey{wrong}) }},
		"BatchWrite":  {"BatchWriteItem", func() error { return table.BatchWrite(ctx, []*hooked{{ID: "a"}, {ID: "a"}}, nil) }},
		"BatchWriter": {"BatchWriteItem", func() error { return table.BatchWriter().Delete(ctx, wrong) }},
		"BatchWriter, flushed": {"BatchWriteItem", func() error {
			w := table.BatchWriter()
			return errors.Join(w.Put(ctx, large), w.Put(ctx, large))
		}},
		"EncryptItem": {"EncryptItem", func() error { _, err := table.EncryptItem(ctx, large); return err }},
		"DecryptItem": {"DecryptItem", func() error { _, err := table.DecryptItem(ctx, nil, ddbenc.UnderKey(wrong)); return err }},
		"TransactWrite": {"TransactWriteItems", func() error {
			return ddbenc.TransactWrite(ctx, db, ddbenc.TxDelete(table, wrong), ddbenc.TxPut(table, large))
		}},
		"TransactWrite, when encrypted": {"TransactWriteItems", func() error {
			return ddbenc.TransactWrite(ctx, db, ddbenc.TxPut(table, large))
		}},
		"TransactGet": {"TransactGetItems", func() error {
			var into *hooked
			return ddbenc.TransactGet(ctx, db, ddbenc.TxGet(table, wrong, &into))
		}},
		"KeyAttributes": {"", keys}, // makes no request
		"Check":         {"", keys}, // refuses nothing
		"Name":          {"", keys},
		"Format":        {"", keys},
	} {
		if err := call.call(); !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("%s is not refused: %v", method, err)
		}
		if call.op == "" {
			seen.expect(t)
		} else {
			seen.expect(t, "refused "+call.op+" hooked")
		}
		delete(untried, method)
	}
	for method := range untried {
		t.Errorf("no refusal of %s is tried here", method)
	}
	if text := seen.texts.String(); strings.Contains(text, "planted-secret") {
		t.Errorf("hooks are told a value: %s", text)
	}
}

func TestHooksAreToldOfRetries(t *testing.T) {
	e, table, seen := hookedTable(t)
	ctx, db := t.Context(), e.Client()
	key := ddbenc.Key("a")
	ok(t, table.Put(ctx, &hooked{ID: "a"}))
	seen.expect(t, "encrypted encrypt PutItem hooked")
	meddle := func() {
		_, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: aws.String("hooked"),
			Key:              map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}},
			UpdateExpression: aws.String("ADD #v :one"), ExpressionAttributeNames: map[string]string{"#v": "views"},
			ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}}})
		ok(t, err)
	}
	tries := 0
	_, err := table.Update(ctx, key, func(w *hooked) error {
		if tries++; tries == 1 {
			meddle()
		}
		w.Views += 10
		return nil
	})
	ok(t, err)
	seen.expect(t, "decrypted decrypt UpdateItem hooked", "retried UpdateItem hooked 1 conflict false", "decrypted decrypt UpdateItem hooked")
	_, err = table.Update(ctx, key, func(w *hooked) error { meddle(); w.Views += 10; return nil }, ddbenc.Attempts(1))
	if !errors.Is(err, ddbenc.ErrConflict) {
		t.Errorf("Update gives %v", err)
	}
	seen.expect(t, "decrypted decrypt UpdateItem hooked", "retried UpdateItem hooked 1 conflict true")

	e.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Unprocessed: true})
	ok(t, table.BatchDelete(ctx, []ddbenc.PrimaryKey{key, ddbenc.Key("b")}))
	seen.expect(t, "retried BatchWriteItem hooked 1 unprocessed false")
}

func TestHooksThatPanicChangeNothing(t *testing.T) {
	e := ddbenctest.NewEngine()
	ddbenctest.CreateTable[hooked](t, e.Client(), "hooked")
	var mu sync.Mutex
	panics := 0
	bad := func(context.Context, hook.Item) { panic("no") }
	table, err := ddbenc.NewTable[hooked](e.Client(), "hooked", staticFormat(t), ddbenc.WithHooks(&hook.Hooks{
		Encrypted: bad, Decrypted: bad, Failed: bad,
		Refused:  func(context.Context, hook.Refusal) { panic("no") },
		Retried:  func(context.Context, hook.Retry) { panic("no") },
		Panicked: func(any) { mu.Lock(); defer mu.Unlock(); panics++ },
	}))
	ok(t, err)
	ctx := t.Context()
	for _, id := range []string{"a", "b", "c"} {
		ok(t, table.Put(ctx, &hooked{ID: id, Name: "Ada"}))
	}
	ok(t, drain(table.Scan(ctx)))
	_, err = table.Get(ctx, ddbenc.Key(7))
	if !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("Get gives %v", err)
	}
	if panics != 7 {
		t.Errorf("%d panics were told, want 7", panics)
	}
}

// What a program's own function returns is not told, whatever it wraps.
func TestHooksAreNotToldOfAProgramsErrors(t *testing.T) {
	_, table, seen := hookedTable(t)
	ok(t, table.Put(t.Context(), &hooked{ID: "a"}))
	_, err := table.Update(t.Context(), ddbenc.Key("a"), func(*hooked) error { return fmt.Errorf("%w: planted-secret", ddbenc.ErrRefused) })
	if !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("Update gives %v", err)
	}
	seen.expect(t, "encrypted encrypt PutItem hooked", "decrypted decrypt UpdateItem hooked")
}

func TestHooksCostNothingWithoutHooks(t *testing.T) {
	testenv.CountsAllocations(t)
	e := ddbenctest.NewEngine()
	ddbenctest.CreateTable[hooked](t, e.Client(), "hooked")
	count := func(opts ...ddbenc.TableOption) float64 {
		table, err := ddbenc.NewTable[hooked](e.Client(), "hooked", staticFormat(t), opts...)
		ok(t, err)
		stored, err := table.EncryptItem(t.Context(), &hooked{ID: "a", Name: "Ada"})
		ok(t, err)
		return testing.AllocsPerRun(200, func() {
			if _, err := table.DecryptItem(t.Context(), stored); err != nil {
				t.Fatal(err)
			}
		})
	}
	if without, with := count(), count(ddbenc.WithHooks(nil, &hook.Hooks{})); with > without+0.5 {
		t.Errorf("%v allocations with hooks of which none is called, %v without hooks", with, without)
	}
}

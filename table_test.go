package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

func TestNewTableReportsEveryMistake(t *testing.T) {
	type bad struct {
		ID   string `dynamodbav:"id,partition"`
		Name string `ddbenc:"encrpyt"`
		Key  string `dynamodbindex:"by-key,global,partition" ddbenc:"encrypt"`
	}
	_, err := ddbenc.NewTable[bad](nil, "a table", nil,
		ddbenc.DecoderOptions(func(o *attributevalue.DecoderOptions) { o.TagKey = "json" }))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"no DynamoDB client", "no item format", `"a table" is not a table name`, `TagKey to "json"`,
		`did you mean "encrypt"`, "Key",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %s:\n%v", want, err)
		}
	}
	if !errors.Is(err, ddbenc.ErrSchema) || !errors.Is(err, ddbenc.ErrConfig) {
		t.Errorf("error does not wrap both ErrSchema and ErrConfig: %v", err)
	}
}

func TestNewTableReportsTheFormatsMistakes(t *testing.T) {
	type context struct {
		ID     string `dynamodbav:"id,partition"`
		Tenant string `dynamodbav:"tenant" ddbenc:"context"`
	}
	_, err := ddbenc.NewTable[context](&fake{}, "x", crypt.NewDDBEC(testProvider))
	if !errors.Is(err, ddbenc.ErrConfig) || !strings.Contains(err.Error(), "tenant") || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("error %v, want one that names the table name and the attribute", err)
	}
}

func TestTableNames(t *testing.T) {
	ctx := context.Background()
	p := Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"}
	const arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/patients"
	byName := stored(t, p)

	for _, tc := range []struct {
		name    string
		opts    []ddbenc.TableOption
		wantErr error // of reading what table "patients" stored
	}{
		{"patients", nil, nil},
		{arn, nil, nil},
		{"patients-restored", nil, ddbenc.ErrVerify},
		{"patients-restored", []ddbenc.TableOption{ddbenc.LogicalName("patients")}, nil},
	} {
		db := &fake{item: byName}
		table, err := ddbenc.NewTable[Admission](db, tc.name, crypt.NewDDBEC(testProvider), tc.opts...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := table.Get(ctx, ddbenc.Key("p-1", visitAt(1)))
		if !errors.Is(err, tc.wantErr) || (err == nil) != (got != nil) {
			t.Errorf("table %q: got %v, error %v, want error %v", tc.name, got, err, tc.wantErr)
		}
		if err := table.Put(ctx, &p); err != nil {
			t.Error(err)
		}
		if got := *db.put.TableName; got != tc.name || table.Name() != tc.name {
			t.Errorf("Put to %q sent the table name %q", tc.name, got)
		}
	}
	for _, name := range []string{"", "ab", "pätient", "arn:aws:dynamodb:eu-central-1:123456789012:table/", "arn:aws:s3:::patients", "arn:aws:dynamodb:eu-central-1:123456789012:table/patients/index/by-x"} {
		if _, err := ddbenc.NewTable[Admission](&fake{}, name, crypt.NewDDBEC(testProvider)); !errors.Is(err, ddbenc.ErrConfig) {
			t.Errorf("table name %q gives error %v", name, err)
		}
	}
}

func TestTablePrintsNoKeys(t *testing.T) {
	table := openAdmissions(t, &fake{})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if got, want := fmt.Sprintf(verb, table), `Table[Admission]("patients")`; got != want {
			t.Errorf("Printf(%q) prints %s, want %s", verb, got, want)
		}
	}
}

func TestPutEncrypts(t *testing.T) {
	p := Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada", Notes: []string{"well"}, Clinic: "west", Views: 7}
	before := p
	it := stored(t, p)
	if diff := cmp.Diff(before, p); diff != "" {
		t.Errorf("Put changed the caller's value:\n%s", diff)
	}
	want := avItem{"patient_id": s("p-1"), "visit": n("1700000001"), "clinic": s("west"), "views": n("7")}
	for name, v := range want {
		if diff := cmp.Diff(v, it[name], avCmp); diff != "" {
			t.Errorf("attribute %q (-want +got):\n%s", name, diff)
		}
	}
	for _, name := range []string{"name", "notes"} {
		if _, ok := it[name].(*types.AttributeValueMemberB); !ok {
			t.Errorf("attribute %q is stored as %T", name, it[name])
		}
	}
	if _, ok := it["rank"]; ok {
		t.Error("rank is stored, although it is left out when 0")
	}
}

// Whatever is refused is refused before anything is sent.
func TestRefusedBeforeTheNetwork(t *testing.T) {
	ctx := context.Background()
	good := &Admission{ID: "p-1", Visit: visitAt(1)}
	for _, tc := range []struct {
		name string
		do   func(*ddbenc.Table[Admission]) error
		want []string
	}{
		{"put of nil", func(p *ddbenc.Table[Admission]) error { return p.Put(ctx, nil) }, []string{"Admission is nil"}},
		{"put without key", func(p *ddbenc.Table[Admission]) error { return p.Put(ctx, &Admission{Visit: visitAt(1)}) },
			[]string{`PutItem on table "patients"`, `key attribute "patient_id" is empty`}},
		{"get with half a key", func(p *ddbenc.Table[Admission]) error {
			_, err := p.Get(ctx, ddbenc.Key("p-1"))
			return err
		}, []string{`GetItem on table "patients"`, `the key has 1 values, want 2: "patient_id", "visit"`}},
		{"get by a zero key", func(p *ddbenc.Table[Admission]) error {
			_, err := p.Get(ctx, ddbenc.PrimaryKey{})
			return err
		}, []string{"the key has 0 values"}},
		{"get by a string for a time", func(p *ddbenc.Table[Admission]) error {
			_, err := p.Get(ctx, ddbenc.Key("p-1", "yesterday"))
			return err
		}, []string{`key attribute "visit" has the type time.Time: a value of type string does not convert to it`}},
		{"get by another attribute", func(p *ddbenc.Table[Admission]) error {
			_, err := p.Get(ctx, ddbenc.RawKey(avItem{"patient_id": s("p-1"), "visit": n("1"), "name": s("Ada")}))
			return err
		}, []string{`attribute "name" is not part of the primary key ("patient_id", "visit")`}},
		{"delete by the wrong type", func(p *ddbenc.Table[Admission]) error { return p.Delete(ctx, ddbenc.Key(1, 2)) },
			[]string{`DeleteItem on table "patients"`, `key attribute "patient_id" has the type string: a value of type int does`, `key attribute "visit" has the type time.Time: a value of type int does`}},
		{"old item of another type", func(p *ddbenc.Table[Admission]) error {
			return p.Put(ctx, good, ddbenc.ReturnOld(new(*benchSmall)))
		}, []string{"ReturnOld has a **ddbenc_test.benchSmall, want a **ddbenc_test.Admission"}},
		{"old item nowhere", func(p *ddbenc.Table[Admission]) error {
			return p.Delete(ctx, ddbenc.Key("p-1", visitAt(1)), ddbenc.ReturnOld[Admission](nil))
		}, []string{"ReturnOld has a nil pointer"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db := &fake{}
			err := tc.do(openAdmissions(t, db))
			if db.calls > 0 {
				t.Errorf("%d calls were made", db.calls)
			}
			if !errors.Is(err, ddbenc.ErrRefused) && !errors.Is(err, ddbenc.ErrInvalidItem) {
				t.Fatalf("got error %v", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error does not say %s:\n%v", want, err)
				}
			}
		})
	}
}

// A server can't return anything that its writer did not store under this key.
func TestGetFromHostileServer(t *testing.T) {
	ctx := context.Background()
	p := Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada", Clinic: "west", Views: 7}
	mine := stored(t, p)
	other := stored(t, Admission{ID: "p-2", Visit: visitAt(1), Name: "Bob"})
	for _, tc := range []struct {
		name string
		item avItem
		want error
	}{
		{"nothing", nil, ddbenc.ErrNotFound},
		{"empty item", avItem{}, ddbenc.ErrNotFound},
		{"genuine item of another key", other, ddbenc.ErrVerify},
		{"another item's value", with(mine, "name", other["name"]), ddbenc.ErrVerify},
		{"another key", with(mine, "patient_id", s("p-2")), ddbenc.ErrVerify},
		{"changed signed attribute", with(mine, "clinic", s("east")), ddbenc.ErrVerify},
		{"plaintext", with(mine, "name", s("Eve")), ddbenc.ErrVerify},
		{"signed attribute removed", with(mine, "clinic", nil), ddbenc.ErrVerify},
		{"attribute added", with(mine, "extra", s("x")), ddbenc.ErrVerify},
		{"signature removed", with(mine, "*amzn-ddb-map-sig*", nil), ddbenc.ErrNotSigned},
		{"only the key", avItem{"patient_id": s("p-1"), "visit": n("1700000001")}, ddbenc.ErrNotSigned},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := openAdmissions(t, &fake{item: tc.item}).Get(ctx, ddbenc.Key("p-1", visitAt(1)))
			if !errors.Is(err, tc.want) || got != nil {
				t.Errorf("got %v, error %v, want error %v", got, err, tc.want)
			}
			checkNoValues(t, err)
		})
	}
	t.Run("changed unsigned attribute", func(t *testing.T) {
		got, err := openAdmissions(t, &fake{item: with(mine, "views", n("8"))}).Get(ctx, ddbenc.Key("p-1", visitAt(1)))
		want := p
		want.Views = 8
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("error %v, -want +got:\n%s", err, diff)
		}
	})
}

// checkNoValues fails if an attribute value of the tests' patients is in err.
func checkNoValues(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		got := fmt.Sprintf(verb, err)
		for _, secret := range []string{"Ada", "Bob", "Eve", "p-1", "p-2", "west", "east", "1700000"} {
			if strings.Contains(got, secret) {
				t.Errorf("%s of the error holds the value %s: %s", verb, secret, got)
			}
		}
	}
}

func TestItemError(t *testing.T) {
	ctx := context.Background()
	bad := with(stored(t, Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"}), "name", s("Eve"))
	_, err := openAdmissions(t, &fake{item: bad}).Get(ctx, ddbenc.Key("p-1", visitAt(1)))
	var e *ddbenc.ItemError
	if !errors.As(err, &e) {
		t.Fatalf("got %T: %v", err, err)
	}
	want := `ddbenc: GetItem on table "patients": item with key (patient_id, visit): item failed verification`
	if err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	key := e.Key()
	if diff := cmp.Diff(avItem{"patient_id": s("p-1"), "visit": n("1700000001")}, key, avCmp); diff != "" {
		t.Errorf("Key (-want +got):\n%s", diff)
	}
	clear(key)
	if len(e.Key()) != 2 {
		t.Error("Key gives out the error's own map")
	}

	_, err = openAdmissions(t, &fake{item: bad}, ddbenc.ShowKeys()).Get(ctx, ddbenc.Key("p-1", visitAt(1)))
	want = `ddbenc: GetItem on table "patients": item with key (patient_id="p-1", visit="1700000001"): item failed verification`
	if err == nil || err.Error() != want {
		t.Errorf("with ShowKeys\ngot  %v\nwant %s", err, want)
	}
}

// A write that was made is not reported as if it had not been.
func TestOldItemThatCannotBeRead(t *testing.T) {
	ctx := context.Background()
	p := Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"}
	bad := with(stored(t, p), "name", s("Eve"))
	old := &Admission{ID: "of an earlier call"}
	table := openAdmissions(t, &fake{item: bad})
	for op, err := range map[string]error{
		"PutItem":    table.Put(ctx, &p, ddbenc.ReturnOld(&old)),
		"DeleteItem": table.Delete(ctx, ddbenc.Key("p-1", visitAt(1)), ddbenc.ReturnOld(&old)),
	} {
		var e *ddbenc.ItemError
		if !errors.As(err, &e) || !e.Written || !errors.Is(err, ddbenc.ErrVerify) || old != nil {
			t.Errorf("%s: got old item %v, error %v", op, old, err)
		}
		checkNoValues(t, err)
	}
}

func TestConditionErrorWithUnreadableItem(t *testing.T) {
	p := Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"}
	sdk := &types.ConditionalCheckFailedException{Item: with(stored(t, p), "name", s("Eve"))}
	err := openAdmissions(t, &fake{err: fmt.Errorf("wrapped: %w", sdk)}).Put(context.Background(), &p, ddbenc.ReturnCurrent())
	var e *ddbenc.ConditionError[Admission]
	if !errors.As(err, &e) || !errors.Is(err, ddbenc.ErrConditionFailed) {
		t.Fatalf("got %T: %v", err, err)
	}
	if e.Current != nil || !errors.Is(e.CurrentErr, ddbenc.ErrVerify) || errors.Is(err, ddbenc.ErrVerify) {
		t.Errorf("current item %v, its error %v", e.Current, e.CurrentErr)
	}
	var got *types.ConditionalCheckFailedException
	if !errors.As(err, &got) || got.Item != nil {
		t.Error("the SDK's error is not reachable, or still has its unverified item")
	}
	checkNoValues(t, err)
}

// The SDK's own errors stay reachable.
func TestServiceErrors(t *testing.T) {
	ctx := context.Background()
	sdk := &types.ProvisionedThroughputExceededException{}
	table := openAdmissions(t, &fake{err: sdk})
	key := ddbenc.Key("p-1", visitAt(1))
	_, getErr := table.Get(ctx, key)
	for op, err := range map[string]error{
		"PutItem": table.Put(ctx, &Admission{ID: "p-1", Visit: visitAt(1)}), "GetItem": getErr, "DeleteItem": table.Delete(ctx, key),
	} {
		var got *types.ProvisionedThroughputExceededException
		if !errors.As(err, &got) || !strings.Contains(err.Error(), op+` on table "patients"`) {
			t.Errorf("%s: got %v", op, err)
		}
	}
}

// An overridden encryptor serves one call.
func TestWithEncryptor(t *testing.T) {
	ctx := context.Background()
	db := &fake{}
	table := openAdmissions(t, db)
	actions := crypt.Actions{Default: crypt.SignOnly}
	signs, err := crypt.NewDDBEC(testProvider).ForTable(crypt.Table{Name: "patients", PartitionKey: "patient_id", SortKey: "visit", Actions: actions})
	if err != nil {
		t.Fatal(err)
	}
	p := Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"}
	if err := table.Put(ctx, &p, ddbenc.WithEncryptor(signs)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s("Ada"), db.put.Item["name"], avCmp); diff != "" {
		t.Errorf("stored name (-want +got):\n%s", diff)
	}
	db.item = db.put.Item
	key := ddbenc.Key("p-1", visitAt(1))
	if _, err := table.Get(ctx, key); !errors.Is(err, ddbenc.ErrVerify) {
		t.Errorf("read by the table's own encryptor: %v", err)
	}
	got, err := table.Get(ctx, key, ddbenc.WithEncryptor(signs))
	if diff := cmp.Diff(&p, got); err != nil || diff != "" {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	reads, err := ddbenc.NewTable[Admission](db, "patients", crypt.NewDDBEC(testProvider), ddbenc.ReadActions(actions))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reads.Get(ctx, key); err != nil || got.Name != "Ada" {
		t.Errorf("read with ReadActions: %v, %v", got, err)
	}
	if err := reads.Put(ctx, &p); err != nil {
		t.Fatal(err)
	}
	if _, ok := db.put.Item["name"].(*types.AttributeValueMemberB); !ok {
		t.Errorf("ReadActions changed how name is written: %T", db.put.Item["name"])
	}
}

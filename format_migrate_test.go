package ddbenc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

var (
	testDDBEC  = crypt.NewDDBEC(testProvider)
	testDBESDK = crypt.NewDBESDK(testKeyring, crypt.WriteSuite(crypt.SuiteMAC))

	// readsAll writes DB-ESDK and reads everything.
	readsAll = crypt.Migrate(testDBESDK, testDDBEC, crypt.ForgeablePlaintext())
	// writesPlaintext is what a service has before the first item is encrypted.
	writesPlaintext = crypt.Migrate(crypt.ForgeablePlaintext(), testDBESDK)
)

// A mixed is a table with one item of each kind.
type mixed struct {
	engine *ddbenctest.Engine
	db     *dynamodb.Client
	name   string
	table  *ddbenc.Table[Admission] // reads all
	keys   map[crypt.Kind]ddbenc.PrimaryKey
}

func openMixed(t *testing.T, in func(*dynamodb.CreateTableInput)) *mixed {
	t.Helper()
	e := ddbenctest.NewEngine()
	m := &mixed{engine: e, db: e.Client(), name: "mixed", keys: map[crypt.Kind]ddbenc.PrimaryKey{}}
	create := must(ddbenc.SchemaOf[Admission]()).CreateTableInput(m.name)
	if in != nil {
		in(create)
	}
	if _, err := m.db.CreateTable(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	m.table = m.open(readsAll)
	for kind, f := range map[crypt.Kind]crypt.Format{crypt.KindPlaintext: writesPlaintext, crypt.KindDDBEC: testDDBEC, crypt.KindDBESDK: testDBESDK} {
		p := admissionOf(kind)
		if err := m.open(f).Put(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		m.keys[kind] = ddbenc.Key(p.ID, p.Visit)
	}
	return m
}

func admissionOf(kind crypt.Kind) *Admission {
	return &Admission{ID: kind.String(), Visit: visitAt(1), Name: secret, Clinic: "north", Rank: 1, Views: 1}
}

func (m *mixed) open(f crypt.Format) *ddbenc.Table[Admission] {
	return must(ddbenc.NewTable[Admission](m.db, m.name, f))
}

// stored returns an item as it is stored.
func (m *mixed) stored(t *testing.T, kind crypt.Kind) avItem {
	t.Helper()
	out, err := m.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &m.name, Key: admissionKey(kind.String(), "1700000001"), ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

var allKinds = []crypt.Kind{crypt.KindPlaintext, crypt.KindDDBEC, crypt.KindDBESDK}

// Every update of an item leaves it in the format that is written, whatever it was
// and whatever is changed, and nothing of what it was.
func TestMigratingUpdate(t *testing.T) {
	ctx := t.Context()
	updates := map[string]struct {
		change func(*Admission) error
		opts   []ddbenc.UpdateOption
	}{
		"of what is encrypted": {change: func(p *Admission) error { p.Notes = []string{secret}; return nil }},
		"of what is signed":    {change: func(p *Admission) error { p.Clinic = "south"; return nil }},
		"of what is not":       {change: func(p *Admission) error { p.Views++; return nil }},
		"of nothing":           {change: keep[Admission], opts: []ddbenc.UpdateOption{ddbenc.Rewrite()}},
	}
	for _, writes := range []struct {
		format crypt.Format
		kind   crypt.Kind
	}{
		{readsAll, crypt.KindDBESDK},
		{crypt.Migrate(testDDBEC, testDBESDK, crypt.ForgeablePlaintext()), crypt.KindDDBEC},
		{crypt.Migrate(crypt.ForgeablePlaintext(), testDBESDK, testDDBEC), crypt.KindPlaintext},
	} {
		for name, u := range updates {
			for _, transaction := range []bool{false, true} {
				m := openMixed(t, nil)
				table := m.open(writes.format)
				for _, kind := range allKinds {
					want := admissionOf(kind)
					if err := u.change(want); err != nil {
						t.Fatal(err)
					}
					var err error
					if transaction {
						var opts []ddbenc.TxWriteOption
						if u.opts != nil {
							opts = append(opts, ddbenc.Rewrite())
						}
						err = ddbenc.TransactWrite(ctx, m.db, ddbenc.TxUpdate(table, m.keys[kind], u.change, opts...))
					} else {
						_, err = table.Update(ctx, m.keys[kind], u.change, u.opts...)
					}
					if err != nil {
						t.Fatalf("update %s of %v: %v", name, kind, err)
					}
					if got, err := crypt.KindOf(m.stored(t, kind)); got != writes.kind || err != nil {
						t.Errorf("update %s of %v leaves %v, %v, want %v", name, kind, got, err, writes.kind)
					}
					got, err := table.Get(ctx, m.keys[kind], ddbenc.ConsistentRead())
					if diff := cmp.Diff(want, got); err != nil || diff != "" {
						t.Errorf("update %s of %v: %v (-want +got):\n%s", name, kind, err, diff)
					}
				}
			}
		}
	}
}

// An update that changes nothing leaves an item as it is.
func TestMigratingUpdateOfNothing(t *testing.T) {
	m := openMixed(t, nil)
	for _, kind := range allKinds {
		before := m.stored(t, kind)
		if _, err := m.table.Update(t.Context(), m.keys[kind], keep[Admission]); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(before, m.stored(t, kind), avCmp); diff != "" {
			t.Errorf("%v changed:\n%s", kind, diff)
		}
	}
}

// No signature covers plaintext, so an update of it depends on everything that will
// be signed: what a program without encryption does in between is not lost, and the
// item verifies.
func TestMigratingUpdateOfPlaintextThatMoves(t *testing.T) {
	for name, tt := range map[string]struct {
		between string // an update expression
		values  avItem
		want    func(*Admission)
		calls   int
	}{
		"signed attribute changes":    {"SET clinic = :v", avItem{":v": s("east")}, func(p *Admission) { p.Clinic = "east" }, 2},
		"signed attribute goes":       {"REMOVE #r", nil, func(p *Admission) { p.Rank = 0 }, 2},
		"encrypted attribute changes": {"SET #n = :v", avItem{":v": s(secret + "?")}, func(p *Admission) { p.Name = secret + "?" }, 2},
		"encrypted attribute comes":   {"SET notes = :v", avItem{":v": &types.AttributeValueMemberL{Value: []types.AttributeValue{s("x")}}}, func(p *Admission) { p.Notes = []string{"x"} }, 2},
		"unsigned attribute changes":  {"SET #w = :v", avItem{":v": n("9")}, func(p *Admission) { p.Views = 9 }, 1},
		"encrypted by another":        {"", nil, func(*Admission) {}, 2},
		"deleted":                     {"-", nil, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			m := openMixed(t, nil)
			key := admissionKey("plaintext", "1700000001")
			want := admissionOf(crypt.KindPlaintext)
			want.Visit = visitAt(1)
			calls := 0
			_, err := m.table.Update(ctx, m.keys[crypt.KindPlaintext], func(p *Admission) error {
				if calls++; calls == 1 {
					switch tt.between {
					case "":
						if _, err := m.table.Update(ctx, m.keys[crypt.KindPlaintext], keep[Admission], ddbenc.Rewrite()); err != nil {
							t.Error(err)
						}
					case "-":
						if _, err := m.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &m.name, Key: key}); err != nil {
							t.Error(err)
						}
					default:
						names := map[string]string{}
						for holder, name := range map[string]string{"#n": "name", "#r": "rank", "#w": "views"} {
							if strings.Contains(tt.between, holder) {
								names[holder] = name
							}
						}
						in := &dynamodb.UpdateItemInput{TableName: &m.name, Key: key, UpdateExpression: &tt.between, ExpressionAttributeValues: tt.values}
						if len(names) > 0 {
							in.ExpressionAttributeNames = names
						}
						if _, err := m.db.UpdateItem(ctx, in); err != nil {
							t.Error(err)
						}
					}
				}
				p.Name += "!"
				return nil
			})
			if calls != tt.calls && tt.want != nil {
				t.Errorf("%d calls, want %d", calls, tt.calls)
			}
			if tt.want == nil {
				if !errors.Is(err, ddbenc.ErrNotFound) {
					t.Errorf("Update: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			tt.want(want)
			want.Name += "!"
			got, err := m.open(testDBESDK).Get(ctx, m.keys[crypt.KindPlaintext], ddbenc.ConsistentRead())
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("Get: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// An index that holds parts of items can't be read where plaintext is: an encrypted
// item without its marks would pass for plaintext. DynamoDB refuses a global index,
// and reads whole items for a local one.
func TestMigratingIndexesOfParts(t *testing.T) {
	west := expression.Key("clinic").Equal(expression.Value("north"))
	for _, projection := range []*types.Projection{
		{ProjectionType: types.ProjectionTypeKeysOnly},
		{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"name"}},
	} {
		ctx := t.Context()
		m := openMixed(t, func(in *dynamodb.CreateTableInput) {
			in.GlobalSecondaryIndexes[0].Projection = projection
			in.LocalSecondaryIndexes[0].Projection = projection
		})
		client := dynamodb.New(m.db.Options(), ddbenc.Encrypted(m.table))
		enc := must(readsAll.ForTable(crypt.Table{Name: m.name, PartitionKey: "patient_id", SortKey: "visit", Actions: must(ddbenc.SchemaOf[Admission]()).Actions()}))
		query, queryErr := collect(m.table.Query(ctx, west, ddbenc.Index("by-clinic")))
		scan, scanErr := collect(m.table.Scan(ctx, ddbenc.Index("by-clinic")))
		other, otherErr := collect(m.open(testDBESDK).Scan(ctx, ddbenc.Index("by-clinic"), ddbenc.WithEncryptor(enc)))
		_, clientQueryErr := client.Query(ctx, &dynamodb.QueryInput{TableName: &m.name, IndexName: aws.String("by-clinic"), KeyConditionExpression: aws.String("clinic = :c"), ExpressionAttributeValues: avItem{":c": s("north")}})
		_, clientScanErr := client.Scan(ctx, &dynamodb.ScanInput{TableName: &m.name, IndexName: aws.String("by-clinic")})
		for name, err := range map[string]error{"Query": queryErr, "Scan": scanErr, "Scan with another encryptor": otherErr, "the client's Query": clientQueryErr, "the client's Scan": clientScanErr} {
			if err == nil || !strings.Contains(err.Error(), "ALL_ATTRIBUTES") || len(query)+len(scan)+len(other) > 0 {
				t.Errorf("%s of a global index with parts: %v", name, err)
			}
		}
		local, err := collect(m.table.Scan(ctx, ddbenc.Index("by-rank")))
		if err != nil || len(local) != 3 {
			t.Fatalf("Scan of a local index: %d items, %v", len(local), err)
		}
		for _, p := range local {
			if p.Name != secret || p.Views != 1 {
				t.Errorf("an item of a local index is %+v", p)
			}
		}
		// Asked for by other means, such an item is refused.
		for _, kind := range allKinds[1:] {
			part := with(with(unmarked(m.stored(t, kind)), "views", nil), "rank", nil)
			if kind == crypt.KindDBESDK {
				part["aws_dbe_foot"] = m.stored(t, kind)["aws_dbe_foot"]
			} else {
				part["*amzn-ddb-map-sig*"] = m.stored(t, kind)["*amzn-ddb-map-sig*"]
			}
			if got, err := m.table.DecryptItem(ctx, part); got != nil || !errors.Is(err, ddbenc.ErrMalformed) {
				t.Errorf("a part of a %v item: %v, %v", kind, got, err)
			}
		}
	}
}

// No request asks for parts of items, whatever it is called.
func TestMigratingProjectionsAreRefused(t *testing.T) {
	m := openMixed(t, nil)
	client := dynamodb.New(m.db.Options(), ddbenc.Encrypted(m.table))
	ctx, key, part := t.Context(), admissionKey("plaintext", "1700000001"), aws.String("patient_id")
	_, get := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &m.name, Key: key, ProjectionExpression: part})
	_, old := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &m.name, Key: key, AttributesToGet: []string{"patient_id"}})
	_, scan := client.Scan(ctx, &dynamodb.ScanInput{TableName: &m.name, ProjectionExpression: part})
	_, specific := client.Scan(ctx, &dynamodb.ScanInput{TableName: &m.name, Select: types.SelectSpecificAttributes})
	_, projected := client.Scan(ctx, &dynamodb.ScanInput{TableName: &m.name, IndexName: aws.String("by-clinic"), Select: types.SelectAllProjectedAttributes})
	_, batch := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{m.name: {Keys: []map[string]types.AttributeValue{key}, ProjectionExpression: part}}})
	_, tx := client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: &m.name, Key: key, ProjectionExpression: part}}}})
	_, sql := client.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: aws.String(`SELECT patient_id FROM mixed`)})
	for name, err := range map[string]error{"get": get, "get, the old way": old, "scan": scan, "specific attributes": specific,
		"projected attributes": projected, "batch": batch, "transaction": tx, "PartiQL": sql} {
		if !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	out, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &m.name, Key: key, UpdateExpression: aws.String("SET #v = :v"),
		ExpressionAttributeNames: map[string]string{"#v": "views"}, ExpressionAttributeValues: avItem{":v": n("5")}, ReturnValues: types.ReturnValueUpdatedNew})
	if diff := cmp.Diff(avItem{"views": n("5")}, out.Attributes, avCmp); err != nil || diff != "" {
		t.Errorf("UPDATED_NEW: %v\n%s", err, diff)
	}
}

// Stored items that were written with other actions decide too what may be changed
// without a signature, and what can be compared.
func TestMigratingActions(t *testing.T) {
	ctx := t.Context()
	m := openMixed(t, nil)
	before := crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{
		"patient_id": crypt.SignOnly, "visit": crypt.SignOnly, "clinic": crypt.SignOnly, "rank": crypt.SignOnly, "views": crypt.EncryptAndSign}}
	table := m.open(crypt.Migrate(testDBESDK, crypt.WrittenWith(testDDBEC, before)))
	client := dynamodb.New(m.db.Options(), ddbenc.Encrypted(table))
	_, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &m.name, Key: admissionKey("DDBEC", "1700000001"), UpdateExpression: aws.String("SET #v = :v"),
		ExpressionAttributeNames: map[string]string{"#v": "views"}, ExpressionAttributeValues: avItem{":v": n("5")}})
	if !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("an update of what stored items sign: %v", err)
	}
	_, err = collect(table.Scan(ctx, ddbenc.Filter(expression.Name("views").GreaterThan(expression.Value(0)))))
	if !errors.Is(err, ddbenc.ErrRefused) || !strings.Contains(err.Error(), "some stored items hold encrypted") {
		t.Errorf("a filter on what stored items encrypt: %v", err)
	}
}

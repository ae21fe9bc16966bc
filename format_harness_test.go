package ddbenc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// This file is the harness of the tests that run for every format: the same
// program, the same table, the same questions.

// testKeyring is a keyring whose key need not be secret.
var testKeyring = must(keyring.NewRawAES("tests", "key 1", bytes.Repeat([]byte{3}, 32)))

// A chart has an attribute of each action, a version, a time to live and an index.
type chart struct {
	chartParts
	Ward string `dynamodbav:"ward" ddbenc:"sign" dynamodbindex:"by-ward,global,partition"`
}

// A contextChart is a chart of which some is in the encryption context.
type contextChart struct {
	chartParts
	Ward string `dynamodbav:"ward" ddbenc:"context" dynamodbindex:"by-ward,global,partition"`
}

type chartParts struct {
	ID      string   `dynamodbav:"id,partition"`
	Seq     int      `dynamodbav:"seq,sort"`
	Text    string   `dynamodbav:"text" ddbenc:"encrypt"`
	Notes   []string `dynamodbav:"notes,omitempty" ddbenc:"encrypt"`
	Grade   int      `dynamodbav:"grade" ddbenc:"sign"`
	Views   int      `dynamodbav:"_views" ddbenc:"none"`
	Rev     int      `dynamodbav:"rev,version"`
	Expires int64    `dynamodbav:"expires,omitempty,ttl" ddbenc:"sign"`
}

func (c *chart) parts() *chartParts        { return &c.chartParts }
func (c *chart) ward() *string             { return &c.Ward }
func (c *contextChart) parts() *chartParts { return &c.chartParts }
func (c *contextChart) ward() *string      { return &c.Ward }

// anyChart is a pointer to one of the types of charts.
type anyChart[T any] interface {
	*T
	parts() *chartParts
	ward() *string
}

// newChart returns chart number n, whose text is secret.
func newChart[T any, P anyChart[T]](id string, n int) *T {
	v := new(T)
	*P(v).parts() = chartParts{ID: id, Seq: n, Text: secret, Notes: []string{secret, "x"}, Grade: n % 3, Views: n}
	*P(v).ward() = []string{"north", "south"}[n%2]
	return v
}

// A formatTest is one format in which the tests run, with a type of charts that
// the format can have.
type formatTest struct {
	name   string
	format crypt.Format
	kind   crypt.Kind // of what is written
	plain  bool       // plaintext is read too
	run    func(*testing.T, *formatTest)
}

var formatTests = []*formatTest{
	{name: "DDBEC", format: crypt.NewDDBEC(testProvider), kind: crypt.KindDDBEC, run: testFormat[chart]},
	{name: "DB-ESDK with MACs", format: crypt.NewDBESDK(testKeyring, crypt.WriteSuite(crypt.SuiteMAC)), kind: crypt.KindDBESDK, run: testFormat[chart]},
	{name: "DB-ESDK with ECDSA", format: crypt.NewDBESDK(testKeyring), kind: crypt.KindDBESDK, run: testFormat[chart]},
	{name: "DB-ESDK with a context", format: crypt.NewDBESDK(testKeyring, crypt.WriteSuite(crypt.SuiteMAC)), kind: crypt.KindDBESDK, run: testFormat[contextChart]},
	{name: "DB-ESDK with an unsigned prefix", format: crypt.NewDBESDK(testKeyring, crypt.WriteSuite(crypt.SuiteMAC), crypt.UnsignedPrefix("_")),
		kind: crypt.KindDBESDK, run: testFormat[chart]},
	{name: "DDBEC to DB-ESDK, with a context", format: crypt.Migrate(crypt.NewDBESDK(testKeyring), crypt.NewDDBEC(testProvider)),
		kind: crypt.KindDBESDK, run: testFormat[contextChart]},
	{name: "DB-ESDK back to DDBEC", format: crypt.Migrate(crypt.NewDDBEC(testProvider), crypt.NewDBESDK(testKeyring)), kind: crypt.KindDDBEC, run: testFormat[chart]},
	{name: "everything to DB-ESDK", format: crypt.Migrate(crypt.NewDBESDK(testKeyring, crypt.WriteSuite(crypt.SuiteMAC)), crypt.NewDDBEC(testProvider), crypt.ForgeablePlaintext()),
		kind: crypt.KindDBESDK, plain: true, run: testFormat[chart]},
}

// TestFormats runs every test of the harness in every format.
func TestFormats(t *testing.T) {
	for _, f := range formatTests {
		t.Run(f.name, func(t *testing.T) { f.run(t, f) })
	}
}

func testFormat[T any, P anyChart[T]](t *testing.T, f *formatTest) {
	for name, test := range map[string]func(*testing.T, *chartTable[T, P]){
		"table":        testChartTable[T, P],
		"queries":      testChartQueries[T, P],
		"updates":      testChartUpdates[T, P],
		"batches":      testChartBatches[T, P],
		"transactions": testChartTransactions[T, P],
		"client":       testChartClient[T, P],
		"hostile":      testChartHostile[T, P],
		"beacons":      testChartBeacons[T, P],
	} {
		t.Run(name, func(t *testing.T) {
			c := openCharts[T, P](t, f)
			test(t, c)
			ddbenctest.RequireNoPlaintext(t, c.engine, secret)
			c.requireKind(t, f.kind)
		})
	}
}

// A chartTable is a table of charts on an engine of its own.
type chartTable[T any, P anyChart[T]] struct {
	*formatTest
	engine *ddbenctest.Engine
	db     *dynamodb.Client // plain
	name   string
	table  *ddbenc.Table[T]
}

func openCharts[T any, P anyChart[T]](t *testing.T, f *formatTest) *chartTable[T, P] {
	t.Helper()
	e := ddbenctest.NewEngine()
	c := &chartTable[T, P]{formatTest: f, engine: e, db: e.Client(), name: "charts-" + strings.ToLower(rand.Text())}
	ddbenctest.CreateTable[T](t, c.db, c.name)
	c.table = must(ddbenc.NewTable[T](c.db, c.name, f.format))
	return c
}

func chartKey(id string, n int) ddbenc.PrimaryKey { return ddbenc.Key(id, n) }

// put stores charts 1 to n of one patient.
func (c *chartTable[T, P]) put(t *testing.T, id string, n int) (all []*T) {
	t.Helper()
	for i := 1; i <= n; i++ {
		v := newChart[T, P](id, i)
		if err := c.table.Put(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// stored returns all items as they are stored.
func storedItems(t *testing.T, db *dynamodb.Client, table string) (items []avItem) {
	t.Helper()
	for p := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)}); p.HasMorePages(); {
		page, err := p.NextPage(context.WithoutCancel(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, page.Items...)
	}
	return items
}

// requireKind fails the test if an item is stored in another way than it should be,
// or holds what it should not.
func (c *chartTable[T, P]) requireKind(t *testing.T, want crypt.Kind) {
	t.Helper()
	for _, it := range storedItems(t, c.db, c.name) {
		kind, err := crypt.KindOf(it)
		if kind != want {
			t.Errorf("an item is stored as %v, %v, want %v", kind, err, want)
		}
		if leaks(string(must(codec.MarshalItem(it)))) {
			t.Error("an item is stored with its secret in it")
		}
	}
}

// store stores an item as it is.
func storeItem(t *testing.T, db *dynamodb.Client, table string, it avItem) {
	t.Helper()
	if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: it}); err != nil {
		t.Fatal(err)
	}
}

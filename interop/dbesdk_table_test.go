package interop

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
	"github.com/ddbenc/ddbenc/keyring"
)

// A visit is an item of the table that both clients use.
type visit struct {
	Patient string            `dynamodbav:"patient,partition" ddbenc:"context"`
	Number  int               `dynamodbav:"number,sort" ddbenc:"context"`
	Tenant  string            `dynamodbav:"tenant" ddbenc:"context"`
	Note    string            `dynamodbav:"note"`
	Tags    map[string]string `dynamodbav:"tags"`
	Kind    string            `dynamodbav:"kind" ddbenc:"sign"`
	Counter int               `dynamodbav:"counter" ddbenc:"none"`
}

// A tableRequest is a request that the peer's client sends through its interceptor.
type tableRequest struct {
	Operation    string            `json:"operation"`
	Items        []json.RawMessage `json:"items,omitempty"`
	Keys         []json.RawMessage `json:"keys,omitempty"`
	KeyCondition string            `json:"key_condition,omitempty"`
	Condition    string            `json:"condition,omitempty"`
	Filter       string            `json:"filter,omitempty"`
	Values       json.RawMessage   `json:"values,omitempty"`
}

// sharedTable is a table that both clients use.
type sharedTable struct {
	java   *dbesdkPeer
	config *dbesdkvec.Case
	plain  *dynamodb.Client // sees what is stored
	sdk    *dynamodb.Client // is given encryption by ddbenc.Encrypted
	table  *ddbenc.Table[visit]
}

// TestDBESDKLiveTable has the interceptor of the Java client, our Encrypted and our
// Table work on one table, on each engine: what one writes in any way, the others
// read in every way.
func TestDBESDKLiveTable(t *testing.T) {
	java := openDBESDK(t)
	seed, _ := settings(t)
	for engine, url := range engines(t) {
		for _, suite := range []crypt.Suite{crypt.SuiteECDSA, crypt.SuiteMAC} {
			t.Run(fmt.Sprintf("%s, %v", engine, suite), func(t *testing.T) {
				s := openShared(t, java, url, fmt.Sprintf("visits-%d-%v", seed, suite == crypt.SuiteECDSA), suite)
				s.test(t)
			})
		}
	}
}

func openShared(t *testing.T, java *dbesdkPeer, url, name string, suite crypt.Suite) *sharedTable {
	t.Helper()
	const inContext = "SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT"
	sort := "number"
	s := &sharedTable{java: java, plain: engineClient(url), config: &dbesdkvec.Case{
		Name: name, TableName: name, PartitionKey: "patient", SortKey: &sort, Provider: rawKey, Suite: suite.String(),
		AttributeActions: dbesdkvec.Actions{Attributes: map[string]string{
			"patient": inContext, "number": inContext, "tenant": inContext,
			"note": "ENCRYPT_AND_SIGN", "tags": "ENCRYPT_AND_SIGN", "kind": "SIGN_ONLY", "counter": "DO_NOTHING",
		}},
		Unsigned: []string{"counter"},
	}}
	keys, err := keyring.NewRawAES(rawKey.Namespace, rawKey.Name, rawKey.Key)
	if err != nil {
		t.Fatal(err)
	}
	if s.table, err = ddbenc.NewTable[visit](s.plain, name, crypt.NewDBESDK(keys, crypt.WriteSuite(suite))); err != nil {
		t.Fatal(err)
	}
	s.sdk = engineClient(url, ddbenc.Encrypted(s.table))
	_, err = s.plain.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("patient"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("number"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("patient"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("number"), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func visitOf(patient string, number int) visit {
	return visit{
		Patient: patient, Number: number, Tenant: "acme ☃", Note: fmt.Sprint("note 😀 ", number),
		Tags: map[string]string{"ｚ": "1", "😀": "2"}, Kind: "first", Counter: number * 10,
	}
}

// attributes are those of a visit, as any client gets them.
func attributes(t *testing.T, v visit) item {
	t.Helper()
	tags := item{}
	for name, tag := range v.Tags {
		tags[name] = &types.AttributeValueMemberS{Value: tag}
	}
	it := visitKey(v)
	maps.Copy(it, item{
		"tenant": &types.AttributeValueMemberS{Value: v.Tenant}, "note": &types.AttributeValueMemberS{Value: v.Note},
		"tags": &types.AttributeValueMemberM{Value: tags}, "kind": &types.AttributeValueMemberS{Value: v.Kind},
		"counter": &types.AttributeValueMemberN{Value: fmt.Sprint(v.Counter)},
	})
	return it
}

func visitKey(v visit) item {
	return item{"patient": &types.AttributeValueMemberS{Value: v.Patient}, "number": &types.AttributeValueMemberN{Value: fmt.Sprint(v.Number)}}
}

func raw(t *testing.T, its ...item) []json.RawMessage {
	t.Helper()
	var out []json.RawMessage
	for _, it := range its {
		data, err := codec.MarshalItem(it)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}

// ask has the Java client send requests; it returns the items of each response.
func (s *sharedTable) ask(t *testing.T, endpoint string, requests ...tableRequest) [][]item {
	t.Helper()
	c, err := s.config.With(map[string]any{"requests": requests, "endpoint": endpoint})
	if err != nil {
		t.Fatal(err)
	}
	var results []struct {
		Error     string `json:"error"`
		Responses []struct {
			Items []json.RawMessage `json:"items"`
			Error string            `json:"error"`
		} `json:"responses"`
	}
	s.java.run(t, "table", []any{c}, &results)
	if results[0].Error != "" {
		t.Fatalf("Java: %s", results[0].Error)
	}
	out := make([][]item, len(requests))
	for i, r := range results[0].Responses {
		if r.Error != "" {
			t.Fatalf("Java: %s: %s", requests[i].Operation, r.Error)
		}
		for _, data := range r.Items {
			it, err := codec.UnmarshalItem(data)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = append(out[i], it)
		}
	}
	return out
}

func (s *sharedTable) test(t *testing.T) {
	endpoint := *s.plain.Options().BaseEndpoint
	var visits []visit
	for number := range 9 {
		visits = append(visits, visitOf("p", number))
	}
	items := make([]item, len(visits))
	keys := make([]item, len(visits))
	for i, v := range visits {
		items[i], keys[i] = attributes(t, v), visitKey(v)
	}

	// Each writes three, in three ways.
	s.ask(t, endpoint,
		tableRequest{Operation: "PutItem", Items: raw(t, items[0]), Condition: "attribute_not_exists(patient)"},
		tableRequest{Operation: "BatchWriteItem", Items: raw(t, items[1])},
		tableRequest{Operation: "TransactWriteItems", Items: raw(t, items[2])})
	s.writeSDK(t, items[3:6])
	s.writeTable(t, visits[6:9])
	s.checkStored(t, len(visits))

	// Each reads all, in every way.
	for i, read := range s.ask(t, endpoint,
		tableRequest{Operation: "GetItem", Keys: raw(t, keys...)},
		tableRequest{Operation: "Query", KeyCondition: "patient = :p", Values: raw(t, item{":p": keys[0]["patient"]})[0]},
		tableRequest{Operation: "Scan", Filter: "kind = :k", Values: raw(t, item{":k": items[0]["kind"]})[0]},
		tableRequest{Operation: "BatchGetItem", Keys: raw(t, keys...)},
		tableRequest{Operation: "TransactGetItems", Keys: raw(t, keys...)}) {
		s.compare(t, fmt.Sprint("Java's read ", i), items, read)
	}
	s.readSDK(t, items, keys)
	s.readTable(t, visits)

	// What each gets back when it overwrites or deletes an item of another.
	old := s.ask(t, endpoint,
		tableRequest{Operation: "PutItem", Items: raw(t, items[3])},
		tableRequest{Operation: "DeleteItem", Keys: raw(t, keys[6])})
	s.compare(t, "Java's PutItem", items[3:4], old[0])
	s.compare(t, "Java's DeleteItem", items[6:7], old[1])
	out, err := s.sdk.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &s.config.TableName, Key: keys[0], ReturnValues: types.ReturnValueAllOld})
	if err != nil {
		t.Fatal(err)
	}
	s.compare(t, "our DeleteItem", items[:1], []item{out.Attributes})

	// An item that we change, and one whose unsigned attribute Java doesn't mind.
	if _, err := s.table.Update(t.Context(), ddbenc.Key("p", 1), func(v *visit) error { v.Note = "changed"; return nil }); err != nil {
		t.Fatal(err)
	}
	changed := attributes(t, visits[1])
	changed["note"] = &types.AttributeValueMemberS{Value: "changed"}
	s.compare(t, "Java's read of an update", []item{changed}, s.ask(t, endpoint, tableRequest{Operation: "GetItem", Keys: raw(t, keys[1])})[0])
}

// writeSDK writes three items with the SDK client.
func (s *sharedTable) writeSDK(t *testing.T, items []item) {
	t.Helper()
	ctx, name := t.Context(), s.config.TableName
	if _, err := s.sdk.PutItem(ctx, &dynamodb.PutItemInput{TableName: &name, Item: items[0]}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sdk.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
		name: {{PutRequest: &types.PutRequest{Item: items[1]}}},
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sdk.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: &name, Item: items[2]}},
	}}); err != nil {
		t.Fatal(err)
	}
}

// writeTable writes three items with the typed table.
func (s *sharedTable) writeTable(t *testing.T, visits []visit) {
	t.Helper()
	if err := s.table.Put(t.Context(), &visits[0]); err != nil {
		t.Fatal(err)
	}
	if err := s.table.BatchPut(t.Context(), []*visit{&visits[1], &visits[2]}); err != nil {
		t.Fatal(err)
	}
}

// checkStored looks for plaintext in what is stored.
func (s *sharedTable) checkStored(t *testing.T, want int) {
	t.Helper()
	out, err := s.plain.Scan(t.Context(), &dynamodb.ScanInput{TableName: &s.config.TableName})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Items) != want {
		t.Fatalf("%d items are stored, want %d", len(out.Items), want)
	}
	for _, stored := range out.Items {
		for _, name := range []string{"note", "tags", crypt.DBESDKHeader} {
			if _, ok := stored[name].(*types.AttributeValueMemberB); !ok {
				t.Errorf("%q is stored as a %T, want it encrypted", name, stored[name])
			}
		}
	}
}

// readSDK reads all items with the SDK client in five ways.
func (s *sharedTable) readSDK(t *testing.T, items, keys []item) {
	t.Helper()
	ctx, name := t.Context(), s.config.TableName
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var got, transacted []item
	var gets []types.TransactGetItem
	for _, key := range keys {
		out, err := s.sdk.GetItem(ctx, &dynamodb.GetItemInput{TableName: &name, Key: key, ConsistentRead: aws.Bool(true)})
		fatal(err)
		got = append(got, out.Item)
		gets = append(gets, types.TransactGetItem{Get: &types.Get{TableName: &name, Key: key}})
	}
	s.compare(t, "our GetItem", items, got)
	query, err := s.sdk.Query(ctx, &dynamodb.QueryInput{
		TableName: &name, KeyConditionExpression: aws.String("patient = :p"), ExpressionAttributeValues: item{":p": keys[0]["patient"]},
	})
	fatal(err)
	s.compare(t, "our Query", items, query.Items)
	scan, err := s.sdk.Scan(ctx, &dynamodb.ScanInput{TableName: &name})
	fatal(err)
	s.compare(t, "our Scan", items, scan.Items)
	batch, err := s.sdk.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{name: {Keys: keys}}})
	fatal(err)
	s.compare(t, "our BatchGetItem", items, batch.Responses[name])
	transaction, err := s.sdk.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: gets})
	fatal(err)
	for _, r := range transaction.Responses {
		transacted = append(transacted, r.Item)
	}
	s.compare(t, "our TransactGetItems", items, transacted)
}

// readTable reads all items with the typed table.
func (s *sharedTable) readTable(t *testing.T, want []visit) {
	t.Helper()
	var queried, scanned []visit
	for v, err := range s.table.Query(t.Context(), expression.Key("patient").Equal(expression.Value("p"))) {
		if err != nil {
			t.Fatal(err)
		}
		queried = append(queried, v)
	}
	for v, err := range s.table.Scan(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		scanned = append(scanned, v)
	}
	slices.SortFunc(scanned, func(a, b visit) int { return a.Number - b.Number })
	for what, got := range map[string][]visit{"Query": queried, "Scan": scanned} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	for _, v := range want {
		got, err := s.table.Get(t.Context(), ddbenc.Key(v.Patient, v.Number))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&v, got); diff != "" {
			t.Errorf("Get (-want +got):\n%s", diff)
		}
	}
}

// compare compares items in any order.
func (s *sharedTable) compare(t *testing.T, what string, want, got []item) {
	t.Helper()
	texts := func(its []item) []string {
		var out []string
		for _, data := range raw(t, its...) {
			out = append(out, string(data))
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff(texts(want), texts(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

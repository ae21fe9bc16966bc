package ddbenctest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// benchItemsEnv names a folder with the items of benchmarks, such as medium.json.
const benchItemsEnv = "DDBENC_BENCH_ITEMS"

// largeTables lets BenchmarkEngineTableSize fill tables up to a million items,
// which takes a minute and some GB of memory.
var largeTables = flag.Bool("large", false, "benchmark a table of a million items")

// mediumItem is the medium item of the benchmarks: 15 attributes, 1.5 KB. Its keys
// are pk, a string, and sk, a number.
func mediumItem(b *testing.B) map[string]types.AttributeValue {
	dir := os.Getenv(benchItemsEnv)
	if dir == "" {
		b.Skipf("set %s to the folder of the benchmarks' items", benchItemsEnv)
	}
	data, err := os.ReadFile(filepath.Join(dir, "medium.json"))
	if err != nil {
		b.Fatal(err)
	}
	var file struct {
		Item json.RawMessage `json:"item"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		b.Fatal(err)
	}
	item, err := codec.UnmarshalItem(file.Item)
	if err != nil {
		b.Fatal(err)
	}
	return item
}

// benchClient is a client of a new engine with the table "bench", which has the
// keys pk and sk, a string and the type given.
func benchClient(b *testing.B, sk types.ScalarAttributeType) *dynamodb.Client {
	db := ddbenctest.NewDynamoDB(b, ddbenctest.WithoutRequestLog())
	_, err := db.CreateTable(b.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("bench"),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: sk},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
		BillingMode: types.BillingModePayPerRequest,
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

// loopMedian runs call as the benchmark's loop does and reports the median beside
// the mean.
func loopMedian(b *testing.B, call func()) {
	b.ReportAllocs()
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		call()
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds()), "median-ns/op")
}

// BenchmarkEnginePut puts the medium item over itself.
func BenchmarkEnginePut(b *testing.B) {
	item, db := mediumItem(b), benchClient(b, types.ScalarAttributeTypeN)
	in := &dynamodb.PutItemInput{TableName: aws.String("bench"), Item: item}
	loopMedian(b, func() {
		if _, err := db.PutItem(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkEngineGet reads the medium item.
func BenchmarkEngineGet(b *testing.B) {
	item, db := mediumItem(b), benchClient(b, types.ScalarAttributeTypeN)
	if _, err := db.PutItem(b.Context(), &dynamodb.PutItemInput{TableName: aws.String("bench"), Item: item}); err != nil {
		b.Fatal(err)
	}
	in := &dynamodb.GetItemInput{TableName: aws.String("bench"), Key: map[string]types.AttributeValue{"pk": item["pk"], "sk": item["sk"]}}
	loopMedian(b, func() {
		out, err := db.GetItem(b.Context(), in)
		if err != nil || len(out.Item) != len(item) {
			b.Fatalf("%v, %v", out, err)
		}
	})
}

// BenchmarkEngineQuery reads 1,000 small items with one query.
func BenchmarkEngineQuery(b *testing.B) {
	db := benchClient(b, types.ScalarAttributeTypeS)
	putSmall(b, db, 1, 1000)
	in := &dynamodb.QueryInput{
		TableName:                 aws.String("bench"),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":p": &types.AttributeValueMemberS{Value: "p0"}},
	}
	loopMedian(b, func() {
		out, err := db.Query(b.Context(), in)
		if err != nil || out.Count != 1000 {
			b.Fatalf("%v, %v", out, err)
		}
	})
}

// BenchmarkEngineTableSize reads an item of tables of different sizes: the cost is
// that of the key's search, which grows with the logarithm.
func BenchmarkEngineTableSize(b *testing.B) {
	for _, items := range []int{100, 10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("items=%d", items), func(b *testing.B) {
			if items > 100_000 && !*largeTables {
				b.Skip("-large fills a table of a million items")
			}
			db := benchClient(b, types.ScalarAttributeTypeS)
			putSmall(b, db, items/100, 100)
			n := 0
			loopMedian(b, func() {
				n = (n + 7919) % items // prime: all items, far apart
				out, err := db.GetItem(b.Context(), &dynamodb.GetItemInput{TableName: aws.String("bench"), Key: smallKey(n/100, n%100)})
				if err != nil || out.Item == nil {
					b.Fatalf("item %d: %v", n, err)
				}
			})
		})
	}
}

// BenchmarkEngineOpen opens an engine and makes a table in it.
func BenchmarkEngineOpen(b *testing.B) {
	loopMedian(b, func() { benchClient(b, types.ScalarAttributeTypeS) })
}

// putSmall puts small items: so many range keys under so many hash keys.
func putSmall(b *testing.B, db *dynamodb.Client, hashes, sorts int) {
	var requests []types.WriteRequest
	for h := range hashes {
		for s := range sorts {
			item := smallKey(h, s)
			item["n"] = &types.AttributeValueMemberN{Value: fmt.Sprint(s)}
			item["text"] = &types.AttributeValueMemberS{Value: "a small item"}
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
			if len(requests) == 25 || h == hashes-1 && s == sorts-1 {
				_, err := db.BatchWriteItem(b.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"bench": requests}})
				if err != nil {
					b.Fatal(err)
				}
				requests = requests[:0]
			}
		}
	}
}

// smallKey is the key of one of the items that putSmall puts.
func smallKey(hash, sort int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: fmt.Sprintf("p%d", hash)},
		"sk": &types.AttributeValueMemberS{Value: fmt.Sprintf("%06d", sort)},
	}
}

// TestEnginesLeakNothing opens a thousand engines, as the tests of one binary may,
// and counts goroutines and memory after they are forgotten.
func TestEnginesLeakNothing(t *testing.T) {
	measure := func() (goroutines int, heap uint64) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	open := func() {
		db := ddbenctest.NewDynamoDB(t)
		_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName:            aws.String("leak"),
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
			BillingMode:          types.BillingModePayPerRequest,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("leak"), Item: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "x"}, "big": &types.AttributeValueMemberB{Value: make([]byte, 10_000)}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	open() // what is made once is no leak
	goroutines, heap := measure()
	const engines = 1000
	start := time.Now()
	for range engines {
		open()
	}
	t.Logf("%v for an engine, a table and a write", time.Since(start)/engines)
	// Goroutines of other tests may end meanwhile; none may be added. A leaked
	// engine would hold its item of 10 KB.
	after, heapAfter := measure()
	if after > goroutines {
		t.Errorf("%d goroutines, %d before", after, goroutines)
	}
	if heapAfter > heap+engines*1000 {
		t.Errorf("%d bytes of heap, %d before", heapAfter, heap)
	}
}

package ddbenc_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// The items of $DDBENC_BENCH_ITEMS as Go types.

type benchSmall struct {
	PK     string `dynamodbav:"pk,partition"`
	SK     int64  `dynamodbav:"sk,sort"`
	Status string `dynamodbav:"status" ddbenc:"sign"`
	Email  string `dynamodbav:"email" ddbenc:"encrypt"`
	Note   string `dynamodbav:"note" ddbenc:"encrypt"`
}

type benchMedium struct {
	PK      string                  `dynamodbav:"pk,partition"`
	SK      int64                   `dynamodbav:"sk,sort"`
	Region  string                  `dynamodbav:"region" ddbenc:"sign"`
	Version int                     `dynamodbav:"version" ddbenc:"sign"`
	Flags   []string                `dynamodbav:"flags,stringset" ddbenc:"sign"`
	Name    string                  `dynamodbav:"name"`
	Address string                  `dynamodbav:"address"`
	Phone   string                  `dynamodbav:"phone"`
	Total   attributevalue.Number   `dynamodbav:"total"`
	Scores  []attributevalue.Number `dynamodbav:"scores,numberset"`
	Paid    bool                    `dynamodbav:"paid"`
	Coupon  *string                 `dynamodbav:"coupon"`
	Token   []byte                  `dynamodbav:"token"`
	Lines   []benchLine             `dynamodbav:"lines"`
	Profile benchProfile            `dynamodbav:"profile"`
}

type benchLine struct {
	SKU   string                `dynamodbav:"sku"`
	Qty   int                   `dynamodbav:"qty"`
	Price attributevalue.Number `dynamodbav:"price"`
	Tags  []string              `dynamodbav:"tags,stringset"`
}

type benchProfile struct {
	First string `dynamodbav:"first"`
	Last  string `dynamodbav:"last"`
	Notes string `dynamodbav:"notes"`
	Prefs struct {
		Lang string `dynamodbav:"lang"`
		Mail bool   `dynamodbav:"mail"`
		Hist []int  `dynamodbav:"hist"`
	} `dynamodbav:"prefs"`
}

type benchLarge struct {
	PK   string `dynamodbav:"pk,partition"`
	SK   int64  `dynamodbav:"sk,sort"`
	Body []byte `dynamodbav:"body"`

	F00 string            `dynamodbav:"field00"`
	F01 int64             `dynamodbav:"field01"`
	F02 []byte            `dynamodbav:"field02"`
	F03 []string          `dynamodbav:"field03"`
	F04 map[string]string `dynamodbav:"field04"`
	F05 string            `dynamodbav:"field05"`
	F06 int64             `dynamodbav:"field06"`
	F07 []byte            `dynamodbav:"field07"`
	F08 []string          `dynamodbav:"field08"`
	F09 map[string]string `dynamodbav:"field09"`
	F10 string            `dynamodbav:"field10"`
	F11 int64             `dynamodbav:"field11"`
	F12 []byte            `dynamodbav:"field12"`
	F13 []string          `dynamodbav:"field13"`
	F14 map[string]string `dynamodbav:"field14"`
	F15 string            `dynamodbav:"field15"`
	F16 int64             `dynamodbav:"field16"`
	F17 []byte            `dynamodbav:"field17"`
	F18 []string          `dynamodbav:"field18"`
	F19 map[string]string `dynamodbav:"field19"`
	F20 string            `dynamodbav:"field20"`
	F21 int64             `dynamodbav:"field21"`
	F22 []byte            `dynamodbav:"field22"`
	F23 []string          `dynamodbav:"field23"`
	F24 map[string]string `dynamodbav:"field24"`
	F25 string            `dynamodbav:"field25"`
	F26 int64             `dynamodbav:"field26"`
}

// A still is a DynamoDB that takes no time: it keeps the last item put and
// gives it back. Other calls panic.
type still struct {
	ddbenc.DynamoDBAPI
	item map[string]types.AttributeValue
}

func (s *still) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	s.item = in.Item
	return &dynamodb.PutItemOutput{}, nil
}

func (s *still) GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return &dynamodb.GetItemOutput{Item: s.item}, nil
}

// BenchmarkTablePut measures from a struct to the encrypted item of the
// request.
func BenchmarkTablePut(b *testing.B) {
	b.Run("small", benchPut[benchSmall])
	b.Run("medium", benchPut[benchMedium])
	b.Run("large", benchPut[benchLarge])
}

// BenchmarkTableGet measures from a key and the encrypted item of the response
// to a struct.
func BenchmarkTableGet(b *testing.B) {
	b.Run("small", benchGet[benchSmall])
	b.Run("medium", benchGet[benchMedium])
	b.Run("large", benchGet[benchLarge])
}

func benchPut[T any](b *testing.B) {
	table, v, _ := openBench[T](b)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := table.Put(ctx, v); err != nil {
			b.Fatal(err)
		}
	}
}

func benchGet[T any](b *testing.B) {
	table, v, key := openBench[T](b)
	ctx := context.Background()
	if err := table.Put(ctx, v); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.Get(ctx, key); err != nil {
			b.Fatal(err)
		}
	}
}

// openBench reads the item of the size that the benchmark is named by, as a T,
// and checks that T holds all of it.
func openBench[T any](b *testing.B) (*ddbenc.Table[T], *T, ddbenc.PrimaryKey) {
	dir := os.Getenv("DDBENC_BENCH_ITEMS")
	if dir == "" {
		b.Skip("set DDBENC_BENCH_ITEMS to a folder with small.json, medium.json and large.json")
	}
	raw, err := os.ReadFile(filepath.Join(dir, filepath.Base(b.Name())+".json"))
	if err != nil {
		b.Fatal(err)
	}
	var doc struct {
		Name string `json:"table_name"`
		Item json.RawMessage
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		b.Fatal(err)
	}
	item, err := codec.UnmarshalItem(doc.Item)
	if err != nil {
		b.Fatal(err)
	}
	v := new(T)
	if err := attributevalue.UnmarshalMap(item, v); err != nil {
		b.Fatal(err)
	}
	again, err := attributevalue.MarshalMap(v)
	if err != nil {
		b.Fatal(err)
	}
	if diff := cmp.Diff(item, again, avCmp); diff != "" {
		b.Fatalf("%T loses something of the item (-item +again):\n%s", *v, diff)
	}
	table, err := ddbenc.NewTable[T](&still{}, doc.Name, crypt.NewDDBEC(testProvider))
	if err != nil {
		b.Fatal(err)
	}
	return table, v, ddbenc.Key(item["pk"], item["sk"])
}

package ddbenc_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// atOnce is a transport that answers every request with one body.
type atOnce struct{ body []byte }

func (a *atOnce) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.body))}, nil
}

func benchClient(answer string, opts ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:                          "eu-central-1",
		Credentials:                     credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		HTTPClient:                      &atOnce{[]byte(answer)},
		DisableValidateResponseChecksum: true,
	}, opts...)
}

// smallItem has the shape of the small item of other benchmarks.
func smallItem() avItem {
	return avItem{"pk": s("customer#4711"), "sk": n("1700000000"), "status": s("active"), "email": s("ada@example.com"), "note": s(strings.Repeat("n", 48))}
}

func smallTable(tb testing.TB) (*ddbenc.RawTable, crypt.Encryptor) {
	tb.Helper()
	actions := crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"status": crypt.SignOnly}}
	table, err := ddbenc.NewRawTable("small", crypt.NewDDBEC(testProvider), ddbenc.RawSchema{PartitionKey: "pk", SortKey: "sk", Actions: actions})
	if err != nil {
		tb.Fatal(err)
	}
	enc, err := crypt.NewDDBEC(testProvider).ForTable(crypt.Table{Name: "small", PartitionKey: "pk", SortKey: "sk", Actions: actions})
	if err != nil {
		tb.Fatal(err)
	}
	return table, enc
}

// BenchmarkMiddleware measures whole calls of the SDK's client against a transport
// that answers at once: "plain" without encryption, sending or receiving what the
// encrypted one does; "item" the encryption of the item alone; "encrypted" both.
// encrypted less plain less item is what the middleware costs. "other" is a call
// on a table that is not encrypted.
func BenchmarkMiddleware(b *testing.B) {
	table, enc := smallTable(b)
	ctx := context.Background()
	plain, err := enc.Encrypt(ctx, smallItem())
	if err != nil {
		b.Fatal(err)
	}
	stored := fmt.Sprintf(`{"Item":%s}`, must(codec.MarshalItem(plain)))
	key := avItem{"pk": s("customer#4711"), "sk": n("1700000000")}

	put := func(db *dynamodb.Client, name string, it avItem) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &name, Item: it}); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	get := func(db *dynamodb.Client, name string) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &name, Key: key}); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("put/plain", put(benchClient("{}"), "small", plain))
	b.Run("put/item", func(b *testing.B) {
		it := smallItem()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := enc.Encrypt(ctx, it); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("put/encrypted", put(benchClient("{}", ddbenc.Encrypted(table)), "small", smallItem()))
	b.Run("put/other", put(benchClient("{}", ddbenc.Encrypted(table)), "other", plain))
	b.Run("get/plain", get(benchClient(stored), "small"))
	b.Run("get/item", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := enc.Decrypt(ctx, plain); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("get/encrypted", get(benchClient(stored, ddbenc.Encrypted(table)), "small"))
	b.Run("get/other", get(benchClient(stored, ddbenc.Encrypted(table)), "other"))
}

// BenchmarkMiddlewareOther measures what a call on a table that is not encrypted
// pays, without the rest of the SDK: building a stack and running it, "with" the
// middleware and "without".
func BenchmarkMiddlewareOther(b *testing.B) {
	table, _ := smallTable(b)
	serializer := middleware.SerializeMiddlewareFunc("OperationSerializer",
		func(context.Context, middleware.SerializeInput, middleware.SerializeHandler) (out middleware.SerializeOutput, _ middleware.Metadata, _ error) {
			return
		})
	run := func(opts ...func(*dynamodb.Options)) func(*testing.B) {
		o := dynamodb.New(dynamodb.Options{}, opts...).Options()
		in := &dynamodb.PutItemInput{TableName: aws.String("other")}
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				stack := middleware.NewStack("PutItem", func() any { return nil })
				if err := stack.Serialize.Add(serializer, middleware.After); err != nil {
					b.Fatal(err)
				}
				for _, add := range o.APIOptions {
					if err := add(stack); err != nil {
						b.Fatal(err)
					}
				}
				if _, _, err := stack.Serialize.HandleMiddleware(context.Background(), in, nil); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("without", run())
	b.Run("with", run(ddbenc.Encrypted(table)))
}

// BenchmarkMiddlewareQueryPage measures a page of 1,000 items of two kilobytes.
func BenchmarkMiddlewareQueryPage(b *testing.B) {
	table, enc := smallTable(b)
	items := make([]string, 1000)
	for i := range items {
		it := smallItem()
		it["sk"], it["note"] = n(fmt.Sprint(i)), s(strings.Repeat("n", 2000))
		plain, err := enc.Encrypt(context.Background(), it)
		if err != nil {
			b.Fatal(err)
		}
		items[i] = string(must(codec.MarshalItem(plain)))
	}
	answer := `{"Count":1000,"Items":[` + strings.Join(items, ",") + `]}`
	query := func(db *dynamodb.Client) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(answer)))
			for b.Loop() {
				out, err := db.Query(context.Background(), &dynamodb.QueryInput{TableName: aws.String("small"), KeyConditionExpression: aws.String("pk = :p"),
					ExpressionAttributeValues: map[string]types.AttributeValue{":p": s("customer#4711")}})
				if err != nil || len(out.Items) != 1000 {
					b.Fatal(len(out.Items), err)
				}
			}
		}
	}
	b.Run("plain", query(benchClient(answer)))
	b.Run("encrypted", query(benchClient(answer, ddbenc.Encrypted(table))))
}

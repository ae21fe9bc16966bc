package ddbenc_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

// A stillPage is a DynamoDB that takes no time and answers every query with the same
// items. Other calls panic.
type stillPage struct {
	still
	items []map[string]types.AttributeValue
}

func (s *stillPage) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return &dynamodb.QueryOutput{Items: s.items, Count: int32(len(s.items))}, nil
}

// BenchmarkQueryPage measures from the answer with a page of 1,000 items to structs:
// one item after the other, and as many side by side as is the default.
func BenchmarkQueryPage(b *testing.B) {
	for _, bc := range []struct {
		name string
		opts []ddbenc.QueryOption
	}{
		{"ahead=1", []ddbenc.QueryOption{ddbenc.DecryptAhead(1)}},
		{"ahead=default", nil},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.Run("medium", func(b *testing.B) { benchQueryPage(b, bc.opts) })
		})
	}
}

func benchQueryPage(b *testing.B, opts []ddbenc.QueryOption) {
	const items = 1000
	_, v, _ := openBench[benchMedium](b)
	db := &stillPage{}
	table, err := ddbenc.NewTable[benchMedium](db, "bench", crypt.NewDDBEC(testProvider))
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	for i := range items {
		v.SK = int64(i)
		if err := table.Put(ctx, v); err != nil {
			b.Fatal(err)
		}
		db.items = append(db.items, db.item)
	}
	key := expression.Key("pk").Equal(expression.Value(v.PK))
	b.ReportAllocs()
	for b.Loop() {
		n := int64(0)
		for v, err := range table.Query(ctx, key, opts...) {
			if err != nil || v.SK != n {
				b.Fatalf("item %d has the sort key %d, %v", n, v.SK, err)
			}
			n++
		}
		if n != items {
			b.Fatalf("%d items", n)
		}
	}
}

package crypt_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

type benchItem struct {
	table crypt.Table
	item  item
}

func loadBenchItem(tb testing.TB, size string) benchItem {
	dir := os.Getenv("DDBENC_BENCH_ITEMS")
	if dir == "" {
		tb.Skip("set DDBENC_BENCH_ITEMS to a folder with small.json, medium.json and large.json")
	}
	raw, err := os.ReadFile(filepath.Join(dir, size+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	var doc struct {
		Table        string                                 `json:"table_name"`
		PartitionKey string                                 `json:"partition_key"`
		SortKey      string                                 `json:"sort_key"`
		Actions      struct{ Attributes map[string]string } `json:"attribute_actions"`
		Item         json.RawMessage
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		tb.Fatal(err)
	}
	b := benchItem{item: must(codec.UnmarshalItem(doc.Item)), table: crypt.Table{Name: doc.Table, PartitionKey: doc.PartitionKey, SortKey: doc.SortKey,
		Actions: crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{}}}}
	for name, action := range doc.Actions.Attributes {
		b.table.Actions.Attributes[name] = map[string]crypt.Action{"ENCRYPT_AND_SIGN": crypt.EncryptAndSign, "SIGN_ONLY": crypt.SignOnly}[action]
	}
	return b
}

func BenchmarkEncryptItem(b *testing.B) {
	benchmarkItem(b, func(ctx context.Context, enc crypt.Encryptor, plain, _ item) error {
		_, err := enc.Encrypt(ctx, plain)
		return err
	})
}

func BenchmarkDecryptItem(b *testing.B) {
	benchmarkItem(b, func(ctx context.Context, enc crypt.Encryptor, _, stored item) error {
		_, err := enc.Decrypt(ctx, stored)
		return err
	})
}

// mostRecent returns a provider over a key table that has its keys in the cache.
func mostRecent(b *testing.B) crypt.Provider {
	db := ddbenctest.NewDynamoDB(b)
	if err := keyring.CreateMetaTable(b.Context(), db, "keys"); err != nil {
		b.Fatal(err)
	}
	store := must(keyring.NewMetaStore(db, "keys", must(keyring.NewStatic(sequence(32), sequence(32)))))
	return must(keyring.NewMostRecent(store, "bench", time.Hour))
}

// hierarchical returns a keyring over a store of branch keys that has its branch key
// in the cache after the first item.
func hierarchical(b *testing.B) crypt.Keyring {
	db := ddbenctest.NewDynamoDB(b)
	if _, err := keyring.CreateBranchKeyTable(b.Context(), db, "keys"); err != nil {
		b.Fatal(err)
	}
	service := ddbenctest.NewKMS(b)
	arn := service.CreateKey(ddbenctest.KMSKey{Region: "eu-central-1"})
	store := must(keyring.NewBranchKeyStore(db, service.Client("eu-central-1"), "keys", "keys", keyring.KMSKeyARN(arn)))
	return must(keyring.NewHierarchical(store, must(store.CreateKey(b.Context(), nil)), keyring.WithTTL(time.Hour)))
}

func benchmarkItem(b *testing.B, op func(ctx context.Context, enc crypt.Encryptor, plain, stored item) error) {
	rawAES := must(keyring.NewRawAES("bench", "key", sequence(32)))
	formats := []struct {
		name string
		open func(b *testing.B) crypt.Format // what one holds in memory costs the others time
	}{
		{"ddbec-static", func(*testing.B) crypt.Format {
			return crypt.NewDDBEC(must(keyring.NewStatic(sequence(32), sequence(32))))
		}},
		{"ddbec-wrapped", func(*testing.B) crypt.Format {
			return crypt.NewDDBEC(must(keyring.NewWrapped(sequence(32), sequence(32))))
		}},
		{"ddbec-mostrecent", func(b *testing.B) crypt.Format { return crypt.NewDDBEC(mostRecent(b)) }},
		{"dbesdk-rawaes", func(*testing.B) crypt.Format { return crypt.NewDBESDK(rawAES, crypt.WriteSuite(crypt.SuiteMAC)) }},
		{"dbesdk-rawaes-ecdsa", func(*testing.B) crypt.Format { return crypt.NewDBESDK(rawAES) }},
		{"dbesdk-hierarchical", func(b *testing.B) crypt.Format {
			return crypt.NewDBESDK(hierarchical(b), crypt.WriteSuite(crypt.SuiteMAC))
		}},
	}
	for _, f := range formats {
		for _, size := range []string{"small", "medium", "large"} {
			b.Run(f.name+"/"+size, func(b *testing.B) {
				bench := loadBenchItem(b, size)
				enc := must(f.open(b).ForTable(bench.table))
				stored := must(enc.Encrypt(b.Context(), bench.item))
				ctx := context.Background()
				b.ReportAllocs()
				for b.Loop() {
					if err := op(ctx, enc, bench.item, stored); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

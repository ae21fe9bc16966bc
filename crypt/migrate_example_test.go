package crypt_test

import (
	"context"
	"fmt"

	"github.com/ddbenc/ddbenc/crypt"
)

// A table of DDBEC items moves to DB-ESDK, one item after the other.
func ExampleMigrate() {
	ctx := context.Background()
	table := crypt.Table{Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}
	ddbec, dbesdk := crypt.NewDDBEC(strongKeys("HmacSHA256")), crypt.NewDBESDK(rawAES())

	old := must(must(ddbec.ForTable(table)).Encrypt(ctx, item{"id": str("p-1"), "name": str("Ada")}))

	enc, err := crypt.Migrate(dbesdk, ddbec).ForTable(table) // writes DB-ESDK, reads DDBEC too
	if err != nil {
		panic(err)
	}
	plain, err := enc.Decrypt(ctx, old)
	if err != nil {
		panic(err)
	}
	stored, err := enc.Encrypt(ctx, plain)
	if err != nil {
		panic(err)
	}
	fmt.Println(crypt.KindOf(old))
	fmt.Println(crypt.KindOf(stored))
	// Output:
	// DDBEC <nil>
	// DB-ESDK <nil>
}

// What a table may read besides what it writes is named, and so is what that
// costs.
func ExampleForgeablePlaintext() {
	ctx := context.Background()
	table := crypt.Table{Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}
	dbesdk := crypt.NewDBESDK(rawAES())

	during, err := crypt.Migrate(dbesdk, crypt.ForgeablePlaintext()).ForTable(table)
	if err != nil {
		panic(err)
	}
	after, err := dbesdk.ForTable(table)
	if err != nil {
		panic(err)
	}
	plain := item{"id": str("p-1"), "name": str("Ada")}
	_, err = during.Decrypt(ctx, plain)
	fmt.Println(err)
	_, err = after.Decrypt(ctx, plain)
	fmt.Println(err)
	// Output:
	// <nil>
	// ddbenc: item is not signed
}

// Old items have other actions than those that are written now.
func ExampleWrittenWith() {
	ctx := context.Background()
	ddbec, dbesdk := crypt.NewDDBEC(strongKeys("HmacSHA256")), crypt.NewDBESDK(rawAES())
	then := crypt.Actions{Default: crypt.SignOnly}
	now := crypt.Table{Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}

	before := now
	before.Actions = then
	old := must(must(ddbec.ForTable(before)).Encrypt(ctx, item{"id": str("p-1"), "name": str("Ada")}))

	enc, err := crypt.Migrate(dbesdk, crypt.WrittenWith(ddbec, then)).ForTable(now)
	if err != nil {
		panic(err)
	}
	plain, err := enc.Decrypt(ctx, old)
	fmt.Println(len(plain), err)
	// Output:
	// 2 <nil>
}

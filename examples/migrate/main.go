// Migrate moves a table to DB-ESDK while it is in use: a table of DDBEC items with
// some left that were never encrypted. Each step is a deployment of a service;
// docs/migrate.md says what has to be true before the next one.
//
//	go run ./examples/migrate
//
// It runs on a DynamoDB inside the process, or on the one at
// AWS_ENDPOINT_URL_DYNAMODB.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/keyring"
)

const tableName = "ddbenc-migrate"

type Patient struct {
	ID   string `dynamodbav:"patient_id,partition"`
	Name string `dynamodbav:"name" ddbenc:"encrypt"`
}

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	db, err := services.DynamoDB(ctx)
	if err != nil {
		return err
	}
	if err := services.CreateTable[Patient](ctx, db, tableName); err != nil {
		return err
	}
	secret := make([]byte, 96)
	rand.Read(secret)
	aes, err := keyring.NewRawAES("migrate", "key-1", secret[:32])
	if err != nil {
		return err
	}
	static, err := keyring.NewStatic(secret[32:64], secret[64:])
	if err != nil {
		return err
	}
	dbesdk, ddbec := crypt.NewDBESDK(aes), crypt.NewDDBEC(static)
	open := func(f crypt.Format) (*ddbenc.Table[Patient], error) {
		return ddbenc.NewTable[Patient](db, tableName, f)
	}

	fmt.Println("Before: some items are plaintext, some are DDBEC.")
	if err := fill(ctx, db, ddbec); err != nil {
		return err
	}
	if err := report(ctx, db); err != nil {
		return err
	}

	fmt.Println("\n1. The service reads everything, and still writes DDBEC for those that know nothing newer.")
	first, err := open(crypt.Migrate(ddbec, dbesdk, crypt.ForgeablePlaintext()))
	if err != nil {
		return err
	}
	if err := first.Put(ctx, &Patient{ID: "p-5", Name: "Lise Meitner"}); err != nil {
		return err
	}
	if err := report(ctx, db); err != nil {
		return err
	}

	fmt.Println("\n2. Once that is everywhere: it writes DB-ESDK.")
	patients, err := open(crypt.Migrate(dbesdk, ddbec, crypt.ForgeablePlaintext()))
	if err != nil {
		return err
	}
	if _, err := patients.Update(ctx, ddbenc.Key("p-1"), func(p *Patient) error { p.Name += ", Countess"; return nil }); err != nil {
		return err
	}
	if err := report(ctx, db); err != nil {
		return err
	}

	fmt.Println("\n3. Once that is everywhere: a job writes anew what nobody has touched.")
	n, err := rewriteAll(ctx, patients)
	if err != nil {
		return err
	}
	fmt.Printf("   %d items were looked at.\n", n)
	if err := report(ctx, db); err != nil {
		return err
	}

	fmt.Println("\n4. Nothing else is left, so nothing else is read any more.")
	after, err := open(dbesdk)
	if err != nil {
		return err
	}
	if err := putPlaintext(ctx, db, Patient{ID: "p-1", Name: "Mallory"}); err != nil {
		return err
	}
	if _, err := after.Get(ctx, ddbenc.Key("p-1")); !errors.Is(err, ddbenc.ErrNotSigned) {
		return fmt.Errorf("a forged item was not refused: %w", err)
	}
	fmt.Println("   An item that somebody forged is refused.")
	return nil
}

// rewriteAll stores every item anew, in the format that the table writes. Others may
// use the table meanwhile, and it may be stopped and run again.
func rewriteAll(ctx context.Context, patients *ddbenc.Table[Patient]) (n int, err error) {
	same := func(*Patient) error { return nil }
	for p, err := range patients.Scan(ctx) {
		if err != nil {
			return n, err
		}
		_, err := patients.Update(ctx, ddbenc.Key(p.ID), same, ddbenc.Rewrite())
		if err != nil && !errors.Is(err, ddbenc.ErrNotFound) { // deleted since
			return n, err
		}
		n++
	}
	return n, nil
}

// report counts what is stored, without any key.
func report(ctx context.Context, db *dynamodb.Client) error {
	kinds := map[crypt.Kind]int{}
	for p := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: aws.String(tableName)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, it := range page.Items {
			kind, err := crypt.KindOf(it)
			if err != nil {
				return err
			}
			kinds[kind]++
		}
	}
	fmt.Printf("   stored: %d plaintext, %d DDBEC, %d DB-ESDK\n", kinds[crypt.KindPlaintext], kinds[crypt.KindDDBEC], kinds[crypt.KindDBESDK])
	return nil
}

// fill puts what is in the table before.
func fill(ctx context.Context, db *dynamodb.Client, ddbec crypt.Format) error {
	old, err := ddbenc.NewTable[Patient](db, tableName, ddbec)
	if err != nil {
		return err
	}
	for i, name := range []string{"Ada Lovelace", "Grace Hopper", "Mary Somerville", "Emmy Noether"} {
		p := Patient{ID: fmt.Sprint("p-", i+1), Name: name}
		if i < 2 {
			err = putPlaintext(ctx, db, p)
		} else {
			err = old.Put(ctx, &p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putPlaintext is what a program does that knows nothing of encryption.
func putPlaintext(ctx context.Context, db *dynamodb.Client, p Patient) error {
	it, err := attributevalue.MarshalMap(p)
	if err != nil {
		return err
	}
	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(tableName), Item: it})
	return err
}

// Transactions moves a bed between two encrypted tables: all of it or nothing, with
// errors that name the operation, and with an answer that was lost.
//
//	go run ./examples/transactions
//
// It runs on a DynamoDB inside the process, whose faults it sets.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/keyring"
)

type Patient struct {
	ID   string `dynamodbav:"patient_id,partition"`
	Name string `dynamodbav:"name" ddbenc:"encrypt"`
	Rev  int    `dynamodbav:"rev,version"`
}

type Ward struct {
	ID   string `dynamodbav:"ward,partition"`
	Head string `dynamodbav:"head" ddbenc:"encrypt"`
	Beds int    `dynamodbav:"beds" ddbenc:"sign"`
}

// errFull is the error of a program, not of ddbenc.
var errFull = errors.New("no bed is free")

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	engine := ddbenctest.NewEngine()
	db := engine.Client()
	err := errors.Join(services.CreateTable[Patient](ctx, db, "patients"), services.CreateTable[Ward](ctx, db, "wards"))
	if err != nil {
		return err
	}
	wrappingKey, signingKey := make([]byte, 32), make([]byte, 32)
	rand.Read(wrappingKey)
	rand.Read(signingKey)
	provider, err := keyring.NewWrapped(wrappingKey, signingKey)
	if err != nil {
		return err
	}
	format := crypt.NewDDBEC(provider)
	patients, err := ddbenc.NewTable[Patient](db, "patients", format)
	if err != nil {
		return err
	}
	wards, err := ddbenc.NewTable[Ward](db, "wards", format)
	if err != nil {
		return err
	}
	if err := wards.Put(ctx, &Ward{ID: "north", Head: "Barbara", Beds: 2}); err != nil {
		return err
	}
	north := ddbenc.Key("north")
	takeBed := func(w *Ward) error {
		if w.Beds == 0 {
			return errFull
		}
		w.Beds--
		return nil
	}
	admit := func(p *Patient) []ddbenc.TxWrite {
		return []ddbenc.TxWrite{
			ddbenc.TxPut(patients, p, ddbenc.Label("admit "+p.ID), ddbenc.ReturnCurrent()),
			ddbenc.TxUpdate(wards, north, takeBed, ddbenc.Label("take a bed")),
		}
	}

	fmt.Println("1. Admit Ada: put her, and take a bed from the ward. Another transaction is in the way twice.")
	engine.Fault(ddbenctest.Fault{Operation: "TransactWriteItems", Conflict: true, Times: 2})
	ada := Patient{ID: "p-1", Name: "Ada"}
	if err := ddbenc.TransactWrite(ctx, db, admit(&ada)...); err != nil {
		return err
	}
	fmt.Printf("   %s has version %d now\n", ada.Name, ada.Rev)

	fmt.Println("\n2. Read both as they are at one moment.")
	var p *Patient
	var w *Ward
	if err := ddbenc.TransactGet(ctx, db, ddbenc.TxGet(patients, ddbenc.Key("p-1"), &p), ddbenc.TxGet(wards, north, &w)); err != nil {
		return err
	}
	fmt.Printf("   %s; the ward of %s has %d bed\n", p.Name, w.Head, w.Beds)

	fmt.Println("\n3. Admit another patient under her id. She is there already, so nothing is done.")
	err = ddbenc.TransactWrite(ctx, db, admit(&Patient{ID: "p-1", Name: "Eve"})...)
	var failed *ddbenc.TransactionError
	var current *ddbenc.ConditionError[Patient]
	if !errors.As(err, &failed) || !errors.As(err, &current) {
		return fmt.Errorf("the transaction did not fail as it should: %w", err)
	}
	op := failed.Failed[0]
	fmt.Printf("   operation %d, %q: %s; there is %s, version %d\n", op.Index, op.Label, op.Code, current.Current.Name, current.Current.Rev)

	fmt.Println("\n4. Admit Bob. The answer is lost, so it is unknown whether he is in; the same transaction is sent again.")
	engine.Fault(ddbenctest.Fault{Operation: "TransactWriteItems", LoseResponse: true, Times: 3})
	bob := Patient{ID: "p-2", Name: "Bob"}
	tx, err := ddbenc.PrepareWrite(ctx, "", admit(&bob)...)
	if err != nil {
		return err
	}
	for err = tx.Send(ctx, db); errors.Is(err, ddbenc.ErrUnknownOutcome); err = tx.Send(ctx, db) {
		fmt.Printf("   unknown; his version is still %d\n", bob.Rev)
	}
	if err != nil {
		return err
	}
	fmt.Printf("   made, once; his version is %d\n", bob.Rev)

	fmt.Println("\n5. Admit Carl. The function finds no bed, so nothing is sent.")
	err = ddbenc.TransactWrite(ctx, db, admit(&Patient{ID: "p-3", Name: "Carl"})...)
	if !errors.Is(err, errFull) {
		return fmt.Errorf("the ward is not full: %w", err)
	}
	fmt.Println("   refused:", err)

	fmt.Println("\n6. A condition on an encrypted attribute would compare ciphertext. It is not sent:")
	byHead := expression.Name("head").Equal(expression.Value("Barbara"))
	err = ddbenc.TransactWrite(ctx, db, ddbenc.TxCheck(wards, north, byHead))
	if !errors.Is(err, ddbenc.ErrRefused) {
		return fmt.Errorf("the condition was not refused: %w", err)
	}
	fmt.Println("   refused:", err)
	return nil
}

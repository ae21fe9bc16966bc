package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

// A Clinic is the type of a second table in the examples of transactions.
type Clinic struct {
	ID   string `dynamodbav:"clinic,partition"`
	Head string `dynamodbav:"head"`
	Beds int    `dynamodbav:"beds" ddbenc:"sign"`
}

// exampleClinics adds a table of clinics to db, with one in the north that has one
// bed.
func exampleClinics(ctx context.Context, db *dynamodb.Client) *ddbenc.Table[Clinic] {
	schema, err := ddbenc.SchemaOf[Clinic]()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.CreateTable(ctx, schema.CreateTableInput("clinics")); err != nil {
		log.Fatal(err)
	}
	clinics, err := ddbenc.NewTable[Clinic](db, "clinics", crypt.NewDDBEC(testProvider))
	if err != nil {
		log.Fatal(err)
	}
	if err := clinics.Put(ctx, &Clinic{ID: "north", Head: "Barbara", Beds: 1}); err != nil {
		log.Fatal(err)
	}
	return clinics
}

// A new visit is put if there is none yet, the patient's old one deleted, and a bed
// taken: all of it or nothing.
func ExampleTransactWrite() {
	ctx := context.Background()
	db, patients := examplePatients(ctx)
	clinics := exampleClinics(ctx, db)

	errFull := errors.New("the clinic is full")
	admit := func(visit int64) error {
		return ddbenc.TransactWrite(ctx, db,
			ddbenc.TxPut(patients, &Patient{ID: "p-1", Visit: visit, Name: "Ada", Clinic: "north"},
				ddbenc.If(expression.Name("patient_id").AttributeNotExists()), ddbenc.Label("new visit")),
			ddbenc.TxDelete(patients, ddbenc.Key("p-1", 1)),
			ddbenc.TxUpdate(clinics, ddbenc.Key("north"), func(c *Clinic) error {
				if c.Beds == 0 {
					return errFull
				}
				c.Beds--
				return nil
			}))
	}
	fmt.Println(admit(2))
	fmt.Println(admit(3))
	fmt.Println(errors.Is(admit(4), errFull))
	// Output:
	// ddbenc: TransactWriteItems failed: operation 0 "new visit" (Put on table "patients"): Put on table "patients": condition failed
	// <nil>
	// true
}

// The operation that stood in the way is told by its label, and its item by its
// type.
func ExampleTransactionError() {
	ctx := context.Background()
	db, patients := examplePatients(ctx)
	clinics := exampleClinics(ctx, db)

	twoBeds := expression.Name("beds").GreaterThanEqual(expression.Value(2))
	err := ddbenc.TransactWrite(ctx, db,
		ddbenc.TxPut(patients, &Patient{ID: "p-1", Visit: 3, Name: "Ada", Clinic: "north"}),
		ddbenc.TxCheck(clinics, ddbenc.Key("north"), twoBeds, ddbenc.Label("beds"), ddbenc.ReturnCurrent()))

	var failed *ddbenc.TransactionError
	if errors.As(err, &failed) {
		for _, op := range failed.Failed {
			fmt.Println(op.Index, op.Label, op.Code)
		}
	}
	var clinic *ddbenc.ConditionError[Clinic]
	if errors.As(err, &clinic) {
		fmt.Printf("%s has %d bed\n", clinic.Current.Head, clinic.Current.Beds)
	}
	// Output:
	// 1 beds ConditionalCheckFailed
	// Barbara has 1 bed
}

// A transaction without an answer may have been made. Sent again as it was, it is
// made once.
func ExamplePrepareWrite() {
	ctx := context.Background()
	db, patients := examplePatients(ctx)

	tx, err := ddbenc.PrepareWrite(ctx, "visit-4711", ddbenc.TxPut(patients, &Patient{ID: "p-1", Visit: 3, Name: "Ada", Clinic: "north"}))
	if err != nil {
		log.Fatal(err)
	}
	for range 5 {
		if err = tx.Send(ctx, db); !errors.Is(err, ddbenc.ErrUnknownOutcome) {
			break
		}
	}
	fmt.Println(tx.Token(), err)
	// Output: visit-4711 <nil>
}

func ExampleTransactGet() {
	ctx := context.Background()
	db, patients := examplePatients(ctx)
	clinics := exampleClinics(ctx, db)

	var ada, nobody *Patient
	var north *Clinic
	err := ddbenc.TransactGet(ctx, db,
		ddbenc.TxGet(patients, ddbenc.Key("p-1", 2), &ada),
		ddbenc.TxGet(patients, ddbenc.Key("p-9", 1), &nobody),
		ddbenc.TxGet(clinics, ddbenc.Key("north"), &north))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ada.Name, nobody == nil, north.Head)
	// Output: Ada true Barbara
}

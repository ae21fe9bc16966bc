package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// Each key has its result at its own position.
func ExampleTable_BatchGet() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	keys := []ddbenc.PrimaryKey{ddbenc.Key("p-2", 1), ddbenc.Key("p-9", 1), ddbenc.Key("p-1", 2)}
	results, err := patients.BatchGet(ctx, keys)
	if err != nil {
		log.Fatal(err) // results says which of them failed
	}
	for i, r := range results {
		switch {
		case r.Item == nil:
			fmt.Println(i, "not found")
		default:
			fmt.Println(i, r.Item.Name)
		}
	}
	// Output:
	// 0 Grace
	// 1 not found
	// 2 Ada
}

func ExampleTable_BatchWrite() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	var visits []*Patient
	for i := range 60 {
		visits = append(visits, &Patient{ID: "p-3", Visit: int64(i), Name: "Edsger", Clinic: "north"})
	}
	if err := patients.BatchWrite(ctx, visits, []ddbenc.PrimaryKey{ddbenc.Key("p-2", 1)}); err != nil {
		log.Fatal(err)
	}
	n, err := patients.ScanCount(ctx)
	fmt.Println(n, err)
	// Output: 62 <nil>
}

// A batch that could not be finished says what is left, and can go on with it.
func ExampleBatchError() {
	ctx := context.Background()
	engine := ddbenctest.NewEngine()
	db := engine.Client()
	schema, _ := ddbenc.SchemaOf[Patient]()
	if _, err := db.CreateTable(ctx, schema.CreateTableInput("patients")); err != nil {
		log.Fatal(err)
	}
	patients, err := ddbenc.NewTable[Patient](db, "patients", crypt.NewDDBEC(testProvider))
	if err != nil {
		log.Fatal(err)
	}
	visits := make([]*Patient, 40)
	for i := range visits {
		visits[i] = &Patient{ID: "p-3", Visit: int64(i), Name: "Edsger", Clinic: "north"}
	}

	// The second request is answered by an error.
	engine.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Skip: 1, Code: "AccessDeniedException"})
	err = patients.BatchPut(ctx, visits)
	var left *ddbenc.BatchError[Patient]
	if errors.As(err, &left) {
		fmt.Println(len(left.Puts), "are left, from visit", left.Puts[0].Visit)
		err = patients.BatchWrite(ctx, left.Puts, left.Deletes)
	}
	fmt.Println(err)
	// Output:
	// 15 are left, from visit 25
	// <nil>
}

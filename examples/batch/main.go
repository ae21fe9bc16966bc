// Batch writes and reads many items at once, goes on where the service put some of
// them off, and shows what is known of each when it can't go on.
//
//	go run ./examples/batch
//
// It runs on a DynamoDB inside the process, whose faults it sets.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/keyring"
)

const tableName = "ddbenc-batch"

type Patient struct {
	ID     string `dynamodbav:"patient_id,partition"`
	Name   string `dynamodbav:"name" ddbenc:"encrypt"`
	Clinic string `dynamodbav:"clinic" ddbenc:"sign"`
}

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	engine := ddbenctest.NewEngine()
	db := engine.Client()
	if err := services.CreateTable[Patient](ctx, db, tableName); err != nil {
		return err
	}
	wrappingKey, signingKey := make([]byte, 32), make([]byte, 32)
	rand.Read(wrappingKey)
	rand.Read(signingKey)
	provider, err := keyring.NewWrapped(wrappingKey, signingKey)
	if err != nil {
		return err
	}
	patients, err := ddbenc.NewTable[Patient](db, tableName, crypt.NewDDBEC(provider))
	if err != nil {
		return err
	}
	var all []*Patient
	var keys []ddbenc.PrimaryKey
	for i := range 100 {
		id := fmt.Sprintf("p-%03d", i)
		all = append(all, &Patient{ID: id, Name: "Patient " + id, Clinic: "north"})
		keys = append(keys, ddbenc.Key(id))
	}

	fmt.Println("1. Put 100 patients. The service leaves every second one of a request unprocessed, twice, and is then too busy.")
	engine.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Unprocessed: true, Times: 2})
	engine.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Code: "ProvisionedThroughputExceededException", Times: 2})
	if err := patients.BatchPut(ctx, all); err != nil {
		return err
	}
	n, err := patients.ScanCount(ctx, ddbenc.ConsistentRead())
	if err != nil {
		return err
	}
	fmt.Printf("   %d patients are stored, after %d requests; each was encrypted once.\n", n, requests(engine, "BatchWriteItem"))

	fmt.Println("\n2. Get four of them. One key is there twice, and nobody has another. Each result is at the position of its key.")
	results, err := patients.BatchGet(ctx, []ddbenc.PrimaryKey{keys[7], ddbenc.Key("nobody"), keys[42], keys[7]})
	if err != nil {
		return err
	}
	for i, r := range results {
		if r.Item == nil {
			fmt.Printf("   %d: not found\n", i)
			continue
		}
		fmt.Printf("   %d: %s\n", i, r.Item.Name)
	}

	fmt.Println("\n3. Delete all. From the third request on no answer comes back.")
	engine.Fault(ddbenctest.Fault{Operation: "BatchWriteItem", Skip: 2, LoseResponse: true, Times: 3})
	err = patients.BatchDelete(ctx, keys)
	var left *ddbenc.BatchError[Patient]
	if !errors.As(err, &left) {
		return fmt.Errorf("the batch did not stop: %w", err)
	}
	fmt.Printf("   %d were not deleted, and of %d it is not known: ErrUnknownOutcome is %t\n",
		len(left.Deletes), len(left.UnknownDeletes), errors.Is(err, ddbenc.ErrUnknownOutcome))

	fmt.Println("\n4. To delete once more does no harm, so go on with both.")
	if err := patients.BatchDelete(ctx, append(left.UnknownDeletes, left.Deletes...)); err != nil {
		return err
	}
	n, err = patients.ScanCount(ctx, ddbenc.ConsistentRead())
	if err != nil {
		return err
	}
	fmt.Printf("   %d patients are left\n", n)
	return nil
}

// requests counts the requests for an operation.
func requests(engine *ddbenctest.Engine, operation string) (n int) {
	for _, r := range engine.Requests() {
		if r.Operation == operation {
			n++
		}
	}
	return n
}

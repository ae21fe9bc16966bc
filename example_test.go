package ddbenc_test

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

type Patient struct {
	ID     string   `dynamodbav:"patient_id,partition"`
	Visit  int64    `dynamodbav:"visit,sort"`
	Name   string   `dynamodbav:"name" ddbenc:"encrypt"`
	Notes  []string `dynamodbav:"notes" ddbenc:"encrypt"`
	Clinic string   `dynamodbav:"clinic" ddbenc:"sign" dynamodbindex:"by-clinic,global,partition"`
	Views  int      `dynamodbav:"views" ddbenc:"none"`
}

func store(ctx context.Context, db *dynamodb.Client, key []byte) error {
	keys, err := keyring.NewRawAES("my-program", "key-1", key)
	if err != nil {
		return err
	}
	patients, err := ddbenc.NewTable[Patient](db, "patients", crypt.NewDBESDK(keys))
	if err != nil {
		return err
	}
	err = patients.Put(ctx, &Patient{ID: "p-1", Visit: 1, Name: "Ada", Notes: []string{"seen"}, Clinic: "north"})
	if err != nil {
		return err
	}
	p, err := patients.Get(ctx, ddbenc.Key("p-1", 1))
	if err != nil {
		return err
	}
	fmt.Println("got", p.Name)
	for p, err := range patients.Query(ctx, expression.Key("patient_id").Equal(expression.Value("p-1"))) {
		if err != nil {
			return err // one bad item ends the loop; the error says which
		}
		fmt.Println("found", p.Name, p.Notes)
	}
	return nil
}

// This is the program of the README.
func Example() {
	ctx := context.Background()
	db := ddbenctest.NewDynamoDB(nil) // in memory; dynamodb.NewFromConfig(cfg) is AWS
	schema, err := ddbenc.SchemaOf[Patient]()
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := db.CreateTable(ctx, schema.CreateTableInput("patients")); err != nil {
		fmt.Println(err)
		return
	}
	key := make([]byte, 32)
	rand.Read(key)
	if err := store(ctx, db, key); err != nil {
		fmt.Println(err)
	}
	// Output:
	// got Ada
	// found Ada [seen]
}

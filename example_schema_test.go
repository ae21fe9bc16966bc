package ddbenc_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/ddbenc/ddbenc"
)

func ExampleSchemaOf() {
	type Audit struct {
		_         struct{} `ddbenc:"default=sign"`
		CreatedBy string   `dynamodbav:"created_by"`
		Rev       int64    `dynamodbav:"rev,version"`
	}
	type Patient struct {
		ID     string    `dynamodbav:"patient_id,partition"`
		Visit  time.Time `dynamodbav:"visit,sort,unixtime"`
		Name   string    `dynamodbav:"name" ddbenc:"encrypt"`
		Notes  []string  `dynamodbav:"notes"`
		Clinic string    `dynamodbav:"clinic" dynamodbindex:"by-clinic,global,partition"`
		Views  int       `dynamodbav:"views" ddbenc:"none"`
		Audit
	}
	schema, err := ddbenc.SchemaOf[Patient]()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(schema)
	// Output:
	// schema of Patient: partition key patient_id, sort key visit
	// attribute    field            type           action   why
	// patient_id   ID               string (S)     sign     partition key
	// visit        Visit            time.Time (N)  sign     sort key
	// name         Name             string (S)     encrypt  tag
	// notes        Notes            []string (L)   encrypt  default
	// clinic       Clinic           string (S)     sign     key of index by-clinic
	// views        Views            int (N)        none     tag
	// created_by   Audit.CreatedBy  string (S)     sign     default=sign
	// rev          Audit.Rev        int64 (N)      sign     version
	// (any other)  -                -              encrypt  default
	// global index by-clinic: partition key clinic
}

// All mistakes of a type come at once.
func ExampleSchemaError() {
	type Card struct {
		ID     string `dynamodbav:"id,partition" ddbenc:"encrypt"`
		Number string `dynamodbav:"number" ddbenc:"encrpyt"`
		Limits struct {
			Daily int `ddbenc:"sign"`
		}
	}
	_, err := ddbenc.SchemaOf[Card]()
	fmt.Println(err)

	var mistake *ddbenc.SchemaError
	fmt.Println(errors.Is(err, ddbenc.ErrSchema), errors.As(err, &mistake), mistake.Field, mistake.Suggestion)
	// Output:
	// ddbenc: Card.Number: ddbenc:"encrpyt": unknown action "encrpyt"; did you mean "encrypt"?
	// ddbenc: Card.ID: ddbenc:"encrypt": a key of the table can't be encrypted: DynamoDB finds items by its value; did you mean "sign"?
	// ddbenc: Card.Limits.Daily: ddbenc:"sign": has no effect inside attribute "Limits": attributes are protected as a whole, so tag Limits
	// true true Number encrypt
}

package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
)

// An item that some other program reads or writes: here as the DynamoDB JSON of
// exports and events.
func ExampleTable_DecryptItem() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	stored, err := patients.EncryptItem(ctx, &Patient{ID: "p-9", Visit: 1, Name: "Grace", Clinic: "north"})
	if err != nil {
		log.Fatal(err)
	}
	text, err := codec.MarshalItem(stored)
	if err != nil {
		log.Fatal(err)
	}

	read, err := codec.UnmarshalItem(text)
	if err != nil {
		log.Fatal(err)
	}
	p, err := patients.DecryptItem(ctx, read)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.ID, p.Name)

	// Someone could have put a genuine item in the place of another.
	_, err = patients.DecryptItem(ctx, read, ddbenc.UnderKey(ddbenc.Key("p-1", 1)))
	fmt.Println(errors.Is(err, ddbenc.ErrVerify))
	// Output:
	// p-9 Grace
	// true
}

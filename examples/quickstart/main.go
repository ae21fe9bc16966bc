// Quickstart stores an encrypted item, shows what DynamoDB holds of it, reads it
// back, and shows that a changed item is refused.
//
//	go run ./examples/quickstart
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
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/keyring"
)

const tableName = "ddbenc-quickstart"

type Patient struct {
	ID     string   `dynamodbav:"patient_id,partition"`
	Visit  int64    `dynamodbav:"visit,sort"`
	Name   string   `dynamodbav:"name" ddbenc:"encrypt"`
	Notes  []string `dynamodbav:"notes" ddbenc:"encrypt"`
	Clinic string   `dynamodbav:"clinic" ddbenc:"sign"`
	Views  int      `dynamodbav:"views" ddbenc:"none"`
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

	// A key of your own: 32 random bytes. A program that means it keeps its keys in
	// AWS KMS; the table does not notice the difference.
	key := make([]byte, 32)
	rand.Read(key)
	keys, err := keyring.NewRawAES("quickstart", "key-1", key)
	if err != nil {
		return err
	}
	patients, err := ddbenc.NewTable[Patient](db, tableName, crypt.NewDBESDK(keys))
	if err != nil {
		return err
	}

	fmt.Println("1. Put a patient.")
	ada := Patient{ID: "p-1", Visit: 1, Name: "Ada Lovelace", Notes: []string{"allergic to penicillin"}, Clinic: "north", Views: 7}
	if err := patients.Put(ctx, &ada); err != nil {
		return err
	}

	fmt.Println("\n2. This is the item as DynamoDB holds it, and as anyone sees it who can read the table:")
	stored, err := raw(ctx, db)
	if err != nil {
		return err
	}
	show(stored)

	fmt.Println("\n3. Get it back through the table: verified first, then decrypted.")
	p, err := patients.Get(ctx, ddbenc.Key("p-1", 1))
	if err != nil {
		return err
	}
	fmt.Printf("   %s, notes %q\n", p.Name, p.Notes)

	fmt.Println("\n4. Query all visits of the patient at the north clinic.")
	ofPatient := expression.Key("patient_id").Equal(expression.Value("p-1"))
	atNorth := ddbenc.Filter(expression.Name("clinic").Equal(expression.Value("north")))
	for p, err := range patients.Query(ctx, ofPatient, atNorth) {
		if err != nil {
			return err
		}
		fmt.Printf("   visit %d: %s\n", p.Visit, p.Name)
	}

	fmt.Println("\n5. Someone with access to the table changes one byte of the encrypted name.")
	stored["name"].(*types.AttributeValueMemberB).Value[20] ^= 1
	if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(tableName), Item: stored}); err != nil {
		return err
	}
	switch _, err = patients.Get(ctx, ddbenc.Key("p-1", 1)); {
	case errors.Is(err, ddbenc.ErrVerify):
		fmt.Println("   refused:", err)
	case err != nil:
		return err
	default:
		return errors.New("the changed item was accepted")
	}

	fmt.Println("\n6. A filter on an encrypted attribute would compare ciphertext. It is not sent:")
	byName := ddbenc.Filter(expression.Name("name").Equal(expression.Value("Ada Lovelace")))
	for _, err := range patients.Query(ctx, ofPatient, byName) {
		if !errors.Is(err, ddbenc.ErrRefused) {
			return fmt.Errorf("the filter was not refused: %w", err)
		}
		fmt.Println("   refused:", err)
	}
	return nil
}

// raw reads the item without ddbenc.
func raw(ctx context.Context, db *dynamodb.Client) (map[string]types.AttributeValue, error) {
	out, err := db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      aws.String(tableName),
		ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{
			"patient_id": &types.AttributeValueMemberS{Value: "p-1"},
			"visit":      &types.AttributeValueMemberN{Value: "1"},
		},
	})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}

// What the lines of show say of the attributes.
var remarks = map[string]string{
	"patient_id":       "partition key: readable, signed",
	"visit":            "sort key: readable, signed",
	"name":             "encrypt: secret, signed",
	"notes":            "encrypt: secret, signed",
	"clinic":           "sign: readable, signed",
	"views":            "none: readable, anyone can change it unseen",
	crypt.DBESDKHeader: "added: the encrypted data key, and what is encrypted",
	crypt.DBESDKFooter: "added: the signature",
}

func show(item map[string]types.AttributeValue) {
	for _, name := range slices.Sorted(maps.Keys(item)) {
		var value string
		switch v := item[name].(type) {
		case *types.AttributeValueMemberS:
			value = fmt.Sprintf("S %q", v.Value)
		case *types.AttributeValueMemberN:
			value = "N " + v.Value
		case *types.AttributeValueMemberB:
			value = fmt.Sprintf("B %x… (%d bytes)", v.Value[:min(8, len(v.Value))], len(v.Value))
		}
		fmt.Printf("   %-12s %-34s %s\n", name, value, remarks[name])
	}
}

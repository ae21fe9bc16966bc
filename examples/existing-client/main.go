// Existing-client is a program on the plain SDK client, as any team has one, with
// one line added: the client encrypts the table of patients.
//
//	go run ./examples/existing-client
//
// Nothing in app.go, which is the program, knows of it. It runs on a DynamoDB inside
// the process, or on the one at AWS_ENDPOINT_URL_DYNAMODB.
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
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/keyring"
)

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	plain, err := services.DynamoDB(ctx)
	if err != nil {
		return err
	}
	if err := createTable(ctx, plain); err != nil {
		return err
	}
	patients, err := patientsTable()
	if err != nil {
		return err
	}

	// The line. Where a program has a configuration it is
	//	db := dynamodb.NewFromConfig(cfg, ddbenc.Encrypted(patients))
	db := dynamodb.New(plain.Options(), ddbenc.Encrypted(patients))

	fmt.Println("1. The program, on the encrypted client:")
	if err := app(ctx, db); err != nil {
		return err
	}

	fmt.Println("\n2. What DynamoDB holds of it:")
	out, err := plain.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String(tableName), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(out.Items[0])) {
		fmt.Printf("   %-20s %T\n", name, out.Items[0][name])
	}

	fmt.Println("\n3. A request that would leak, or could not be verified, is not sent:")
	_, err = db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(tableName), Key: key("p-1"),
		UpdateExpression:          aws.String("SET patient_name = :n"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":n": &types.AttributeValueMemberS{Value: "Ada King"}},
	})
	if !errors.Is(err, ddbenc.ErrRefused) {
		return fmt.Errorf("the update was not refused: %w", err)
	}
	fmt.Println("  ", err)
	return nil
}

// patientsTable says what is protected in the items of the table.
func patientsTable() (*ddbenc.RawTable, error) {
	// Two keys of your own, 32 random bytes each. A program that means it keeps
	// them in AWS KMS, or in a secret store.
	wrappingKey, signingKey := make([]byte, 32), make([]byte, 32)
	rand.Read(wrappingKey)
	rand.Read(signingKey)
	provider, err := keyring.NewWrapped(wrappingKey, signingKey)
	if err != nil {
		return nil, err
	}
	return ddbenc.NewRawTable(tableName, crypt.NewDDBEC(provider), ddbenc.RawSchema{
		PartitionKey: "patient_id",
		Actions: crypt.Actions{
			Default: crypt.EncryptAndSign,
			Attributes: map[string]crypt.Action{
				"clinic":      crypt.SignOnly,
				"visit_count": crypt.DoNothing,
			},
		},
	})
}

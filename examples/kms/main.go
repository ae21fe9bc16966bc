// KMS keeps the keys of a table's items in AWS KMS: one data key, and one call,
// for each item.
//
//	go run ./examples/kms
//
// It runs on services inside the process. With DDBENC_ON_AWS=1 it uses the SDK's
// usual configuration instead, and the KMS key that KMS_KEY names.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/keyring"
)

const tableName = "ddbenc-kms"

type Card struct {
	Token  string `dynamodbav:"token,partition"`
	Number string `dynamodbav:"number" ddbenc:"encrypt"`
	Expiry string `dynamodbav:"expiry" ddbenc:"encrypt"`
	Brand  string `dynamodbav:"brand" ddbenc:"sign"`
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
	keys, err := services.KMS(ctx)
	if err != nil {
		return err
	}
	if err := services.CreateTable[Card](ctx, db, tableName); err != nil {
		return err
	}
	keyARN, err := keyOf(ctx, keys)
	if err != nil {
		return err
	}

	provider, err := keyring.NewKMS(keys, keyARN)
	if err != nil {
		return err
	}
	cards, err := ddbenc.NewTable[Card](db, tableName, crypt.NewDDBEC(provider))
	if err != nil {
		return err
	}
	if err := cards.Put(ctx, &Card{Token: "tok_1", Number: "4111111111111111", Expiry: "12/29", Brand: "visa"}); err != nil {
		return err
	}
	card, err := cards.Get(ctx, ddbenc.Key("tok_1"))
	if err != nil {
		return err
	}
	fmt.Println("read back:", card.Brand, "ending in", card.Number[len(card.Number)-4:])

	// Only items of this key are read: a provider with another key refuses
	// them, even if the program may use both keys.
	other, err := keys.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("another key, for the ddbenc example")})
	if err != nil {
		return err
	}
	stranger, err := keyring.NewKMS(keys, *other.KeyMetadata.Arn)
	if err != nil {
		return err
	}
	cards, err = ddbenc.NewTable[Card](db, tableName, crypt.NewDDBEC(stranger))
	if err != nil {
		return err
	}
	_, err = cards.Get(ctx, ddbenc.Key("tok_1"))
	if !errors.Is(err, ddbenc.ErrNoKey) {
		return fmt.Errorf("want ErrNoKey with another key, got: %w", err)
	}
	fmt.Println("with another key:", err)
	return nil
}

// keyOf returns the KMS key to use. Inside the process there is none yet.
func keyOf(ctx context.Context, keys *kms.Client) (string, error) {
	if arn := os.Getenv("KMS_KEY"); arn != "" {
		return arn, nil
	}
	out, err := keys.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("for the ddbenc example")})
	if err != nil {
		return "", err
	}
	return *out.KeyMetadata.Arn, nil
}

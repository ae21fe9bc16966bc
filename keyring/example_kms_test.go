package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

func ExampleNewKMS() {
	// In production: client := kms.NewFromConfig(cfg).
	service := ddbenctest.NewKMS(nil)
	arn := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	client := service.Client("eu-west-1")

	provider, err := keyring.NewKMS(client, arn)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	patients := encryptor(provider)
	stored, err := patients.Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(patients.Decrypt(ctx, stored)))
	for _, r := range service.Requests() {
		fmt.Println(r.Operation, r.EncryptionContext)
	}
	// Output:
	// Ada
	// GenerateDataKey map[*amzn-ddb-env-alg*:AES/256 *amzn-ddb-sig-alg*:HmacSHA256/256 *aws-kms-table*:patients id:p-1]
	// Decrypt map[*amzn-ddb-env-alg*:AES/256 *amzn-ddb-sig-alg*:HmacSHA256/256 *aws-kms-table*:patients id:p-1]
}

// Each clinic brings its own key. Which clinic an item is of says its partition
// key; it could be any attribute that is signed and not encrypted.
func ExampleNewKMSByItem() {
	service := ddbenctest.NewKMS(nil)
	service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1", Aliases: []string{"alias/clinic-7"}})

	provider, err := keyring.NewKMSByItem(service.Client("eu-west-1"),
		func(_ context.Context, ec *crypt.EncryptionContext) ([]string, error) {
			id, _ := ec.Item["id"].(*types.AttributeValueMemberS)
			if id == nil {
				return nil, errors.New("item has no id")
			}
			clinic, _, _ := strings.Cut(id.Value, "/")
			return []string{"alias/" + clinic}, nil
		})
	if err != nil {
		log.Fatal(err)
	}
	item := patient()
	item["id"] = &types.AttributeValueMemberS{Value: "clinic-7/p-1"}
	ctx := context.Background()
	stored, err := encryptor(provider).Encrypt(ctx, item)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(encryptor(provider).Decrypt(ctx, stored)))

	item["id"] = &types.AttributeValueMemberS{Value: "clinic-8/p-1"}
	_, err = encryptor(provider).Encrypt(ctx, item)
	fmt.Println(errors.Is(err, crypt.ErrNoKey))
	// Output:
	// Ada
	// true
}

// A key is replaced by another one. Old items stay readable.
func ExampleAlsoReadWith() {
	service := ddbenctest.NewKMS(nil)
	client := service.Client("eu-west-1")
	oldARN := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	newARN := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	before, err := keyring.NewKMS(client, oldARN)
	if err != nil {
		log.Fatal(err)
	}
	after, err := keyring.NewKMS(client, newARN, keyring.AlsoReadWith(oldARN))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	stored, err := encryptor(before).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(encryptor(after).Decrypt(ctx, stored)))
	// Output:
	// Ada
}

// A program decides what to do when KMS doesn't give a key.
func ExampleErrKeyRefused() {
	service := ddbenctest.NewKMS(nil)
	provider, err := keyring.NewKMS(service.Client("eu-west-1"), service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"}))
	if err != nil {
		log.Fatal(err)
	}
	service.Fault(ddbenctest.KMSFault{Code: ddbenctest.FaultAccessDenied})
	_, err = encryptor(provider).Encrypt(context.Background(), patient())
	switch {
	case errors.Is(err, keyring.ErrKeyRefused):
		fmt.Println("ask an administrator")
	case errors.Is(err, keyring.ErrUnavailable):
		fmt.Println("try again later")
	}
	// Output:
	// ask an administrator
}

// A fleet of readers trusts every key of one account, as a function decides.
func ExampleDangerouslyAllowAnyKMSKey() {
	service := ddbenctest.NewKMS(nil)
	client := service.Client("eu-west-1")
	ours := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	theirs := service.CreateKey(ddbenctest.KMSKey{ARN: "arn:aws:kms:eu-west-1:999999999999:key/1234abcd-12ab-34cd-56ef-1234567890ab"})
	reader, err := keyring.NewKMS(client, ours,
		keyring.DangerouslyAllowAnyKMSKey(),
		keyring.CheckKMSKey(func(_ context.Context, _ *crypt.EncryptionContext, keyARN string) error {
			if !strings.HasPrefix(keyARN, "arn:aws:kms:eu-west-1:111122223333:") {
				return errors.New("key of another account")
			}
			return nil
		}))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, arn := range []string{service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"}), theirs} {
		writer, err := keyring.NewKMS(client, arn)
		if err != nil {
			log.Fatal(err)
		}
		stored, err := encryptor(writer).Encrypt(ctx, patient())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name(encryptor(reader).Decrypt(ctx, stored)))
	}
	// Output:
	// Ada
	// key of another account
}

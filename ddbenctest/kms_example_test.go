package ddbenctest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

// A data key is made, and opened with the encryption context that it was made
// with, and with no other.
func ExampleNewKMS() {
	k := ddbenctest.NewKMS(nil) // in a test: NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1", ID: "1234abcd-12ab-34cd-56ef-1234567890ab", Aliases: []string{"alias/orders"}})
	fmt.Println(arn)

	ctx := context.Background()
	client := k.Client("eu-west-1")
	dk, err := client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId:             aws.String("alias/orders"),
		NumberOfBytes:     aws.Int32(32),
		EncryptionContext: map[string]string{"table": "orders"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: dk.CiphertextBlob, EncryptionContext: map[string]string{"table": "orders"}})
	fmt.Println("the same context:", err)

	_, err = client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: dk.CiphertextBlob, EncryptionContext: map[string]string{"table": "invoices"}})
	var invalid *types.InvalidCiphertextException
	fmt.Println("another is refused:", errors.As(err, &invalid))

	for _, r := range k.Requests() {
		fmt.Println(r)
	}
	// Output:
	// arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
	// the same context: <nil>
	// another is refused: true
	// GenerateDataKey in eu-west-1 of alias/orders with context of ["table"]
	// Decrypt in eu-west-1 with context of ["table"]
	// Decrypt in eu-west-1 with context of ["table"]: InvalidCiphertextException
}

// What a caller does when KMS is busy or refuses: the SDK retries a throttled
// call, and not a denied one.
func ExampleKMS_Fault() {
	k := ddbenctest.NewKMS(nil)
	arn := k.CreateKey(ddbenctest.KMSKey{})
	k.Fault(ddbenctest.KMSFault{Operation: "Encrypt", Code: ddbenctest.FaultThrottled})
	k.Fault(ddbenctest.KMSFault{Operation: "Encrypt", Skip: 1, Code: ddbenctest.FaultAccessDenied})

	client := k.Client("us-east-1")
	for range 2 {
		client.Encrypt(context.Background(), &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
	}
	for _, r := range k.Requests() {
		fmt.Printf("%s: %q\n", r.Operation, r.Error)
	}
	// Output:
	// Encrypt: "ThrottlingException"
	// Encrypt: ""
	// Encrypt: "AccessDeniedException"
}

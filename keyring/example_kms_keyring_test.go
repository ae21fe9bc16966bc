package keyring_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// patients is a table of DB-ESDK items.
func patients(k crypt.Keyring, opts ...crypt.DBESDKOption) crypt.Encryptor {
	e, err := crypt.NewDBESDK(k, opts...).ForTable(crypt.Table{
		Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
	})
	if err != nil {
		log.Fatal(err)
	}
	return e
}

func ExampleNewKMSKeyring() {
	// In production: client := kms.NewFromConfig(cfg).
	service := ddbenctest.NewKMS(nil)
	arn := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	client := service.Client("eu-west-1")

	k, err := keyring.NewKMSKeyring(client, arn)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	table := patients(k, crypt.WriteSuite(crypt.SuiteMAC))
	stored, err := table.Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(table.Decrypt(ctx, stored)))
	for _, r := range service.Requests() {
		fmt.Println(r.Operation, r.EncryptionContext)
	}
	// Output:
	// Ada
	// GenerateDataKey map[aws-crypto-attr.id:AAFwLTE= aws-crypto-partition-name:id aws-crypto-table-name:patients]
	// Decrypt map[aws-crypto-attr.id:AAFwLTE= aws-crypto-partition-name:id aws-crypto-table-name:patients]
}

// A service in Europe reads, without a call across the sea, what one in America
// wrote with another replica of the key.
func ExampleAnyReplica() {
	service := ddbenctest.NewKMS(nil)
	american := service.CreateKey(ddbenctest.KMSKey{MultiRegion: true, Region: "us-east-1", Replicas: []string{"eu-west-1"}})
	european := strings.Replace(american, "us-east-1", "eu-west-1", 1)

	there, err := keyring.NewKMSKeyring(service.Client("us-east-1"), american)
	if err != nil {
		log.Fatal(err)
	}
	here, err := keyring.NewKMSKeyring(service.Client("eu-west-1"), european, keyring.AnyReplica())
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	stored, err := patients(there).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(patients(here).Decrypt(ctx, stored)))
	for _, r := range service.Requests() {
		fmt.Println(r.Operation, r.Region)
	}
	// Output:
	// Ada
	// GenerateDataKey us-east-1
	// Decrypt eu-west-1
}

// A collector writes with whatever key an alias stands for. Who reads needs a name
// that doesn't move: the item has it.
func ExampleNewKMSWriteOnly() {
	service := ddbenctest.NewKMS(nil)
	client := service.Client("eu-west-1")
	arn := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1", Aliases: []string{"alias/patients"}})

	writer, err := keyring.NewKMSWriteOnly(client, "alias/patients")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	stored, err := patients(writer).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	in, err := crypt.Inspect(stored)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(in.DataKeys[0].Provider, in.DataKeys[0].Key == arn)
	_, err = patients(writer).Decrypt(ctx, stored)
	fmt.Println(err)

	reader, err := keyring.NewKMSKeyring(client, in.DataKeys[0].Key)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(patients(reader).Decrypt(ctx, stored)))
	// Output:
	// aws-kms true
	// ddbenc: no key for this item: the keyring of KMS key "alias/patients" only writes
	// Ada
}

// Items are written for keys in two regions, so that either is enough to read.
func ExampleNewKMSMulti() {
	service := ddbenctest.NewKMS(nil)
	irish := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	german := service.CreateKey(ddbenctest.KMSKey{Region: "eu-central-1"})
	clients := func(region string) (keyring.KMSClient, error) {
		// In production: kms.NewFromConfig(cfg, func(o *kms.Options) { o.Region = region })
		return service.Client(region), nil
	}

	k, err := keyring.NewKMSMulti(clients, []string{irish, german})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	stored, err := patients(k).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	service.Fault(ddbenctest.KMSFault{Region: "eu-west-1", Code: ddbenctest.FaultAccessDenied})
	fmt.Println(name(patients(k).Decrypt(ctx, stored)))
	for _, r := range service.Requests() {
		fmt.Println(r.Operation, r.Region)
	}
	// Output:
	// Ada
	// GenerateDataKey eu-west-1
	// GenerateDataKey eu-central-1
	// Decrypt eu-west-1
	// Decrypt eu-central-1
}

// An analyst reads items of all KMS keys of one account that he may decrypt with,
// without knowing their names.
func ExampleNewKMSDiscoveryKeyring() {
	service := ddbenctest.NewKMS(nil)
	client := service.Client("eu-west-1")
	ours := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	theirs := service.CreateKey(ddbenctest.KMSKey{ARN: "arn:aws:kms:eu-west-1:999999999999:key/1234abcd-12ab-34cd-56ef-1234567890ab"})

	analyst, err := keyring.NewKMSDiscoveryKeyring(client, "eu-west-1", keyring.DiscoveryFilter{
		Partition: "aws", Accounts: []string{"111122223333"},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, arn := range []string{ours, theirs} {
		writer, err := keyring.NewKMSKeyring(client, arn)
		if err != nil {
			log.Fatal(err)
		}
		stored, err := patients(writer).Encrypt(ctx, patient())
		if err != nil {
			log.Fatal(err)
		}
		plain, err := patients(analyst).Decrypt(ctx, stored)
		if errors.Is(err, crypt.ErrNoKey) {
			fmt.Println("not ours")
			continue
		}
		fmt.Println(name(plain, err))
	}
	// Output:
	// Ada
	// not ours
}

// One analyst for the keys of two regions.
func ExampleNewKMSDiscoveryMulti() {
	service := ddbenctest.NewKMS(nil)
	clients := func(region string) (keyring.KMSClient, error) { return service.Client(region), nil }
	analyst, err := keyring.NewKMSDiscoveryMulti(clients, []string{"eu-west-1", "eu-central-1"}, keyring.DiscoveryFilter{
		Partition: "aws", Accounts: []string{"111122223333"},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	writer, err := keyring.NewKMSKeyring(service.Client("eu-central-1"), service.CreateKey(ddbenctest.KMSKey{Region: "eu-central-1"}))
	if err != nil {
		log.Fatal(err)
	}
	stored, err := patients(writer).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(patients(analyst).Decrypt(ctx, stored)))
	// Output:
	// Ada
}

// Writers have only a public key, and need neither a call nor a permission.
func ExampleNewKMSRSA() {
	service := ddbenctest.NewKMS(nil)
	client := service.Client("eu-west-1")
	arn := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1", Spec: "RSA_3072"})
	ctx := context.Background()
	out, err := client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: aws.String(arn)})
	if err != nil {
		log.Fatal(err)
	}
	service.ForgetRequests()

	pub, err := keyring.ParsePublicKey(out.PublicKey)
	if err != nil {
		log.Fatal(err)
	}
	writer, err := keyring.NewKMSRSA(nil, arn, keyring.OAEPSHA256, pub)
	if err != nil {
		log.Fatal(err)
	}
	reader, err := keyring.NewKMSRSA(client, arn, keyring.OAEPSHA256, nil)
	if err != nil {
		log.Fatal(err)
	}
	stored, err := patients(writer, crypt.WriteSuite(crypt.SuiteMAC)).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(service.Requests()), "calls to write")
	fmt.Println(name(patients(reader).Decrypt(ctx, stored)))
	fmt.Println(len(service.Requests()), "call to read")
	// Output:
	// 0 calls to write
	// Ada
	// 1 call to read
}

// Two companies share items. One has its key in AWS KMS, the other one in a file.
func ExampleNewKMSECDH() {
	service := ddbenctest.NewKMS(nil)
	client := service.Client("eu-west-1")
	arn := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1", Spec: "ECC_NIST_P384", Usage: "KEY_AGREEMENT"})
	partnerKey, err := ecdh.P384().GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}

	us, err := keyring.NewKMSECDH(client, arn, nil, partnerKey.PublicKey())
	if err != nil {
		log.Fatal(err)
	}
	partner, err := keyring.NewRawECDH(partnerKey, publicECDH(client, arn))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for _, pair := range [][2]crypt.Keyring{{us, partner}, {partner, us}} {
		stored, err := patients(pair[0]).Encrypt(ctx, patient())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name(patients(pair[1]).Decrypt(ctx, stored)))
	}
	// Output:
	// Ada
	// Ada
}

// publicECDH returns the public half of a KMS key for key agreement.
func publicECDH(client *kms.Client, arn string) *ecdh.PublicKey {
	out, err := client.GetPublicKey(context.Background(), &kms.GetPublicKeyInput{KeyId: aws.String(arn)})
	if err != nil {
		log.Fatal(err)
	}
	parsed, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil {
		log.Fatal(err)
	}
	pub, err := parsed.(interface {
		ECDH() (*ecdh.PublicKey, error)
	}).ECDH()
	if err != nil {
		log.Fatal(err)
	}
	return pub
}

// Anyone who knows the public key writes for it, and only who may use the KMS key
// reads.
func ExampleNewKMSECDHDiscovery() {
	service := ddbenctest.NewKMS(nil)
	client := service.Client("eu-west-1")
	arn := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1", Spec: "ECC_NIST_P256", Usage: "KEY_AGREEMENT"})

	writer, err := keyring.NewRawECDHEphemeral(publicECDH(client, arn))
	if err != nil {
		log.Fatal(err)
	}
	reader, err := keyring.NewKMSECDHDiscovery(client, arn, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	stored, err := patients(writer).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(name(patients(reader).Decrypt(ctx, stored)))
	// Output:
	// Ada
}

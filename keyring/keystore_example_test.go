package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// An administrator's program makes the table and a branch key. The program that
// encrypts items only reads.
func Example_branchKeys() {
	ctx := context.Background()
	db, service := ddbenctest.NewDynamoDB(nil), ddbenctest.NewKMS(nil)
	kmsKeyARN := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	kmsClient := service.Client("eu-west-1") // kms.NewFromConfig(cfg)

	protected := func(in *dynamodb.CreateTableInput) { in.DeletionProtectionEnabled = aws.Bool(true) }
	if _, err := keyring.CreateBranchKeyTable(ctx, db, "branch-keys", protected); err != nil {
		log.Fatal(err)
	}
	store, err := keyring.NewBranchKeyStore(db, kmsClient, "branch-keys", "branch-keys", keyring.KMSKeyARN(kmsKeyARN))
	if err != nil {
		log.Fatal(err)
	}
	err = store.CreateKeyWithID(ctx, "tenant-acme", map[string]string{"tenant": "acme"})
	if err != nil && !errors.Is(err, keyring.ErrBranchKeyExists) {
		log.Fatal(err)
	}

	active, err := store.ActiveBranchKey(ctx, "tenant-acme")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(active.ID, active.EncryptionContext, len(active.Bytes()), "bytes")
	// Output: tenant-acme map[tenant:acme] 32 bytes
}

// Without an id of one's choice the store makes one. Keep it with the tenant.
func ExampleBranchKeyStore_CreateKey() {
	store, err := exampleStore()
	if err != nil {
		log.Fatal(err)
	}
	id, err := store.CreateKey(context.Background(), map[string]string{"tenant": "acme"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(id), "characters")
	// Output: 36 characters
}

// Of several programs that create the same branch key one makes it, and the others
// use that one.
func ExampleBranchKeyStore_CreateKeyWithID() {
	store, err := exampleStore()
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		err := store.CreateKeyWithID(context.Background(), "tenant-acme", map[string]string{"tenant": "acme"})
		fmt.Println(err == nil, errors.Is(err, keyring.ErrBranchKeyExists))
	}
	// Output:
	// true false
	// false true
}

// A rotation makes a new version for the items to come. The old version stays, for
// the items that name it.
func ExampleBranchKeyStore_VersionKey() {
	ctx := context.Background()
	store, err := exampleStore("tenant-acme")
	if err != nil {
		log.Fatal(err)
	}
	before, err := store.ActiveBranchKey(ctx, "tenant-acme")
	if err != nil {
		log.Fatal(err)
	}

	version, err := store.VersionKey(ctx, "tenant-acme")
	if errors.Is(err, keyring.ErrBranchKeyChanged) {
		fmt.Println("somebody else rotated it at the same time")
	} else if err != nil {
		log.Fatal(err)
	}

	active, err := store.ActiveBranchKey(ctx, "tenant-acme")
	if err != nil {
		log.Fatal(err)
	}
	old, err := store.BranchKeyVersion(ctx, "tenant-acme", before.Version)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the new version is active:", active.Version == version)
	fmt.Println("the old one is another:", old.Version != active.Version)
	// Output:
	// the new version is active: true
	// the old one is another: true
}

// A job that runs every day rotates what is older than 90 days.
func ExampleBranchKeyStore_RotateOlderThan() {
	ctx := context.Background()
	db, service := ddbenctest.NewDynamoDB(nil), ddbenctest.NewKMS(nil)
	kmsKeyARN := service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	if _, err := keyring.CreateBranchKeyTable(ctx, db, "branch-keys"); err != nil {
		log.Fatal(err)
	}
	now := time.Now()
	store, err := keyring.NewBranchKeyStore(db, service.Client("eu-west-1"), "branch-keys", "branch-keys",
		keyring.KMSKeyARN(kmsKeyARN), keyring.WithClock(func() time.Time { return now }))
	if err != nil {
		log.Fatal(err)
	}
	if err := store.CreateKeyWithID(ctx, "tenant-acme", map[string]string{"tenant": "acme"}); err != nil {
		log.Fatal(err)
	}

	const day = 24 * time.Hour
	for range 4 {
		rotated, err := store.RotateOlderThan(ctx, "tenant-acme", 90*day)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("rotated:", rotated)
		now = now.Add(50 * day)
	}
	// Output:
	// rotated: false
	// rotated: false
	// rotated: true
	// rotated: false
}

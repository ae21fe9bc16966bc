package keyring_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/keyring"
)

// keyTable makes the store of these examples. In production the clients are
// dynamodb.NewFromConfig(cfg) and kms.NewFromConfig(cfg), and the table is made
// once, beforehand.
func keyTable() *keyring.MetaStore {
	client := ddbenctest.NewDynamoDB(nil)
	if err := keyring.CreateMetaTable(context.Background(), client, "keys"); err != nil {
		log.Fatal(err)
	}
	service := ddbenctest.NewKMS(nil)
	protect, err := keyring.NewKMS(service.Client("eu-west-1"), service.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"}))
	if err != nil {
		log.Fatal(err)
	}
	store, err := keyring.NewMetaStore(client, "keys", protect)
	if err != nil {
		log.Fatal(err)
	}
	return store
}

// Keys are rotated by making a new version. What was written with the old one
// stays readable.
func ExampleMetaStore() {
	ctx := context.Background()
	store := keyTable()
	first, err := store.NewVersion(ctx, "patients")
	if err != nil {
		log.Fatal(err)
	}
	second, err := store.NewVersion(ctx, "patients")
	if err != nil {
		log.Fatal(err)
	}
	provider, err := store.Newest(ctx, "patients")
	if err != nil {
		log.Fatal(err)
	}
	stored, err := encryptor(provider).Encrypt(ctx, patient())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("versions", first, second)
	fmt.Println(name(encryptor(provider).Decrypt(ctx, stored)))
	// Output:
	// versions 0 1
	// Ada
}

func ExampleNewMostRecent() {
	provider, err := keyring.NewMostRecent(keyTable(), "patients", 10*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	patients := encryptor(provider)
	for range 3 {
		stored, err := patients.Encrypt(ctx, patient())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name(patients.Decrypt(ctx, stored)))
	}
	stats := provider.Stats()
	fmt.Println("asked the key table", stats.Loads, "times, the cache", stats.Hits, "times")
	// Output:
	// Ada
	// Ada
	// Ada
	// asked the key table 2 times, the cache 7 times
}

// A test moves the clock instead of waiting.
func ExampleWithClock() {
	now := time.Now()
	asked := &hook.Hooks{KeyLoaded: func(_ context.Context, e hook.KeyLoad) {
		if !e.Cached {
			fmt.Println(e.Op, e.Key)
		}
	}}
	provider, err := keyring.NewMostRecent(keyTable(), "patients", 10*time.Minute,
		keyring.WithClock(func() time.Time { return now }), keyring.WithHooks(asked))
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		if _, err := encryptor(provider).Encrypt(context.Background(), patient()); err != nil {
			log.Fatal(err)
		}
	}
	now = now.Add(11 * time.Minute)
	fmt.Println("eleven minutes later")
	if _, err := encryptor(provider).Encrypt(context.Background(), patient()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// MaxVersion patients
	// GetOrCreate patients#0
	// eleven minutes later
	// MaxVersion patients
	// Provider patients#0
}

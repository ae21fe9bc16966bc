package keyring_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// exampleStore returns a store with these branch keys, on services in this process.
func exampleStore(ids ...string) (*keyring.BranchKeyStore, error) {
	db, service := ddbenctest.NewDynamoDB(nil), ddbenctest.NewKMS(nil)
	arn := service.CreateKey(ddbenctest.KMSKey{Region: "eu-central-1"})
	if _, err := keyring.CreateBranchKeyTable(context.Background(), db, "branch-keys"); err != nil {
		return nil, err
	}
	store, err := keyring.NewBranchKeyStore(db, service.Client("eu-central-1"), "branch-keys", "branch-keys", keyring.KMSKeyARN(arn))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := store.CreateKeyWithID(context.Background(), id, map[string]string{"owner": "example"}); err != nil {
			return nil, err
		}
	}
	return store, nil
}

// A thousand items cost two questions to the key store.
func ExampleNewHierarchical() {
	ctx := context.Background()
	store, err := exampleStore("patients-2026")
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := keyring.NewHierarchical(store, "patients-2026", keyring.WithTTL(5*time.Minute))
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := crypt.NewDBESDK(k, crypt.WriteSuite(crypt.SuiteMAC)).ForTable(crypt.Table{
		Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 1000 {
		stored, err := enc.Encrypt(ctx, map[string]types.AttributeValue{
			"id":   &types.AttributeValueMemberS{Value: fmt.Sprintf("p-%d", i)},
			"name": &types.AttributeValueMemberS{Value: "Ada"},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := enc.Decrypt(ctx, stored); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Printf("%+v\n", k.Stats())
	// Output: {Hits:1998 Loads:2 Failures:0}
}

// Each tenant has a branch key of its own. The tenant is no key of the table, so its
// action puts it into the encryption context.
func ExampleNewHierarchicalByKey() {
	ctx := context.Background()
	store, err := exampleStore("tenant-acme", "tenant-globex")
	if err != nil {
		fmt.Println(err)
		return
	}
	type tenancy struct {
		Tenant string `dynamodbav:"tenant"`
	}
	k, err := keyring.NewHierarchicalByKey(store, func(key tenancy) (string, error) {
		return "tenant-" + key.Tenant, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := crypt.NewDBESDK(k).ForTable(crypt.Table{
		Name: "invoices", PartitionKey: "id", Actions: crypt.Actions{
			Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"tenant": crypt.SignAndIncludeInContext},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, tenant := range []string{"acme", "globex", "initech"} {
		stored, err := enc.Encrypt(ctx, map[string]types.AttributeValue{
			"id":     &types.AttributeValueMemberS{Value: "i-1"},
			"tenant": &types.AttributeValueMemberS{Value: tenant},
			"amount": &types.AttributeValueMemberN{Value: "100.00"},
		})
		if err != nil {
			fmt.Println(err)
			continue
		}
		in, err := crypt.Inspect(stored)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(in.DataKeys[0].Provider, in.DataKeys[0].Key)
	}
	// Output:
	// aws-kms-hierarchy tenant-acme
	// aws-kms-hierarchy tenant-globex
	// ddbenc: no key for this item: there is no branch key "tenant-initech" in the key store
}

// A supplier of one's own sees the encryption context itself. This one has a branch
// key for each table.
func ExampleNewHierarchicalByItem() {
	store, err := exampleStore("table-patients", "table-invoices")
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := keyring.NewHierarchicalByItem(store, func(_ context.Context, kc *crypt.KeyContext) (string, error) {
		table, _ := kc.Value("aws-crypto-table-name")
		return "table-" + table, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, table := range []string{"patients", "invoices"} {
		enc, err := crypt.NewDBESDK(k).ForTable(crypt.Table{Name: table, PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}})
		if err != nil {
			fmt.Println(err)
			return
		}
		stored, err := enc.Encrypt(context.Background(), map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		in, err := crypt.Inspect(stored)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(in.DataKeys[0].Key)
	}
	// Output:
	// table-patients
	// table-invoices
}

// Two services in one program keep their branch keys together, and ask for each of
// them once.
func ExampleNewBranchKeyCache() {
	ctx := context.Background()
	store, err := exampleStore("orders")
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := keyring.NewBranchKeyCache(5000)
	if err != nil {
		fmt.Println(err)
		return
	}
	kc, err := crypt.NewKeyContext(crypt.SuiteMAC, map[string]string{"aws-crypto-table-name": "orders"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, service := range []string{"checkout", "billing"} {
		k, err := keyring.NewHierarchical(store, "orders", keyring.WithBranchKeyCache(cache), keyring.WithPartition("orders"))
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := k.WrapKey(ctx, kc, make([]byte, crypt.DataKeySize)); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %+v\n", service, k.Stats())
	}
	fmt.Println(cache.Len(), "branch key in the cache")
	// Output:
	// checkout: {Hits:0 Loads:1 Failures:0}
	// billing: {Hits:1 Loads:0 Failures:0}
	// 1 branch key in the cache
}

// A vault is a store of branch keys of one's own: this one knows one key.
type vault struct{ key *keyring.BranchKey }

func (v vault) Name() string { return "vault" }

func (v vault) ActiveBranchKey(ctx context.Context, id string) (*keyring.BranchKey, error) {
	return v.BranchKeyVersion(ctx, id, v.key.Version)
}

func (v vault) BranchKeyVersion(_ context.Context, id, version string) (*keyring.BranchKey, error) {
	if id != v.key.ID || version != v.key.Version {
		return nil, fmt.Errorf("%w: the vault has no such branch key", crypt.ErrNoKey)
	}
	return v.key, nil
}

func ExampleNewBranchKey() {
	secret := make([]byte, 32) // from a vault
	key, err := keyring.NewBranchKey("patients", "4a0c7b92-3703-4209-8961-24b07ab6562b", secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := keyring.NewHierarchical(vault{key}, "patients")
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := crypt.NewDBESDK(k).ForTable(crypt.Table{Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}})
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := enc.Encrypt(context.Background(), map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "p-1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := crypt.Inspect(stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(in.DataKeys[0].Key, in.DataKeys[0].BranchKeyVersion)
	// Output: patients 4a0c7b92-3703-4209-8961-24b07ab6562b
}

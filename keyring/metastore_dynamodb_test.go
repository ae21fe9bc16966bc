package keyring_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// dynamoDB returns a client of the engine that the SDK's own variable names, or
// else of the one in this process.
func dynamoDB(t *testing.T) *dynamodb.Client {
	t.Helper()
	endpoint := os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")
	if endpoint == "" {
		return ddbenctest.NewDynamoDB(t)
	}
	return dynamodb.New(dynamodb.Options{
		Region: region, BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ddbenctest", SecretAccessKey: "ddbenctest"}, nil
		}),
	})
}

// The fake table of the other tests believes what it is told; this is what
// DynamoDB makes of the requests.
func TestMetaStoreOnDynamoDB(t *testing.T) {
	client, ctx, table := dynamoDB(t), t.Context(), "keys-"+rand.Text()
	provisioned := func(in *dynamodb.CreateTableInput) {
		in.BillingMode = types.BillingModeProvisioned
		in.ProvisionedThroughput = &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)}
	}
	if err := keyring.CreateMetaTable(ctx, client, table, provisioned); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
			t.Error(err)
		}
	})
	var inUse *types.ResourceInUseException
	if err := keyring.CreateMetaTable(ctx, client, table); !errors.As(err, &inUse) {
		t.Errorf("making the table again: error %v, want ResourceInUseException", err)
	}

	k := ddbenctest.NewKMS(t)
	protect := mustKMS(t, k.Client(region), k.CreateKey(ddbenctest.KMSKey{Region: region}))
	store, err := keyring.NewMetaStore(client, table, protect)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := store.MaxVersion(ctx, "records"); v != -1 || err != nil {
		t.Errorf("MaxVersion of nothing = %d, error %v", v, err)
	}
	if _, err := store.Provider(ctx, "records", 0); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Provider of nothing: error %v, want ErrNoKey", err)
	}

	// Several programs begin at the same time.
	const programs = 8
	providers := make([]crypt.Provider, programs)
	var wg sync.WaitGroup
	for i := range providers {
		wg.Go(func() {
			s, err := keyring.NewMetaStore(client, table, protect)
			if err != nil {
				t.Error(err)
				return
			}
			providers[i] = mustMostRecent(t, s)
			if _, err := sortedTable(t, providers[i]).Encrypt(ctx, numbered("1")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range providers {
		readBy(t, providers[0], providers[i])
	}

	// Versions are numbers: 10 comes after 9.
	for want := int64(1); want <= 11; want++ {
		if v, err := store.NewVersion(ctx, "records"); v != want || err != nil {
			t.Fatalf("NewVersion = %d, error %v, want %d", v, err, want)
		}
	}
	newest, err := store.Newest(ctx, "records")
	if err != nil {
		t.Fatal(err)
	}
	stored := mustEncrypt(t, newest, numbered("1"))
	if got := description(t, stored)["amzn-ddb-meta-id"]; got != "records#11" {
		t.Errorf("items are written with %s, want records#11", got)
	}
	if err := read(t, providers[0], stored); err != nil {
		t.Error(err)
	}
	missing, err := keyring.NewMetaStore(client, table+"-2", protect)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := missing.Newest(ctx, "records"); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("no such table: error %v, want ErrNoKey", err)
	}
}

package keyring_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// A branchBench is a key store with the branch key "branch", on services in this
// process that don't answer twice.
type branchBench struct {
	db    *ddbenctest.Engine
	kms   *ddbenctest.KMS
	arn   string
	store *keyring.BranchKeyStore
}

func newBranchBench(t testing.TB) *branchBench {
	t.Helper()
	b := &branchBench{db: ddbenctest.NewEngine(), kms: ddbenctest.NewKMS(t)}
	b.arn = b.kms.CreateKey(ddbenctest.KMSKey{Region: region})
	if _, err := keyring.CreateBranchKeyTable(t.Context(), b.db.Client(), "keys"); err != nil {
		t.Fatal(err)
	}
	once := func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }
	service := b.kms.Client(region, func(o *kms.Options) { o.Retryer = aws.NopRetryer{} })
	var err error
	if b.store, err = keyring.NewBranchKeyStore(b.db.Client(once), service, "keys", "keys", keyring.KMSKeyARN(b.arn)); err != nil {
		t.Fatal(err)
	}
	if err := b.store.CreateKeyWithID(t.Context(), "branch", map[string]string{"purpose": "test"}); err != nil {
		t.Fatal(err)
	}
	b.calls()
	return b
}

// calls returns the calls of both services since the last time.
func (b *branchBench) calls() []string {
	var calls []string
	for _, r := range b.db.Requests() {
		calls = append(calls, r.Operation)
	}
	for _, r := range b.kms.Requests() {
		calls = append(calls, r.Operation)
	}
	b.db.ForgetRequests()
	b.kms.ForgetRequests()
	return calls
}

func (b *branchBench) expectCalls(t testing.TB, when string, want ...string) {
	t.Helper()
	if got := b.calls(); !slices.Equal(got, want) {
		t.Errorf("%s: calls %q, want %q", when, got, want)
	}
}

// row returns the key of a row of the branch key.
func row(typ string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"branch-key-id": &types.AttributeValueMemberS{Value: "branch"}, "type": &types.AttributeValueMemberS{Value: typ}}
}

// One read and one call to KMS for many goroutines, and none for what follows.
func TestHierarchicalStoreCalls(t *testing.T) {
	b, clk := newBranchBench(t), &clock{}
	h := hierarchical(t, b.store, keyring.WithTTL(ttl), keyring.WithClock(clk.Now))
	items := make([][]crypt.EncryptedDataKey, 64)
	var all sync.WaitGroup
	for i := range items {
		all.Go(func() { items[i] = wrap(t, h) })
	}
	all.Wait()
	b.expectCalls(t, "writing", "GetItem", "Decrypt")
	for i := range items {
		all.Go(func() { mustUnwrap(t, h, items[i]) })
	}
	all.Wait()
	b.expectCalls(t, "reading", "GetItem", "Decrypt")

	version, err := b.store.VersionKey(t.Context(), "branch")
	if err != nil {
		t.Fatal(err)
	}
	b.calls()
	wrap(t, h)
	b.expectCalls(t, "after a rotation, within the time to live")
	clk.Advance(ttl + 1)
	rotated := wrap(t, h)
	if got := versionIn(rotated[0]); got != version {
		t.Errorf("after the time to live items are written with %s, want %s", got, version)
	}
	mustUnwrap(t, h, rotated)
	mustUnwrap(t, h, items[0])
	b.expectCalls(t, "after the time to live", "GetItem", "GetItem", "GetItem", "Decrypt", "Decrypt", "Decrypt")
	if got := h.Stats().Loads; got != 5 {
		t.Errorf("%d loads, want 5", got)
	}
}

// What the services and the table can do to a key, at the latest when the time to
// live is over.
func TestHierarchicalStoreFailures(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, b *branchBench, version string)
		write  error
		read   error
	}{
		{"KMS key disabled", func(t *testing.T, b *branchBench, _ string) {
			if _, err := b.kms.Client(region).DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &b.arn}); err != nil {
				t.Fatal(err)
			}
		}, keyring.ErrKeyRefused, keyring.ErrKeyRefused},
		{"KMS denies", func(_ *testing.T, b *branchBench, _ string) {
			b.kms.Fault(ddbenctest.KMSFault{Operation: "Decrypt", Times: -1, Code: "AccessDeniedException"})
		}, keyring.ErrKeyRefused, keyring.ErrKeyRefused},
		{"KMS throttles", func(_ *testing.T, b *branchBench, _ string) {
			b.kms.Fault(ddbenctest.KMSFault{Operation: "Decrypt", Times: -1, Code: "ThrottlingException"})
		}, keyring.ErrUnavailable, keyring.ErrUnavailable},
		{"DynamoDB throttles", func(_ *testing.T, b *branchBench, _ string) {
			b.db.Fault(ddbenctest.Fault{Operation: "GetItem", Times: -1, Code: "ProvisionedThroughputExceededException"})
		}, keyring.ErrUnavailable, keyring.ErrUnavailable},
		{"DynamoDB is gone", func(_ *testing.T, b *branchBench, _ string) {
			b.db.Fault(ddbenctest.Fault{Operation: "GetItem", Times: -1, Drop: true})
		}, keyring.ErrUnavailable, keyring.ErrUnavailable},
		{"version deleted", func(t *testing.T, b *branchBench, version string) {
			deleteRow(t, b, "branch:version:"+version)
		}, nil, crypt.ErrNoKey},
		{"active version deleted", func(t *testing.T, b *branchBench, _ string) { deleteRow(t, b, "branch:ACTIVE") }, crypt.ErrNoKey, nil},
		{"rows exchanged", func(t *testing.T, b *branchBench, version string) {
			active, old := readRow(t, b, "branch:ACTIVE"), readRow(t, b, "branch:version:"+version)
			active["enc"], old["enc"] = old["enc"], active["enc"]
			for _, item := range []map[string]types.AttributeValue{active, old} {
				if _, err := b.db.Client().PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("keys"), Item: item}); err != nil {
					t.Fatal(err)
				}
			}
		}, crypt.ErrVerify, crypt.ErrVerify},
		{"table deleted", func(t *testing.T, b *branchBench, _ string) {
			if _, err := b.db.Client().DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("keys")}); err != nil {
				t.Fatal(err)
			}
		}, crypt.ErrNoKey, crypt.ErrNoKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, clk := newBranchBench(t), &clock{}
			h := hierarchical(t, b.store, keyring.WithTTL(ttl), keyring.WithClock(clk.Now))
			keys := wrap(t, h)
			mustUnwrap(t, h, keys)
			tt.change(t, b, versionIn(keys[0]))
			clk.Advance(ttl)
			wrap(t, h)
			mustUnwrap(t, h, keys)
			clk.Advance(time.Nanosecond)
			for range 2 {
				got, err := h.WrapKey(t.Context(), someContext(t), counting(32))
				if !errors.Is(err, tt.write) || (got == nil) != (err != nil) {
					t.Errorf("WrapKey = %v, %v, want %v", got, err, tt.write)
				}
				if err := unwrap(t, h, keys); !errors.Is(err, tt.read) {
					t.Errorf("UnwrapKey: %v, want %v", err, tt.read)
				}
			}
		})
	}
}

func readRow(t *testing.T, b *branchBench, typ string) map[string]types.AttributeValue {
	t.Helper()
	out, err := b.db.Client().GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("keys"), Key: row(typ)})
	if err != nil || out.Item == nil {
		t.Fatalf("row %q: %v, %v", typ, out, err)
	}
	return out.Item
}

func deleteRow(t *testing.T, b *branchBench, typ string) {
	t.Helper()
	readRow(t, b, typ)
	if _, err := b.db.Client().DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("keys"), Key: row(typ)}); err != nil {
		t.Fatal(err)
	}
}

package keyring

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/internal/backoff"
)

// storeTable is a table name other than the logical name, so that a mix-up shows.
const (
	storeTable  = "branch-keys-2026"
	storeName   = "branch-keys"
	storeRegion = "eu-west-1"
)

// A storeBench is a table of branch keys and a KMS, in this process.
type storeBench struct {
	t      testing.TB
	engine *ddbenctest.Engine
	db     *dynamodb.Client
	kms    *ddbenctest.KMS
	arn    string
}

func newStoreBench(t testing.TB) *storeBench {
	t.Helper()
	b := &storeBench{t: t, engine: ddbenctest.NewEngine(), kms: ddbenctest.NewKMS(t)}
	b.db = b.engine.Client()
	b.arn = b.kms.CreateKey(ddbenctest.KMSKey{ARN: testARN})
	if _, err := CreateBranchKeyTable(t.Context(), b.db, storeTable); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *storeBench) store(keys KMSConfiguration, opts ...BranchKeyStoreOption) *BranchKeyStore {
	b.t.Helper()
	return b.storeOf(b.db, b.kms.Client(storeRegion), keys, opts...)
}

func (b *storeBench) storeOf(db BranchKeyStoreClient, kms BranchKeyStoreKMSClient, keys KMSConfiguration, opts ...BranchKeyStoreOption) *BranchKeyStore {
	b.t.Helper()
	s, err := NewBranchKeyStore(db, kms, storeTable, storeName, keys, opts...)
	if err != nil {
		b.t.Fatal(err)
	}
	s.backoff = backoff.Backoff{Base: time.Microsecond, Max: time.Millisecond, Tries: writeBackoff.Tries}
	return s
}

var tenantContext = map[string]string{"tenant": "t-1"}

// created returns a store with one branch key of the id.
func (b *storeBench) created(id string) *BranchKeyStore {
	b.t.Helper()
	s := b.store(KMSKeyARN(b.arn))
	if err := s.CreateKeyWithID(b.t.Context(), id, tenantContext); err != nil {
		b.t.Fatal(err)
	}
	return s
}

// rows returns all rows of an id by their type.
func (b *storeBench) rows(id string) map[string]map[string]types.AttributeValue {
	b.t.Helper()
	out, err := b.db.Query(b.t.Context(), &dynamodb.QueryInput{
		TableName: aws.String(storeTable), ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("#id = :id"),
		ExpressionAttributeNames:  map[string]string{"#id": attrBranchKeyID},
		ExpressionAttributeValues: map[string]types.AttributeValue{":id": &types.AttributeValueMemberS{Value: id}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	rows := map[string]map[string]types.AttributeValue{}
	for _, row := range out.Items {
		rows[row[attrType].(*types.AttributeValueMemberS).Value] = row
	}
	return rows
}

// replace stores a row as it is.
func (b *storeBench) replace(row map[string]types.AttributeValue) {
	b.t.Helper()
	if _, err := b.db.PutItem(b.t.Context(), &dynamodb.PutItemInput{TableName: aws.String(storeTable), Item: row}); err != nil {
		b.t.Fatal(err)
	}
}

// versionsOf returns the types of the version rows among rows.
func versionsOf(rows map[string]map[string]types.AttributeValue) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(rows)), func(typ string) bool { return !isVersionType(typ) })
}

func stringValue(v types.AttributeValue) string {
	s, _ := v.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

// checkIntact fails the test unless id is as its creation and rotations left it:
// each version's key, and the active one's that of its version.
func (b *storeBench) checkIntact(s *BranchKeyStore, id string, versions int) {
	b.t.Helper()
	ctx, rows := b.t.Context(), b.rows(id)
	if got := versionsOf(rows); len(got) != versions || len(rows) != versions+2 {
		b.t.Fatalf("%d versions in %d rows, want %d and active and beacon", len(got), len(rows), versions)
	}
	active, err := s.ActiveBranchKey(ctx, id)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := s.BeaconKey(ctx, id); err != nil {
		b.t.Error(err)
	}
	for _, typ := range versionsOf(rows) {
		version, err := s.BranchKeyVersion(ctx, id, typ[len(typeVersion):])
		if err != nil {
			b.t.Error(err)
			continue
		}
		if same := slices.Equal(version.secret(), active.secret()); same != (version.Version == active.Version) {
			b.t.Errorf("version %v has the key of the active version: %v", version, same)
		}
	}
}

// checkErrors fails the test unless err wraps each of want and none of the
// package's other errors.
func checkErrors(t testing.TB, err error, want ...error) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %v", want)
		return
	}
	for _, sentinel := range allErrors {
		if got, expect := errors.Is(err, sentinel), slices.Contains(want, sentinel); got != expect {
			t.Errorf("error %v: is %q: %v, want %v", err, sentinel, got, expect)
		}
	}
}

// A dbFake calls what is set, or else the client.
type dbFake struct {
	*dynamodb.Client
	get      func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error)
	transact func(context.Context, *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error)
}

func (f *dbFake) GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if f.get != nil {
		return f.get(ctx, in)
	}
	return f.Client.GetItem(ctx, in, opts...)
}

func (f *dbFake) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if f.transact != nil {
		return f.transact(ctx, in)
	}
	return f.Client.TransactWriteItems(ctx, in, opts...)
}

// A kmsFake changes what KMS answers.
type kmsFake struct {
	*kms.Client
	decrypt   func(*kms.DecryptOutput)
	generate  func(*kms.GenerateDataKeyWithoutPlaintextOutput)
	reEncrypt func(*kms.ReEncryptOutput)
}

func answer[T any](out *T, err error, change func(*T)) (*T, error) {
	if err == nil && change != nil {
		change(out)
	}
	return out, err
}

func (f *kmsFake) Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	out, err := f.Client.Decrypt(ctx, in, opts...)
	return answer(out, err, f.decrypt)
}

func (f *kmsFake) GenerateDataKeyWithoutPlaintext(ctx context.Context, in *kms.GenerateDataKeyWithoutPlaintextInput, opts ...func(*kms.Options)) (*kms.GenerateDataKeyWithoutPlaintextOutput, error) {
	out, err := f.Client.GenerateDataKeyWithoutPlaintext(ctx, in, opts...)
	return answer(out, err, f.generate)
}

func (f *kmsFake) ReEncrypt(ctx context.Context, in *kms.ReEncryptInput, opts ...func(*kms.Options)) (*kms.ReEncryptOutput, error) {
	out, err := f.Client.ReEncrypt(ctx, in, opts...)
	return answer(out, err, f.reEncrypt)
}

// cloneRow copies a row, and the bytes in it.
func cloneRow(row map[string]types.AttributeValue) map[string]types.AttributeValue {
	row = maps.Clone(row)
	if b, ok := row[attrEnc].(*types.AttributeValueMemberB); ok {
		row[attrEnc] = &types.AttributeValueMemberB{Value: slices.Clone(b.Value)}
	}
	return row
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %v\nwant %v", what, got, want)
	}
}

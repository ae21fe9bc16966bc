package keyring

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

func describe(t *testing.T, db *dynamodb.Client, table string) *types.TableDescription {
	t.Helper()
	out, err := db.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	return out.Table
}

func TestCreateBranchKeyTable(t *testing.T) {
	db, ctx := ddbenctest.NewDynamoDB(t), t.Context()
	calls := 0
	change := func(in *dynamodb.CreateTableInput) {
		calls++
		in.DeletionProtectionEnabled = aws.Bool(true)
	}
	arn, err := CreateBranchKeyTable(ctx, db, storeTable, change)
	if err != nil {
		t.Fatal(err)
	}
	table := describe(t, db, storeTable)
	equal(t, "ARN", arn, *table.TableArn)
	equal(t, "keys", table.KeySchema, branchKeySchema)
	equal(t, "attributes", table.AttributeDefinitions, branchKeyAttributes)
	equal(t, "billing", table.BillingModeSummary.BillingMode, types.BillingModePayPerRequest)
	equal(t, "deletion protection", aws.ToBool(table.DeletionProtectionEnabled), true)

	// It is there now, and stays as it is.
	again, err := CreateBranchKeyTable(ctx, db, storeTable, change)
	if err != nil || again != arn || calls != 1 {
		t.Errorf("again: %q, error %v, %d changes", again, err, calls)
	}
}

// The ARN of a table means the table. Branch keys are bound to the logical name, so
// that they are the same by either.
func TestBranchKeyTableByARN(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	arn := *describe(t, b.db, storeTable).TableArn
	if again, err := CreateBranchKeyTable(ctx, b.db, arn); again != arn || err != nil {
		t.Errorf("CreateBranchKeyTable(%q) = %q, %v", arn, again, err)
	}
	byARN, err := NewBranchKeyStore(b.db, b.kms.Client(storeRegion), arn, storeTable, KMSKeyARN(b.arn))
	if err != nil {
		t.Fatal(err)
	}
	byName, err := NewBranchKeyStore(b.db, b.kms.Client(storeRegion), storeTable, storeTable, KMSKeyARN(b.arn))
	if err != nil {
		t.Fatal(err)
	}
	id, err := byARN.CreateKey(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := byName.VersionKey(ctx, id); err != nil {
		t.Error(err)
	}
	if _, err := byARN.ActiveBranchKey(ctx, id); err != nil {
		t.Error(err)
	}
}

// Changes of one table don't show in the next.
func TestCreateBranchKeyTableChanges(t *testing.T) {
	db, ctx := ddbenctest.NewDynamoDB(t), t.Context()
	index := func(in *dynamodb.CreateTableInput) {
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String("kms-arn"), AttributeType: types.ScalarAttributeTypeS})
		in.AttributeDefinitions[0], in.AttributeDefinitions[1] = in.AttributeDefinitions[1], in.AttributeDefinitions[0]
		in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("by-key"),
			KeySchema:  []types.KeySchemaElement{{AttributeName: aws.String("kms-arn"), KeyType: types.KeyTypeHash}},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}}
	}
	for range 2 { // made, and there with an index and another attribute
		if _, err := CreateBranchKeyTable(ctx, db, "with-index", index); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := CreateBranchKeyTable(ctx, db, "without"); err != nil {
		t.Fatal(err)
	}
	equal(t, "attributes", describe(t, db, "without").AttributeDefinitions, branchKeyAttributes)
}

func TestCreateBranchKeyTableOverAnother(t *testing.T) {
	s, n := types.ScalarAttributeTypeS, types.ScalarAttributeTypeN
	for _, c := range []struct {
		name              string
		partition, sort   string
		partitionT, sortT types.ScalarAttributeType
	}{
		{"a meta table", "N", "V", s, n},
		{"no sort key", "branch-key-id", "", s, ""},
		{"a numeric type", "branch-key-id", "type", s, n},
		{"a numeric id", "branch-key-id", "type", n, s},
		{"another id", "id", "type", s, s},
		{"another type", "branch-key-id", "kind", s, s},
		{"exchanged", "type", "branch-key-id", s, s},
	} {
		db, ctx := ddbenctest.NewDynamoDB(t), t.Context()
		in := &dynamodb.CreateTableInput{
			TableName: aws.String(storeTable), BillingMode: types.BillingModePayPerRequest,
			KeySchema:            []types.KeySchemaElement{{AttributeName: &c.partition, KeyType: types.KeyTypeHash}},
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &c.partition, AttributeType: c.partitionT}},
		}
		if c.sort != "" {
			in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: &c.sort, KeyType: types.KeyTypeRange})
			in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: &c.sort, AttributeType: c.sortT})
		}
		if _, err := db.CreateTable(ctx, in); err != nil {
			t.Fatal(err)
		}
		_, err := CreateBranchKeyTable(ctx, db, storeTable)
		t.Run(c.name, func(t *testing.T) {
			checkErrors(t, err, crypt.ErrConfig)
			if !strings.Contains(text(err), "is no key store") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestCreateBranchKeyTableFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault ddbenctest.Fault
		want  error // nil if it succeeds
	}{
		{"describing refused", ddbenctest.Fault{Operation: "DescribeTable", Code: "AccessDeniedException"}, ErrKeyRefused},
		{"creating refused", ddbenctest.Fault{Operation: "CreateTable", Code: "AccessDeniedException"}, ErrKeyRefused},
		{"describing throttled", ddbenctest.Fault{Operation: "DescribeTable", Code: "ThrottlingException"}, nil},
		{"answer lost", ddbenctest.Fault{Operation: "CreateTable", LoseResponse: true}, nil},
		{"request lost", ddbenctest.Fault{Operation: "CreateTable", Drop: true}, nil},
	} {
		engine := ddbenctest.NewEngine()
		engine.Fault(c.fault)
		arn, err := CreateBranchKeyTable(t.Context(), engine.Client(), storeTable)
		t.Run(c.name, func(t *testing.T) {
			if c.want != nil {
				checkErrors(t, err, c.want)
			} else if err != nil || arn == "" {
				t.Errorf("%q, error %v", arn, err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := CreateBranchKeyTable(ctx, ddbenctest.NewDynamoDB(t), storeTable)
	checkErrors(t, err, context.Canceled)
	_, err = CreateBranchKeyTable(t.Context(), nil, storeTable)
	checkErrors(t, err, crypt.ErrConfig)
	_, err = CreateBranchKeyTable(t.Context(), ddbenctest.NewDynamoDB(t), "")
	checkErrors(t, err, crypt.ErrConfig)
}

func TestManyCreateTheSameTable(t *testing.T) {
	db, ctx := ddbenctest.NewDynamoDB(t), t.Context()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := CreateBranchKeyTable(ctx, db, storeTable); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

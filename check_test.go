package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// checked is a type with all that Check compares.
type checked struct {
	ID      string `dynamodbav:"id,partition"`
	At      int64  `dynamodbav:"at,sort"`
	Clinic  string `dynamodbav:"clinic" dynamodbindex:"by-clinic,global,partition"`
	Room    string `dynamodbav:"room" dynamodbindex:"by-room,local,sort"`
	Expires int64  `dynamodbav:"expires,ttl"`
}

// fakeCheck answers Check as it is told.
type fakeCheck struct {
	table  *types.TableDescription
	ttl    *types.TimeToLiveDescription
	err    error // of DescribeTable
	ttlErr error
	names  []string
}

func (f *fakeCheck) DescribeTable(_ context.Context, in *dynamodb.DescribeTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	f.names = append(f.names, aws.ToString(in.TableName))
	return &dynamodb.DescribeTableOutput{Table: f.table}, f.err
}

func (f *fakeCheck) DescribeTimeToLive(_ context.Context, in *dynamodb.DescribeTimeToLiveInput, _ ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error) {
	f.names = append(f.names, aws.ToString(in.TableName))
	return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: f.ttl}, f.ttlErr
}

// asDeclared describes a table as checked has it.
func asDeclared() *fakeCheck {
	key := func(partition, sort string) []types.KeySchemaElement {
		k := []types.KeySchemaElement{{AttributeName: &partition, KeyType: types.KeyTypeHash}}
		if sort != "" {
			k = append(k, types.KeySchemaElement{AttributeName: &sort, KeyType: types.KeyTypeRange})
		}
		return k
	}
	all := &types.Projection{ProjectionType: types.ProjectionTypeAll}
	return &fakeCheck{
		table: &types.TableDescription{
			TableStatus: types.TableStatusUpdating,
			KeySchema:   key("id", "at"),
			AttributeDefinitions: []types.AttributeDefinition{
				{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("at"), AttributeType: "N"},
				{AttributeName: aws.String("clinic"), AttributeType: "S"}, {AttributeName: aws.String("room"), AttributeType: "S"},
			},
			GlobalSecondaryIndexes: []types.GlobalSecondaryIndexDescription{{IndexName: aws.String("by-clinic"), KeySchema: key("clinic", ""), Projection: all}},
			LocalSecondaryIndexes:  []types.LocalSecondaryIndexDescription{{IndexName: aws.String("by-room"), KeySchema: key("id", "room"), Projection: all}},
		},
		ttl: &types.TimeToLiveDescription{AttributeName: aws.String("expires"), TimeToLiveStatus: types.TimeToLiveStatusEnabled},
	}
}

func checkedTable(t *testing.T, name string) *ddbenc.Table[checked] {
	t.Helper()
	table, err := ddbenc.NewTable[checked](&fake{}, name, staticFormat(t))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestCheckFindsNothingWhereNothingIs(t *testing.T) {
	ctx, e := t.Context(), ddbenctest.NewEngine()
	ddbenctest.CreateTable[checked](t, e.Client(), "checked")
	schema, err := ddbenc.SchemaOf[checked]()
	ok(t, err)
	_, err = e.Client().UpdateTimeToLive(ctx, schema.TimeToLiveInput("checked"))
	ok(t, err)
	ok(t, checkedTable(t, "checked").Check(ctx, e.Client()))

	const arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/checked"
	fake := asDeclared()
	ok(t, checkedTable(t, arn).Check(ctx, fake))
	if diff := cmp.Diff([]string{arn, arn}, fake.names); diff != "" {
		t.Errorf("table names (-want +got):\n%s", diff)
	}
}

func TestCheckTellsAllDifferencesAtOnce(t *testing.T) {
	e := ddbenctest.NewEngine()
	_, err := e.Client().CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:   aws.String("checked"),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("at"), AttributeType: "S"},
			{AttributeName: aws.String("clinic"), AttributeType: "S"}},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}, {AttributeName: aws.String("at"), KeyType: "RANGE"}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String("by-clinic"),
			KeySchema:  []types.KeySchemaElement{{AttributeName: aws.String("clinic"), KeyType: "HASH"}},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}}},
	})
	ok(t, err)
	err = checkedTable(t, "checked").Check(t.Context(), e.Client())
	if !errors.Is(err, ddbenc.ErrMismatch) {
		t.Fatalf("Check gives %v", err)
	}
	var got []string
	list, isList := errors.AsType[*ddbenc.CheckError](err)
	if !isList {
		t.Fatalf("Check gives a %T", err)
	}
	for _, d := range list.Differences {
		got = append(got, fmt.Sprintf("%s: want %s, got %s", d.Index, d.Want, d.Got))
		if d.Breaks == "" || !strings.Contains(err.Error(), d.String()) {
			t.Errorf("the error %q does not say %q", err, d)
		}
	}
	want := []string{
		`: want key attribute "at" of type N, got type S`,
		`by-clinic: want projection ALL, got projection KEYS_ONLY`,
		`by-room: want local index, got none of that name`,
		`: want time to live "expires", got none`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestCheckCompares(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*fakeCheck)
		want   string // of the only difference
	}{
		{"partition key", func(f *fakeCheck) { f.table.KeySchema[0].AttributeName = aws.String("other") }, `want key ("id", "at"), got key ("other", "at")`},
		{"sort key", func(f *fakeCheck) { f.table.KeySchema = f.table.KeySchema[:1] }, `want key ("id", "at"), got key ("id")`},
		{"keys swapped", func(f *fakeCheck) {
			f.table.KeySchema[0].KeyType, f.table.KeySchema[1].KeyType = types.KeyTypeRange, types.KeyTypeHash
		}, `want key ("id", "at"), got key ("at", "id")`},
		{"type of an index key", func(f *fakeCheck) { f.table.AttributeDefinitions[2].AttributeType = "B" }, `index "by-clinic": want key attribute "clinic" of type S, got type B`},
		{"key of an index", func(f *fakeCheck) { f.table.GlobalSecondaryIndexes[0].KeySchema[0].AttributeName = aws.String("room") }, `index "by-clinic": want key ("clinic"), got key ("room")`},
		{"part of an item in an index", func(f *fakeCheck) {
			f.table.LocalSecondaryIndexes[0].Projection = &types.Projection{ProjectionType: types.ProjectionTypeInclude}
		}, `index "by-room": want projection ALL, got projection INCLUDE`},
		{"no projection", func(f *fakeCheck) { f.table.LocalSecondaryIndexes[0].Projection = nil }, `index "by-room": want projection ALL, got projection none`},
		{"no index", func(f *fakeCheck) { f.table.GlobalSecondaryIndexes = nil }, `index "by-clinic": want global index, got none of that name`},
		{"time to live elsewhere", func(f *fakeCheck) { f.ttl.AttributeName = aws.String("end") }, `want time to live "expires", got "end"`},
		{"time to live off", func(f *fakeCheck) { f.ttl.TimeToLiveStatus = types.TimeToLiveStatusDisabling }, `want time to live "expires", got none`},
		{"no time to live", func(f *fakeCheck) { f.ttl = nil }, `want time to live "expires", got none`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := asDeclared()
			tt.change(f)
			err := checkedTable(t, "checked").Check(t.Context(), f)
			list, isList := errors.AsType[*ddbenc.CheckError](err)
			if !isList || len(list.Differences) != 1 || !strings.HasPrefix(list.Differences[0].String(), tt.want+": ") {
				t.Errorf("Check gives %v, want only %s", err, tt.want)
			}
		})
	}
}

func TestCheckThatCanNotBeMade(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "no"}
	unknown := &smithy.GenericAPIError{Code: "UnknownOperationException"}
	for _, tt := range []struct {
		name string
		db   ddbenc.CheckAPI
		want error // nil if nothing is wrong
	}{
		{"DescribeTable denied", &fakeCheck{err: denied}, denied},
		{"no such table", &fakeCheck{err: &types.ResourceNotFoundException{}}, new(types.ResourceNotFoundException)},
		{"context ended", &fakeCheck{err: context.Canceled}, context.Canceled},
		{"DescribeTimeToLive denied", func() *fakeCheck { f := asDeclared(); f.ttlErr = denied; return f }(), nil},
		{"DescribeTimeToLive unknown", func() *fakeCheck { f := asDeclared(); f.ttlErr = unknown; return f }(), nil},
		{"DescribeTimeToLive fails", func() *fakeCheck { f := asDeclared(); f.ttlErr = context.DeadlineExceeded; return f }(), context.DeadlineExceeded},
		{"no client", nil, ddbenc.ErrConfig},
		{"nil client", (*dynamodb.Client)(nil), ddbenc.ErrConfig},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := checkedTable(t, "checked").Check(t.Context(), tt.db)
			var api, wantAPI smithy.APIError
			same := errors.Is(err, tt.want) || errors.As(tt.want, &wantAPI) && errors.As(err, &api) && api.ErrorCode() == wantAPI.ErrorCode()
			if !same || errors.Is(err, ddbenc.ErrMismatch) {
				t.Errorf("Check gives %v, want %v", err, tt.want)
			}
		})
	}
	if err := checkedTable(t, "checked").Check(t.Context(), &fakeCheck{}); err == nil || errors.Is(err, ddbenc.ErrMismatch) {
		t.Errorf("without a table, Check gives %v", err)
	}
}

func TestCheckOfARawTable(t *testing.T) {
	table, err := ddbenc.NewRawTable("checked", staticFormat(t), ddbenc.RawSchema{
		PartitionKey: "id", SortKey: "at", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
		Indexes: []ddbenc.SchemaIndex{{Name: "by-clinic", PartitionKey: "clinic", Global: true}},
	})
	ok(t, err)
	f := asDeclared()
	ok(t, table.Check(t.Context(), f))
	if len(f.names) != 1 {
		t.Errorf("%d requests, want 1", len(f.names))
	}
	f.table.GlobalSecondaryIndexes[0].Projection.ProjectionType = types.ProjectionTypeKeysOnly
	if err := table.Check(t.Context(), f); !errors.Is(err, ddbenc.ErrMismatch) {
		t.Errorf("Check gives %v", err)
	}
}

// A program looks at its table when it starts.
func ExampleTable_Check() {
	ctx := context.Background()
	db := ddbenctest.NewEngine().Client()
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String("visits"),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("clinic"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String("by-clinic"),
			KeySchema:  []types.KeySchemaElement{{AttributeName: aws.String("clinic"), KeyType: "HASH"}},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}}},
	})
	if err != nil {
		panic(err)
	}
	type Visit struct {
		ID     string `dynamodbav:"id,partition"`
		Name   string `dynamodbav:"name"`
		Clinic string `dynamodbav:"clinic" dynamodbindex:"by-clinic,global,partition"`
	}
	visits, err := ddbenc.NewTable[Visit](db, "visits", crypt.NewDDBEC(testProvider))
	if err != nil {
		panic(err)
	}

	var e *ddbenc.CheckError
	if errors.As(visits.Check(ctx, db), &e) {
		for _, d := range e.Differences {
			fmt.Println(d)
		}
	}
	// Output:
	// index "by-clinic": want projection ALL, got projection KEYS_ONLY: items that are read from it lack attributes and do not verify: make an index that projects all
}

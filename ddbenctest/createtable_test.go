package ddbenctest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

// fakeTables answers like a service whose tables take a moment.
type fakeTables struct {
	created, deleted []string
	describes        int
	createErr        error
	deleteErr        error
}

func (f *fakeTables) CreateTable(_ context.Context, in *dynamodb.CreateTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error) {
	f.created = append(f.created, *in.TableName)
	return &dynamodb.CreateTableOutput{}, f.createErr
}

func (f *fakeTables) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	f.describes++
	status := types.TableStatusCreating
	if f.describes > 2 {
		status = types.TableStatusActive
	}
	return &dynamodb.DescribeTableOutput{Table: &types.TableDescription{TableStatus: status}}, nil
}

func (f *fakeTables) DeleteTable(_ context.Context, in *dynamodb.DeleteTableInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteTableOutput, error) {
	f.deleted = append(f.deleted, *in.TableName)
	return &dynamodb.DeleteTableOutput{}, f.deleteErr
}

func TestCreateTableWaitsAndCleansUp(t *testing.T) {
	db := &fakeTables{}
	failure := record(t, func(t testing.TB) {
		ddbenctest.CreateTable[patient](t, db, "patients")
		if db.describes != 3 {
			t.Errorf("described %d times, want until the table was active", db.describes)
		}
	})
	if failure != "" {
		t.Error(failure)
	}
	if strings.Join(db.created, " ") != "patients" || strings.Join(db.deleted, " ") != "patients" {
		t.Errorf("created %q, deleted %q", db.created, db.deleted)
	}
}

func TestCreateTableFails(t *testing.T) {
	tests := []struct {
		name  string
		db    *fakeTables
		check func(t testing.TB, db *fakeTables)
		want  string
	}{
		{"create", &fakeTables{createErr: errors.New("no")},
			func(t testing.TB, db *fakeTables) { ddbenctest.CreateTable[patient](t, db, "p") }, `creating table "p": no`},
		{"delete", &fakeTables{deleteErr: errors.New("no")},
			func(t testing.TB, db *fakeTables) { ddbenctest.CreateTable[patient](t, db, "p") }, `deleting table "p": no`},
		{"type", &fakeTables{},
			func(t testing.TB, db *fakeTables) { ddbenctest.CreateTable[struct{ A string }](t, db, "p") }, `the type has mistakes:`},
		{"key", &fakeTables{}, func(t testing.TB, db *fakeTables) {
			ddbenctest.CreateTable[struct {
				ID nullKey `dynamodbav:"id,partition"`
			}](t, db, "p")
		}, `the type of key attribute "id" is known to its values only: create the table yourself`},
	}
	for _, tt := range tests {
		got := record(t, func(t testing.TB) { tt.check(t, tt.db) })
		if first, _, _ := strings.Cut(got, "\n"); first != tt.want {
			t.Errorf("%s: failed with %q, want %q", tt.name, first, tt.want)
		}
		if tt.name != "delete" && len(tt.db.deleted) > 0 {
			t.Errorf("%s: deleted %q, which was not created", tt.name, tt.db.deleted)
		}
	}
}

// nullKey is a key whose zero value is none.
type nullKey struct{}

func (nullKey) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberNULL{Value: true}, nil
}

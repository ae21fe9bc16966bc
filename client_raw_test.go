package ddbenc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

func TestNewRawTable(t *testing.T) {
	format := crypt.NewDDBEC(testProvider)
	all := crypt.Actions{Default: crypt.EncryptAndSign}
	for _, tc := range []struct {
		name   string
		table  string
		schema ddbenc.RawSchema
		opts   []ddbenc.TableOption
		want   string
	}{
		{"no keys", "patients", ddbenc.RawSchema{Actions: all}, nil, "partition key is empty"},
		{"no action", "patients", ddbenc.RawSchema{PartitionKey: "id"}, nil, "default"},
		{"bad name", "pa tients", ddbenc.RawSchema{PartitionKey: "id", Actions: all}, nil, "not a table name"},
		{"encrypted key", "patients", ddbenc.RawSchema{PartitionKey: "id", Actions: crypt.Actions{Default: crypt.SignOnly,
			Attributes: map[string]crypt.Action{"id": crypt.EncryptAndSign}}}, nil, `"id"`},
		{"encrypted index key", "patients", ddbenc.RawSchema{PartitionKey: "id", Indexes: []ddbenc.SchemaIndex{{Name: "by-x", Global: true, PartitionKey: "x"}},
			Actions: crypt.Actions{Default: crypt.SignOnly, Attributes: map[string]crypt.Action{"x": crypt.EncryptAndSign}}}, nil, `"x"`},
		{"index names", "patients", ddbenc.RawSchema{PartitionKey: "id", Actions: all, Indexes: []ddbenc.SchemaIndex{{Name: "b", PartitionKey: "id"}}}, nil, "not an index name"},
		{"index twice", "patients", ddbenc.RawSchema{PartitionKey: "id", Actions: all, Indexes: []ddbenc.SchemaIndex{
			{Name: "by-x", PartitionKey: "id", SortKey: "x"}, {Name: "by-x", PartitionKey: "id", SortKey: "y"}}}, nil, "there twice"},
		{"index without a key", "patients", ddbenc.RawSchema{PartitionKey: "id", Actions: all, Indexes: []ddbenc.SchemaIndex{{Name: "by-x", Global: true}}}, nil, "no partition key"},
		{"local index", "patients", ddbenc.RawSchema{PartitionKey: "id", Actions: all, Indexes: []ddbenc.SchemaIndex{{Name: "by-x", PartitionKey: "x"}}}, nil, "is local"},
		{"marshaling", "patients", ddbenc.RawSchema{PartitionKey: "id", Actions: all}, []ddbenc.TableOption{ddbenc.EncoderOptions(nil)}, "no meaning"},
	} {
		table, err := ddbenc.NewRawTable(tc.table, format, tc.schema, tc.opts...)
		if table != nil || !errors.Is(err, ddbenc.ErrConfig) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, %v, want %q", tc.name, table, err, tc.want)
		}
	}
	if _, err := ddbenc.NewRawTable("patients", nil, ddbenc.RawSchema{PartitionKey: "id", Actions: all}); !errors.Is(err, ddbenc.ErrConfig) {
		t.Errorf("no format: %v", err)
	}
}

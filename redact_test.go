package ddbenc_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/redacttest"
)

// A discreet item prints without its values, which most types don't.
type discreet struct {
	ID     string `dynamodbav:"id,partition"`
	Clinic string `dynamodbav:"clinic" ddbenc:"sign"`
}

func (discreet) Format(f fmt.State, _ rune)   { fmt.Fprint(f, "discreet") }
func (discreet) MarshalText() ([]byte, error) { return []byte("discreet"), nil }

// A seenPart is what is read of a hooked item without verifying it.
type seenPart struct {
	ID    string `dynamodbav:"id"`
	Views int    `dynamodbav:"views"`
}

// Whatever holds values prints without them, under every verb, in logs and as JSON.
func TestPrintingShowsNoValues(t *testing.T) {
	const secret = "planted-secret"
	pageKey := []byte("a page key that is quite secret, too")[:32]
	e, table, _ := hookedTable(t)
	careful, err := ddbenc.NewTable[discreet](e.Client(), "hooked", staticFormat(t))
	ok(t, err)
	raw, err := ddbenc.NewRawTable("hooked", staticFormat(t), ddbenc.RawSchema{PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}})
	ok(t, err)
	v, quiet := &hooked{ID: secret, Name: secret, Clinic: secret}, &discreet{ID: secret, Clinic: secret}
	w := table.BatchWriter()
	ok(t, w.Put(t.Context(), v))
	put := ddbenc.TxPut(table, v)
	update := ddbenc.TxUpdate(table, ddbenc.Key(secret), func(*hooked) error { return nil }, ddbenc.If(expression.Name("clinic").Equal(expression.Value(secret))))
	prepared, err := ddbenc.PrepareWrite(t.Context(), "", put)
	ok(t, err)
	var into *hooked
	_, err = table.DecryptItem(t.Context(), map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: secret}})
	var itemErr *ddbenc.ItemError
	if !errors.As(err, &itemErr) {
		t.Fatalf("no ItemError: %v", err)
	}
	conditional := &ddbenc.ConditionError[hooked]{Op: "PutItem", Table: "hooked", Current: v, CurrentErr: itemErr, Err: errors.New("failed")}
	operation := &ddbenc.OperationError{Op: "Put", Table: "hooked", Code: "ValidationError", Message: secret, Err: conditional}
	ok(t, careful.Put(t.Context(), quiet))
	var page *ddbenc.Page[discreet]
	for p, err := range careful.ScanPages(t.Context(), ddbenc.PageSize(1)) {
		ok(t, err)
		page = p
		break
	}
	tokens, err := ddbenc.NewPageTokens(time.Hour, pageKey)
	ok(t, err)
	reader, err := ddbenc.NewUnverifiedReader[seenPart](table)
	ok(t, err)
	part, err := reader.Get(t.Context(), ddbenc.Key(secret))
	ok(t, err)

	p := redacttest.Package{
		Secrets: []redacttest.Secret{
			redacttest.Text("value", secret), redacttest.Key("page key", pageKey),
			redacttest.Text("content key", "kkkkkkkkkkkkkkkk"), redacttest.Text("signing key", "ssssssssssssssss"),
		},
		Values: []any{
			table, raw, w, put, update, ddbenc.TxGet(table, ddbenc.Key(secret), &into), prepared,
			ddbenc.Key(secret), ddbenc.RawKey(map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: secret}}),
			itemErr, conditional, fmt.Errorf("wrapped: %w", conditional),
			&ddbenc.BatchError[hooked]{Table: "hooked", Puts: []*hooked{v}, Deletes: []ddbenc.PrimaryKey{ddbenc.Key(secret)}, UnknownPuts: []*hooked{v}, Err: errors.New("failed")},
			operation, &ddbenc.TransactionError{Op: "TransactWriteItems", Failed: []*ddbenc.OperationError{operation}},
			page, page.Next, tokens, reader, part,
			ddbenc.BatchResult[discreet]{Item: quiet, Err: itemErr},
			ddbenc.If(expression.Name("clinic").Equal(expression.Value(secret))),
			ddbenc.Encrypted(table, raw), ddbenc.Resume(page.Next),
		},
		Without: map[string]string{
			"CheckError":      "names of attributes and indexes, and their types",
			"Difference":      "names of attributes and indexes, and their types",
			"RawSchema":       "names and actions",
			"Schema":          "names and actions",
			"SchemaAttribute": "names and actions",
			"SchemaError":     "what stands in the source",
			"SchemaIndex":     "names",
		},
		Open: map[string]string{
			"BatchError":       "its fields are for whoever handles it",
			"BatchResult":      "its fields are for whoever reads the batch",
			"BatchWriter":      "it has keys, which are never encrypted",
			"Cursor":           "it is a key, which is never encrypted",
			"OperationError":   "its fields are for whoever handles it",
			"Page":             "it has cursors",
			"PrimaryKey":       "a key is never encrypted",
			"TransactionError": "its fields are for whoever handles it",
			"TxWrite":          "it has a condition, which names nothing that is encrypted",
			"Unverified":       "what it has is never encrypted",
		},
		JSON: map[string]string{
			"Cursor": "it can be read back, which needs the key",
			"Page":   "it has a cursor",
		},
	}
	p.Test(t)
}

package ddbenc_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
)

// Whatever holds values prints without them, under every verb and in logs. A
// BatchResult has the caller's own T, which prints as T does.
func TestPrintingShowsNoValues(t *testing.T) {
	const secret = "planted-secret"
	_, table, _ := hookedTable(t)
	v := &hooked{ID: secret, Name: secret, Clinic: secret}
	w := table.BatchWriter()
	ok(t, w.Put(t.Context(), v))
	put := ddbenc.TxPut(table, v)
	prepared, err := ddbenc.PrepareWrite(t.Context(), "", put)
	ok(t, err)
	var into *hooked
	_, itemErr := table.DecryptItem(t.Context(), map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: secret}})
	conditional := &ddbenc.ConditionError[hooked]{Op: "PutItem", Table: "hooked", Current: v, CurrentErr: itemErr, Err: errors.New("failed")}
	for _, held := range []any{
		table, w, put, ddbenc.TxGet(table, ddbenc.Key(secret), &into), prepared,
		ddbenc.Key(secret), ddbenc.RawKey(map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: secret}}),
		itemErr, conditional, fmt.Errorf("wrapped: %w", conditional),
		&ddbenc.BatchError[hooked]{Table: "hooked", Puts: []*hooked{v}, Deletes: []ddbenc.PrimaryKey{ddbenc.Key(secret)}, Err: errors.New("failed")},
		&ddbenc.OperationError{Op: "Put", Table: "hooked", Message: secret, Err: conditional},
		&ddbenc.TransactionError{Op: "TransactWriteItems", Failed: []*ddbenc.OperationError{{Message: secret, Code: "ValidationError"}}},
		ddbenc.If(expression.Name("clinic").Equal(expression.Value(secret))),
	} {
		var logs bytes.Buffer
		slog.New(slog.NewTextHandler(&logs, nil)).Info("held", "v", held)
		slog.New(slog.NewTextHandler(&logs, nil)).Info("held", slog.Group("g", "v", held))
		for _, text := range []string{fmt.Sprintf("%v", held), fmt.Sprintf("%+v", held), fmt.Sprintf("%#v", held), fmt.Sprintf("%s", held), fmt.Sprintf("%q", held), logs.String()} {
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
				t.Errorf("a %T prints a value: %s", held, text)
			}
		}
	}
}

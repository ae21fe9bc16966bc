package ddbenc_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

// A table that is opened with an encrypted client encrypts once.
func TestTableOnEncryptedClient(t *testing.T) {
	c := openClinic(t)
	ctx := context.Background()
	again := must(ddbenc.NewTable[Admission](c.db, c.table, crypt.NewDDBEC(testProvider)))
	p := &Admission{ID: "ada", Visit: visitAt(1), Name: secret}
	if err := again.Put(ctx, p); err != nil {
		t.Fatal(err)
	}
	c.wire.mustBeSecret(t)
	for name, table := range map[string]*ddbenc.Table[Admission]{"with": again, "without": c.patients} {
		got, err := table.Get(ctx, ddbenc.Key("ada", visitAt(1)))
		if err != nil || got.Name != secret {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	out, err := c.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.table, Key: admissionKey("ada", "1700000001")})
	if diff := cmp.Diff(s(secret), out.Item["name"], avCmp); err != nil || diff != "" {
		t.Errorf("the client reads %v:\n%s", err, diff)
	}
}

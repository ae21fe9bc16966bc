package ddbenc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

// An item that encryption makes too large is refused before it is sent. One that
// is just not too large, by what DynamoDB counts, is stored.
func TestItemSize(t *testing.T) {
	c := openClinic(t)
	// Ciphertext comes in blocks, so an attribute that is not encrypted has the
	// last bytes.
	item := func(fill, last int) avItem {
		it := with(with(admission("ada", "-12.50"), "clinic", nil), "rank", nil) // in no index
		it["notes"] = s(strings.Repeat("n", fill))
		it["views"] = &types.AttributeValueMemberM{Value: avItem{
			"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{n("0.001"), s("x"), &types.AttributeValueMemberNULL{Value: true}, &types.AttributeValueMemberBOOL{}}},
			"s": &types.AttributeValueMemberSS{Value: []string{"a", "bc"}}, "n": &types.AttributeValueMemberNS{Value: []string{"1", "1e5", "-10"}},
			"b": &types.AttributeValueMemberBS{Value: [][]byte{{1, 2}}},
			"p": s(strings.Repeat("p", last)),
		}}
		return it
	}
	put := func(db *dynamodb.Client, it avItem) error {
		_, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: it})
		return err
	}

	const fill = 390 << 10
	largest, err := -1, error(nil) // that DynamoDB takes
	for low, high := 0, 20<<10; low <= high; {
		mid := (low + high) / 2
		if err = put(c.db, item(fill, mid)); err == nil {
			largest, low = mid, mid+1
		} else {
			high = mid - 1
		}
	}
	if largest < 0 {
		t.Fatalf("nothing was stored: %v", err)
	}
	// DynamoDB doesn't take more, so nothing was refused too early.
	enc := must(crypt.NewDDBEC(testProvider).ForTable(crypt.Table{Name: c.table, PartitionKey: "patient_id", SortKey: "visit",
		Actions: must(ddbenc.SchemaOf[Admission]()).Actions(), IndexKeys: []string{"clinic", "rank"}}))
	if err := put(c.plain, must(enc.Encrypt(t.Context(), item(fill, largest)))); err != nil {
		t.Errorf("the largest, without ddbenc: %v", err)
	}
	if err := put(c.plain, must(enc.Encrypt(t.Context(), item(fill, largest+1)))); err == nil {
		t.Error("larger, without ddbenc: stored")
	}
	// A few bytes more may reach DynamoDB, which then refuses.
	before := c.wire.requests()
	err = put(c.db, item(fill, largest+8))
	if !errors.Is(err, ddbenc.ErrRefused) || !strings.Contains(err.Error(), "of which encryption added") {
		t.Errorf("too large: %v", err)
	}
	if n := c.wire.requests() - before; n > 0 {
		t.Error("too large, and sent")
	}
	if err := put(c.db, item(fill, largest)); err != nil {
		t.Errorf("the largest: %v", err)
	}

	for name, write := range map[string]func(it avItem) error{
		"batch": func(it avItem) error {
			_, err := c.db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{c.table: {{PutRequest: &types.PutRequest{Item: it}}}}})
			return err
		},
		"transaction": func(it avItem) error {
			_, err := c.db.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: &c.table, Item: it}}}})
			return err
		},
	} {
		if err := write(item(fill, largest)); err != nil {
			t.Errorf("%s, the largest: %v", name, err)
		}
		if err := write(item(fill, largest+8)); !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("%s, too large: %v", name, err)
		}
	}
	err = c.patients.Put(t.Context(), &Admission{ID: "ada", Visit: visitAt(1), Name: strings.Repeat("x", 400<<10)})
	if !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("Table.Put: %v", err)
	}
}

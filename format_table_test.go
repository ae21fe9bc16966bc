package ddbenc_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

func chartCmp[T any]() cmp.Option { return cmp.AllowUnexported(*new(T)) }

func testChartTable[T any, P anyChart[T]](t *testing.T, c *chartTable[T, P]) {
	ctx := t.Context()
	first, second := newChart[T, P]("p", 1), newChart[T, P]("p", 1)
	if err := c.table.Put(ctx, first); err != nil {
		t.Fatal(err)
	}
	got, err := c.table.Get(ctx, chartKey("p", 1), ddbenc.ConsistentRead())
	if diff := cmp.Diff(first, got, chartCmp[T]()); err != nil || diff != "" {
		t.Errorf("Get: %v (-want +got):\n%s", err, diff)
	}
	// A second writer who knows of no item is stopped, and shown what is there.
	var failed *ddbenc.ConditionError[T]
	err = c.table.Put(ctx, second, ddbenc.ReturnCurrent())
	if !errors.As(err, &failed) || cmp.Diff(first, failed.Current, chartCmp[T]()) != "" || failed.CurrentErr != nil {
		t.Errorf("Put of a new item over an old one: %v", err)
	}
	var old *T
	*P(second).parts() = *P(first).parts()
	P(second).parts().Text = secret + " 2"
	if err := c.table.Put(ctx, second, ddbenc.ReturnOld(&old)); err != nil || cmp.Diff(first, old, chartCmp[T]()) != "" || P(second).parts().Rev != 2 {
		t.Errorf("Put: %v, old item %v, version %d", err, old, P(second).parts().Rev)
	}
	if err := c.table.Delete(ctx, chartKey("p", 1), ddbenc.IfVersion(1)); !errors.Is(err, ddbenc.ErrConditionFailed) {
		t.Errorf("Delete of another version: %v", err)
	}
	if err := c.table.Delete(ctx, chartKey("p", 1), ddbenc.IfVersion(2), ddbenc.ReturnOld(&old)); err != nil || cmp.Diff(second, old, chartCmp[T]()) != "" {
		t.Errorf("Delete: %v, old item %v", err, old)
	}
	if _, err := c.table.Get(ctx, chartKey("p", 1)); !errors.Is(err, ddbenc.ErrNotFound) {
		t.Errorf("Get of no item: %v", err)
	}
	c.put(t, "p", 1)
	for _, cond := range []expression.ConditionBuilder{
		expression.Name("text").Equal(expression.Value("x")),
		expression.Name("aws_dbe_b_text").Equal(expression.Value("x")),
	} {
		err := c.table.Delete(ctx, chartKey("p", 1), ddbenc.AnyVersion(), ddbenc.If(cond))
		if !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("a condition on ciphertext: %v", err)
		}
	}
	if err := c.table.Delete(ctx, chartKey("p", 1), ddbenc.AnyVersion(), ddbenc.If(expression.Name("grade").Equal(expression.Value(9)))); !errors.Is(err, ddbenc.ErrConditionFailed) {
		t.Errorf("a condition that does not hold: %v", err)
	}
}

func testChartQueries[T any, P anyChart[T]](t *testing.T, c *chartTable[T, P]) {
	ctx := t.Context()
	c.put(t, "p", 7)
	c.put(t, "q", 2)
	expired := newChart[T, P]("p", 8)
	P(expired).parts().Expires = c.engine.Now().Add(-time.Hour).Unix()
	if err := c.table.Put(ctx, expired); err != nil {
		t.Fatal(err)
	}
	numbers := func(all []T, err error) string {
		var text []string
		for i := range all {
			parts := P(&all[i]).parts()
			if parts.Text != secret {
				t.Errorf("item %d has the text %q", parts.Seq, parts.Text)
			}
			text = append(text, fmt.Sprint(parts.Seq))
		}
		if err != nil {
			text = append(text, err.Error())
		}
		return strings.Join(text, " ")
	}
	of := func(name, v string) expression.KeyConditionBuilder {
		return expression.Key(name).Equal(expression.Value(v))
	}
	graded := ddbenc.Filter(expression.Name("grade").Equal(expression.Value(1)))
	for _, tt := range []struct{ name, got, want string }{
		{"partition", numbers(collect(c.table.Query(ctx, of("id", "p")))), "1 2 3 4 5 6 7 8"},
		{"pages", numbers(collect(c.table.Query(ctx, of("id", "p"), ddbenc.PageSize(3), ddbenc.Descending()))), "8 7 6 5 4 3 2 1"},
		{"not expired", numbers(collect(c.table.Query(ctx, of("id", "p"), ddbenc.HideExpired()))), "1 2 3 4 5 6 7"},
		{"filter", numbers(collect(c.table.Query(ctx, of("id", "p"), graded))), "1 4 7"},
		{"index", numbers(collect(c.table.Query(ctx, of("ward", "north"), ddbenc.Index("by-ward"), ddbenc.Filter(expression.Name("id").Equal(expression.Value("q")))))), "2"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
	all, err := collect(c.table.Scan(ctx))
	if len(all) != 10 || err != nil {
		t.Errorf("Scan: %d items, %v", len(all), err)
	}
	all, err = collect(c.table.Scan(ctx, ddbenc.Index("by-ward")))
	if len(all) != 10 || err != nil {
		t.Errorf("Scan of the index: %d items, %v", len(all), err)
	}
	if n, err := c.table.ScanCount(ctx, ddbenc.Index("by-ward")); n != 10 || err != nil {
		t.Errorf("ScanCount of the index: %d, %v", n, err)
	}
	_, err = collect(c.table.Query(ctx, of("id", "p"), ddbenc.Filter(expression.Name("text").Equal(expression.Value("x")))))
	if !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("a filter on ciphertext: %v", err)
	}
}

func testChartUpdates[T any, P anyChart[T]](t *testing.T, c *chartTable[T, P]) {
	ctx := t.Context()
	c.put(t, "p", 1)
	grow := func(v *T) error {
		p := P(v).parts()
		p.Notes, p.Grade = append(p.Notes, secret), p.Grade+1
		return nil
	}
	got, err := c.table.Update(ctx, chartKey("p", 1), grow)
	if err != nil || len(P(got).parts().Notes) != 3 || P(got).parts().Rev != 2 {
		t.Fatalf("Update = %v, %v", got, err)
	}
	if _, err := c.table.Update(ctx, chartKey("p", 2), grow); !errors.Is(err, ddbenc.ErrNotFound) {
		t.Errorf("Update of no item: %v", err)
	}
	if _, err := c.table.Update(ctx, chartKey("p", 2), func(v *T) error { P(v).parts().Text, *P(v).ward() = secret, "east"; return nil }, ddbenc.CreateIfAbsent()); err != nil {
		t.Errorf("Update that makes an item: %v", err)
	}
	if _, err := c.table.Update(ctx, chartKey("p", 1), keep[T], ddbenc.Rewrite()); err != nil {
		t.Errorf("Update that rewrites: %v", err)
	}
	// Writers of what is signed and of what is not, at the same time.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				_, err1 := c.table.Update(ctx, chartKey("p", 1), func(v *T) error { P(v).parts().Grade++; return nil }, ddbenc.Attempts(1000))
				_, err2 := c.table.Update(ctx, chartKey("p", 1), func(v *T) error { P(v).parts().Views++; return nil }, ddbenc.Attempts(1000))
				if err := errors.Join(err1, err2); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, err = c.table.Get(ctx, chartKey("p", 1), ddbenc.ConsistentRead())
	if err != nil || P(got).parts().Grade != 22 || P(got).parts().Views != 21 {
		t.Errorf("after 20 updates: %+v, %v", got, err)
	}
}

func testChartBatches[T any, P anyChart[T]](t *testing.T, c *chartTable[T, P]) {
	ctx := t.Context()
	var items []*T
	var keys []ddbenc.PrimaryKey
	for i := range 30 {
		items, keys = append(items, newChart[T, P]("p", i)), append(keys, chartKey("p", i))
	}
	enc := make([]map[string]types.AttributeValue, len(items))
	for i, v := range items { // BatchPut has no conditions, and so takes no versions
		enc[i] = must(c.table.EncryptItem(ctx, v))
		storeItem(t, c.db, c.name, enc[i])
	}
	results, err := c.table.BatchGet(ctx, append(keys, chartKey("p", 99)), ddbenc.ConsistentRead())
	if err != nil || len(results) != 31 || results[30].Item != nil {
		t.Fatalf("BatchGet: %d results, %v", len(results), err)
	}
	for i := range items {
		P(items[i]).parts().Rev = 1
		if diff := cmp.Diff(items[i], results[i].Item, chartCmp[T]()); diff != "" {
			t.Errorf("item %d (-want +got):\n%s", i, diff)
		}
	}
}

func testChartTransactions[T any, P anyChart[T]](t *testing.T, c *chartTable[T, P]) {
	ctx := t.Context()
	c.put(t, "p", 3)
	has := func(grade int) expression.ConditionBuilder {
		return expression.Name("grade").Equal(expression.Value(grade))
	}
	write := func(grade int) error {
		return ddbenc.TransactWrite(ctx, c.db,
			ddbenc.TxPut(c.table, newChart[T, P]("q", 1)),
			ddbenc.TxUpdate(c.table, chartKey("p", 1), func(v *T) error { P(v).parts().Text = secret + "!"; return nil }),
			ddbenc.TxDelete(c.table, chartKey("p", 2), ddbenc.AnyVersion()),
			ddbenc.TxCheck(c.table, chartKey("p", 3), has(grade), ddbenc.ReturnCurrent()))
	}
	var failed *ddbenc.ConditionError[T]
	if err := write(5); !errors.As(err, &failed) || failed.Current == nil || P(failed.Current).parts().Text != secret {
		t.Errorf("a transaction whose condition does not hold: %v", err)
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	var q, p1, p2 *T
	err := ddbenc.TransactGet(ctx, c.db, ddbenc.TxGet(c.table, chartKey("q", 1), &q), ddbenc.TxGet(c.table, chartKey("p", 1), &p1), ddbenc.TxGet(c.table, chartKey("p", 2), &p2))
	if err != nil || q == nil || p1 == nil || p2 != nil || P(p1).parts().Text != secret+"!" || P(p1).parts().Rev != 2 {
		t.Errorf("TransactGet: %v, %v, %v, %v", q, p1, p2, err)
	}
}

// Whatever is done to a stored item, it is not returned. Where plaintext is read,
// that holds as long as anything says that the item is encrypted.
func testChartHostile[T any, P anyChart[T]](t *testing.T, c *chartTable[T, P]) {
	ctx := t.Context()
	c.put(t, "p", 2)
	items := storedItems(t, c.db, c.name)
	it, other := avItem(items[0]), items[1]
	key := ddbenc.RawKey(map[string]types.AttributeValue{"id": it["id"], "seq": it["seq"]})
	refused := func(what string, changed avItem) {
		t.Helper()
		storeItem(t, c.db, c.name, changed)
		var bad *ddbenc.ItemError
		got, err := c.table.Get(ctx, key, ddbenc.ConsistentRead())
		if got != nil || !errors.As(err, &bad) {
			t.Errorf("%s: Get = %v, %v", what, got, err)
		}
		if _, err := c.table.Update(ctx, key, func(v *T) error { P(v).parts().Grade++; return nil }); !errors.As(err, &bad) {
			t.Errorf("%s: Update gives %v", what, err)
		}
	}
	for name, v := range it {
		if name == "id" || name == "seq" || name == "_views" {
			continue
		}
		refused("without "+name, with(it, name, nil))
		if other[name] != nil && !cmp.Equal(v, other[name], avCmp) {
			refused(name+" of another item", with(it, name, other[name]))
		}
		if name != "expires" && name != "notes" && name != "rev" {
			refused(name+" changed", with(it, name, s("changed")))
		}
	}
	refused("a new attribute", with(it, "new", s("x")))
	moved := maps.Clone(other)
	moved["id"], moved["seq"] = it["id"], it["seq"]
	refused("another item under the key", moved)
	if bare := unmarked(it); !c.plain {
		refused("without marks", bare)
	} else if kind, err := crypt.KindOf(bare); kind != crypt.KindPlaintext {
		t.Errorf("an item without marks is %v, %v", kind, err)
	}
	storeItem(t, c.db, c.name, it)
	if _, err := c.table.Get(ctx, key); err != nil {
		t.Errorf("Get of the item as it was: %v", err)
	}
}

// unmarked returns it without the attributes of all formats.
func unmarked(it avItem) avItem {
	return with(with(with(with(it, crypt.DDBECDescription, nil), crypt.DDBECSignature, nil), crypt.DBESDKHeader, nil), crypt.DBESDKFooter, nil)
}

// Items that another client made searchable are read, without what that added, and
// an update drops it: it would say what is no longer so.
func testChartBeacons[T any, P anyChart[T]](t *testing.T, c *chartTable[T, P]) {
	if c.kind != crypt.KindDBESDK {
		c.put(t, "p", 1)
		return
	}
	ctx := t.Context()
	want := c.put(t, "p", 1)[0]
	it := storedItems(t, c.db, c.name)[0]
	storeItem(t, c.db, c.name, with(with(it, "aws_dbe_b_text", s("0a1b")), "aws_dbe_v_1", s(" ")))
	got, err := c.table.Get(ctx, chartKey("p", 1))
	if diff := cmp.Diff(want, got, chartCmp[T]()); err != nil || diff != "" {
		t.Errorf("Get: %v (-want +got):\n%s", err, diff)
	}
	client := dynamodb.New(c.db.Options(), ddbenc.Encrypted(c.table))
	out, err := client.Scan(ctx, &dynamodb.ScanInput{TableName: &c.name})
	if err != nil || len(out.Items) != 1 {
		t.Fatalf("Scan: %v", err)
	}
	for name := range out.Items[0] {
		if strings.HasPrefix(name, crypt.DBESDKPrefix) {
			t.Errorf("Scan returned %q", name)
		}
	}
	if _, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &c.name, Key: avItem{"id": s("p"), "seq": n("1")},
		UpdateExpression: aws.String("REMOVE #v"), ExpressionAttributeNames: map[string]string{"#v": "_views"}}); err != nil {
		t.Error(err)
	}
	if now := storedItems(t, c.db, c.name)[0]; now["aws_dbe_b_text"] == nil {
		t.Error("an update of what is not signed dropped the beacon")
	}
	if _, err := c.table.Update(ctx, chartKey("p", 1), func(v *T) error { P(v).parts().Text = secret + "?"; return nil }); err != nil {
		t.Error(err)
	}
	if now := storedItems(t, c.db, c.name)[0]; now["aws_dbe_b_text"] != nil {
		t.Error("an update of the text kept its beacon")
	}
}

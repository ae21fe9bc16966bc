package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
)

func ptr[T any](v T) *T { return &v }

func str(s string) attr.Value { return attr.Value{Kind: attr.S, Str: s} }

func num(n int) attr.Value { return attr.Value{Kind: attr.N, Str: fmt.Sprint(n)} }

// newTable makes an engine with the table "items" of the keys pk (S) and sk (N), a
// local index on l and a global index on g, which holds keys only.
func newTable(t testing.TB) *Engine {
	t.Helper()
	e := New()
	keys := func(partition, sort string) []KeySchemaElement {
		return []KeySchemaElement{{partition, "HASH"}, {sort, "RANGE"}}
	}
	_, err := e.CreateTable(context.Background(), &CreateTableInput{
		TableName:              ptr("items"),
		AttributeDefinitions:   []AttributeDefinition{{"pk", "S"}, {"sk", "N"}, {"l", "S"}, {"g", "S"}},
		KeySchema:              keys("pk", "sk"),
		LocalSecondaryIndexes:  []IndexDefinition{{IndexName: ptr("by-l"), KeySchema: keys("pk", "l"), Projection: &Projection{ProjectionType: "ALL"}}},
		GlobalSecondaryIndexes: []IndexDefinition{{IndexName: ptr("by-g"), KeySchema: keys("g", "sk"), Projection: &Projection{ProjectionType: "KEYS_ONLY"}}},
		BillingMode:            "PAY_PER_REQUEST",
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *Engine) mustPut(t testing.TB, item attr.Item) *WriteOutput {
	t.Helper()
	in := &PutItemInput{Item: item}
	in.TableName = ptr("items")
	in.ReturnConsumedCapacity = "INDEXES"
	out, err := e.PutItem(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Indexes hold what they should after each of a row of writes, and each write is
// charged for what it changes.
func TestIndexesFollowTheTable(t *testing.T) {
	e := newTable(t)
	x := strings.Repeat("x", 2000)
	for _, step := range []struct {
		name                  string
		more                  attr.Item
		local, global         int // entries afterwards
		units, ofLoc, ofGlobe float64
	}{
		{"without index keys", attr.Item{"a": str("1")}, 0, 0, 1, 0, 0},
		{"into the local index", attr.Item{"l": str("1")}, 1, 0, 1, 1, 0},
		{"into the global index", attr.Item{"l": str("1"), "g": str("1")}, 1, 1, 1, 1, 1},
		{"not projected", attr.Item{"l": str("1"), "g": str("1"), "a": str("1")}, 1, 1, 1, 1, 0},
		{"the same again", attr.Item{"l": str("1"), "g": str("1"), "a": str("1")}, 1, 1, 1, 0, 0},
		{"to another key", attr.Item{"l": str("1"), "g": str("2"), "a": str("1")}, 1, 1, 1, 1, 2},
		{"larger", attr.Item{"l": str("1"), "g": str("2"), "a": str(x)}, 1, 1, 2, 2, 0},
		{"out of all", attr.Item{}, 0, 0, 2, 2, 1},
	} {
		step.more["pk"], step.more["sk"] = str("p"), num(1)
		c := e.mustPut(t, step.more).ConsumedCapacity
		table := e.tables["items"]
		if l, g := table.index("by-l").entries.Len(), table.index("by-g").entries.Len(); l != step.local || g != step.global {
			t.Errorf("%s: %d local and %d global entries, want %d and %d", step.name, l, g, step.local, step.global)
		}
		of := func(m map[string]Capacity, name string) float64 {
			if c, ok := m[name]; ok {
				return *c.CapacityUnits
			}
			return 0
		}
		l, g := of(c.LocalSecondaryIndexes, "by-l"), of(c.GlobalSecondaryIndexes, "by-g")
		if *c.Table.CapacityUnits != step.units || l != step.ofLoc || g != step.ofGlobe || *c.CapacityUnits != step.units+l+g {
			t.Errorf("%s: charged %v, %v and %v of %v, want %v, %v and %v", step.name,
				*c.Table.CapacityUnits, l, g, *c.CapacityUnits, step.units, step.ofLoc, step.ofGlobe)
		}
	}
}

// The bounds of a query select the sort keys that its range contains, for every
// operator, where the keys are of bytes that tempt an encoding.
func TestBoundsAgreeWithRanges(t *testing.T) {
	texts := []string{"\x00", "\x00\x00", "\x00\x01", "\x00\xff", "\x01", "a", "a\x00", "a\x00b", "a\x01", "ab", "b", "\xff", "\xff\xff"}
	schema := keySchema{partition: KeyAttribute{"pk", attr.S}, sort: &KeyAttribute{"sk", attr.S}}
	key := func(pk, sk string) string {
		k, ok := schema.storageKey(attr.Item{"pk": str(pk), "sk": str(sk)})
		if !ok {
			t.Fatalf("no storage key for %q", sk)
		}
		return string(k)
	}
	for _, op := range []string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"} {
		for i, low := range texts {
			r := &eval.Range{Op: op, Low: str(low), High: str(texts[min(i+3, len(texts)-1)])}
			from, to := bounds(schema, eval.Key{Partition: str("p"), Sort: r})
			for _, sk := range texts {
				k := key("p", sk)
				if got, want := from <= k && k < to, r.Contains(str(sk)); got != want {
					t.Errorf("sk %s %q: %q is selected: %v, want %v", op, low, sk, got, want)
				}
				if other := key("p\x00", sk); from <= other && other < to {
					t.Errorf("sk %s %q selects an item of another partition", op, low)
				}
			}
		}
	}
}

func TestTokensAreForgotten(t *testing.T) {
	var ts tokens
	start := time.Now()
	one := []TransactWriteItem{{Delete: &TransactDelete{Key: attr.Item{"pk": str("1")}}}}
	two := []TransactWriteItem{{Delete: &TransactDelete{Key: attr.Item{"pk": str("2")}}}}
	begin := func(request []TransactWriteItem, after time.Duration) string {
		done, err := ts.begin("t", request, start.Add(after))
		if err != nil {
			return AsError(err).Code
		}
		return fmt.Sprint(done)
	}
	for _, step := range []struct {
		name    string
		request []TransactWriteItem
		after   time.Duration
		end     bool // the transaction ends, made or not
		made    bool
		want    string
	}{
		{"first", one, 0, true, false, "false"},
		{"again, since it was not made", one, time.Second, false, false, "false"},
		{"while it is under way", one, time.Second, true, true, TransactionInProgress},
		{"after it was made", one, time.Minute, false, false, "true"},
		{"another with the token", two, time.Minute, false, false, IdempotentMismatch},
		{"another, later", two, 12 * time.Minute, true, true, "false"},
	} {
		if got := begin(step.request, step.after); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
		if step.end {
			ts.end("t", step.made)
		}
	}
}

// What a page reads, not what it returns, fills it: a filter does not make pages
// longer.
func TestPagesCountWhatIsRead(t *testing.T) {
	e := newTable(t)
	x := strings.Repeat("x", 100<<10)
	for i := range 25 {
		e.mustPut(t, attr.Item{"pk": str("p"), "sk": num(i), "a": str(x)})
	}
	var start attr.Item
	var read []int
	for {
		in := &QueryInput{KeyConditionExpression: ptr("pk = :p")}
		in.TableName, in.FilterExpression = ptr("items"), ptr("sk2 = :p")
		in.ExpressionAttributeValues = Values{":p": str("p")}
		in.ExclusiveStartKey = start
		out, err := e.Query(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if out.Count != 0 || len(out.Items) != 0 {
			t.Errorf("%d items pass the filter, want none", out.Count)
		}
		read = append(read, out.ScannedCount)
		if start = out.LastEvaluatedKey; start == nil {
			break
		}
	}
	if got, want := fmt.Sprint(read), "[11 11 3]"; got != want {
		t.Errorf("pages read %s items, want %s", got, want)
	}
}

// An engine for which time passes by itself deletes what has expired, but looks
// for it no more than once a second.
func TestExpireSometimes(t *testing.T) {
	e := newTable(t)
	spec := &TimeToLiveSpecification{AttributeName: ptr("end"), Enabled: ptr(true)}
	if _, err := e.UpdateTimeToLive(context.Background(), &UpdateTimeToLiveInput{TableName: ptr("items"), TimeToLiveSpecification: spec}); err != nil {
		t.Fatal(err)
	}
	past := num(int(e.Now().Add(-time.Minute).Unix()))
	for i, want := range []int{0, 1, 2} { // items after another is put
		e.mustPut(t, attr.Item{"pk": str("p"), "sk": num(i), "end": past})
		e.ExpireSometimes()
		if n := e.tables["items"].items.Len(); n != want {
			t.Errorf("after put %d there are %d items, want %d", i, n, want)
		}
	}
}

// A keyed call costs the same in a large table.
func BenchmarkGetOfAMillion(b *testing.B) {
	e := newTable(b)
	t := e.tables["items"]
	for i := range 1_000_000 {
		item := attr.Item{"pk": str(fmt.Sprint("p", i)), "sk": num(i)}
		key, _ := t.key.storageKey(item)
		t.apply(change{key: string(key), new: newRecord(item)}, time.Time{})
	}
	in := &GetItemInput{Key: attr.Item{"pk": str("p777"), "sk": num(777)}}
	in.TableName = ptr("items")
	for b.Loop() {
		if out, err := e.GetItem(context.Background(), in); err != nil || out.Item == nil {
			b.Fatal(out, err)
		}
	}
}

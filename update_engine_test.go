package ddbenc_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

var adaKey = ddbenc.Key("p-1", visitAt(1))

// putAda puts the item under adaKey and returns a copy of it.
func putAda(t *testing.T, patients *ddbenc.Table[Admission]) Admission {
	t.Helper()
	ada := Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada", Notes: []string{"cough"}, Clinic: "west", Rank: 3, Views: 4}
	if err := patients.Put(t.Context(), &ada); err != nil {
		t.Fatal(err)
	}
	return ada
}

// raw returns the item under adaKey as it is stored.
func raw(t *testing.T, db *dynamodb.Client, table string) avItem {
	t.Helper()
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		Key: avItem{"patient_id": s("p-1"), "visit": n("1700000001")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

func TestEngineUpdate(t *testing.T) {
	ctx := t.Context()
	db := engine(t)
	patients := newTable[Admission](t, db)
	for _, tc := range []struct {
		name   string
		modify func(*Admission)
		same   []string // stored attributes that stay as they were
		gone   []string
	}{
		{"encrypted", func(p *Admission) { p.Notes = append(p.Notes, "better") }, []string{"clinic", "rank", "views"}, nil},
		{"signed", func(p *Admission) { p.Clinic = "east" }, []string{"rank", "views"}, nil},
		{"unsigned", func(p *Admission) { p.Views++ }, []string{"name", "notes", "clinic", "rank", "*amzn-ddb-map-desc*", "*amzn-ddb-map-sig*"}, nil},
		{"all kinds", func(p *Admission) { p.Name, p.Rank, p.Views = "Ada L.", 7, 70 }, []string{"clinic"}, nil},
		{"emptied", func(p *Admission) { p.Notes, p.Clinic = nil, "" }, []string{"rank", "views"}, []string{"notes", "clinic"}},
		{"nothing", func(p *Admission) {}, []string{"name", "notes", "clinic", "rank", "views", "*amzn-ddb-map-desc*", "*amzn-ddb-map-sig*"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := putAda(t, patients)
			before := raw(t, db, patients.Name())
			tc.modify(&want)
			got, err := patients.Update(ctx, adaKey, func(p *Admission) error { tc.modify(p); return nil })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("Update returns (-want +got):\n%s", diff)
			}
			then, err := patients.Get(ctx, adaKey, ddbenc.ConsistentRead())
			if diff := cmp.Diff(&want, then); err != nil || diff != "" {
				t.Errorf("Get gives %v, -want +got:\n%s", err, diff)
			}
			after := raw(t, db, patients.Name())
			for _, name := range tc.same {
				if diff := cmp.Diff(before[name], after[name], avCmp); diff != "" {
					t.Errorf("attribute %s changed: %s", name, diff)
				}
			}
			for _, name := range tc.gone {
				if after[name] != nil {
					t.Errorf("attribute %s is still there", name)
				}
			}
		})
	}
}

// Of what a reader of less does to an item of more nothing is lost: neither
// attributes, nor parts of maps, nor digits.
func TestEngineUpdateKeepsWhatTheTypeDoesNotHold(t *testing.T) {
	type address struct {
		City string `dynamodbav:"city"`
	}
	type less struct {
		_       struct{} `ddbenc:"default=sign"`
		ID      string   `dynamodbav:"patient_id,partition"`
		Visit   int64    `dynamodbav:"visit,sort"`
		Name    string   `dynamodbav:"name" ddbenc:"encrypt"`
		Weight  float32  `dynamodbav:"weight"`
		Address address  `dynamodbav:"address"`
		Gone    string   `dynamodbav:"gone,omitempty"`
		Zero    int      `dynamodbav:"zero"`
	}
	ctx := t.Context()
	db := engine(t)
	table := newTable[less](t, db)
	enc := must(crypt.NewDDBEC(testProvider).ForTable(crypt.Table{
		Name: table.Name(), PartitionKey: "patient_id", SortKey: "visit", Actions: must(ddbenc.SchemaOf[less]()).Actions(),
	}))
	full := avItem{
		"patient_id": s("p-1"), "visit": n("1700000001"), "name": s("Ada"), "gone": s("soon"),
		"weight": n("61.123456789012345678901"), "NAME": s("another attribute"),
		"address": &types.AttributeValueMemberM{Value: avItem{"city": s("London"), "zip": n("1.5")}},
		"tags":    &types.AttributeValueMemberSS{Value: []string{"b", "a"}},
		"blob":    &types.AttributeValueMemberB{Value: []byte{0, 255}},
		"nothing": &types.AttributeValueMemberNULL{Value: true},
	}
	put := func() avItem {
		t.Helper()
		if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(table.Name()), Item: must(enc.Encrypt(ctx, full))}); err != nil {
			t.Fatal(err)
		}
		return must(enc.Decrypt(ctx, raw(t, db, table.Name())))
	}
	for _, tc := range []struct {
		name   string
		modify func(*less)
		change func(avItem)
	}{
		{"name", func(p *less) { p.Name = "Ada L." }, func(it avItem) { it["name"] = s("Ada L.") }},
		{"omitted", func(p *less) { p.Gone = "" }, func(it avItem) { delete(it, "gone") }},
		{"lossy", func(p *less) { p.Weight = 60 }, func(it avItem) { it["weight"] = n("60") }},
		{"nested", func(p *less) { p.Address.City = "Paris" }, func(it avItem) {
			it["address"] = &types.AttributeValueMemberM{Value: avItem{"city": s("Paris"), "zip": n("1.5")}}
		}},
		{"zero to one", func(p *less) { p.Zero = 1 }, func(it avItem) { it["zero"] = n("1") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := maps.Clone(put())
			tc.change(want)
			if _, err := table.Update(ctx, ddbenc.Key("p-1", 1_700_000_001), func(p *less) error { tc.modify(p); return nil }); err != nil {
				t.Fatal(err)
			}
			got := must(enc.Decrypt(ctx, raw(t, db, table.Name())))
			if diff := cmp.Diff(want, got, avCmp); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestEngineUpdateAbsent(t *testing.T) {
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	name := func(p *Admission) error {
		p.Name += "Ada"
		return nil
	}
	if p, err := patients.Update(ctx, adaKey, name); !errors.Is(err, ddbenc.ErrNotFound) || p != nil {
		t.Errorf("without an item: %v, %v", p, err)
	}
	for _, want := range []string{"Ada", "AdaAda"} {
		p, err := patients.Update(ctx, adaKey, name, ddbenc.CreateIfAbsent())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&Admission{ID: "p-1", Visit: visitAt(1), Name: want}, p); diff != "" {
			t.Errorf("CreateIfAbsent (-want +got):\n%s", diff)
		}
		then, err := patients.Get(ctx, adaKey, ddbenc.ConsistentRead())
		if diff := cmp.Diff(p, then); err != nil || diff != "" {
			t.Errorf("then Get gives %v, -want +got:\n%s", err, diff)
		}
	}
}

func TestEngineUpdateRefuses(t *testing.T) {
	ctx := t.Context()
	db := engine(t)
	patients := newTable[Admission](t, db)
	ada := putAda(t, patients)
	broken := errors.New("broken")
	for _, tc := range []struct {
		name   string
		modify func(*Admission) error
		opts   []ddbenc.UpdateOption
		want   error
		text   string
	}{
		{"another key", func(p *Admission) error { p.ID = "p-2"; return nil }, nil, ddbenc.ErrRefused, `changes the key ("patient_id", "visit")`},
		{"no key", func(p *Admission) error { *p = Admission{}; return nil }, nil, ddbenc.ErrRefused, `key attribute "patient_id" is empty`},
		{"no function", nil, nil, ddbenc.ErrRefused, "no function"},
		{"no attempts", func(p *Admission) error { return nil }, []ddbenc.UpdateOption{ddbenc.Attempts(0)}, ddbenc.ErrRefused, "Attempts is under 1"},
		{"own error", func(p *Admission) error { p.Name = "x"; return broken }, nil, broken, "broken"},
	} {
		p, err := patients.Update(ctx, adaKey, tc.modify, tc.opts...)
		if !errors.Is(err, tc.want) || p != nil || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: got %v, %v, want %q", tc.name, p, err, tc.text)
		}
	}
	if p, err := patients.Get(ctx, adaKey, ddbenc.ConsistentRead()); err != nil || !cmp.Equal(&ada, p) {
		t.Errorf("the item changed: %+v, %v", p, err)
	}
	if _, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(patients.Name()), Key: avItem{"patient_id": s("p-1"), "visit": n("1700000001")},
		UpdateExpression: aws.String("SET clinic = :c"), ExpressionAttributeValues: avItem{":c": s("nowhere")},
	}); err != nil {
		t.Fatal(err)
	}
	called := false
	_, err := patients.Update(ctx, adaKey, func(*Admission) error { called = true; return nil })
	if !errors.Is(err, ddbenc.ErrVerify) || called {
		t.Errorf("a tampered item: %v, function called: %v", err, called)
	}
}

// Another writer comes between reading and writing.
func TestEngineUpdateConflict(t *testing.T) {
	ctx := t.Context()
	patients := newTable[Admission](t, engine(t))
	for _, tc := range []struct {
		name  string
		first func(*Admission)
		then  func(*Admission)
		calls int
		want  func(*Admission)
	}{
		{"signed after signed", func(p *Admission) { p.Clinic = "east" }, func(p *Admission) { p.Name += "!" }, 2, func(p *Admission) { p.Clinic, p.Name = "east", "Ada!" }},
		{"unsigned after signed", func(p *Admission) { p.Name += "?" }, func(p *Admission) { p.Views++ }, 2, func(p *Admission) { p.Name, p.Views = "Ada?", 5 }},
		{"signed after unsigned", func(p *Admission) { p.Views = 9 }, func(p *Admission) { p.Name += "!" }, 1, func(p *Admission) { p.Name, p.Views = "Ada!", 9 }},
		{"unsigned after unsigned", func(p *Admission) { p.Views *= 2 }, func(p *Admission) { p.Views++ }, 2, func(p *Admission) { p.Views = 9 }},
		{"both after unsigned", func(p *Admission) { p.Views *= 2 }, func(p *Admission) { p.Views++; p.Name += "!" }, 2, func(p *Admission) { p.Views, p.Name = 9, "Ada!" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := putAda(t, patients)
			tc.want(&want)
			calls := 0
			_, err := patients.Update(ctx, adaKey, func(p *Admission) error {
				if calls++; calls == 1 {
					if _, err := patients.Update(ctx, adaKey, func(p *Admission) error { tc.first(p); return nil }); err != nil {
						t.Error(err)
					}
				}
				tc.then(p)
				return nil
			})
			if err != nil || calls != tc.calls {
				t.Errorf("%v after %d calls, want %d", err, calls, tc.calls)
			}
			got, err := patients.Get(ctx, adaKey, ddbenc.ConsistentRead())
			if diff := cmp.Diff(&want, got); err != nil || diff != "" {
				t.Errorf("%v, -want +got:\n%s", err, diff)
			}
		})
	}
	t.Run("deleted", func(t *testing.T) {
		putAda(t, patients)
		_, err := patients.Update(ctx, adaKey, func(p *Admission) error {
			p.Views++
			return patients.Delete(ctx, adaKey)
		})
		if !errors.Is(err, ddbenc.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if _, err := patients.Get(ctx, adaKey, ddbenc.ConsistentRead()); !errors.Is(err, ddbenc.ErrNotFound) {
			t.Errorf("the update made an item: %v", err)
		}
	})
	t.Run("always", func(t *testing.T) {
		putAda(t, patients)
		calls := 0
		_, err := patients.Update(ctx, adaKey, func(p *Admission) error {
			calls++
			p.Name += "!"
			other := *p
			return patients.Put(ctx, &other)
		}, ddbenc.Attempts(3))
		if !errors.Is(err, ddbenc.ErrConflict) || calls != 3 || !strings.Contains(err.Error(), "3 of them") {
			t.Errorf("%v after %d calls", err, calls)
		}
		var failed *types.ConditionalCheckFailedException
		if !errors.As(err, &failed) {
			t.Error("the SDK's error is not reachable")
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		putAda(t, patients)
		ctx, cancel := context.WithCancel(ctx)
		_, err := patients.Update(ctx, adaKey, func(p *Admission) error {
			p.Name += "!"
			other := *p
			defer cancel()
			return patients.Put(ctx, &other)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// 64 writers each add 100 to one item, to an encrypted number, a signed one and
// one that is neither. Run with -race.
func TestEngineUpdateConcurrency(t *testing.T) {
	type account struct {
		ID        string `dynamodbav:"id,partition"`
		Encrypted int    `dynamodbav:"encrypted"`
		Signed    int    `dynamodbav:"signed" ddbenc:"sign"`
		Unsigned  int    `dynamodbav:"unsigned" ddbenc:"none"`
	}
	ctx := t.Context()
	accounts := newTable[account](t, engine(t))
	const writers = 64
	add := map[string]func(*account){
		"encrypted": func(a *account) { a.Encrypted += 100 },
		"signed":    func(a *account) { a.Signed += 100 },
		"unsigned":  func(a *account) { a.Unsigned += 100 },
		"all":       func(a *account) { a.Encrypted += 100; a.Signed += 100; a.Unsigned += 100 },
	}
	for name, want := range map[string]account{
		"encrypted": {Encrypted: writers * 100}, "signed": {Signed: writers * 100}, "unsigned": {Unsigned: writers * 100},
		"all": {Encrypted: writers * 100, Signed: writers * 100, Unsigned: writers * 100},
	} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			var calls atomic.Int32
			for range writers {
				wg.Go(func() {
					_, err := accounts.Update(ctx, ddbenc.Key(name), func(a *account) error {
						calls.Add(1)
						add[name](a)
						return nil
					}, ddbenc.CreateIfAbsent())
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			want.ID = name
			got, err := accounts.Get(ctx, ddbenc.Key(name), ddbenc.ConsistentRead())
			if diff := cmp.Diff(&want, got); err != nil || diff != "" {
				t.Errorf("%v, -want +got:\n%s", err, diff)
			}
			t.Logf("%d attempts for %d updates", calls.Load(), writers)
		})
	}
}

package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// This file plays roll-outs, step by step as docs/migrate.md has them: in each step
// two versions of a service work on the same items at the same time.

// A visitor is what services count in, version by version of the service's type.
type visitor struct {
	ID    string `dynamodbav:"id,partition"`
	Text  string `dynamodbav:"text" ddbenc:"encrypt"`
	Count int    `dynamodbav:"total" ddbenc:"sign"`
	Views int    `dynamodbav:"seen" ddbenc:"none"`
}

// A privateVisitor has one more encrypted attribute.
type privateVisitor struct {
	ID    string `dynamodbav:"id,partition"`
	Text  string `dynamodbav:"text" ddbenc:"encrypt"`
	Count int    `dynamodbav:"total" ddbenc:"encrypt"`
	Views int    `dynamodbav:"seen" ddbenc:"none"`
}

// A service is one version of a program.
type service interface {
	open(t *testing.T, db *dynamodb.Client) // once for each step
	count(ctx context.Context, id string) error
	view(ctx context.Context, id string) error
	create(ctx context.Context, id string) error
	read(ctx context.Context, id string) (count, views int, err error)
	rewrite(ctx context.Context, id string) error
}

const visitors = "visitors"

// maxVisitors bounds the items of a roll-out.
const maxVisitors = 32

// typed is a service that uses a Table.
type typed[T any] struct {
	format crypt.Format
	table  *ddbenc.Table[T]
	of     func(*T) (text *string, count, views *int)
	make   func(id string) *T
}

func visiting(f crypt.Format) service {
	return &typed[visitor]{format: f, of: func(v *visitor) (*string, *int, *int) { return &v.Text, &v.Count, &v.Views },
		make: func(id string) *visitor { return &visitor{ID: id, Text: secret} }}
}

func visitingInPrivate(f crypt.Format) service {
	return &typed[privateVisitor]{format: f, of: func(v *privateVisitor) (*string, *int, *int) { return &v.Text, &v.Count, &v.Views },
		make: func(id string) *privateVisitor { return &privateVisitor{ID: id, Text: secret} }}
}

func (s *typed[T]) open(t *testing.T, db *dynamodb.Client) {
	s.table = must(ddbenc.NewTable[T](db, visitors, s.format))
}

func (s *typed[T]) update(ctx context.Context, id string, fn func(count, views *int), opts ...ddbenc.UpdateOption) error {
	_, err := s.table.Update(ctx, ddbenc.Key(id), func(v *T) error {
		text, count, views := s.of(v)
		if *text != secret {
			return errors.New("the text is another one")
		}
		fn(count, views)
		return nil
	}, append(opts, ddbenc.Attempts(1000))...)
	return err
}

func (s *typed[T]) count(ctx context.Context, id string) error {
	return s.update(ctx, id, func(count, _ *int) { *count++ })
}

func (s *typed[T]) view(ctx context.Context, id string) error {
	return s.update(ctx, id, func(_, views *int) { *views++ })
}

func (s *typed[T]) rewrite(ctx context.Context, id string) error {
	return s.update(ctx, id, func(_, _ *int) {}, ddbenc.Rewrite())
}

func (s *typed[T]) create(ctx context.Context, id string) error { return s.table.Put(ctx, s.make(id)) }

func (s *typed[T]) read(ctx context.Context, id string) (int, int, error) {
	v, err := s.table.Get(ctx, ddbenc.Key(id), ddbenc.ConsistentRead())
	if err != nil {
		return 0, 0, err
	}
	text, count, views := s.of(v)
	if *text != secret {
		return 0, 0, errors.New("the text is another one")
	}
	return *count, *views, nil
}

// plainService is a program that was written without encryption.
type plainService struct{ db *dynamodb.Client }

func (p *plainService) open(_ *testing.T, db *dynamodb.Client) { p.db = db }

func (p *plainService) add(ctx context.Context, id, name string) error {
	_, err := p.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: aws.String(visitors), Key: avItem{"id": s(id)},
		UpdateExpression: aws.String("ADD #n :one"), ConditionExpression: aws.String("attribute_exists(id)"),
		ExpressionAttributeNames: map[string]string{"#n": name}, ExpressionAttributeValues: avItem{":one": n("1")}})
	return err
}

func (p *plainService) count(ctx context.Context, id string) error { return p.add(ctx, id, "total") }
func (p *plainService) view(ctx context.Context, id string) error  { return p.add(ctx, id, "seen") }
func (p *plainService) rewrite(context.Context, string) error      { return errors.New("it can't") }

func (p *plainService) create(ctx context.Context, id string) error {
	_, err := p.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(visitors),
		Item: avItem{"id": s(id), "text": s(secret), "total": n("0"), "seen": n("0")}})
	return err
}

func (p *plainService) read(ctx context.Context, id string) (count, views int, err error) {
	out, err := p.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(visitors), Key: avItem{"id": s(id)}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return 0, 0, err
	}
	for name, into := range map[string]*int{"total": &count, "seen": &views} {
		number, ok := out.Item[name].(*types.AttributeValueMemberN)
		if !ok {
			return 0, 0, fmt.Errorf("attribute %q is a %T", name, out.Item[name])
		}
		if _, err := fmt.Sscan(number.Value, into); err != nil {
			return 0, 0, err
		}
	}
	return count, views, nil
}

// A stage is one version of the service, and what is done once it is everywhere.
type stage struct {
	name    string
	service service
	rewrite bool       // every item, while the service runs
	stores  crypt.Kind // of all items at its end, if that is known
	secret  bool       // from here on no plaintext is sent
}

// rollOut plays the stages. In each, the version before and the new one work at the
// same time, and each has to understand what the other leaves.
func rollOut(t *testing.T, stages []stage) {
	const workers, rounds, items = 2, 4, 3
	ctx := t.Context()
	e := ddbenctest.NewEngine()
	db := e.Client()
	ddbenctest.CreateTable[visitor](t, db, visitors)
	var ids []string
	var counts, views [maxVisitors]atomic.Int64
	for i, st := range stages {
		st.service.open(t, db)
		running := []service{st.service}
		if i > 0 {
			running = append(running, stages[i-1].service)
		}
		if st.secret {
			e.ForgetRequests()
		}
		for _, s := range running { // each version makes items of its own
			id := fmt.Sprint("v-", len(ids))
			ids = append(ids, id)
			if err := s.create(ctx, id); err != nil {
				t.Fatalf("%s: create: %v", st.name, err)
			}
		}
		var wg sync.WaitGroup
		for _, s := range running {
			for range workers {
				wg.Go(func() {
					for r := range rounds * items {
						at := r % len(ids)
						if err := s.count(ctx, ids[at]); err != nil {
							t.Errorf("%s: count: %v", st.name, err)
						}
						counts[at].Add(1)
						if err := s.view(ctx, ids[at]); err != nil {
							t.Errorf("%s: view: %v", st.name, err)
						}
						views[at].Add(1)
						if _, _, err := s.read(ctx, ids[at]); err != nil {
							t.Errorf("%s: read: %v", st.name, err)
						}
					}
				})
			}
		}
		if st.rewrite {
			wg.Go(func() {
				for _, id := range ids {
					if err := st.service.rewrite(ctx, id); err != nil {
						t.Errorf("%s: rewrite: %v", st.name, err)
					}
				}
			})
		}
		wg.Wait()
		if st.rewrite { // items that the old version wrote since
			for _, id := range ids {
				if err := st.service.rewrite(ctx, id); err != nil {
					t.Errorf("%s: rewrite: %v", st.name, err)
				}
			}
		}
		for _, s := range running {
			for at, id := range ids {
				gotCount, gotViews, err := s.read(ctx, id)
				if want := [2]int{int(counts[at].Load()), int(views[at].Load())}; err != nil || cmp.Diff(want, [2]int{gotCount, gotViews}) != "" {
					t.Errorf("%s: item %s has %d and %d, %v, want %v", st.name, id, gotCount, gotViews, err, want)
				}
			}
		}
		for _, it := range storedItems(t, db, visitors) {
			if kind, err := crypt.KindOf(it); st.stores != 0 && kind != st.stores {
				t.Errorf("%s: an item is %v, %v", st.name, kind, err)
			}
		}
		if st.secret {
			ddbenctest.RequireNoPlaintext(t, e, secret)
		}
		if t.Failed() {
			return
		}
	}
}

func TestRollOuts(t *testing.T) {
	kms := ddbenctest.NewKMS(t)
	kmsKey := kms.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	withKMS := must(keyring.NewKMSKeyring(kms.Client("eu-west-1"), kmsKey))
	branch := branchKeyring(t, kms, kmsKey)
	by := func(first crypt.Keyring, more ...crypt.Keyring) service {
		k := first
		if len(more) > 0 {
			k = must(keyring.NewMulti(first, more...))
		}
		return visiting(crypt.NewDBESDK(k, crypt.WriteSuite(crypt.SuiteMAC)))
	}
	ecdsa := crypt.NewDBESDK(testKeyring)
	for name, stages := range map[string][]stage{
		"plaintext to DB-ESDK": {
			{name: "before", service: &plainService{}, stores: crypt.KindPlaintext},
			{name: "reads both, writes plaintext", service: visiting(crypt.Migrate(crypt.ForgeablePlaintext(), testDBESDK)), stores: crypt.KindPlaintext},
			{name: "writes DB-ESDK", service: visiting(crypt.Migrate(testDBESDK, crypt.ForgeablePlaintext()))},
			{name: "rewrites", service: visiting(crypt.Migrate(testDBESDK, crypt.ForgeablePlaintext())), rewrite: true, stores: crypt.KindDBESDK},
			{name: "reads DB-ESDK only", service: visiting(testDBESDK), stores: crypt.KindDBESDK, secret: true},
		},
		"DDBEC to DB-ESDK": {
			{name: "before", service: visiting(testDDBEC), stores: crypt.KindDDBEC, secret: true},
			{name: "reads both, writes DDBEC", service: visiting(crypt.Migrate(testDDBEC, testDBESDK)), stores: crypt.KindDDBEC, secret: true},
			{name: "writes DB-ESDK", service: visiting(crypt.Migrate(testDBESDK, testDDBEC)), secret: true},
			{name: "rewrites", service: visiting(crypt.Migrate(testDBESDK, testDDBEC)), rewrite: true, stores: crypt.KindDBESDK, secret: true},
			{name: "reads DB-ESDK only", service: visiting(testDBESDK), stores: crypt.KindDBESDK, secret: true},
		},
		"a static key to KMS to branch keys": {
			{name: "static", service: by(testKeyring), secret: true},
			{name: "static and KMS", service: by(testKeyring, withKMS), rewrite: true, secret: true},
			{name: "KMS", service: by(withKMS), secret: true},
			{name: "KMS and branch keys", service: by(withKMS, branch), rewrite: true, secret: true},
			{name: "branch keys", service: by(branch), stores: crypt.KindDBESDK, secret: true},
		},
		"one more encrypted attribute, and one fewer": {
			{name: "signed", service: visiting(testDBESDK), secret: true},
			{name: "encrypted", service: visitingInPrivate(testDBESDK), rewrite: true, secret: true},
			{name: "signed again", service: visiting(testDBESDK), rewrite: true, stores: crypt.KindDBESDK, secret: true},
		},
		"one suite to the other": {
			{name: "MACs", service: visiting(testDBESDK), secret: true},
			{name: "ECDSA", service: visiting(ecdsa), rewrite: true, secret: true},
			{name: "MACs again", service: visiting(testDBESDK), stores: crypt.KindDBESDK, secret: true},
		},
	} {
		t.Run(name, func(t *testing.T) { rollOut(t, stages) })
	}
}

// branchKeyring returns a keyring with one branch key.
func branchKeyring(t *testing.T, kms *ddbenctest.KMS, kmsKey string) crypt.Keyring {
	t.Helper()
	ctx, db := t.Context(), ddbenctest.NewDynamoDB(t)
	if _, err := keyring.CreateBranchKeyTable(ctx, db, "branch-keys"); err != nil {
		t.Fatal(err)
	}
	store := must(keyring.NewBranchKeyStore(db, kms.Client("eu-west-1"), "branch-keys", "branch-keys", keyring.KMSKeyARN(kmsKey)))
	if err := store.CreateKeyWithID(ctx, "visitors", map[string]string{"team": "clinic"}); err != nil {
		t.Fatal(err)
	}
	return must(keyring.NewHierarchical(store, "visitors", keyring.WithTTL(time.Hour)))
}

package ddbenc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// secret is in the encrypted attributes of these tests, and nowhere else.
const secret = "Lovelace-4711"

// admission returns an item of Admission's shape, as the plain SDK has it.
func admission(id, visit string) avItem {
	return avItem{
		"patient_id": s(id), "visit": n(visit), "clinic": s("north"), "rank": n("7"), "views": n("1"),
		"name": s(secret), "notes": &types.AttributeValueMemberL{Value: []types.AttributeValue{s(secret)}},
	}
}

func admissionKey(id, visit string) avItem { return avItem{"patient_id": s(id), "visit": n(visit)} }

// A wire stands between a client and its engine, and remembers the bodies of
// requests. Answers, if set, is asked first.
type wire struct {
	next    aws.HTTPClient
	answers func(op, body string) (status int, answer string)

	mu     sync.Mutex
	ops    []string
	bodies []string
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	w.mu.Lock()
	w.ops, w.bodies = append(w.ops, op), append(w.bodies, string(body))
	w.mu.Unlock()
	if w.answers != nil {
		if status, answer := w.answers(op, string(body)); status != 0 {
			return &http.Response{
				StatusCode: status,
				Header:     http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
				Body:       io.NopCloser(strings.NewReader(answer)),
			}, nil
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return w.next.Do(r)
}

// requests returns how many requests there were.
func (w *wire) requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.bodies)
}

// mustBeSecret fails the test if a body has the secret in it, as it is or in
// base64 at any offset.
func (w *wire) mustBeSecret(tb testing.TB) {
	tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, body := range w.bodies {
		if leaks(body) {
			tb.Errorf("%s sent plaintext: %s", w.ops[i], body)
		}
	}
}

func leaks(text string) bool {
	if strings.Contains(text, secret) {
		return true
	}
	for pad := range 3 {
		coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + secret))
		if strings.Contains(text, coded[4:len(coded)-4]) {
			return true
		}
	}
	return false
}

// A clinicDB is a DynamoDB with a table of patients, seen by a plain client and by
// one that encrypts that table. The table "other" is not encrypted.
type clinicDB struct {
	plain, db    *dynamodb.Client
	table, other string
	patients     *ddbenc.Table[Admission]
	wire         *wire // under db
}

func openClinic(tb testing.TB, opts ...func(*dynamodb.Options)) *clinicDB {
	tb.Helper()
	c := &clinicDB{plain: engine(tb), table: "patients-" + strings.ToLower(rand.Text()), other: "other-" + strings.ToLower(rand.Text())}
	ddbenctest.CreateTable[Admission](tb, c.plain, c.table)
	ddbenctest.CreateTable[Admission](tb, c.plain, c.other)
	c.patients = must(ddbenc.NewTable[Admission](c.plain, c.table, crypt.NewDDBEC(testProvider)))
	c.db, c.wire = watched(c.plain, append(opts, ddbenc.Encrypted(c.patients))...)
	return c
}

// watched returns a client like db, with these options and a wire under it.
func watched(db *dynamodb.Client, opts ...func(*dynamodb.Options)) (*dynamodb.Client, *wire) {
	o := db.Options()
	w := &wire{next: o.HTTPClient}
	o.HTTPClient = w
	return dynamodb.New(o, opts...), w
}

// scripted returns an encrypted client of a server that says what a test wants.
func scripted(answers func(op, body string) (int, string), tables ...ddbenc.ClientTable) (*dynamodb.Client, *wire) {
	w := &wire{answers: answers}
	return dynamodb.New(dynamodb.Options{
		Region:                          "eu-central-1",
		Credentials:                     credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		HTTPClient:                      w,
		DisableValidateResponseChecksum: true,
	}, ddbenc.Encrypted(tables...)), w
}

// rawPatients is Admission's table without a Go type.
func rawPatients(tb testing.TB, name string, opts ...ddbenc.TableOption) *ddbenc.RawTable {
	tb.Helper()
	table, err := ddbenc.NewRawTable(name, crypt.NewDDBEC(testProvider), ddbenc.RawSchema{
		PartitionKey: "patient_id",
		SortKey:      "visit",
		Indexes: []ddbenc.SchemaIndex{
			{Name: "by-clinic", Global: true, PartitionKey: "clinic"},
			{Name: "by-rank", PartitionKey: "patient_id", SortKey: "rank"},
		},
		Actions: crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"views": crypt.DoNothing}},
	}, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

// put stores an item through the encrypted client.
func (c *clinicDB) put(tb testing.TB, it avItem) {
	tb.Helper()
	if _, err := c.db.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: &c.table, Item: it}); err != nil {
		tb.Fatal(err)
	}
}

// stored returns an item as it is stored.
func (c *clinicDB) stored(tb testing.TB, key avItem) avItem {
	tb.Helper()
	out, err := c.plain.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: &c.table, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		tb.Fatal(err)
	}
	return out.Item
}

// tamper changes a signed attribute of a stored item.
func (c *clinicDB) tamper(tb testing.TB, key avItem) {
	tb.Helper()
	_, err := c.plain.UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
		TableName: &c.table, Key: key, UpdateExpression: aws.String("SET clinic = :c"),
		ExpressionAttributeValues: avItem{":c": s("south")},
	})
	if err != nil {
		tb.Fatal(err)
	}
}

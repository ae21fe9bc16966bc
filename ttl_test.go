package ddbenc_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

type session struct {
	User    string    `dynamodbav:"user,partition"`
	ID      string    `dynamodbav:"id,sort"`
	Token   string    `dynamodbav:"token"`
	Expires time.Time `dynamodbav:"expires,ttl,unixtime,omitempty"`
}

func TestEngineHideExpired(t *testing.T) {
	ctx := t.Context()
	sessions := newTable[session](t, engine(t))
	now := time.Now()
	visible := map[string]bool{"never": true, "tomorrow": true, "yesterday": false, "long ago": false, "too long ago": true}
	for id, expires := range map[string]time.Time{
		"never": {}, "tomorrow": now.AddDate(0, 0, 1), "yesterday": now.AddDate(0, 0, -1),
		"long ago": now.Add(-5*365*24*time.Hour + time.Hour), "too long ago": now.Add(-5*365*24*time.Hour - time.Hour),
	} {
		if err := sessions.Put(ctx, &session{User: "u", ID: id, Token: "secret", Expires: expires}); err != nil {
			t.Fatal(err)
		}
	}
	ids := func(all []session, err error) map[string]bool {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, s := range all {
			got[s.ID] = true
		}
		return got
	}
	want := map[string]bool{"never": true, "tomorrow": true, "too long ago": true}
	ofUser := expression.Key("user").Equal(expression.Value("u"))
	if diff := cmp.Diff(want, ids(collect(sessions.Query(ctx, ofUser, ddbenc.HideExpired())))); diff != "" {
		t.Errorf("Query (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, ids(collect(sessions.Scan(ctx, ddbenc.HideExpired(), ddbenc.PageSize(2))))); diff != "" {
		t.Errorf("Scan (-want +got):\n%s", diff)
	}
	if n, err := sessions.QueryCount(ctx, ofUser, ddbenc.HideExpired()); n != 3 || err != nil {
		t.Errorf("QueryCount gives %d, %v", n, err)
	}
	secret := ddbenc.Filter(expression.Name("id").NotEqual(expression.Value("never")))
	if n, err := sessions.ScanCount(ctx, ddbenc.HideExpired(), secret); n != 2 || err != nil {
		t.Errorf("ScanCount with a filter gives %d, %v", n, err)
	}
	var keys []ddbenc.PrimaryKey
	var names []string
	for id, visible := range visible {
		keys, names = append(keys, ddbenc.Key("u", id)), append(names, id)
		if _, err := sessions.Get(ctx, ddbenc.Key("u", id), ddbenc.HideExpired(), ddbenc.ConsistentRead()); visible != (err == nil) || err != nil && !errors.Is(err, ddbenc.ErrNotFound) {
			t.Errorf("Get of %s gives %v", id, err)
		}
		if _, err := sessions.Get(ctx, ddbenc.Key("u", id)); err != nil {
			t.Errorf("Get of %s without the option gives %v", id, err)
		}
	}
	found, err := sessions.BatchGet(ctx, keys, ddbenc.HideExpired(), ddbenc.ConsistentRead())
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range found {
		if visible[names[i]] != (r.Item != nil) {
			t.Errorf("BatchGet of %s gives %v", names[i], r.Item)
		}
	}
}

// DynamoDB deletes by the attribute, which it can read.
func TestTimeToLive(t *testing.T) {
	ctx := t.Context()
	e := ddbenctest.NewEngine()
	db := e.Client()
	ddbenctest.CreateTable[session](t, db, "sessions")
	if _, err := db.UpdateTimeToLive(ctx, must(ddbenc.SchemaOf[session]()).TimeToLiveInput("sessions")); err != nil {
		t.Fatal(err)
	}
	sessions := must(ddbenc.NewTable[session](db, "sessions", crypt.NewDDBEC(testProvider)))
	for _, s := range []session{{ID: "a", Expires: e.Now().Add(time.Hour)}, {ID: "b"}} {
		s.User = "u"
		if err := sessions.Put(ctx, &s); err != nil {
			t.Fatal(err)
		}
	}
	e.Advance(2 * time.Hour)
	all, err := collect(sessions.Scan(ctx))
	if err != nil || len(all) != 1 || all[0].ID != "b" {
		t.Errorf("left are %v, %v", all, err)
	}
	if in := must(ddbenc.SchemaOf[Admission]()).TimeToLiveInput("x"); in != nil {
		t.Error("a type without a ttl has a request")
	}
}

// loose is a type of which only a value tells how it is stored.
type loose struct{ v any }

func (l loose) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return attributevalue.Marshal(l.v)
}

func (l *loose) UnmarshalDynamoDBAttributeValue(v types.AttributeValue) error {
	l.v = v
	return nil
}

func TestTimesToLiveAreChecked(t *testing.T) {
	type doc struct {
		ID      string `dynamodbav:"id,partition"`
		Text    string `dynamodbav:"text"`
		Expires loose  `dynamodbav:"expires,ttl"`
	}
	ctx := t.Context()
	db := engine(t)
	docs := newTable[doc](t, db)
	for _, tc := range []struct {
		expires any
		want    string // in the error, or empty
	}{
		{nil, ""}, {1_800_000_000, ""}, {0, ""}, {int64(-62135596800), ""}, {attributevalue.Number("1.8e9"), ""},
		{time.Now().UnixMilli(), "milliseconds"}, {1.5, "not a whole number"}, {"2026", "stored as S"},
		{attributevalue.Number("1e30"), "later than the year 9999"},
	} {
		err := docs.Put(ctx, &doc{ID: "a", Expires: loose{tc.expires}})
		if tc.want == "" && err != nil || tc.want != "" && (!errors.Is(err, ddbenc.ErrInvalidItem) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("Put of %v gives %v, want %q", tc.expires, err, tc.want)
		}
		_, err = docs.Update(ctx, ddbenc.Key("b"), func(d *doc) error { d.Expires = loose{tc.expires}; return nil }, ddbenc.CreateIfAbsent())
		if (tc.want == "") != (err == nil) {
			t.Errorf("Update to %v gives %v", tc.expires, err)
		}
	}

	// What is stored already, by whomever, does not stand in the way of an update.
	enc := must(crypt.NewDDBEC(testProvider).ForTable(crypt.Table{
		Name: docs.Name(), PartitionKey: "id", Actions: must(ddbenc.SchemaOf[doc]()).Actions(),
	}))
	it := must(enc.Encrypt(ctx, avItem{"id": s("c"), "text": s("x"), "expires": n("1800000000000")}))
	if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(docs.Name()), Item: it}); err != nil {
		t.Fatal(err)
	}
	if _, err := docs.Update(ctx, ddbenc.Key("c"), func(d *doc) error { d.Text = "y"; return nil }); err != nil {
		t.Error(err)
	}
}

func TestHideExpiredIsRefused(t *testing.T) {
	type byTime struct {
		ID      string `dynamodbav:"id,partition"`
		Kind    string `dynamodbav:"kind" dynamodbindex:"by-time,global,partition"`
		Expires int64  `dynamodbav:"expires,ttl" dynamodbindex:"by-time,global,sort"`
	}
	ctx := t.Context()
	db := &fake{}
	patients := openAdmissions(t, db)
	times := must(ddbenc.NewTable[byTime](db, "times", crypt.NewDDBEC(testProvider)))
	_, getErr := patients.Get(ctx, adaKey, ddbenc.HideExpired())
	_, queryErr := collect(patients.Query(ctx, ofAda, ddbenc.HideExpired()))
	_, indexErr := collect(times.Query(ctx, expression.Key("kind").Equal(expression.Value("x")), ddbenc.Index("by-time"), ddbenc.HideExpired()))
	for want, err := range map[string]error{
		"Admission has no time to live": getErr, "has no time to live": queryErr, `where "expires" is a key`: indexErr,
	} {
		if !errors.Is(err, ddbenc.ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if db.calls != 0 {
		t.Errorf("%d requests were sent", db.calls)
	}
}

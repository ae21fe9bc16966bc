package ddbenc_test

import (
	"encoding"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

// visit has one field of every role.
type visit struct {
	ID      string    `dynamodbav:"patient_id,partition"`
	At      time.Time `dynamodbav:"at,sort,unixtime"`
	Name    string    `dynamodbav:"name" ddbenc:"encrypt"`
	Notes   []string  `dynamodbav:"notes,omitempty"`
	Clinic  string    `dynamodbav:"clinic" dynamodbindex:"by-clinic,global,partition"`
	Doctor  string    `dynamodbav:"doctor" ddbenc:"sign" dynamodbindex:"by-clinic,global,sort;by-doctor,local,sort"`
	Views   int       `dynamodbav:"views" ddbenc:"none"`
	Rev     int64     `dynamodbav:"rev,version"`
	Expires int64     `dynamodbav:"expires,ttl"`
	Cached  string    `dynamodbav:"-"`
}

// The whole schema, as users can pin theirs.
func TestSchemaOf(t *testing.T) {
	got, err := ddbenc.SchemaOf[visit]()
	if err != nil {
		t.Fatal(err)
	}
	want := &ddbenc.Schema{
		Type:         "visit",
		Default:      crypt.EncryptAndSign,
		PartitionKey: "patient_id",
		SortKey:      "at",
		Version:      "rev",
		TTL:          "expires",
		Attributes: []ddbenc.SchemaAttribute{
			{Name: "patient_id", Field: "ID", GoType: "string", Type: "S", Action: crypt.SignOnly, Why: "partition key"},
			{Name: "at", Field: "At", GoType: "time.Time", Type: "N", Action: crypt.SignOnly, Why: "sort key"},
			{Name: "name", Field: "Name", GoType: "string", Type: "S", Action: crypt.EncryptAndSign, Why: "tag"},
			{Name: "notes", Field: "Notes", GoType: "[]string", Type: "L", Action: crypt.EncryptAndSign, Why: "default"},
			{Name: "clinic", Field: "Clinic", GoType: "string", Type: "S", Action: crypt.SignOnly, Why: "key of index by-clinic"},
			{Name: "doctor", Field: "Doctor", GoType: "string", Type: "S", Action: crypt.SignOnly, Why: "tag"},
			{Name: "views", Field: "Views", GoType: "int", Type: "N", Action: crypt.DoNothing, Why: "tag"},
			{Name: "rev", Field: "Rev", GoType: "int64", Type: "N", Action: crypt.SignOnly, Why: "version"},
			{Name: "expires", Field: "Expires", GoType: "int64", Type: "N", Action: crypt.SignOnly, Why: "ttl"},
		},
		Indexes: []ddbenc.SchemaIndex{
			{Name: "by-clinic", Global: true, PartitionKey: "clinic", SortKey: "doctor"},
			{Name: "by-doctor", PartitionKey: "patient_id", SortKey: "doctor"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SchemaOf[visit] (-want +got):\n%s", diff)
	}
}

func TestSchemaMethods(t *testing.T) {
	s, err := ddbenc.SchemaOf[*visit]()
	if err != nil {
		t.Fatal(err)
	}
	wantActions := crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{
		"patient_id": crypt.SignOnly, "at": crypt.SignOnly, "name": crypt.EncryptAndSign, "notes": crypt.EncryptAndSign,
		"clinic": crypt.SignOnly, "doctor": crypt.SignOnly, "views": crypt.DoNothing, "rev": crypt.SignOnly, "expires": crypt.SignOnly,
	}}
	if diff := cmp.Diff(wantActions, s.Actions()); diff != "" {
		t.Errorf("Actions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"name", "notes"}, s.Names(crypt.EncryptAndSign)); diff != "" {
		t.Errorf("Names(EncryptAndSign) (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"patient_id", "clinic", "doctor"}, s.IndexKeys()); diff != "" {
		t.Errorf("IndexKeys (-want +got):\n%s", diff)
	}
	if a, ok := s.Attribute("rev"); !ok || a.Field != "Rev" {
		t.Errorf("Attribute(rev) = %+v, %t", a, ok)
	}
	if a, ok := s.Attribute("Rev"); ok {
		t.Errorf("Attribute(Rev) = %+v, want none: case matters", a)
	}
	if x, ok := s.Index("by-doctor"); !ok || x.Global || x.SortKey != "doctor" {
		t.Errorf("Index(by-doctor) = %+v, %t", x, ok)
	}
	if x, ok := s.Index("doctor"); ok {
		t.Errorf("Index(doctor) = %+v, want none", x)
	}
}

// A caller who changes a schema changes that one only.
func TestSchemaOfReturnsACopy(t *testing.T) {
	mine, err := ddbenc.SchemaOf[visit]()
	if err != nil {
		t.Fatal(err)
	}
	for i := range mine.Attributes {
		mine.Attributes[i].Action = crypt.DoNothing
	}
	mine.Indexes[0].Name, mine.PartitionKey = "other", "other"

	again, err := ddbenc.SchemaOf[visit]()
	if err != nil {
		t.Fatal(err)
	}
	if again.PartitionKey != "patient_id" || again.Indexes[0].Name != "by-clinic" || again.Attributes[2].Action != crypt.EncryptAndSign {
		t.Errorf("the next schema is changed too:\n%s", again)
	}
}

func TestSchemaOfConcurrently(t *testing.T) {
	type fresh struct {
		ID   string `dynamodbav:"id,partition"`
		Name string
	}
	type broken struct{ Name string }
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if s, err := ddbenc.SchemaOf[fresh](); err != nil || s.PartitionKey != "id" {
				t.Errorf("fresh: %v, %v", s, err)
			}
			if s, err := ddbenc.SchemaOf[broken](); s != nil || !errors.Is(err, ddbenc.ErrSchema) {
				t.Errorf("broken: %v, %v", s, err)
			}
		})
	}
	wg.Wait()
}

// A default belongs to the struct that declares it and to the structs embedded
// in it that don't have their own. Attributes unknown to the type follow the
// outermost one.
func TestStructDefaults(t *testing.T) {
	type Inherits struct{ FromOuter string }
	type Own struct {
		_       struct{} `ddbenc:"default=encrypt"`
		FromOwn string
		Tagged  string `ddbenc:"none"`
	}
	type outer struct {
		_    struct{} `ddbenc:"default=none"`
		ID   string   `dynamodbav:"id,partition"`
		Key  string   `dynamodbindex:"by-key,global,partition"`
		Data string
		Inherits
		Own
	}
	s, err := ddbenc.SchemaOf[outer]()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"id":        "SIGN_ONLY, partition key",
		"Key":       "SIGN_ONLY, key of index by-key",
		"Data":      "DO_NOTHING, default=none",
		"FromOuter": "DO_NOTHING, default=none",
		"FromOwn":   "ENCRYPT_AND_SIGN, default=encrypt",
		"Tagged":    "DO_NOTHING, tag",
	}
	got := map[string]string{}
	for _, a := range s.Attributes {
		got[a.Name] = a.Action.String() + ", " + a.Why
	}
	if diff := cmp.Diff(want, got); diff != "" || s.Default != crypt.DoNothing {
		t.Errorf("default %v, attributes (-want +got):\n%s", s.Default, diff)
	}
}

// With any attribute in the encryption context, the keys of the table are in it
// too. Those of indexes need not be.
func TestContextTakesTheKeysAlong(t *testing.T) {
	type item struct {
		ID     string `dynamodbav:"id,partition"`
		At     int    `dynamodbav:"at,sort"`
		Tenant string `ddbenc:"context"`
		Clinic string `dynamodbindex:"by-clinic,global,partition"`
	}
	s, err := ddbenc.SchemaOf[item]()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"id", "at", "Tenant"}, s.Names(crypt.SignAndIncludeInContext)); diff != "" {
		t.Errorf("in the context (-want +got):\n%s", diff)
	}
}

// Types that marshal themselves may be keys if their zero value tells a type
// for keys, or doesn't tell any.
func TestSelfMarshalingKeys(t *testing.T) {
	type item struct {
		ID attributevalue.UnixTime `dynamodbav:"id,partition"`
		At panicsWhenZero          `dynamodbav:"at,sort"`
		A  nullWhenZero            `dynamodbindex:"by-a,global,partition"`
	}
	s, err := ddbenc.SchemaOf[item]()
	if err != nil {
		t.Fatal(err)
	}
	got := []string{s.Attributes[0].Type, s.Attributes[1].Type, s.Attributes[2].Type}
	if diff := cmp.Diff([]string{"N", "", ""}, got); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

type panicsWhenZero struct{ v *string }

func (p panicsWhenZero) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberS{Value: *p.v}, nil
}

type nullWhenZero struct{}

func (nullWhenZero) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberNULL{Value: true}, nil
}

type text struct{ Text string }

func (text) MarshalText() ([]byte, error) { return nil, nil }

var _ encoding.TextMarshaler = text{}

func TestEncoderOptionsChangeTypes(t *testing.T) {
	type item struct {
		ID netip.Addr `dynamodbav:"id,partition"` // a struct, but for its methods
		At time.Time  `dynamodbav:"at,sort"`
	}
	marshalers := func(o *attributevalue.EncoderOptions) { o.UseEncodingMarshalers = true }
	unix := func(o *attributevalue.EncoderOptions) {
		o.EncodeTime = func(time.Time) (types.AttributeValue, error) { return &types.AttributeValueMemberN{Value: "0"}, nil }
	}
	tagKey := func(o *attributevalue.EncoderOptions) { o.TagKey = "json" }

	if _, err := ddbenc.SchemaOf[item](); !strings.Contains(errText(err), "ddbenc: item.ID: a key is stored as S, N or B, but netip.Addr is stored as M") {
		t.Errorf("without options: %v", err)
	}
	s, err := ddbenc.SchemaOf[item](marshalers)
	if err != nil {
		t.Fatal(err)
	}
	if s.Attributes[0].Type != "S" || s.Attributes[1].Type != "S" {
		t.Errorf("with UseEncodingMarshalers:\n%s", s)
	}
	if s, err = ddbenc.SchemaOf[struct {
		ID time.Time `dynamodbav:"id,partition"`
	}](unix); err != nil || s.Attributes[0].Type != "N" {
		t.Errorf("with EncodeTime: %v, %v", s, err)
	}
	if _, err := ddbenc.SchemaOf[text](marshalers); !strings.HasPrefix(errText(err), "ddbenc: text: the type marshals itself (MarshalText)") {
		t.Errorf("text with UseEncodingMarshalers: %v", err)
	}
	if _, err := ddbenc.SchemaOf[visit](tagKey); !errors.Is(err, ddbenc.ErrSchema) {
		t.Errorf("with TagKey: %v, want ErrSchema", err)
	}
	// time.Time has a MarshalText method, before which unixtime counts for nothing.
	if _, err := ddbenc.SchemaOf[visit](marshalers); errText(err) != `ddbenc: visit.At: dynamodbav:"at,sort,unixtime": unixtime has no effect on time.Time, which is stored as S` {
		t.Errorf("unixtime with UseEncodingMarshalers: %v", err)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

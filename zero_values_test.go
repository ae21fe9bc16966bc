package ddbenc_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// Grade marshals itself: its zero value is stored as NULL.
type Grade int

func (g Grade) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	if g == 0 {
		return &types.AttributeValueMemberNULL{Value: true}, nil
	}
	return attributevalue.Marshal("ABCDEF"[g-1 : g])
}

func (g *Grade) UnmarshalDynamoDBAttributeValue(v types.AttributeValue) error {
	*g = 0
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		*g = Grade(strings.Index("ABCDEF", s.Value) + 1)
	}
	return nil
}

type Inner struct {
	A int `dynamodbav:"a"`
	B int `dynamodbav:"b,omitempty"`
}

// zeroValues has a field for each row of the table in docs/zero-values.md.
type zeroValues struct {
	_  struct{} `ddbenc:"default=sign"`
	ID string   `dynamodbav:"id,partition"`

	String     string `dynamodbav:"string"`
	StringOmit string `dynamodbav:"string_omit,omitempty"`
	StringNull string `dynamodbav:"string_null,nullempty"`
	Int        int    `dynamodbav:"int"`
	IntOmit    int    `dynamodbav:"int_omit,omitempty"`
	Bool       bool   `dynamodbav:"bool"`
	BoolOmit   bool   `dynamodbav:"bool_omit,omitempty"`

	Bytes     []byte            `dynamodbav:"bytes"`
	BytesOmit []byte            `dynamodbav:"bytes_omit,omitempty"`
	List      []string          `dynamodbav:"list"`
	ListOmit  []string          `dynamodbav:"list_omit,omitempty"`
	ListElem  []string          `dynamodbav:"list_elem,omitemptyelem"`
	Set       []string          `dynamodbav:"set,stringset"`
	SetOmit   []string          `dynamodbav:"set_omit,stringset,omitempty"`
	Map       map[string]string `dynamodbav:"map"`
	MapOmit   map[string]string `dynamodbav:"map_omit,omitempty"`
	Array     [2]int            `dynamodbav:"array,omitempty"`

	Pointer      *int    `dynamodbav:"pointer"`
	PointerOmit  *int    `dynamodbav:"pointer_omit,omitempty"`
	StringPtr    *string `dynamodbav:"string_ptr,omitempty"`
	Any          any     `dynamodbav:"any"`
	AnyOmit      any     `dynamodbav:"any_omit,omitempty"`
	Struct       Inner   `dynamodbav:"struct"`
	StructOmit   Inner   `dynamodbav:"struct_omit,omitempty"`
	StructPtr    *Inner  `dynamodbav:"struct_ptr"`
	StructPtrOmi *Inner  `dynamodbav:"struct_ptr_omit,omitempty"`

	Time     time.Time  `dynamodbav:"time"`
	TimeOmit time.Time  `dynamodbav:"time_omit,omitempty"`
	Unix     time.Time  `dynamodbav:"unix,unixtime"`
	UnixOmit time.Time  `dynamodbav:"unix_omit,unixtime,omitempty"`
	TimePtr  *time.Time `dynamodbav:"time_ptr,omitempty"`

	Grade     Grade `dynamodbav:"grade"`
	GradeOmit Grade `dynamodbav:"grade_omit,omitempty"`
}

// zeroRows are the values of the table, by field.
var zeroRows = []struct {
	field string
	value any // nil for the zero value
}{
	{"String", nil}, {"StringOmit", nil}, {"StringNull", nil},
	{"Int", nil}, {"IntOmit", nil}, {"Bool", nil}, {"BoolOmit", nil},
	{"Bytes", nil}, {"Bytes", []byte{}}, {"BytesOmit", nil}, {"BytesOmit", []byte{}},
	{"List", nil}, {"List", []string{}}, {"ListOmit", nil}, {"ListOmit", []string{}},
	{"List", []string{"", "x"}}, {"ListElem", []string{"", "x"}},
	{"Set", nil}, {"Set", []string{}}, {"SetOmit", nil}, {"SetOmit", []string{}},
	{"Map", nil}, {"Map", map[string]string{}}, {"MapOmit", nil}, {"MapOmit", map[string]string{}},
	{"Array", nil},
	{"Pointer", nil}, {"PointerOmit", nil}, {"PointerOmit", new(int)}, {"StringPtr", new(string)},
	{"Any", nil}, {"AnyOmit", nil}, {"AnyOmit", ""},
	{"Any", attributevalue.Number("12345678901234567890")},
	{"Struct", nil}, {"StructOmit", nil}, {"StructPtr", nil}, {"StructPtrOmi", nil}, {"StructPtrOmi", new(Inner)},
	{"Time", nil}, {"TimeOmit", nil}, {"Unix", nil}, {"UnixOmit", nil}, {"TimePtr", nil}, {"TimePtr", new(time.Time)},
	{"Time", time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))},
	{"Unix", time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))},
	{"Grade", nil}, {"GradeOmit", nil}, {"Grade", Grade(1)},
}

// The table in docs/zero-values.md says what is stored and what is read.
func TestZeroValues(t *testing.T) {
	ctx := t.Context()
	db := engine(t)
	table := newTable[zeroValues](t, db)
	var rows strings.Builder
	for i, row := range zeroRows {
		v := zeroValues{ID: fmt.Sprint(i)}
		field, _ := reflect.TypeFor[zeroValues]().FieldByName(row.field)
		in := reflect.ValueOf(&v).Elem().FieldByIndex(field.Index)
		if row.value != nil {
			in.Set(reflect.ValueOf(row.value))
		}
		if err := table.Put(ctx, &v); err != nil {
			t.Fatal(err)
		}
		out, err := db.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: aws.String(table.Name()), Key: avItem{"id": s(v.ID)}, ConsistentRead: aws.Bool(true),
		})
		if err != nil {
			t.Fatal(err)
		}
		name, options, _ := strings.Cut(field.Tag.Get("dynamodbav"), ",")
		stored := "nothing"
		if av := out.Item[name]; av != nil {
			stored = "`" + string(must(codec.MarshalValue(av))) + "`"
		}
		got, err := table.Get(ctx, ddbenc.Key(v.ID), ddbenc.ConsistentRead())
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.ValueOf(got).Elem().FieldByIndex(field.Index)
		fmt.Fprintf(&rows, "| `%s` | %s | `%s` | %s | `%s` |\n", goText(field.Type.String()), options, goValue(in), stored, goValue(back))
	}
	if !strings.Contains(read(t, "docs/zero-values.md"), "|---|---|---|---|---|\n"+rows.String()+"\n") {
		t.Errorf("docs/zero-values.md should have the rows\n%s", rows.String())
	}
}

// Zero times are left out on request, and numbers in interfaces keep their digits.
func TestZeroValuesWithOptions(t *testing.T) {
	ctx := t.Context()
	db := engine(t)
	name := newTable[zeroValues](t, db).Name()
	table, err := ddbenc.NewTable[zeroValues](db, name, crypt.NewDDBEC(testProvider),
		ddbenc.EncoderOptions(func(o *attributevalue.EncoderOptions) { o.OmitEmptyTime = true }),
		ddbenc.DecoderOptions(func(o *attributevalue.DecoderOptions) { o.UseNumber = true }))
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Put(ctx, &zeroValues{ID: "a", Any: attributevalue.Number("12345678901234567890")}); err != nil {
		t.Fatal(err)
	}
	out, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(name), Key: avItem{"id": s("a")}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"time": true, "time_omit": false, "unix": true, "unix_omit": false, "time_ptr": false} {
		if got := out.Item[name] != nil; got != want {
			t.Errorf("attribute %s is there: %v, want %v", name, got, want)
		}
	}
	got, err := table.Get(ctx, ddbenc.Key("a"), ddbenc.ConsistentRead())
	if err != nil || got.Any != attributevalue.Number("12345678901234567890") {
		t.Errorf("got %v, %v", got.Any, err)
	}
}

// Types that marshal themselves to text do so if they are asked to.
func TestTextMarshalers(t *testing.T) {
	type host struct {
		ID   string     `dynamodbav:"id,partition"`
		Addr netip.Addr `dynamodbav:"addr"`
	}
	ctx := t.Context()
	db := engine(t)
	name := newTable[struct {
		ID string `dynamodbav:"id,partition"`
	}](t, db).Name()
	hosts, err := ddbenc.NewTable[host](db, name, crypt.NewDDBEC(testProvider),
		ddbenc.EncoderOptions(func(o *attributevalue.EncoderOptions) { o.UseEncodingMarshalers = true }),
		ddbenc.DecoderOptions(func(o *attributevalue.DecoderOptions) { o.UseEncodingUnmarshalers = true }))
	if err != nil {
		t.Fatal(err)
	}
	want := host{ID: "a", Addr: netip.MustParseAddr("::1")}
	if err := hosts.Put(ctx, &want); err != nil {
		t.Fatal(err)
	}
	if got, err := hosts.Get(ctx, ddbenc.Key("a"), ddbenc.ConsistentRead()); err != nil || *got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

// goValue writes v as Go source, more or less.
func goValue(v reflect.Value) string {
	switch {
	case (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil():
		return "nil"
	case v.Kind() == reflect.Interface:
		return goValue(v.Elem())
	case v.Kind() == reflect.Pointer:
		return "&" + goValue(v.Elem())
	}
	if t, ok := v.Interface().(time.Time); ok {
		if t.IsZero() {
			return "time.Time{}"
		}
		return t.Format(time.RFC3339Nano)
	}
	if (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil() {
		return "nil"
	}
	return goText(fmt.Sprintf("%#v", v.Interface()))
}

func goText(s string) string {
	return strings.NewReplacer("ddbenc_test.", "", "interface {}", "any").Replace(s)
}

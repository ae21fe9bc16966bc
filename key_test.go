package ddbenc

import (
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sameValues lets go-cmp look into SDK types.
var sameValues = cmpopts.IgnoreUnexported(
	types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{}, types.AttributeValueMemberBOOL{},
	types.AttributeValueMemberM{}, types.AttributeValueMemberL{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberSS{},
	types.AttributeValueMemberNS{}, types.AttributeValueMemberBS{})

func avS(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func avN(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
func avB(s string) types.AttributeValue { return &types.AttributeValueMemberB{Value: []byte(s)} }

// A hexID is a number in Go and a string in DynamoDB.
type hexID uint16

func (h hexID) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	if h == 0xffff {
		return nil, fmt.Errorf("no such id: %x", uint16(h))
	}
	return avS(fmt.Sprintf("%04x", uint16(h))), nil
}

type name string

func TestKeyConversion(t *testing.T) {
	type uuid [4]byte
	at := time.Unix(1700000000, 5)
	n := 7
	type tc struct {
		name string
		in   any
		want types.AttributeValue // nil if refused
	}
	for _, field := range []struct {
		name  string
		table func(...any) (map[string]types.AttributeValue, error)
		cases []tc
	}{
		{"string", keyOfField[struct {
			K string `dynamodbav:"k,partition"`
		}], []tc{
			{"same", "x", avS("x")},
			{"named", name("x"), avS("x")},
			{"pointer", new("x"), avS("x")},
			{"number", 1, nil},
			{"bytes", []byte("x"), nil},
			{"nil", nil, nil},
			{"nil pointer", (*string)(nil), nil},
			{"empty", "", nil},
			{"attribute value", avS("x"), avS("x")},
			{"attribute value of another type", avN("1"), nil},
			{"nil attribute value", (*types.AttributeValueMemberS)(nil), nil},
		}},
		{"named string", keyOfField[struct {
			K name `dynamodbav:"k,partition"`
		}], []tc{
			{"same", name("x"), avS("x")},
			{"plain", "x", avS("x")},
		}},
		{"int8", keyOfField[struct {
			K int8 `dynamodbav:"k,partition"`
		}], []tc{
			{"same", int8(-3), avN("-3")},
			{"fits", 127, avN("127")},
			{"too large", 128, nil},
			{"wraps around", 256, nil},
			{"unsigned", uint64(5), avN("5")},
			{"unsigned too large", uint64(255), nil},
			{"float", 1.0, nil},
			{"pointer", &n, avN("7")},
			{"string", "1", nil},
			{"attribute value", avN("1.0"), avN("1.0")},
			{"not a number", avN("one"), nil},
		}},
		{"uint64", keyOfField[struct {
			K uint64 `dynamodbav:"k,partition"`
		}], []tc{
			{"large", uint64(math.MaxUint64), avN("18446744073709551615")},
			{"negative", -1, nil},
		}},
		{"float64", keyOfField[struct {
			K float64 `dynamodbav:"k,partition"`
		}], []tc{
			{"int", 3, avN("3")},
			{"float32", float32(0.5), avN("0.5")},
			{"exact no more", int64(1<<53 + 1), nil},
			{"largest", uint64(math.MaxUint64), nil},
		}},
		{"time", keyOfField[struct {
			K time.Time `dynamodbav:"k,partition"`
		}], []tc{
			{"same", at.UTC(), avS("2023-11-14T22:13:20.000000005Z")},
			{"string", "2023-11-14T22:13:20Z", nil},
		}},
		{"unixtime", keyOfField[struct {
			K *time.Time `dynamodbav:"k,partition,unixtime"`
		}], []tc{
			{"value", at, avN("1700000000")},
			{"pointer", &at, avN("1700000000")},
			{"unix time", attributevalue.UnixTime(at), avN("1700000000")},
			{"number", 1700000000, nil},
			{"attribute value", avN("1700000000"), avN("1700000000")},
		}},
		{"number as string", keyOfField[struct {
			K int `dynamodbav:"k,partition,string"`
		}], []tc{
			{"same", 12, avS("12")},
		}},
		{"decimal", keyOfField[struct {
			K attributevalue.Number `dynamodbav:"k,partition"`
		}], []tc{
			{"same", attributevalue.Number("1.50"), avN("1.50")},
			{"string", "12345678901234567890123456789012345678", avN("12345678901234567890123456789012345678")},
			{"39 digits", "123456789012345678901234567890123456789", nil},
			{"text", "x", nil},
		}},
		{"bytes", keyOfField[struct {
			K []byte `dynamodbav:"k,partition"`
		}], []tc{
			{"same", []byte("x"), avB("x")},
			{"string", "x", nil},
			{"empty", []byte{}, nil},
		}},
		{"array", keyOfField[struct {
			K uuid `dynamodbav:"k,partition"`
		}], []tc{
			{"same", uuid{1, 2, 3, 4}, avB("\x01\x02\x03\x04")},
			{"plain", [4]byte{1, 2, 3, 4}, avB("\x01\x02\x03\x04")},
			{"short", [3]byte{1, 2, 3}, nil},
		}},
		{"marshals itself", keyOfField[struct {
			K hexID `dynamodbav:"k,partition"`
		}], []tc{
			{"same", hexID(0xab), avS("00ab")},
			{"converted first", 0xab, avS("00ab")},
			{"fails", hexID(0xffff), nil},
		}},
	} {
		for _, tc := range field.cases {
			t.Run(field.name+"/"+tc.name, func(t *testing.T) {
				got, err := field.table(tc.in)
				if tc.want == nil {
					if err == nil {
						t.Errorf("Key(%#v) = %v, want it refused", tc.in, got["k"])
					}
					return
				}
				if err != nil {
					t.Fatalf("Key(%#v): %v", tc.in, err)
				}
				if diff := cmp.Diff(item{"k": tc.want}, got, sameValues); diff != "" {
					t.Errorf("Key(%#v) (-want +got):\n%s", tc.in, diff)
				}
			})
		}
	}
}

// keyOfField marshals and checks a key of the table type T.
func keyOfField[T any](parts ...any) (map[string]types.AttributeValue, error) {
	schema, err := schemaOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	shape := shapeOf(schema)
	keys := newBinder(reflect.TypeFor[T](), schema, nil, nil).keyMaker(shape.keys)
	r := &refusals{op: opGet, table: "things"}
	key := keys.attributes(r, Key(parts[0], parts[1:]...))
	if len(r.errs) == 0 {
		shape.checkKey(r, key)
	}
	return key, r.err()
}

func TestKeyNumberOfValues(t *testing.T) {
	type two struct {
		A string `dynamodbav:"a,partition"`
		B int    `dynamodbav:"b,sort"`
	}
	if key, err := keyOfField[two]("x", 1); err != nil || len(key) != 2 {
		t.Errorf("two values: %v, %v", key, err)
	}
	for _, parts := range [][]any{{"x"}, {"x", 1, 2}} {
		_, err := keyOfField[two](parts...)
		want := fmt.Sprintf(`ddbenc: GetItem on table "things": request refused: the key has %d values, want 2: "a", "b"`, len(parts))
		if err == nil || err.Error() != want {
			t.Errorf("%d values: got error %v, want %s", len(parts), err, want)
		}
	}
}

func TestKeyEmbedded(t *testing.T) {
	type Base struct {
		ID time.Time `dynamodbav:"id,partition,unixtime"`
	}
	type inner struct{ *Base }
	type outer struct {
		inner
		N int `dynamodbav:"n,sort,string"`
	}
	got, err := keyOfField[*outer](time.Unix(5, 0), 6)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(item{"id": avN("5"), "n": avS("6")}, got, sameValues); diff != "" {
		t.Error(diff)
	}
}

func TestKeyPrintsNoValues(t *testing.T) {
	for _, k := range []PrimaryKey{Key("secret", 4711), RawKey(item{"k": avS("secret")})} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
			if got := fmt.Sprintf(verb, k); strings.Contains(got, "secret") || strings.Contains(got, "4711") {
				t.Errorf("Printf(%q) prints %s", verb, got)
			}
		}
		if got := slog.AnyValue(k).Resolve().String(); got != "PrimaryKey(REDACTED)" {
			t.Errorf("slog prints %s", got)
		}
	}
}

func TestRawKeyIsACopy(t *testing.T) {
	m := item{"k": avS("x")}
	k := RawKey(m)
	m["l"] = avS("y")
	if len(k.attributes) != 1 {
		t.Error("RawKey keeps the caller's map")
	}
}

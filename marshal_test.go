package ddbenc

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

func binderOf[T any](t *testing.T) *binder {
	t.Helper()
	schema, err := schemaOf(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return newBinder(reflect.TypeFor[T](), schema, nil, nil)
}

// attributevalue matches names without regard to case. An attribute that is not
// signed must not reach the field of one that is.
func TestDecodeMatchesNamesExactly(t *testing.T) {
	type doc struct {
		ID    string `dynamodbav:"id,partition"`
		Owner string `dynamodbav:"owner" ddbenc:"sign"`
		Role  string `dynamodbav:"role" ddbenc:"sign"`
	}
	b := binderOf[doc](t)
	stored := item{"id": avS("1"), "owner": avS("me"), "Owner": avS("you"), "ROLE": avS("admin"), "other": avN("1")}
	for range 100 { // maps are walked in any order
		var got doc
		if err := b.decode(stored, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(doc{ID: "1", Owner: "me"}, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	}
	if len(stored) != 5 {
		t.Error("decode changed the item")
	}
}

var errOdd = errors.New("odd")

// A picky can't be marshaled, and says its value when asked to.
type picky string

func (p picky) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return nil, fmt.Errorf("%w: %s", errOdd, string(p))
}

func (p *picky) UnmarshalDynamoDBAttributeValue(v types.AttributeValue) error {
	return fmt.Errorf("%w: %s", errOdd, v.(*types.AttributeValueMemberS).Value)
}

func TestMarshalErrorsNameTheAttribute(t *testing.T) {
	type Audit struct {
		By picky `dynamodbav:"by"`
	}
	type doc struct {
		ID string `dynamodbav:"id,partition"`
		*Audit
		Note picky     `dynamodbav:"note,omitempty"`
		Age  int8      `dynamodbav:"age"`
		At   time.Time `dynamodbav:"at"`
		Good string    `dynamodbav:"good"`
	}
	b := binderOf[doc](t)

	_, err := b.encode(&doc{ID: "1", Audit: &Audit{By: "4711"}, Note: "4712"})
	checkText(t, "encode", err, `doc can't be marshaled: attribute "by" (field Audit.By of type ddbenc.picky), "note" (field Note of type ddbenc.picky)`)
	_, err = b.encode(&doc{ID: "1", Note: "4712"})
	checkText(t, "encode with a nil embedded struct", err, `doc can't be marshaled: attribute "note" (field Note of type ddbenc.picky)`)

	err = b.decode(item{"id": avS("1"), "by": avS("4711"), "age": avN("4712"), "at": avS("4713"), "good": avS("x"), "other": avS("y")}, new(doc))
	checkText(t, "decode", err, `doc can't be unmarshaled: attribute "by", stored as S, does not fit field Audit.By of type ddbenc.picky; `+
		`"age", stored as N, does not fit field Age of type int8; "at", stored as S, does not fit field At of type time.Time`)
	if err := b.decode(item{"by": avS("4711")}, new(doc)); !errors.Is(err, errOdd) {
		t.Errorf("error %v does not wrap the one of the type's own method", err)
	}
}

func checkText(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	if err.Error() != want {
		t.Errorf("%s:\n got %s\nwant %s", what, err, want)
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if got := fmt.Sprintf(verb, err); strings.Contains(got, "471") {
			t.Errorf("%s: %s holds a value: %s", what, verb, got)
		}
	}
}

func TestEncodeNil(t *testing.T) {
	type doc struct {
		ID string `dynamodbav:"id,partition"`
	}
	if _, err := binderOf[doc](t).encode((*doc)(nil)); !errors.Is(err, ErrInvalidItem) {
		t.Errorf("encoding nil gives %v", err)
	}
	var nilDoc *doc
	if _, err := binderOf[*doc](t).encode(&nilDoc); !errors.Is(err, ErrInvalidItem) {
		t.Errorf("encoding a pointer to nil gives %v", err)
	}
}

func TestBinderOptions(t *testing.T) {
	type doc struct {
		ID string `dynamodbav:"id,partition"`
		X  any    `dynamodbav:"x"`
	}
	schema, err := schemaOf(reflect.TypeFor[doc]())
	if err != nil {
		t.Fatal(err)
	}
	b := newBinder(reflect.TypeFor[doc](), schema, nil, []func(*attributevalue.DecoderOptions){
		func(o *attributevalue.DecoderOptions) { o.UseNumber = true },
	})
	var got doc
	if err := b.decode(item{"x": avN("12345678901234567890123456789012345678")}, &got); err != nil {
		t.Fatal(err)
	}
	if got.X != attributevalue.Number("12345678901234567890123456789012345678") {
		t.Errorf("UseNumber gives %#v", got.X)
	}
}

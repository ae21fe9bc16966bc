package ddbenc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

// The corpus: struct shapes for which the schema has to name exactly the
// attributes that attributevalue produces.
type (
	corpusPlain struct {
		ID   string `dynamodbav:"id,partition"`
		Name string
		Age  int `json:"age"` // attributevalue does not look at json tags
		//lint:ignore U1000 attributevalue passes over it
		note string
	}

	corpusRenamed struct {
		ID      string `dynamodbav:"id,partition"`
		At      int64  `dynamodbav:"at,sort"`
		Spaced  string `dynamodbav:"with a space"`
		Dotted  string `dynamodbav:"a.b"`
		Unicode string `dynamodbav:"größe"`
		Case    string `dynamodbav:"ID"` // not the same as id
		Dropped string `dynamodbav:"-"`
		OwnName string `dynamodbav:",omitempty"`
	}

	corpusKinds struct {
		ID        string `dynamodbav:"id,partition"`
		Bool      bool
		Int       int8
		Uint      uint64
		Float32   float32
		Float64   float64
		Bytes     []byte
		ByteArray [16]byte
		Strings   []string
		StringSet []string  `dynamodbav:",stringset"`
		NumberSet []int     `dynamodbav:",numberset"`
		FloatSet  []float64 `dynamodbav:",numberset,omitempty"`
		BinarySet [][]byte  `dynamodbav:",binaryset"`
		BytesList [][]byte  // becomes a set without being told
		KeySet    [][4]byte `dynamodbav:",binaryset"`
		Array     [2]int
		Map       map[string]int
		MapOfInt  map[int][]string
		Struct    struct{ A, B string }
		Any       any
		AsString  int  `dynamodbav:",string"`
		PtrString *int `dynamodbav:",string"`
		Number    attributevalue.Number
		JSON      json.Number
		NumberStr attributevalue.Number `dynamodbav:",string"`
		Numbers   []json.Number         `dynamodbav:",numberset"`
	}

	corpusTimes struct {
		ID       string `dynamodbav:"id,partition"`
		Time     time.Time
		Unix     time.Time  `dynamodbav:",unixtime"`
		PtrUnix  *time.Time `dynamodbav:",unixtime"`
		Mine     corpusTime
		MineUnix corpusTime `dynamodbav:",unixtime"`
		SDK      attributevalue.UnixTime
		Times    []time.Time
		Expires  time.Time `dynamodbav:"expires,ttl,unixtime"`
	}

	corpusPointers struct {
		ID     *string `dynamodbav:"id,partition"`
		Int    *int
		Double **int
		Triple ***string
		Time   *time.Time
		Struct *corpusPlain
		Slice  *[]string
		Map    *map[string]*int
	}

	corpusSelf struct {
		ID      corpusSelfKey `dynamodbav:"id,partition"`
		Value   corpusByValue
		Pointer corpusByPointer
		Ptr     *corpusByPointer
		Text    corpusText // attributevalue looks at its kind only
		Enum    corpusEnum
		List    []corpusByPointer
	}

	corpusDropped struct {
		ID      string `dynamodbav:"id,partition"`
		Chan    chan int
		Func    func()
		Complex complex128
		Uintptr uintptr
	}

	corpusThreeDeep struct {
		ID string `dynamodbav:"id,partition"`
		corpusLevel1
		Own string
	}
	corpusLevel1 struct {
		One string
		corpusLevel2
	}
	corpusLevel2 struct {
		Two string `dynamodbav:"two"`
		corpusLevel3
	}
	corpusLevel3 struct {
		Three string
		Rev   int `dynamodbav:"rev,version"`
	}

	corpusEmbeddedPointers struct {
		*CorpusOuter
		ID string `dynamodbav:"id,partition"`
	}
	CorpusOuter struct {
		A string
		*CorpusInner
	}
	CorpusInner struct{ B string }

	corpusKeyInBase struct {
		CorpusBase
		Name string
	}
	CorpusBase struct {
		ID string    `dynamodbav:"id,partition"`
		At time.Time `dynamodbav:"at,sort,unixtime"`
	}

	corpusNamedEmbedding struct {
		ID          string `dynamodbav:"id,partition"`
		CorpusBase  `dynamodbav:"base"`
		CorpusInner `dynamodbav:"-"`
		CorpusTags
		CorpusEnum
		*CorpusCount
		fmt.Stringer
		CorpusBox[int]
	}
	CorpusTags       []string
	CorpusEnum       int
	CorpusCount      int
	CorpusBox[V any] struct{ Value V }

	corpusShadowed struct {
		CorpusBase
		ID   string `dynamodbav:"id,partition"` // takes the place of CorpusBase.ID
		Name string
	}

	corpusBothNames struct {
		CorpusInner
		B  string `dynamodbav:"other"` // shadows CorpusInner.B in Go, but not its attribute
		ID string `dynamodbav:"id,partition"`
	}

	corpusTwoBranches struct {
		ID string `dynamodbav:"id,partition"`
		CorpusLeft
		CorpusRight
	}
	CorpusLeft  struct{ L string }
	CorpusRight struct {
		R string
		CorpusInner
	}

	corpusRecursive struct {
		ID       string `dynamodbav:"id,partition"`
		Label    string `ddbenc:"encrypt"`
		Parent   *corpusRecursive
		Children []corpusRecursive
		ByName   map[string]corpusRecursive `ddbenc:"encrypt"`
	}

	CorpusSelfEmbedding struct {
		*CorpusSelfEmbedding
		ID   string `dynamodbav:"id,partition"`
		Name string
	}

	corpusMutual struct {
		ID string `dynamodbav:"id,partition"`
		B  *corpusMutualB
	}
	corpusMutualB struct{ A *corpusMutual }

	corpusAmbiguousMarshaler struct {
		ID string `dynamodbav:"id,partition"`
		CorpusMarshalerA
		CorpusMarshalerB // both have the method, so the struct has not
	}
	CorpusMarshalerA struct{ A string }
	CorpusMarshalerB struct{ B string }

	corpusTextRoot struct { // has MarshalText, which attributevalue does not use by default
		ID string `dynamodbav:"id,partition"`
	}

	corpusDefaults struct {
		_  struct{} `ddbenc:"default=sign"`
		ID string   `dynamodbav:"id,partition"`
		A  string
		B  string `ddbenc:"encrypt"`
		CorpusInner
	}

	corpusGeneric[V any] struct {
		ID    string `dynamodbav:"id,partition"`
		Value V
	}

	corpusUnexportedMix struct {
		ID string `dynamodbav:"id,partition"`
		corpusHiddenCount
		//lint:ignore U1000 attributevalue passes over it
		hidden string
	}
	corpusHiddenCount struct {
		Count int
		//lint:ignore U1000 attributevalue passes over it
		priv int
	}

	// Types that fields above are made of.
	corpusTime      time.Time
	corpusSelfKey   struct{ v string }
	corpusByValue   struct{ A string }
	corpusByPointer struct{ A string }
	corpusText      struct{ A string }
	corpusEnum      int
)

func (k corpusSelfKey) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberS{Value: "key:" + k.v}, nil
}

func (corpusByValue) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberN{Value: "1"}, nil
}

func (*corpusByPointer) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberS{Value: "p"}, nil
}

func (CorpusMarshalerA) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberS{Value: "a"}, nil
}

func (CorpusMarshalerB) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberS{Value: "b"}, nil
}

// CorpusMarshalerBool marshals itself to something that can't be a key.
type CorpusMarshalerBool struct{}

func (CorpusMarshalerBool) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return &types.AttributeValueMemberBOOL{Value: true}, nil
}

func (corpusText) MarshalText() ([]byte, error)     { return []byte("text"), nil }
func (corpusEnum) MarshalText() ([]byte, error)     { return []byte("enum"), nil }
func (corpusTextRoot) MarshalText() ([]byte, error) { return []byte("root"), nil }

type corpusStringer string

func (s corpusStringer) String() string { return string(s) }

var corpus = []reflect.Type{
	reflect.TypeFor[corpusPlain](),
	reflect.TypeFor[*corpusPlain](),
	reflect.TypeFor[corpusRenamed](),
	reflect.TypeFor[corpusKinds](),
	reflect.TypeFor[corpusTimes](),
	reflect.TypeFor[corpusPointers](),
	reflect.TypeFor[corpusSelf](),
	reflect.TypeFor[corpusDropped](),
	reflect.TypeFor[corpusThreeDeep](),
	reflect.TypeFor[corpusEmbeddedPointers](),
	reflect.TypeFor[corpusKeyInBase](),
	reflect.TypeFor[corpusNamedEmbedding](),
	reflect.TypeFor[corpusShadowed](),
	reflect.TypeFor[corpusBothNames](),
	reflect.TypeFor[corpusTwoBranches](),
	reflect.TypeFor[corpusRecursive](),
	reflect.TypeFor[CorpusSelfEmbedding](),
	reflect.TypeFor[corpusMutual](),
	reflect.TypeFor[corpusAmbiguousMarshaler](),
	reflect.TypeFor[corpusTextRoot](),
	reflect.TypeFor[corpusDefaults](),
	reflect.TypeFor[corpusGeneric[map[string][]byte]](),
	reflect.TypeFor[corpusGeneric[corpusGeneric[string]]](),
	reflect.TypeFor[corpusUnexportedMix](),
	reflect.TypeFor[struct {
		ID string `dynamodbav:"id,partition"`
		A  struct{ B string }
	}](),
}

// A populated value of each shape has exactly the attributes of the schema, of
// the types that it names.
func TestCorpusAgreesWithAttributeValue(t *testing.T) {
	for _, typ := range corpus {
		t.Run(typ.String(), func(t *testing.T) {
			s, err := schemaOf(typ)
			if err != nil {
				t.Fatal(err)
			}
			v := reflect.New(withoutPointers(typ))
			fill(v.Elem(), 0)
			item, err := attributevalue.MarshalMap(v.Interface())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(itemTypes(item), schemaTypes(s, item)); diff != "" {
				t.Errorf("attributes (-attributevalue +schema):\n%s\n%s", diff, s)
			}
		})
	}
}

// itemTypes lists the attributes of item with their types.
func itemTypes(item map[string]types.AttributeValue) map[string]string {
	m := map[string]string{}
	for name, v := range item {
		m[name] = valueType(v)
	}
	return m
}

// schemaTypes lists the attributes of s in the same way. Where only a value can
// tell the type, the one in item is taken.
func schemaTypes(s *Schema, item map[string]types.AttributeValue) map[string]string {
	m := map[string]string{}
	for _, a := range s.Attributes {
		m[a.Name] = a.Type
		if a.Type == "" {
			m[a.Name] = valueType(item[a.Name])
		}
	}
	return m
}

// fill sets everything in v that can be set to something that is not zero,
// down to a few levels where v contains itself.
func fill(v reflect.Value, depth int) {
	if !v.CanSet() && v.Kind() != reflect.Struct {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if depth < 6 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), depth+1)
		}
	case reflect.Struct:
		if v.Type().ConvertibleTo(timeType) {
			v.Set(reflect.ValueOf(time.Unix(1700000000, 0).UTC()).Convert(v.Type()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	case reflect.Slice:
		if depth < 6 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), depth+1)
		}
	case reflect.Map:
		if depth < 6 {
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, depth+1)
			fill(elem, depth+1)
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(key, elem)
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf(corpusStringer("any")))
	case reflect.String:
		if v.Type().Implements(numberType) {
			v.SetString("7.50")
		} else {
			v.SetString("s")
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Chan:
		v.Set(reflect.MakeChan(v.Type(), 0))
	case reflect.Func:
		v.Set(reflect.MakeFunc(v.Type(), func([]reflect.Value) []reflect.Value { return nil }))
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(1i)
	default:
		v.Set(reflect.ValueOf(7).Convert(v.Type()))
	}
}

// The order of the attributes is that of the fields in the source, embedded
// ones in the place of the struct that they come from.
func TestSchemaOrder(t *testing.T) {
	s, err := schemaOf(reflect.TypeFor[corpusThreeDeep]())
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, a := range s.Attributes {
		fields = append(fields, a.Field)
	}
	want := []string{
		"ID", "corpusLevel1.One", "corpusLevel1.corpusLevel2.Two", "corpusLevel1.corpusLevel2.corpusLevel3.Three",
		"corpusLevel1.corpusLevel2.corpusLevel3.Rev", "Own",
	}
	if !slices.Equal(fields, want) {
		t.Errorf("fields %q, want %q", fields, want)
	}
}

// A field's selector leads to the value that is stored, so that siblings of an
// embedded struct never share an index.
func TestSchemaFieldsLeadToTheValues(t *testing.T) {
	for _, typ := range corpus {
		typ = withoutPointers(typ)
		c := &compiler{mode: encoderMode{timeType: "S"}, schema: &Schema{}, own: map[reflect.Type]bool{}}
		for _, f := range c.fields(typ) {
			sf := typ.FieldByIndex(f.index)
			if sf.Name != f.goName || sf.Type != f.goType {
				t.Errorf("%s: index %v of %s leads to %s", typ, f.index, f.path, sf.Name)
			}
		}
	}
}

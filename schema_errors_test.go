package ddbenc

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Bad types, one mistake each unless they show that several are reported.
type (
	badTypos struct {
		ID    string   `dynamodbav:"id,partition"`
		Name  string   `ddbenc:"encrpyt"`
		Notes []string `dynamodbav:"notes,omitemtpy" ddbenc:"encrypt"`
	}
	badKeyEncrypted struct {
		ID string `dynamodbav:"id,partition" ddbenc:"encrypt"`
	}
	badSortNone struct {
		ID string `dynamodbav:"id,partition"`
		At string `dynamodbav:"at,sort" ddbenc:"none"`
	}
	badIndexEncrypted struct {
		ID     string `dynamodbav:"id,partition"`
		Clinic string `ddbenc:"encrypt" dynamodbindex:"by-clinic,global,partition"`
	}
	badNoKey    struct{ Name string }
	badSortOnly struct {
		At string `dynamodbav:"at,sort"`
	}
	badMisspeltKey struct {
		ID string `dynamodbav:"id,partitoin"`
	}
	badTwoKeys struct {
		A string `dynamodbav:"a,partition"`
		B string `dynamodbav:"b,partition"`
		C string `dynamodbav:"c,sort"`
		D string `dynamodbav:"d,sort"`
	}
	badKeyTypes struct {
		ID   bool              `dynamodbav:"id,partition"`
		At   []string          `dynamodbav:"at,sort"`
		X    map[string]string `dynamodbindex:"by-x,global,partition"`
		Y    struct{}          `dynamodbindex:"by-y,global,partition"`
		Z    any               `dynamodbindex:"by-z,global,partition"`
		Self badSelfBool       `dynamodbindex:"by-self,global,partition"`
	}
	badVersion struct {
		ID  string    `dynamodbav:"id,partition"`
		Rev float64   `dynamodbav:"rev,version" ddbenc:"none"`
		Two int       `dynamodbav:"two,version" ddbenc:"encrypt"`
		TTL time.Time `dynamodbav:"expires,ttl" ddbenc:"encrypt"`
	}
	badVersionString struct {
		ID  string `dynamodbav:"id,partition"`
		Rev int    `dynamodbav:"rev,version,string"`
	}
	badVersionPointer struct {
		ID  string `dynamodbav:"id,partition"`
		Rev *int   `dynamodbav:"rev,version"`
	}
	badTTLs struct {
		ID string        `dynamodbav:"id,partition"`
		A  string        `dynamodbav:"a,ttl"`
		B  time.Duration `dynamodbav:"b,ttl"`
	}
	badTTLFloat struct {
		ID string  `dynamodbav:"id,partition"`
		B  float64 `dynamodbav:"b,ttl"`
	}
	badNested struct {
		ID     string `dynamodbav:"id,partition"`
		Home   badAddress
		Work   *badAddress // reported once
		Lines  []badLine
		ByName map[string]badMisspelt
		Deep   []map[string]*[]badDeep
		Hidden badHidden
	}
	badAddress struct {
		Street string `ddbenc:"encrypt"`
	}
	badLine struct {
		_     struct{} `ddbenc:"default=sign"`
		Price int
	}
	badMisspelt struct {
		A string `ddbnec:"encrypt"`
	}
	badDeep  struct{ In struct{ Line badLine2 } }
	badLine2 struct {
		Secret string `dynamodbav:"-" ddbenc:"encrypt"`
	}
	badHidden struct {
		//lint:ignore U1000 for its tag
		secret string `ddbenc:"encrypt"`
	}
	badNestedSelf struct {
		ID       string          `dynamodbav:"id,partition"`
		Secret   string          `ddbenc:"encrypt"`
		Children []badNestedSelf `ddbenc:"sign"`
	}
	badFlattened struct {
		BadBase  `ddbenc:"encrypt"`
		BadOther `dynamodbav:",omitempty" dynamodbindex:"by-x,global,partition"`
	}
	BadBase struct {
		ID string `dynamodbav:"id,partition"`
	}
	BadOther    struct{ Other string }
	badEmbedded struct {
		BadBase
		*badUnexportedPointer
		//lint:ignore U1000 for its place
		badUnexportedString
		badUnexportedNamed `dynamodbav:"named"`
		time.Time
	}
	badUnexportedPointer struct{ P string }
	//lint:ignore U1000 for its place
	badUnexportedString string
	badUnexportedNamed  struct{ N string }

	badClash struct {
		ID string `dynamodbav:"id,partition"`
		A  string `dynamodbav:"x"`
		B  string `dynamodbav:"x"`
	}
	badPicked struct {
		ID   string `dynamodbav:"id,partition"`
		A    string `dynamodbav:"Name"`
		Name string
	}
	badBranches struct {
		ID string `dynamodbav:"id,partition"`
		BadLeft
		BadRight
	}
	BadLeft  struct{ Name string }
	BadRight struct{ Name string }
	badTwice struct {
		ID string `dynamodbav:"id,partition"`
		BadTwiceA
		BadTwiceB
	}
	BadTwiceA struct{ BadCommon }
	BadTwiceB struct{ BadCommon }
	BadCommon struct{ BadDeeper }
	BadDeeper struct{ Common string }
	badBuried struct {
		BadBase2
		At string `dynamodbav:"created"`
	}
	BadBase2 struct {
		ID      string `dynamodbav:"id,partition"`
		Created string `dynamodbav:"created"`
	}
	badShadow struct {
		BadBase3
		ID   string `dynamodbav:"id,partition"`
		Name string
		Rev  int `dynamodbav:"rev"`
		X    string
	}
	BadBase3 struct {
		Name string `ddbenc:"sign"`
		Rev  int    `dynamodbav:"rev,version"`
		X    string `dynamodbindex:"by-x,global,partition"`
	}

	badReserved struct {
		ID   string `dynamodbav:"id,partition"`
		Desc []byte `dynamodbav:"*amzn-ddb-map-desc*"`
		Head []byte `dynamodbav:"aws_dbe_head"`
	}
	badDefaults struct {
		_  struct{} `ddbenc:"default=sign"`
		_  struct{} `ddbenc:"default=none"`
		ID string   `dynamodbav:"id,partition"`
	}
	badIndexes struct {
		ID string `dynamodbav:"id,partition"`
		At string `dynamodbav:"at,sort"`
		A  string `dynamodbindex:"no-partition,global,sort;both,global,partition"`
		B  string `dynamodbindex:"both,local,sort"`
		C  string `dynamodbindex:"two,global,partition"`
		D  string `dynamodbindex:"two,global,partition"`
		E  string `dynamodbindex:"no-sort,local,partition"`
		F  string `dynamodbindex:"wrong,local,partition"`
		G  string `dynamodbindex:"wrong,local,sort"`
	}
	badLocalIndex struct {
		ID string `dynamodbav:"id,partition"`
		A  string `dynamodbindex:"by-a,local,sort"`
	}
	badOptions struct {
		ID    string      `dynamodbav:"id,partition"`
		A     string      `dynamodbav:",unixtime"`
		B     []time.Time `dynamodbav:",unixtime"`
		C     bool        `dynamodbav:",string"`
		D     []string    `dynamodbav:",numberset"`
		E     []int       `dynamodbav:",stringset"`
		F     string      `dynamodbav:",stringset"`
		G     []byte      `dynamodbav:",binaryset"`
		H     chan int    `dynamodbav:"h" ddbenc:"sign"`
		Fine  int64       `dynamodbav:",unixtime"`
		Fine2 string      `dynamodbav:",string"`
	}
	badDropped struct {
		ID    string `dynamodbav:"id,partition"`
		Bytes []badOctet
		Deep  struct{ Keys [][4]badOctet }
		Any   *any
		Anys  []*any
	}
	badOctet    byte
	badSelfBool struct{ CorpusMarshalerBool }
)

// malformed has tags that go vet would not let stand in the source. Those of its
// field Foreign are not ours.
var malformed = reflect.StructOf([]reflect.StructField{
	{Name: "ID", Type: reflect.TypeFor[string](), Tag: `dynamodbav:"id,partition"`},
	{Name: "Card", Type: reflect.TypeFor[string](), Tag: `ddbenc:encrypt`},
	{Name: "Nested", Type: reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[int](), Tag: `ddbenc:encrypt`}})},
	{Name: "Foreign", Type: reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[int](), Tag: `json:a`}})},
})

func TestSchemaErrors(t *testing.T) {
	tests := []struct {
		typ  reflect.Type
		want []string // without "ddbenc: "
	}{
		// Not a table's type at all.
		{reflect.TypeFor[string](), []string{`string: not a struct: a table's type is a struct or a pointer to one, and package crypt is for items without a type`}},
		{reflect.TypeFor[map[string]any](), []string{`map[string]interface {}: not a struct: a table's type is a struct or a pointer to one, and package crypt is for items without a type`}},
		{reflect.TypeFor[**badNoKey](), []string{`*ddbenc.badNoKey: not a struct: a table's type is a struct or a pointer to one, and package crypt is for items without a type`}},
		{reflect.TypeFor[any](), []string{`interface {}: not a struct: a table's type is a struct or a pointer to one, and package crypt is for items without a type`}},
		{reflect.TypeFor[time.Time](), []string{`Time: a time is stored as one value, not as an item`}},
		{reflect.TypeFor[corpusByValue](), []string{`corpusByValue: the type marshals itself (MarshalDynamoDBAttributeValue), so its attributes can't be known`}},
		{reflect.TypeFor[corpusByPointer](), []string{`corpusByPointer: the type marshals itself (MarshalDynamoDBAttributeValue), so its attributes can't be known`}},
		{reflect.TypeFor[badSelfBool](), []string{`badSelfBool: the type marshals itself (MarshalDynamoDBAttributeValue), so its attributes can't be known: the method comes from the embedded CorpusMarshalerBool, which can be a named field instead`}},

		// Tags.
		{reflect.TypeFor[badTypos](), []string{
			`badTypos.Name: ddbenc:"encrpyt": unknown action "encrpyt"; did you mean "encrypt"?`,
			`badTypos.Notes: dynamodbav:"notes,omitemtpy": unknown option "omitemtpy"; did you mean "omitempty"?`,
		}},
		{malformed, []string{
			"struct.Card: `ddbenc:encrypt`: malformed struct tag, which Go would silently ignore from there on: the value of ddbenc has no quotes around it",
			"struct.Nested.A: `ddbenc:encrypt`: has no effect inside attribute \"Nested\": attributes are protected as a whole, so tag Nested",
		}},
		{reflect.TypeFor[badDefaults](), []string{`badDefaults._: ddbenc:"default=none": second default in one struct`}},
		{reflect.TypeFor[badOptions](), []string{
			`badOptions.A: dynamodbav:",unixtime": unixtime has no effect on string, which is stored as S`,
			`badOptions.B: dynamodbav:",unixtime": unixtime has no effect on []time.Time, which is stored as L`,
			`badOptions.C: dynamodbav:",string": string has no effect on bool, which is stored as BOOL`,
			`badOptions.D: dynamodbav:",numberset": numberset holds elements of type N, but string is stored as S`,
			`badOptions.E: dynamodbav:",stringset": stringset holds elements of type S, but int is stored as N`,
			`badOptions.F: dynamodbav:",stringset": stringset has no effect on string, which is stored as S`,
			`badOptions.G: dynamodbav:",binaryset": binaryset has no effect on []uint8, which is stored as B`,
			`badOptions.H: ddbenc:"sign": has no effect on chan int, which is never stored`,
			`badOptions.H: dynamodbav:"h": has no effect on chan int, which is never stored`,
		}},
		{reflect.TypeFor[badReserved](), []string{
			`badReserved.Desc: dynamodbav:"*amzn-ddb-map-desc*": attribute names that begin with "*amzn-ddb-map-" are reserved for the item formats`,
			`badReserved.Head: dynamodbav:"aws_dbe_head": attribute names that begin with "aws_dbe_" are reserved for the item formats`,
		}},
		{reflect.StructOf([]reflect.StructField{{
			Name: "ID", Type: reflect.TypeFor[string](), Tag: reflect.StructTag(`dynamodbav:"` + strings.Repeat("x", 256) + `,partition"`),
		}}), []string{`struct.ID: the attribute name is 256 bytes, at most 255 are possible`}},

		// Keys, version, ttl.
		{reflect.TypeFor[badKeyEncrypted](), []string{`badKeyEncrypted.ID: ddbenc:"encrypt": a key of the table can't be encrypted: DynamoDB finds items by its value; did you mean "sign"?`}},
		{reflect.TypeFor[badSortNone](), []string{`badSortNone.At: ddbenc:"none": a key of the table must be signed, or one item could be put in the place of another unseen; did you mean "sign"?`}},
		{reflect.TypeFor[badIndexEncrypted](), []string{`badIndexEncrypted.Clinic: ddbenc:"encrypt": a key of index by-clinic can't be encrypted: the index needs the value and its type; did you mean "sign"?`}},
		{reflect.TypeFor[badNoKey](), []string{`badNoKey: no partition key: tag one field dynamodbav:"name,partition"`}},
		{reflect.TypeFor[badSortOnly](), []string{`badSortOnly: no partition key: tag one field dynamodbav:"name,partition"`}},
		{reflect.TypeFor[badMisspeltKey](), []string{`badMisspeltKey.ID: dynamodbav:"id,partitoin": unknown option "partitoin"; did you mean "partition"?`}},
		{reflect.TypeFor[badTwoKeys](), []string{
			`badTwoKeys.B: dynamodbav:"b,partition": second partition key, after A`,
			`badTwoKeys.D: dynamodbav:"d,sort": second sort key, after C`,
		}},
		{reflect.TypeFor[badKeyTypes](), []string{
			`badKeyTypes.ID: a key is stored as S, N or B, but bool is stored as BOOL`,
			`badKeyTypes.At: a key is stored as S, N or B, but []string is stored as L`,
			`badKeyTypes.X: a key is stored as S, N or B, but map[string]string is stored as M`,
			`badKeyTypes.Y: a key is stored as S, N or B, but struct {} is stored as M`,
			`badKeyTypes.Z: a key is stored as S, N or B, but interface {} is stored as anything`,
			`badKeyTypes.Self: a key is stored as S, N or B, but ddbenc.badSelfBool is stored as BOOL`,
		}},
		{reflect.TypeFor[badVersion](), []string{
			`badVersion.Two: dynamodbav:"two,version": second version, after Rev`,
			`badVersion.Rev: ddbenc:"none": a version must be signed, or anyone could turn it back unseen; did you mean "sign"?`,
			`badVersion.Rev: dynamodbav:"rev,version": a version is an integer, not float64 (stored as N)`,
			`badVersion.Two: ddbenc:"encrypt": a version can't be encrypted: DynamoDB compares it when an item is written; did you mean "sign"?`,
			`badVersion.TTL: ddbenc:"encrypt": a ttl can't be encrypted: DynamoDB reads it to expire the item; did you mean "sign"?`,
			`badVersion.TTL: dynamodbav:"expires,ttl": a ttl is a whole number of seconds since 1970, but a time is stored as text; did you mean dynamodbav:"expires,unixtime,ttl"?`,
		}},
		{reflect.TypeFor[badVersionString](), []string{`badVersionString.Rev: dynamodbav:"rev,version,string": a version is an integer, not int (stored as S)`}},
		{reflect.TypeFor[badVersionPointer](), []string{`badVersionPointer.Rev: dynamodbav:"rev,version": a version is an integer, not *int (stored as N)`}},
		{reflect.TypeFor[badTTLs](), []string{
			`badTTLs.B: dynamodbav:"b,ttl": second ttl, after A`,
			`badTTLs.A: dynamodbav:"a,ttl": a ttl is a whole number of seconds since 1970, not string (stored as S)`,
			`badTTLs.B: dynamodbav:"b,ttl": a ttl is a point in time, in seconds since 1970, not a time.Duration`,
		}},
		{reflect.TypeFor[badTTLFloat](), []string{`badTTLFloat.B: dynamodbav:"b,ttl": a ttl is a whole number of seconds since 1970, not float64 (stored as N)`}},

		// Indexes.
		{reflect.TypeFor[badIndexes](), []string{
			`badIndexes.B: dynamodbindex:"both,local,sort": index both is global at A`,
			`badIndexes.D: dynamodbindex:"two,global,partition": second partition key of index two, after C`,
			`badIndexes.A: dynamodbindex:"no-partition,global,sort;both,global,partition": global index no-partition has no partition key: tag its field dynamodbindex:"no-partition,global,partition"`,
			`badIndexes.E: dynamodbindex:"no-sort,local,partition": local index no-sort has no sort key: tag its field dynamodbindex:"no-sort,local,sort"`,
			`badIndexes.E: dynamodbindex:"no-sort,local,partition": the partition key of a local index is the table's, "id"`,
			`badIndexes.F: dynamodbindex:"wrong,local,partition": the partition key of a local index is the table's, "id"`,
		}},
		{reflect.TypeFor[badLocalIndex](), []string{`badLocalIndex.A: dynamodbindex:"by-a,local,sort": DynamoDB has local indexes only on tables with a sort key`}},

		// Tags without an effect.
		{reflect.TypeFor[badNested](), []string{
			`badNested.Home.Street: ddbenc:"encrypt": has no effect inside attribute "Home": attributes are protected as a whole, so tag Home`,
			`badNested.Lines[]._: ddbenc:"default=sign": has no effect inside attribute "Lines": attributes are protected as a whole, so tag Lines`,
			`badNested.ByName[].A: ddbnec:"encrypt": has no effect inside attribute "ByName": attributes are protected as a whole, so tag ByName`,
			`badNested.Deep[][][].In.Line.Secret: ddbenc:"encrypt": has no effect inside attribute "Deep": attributes are protected as a whole, so tag Deep`,
			`badNested.Hidden: attributevalue stores ddbenc.badHidden as an empty map, since it has no exported fields, and its value would be lost`,
			`badNested.Hidden.secret: ddbenc:"encrypt": has no effect inside attribute "Hidden": attributes are protected as a whole, so tag Hidden`,
		}},
		{reflect.TypeFor[badNestedSelf](), []string{
			`badNestedSelf.Children[].Secret: ddbenc:"encrypt": is not encrypted inside attribute "Children", which is stored with action sign: encrypt Children, or give it a type without ddbenc tags`,
		}},
		{reflect.TypeFor[badFlattened](), []string{
			`badFlattened.BadBase: ddbenc:"encrypt": has no effect on an embedded struct, whose fields become attributes of their own: tag those, or give the struct a name; did you mean dynamodbav:"badbase"?`,
			`badFlattened.BadOther: dynamodbindex:"by-x,global,partition": has no effect on an embedded struct, whose fields become attributes of their own: tag those, or give the struct a name; did you mean dynamodbav:"badother"?`,
			`badFlattened.BadOther: dynamodbav:",omitempty": has no effect on an embedded struct, whose fields become attributes of their own: tag those, or give the struct a name`,
		}},
		{reflect.TypeFor[badShadow](), []string{
			`badShadow.BadBase3.Name: ddbenc:"sign": has no effect, since Name shadows the field: tag that one`,
			`badShadow.BadBase3.Rev: dynamodbav:"rev,version": has no effect, since Rev shadows the field: tag that one`,
			`badShadow.BadBase3.X: dynamodbindex:"by-x,global,partition": has no effect, since X shadows the field: tag that one`,
		}},

		// What attributevalue would drop, pick or fail at without a word.
		{reflect.TypeFor[badEmbedded](), []string{
			`badEmbedded.badUnexportedPointer: a pointer to an unexported embedded struct can't be read back: embed the struct itself`,
			`badEmbedded.badUnexportedString: an unexported embedded ddbenc.badUnexportedString can't be stored: export it, or ignore it; did you mean dynamodbav:"-"?`,
			`badEmbedded.badUnexportedNamed: an unexported embedded ddbenc.badUnexportedNamed can't be stored: export it, or ignore it; did you mean dynamodbav:"-"?`,
			`badEmbedded.Time: an embedded time would not be stored: give it a name; did you mean dynamodbav:"time"?`,
		}},
		{reflect.TypeFor[badClash](), []string{`badClash.B: dynamodbav:"x": attribute "x" is also A at the same depth, so both would be lost`}},
		{reflect.TypeFor[badPicked](), []string{`badPicked.Name: attribute "Name" is taken by A, and this field would be lost`}},
		{reflect.TypeFor[badBranches](), []string{`badBranches.BadRight.Name: attribute "Name" is also BadLeft.Name at the same depth, so both would be lost`}},
		{reflect.TypeFor[badTwice](), []string{`badTwice.BadTwiceA.BadCommon.BadDeeper.Common: its struct is embedded twice at the same depth, so the attribute "Common" would be lost`}},
		{reflect.TypeFor[badBuried](), []string{`badBuried.BadBase2.Created: dynamodbav:"created": attribute "created" is taken by At, and this field would be lost`}},
		{reflect.TypeFor[badDropped](), []string{
			`badDropped.Bytes: attributevalue panics at []ddbenc.badOctet, since its elements are bytes by another name: use byte`,
			`badDropped.Deep.Keys[]: attributevalue panics at [4]ddbenc.badOctet, since its elements are bytes by another name: use byte`,
			`badDropped.Any: attributevalue drops what *interface {} leads to: use the interface itself`,
			`badDropped.Anys[]: attributevalue drops what *interface {} leads to: use the interface itself`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.typ.String(), func(t *testing.T) {
			s, err := schemaOf(tt.typ)
			if s != nil || !errors.Is(err, ErrSchema) {
				t.Fatalf("schema %v, error %v; want ErrSchema", s, err)
			}
			joined, ok := err.(interface{ Unwrap() []error })
			if !ok {
				t.Fatalf("error is a %T, want one of several", err)
			}
			var got []string
			for _, err := range joined.Unwrap() {
				var mistake *SchemaError
				if !errors.As(err, &mistake) || !errors.Is(err, ErrSchema) {
					t.Errorf("%T %v: want a *SchemaError that wraps ErrSchema", err, err)
				}
				got = append(got, strings.TrimPrefix(err.Error(), "ddbenc: "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

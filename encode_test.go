package ddbenc

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

// A Shout marshals itself by a method that needs an address.
type Shout string

func (s *Shout) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	if *s == "" {
		return nil, nil
	}
	return avS(string(*s) + "!"), nil
}

type named string

func (n named) String() string { return string(n) + "." }

type Leaf struct {
	S string `dynamodbav:"s,omitempty"`
	N int    `dynamodbav:",string"`
}

type tree struct {
	Name string           `dynamodbav:"name"`
	Kids []tree           `dynamodbav:"kids,omitempty"`
	Next *tree            `dynamodbav:"next"`
	More map[string]*tree `dynamodbav:"more,omitemptyelem"`
}

type Embedded struct {
	E1 string
	E2 *int `dynamodbav:"e2,nullempty"`
}

// encoderShapes are the types that both encoders are tried on, beside the
// corpus of the schema's tests.
var encoderShapes = []reflect.Type{
	reflect.TypeFor[struct {
		A bool
		B string
		C int8
		D uint64
		E float32
		F float64
		G attributevalue.Number
		H json.Number `dynamodbav:",string"`
		I named
		J time.Time
		K time.Time `dynamodbav:",unixtime,omitempty"`
		L time.Duration
	}](),
	reflect.TypeFor[struct {
		A bool    `dynamodbav:",omitempty"`
		B string  `dynamodbav:",nullempty"`
		C int8    `dynamodbav:",omitempty,string"`
		D uint64  `dynamodbav:",string,nullempty"`
		E float32 `dynamodbav:",omitempty"`
		F float64 `dynamodbav:",string"`
		G *string `dynamodbav:",omitempty"`
		H *string `dynamodbav:",nullempty"`
		I **int
		J **int `dynamodbav:",omitempty,omitemptyelem"`
		K [3]int
		L [0]int `dynamodbav:",omitempty"`
	}](),
	reflect.TypeFor[struct {
		A []byte
		B [4]byte
		C [][]byte
		D [][4]byte               `dynamodbav:",binaryset"`
		E []string                `dynamodbav:",stringset"`
		F []int                   `dynamodbav:",numberset"`
		G []attributevalue.Number `dynamodbav:",numberset,omitempty"`
		H []string                `dynamodbav:",stringset,omitemptyelem"`
		I []string                `dynamodbav:",stringset,nullemptyelem"`
		J []string                `dynamodbav:",nullemptyelem"`
		K []*Leaf                 `dynamodbav:",omitemptyelem"`
		L []int                   `dynamodbav:",stringset"`
		M *[]byte
		N *[]string `dynamodbav:",stringset"`
		O []named   `dynamodbav:",stringset"`
	}](),
	reflect.TypeFor[struct {
		A map[string]int
		B map[named]string
		C map[int]string
		D map[string]Leaf
		E map[string]Shout
		F map[string][]Shout
		G map[string]any
		H map[string]string `dynamodbav:",omitemptyelem"`
		I map[string]string `dynamodbav:",nullemptyelem,omitempty"`
		J *map[string]bool
	}](),
	reflect.TypeFor[struct {
		A Shout
		B *Shout
		C []Shout `dynamodbav:",stringset"`
		D struct{ S Shout }
		E any
		F fmt.Stringer
		G []any `dynamodbav:",omitemptyelem"`
		H chan int
		I struct{ Shout }
	}](),
	reflect.TypeFor[struct {
		Embedded
		*Leaf
		T tree
		P *tree
		X struct {
			*Embedded
			Y []struct{ Z map[string]time.Time }
		}
	}](),
}

// Whatever is in a value, the compiled encoder does what attributevalue does.
func TestEncoderAgrees(t *testing.T) {
	for seed := range uint64(150) {
		encodersAgree(t, seed)
	}
}

func FuzzEncoderAgrees(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { encodersAgree(t, seed) })
}

func encodersAgree(t *testing.T, seed uint64) {
	slow := attributevalue.NewEncoder()
	for _, typ := range encoderTypes() {
		v := reflect.New(typ)
		scramble(rand.New(rand.NewPCG(seed, 1)), v.Elem(), 0)
		want, wantErr := slow.Encode(v.Interface())
		got, err := encoderFor(typ)(v.Elem())
		if err != nil {
			if wantErr == nil {
				t.Errorf("seed %d: %v: the encoder gives up, where attributevalue gives %v", seed, typ, want)
			}
			continue
		}
		if diff := cmp.Diff(want, got, sameValues); diff != "" || wantErr != nil {
			t.Errorf("seed %d: %v: error %v, -attributevalue +encoder:\n%s", seed, typ, wantErr, diff)
		}
	}
}

// encoderTypes returns the shapes, those of the schema's corpus, and each of
// their fields alone, since one value that does not fit hides the others.
var encoderTypes = sync.OnceValue(func() (all []reflect.Type) {
	for _, typ := range slices.Concat(encoderShapes, corpus) {
		typ = withoutPointers(typ)
		all = append(all, typ)
		for i := range typ.NumField() {
			if f := typ.Field(i); f.IsExported() && !f.Anonymous {
				all = append(all, reflect.StructOf([]reflect.StructField{f}))
			}
		}
	}
	return all
})

var compiledEncoders = map[reflect.Type]encodeFunc{}

func encoderFor(t reflect.Type) encodeFunc {
	if compiledEncoders[t] == nil {
		compiledEncoders[t] = compileEncoder(t, attributevalue.NewEncoder())
	}
	return compiledEncoders[t]
}

// scramble sets v to anything, often to what is nil, empty or zero.
func scramble(rng *rand.Rand, v reflect.Value, depth int) {
	if !v.CanSet() && v.Kind() != reflect.Struct || rng.IntN(5) == 0 {
		return
	}
	n := rng.IntN(3)
	if depth > 4 {
		n = 0
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(n > 0)
	case reflect.String:
		switch {
		case v.Type().Implements(numberType):
			v.SetString([]string{"", "1.5", "-12345678901234567890"}[n])
		default:
			v.SetString([]string{"", "x", "\x00grün"}[n])
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(n) - 1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(n))
	case reflect.Float32, reflect.Float64:
		v.SetFloat([]float64{math.Copysign(0, -1), 0.1, 1e21}[n])
	case reflect.Interface:
		if v.NumMethod() == 0 {
			v.Set(reflect.ValueOf([]any{"x", []any{1, nil, ""}, map[string]any{"k": time.Unix(1, 0)}}[n]))
		} else if reflect.TypeFor[named]().Implements(v.Type()) {
			v.Set(reflect.ValueOf(named("x")))
		}
	case reflect.Pointer:
		if depth < 5 {
			v.Set(reflect.New(v.Type().Elem()))
			scramble(rng, v.Elem(), depth+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			scramble(rng, v.Index(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			scramble(rng, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range n {
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			scramble(rng, key, depth+1)
			if key.Kind() == reflect.String && key.Len() == 0 && rng.IntN(10) > 0 {
				key.SetString("k") // empty keys are errors
			}
			scramble(rng, elem, depth+1)
			v.SetMapIndex(key, elem)
		}
	case reflect.Struct:
		if v.Type().ConvertibleTo(timeType) {
			v.Set(reflect.ValueOf(time.Unix(1700000000, int64(n))).Convert(v.Type()))
			return
		}
		for i := range v.NumField() {
			scramble(rng, v.Field(i), depth+1)
		}
	}
}

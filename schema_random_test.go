package ddbenc

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/google/go-cmp/cmp"
)

// randomStruct makes a struct type of a few fields out of a small pool of names,
// so that names collide, with structs embedded in it up to depth.
func randomStruct(rng *rand.Rand, depth int) reflect.Type {
	var fields []reflect.StructField
	for _, name := range rng.Perm(5)[:1+rng.IntN(4)] {
		f := reflect.StructField{
			Name: string(rune('A' + name)),
			Type: []reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[*int](), reflect.TypeFor[chan int]()}[rng.IntN(3)],
		}
		switch rng.IntN(4) {
		case 0:
			f.Tag = reflect.StructTag(fmt.Sprintf(`dynamodbav:"%c"`, 'A'+rng.IntN(5)))
		case 1:
			f.Tag = `dynamodbav:"-"`
		}
		fields = append(fields, f)
	}
	if depth > 0 {
		for i := range rng.IntN(3) {
			t := randomStruct(rng, depth-1)
			f := reflect.StructField{Name: fmt.Sprintf("E%d", i), Type: t, Anonymous: true}
			if rng.IntN(2) == 0 {
				f.Type = reflect.PointerTo(t)
			}
			if rng.IntN(6) == 0 {
				f.Tag = `dynamodbav:"E"`
			}
			fields = append(fields, f)
		}
	}
	return reflect.StructOf(fields)
}

// Random shapes: whatever the compiler thinks of them, the attributes that it
// finds are the ones that attributevalue writes; and a type is accepted only if
// every value in it is written, but for those that Go shadows.
func TestRandomShapesAgreeWithAttributeValue(t *testing.T) {
	const seed = 20260730
	rng := rand.New(rand.NewPCG(seed, seed))
	var agreed, clean int
	for i := range 3000 {
		typ := randomStruct(rng, 3)
		c := &compiler{mode: encoderMode{timeType: "S"}, schema: &Schema{}, own: map[reflect.Type]bool{}}
		var got []string
		for _, f := range c.fields(typ) {
			if !neverStored(f.goType) {
				got = append(got, f.attr)
			}
		}
		v := reflect.New(typ)
		fill(v.Elem(), -10)
		item, err := attributevalue.MarshalMap(v.Interface())
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for name := range item {
			want = append(want, name)
		}
		slices.Sort(got)
		slices.Sort(want)
		// Below a struct that is embedded twice attributevalue takes the first,
		// which we call lost; either way the type is refused.
		if strings.Contains(fmt.Sprint(c.errs), "embedded twice") {
			continue
		}
		agreed++
		if len(c.errs) == 0 {
			clean++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("shape %d, %v (-attributevalue +schema):\n%s\nproblems: %v", i, typ, diff, c.errs)
		}
	}
	if clean < 100 || agreed < 1000 {
		t.Errorf("only %d shapes were compared, %d of them without a problem", agreed, clean)
	}
}

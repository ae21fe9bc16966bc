package codec_test

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/ddbenc/ddbenc/codec"
)

func ExampleAppendDDBEC() {
	v := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
		"tags":  &types.AttributeValueMemberSS{Value: []string{"b", "a"}},
		"price": &types.AttributeValueMemberN{Value: "7.50"},
	}}
	b, err := codec.AppendDDBEC(nil, v, codec.JavaOrder)
	fmt.Printf("%q %v\n", b, err)
	// Output:
	// "\x00M\x00\x00\x00\x02\x00s\x00\x00\x00\x05price\x00n\x00\x00\x00\x037.5\x00s\x00\x00\x00\x04tags\x00S\x00\x00\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x01b" <nil>
}

func ExampleDecodeDDBEC() {
	v, err := codec.DecodeDDBEC([]byte("\x00s\x00\x00\x00\x05hello"))
	if err != nil {
		panic(err)
	}
	fmt.Println(v.(*types.AttributeValueMemberS).Value)

	_, err = codec.DecodeDDBEC([]byte("\x00s\x00\x00\x00\x05hell"))
	fmt.Println(err)
	fmt.Println(errors.Is(err, codec.ErrMalformed))
	// Output:
	// hello
	// codec: malformed input: 5 bytes wanted at byte 6, 4 left
	// true
}

func ExampleOrdersDiffer() {
	usual := &types.AttributeValueMemberSS{Value: []string{"blue", "red"}}
	rare := &types.AttributeValueMemberSS{Value: []string{"\uff5a", "\U0001f600"}}
	random := &types.AttributeValueMemberBS{Value: [][]byte{{0x7f}, {0x80}}}
	fmt.Println(codec.OrdersDiffer(usual), codec.OrdersDiffer(rare), codec.OrdersDiffer(random))
	// Output: false true true
}

func ExampleNameOrdersDiffer() {
	fmt.Println(codec.NameOrdersDiffer([]string{"id", "name", "größe"}))
	fmt.Println(codec.NameOrdersDiffer([]string{"id", "\uff5a", "\U0001f600"}))
	// Output:
	// false
	// true
}

func ExampleCompareNames() {
	names := []string{"\uff5a", "\U0001f600", "name"}
	for _, o := range []codec.Order{codec.JavaOrder, codec.PythonOrder} {
		slices.SortFunc(names, func(a, b string) int { return codec.CompareNames(o, a, b) })
		fmt.Printf("%v: %+q\n", o, names)
	}
	// Output:
	// JavaOrder: ["name" "\U0001f600" "\uff5a"]
	// PythonOrder: ["name" "\uff5a" "\U0001f600"]
}

func ExampleCanonicalNumber() {
	for _, s := range []string{"7.50", "1E+3", "-0.0", ".5", "1E+126", "twelve"} {
		n, err := codec.CanonicalNumber(s)
		fmt.Printf("%-7s %-5q %v\n", s, n, err)
	}
	// Output:
	// 7.50    "7.5" <nil>
	// 1E+3    "1000" <nil>
	// -0.0    "0"   <nil>
	// .5      "0.5" <nil>
	// 1E+126  ""    codec: value cannot be encoded: number's magnitude is not in the range 1E-130 to 9.9E+125
	// twelve  ""    codec: value cannot be encoded: number is not decimal text
}

func ExampleAppendNumber() {
	b, err := codec.AppendNumber([]byte("price="), "19.90")
	fmt.Printf("%s %v\n", b, err)
	// Output: price=19.9 <nil>
}

func ExampleAppendDescription() {
	b, err := codec.AppendDescription(nil, map[string]string{"purpose": "billing"})
	fmt.Printf("%q %v\n", b, err)
	// Output: "\x00\x00\x00\x00\x00\x00\x00\apurpose\x00\x00\x00\abilling" <nil>
}

func ExampleDecodeDescription() {
	m, err := codec.DecodeDescription([]byte("\x00\x00\x00\x00\x00\x00\x00\x07purpose\x00\x00\x00\x07billing"))
	fmt.Println(m, err)
	// Output: map[purpose:billing] <nil>
}

func ExampleMarshalItem() {
	text, err := codec.MarshalItem(map[string]types.AttributeValue{
		"name":  &types.AttributeValueMemberS{Value: "Ann"},
		"age":   &types.AttributeValueMemberN{Value: "42"},
		"photo": &types.AttributeValueMemberB{Value: []byte{0, 1, 2}},
	})
	fmt.Printf("%s %v\n", text, err)
	// Output: {"age":{"N":"42"},"name":{"S":"Ann"},"photo":{"B":"AAEC"}} <nil>
}

func ExampleUnmarshalItem() {
	item, err := codec.UnmarshalItem([]byte(`{"balance": {"N": "12345678901234567890123456789012345678"}}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(item["balance"].(*types.AttributeValueMemberN).Value)

	_, err = codec.UnmarshalItem([]byte(`{"balance": {"N": 12.5}}`))
	fmt.Println(err)
	// Output:
	// 12345678901234567890123456789012345678
	// attribute "balance": codec: malformed input: '"' expected at byte 18
}

package codec_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

func ExampleAppendDBESDK() {
	v := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
		"price": &types.AttributeValueMemberN{Value: "7.50"},
	}}
	b, err := codec.AppendDBESDK(nil, v)
	fmt.Printf("%x %v\n", b, err)
	// Output:
	// 0200000000010001000000057072696365000200000003372e35 <nil>
}

func ExampleDecodeDBESDK() {
	v, err := codec.DecodeDBESDK([]byte("\x00\x01hello"))
	if err != nil {
		panic(err)
	}
	fmt.Println(v.(*types.AttributeValueMemberS).Value)

	_, err = codec.DecodeDBESDK([]byte("\x00\x04"))
	fmt.Println(err)
	// Output:
	// hello
	// codec: malformed input: 1 bytes wanted at byte 2, 0 left
}

func ExampleDecodeDBESDKHeader() {
	header, err := codec.AppendDBESDKHeader(nil, &codec.DBESDKHeader{
		Version:  1,
		Flavor:   codec.FlavorMAC,
		Legend:   []byte{codec.LegendEncrypt, codec.LegendSign},
		DataKeys: []codec.EncryptedDataKey{{ProviderID: "raw keys", ProviderInfo: []byte("key 1")}},
	})
	if err != nil {
		panic(err)
	}
	commitment := make([]byte, codec.CommitmentSize)
	h, err := codec.DecodeDBESDKHeader(append(header, commitment...))
	if err != nil {
		panic(err)
	}
	fmt.Printf("version %d, legend %s, data key of %s: %s\n", h.Version, h.Legend, h.DataKeys[0].ProviderID, h.DataKeys[0].ProviderInfo)
	// Output:
	// version 1, legend es, data key of raw keys: key 1
}

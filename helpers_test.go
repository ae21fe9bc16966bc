package ddbenc_test

import (
	"bytes"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ddbenc/ddbenc/keyring"
)

// testProvider is a source of keys that need not be secret.
var testProvider = must(keyring.NewStatic(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)))

// avCmp lets go-cmp look into SDK types.
var avCmp = cmpopts.IgnoreUnexported(
	types.AttributeValueMemberB{}, types.AttributeValueMemberBOOL{}, types.AttributeValueMemberBS{},
	types.AttributeValueMemberL{}, types.AttributeValueMemberM{}, types.AttributeValueMemberN{},
	types.AttributeValueMemberNS{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberS{},
	types.AttributeValueMemberSS{})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

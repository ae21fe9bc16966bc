package crypt_test

import (
	"context"
	"encoding/hex"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ddbenc/ddbenc/crypt"
)

type item = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

func bin(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

var sameValues = cmp.Options{
	cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{},
		types.AttributeValueMemberSS{}, types.AttributeValueMemberNS{}, types.AttributeValueMemberBS{}, types.AttributeValueMemberL{},
		types.AttributeValueMemberM{}, types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNULL{}),
}

type fixedKeys struct {
	content *crypt.ContentKey
	sign    *crypt.SigningKey
	verify  *crypt.VerificationKey
	seen    *crypt.EncryptionContext
}

func (p *fixedKeys) EncryptionMaterials(_ context.Context, ec *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
	if p.seen != nil {
		*p.seen = *ec
	}
	return &crypt.EncryptionMaterials{ContentKey: p.content, SigningKey: p.sign}, nil
}

func (p *fixedKeys) DecryptionMaterials(_ context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
	if p.seen != nil {
		*p.seen = *ec
	}
	v := p.verify
	if v == nil && p.sign != nil {
		v = p.sign.VerificationKey()
	}
	return &crypt.DecryptionMaterials{ContentKey: p.content, VerificationKey: v}, nil
}

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

func sequence(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func specKeys() *fixedKeys {
	return &fixedKeys{
		content: must(crypt.NewContentKey(sequence(16))),
		sign:    must(crypt.NewHMACKey("HmacSHA256", sequence(8), crypt.AllowWeakKey())),
	}
}

var specTable = crypt.Table{Name: "T", PartitionKey: "hk", Actions: crypt.Actions{
	Default:    crypt.DoNothing,
	Attributes: map[string]crypt.Action{"a": crypt.EncryptAndSign, "hk": crypt.SignOnly},
}}

func specItem() item { return item{"hk": str("p"), "a": str("secret"), "x": num("1.10")} }

func specIV(b []byte) {
	for i := range b {
		b[i] = 0xa0 + byte(i%16)
	}
}

func signOnly(name string) crypt.Table {
	return crypt.Table{Name: name, PartitionKey: "hk", Actions: crypt.Actions{Default: crypt.SignOnly}}
}

func unhex(s string) []byte { return must(hex.DecodeString(s)) }

func allTypes() item {
	return item{
		"hk": str("p"), "rk": num("42"),
		"s": str("text é 😀"), "empty": str(""), "n": num("-12345678901234567890.5"), "b": bin([]byte{0, 0x80, 0xff}),
		"t": &types.AttributeValueMemberBOOL{Value: true}, "f": &types.AttributeValueMemberBOOL{},
		"null": &types.AttributeValueMemberNULL{Value: true},
		"ss":   &types.AttributeValueMemberSS{Value: []string{"a", "b"}},
		"ns":   &types.AttributeValueMemberNS{Value: []string{"1", "2"}},
		"bs":   &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}},
		"l":    &types.AttributeValueMemberL{Value: []types.AttributeValue{str("x"), num("1")}},
		"m": &types.AttributeValueMemberM{Value: item{"k": str("v"),
			"deep": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberNULL{Value: true}}}}},
		"plain": str("readable"), "free": str("unsigned"),
	}
}

func allTypesTable() crypt.Table {
	return crypt.Table{Name: "patients", PartitionKey: "hk", SortKey: "rk", Actions: crypt.Actions{
		Default:    crypt.EncryptAndSign,
		Attributes: map[string]crypt.Action{"plain": crypt.SignOnly, "free": crypt.DoNothing},
	}}
}

func strongKeys(alg string) *fixedKeys {
	return &fixedKeys{content: must(crypt.NewContentKey(sequence(32))), sign: must(crypt.NewHMACKey(alg, sequence(32)))}
}

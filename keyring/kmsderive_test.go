package keyring

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
)

// Spec: Worked examples, "KMS key derivation". The item of that example is
// decrypted in kms_test.go; this is HKDF alone, with the labels that derive uses.
func TestHKDFValues(t *testing.T) {
	prk, err := hkdf.Extract(sha256.New, counting(32), nil)
	if err != nil || hex.EncodeToString(prk) != "46bd320605c5a6b6163ab70bc6345b92a5f908e79fe58979c23ebb47d1a5e307" {
		t.Fatalf("PRK = %x, error %v", prk, err)
	}
	for _, tt := range []struct {
		label string
		size  int
		want  string
	}{
		{"Encryption", 32, "781ddf3715c39edff39465b0bdc122575ccc03d55a2bb23a3c2abadc853f0a78"},
		{"Encryption", 16, "781ddf3715c39edff39465b0bdc12257"},
		{"Signing", 32, "1ce18b7e6ba3388e72a987d0c3b7993222c321f3cd78aefc2c846699a325a157"},
		{"Signing", 64, "1ce18b7e6ba3388e72a987d0c3b7993222c321f3cd78aefc2c846699a325a15757ae47f2bf9d1c983b4625332f4b0523debb254777b4ec26f48abebb85281858"},
	} {
		if got, err := hkdf.Expand(sha256.New, prk, tt.label, tt.size); err != nil || !bytes.Equal(got, unhex(t, tt.want)) {
			t.Errorf("Expand(%q, %d) = %x, error %v, want %s", tt.label, tt.size, got, err, tt.want)
		}
	}
}

func TestParseKMSAlgorithms(t *testing.T) {
	for _, tt := range []struct {
		content, signing string
		wantContent      int // bytes
		wantMAC          string
		wantSigning      int // bytes
	}{
		{"AES/256", "HmacSHA256/256", 32, "HmacSHA256", 32},
		{"AES/192", "HmacSHA384/384", 24, "HmacSHA384", 48},
		{"AES/128", "HmacSHA512/512", 16, "HmacSHA512", 64},
		{"AES", "HmacSHA512", 32, "HmacSHA512", 32},
		{"AES", "HmacSHA224/135", 32, "HmacSHA224", 16}, // bits are divided by 8, rounding down
		{"AES", "HmacSHA256/128", 32, "HmacSHA256", 16},
	} {
		got, err := parseKMSAlgorithms(tt.content, tt.signing)
		want := kmsAlgorithms{tt.content, tt.signing, tt.wantContent, tt.wantMAC, tt.wantSigning}
		if err != nil || got != want {
			t.Errorf("parseKMSAlgorithms(%q, %q) = %+v, error %v, want %+v", tt.content, tt.signing, got, err, want)
		}
	}
	for _, tt := range [][2]string{
		{"", "HmacSHA256/256"}, {"DESede/168", "HmacSHA256/256"}, {"AES/", "HmacSHA256/256"}, {"AES/512", "HmacSHA256/256"},
		{"AES/256/x", "HmacSHA256/256"}, {"aes/256", "HmacSHA256/256"}, {"AES/-128", "HmacSHA256/256"}, {"AES/9999999999999999999", "HmacSHA256/256"},
		{"AES/256", ""}, {"AES/256", "HmacSHA1/160"}, {"AES/256", "SHA256withRSA/2048"}, {"AES/256", "HmacSHA256/"},
		{"AES/256", "HmacSHA256/64"}, {"AES/256", "HmacSHA256/8000"}, {"AES/256", "HmacSHA256/0x100"},
	} {
		if got, err := parseKMSAlgorithms(tt[0], tt[1]); !errors.Is(err, crypt.ErrUnsupported) {
			t.Errorf("parseKMSAlgorithms(%q, %q) = %+v, error %v, want ErrUnsupported", tt[0], tt[1], got, err)
		}
	}
}

// Spec: AWS KMS provider, "Encryption context (exact)".
func TestKMSContext(t *testing.T) {
	a, err := parseKMSAlgorithms("AES/256", "HmacSHA256/256")
	if err != nil {
		t.Fatal(err)
	}
	s := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	n := func(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }
	b := func(v ...byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: v} }
	for _, tt := range []struct {
		name      string
		ec        crypt.EncryptionContext
		canonical bool
		want      map[string]string // beside the algorithms
	}{
		{"the specification's example",
			crypt.EncryptionContext{TableName: "T", PartitionKey: "hk", SortKey: "rk", Item: map[string]types.AttributeValue{"hk": s("p"), "rk": n("42")}}, true,
			map[string]string{"*aws-kms-table*": "T", "hk": "p", "rk": "42"}},
		{"binary key",
			crypt.EncryptionContext{TableName: "T", PartitionKey: "hk", Item: map[string]types.AttributeValue{"hk": b(0xff, 0)}}, true,
			map[string]string{"*aws-kms-table*": "T", "hk": "/wA="}},
		{"number in canonical form",
			crypt.EncryptionContext{TableName: "T", PartitionKey: "hk", Item: map[string]types.AttributeValue{"hk": n("+01.500e3")}}, true,
			map[string]string{"*aws-kms-table*": "T", "hk": "1500"}},
		{"number as found",
			crypt.EncryptionContext{TableName: "T", PartitionKey: "hk", Item: map[string]types.AttributeValue{"hk": n("1.00")}}, false,
			map[string]string{"*aws-kms-table*": "T", "hk": "1.00"}},
		{"no names", crypt.EncryptionContext{}, true, nil},
		{"a key named like the table's entry, which wins",
			crypt.EncryptionContext{TableName: "T", PartitionKey: "*aws-kms-table*", SortKey: "*amzn-ddb-env-alg*",
				Item: map[string]types.AttributeValue{"*aws-kms-table*": s("x"), "*amzn-ddb-env-alg*": s("y")}}, true,
			map[string]string{"*aws-kms-table*": "T", "*amzn-ddb-env-alg*": "y"}},
	} {
		want := map[string]string{"*amzn-ddb-env-alg*": "AES/256", "*amzn-ddb-sig-alg*": "HmacSHA256/256"}
		got, err := kmsContext(&tt.ec, a, tt.canonical)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(merge(want, tt.want), got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	for name, v := range map[string]types.AttributeValue{
		"missing": nil, "of type BOOL": &types.AttributeValueMemberBOOL{Value: true}, "not a number": n("one"), "a number out of range": n("1E+200"),
		"a nil S": (*types.AttributeValueMemberS)(nil), "a nil N": (*types.AttributeValueMemberN)(nil), "a nil B": (*types.AttributeValueMemberB)(nil),
	} {
		ec := crypt.EncryptionContext{PartitionKey: "hk", Item: map[string]types.AttributeValue{"hk": v}}
		_, err := kmsContext(&ec, a, true)
		var attr *crypt.AttributeError
		if !errors.Is(err, crypt.ErrInvalidItem) || !errors.As(err, &attr) || attr.Name != "hk" {
			t.Errorf("key %s: error %v, want ErrInvalidItem of hk", name, err)
		}
	}
}

func TestKMSKeyIs(t *testing.T) {
	const (
		id  = "1234abcd-12ab-34cd-56ef-1234567890ab"
		arn = "arn:aws:kms:us-west-2:111122223333:key/" + id
		mrk = "mrk-1234abcd12ab34cd56ef1234567890ab"
	)
	for _, tt := range []struct {
		key, response string
		want          bool
	}{
		{arn, arn, true},
		{arn, "arn:aws:kms:us-west-2:111122223333:key/other", false},
		{arn, "arn:aws:kms:us-west-2:999999999999:key/" + id, false},
		{arn, "arn:aws-cn:kms:us-west-2:111122223333:key/" + id, false},
		{arn, "arn:aws:kms:eu-west-1:111122223333:key/" + id, false}, // not multi-Region
		{arn, id, false},
		{arn, "", false},
		{id, arn, true},
		{id, "arn:aws:kms:eu-west-1:999999999999:key/" + id, true}, // an id says no more
		{id, "arn:aws:kms:us-west-2:111122223333:key/other", false},
		{"arn:aws:kms:us-west-2:111122223333:key/" + mrk, "arn:aws:kms:eu-west-1:111122223333:key/" + mrk, true},
		{"arn:aws:kms:us-west-2:111122223333:key/" + mrk, "arn:aws:kms:eu-west-1:999999999999:key/" + mrk, false},
		{"alias/records", arn, true},
		{"arn:aws:kms:us-west-2:111122223333:alias/records", arn, true},
	} {
		k, err := parseKMSKey(tt.key)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.is(tt.response); got != tt.want {
			t.Errorf("parseKMSKey(%q).is(%q) = %v, want %v", tt.key, tt.response, got, tt.want)
		}
	}
	for _, id := range []string{
		"", "a key", "arn:aws:kms", "arn:aws:s3:us-west-2:111122223333:key/x", "arn:aws:kms::111122223333:key/x", "arn:aws:kms:us-west-2::key/x",
		"arn:aws:kms:us-west-2:111122223333:grant/x", "arn::kms:us-west-2:111122223333:key/x", "us-west-2:key/x",
	} {
		if k, err := parseKMSKey(id); !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("parseKMSKey(%q) = %+v, error %v, want ErrConfig", id, k, err)
		}
	}
}

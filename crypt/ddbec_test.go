package crypt_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

func TestWorkedExample(t *testing.T) {
	enc := must(crypt.NewDDBEC(specKeys(), crypt.FixedIVs(specIV)).ForTable(specTable))
	got, err := enc.Encrypt(t.Context(), specItem())
	if err != nil {
		t.Fatal(err)
	}
	want := item{
		"hk":                  str("p"),
		"x":                   num("1.10"),
		"a":                   bin(unhex("a0a1a2a3a4a5a6a7a8a9aaabacadaeaff39fd059d13a5f154cd534e74f29bb2e")),
		"*amzn-ddb-map-sig*":  bin(unhex("6c9563f092d4591945976813c19b6a3b6bacd50ea6c5289ba95000cdb3cc5a6e")),
		"*amzn-ddb-map-desc*": bin(unhex("0000000000000017616d7a6e2d6464622d6d61702d7369676e696e67416c670000000a486d616353484132353600000015616d7a6e2d6464622d6d61702d73796d2d6d6f6465000000112f4342432f504b43533550616464696e67")),
	}
	if diff := cmp.Diff(want, got, sameValues); diff != "" {
		t.Errorf("Encrypt (-want +got):\n%s", diff)
	}
	plain, err := enc.Decrypt(t.Context(), got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(specItem(), plain, sameValues); diff != "" {
		t.Errorf("Decrypt (-want +got):\n%s", diff)
	}
}

func TestDisagreements(t *testing.T) {
	cases := []struct {
		name         string
		item         item
		java, python string
	}{
		{"names beyond the BMP", item{"\uff5a": str("1"), "\U0001f600": str("2")},
			"67bea945944e4d0702153343482f4acb911714c44fdc25a27c5a1ce4025ebd39", "9cc6bb5be6fa566e13581409da1b0f47928a00f1a3937b77a7ec59ff3cfa6739"},
		{"binary set", item{"bs": &types.AttributeValueMemberBS{Value: [][]byte{{0x7f}, {0x80}}}},
			"717c8217d3b9b4dd5f8668fe5a1dde653f2fdd588e059b9185783d8dd907a7b7", "1fca0153d6d5963492c7af71066d40905117f4d961089d0148b0386852129117"},
		{"29 digits", item{"num": num("12345678901234567890123456789")},
			"a2f0da604b3462661860abcf46b16395f6fcb9e03472b14a3f771f53a573ef19", "8faa18933a13e58c7a1037ab5eba9df7141aa60177b350039ffb9f9e7ec4b8b4"},
		{"negative zero", item{"num": num("-0")},
			"424d6794c5d747e9502d2c60ab723948835253fdcf8d0912227b5f45bf0bb2f5", "ffbb5bb384345a5cd6ab033c6d70ee8a942c14d0a5100115770d0e572175afd0"},
	}
	keys := specKeys()
	keys.content = nil
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			enc := must(crypt.NewDDBEC(keys).ForTable(signOnly("T")))
			stored, err := enc.Encrypt(t.Context(), c.item)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(stored[crypt.DDBECSignature].(*types.AttributeValueMemberB).Value); got != c.java {
				t.Errorf("signature %s, want Java's %s", got, c.java)
			}
			if _, err := enc.Decrypt(t.Context(), stored); err != nil {
				t.Errorf("Java's item: %v", err)
			}

			stored[crypt.DDBECSignature] = bin(unhex(c.python))
			_, rounded := c.item["num"]
			if _, err := enc.Decrypt(t.Context(), stored); rounded != errors.Is(err, crypt.ErrVerify) {
				t.Errorf("Python's item without the option: %v", err)
			}
			enc = must(crypt.NewDDBEC(keys, crypt.AcceptRoundedSignatures()).ForTable(signOnly("T")))
			if _, err := enc.Decrypt(t.Context(), stored); err != nil {
				t.Errorf("Python's item with the option: %v", err)
			}

			enc = must(crypt.NewDDBEC(keys, crypt.WriteOrder(codec.PythonOrder)).ForTable(signOnly("T")))
			stored = must(enc.Encrypt(t.Context(), c.item))
			got := hex.EncodeToString(stored[crypt.DDBECSignature].(*types.AttributeValueMemberB).Value)
			if want := c.python; !rounded && got != want {
				t.Errorf("signature in Python's order %s, want %s", got, want)
			}

			enc = must(crypt.NewDDBEC(keys, crypt.RefuseOrderDependent()).ForTable(signOnly("T")))
			if _, err := enc.Encrypt(t.Context(), c.item); rounded == errors.Is(err, crypt.ErrInvalidItem) {
				t.Errorf("RefuseOrderDependent: %v", err)
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	for _, alg := range []string{"HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512"} {
		enc := must(crypt.NewDDBEC(strongKeys(alg)).ForTable(allTypesTable()))
		stored, err := enc.Encrypt(t.Context(), allTypes())
		if err != nil {
			t.Fatal(alg, err)
		}
		for name, v := range stored {
			want := name != "hk" && name != "rk" && name != "plain" && name != "free"
			if _, isBinary := v.(*types.AttributeValueMemberB); isBinary != want {
				t.Errorf("%s: stored %q is %T", alg, name, v)
			}
		}
		plain, err := enc.Decrypt(t.Context(), stored)
		if err != nil {
			t.Fatal(alg, err)
		}
		if diff := cmp.Diff(allTypes(), plain, sameValues); diff != "" {
			t.Errorf("%s (-want +got):\n%s", alg, diff)
		}
	}
}

func TestInputIsNotChanged(t *testing.T) {
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable()))
	in := allTypes()
	in["unsorted"] = &types.AttributeValueMemberSS{Value: []string{"z", "a"}}
	before := must(codec.MarshalItem(in))
	stored := must(enc.Encrypt(t.Context(), in))
	if after := must(codec.MarshalItem(in)); !bytes.Equal(before, after) {
		t.Errorf("Encrypt changed its input: %s", after)
	}
	before = must(codec.MarshalItem(stored))
	must(enc.Decrypt(t.Context(), stored))
	if after := must(codec.MarshalItem(stored)); !bytes.Equal(before, after) {
		t.Errorf("Decrypt changed its input: %s", after)
	}
}

func TestConcurrentUse(t *testing.T) {
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable()))
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 20 {
				stored, err := enc.Encrypt(context.Background(), allTypes())
				if err == nil {
					_, err = enc.Decrypt(context.Background(), stored)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestLargeItem(t *testing.T) {
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable()))
	in := item{"hk": str("p"), "rk": num("1"), "body": str(strings.Repeat("x", 400_000))}
	got, err := enc.Decrypt(t.Context(), must(enc.Encrypt(t.Context(), in)))
	if diff := cmp.Diff(in, got, sameValues); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestPrintedFormsHoldNoSecrets(t *testing.T) {
	keys := strongKeys("HmacSHA256")
	ec := &crypt.EncryptionContext{TableName: "T", Item: item{"a": str("do-not-print-me")}, Description: map[string]string{"k": "do-not-print-me"}}
	materials := &crypt.EncryptionMaterials{ContentKey: keys.content, SigningKey: keys.sign, Description: map[string]string{"k": "do-not-print-me"}}
	for _, v := range []any{keys.content, keys.sign, keys.sign.VerificationKey(), ec, materials} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			text := fmt.Sprintf(verb, v)
			if isKey := strings.HasSuffix(fmt.Sprintf("%T", v), "Key"); isKey && !strings.HasSuffix(text, "(REDACTED)") {
				t.Errorf("%T prints as %q under %s", v, text, verb)
			}
			if strings.Contains(text, "do-not-print-me") {
				t.Errorf("%T prints its values under %s", v, verb)
			}
		}
	}
}

package crypt_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// TestDBESDKConfig has the rules of the spec, "Configuration of an item encryptor".
func TestDBESDKConfig(t *testing.T) {
	type actions = map[string]crypt.Action
	table := func(byDefault crypt.Action, set actions) crypt.Table {
		return crypt.Table{Name: "T", PartitionKey: "pk", SortKey: "sk", Actions: crypt.Actions{Default: byDefault, Attributes: set}}
	}
	aes := rawAES()
	for _, tt := range []struct {
		name    string
		keyring crypt.Keyring
		opts    []crypt.DBESDKOption
		table   crypt.Table
		want    []string // texts of the error; none if it is right
	}{
		{"default for everything", aes, nil, table(crypt.EncryptAndSign, nil), nil},
		{"default in the context", aes, nil, table(crypt.SignAndIncludeInContext, nil), nil},
		{"no default, keys listed", aes, nil, table(0, actions{"pk": crypt.SignOnly, "sk": crypt.SignOnly}), nil},
		{"keys in the context", aes, nil, table(0, actions{"pk": crypt.SignAndIncludeInContext, "sk": crypt.SignAndIncludeInContext}), nil},
		{"keys follow the others into the context", aes, nil, table(crypt.EncryptAndSign, actions{"a": crypt.SignAndIncludeInContext}), nil},
		{"default unsigned, keys listed", aes, nil, table(crypt.DoNothing, actions{"pk": crypt.SignOnly, "sk": crypt.SignOnly}), nil},
		{"unsigned prefix", aes, []crypt.DBESDKOption{crypt.UnsignedPrefix(":")}, table(crypt.EncryptAndSign, actions{":a": crypt.DoNothing, "b": crypt.DoNothing}), nil},
		{"index key with the unsigned prefix", aes, []crypt.DBESDKOption{crypt.UnsignedPrefix(":")},
			crypt.Table{Name: "T", PartitionKey: "pk", IndexKeys: []string{":i"}, Actions: crypt.Actions{Default: crypt.EncryptAndSign}}, nil},

		{"no keyring", nil, nil, table(crypt.EncryptAndSign, nil), []string{"keyring is nil"}},
		{"unknown suite", aes, []crypt.DBESDKOption{crypt.WriteSuite(0x6702)}, table(crypt.EncryptAndSign, nil), []string{"there is no suite Suite(6702)"}},
		{"no table name", aes, nil, crypt.Table{PartitionKey: "pk", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}, []string{"table name is empty"}},
		{"table name not UTF-8", aes, nil, crypt.Table{Name: "\xff", PartitionKey: "pk", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}, []string{"table name is not valid UTF-8"}},
		{"no partition key", aes, nil, crypt.Table{Name: "T", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}, []string{"partition key is empty"}},
		{"partition key too long", aes, nil, crypt.Table{Name: "T", PartitionKey: strings.Repeat("k", 256), Actions: crypt.Actions{Default: crypt.EncryptAndSign}}, []string{"partition key is 256 bytes"}},
		{"both keys the same", aes, nil, crypt.Table{Name: "T", PartitionKey: "pk", SortKey: "pk", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}, []string{`both "pk"`}},
		{"table name as a context key", aes, nil, crypt.Table{Name: "aws-crypto-T", PartitionKey: "pk", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}, []string{`table name "aws-crypto-T"`}},
		{"keys not listed without default", aes, nil, table(0, actions{"a": crypt.EncryptAndSign}),
			[]string{`key attribute "pk" must have the action SIGN_ONLY`, `key attribute "sk" must have the action SIGN_ONLY`}},
		{"key encrypted", aes, nil, table(crypt.EncryptAndSign, actions{"pk": crypt.EncryptAndSign}), []string{`key attribute "pk" must have the action SIGN_ONLY`}},
		{"key unsigned", aes, nil, table(crypt.DoNothing, nil), []string{`"pk" must have the action SIGN_ONLY`, `"sk" must have`}},
		{"key signed beside a context", aes, nil, table(crypt.EncryptAndSign, actions{"sk": crypt.SignOnly, "a": crypt.SignAndIncludeInContext}),
			[]string{`key attribute "sk" must have the action SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT`}},
		{"one key in the context", aes, nil, table(0, actions{"pk": crypt.SignAndIncludeInContext, "sk": crypt.SignOnly}), []string{`key attribute "sk" must`}},
		{"index key encrypted", aes, nil, crypt.Table{Name: "T", PartitionKey: "pk", IndexKeys: []string{"i", "j"}, Actions: crypt.Actions{
			Default: crypt.EncryptAndSign, Attributes: actions{"i": crypt.EncryptAndSign}}}, []string{`index key attribute "i" can't be encrypted`}},
		{"reserved names", aes, nil, table(crypt.EncryptAndSign, actions{"aws_dbe_head": crypt.SignOnly, "aws_dbe_b_x": crypt.DoNothing, "aws-crypto-x": crypt.SignOnly}),
			[]string{`"aws_dbe_head" is reserved`, `"aws_dbe_b_x" is reserved`, `"aws-crypto-x" is reserved`}},
		{"names that are none", aes, nil, table(crypt.EncryptAndSign, actions{"": crypt.SignOnly, "\xff": crypt.SignOnly}), []string{"name is empty", "name is not valid UTF-8"}},
		{"no action", aes, nil, table(crypt.EncryptAndSign, actions{"a": 0, "b": 9}), []string{`"a" has no valid action`, `"b" has no valid action`}},
		{"no default action of that number", aes, nil, table(9, nil), []string{"no default action Action(9)"}},
		{"empty unsigned prefix", aes, []crypt.DBESDKOption{crypt.UnsignedPrefix("")}, table(crypt.EncryptAndSign, nil), []string{"unsigned prefix is empty"}},
		{"signed attributes with the unsigned prefix", aes, []crypt.DBESDKOption{crypt.UnsignedPrefix("p")}, table(crypt.EncryptAndSign, actions{"pa": crypt.SignOnly}),
			[]string{`"pa" has the action SIGN_ONLY and the unsigned prefix`, `"pk" has the action SIGN_ONLY and the unsigned prefix`}},
		{"all at once", nil, []crypt.DBESDKOption{crypt.WriteSuite(1)}, crypt.Table{SortKey: "sk", Actions: crypt.Actions{Attributes: actions{"aws_dbe_x": 0}}},
			[]string{"keyring is nil", "no suite", "table name is empty", "partition key is empty", `"sk" must have`, `"aws_dbe_x" is reserved`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			enc, err := crypt.NewDBESDK(tt.keyring, tt.opts...).ForTable(tt.table)
			if len(tt.want) == 0 {
				if err != nil {
					t.Errorf("ForTable: %v", err)
				} else if diff := cmp.Diff([]string{"aws_dbe_head", "aws_dbe_foot"}, enc.Reserved()); diff != "" {
					t.Errorf("Reserved: %s", diff)
				}
				return
			}
			if enc != nil || !errors.Is(err, crypt.ErrConfig) {
				t.Fatalf("ForTable = %v, %v, want ErrConfig", enc, err)
			}
			for _, text := range tt.want {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("the error doesn't say %q:\n%v", text, err)
				}
			}
		})
	}
	both := table(crypt.EncryptAndSign, actions{"x": 0})
	both.ReadActions = &crypt.Actions{Default: crypt.EncryptAndSign, Attributes: actions{"y": 0}}
	if _, err := crypt.NewDBESDK(aes).ForTable(both); err == nil || !strings.Contains(err.Error(), `"x"`) || !strings.Contains(err.Error(), `"y"`) {
		t.Errorf("ForTable with bad actions of both kinds: %v", err)
	}
}

func TestInspect(t *testing.T) {
	for _, tt := range workedExamples {
		header := must(codec.DecodeDBESDKHeader(unhex(tt.header)))
		got, err := crypt.Inspect(item{crypt.DBESDKHeader: bin(unhex(tt.header))})
		want := &crypt.Inspection{
			Format: "DB-ESDK", Version: int(header.Version), Suite: crypt.SuiteECDSA,
			Legend:  []crypt.Action{crypt.EncryptAndSign, crypt.EncryptAndSign, tt.action},
			Context: map[string]string{"aws-crypto-public-key": tt.public},
			DataKeys: []crypt.DataKeyInfo{{
				Provider: "aws-kms-hierarchy", Key: "bd3842ff-3076-4092-9918-4395730050b8", BranchKeyVersion: "e9ce18a3-edb5-4272-9f86-1cacb7997ff6",
			}},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Inspect of %s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}

	aes := must(must(crypt.NewDBESDK(rawAES(), crypt.WriteSuite(crypt.SuiteMAC)).ForTable(specTable)).Encrypt(t.Context(), specItem()))
	got, err := crypt.Inspect(aes)
	want := &crypt.Inspection{Format: "DB-ESDK", Version: 1, Suite: crypt.SuiteMAC, Legend: []crypt.Action{crypt.EncryptAndSign, crypt.SignOnly},
		Context: map[string]string{}, DataKeys: []crypt.DataKeyInfo{{Provider: "ns", Key: "key 1"}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Inspect: %v (-want +got):\n%s", err, diff)
	}
	points := rewrite(t, aes, func(h *codec.DBESDKHeader) { h.DataKeys[0].ProviderInfo = []byte{1, 0, 0, 0, 49, 2, 0xff} })
	if got, err := crypt.Inspect(points); err != nil || got.DataKeys[0].Key != "" {
		t.Errorf("Inspect of a key without a name = %+v, %v", got, err)
	}

	ddbec := must(must(crypt.NewDDBEC(specKeys()).ForTable(specTable)).Encrypt(t.Context(), specItem()))
	if got, err := crypt.Inspect(ddbec); err != nil || got.Format != "DDBEC" || got.Description["amzn-ddb-map-signingAlg"] != "HmacSHA256" {
		t.Errorf("Inspect of a DDBEC item = %+v, %v", got, err)
	}
	for _, tt := range []struct {
		name string
		item item
		want error
	}{
		{"plaintext", specItem(), crypt.ErrNotSigned},
		{"header not binary", item{crypt.DBESDKHeader: str("x")}, crypt.ErrMalformed},
		{"header cut short", item{crypt.DBESDKHeader: bin([]byte{1})}, crypt.ErrMalformed},
		{"description not binary", item{crypt.DDBECSignature: bin(nil), crypt.DDBECDescription: str("x")}, crypt.ErrMalformed},
	} {
		if got, err := crypt.Inspect(tt.item); got != nil || !errors.Is(err, tt.want) {
			t.Errorf("Inspect, %s = %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

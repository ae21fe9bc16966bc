package crypt_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/testenv"
)

// selectors is a keyring that remembers what it could choose a key by.
type selectors struct {
	crypt.Keyring
	seen []item
}

func (k *selectors) see(kc *crypt.KeyContext) error {
	s, err := kc.Selector()
	k.seen = append(k.seen, s)
	return err
}

func (k *selectors) WrapKey(ctx context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	if err := k.see(kc); err != nil {
		return nil, err
	}
	return k.Keyring.WrapKey(ctx, kc, dataKey)
}

func (k *selectors) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	if err := k.see(kc); err != nil {
		return nil, err
	}
	return k.Keyring.UnwrapKey(ctx, kc, keys)
}

// TestSelectorOfItems: writing and reading show a keyring the same attributes, and
// none that is not in the context.
func TestSelectorOfItems(t *testing.T) {
	plain := item{
		"pk": str("p"), "sk": num("1205.0e-1"), "secret": str("x"), "signed": str("y"),
		"null": &types.AttributeValueMemberNULL{Value: true}, "bool": &types.AttributeValueMemberBOOL{},
		"ns": &types.AttributeValueMemberNS{Value: []string{"10", "9.0"}},
		"m":  &types.AttributeValueMemberM{Value: item{"b": bin([]byte{1})}},
	}
	type actions = map[string]crypt.Action
	for _, tt := range []struct {
		name    string
		sortKey string
		actions actions
		want    item
	}{
		{"keys", "sk", actions{"signed": crypt.SignOnly}, item{"pk": str("p"), "sk": num("120.5")}},
		{"partition key only", "", actions{"signed": crypt.SignOnly}, item{"pk": str("p")}},
		{"context", "sk", actions{"null": crypt.SignAndIncludeInContext, "bool": crypt.SignAndIncludeInContext, "ns": crypt.SignAndIncludeInContext, "m": crypt.SignAndIncludeInContext}, item{
			"pk": str("p"), "sk": num("120.5"), "null": plain["null"], "bool": plain["bool"], "m": plain["m"],
			"ns":                    &types.AttributeValueMemberNS{Value: []string{"10", "9"}},
			crypt.SelectorTableName: str("T"), crypt.SelectorPartitionName: str("pk"), crypt.SelectorSortName: str("sk"),
		}},
		{"context without sort key", "", actions{"bool": crypt.SignAndIncludeInContext}, item{
			"pk": str("p"), "bool": plain["bool"], crypt.SelectorTableName: str("T"), crypt.SelectorPartitionName: str("pk"),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &selectors{Keyring: rawAES()}
			enc := must(crypt.NewDBESDK(k).ForTable(crypt.Table{
				Name: "T", PartitionKey: "pk", SortKey: tt.sortKey, Actions: crypt.Actions{Default: crypt.EncryptAndSign, Attributes: tt.actions},
			}))
			must(enc.Decrypt(t.Context(), must(enc.Encrypt(t.Context(), plain))))
			for i, op := range []string{"Encrypt", "Decrypt"} {
				if diff := cmp.Diff(tt.want, k.seen[i], sameValues); diff != "" {
					t.Errorf("Selector in %s (-want +got):\n%s", op, diff)
				}
			}
		})
	}
}

// Contexts that no client writes, or that are written and mean nothing.
func TestSelectorErrors(t *testing.T) {
	const canary = "canary-value"
	terminal := func(hex string) string { return base64.StdEncoding.EncodeToString(unhex(hex)) }
	keys := func(entries map[string]string) map[string]string {
		all := map[string]string{"aws-crypto-table-name": "T", "aws-crypto-partition-name": "pk", "aws-crypto-attr.pk": terminal("000170")}
		for name, value := range entries {
			if all[name] = value; value == "" {
				delete(all, name)
			}
		}
		return all
	}
	context := func(legend string, entries map[string]string) map[string]string {
		all := keys(entries)
		all["aws-crypto-legend"] = legend
		return all
	}
	type entries = map[string]string
	for _, tt := range []struct {
		name    string
		context map[string]string
		want    string // of the error
	}{
		{"nothing", nil, "names no partition key"},
		{"no name of the partition key", keys(entries{"aws-crypto-partition-name": ""}), "names no partition key"},
		{"no partition key", keys(entries{"aws-crypto-attr.pk": ""}), `lacks key attribute "pk"`},
		{"no sort key", keys(entries{"aws-crypto-sort-name": "sk"}), `lacks key attribute "sk"`},
		{"key not in Base64", keys(entries{"aws-crypto-attr.pk": canary}), `"pk" not in Base64`},
		{"key without type", keys(entries{"aws-crypto-attr.pk": "AA=="}), `attribute "pk": `},
		{"key of unknown type", keys(entries{"aws-crypto-attr.pk": terminal("000963616e6172792d76616c7565")}), "unknown type id"},
		{"key longer than its value", keys(entries{"aws-crypto-attr.pk": terminal("00040163616e6172792d76616c7565")}), `attribute "pk": `},
		{"no partition key beside a legend", context("", entries{"aws-crypto-attr.pk": ""}), `lacks key attribute "pk"`},
		{"no table", context("S", entries{"aws-crypto-table-name": ""}), "names no table"},
		{"legend empty", context("", nil), "fewer bytes"},
		{"legend too short", context("S", entries{"aws-crypto-attr.a": canary}), "fewer bytes"},
		{"legend too long", context("SS", nil), "more bytes"},
		{"legend unknown", context("s", nil), `has byte 's' for attribute "pk"`},
		{"legend not ASCII", context("é", nil), "has byte"},
		{"no literal", context("L", entries{"aws-crypto-attr.pk": canary}), `"pk" as no literal`},
		{"binary not in Base64", context("B", entries{"aws-crypto-attr.pk": canary}), "not in Base64"},
		{"binary that ends", context("B", entries{"aws-crypto-attr.pk": terminal("0101000000ff63616e6172792d76616c7565")}), `attribute "pk": `},
		{"reserved name", context("SS", entries{"aws-crypto-attr.aws_dbe_table_name": canary}), `reserved attribute "aws_dbe_table_name"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := must(crypt.NewKeyContext(crypt.SuiteMAC, tt.context)).Selector()
			if s != nil || !errors.Is(err, crypt.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Selector = %v, %v, want ErrMalformed and %q", s, err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the error shows a value: %v", err)
			}
		})
	}
}

// TestVectorsSelector has what the Java client showed its users.
func TestVectorsSelector(t *testing.T) {
	dir := testenv.Vectors(t, "dbesdk")
	ran := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		var file struct {
			Cases []struct {
				Name     string
				Context  map[string]string `json:"encryptionContext"`
				Selector json.RawMessage   `json:"selectorContext"`
			}
		}
		if data := must(os.ReadFile(path)); json.Unmarshal(data, &file) != nil {
			return nil // another shape
		}
		for _, c := range file.Cases {
			if c.Selector == nil {
				continue
			}
			ran++
			got, err := must(crypt.NewKeyContext(crypt.SuiteECDSA, c.Context)).Selector()
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			if diff := cmp.Diff(must(codec.UnmarshalItem(c.Selector)), got, sameValues); diff != "" {
				t.Errorf("%s: Selector (-want +got):\n%s", c.Name, diff)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if ran == 0 {
		t.Errorf("no case with a selector context below %s", dir)
	}
	t.Logf("%d cases ran", ran)
}

// FuzzSelector reads contexts in their serialized form, as headers store them.
func FuzzSelector(f *testing.F) {
	k := &selectors{Keyring: rawAES()}
	for _, a := range []crypt.Action{crypt.SignOnly, crypt.SignAndIncludeInContext} {
		enc := must(crypt.NewDBESDK(&seeds{k, f}).ForTable(crypt.Table{Name: "T", PartitionKey: "pk", SortKey: "sk", Actions: crypt.Actions{Default: a}}))
		must(enc.Encrypt(f.Context(), item{
			"pk": str("p"), "sk": num("1"), "b": bin([]byte("b")), "null": &types.AttributeValueMemberNULL{Value: true},
			"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{str("x"), &types.AttributeValueMemberSS{Value: []string{"y"}}}},
		}))
	}
	f.Fuzz(func(t *testing.T, serialized []byte) {
		header := append(make([]byte, 36), serialized...)
		header[0] = 1 // version, MAC, message id, legend of no bytes
		header = append(header, 1, 0, 0, 0, 0, 0, 0)
		h, err := codec.DecodeDBESDKHeader(append(header, make([]byte, codec.CommitmentSize)...))
		if err != nil {
			return
		}
		entries := map[string]string{}
		for _, e := range h.Context {
			entries[e.Key] = e.Value
		}
		s, err := must(crypt.NewKeyContext(crypt.SuiteMAC, entries)).Selector()
		if (s == nil) != errors.Is(err, crypt.ErrMalformed) {
			t.Fatalf("Selector = %v, %v", s, err)
		}
		for name, v := range s {
			if _, err := codec.MarshalItem(item{name: v}); err != nil {
				t.Errorf("attribute %q has no form: %v", name, err)
			}
		}
	})
}

// seeds adds each context to a fuzz target.
type seeds struct {
	*selectors
	f *testing.F
}

func (k *seeds) WrapKey(ctx context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	k.f.Add(kc.Bytes())
	return k.selectors.WrapKey(ctx, kc, dataKey)
}

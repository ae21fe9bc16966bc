package crypt_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

func TestNothingOfTheItemIsSigned(t *testing.T) {
	table := crypt.Table{Name: "T", PartitionKey: "hk", Actions: crypt.Actions{
		Default: crypt.DoNothing, Attributes: map[string]crypt.Action{"hk": crypt.SignOnly}}}
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(table))
	stored := must(enc.Encrypt(t.Context(), item{"x": str("1")}))
	if len(stored) != 3 {
		t.Errorf("stored item has %d attributes, want 3", len(stored))
	}
	got, err := enc.Decrypt(t.Context(), stored)
	if err != nil || len(got) != 1 {
		t.Errorf("Decrypt: %v, %v", got, err)
	}
}

func TestNoActionTakesNothing(t *testing.T) {
	table := crypt.Table{Name: "T", PartitionKey: "hk", Actions: crypt.Actions{Default: crypt.DoNothing}}
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(table))
	in := item{"hk": str("p"), crypt.DDBECSignature: str("kept")}
	for _, f := range []func(context.Context, item) (item, error){enc.Encrypt, enc.Decrypt} {
		got, err := f(t.Context(), in)
		if diff := cmp.Diff(in, got, sameValues); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

func TestForTableRules(t *testing.T) {
	with := func(change func(*crypt.Table)) crypt.Table {
		table := allTypesTable()
		table.Actions.Attributes = maps.Clone(table.Actions.Attributes)
		change(&table)
		return table
	}
	set := func(name string, a crypt.Action) func(*crypt.Table) {
		return func(t *crypt.Table) { t.Actions.Attributes[name] = a }
	}
	cases := []struct {
		name  string
		table crypt.Table
		want  []string // each a part of the error
	}{
		{"encrypted partition key", with(set("hk", crypt.EncryptAndSign)), []string{`key attribute "hk" can't be encrypted`}},
		{"encrypted sort key", with(set("rk", crypt.EncryptAndSign)), []string{`key attribute "rk" can't be encrypted`}},
		{"unsigned key", with(set("hk", crypt.DoNothing)), []string{`key attribute "hk" must be signed`}},
		{"encrypted index key", with(func(t *crypt.Table) {
			t.IndexKeys = []string{"s"}
			t.Actions.Attributes["s"] = crypt.EncryptAndSign
		}), []string{`index key attribute "s" can't be encrypted`}},
		{"reserved name", with(set(crypt.DDBECSignature, crypt.SignOnly)), []string{`"*amzn-ddb-map-sig*" is reserved`}},
		{"context", with(set("c", crypt.SignAndIncludeInContext)), []string{`attribute "c": DDBEC has no action SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT`}},
		{"zero action", with(set("z", 0)), []string{`attribute "z" has no valid action`}},
		{"zero default", with(func(t *crypt.Table) { t.Actions.Default = 0 }), []string{"no valid default action"}},
		{"no names", with(func(t *crypt.Table) { t.Name, t.PartitionKey = "", "" }), []string{"table name is empty", "partition key is empty"}},
		{"read actions too", with(func(t *crypt.Table) {
			t.ReadActions = &crypt.Actions{Default: crypt.SignOnly, Attributes: map[string]crypt.Action{"hk": crypt.EncryptAndSign}}
		}), []string{`key attribute "hk" can't be encrypted`}},
	}
	for _, c := range cases {
		_, err := crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(c.table)
		if !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q lacks %q", c.name, err, want)
			}
		}
	}
	if _, err := crypt.NewDDBEC(nil).ForTable(allTypesTable()); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("nil provider: %v", err)
	}
	if _, err := crypt.NewDDBEC(strongKeys("HmacSHA256"), crypt.AllowUnsignedKeys()).ForTable(with(set("hk", crypt.DoNothing))); err != nil {
		t.Errorf("AllowUnsignedKeys: %v", err)
	}
}

func TestReadActions(t *testing.T) {
	table := allTypesTable()
	old := table.Actions
	table.ReadActions = &crypt.Actions{Default: crypt.SignOnly}
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(table))
	oldTable := table
	oldTable.Actions, oldTable.ReadActions = *table.ReadActions, nil
	stored := must(must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(oldTable)).Encrypt(t.Context(), allTypes()))
	plain, err := enc.Decrypt(t.Context(), stored)
	if err != nil {
		t.Fatal(err)
	}
	stored = must(enc.Encrypt(t.Context(), plain))
	table.Actions, table.ReadActions = old, nil
	if _, err := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(table)).Decrypt(t.Context(), stored); err != nil {
		t.Error(err)
	}
}

func TestTableNameOverride(t *testing.T) {
	keys := strongKeys("HmacSHA256")
	keys.seen = new(crypt.EncryptionContext)
	restored := allTypesTable()
	restored.Name = "patients-restored"
	stored := must(must(crypt.NewDDBEC(keys).ForTable(allTypesTable())).Encrypt(t.Context(), allTypes()))
	byMap := crypt.OverrideTableNames(map[string]string{"patients-restored": "patients"})
	byFunc := crypt.OverrideContext(func(ec *crypt.EncryptionContext) { ec.TableName = strings.TrimSuffix(ec.TableName, "-restored") })
	for name, opt := range map[string]crypt.DDBECOption{"map": byMap, "function": byFunc} {
		enc := must(crypt.NewDDBEC(keys, opt).ForTable(restored))
		if _, err := enc.Decrypt(t.Context(), stored); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if keys.seen.TableName != "patients" {
			t.Errorf("%s: the provider saw table %q", name, keys.seen.TableName)
		}
	}
	if _, err := must(crypt.NewDDBEC(keys).ForTable(restored)).Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("without an override: %v", err)
	}
	empty := crypt.OverrideContext(func(ec *crypt.EncryptionContext) { ec.TableName = "" })
	if _, err := must(crypt.NewDDBEC(keys, empty).ForTable(restored)).Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("an override that leaves no name: %v", err)
	}
}

func TestExtraDescription(t *testing.T) {
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256"), crypt.ExtraDescription(map[string]string{"team": "billing"})).ForTable(specTable))
	stored := must(enc.Encrypt(t.Context(), specItem()))
	got := must(codec.DecodeDescription(stored[crypt.DDBECDescription].(*types.AttributeValueMemberB).Value))
	want := map[string]string{"team": "billing", "amzn-ddb-map-sym-mode": "/CBC/PKCS5Padding", "amzn-ddb-map-signingAlg": "HmacSHA256"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
}

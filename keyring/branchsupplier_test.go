package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// patientKey has the attributes of a table that decide which branch key is used.
type patientKey struct {
	Tenant string `dynamodbav:"tenant"`
	Number int    `dynamodbav:"number,sort"` // as a table's item has it
	Table  string `dynamodbav:"aws_dbe_table_name"`
	Other  *int
	embedded
}

type embedded struct {
	Flag bool `dynamodbav:"flag"`
}

// selectorContext has a context of version 2 with these attributes, in the order of
// their names.
func selectorContext(t testing.TB, legend string, attributes map[string]string) *crypt.KeyContext {
	t.Helper()
	entries := map[string]string{"aws-crypto-table-name": "patients", "aws-crypto-partition-name": "tenant", "aws-crypto-legend": legend}
	for name, value := range attributes {
		entries["aws-crypto-attr."+name] = value
	}
	return keyContext(t, entries)
}

// suppliedID returns the branch key id that a keyring by key wants for a context.
func suppliedID[T any](t testing.TB, kc *crypt.KeyContext, fn func(T) (string, error)) (id string, err error) {
	t.Helper()
	h, err := keyring.NewHierarchicalByKey(newBranchKeys(), func(key T) (string, error) {
		var err error
		id, err = fn(key)
		return id, err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.UnwrapKey(t.Context(), kc, nil)
	return id, err
}

func TestHierarchicalByKey(t *testing.T) {
	fields := func(key patientKey) (string, error) {
		return fmt.Sprintf("%s %s %d %t %v", key.Table, key.Tenant, key.Number, key.Flag, key.Other == nil), nil
	}
	type entries = map[string]string
	for _, tt := range []struct {
		name string
		kc   *crypt.KeyContext
		want string
	}{
		{"version 1", keyContext(t, entries{"aws-crypto-table-name": "patients", "aws-crypto-partition-name": "tenant", "aws-crypto-attr.tenant": "AAFhY21l"}), " acme 0 false true"},
		{"version 2", selectorContext(t, "LNS", entries{"flag": "true", "number": "7", "tenant": "acme"}), "patients acme 7 true true"},
		{"names that differ in capitals", selectorContext(t, "SSS", entries{"TENANT": "globex", "Tenant": "initech", "tenant": "acme"}), "patients acme 0 false true"},
		{"attributes that nobody asked for", selectorContext(t, "BSS", entries{"a": "AgAAAAAA", "b": "", "tenant": "acme"}), "patients acme 0 false true"},
	} {
		for range 10 { // maps have no order
			if got, err := suppliedID(t, tt.kc, fields); got != tt.want || !errors.Is(err, crypt.ErrNoKey) {
				t.Errorf("%s: branch key id %q, %v, want %q", tt.name, got, err, tt.want)
			}
		}
	}
	kc := selectorContext(t, "SS", entries{"TENANT": "globex", "tenant": "acme"})
	if got, err := suppliedID(t, kc, func(key *patientKey) (string, error) { return key.Tenant, nil }); got != "acme" || !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("pointer: branch key id %q, %v", got, err)
	}
}

func TestHierarchicalByKeyErrors(t *testing.T) {
	never := func(patientKey) (string, error) {
		t.Error("the function was called all the same")
		return "branch", nil
	}
	type entries = map[string]string
	for _, tt := range []struct {
		name string
		kc   *crypt.KeyContext
		want string
	}{
		{"no context", keyContext(t, nil), "names no partition key"},
		{"text for a number", selectorContext(t, "SS", entries{"number": "canary", "tenant": "acme"}), `keyring_test.patientKey: "number"`},
		{"number too large", selectorContext(t, "NS", entries{"number": "1234567890123456789012345", "tenant": "acme"}), `: "number"`},
		{"two", selectorContext(t, "NSN", entries{"flag": "1", "number": "canary", "tenant": "7"}), `: "flag", "number"`},
	} {
		id, err := suppliedID(t, tt.kc, never)
		if id != "" || !errors.Is(err, crypt.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want ErrMalformed and %q", tt.name, err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "12345")) {
			t.Errorf("%s: the error shows a value: %v", tt.name, err)
		}
	}

	_, noStruct := keyring.NewHierarchicalByKey(newBranchKeys(), func(string) (string, error) { return "branch", nil })
	_, anInterface := keyring.NewHierarchicalByKey(newBranchKeys(), func(struct{ V types.AttributeValue }) (string, error) { return "branch", nil })
	_, noFunction := keyring.NewHierarchicalByKey[patientKey](newBranchKeys(), nil)
	_, noStore := keyring.NewHierarchicalByKey(nil, never)
	_, badOption := keyring.NewHierarchicalByKey(newBranchKeys(), never, keyring.WithTTL(0))
	for _, tt := range []struct {
		err  error
		want string
	}{
		{noStruct, "takes a struct, not string"},
		{anInterface, "field V of struct { V types.AttributeValue } is an interface"},
		{noFunction, "supplier of branch key ids is nil"},
		{noStore, "key store is nil"},
		{badOption, "time to live is 0s"},
	} {
		if !errors.Is(tt.err, crypt.ErrConfig) || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("NewHierarchicalByKey: %v, want ErrConfig and %q", tt.err, tt.want)
		}
	}
}

// What a supplier of one's own may do.
func TestHierarchicalSupplier(t *testing.T) {
	boom := errors.New("boom")
	store := newBranchKeys("branch")
	for _, tt := range []struct {
		name string
		id   string
		err  error
		want error
	}{
		{"fails", "branch", boom, boom},
		{"no id", "", nil, crypt.ErrConfig},
		{"id not UTF-8", "\xff", nil, crypt.ErrConfig},
		{"id too long", strings.Repeat("i", 1<<16), nil, crypt.ErrConfig},
		{"no such branch key", "other", nil, crypt.ErrNoKey},
		{"branch key", "branch", nil, nil},
	} {
		h, err := keyring.NewHierarchicalByItem(store, func(ctx context.Context, kc *crypt.KeyContext) (string, error) {
			if table, _ := kc.Value("aws-crypto-table-name"); table != "T" || ctx == nil {
				t.Errorf("the supplier is asked for table %q", table)
			}
			return tt.id, tt.err
		})
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := h.WrapKey(t.Context(), someContext(t), counting(32))
		if !errors.Is(err, tt.want) || (wrapped == nil) != (err != nil) {
			t.Errorf("%s: WrapKey = %v, %v, want %v", tt.name, wrapped, err, tt.want)
		}
		if err := unwrap(t, h, wrap(t, hierarchical(t, store))); !errors.Is(err, tt.want) {
			t.Errorf("%s: UnwrapKey: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// An item given to another tenant is refused before its branch key is asked for,
// although the reader may use both.
func TestHierarchicalTenantSwapped(t *testing.T) {
	store := newBranchKeys("tenant-acme", "tenant-globex")
	h, err := keyring.NewHierarchicalByKey(store, func(key patientKey) (string, error) { return "tenant-" + key.Tenant, nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []crypt.Action{crypt.SignOnly, crypt.SignAndIncludeInContext} {
		enc, err := crypt.NewDBESDK(h).ForTable(crypt.Table{Name: "T", PartitionKey: "tenant", SortKey: "id", Actions: crypt.Actions{
			Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"tenant": action, "id": action},
		}})
		if err != nil {
			t.Fatal(err)
		}
		str := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
		items := map[string]map[string]types.AttributeValue{}
		for _, tenant := range []string{"acme", "globex"} {
			items[tenant], err = enc.Encrypt(t.Context(), map[string]types.AttributeValue{"tenant": str(tenant), "id": str("1"), "a": str("secret of " + tenant)})
			if err != nil {
				t.Fatal(err)
			}
			in, err := crypt.Inspect(items[tenant])
			if err != nil || in.DataKeys[0].Key != "tenant-"+tenant {
				t.Errorf("Inspect = %+v, %v", in, err)
			}
			if _, err := enc.Decrypt(t.Context(), items[tenant]); err != nil {
				t.Error(err)
			}
		}
		store.takeCalls()
		items["acme"]["tenant"] = str("globex")
		if got, err := enc.Decrypt(t.Context(), items["acme"]); got != nil || !errors.Is(err, crypt.ErrNoKey) || errors.Is(err, crypt.ErrVerify) {
			t.Errorf("Decrypt of another tenant's item = %v, %v, want ErrNoKey", got, err)
		}
		// Nor does it help to say that the data key is of the other branch key.
		forged := slices.Concat(items["acme"][crypt.DBESDKHeader].(*types.AttributeValueMemberB).Value)
		items["globex"][crypt.DBESDKHeader] = &types.AttributeValueMemberB{Value: forged}
		if got, err := enc.Decrypt(t.Context(), items["globex"]); got != nil || !errors.Is(err, crypt.ErrNoKey) {
			t.Errorf("Decrypt with another tenant's header = %v, %v, want ErrNoKey", got, err)
		}
		items["acme"]["tenant"] = str("initech")
		if got, err := enc.Decrypt(t.Context(), items["acme"]); got != nil || !errors.Is(err, crypt.ErrNoKey) {
			t.Errorf("Decrypt of a tenant that doesn't exist = %v, %v, want ErrNoKey", got, err)
		}
		store.expectCalls(t, "items of others")
	}
}

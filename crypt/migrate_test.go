package crypt_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
)

// migrated is a table whose items any of the formats can hold.
var migrated = crypt.Table{Name: "T", PartitionKey: "hk", Actions: crypt.Actions{
	Default:    crypt.EncryptAndSign,
	Attributes: map[string]crypt.Action{"c": crypt.SignOnly, "x": crypt.DoNothing},
}}

func migratedItem() item {
	return item{"hk": str("p"), "a": str("secret"), "c": str("west"), "x": num("1")}
}

func testFormats() map[crypt.Kind]crypt.Format {
	return map[crypt.Kind]crypt.Format{
		crypt.KindPlaintext: crypt.ForgeablePlaintext(),
		crypt.KindDDBEC:     crypt.NewDDBEC(strongKeys("HmacSHA256")),
		crypt.KindDBESDK:    crypt.NewDBESDK(rawAES(), crypt.WriteSuite(crypt.SuiteMAC)),
	}
}

// ofEachKind returns one stored item of each kind.
func ofEachKind(t *testing.T) map[crypt.Kind]item {
	t.Helper()
	stored := map[crypt.Kind]item{}
	for kind, f := range testFormats() {
		if kind == crypt.KindPlaintext {
			stored[kind] = migratedItem()
			continue
		}
		stored[kind] = must(must(f.ForTable(migrated)).Encrypt(t.Context(), migratedItem()))
	}
	return stored
}

func TestKindOf(t *testing.T) {
	reserved := []string{crypt.DDBECDescription, crypt.DDBECSignature, crypt.DBESDKHeader, crypt.DBESDKFooter, "aws_dbe_b_a"}
	want := map[string]crypt.Kind{
		"":      crypt.KindPlaintext,
		"01":    crypt.KindDDBEC,
		"23":    crypt.KindDBESDK,
		"234":   crypt.KindDBESDK,
		"wrong": 0,
	}
	for set := range 1 << len(reserved) {
		it, which := migratedItem(), ""
		for i, name := range reserved {
			if set&(1<<i) != 0 {
				it[name], which = bin(nil), fmt.Sprint(which, i)
			}
		}
		kind, err := crypt.KindOf(it)
		if kind != want[which] || (kind == 0) != errors.Is(err, crypt.ErrMalformed) || (kind != 0) != (err == nil) {
			t.Errorf("reserved attributes %q: KindOf = %v, %v, want %v", which, kind, err, want[which])
		}
	}
	if got := fmt.Sprint(crypt.KindPlaintext, crypt.KindDDBEC, crypt.KindDBESDK, crypt.Kind(9)); got != "plaintext DDBEC DB-ESDK Kind(9)" {
		t.Errorf("names of kinds: %s", got)
	}
}

// Every choice of what is written and what is read besides does that, and no more.
func TestMigrate(t *testing.T) {
	formats, stored := testFormats(), ofEachKind(t)
	kinds := []crypt.Kind{crypt.KindPlaintext, crypt.KindDDBEC, crypt.KindDBESDK}
	for _, writes := range kinds {
		for set := range 1 << len(kinds) {
			reads := map[crypt.Kind]bool{writes: true}
			var also []crypt.Format
			for i, kind := range kinds {
				if set&(1<<i) != 0 && kind != writes {
					reads[kind], also = true, append(also, formats[kind])
				}
			}
			name := fmt.Sprintf("writes %v, reads %v", writes, slices.Sorted(maps.Keys(reads)))
			enc, err := crypt.Migrate(formats[writes], also...).ForTable(migrated)
			if !reads[crypt.KindDDBEC] && !reads[crypt.KindDBESDK] {
				if enc != nil || !errors.Is(err, crypt.ErrConfig) {
					t.Errorf("%s: ForTable = %v, %v", name, enc, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			m := enc.(crypt.MigratingEncryptor)
			if m.Writes() != writes || m.Reads(0) || m.Reads(9) {
				t.Errorf("%s: Writes = %v, Reads(0) = %v", name, m.Writes(), m.Reads(0))
			}
			written, err := enc.Encrypt(t.Context(), migratedItem())
			if kind, kindErr := crypt.KindOf(written); err != nil || kindErr != nil || kind != writes {
				t.Errorf("%s: Encrypt gives %v, %v, %v", name, kind, err, kindErr)
			}
			for _, kind := range kinds {
				got, err := enc.Decrypt(t.Context(), stored[kind])
				if m.Reads(kind) != reads[kind] {
					t.Errorf("%s: Reads(%v) = %v", name, kind, m.Reads(kind))
				}
				switch {
				case reads[kind]:
					if diff := cmp.Diff(migratedItem(), got, sameValues); err != nil || diff != "" {
						t.Errorf("%s: Decrypt of %v: %v (-want +got):\n%s", name, kind, err, diff)
					}
				case got != nil || !errors.Is(err, notRead[kind]):
					t.Errorf("%s: Decrypt of %v = %v, %v", name, kind, got, err)
				}
			}
		}
	}
}

var notRead = map[crypt.Kind]error{crypt.KindPlaintext: crypt.ErrNotSigned, crypt.KindDDBEC: crypt.ErrUnsupported, crypt.KindDBESDK: crypt.ErrUnsupported}

// migrateAll reads everything and writes DB-ESDK.
func migrateAll(t *testing.T, table crypt.Table) crypt.Encryptor {
	f := testFormats()
	return must(crypt.Migrate(f[crypt.KindDBESDK], f[crypt.KindDDBEC], f[crypt.KindPlaintext]).ForTable(table))
}

// An encrypted item of which any part is left, or to which something is added, is
// not taken for plaintext, and not for an item of the other format.
func TestMigrateTellsItemsApart(t *testing.T) {
	enc, stored := migrateAll(t, migrated), ofEachKind(t)
	refused := func(what string, it item) {
		t.Helper()
		if got, err := enc.Decrypt(t.Context(), it); got != nil || err == nil {
			t.Errorf("%s: Decrypt = %v, %v", what, got, err)
		}
	}
	for _, kind := range []crypt.Kind{crypt.KindDDBEC, crypt.KindDBESDK} {
		for name := range stored[kind] {
			part := maps.Clone(stored[kind])
			delete(part, name)
			if name != "x" {
				refused(fmt.Sprintf("%v without %q", kind, name), part)
			}
			only := item{"hk": str("p"), name: stored[kind][name]}
			if name != "a" && name != "c" && name != "x" && name != "hk" {
				refused(fmt.Sprintf("%q of a %v item and the key alone", name, kind), only)
			}
		}
		for _, name := range enc.Reserved() {
			more := maps.Clone(stored[kind])
			if _, ok := more[name]; !ok {
				more[name] = bin([]byte{1})
				refused(fmt.Sprintf("%v with %q", kind, name), more)
			}
		}
	}
	both := maps.Clone(stored[crypt.KindDDBEC])
	maps.Copy(both, stored[crypt.KindDBESDK])
	refused("an item of both formats", both)
	refused("plaintext without its key", item{"a": str("secret")})
	plain := migratedItem()
	plain["aws_dbe_b_a"] = str("1234")
	refused("plaintext with a beacon", plain)
}

// Names of both formats are reserved whatever is written, so nothing is stored that
// would be read as something else.
func TestMigrateReservesNames(t *testing.T) {
	f := testFormats()
	for _, m := range []*crypt.Migration{
		crypt.Migrate(f[crypt.KindDBESDK]), crypt.Migrate(f[crypt.KindDDBEC]), crypt.Migrate(f[crypt.KindPlaintext], f[crypt.KindDDBEC]),
	} {
		enc := must(m.ForTable(migrated))
		if got := enc.Reserved(); len(got) != 4 || enc.ReservedPrefix() != "aws_dbe_" {
			t.Errorf("Reserved = %q, prefix %q", got, enc.ReservedPrefix())
		}
		for _, name := range append(enc.Reserved(), "aws_dbe_b_a") {
			it := migratedItem()
			it[name] = bin([]byte("x"))
			if got, err := enc.Encrypt(t.Context(), it); got != nil || !errors.Is(err, crypt.ErrInvalidItem) {
				t.Errorf("Encrypt with %q = %v, %v", name, got, err)
			}
		}
	}
}

// Items in one format may have been written with other actions than the others.
func TestWrittenWith(t *testing.T) {
	listed := migrated
	listed.Actions.Default = 0 // DB-ESDK needs none
	listed.Actions.Attributes = map[string]crypt.Action{"hk": crypt.SignOnly, "a": crypt.EncryptAndSign}
	old := crypt.Actions{Default: crypt.DoNothing, Attributes: map[string]crypt.Action{"hk": crypt.SignOnly, "x": crypt.EncryptAndSign}}
	ddbec := crypt.NewDDBEC(strongKeys("HmacSHA256"))
	stored := must(must(ddbec.ForTable(crypt.Table{Name: "T", PartitionKey: "hk", Actions: old})).Encrypt(t.Context(), migratedItem()))

	now := migrated
	now.Actions = crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{
		"hk": crypt.SignAndIncludeInContext, "c": crypt.SignAndIncludeInContext, "x": crypt.DoNothing}}
	dbesdk := testFormats()[crypt.KindDBESDK]
	enc := must(crypt.Migrate(dbesdk, crypt.WrittenWith(ddbec, old)).ForTable(now))
	got, err := enc.Decrypt(t.Context(), stored)
	if diff := cmp.Diff(migratedItem(), got, sameValues); err != nil || diff != "" {
		t.Errorf("Decrypt: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]crypt.Actions{old}, enc.(crypt.MigratingEncryptor).StoredActions()); diff != "" {
		t.Errorf("StoredActions (-want +got):\n%s", diff)
	}
	if got, err := must(crypt.Migrate(dbesdk, ddbec).ForTable(now)).Decrypt(t.Context(), stored); got != nil || !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("Decrypt with other actions = %v, %v", got, err)
	}

	if _, err := crypt.Migrate(dbesdk, crypt.WrittenWith(ddbec, old)).ForTable(listed); err != nil {
		t.Errorf("a table without default action: %v", err)
	}

	// DDBEC signs what DB-ESDK has in the context, and writes by the table's actions.
	back := must(crypt.Migrate(crypt.WrittenWith(ddbec, old), dbesdk).ForTable(now))
	written := must(back.Encrypt(t.Context(), migratedItem()))
	if diff := cmp.Diff(item{"c": str("west"), "x": num("1")}, item{"c": written["c"], "x": written["x"]}, sameValues); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	if _, ok := written["a"].(*types.AttributeValueMemberB); !ok {
		t.Error("a is not encrypted")
	}
}

func TestMigrateConfig(t *testing.T) {
	f := testFormats()
	ddbec, dbesdk, plain := f[crypt.KindDDBEC], f[crypt.KindDBESDK], f[crypt.KindPlaintext]
	none := crypt.Actions{Default: crypt.DoNothing}
	for _, tt := range []struct {
		name   string
		format crypt.Format
		table  crypt.Table
		want   []string
	}{
		{"plaintext by itself", plain, migrated, []string{"plaintext is no format by itself"}},
		{"WrittenWith by itself", crypt.WrittenWith(ddbec, none), migrated, []string{"WrittenWith is no format by itself"}},
		{"no format", crypt.Migrate(nil, nil), migrated, []string{"format to write: ddbenc: bad configuration: there is none", "number 1"}},
		{"only plaintext", crypt.Migrate(plain), migrated, []string{"no format encrypts"}},
		{"one kind twice", crypt.Migrate(dbesdk, ddbec, ddbec, plain, plain), migrated, []string{"number 2: there is one for DDBEC", "number 4: there is one for plaintext"}},
		{"a migration in a migration", crypt.Migrate(dbesdk, crypt.Migrate(ddbec, plain)), migrated, []string{"number 1: it is neither"}},
		{"actions of plaintext", crypt.Migrate(dbesdk, crypt.WrittenWith(plain, none)), migrated, []string{"plaintext has no actions"}},
		{"actions twice", crypt.Migrate(dbesdk, crypt.WrittenWith(crypt.WrittenWith(ddbec, none), none)), migrated, []string{"WrittenWith is given to WrittenWith"}},
		{"DDBEC that touches nothing", crypt.Migrate(dbesdk, crypt.WrittenWith(ddbec, none)), migrated, []string{"the actions of DDBEC touch no attribute"}},
		{"context in what DDBEC wrote", crypt.Migrate(dbesdk, crypt.WrittenWith(ddbec, crypt.Actions{Default: crypt.SignAndIncludeInContext})), migrated,
			[]string{"DDBEC has no default action"}},
		{"reserved names of both formats", crypt.Migrate(dbesdk, plain), crypt.Table{Name: "T", PartitionKey: "hk", Actions: crypt.Actions{
			Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"*amzn-ddb-map-sig*": crypt.SignOnly, "aws_dbe_x": crypt.SignOnly}}},
			[]string{`"*amzn-ddb-map-sig*" is reserved`, `"aws_dbe_x" is reserved`}},
		{"all at once", crypt.Migrate(crypt.NewDBESDK(nil), crypt.NewDDBEC(nil), plain), crypt.Table{},
			[]string{"to write: ", "keyring is nil", "number 1: ", "provider is nil", "number 2: ", "partition key is empty"}},
	} {
		enc, err := tt.format.ForTable(tt.table)
		if enc != nil || !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("%s: ForTable = %v, %v, want ErrConfig", tt.name, enc, err)
			continue
		}
		for _, text := range tt.want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: the error doesn't say %q:\n%v", tt.name, text, err)
			}
		}
	}
}

// Values that DynamoDB would reject, quoting them, are refused here.
func TestMigratePlaintextIsChecked(t *testing.T) {
	f := testFormats()
	enc := must(crypt.Migrate(f[crypt.KindPlaintext], f[crypt.KindDBESDK]).ForTable(migrated))
	for name, it := range map[string]item{
		"no key":        {"a": str("secret")},
		"no number":     {"hk": str("p"), "a": num("secret")},
		"not UTF-8":     {"hk": str("p"), "a": str("secret\xff")},
		"nothing in it": {"hk": str("p"), "a": nil},
	} {
		got, err := enc.Encrypt(t.Context(), it)
		if got != nil || !errors.Is(err, crypt.ErrInvalidItem) || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s: Encrypt = %v, %v", name, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, encErr := enc.Encrypt(ctx, migratedItem())
	_, decErr := enc.Decrypt(ctx, migratedItem())
	if !errors.Is(encErr, context.Canceled) || !errors.Is(decErr, context.Canceled) {
		t.Errorf("after the context ended: %v, %v", encErr, decErr)
	}
	before := migratedItem()
	out := must(enc.Encrypt(t.Context(), before))
	out["new"] = str("x")
	if diff := cmp.Diff(migratedItem(), before, sameValues); diff != "" {
		t.Errorf("what was given changed (-want +got):\n%s", diff)
	}
}

// TestMigrateMixedItems: an encrypted item in which one attribute is that of an item
// of another kind, is gone, or is of another type, is refused by a table that reads
// all kinds, and never returned as plaintext.
func TestMigrateMixedItems(t *testing.T) {
	f := testFormats()
	enc := must(crypt.Migrate(f[crypt.KindDBESDK], f[crypt.KindDDBEC], f[crypt.KindPlaintext]).ForTable(migrated))
	stored := ofEachKind(t)
	stored[crypt.KindDDBEC]["hk"], stored[crypt.KindPlaintext]["hk"] = str("p"), str("q")
	for _, kind := range []crypt.Kind{crypt.KindDDBEC, crypt.KindDBESDK} {
		values := map[string][]types.AttributeValue{}
		for name := range stored[kind] {
			if name != "x" { // which nothing protects
				values[name] = []types.AttributeValue{nil, str("x"), bin(nil), &types.AttributeValueMemberM{}}
			}
		}
		for _, other := range stored {
			for name, v := range other {
				if name != "x" && !reflect.DeepEqual(v, stored[kind][name]) {
					values[name] = append(values[name], v)
				}
			}
		}
		for name, vs := range values {
			for _, v := range vs {
				changed := maps.Clone(stored[kind])
				if changed[name] = v; v == nil {
					delete(changed, name)
				}
				got, err := enc.Decrypt(t.Context(), changed)
				if got != nil || !errors.Is(err, crypt.ErrMalformed) && !errors.Is(err, crypt.ErrVerify) && !errors.Is(err, crypt.ErrNotSigned) {
					t.Errorf("%v item with %q = %T: Decrypt = %v, %v", kind, name, v, got, err)
				}
			}
		}
	}
}

package ddbenc_test

import (
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// itemFormats are the two formats, with keys that need not be secret.
var itemFormats = []struct {
	name   string
	format crypt.Format
}{
	{"DDBEC", crypt.NewDDBEC(testProvider)},
	{"DB-ESDK", crypt.NewDBESDK(must(keyring.NewRawAES("tests", "1", make([]byte, 32))))},
}

func TestItemsWithoutNetwork(t *testing.T) {
	for _, f := range itemFormats {
		t.Run(f.name, func(t *testing.T) {
			db := &fake{}
			table, err := ddbenc.NewTable[Admission](db, "patients", f.format)
			if err != nil {
				t.Fatal(err)
			}
			in := Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada", Notes: []string{"cough"}, Clinic: "north", Rank: 3}
			before := in
			sealed, err := table.EncryptItem(t.Context(), &in)
			if err != nil {
				t.Fatal(err)
			}
			if _, readable := sealed["name"].(*types.AttributeValueMemberS); readable || !reflect.DeepEqual(in, before) {
				t.Errorf("the item has a readable name (%t), or the input changed: %v", readable, in)
			}
			kept := maps.Clone(sealed)
			got, err := table.DecryptItem(t.Context(), sealed, ddbenc.UnderKey(ddbenc.Key("p-1", visitAt(1))))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&in, got); diff != "" || !reflect.DeepEqual(kept, sealed) {
				t.Errorf("DecryptItem (-want +got), or its input changed:\n%s", diff)
			}
			if db.calls != 0 {
				t.Errorf("%d requests were sent", db.calls)
			}
		})
	}
}

// What Put would refuse is refused, and so is what Get would.
func TestItemsAreCheckedAsByATable(t *testing.T) {
	table := openAdmissions(t, &fake{})
	if _, err := table.EncryptItem(t.Context(), nil); !errors.Is(err, ddbenc.ErrInvalidItem) {
		t.Errorf("a nil value: %v", err)
	}
	if _, err := table.EncryptItem(t.Context(), &Admission{Visit: visitAt(1)}); !errors.Is(err, ddbenc.ErrRefused) || !strings.Contains(err.Error(), "EncryptItem") {
		t.Errorf("a value without its key: %v", err)
	}
	large := &Admission{ID: "p-1", Visit: visitAt(1), Name: strings.Repeat("x", 400<<10)}
	if _, err := table.EncryptItem(t.Context(), large); !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("an item that is too large: %v", err)
	}

	good, err := table.EncryptItem(t.Context(), &Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	without := func(name string) avItem {
		out := maps.Clone(good)
		delete(out, name)
		return out
	}
	with := func(name string, v types.AttributeValue) avItem {
		out := maps.Clone(good)
		out[name] = v
		return out
	}
	for _, tt := range []struct {
		name   string
		stored avItem
		opts   []ddbenc.DecryptOption
		want   error
	}{
		{"nothing", nil, nil, ddbenc.ErrNotSigned},
		{"an empty item", avItem{}, nil, ddbenc.ErrNotSigned},
		{"plaintext", avItem{"patient_id": &types.AttributeValueMemberS{Value: "p-1"}}, nil, ddbenc.ErrNotSigned},
		{"a removed attribute", without("name"), nil, ddbenc.ErrVerify},
		{"another key", with("patient_id", &types.AttributeValueMemberS{Value: "p-2"}), nil, ddbenc.ErrVerify},
		{"a nil value", with("name", nil), nil, nil},
		{"the item of another key", good, []ddbenc.DecryptOption{ddbenc.UnderKey(ddbenc.Key("p-1", visitAt(2)))}, ddbenc.ErrVerify},
		{"a key that misses an attribute", good, []ddbenc.DecryptOption{ddbenc.UnderKey(ddbenc.Key("p-1"))}, ddbenc.ErrRefused},
		{"a raw key that misses an attribute", good, []ddbenc.DecryptOption{ddbenc.UnderKey(ddbenc.RawKey(avItem{"patient_id": good["patient_id"]}))}, ddbenc.ErrRefused},
		{"no key", good, []ddbenc.DecryptOption{ddbenc.UnderKey(ddbenc.RawKey(nil))}, ddbenc.ErrRefused},
	} {
		got, err := table.DecryptItem(t.Context(), tt.stored, tt.opts...)
		if err == nil || got != nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, error %v, want %v", tt.name, got, err, tt.want)
		}
		var e *ddbenc.ItemError
		if !errors.Is(err, ddbenc.ErrRefused) && (!errors.As(err, &e) || e.Op != "DecryptItem") {
			t.Errorf("%s: error %v is no ItemError of DecryptItem", tt.name, err)
		}
	}
}

func TestItemsWithEncryptor(t *testing.T) {
	table := openAdmissions(t, &fake{})
	other, err := crypt.NewDDBEC(must(keyring.NewStatic(make([]byte, 32), make([]byte, 32)))).ForTable(crypt.Table{
		Name: "patients", PartitionKey: "patient_id", SortKey: "visit", IndexKeys: []string{"clinic", "rank"},
		Actions: crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"views": crypt.DoNothing}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := table.EncryptItem(t.Context(), &Admission{ID: "p-1", Visit: visitAt(1), Name: "Ada"}, ddbenc.WithEncryptor(other))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.DecryptItem(t.Context(), sealed); err == nil {
		t.Error("the table's own keys opened the item of others")
	}
	if got, err := table.DecryptItem(t.Context(), sealed, ddbenc.WithEncryptor(other)); err != nil || got.Name != "Ada" {
		t.Errorf("got %v, error %v", got, err)
	}
}

// A stored item has a version from 1 on, or a later Put of it would be refused.
func TestItemsHaveVersions(t *testing.T) {
	table, err := ddbenc.NewTable[Contract](&fake{}, "contracts", crypt.NewDDBEC(testProvider))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ rev, want int }{{0, 1}, {1, 1}, {7, 7}} {
		in := Contract{ID: "c-1", Rev: tt.rev}
		sealed, err := table.EncryptItem(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := table.DecryptItem(t.Context(), sealed)
		if err != nil || got.Rev != tt.want || in.Rev != tt.rev {
			t.Errorf("version %d: got %v, error %v, want version %d; the input has %d", tt.rev, got, err, tt.want, in.Rev)
		}
	}
	if _, err := table.EncryptItem(t.Context(), &Contract{ID: "c-1", Rev: -1}); !errors.Is(err, ddbenc.ErrInvalidItem) {
		t.Errorf("a negative version: %v", err)
	}
}

func TestRawItems(t *testing.T) {
	for _, f := range itemFormats {
		table, err := ddbenc.NewRawTable("notes", f.format, ddbenc.RawSchema{PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}})
		if err != nil {
			t.Fatal(err)
		}
		in := avItem{"id": &types.AttributeValueMemberS{Value: "n-1"}, "size": &types.AttributeValueMemberN{Value: "12345678901234567890123456789012345678"}}
		key := avItem{"id": in["id"]}
		sealed, err := table.EncryptItem(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := table.DecryptItem(t.Context(), sealed, ddbenc.UnderKey(ddbenc.RawKey(key)))
		if diff := cmp.Diff(in, got, avCmp); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got):\n%s", f.name, err, diff)
		}
		if _, err := table.DecryptItem(t.Context(), sealed, ddbenc.UnderKey(ddbenc.Key("n-1"))); !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("%s: a key without names: %v", f.name, err)
		}
		other := avItem{"id": &types.AttributeValueMemberS{Value: "n-2"}}
		if _, err := table.DecryptItem(t.Context(), sealed, ddbenc.UnderKey(ddbenc.RawKey(other))); !errors.Is(err, ddbenc.ErrVerify) {
			t.Errorf("%s: the item of another key: %v", f.name, err)
		}
		if got, err := table.KeyAttributes(ddbenc.RawKey(key)); !reflect.DeepEqual(got, key) || err != nil {
			t.Errorf("%s: KeyAttributes gives %v, error %v", f.name, got, err)
		}
		if _, err := table.KeyAttributes(ddbenc.RawKey(in)); !errors.Is(err, ddbenc.ErrRefused) {
			t.Errorf("%s: a key with another attribute: %v", f.name, err)
		}
	}
}

func TestKeyAttributes(t *testing.T) {
	table := openAdmissions(t, &fake{})
	want := avItem{"patient_id": &types.AttributeValueMemberS{Value: "p-1"}, "visit": &types.AttributeValueMemberN{Value: "1700000001"}}
	got, err := table.KeyAttributes(ddbenc.Key("p-1", visitAt(1)))
	if diff := cmp.Diff(want, got, avCmp); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for name, key := range map[string]ddbenc.PrimaryKey{
		"too short":     ddbenc.Key("p-1"),
		"another type":  ddbenc.RawKey(avItem{"patient_id": want["patient_id"], "visit": want["patient_id"]}),
		"one attribute": ddbenc.RawKey(avItem{"patient_id": want["patient_id"]}),
		"three":         ddbenc.RawKey(avItem{"patient_id": want["patient_id"], "visit": want["visit"], "name": want["patient_id"]}),
		"a nil value":   ddbenc.RawKey(avItem{"patient_id": want["patient_id"], "visit": nil}),
	} {
		if got, err := table.KeyAttributes(key); !errors.Is(err, ddbenc.ErrRefused) || got != nil {
			t.Errorf("%s: got %v, error %v", name, got, err)
		}
	}
}

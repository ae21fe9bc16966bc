package crypt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// replayed is a keyring that returns what a keyring once returned.
type replayed struct {
	wrapped   []crypt.WrappedKey
	unwrapped crypt.UnwrappedKey
	asked     *crypt.KeyContext // set by each call
}

func (k *replayed) WrapKey(_ context.Context, kc *crypt.KeyContext, _ []byte) ([]crypt.WrappedKey, error) {
	k.asked = kc
	return k.wrapped, nil
}

func (k *replayed) UnwrapKey(_ context.Context, kc *crypt.KeyContext, _ []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	k.asked = kc
	return &crypt.UnwrappedKey{DataKey: bytes.Clone(k.unwrapped.DataKey), MACKey: bytes.Clone(k.unwrapped.MACKey)}, nil
}

// replay returns options with which an item is written with the given data key,
// message id, public key and signature.
func replay(dataKey []byte, header *codec.DBESDKHeader, public string, signature []byte) []crypt.DBESDKOption {
	return []crypt.DBESDKOption{
		crypt.FixedRandom(func(b []byte) { copy(b[copy(b, dataKey):], header.MessageID[:]) }),
		crypt.FixedSigner(public, func([]byte) ([]byte, error) { return signature, nil }),
	}
}

// TestDBESDKWorkedExamples reads the items of the spec, and writes them again byte
// for byte.
func TestDBESDKWorkedExamples(t *testing.T) {
	for _, tt := range workedExamples {
		t.Run(tt.name, func(t *testing.T) {
			header := must(codec.DecodeDBESDKHeader(unhex(tt.header)))
			footer := unhex(tt.footer)
			k := &replayed{
				wrapped:   []crypt.WrappedKey{{EncryptedDataKey: header.DataKeys[0], MACKey: unhex(tt.macKey)}},
				unwrapped: crypt.UnwrappedKey{DataKey: unhex(tt.dataKey), MACKey: unhex(tt.macKey)},
			}
			table := crypt.Table{Name: "GazelleVectorTable", PartitionKey: "RecNum", Actions: crypt.Actions{
				Default:    crypt.EncryptAndSign,
				Attributes: map[string]crypt.Action{"RecNum": tt.action},
			}}
			stored := item{
				"RecNum": num("1"), "Junk": bin(unhex(tt.junk)), "Stuff": bin(unhex(tt.stuff)),
				crypt.DBESDKHeader: bin(unhex(tt.header)), crypt.DBESDKFooter: bin(footer),
			}
			plain := item{"RecNum": num("1"), "Junk": str("JunkData"), "Stuff": str("StuffData")}

			opts := replay(unhex(tt.dataKey), header, tt.public, footer[codec.TagSize:])
			enc := must(crypt.NewDBESDK(k, opts...).ForTable(table))
			got, err := enc.Decrypt(t.Context(), stored)
			if diff := cmp.Diff(plain, got, sameValues); err != nil || diff != "" {
				t.Errorf("Decrypt: %v (-want +got):\n%s", err, diff)
			}
			if !bytes.Equal(k.asked.Bytes(), unhex(tt.context)) {
				t.Errorf("encryption context %x, want %s", k.asked.Bytes(), tt.context)
			}
			k.asked = nil
			again, err := enc.Encrypt(t.Context(), plain)
			if diff := cmp.Diff(stored, again, sameValues); err != nil || diff != "" {
				t.Errorf("Encrypt: %v (-want +got):\n%s", err, diff)
			}
			if !bytes.Equal(k.asked.Bytes(), unhex(tt.context)) {
				t.Errorf("encryption context on writing %x, want %s", k.asked.Bytes(), tt.context)
			}
		})
	}
}

func rawAES() crypt.Keyring { return must(keyring.NewRawAES("ns", "key 1", sequence(32))) }

// dbesdkTable has all actions; keys are in the context if anything is.
func dbesdkTable(inContext bool) crypt.Table {
	t := allTypesTable()
	if inContext {
		t.Actions.Attributes = maps.Clone(t.Actions.Attributes)
		for _, name := range []string{"plain", "hk", "rk"} {
			t.Actions.Attributes[name] = crypt.SignAndIncludeInContext
		}
	}
	return t
}

func TestDBESDKRoundTrip(t *testing.T) {
	everything := dbesdkTable(true)
	everything.Actions.Default = crypt.SignAndIncludeInContext
	signed := dbesdkTable(false)
	signed.Actions.Default = crypt.SignOnly
	for _, tt := range []struct {
		name    string
		table   crypt.Table
		version int
	}{
		{"version 1", dbesdkTable(false), 1},
		{"version 2", dbesdkTable(true), 2},
		{"nothing encrypted", signed, 1},
		{"everything in the context", everything, 2},
	} {
		for _, suite := range []crypt.Suite{crypt.SuiteMAC, crypt.SuiteECDSA} {
			t.Run(fmt.Sprintf("%s, %v", tt.name, suite), func(t *testing.T) {
				enc := must(crypt.NewDBESDK(rawAES(), crypt.WriteSuite(suite)).ForTable(tt.table))
				plain, before := allTypes(), allTypes()
				stored, err := enc.Encrypt(t.Context(), plain)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before, plain, sameValues); diff != "" {
					t.Errorf("Encrypt changed its input:\n%s", diff)
				}
				in, err := crypt.Inspect(stored)
				if err != nil || in.Suite != suite || in.Version != tt.version {
					t.Errorf("Inspect = %+v, %v", in, err)
				}
				copied := maps.Clone(stored)
				// A reader takes either suite.
				reader := must(crypt.NewDBESDK(rawAES()).ForTable(tt.table))
				got, err := reader.Decrypt(t.Context(), stored)
				if diff := cmp.Diff(plain, got, sameValues); err != nil || diff != "" {
					t.Errorf("Decrypt: %v (-want +got):\n%s", err, diff)
				}
				if diff := cmp.Diff(copied, stored, sameValues); diff != "" {
					t.Errorf("Decrypt changed its input:\n%s", diff)
				}
			})
		}
	}
}

// TestDBESDKActionsChange: a reader with other actions reads the item by its
// legend, as long as the unsigned attributes are the same.
func TestDBESDKActionsChange(t *testing.T) {
	actions := func(a crypt.Action, in bool) crypt.Table {
		table := crypt.Table{Name: "T", PartitionKey: "hk", Actions: crypt.Actions{
			Attributes: map[string]crypt.Action{"hk": crypt.SignOnly, "a": a, "x": crypt.DoNothing},
		}}
		if in {
			table.Actions.Attributes["hk"] = crypt.SignAndIncludeInContext
		}
		return table
	}
	tables := map[string]crypt.Table{
		"encrypted": actions(crypt.EncryptAndSign, false), "signed": actions(crypt.SignOnly, false),
		"in context": actions(crypt.SignAndIncludeInContext, true), "encrypted, version 2": actions(crypt.EncryptAndSign, true),
		"unsigned": actions(crypt.DoNothing, false),
	}
	for from, writer := range tables {
		for to, reader := range tables {
			t.Run(from+" to "+to, func(t *testing.T) {
				format := crypt.NewDBESDK(rawAES(), crypt.WriteSuite(crypt.SuiteMAC))
				stored := must(must(format.ForTable(writer)).Encrypt(t.Context(), specItem()))
				got, err := must(format.ForTable(reader)).Decrypt(t.Context(), stored)
				if (from == "unsigned") != (to == "unsigned") {
					if !errors.Is(err, crypt.ErrLegend) || !errors.Is(err, crypt.ErrVerify) {
						t.Errorf("Decrypt: %v, want ErrLegend", err)
					}
					return
				}
				if diff := cmp.Diff(specItem(), got, sameValues); err != nil || diff != "" {
					t.Errorf("Decrypt: %v (-want +got):\n%s", err, diff)
				}
				// The same, said by ReadActions.
				reader.Actions, reader.ReadActions = tables["unsigned"].Actions, &reader.Actions
				if to != "unsigned" {
					reader.ReadActions = &crypt.Actions{Attributes: tables[to].Actions.Attributes}
				}
				got, err = must(format.ForTable(reader)).Decrypt(t.Context(), stored)
				if diff := cmp.Diff(specItem(), got, sameValues); err != nil || diff != "" {
					t.Errorf("Decrypt with ReadActions: %v (-want +got):\n%s", err, diff)
				}
			})
		}
	}
}

// TestDBESDKUnsigned: what is not signed is neither encrypted nor checked, and what
// a searchable item has besides is removed.
func TestDBESDKUnsigned(t *testing.T) {
	format := crypt.NewDBESDK(rawAES(), crypt.WriteSuite(crypt.SuiteMAC), crypt.UnsignedPrefix(":"))
	enc := must(format.ForTable(crypt.Table{Name: "T", PartitionKey: "hk", Actions: crypt.Actions{
		Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"free": crypt.DoNothing, ":listed": crypt.DoNothing},
	}}))
	invalid := &types.AttributeValueMemberNS{Value: []string{"not a number"}} // nobody looks at it
	plain := item{"hk": str("p"), "a": str("secret"), "free": invalid, ":x": str("x"), ":listed": str("y")}
	stored := must(enc.Encrypt(t.Context(), plain))
	for _, name := range []string{"free", ":x", ":listed", "hk"} {
		if diff := cmp.Diff(plain[name], stored[name], sameValues); diff != "" {
			t.Errorf("attribute %q changed:\n%s", name, diff)
		}
	}
	stored["free"] = str("changed")
	delete(stored, ":x")
	stored[":new"] = str("new")
	stored["aws_dbe_b_beacon"] = str("beacon")
	stored["aws_dbe_v_1"] = str(" ")
	want := item{"hk": str("p"), "a": str("secret"), "free": str("changed"), ":new": str("new"), ":listed": str("y")}
	got, err := enc.Decrypt(t.Context(), stored)
	if diff := cmp.Diff(want, got, sameValues); err != nil || diff != "" {
		t.Errorf("Decrypt: %v (-want +got):\n%s", err, diff)
	}
}

func TestDBESDKEncryptRefuses(t *testing.T) {
	in := crypt.Table{Name: "T", PartitionKey: "hk", Actions: crypt.Actions{Default: crypt.EncryptAndSign,
		Attributes: map[string]crypt.Action{"hk": crypt.SignAndIncludeInContext, "c": crypt.SignAndIncludeInContext}}}
	listed := crypt.Table{Name: "T", PartitionKey: "hk", SortKey: "rk", Actions: crypt.Actions{
		Attributes: map[string]crypt.Action{"hk": crypt.SignOnly, "rk": crypt.SignOnly, "a": crypt.EncryptAndSign}}}
	for _, tt := range []struct {
		name  string
		table crypt.Table
		item  item
		text  string
	}{
		{"no partition key", listed, item{"rk": str("r")}, `key attribute "hk" is missing`},
		{"no sort key", listed, item{"hk": str("p")}, `key attribute "rk" is missing`},
		{"context attribute missing", in, item{"hk": str("p")}, `attribute "c" is missing`},
		{"attribute without an action", listed, item{"hk": str("p"), "rk": str("r"), "b": str("x")}, `attribute "b" has no action`},
		{"header in the input", in, item{"hk": str("p"), "c": str("c"), crypt.DBESDKHeader: bin(nil)}, `"aws_dbe_head" is reserved`},
		{"footer in the input", in, item{"hk": str("p"), "c": str("c"), crypt.DBESDKFooter: bin(nil)}, `"aws_dbe_foot" is reserved`},
		{"reserved prefix", in, item{"hk": str("p"), "c": str("c"), "aws_dbe_x": str("x")}, `"aws_dbe_x" is reserved`},
		{"prefix of the context", in, item{"hk": str("p"), "c": str("c"), "aws-crypto-x": str("x")}, `"aws-crypto-x" is reserved`},
		{"value that has no bytes", in, item{"hk": str("p"), "c": str("c"), "n": num("secret")}, `encrypt attribute "n"`},
		{"equal members", in, item{"hk": str("p"), "c": str("c"), "s": &types.AttributeValueMemberSS{Value: []string{"secret", "secret"}}}, "two equal members"},
		{"context value too long", in, item{"hk": str("p"), "c": str(strings.Repeat("x", 65536))}, "at most 65535 fits"},
		{"name not UTF-8", in, item{"hk": str("p"), "c": str("c"), "\xff": str("x")}, "not valid UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			enc := must(crypt.NewDBESDK(rawAES()).ForTable(tt.table))
			got, err := enc.Encrypt(t.Context(), tt.item)
			if got != nil || !errors.Is(err, crypt.ErrInvalidItem) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Encrypt = %v, %v, want ErrInvalidItem and %q", got, err, tt.text)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error holds a value: %v", err)
			}
		})
	}
}

// TestDBESDKKeyringFails: what a keyring may not return is no key.
func TestDBESDKKeyringFails(t *testing.T) {
	stored := must(must(crypt.NewDBESDK(rawAES()).ForTable(specTable)).Encrypt(t.Context(), specItem()))
	good := crypt.WrappedKey{EncryptedDataKey: crypt.EncryptedDataKey{ProviderID: "p"}, MACKey: sequence(32)}
	many := make([]crypt.WrappedKey, 256)
	for i := range many {
		many[i] = good
	}
	for _, tt := range []struct {
		name      string
		wrapped   []crypt.WrappedKey
		unwrapped crypt.UnwrappedKey
	}{
		{"nothing", nil, crypt.UnwrappedKey{}},
		{"too many", many, crypt.UnwrappedKey{DataKey: sequence(31), MACKey: sequence(32)}},
		{"short MAC key", []crypt.WrappedKey{{EncryptedDataKey: good.EncryptedDataKey, MACKey: sequence(31)}}, crypt.UnwrappedKey{DataKey: sequence(32)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &replayed{wrapped: tt.wrapped, unwrapped: tt.unwrapped}
			enc := must(crypt.NewDBESDK(k).ForTable(specTable))
			if got, err := enc.Encrypt(t.Context(), specItem()); got != nil || !errors.Is(err, crypt.ErrNoKey) {
				t.Errorf("Encrypt = %v, %v, want ErrNoKey", got, err)
			}
			if got, err := enc.Decrypt(t.Context(), stored); got != nil || !errors.Is(err, crypt.ErrNoKey) {
				t.Errorf("Decrypt = %v, %v, want ErrNoKey", got, err)
			}
		})
	}
}

func TestDBESDKContextEnds(t *testing.T) {
	enc := must(crypt.NewDBESDK(rawAES()).ForTable(specTable))
	stored := must(enc.Encrypt(t.Context(), specItem()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := enc.Encrypt(ctx, specItem()); !errors.Is(err, context.Canceled) {
		t.Errorf("Encrypt: %v, want context.Canceled", err)
	}
	if _, err := enc.Decrypt(ctx, stored); !errors.Is(err, context.Canceled) {
		t.Errorf("Decrypt: %v, want context.Canceled", err)
	}
}

func TestDBESDKConcurrent(t *testing.T) {
	enc := must(crypt.NewDBESDK(rawAES()).ForTable(dbesdkTable(true)))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 4 {
				stored, err := enc.Encrypt(t.Context(), allTypes())
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := enc.Decrypt(t.Context(), stored); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// TestItemSigner: signatures have one size, and verify.
func TestItemSigner(t *testing.T) {
	hash := sequence(48)
	for range 50 {
		entry, sign, err := crypt.NewItemSigner()
		if err != nil {
			t.Fatal(err)
		}
		key, err := crypt.PublicKey(entry)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			signature, err := sign(hash)
			if err != nil || len(signature) != codec.SignatureSize || !crypt.SignatureVerifies(key, hash, signature) {
				t.Fatalf("signature of %d bytes, %v", len(signature), err)
			}
		}
	}
	for _, entry := range []string{"", "AA==", "not base64!", strings.Repeat("A", 68) + "==", "Av" + strings.Repeat("/", 64) + "8="} {
		if key, err := crypt.PublicKey(entry); !errors.Is(err, crypt.ErrMalformed) || key != nil {
			t.Errorf("PublicKey(%q) = %v, %v, want ErrMalformed", entry, key, err)
		}
	}
}

// TestDBESDKClearsKeys: what a keyring unwrapped is gone after an item was read, or
// refused.
func TestDBESDKClearsKeys(t *testing.T) {
	k := &kept{Keyring: rawAES()}
	enc := must(crypt.NewDBESDK(k).ForTable(dbesdkTable(true)))
	stored := must(enc.Encrypt(t.Context(), allTypes()))
	forged := maps.Clone(stored)
	forged["s"] = forged["m"]
	for name, item := range map[string]item{"read": stored, "refused": forged} {
		k.unwrapped = nil
		if _, err := enc.Decrypt(t.Context(), item); (err != nil) != (name == "refused") {
			t.Errorf("Decrypt: %v", err)
		}
		if zero := make([]byte, crypt.DataKeySize); !bytes.Equal(k.unwrapped.DataKey, zero) || !bytes.Equal(k.unwrapped.MACKey, zero) {
			t.Errorf("%s: the keys are still there", name)
		}
	}
}

// kept is a keyring that keeps what it unwrapped.
type kept struct {
	crypt.Keyring
	unwrapped *crypt.UnwrappedKey
}

func (k *kept) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	var err error
	k.unwrapped, err = k.Keyring.UnwrapKey(ctx, kc, keys)
	return k.unwrapped, err
}

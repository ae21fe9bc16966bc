package crypt_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

func bytesOf(v types.AttributeValue) []byte { return v.(*types.AttributeValueMemberB).Value }

// refused checks that nothing is returned but one of the sentinels, whose text
// holds no value.
func refused(t *testing.T, enc crypt.Encryptor, stored item, want ...error) {
	t.Helper()
	got, err := enc.Decrypt(t.Context(), stored)
	if got != nil {
		t.Error("an item was returned")
	}
	if !slices.ContainsFunc(want, func(s error) bool { return errors.Is(err, s) }) {
		t.Errorf("Decrypt: %v, want one of %v", err, want)
	}
	if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "readable")) {
		t.Errorf("the error holds a value: %v", err)
	}
}

// TestDBESDKEveryBit flips each byte of header, footer and fields.
func TestDBESDKEveryBit(t *testing.T) {
	for _, suite := range []crypt.Suite{crypt.SuiteMAC, crypt.SuiteECDSA} {
		enc := must(crypt.NewDBESDK(rawAES(), crypt.WriteSuite(suite)).ForTable(dbesdkTable(true)))
		stored := must(enc.Encrypt(t.Context(), allTypes()))
		for name, v := range stored {
			b, ok := v.(*types.AttributeValueMemberB)
			if !ok {
				continue
			}
			t.Run(fmt.Sprintf("%v, %s", suite, name), func(t *testing.T) {
				for at := range b.Value {
					changed := maps.Clone(stored)
					flipped := bytes.Clone(b.Value)
					flipped[at] ^= 1 << (at % 8)
					changed[name] = bin(flipped)
					switch name {
					case crypt.DBESDKHeader:
						refused(t, enc, changed, crypt.ErrMalformed, crypt.ErrVerify, crypt.ErrNoKey)
					default:
						refused(t, enc, changed, crypt.ErrVerify)
					}
				}
				for n := range b.Value {
					changed := maps.Clone(stored)
					changed[name] = bin(b.Value[:n])
					if name == crypt.DBESDKHeader || name == crypt.DBESDKFooter || n < codec.TypeIDSize+16 {
						refused(t, enc, changed, crypt.ErrMalformed)
					} else {
						refused(t, enc, changed, crypt.ErrVerify)
					}
				}
				changed := maps.Clone(stored)
				changed[name] = bin(append(bytes.Clone(b.Value), 0))
				refused(t, enc, changed, crypt.ErrMalformed, crypt.ErrVerify)
			})
		}
	}
}

// TestDBESDKRefused has the checks of the spec, "Decrypting an item, order of
// checks", each by what it must be told apart by.
func TestDBESDKRefused(t *testing.T) {
	table := dbesdkTable(true)
	format := crypt.NewDBESDK(rawAES())
	enc := must(format.ForTable(table))
	other := allTypes()
	other["s"], other["hk"] = str("another secret"), str("other")
	otherStored := must(enc.Encrypt(t.Context(), other))
	table2 := table
	table2.Name = "doctors"
	tampered := func(change func(item)) item {
		stored := must(enc.Encrypt(t.Context(), allTypes()))
		change(stored)
		return stored
	}
	reader := func(change func(*crypt.Table)) crypt.Encryptor {
		changed := table
		changed.Actions.Attributes = maps.Clone(table.Actions.Attributes)
		change(&changed)
		return must(format.ForTable(changed))
	}
	for _, tt := range []struct {
		name   string
		change func(item)
		enc    crypt.Encryptor
		want   error
	}{
		{"partition key missing", func(i item) { delete(i, "hk") }, enc, crypt.ErrMalformed},
		{"sort key missing", func(i item) { delete(i, "rk") }, enc, crypt.ErrMalformed},
		{"plaintext item", func(i item) { delete(i, crypt.DBESDKHeader); delete(i, crypt.DBESDKFooter) }, enc, crypt.ErrNotSigned},
		{"header missing", func(i item) { delete(i, crypt.DBESDKHeader) }, enc, crypt.ErrMalformed},
		{"header not binary", func(i item) { i[crypt.DBESDKHeader] = str("x") }, enc, crypt.ErrMalformed},
		{"header empty", func(i item) { i[crypt.DBESDKHeader] = bin(nil) }, enc, crypt.ErrMalformed},
		{"footer missing", func(i item) { delete(i, crypt.DBESDKFooter) }, enc, crypt.ErrMalformed},
		{"footer not binary", func(i item) { i[crypt.DBESDKFooter] = num("1") }, enc, crypt.ErrMalformed},
		{"footer empty", func(i item) { i[crypt.DBESDKFooter] = bin(nil) }, enc, crypt.ErrMalformed},
		{"signed attribute added", func(i item) { i["new"] = str("x") }, enc, crypt.ErrLegend},
		{"signed attribute removed", func(i item) { delete(i, "plain") }, enc, crypt.ErrLegend},
		{"encrypted attribute removed", func(i item) { delete(i, "s") }, enc, crypt.ErrLegend},
		{"attribute in the reader's unsigned ones", func(item) {}, reader(func(t *crypt.Table) { t.Actions.Attributes["s"] = crypt.DoNothing }), crypt.ErrLegend},
		{"unsigned attribute not in the reader's", func(item) {}, reader(func(t *crypt.Table) { delete(t.Actions.Attributes, "free") }), crypt.ErrLegend},
		{"encrypted attribute of another type", func(i item) { i["s"] = str("x") }, enc, crypt.ErrMalformed},
		{"encrypted attribute too short", func(i item) { i["s"] = bin(make([]byte, 17)) }, enc, crypt.ErrMalformed},
		{"signed attribute that has no bytes", func(i item) { i["plain"] = &types.UnknownUnionMember{Tag: "X"} }, enc, crypt.ErrMalformed},
		{"encrypted attributes swapped", func(i item) { i["s"], i["m"] = i["m"], i["s"] }, enc, crypt.ErrVerify},
		{"encrypted attribute renamed", func(i item) { i["S"] = i["s"]; delete(i, "s") }, enc, crypt.ErrVerify},
		{"encrypted attribute of another item", func(i item) { i["s"] = otherStored["s"] }, enc, crypt.ErrVerify},
		{"footer of another item", func(i item) { i[crypt.DBESDKFooter] = otherStored[crypt.DBESDKFooter] }, enc, crypt.ErrVerify},
		{"header of another item", func(i item) { i[crypt.DBESDKHeader] = otherStored[crypt.DBESDKHeader] }, enc, crypt.ErrNoKey},
		{"header and footer of another item", func(i item) {
			i[crypt.DBESDKHeader], i[crypt.DBESDKFooter] = otherStored[crypt.DBESDKHeader], otherStored[crypt.DBESDKFooter]
		}, enc, crypt.ErrVerify},
		{"partition key of another item", func(i item) { i["hk"] = str("other") }, enc, crypt.ErrVerify},
		{"sort key of another item", func(i item) { i["rk"] = num("43") }, enc, crypt.ErrVerify},
		{"context attribute changed", func(i item) { i["plain"] = str("changed") }, enc, crypt.ErrVerify},
		{"context attribute of another type", func(i item) { i["plain"] = bin([]byte("readable")) }, enc, crypt.ErrVerify},
		{"item of another table", func(item) {}, must(format.ForTable(table2)), crypt.ErrVerify},
		{"keys of other names", func(item) {}, reader(func(t *crypt.Table) {
			t.SortKey = ""
			t.Actions.Attributes["rk"] = crypt.SignOnly
		}), crypt.ErrVerify},
		{"another key of the same name", func(item) {}, must(crypt.NewDBESDK(must(keyring.NewRawAES("ns", "key 1", make([]byte, 32)))).ForTable(table)), crypt.ErrNoKey},
		{"key of another name", func(item) {}, must(crypt.NewDBESDK(must(keyring.NewRawAES("ns", "key 2", sequence(32)))).ForTable(table)), crypt.ErrNoKey},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, tt.enc, tampered(tt.change), tt.want) })
	}
}

// TestDBESDKOtherKey: an item that holds data keys of another item, which their
// keyring takes, is refused by its commitment.
func TestDBESDKOtherKey(t *testing.T) {
	good := crypt.UnwrappedKey{DataKey: sequence(32), MACKey: sequence(32)}
	k := &replayed{
		wrapped:   []crypt.WrappedKey{{EncryptedDataKey: crypt.EncryptedDataKey{ProviderID: "p"}, MACKey: good.MACKey}},
		unwrapped: good,
	}
	enc := must(crypt.NewDBESDK(k, crypt.FixedRandom(func(b []byte) { copy(b, sequence(len(b))) })).ForTable(specTable))
	stored := must(enc.Encrypt(t.Context(), specItem()))
	if _, err := enc.Decrypt(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	k.unwrapped.DataKey = make([]byte, 32)
	refused(t, enc, stored, crypt.ErrCommitment)
	refused(t, enc, stored, crypt.ErrVerify)

	// The commitment of that other key in the header makes it fit, and the tag
	// that covers the header refuses it.
	k.unwrapped = good
	k.unwrapped.MACKey = make([]byte, 32)
	refused(t, enc, stored, crypt.ErrVerify)
}

// TestDBESDKSignature: the signature of another item or under another key is
// refused although the tag is right, as someone with a data key can make it.
func TestDBESDKSignature(t *testing.T) {
	good := crypt.UnwrappedKey{DataKey: sequence(32), MACKey: sequence(32)}
	entry, sign, err := crypt.NewItemSigner()
	if err != nil {
		t.Fatal(err)
	}
	_, signOther, err := crypt.NewItemSigner()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, entry string
		sign        func([]byte) ([]byte, error)
		want        error
	}{
		{"right", entry, sign, nil},
		{"another record", entry, func(h []byte) ([]byte, error) { return sign(append([]byte{1}, h[1:]...)) }, crypt.ErrVerify},
		{"another key", entry, signOther, crypt.ErrVerify},
		{"no signature at all", entry, func([]byte) ([]byte, error) { return make([]byte, codec.SignatureSize), nil }, crypt.ErrVerify},
		{"public key that is no point", "AAAA", sign, crypt.ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &replayed{
				wrapped:   []crypt.WrappedKey{{EncryptedDataKey: crypt.EncryptedDataKey{ProviderID: "p"}, MACKey: good.MACKey}},
				unwrapped: good,
			}
			opts := []crypt.DBESDKOption{crypt.FixedSigner(tt.entry, tt.sign), crypt.FixedRandom(func(b []byte) { copy(b, good.DataKey) })}
			enc := must(crypt.NewDBESDK(k, opts...).ForTable(specTable))
			stored := must(enc.Encrypt(t.Context(), specItem()))
			if tt.want != nil {
				refused(t, enc, stored, tt.want)
			} else if _, err := enc.Decrypt(t.Context(), stored); err != nil {
				t.Errorf("Decrypt: %v", err)
			}
		})
	}
}

// rewrite returns stored with another header.
func rewrite(t *testing.T, stored item, change func(*codec.DBESDKHeader)) item {
	t.Helper()
	h, err := codec.DecodeDBESDKHeader(bytesOf(stored[crypt.DBESDKHeader]))
	if err != nil {
		t.Fatal(err)
	}
	change(h)
	head, err := codec.AppendDBESDKHeader(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	changed := maps.Clone(stored)
	changed[crypt.DBESDKHeader] = bin(append(head, h.Commitment[:]...))
	return changed
}

// TestDBESDKHeaderForged: a header that can be read and is not the one that was
// written.
func TestDBESDKHeaderForged(t *testing.T) {
	other := must(keyring.NewRawAES("ns", "key 2", make([]byte, 32)))
	multi := must(keyring.NewMulti(rawAES(), other))
	table := dbesdkTable(false)
	enc := must(crypt.NewDBESDK(multi).ForTable(table))
	stored := must(enc.Encrypt(t.Context(), allTypes()))
	for _, tt := range []struct {
		name   string
		change func(*codec.DBESDKHeader)
		want   []error
	}{
		{"data keys reordered", func(h *codec.DBESDKHeader) { slices.Reverse(h.DataKeys) }, []error{crypt.ErrCommitment}},
		{"data key dropped", func(h *codec.DBESDKHeader) { h.DataKeys = h.DataKeys[:1] }, []error{crypt.ErrCommitment}},
		{"own data key dropped", func(h *codec.DBESDKHeader) { h.DataKeys = h.DataKeys[1:] }, []error{crypt.ErrCommitment}},
		{"data key added", func(h *codec.DBESDKHeader) { h.DataKeys = append(h.DataKeys, h.DataKeys[0]) }, []error{crypt.ErrCommitment}},
		{"no data key known", func(h *codec.DBESDKHeader) { h.DataKeys = []codec.EncryptedDataKey{{ProviderID: "x"}} }, []error{crypt.ErrNoKey}},
		{"data key too short", func(h *codec.DBESDKHeader) {
			for i := range h.DataKeys {
				h.DataKeys[i].Ciphertext = h.DataKeys[i].Ciphertext[:47]
			}
		}, []error{crypt.ErrNoKey}},
		{"message id", func(h *codec.DBESDKHeader) { h.MessageID[0]++ }, []error{crypt.ErrCommitment}},
		{"commitment", func(h *codec.DBESDKHeader) { h.Commitment[0]++ }, []error{crypt.ErrCommitment}},
		{"legend: encrypted to signed", func(h *codec.DBESDKHeader) { h.Legend = bytes.ReplaceAll(h.Legend, []byte("e"), []byte("s")) }, []error{crypt.ErrCommitment}},
		{"legend: signed to encrypted", func(h *codec.DBESDKHeader) { h.Legend = bytes.ReplaceAll(h.Legend, []byte("s"), []byte("e")) }, []error{crypt.ErrMalformed}},
		{"legend too long", func(h *codec.DBESDKHeader) { h.Legend = append(h.Legend, 'e') }, []error{crypt.ErrLegend}},
		{"legend too short", func(h *codec.DBESDKHeader) { h.Legend = h.Legend[1:] }, []error{crypt.ErrLegend}},
		{"legend empty", func(h *codec.DBESDKHeader) { h.Legend = nil }, []error{crypt.ErrLegend}},
		{"version", func(h *codec.DBESDKHeader) { h.Version = 2 }, []error{crypt.ErrNoKey}},
		{"suite", func(h *codec.DBESDKHeader) { h.Flavor = codec.FlavorMAC }, []error{crypt.ErrMalformed}},
		{"public key removed", func(h *codec.DBESDKHeader) { h.Context = nil }, []error{crypt.ErrMalformed}},
		{"public key of another item", func(h *codec.DBESDKHeader) {
			entry, _, err := crypt.NewItemSigner()
			if err != nil {
				t.Fatal(err)
			}
			h.Context[0].Value = entry
		}, []error{crypt.ErrNoKey}},
		{"context with another table name", func(h *codec.DBESDKHeader) {
			h.Context = append(h.Context, codec.ContextEntry{Key: "aws-crypto-table-name", Value: "doctors"})
		}, []error{crypt.ErrVerify}},
		{"context with an attribute that the item has not there", func(h *codec.DBESDKHeader) {
			h.Context = append([]codec.ContextEntry{{Key: "aws-crypto-attr.tenant", Value: "other"}}, h.Context...)
		}, []error{crypt.ErrMalformed}},
		{"context with a legend", func(h *codec.DBESDKHeader) {
			h.Context = append([]codec.ContextEntry{{Key: "aws-crypto-legend", Value: "S"}}, h.Context...)
		}, []error{crypt.ErrMalformed}},
		{"context with an entry more", func(h *codec.DBESDKHeader) {
			h.Context = append(h.Context, codec.ContextEntry{Key: "x", Value: "y"})
		}, []error{crypt.ErrNoKey}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, enc, rewrite(t, stored, tt.change), tt.want...)
		})
	}
	// An entry that says what follows from the table anyway changes what is
	// signed, so it is refused as well, after the data key fitted.
	repeated := rewrite(t, stored, func(h *codec.DBESDKHeader) {
		h.Context = append(h.Context, codec.ContextEntry{Key: "aws-crypto-table-name", Value: table.Name})
	})
	refused(t, enc, repeated, crypt.ErrCommitment)
}

// TestDBESDKAliases: attributes that are signed by value, not by spelling.
func TestDBESDKAliases(t *testing.T) {
	enc := must(crypt.NewDBESDK(rawAES(), crypt.WriteSuite(crypt.SuiteMAC)).ForTable(signOnly("T")))
	stored := must(enc.Encrypt(t.Context(), item{"hk": str("p"), "n": num("1.50"), "s": &types.AttributeValueMemberSS{Value: []string{"a", "b"}}}))
	stored["n"] = num("15E-1")
	stored["s"] = &types.AttributeValueMemberSS{Value: []string{"b", "a"}}
	if _, err := enc.Decrypt(t.Context(), stored); err != nil {
		t.Errorf("Decrypt of the same values: %v", err)
	}
	for name, v := range map[string]types.AttributeValue{
		"number as string": str("1.5"), "another number": num("1.51"),
	} {
		changed := maps.Clone(stored)
		changed["n"] = v
		t.Run(name, func(t *testing.T) { refused(t, enc, changed, crypt.ErrVerify) })
	}
}

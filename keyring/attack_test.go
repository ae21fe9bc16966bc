package keyring_test

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// An attackedRing is a keyring that reads, and one that writes what it reads.
type attackedRing struct {
	name     string
	write    crypt.Keyring
	read     crypt.Keyring
	dataKeys int  // of an item
	own      int  // the one of them that read unwraps
	onlyMAC  bool // can't do crypt.SuiteECDSA
}

// attackedRings returns one keyring of each kind.
func attackedRings(t testing.TB) []attackedRing {
	t.Helper()
	service := ddbenctest.NewKMS(t)
	client := service.Client(region)
	arn := service.CreateKey(ddbenctest.KMSKey{Region: region})
	second := service.CreateKey(ddbenctest.KMSKey{Region: region})
	replica := service.CreateKey(ddbenctest.KMSKey{Region: region, MultiRegion: true})
	rsaARN := rsaInKMS(t, service, rsaKeys[0], ddbenctest.KMSKey{Region: region})
	ecARN, ec := ecInKMS(t, service, "ECC_NIST_P256", ecdh.P256())
	peerARN, peer := ecInKMS(t, service, "ECC_NIST_P256", ecdh.P256())
	must := func(k crypt.Keyring, err error) crypt.Keyring {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	multi := func(first crypt.Keyring, more ...crypt.Keyring) crypt.Keyring {
		k, err := keyring.NewMulti(first, more...)
		return must(k, err)
	}
	discovery, err := keyring.NewKMSDiscoveryKeyring(client, region, keyring.DiscoveryFilter{DangerouslyAllowAnyKey: true})
	if err != nil {
		t.Fatal(err)
	}
	static, err := keyring.NewRawECDH(ec, peer.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	found, err := keyring.NewRawECDHDiscovery(peer)
	if err != nil {
		t.Fatal(err)
	}
	aes := rawAES(t, "ns", "name", counting(32))
	rsa := rawRSA(t, "name", keyring.OAEPSHA256, rsaKeys[0])
	pkcs1 := rawRSA(t, "name", keyring.PKCS1v15, rsaKeys[1])
	one, two := kmsRing(t, client, arn), kmsRing(t, client, second)
	mrk := kmsRing(t, client, replica, keyring.AnyReplica())
	kmsrsa := kmsRSA(t, client, rsaARN, keyring.OAEPSHA256, rsaKeys[0].Public())
	kmsecdh := kmsECDH(t, client, ecARN, ec.PublicKey(), peer.PublicKey())
	branches := hierarchical(t, newBranchKeys("branch"))
	same := func(name string, k crypt.Keyring) attackedRing {
		return attackedRing{name: name, write: k, read: k, dataKeys: 1}
	}
	return []attackedRing{
		same("raw AES", aes),
		same("raw RSA", rsa),
		same("raw RSA, PKCS #1 v1.5", pkcs1),
		same("raw ECDH", static),
		{name: "raw ECDH discovery", write: static, read: found, dataKeys: 1},
		same("KMS", one),
		same("KMS, any replica", mrk),
		{name: "KMS discovery", write: one, read: discovery, dataKeys: 1},
		{name: "KMS RSA", write: kmsrsa, read: kmsrsa, dataKeys: 1, onlyMAC: true},
		same("KMS ECDH", kmsecdh),
		{name: "KMS ECDH discovery", write: kmsecdh, read: kmsECDHDiscovery(t, client, peerARN, peer.PublicKey()), dataKeys: 1},
		same("hierarchical", branches),
		{name: "multi", write: multi(aes, one, branches), read: multi(aes, one, branches), dataKeys: 3},
		{name: "last of multi", write: multi(aes, one, branches), read: branches, dataKeys: 3, own: 2},
		{name: "KMS discovery of two", write: multi(one, two), read: discovery, dataKeys: 2},
	}
}

// attackedTable has one attribute of each action.
func attackedTable(t testing.TB, k crypt.Keyring, name string, suite crypt.Suite) crypt.Encryptor {
	t.Helper()
	e, err := crypt.NewDBESDK(k, crypt.WriteSuite(suite)).ForTable(crypt.Table{
		Name: name, PartitionKey: "pk", SortKey: "sk", Actions: crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{
			"tenant": crypt.SignAndIncludeInContext, "signed": crypt.SignOnly, "free": crypt.DoNothing,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func attackedItem(pk string) map[string]types.AttributeValue {
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	return map[string]types.AttributeValue{
		"pk": text(pk), "sk": text("s"), "tenant": text("t"), "signed": text("readable"), "free": text("f"), "a": text("secret"), "b": text("secret"),
	}
}

// Whatever keyring protects an item's data key: an item that was tampered with is
// refused, with nothing returned and nothing told. DB-ESDK spec: "Decrypting an item,
// order of checks", "Error classes".
func TestTamperedItems(t *testing.T) {
	for _, ring := range attackedRings(t) {
		for _, suite := range []crypt.Suite{crypt.SuiteMAC, crypt.SuiteECDSA} {
			if suite == crypt.SuiteECDSA && ring.onlyMAC {
				continue
			}
			t.Run(fmt.Sprintf("%s/%04x", ring.name, uint16(suite)), func(t *testing.T) { testTampered(t, ring, suite) })
		}
	}
}

func testTampered(t *testing.T, ring attackedRing, suite crypt.Suite) {
	write, read := attackedTable(t, ring.write, "T", suite), attackedTable(t, ring.read, "T", suite)
	written := func(enc crypt.Encryptor, pk string) map[string]types.AttributeValue {
		t.Helper()
		stored, err := enc.Encrypt(t.Context(), attackedItem(pk))
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	stored, other := written(write, "p"), written(write, "q")
	twin, elsewhere := written(write, "p"), written(attackedTable(t, ring.write, "T2", suite), "p")
	if _, err := read.Decrypt(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	refused := func(name string, changed map[string]types.AttributeValue, want ...error) {
		t.Helper()
		plain, err := read.Decrypt(t.Context(), changed)
		if plain != nil || !slices.ContainsFunc(want, func(s error) bool { return errors.Is(err, s) }) {
			t.Errorf("%s: an item with %d attributes, %v, want one of %v", name, len(plain), err, want)
		}
		for _, s := range []string{"secret", "readable"} {
			if err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), s) {
				t.Errorf("%s: the error holds a value: %#v", name, err)
			}
		}
	}
	with := func(from map[string]types.AttributeValue, names ...string) map[string]types.AttributeValue {
		changed := maps.Clone(stored)
		for _, name := range names {
			changed[name] = from[name]
		}
		return changed
	}
	forged := func(name string, change func(*codec.DBESDKHeader), want ...error) {
		t.Helper()
		refused(name, restore(t, stored, change), want...)
	}

	// Every byte. Which condition a byte of the header gives depends on the field.
	for _, name := range []string{crypt.DBESDKHeader, crypt.DBESDKFooter, "a", "b"} {
		whole := stored[name].(*types.AttributeValueMemberB).Value
		want := []error{crypt.ErrVerify}
		if name == crypt.DBESDKHeader {
			want = []error{crypt.ErrMalformed, crypt.ErrVerify, crypt.ErrNoKey}
		}
		step := 1
		if suite == crypt.SuiteECDSA {
			step = 7 // package crypt tests all of them with one keyring
		}
		for at := 0; at < len(whole); at += step {
			// The tags of others can't be checked. Nothing that is signed follows from them.
			if tag := at / codec.TagSize; name == crypt.DBESDKFooter && tag != ring.own && tag < ring.dataKeys {
				continue
			}
			flipped := bytes.Clone(whole)
			flipped[at] ^= 1 << (at % 8)
			refused(fmt.Sprintf("%s, byte %d", name, at), with(map[string]types.AttributeValue{name: &types.AttributeValueMemberB{Value: flipped}}, name), want...)
		}
	}

	// The header, or all that an item has of its own, in another item or table.
	keys := []string{crypt.DBESDKHeader, crypt.DBESDKFooter}
	refused("header of another item", with(other, keys[0]), crypt.ErrNoKey, crypt.ErrVerify)
	refused("header and footer of another item", with(other, keys...), crypt.ErrNoKey, crypt.ErrVerify)
	refused("header of a twin", with(twin, keys[0]), crypt.ErrVerify)
	refused("header and footer of a twin", with(twin, keys...), crypt.ErrVerify)
	refused("footer of a twin", with(twin, keys[1]), crypt.ErrVerify)
	refused("field of a twin", with(twin, "a"), crypt.ErrVerify)
	refused("item of another table", elsewhere, crypt.ErrNoKey, crypt.ErrVerify)
	refused("keys of another item", with(other, "pk"), crypt.ErrNoKey, crypt.ErrVerify)
	refused("field in plaintext", with(attackedItem("p"), "a"), crypt.ErrMalformed)
	refused("context attribute changed", with(map[string]types.AttributeValue{"tenant": &types.AttributeValueMemberS{Value: "u"}}, "tenant"), crypt.ErrNoKey, crypt.ErrVerify)
	refused("signed attribute changed", with(map[string]types.AttributeValue{"signed": &types.AttributeValueMemberS{Value: "u"}}, "signed"), crypt.ErrVerify)

	// The list of data keys. One that doesn't matter to the reader is still committed to.
	h, err := codec.DecodeDBESDKHeader(stored[crypt.DBESDKHeader].(*types.AttributeValueMemberB).Value)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.DataKeys) != ring.dataKeys {
		t.Fatalf("%d data keys, want %d", len(h.DataKeys), ring.dataKeys)
	}
	for i := range h.DataKeys {
		forged("data key doubled", func(h *codec.DBESDKHeader) { h.DataKeys = append(h.DataKeys, h.DataKeys[i]) }, crypt.ErrCommitment)
		forged("data key of a twin", func(h *codec.DBESDKHeader) {
			twinHeader, err := codec.DecodeDBESDKHeader(twin[crypt.DBESDKHeader].(*types.AttributeValueMemberB).Value)
			if err != nil {
				t.Fatal(err)
			}
			h.DataKeys[i] = twinHeader.DataKeys[i]
		}, crypt.ErrNoKey, crypt.ErrVerify)
		if len(h.DataKeys) == 1 {
			continue
		}
		forged("data key dropped", func(h *codec.DBESDKHeader) { h.DataKeys = slices.Delete(h.DataKeys, i, i+1) }, crypt.ErrCommitment, crypt.ErrNoKey)
		for j := range i {
			forged("data keys swapped", func(h *codec.DBESDKHeader) { h.DataKeys[i], h.DataKeys[j] = h.DataKeys[j], h.DataKeys[i] }, crypt.ErrCommitment)
		}
	}
	forged("255 data keys", func(h *codec.DBESDKHeader) {
		for len(h.DataKeys) < 255 {
			h.DataKeys = append(h.DataKeys, h.DataKeys[0])
		}
	}, crypt.ErrCommitment)
	forged("data key without ciphertext", func(h *codec.DBESDKHeader) {
		for i := range h.DataKeys {
			h.DataKeys[i].Ciphertext = nil
		}
	}, crypt.ErrNoKey)
	forged("data keys of nobody", func(h *codec.DBESDKHeader) {
		for i := range h.DataKeys {
			h.DataKeys[i].ProviderID = "nobody"
		}
	}, crypt.ErrNoKey)

	// The rest of the header.
	at := bytes.IndexByte(h.Legend, codec.LegendContext)
	forged("legend: context attribute only signed", func(h *codec.DBESDKHeader) { h.Legend[at] = codec.LegendSign }, crypt.ErrNoKey, crypt.ErrVerify)
	forged("legend: field only signed", func(h *codec.DBESDKHeader) { h.Legend[0] = codec.LegendSign }, crypt.ErrCommitment)
	forged("legend too short", func(h *codec.DBESDKHeader) { h.Legend = h.Legend[1:] }, crypt.ErrLegend)
	forged("legend too long", func(h *codec.DBESDKHeader) { h.Legend = append(h.Legend, codec.LegendSign) }, crypt.ErrLegend)
	forged("version", func(h *codec.DBESDKHeader) { h.Version = 3 - h.Version }, crypt.ErrNoKey, crypt.ErrVerify)
	forged("suite", func(h *codec.DBESDKHeader) { h.Flavor = 1 - h.Flavor }, crypt.ErrMalformed)
	if suite == crypt.SuiteECDSA {
		forged("suite without its signature", func(h *codec.DBESDKHeader) { h.Flavor, h.Context = codec.FlavorMAC, nil }, crypt.ErrNoKey, crypt.ErrVerify)
	}
}

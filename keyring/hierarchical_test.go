package keyring_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/testenv"
	"github.com/ddbenc/ddbenc/keyring"
)

// TestHierarchicalExample reads the worked example of the spec, which the Java
// client wrote. DB-ESDK spec: materials, "Worked example".
func TestHierarchicalExample(t *testing.T) {
	const id, version = "bd3842ff-3076-4092-9918-4395730050b8", "e9ce18a3-edb5-4272-9f86-1cacb7997ff6"
	key, err := base64.StdEncoding.DecodeString("tJwf65epYvUt5HMiQsl/6jlvLxS0tgdjIuvFy2BLIwg=")
	if err != nil {
		t.Fatal(err)
	}
	k, err := keyring.NewBranchKey(id, version, key)
	if err != nil {
		t.Fatal(err)
	}
	store := newBranchKeys()
	store.versions[id] = []*keyring.BranchKey{k}
	h, err := keyring.NewHierarchical(store, id)
	if err != nil {
		t.Fatal(err)
	}
	kc, err := crypt.NewKeyContext(crypt.SuiteECDSA, exampleEntries())
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.UnwrapKey(t.Context(), kc, []crypt.EncryptedDataKey{{ProviderID: "aws-kms-hierarchy", ProviderInfo: []byte(id), Ciphertext: unhex(t, `
		d632e5e98b82ae301cb00008ee93ee55b78ec93e4fcdd0723cfe8126060c686bebd665da810ced28c483003b19d0582f
		566becafebf928b7ea1d1537e428204962ec4cf9502cf70c528837a9e9ce18a3edb542729f861cacb7997ff6694ef0a8
		158a38a15e0309ac32bc186090ea779e7b3cf597bf6e0a6fca2cffaddcd5bb0021fb1c96864e72cba138b6af`)}})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.DataKey, unhex(t, "dafb7a8ec15b5e71e42f21a386ee34a5a0c837c8532d877d3fb5b4cc3d588f66")) ||
		!bytes.Equal(got.MACKey, unhex(t, "5f6e51c1c4617d658520c21914f7b99f6116f019f33b22b2d5156496b2a8df31")) {
		t.Error("UnwrapKey returns other keys than the example's")
	}
}

// exampleEntries is the encryption context of the worked example.
func exampleEntries() map[string]string {
	return map[string]string{
		"aws-crypto-attr.RecNum":    "AAIx",
		"aws-crypto-partition-name": "RecNum",
		"aws-crypto-public-key":     "AlFRpKfrVcR1idjZ/xkMj+RBWGOIrciK/aZWndlX7O2j/7Lj/htGQ5pMvamfWsg5IA==",
		"aws-crypto-table-name":     "GazelleVectorTable",
	}
}

// The form of a data key, and that nothing in it comes twice.
func TestHierarchicalDataKey(t *testing.T) {
	store := newBranchKeys("branch")
	h := hierarchical(t, store)
	dataKey := randomBytes(crypt.DataKeySize)
	var before []crypt.WrappedKey
	for range 2 {
		wrapped, err := h.WrapKey(t.Context(), someContext(t), dataKey)
		if err != nil || len(wrapped) != 1 {
			t.Fatalf("WrapKey = %v, %v", wrapped, err)
		}
		k := wrapped[0]
		if k.ProviderID != "aws-kms-hierarchy" || string(k.ProviderInfo) != "branch" || len(k.Ciphertext) != 140 || len(k.MACKey) != 32 {
			t.Errorf("data key of %q, %q, ciphertext of %d bytes, MAC key of %d", k.ProviderID, k.ProviderInfo, len(k.Ciphertext), len(k.MACKey))
		}
		if got, want := versionIn(k.EncryptedDataKey), store.versions["branch"][0].Version; got != want {
			t.Errorf("data key names version %s, want %s", got, want)
		}
		got, err := h.UnwrapKey(t.Context(), someContext(t), stored(wrapped))
		if err != nil || !bytes.Equal(got.DataKey, dataKey) || !bytes.Equal(got.MACKey, k.MACKey) {
			t.Errorf("UnwrapKey: %v, or other keys", err)
		}
		for _, b := range before {
			for name, part := range map[string][2]int{"wrapped key": {0, 48}, "salt": {48, 64}, "nonce": {64, 76}, "sealed key": {92, 140}} {
				if bytes.Equal(b.Ciphertext[part[0]:part[1]], k.Ciphertext[part[0]:part[1]]) {
					t.Errorf("two data keys have the same %s", name)
				}
			}
			if bytes.Equal(b.MACKey, k.MACKey) {
				t.Error("two data keys have the same MAC key")
			}
		}
		before = wrapped
	}
}

// Data keys as an attacker leaves them. The store is asked for nothing but versions
// that an item may name. DB-ESDK spec: materials, "Failure summary".
func TestHierarchicalHostileDataKeys(t *testing.T) {
	store := newBranchKeys("branch", "other")
	h := hierarchical(t, store)
	good := wrap(t, h)[0]
	mustUnwrap(t, h, []crypt.EncryptedDataKey{good})
	foreign, err := keyring.NewHierarchical(store, "other")
	if err != nil {
		t.Fatal(err)
	}
	others := wrap(t, foreign)[0]
	otherVersion := others.Ciphertext[76:92]
	store.takeCalls()

	change := func(fn func(k *crypt.EncryptedDataKey)) crypt.EncryptedDataKey {
		k := good
		k.ProviderInfo, k.Ciphertext = bytes.Clone(k.ProviderInfo), bytes.Clone(k.Ciphertext)
		fn(&k)
		return k
	}
	type keys = []crypt.EncryptedDataKey
	type hostile struct {
		name  string
		keys  keys
		known bool // and could not be authenticated
		calls int
	}
	tests := []hostile{
		{"none", nil, false, 0},
		{"of no provider", keys{{}}, false, 0},
		{"of KMS", keys{change(func(k *crypt.EncryptedDataKey) { k.ProviderID = "aws-kms" })}, false, 0},
		{"no id", keys{change(func(k *crypt.EncryptedDataKey) { k.ProviderInfo = nil })}, false, 0},
		{"id not UTF-8", keys{change(func(k *crypt.EncryptedDataKey) { k.ProviderInfo[0] = 0xff })}, false, 0},
		{"id longer", keys{change(func(k *crypt.EncryptedDataKey) { k.ProviderInfo = append(k.ProviderInfo, 0) })}, false, 0},
		{"another branch key's", keys{others}, false, 0},
		{"another branch key's under this id", keys{change(func(k *crypt.EncryptedDataKey) { k.Ciphertext = others.Ciphertext })}, false, 1},
		{"another branch key's version", keys{change(func(k *crypt.EncryptedDataKey) { copy(k.Ciphertext[76:], otherVersion) })}, false, 1},
		{"version of zeros", keys{change(func(k *crypt.EncryptedDataKey) { clear(k.Ciphertext[76:92]) })}, false, 1},
		{"no ciphertext", keys{change(func(k *crypt.EncryptedDataKey) { k.Ciphertext = nil })}, true, 0},
		{"a byte more", keys{change(func(k *crypt.EncryptedDataKey) { k.Ciphertext = append(k.Ciphertext, 0) })}, true, 0},
		{"parts in another order", keys{change(func(k *crypt.EncryptedDataKey) { copy(k.Ciphertext, k.Ciphertext[92:]) })}, true, 0},
	}
	for n := range good.Ciphertext {
		version := n >= 76 && n < 92
		flipped := hostile{fmt.Sprintf("byte %d flipped", n), keys{change(func(k *crypt.EncryptedDataKey) { k.Ciphertext[n] ^= 1 })}, !version, 0}
		if version {
			flipped.calls = 1
		}
		cut := keys{change(func(k *crypt.EncryptedDataKey) { k.Ciphertext = k.Ciphertext[:n] })}
		tests = append(tests, flipped, hostile{fmt.Sprintf("cut to %d bytes", n), cut, true, 0})
	}
	for _, tt := range tests {
		err := unwrap(t, h, tt.keys)
		if !errors.Is(err, crypt.ErrNoKey) || errors.Is(err, crypt.ErrVerify) != tt.known {
			t.Errorf("UnwrapKey of data keys, %s: %v, want ErrNoKey and ErrVerify %v", tt.name, err, tt.known)
		}
		if calls := store.takeCalls(); len(calls) != tt.calls {
			t.Errorf("UnwrapKey of data keys, %s: calls %q, want %d", tt.name, calls, tt.calls)
		}
		mustUnwrap(t, h, append(tt.keys, good)) // the next one is tried
		store.takeCalls()
	}
}

// TestHierarchicalFailures has the rows of the spec's failure summary, materials,
// that this keyring can meet.
func TestHierarchicalFailures(t *testing.T) {
	store := newBranchKeys("branch")
	h := hierarchical(t, store)
	keys := wrap(t, h)

	t.Run("no data key for this keyring", func(t *testing.T) {
		err := unwrap(t, h, []crypt.EncryptedDataKey{{ProviderID: "aws-kms"}, {ProviderID: "ns"}})
		if !errors.Is(err, crypt.ErrNoKey) || !strings.Contains(err.Error(), `none of its 2 data keys is for branch key "branch"`) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("unwrapping of one fails, the next is tried", func(t *testing.T) {
		bad := keys[0]
		bad.Ciphertext = append(bytes.Clone(bad.Ciphertext[:139]), bad.Ciphertext[139]^1)
		mustUnwrap(t, h, []crypt.EncryptedDataKey{bad, keys[0]})
	})
	t.Run("unwrapping of all fails, all are told", func(t *testing.T) {
		boom := errors.New("boom")
		store.set(func() { store.fail = func(context.Context, string) error { return boom } })
		defer store.set(func() { store.fail = nil })
		unknown, bad := keys[0], keys[0]
		unknown.Ciphertext = bytes.Clone(unknown.Ciphertext)
		unknown.Ciphertext[76] ^= 1
		bad.Ciphertext = bad.Ciphertext[1:]
		err := unwrap(t, h, []crypt.EncryptedDataKey{unknown, bad})
		if !errors.Is(err, boom) || !errors.Is(err, crypt.ErrVerify) {
			t.Errorf("error %v, want that of the store and ErrVerify", err)
		}
	})
	t.Run("error of the store", func(t *testing.T) {
		boom := errors.New("boom")
		store.set(func() { store.fail = func(context.Context, string) error { return boom } })
		defer store.set(func() { store.fail = nil })
		cold := hierarchical(t, store)
		if _, err := cold.WrapKey(t.Context(), someContext(t), counting(32)); !errors.Is(err, boom) {
			t.Errorf("WrapKey: error %v", err)
		}
		if err := unwrap(t, cold, keys); !errors.Is(err, boom) || errors.Is(err, crypt.ErrVerify) {
			t.Errorf("UnwrapKey: error %v", err)
		}
	})
	t.Run("another context", func(t *testing.T) {
		got, err := h.UnwrapKey(t.Context(), keyContext(t, map[string]string{"aws-crypto-table-name": "U", "aws-crypto-partition-name": "pk"}), keys)
		if got != nil || !errors.Is(err, crypt.ErrNoKey) || !errors.Is(err, crypt.ErrVerify) {
			t.Errorf("UnwrapKey = %v, %v, want ErrNoKey and ErrVerify", got, err)
		}
	})
	t.Run("context that contradicts the item", func(t *testing.T) {
		enc, err := crypt.NewDBESDK(h, crypt.WriteSuite(crypt.SuiteMAC)).ForTable(crypt.Table{
			Name: "T", PartitionKey: "pk", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
		})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := enc.Encrypt(t.Context(), map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p"}})
		if err != nil {
			t.Fatal(err)
		}
		head := stored[crypt.DBESDKHeader].(*types.AttributeValueMemberB)
		header, err := codec.DecodeDBESDKHeader(head.Value)
		if err != nil {
			t.Fatal(err)
		}
		header.Context = []codec.ContextEntry{{Key: "aws-crypto-table-name", Value: "U"}}
		forged, err := codec.AppendDBESDKHeader(nil, header)
		if err != nil {
			t.Fatal(err)
		}
		head.Value = append(forged, header.Commitment[:]...)
		h.Refresh()
		store.takeCalls()
		if got, err := enc.Decrypt(t.Context(), stored); got != nil || !errors.Is(err, crypt.ErrVerify) {
			t.Errorf("Decrypt = %v, %v, want ErrVerify", got, err)
		}
		store.expectCalls(t, "before any key is needed")
	})
	t.Run("another key of the same name", func(t *testing.T) {
		forged, err := keyring.NewBranchKey("branch", store.versions["branch"][0].Version, counting(32))
		if err != nil {
			t.Fatal(err)
		}
		other := newBranchKeys()
		other.versions["branch"] = []*keyring.BranchKey{forged}
		if err := unwrap(t, hierarchical(t, other), keys); !errors.Is(err, crypt.ErrNoKey) || !errors.Is(err, crypt.ErrVerify) {
			t.Errorf("UnwrapKey: %v, want ErrNoKey and ErrVerify", err)
		}
	})
	t.Run("ended context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.UnwrapKey(ctx, someContext(t), keys); !errors.Is(err, context.Canceled) {
			t.Errorf("UnwrapKey: %v, want Canceled", err)
		}
	})
	t.Run("data key of another size", func(t *testing.T) {
		if got, err := h.WrapKey(t.Context(), someContext(t), counting(31)); got != nil || !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("WrapKey = %v, %v, want ErrConfig", got, err)
		}
	})
}

// Stores that answer something else than what they were asked for.
func TestHierarchicalHostileStore(t *testing.T) {
	store := newBranchKeys("branch", "other")
	keys := wrap(t, hierarchical(t, store))
	for name, answer := range map[string]func(k *keyring.BranchKey) *keyring.BranchKey{
		"nothing":            func(*keyring.BranchKey) *keyring.BranchKey { return nil },
		"no key":             func(k *keyring.BranchKey) *keyring.BranchKey { return &keyring.BranchKey{ID: k.ID, Version: k.Version} },
		"another branch key": func(*keyring.BranchKey) *keyring.BranchKey { return store.versions["other"][0] },
		"no version":         func(k *keyring.BranchKey) *keyring.BranchKey { k2 := *k; k2.Version = ""; return &k2 },
		"version in capitals": func(k *keyring.BranchKey) *keyring.BranchKey {
			k2 := *k
			k2.Version = "E9CE18A3-EDB5-4272-9F86-1CACB7997FF6"
			return &k2
		},
		"version that is none": func(k *keyring.BranchKey) *keyring.BranchKey {
			k2 := *k
			k2.Version = strings.Repeat("x", 36)
			return &k2
		},
	} {
		store.set(func() { store.answer = answer })
		h := hierarchical(t, store)
		if got, err := h.WrapKey(t.Context(), someContext(t), counting(32)); got != nil || !errors.Is(err, crypt.ErrVerify) {
			t.Errorf("%s: WrapKey = %v, %v, want ErrVerify", name, got, err)
		}
		if err := unwrap(t, h, keys); !errors.Is(err, crypt.ErrVerify) {
			t.Errorf("%s: UnwrapKey: %v, want ErrVerify", name, err)
		}
	}
	second := store.rotate("branch")
	store.set(func() { store.answer = func(*keyring.BranchKey) *keyring.BranchKey { return second } })
	if err := unwrap(t, hierarchical(t, store), keys); !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("another version: UnwrapKey: %v, want ErrVerify", err)
	}
}

func TestHierarchicalConfig(t *testing.T) {
	store := newBranchKeys("branch")
	fixed := func(id string, opts ...keyring.HierarchicalOption) error {
		h, err := keyring.NewHierarchical(store, id, opts...)
		if (h == nil) != (err != nil) {
			t.Errorf("NewHierarchical = %v, %v", h, err)
		}
		return err
	}
	_, noStore := keyring.NewHierarchical(nil, "branch")
	_, noSupplier := keyring.NewHierarchicalByItem(store, nil)
	_, noCapacity := keyring.NewBranchKeyCache(0)
	newKey := func(id, version string, size int) error {
		_, err := keyring.NewBranchKey(id, version, counting(size))
		return err
	}
	const version = "4a0c7b92-3703-4209-8961-24b07ab6562b"
	for _, tt := range []struct {
		name string
		err  error
		text string
	}{
		{"no store", noStore, "key store is nil"},
		{"no supplier", noSupplier, "supplier of branch key ids is nil"},
		{"no id", fixed(""), "branch key id of 0 bytes"},
		{"id not UTF-8", fixed("\xff"), "branch key id of 1 bytes"},
		{"id too long", fixed(strings.Repeat("i", 2049)), "branch key id of 2049 bytes"},
		{"no ttl", fixed("b", keyring.WithTTL(0)), "time to live is 0s"},
		{"ttl too short", fixed("b", keyring.WithTTL(time.Microsecond)), "time to live is 1µs"},
		{"grace period as long as the ttl", fixed("b", keyring.WithTTL(time.Second), keyring.WithGracePeriod(time.Second)), "grace period is 1s"},
		{"negative grace period", fixed("b", keyring.WithGracePeriod(-1)), "grace period is -1ns"},
		{"no cache size", fixed("b", keyring.WithCacheSize(0)), "cache size is 0"},
		{"no clock", fixed("b", keyring.WithClock(nil)), "clock is nil"},
		{"no shared cache", fixed("b", keyring.WithBranchKeyCache(nil)), "cache was not made by NewBranchKeyCache"},
		{"empty shared cache", fixed("b", keyring.WithBranchKeyCache(&keyring.BranchKeyCache{})), "cache was not made by NewBranchKeyCache"},
		{"empty partition", fixed("b", keyring.WithPartition("")), "partition is empty"},
		{"no capacity", noCapacity, "cache size is 0"},
		{"branch key without id", newKey("", version, 32), "branch key id of 0 bytes"},
		{"branch key without version", newKey("b", "", 32), "is not a UUID"},
		{"branch key of 31 bytes", newKey("b", version, 31), "is 31 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !errors.Is(tt.err, crypt.ErrConfig) || !strings.Contains(tt.err.Error(), tt.text) {
				t.Errorf("error %v, want ErrConfig and %q", tt.err, tt.text)
			}
		})
	}
	if err := fixed(strings.Repeat("i", 2048), keyring.WithTTL(time.Millisecond), keyring.WithGracePeriod(0)); err != nil {
		t.Errorf("what is just allowed: %v", err)
	}
}

// Neither keyring nor cache nor error shows a branch key.
func TestHierarchicalSecrets(t *testing.T) {
	secret := []byte("a branch key that must not show!")
	key, err := keyring.NewBranchKey("branch", "4a0c7b92-3703-4209-8961-24b07ab6562b", secret)
	if err != nil {
		t.Fatal(err)
	}
	store := newBranchKeys()
	store.versions["branch"] = []*keyring.BranchKey{key}
	shared, err := keyring.NewBranchKeyCache(10)
	if err != nil {
		t.Fatal(err)
	}
	h := hierarchical(t, store, keyring.WithBranchKeyCache(shared))
	keys := wrap(t, h)
	mustUnwrap(t, h, keys)
	keys[0].Ciphertext[0] ^= 1
	failure := unwrap(t, h, keys)
	for _, v := range []any{h, shared, failure, struct{ K any }{h}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
			s := fmt.Sprintf(verb, v)
			if strings.Contains(s, "must not show") || strings.Contains(s, fmt.Sprintf("%x", secret)) || strings.Contains(s, "97 32 98") {
				t.Errorf("%s prints %s", verb, s)
			}
		}
	}
	for _, v := range []interface{ LogValue() slog.Value }{h, shared} {
		if s := v.LogValue().String(); !strings.HasSuffix(s, "(REDACTED)") {
			t.Errorf("LogValue = %s", s)
		}
	}
}

// Items of both suites and both header versions, alone and in a multi-keyring with
// a raw key.
func TestHierarchicalItems(t *testing.T) {
	store := newBranchKeys("branch")
	h := hierarchical(t, store)
	raw := rawAES(t, "ns", "name", counting(32))
	multi, err := keyring.NewMulti(h, raw)
	if err != nil {
		t.Fatal(err)
	}
	item := map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "p"}, "a": &types.AttributeValueMemberS{Value: "secret"}, "c": &types.AttributeValueMemberN{Value: "7"},
	}
	open := func(k crypt.Keyring, suite crypt.Suite, action crypt.Action) crypt.Encryptor {
		t.Helper()
		enc, err := crypt.NewDBESDK(k, crypt.WriteSuite(suite)).ForTable(crypt.Table{Name: "T", PartitionKey: "pk", Actions: crypt.Actions{
			Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"c": action},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return enc
	}
	for _, suite := range []crypt.Suite{crypt.SuiteMAC, crypt.SuiteECDSA} {
		for _, action := range []crypt.Action{crypt.SignOnly, crypt.SignAndIncludeInContext} {
			for name, c := range map[string]struct {
				writer  crypt.Keyring
				readers []crypt.Keyring
			}{
				"alone": {h, []crypt.Keyring{h, multi}},
				"multi": {multi, []crypt.Keyring{h, raw, multi}},
			} {
				t.Run(fmt.Sprintf("%v/%v/%s", suite, action, name), func(t *testing.T) {
					stored, err := open(c.writer, suite, action).Encrypt(t.Context(), item)
					if err != nil {
						t.Fatal(err)
					}
					in, err := crypt.Inspect(stored)
					if err != nil {
						t.Fatal(err)
					}
					if k := in.DataKeys[0]; k.Provider != "aws-kms-hierarchy" || k.Key != "branch" || k.BranchKeyVersion != store.versions["branch"][0].Version {
						t.Errorf("Inspect says %+v", k)
					}
					for i, reader := range c.readers {
						plain, err := open(reader, suite, action).Decrypt(t.Context(), stored)
						if err != nil || plain["a"].(*types.AttributeValueMemberS).Value != "secret" {
							t.Errorf("reader %d: %v, or another value", i, err)
						}
					}
				})
			}
		}
	}
	// What the branch key's store refuses, the raw key can read all the same.
	store.set(func() { store.fail = func(context.Context, string) error { return keyring.ErrUnavailable } })
	stored, err := open(multi, crypt.SuiteMAC, crypt.SignOnly).Encrypt(t.Context(), item)
	if err != nil {
		t.Fatalf("the cache is warm: %v", err)
	}
	cold, err := keyring.NewMulti(hierarchical(t, store), raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(cold, crypt.SuiteMAC, crypt.SignOnly).Decrypt(t.Context(), stored); err != nil {
		t.Errorf("reading with the raw key: %v", err)
	}
	if got, err := open(cold, crypt.SuiteMAC, crypt.SignOnly).Encrypt(t.Context(), item); got != nil || !errors.Is(err, keyring.ErrUnavailable) {
		t.Errorf("writing without store = %v, %v, want ErrUnavailable", got, err)
	}
}

// A warm cache: what wrapping and unwrapping allocate beside the cipher and the
// derivation from the intermediate key, which every keyring has.
func TestHierarchicalAllocations(t *testing.T) {
	testenv.CountsAllocations(t)
	ctx, kc, dataKey := t.Context(), someContext(t), counting(32)
	count := func(k crypt.Keyring) (wrapping, unwrapping float64) {
		keys := wrap(t, k)
		wrapping = testing.AllocsPerRun(100, func() {
			if _, err := k.WrapKey(ctx, kc, dataKey); err != nil {
				t.Error(err)
			}
		})
		return wrapping, testing.AllocsPerRun(100, func() {
			if _, err := k.UnwrapKey(ctx, kc, keys); err != nil {
				t.Error(err)
			}
		})
	}
	gotWrap, gotUnwrap := count(hierarchical(t, newBranchKeys("branch")))
	rawWrap, rawUnwrap := count(rawAES(t, "ns", "name", counting(32)))
	// The wrapping key of a salt: a copy of the MAC's state, its input, and AES-GCM.
	if gotWrap > rawWrap+6 || gotUnwrap > rawUnwrap+7 {
		t.Errorf("%v and %v allocations to wrap and unwrap, want at most %v and %v", gotWrap, gotUnwrap, rawWrap+6, rawUnwrap+7)
	}
	t.Logf("%v and %v allocations to wrap and unwrap, raw AES %v and %v", gotWrap, gotUnwrap, rawWrap, rawUnwrap)
}

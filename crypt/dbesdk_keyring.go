package crypt

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/ddbenc/ddbenc/codec"
)

// A Suite is an algorithm suite of DB-ESDK. Both encrypt with AES-256-GCM, commit
// to their data key and authenticate the item with HMAC-SHA-384. DB-ESDK spec:
// "Algorithm suites".
type Suite uint16

const (
	// SuiteMAC has no signature: everyone who can read an item can also write it.
	SuiteMAC Suite = 0x6700

	// SuiteECDSA, the default, adds an ECDSA P-384 signature under a key made for
	// the item. The signature costs far more time than all else.
	SuiteECDSA Suite = 0x6701
)

// String returns the name that the other clients use.
func (s Suite) String() string {
	switch s {
	case SuiteMAC:
		return "ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY_SYMSIG_HMAC_SHA384"
	case SuiteECDSA:
		return "ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384_SYMSIG_HMAC_SHA384"
	}
	return fmt.Sprintf("Suite(%04x)", uint16(s))
}

// flavor is the part of s that a header stores.
func (s Suite) flavor() codec.Flavor { return codec.Flavor(s & 0xff) }

func suiteOf(f codec.Flavor) Suite { return SuiteMAC | Suite(f) }

// A Keyring protects the data keys of DB-ESDK items. Its methods are called once
// an item and from many goroutines at once. Package keyring has the usual ones;
// one's own needs [WrapDataKey] and [UnwrapDataKey], and a way to encrypt 32 bytes.
//
// The other clients put a materials manager between item and keyring. What their
// default one does, making the data key and the key pair of [SuiteECDSA], the
// encryptor of this package does. DB-ESDK spec: materials, "Default CMM".
type Keyring interface {
	// WrapKey encrypts an item's data key, 32 bytes that must not be changed or
	// kept, once for each of those who may read the item. It returns at least one.
	WrapKey(ctx context.Context, kc *KeyContext, dataKey []byte) ([]WrappedKey, error)

	// UnwrapKey decrypts the first of keys, in the order of the item, that it
	// can. Nobody has verified the keys or kc yet. The result is the caller's, who
	// clears it: a keyring that keeps a key returns a copy. The error wraps
	// [ErrNoKey] if none of the keys is for this keyring, and [ErrVerify] besides if
	// one is and could not be authenticated.
	UnwrapKey(ctx context.Context, kc *KeyContext, keys []EncryptedDataKey) (*UnwrappedKey, error)
}

// An EncryptedDataKey is a data key as it is stored in an item.
type EncryptedDataKey = codec.EncryptedDataKey

// A WrappedKey is an encrypted data key and what was wrapped with it. It prints
// without the latter.
type WrappedKey struct {
	EncryptedDataKey

	// MACKey is the symmetric signing key, 32 bytes, that whoever decrypts this
	// data key can verify the item with.
	MACKey []byte
}

// An UnwrappedKey is a decrypted data key. It prints as REDACTED.
type UnwrappedKey struct {
	DataKey []byte // 32 bytes
	MACKey  []byte // see [WrappedKey]
}

// clear overwrites what k holds, if there is a k.
func (k *UnwrappedKey) clear() {
	if k != nil {
		clear(k.DataKey)
		clear(k.MACKey)
	}
}

// Format prints k without its MAC key under every verb.
func (k WrappedKey) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "WrappedKey{provider %q, %d bytes, REDACTED}", k.ProviderID, len(k.Ciphertext))
}

// LogValue prints k without its MAC key in logs.
func (k WrappedKey) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// Format prints k as REDACTED under every verb.
func (k UnwrappedKey) Format(f fmt.State, _ rune) { redact(f, "UnwrappedKey") }

// LogValue prints k as REDACTED in logs.
func (k UnwrappedKey) LogValue() slog.Value { return slog.StringValue("UnwrappedKey(REDACTED)") }

// A KeyContext tells a [Keyring] which item it is asked for: its complete
// encryption context, which every wrapped data key is bound to. It is immutable.
// Its printed form leaves out the values. DB-ESDK spec: "Encryption context".
type KeyContext struct {
	suite      Suite
	entries    []codec.ContextEntry // sorted by key
	serialized []byte
}

// NewKeyContext returns a key context for tests of keyrings. An entry that has no
// serialization gives an error wrapping [ErrConfig].
func NewKeyContext(suite Suite, entries map[string]string) (*KeyContext, error) {
	sorted := make([]codec.ContextEntry, 0, len(entries))
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		sorted = append(sorted, codec.ContextEntry{Key: key, Value: entries[key]})
	}
	kc, err := newKeyContext(suite, sorted)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return kc, nil
}

func newKeyContext(suite Suite, sorted []codec.ContextEntry) (*KeyContext, error) {
	kc := &KeyContext{suite: suite, entries: sorted}
	if len(sorted) == 0 {
		return kc, nil // serialized as nothing where it wraps keys
	}
	size := 2
	for _, e := range sorted {
		size += 4 + len(e.Key) + len(e.Value)
	}
	var err error
	kc.serialized, err = codec.AppendContext(make([]byte, 0, size), sorted)
	return kc, err
}

// Suite returns the suite of the item.
func (kc *KeyContext) Suite() Suite { return kc.suite }

// Value returns the value of an entry, such as "aws-crypto-table-name".
func (kc *KeyContext) Value(key string) (value string, ok bool) {
	i, ok := slices.BinarySearchFunc(kc.entries, codec.ContextEntry{Key: key}, codec.CompareEntries)
	if !ok {
		return "", false
	}
	return kc.entries[i].Value, true
}

// Map returns the entries as a new map, as AWS KMS takes them.
func (kc *KeyContext) Map() map[string]string {
	m := make(map[string]string, len(kc.entries))
	for _, e := range kc.entries {
		m[e.Key] = e.Value
	}
	return m
}

// Bytes returns the serialized context, the additional authenticated data of
// everything that wraps keys. It must not be changed. DB-ESDK spec: "EC
// serialization".
func (kc *KeyContext) Bytes() []byte { return kc.serialized }

// Format prints kc without the values of its entries, under every verb.
func (kc KeyContext) Format(f fmt.State, _ rune) { fmt.Fprint(f, kc.String()) }

// String returns kc without the values of its entries.
func (kc KeyContext) String() string {
	return fmt.Sprintf("KeyContext{%v, %d entries}", kc.suite, len(kc.entries))
}

// LogValue prints kc in logs as String does.
func (kc KeyContext) LogValue() slog.Value { return slog.StringValue(kc.String()) }

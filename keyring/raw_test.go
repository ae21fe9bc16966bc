package keyring_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

func keyContext(t testing.TB, entries map[string]string) *crypt.KeyContext {
	t.Helper()
	kc, err := crypt.NewKeyContext(crypt.SuiteMAC, entries)
	if err != nil {
		t.Fatal(err)
	}
	return kc
}

func someContext(t testing.TB) *crypt.KeyContext {
	t.Helper()
	return keyContext(t, map[string]string{"aws-crypto-table-name": "T", "aws-crypto-partition-name": "pk"})
}

func rawAES(t testing.TB, namespace, name string, key []byte) *keyring.RawAES {
	t.Helper()
	k, err := keyring.NewRawAES(namespace, name, key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// rsaKeys are made once: generating them takes long.
var rsaKeys = func() [2]*rsa.PrivateKey {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
}()

func rawRSA(t testing.TB, name string, p keyring.RSAPadding, key crypto.Decrypter) *keyring.RawRSA {
	t.Helper()
	k, err := keyring.NewRawRSA("ns", name, p, key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func stored(wrapped []crypt.WrappedKey) []crypt.EncryptedDataKey {
	var keys []crypt.EncryptedDataKey
	for _, w := range wrapped {
		keys = append(keys, w.EncryptedDataKey)
	}
	return keys
}

// testKeyring is the contract of every keyring that has one key: what it wraps it
// unwraps, in the same context only, whatever data keys come before.
func testKeyring(t *testing.T, k crypt.Keyring, others ...crypt.Keyring) {
	t.Helper()
	kc, dataKey := someContext(t), randomBytes(crypt.DataKeySize)
	wrapped, err := k.WrapKey(t.Context(), kc, dataKey)
	if err != nil || len(wrapped) != 1 {
		t.Fatalf("WrapKey = %v, %v", wrapped, err)
	}
	again, err := k.WrapKey(t.Context(), kc, dataKey)
	if err != nil || bytes.Equal(again[0].Ciphertext, wrapped[0].Ciphertext) || bytes.Equal(again[0].MACKey, wrapped[0].MACKey) {
		t.Errorf("WrapKey gives the same keys twice, %v", err)
	}
	keys := stored(wrapped)
	foreign := []crypt.EncryptedDataKey{{}, {ProviderID: keys[0].ProviderID}, {ProviderInfo: keys[0].ProviderInfo},
		{ProviderID: keys[0].ProviderID, ProviderInfo: keys[0].ProviderInfo, Ciphertext: randomBytes(len(keys[0].Ciphertext))}}
	got, err := k.UnwrapKey(t.Context(), kc, append(foreign, keys...))
	if err != nil || !bytes.Equal(got.DataKey, dataKey) || !bytes.Equal(got.MACKey, wrapped[0].MACKey) {
		t.Fatalf("UnwrapKey: %v, or other keys", err)
	}

	refused := func(name string, k crypt.Keyring, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey, known bool) {
		t.Helper()
		got, err := k.UnwrapKey(t.Context(), kc, keys)
		if got != nil || !errors.Is(err, crypt.ErrNoKey) || errors.Is(err, crypt.ErrVerify) != known {
			t.Errorf("UnwrapKey, %s = %v, %v, want ErrNoKey and %v ErrVerify", name, got, err, known)
		}
	}
	refused("no data keys", k, kc, nil, false)
	refused("data keys of others", k, kc, foreign[:3], false)
	refused("another context", k, keyContext(t, map[string]string{"a": "b"}), keys, true)
	change := func(fn func(*crypt.EncryptedDataKey)) []crypt.EncryptedDataKey {
		changed := slices.Clone(keys)
		changed[0].Ciphertext = bytes.Clone(changed[0].Ciphertext)
		changed[0].ProviderInfo = bytes.Clone(changed[0].ProviderInfo)
		fn(&changed[0])
		return changed
	}
	for n := 0; n < len(keys[0].Ciphertext); n += 7 {
		refused(fmt.Sprintf("byte %d flipped", n), k, kc, change(func(k *crypt.EncryptedDataKey) { k.Ciphertext[n] ^= 1 }), true)
		refused(fmt.Sprintf("cut to %d bytes", n), k, kc, change(func(k *crypt.EncryptedDataKey) { k.Ciphertext = k.Ciphertext[:n] }), true)
	}
	refused("a byte more", k, kc, change(func(k *crypt.EncryptedDataKey) { k.Ciphertext = append(k.Ciphertext, 0) }), true)
	refused("another namespace", k, kc, change(func(k *crypt.EncryptedDataKey) { k.ProviderID += "x" }), false)
	refused("another name", k, kc, change(func(k *crypt.EncryptedDataKey) { k.ProviderInfo[0] ^= 1 }), false)
	refused("longer info", k, kc, change(func(k *crypt.EncryptedDataKey) { k.ProviderInfo = append(k.ProviderInfo, 0) }), false)
	for i, other := range others {
		refused(fmt.Sprintf("another key of the same name, %d", i), other, kc, keys, true)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.UnwrapKey(ctx, kc, keys); !errors.Is(err, context.Canceled) {
		t.Errorf("UnwrapKey after the end: %v, want context.Canceled", err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(verb, k); !strings.HasSuffix(s, "(REDACTED)") {
			t.Errorf("%s prints %s", verb, s)
		}
	}
}

func TestRawAES(t *testing.T) {
	for _, size := range []int{16, 24, 32} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			k := rawAES(t, "ns", "näme", counting(size))
			testKeyring(t, k, rawAES(t, "ns", "näme", make([]byte, size)))

			wrapped, err := k.WrapKey(t.Context(), someContext(t), counting(32))
			if err != nil {
				t.Fatal(err)
			}
			info := wrapped[0].ProviderInfo
			head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("näme"), 128), 12)
			if wrapped[0].ProviderID != "ns" || !bytes.HasPrefix(info, head) || len(info) != len(head)+12 || len(wrapped[0].Ciphertext) != 96 {
				t.Errorf("data key is %+v with info %x", wrapped[0].EncryptedDataKey.ProviderID, info)
			}
			for at := len("näme"); at < len(head); at++ { // sizes of tag and nonce
				keys := stored(wrapped)
				keys[0].ProviderInfo = bytes.Clone(info)
				keys[0].ProviderInfo[at] ^= 1
				if got, err := k.UnwrapKey(t.Context(), someContext(t), keys); got != nil || !errors.Is(err, crypt.ErrNoKey) {
					t.Errorf("UnwrapKey with byte %d of the info changed = %v, %v, want ErrNoKey", at, got, err)
				}
			}
		})
	}
}

func TestRawRSA(t *testing.T) {
	for p := keyring.OAEPSHA256; p <= keyring.PKCS1v15; p++ {
		t.Run(p.String(), func(t *testing.T) {
			testKeyring(t, rawRSA(t, "name", p, rsaKeys[0]), rawRSA(t, "name", p, rsaKeys[1]))
		})
	}
	kc := someContext(t)
	public, err := keyring.NewRawRSAPublic("ns", "name", keyring.OAEPSHA256, &rsaKeys[0].PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := public.WrapKey(t.Context(), kc, counting(32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rawRSA(t, "name", keyring.OAEPSHA256, rsaKeys[0]).UnwrapKey(t.Context(), kc, stored(wrapped)); err != nil {
		t.Errorf("UnwrapKey of what the public key wrapped: %v", err)
	}
	if got, err := public.UnwrapKey(t.Context(), kc, stored(wrapped)); got != nil || !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("UnwrapKey without private key = %v, %v, want ErrNoKey", got, err)
	}
	if got, err := rawRSA(t, "name", keyring.OAEPSHA512, rsaKeys[0]).UnwrapKey(t.Context(), kc, stored(wrapped)); got != nil || !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("UnwrapKey with another padding = %v, %v, want ErrVerify", got, err)
	}
}

// TestRawRSAPaddingOracle: PKCS #1 v1.5 ciphertexts with bad padding and with a key
// of another size give the error of a wrong key.
func TestRawRSAPaddingOracle(t *testing.T) {
	kc := someContext(t)
	k := rawRSA(t, "name", keyring.PKCS1v15, rsaKeys[0])
	texts := map[string]bool{}
	for _, plain := range [][]byte{counting(32), counting(31), counting(0)} {
		//lint:ignore SA1019 this is what an attacker sends
		ciphertext, err := rsa.EncryptPKCS1v15(rand.Reader, &rsaKeys[0].PublicKey, plain)
		if err != nil {
			t.Fatal(err)
		}
		_, err = k.UnwrapKey(t.Context(), kc, []crypt.EncryptedDataKey{{ProviderID: "ns", ProviderInfo: []byte("name"), Ciphertext: append(make([]byte, 48), ciphertext...)}})
		texts[text(err)] = true
	}
	noise := append(make([]byte, 49), randomBytes(255)...)
	_, err := k.UnwrapKey(t.Context(), kc, []crypt.EncryptedDataKey{{ProviderID: "ns", ProviderInfo: []byte("name"), Ciphertext: noise}})
	texts[text(err)] = true
	if len(texts) != 1 {
		t.Errorf("the errors differ: %v", texts)
	}
}

// remote is a private key kept elsewhere.
type remote struct{ crypto.Decrypter }

func TestRawRSADecrypters(t *testing.T) {
	kc := someContext(t)
	parsed := privateKey(t, "rsa.pem")
	for name, key := range map[string]crypto.Decrypter{"parsed": parsed, "elsewhere": remote{parsed}} {
		for _, p := range []keyring.RSAPadding{keyring.OAEPSHA1, keyring.PKCS1v15} {
			k := rawRSA(t, "name", p, key)
			wrapped, err := k.WrapKey(t.Context(), kc, counting(32))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.UnwrapKey(t.Context(), kc, stored(wrapped)); err != nil {
				t.Errorf("UnwrapKey with a key %s: %v", name, err)
			}
		}
	}
}

func TestRawConfig(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	newAES := func(namespace, name string, key []byte) error {
		_, err := keyring.NewRawAES(namespace, name, key)
		return err
	}
	newRSA := func(name string, p keyring.RSAPadding, key crypto.Decrypter, opts ...crypt.KeyOption) error {
		_, err := keyring.NewRawRSA("ns", name, p, key, opts...)
		return err
	}
	newPublic := func(key crypto.PublicKey) error {
		_, err := keyring.NewRawRSAPublic("ns", "name", keyring.OAEPSHA256, key)
		return err
	}
	newMulti := func(keyrings ...crypt.Keyring) error {
		_, err := keyring.NewMulti(keyrings[0], keyrings[1:]...)
		return err
	}
	for _, tt := range []struct {
		name string
		err  error
		text string
	}{
		{"reserved namespace", newAES("aws-kms", "n", counting(32)), `"aws-kms" is reserved`},
		{"no namespace", newAES("", "n", counting(32)), "is empty"},
		{"no name", newAES("ns", "", counting(32)), "is empty"},
		{"name not UTF-8", newAES("ns", "\xff", counting(32)), "not valid UTF-8"},
		{"name too long", newAES("ns", strings.Repeat("n", 1<<16), counting(32)), "too long"},
		{"AES key of 31 bytes", newAES("ns", "n", counting(31)), "AES key is 31 bytes"},
		{"no AES key", newAES("ns", "n", nil), "AES key is 0 bytes"},
		{"no RSA key", newRSA("n", keyring.OAEPSHA1, nil), "private key is nil"},
		{"no name of an RSA key", newRSA("", keyring.OAEPSHA1, rsaKeys[0]), "is empty"},
		{"no padding", newRSA("n", 0, rsaKeys[0]), "no padding RSAPadding(0)"},
		{"unknown padding", newRSA("n", 6, rsaKeys[0]), "no padding RSAPadding(6)"},
		{"small RSA key", newRSA("n", keyring.OAEPSHA1, small), "1024 bits"},
		{"no public key", newPublic(nil), "can't use a key"},
		{"EC key", newPublic(privateKey(t, "ec-pkcs8.pem").Public()), "can't use a key"},
		{"private EC key", newRSA("n", keyring.OAEPSHA1, privateKey(t, "ec-pkcs8.pem")), "can't use a key"},
		{"multi of nil", newMulti(nil), "keyring is nil"},
		{"multi with nil", newMulti(rawAES(t, "ns", "n", counting(32)), nil), "keyring is nil"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !errors.Is(tt.err, crypt.ErrConfig) || !strings.Contains(tt.err.Error(), tt.text) {
				t.Errorf("error %v, want ErrConfig and %q", tt.err, tt.text)
			}
		})
	}
	if err := newRSA("n", keyring.OAEPSHA1, small, crypt.AllowWeakKey()); err != nil {
		t.Errorf("small RSA key that is allowed: %v", err)
	}
}

// failing is a keyring that fails.
type failing struct{ err error }

func (k failing) WrapKey(context.Context, *crypt.KeyContext, []byte) ([]crypt.WrappedKey, error) {
	return nil, k.err
}

func (k failing) UnwrapKey(context.Context, *crypt.KeyContext, []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	return nil, k.err
}

func TestSeveralKeyrings(t *testing.T) {
	kc, dataKey := someContext(t), counting(32)
	then, now := rawAES(t, "ns", "1", counting(32)), rawAES(t, "ns", "2", counting(16))
	moving, err := keyring.NewSeveralKeyrings(now, then)
	if err != nil {
		t.Fatal(err)
	}
	old, err := then.WrapKey(t.Context(), kc, dataKey)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := moving.WrapKey(t.Context(), kc, dataKey)
	if err != nil || len(wrapped) != 1 || !strings.HasPrefix(string(wrapped[0].ProviderInfo), "2") {
		t.Fatalf("WrapKey = %v, %v, want one data key, of the first keyring", wrapped, err)
	}
	for i, keys := range [][]crypt.WrappedKey{wrapped, old} {
		if got, err := moving.UnwrapKey(t.Context(), kc, stored(keys)); err != nil || !bytes.Equal(got.DataKey, dataKey) {
			t.Errorf("data key %d: %v, or another key", i, err)
		}
	}
	// Within another one it writes for one too.
	both, err := keyring.NewMulti(rawAES(t, "ns", "3", counting(16)), moving)
	if err != nil {
		t.Fatal(err)
	}
	if wrapped, err := both.WrapKey(t.Context(), kc, dataKey); err != nil || len(wrapped) != 2 {
		t.Errorf("WrapKey = %v, %v, want two data keys", wrapped, err)
	}
	if _, err := keyring.NewSeveralKeyrings(now, nil); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("a nil keyring gives %v", err)
	}
}

func TestMulti(t *testing.T) {
	kc, dataKey := someContext(t), counting(32)
	aes1, aes2 := rawAES(t, "ns", "1", counting(32)), rawAES(t, "ns", "2", counting(16))
	rsa1 := rawRSA(t, "3", keyring.OAEPSHA256, rsaKeys[0])
	inner, err := keyring.NewMulti(aes2, rsa1)
	if err != nil {
		t.Fatal(err)
	}
	m, err := keyring.NewMulti(aes1, inner)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := m.WrapKey(t.Context(), kc, dataKey)
	if err != nil || len(wrapped) != 3 || string(wrapped[2].ProviderInfo) != "3" {
		t.Fatalf("WrapKey = %v, %v", wrapped, err)
	}
	keys := stored(wrapped)
	for i, k := range []crypt.Keyring{aes1, aes2, rsa1} {
		got, err := k.UnwrapKey(t.Context(), kc, keys)
		if err != nil || !bytes.Equal(got.DataKey, dataKey) || !bytes.Equal(got.MACKey, wrapped[i].MACKey) {
			t.Errorf("keyring %d: %v, or other keys", i, err)
		}
		got, err = m.UnwrapKey(t.Context(), kc, keys[i:i+1])
		if err != nil || !bytes.Equal(got.MACKey, wrapped[i].MACKey) {
			t.Errorf("data key %d: %v, or other keys", i, err)
		}
	}

	got, err := m.UnwrapKey(t.Context(), kc, []crypt.EncryptedDataKey{{ProviderID: "x"}})
	if got != nil || !errors.Is(err, crypt.ErrNoKey) || !strings.Contains(err.Error(), "keyring 0: ") || !strings.Contains(err.Error(), "keyring 1: keyring 0: ") {
		t.Errorf("UnwrapKey of no known key = %v, %v", got, err)
	}

	down, err := keyring.NewMulti(failing{io.ErrUnexpectedEOF}, aes1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := down.WrapKey(t.Context(), kc, dataKey); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("WrapKey with a keyring that fails: %v", err)
	}
	if _, err := down.UnwrapKey(t.Context(), kc, keys); err != nil {
		t.Errorf("UnwrapKey with a keyring that fails beside one that doesn't: %v", err)
	}
	if _, err := down.UnwrapKey(t.Context(), kc, keys[1:]); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, crypt.ErrNoKey) || !strings.Contains(err.Error(), "keyring 1: "+crypt.ErrNoKey.Error()) {
		t.Errorf("UnwrapKey with keyrings that all fail: %v, want the reason of the first, and the text of both", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.UnwrapKey(ctx, kc, keys); !errors.Is(err, context.Canceled) || strings.Contains(text(err), "keyring 1") {
		t.Errorf("UnwrapKey after the end: %v, want context.Canceled of the first", err)
	}
	if s := fmt.Sprintf("%+v", m); s != "Multi(REDACTED)" {
		t.Errorf("prints %s", s)
	}
}

package keyring_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// ecdhRing returns its argument, so that a constructor's two results fit.
func ecdhRing(t *testing.T) func(k *keyring.RawECDH, err error) *keyring.RawECDH {
	return func(k *keyring.RawECDH, err error) *keyring.RawECDH {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
}

func ecdhKey(t *testing.T, curve ecdh.Curve) *ecdh.PrivateKey {
	t.Helper()
	key, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestRawECDH(t *testing.T) {
	for _, tt := range []struct {
		curve    ecdh.Curve
		infoSize int
	}{{ecdh.P256(), 75}, {ecdh.P384(), 107}, {ecdh.P521(), 143}} {
		t.Run(fmt.Sprint(tt.curve), func(t *testing.T) {
			kc, dataKey := someContext(t), counting(32)
			a, b, c := ecdhKey(t, tt.curve), ecdhKey(t, tt.curve), ecdhKey(t, tt.curve)
			ring := ecdhRing(t)
			ab, ba := ring(keyring.NewRawECDH(a, b.PublicKey())), ring(keyring.NewRawECDH(b, a.PublicKey()))
			ac := ring(keyring.NewRawECDH(a, c.PublicKey()))
			toB, readsB := ring(keyring.NewRawECDHEphemeral(b.PublicKey())), ring(keyring.NewRawECDHDiscovery(b))
			readsC := ring(keyring.NewRawECDHDiscovery(c))
			testKeyring(t, ab)

			for _, pair := range []struct {
				name    string
				writer  *keyring.RawECDH
				readers []*keyring.RawECDH
				others  []*keyring.RawECDH
			}{
				{"both known", ab, []*keyring.RawECDH{ab, ba, readsB}, []*keyring.RawECDH{ac, readsC}},
				{"the other way", ba, []*keyring.RawECDH{ab, ba}, []*keyring.RawECDH{ac, readsB, readsC}},
				{"for b from anyone", toB, []*keyring.RawECDH{readsB}, []*keyring.RawECDH{ab, ba, readsC}},
			} {
				wrapped, err := pair.writer.WrapKey(t.Context(), kc, dataKey)
				if err != nil {
					t.Fatal(err)
				}
				keys := stored(wrapped)
				if keys[0].ProviderID != "raw-ecdh" || len(keys[0].ProviderInfo) != tt.infoSize || len(keys[0].Ciphertext) != 160 {
					t.Errorf("%s: data key of %q with info of %d and ciphertext of %d bytes", pair.name, keys[0].ProviderID, len(keys[0].ProviderInfo), len(keys[0].Ciphertext))
				}
				for i, r := range pair.readers {
					got, err := r.UnwrapKey(t.Context(), kc, keys)
					if err != nil || !bytes.Equal(got.DataKey, dataKey) || !bytes.Equal(got.MACKey, wrapped[0].MACKey) {
						t.Errorf("%s: reader %d: %v, or other keys", pair.name, i, err)
					}
				}
				for i, r := range pair.others {
					if got, err := r.UnwrapKey(t.Context(), kc, keys); got != nil || !errors.Is(err, crypt.ErrNoKey) {
						t.Errorf("%s: other reader %d = %v, %v, want ErrNoKey", pair.name, i, got, err)
					}
				}
				keys[0].ProviderID = "aws-kms-ecdh" // what a KMS keyring of the same keys writes
				if _, err := pair.readers[0].UnwrapKey(t.Context(), kc, keys); err != nil {
					t.Errorf("%s: data key of KMS: %v", pair.name, err)
				}
			}

			if got, err := readsB.WrapKey(t.Context(), kc, dataKey); got != nil || !errors.Is(err, crypt.ErrNoKey) {
				t.Errorf("WrapKey of a keyring that only reads = %v, %v, want ErrNoKey", got, err)
			}
			if got, err := toB.UnwrapKey(t.Context(), kc, nil); got != nil || !errors.Is(err, crypt.ErrNoKey) {
				t.Errorf("UnwrapKey of a keyring that only writes = %v, %v, want ErrNoKey", got, err)
			}
		})
	}
}

// TestRawECDHBadPoint: the sender of a discovered data key is whatever the item says.
func TestRawECDHBadPoint(t *testing.T) {
	b := ecdhKey(t, ecdh.P256())
	ring := ecdhRing(t)
	wrapped, err := ring(keyring.NewRawECDHEphemeral(b.PublicKey())).WrapKey(t.Context(), someContext(t), counting(32))
	if err != nil {
		t.Fatal(err)
	}
	reader := ring(keyring.NewRawECDHDiscovery(b))
	sender := 1 + 4 + 33 + 4
	for name, point := range map[string][]byte{
		"not compressed": append([]byte{4}, make([]byte, 32)...), "above the field": append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...),
		"not on the curve": append([]byte{2}, append(make([]byte, 31), 1)...), "zero": make([]byte, 33),
	} {
		keys := stored(wrapped)
		keys[0].ProviderInfo = append(bytes.Clone(keys[0].ProviderInfo[:sender]), point...)
		if got, err := reader.UnwrapKey(t.Context(), someContext(t), keys); got != nil || !errors.Is(err, crypt.ErrVerify) {
			t.Errorf("point %s: %v, %v, want ErrVerify", name, got, err)
		}
	}
}

func TestRawECDHConfig(t *testing.T) {
	p256, p384, x := ecdhKey(t, ecdh.P256()), ecdhKey(t, ecdh.P384()), ecdhKey(t, ecdh.X25519())
	for _, tt := range []struct {
		name string
		open func() (*keyring.RawECDH, error)
		text string
	}{
		{"no private key", func() (*keyring.RawECDH, error) { return keyring.NewRawECDH(nil, p256.PublicKey()) }, "is nil"},
		{"no public key", func() (*keyring.RawECDH, error) { return keyring.NewRawECDH(p256, nil) }, "is nil"},
		{"nobody to write for", func() (*keyring.RawECDH, error) { return keyring.NewRawECDHEphemeral(nil) }, "is nil"},
		{"nobody to read as", func() (*keyring.RawECDH, error) { return keyring.NewRawECDHDiscovery(nil) }, "is nil"},
		{"two curves", func() (*keyring.RawECDH, error) { return keyring.NewRawECDH(p256, p384.PublicKey()) }, "on P-256 and P-384"},
		{"another curve", func() (*keyring.RawECDH, error) { return keyring.NewRawECDHDiscovery(x) }, "want P-256, P-384 or P-521"},
	} {
		if k, err := tt.open(); k != nil || !errors.Is(err, crypt.ErrConfig) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v, %v, want ErrConfig and %q", tt.name, k, err, tt.text)
		}
	}
	if key, err := privateKey(t, "rsa.pem").ECDH(); key != nil || !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("ECDH of an RSA key = %v, %v, want ErrConfig", key, err)
	}
	if _, err := privateKey(t, "ec-pkcs8.pem").ECDH(); err != nil {
		t.Errorf("ECDH of an EC key: %v", err)
	}
}

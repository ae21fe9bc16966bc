package keyring_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// ecInKMS puts a new key into k, and returns it too.
func ecInKMS(t testing.TB, k *ddbenctest.KMS, spec string, curve ecdh.Curve) (string, *ecdh.PrivateKey) {
	t.Helper()
	key, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return k.CreateKey(ddbenctest.KMSKey{Region: region, Spec: spec, Usage: "KEY_AGREEMENT", Material: der}), key
}

func kmsECDH(t testing.TB, client keyring.KMSECDHClient, arn string, own, peer *ecdh.PublicKey, opts ...keyring.KMSKeyringOption) *keyring.KMSECDH {
	t.Helper()
	k, err := keyring.NewKMSECDH(client, arn, own, peer, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func kmsECDHDiscovery(t testing.TB, client keyring.KMSECDHClient, arn string, own *ecdh.PublicKey) *keyring.KMSECDH {
	t.Helper()
	k, err := keyring.NewKMSECDHDiscovery(client, arn, own)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Raw keyrings and those of KMS read each other's items on every curve, in both
// directions.
func TestKMSECDH(t *testing.T) {
	for _, tt := range []struct {
		spec  string
		curve ecdh.Curve
		size  int // of the info
	}{{"ECC_NIST_P256", ecdh.P256(), 75}, {"ECC_NIST_P384", ecdh.P384(), 107}, {"ECC_NIST_P521", ecdh.P521(), 143}} {
		t.Run(tt.spec, func(t *testing.T) {
			k := ddbenctest.NewKMS(t)
			client := k.Client("eu-west-1") // the key's region counts
			arnA, a := ecInKMS(t, k, tt.spec, tt.curve)
			arnB, b := ecInKMS(t, k, tt.spec, tt.curve)
			arnC, c := ecInKMS(t, k, tt.spec, tt.curve)
			ring := ecdhRing(t)
			kc := someContext(t)
			kmsAB, kmsBA := kmsECDH(t, client, arnA, nil, b.PublicKey()), kmsECDH(t, client, arnB, b.PublicKey(), a.PublicKey())
			rawAB, rawBA := ring(keyring.NewRawECDH(a, b.PublicKey())), ring(keyring.NewRawECDH(b, a.PublicKey()))
			kmsToB, rawToB := kmsECDHDiscovery(t, client, arnB, nil), ring(keyring.NewRawECDHDiscovery(b))
			kmsToC := kmsECDHDiscovery(t, client, arnC, c.PublicKey())
			kmsAC := kmsECDH(t, client, arnA, nil, c.PublicKey())
			ephemeral := ring(keyring.NewRawECDHEphemeral(b.PublicKey()))
			testKeyring(t, kmsAB)

			for _, pair := range []struct {
				name            string
				writer          crypt.Keyring
				provider        string
				readers, others []crypt.Keyring
			}{
				{"KMS for b", kmsAB, "aws-kms-ecdh", []crypt.Keyring{kmsAB, kmsBA, rawAB, rawBA, kmsToB, rawToB}, []crypt.Keyring{kmsToC, kmsAC}},
				{"KMS for a", kmsBA, "aws-kms-ecdh", []crypt.Keyring{kmsAB, kmsBA, rawAB, rawBA}, []crypt.Keyring{kmsToB, rawToB, kmsToC, kmsAC}},
				{"raw for b", rawAB, "raw-ecdh", []crypt.Keyring{kmsAB, kmsBA, kmsToB}, []crypt.Keyring{kmsToC, kmsAC}},
				{"raw for a", rawBA, "raw-ecdh", []crypt.Keyring{kmsAB, kmsBA}, []crypt.Keyring{kmsToB, kmsToC, kmsAC}},
				{"for b from anyone", ephemeral, "raw-ecdh", []crypt.Keyring{kmsToB}, []crypt.Keyring{kmsAB, kmsBA, kmsToC}},
			} {
				wrapped := mustWrapKey(t, pair.writer, kc)
				if w := wrapped[0]; w.ProviderID != pair.provider || len(w.ProviderInfo) != tt.size || len(w.Ciphertext) != 160 {
					t.Errorf("%s: data key of %q with info of %d and ciphertext of %d bytes", pair.name, w.ProviderID, len(w.ProviderInfo), len(w.Ciphertext))
				}
				for _, r := range pair.readers {
					mustUnwrapKey(t, r, kc, wrapped)
				}
				k.ForgetRequests()
				for i, r := range pair.others {
					if got, err := r.UnwrapKey(t.Context(), kc, stored(wrapped)); got != nil || !errors.Is(err, crypt.ErrNoKey) {
						t.Errorf("%s: other reader %d = %v, %v, want ErrNoKey", pair.name, i, got, err)
					}
				}
				for _, r := range k.Requests() {
					if r.Operation == "DeriveSharedSecret" {
						t.Errorf("%s: a secret was derived for a data key of others", pair.name)
					}
				}
			}
			if got, err := kmsToB.WrapKey(t.Context(), kc, counting(32)); got != nil || !errors.Is(err, crypt.ErrNoKey) {
				t.Errorf("WrapKey of a keyring that only reads = %v, %v, want ErrNoKey", got, err)
			}
		})
	}
}

// The public key is asked for once, if it isn't given, and every item costs a call.
func TestKMSECDHCalls(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn, own := ecInKMS(t, k, "ECC_NIST_P384", ecdh.P384())
	peer := ecdhKey(t, ecdh.P384()).PublicKey()
	kc := someContext(t)
	derive := ddbenctest.KMSRequest{Operation: "DeriveSharedSecret", Region: region, KeyID: arn, GrantTokens: []string{"token"}, Algorithm: "ECDH"}
	public := ddbenctest.KMSRequest{Operation: "GetPublicKey", Region: region, KeyID: arn}
	for name, tt := range map[string]struct {
		own  *ecdh.PublicKey
		want []ddbenctest.KMSRequest
	}{
		"public key not given": {nil, []ddbenctest.KMSRequest{public, derive, derive}},
		"public key given":     {own.PublicKey(), []ddbenctest.KMSRequest{derive, derive}},
	} {
		k.ForgetRequests()
		ring := kmsECDH(t, k.Client("eu-west-1"), arn, tt.own, peer, keyring.WithGrantTokens("token"))
		mustUnwrapKey(t, ring, kc, mustWrapKey(t, ring, kc))
		if diff := cmp.Diff(tt.want, requests(t, k)); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", name, diff)
		}
		redacted(t, ring, "token")

		k.ForgetRequests()
		ring = kmsECDH(t, k.Client(region), arn, tt.own, peer)
		if _, err := ring.UnwrapKey(t.Context(), kc, stored(mustWrapKey(t, rawAES(t, "ns", "n", counting(32)), kc))); !errors.Is(err, crypt.ErrNoKey) || len(k.Requests()) != 0 {
			t.Errorf("%s: an item of others: error %v after %d calls, want ErrNoKey without one", name, err, len(k.Requests()))
		}
	}
}

// Many who begin at once cause one call for the public key, and an error of it is
// not kept.
func TestKMSECDHPublicKeyOnce(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn, _ := ecInKMS(t, k, "ECC_NIST_P256", ecdh.P256())
	ring := kmsECDH(t, k.Client(region), arn, nil, ecdhKey(t, ecdh.P256()).PublicKey())
	kc := someContext(t)
	k.Fault(ddbenctest.KMSFault{Operation: "GetPublicKey", Code: ddbenctest.FaultAccessDenied})
	if _, err := ring.WrapKey(t.Context(), kc, counting(32)); !errors.Is(err, keyring.ErrKeyRefused) {
		t.Errorf("denied: error %v, want ErrKeyRefused", err)
	}
	k.ForgetRequests()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			wrapped, err := ring.WrapKey(t.Context(), kc, counting(32))
			if err == nil {
				_, err = ring.UnwrapKey(t.Context(), kc, stored(wrapped))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := slices.IndexFunc(k.Requests(), func(r ddbenctest.KMSRequest) bool { return r.Operation == "DeriveSharedSecret" }); n != 1 {
		t.Errorf("%d calls before the first secret, want 1", n)
	}
	if n := len(k.Requests()); n != 41 {
		t.Errorf("%d calls, want 41", n)
	}
}

func TestKMSECDHContextEnds(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn, own := ecInKMS(t, k, "ECC_NIST_P256", ecdh.P256())
	peer := ecdhKey(t, ecdh.P256()).PublicKey()
	kc := someContext(t)
	known, unknown := kmsECDH(t, k.Client(region), arn, own.PublicKey(), peer), kmsECDH(t, k.Client(region), arn, nil, peer)
	keys := stored(mustWrapKey(t, known, kc))
	k.Fault(ddbenctest.KMSFault{Times: -1, Latency: time.Minute})

	// One waits for KMS, and the others for that one.
	asking, stop := context.WithCancel(t.Context())
	asked := make(chan error)
	go func() {
		_, err := unknown.WrapKey(asking, kc, counting(32))
		asked <- err
	}()
	for name, call := range map[string]func(context.Context) error{
		"WrapKey":                  func(ctx context.Context) error { _, err := known.WrapKey(ctx, kc, counting(32)); return err },
		"UnwrapKey":                func(ctx context.Context) error { _, err := known.UnwrapKey(ctx, kc, keys); return err },
		"WrapKey, public key open": func(ctx context.Context) error { _, err := unknown.WrapKey(ctx, kc, counting(32)); return err },
		"UnwrapKey, the same":      func(ctx context.Context) error { _, err := unknown.UnwrapKey(ctx, kc, keys); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, keyring.ErrUnavailable) {
			t.Errorf("%s: error %v, want DeadlineExceeded", name, err)
		}
		cancel()
	}
	stop()
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Errorf("the one that asked: error %v, want Canceled", err)
	}
	k.ClearFaults()
	mustUnwrapKey(t, unknown, kc, mustWrapKey(t, unknown, kc))
}

func TestKMSECDHHostileService(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	client := k.Client(region)
	arn, own := ecInKMS(t, k, "ECC_NIST_P256", ecdh.P256())
	peer := ecdhKey(t, ecdh.P256()).PublicKey()
	kc := someContext(t)
	keys := stored(mustWrapKey(t, kmsECDH(t, client, arn, nil, peer), kc))
	other := "arn:aws:kms:us-west-2:111122223333:key/other"
	derived := func(change func(*kms.DeriveSharedSecretOutput)) meddling {
		return meddling{Client: client, derive: change}
	}
	public := func(change func(*kms.GetPublicKeyOutput)) meddling {
		return meddling{Client: client, public: change}
	}
	publicKey := func(key any) meddling {
		return public(func(out *kms.GetPublicKeyOutput) {
			der, err := x509.MarshalPKIXPublicKey(key)
			if err != nil {
				t.Error(err)
			}
			out.PublicKey = der
		})
	}
	for _, tt := range []struct {
		name   string
		client meddling
		want   error
		write  bool // an error when writing too
	}{
		{"secret of another key", derived(func(out *kms.DeriveSharedSecretOutput) { out.KeyId = &other }), crypt.ErrNoKey, true},
		{"secret of no key", derived(func(out *kms.DeriveSharedSecretOutput) { out.KeyId = nil }), crypt.ErrNoKey, true},
		{"short secret", derived(func(out *kms.DeriveSharedSecretOutput) { out.SharedSecret = out.SharedSecret[:31] }), keyring.ErrUnavailable, true},
		{"long secret", derived(func(out *kms.DeriveSharedSecretOutput) { out.SharedSecret = append(out.SharedSecret, 0) }), keyring.ErrUnavailable, true},
		{"no secret", derived(func(out *kms.DeriveSharedSecretOutput) { out.SharedSecret = nil }), keyring.ErrUnavailable, true},
		{"wrong secret", derived(func(out *kms.DeriveSharedSecretOutput) { out.SharedSecret[0] ^= 1 }), crypt.ErrVerify, false},
		{"public key of another key", public(func(out *kms.GetPublicKeyOutput) { out.KeyId = &other }), crypt.ErrNoKey, true},
		{"public key of no key", public(func(out *kms.GetPublicKeyOutput) { out.KeyId = nil }), crypt.ErrNoKey, true},
		{"public key for signing", public(func(out *kms.GetPublicKeyOutput) { out.KeyUsage = kmstypes.KeyUsageTypeSignVerify }), crypt.ErrConfig, true},
		{"public key that is noise", public(func(out *kms.GetPublicKeyOutput) { out.PublicKey = []byte("noise") }), crypt.ErrConfig, true},
		{"public key off the curve", public(func(out *kms.GetPublicKeyOutput) { out.PublicKey[len(out.PublicKey)-1] ^= 1 }), crypt.ErrConfig, true},
		{"public key on another curve", publicKey(ecdhKey(t, ecdh.P384()).PublicKey()), crypt.ErrConfig, true},
		{"public key on X25519", publicKey(ecdhKey(t, ecdh.X25519()).PublicKey()), crypt.ErrConfig, true},
		{"public key that is RSA", publicKey(&rsaKeys[0].PublicKey), crypt.ErrConfig, true},
	} {
		ring := kmsECDH(t, tt.client, arn, nil, peer)
		if got, err := ring.UnwrapKey(t.Context(), kc, keys); got != nil || !errors.Is(err, tt.want) {
			t.Errorf("UnwrapKey, %s: %v, %v, want %v", tt.name, got, err, tt.want)
		}
		if got, err := ring.WrapKey(t.Context(), kc, counting(32)); tt.write && (got != nil || !errors.Is(err, tt.want)) {
			t.Errorf("WrapKey, %s: %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
	var seen [][]byte
	spy := derived(func(out *kms.DeriveSharedSecretOutput) { seen = append(seen, out.SharedSecret) })
	ring := kmsECDH(t, spy, arn, own.PublicKey(), peer)
	mustUnwrapKey(t, ring, kc, mustWrapKey(t, ring, kc))
	if len(seen) != 2 || !bytes.Equal(seen[0], make([]byte, 32)) || !bytes.Equal(seen[1], make([]byte, 32)) {
		t.Error("a shared secret is still there")
	}

	disabled := kmsECDH(t, client, arn, own.PublicKey(), peer)
	if _, err := client.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: aws.String(arn)}); err != nil {
		t.Fatal(err)
	}
	if _, err := disabled.WrapKey(t.Context(), kc, counting(32)); !errors.Is(err, keyring.ErrKeyRefused) {
		t.Errorf("WrapKey with a disabled key: %v, want ErrKeyRefused", err)
	}
	if _, err := disabled.UnwrapKey(t.Context(), kc, keys); !errors.Is(err, keyring.ErrKeyRefused) || errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("UnwrapKey with a disabled key: %v, want ErrKeyRefused alone", err)
	}
}

// The sender of a discovered data key is whatever the item says. KMS isn't asked for
// what is no point on the curve.
func TestKMSECDHBadPoint(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn, b := ecInKMS(t, k, "ECC_NIST_P256", ecdh.P256())
	wrapped := mustWrapKey(t, ecdhRing(t)(keyring.NewRawECDHEphemeral(b.PublicKey())), someContext(t))
	reader := kmsECDHDiscovery(t, k.Client(region), arn, b.PublicKey())
	sender := 1 + 4 + 33 + 4
	for name, point := range map[string][]byte{
		"not compressed": append([]byte{4}, make([]byte, 32)...), "above the field": append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...),
		"not on the curve": append([]byte{2}, append(make([]byte, 31), 1)...), "zero": make([]byte, 33),
	} {
		keys := stored(wrapped)
		keys[0].ProviderInfo = append(bytes.Clone(keys[0].ProviderInfo[:sender]), point...)
		if got, err := reader.UnwrapKey(t.Context(), someContext(t), keys); got != nil || !errors.Is(err, crypt.ErrVerify) || len(k.Requests()) != 0 {
			t.Errorf("point %s: %v, %v after %d calls, want ErrVerify without one", name, got, err, len(k.Requests()))
		}
	}
}

func TestKMSECDHConfig(t *testing.T) {
	client := ddbenctest.NewKMS(t).Client(region)
	const arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	p256, p384, x := ecdhKey(t, ecdh.P256()).PublicKey(), ecdhKey(t, ecdh.P384()).PublicKey(), ecdhKey(t, ecdh.X25519()).PublicKey()
	for _, tt := range []struct {
		name      string
		client    keyring.KMSECDHClient
		arn       string
		own, peer *ecdh.PublicKey
		opts      []keyring.KMSKeyringOption
		text      string
	}{
		{"no client", nil, arn, nil, p256, nil, "client is nil"},
		{"nobody to write for", client, arn, p256, nil, nil, "other party is nil"},
		{"alias", client, "arn:aws:kms:us-west-2:111122223333:alias/x", nil, p256, nil, "alias"},
		{"key id", client, "1234abcd-12ab-34cd-56ef-1234567890ab", nil, p256, nil, "not the ARN"},
		{"two curves", client, arn, p256, p384, nil, "on P-256 and P-384"},
		{"another curve", client, arn, nil, x, nil, "want P-256, P-384 or P-521"},
		{"another curve of one's own", client, arn, x, p256, nil, "want P-256, P-384 or P-521"},
		{"grant token", client, arn, nil, p256, []keyring.KMSKeyringOption{keyring.WithGrantTokens("")}, "grant token"},
	} {
		k, err := keyring.NewKMSECDH(tt.client, tt.arn, tt.own, tt.peer, tt.opts...)
		if k != nil || !errors.Is(err, crypt.ErrConfig) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v, %v, want ErrConfig and %q", tt.name, k, err, tt.text)
		}
	}
	for name, open := range map[string]func() (*keyring.KMSECDH, error){
		"no client":     func() (*keyring.KMSECDH, error) { return keyring.NewKMSECDHDiscovery(nil, arn, nil) },
		"alias":         func() (*keyring.KMSECDH, error) { return keyring.NewKMSECDHDiscovery(client, "alias/x", nil) },
		"another curve": func() (*keyring.KMSECDH, error) { return keyring.NewKMSECDHDiscovery(client, arn, x) },
	} {
		if k, err := open(); k != nil || !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("discovery, %s: %v, %v, want ErrConfig", name, k, err)
		}
	}
}

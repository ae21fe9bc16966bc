package keyring_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// rsaInKMS puts one of rsaKeys into k.
func rsaInKMS(t testing.TB, k *ddbenctest.KMS, key *rsa.PrivateKey, of ddbenctest.KMSKey) (arn string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	of.Spec, of.Material = "RSA_2048", der
	return k.CreateKey(of)
}

func kmsRSA(t testing.TB, client keyring.KMSClient, arn string, p keyring.RSAPadding, pub crypto.PublicKey, opts ...keyring.KMSKeyringOption) *keyring.KMSRSA {
	t.Helper()
	k, err := keyring.NewKMSRSA(client, arn, p, pub, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKMSRSA(t *testing.T) {
	for p, algorithm := range map[keyring.RSAPadding]string{keyring.OAEPSHA1: "RSAES_OAEP_SHA_1", keyring.OAEPSHA256: "RSAES_OAEP_SHA_256"} {
		t.Run(algorithm, func(t *testing.T) {
			k := ddbenctest.NewKMS(t)
			arn := rsaInKMS(t, k, rsaKeys[0], ddbenctest.KMSKey{Region: "eu-central-1"})
			ring := kmsRSA(t, k.Client(region), arn, p, &rsaKeys[0].PublicKey, keyring.WithGrantTokens("token"))
			testKeyring(t, ring)

			kc := someContext(t)
			k.ForgetRequests()
			wrapped := mustWrapKey(t, ring, kc)
			if w := wrapped[0]; w.ProviderID != "aws-kms-rsa" || string(w.ProviderInfo) != arn || len(w.Ciphertext) != 48+256 {
				t.Errorf("data key of %q with info %q and ciphertext of %d bytes", w.ProviderID, w.ProviderInfo, len(w.Ciphertext))
			}
			mustUnwrapKey(t, ring, kc, wrapped)
			want := []ddbenctest.KMSRequest{{Operation: "Decrypt", Region: "eu-central-1", KeyID: arn, GrantTokens: []string{"token"}, Algorithm: algorithm}}
			if diff := cmp.Diff(want, requests(t, k)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			redacted(t, ring, "token")

			writer := kmsRSA(t, nil, arn, p, &rsaKeys[0].PublicKey)
			reader := kmsRSA(t, k.Client(region), arn, p, nil)
			mustUnwrapKey(t, reader, kc, mustWrapKey(t, writer, kc))
			if got, err := reader.WrapKey(t.Context(), kc, counting(32)); got != nil || !errors.Is(err, crypt.ErrNoKey) {
				t.Errorf("WrapKey without public key = %v, %v, want ErrNoKey", got, err)
			}
			if got, err := writer.UnwrapKey(t.Context(), kc, stored(wrapped)); got != nil || !errors.Is(err, crypt.ErrNoKey) {
				t.Errorf("UnwrapKey without client = %v, %v, want ErrNoKey", got, err)
			}
			other := keyring.OAEPSHA1 + keyring.OAEPSHA256 - p
			if got, err := kmsRSA(t, k.Client(region), arn, other, nil).UnwrapKey(t.Context(), kc, stored(wrapped)); got != nil || !errors.Is(err, crypt.ErrVerify) {
				t.Errorf("UnwrapKey with another padding = %v, %v, want ErrVerify", got, err)
			}
		})
	}
}

// The other clients take no items with a signature, so none are written.
func TestKMSRSASuite(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	ring := kmsRSA(t, k.Client(region), rsaInKMS(t, k, rsaKeys[0], ddbenctest.KMSKey{Region: region}), keyring.OAEPSHA256, &rsaKeys[0].PublicKey)
	keys := stored(mustWrapKey(t, ring, someContext(t)))
	signed, err := crypt.NewKeyContext(crypt.SuiteECDSA, map[string]string{"aws-crypto-table-name": "T", "aws-crypto-partition-name": "pk"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ring.WrapKey(t.Context(), signed, counting(32)); got != nil || !errors.Is(err, crypt.ErrUnsupported) {
		t.Errorf("WrapKey = %v, %v, want ErrUnsupported", got, err)
	}
	if got, err := ring.UnwrapKey(t.Context(), signed, keys); got != nil || !errors.Is(err, crypt.ErrUnsupported) || len(k.Requests()) != 0 {
		t.Errorf("UnwrapKey = %v, %v after %d calls, want ErrUnsupported without one", got, err, len(k.Requests()))
	}
}

func TestKMSRSAReplicas(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	us := rsaInKMS(t, k, rsaKeys[0], ddbenctest.KMSKey{ID: "mrk-1234abcd12ab34cd56ef1234567890ab", Region: region, Replicas: []string{"eu-west-1"}})
	eu := strings.Replace(us, region, "eu-west-1", 1)
	kc := someContext(t)
	wrapped := mustWrapKey(t, kmsRSA(t, nil, us, keyring.OAEPSHA256, &rsaKeys[0].PublicKey), kc)
	mustUnwrapKey(t, kmsRSA(t, k.Client(region), eu, keyring.OAEPSHA256, nil), kc, wrapped)
	if r := k.Requests(); len(r) != 1 || r[0].KeyID != eu || r[0].Region != "eu-west-1" {
		t.Errorf("requests %v, want one of the replica in eu-west-1", r)
	}
}

// KMS decrypts whatever was encrypted under the public key, by anyone: what isn't
// bound to the item is refused here.
func TestKMSRSABindsContext(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := rsaInKMS(t, k, rsaKeys[0], ddbenctest.KMSKey{Region: region})
	kc := someContext(t)
	wrapped := mustWrapKey(t, kmsRSA(t, nil, arn, keyring.OAEPSHA256, &rsaKeys[0].PublicKey), kc)
	encrypt := func(plaintext []byte) []crypt.EncryptedDataKey {
		ciphertext, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &rsaKeys[0].PublicKey, plaintext, nil)
		if err != nil {
			t.Fatal(err)
		}
		keys := stored(wrapped)
		keys[0].Ciphertext = append(bytes.Clone(keys[0].Ciphertext[:48]), ciphertext...)
		return keys
	}
	client := k.Client(region)
	wrongKey, wrongSize := "arn:aws:kms:us-west-2:111122223333:key/other", 79
	for name, tt := range map[string]struct {
		client keyring.KMSClient
		keys   []crypt.EncryptedDataKey
	}{
		"another digest":          {client, encrypt(make([]byte, 80))},
		"no digest":               {client, encrypt(make([]byte, 32))},
		"a byte less":             {client, encrypt(make([]byte, 79))},
		"nothing":                 {client, encrypt(nil)},
		"another key's answer":    {meddling{Client: client, decrypt: func(out *kms.DecryptOutput) { out.KeyId = &wrongKey }}, stored(wrapped)},
		"no key in the answer":    {meddling{Client: client, decrypt: func(out *kms.DecryptOutput) { out.KeyId = nil }}, stored(wrapped)},
		"a shorter answer":        {meddling{Client: client, decrypt: func(out *kms.DecryptOutput) { out.Plaintext = out.Plaintext[:wrongSize] }}, stored(wrapped)},
		"an answer with a change": {meddling{Client: client, decrypt: func(out *kms.DecryptOutput) { out.Plaintext[79] ^= 1 }}, stored(wrapped)},
	} {
		if got, err := kmsRSA(t, tt.client, arn, keyring.OAEPSHA256, nil).UnwrapKey(t.Context(), kc, tt.keys); got != nil || !errors.Is(err, crypt.ErrNoKey) {
			t.Errorf("%s: %v, %v, want ErrNoKey", name, got, err)
		}
	}
	var seen []byte
	spy := meddling{Client: client, decrypt: func(out *kms.DecryptOutput) { seen = out.Plaintext }}
	mustUnwrapKey(t, kmsRSA(t, spy, arn, keyring.OAEPSHA256, nil), kc, wrapped)
	if slices.ContainsFunc(seen, func(b byte) bool { return b != 0 }) {
		t.Error("the intermediate key is still there")
	}
}

func TestKMSRSAConfig(t *testing.T) {
	client := ddbenctest.NewKMS(t).Client(region)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	pub := &rsaKeys[0].PublicKey
	for _, tt := range []struct {
		name    string
		client  keyring.KMSClient
		arn     string
		padding keyring.RSAPadding
		pub     crypto.PublicKey
		opts    []keyring.KMSKeyringOption
		text    string
	}{
		{"neither", nil, arn, keyring.OAEPSHA256, nil, nil, "both nil"},
		{"alias", client, "arn:aws:kms:us-west-2:111122223333:alias/x", keyring.OAEPSHA256, pub, nil, "alias"},
		{"bare alias", client, "alias/x", keyring.OAEPSHA256, pub, nil, "not the ARN"},
		{"key id", client, "1234abcd-12ab-34cd-56ef-1234567890ab", keyring.OAEPSHA256, pub, nil, "not the ARN"},
		{"no padding", client, arn, 0, pub, nil, "no padding"},
		{"a padding of raw keys", client, arn, keyring.OAEPSHA384, pub, nil, "no padding"},
		{"an old padding", client, arn, keyring.PKCS1v15, pub, nil, "no padding"},
		{"small key", client, arn, keyring.OAEPSHA256, &small.PublicKey, nil, "1024 bits"},
		{"EC key", client, arn, keyring.OAEPSHA256, privateKey(t, "ec-pkcs8.pem").Public(), nil, "can't use a key"},
		{"grant token", client, arn, keyring.OAEPSHA256, pub, []keyring.KMSKeyringOption{keyring.WithGrantTokens("")}, "grant token"},
	} {
		if k, err := keyring.NewKMSRSA(tt.client, tt.arn, tt.padding, tt.pub, tt.opts...); k != nil || !errors.Is(err, crypt.ErrConfig) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v, %v, want ErrConfig and %q", tt.name, k, err, tt.text)
		}
	}
}

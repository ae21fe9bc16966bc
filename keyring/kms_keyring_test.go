package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// meddling is a KMS client that changes answers on their way.
type meddling struct {
	*kms.Client
	generate func(*kms.GenerateDataKeyOutput)
	decrypt  func(*kms.DecryptOutput)
	derive   func(*kms.DeriveSharedSecretOutput)
	public   func(*kms.GetPublicKeyOutput)
}

func meddle[T any](out T, err error, change func(T)) (T, error) {
	if err == nil && change != nil {
		change(out)
	}
	return out, err
}

func (m meddling) GenerateDataKey(ctx context.Context, in *kms.GenerateDataKeyInput, opts ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	out, err := m.Client.GenerateDataKey(ctx, in, opts...)
	return meddle(out, err, m.generate)
}

func (m meddling) Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	out, err := m.Client.Decrypt(ctx, in, opts...)
	return meddle(out, err, m.decrypt)
}

func (m meddling) DeriveSharedSecret(ctx context.Context, in *kms.DeriveSharedSecretInput, opts ...func(*kms.Options)) (*kms.DeriveSharedSecretOutput, error) {
	out, err := m.Client.DeriveSharedSecret(ctx, in, opts...)
	return meddle(out, err, m.derive)
}

func (m meddling) GetPublicKey(ctx context.Context, in *kms.GetPublicKeyInput, opts ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error) {
	out, err := m.Client.GetPublicKey(ctx, in, opts...)
	return meddle(out, err, m.public)
}

func kmsRing(t testing.TB, client keyring.KMSClient, arn string, opts ...keyring.KMSKeyringOption) *keyring.KMSKeyring {
	t.Helper()
	k, err := keyring.NewKMSKeyring(client, arn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustWrapKey(t testing.TB, k crypt.Keyring, kc *crypt.KeyContext) []crypt.WrappedKey {
	t.Helper()
	wrapped, err := k.WrapKey(t.Context(), kc, counting(crypt.DataKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return wrapped
}

// mustUnwrapKey checks that k unwraps what mustWrapKey wrapped.
func mustUnwrapKey(t testing.TB, k crypt.Keyring, kc *crypt.KeyContext, wrapped []crypt.WrappedKey) {
	t.Helper()
	got, err := k.UnwrapKey(t.Context(), kc, stored(wrapped))
	if err != nil || !bytes.Equal(got.DataKey, counting(crypt.DataKeySize)) {
		t.Fatalf("UnwrapKey: %v, or another data key", err)
	}
	if !slices.ContainsFunc(wrapped, func(w crypt.WrappedKey) bool { return bytes.Equal(w.MACKey, got.MACKey) }) {
		t.Error("UnwrapKey returned a MAC key that WrapKey didn't")
	}
}

// requests returns what k noted, without what differs from run to run.
func requests(t testing.TB, k *ddbenctest.KMS) []ddbenctest.KMSRequest {
	t.Helper()
	got := k.Requests()
	for i, r := range got {
		if !strings.Contains(r.UserAgent, "ddbenc/") {
			t.Errorf("%s has user agent %q, want ddbenc in it", r.Operation, r.UserAgent)
		}
		got[i].Time, got[i].UserAgent = time.Time{}, ""
	}
	return got
}

func redacted(t testing.TB, v slog.LogValuer, secret string) {
	t.Helper()
	if s := v.LogValue().String(); !strings.HasSuffix(s, "(REDACTED)") {
		t.Errorf("logs print %s", s)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		if s := fmt.Sprintf(verb, v); !strings.HasSuffix(s, "(REDACTED)") || strings.Contains(s, secret) {
			t.Errorf("%s prints %s", verb, s)
		}
	}
}

// One call to write and one to read, in the key's region, with the whole encryption
// context as a map.
func TestKMSKeyring(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: "eu-central-1"})
	ring := kmsRing(t, k.Client(region), arn, keyring.WithGrantTokens("one"), keyring.WithGrantTokens("two"))
	entries := map[string]string{"aws-crypto-table-name": "Täble", "aws-crypto-attr.pk": "AAFrZXk="}
	kc := keyContext(t, entries)
	wrapped := mustWrapKey(t, ring, kc)
	if len(wrapped) != 1 || wrapped[0].ProviderID != "aws-kms" || string(wrapped[0].ProviderInfo) != arn || len(wrapped[0].Ciphertext) <= 48 {
		t.Errorf("WrapKey = %v with info %q", wrapped, wrapped[0].ProviderInfo)
	}
	mustUnwrapKey(t, ring, kc, wrapped)
	want := []ddbenctest.KMSRequest{
		{Operation: "GenerateDataKey", Region: "eu-central-1", KeyID: arn, NumberOfBytes: 32, EncryptionContext: entries, GrantTokens: []string{"one", "two"}},
		{Operation: "Decrypt", Region: "eu-central-1", KeyID: arn, EncryptionContext: entries, GrantTokens: []string{"one", "two"}},
	}
	if diff := cmp.Diff(want, requests(t, k)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	redacted(t, ring, "two")
}

// Data keys of others before its own cost no call, and whatever is changed in its
// own is refused.
func TestKMSKeyringRefusals(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn, other := k.CreateKey(ddbenctest.KMSKey{Region: region}), k.CreateKey(ddbenctest.KMSKey{Region: region})
	ring := kmsRing(t, k.Client(region), arn)
	kc := someContext(t)
	wrapped := mustWrapKey(t, ring, kc)
	others := append(mustWrapKey(t, rawAES(t, "ns", "n", counting(32)), kc), mustWrapKey(t, kmsRing(t, k.Client(region), other), kc)...)
	k.ForgetRequests()
	mustUnwrapKey(t, ring, kc, append(others, wrapped...))
	if n := len(k.Requests()); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	change := func(fn func(*crypt.EncryptedDataKey)) []crypt.EncryptedDataKey {
		keys := stored(wrapped)
		keys[0].Ciphertext, keys[0].ProviderInfo = bytes.Clone(keys[0].Ciphertext), bytes.Clone(keys[0].ProviderInfo)
		fn(&keys[0])
		return keys
	}
	info := func(s string) []crypt.EncryptedDataKey {
		return change(func(e *crypt.EncryptedDataKey) { e.ProviderInfo = []byte(s) })
	}
	noKey, verify, malformed := []error{crypt.ErrNoKey}, []error{crypt.ErrNoKey, crypt.ErrVerify}, []error{crypt.ErrMalformed}
	type refusal struct {
		name  string
		keys  []crypt.EncryptedDataKey
		want  []error // all of these, and none of the others
		calls int
	}
	tests := []refusal{
		{"nothing", nil, noKey, 0},
		{"data keys of others", stored(others), noKey, 0},
		{"another provider", change(func(e *crypt.EncryptedDataKey) { e.ProviderID = "aws-kms-rsa" }), noKey, 0},
		{"another key's ARN", info(other), noKey, 0},
		{"ARN in another region", info(strings.Replace(arn, region, "eu-west-1", 1)), noKey, 0},
		{"ARN in capitals", info(strings.ToUpper(arn)), malformed, 0},
		{"no ARN", info(""), malformed, 0},
		{"key id", info(arn[strings.LastIndex(arn, "/")+1:]), malformed, 0},
		{"ARN of an alias", info("arn:aws:kms:us-west-2:111122223333:alias/records"), malformed, 0},
		{"ARN of something else", info("arn:aws:s3:::bucket"), malformed, 0},
		{"ARN that is not UTF-8", info("arn:aws:kms:us-west-2:111122223333:key/\xff"), malformed, 0},
		{"ARN with a line end", info("arn:aws:kms:us-west-2:111122223333:key/a\nlevel=ERROR"), malformed, 0},
		{"long ARN", info(arn + strings.Repeat("x", 2048)), malformed, 0},
		{"another KMS key's ciphertext", change(func(e *crypt.EncryptedDataKey) { e.Ciphertext = others[1].Ciphertext }), noKey, 1},
		{"nothing of KMS", change(func(e *crypt.EncryptedDataKey) { e.Ciphertext = e.Ciphertext[:48] }), verify, 0},
		{"more than KMS takes", change(func(e *crypt.EncryptedDataKey) { e.Ciphertext = append(e.Ciphertext, make([]byte, 6144)...) }), verify, 0},
		{"a byte more", change(func(e *crypt.EncryptedDataKey) { e.Ciphertext = append(e.Ciphertext, 0) }), verify, 1},
	}
	for _, n := range []int{0, 1, 47} {
		tests = append(tests, refusal{fmt.Sprintf("cut to %d bytes", n), change(func(e *crypt.EncryptedDataKey) { e.Ciphertext = e.Ciphertext[:n] }), verify, 0})
	}
	for _, n := range []int{0, 31, 32, 47, len(wrapped[0].Ciphertext) - 1} {
		tests = append(tests, refusal{fmt.Sprintf("byte %d flipped", n), change(func(e *crypt.EncryptedDataKey) { e.Ciphertext[n] ^= 1 }), verify, 1})
	}
	sentinels := []error{crypt.ErrNoKey, crypt.ErrVerify, crypt.ErrMalformed, keyring.ErrKeyRefused, keyring.ErrUnavailable, crypt.ErrConfig}
	for _, tt := range tests {
		k.ForgetRequests()
		got, err := ring.UnwrapKey(t.Context(), kc, tt.keys)
		if got != nil || err == nil {
			t.Errorf("%s: %v, %v, want an error", tt.name, got, err)
		}
		for _, sentinel := range sentinels {
			if want := slices.Contains(tt.want, sentinel); errors.Is(err, sentinel) != want {
				t.Errorf("%s: error %v wraps %v: %v, want %v", tt.name, err, sentinel, !want, want)
			}
		}
		if n := len(k.Requests()); n != tt.calls {
			t.Errorf("%s: %d calls, want %d", tt.name, n, tt.calls)
		}
	}
}

// An item of one replica is read with another one if that is allowed, and always
// with the key that is configured.
func TestKMSKeyringReplicas(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	us := k.CreateKey(ddbenctest.KMSKey{ID: "mrk-1234abcd12ab34cd56ef1234567890ab", Region: region, Replicas: []string{"eu-west-1"}})
	eu := strings.Replace(us, region, "eu-west-1", 1)
	kc := someContext(t)
	wrapped := mustWrapKey(t, kmsRing(t, k.Client(region), us), kc)
	if got, err := kmsRing(t, k.Client(region), eu).UnwrapKey(t.Context(), kc, stored(wrapped)); got != nil || !errors.Is(err, crypt.ErrNoKey) || errors.Is(err, crypt.ErrVerify) {
		t.Errorf("UnwrapKey with another replica = %v, %v, want ErrNoKey", got, err)
	}
	k.ForgetRequests()
	anyReplica := kmsRing(t, k.Client(region), eu, keyring.AnyReplica())
	mustUnwrapKey(t, anyReplica, kc, wrapped)
	if r := k.Requests(); len(r) != 1 || r[0].KeyID != eu || r[0].Region != "eu-west-1" {
		t.Errorf("requests %v, want one in eu-west-1", r)
	}
	mustUnwrapKey(t, kmsRing(t, k.Client(region), us, keyring.AnyReplica()), kc, mustWrapKey(t, anyReplica, kc))

	single := k.CreateKey(ddbenctest.KMSKey{Region: region})
	keys := stored(mustWrapKey(t, kmsRing(t, k.Client(region), single), kc))
	keys[0].ProviderInfo = []byte(strings.Replace(single, region, "eu-west-1", 1))
	if got, err := kmsRing(t, k.Client(region), single, keyring.AnyReplica()).UnwrapKey(t.Context(), kc, keys); got != nil || !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("UnwrapKey of a single-Region key's ARN in another region = %v, %v, want ErrNoKey", got, err)
	}
}

// A key may have any of its names where it only writes.
func TestKMSWriteOnly(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region, Aliases: []string{"alias/records"}})
	id := arn[strings.LastIndex(arn, "/")+1:]
	kc := someContext(t)
	for _, name := range []string{arn, id, "alias/records", strings.Replace(arn, "key/"+id, "alias/records", 1)} {
		ring, err := keyring.NewKMSWriteOnly(k.Client(region), name, keyring.WithGrantTokens("token"))
		if err != nil {
			t.Errorf("NewKMSWriteOnly(%q): %v", name, err)
			continue
		}
		k.ForgetRequests()
		wrapped := mustWrapKey(t, ring, kc)
		if r := k.Requests(); len(r) != 1 || r[0].KeyID != name || r[0].Region != region || !slices.Equal(r[0].GrantTokens, []string{"token"}) {
			t.Errorf("%s: requests %v", name, r)
		}
		mustUnwrapKey(t, kmsRing(t, k.Client(region), arn), kc, wrapped)
		redacted(t, ring, "token")

		k.ForgetRequests()
		if got, err := ring.UnwrapKey(t.Context(), kc, stored(wrapped)); got != nil || !errors.Is(err, crypt.ErrNoKey) || len(k.Requests()) != 0 {
			t.Errorf("%s: UnwrapKey = %v, %v after %d calls, want ErrNoKey without one", name, got, err, len(k.Requests()))
		}
	}
}

// What KMS, or what stands between, answers wrongly is not used.
func TestKMSKeyringHostileService(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	client := k.Client(region)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region, Aliases: []string{"alias/records"}})
	id := arn[strings.LastIndex(arn, "/")+1:]
	alias := strings.Replace(arn, "key/"+id, "alias/records", 1)
	other := k.CreateKey(ddbenctest.KMSKey{Region: region})
	elsewhere := strings.Replace(arn, region, "eu-west-1", 1)
	kc := someContext(t)
	wrapped := stored(mustWrapKey(t, kmsRing(t, client, arn), kc))

	generated := func(change func(*kms.GenerateDataKeyOutput)) keyring.KMSClient {
		return meddling{Client: client, generate: change}
	}
	decrypted := func(change func(*kms.DecryptOutput)) keyring.KMSClient {
		return meddling{Client: client, decrypt: change}
	}
	answerFor := func(arn *string) keyring.KMSClient {
		return meddling{Client: client,
			generate: func(out *kms.GenerateDataKeyOutput) { out.KeyId = arn },
			decrypt:  func(out *kms.DecryptOutput) { out.KeyId = arn },
		}
	}
	writeOnly := func(client keyring.KMSClient, name string) *keyring.KMSKeyring {
		ring, err := keyring.NewKMSWriteOnly(client, name)
		if err != nil {
			t.Fatal(err)
		}
		return ring
	}
	for _, tt := range []struct {
		name string
		ring *keyring.KMSKeyring
		want error
	}{
		{"another key", kmsRing(t, answerFor(&other), arn), crypt.ErrNoKey},
		{"another region", kmsRing(t, answerFor(&elsewhere), arn), crypt.ErrNoKey},
		{"no key", kmsRing(t, answerFor(nil), arn), crypt.ErrNoKey},
		{"key id", kmsRing(t, answerFor(&id), arn), crypt.ErrNoKey},
		{"alias", writeOnly(answerFor(&alias), alias), crypt.ErrNoKey},
		{"another key for an id", writeOnly(answerFor(&other), id), crypt.ErrNoKey},
		{"another region for an alias", writeOnly(answerFor(&elsewhere), alias), crypt.ErrNoKey},
		{"no ARN for an alias", writeOnly(answerFor(aws.String("x")), "alias/records"), crypt.ErrNoKey},
		{"long ARN", kmsRing(t, answerFor(aws.String(arn+strings.Repeat("x", 1<<16))), arn), crypt.ErrNoKey},
		{"short data key", kmsRing(t, generated(func(out *kms.GenerateDataKeyOutput) { out.Plaintext = out.Plaintext[:31] }), arn), keyring.ErrUnavailable},
		{"long data key", kmsRing(t, generated(func(out *kms.GenerateDataKeyOutput) { out.Plaintext = append(out.Plaintext, 0) }), arn), keyring.ErrUnavailable},
		{"no data key", kmsRing(t, generated(func(out *kms.GenerateDataKeyOutput) { out.Plaintext = nil }), arn), keyring.ErrUnavailable},
		{"no ciphertext", kmsRing(t, generated(func(out *kms.GenerateDataKeyOutput) { out.CiphertextBlob = nil }), arn), keyring.ErrUnavailable},
		{"long ciphertext", kmsRing(t, generated(func(out *kms.GenerateDataKeyOutput) { out.CiphertextBlob = make([]byte, 6145) }), arn), keyring.ErrUnavailable},
	} {
		if got, err := tt.ring.WrapKey(t.Context(), kc, counting(32)); got != nil || !errors.Is(err, tt.want) {
			t.Errorf("WrapKey, %s: %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
	for name, client := range map[string]keyring.KMSClient{
		"another key":    answerFor(&other),
		"another region": answerFor(&elsewhere),
		"no key":         answerFor(nil),
		"key id":         answerFor(&id),
		"alias":          answerFor(&alias),
		"short key":      decrypted(func(out *kms.DecryptOutput) { out.Plaintext = out.Plaintext[:31] }),
		"long key":       decrypted(func(out *kms.DecryptOutput) { out.Plaintext = append(out.Plaintext, 0) }),
		"no key at all":  decrypted(func(out *kms.DecryptOutput) { out.Plaintext = nil }),
		"wrong key":      decrypted(func(out *kms.DecryptOutput) { out.Plaintext[0] ^= 1 }),
	} {
		if got, err := kmsRing(t, client, arn).UnwrapKey(t.Context(), kc, wrapped); got != nil || !errors.Is(err, crypt.ErrNoKey) {
			t.Errorf("UnwrapKey, %s: %v, %v, want ErrNoKey", name, got, err)
		}
	}
}

// The intermediate key is overwritten when it has been used, in whatever way.
func TestKMSKeyringClears(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	var seen [][]byte
	spy := meddling{Client: k.Client(region),
		generate: func(out *kms.GenerateDataKeyOutput) { seen = append(seen, out.Plaintext) },
		decrypt:  func(out *kms.DecryptOutput) { seen = append(seen, out.Plaintext) },
	}
	kc := someContext(t)
	ring := kmsRing(t, spy, arn)
	wrapped := mustWrapKey(t, ring, kc)
	mustUnwrapKey(t, ring, kc, wrapped)
	keys := stored(wrapped)
	keys[0].Ciphertext = bytes.Clone(keys[0].Ciphertext)
	keys[0].Ciphertext[0] ^= 1
	if _, err := ring.UnwrapKey(t.Context(), kc, keys); err == nil {
		t.Error("UnwrapKey of a changed data key: no error")
	}
	spy.decrypt = func(out *kms.DecryptOutput) { seen, out.KeyId = append(seen, out.Plaintext), nil }
	if _, err := kmsRing(t, spy, arn).UnwrapKey(t.Context(), kc, stored(wrapped)); err == nil {
		t.Error("UnwrapKey with another key in the answer: no error")
	}
	if len(seen) != 4 {
		t.Fatalf("%d keys seen, want 4", len(seen))
	}
	for i, key := range seen {
		if !bytes.Equal(key, make([]byte, 32)) {
			t.Errorf("key %d is still there", i)
		}
	}
}

// A KMS that doesn't give a key is told apart from an item that isn't for it.
func TestKMSKeyringFaults(t *testing.T) {
	for _, tt := range kmsFaults {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // the SDK waits before it tries again
			k := ddbenctest.NewKMS(t)
			arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
			ring := kmsRing(t, k.Client(region), arn)
			discovery, err := keyring.NewKMSDiscoveryKeyring(k.Client(region), region, ours)
			if err != nil {
				t.Fatal(err)
			}
			kc := someContext(t)
			wrapped := stored(mustWrapKey(t, ring, kc))
			tt.spoil(t, k, arn)
			check := func(what string, err error) {
				t.Helper()
				for _, sentinel := range []error{keyring.ErrKeyRefused, keyring.ErrUnavailable, crypt.ErrNoKey, crypt.ErrVerify} {
					if want := sentinel == tt.want; errors.Is(err, sentinel) != want {
						t.Errorf("%s: error %v wraps %v: %v, want %v", what, err, sentinel, !want, want)
					}
				}
				var api smithy.APIError
				if tt.code != "" && (!errors.As(err, &api) || api.ErrorCode() != tt.code) {
					t.Errorf("%s: the error of KMS is not to be had from %v", what, err)
				}
			}
			_, err = ring.UnwrapKey(t.Context(), kc, wrapped)
			check("UnwrapKey", err)
			if tt.want == nil {
				return
			}
			_, err = ring.WrapKey(t.Context(), kc, counting(32))
			check("WrapKey", err)
			_, err = discovery.UnwrapKey(t.Context(), kc, wrapped)
			check("UnwrapKey by discovery", err)
		})
	}
}

func TestKMSKeyringContextEnds(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	ring := kmsRing(t, k.Client(region), arn)
	kc := someContext(t)
	keys := stored(mustWrapKey(t, ring, kc))
	keys = append(keys, keys...)
	k.Fault(ddbenctest.KMSFault{Times: -1, Latency: time.Minute})
	reason := errors.New("the user went away")
	for name, call := range map[string]func(context.Context) error{
		"WrapKey":   func(ctx context.Context) error { _, err := ring.WrapKey(ctx, kc, counting(32)); return err },
		"UnwrapKey": func(ctx context.Context) error { _, err := ring.UnwrapKey(ctx, kc, keys); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, keyring.ErrUnavailable) {
			t.Errorf("%s: error %v, want DeadlineExceeded", name, err)
		}
		cancel()
		ended, stop := context.WithCancelCause(t.Context())
		stop(reason)
		if err := call(ended); !errors.Is(err, context.Canceled) || !errors.Is(err, reason) || errors.Is(err, crypt.ErrNoKey) {
			t.Errorf("%s: error %v, want Canceled and the reason", name, err)
		}
	}
}

// A data key that can't be decrypted says nothing of those that were not tried, since
// the context ended.
func TestKMSKeyringContextEndsBetweenDataKeys(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	kc := someContext(t)
	keys := stored(mustWrapKey(t, kmsRing(t, k.Client(region), arn), kc))
	keys = append(keys, keys...)
	for _, tt := range []struct {
		name string
		keys []crypt.EncryptedDataKey
		want error
	}{
		{"the last one", keys[:1], crypt.ErrVerify},
		{"one more", keys, context.Canceled},
	} {
		ctx, stop := context.WithCancel(t.Context())
		calls := 0
		ring := kmsRing(t, meddling{Client: k.Client(region), decrypt: func(out *kms.DecryptOutput) {
			calls++
			stop()
			out.Plaintext[0] ^= 1
		}}, arn)
		_, err := ring.UnwrapKey(ctx, kc, tt.keys)
		for _, sentinel := range []error{crypt.ErrVerify, crypt.ErrNoKey, context.Canceled} {
			want := sentinel == tt.want || sentinel == crypt.ErrNoKey && tt.want == crypt.ErrVerify
			if errors.Is(err, sentinel) != want {
				t.Errorf("%s: error %v wraps %v: %v, want %v", tt.name, err, sentinel, !want, want)
			}
		}
		if calls != 1 {
			t.Errorf("%s: %d calls, want 1", tt.name, calls)
		}
		stop()
	}
}

func TestKMSKeyringConfig(t *testing.T) {
	client := ddbenctest.NewKMS(t).Client(region)
	const arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	for _, tt := range []struct {
		name   string
		client keyring.KMSClient
		id     string
		opts   []keyring.KMSKeyringOption
		writes bool // an error of NewKMSWriteOnly too
	}{
		{"no client", nil, arn, nil, true},
		{"no name", client, "", nil, true},
		{"key id", client, "1234abcd-12ab-34cd-56ef-1234567890ab", nil, false},
		{"multi-Region key id", client, "mrk-1234abcd12ab34cd56ef1234567890ab", nil, false},
		{"alias", client, "alias/records", nil, false},
		{"ARN of an alias", client, "arn:aws:kms:us-west-2:111122223333:alias/records", nil, false},
		{"ARN of a table", client, "arn:aws:dynamodb:us-west-2:111122223333:table/x", nil, true},
		{"ARN without account", client, "arn:aws:kms:us-west-2::key/x", nil, true},
		{"ARN without id", client, "arn:aws:kms:us-west-2:111122223333:key/", nil, true},
		{"ARN and more", client, arn + ":x", nil, true},
		{"long ARN", client, arn + strings.Repeat("a", 2048), nil, true},
		{"eleven grant tokens", client, arn, []keyring.KMSKeyringOption{keyring.WithGrantTokens(strings.Split("abcdefghijk", "")...)}, true},
		{"empty grant token", client, arn, []keyring.KMSKeyringOption{keyring.WithGrantTokens("")}, true},
		{"long grant token", client, arn, []keyring.KMSKeyringOption{keyring.WithGrantTokens(strings.Repeat("g", 8193))}, true},
	} {
		if k, err := keyring.NewKMSKeyring(tt.client, tt.id, tt.opts...); k != nil || !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("NewKMSKeyring, %s: %v, %v, want ErrConfig", tt.name, k, err)
		}
		if k, err := keyring.NewKMSWriteOnly(tt.client, tt.id, tt.opts...); (err != nil) != tt.writes || err != nil && (k != nil || !errors.Is(err, crypt.ErrConfig)) {
			t.Errorf("NewKMSWriteOnly, %s: %v, %v, want ErrConfig: %v", tt.name, k, err, tt.writes)
		}
	}
	if _, err := keyring.NewKMSKeyring(client, arn, keyring.WithGrantTokens(strings.Split("abcdefghij", "")...)); err != nil {
		t.Errorf("ten grant tokens: %v", err)
	}
	if _, err := keyring.NewKMS(client, arn, keyring.WithGrantTokens("")); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("NewKMS with an empty grant token: %v, want ErrConfig", err)
	}
}

// One data key that can't be decrypted is no reason not to try the next one, and if
// none can, all reasons are told.
func TestKMSKeyringSeveralDataKeys(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	ring := kmsRing(t, k.Client(region), arn)
	kc := someContext(t)
	good := mustWrapKey(t, ring, kc)
	bad := mustWrapKey(t, ring, keyContext(t, map[string]string{"a": "b"}))
	mustUnwrapKey(t, ring, kc, []crypt.WrappedKey{bad[0], good[0]})

	k.ForgetRequests()
	k.Fault(ddbenctest.KMSFault{Code: ddbenctest.FaultAccessDenied, Skip: 1})
	_, err := ring.UnwrapKey(t.Context(), kc, []crypt.EncryptedDataKey{bad[0].EncryptedDataKey, good[0].EncryptedDataKey})
	var invalid *kmstypes.InvalidCiphertextException
	if !errors.Is(err, crypt.ErrVerify) || !errors.Is(err, keyring.ErrKeyRefused) || !errors.As(err, &invalid) || len(k.Requests()) != 2 {
		t.Errorf("UnwrapKey after %d calls: %v, want ErrVerify and ErrKeyRefused after 2", len(k.Requests()), err)
	}
}

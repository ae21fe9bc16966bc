package keyring_test

import (
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

const account = "111122223333" // of the keys in a ddbenctest.KMS

var (
	ours   = keyring.DiscoveryFilter{Partition: "aws", Accounts: []string{account}}
	anyKey = keyring.DiscoveryFilter{DangerouslyAllowAnyKey: true}
)

func discovery(t testing.TB, client keyring.KMSClient, region string, f keyring.DiscoveryFilter, opts ...keyring.KMSKeyringOption) *keyring.KMSDiscoveryKeyring {
	t.Helper()
	k, err := keyring.NewKMSDiscoveryKeyring(client, region, f, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// supply returns the clients of a KMS.
func supply(k *ddbenctest.KMS) keyring.KMSClients {
	return func(region string) (keyring.KMSClient, error) { return k.Client(region), nil }
}

func TestKMSDiscovery(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	kc := someContext(t)
	wrapped := mustWrapKey(t, kmsRing(t, k.Client(region), arn), kc)
	ring := discovery(t, k.Client(region), region, ours, keyring.WithGrantTokens("token"))
	k.ForgetRequests()
	// The info of a raw key is binary, which is nobody's business here.
	mustUnwrapKey(t, ring, kc, append(mustWrapKey(t, rawAES(t, "ns", "n", counting(32)), kc), wrapped...))
	want := []ddbenctest.KMSRequest{{Operation: "Decrypt", Region: region, KeyID: arn, EncryptionContext: kc.Map(), GrantTokens: []string{"token"}}}
	if diff := cmp.Diff(want, requests(t, k)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if got, err := ring.WrapKey(t.Context(), kc, counting(32)); got != nil || !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("WrapKey = %v, %v, want ErrNoKey", got, err)
	}
	redacted(t, ring, "token")

	keys := stored(wrapped)
	keys[0].ProviderInfo = []byte("arn:aws:kms:us-west-2:111122223333:alias/records")
	if got, err := ring.UnwrapKey(t.Context(), kc, keys); got != nil || !errors.Is(err, crypt.ErrMalformed) {
		t.Errorf("UnwrapKey of an alias = %v, %v, want ErrMalformed", got, err)
	}
	hostile := discovery(t, meddling{Client: k.Client(region), decrypt: func(out *kms.DecryptOutput) { out.KeyId = nil }}, region, ours)
	if got, err := hostile.UnwrapKey(t.Context(), kc, stored(wrapped)); got != nil || !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("UnwrapKey with no key in the answer = %v, %v, want ErrNoKey", got, err)
	}
}

// Only keys that the filter allows are asked for, with any number of accounts.
func TestKMSDiscoveryFilter(t *testing.T) {
	const key = "arn:%p:kms:us-west-2:%a:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	arn := func(partition, account string) string {
		return strings.NewReplacer("%p", partition, "%a", account).Replace(key)
	}
	for _, tt := range []struct {
		name   string
		filter keyring.DiscoveryFilter
		want   []string // accounts of partition "aws"
	}{
		{"one account", keyring.DiscoveryFilter{Partition: "aws", Accounts: []string{"1"}}, []string{"1"}},
		{"two accounts", keyring.DiscoveryFilter{Partition: "aws", Accounts: []string{"2", "1"}}, []string{"1", "2"}},
		{"three accounts", keyring.DiscoveryFilter{Partition: "aws", Accounts: []string{"3", "4", "2"}}, []string{"2", "3"}},
		{"another account", keyring.DiscoveryFilter{Partition: "aws", Accounts: []string{"4"}}, nil},
		{"another partition", keyring.DiscoveryFilter{Partition: "aws-cn", Accounts: []string{"1", "2", "3"}}, nil},
		{"any", anyKey, []string{"1", "2", "3"}},
	} {
		var got []string
		for _, account := range []string{"1", "2", "3"} {
			fake := &fakeKMS{plaintext: counting(32), blob: []byte("blob"), arn: arn("aws", account)}
			kc := someContext(t)
			wrapped := mustWrapKey(t, kmsRing(t, fake, fake.arn), kc)
			fake.requests = nil
			unwrapped, err := discovery(t, fake, region, tt.filter).UnwrapKey(t.Context(), kc, stored(wrapped))
			switch {
			case unwrapped != nil && len(fake.requests) == 1:
				got = append(got, account)
			case !errors.Is(err, crypt.ErrNoKey) || len(fake.requests) != 0:
				t.Errorf("%s: account %s: error %v after %d calls, want ErrNoKey without one", tt.name, account, err, len(fake.requests))
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: read items of accounts %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestKMSDiscoveryReplicas(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	us := k.CreateKey(ddbenctest.KMSKey{ID: "mrk-1234abcd12ab34cd56ef1234567890ab", Region: region, Replicas: []string{"eu-west-1"}})
	single := k.CreateKey(ddbenctest.KMSKey{Region: region})
	kc := someContext(t)
	ofReplica, ofSingle := mustWrapKey(t, kmsRing(t, k.Client(region), us), kc), mustWrapKey(t, kmsRing(t, k.Client(region), single), kc)
	plain, anyReplica := discovery(t, k.Client("eu-west-1"), "eu-west-1", ours), discovery(t, k.Client("eu-west-1"), "eu-west-1", ours, keyring.AnyReplica())
	k.ForgetRequests()
	for name, call := range map[string]func() (*crypt.UnwrappedKey, error){
		"a replica":                      func() (*crypt.UnwrappedKey, error) { return plain.UnwrapKey(t.Context(), kc, stored(ofReplica)) },
		"a key elsewhere":                func() (*crypt.UnwrappedKey, error) { return plain.UnwrapKey(t.Context(), kc, stored(ofSingle)) },
		"a key elsewhere, with replicas": func() (*crypt.UnwrappedKey, error) { return anyReplica.UnwrapKey(t.Context(), kc, stored(ofSingle)) },
	} {
		if got, err := call(); got != nil || !errors.Is(err, crypt.ErrNoKey) || len(k.Requests()) != 0 {
			t.Errorf("%s: %v, %v after %d calls, want ErrNoKey without one", name, got, err, len(k.Requests()))
		}
	}
	mustUnwrapKey(t, anyReplica, kc, append(ofSingle, ofReplica...))
	if r := k.Requests(); len(r) != 1 || r[0].KeyID != strings.Replace(us, region, "eu-west-1", 1) || r[0].Region != "eu-west-1" {
		t.Errorf("requests %v, want one of the replica in eu-west-1", r)
	}
	mustUnwrapKey(t, discovery(t, k.Client(region), region, ours, keyring.AnyReplica()), kc, ofReplica)
}

func TestKMSMulti(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	us, eu := k.CreateKey(ddbenctest.KMSKey{Region: region}), k.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"})
	asked := map[string]int{}
	clients := func(region string) (keyring.KMSClient, error) {
		asked[region]++
		return k.Client(region), nil
	}
	second := k.CreateKey(ddbenctest.KMSKey{Region: region})
	ring, err := keyring.NewKMSMulti(clients, []string{us, eu, second}, keyring.WithGrantTokens("token"))
	if err != nil {
		t.Fatal(err)
	}
	if asked[region] != 1 || asked["eu-west-1"] != 1 {
		t.Errorf("clients were asked for %v, want each region once", asked)
	}
	kc := someContext(t)
	wrapped := mustWrapKey(t, ring, kc)
	want := []ddbenctest.KMSRequest{
		{Operation: "GenerateDataKey", Region: region, KeyID: us, NumberOfBytes: 32, EncryptionContext: kc.Map(), GrantTokens: []string{"token"}},
		{Operation: "GenerateDataKey", Region: "eu-west-1", KeyID: eu, NumberOfBytes: 32, EncryptionContext: kc.Map(), GrantTokens: []string{"token"}},
		{Operation: "GenerateDataKey", Region: region, KeyID: second, NumberOfBytes: 32, EncryptionContext: kc.Map(), GrantTokens: []string{"token"}},
	}
	if diff := cmp.Diff(want, requests(t, k)); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for i, arn := range []string{us, eu, second} {
		if got := string(wrapped[i].ProviderInfo); got != arn {
			t.Errorf("data key %d is of %s, want %s", i, got, arn)
		}
		mustUnwrapKey(t, kmsRing(t, k.Client(region), arn), kc, wrapped)
		mustUnwrapKey(t, ring, kc, wrapped[i:i+1])
	}

	// A region that is down doesn't matter to a reader, but to a writer.
	k.Fault(ddbenctest.KMSFault{Times: -1, Region: region, Code: ddbenctest.FaultAccessDenied})
	mustUnwrapKey(t, ring, kc, wrapped)
	if got, err := ring.WrapKey(t.Context(), kc, counting(32)); got != nil || !errors.Is(err, keyring.ErrKeyRefused) {
		t.Errorf("WrapKey with a region down = %v, %v, want ErrKeyRefused", got, err)
	}
	// That the other keys have nothing to do with an item doesn't mean that no
	// key has.
	if got, err := ring.UnwrapKey(t.Context(), kc, stored(wrapped[:1])); got != nil || !errors.Is(err, keyring.ErrKeyRefused) || errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("UnwrapKey of the region that is down = %v, %v, want ErrKeyRefused alone", got, err)
	}
}

func TestKMSDiscoveryMulti(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	mrk := k.CreateKey(ddbenctest.KMSKey{ID: "mrk-1234abcd12ab34cd56ef1234567890ab", Region: "us-east-1", Replicas: []string{"eu-west-1"}})
	us, eu, ap := k.CreateKey(ddbenctest.KMSKey{Region: region}), k.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1"}), k.CreateKey(ddbenctest.KMSKey{Region: "ap-south-1"})
	ring, err := keyring.NewKMSDiscoveryMulti(supply(k), []string{region, "eu-west-1"}, ours, keyring.AnyReplica())
	if err != nil {
		t.Fatal(err)
	}
	kc := someContext(t)
	for arn, wantRegion := range map[string]string{us: region, eu: "eu-west-1", mrk: "eu-west-1", ap: ""} {
		wrapped := mustWrapKey(t, kmsRing(t, k.Client(region), arn), kc)
		k.ForgetRequests()
		if wantRegion == "" {
			if got, err := ring.UnwrapKey(t.Context(), kc, stored(wrapped)); got != nil || !errors.Is(err, crypt.ErrNoKey) || len(k.Requests()) != 0 {
				t.Errorf("a region that isn't named: %v, %v after %d calls, want ErrNoKey without one", got, err, len(k.Requests()))
			}
			continue
		}
		if arn == mrk { // a replica in us-west-2 is asked for first, and isn't there
			if got, err := ring.UnwrapKey(t.Context(), kc, stored(wrapped)); err != nil || got == nil {
				t.Errorf("multi-Region key: %v", err)
			}
			r := k.Requests()
			if len(r) != 2 || r[0].Region != region || r[0].Error != "NotFoundException" || r[1].Region != "eu-west-1" {
				t.Errorf("multi-Region key: requests %v", r)
			}
			continue
		}
		mustUnwrapKey(t, ring, kc, wrapped)
		if r := k.Requests(); len(r) != 1 || r[0].KeyID != arn || r[0].Region != wantRegion {
			t.Errorf("%s: requests %v, want one in %s", arn, r, wantRegion)
		}
	}
	if got, err := ring.WrapKey(t.Context(), kc, counting(32)); got != nil || !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("WrapKey = %v, %v, want ErrNoKey", got, err)
	}
}

func TestKMSMultiConfig(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	const (
		arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
		mrk = "arn:aws:kms:us-west-2:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
		far = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
	)
	down := errors.New("no such region")
	multi := func(clients keyring.KMSClients, arns []string, opts ...keyring.KMSKeyringOption) error {
		_, err := keyring.NewKMSMulti(clients, arns, opts...)
		return err
	}
	discover := func(clients keyring.KMSClients, regions []string, f keyring.DiscoveryFilter, opts ...keyring.KMSKeyringOption) error {
		_, err := keyring.NewKMSDiscoveryMulti(clients, regions, f, opts...)
		return err
	}
	one := func(client keyring.KMSClient, region string, f keyring.DiscoveryFilter, opts ...keyring.KMSKeyringOption) error {
		_, err := keyring.NewKMSDiscoveryKeyring(client, region, f, opts...)
		return err
	}
	fails := func(string) (keyring.KMSClient, error) { return nil, down }
	none := func(string) (keyring.KMSClient, error) { return nil, nil }
	same := func(string) (keyring.KMSClient, error) { return k.Client(region), nil }
	for _, tt := range []struct {
		name string
		err  error
		text string
	}{
		{"no keys", multi(supply(k), nil), "no KMS key"},
		{"an empty key", multi(supply(k), []string{arn, ""}), "not the ARN"},
		{"an alias", multi(supply(k), []string{"arn:aws:kms:us-west-2:111122223333:alias/x"}), "alias"},
		{"no clients", multi(nil, []string{arn}), "clients are nil"},
		{"no client", multi(none, []string{arn}), "client is nil"},
		{"no such client", multi(fails, []string{arn}), "no such region"},
		{"two replicas", multi(supply(k), []string{mrk, arn, far}, keyring.AnyReplica()), "replicas of one"},
		{"a multi-Region key twice", multi(supply(k), []string{mrk, mrk}, keyring.AnyReplica()), "replicas of one"},
		{"a grant token", multi(supply(k), []string{arn}, keyring.WithGrantTokens("")), "grant token"},
		{"no regions", discover(supply(k), nil, ours), "no region"},
		{"an empty region", discover(supply(k), []string{region, ""}, ours), "region is empty"},
		{"no such client for discovery", discover(fails, []string{region}, ours), "no such region"},
		{"another region's client", discover(same, []string{region, "eu-west-1"}, ours), `of region "us-west-2", want "eu-west-1"`},
		{"no filter", discover(supply(k), []string{region}, keyring.DiscoveryFilter{}), "filter"},
		{"one: no client", one(nil, region, ours), "client is nil"},
		{"one: no region", one(k.Client(region), "", ours), "region is empty"},
		{"one: another region", one(k.Client(region), "eu-west-1", ours), "of region"},
		{"one: another region, with replicas", one(k.Client(region), "eu-west-1", ours, keyring.AnyReplica()), "of region"},
		{"one: no filter", one(k.Client(region), region, keyring.DiscoveryFilter{}), "filter"},
		{"one: no partition", one(k.Client(region), region, keyring.DiscoveryFilter{Accounts: []string{account}}), "filter"},
		{"one: no account", one(k.Client(region), region, keyring.DiscoveryFilter{Partition: "aws"}), "filter"},
		{"one: an empty account", one(k.Client(region), region, keyring.DiscoveryFilter{Partition: "aws", Accounts: []string{account, ""}}), "filter"},
		{"one: any key and some", one(k.Client(region), region, keyring.DiscoveryFilter{Partition: "aws", Accounts: []string{account}, DangerouslyAllowAnyKey: true}), "filter"},
		{"one: a grant token", one(k.Client(region), region, ours, keyring.WithGrantTokens("")), "grant token"},
	} {
		if !errors.Is(tt.err, crypt.ErrConfig) || !strings.Contains(tt.err.Error(), tt.text) {
			t.Errorf("%s: error %v, want ErrConfig and %q", tt.name, tt.err, tt.text)
		}
	}
	if err := multi(fails, []string{arn}); !errors.Is(err, down) {
		t.Errorf("error %v, want that of the clients", err)
	}
	if err := multi(supply(k), []string{mrk, far}); err != nil {
		t.Errorf("two replicas as two keys: %v", err)
	}
}

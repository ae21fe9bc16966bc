package interop

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
	"github.com/ddbenc/ddbenc/keyring"
)

// A storeRequest is a request of the peer's verb keystore.
type storeRequest struct {
	Name      string              `json:"name"`
	Operation string              `json:"operation"`
	Store     *dbesdkvec.KeyStore `json:"key_store"`
	ID        string              `json:"branch_key_id,omitempty"`
	Version   string              `json:"version,omitempty"`
	Context   map[string]string   `json:"encryption_context,omitempty"`
}

type storeResult struct {
	ID      string            `json:"branch_key_id"`
	Version string            `json:"version"`
	Key     []byte            `json:"key_b64"`
	Context map[string]string `json:"encryption_context"`
	Error   string            `json:"error"`
}

// keystore has the peer's client carry out requests to key stores.
func (p *dbesdkPeer) keystore(t *testing.T, requests ...storeRequest) []storeResult {
	t.Helper()
	var out []storeResult
	p.run(t, "keystore", requests, &out)
	if len(out) != len(requests) {
		t.Fatalf("%s answers %d requests of %d", p.client, len(out), len(requests))
	}
	for i, r := range out {
		if r.Error != "" {
			t.Fatalf("%s: %s %q: %s", p.client, requests[i].Operation, requests[i].ID, r.Error)
		}
	}
	return out
}

// engineClient returns a DynamoDB client of an engine.
func engineClient(url string, opts ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: region, BaseEndpoint: aws.String(url), Credentials: credentials.NewStaticCredentialsProvider("interop", "interop", ""),
	}, opts...)
}

// TestDBESDKLiveKeyStore has the Java client and this project share a branch key
// store, on each engine: the table and the branch keys that either makes are used
// and rotated by both, and items under each version stay readable.
func TestDBESDKLiveKeyStore(t *testing.T) {
	java := openDBESDK(t)
	seed, _ := settings(t)
	kms := newLiveKMS(t)
	replicated := kms.CreateKey(ddbenctest.KMSKey{Region: region, MultiRegion: true, Replicas: []string{elsewhere}})
	for engine, url := range engines(t) {
		for maker, byJava := range map[string]bool{"Java": true, "Go": false} {
			t.Run(engine+", table by "+maker, func(t *testing.T) {
				s := &sharedStore{
					java: java, g: newDBESDKGenerator(t, seed),
					place: dbesdkvec.KeyStore{
						Table: fmt.Sprintf("keys-%s-%d", maker, seed), Name: "störe", KMSKey: replicated, Endpoint: url, KMSEndpoint: kms.url,
					},
				}
				var err error
				db := engineClient(url)
				if s.ours, err = keyring.NewBranchKeyStore(db, kms.Client(region), s.place.Table, s.place.Name, keyring.KMSKeyARN(replicated)); err != nil {
					t.Fatal(err)
				}
				if byJava {
					java.keystore(t, storeRequest{Operation: "create_key_store", Store: &s.place})
				}
				// Of a table that is there, both only look at the key.
				for range 2 {
					if _, err := keyring.CreateBranchKeyTable(t.Context(), db, s.place.Table); err != nil {
						t.Fatal(err)
					}
				}
				java.keystore(t, storeRequest{Operation: "create_key_store", Store: &s.place})
				s.test(t, seed)
			})
		}
	}
}

// A sharedStore is a key store that both use.
type sharedStore struct {
	java  *dbesdkPeer
	ours  *keyring.BranchKeyStore
	place dbesdkvec.KeyStore
	g     *dbesdkGenerator
}

func (s *sharedStore) test(t *testing.T, seed uint64) {
	ctx := t.Context()
	context := map[string]string{"tenant": "☃ 1", "aws-crypto-ec:x": "prefixed"}
	ids := []string{fmt.Sprint("made by Go ", seed), fmt.Sprint("made by Java ", seed)}
	if err := s.ours.CreateKeyWithID(ctx, ids[0], context); err != nil {
		t.Fatal(err)
	}
	random, err := s.ours.CreateKey(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	made := s.java.keystore(t,
		storeRequest{Operation: "create_key", Store: &s.place, ID: ids[1], Context: context},
		storeRequest{Operation: "create_key", Store: &s.place})
	ids = append(ids, random, made[1].ID)
	s.compareKeys(t, ids)
	first := s.write(t, ids)

	// Each rotates a branch key of the other, and then one of its own.
	s.java.keystore(t, storeRequest{Operation: "version_key", Store: &s.place, ID: ids[0]})
	s.version(t, ids[1])
	s.compareKeys(t, ids)
	second := s.write(t, ids)
	s.version(t, ids[0])
	s.java.keystore(t, storeRequest{Operation: "version_key", Store: &s.place, ID: ids[1]})
	s.compareKeys(t, ids)
	third := s.write(t, ids)

	var all []*dbesdkvec.Case
	for _, cases := range [][]*dbesdkvec.Case{first, second, third} {
		all = append(all, cases...)
	}
	s.read(t, all, nil)
	// Readers without a key of their own, and with a replica of the store's key.
	discovery, replica, near := s.place, s.place, s.place
	discovery.KMSKey, replica.KMSKey, near.KMSKey = "", "", ""
	replica.MRKey = inRegion(s.place.KMSKey, elsewhere)
	near.MRKRegion = elsewhere
	for _, place := range []dbesdkvec.KeyStore{discovery, replica, near} {
		s.read(t, all[:min(8, len(all))], &place)
	}
	t.Logf("%d items under %d branch keys in 3 versions, read by both", len(all), len(ids))
}

func inRegion(arn, other string) string {
	return arn[:len("arn:aws:kms:")] + other + arn[len("arn:aws:kms:"+region):]
}

func (s *sharedStore) version(t *testing.T, id string) {
	t.Helper()
	if _, err := s.ours.VersionKey(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

// compareKeys has both read the active branch keys, the same by version, and the
// beacon keys.
func (s *sharedStore) compareKeys(t *testing.T, ids []string) {
	t.Helper()
	var requests []storeRequest
	var want []storeResult
	for _, id := range ids {
		active, err := s.ours.ActiveBranchKey(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		version, err := s.ours.BranchKeyVersion(t.Context(), id, active.Version)
		if err != nil {
			t.Fatal(err)
		}
		beacon, err := s.ours.BeaconKey(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests,
			storeRequest{Operation: "active", Store: &s.place, ID: id},
			storeRequest{Operation: "version", Store: &s.place, ID: id, Version: active.Version},
			storeRequest{Operation: "beacon", Store: &s.place, ID: id})
		for _, k := range []*keyring.BranchKey{active, version} {
			want = append(want, storeResult{ID: k.ID, Version: k.Version, Key: k.Bytes(), Context: k.EncryptionContext})
		}
		want = append(want, storeResult{Key: beacon.Bytes()})
	}
	if diff := cmp.Diff(want, s.java.keystore(t, requests...), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("branch keys (-ours +Java's):\n%s", diff)
	}
}

// write has both write an item under each branch key, one with the id of the key in
// the configuration and one with it in the item, and returns the items.
func (s *sharedStore) write(t *testing.T, ids []string) []*dbesdkvec.Case {
	t.Helper()
	var cases []*dbesdkvec.Case
	for i, id := range ids {
		fixed := dbesdkvec.Provider{Type: "hierarchical", BranchKeyID: id, KeyStore: &s.place}
		cases = append(cases, s.g.aCase(fmt.Sprint("keystore/", i), keyringPair{fixed, fixed}), s.byTenant(t, i, id))
	}
	byJava, byUs := s.java.encrypt(t, cases), encryptDBESDK(t, cases)
	for i := range cases {
		// Only the writing of the first item of a process asks for the branch key.
		if diff := cmp.Diff(keptRequests(t, byJava[i]), keptRequests(t, byUs[i])); diff != "" {
			t.Errorf("%s: requests to KMS (-Java +ours):\n%s", cases[i].Name, diff)
		}
	}
	written := append(byJava, byUs...)
	for _, c := range written {
		if c.Error != "" {
			t.Fatalf("%s can't write: %s\n%s", c.Client, c.Error, asJSON(t, c))
		}
	}
	return written
}

// byTenant returns a case whose branch key is chosen by an attribute: the partition
// key, or one that is put into the encryption context for this.
func (s *sharedStore) byTenant(t *testing.T, i int, id string) *dbesdkvec.Case {
	t.Helper()
	c := &dbesdkvec.Case{
		Name: fmt.Sprint("keystore/tenant/", i), TableName: "t", PartitionKey: "tenant",
		AttributeActions: dbesdkvec.Actions{Attributes: map[string]string{"tenant": "SIGN_ONLY", "a": "ENCRYPT_AND_SIGN"}},
		Provider:         dbesdkvec.Provider{Type: "hierarchical", BranchKeyBy: "tenant", KeyStore: &s.place},
	}
	c.PlaintextItem = []byte(fmt.Sprintf(`{"tenant": {"S": %q}, "a": {"N": "1"}}`, id))
	if i%2 == 0 {
		const inContext = "SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT"
		c.PartitionKey = "pk"
		c.AttributeActions.Attributes = map[string]string{"pk": inContext, "tenant": inContext, "a": "ENCRYPT_AND_SIGN"}
		c.PlaintextItem = []byte(fmt.Sprintf(`{"pk": {"N": "7"}, "tenant": {"S": %q}, "a": {"N": "1"}}`, id))
	}
	return c
}

// read has both read items, perhaps with another configuration of the key store.
func (s *sharedStore) read(t *testing.T, written []*dbesdkvec.Case, place *dbesdkvec.KeyStore) {
	t.Helper()
	if place != nil {
		moved := make([]*dbesdkvec.Case, len(written))
		for i, c := range written {
			p := c.Provider
			p.KeyStore = place
			var err error
			if moved[i], err = c.With(map[string]any{"provider": p, "decrypt_overrides": nil}); err != nil {
				t.Fatal(err)
			}
		}
		written = moved
	}
	report := &reporter{t: t}
	for _, results := range [][]dbesdkvec.Result{s.java.decrypt(t, written), decryptDBESDK(t, written)} {
		for i, r := range results {
			report.failed(written[i].Name, written[i], checkResult(t, written[i].Name, written[i].Client, written[i].PlaintextItem, r))
		}
	}
}

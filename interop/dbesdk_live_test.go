package interop

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
)

const region, elsewhere = "us-west-2", "eu-west-1"

// liveKMS is a KMS over HTTP with keys of all kinds, and the keyrings for them.
type liveKMS struct {
	*ddbenctest.KMS
	url string
}

func newLiveKMS(t *testing.T) *liveKMS {
	t.Helper()
	kms := ddbenctest.NewKMS(t)
	server := httptest.NewServer(kms.Handler())
	t.Cleanup(server.Close)
	return &liveKMS{kms, server.URL}
}

// provider returns a keyring of the KMS.
func (k *liveKMS) provider(kind string, kms dbesdkvec.KMSProvider) dbesdkvec.Provider {
	kms.Endpoint = k.url
	return dbesdkvec.Provider{Type: kind, KMSProvider: kms}
}

func (k *liveKMS) publicPEM(t *testing.T, key string) string {
	t.Helper()
	out, err := k.Client(region).GetPublicKey(t.Context(), &awskms.GetPublicKeyInput{KeyId: aws.String(key)})
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: out.PublicKey}))
}

// symmetric returns the keyrings of symmetric KMS keys: one key, any key that a
// filter allows, replicas of a multi-Region key, and such a key beside a raw one.
func (k *liveKMS) symmetric(g *dbesdkGenerator) []keyringPair {
	plain := k.CreateKey(ddbenctest.KMSKey{Region: region})
	replicated := k.CreateKey(ddbenctest.KMSKey{Region: region, MultiRegion: true, Replicas: []string{elsewhere}})
	replica := strings.Replace(replicated, region, elsewhere, 1)
	account := strings.Split(plain, ":")[4]

	one := k.provider("aws_kms", dbesdkvec.KMSProvider{KeyID: plain})
	near, far := k.provider("aws_kms_mrk", dbesdkvec.KMSProvider{KeyID: replicated}), k.provider("aws_kms_mrk", dbesdkvec.KMSProvider{KeyID: replica})
	filter := &dbesdkvec.KMSFilter{Partition: "aws", Accounts: []string{account}}
	raw := g.rawAES(32)
	return []keyringPair{
		{one, one},
		{one, k.provider("aws_kms_discovery", dbesdkvec.KMSProvider{Region: region, Filter: filter})},
		{one, k.provider("aws_kms_discovery", dbesdkvec.KMSProvider{Region: region})},
		{near, far},
		{far, near},
		{near, k.provider("aws_kms_mrk_discovery", dbesdkvec.KMSProvider{Region: elsewhere, Filter: filter})},
		{dbesdkvec.Provider{Type: "multi", Generator: &one, Children: []dbesdkvec.Provider{raw, near}}, far},
		{dbesdkvec.Provider{Type: "multi", Generator: &raw, Children: []dbesdkvec.Provider{one}}, one},
	}
}

// asymmetric returns the keyrings of KMS keys for RSA and for ECDH. For ECDH the two
// parties can both have a KMS key, or only one of them.
func (k *liveKMS) asymmetric(t *testing.T, g *dbesdkGenerator) (rsa, ecdh []keyringPair) {
	t.Helper()
	rsaKey := k.CreateKey(ddbenctest.KMSKey{Region: region, Spec: "RSA_2048"})
	for _, algorithm := range []string{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"} {
		p := k.provider("aws_kms_rsa", dbesdkvec.KMSProvider{KeyID: rsaKey, Algorithm: algorithm})
		reader := p
		p.Public = k.publicPEM(t, rsaKey)
		rsa = append(rsa, keyringPair{p, p}, keyringPair{p, reader})
	}
	for _, name := range slices.Sorted(maps.Keys(curves)) {
		curve := curves[name]
		ours := k.CreateKey(ddbenctest.KMSKey{Region: region, Spec: "ECC_NIST_" + name, Usage: "KEY_AGREEMENT"})
		theirs := k.CreateKey(ddbenctest.KMSKey{Region: region, Spec: "ECC_NIST_" + name, Usage: "KEY_AGREEMENT"})
		static := func(own, peer string, known bool) dbesdkvec.Provider {
			p := k.provider("aws_kms_ecdh", dbesdkvec.KMSProvider{SenderKeyID: own})
			p.Scheme, p.Curve, p.RecipientPublic = "KmsPrivateKeyToStaticPublicKey", "ECC_NIST_"+name, peer
			if known {
				p.SenderPublic = k.publicPEM(t, own)
			}
			return p
		}
		discovery := k.provider("aws_kms_ecdh", dbesdkvec.KMSProvider{RecipientKeyID: theirs})
		discovery.Scheme, discovery.Curve = "KmsPublicKeyDiscovery", "ECC_NIST_"+name
		local := g.ecdsaPair("", curve)
		raw := dbesdkvec.Provider{
			Type: "raw_ecdh", Scheme: "RawPrivateKeyToStaticPublicKey", Curve: "ECC_NIST_" + name,
			SenderPrivate: local.PrivatePEM, RecipientPublic: k.publicPEM(t, ours),
		}
		there, back := static(ours, k.publicPEM(t, theirs), true), static(theirs, k.publicPEM(t, ours), false)
		ecdh = append(ecdh,
			keyringPair{there, back},
			keyringPair{back, there},
			keyringPair{there, discovery},
			keyringPair{static(ours, local.PublicPEM, false), raw},
			keyringPair{raw, static(ours, local.PublicPEM, true)})
	}
	return rsa, ecdh
}

// TestDBESDKLiveKMS has the Java client and this project work on one KMS over HTTP,
// with every keyring of AWS KMS, and each read what both have written. What they
// send to KMS to write an item has to be the same.
func TestDBESDKLiveKMS(t *testing.T) {
	java := openDBESDK(t)
	seed, _ := settings(t)
	g := newDBESDKGenerator(t, seed)
	kms := newLiveKMS(t)
	rsa, ecdh := kms.asymmetric(t, g)
	var cases []*dbesdkvec.Case
	for _, pair := range append(kms.symmetric(g), ecdh...) {
		for range 2 {
			cases = append(cases, g.aCase(fmt.Sprintf("live/%d", len(cases)), pair))
		}
	}
	for _, pair := range rsa { // not allowed with ECDSA
		c, err := g.aCase(fmt.Sprintf("live/%d", len(cases)), pair).With(map[string]any{"algorithm_suite": crypt.SuiteMAC.String()})
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	byJava, byUs := testDBESDKLive(t, java, cases)
	for i := range cases {
		ours := keptRequests(t, byUs[i])
		if cases[i].Provider.Type != "aws_kms_rsa" && cases[i].Provider.Type != "raw_ecdh" && len(ours) == 0 {
			t.Errorf("%s: no request to KMS was noted\n%s", cases[i].Name, asJSON(t, cases[i]))
		}
		if diff := cmp.Diff(keptRequests(t, byJava[i]), ours); diff != "" {
			t.Errorf("%s: requests to KMS (-Java +ours):\n%s\n%s", cases[i].Name, diff, asJSON(t, cases[i]))
		}
	}
}

// testDBESDKLive has both write the cases and both read what was written, and
// returns that.
func testDBESDKLive(t *testing.T, java *dbesdkPeer, cases []*dbesdkvec.Case) (byJava, byUs []*dbesdkvec.Case) {
	t.Helper()
	byJava, byUs = java.encrypt(t, cases), encryptDBESDK(t, cases)
	written := append(append([]*dbesdkvec.Case{}, byJava...), byUs...)
	report := &reporter{t: t}
	for _, c := range written {
		if c.Error != "" {
			report.failed(c.Name, c, "can't be written by "+c.Client+": "+c.Error)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	for _, results := range [][]dbesdkvec.Result{java.decrypt(t, written), decryptDBESDK(t, written)} {
		for i, r := range results {
			report.failed(written[i].Name, written[i], checkResult(t, written[i].Name, written[i].Client, written[i].PlaintextItem, r))
		}
	}
	t.Logf("%d items of each, read by both", len(cases))
	return byJava, byUs
}

// keptRequests returns what was sent to KMS to write a case, without what is new
// in each item, and without the public keys that it was asked for: when they are
// is each client's business.
func keptRequests(t *testing.T, c *dbesdkvec.Case) []map[string]any {
	t.Helper()
	var with struct {
		Requests []map[string]any `json:"kms_requests"`
	}
	if err := json.Unmarshal([]byte(asJSON(t, c)), &with); err != nil {
		t.Fatal(err)
	}
	var kept []map[string]any
	for _, r := range with.Requests {
		if r["operation"] == "GetPublicKey" {
			continue
		}
		if context, ok := r["EncryptionContext"].(map[string]any); ok && context["aws-crypto-public-key"] != nil {
			context["aws-crypto-public-key"] = "new"
		}
		kept = append(kept, r)
	}
	return kept
}

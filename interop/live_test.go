package interop

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
)

// TestLiveServices has all three clients work on one KMS and one key table over
// HTTP, and each read what each has written. The services are those of ddbenctest;
// the key table is also on the engines that DDBENC_ENGINES names.
func TestLiveServices(t *testing.T) {
	python, java := openPeers(t)
	seed, items := settings(t)
	items = max(1, items/20) // for each writer

	kms := ddbenctest.NewKMS(t)
	kmsServer := httptest.NewServer(kms.Handler())
	t.Cleanup(kmsServer.Close)
	protect := ddbecvec.Provider{Type: "aws_kms", KeyID: kms.CreateKey(ddbenctest.KMSKey{Region: "us-west-2"}), Endpoint: kmsServer.URL}

	t.Run("KMS", func(t *testing.T) {
		var providers []ddbecvec.Provider
		for _, description := range []map[string]string{nil, {"amzn-ddb-env-alg": "AES/192", "amzn-ddb-sig-alg": "HmacSHA384/384"}} {
			p := protect
			p.Description = description
			providers = append(providers, p)
		}
		for _, c := range testLive(t, python, java, liveCases(t, seed, items, providers)) {
			plain, err := c.Plaintext()
			if err != nil {
				t.Fatal(err)
			}
			want := []ddbecvec.KMSRequest{{
				Operation: "GenerateDataKey", KeyId: protect.KeyID, NumberOfBytes: 32, EncryptionContext: kmsContext(c, plain),
			}}
			if diff := cmp.Diff(want, c.KMSRequests); diff != "" {
				t.Errorf("%s: requests to KMS by %s (-want +got):\n%s", c.Name, c.Client, diff)
			}
		}
	})

	for engine, url := range engines(t) {
		t.Run("key table on "+engine, func(t *testing.T) {
			p := ddbecvec.Provider{
				Type: "most_recent", MaterialName: fmt.Sprint("material ", seed), MetaTableName: fmt.Sprint("keys-", seed),
				MetaProvider: &protect, Endpoint: url,
			}
			// Three versions; the first client that wants one makes it, and
			// what was made is what the others get.
			var providers []ddbecvec.Provider
			for newest := range int64(3) {
				p.CreateVersions = append(p.CreateVersions[:newest:newest], newest)
				providers = append(providers, p)
			}
			written := testLive(t, python, java, liveCases(t, seed, items, providers))
			for _, c := range written {
				for _, r := range c.KMSRequests {
					context := map[string]string{
						"*amzn-ddb-env-alg*": "AES/256", "*amzn-ddb-sig-alg*": "HmacSHA256/256",
						"*aws-kms-table*": p.MetaTableName, "N": p.MaterialName, "V": r.EncryptionContext["V"],
					}
					if diff := cmp.Diff(context, r.EncryptionContext); diff != "" {
						t.Errorf("%s: encryption context of a row by %s (-want +got):\n%s", c.Name, c.Client, diff)
					}
				}
			}
			if rows := written[len(written)-1].Provider.MetaTableItems; len(rows) != len(providers) {
				t.Errorf("the key table has %d rows, want %d", len(rows), len(providers))
			}
		})
	}
}

// engines returns the engines that the key table is on, by name.
func engines(t *testing.T) map[string]string {
	t.Helper()
	server := httptest.NewServer(ddbenctest.NewEngine().Handler())
	t.Cleanup(server.Close)
	out := map[string]string{"ddbenctest": server.URL}
	for _, engine := range strings.Fields(os.Getenv("DDBENC_ENGINES")) {
		name, url, ok := strings.Cut(engine, "=")
		if !ok {
			t.Fatalf("DDBENC_ENGINES: %q is not name=URL", engine)
		}
		out[name] = url
	}
	return out
}

// liveCases returns n cases that all three clients read alike.
func liveCases(t *testing.T, seed uint64, n int, providers []ddbecvec.Provider) []*ddbecvec.Case {
	t.Helper()
	g := newGenerator(t, seed, ddbecvec.Python)
	var out []*ddbecvec.Case
	for len(out) < n {
		// In order of provider, since the last ones ask for more versions.
		provider := providers[len(out)*len(providers)/n]
		if c := g.aCase(fmt.Sprintf("live/%d", len(out)), provider); !clientsDiffer(t, c) {
			out = append(out, c)
		}
	}
	return out
}

// testLive has each client write cases and all three read them. It returns what
// was written.
func testLive(t *testing.T, python, java peer, cases []*ddbecvec.Case) []*ddbecvec.Case {
	t.Helper()
	var written []*ddbecvec.Case
	written = append(written, python.encrypt(t, cases)...)
	written = append(written, java.encrypt(t, cases)...)
	written = append(written, encryptAll(t, cases)...)
	report := &reporter{t: t}
	for _, c := range written {
		if c.Error != "" {
			report.failed(c.Name, c, "can't be written by "+c.Client+": "+c.Error)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	for _, results := range [][]ddbecvec.Result{python.decrypt(t, written), java.decrypt(t, written), decryptAll(t, written)} {
		for i, r := range results {
			report.failed(written[i].Name, written[i], checkResult(t, written[i].Name, written[i].Client, written[i].PlaintextItem, r))
		}
	}
	t.Logf("%d items of each client, read by all three", len(cases))
	return written
}

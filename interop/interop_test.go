package interop

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
)

// settings returns the seed of the random items and their number for each pair
// and direction.
func settings(t *testing.T) (seed uint64, items int) {
	t.Helper()
	seed, items = uint64(time.Now().UnixNano()), 1000
	number := func(variable string, bits int, set func(uint64)) {
		if text := os.Getenv(variable); text != "" {
			n, err := strconv.ParseUint(text, 10, bits)
			if err != nil {
				t.Fatalf("%s: %v", variable, err)
			}
			set(n)
		}
	}
	number("DDBENC_INTEROP_SEED", 64, func(n uint64) { seed = n })
	number("DDBENC_INTEROP_ITEMS", 31, func(n uint64) { items = int(n) })
	t.Logf("repeat these random items with DDBENC_INTEROP_SEED=%d", seed)
	return seed, items
}

// TestRandomItems passes random items between this project and each client.
func TestRandomItems(t *testing.T) {
	python, java := openPeers(t)
	seed, items := settings(t)
	for _, p := range []peer{python, java} {
		t.Run(p.client, func(t *testing.T) {
			cases := newGenerator(t, seed, p.client).cases(items)
			t.Run("writes", func(t *testing.T) { testPeerWrites(t, p, cases) })
			t.Run("reads", func(t *testing.T) { testPeerReads(t, p, cases) })
		})
	}
}

// testPeerWrites has p encrypt cases, and reads them.
func testPeerWrites(t *testing.T, p peer, cases []*ddbecvec.Case) {
	differ := 0
	report := &reporter{t: t}
	for _, c := range p.encrypt(t, cases) {
		if c.Error != "" {
			report.failed(c.Name, c, "can't be written by "+p.client+": "+c.Error)
			continue
		}
		report.failed(c.Name, c, checkRequests(c))
		report.failed(c.Name, c, checkResult(t, c.Name, c.Client, c.PlaintextItem, c.Decrypt(t.Context())))
		if clientsDiffer(t, c) {
			differ++
		}
	}
	t.Logf("read %d items of %s; in %d of them the other client sorts differently", len(cases), p.client, differ)
}

// testPeerReads encrypts cases in the order that p's client verifies, and has p
// read them.
func testPeerReads(t *testing.T, p peer, cases []*ddbecvec.Case) {
	written := make([]*ddbecvec.Case, len(cases))
	differ := 0
	report := &reporter{t: t}
	for i, c := range cases {
		var opts []crypt.DDBECOption
		if p.client == ddbecvec.Python && clientsDiffer(t, c) {
			differ++
			opts = append(opts, crypt.WriteOrder(codec.PythonOrder))
		}
		var err error
		if written[i], err = c.Encrypt(t.Context(), opts...); err != nil {
			t.Fatal(err)
		}
		if written[i].Error != "" {
			t.Fatalf("can't be written: %s\n%s", written[i].Error, asJSON(t, c))
		}
		report.failed(c.Name, c, checkRequests(written[i]))
	}
	for i, r := range p.decrypt(t, written) {
		report.failed(written[i].Name, written[i], checkResult(t, written[i].Name, written[i].Client, written[i].PlaintextItem, r))
	}
	t.Logf("%s read %d items; %d of them were written in its own order", p.client, len(cases), differ)
}

// A reporter fails a test with the first few cases that go wrong, which are long.
type reporter struct {
	t        *testing.T
	failures int
}

func (r *reporter) failed(name string, c any, what string) {
	r.t.Helper()
	if what == "" {
		return
	}
	if r.failures++; r.failures <= 3 {
		r.t.Errorf("%s: %s\n%s", name, what, asJSON(r.t, c))
		return
	}
	r.t.Errorf("%s: %s", name, what)
}

// checkRequests compares what was sent to KMS with what the specification says.
// It returns the difference.
func checkRequests(c *ddbecvec.Case) string {
	if c.Provider.Type != "aws_kms" {
		return ""
	}
	want := []ddbecvec.KMSRequest{{
		Operation: "GenerateDataKey", KeyId: c.Provider.KeyID, NumberOfBytes: 32, EncryptionContext: c.Provider.FakeKMS.Context,
	}}
	if diff := cmp.Diff(want, c.KMSRequests); diff != "" {
		return "requests to KMS (-want +got):\n" + diff
	}
	return ""
}

package interop

import (
	"os"
	"testing"

	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
)

// TestDBESDKRust passes random items between this project and the Rust client of
// DB-ESDK, both ways, with the keyrings that its crate lets others make: raw AES, raw
// RSA and several of them. Its build takes too long for every run of the checks;
// rust/run builds it and runs this test.
func TestDBESDKRust(t *testing.T) {
	if os.Getenv("DDBENC_RUST_PEER") == "" {
		t.Skip("DDBENC_RUST_PEER is not set: it names the command that runs the Rust peer (interop/rust/run sets it)")
	}
	rust := openPeer(t, "rust-dbesdk", "DDBENC_RUST_PEER")
	seed, items := settings(t)
	g := newDBESDKGenerator(t, seed)
	var usable []keyringPair
	for _, pair := range g.keyrings {
		if !usesECDH(&pair.write) && !usesECDH(&pair.read) {
			usable = append(usable, pair)
		}
	}
	g.keyrings = usable
	cases := g.cases(items)
	report := &reporter{t: t}

	written := encryptDBESDK(t, cases)
	for i, c := range answers[*dbesdkvec.Case](t, rust, "encrypt", cases) {
		if c.Error != "" || written[i].Error != "" {
			t.Fatalf("%s can't be written: by Rust %q, by us %q", c.Name, c.Error, written[i].Error)
		}
		report.failed(c.Name, c, checkResult(t, c.Name, c.Client, c.PlaintextItem, c.Decrypt(t.Context())))
	}
	for i, r := range answers[dbesdkvec.Result](t, rust, "decrypt", written) {
		report.failed(written[i].Name, written[i], checkResult(t, written[i].Name, written[i].Client, written[i].PlaintextItem, r))
	}
	t.Logf("%d items each way with %d keyrings", len(cases), len(usable))
}

func usesECDH(p *dbesdkvec.Provider) bool {
	if p.Generator != nil && usesECDH(p.Generator) {
		return true
	}
	for i := range p.Children {
		if usesECDH(&p.Children[i]) {
			return true
		}
	}
	return p.Type == "raw_ecdh"
}

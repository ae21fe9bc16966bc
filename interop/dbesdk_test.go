package interop

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
)

// TestDBESDKRandomItems passes random items between this project and the Java
// client of DB-ESDK, both ways, with every keyring that needs no service.
func TestDBESDKRandomItems(t *testing.T) {
	java := openDBESDK(t)
	seed, items := settings(t)
	cases := newDBESDKGenerator(t, seed).cases(max(1, items/4)) // the client is slow
	t.Run("writes", func(t *testing.T) {
		report := &reporter{t: t}
		for _, c := range java.encrypt(t, cases) {
			if c.Error != "" {
				report.failed(c.Name, c, "can't be written by "+c.Client+": "+c.Error)
				continue
			}
			report.failed(c.Name, c, checkDBESDKHeader(t, c))
			report.failed(c.Name, c, checkResult(t, c.Name, c.Client, c.PlaintextItem, c.Decrypt(t.Context())))
		}
		t.Logf("read %d items of %s", len(cases), java.client)
	})
	t.Run("reads", func(t *testing.T) {
		written := encryptDBESDK(t, cases)
		report := &reporter{t: t}
		for _, c := range written {
			if c.Error != "" {
				t.Fatalf("can't be written: %s\n%s", c.Error, asJSON(t, c))
			}
		}
		for i, r := range java.decrypt(t, written) {
			report.failed(written[i].Name, written[i], checkResult(t, written[i].Name, written[i].Client, written[i].PlaintextItem, r))
		}
		t.Logf("%s read %d items", java.client, len(cases))
	})
}

func encryptDBESDK(t *testing.T, cases []*dbesdkvec.Case) []*dbesdkvec.Case {
	t.Helper()
	out := make([]*dbesdkvec.Case, len(cases))
	for i, c := range cases {
		var err error
		if out[i], err = c.Encrypt(t.Context()); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
	}
	return out
}

func decryptDBESDK(t *testing.T, cases []*dbesdkvec.Case) []dbesdkvec.Result {
	t.Helper()
	out := make([]dbesdkvec.Result, len(cases))
	for i, c := range cases {
		out[i] = c.Decrypt(t.Context())
	}
	return out
}

// checkDBESDKHeader compares what this project sees in the header of an item with
// what its writer says of it. It returns the difference.
func checkDBESDKHeader(t *testing.T, c *dbesdkvec.Case) string {
	t.Helper()
	stored, err := c.Encrypted()
	if err != nil {
		t.Fatal(err)
	}
	in, err := crypt.Inspect(stored)
	if err != nil {
		return err.Error()
	}
	type header struct {
		ECDSA     bool
		Actions   []string
		Context   map[string]string
		Providers []string
	}
	said := header{ECDSA: c.ParsedHeader.Suite == "0x6701", Context: c.ParsedHeader.StoredContext}
	seen := header{ECDSA: in.Suite == crypt.SuiteECDSA, Context: map[string]string{}}
	said.Actions = slices.Sorted(maps.Values(c.ParsedHeader.Actions))
	for _, k := range c.ParsedHeader.DataKeys {
		said.Providers = append(said.Providers, k.ProviderID)
	}
	for _, action := range in.Legend {
		seen.Actions = append(seen.Actions, action.String())
	}
	slices.Sort(seen.Actions)
	maps.Copy(seen.Context, in.Context)
	for _, k := range in.DataKeys {
		seen.Providers = append(seen.Providers, k.Provider)
	}
	if diff := cmp.Diff(said, seen); diff != "" {
		return "header (-said +seen):\n" + diff
	}
	return ""
}

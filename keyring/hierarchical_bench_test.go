package keyring_test

import (
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// BenchmarkDBESDKDataKey times what a keyring adds to each item: on one core, and
// with all of them asking one keyring. A warm cache of branch keys is to cost little
// more than a raw key, also with many tenants, and to grow with cores as that does.
func BenchmarkDBESDKDataKey(b *testing.B) {
	tenants, err := keyring.NewHierarchicalByKey(newBranchKeys("tenant"), func(key struct{ PK string }) (string, error) { return key.PK, nil })
	if err != nil {
		b.Fatal(err)
	}
	ctx, kc, dataKey := b.Context(), tenantContext(b, "tenant"), counting(crypt.DataKeySize)
	for _, bench := range []struct {
		name string
		k    crypt.Keyring
	}{
		{"dbesdk-rawaes", rawAES(b, "ns", "name", counting(32))},
		{"dbesdk-hierarchical", hierarchical(b, newBranchKeys("branch"))},
		{"dbesdk-hierarchical-by-key", tenants},
	} {
		wrapped, err := bench.k.WrapKey(ctx, kc, dataKey)
		if err != nil {
			b.Fatal(err)
		}
		keys := stored(wrapped)
		benchCall(b, bench.name+"/wrap", func() error {
			_, err := bench.k.WrapKey(ctx, kc, dataKey)
			return err
		})
		benchCall(b, bench.name+"/unwrap", func() error {
			_, err := bench.k.UnwrapKey(ctx, kc, keys)
			return err
		})
	}
}

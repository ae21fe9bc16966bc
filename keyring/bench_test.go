package keyring_test

import (
	"testing"
	"time"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// BenchmarkMaterials times what a provider adds to each item: on one core, and
// with all of them asking one provider. A warm most-recent cache is to cost little
// more than the wrapped provider inside it, and to grow with cores as that does.
func BenchmarkMaterials(b *testing.B) {
	wrapped, err := keyring.NewWrapped(randomBytes(32), randomBytes(32))
	if err != nil {
		b.Fatal(err)
	}
	recent, err := keyring.NewMostRecent(mustMetaStore(b, newFakeTable(), protector(b)), "records", time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	rsa, err := keyring.NewWrappedRSA(privateKey(b, "rsa.pem"), hmacKey(b, "HmacSHA256", randomBytes(32)))
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	for _, bench := range []struct {
		name string
		p    crypt.Provider
	}{{"wrapped", wrapped}, {"mostrecent", recent}, {"wrapped-rsa", rsa}} {
		m, err := bench.p.EncryptionMaterials(ctx, exampleContext(nil))
		if err != nil {
			b.Fatal(err)
		}
		write, read := exampleContext(nil), exampleContext(m.Description)
		calls := map[string]func() error{
			"encrypt": func() error {
				_, err := bench.p.EncryptionMaterials(ctx, write)
				return err
			},
			"decrypt": func() error {
				_, err := bench.p.DecryptionMaterials(ctx, read)
				return err
			},
		}
		for _, op := range []string{"encrypt", "decrypt"} {
			call := calls[op]
			b.Run(bench.name+"/"+op, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := call(); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(bench.name+"/"+op+"-parallel", func(b *testing.B) {
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := call(); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

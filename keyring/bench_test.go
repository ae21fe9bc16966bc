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
		benchCall(b, bench.name+"/encrypt", func() error {
			_, err := bench.p.EncryptionMaterials(ctx, write)
			return err
		})
		benchCall(b, bench.name+"/decrypt", func() error {
			_, err := bench.p.DecryptionMaterials(ctx, read)
			return err
		})
	}
}

// benchCall times call on one core, and on all of them at once.
func benchCall(b *testing.B, name string, call func() error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := call(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run(name+"-parallel", func(b *testing.B) {
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

package crypt_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
	"github.com/ddbenc/ddbenc/internal/testenv"
)

// recorder remembers what a keyring returned for each data key of an item.
type recorder struct {
	keyring crypt.Keyring
	replayed
	missed int // data keys that the keyring doesn't know
}

func (r *recorder) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	for i := range keys {
		k, err := r.keyring.UnwrapKey(ctx, kc, keys[i:i+1])
		if err != nil {
			r.missed++
			k = &crypt.UnwrappedKey{MACKey: make([]byte, crypt.DataKeySize)}
		} else {
			r.unwrapped = *k
		}
		r.wrapped = append(r.wrapped, crypt.WrappedKey{EncryptedDataKey: keys[i], MACKey: k.MACKey})
	}
	return r.keyring.UnwrapKey(ctx, kc, keys)
}

// TestVectorsDBESDKReplay writes the vectors again byte for byte: each item is read,
// and its plaintext is written with the same data key, message id, encrypted data
// keys and signature. Package dbesdkvec reads and writes the same cases otherwise.
func TestVectorsDBESDKReplay(t *testing.T) {
	dir := testenv.Vectors(t, "dbesdk")
	cases, err := dbesdkvec.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ran, partly, skipped := 0, 0, 0
	for _, c := range cases {
		if c.Expect != dbesdkvec.ExpectDecrypt || c.EncryptedItem == nil || c.MayReject {
			continue
		}
		if c.Skip() != "" {
			skipped++
			continue
		}
		if stored, err := c.Encrypted(); err == nil && stored[crypt.DBESDKHeader] == nil {
			continue // a policy let its writer store it otherwise
		}
		ran++
		t.Run(c.Name, func(t *testing.T) {
			if !testReplay(t, c) {
				partly++
			}
		})
	}
	t.Logf("%d cases were written byte for byte, %d of them without the tags of data keys for others; %d skipped", ran, partly, skipped)
	if ran == 0 {
		t.Fatalf("no case found below %s", dir)
	}
}

// testReplay reports whether all tags could be compared.
func testReplay(t *testing.T, c *dbesdkvec.Case) bool {
	reader := must(c.Reader())
	rec := &recorder{keyring: must(reader.Provider.Open())}
	stored := must(c.Encrypted())
	decrypted, err := must(reader.Encryptor(rec)).Decrypt(t.Context(), stored)
	if err != nil {
		t.Fatal(err)
	}
	if !settled(stored, decrypted) {
		t.Skip("an early release wrote it, which didn't sort sets before it encrypted them")
	}
	plain, err := c.Plaintext()
	if err != nil || c.Category == "limits" || c.Category == "official" {
		plain = decrypted // the file's plaintext can't be written as it is, or is written otherwise
	}
	header := must(codec.DecodeDBESDKHeader(bytesOf(stored[crypt.DBESDKHeader])))
	footer := must(codec.DecodeDBESDKFooter(bytesOf(stored[crypt.DBESDKFooter]), header.Flavor, len(header.DataKeys)))
	public := ""
	for _, e := range header.Context {
		if e.Key == "aws-crypto-public-key" {
			public = e.Value
		}
	}
	opts := append(replay(rec.unwrapped.DataKey, header, public, footer.Signature), crypt.WriteSuite(crypt.SuiteMAC+crypt.Suite(header.Flavor)))
	if c.UnsignedPrefix != nil {
		opts = append(opts, crypt.UnsignedPrefix(*c.UnsignedPrefix))
	}
	again, err := must(crypt.NewDBESDK(&rec.replayed, opts...).ForTable(writtenTable(t, c, stored, header))).Encrypt(t.Context(), plain)
	if err != nil {
		t.Fatal(err)
	}
	if rec.missed > 0 { // their tags were made with keys that are not known here
		for _, i := range []item{again, stored} {
			delete(i, crypt.DBESDKFooter)
		}
	}
	for name, v := range stored {
		if diff := cmp.Diff(v, again[name], sameValues); diff != "" && (strings.HasPrefix(name, crypt.DBESDKPrefix) || !sameIn(plain, again, name)) {
			t.Errorf("attribute %q (-want +got):\n%s", name, diff)
		}
	}
	if len(again) != len(stored) {
		t.Errorf("%d attributes, want %d", len(again), len(stored))
	}
	return rec.missed == 0
}

// settled reports whether the values that are encrypted in stored would be
// serialized as they were.
func settled(stored, plain item) bool {
	for name, v := range plain {
		if sameIn(plain, stored, name) {
			continue
		}
		again := must(codec.DecodeDBESDK(must(codec.AppendDBESDK(nil, v))))
		if !cmp.Equal(v, again, sameValues) {
			return false
		}
	}
	return true
}

// sameIn reports whether an attribute is the same in both items: it was not
// encrypted, so its spelling is the writer's own.
func sameIn(plain, stored item, name string) bool {
	return cmp.Equal(plain[name], stored[name], sameValues)
}

// writtenTable is the case's table with the actions that stored was written with,
// which its reader need not have.
func writtenTable(t *testing.T, c *dbesdkvec.Case, stored item, header *codec.DBESDKHeader) crypt.Table {
	table := must(c.Table())
	var names []string
	for name := range stored {
		unsigned := c.UnsignedPrefix != nil && strings.HasPrefix(name, *c.UnsignedPrefix)
		if !unsigned && table.Actions.Attributes[name] != crypt.DoNothing && !strings.HasPrefix(name, crypt.DBESDKPrefix) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, codec.ComparePaths)
	if len(names) != len(header.Legend) {
		t.Fatalf("%d names for a legend of %d", len(names), len(header.Legend))
	}
	in := must(crypt.Inspect(stored))
	for name, action := range table.Actions.Attributes {
		if action != crypt.DoNothing {
			delete(table.Actions.Attributes, name)
		}
	}
	for i, name := range names {
		table.Actions.Attributes[name] = in.Legend[i]
	}
	return table
}

package crypt_test

import (
	"context"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/testenv"
	"github.com/ddbenc/ddbenc/keyring"
)

// Allocations of an item grow with its encrypted attributes alone: one each for
// the cipher's mode when writing, and the value's own when reading. The rest is
// the item's map, its buffers, and what goes to the provider.
func TestAllocations(t *testing.T) {
	testenv.CountsAllocations(t)
	enc := must(crypt.NewDDBEC(must(keyring.NewStatic(sequence(32), sequence(32)))).ForTable(allTypesTable()))
	itemOf := func(attributes int) item {
		in := item{"hk": str("p"), "rk": num("1")}
		for i := range attributes {
			in[string(rune('a'+i))+"-attribute"] = str("some text that is not very long")
		}
		return in
	}
	count := func(attributes int) (encrypt, decrypt float64) {
		ctx, in := context.Background(), itemOf(attributes)
		stored := must(enc.Encrypt(ctx, in))
		encrypt = testing.AllocsPerRun(100, func() { must(enc.Encrypt(ctx, in)) })
		return encrypt, testing.AllocsPerRun(100, func() { must(enc.Decrypt(ctx, stored)) })
	}
	few, many := 2, 6
	encryptFew, decryptFew := count(few)
	encryptMany, decryptMany := count(many)
	for _, c := range []struct {
		name           string
		few, many      float64
		base, perValue float64
	}{
		{"Encrypt", encryptFew, encryptMany, 14, 2}, // mode; name of an attribute the table's actions don't list
		{"Decrypt", decryptFew, decryptMany, 16, 4}, // mode, name, and text with its wrapper
	} {
		if limit := c.base + c.perValue*float64(few); c.few > limit {
			t.Errorf("%s of %d encrypted attributes: %v allocations, want at most %v", c.name, few, c.few, limit)
		}
		if limit := c.base + c.perValue*float64(many); c.many > limit {
			t.Errorf("%s of %d encrypted attributes: %v allocations, want at most %v", c.name, many, c.many, limit)
		}
	}
}

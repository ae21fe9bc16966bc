package crypt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

func TestTampering(t *testing.T) {
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable()))
	stored := must(enc.Encrypt(t.Context(), allTypes()))
	refuse := func(what string, in item, sentinels ...error) {
		t.Helper()
		got, err := enc.Decrypt(t.Context(), in)
		if got != nil {
			t.Errorf("%s: something of the item was returned", what)
		}
		for _, s := range append(sentinels, crypt.ErrVerify) {
			if errors.Is(err, s) {
				return
			}
		}
		t.Errorf("%s: %v", what, err)
	}
	change := func(name string, v types.AttributeValue) item {
		c := maps.Clone(stored)
		c[name] = v
		return c
	}
	for name, v := range stored {
		if b, ok := v.(*types.AttributeValueMemberB); ok {
			for i := range b.Value {
				for bit := range 8 {
					flipped := bytes.Clone(b.Value)
					flipped[i] ^= 1 << bit
					if name != crypt.DDBECDescription { // it is not signed: TestDescriptionTampering
						refuse(fmt.Sprintf("%s byte %d bit %d", name, i, bit), change(name, bin(flipped)))
					}
				}
			}
			for n := range b.Value {
				sentinels := []error{crypt.ErrMalformed, crypt.ErrUnsupported}
				if name == crypt.DDBECDescription && n == 40 { // a whole entry fewer
					continue
				}
				refuse(fmt.Sprintf("%s cut to %d bytes", name, n), change(name, bin(b.Value[:n])), sentinels...)
			}
			refuse(name+" as a string", change(name, str(string(b.Value))), crypt.ErrNotSigned, crypt.ErrMalformed)
		}
		without := maps.Clone(stored)
		delete(without, name)
		renamed := maps.Clone(without)
		renamed[name+"x"] = v
		if name == "free" { // not signed
			continue
		}
		refuse(name+" removed", without, crypt.ErrNotSigned, crypt.ErrUnsupported)
		refuse(name+" renamed", renamed, crypt.ErrNotSigned)
		for other, w := range stored {
			if other != name && other != "free" && name != crypt.DDBECDescription && other != crypt.DDBECDescription {
				swapped := change(name, w)
				swapped[other] = v
				refuse(name+" swapped with "+other, swapped, crypt.ErrNotSigned)
			}
		}
	}
	refuse("attribute added", change("new", str("x")))
	refuse("key changed", change("hk", str("q")))
	refuse("number as string", change("rk", str("42")))

	other := allTypesTable()
	other.Name = "other"
	if _, err := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(other)).Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("other table: %v", err)
	}
	for _, same := range []item{change("rk", num("42.0")), change("free", num("1"))} {
		if _, err := enc.Decrypt(t.Context(), same); err != nil {
			t.Errorf("what isn't signed, or is the same number, was refused: %v", err)
		}
	}
}

func TestDescriptionTampering(t *testing.T) {
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable()))
	stored := must(enc.Encrypt(t.Context(), allTypes()))
	description := stored[crypt.DDBECDescription].(*types.AttributeValueMemberB).Value
	for i := range description {
		for bit := range 8 {
			flipped := bytes.Clone(description)
			flipped[i] ^= 1 << bit
			c := maps.Clone(stored)
			c[crypt.DDBECDescription] = bin(flipped)
			got, err := enc.Decrypt(t.Context(), c)
			if err == nil {
				if diff := cmp.Diff(allTypes(), got, sameValues); diff != "" {
					t.Errorf("byte %d bit %d gave another item:\n%s", i, bit, diff)
				}
			} else if !errors.Is(err, crypt.ErrMalformed) && !errors.Is(err, crypt.ErrUnsupported) {
				t.Errorf("byte %d bit %d: %v", i, bit, err)
			}
		}
	}
}

func TestOneErrorForEveryCheck(t *testing.T) {
	stored := must(must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable())).Encrypt(t.Context(), allTypes()))
	otherContent, otherSigning, unusable := strongKeys("HmacSHA256"), strongKeys("HmacSHA256"), strongKeys("HmacSHA256")
	otherContent.content = must(crypt.NewContentKey(sequence(16)))
	otherSigning.sign = must(crypt.NewHMACKey("HmacSHA256", sequence(33)))
	unusable.content = crypt.UnusableContentKey()
	for name, keys := range map[string]*fixedKeys{"content key": otherContent, "signing key": otherSigning, "unwrapping": unusable} {
		enc := must(crypt.NewDDBEC(keys).ForTable(allTypesTable()))
		if _, err := enc.Decrypt(t.Context(), stored); err != crypt.ErrVerify { //nolint:errorlint // the very same value is the point
			t.Errorf("%s: %v, want ErrVerify itself", name, err)
		}
	}

	// The description is not signed: with another cipher mode in it, a forger must
	// not learn either whether his wrapped key could be unwrapped.
	stored[crypt.DDBECDescription] = bin(must(codec.AppendDescription(nil, map[string]string{"amzn-ddb-map-sym-mode": "/GCM/NoPadding"})))
	for name, keys := range map[string]*fixedKeys{"usable": strongKeys("HmacSHA256"), "unusable": unusable} {
		enc := must(crypt.NewDDBEC(keys).ForTable(allTypesTable()))
		if _, err := enc.Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrUnsupported) {
			t.Errorf("another mode and a %s content key: %v", name, err)
		}
	}
}

func TestMissingParts(t *testing.T) {
	noContent := strongKeys("HmacSHA256")
	noContent.content = nil
	enc := must(crypt.NewDDBEC(noContent).ForTable(allTypesTable()))
	if _, err := enc.Encrypt(t.Context(), allTypes()); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Encrypt without a content key: %v", err)
	}
	stored := must(must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable())).Encrypt(t.Context(), allTypes()))
	if _, err := enc.Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Decrypt without a content key: %v", err)
	}
	if _, err := must(crypt.NewDDBEC(&fixedKeys{}).ForTable(allTypesTable())).Encrypt(t.Context(), allTypes()); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Encrypt without a signing key: %v", err)
	}
	if _, err := must(crypt.NewDDBEC(&fixedKeys{}).ForTable(allTypesTable())).Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Decrypt without a verification key: %v", err)
	}

	// Nothing to encrypt in this item: no content key is needed, and a
	// description is optional when reading.
	enc = must(crypt.NewDDBEC(noContent).ForTable(allTypesTable()))
	stored, err := enc.Encrypt(t.Context(), item{"hk": str("p"), "rk": num("1")})
	if err != nil {
		t.Fatal(err)
	}
	delete(stored, crypt.DDBECDescription)
	if _, err := enc.Decrypt(t.Context(), stored); err != nil {
		t.Errorf("without a description: %v", err)
	}
	delete(stored, crypt.DDBECSignature)
	if _, err := enc.Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrNotSigned) {
		t.Errorf("without a signature: %v", err)
	}
	for _, name := range enc.Reserved() {
		stored[name] = (*types.AttributeValueMemberB)(nil)
		if _, err := enc.Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrNotSigned) && !errors.Is(err, crypt.ErrMalformed) {
			t.Errorf("with a nil pointer as %s: %v", name, err)
		}
		stored[crypt.DDBECSignature] = bin(nil)
	}
}

func TestContextEnds(t *testing.T) {
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable()))
	stored := must(enc.Encrypt(t.Context(), allTypes()))
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("shutting down")
	cancel(cause)
	_, errEncrypt := enc.Encrypt(ctx, allTypes())
	_, errDecrypt := enc.Decrypt(ctx, stored)
	for _, err := range []error{errEncrypt, errDecrypt} {
		if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
			t.Errorf("got %v, want context.Canceled and its cause", err)
		}
	}
}

func TestInvalidItems(t *testing.T) {
	secret := "do-not-print-me"
	cases := map[string]types.AttributeValue{
		"nil":             nil,
		"typed nil":       (*types.AttributeValueMemberS)(nil),
		"typed nil list":  (*types.AttributeValueMemberL)(nil),
		"unknown type":    &types.UnknownUnionMember{Tag: "X", Value: []byte(secret)},
		"null false":      &types.AttributeValueMemberNULL{},
		"not UTF-8":       str(secret + "\xff"),
		"no number":       num(secret),
		"39 digits":       num("123456789012345678901234567890123456789"),
		"huge exponent":   num("1E+999999999"),
		"nil in list":     &types.AttributeValueMemberL{Value: []types.AttributeValue{nil}},
		"nil in map":      &types.AttributeValueMemberM{Value: item{secret: nil}},
		"bad in set":      &types.AttributeValueMemberNS{Value: []string{secret}},
		"nested too deep": nested(codec.MaxDepth + 1),
		"inside itself":   inItself(),
	}
	for name, v := range cases {
		for _, attribute := range []string{"enc", "plain"} {
			enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable()))
			_, err := enc.Encrypt(t.Context(), item{"hk": str("p"), attribute: v})
			var where *crypt.AttributeError
			if !errors.Is(err, crypt.ErrInvalidItem) || !errors.As(err, &where) || where.Name != attribute {
				t.Errorf("%s in %s: %v", name, attribute, err)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s in %s: the error holds a value: %v", name, attribute, err)
			}
		}
	}
	enc := must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable()))
	for _, name := range enc.Reserved() {
		if _, err := enc.Encrypt(t.Context(), item{"hk": str("p"), name: bin(nil)}); !errors.Is(err, crypt.ErrInvalidItem) {
			t.Errorf("reserved %s: %v", name, err)
		}
	}
}

// inItself returns a map that contains itself, twice: a walk over it must end at
// the first path that is too deep, not after all of them.
func inItself() types.AttributeValue {
	m := &types.AttributeValueMemberM{Value: item{}}
	m.Value["a"], m.Value["b"] = m, m
	return m
}

func nested(depth int) types.AttributeValue {
	v := str("bottom")
	for range depth - 1 {
		v = &types.AttributeValueMemberL{Value: []types.AttributeValue{v}}
	}
	return v
}

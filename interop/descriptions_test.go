package interop

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
)

// TestDescriptions compares the material descriptions that the three write for
// one item: numbers 13, 14, 15, 17, 25 and 29 of the specification's table of
// divergences. The wrapped key itself is left out.
func TestDescriptions(t *testing.T) {
	python, java := openPeers(t)
	signOnly, rsaSigned, kms := staticKeys, staticKeys, kmsKeys
	signOnly.Encryption = nil
	rsaSigned.Signing = newGenerator(t, 1, ddbecvec.Java).rsaPair()
	rsaSigned.Signing.Algorithm = "SHA384withRSA"
	kms.Description = map[string]string{"purpose": "interop", "amzn-ddb-sig-alg": "HmacSHA512/512"}
	kms.GrantTokens = []string{"grant"}

	mode := map[string]string{"amzn-ddb-map-sym-mode": "/CBC/PKCS5Padding"}
	signedBy := func(algorithm string) map[string]string {
		return map[string]string{"amzn-ddb-map-signingAlg": algorithm}
	}
	join := func(all ...map[string]string) map[string]string {
		out := map[string]string{}
		for _, m := range all {
			maps.Copy(out, m)
		}
		return out
	}
	aesWrap := map[string]string{"amzn-ddb-wrap-alg": "AESWrap"}
	fromKMS := map[string]string{
		"amzn-ddb-wrap-alg": "kms", "amzn-ddb-env-alg": "AES/256", "amzn-ddb-sig-alg": "HmacSHA512/512", "aws-kms-ec-attr": "*keys*",
	}
	tests := []struct {
		name                 string
		provider             ddbecvec.Provider
		python, java, ddbenc map[string]string // nil for none
	}{
		{
			"static", staticKeys,
			join(mode, signedBy("HmacSHA256")), mode, join(mode, signedBy("HmacSHA256")),
		},
		{
			"static without content key", signOnly,
			signedBy("HmacSHA256"), nil, signedBy("HmacSHA256"),
		},
		{
			"static with RSA", rsaSigned,
			join(mode, signedBy("SHA384withRSA")), join(mode, signedBy("SHA384withRSA")), join(mode, signedBy("SHA384withRSA")),
		},
		{
			"wrapped", wrappedKeys,
			join(mode, aesWrap, signedBy("HmacSHA256"), map[string]string{"amzn-ddb-env-alg": "AES/256"}),
			join(mode, aesWrap, map[string]string{"amzn-ddb-env-alg": "AES"}),
			join(mode, aesWrap, signedBy("HmacSHA256"), map[string]string{"amzn-ddb-env-alg": "AES/256"}),
		},
		{
			"KMS", kms,
			join(mode, fromKMS, signedBy("HmacSHA512")),
			join(mode, fromKMS, map[string]string{"purpose": "interop"}),
			join(mode, fromKMS, signedBy("HmacSHA512"), map[string]string{"purpose": "interop"}),
		},
	}
	var cases []*ddbecvec.Case
	for _, tt := range tests {
		c, err := baseCase(tt.name).With(and(plaintext(`"a": {"S": "1"}`), provider(tt.provider)))
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	byPython, byJava, byUs := python.encrypt(t, cases), java.encrypt(t, cases), encryptAll(t, cases)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for c, want := range map[*ddbecvec.Case]map[string]string{byPython[i]: tt.python, byJava[i]: tt.java, byUs[i]: tt.ddbenc} {
				got, sorted := describedIn(t, c)
				delete(got, crypt.DescContentKey)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s describes (-want +got):\n%s", c.Client, diff)
				}
				// Java's order is that of its hash tables.
				if !sorted && c.Client != ddbecvec.Java {
					t.Errorf("%s doesn't sort its description", c.Client)
				}
				var grants []string
				if tt.provider.Type == "aws_kms" && c.Client != ddbecvec.Java {
					grants = tt.provider.GrantTokens // which Java has no way to give
				}
				for _, r := range c.KMSRequests {
					if !slices.Equal(r.GrantTokens, grants) {
						t.Errorf("%s sends grant tokens %q to KMS, want %q", c.Client, r.GrantTokens, grants)
					}
				}
			}
		})
	}
	if _, sorted := describedIn(t, byJava[3]); sorted {
		t.Errorf("Java sorts its description")
	}
}

// describedIn returns the material description of a case's item, or nil if it
// has none, and whether its entries are sorted by name.
func describedIn(t *testing.T, c *ddbecvec.Case) (entries map[string]string, sorted bool) {
	t.Helper()
	stored, err := c.Encrypted()
	if err != nil {
		t.Fatalf("%s: %v %s", c.Client, err, c.Error)
	}
	b, ok := stored[crypt.DDBECDescription].(*types.AttributeValueMemberB)
	if !ok {
		return nil, true
	}
	if entries, err = codec.DecodeDescription(b.Value); err != nil {
		t.Fatal(err)
	}
	var names []string
	for rest, n := b.Value[4:], 0; len(rest) > 0; n++ {
		length := binary.BigEndian.Uint32(rest)
		if n%2 == 0 {
			names = append(names, string(rest[4:4+length]))
		}
		rest = rest[4+length:]
	}
	return entries, slices.IsSorted(names)
}

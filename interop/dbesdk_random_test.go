package interop

import (
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
)

// A dbesdkGenerator makes random cases of DB-ESDK that the Java client and this
// project must agree on. Values are those of a [generator].
type dbesdkGenerator struct {
	*generator
	keyrings []keyringPair
}

// A keyringPair is a keyring that writes, and one that reads what it wrote.
type keyringPair struct{ write, read dbesdkvec.Provider }

// curves are those of ECDH keyrings, by the names that they have in cases.
var curves = map[string]elliptic.Curve{"P256": elliptic.P256(), "P384": elliptic.P384(), "P521": elliptic.P521()}

// newDBESDKGenerator returns a generator whose items are determined by seed. RSA
// and ECDH key pairs are new each time.
func newDBESDKGenerator(t *testing.T, seed uint64) *dbesdkGenerator {
	t.Helper()
	g := &dbesdkGenerator{generator: &generator{t: t, r: rand.New(rand.NewPCG(seed, 1)), client: ddbecvec.Java}}
	g.makeKeyrings()
	return g
}

// makeKeyrings fills the pool with every keyring that needs no service: AES keys
// of every length, RSA with every padding, ECDH with every scheme on every curve,
// and several of them together, read by one or by several.
func (g *dbesdkGenerator) makeKeyrings() {
	both := func(p dbesdkvec.Provider) { g.keyrings = append(g.keyrings, keyringPair{p, p}) }
	for _, size := range []int{16, 24, 32} {
		both(g.rawAES(size))
	}
	pair := g.rsaPair()
	for _, padding := range []string{"PKCS1", "OAEP_SHA1_MGF1", "OAEP_SHA256_MGF1", "OAEP_SHA384_MGF1", "OAEP_SHA512_MGF1"} {
		rsa := dbesdkvec.Provider{Type: "raw_rsa", Namespace: "ns" + g.text(4), Name: g.text(8), Padding: padding, Public: pair.PublicPEM}
		full := rsa
		full.Private = pair.PrivatePEM
		both(full)
		g.keyrings = append(g.keyrings, keyringPair{rsa, full})
	}
	for _, name := range slices.Sorted(maps.Keys(curves)) {
		curve := curves[name]
		ours, theirs := g.ecdsaPair("", curve), g.ecdsaPair("", curve)
		ecdh := dbesdkvec.Provider{Type: "raw_ecdh", Curve: "ECC_NIST_" + name}
		static := func(own, peer *ddbecvec.Key) dbesdkvec.Provider {
			p := ecdh
			p.Scheme, p.SenderPrivate, p.RecipientPublic = "RawPrivateKeyToStaticPublicKey", own.PrivatePEM, peer.PublicPEM
			return p
		}
		ephemeral, discovery := ecdh, ecdh
		ephemeral.Scheme, ephemeral.RecipientPublic = "EphemeralPrivateKeyToStaticPublicKey", theirs.PublicPEM
		discovery.Scheme, discovery.RecipientPrivate = "PublicKeyDiscovery", theirs.PrivatePEM
		both(static(ours, theirs))
		g.keyrings = append(g.keyrings,
			keyringPair{static(ours, theirs), static(theirs, ours)},
			keyringPair{static(ours, theirs), discovery},
			keyringPair{ephemeral, discovery})
	}
	single := g.keyrings
	for i := range single {
		multi := dbesdkvec.Provider{Type: "multi", Generator: &single[i].write}
		readers := []dbesdkvec.Provider{single[i].read}
		for range 1 + g.r.IntN(3) {
			child := single[g.r.IntN(len(single))]
			multi.Children = append(multi.Children, child.write)
			readers = append(readers, child.read)
		}
		reader := readers[g.r.IntN(len(readers))]
		if g.r.IntN(2) == 0 {
			other := g.rawAES(32) // knows nothing of the item
			reader = dbesdkvec.Provider{Type: "multi", Generator: &other, Children: []dbesdkvec.Provider{reader}}
		}
		g.keyrings = append(g.keyrings, keyringPair{multi, reader})
	}
}

func (g *dbesdkGenerator) rawAES(size int) dbesdkvec.Provider {
	return dbesdkvec.Provider{Type: "raw_aes", Namespace: "ns" + g.text(4), Name: g.text(8), Key: g.bytes(size)}
}

// cases returns n cases over all keyrings, in both suites.
func (g *dbesdkGenerator) cases(n int) []*dbesdkvec.Case {
	g.t.Helper()
	out := make([]*dbesdkvec.Case, n)
	for i := range out {
		out[i] = g.aCase(fmt.Sprintf("random/%d", i), g.keyrings[i%len(g.keyrings)])
	}
	return out
}

func (g *dbesdkGenerator) aCase(name string, k keyringPair) *dbesdkvec.Case {
	g.t.Helper()
	c := &dbesdkvec.Case{
		Name: name, TableName: "table-" + g.text(8), PartitionKey: "pk" + g.text(3), Provider: k.write,
		AttributeActions: dbesdkvec.Actions{Attributes: map[string]string{}},
	}
	c.Suite = []string{"", crypt.SuiteMAC.String(), crypt.SuiteECDSA.String()}[g.r.IntN(3)]
	withContext := g.r.IntN(2) == 0 // which makes the header one of version 2
	keyAction := "SIGN_ONLY"
	signed := []string{"ENCRYPT_AND_SIGN", "ENCRYPT_AND_SIGN", "SIGN_ONLY"}
	if withContext {
		keyAction = "SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT"
		signed = append(signed, keyAction)
	}
	plain := item{c.PartitionKey: g.keyValue()}
	c.AttributeActions.Attributes[c.PartitionKey] = keyAction
	if g.r.IntN(2) == 0 {
		sort := "sort " + g.text(4)
		c.SortKey = &sort
		plain[sort] = g.keyValue()
		c.AttributeActions.Attributes[sort] = keyAction
	}
	if g.r.IntN(3) == 0 {
		prefix := ":" + g.text(2)
		c.UnsignedPrefix = &prefix
	}
	for range g.r.IntN(12) {
		name := g.text(1 + g.r.IntN(12))
		if c.UnsignedPrefix != nil && g.r.IntN(4) == 0 {
			name = *c.UnsignedPrefix + name
		}
		if name == "" || plain[name] != nil || c.AttributeActions.Attributes[name] != "" {
			continue
		}
		action := signed[g.r.IntN(len(signed))]
		switch {
		case c.UnsignedPrefix != nil && strings.HasPrefix(name, *c.UnsignedPrefix):
			action = "DO_NOTHING"
			if g.r.IntN(2) == 0 { // need not be said, unlike other attributes' actions
				plain[name] = g.value(0, false)
				continue
			}
		case g.r.IntN(6) == 0:
			action = "DO_NOTHING"
			c.Unsigned = append(c.Unsigned, name)
		}
		c.AttributeActions.Attributes[name] = action
		switch {
		case action == "SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT":
			plain[name] = g.contextValue()
		case g.r.IntN(8) > 0: // or configured and absent
			plain[name] = g.value(0, action == "ENCRYPT_AND_SIGN")
		}
	}
	data, err := codec.MarshalItem(plain)
	if err != nil {
		g.t.Fatal(err)
	}
	c.PlaintextItem = data
	c, err = c.With(map[string]any{"decrypt_overrides": map[string]any{"provider": k.read}})
	if err != nil {
		g.t.Fatal(err)
	}
	return c
}

// contextValue returns a value that fits into the encryption context, whose entries
// are of 65535 bytes at most. No client writes an item with a longer one.
func (g *dbesdkGenerator) contextValue() types.AttributeValue {
	for {
		v := g.value(0, false)
		terminal, err := codec.AppendDBESDK(nil, v)
		if err == nil && base64.StdEncoding.EncodedLen(len(terminal)) <= math.MaxUint16 {
			return v
		}
	}
}

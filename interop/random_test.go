package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
	"github.com/ddbenc/ddbenc/internal/vectors"
)

// A generator makes random cases that a client and this project must agree on.
type generator struct {
	t         *testing.T
	r         *rand.Rand
	client    string // who else reads and writes the cases
	providers []ddbecvec.Provider
}

type item = map[string]types.AttributeValue

// newGenerator returns a generator whose items are determined by seed. RSA and
// ECDSA key pairs are new each time.
func newGenerator(t *testing.T, seed uint64, client string) *generator {
	g := &generator{t: t, r: rand.New(rand.NewPCG(seed, 0)), client: client}
	g.makeProviders()
	return g
}

// makeProviders fills the pool of providers: every kind of signing key over
// static keys, every kind of wrapping and every length of content key, KMS with
// every algorithm, and key tables.
func (g *generator) makeProviders() {
	rsaPair := g.rsaPair()
	wrappingPair := g.rsaPair()
	var signing []*ddbecvec.Key
	for _, name := range []string{"HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512"} {
		signing = append(signing, &ddbecvec.Key{Algorithm: name, Raw: g.bytes(16 + g.r.IntN(50))})
	}
	for _, name := range []string{"SHA224withRSA", "SHA256withRSA", "SHA384withRSA", "SHA512withRSA"} {
		key := *rsaPair
		key.Algorithm = name
		signing = append(signing, &key)
	}
	if g.client == ddbecvec.Java {
		for name, curve := range map[string]elliptic.Curve{
			"SHA224withECDSA": elliptic.P256(), "SHA256withECDSA": elliptic.P256(), "SHA384withECDSA": elliptic.P384(), "SHA512withECDSA": elliptic.P521(),
		} {
			signing = append(signing, g.ecdsaPair(name, curve))
		}
	}
	for i, key := range signing {
		content := &ddbecvec.Key{Algorithm: "AES", Raw: g.bytes([]int{16, 24, 32}[i%3])}
		g.providers = append(g.providers, ddbecvec.Provider{Type: "static", Encryption: content, Signing: key})
	}

	var wrapped []ddbecvec.Provider
	for _, size := range []int{16, 24, 32} {
		wrapping := &ddbecvec.Key{Algorithm: "AES", Raw: g.bytes(size)}
		wrapped = append(wrapped, ddbecvec.Provider{Type: "wrapped", Wrapping: wrapping})
		wrapped = append(wrapped, ddbecvec.Provider{
			Type: "wrapped", Wrapping: wrapping, Description: map[string]string{"amzn-ddb-env-alg": fmt.Sprint("AES/", 8*size), "purpose": "𝒾nterop"},
		})
	}
	for _, padding := range []string{"", "OAEPWithSHA-1AndMGF1Padding", "OAEPWithSHA-256AndMGF1Padding", "OAEPWithSHA-384AndMGF1Padding", "OAEPWithSHA-512AndMGF1Padding"} {
		p := ddbecvec.Provider{Type: "wrapped", Wrapping: wrappingPair}
		if padding != "" {
			p.Description = map[string]string{"amzn-ddb-wrap-alg": "RSA/ECB/" + padding}
		}
		wrapped = append(wrapped, p)
	}
	for i, p := range wrapped {
		p.Signing = signing[i%len(signing)]
		g.providers = append(g.providers, p)
	}

	for _, description := range []map[string]string{
		nil,
		{"amzn-ddb-env-alg": "AES/128"},
		{"amzn-ddb-env-alg": "AES/192", "amzn-ddb-sig-alg": "HmacSHA384/384"},
		{"amzn-ddb-sig-alg": "HmacSHA512/512"},
		{"amzn-ddb-sig-alg": "HmacSHA224/224"},
	} {
		g.providers = append(g.providers, ddbecvec.Provider{Type: "aws_kms", KeyID: kmsKey, Description: description})
	}

	// Key tables protected by each kind of provider. The fake KMS that protects
	// one gives every version the same data key, so it takes any context.
	protectors := []ddbecvec.Provider{
		g.providers[0], // static
		{Type: "wrapped", Wrapping: wrappingPair, Signing: signing[5]},
		{Type: "aws_kms", KeyID: kmsKey, FakeKMS: &ddbecvec.FakeKMS{Plaintext: g.bytes(32), Ciphertext: g.bytes(184)}},
	}
	for i, protect := range protectors {
		g.providers = append(g.providers, ddbecvec.Provider{
			Type: "most_recent", MaterialName: fmt.Sprint("matérial 😀 ", i), MetaTableName: fmt.Sprint("keys", i),
			MetaProvider: &protect, CreateVersions: []int64{0, 1, 2}[:1+g.r.IntN(3)],
		})
	}
}

// rsaPair returns a new pair without an algorithm for signing.
func (g *generator) rsaPair() *ddbecvec.Key {
	g.t.Helper()
	key, err := rsa.GenerateKey(crand.Reader, 2048)
	if err != nil {
		g.t.Fatal(err)
	}
	return g.pair("RSA", key, &key.PublicKey)
}

func (g *generator) ecdsaPair(algorithm string, curve elliptic.Curve) *ddbecvec.Key {
	g.t.Helper()
	key, err := ecdsa.GenerateKey(curve, crand.Reader)
	if err != nil {
		g.t.Fatal(err)
	}
	return g.pair(algorithm, key, &key.PublicKey)
}

func (g *generator) pair(algorithm string, private, public any) *ddbecvec.Key {
	g.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		g.t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		g.t.Fatal(err)
	}
	return &ddbecvec.Key{
		Algorithm:  algorithm,
		PrivatePEM: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		PublicPEM:  string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub})),
	}
}

const kmsKey = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// cases returns n cases over all providers.
func (g *generator) cases(n int) []*ddbecvec.Case {
	g.t.Helper()
	out := make([]*ddbecvec.Case, n)
	for i := range out {
		out[i] = g.aCase(fmt.Sprintf("random/%d", i), g.providers[i%len(g.providers)])
	}
	return out
}

func (g *generator) aCase(name string, provider ddbecvec.Provider) *ddbecvec.Case {
	g.t.Helper()
	c := &ddbecvec.Case{
		Name: name, TableName: "table-" + g.text(8), PartitionKey: "pk", Provider: provider,
		AttributeActions: ddbecvec.Actions{Attributes: map[string]string{}},
	}
	defaults := []string{"ENCRYPT_AND_SIGN", "ENCRYPT_AND_SIGN", "SIGN_ONLY", "DO_NOTHING"}
	c.AttributeActions.Default = defaults[g.r.IntN(len(defaults))]
	plain := item{"pk": g.keyValue()}
	c.AttributeActions.Attributes["pk"] = "SIGN_ONLY"
	if g.r.IntN(2) == 0 {
		sort := "sort " + g.text(4)
		c.SortKey = &sort
		plain[sort] = g.keyValue()
		c.AttributeActions.Attributes[sort] = "SIGN_ONLY"
	}
	for range g.r.IntN(10) {
		name := g.text(1 + g.r.IntN(12))
		if name == "" || plain[name] != nil {
			continue
		}
		action := c.AttributeActions.Default
		if g.r.IntN(2) == 0 {
			action = []string{"ENCRYPT_AND_SIGN", "SIGN_ONLY", "DO_NOTHING"}[g.r.IntN(3)]
			c.AttributeActions.Attributes[name] = action
		}
		plain[name] = g.value(0, action == "ENCRYPT_AND_SIGN")
	}
	data, err := codec.MarshalItem(plain)
	if err != nil {
		g.t.Fatal(err)
	}
	c.PlaintextItem = data
	if provider.Type == "aws_kms" && provider.Endpoint == "" {
		c.Provider.FakeKMS = &ddbecvec.FakeKMS{Plaintext: g.bytes(32), Ciphertext: g.bytes(184), Context: kmsContext(c, plain)}
	}
	return c
}

// kmsContext returns the encryption context that KMS must be sent for the item of
// a case. Spec: Materials and materials providers, "Encryption context (exact)".
func kmsContext(c *ddbecvec.Case, plain item) map[string]string {
	algorithm := func(name, otherwise string) string {
		if v, ok := c.Provider.Description[name]; ok {
			return v
		}
		return otherwise
	}
	kctx := map[string]string{
		"*amzn-ddb-env-alg*": algorithm("amzn-ddb-env-alg", "AES/256"),
		"*amzn-ddb-sig-alg*": algorithm("amzn-ddb-sig-alg", "HmacSHA256/256"),
		"*aws-kms-table*":    c.TableName,
	}
	names := []string{c.PartitionKey}
	if c.SortKey != nil {
		names = append(names, *c.SortKey)
	}
	for _, name := range names {
		switch v := plain[name].(type) {
		case *types.AttributeValueMemberS:
			kctx[name] = v.Value
		case *types.AttributeValueMemberN:
			kctx[name] = v.Value
		case *types.AttributeValueMemberB:
			kctx[name] = base64.StdEncoding.EncodeToString(v.Value)
		}
	}
	return kctx
}

// keyValue returns a value for a key attribute. Numbers are in canonical form: in
// another spelling the old clients lose the item under KMS. The Python client
// can't read a number of more than 38 digits, zeros at its end included.
func (g *generator) keyValue() types.AttributeValue {
	switch g.r.IntN(3) {
	case 0:
		n := canonical(g.number())
		for len(n) > 38 {
			n = canonical(g.number())
		}
		return &types.AttributeValueMemberN{Value: n}
	case 1:
		return &types.AttributeValueMemberB{Value: g.bytes(1 + g.r.IntN(40))}
	}
	return &types.AttributeValueMemberS{Value: "k" + g.text(30)}
}

func canonical(number string) string {
	s, err := codec.CanonicalNumber(number)
	if err != nil {
		panic(err) // made here
	}
	return s
}

// value returns a value of any type. Only encrypted values may hold empty sets:
// DynamoDB refuses those that it sees.
func (g *generator) value(depth int, encrypted bool) types.AttributeValue {
	kinds := 10
	if depth > 5 {
		kinds = 8 // no more nesting
	}
	members := func() int {
		if encrypted {
			return g.r.IntN(6)
		}
		return 1 + g.r.IntN(6)
	}
	switch g.r.IntN(kinds) {
	case 0:
		return &types.AttributeValueMemberS{Value: g.text(g.size())}
	case 1:
		return &types.AttributeValueMemberN{Value: g.number()}
	case 2:
		return &types.AttributeValueMemberB{Value: g.bytes(g.size())}
	case 3:
		return &types.AttributeValueMemberBOOL{Value: g.r.IntN(2) == 0}
	case 4:
		return &types.AttributeValueMemberNULL{Value: true}
	case 5:
		return &types.AttributeValueMemberSS{Value: distinct(members(), func() string { return g.text(8) }, strings.Clone)}
	case 6:
		return &types.AttributeValueMemberNS{Value: distinct(members(), g.number, canonical)}
	case 7:
		return &types.AttributeValueMemberBS{Value: distinct(members(), func() []byte { return g.bytes(g.r.IntN(6)) }, func(b []byte) string { return string(b) })}
	case 8:
		list := make([]types.AttributeValue, g.r.IntN(5))
		for i := range list {
			list[i] = g.value(depth+1, encrypted)
		}
		return &types.AttributeValueMemberL{Value: list}
	}
	m := item{}
	for range g.r.IntN(5) {
		m[g.text(6)] = g.value(depth+1, encrypted)
	}
	return &types.AttributeValueMemberM{Value: m}
}

// size returns the length of a value: most are short, a few are long.
func (g *generator) size() int {
	if g.r.IntN(100) == 0 {
		return g.r.IntN(60_000)
	}
	return g.r.IntN(40)
}

// distinct returns up to n values of which no two are the same by key.
func distinct[T any](n int, next func() T, key func(T) string) []T {
	out, seen := make([]T, 0, n), map[string]bool{}
	for range n {
		if v := next(); !seen[key(v)] {
			seen[key(v)] = true
			out = append(out, v)
		}
	}
	return out
}

func (g *generator) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.r.Uint32())
	}
	return b
}

// text returns up to n characters from all over Unicode: ASCII with controls,
// Latin, the end of the BMP, and beyond it.
func (g *generator) text(n int) string {
	var b strings.Builder
	for range n {
		switch g.r.IntN(6) {
		case 0, 1, 2:
			b.WriteRune(rune(' ' + g.r.IntN(95)))
		case 3:
			b.WriteRune(rune(g.r.IntN(0x250)))
		case 4:
			b.WriteRune(rune(0xe000 + g.r.IntN(0x1ffe)))
		case 5:
			b.WriteRune(rune(0x10000 + g.r.IntN(0x100000)))
		}
	}
	return b.String()
}

// number returns a number in any spelling with as many digits as the client
// keeps: the Python client rounds to 28.
func (g *generator) number() string {
	most := 38
	if g.client == ddbecvec.Python {
		most = 28
	}
	digits := make([]byte, 1+g.r.IntN(most))
	for i := range digits {
		digits[i] = byte('0' + g.r.IntN(10))
	}
	text := string(digits)
	if slices.ContainsFunc(digits, func(d byte) bool { return d != '0' }) && g.r.IntN(3) == 0 {
		text = "-" + text // a zero with a sign is a known disagreement
	}
	switch g.r.IntN(4) {
	case 0:
		at := 1 + g.r.IntN(len(text))
		text = text[:at] + "." + text[at:]
		text = strings.Replace(text, "-.", "-0.", 1)
		if strings.HasSuffix(text, ".") {
			text += "0"
		}
	case 1:
		text = fmt.Sprintf("%sE%+d", text, g.r.IntN(180)-100-len(digits)/2)
	case 2:
		if text[0] != '-' {
			text = "00" + text
		}
	}
	if _, err := codec.CanonicalNumber(text); err != nil {
		return g.number() // out of DynamoDB's range
	}
	return text
}

// clientsDiffer reports whether the Java and Python clients sign the case's item
// differently because they sort differently.
func clientsDiffer(t *testing.T, c *ddbecvec.Case) bool {
	t.Helper()
	plain, err := c.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	table, err := c.Table()
	if err != nil {
		t.Fatal(err)
	}
	var signed []string
	for name, v := range plain {
		switch table.Actions.Of(name).String() {
		case "SIGN_ONLY":
			if codec.OrdersDiffer(v) {
				return true
			}
			signed = append(signed, name)
		case "ENCRYPT_AND_SIGN":
			signed = append(signed, name)
		}
	}
	return codec.NameOrdersDiffer(signed)
}

// checkResult returns what is wrong with r as the reading of a case of either format,
// which client wrote, or "".
func checkResult(t *testing.T, name, client string, plaintext json.RawMessage, r vectors.Result) string {
	t.Helper()
	switch {
	case r.Name != name:
		return fmt.Sprintf("result of %q where that of %q belongs", r.Name, name)
	case r.Error != "":
		return fmt.Sprintf("%s can't read what %s wrote: %s", r.Client, client, r.Error)
	case !equalJSON(t, plaintext, r.PlaintextItem):
		return fmt.Sprintf("%s reads something else than %s wrote: %s", r.Client, client, r.PlaintextItem)
	}
	return ""
}

func equalJSON(t *testing.T, want, got json.RawMessage) bool {
	t.Helper()
	a, err := codec.UnmarshalItem(want)
	if err != nil {
		t.Fatal(err)
	}
	b, err := codec.UnmarshalItem(got)
	return err == nil && vectors.Equal(a, b)
}

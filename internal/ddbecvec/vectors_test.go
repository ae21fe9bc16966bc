package ddbecvec

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/testenv"
	"github.com/ddbenc/ddbenc/internal/vectors"
)

// TestVectorsGenerated runs every case below DDBENC_VECTORS.
func TestVectorsGenerated(t *testing.T) { testCases(t, testenv.Vectors(t, "ddbec")) }

// TestVectorsOwn runs the cases that this project's peers made, so that the
// format is proven without other vectors.
func TestVectorsOwn(t *testing.T) { testCases(t, filepath.Join("..", "..", "testdata", "ddbec")) }

// testCases runs every case below dir both ways: what is there is read, and the
// plaintext is written again. Cases run one after the other, since some of them
// replace the process's source of randomness.
func testCases(t *testing.T, dir string) {
	t.Helper()
	cases, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatalf("no case found below %s", dir)
	}
	replayed := 0
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			testReading(t, c)
			if c.Category != "negative" {
				testWriting(t, c)
			}
			if c.Expect == ExpectDecrypt && testReplay(t, c) {
				replayed++
			}
		})
	}
	t.Logf("%d cases ran, %d of them were written again byte for byte", len(cases), replayed)
}

// testReading decrypts the item of c and compares it with what c expects.
func testReading(t *testing.T, c *Case) {
	if c.Expect == ExpectEncryptError {
		return
	}
	got, err := c.decrypt(t.Context(), new(session))
	switch c.Expect {
	case ExpectReject:
		if err == nil {
			t.Errorf("Decrypt accepted an item that every client refuses")
		}
		return
	case ExpectDecrypt:
		if err != nil && !c.refusable() {
			t.Errorf("Decrypt: %v", err)
		}
	case ExpectAccept:
		if err != nil && !c.MayReject {
			t.Errorf("Decrypt: %v", err)
		}
	case ExpectDivergent: // either way
	default:
		t.Fatalf("unknown expectation %q", c.Expect)
	}
	if err != nil {
		if got != nil {
			t.Errorf("Decrypt returned part of an item beside an error")
		}
		return
	}
	want, err := c.Want()
	if err != nil {
		t.Fatal(err)
	}
	if diff := diffItems(want, got); diff != "" {
		t.Errorf("Decrypt (-want +got):\n%s", diff)
	}
}

// diffItems compares items by value. Its report is made only for items that
// differ, because making it takes time exponential in the depth of values.
func diffItems(want, got map[string]types.AttributeValue) string {
	if vectors.Equal(want, got) {
		return ""
	}
	return cmp.Diff(vectors.Canonical(want), vectors.Canonical(got))
}

// refusable reports whether a reader may refuse an item that the clients take.
// The file "limits" holds items beyond what DynamoDB allows; a reader that
// refuses what this project would not write is right.
func (c *Case) refusable() bool {
	if c.Category != "limits" {
		return false
	}
	_, err := c.encrypt(context.Background(), &session{writing: true})
	return err != nil
}

// testWriting encrypts the plaintext of c with fresh keys and IVs.
func testWriting(t *testing.T, c *Case) {
	out, err := c.Encrypt(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case out.Error == "":
	case c.Expect == ExpectEncryptError || c.Category == "limits" || c.onlyRead():
		return
	default:
		t.Errorf("Encrypt: %s", out.Error)
		return
	}
	if c.Category == "limits" && c.Expect == ExpectEncryptError {
		t.Errorf("Encrypt wrote an item that is beyond the limits")
	}
	if c.onlyRead() {
		t.Errorf("Encrypt wrote what should only be read")
	}

	out.DecryptedItem = nil
	want, err := out.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	if c.EncryptedItem != nil {
		c.compareDescriptions(t, out)
		c.compareRequests(t, out)
	}
	got, err := out.decrypt(t.Context(), new(session))
	if err != nil {
		t.Fatalf("Decrypt of what was encrypted: %v", err)
	}
	if diff := diffItems(want, got); diff != "" {
		t.Errorf("Decrypt of what was encrypted (-want +got):\n%s", diff)
	}
}

// onlyRead reports whether the case wraps in a way that this project reads and
// never writes, PKCS #1 v1.5.
func (c *Case) onlyRead() bool {
	wrap := c.Provider.Description[crypt.DescWrapAlgorithm]
	return wrap == "RSA" || wrap == "RSA/ECB/PKCS1Padding"
}

// compareDescriptions checks that out's material description says what that of
// c says. The Java client leaves out the algorithm of HMAC keys and the length of
// content keys, and signs even an item whose every action is DO_NOTHING; the
// Python client leaves out what was given to its KMS provider.
func (c *Case) compareDescriptions(t *testing.T, out *Case) {
	t.Helper()
	theirs, ours := description(t, c), description(t, out)
	if theirs == nil || ours == nil && c.takesNoAction() {
		return
	}
	delete(theirs, crypt.DescContentKey) // fresh
	for name, value := range theirs {
		got, ok := ours[name]
		if c.Client == Java && name == crypt.DescContentAlgorithm {
			got, _, _ = strings.Cut(got, "/")
			value, _, _ = strings.Cut(value, "/")
		}
		if !ok || got != value {
			t.Errorf("description entry %q is %q, %s writes %q", name, got, c.Client, value)
		}
	}
	delete(ours, crypt.DescContentKey)
	for name := range ours {
		leftOut := c.Client == Java && name == "amzn-ddb-map-signingAlg" ||
			c.Client == Python && c.Provider.Type == "aws_kms" && c.Provider.Description[name] != ""
		if _, ok := theirs[name]; !ok && !leftOut {
			t.Errorf("description entry %q is not one that %s writes", name, c.Client)
		}
	}
}

// compareRequests checks that KMS is asked what the writer of c asked, but that a
// number in the encryption context has the spelling that DynamoDB returns.
func (c *Case) compareRequests(t *testing.T, out *Case) {
	t.Helper()
	if c.Provider.Type == "most_recent" {
		c.compareTableRequests(t, out)
		return
	}
	plain, err := c.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(c.KMSRequests)
	for i := range want {
		for _, name := range []*string{&c.PartitionKey, c.SortKey} {
			if name == nil {
				continue
			}
			if n, ok := plain[*name].(*types.AttributeValueMemberN); ok {
				want[i].EncryptionContext = maps.Clone(want[i].EncryptionContext)
				want[i].EncryptionContext[*name] = vectors.Number(n.Value)
			}
		}
	}
	if diff := cmp.Diff(want, out.KMSRequests); diff != "" {
		t.Errorf("requests to KMS (-%s +ddbenc):\n%s", c.Client, diff)
	}
}

// compareTableRequests checks that the rows of a key table are bound to what the
// writer of c binds them to. How often KMS is asked is each client's business.
func (c *Case) compareTableRequests(t *testing.T, out *Case) {
	t.Helper()
	if (len(c.KMSRequests) == 0) != (len(out.KMSRequests) == 0) {
		t.Errorf("%d requests to KMS, %s sends %d", len(out.KMSRequests), c.Client, len(c.KMSRequests))
	}
	for _, r := range out.KMSRequests {
		if diff := cmp.Diff(c.KMSRequests[0].EncryptionContext, r.EncryptionContext); diff != "" {
			t.Errorf("encryption context of a row of the key table (-%s +ddbenc):\n%s", c.Client, diff)
		}
	}
	if len(out.Provider.MetaTableItems) != len(c.Provider.MetaTableItems) {
		t.Errorf("the key table has %d rows, %s makes %d", len(out.Provider.MetaTableItems), c.Client, len(c.Provider.MetaTableItems))
	}
}

func (c *Case) takesNoAction() bool {
	for _, action := range c.AttributeActions.Attributes {
		if action != crypt.DoNothing.String() {
			return false
		}
	}
	return c.AttributeActions.Default == crypt.DoNothing.String()
}

func description(t *testing.T, c *Case) map[string]string {
	t.Helper()
	item, err := c.Encrypted()
	if err != nil {
		t.Fatal(err)
	}
	b, ok := item[crypt.DDBECDescription].(*types.AttributeValueMemberB)
	if !ok {
		return nil
	}
	d, err := codec.DecodeDescription(b.Value)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// testReplay encrypts the plaintext of c with the content key, the IVs and the
// order of its writer. Ciphertexts must come out as they are stored, and so must
// the signature if its algorithm is deterministic. It reports whether the case
// allows that.
func testReplay(t *testing.T, c *Case) bool {
	stored, err := c.Encrypted()
	if err != nil {
		return false // limits: a value that this project does not hold
	}
	if c.takesNoAction() || c.refusable() {
		return false
	}
	plain, err := c.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	order := codec.JavaOrder
	if c.Client == Python {
		order = codec.PythonOrder
		if c.numbersDiffer() || hasNegativeZero(plain) {
			return false // other plaintext: rounded, or -0
		}
	}
	keys, ok := replayKeys(t, c, stored)
	if !ok {
		return false
	}
	e, err := c.Encryptor(keys, crypt.WriteOrder(order))
	if err != nil {
		t.Fatal(err)
	}
	replayRandom(t, c.ivs(t, stored, order))
	got, err := e.Encrypt(t.Context(), plain)
	if err != nil {
		t.Errorf("Encrypt with the writer's keys and IVs: %v", err)
		return false
	}
	for _, item := range []map[string]types.AttributeValue{stored, got} {
		delete(item, crypt.DDBECDescription) // compared elsewhere
		if strings.HasSuffix(c.signingAlgorithm(), "withECDSA") {
			delete(item, crypt.DDBECSignature)
		}
	}
	if diff := diffItems(stored, got); diff != "" {
		t.Errorf("Encrypt with the writer's keys and IVs (-%s +ddbenc):\n%s", c.Client, diff)
	}
	return true
}

func (c *Case) signingAlgorithm() string {
	if k := c.Provider.Signing; k != nil {
		return k.Algorithm
	}
	return ""
}

// ivs returns the IVs of the encrypted attributes of stored in the order in
// which they are written.
func (c *Case) ivs(t *testing.T, stored map[string]types.AttributeValue, order codec.Order) []byte {
	t.Helper()
	table, err := c.Table()
	if err != nil {
		t.Fatal(err)
	}
	names := slices.SortedFunc(maps.Keys(stored), func(a, b string) int { return codec.CompareNames(order, a, b) })
	var ivs []byte
	for _, name := range names {
		isKey := name == table.PartitionKey || name == table.SortKey
		isReserved := name == crypt.DDBECDescription || name == crypt.DDBECSignature
		if isKey || isReserved || table.Actions.Of(name) != crypt.EncryptAndSign {
			continue
		}
		b, ok := stored[name].(*types.AttributeValueMemberB)
		if !ok || len(b.Value) < 16 {
			t.Fatalf("attribute %q is not encrypted", name)
		}
		ivs = append(ivs, b.Value[:16]...)
	}
	return ivs
}

// replayRandom makes crypto/rand.Read return data until the test ends.
func replayRandom(t *testing.T, data []byte) {
	t.Helper()
	saved := rand.Reader
	rand.Reader = io.MultiReader(bytes.NewReader(data), saved)
	t.Cleanup(func() { rand.Reader = saved })
}

// fixedKeys is a provider that returns the same materials for every item.
type fixedKeys struct {
	crypt.Provider // reads
	materials      *crypt.EncryptionMaterials
}

func (p fixedKeys) EncryptionMaterials(context.Context, *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
	return p.materials, nil
}

// replayKeys returns a provider that writes with the keys that stored was
// written with, if they can be had.
func replayKeys(t *testing.T, c *Case, stored map[string]types.AttributeValue) (crypt.Provider, bool) {
	t.Helper()
	reader, err := new(session).open(t.Context(), &c.Provider)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case c.Provider.Type == "aws_kms":
		return reader, true // its KMS has one data key only
	case c.Provider.Signing == nil:
		return nil, false
	}
	materials, err := reader.DecryptionMaterials(t.Context(), &crypt.EncryptionContext{
		TableName: c.TableName, PartitionKey: c.PartitionKey, Item: stored, Description: description(t, c),
	})
	if err != nil {
		t.Fatal(err)
	}
	signing, _, err := c.Provider.Signing.signing()
	if err != nil {
		t.Fatal(err)
	}
	return fixedKeys{reader, &crypt.EncryptionMaterials{ContentKey: materials.ContentKey, SigningKey: signing}}, true
}

// hasNegativeZero reports whether a number in item is a zero with a sign, which
// only the Python client keeps.
func hasNegativeZero(item map[string]types.AttributeValue) bool {
	isNegativeZero := func(s string) bool {
		return strings.HasPrefix(s, "-") && vectors.Number(s) == "0"
	}
	for _, v := range item {
		switch v := v.(type) {
		case *types.AttributeValueMemberN:
			if isNegativeZero(v.Value) {
				return true
			}
		case *types.AttributeValueMemberNS:
			if slices.ContainsFunc(v.Value, isNegativeZero) {
				return true
			}
		case *types.AttributeValueMemberL:
			for _, e := range v.Value {
				if hasNegativeZero(map[string]types.AttributeValue{"": e}) {
					return true
				}
			}
		case *types.AttributeValueMemberM:
			if hasNegativeZero(v.Value) {
				return true
			}
		}
	}
	return false
}

// TestVectorsRoundedNumbers reads what the Python client signed rounded without
// the option that accepts that.
func TestVectorsRoundedNumbers(t *testing.T) {
	cases, err := Load(testenv.Vectors(t, "ddbec"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if !c.SignedByPythonOnly() || !strings.HasPrefix(c.Results[Java], "error") || c.Category == "limits" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			plain := *c
			plain.Divergence = nil
			if got, err := plain.decrypt(t.Context(), new(session)); err == nil {
				t.Errorf("Decrypt verified digits that nobody signed: %d attributes", len(got))
			}
		})
	}
}

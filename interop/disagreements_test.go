package interop

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
)

// A disagreement is something in which the clients differ from each other, or
// this project from both. All of them are in the specification, under
// "Divergences between Python and Java"; here each is asserted, so that a release
// that changes one is noticed.
type disagreement struct {
	name   string
	change map[string]any // members of the case in place of those of [baseCase]
	writes outcomes       // what becomes of plaintext_item
	reads  []reading
}

// A reading is a stored item that all three are given.
type reading struct {
	of     string         // who wrote it, or "" if change makes it
	with   map[string]any // members of the case for the readers
	change func(t *testing.T, stored item)
	want   outcomes
}

// outcomes are those of the three: the item that comes out in DynamoDB JSON, or
// "!" and a part of the error. For writing, and for reading what was written, ""
// means that all is well.
type outcomes struct{ python, java, ddbenc string }

var (
	allWell = outcomes{}

	staticKeys = ddbecvec.Provider{
		Type:       "static",
		Encryption: &ddbecvec.Key{Algorithm: "AES", Raw: sequence(32)},
		Signing:    &ddbecvec.Key{Algorithm: "HmacSHA256", Raw: sequence(32)},
	}
	wrappedKeys = ddbecvec.Provider{
		Type:     "wrapped",
		Wrapping: &ddbecvec.Key{Algorithm: "AES", Raw: sequence(32)},
		Signing:  &ddbecvec.Key{Algorithm: "HmacSHA256", Raw: sequence(32)},
	}
	tableKeys = ddbecvec.Provider{
		Type: "most_recent", MaterialName: "m", MetaTableName: "keys", MetaProvider: &staticKeys, CreateVersions: []int64{0},
	}
	kmsKeys = ddbecvec.Provider{
		Type: "aws_kms", KeyID: kmsKey, FakeKMS: &ddbecvec.FakeKMS{Plaintext: sequence(32), Ciphertext: []byte("blob")},
	}
)

func sequence(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

const badSignature = "!failed verification"

// baseCase has one key attribute, and signs everything else.
func baseCase(name string) *ddbecvec.Case {
	return &ddbecvec.Case{
		Name: name, TableName: "t", PartitionKey: "pk", Provider: staticKeys,
		AttributeActions: ddbecvec.Actions{Default: "SIGN_ONLY", Attributes: map[string]string{"pk": "SIGN_ONLY"}},
	}
}

// plaintext is the change that sets the item.
func plaintext(attributes string) map[string]any {
	return map[string]any{"plaintext_item": json.RawMessage(`{"pk": {"S": "1"}, ` + attributes + `}`)}
}

// and joins changes.
func and(changes ...map[string]any) map[string]any {
	all := map[string]any{}
	for _, c := range changes {
		maps.Copy(all, c)
	}
	return all
}

var encryptAllElse = map[string]any{
	"attribute_actions": ddbecvec.Actions{Default: "ENCRYPT_AND_SIGN", Attributes: map[string]string{"pk": "SIGN_ONLY"}},
}

func provider(p ddbecvec.Provider) map[string]any { return map[string]any{"provider": p} }

// wantItem is what a reader makes of an item: attributes beside the partition key.
func wantItem(attributes string) string { return `{"pk": {"S": "1"}, ` + attributes + `}` }

func TestDisagreements(t *testing.T) {
	python, java := openPeers(t)
	all := disagreements(t)

	// Everything is written, then everything read: one process for each.
	var cases []*ddbecvec.Case
	for _, d := range all {
		c, err := baseCase(d.name).With(d.change)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	written := map[string][]*ddbecvec.Case{
		ddbecvec.Python: python.encrypt(t, cases),
		ddbecvec.Java:   java.encrypt(t, cases),
		ddbecvec.Go:     encryptAll(t, cases),
	}
	var stored []*ddbecvec.Case
	for i, d := range all {
		for _, r := range d.reads {
			stored = append(stored, r.stored(t, cases[i], written[r.of]))
		}
	}
	pythonRead, javaRead, goRead := python.decrypt(t, stored), java.decrypt(t, stored), decryptAll(t, stored)

	n := 0
	for i, d := range all {
		t.Run(strings.ReplaceAll(d.name, " ", "-"), func(t *testing.T) {
			if cases[i].PlaintextItem != nil {
				for client, want := range map[string]string{ddbecvec.Python: d.writes.python, ddbecvec.Java: d.writes.java, ddbecvec.Go: d.writes.ddbenc} {
					if c := written[client][i]; !isOutcome(want, c.Error) {
						t.Errorf("%s writes with error %q, want %q", client, c.Error, want)
					}
				}
			}
			for _, r := range d.reads {
				by := r.of
				if by == "" {
					by = "nobody"
				}
				for want, got := range map[*string]ddbecvec.Result{&r.want.python: pythonRead[n], &r.want.java: javaRead[n], &r.want.ddbenc: goRead[n]} {
					expected := *want
					if expected == "" {
						expected = string(cases[i].PlaintextItem)
					}
					if !isOutcome(expected, got.Error) || got.Error == "" && !equalJSON(t, json.RawMessage(expected), got.PlaintextItem) {
						t.Errorf("%s reads the item of %s as %s with error %q, want %s", got.Client, by, got.PlaintextItem, got.Error, expected)
					}
				}
				n++
			}
		})
	}
}

// isOutcome reports whether err is the error that want asks for, or none if it
// asks for none.
func isOutcome(want, err string) bool {
	part, fails := strings.CutPrefix(want, "!")
	if !fails {
		return err == ""
	}
	return err != "" && strings.Contains(err, part)
}

// stored returns the case that the readers get.
func (r reading) stored(t *testing.T, c *ddbecvec.Case, written []*ddbecvec.Case) *ddbecvec.Case {
	t.Helper()
	attributes, members := item{}, map[string]any{}
	for _, w := range written {
		if w.Name != c.Name {
			continue
		}
		if w.EncryptedItem == nil {
			t.Fatalf("%s: %s wrote nothing to read: %s", c.Name, r.of, w.Error)
		}
		var err error
		if attributes, err = w.Encrypted(); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		members["provider"] = w.Provider // with the rows of the key table
	}
	if r.change != nil {
		r.change(t, attributes)
	}
	data, err := codec.MarshalItem(attributes)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	members["encrypted_item"] = json.RawMessage(data)
	out, err := c.With(and(members, r.with))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// describe returns a change of an item's material description.
func describe(edit func(d map[string]string)) func(*testing.T, item) {
	return func(t *testing.T, stored item) {
		t.Helper()
		var d map[string]string
		if b, ok := stored[crypt.DDBECDescription].(*types.AttributeValueMemberB); ok {
			var err error
			if d, err = codec.DecodeDescription(b.Value); err != nil {
				t.Fatal(err)
			}
		}
		edit(d)
		data, err := codec.AppendDescription(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		stored[crypt.DDBECDescription] = &types.AttributeValueMemberB{Value: data}
	}
}

// forge makes the item {pk, a} of staticKeys in which a is encrypted and its
// serialized form is the given bytes, which no writer would write.
func forge(serialized string) func(*testing.T, item) {
	return func(t *testing.T, stored item) {
		t.Helper()
		block, err := aes.NewCipher(staticKeys.Encryption.Raw)
		if err != nil {
			t.Fatal(err)
		}
		pad := 16 - len(serialized)%16
		plain := []byte(serialized + strings.Repeat(string(rune(pad)), pad))
		iv := sequence(16)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)
		stored["pk"] = &types.AttributeValueMemberS{Value: "1"}
		stored["a"] = &types.AttributeValueMemberB{Value: append(iv, plain...)}

		var toSign []byte
		add := func(text []byte) {
			sum := sha256.Sum256(text)
			toSign = append(toSign, sum[:]...)
		}
		add([]byte("TABLE>t<TABLE"))
		for _, attribute := range []struct{ name, marker string }{{"a", "ENCRYPTED"}, {"pk", "PLAINTEXT"}} {
			add([]byte(attribute.name))
			add([]byte(attribute.marker))
			value, err := codec.AppendDDBEC(nil, stored[attribute.name], codec.JavaOrder)
			if err != nil {
				t.Fatal(err)
			}
			add(value)
		}
		mac := hmac.New(sha256.New, staticKeys.Signing.Raw)
		mac.Write(toSign)
		stored[crypt.DDBECSignature] = &types.AttributeValueMemberB{Value: mac.Sum(nil)}
		data, err := codec.AppendDescription(nil, map[string]string{"amzn-ddb-map-sym-mode": "/CBC/PKCS5Padding"})
		if err != nil {
			t.Fatal(err)
		}
		stored[crypt.DDBECDescription] = &types.AttributeValueMemberB{Value: data}
	}
}

// drop takes an attribute out of an item.
func drop(name string) func(*testing.T, item) {
	return func(_ *testing.T, stored item) { delete(stored, name) }
}

package ddbecvec

import (
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/testenv"
	"github.com/ddbenc/ddbenc/internal/vectors"
)

// The shapes of the old clients' own test vectors. Spec: Official test vectors.
type (
	officialScenario struct {
		Version      string            `json:"version"`
		Provider     string            `json:"provider"`
		Keys         officialKeys      `json:"keys"`
		Ciphertext   string            `json:"ciphertext"`
		Network      bool              `json:"network"`
		MaterialName string            `json:"material_name"`
		MetaStore    officialMetaStore `json:"metastore"`
	}
	officialKeys struct {
		Encrypt, Decrypt, Sign, Verify string
	}
	officialMetaStore struct {
		TableName  string       `json:"table_name"`
		Provider   string       `json:"provider"`
		Keys       officialKeys `json:"keys"`
		Ciphertext string       `json:"ciphertext"`
	}
	officialKey struct {
		Material  []byte `json:"material"`
		Algorithm string `json:"algorithm"`
		Encoding  string `json:"encoding"`
		Type      string `json:"type"`
		KeyID     string `json:"keyId"`
	}
	officialPlaintext struct {
		Actions map[string]struct {
			Default  string            `json:"default"`
			Override map[string]string `json:"override"`
		} `json:"actions"`
		Items map[string]struct {
			Index struct{ Partition, Sort string } `json:"index"`
			Items []struct {
				Attributes map[string]json.RawMessage `json:"attributes"`
				Action     string                     `json:"action"`
				Exact      bool                       `json:"exact"`
			} `json:"items"`
		} `json:"items"`
		Versions   map[string]map[string][]string        `json:"versions"`
		Attributes map[string]map[string]json.RawMessage `json:"attributes"`
	}
	// officialTables are stored items by table.
	officialTables map[string][]json.RawMessage
)

// official is the folder encrypted_item of the official vectors.
type official struct {
	t         *testing.T
	dir       string
	keys      map[string]officialKey
	plaintext officialPlaintext
}

func (o *official) read(name string, v any) {
	o.t.Helper()
	data, err := os.ReadFile(filepath.Join(o.dir, strings.TrimPrefix(name, "file://")))
	if err != nil {
		o.t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		o.t.Fatalf("%s: %v", name, err)
	}
}

// TestVectorsOfficial runs the scenarios of the old clients' own tests: every
// item is read, and its plaintext written and read again.
func TestVectorsOfficial(t *testing.T) {
	o := &official{t: t, dir: filepath.Join(testenv.Vectors(t, "ddbec"), "official", "encrypted_item")}
	if _, err := os.Stat(o.dir); os.IsNotExist(err) {
		t.Skipf("this folder of vectors has no official ones: %s", o.dir)
	}
	o.read("keys.json", &o.keys)
	o.read("plaintext.json", &o.plaintext)
	var file struct {
		Scenarios []officialScenario `json:"scenarios"`
	}
	o.read("scenarios.json", &file)
	if len(file.Scenarios) == 0 {
		t.Fatalf("no scenario found in %s", o.dir)
	}
	items, skipped := 0, 0
	for _, s := range file.Scenarios {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(s.Ciphertext, "file://ciphertext/"), ".json"), func(t *testing.T) {
			if s.Network {
				skipped++
				t.Skip("its key is in somebody's AWS account")
			}
			o := &official{t: t, dir: o.dir, keys: o.keys, plaintext: o.plaintext}
			provider := o.provider(s)
			cases := o.cases(s, provider)
			if len(cases) != 16 {
				t.Errorf("%d stored items have a plaintext, want 16", len(cases))
			}
			for _, c := range cases {
				t.Run(c.Name, func(t *testing.T) { testOfficial(t, c) })
			}
			items += len(cases)
		})
	}
	t.Logf("%d items of %d scenarios; %d scenarios were skipped", items, len(file.Scenarios), skipped)
}

func testOfficial(t *testing.T, c *Case) {
	got, err := c.decrypt(t.Context(), new(session))
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Want()
	if err != nil {
		t.Fatal(err)
	}
	// Java's mapper had counted the version up, so only its presence counts.
	if _, ok := want["version"]; ok && got["version"] != nil {
		want["version"] = got["version"]
	}
	if diff := diffItems(want, got); diff != "" {
		t.Errorf("Decrypt (-want +got):\n%s", diff)
	}
	c.Provider.Description = nil // PKCS #1 v1.5 is only for reading
	if p := c.Provider.MetaProvider; p != nil {
		protect := *p
		protect.Description = nil
		c.Provider.MetaProvider = &protect
	}
	again, err := c.Encrypt(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again.Error != "" {
		t.Fatalf("Encrypt: %s", again.Error)
	}
	if got, err = again.decrypt(t.Context(), new(session)); err != nil {
		t.Fatalf("Decrypt of what was encrypted: %v", err)
	}
	if want, err = c.Plaintext(); err != nil {
		t.Fatal(err)
	}
	if diff := diffItems(want, got); diff != "" {
		t.Errorf("Decrypt of what was encrypted (-want +got):\n%s", diff)
	}
}

// cases returns the stored items of a scenario that have a plaintext. Two of the
// files hold leftovers that have none.
func (o *official) cases(s officialScenario, provider Provider) []*Case {
	o.t.Helper()
	var tables officialTables
	o.read(s.Ciphertext, &tables)
	var cases []*Case
	for table, stored := range tables {
		info := o.plaintext.Items[table]
		for _, item := range stored {
			attributes := o.unmarshal(item)
			for _, p := range info.Items {
				keys := map[string]types.AttributeValue{info.Index.Partition: attributes[info.Index.Partition]}
				if sort := info.Index.Sort; sort != "" {
					keys[sort] = attributes[sort]
				}
				if !vectors.Equal(keys, o.unmarshal(marshal(o.t, p.Attributes))) {
					continue
				}
				want := make(map[string]json.RawMessage)
				if !p.Exact {
					for _, group := range o.plaintext.Versions[table][s.Version] {
						for name, v := range o.plaintext.Attributes[group] {
							want[name] = v
						}
					}
				}
				for name, v := range p.Attributes {
					want[name] = v
				}
				c := &Case{
					Name: table + " " + string(marshal(o.t, p.Attributes)), Expect: ExpectDecrypt,
					TableName: table, PartitionKey: info.Index.Partition, SortKey: &info.Index.Sort,
					AttributeActions: o.actions(p.Action), Provider: provider,
					Items: vectors.Items{EncryptedItem: item, PlaintextItem: marshal(o.t, want)},
				}
				cases = append(cases, c)
			}
		}
	}
	return cases
}

func (o *official) actions(set string) Actions {
	names := map[string]crypt.Action{"encrypt": crypt.EncryptAndSign, "sign": crypt.SignOnly, "nothing": crypt.DoNothing}
	from := o.plaintext.Actions[set]
	a := Actions{Default: names[from.Default].String(), Attributes: make(map[string]string)}
	for name, action := range from.Override {
		a.Attributes[name] = names[action].String()
	}
	return a
}

func (o *official) provider(s officialScenario) Provider {
	o.t.Helper()
	if s.Provider != "most_recent" {
		return o.keysOf(s.Provider, s.Keys)
	}
	protect := o.keysOf(s.MetaStore.Provider, s.MetaStore.Keys)
	var tables officialTables
	o.read(s.MetaStore.Ciphertext, &tables)
	return Provider{
		Type: s.Provider, MaterialName: s.MaterialName,
		MetaTableName: s.MetaStore.TableName, MetaProvider: &protect, MetaTableItems: tables[s.MetaStore.TableName],
	}
}

func (o *official) keysOf(provider string, names officialKeys) Provider {
	o.t.Helper()
	p := Provider{Type: provider, Signing: o.key(names.Sign, names.Verify)}
	switch provider {
	case "static":
		p.Encryption = o.key(names.Encrypt, names.Decrypt)
	case "wrapped":
		p.Wrapping = o.key(names.Encrypt, names.Decrypt)
		if p.Wrapping.Raw == nil {
			// One file is so old that its items don't say how keys are wrapped.
			p.Description = map[string]string{crypt.DescWrapAlgorithm: "RSA"}
		}
	default:
		o.t.Fatalf("unknown provider %q", provider)
	}
	return p
}

// key returns the key made of those of names that are not empty.
func (o *official) key(names ...string) *Key {
	o.t.Helper()
	k := new(Key)
	for _, name := range names {
		if name == "" {
			continue
		}
		from, ok := o.keys[name]
		if !ok {
			o.t.Fatalf("unknown key %q", name)
		}
		k.Algorithm = from.Algorithm
		switch from.Type {
		case "symmetric":
			k.Raw = from.Material
		case "private":
			k.PrivatePEM = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: from.Material}))
		case "public":
			k.PublicPEM = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: from.Material}))
		}
	}
	return k
}

func (o *official) unmarshal(data []byte) map[string]types.AttributeValue {
	o.t.Helper()
	item, err := codec.UnmarshalItem(data)
	if err != nil {
		o.t.Fatal(err)
	}
	return item
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

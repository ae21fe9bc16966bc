package dbesdkvec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ddbenc/ddbenc/internal/vectors"
)

// Load returns the cases of every JSON file below dir, whatever its name, in the
// order of the files' paths: lists of cases, and the shapes of the other clients'
// own vectors. Files of other shapes are passed over; a list that is only partly
// one of cases is an error.
func Load(dir string) ([]*Case, error) { return vectors.Load(dir, loadFile) }

func loadFile(path string, data []byte) ([]*Case, error) {
	var file officialFile
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		if err := json.Unmarshal(data, &file); err != nil {
			return nil, err
		}
		file.base = strings.TrimSuffix(filepath.Base(path), ".json")
		file.dir = filepath.Dir(path)
	}
	switch {
	case file.Manifest.Type == "aws-dbesdk-decrypt":
		return file.decryptManifest()
	case len(file.DecryptTests)+len(file.WriteTests)+len(file.IoTests) > 0:
		return file.ioTests()
	case file.RoundTripTest.Records != nil:
		return file.roundTrips()
	case len(file.Large) > 0:
		return file.large()
	case file.Keys != nil && len(file.Cases) > 0 && file.Cases[0].Keyring != nil:
		return file.generated()
	}
	return Parse(data)
}

// The shapes of the other clients' own vectors, and of two files that were made
// with them.
type (
	officialFile struct {
		base, dir string

		// decrypt manifests
		Manifest struct{ Type string }
		Keys     json.RawMessage         `json:"keys"` // "file://...", or keys by name
		Tests    map[string]officialTest `json:"tests"`

		// input and output of tables
		DecryptTests []struct {
			Config                             officialConfig
			EncryptedRecords, PlainTextRecords []json.RawMessage
		}
		WriteTests []struct {
			Config  officialConfig
			Records []json.RawMessage
		}
		IoTests map[string]struct {
			WriteConfig officialConfig
			ReadConfig  *officialConfig
			Records     []json.RawMessage
		}
		RoundTripTest struct {
			Configs map[string]officialConfig
			Records []json.RawMessage
		}
		Large        map[string]struct{ Item json.RawMessage }
		LargeConfigs map[string]officialConfig `json:"largeEncryptionConfigs"`

		// generated with them
		Cases    []generatedCase   `json:"cases"`
		KeyStore *generatedStore   `json:"keyStore"`
		KMSBlobs map[string]string `json:"kmsBlobs"` // hex ciphertext to hex plaintext
	}
	officialTest struct {
		Type        string          `json:"type"`
		Description string          `json:"description"`
		Config      officialConfig  `json:"config"`
		Plaintext   json.RawMessage `json:"plaintext"`
		Encrypted   json.RawMessage `json:"encrypted"`
	}
	officialConfig struct {
		Table        string            `json:"logicalTableName"`
		PartitionKey string            `json:"partitionKeyName"`
		SortKey      *string           `json:"sortKeyName"`
		Suite        string            `json:"algorithmSuiteId"`
		Actions      map[string]string `json:"attributeActionsOnEncrypt"`
		Unsigned     []string          `json:"allowedUnsignedAttributes"`
		Prefix       *string           `json:"allowedUnsignedAttributePrefix"`
		Plaintext    string            `json:"plaintextOverride"`
		Search       json.RawMessage   `json:"search"`
	}
)

// newCase returns a case with what a configuration says, and the defaults of the
// other clients' harness.
func (f *officialFile) newCase(name string, config officialConfig, p Provider) *Case {
	c := &Case{
		Name: f.base + "/" + name, Category: "official",
		TableName: config.Table, PartitionKey: config.PartitionKey, SortKey: config.SortKey,
		AttributeActions: Actions{Attributes: config.Actions},
		Suite:            config.Suite, Unsigned: config.Unsigned, UnsignedPrefix: config.Prefix,
		PlaintextOverride: config.Plaintext, Search: config.Search, Provider: p,
	}
	if c.TableName == "" {
		c.TableName = "GazelleVectorTable"
	}
	if c.PartitionKey == "" {
		c.PartitionKey = "RecNum"
	}
	return c
}

// branchKey reads the branch key that the file's items were written with, from the
// file keys.json beside it.
func (f *officialFile) branchKey() (Provider, error) {
	data, err := os.ReadFile(filepath.Join(f.dir, "keys.json"))
	if err != nil {
		return Provider{}, err
	}
	var keys struct {
		Keys map[string]struct {
			ID      string `json:"key-id"`
			Version string `json:"branchKeyVersion"`
			Key     []byte `json:"branchKey"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(data, &keys); err != nil {
		return Provider{}, err
	}
	k, ok := keys.Keys["static-branch-key-1"]
	if !ok {
		return Provider{}, fmt.Errorf("keys.json has no branch key")
	}
	return Provider{Type: typeBranch, BranchKeyID: k.ID, BranchKeyVersion: k.Version, Key: k.Key}, nil
}

func (f *officialFile) decryptManifest() ([]*Case, error) {
	p, err := f.branchKey()
	if err != nil {
		return nil, err
	}
	var cases []*Case
	for _, id := range slices.Sorted(maps.Keys(f.Tests)) {
		t := f.Tests[id]
		c := f.newCase(id, t.Config, p)
		c.EncryptedItem, c.Expect = t.Encrypted, ExpectDecrypt
		if t.Type == "negative-decrypt" {
			c.Expect = ExpectReject
		}
		if c.PlaintextItem, err = longItem(t.Plaintext); err != nil {
			return nil, fmt.Errorf("test %s: %w", id, err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func (f *officialFile) ioTests() ([]*Case, error) {
	p, err := f.branchKey()
	if err != nil {
		return nil, err
	}
	var cases []*Case
	for i, t := range f.DecryptTests {
		for j := range t.EncryptedRecords {
			c := f.newCase(fmt.Sprintf("decrypt/%d/%d", i, j), t.Config, p)
			c.EncryptedItem, c.Expect = t.EncryptedRecords[j], ExpectDecrypt
			if c.PlaintextItem, err = longItem(t.PlainTextRecords[j]); err != nil {
				return nil, err
			}
			cases = append(cases, c)
		}
	}
	for i, t := range f.WriteTests {
		written, err := f.records(fmt.Sprintf("write/%d", i), t.Config, p, t.Records)
		if err != nil {
			return nil, err
		}
		cases = append(cases, written...)
	}
	for _, name := range slices.Sorted(maps.Keys(f.IoTests)) {
		t := f.IoTests[name]
		written, err := f.records("io/"+name, t.WriteConfig, p, t.Records)
		if err != nil {
			return nil, err
		}
		if t.ReadConfig != nil {
			for _, c := range written {
				reader := f.newCase("", *t.ReadConfig, p)
				actions, err := json.Marshal(reader.AttributeActions)
				if err != nil {
					return nil, err
				}
				c.DecryptOverrides = map[string]json.RawMessage{"attribute_actions": actions}
			}
		}
		cases = append(cases, written...)
	}
	return cases, nil
}

// records returns round trips of items under one configuration.
func (f *officialFile) records(name string, config officialConfig, p Provider, records []json.RawMessage) ([]*Case, error) {
	var cases []*Case
	for i, record := range records {
		c := f.newCase(fmt.Sprintf("%s/%d", name, i), config, p)
		c.Expect = ExpectRoundTrip
		var err error
		if c.PlaintextItem, err = longItem(record); err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func (f *officialFile) roundTrips() ([]*Case, error) {
	p, err := f.branchKey()
	if err != nil {
		return nil, err
	}
	configs := f.RoundTripTest.Configs
	if len(configs) == 0 { // a file of records only
		configs = map[string]officialConfig{}
		for _, action := range []string{"SIGN_ONLY", "ENCRYPT_AND_SIGN"} {
			configs[action] = officialConfig{Actions: map[string]string{
				"RecNum": "SIGN_ONLY", "StringSet": action, "NumberSet": action, "BinarySet": action,
			}}
		}
	}
	var cases []*Case
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		written, err := f.records("round-trip/"+name, configs[name], p, f.RoundTripTest.Records)
		if err != nil {
			return nil, err
		}
		cases = append(cases, written...)
	}
	return cases, nil
}

func (f *officialFile) large() ([]*Case, error) {
	p, err := f.branchKey()
	if err != nil {
		return nil, err
	}
	var cases []*Case
	for _, name := range slices.Sorted(maps.Keys(f.LargeConfigs)) {
		config := f.LargeConfigs[name]
		if config.Search != nil {
			continue // for other items
		}
		for _, size := range slices.Sorted(maps.Keys(f.Large)) {
			written, err := f.records("large/"+name+"/"+size, config, p, []json.RawMessage{f.Large[size].Item})
			if err != nil {
				return nil, err
			}
			cases = append(cases, written...)
		}
	}
	return cases, nil
}

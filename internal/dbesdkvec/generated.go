package dbesdkvec

import (
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The shape of files of items that the Java client wrote, and that are told in the
// terms of its own vectors.
type (
	generatedCase struct {
		Name      string            `json:"name"`
		Config    officialConfig    `json:"config"`
		Keyring   *generatedKeyring `json:"keyring"`
		Plaintext json.RawMessage   `json:"plaintext"`
		Encrypted json.RawMessage   `json:"encrypted"`
		Decrypted json.RawMessage   `json:"decrypted"`
		Context   map[string]string `json:"encryptionContext"`
	}
	generatedKeyring struct {
		Type, Namespace, Name, Padding string
		Key, PublicKey, PrivateKey     string // names of keys
		Scheme                         string
		SenderPrivateKey               string // names of keys
		RecipientPrivateKey            string
		RecipientPublicKeyDER          string `json:"recipientPublicKeyDer"`
		Generator                      *generatedKeyring
		Children                       []generatedKeyring
		GrantTokens                    []string
		EncryptionAlgorithm, SenderKey string
		PrivateKeyBehindIt             string // name of a key
		BranchKeyID                    string
		After                          string // what was done to the key store before
	}
	generatedStore struct {
		TableName, LogicalKeyStoreName, KMSKeyARN string
		ItemsAfterCreateKey, ItemsAfterVersionKey map[string]json.RawMessage
	}
)

func (f *officialFile) generated() ([]*Case, error) {
	var keys map[string]string
	if err := json.Unmarshal(f.Keys, &keys); err != nil {
		return nil, err
	}
	var cases []*Case
	for _, g := range f.Cases {
		p, err := g.Keyring.provider(keys)
		if err != nil {
			return nil, fmt.Errorf("case %q: %w", g.Name, err)
		}
		if p.Type == typeStore {
			if p.KeyStore, err = f.keyStore(g.Keyring.After == "VersionKey"); err != nil {
				return nil, fmt.Errorf("case %q: %w", g.Name, err)
			}
		}
		if err := f.answer(&p, &g); err != nil {
			return nil, fmt.Errorf("case %q: %w", g.Name, err)
		}
		c := f.newCase(g.Name, g.Config, p)
		c.PlaintextItem, c.EncryptedItem, c.DecryptedItem = g.Plaintext, g.Encrypted, g.Decrypted
		c.Expect = ExpectDecrypt
		if reader := g.Keyring.reader(keys); reader != nil {
			override, err := json.Marshal(reader)
			if err != nil {
				return nil, err
			}
			c.DecryptOverrides = map[string]json.RawMessage{"provider": override}
		}
		if g.Context != nil {
			c.ParsedHeader = &Header{Context: g.Context}
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func (k *generatedKeyring) provider(keys map[string]string) (Provider, error) {
	p := Provider{Namespace: k.Namespace, Name: k.Name, Padding: k.Padding}
	switch k.Type {
	case "raw-aes":
		p.Type = typeAES
		var err error
		if p.Key, err = hex.DecodeString(keys[k.Key]); err != nil {
			return Provider{}, err
		}
	case "raw-rsa":
		p.Type, p.Public, p.Private = typeRSA, keys[k.PublicKey], keys[k.PrivateKey]
	case "raw-ecdh":
		p.Type, p.SenderPrivate = typeECDH, keys[k.SenderPrivateKey]
		p.Scheme, _, _ = strings.Cut(k.Scheme, " ") // "... / PublicKeyDiscovery"
		der, err := hex.DecodeString(keys[k.RecipientPublicKeyDER])
		if err != nil {
			return Provider{}, err
		}
		p.RecipientPublic = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	case "multi":
		p.Type = typeMulti
		if k.Generator != nil {
			g, err := k.Generator.provider(keys)
			if err != nil {
				return Provider{}, err
			}
			p.Generator = &g
		}
		for i := range k.Children {
			child, err := k.Children[i].provider(keys)
			if err != nil {
				return Provider{}, err
			}
			p.Children = append(p.Children, child)
		}
	case "aws-kms-hierarchy":
		p.Type, p.BranchKeyID = typeStore, k.BranchKeyID
	case "aws-kms", "aws-kms-mrk":
		p.Type = strings.ReplaceAll(k.Type, "-", "_")
		p.KeyID, p.GrantTokens = k.Key, k.GrantTokens
	case "aws-kms-rsa":
		p.Type, p.KeyID, p.Algorithm, p.FakePrivate = typeKMSRSA, k.Key, k.EncryptionAlgorithm, keys[k.PrivateKeyBehindIt]
		var err error
		if p.Public, err = publicOf(p.FakePrivate); err != nil {
			return Provider{}, err
		}
	case "aws-kms-ecdh":
		p.Type, p.Scheme, p.SenderKeyID, p.FakePrivate = typeKMSECDH, k.Scheme, k.SenderKey, keys[k.RecipientPrivateKey]
		var err error
		if p.RecipientPublic, err = publicOf(p.FakePrivate); err != nil {
			return Provider{}, err
		}
	default:
		p.Type = k.Type // unknown: see [Provider.missing]
	}
	return p, nil
}

// keyStore returns the file's key store, before its branch key was rotated or after.
func (f *officialFile) keyStore(rotated bool) (*KeyStore, error) {
	if f.KeyStore == nil {
		return nil, fmt.Errorf("the file has no key store")
	}
	s := &KeyStore{Table: f.KeyStore.TableName, Name: f.KeyStore.LogicalKeyStoreName, KMSKey: f.KeyStore.KMSKeyARN}
	rows := f.KeyStore.ItemsAfterCreateKey
	if rotated {
		rows = f.KeyStore.ItemsAfterVersionKey
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		s.Rows = append(s.Rows, rows[name])
	}
	for ciphertext, plaintext := range f.KMSBlobs {
		var k kmsPlaintext
		var err error
		if k.Ciphertext, err = hex.DecodeString(ciphertext); err != nil {
			return nil, err
		}
		if k.Plaintext, err = hex.DecodeString(plaintext); err != nil {
			return nil, err
		}
		s.KMSKeys = append(s.KMSKeys, k)
	}
	return s, nil
}

// reader returns the keyring that reads what k wrote, if k can't.
func (k *generatedKeyring) reader(keys map[string]string) *Provider {
	if k.Type != "raw-ecdh" || !strings.HasPrefix(k.Scheme, schemeEphemeral) {
		return nil
	}
	return &Provider{Type: typeECDH, Scheme: schemeDiscovery, RecipientPrivate: keys[k.RecipientPrivateKey]}
}

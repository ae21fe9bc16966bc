package dbesdkvec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/vectors"
	"github.com/ddbenc/ddbenc/keyring"
)

// A KeyStore is a branch key store of a case: its rows, and what KMS makes of the
// ciphertexts in them. Without rows, or with an endpoint, it is a table.
type KeyStore struct {
	Table   string            `json:"table_name"`
	Name    string            `json:"logical_name"`
	KMSKey  string            `json:"kms_arn,omitempty"`
	Rows    []json.RawMessage `json:"items,omitempty"`
	KMSKeys []kmsPlaintext    `json:"kms_keys,omitempty"`

	// Instead of KMSKey, or none of them for whatever keys the rows name.
	MRKey     string `json:"kms_mrk_arn,omitempty"`
	MRKRegion string `json:"mrk_discovery_region,omitempty"`

	// Without these the SDKs' environment variables count.
	Endpoint    string `json:"endpoint,omitempty"`
	KMSEndpoint string `json:"kms_endpoint,omitempty"`
}

type kmsPlaintext struct {
	Ciphertext []byte `json:"ciphertext_b64"`
	Plaintext  []byte `json:"plaintext_b64"`
}

// openHierarchical returns the hierarchical keyring over the case's key store.
func (p *Provider) openHierarchical(log *requestLog) (crypt.Keyring, error) {
	if p.KeyStore == nil {
		return nil, errors.New("the case has no key store")
	}
	store, err := p.KeyStore.open(log)
	if err != nil {
		return nil, err
	}
	if p.BranchKeyBy == "" {
		return keyring.NewHierarchical(store, p.BranchKeyID)
	}
	return keyring.NewHierarchicalByItem(store, func(_ context.Context, kc *crypt.KeyContext) (string, error) {
		selector, err := kc.Selector()
		if err != nil {
			return "", err
		}
		id, ok := selector[p.BranchKeyBy].(*types.AttributeValueMemberS)
		if !ok {
			return "", fmt.Errorf("no text under %q", p.BranchKeyBy)
		}
		return id.Value, nil
	})
}

func (s *KeyStore) open(log *requestLog) (*keyring.BranchKeyStore, error) {
	keys, region := s.keys()
	if s.Rows != nil && s.Endpoint == "" {
		services, err := newStoreServices(s)
		if err != nil {
			return nil, err
		}
		return keyring.NewBranchKeyStore(services, &loggingKMS{services, log}, s.Table, s.Name, keys)
	}
	table := vectors.DynamoDB(s.Endpoint)
	if table == nil {
		return nil, errors.New("the key store of the case has no rows, and names no endpoint")
	}
	client, err := liveKMS(s.KMSEndpoint, region, log)
	if err != nil {
		return nil, err
	}
	return keyring.NewBranchKeyStore(table, client, s.Table, s.Name, keys)
}

// keys returns the store's KMS configuration and the region of its KMS client.
func (s *KeyStore) keys() (keys keyring.KMSConfiguration, region string) {
	region = vectors.RegionOf(s.MRKey, s.KMSKey)
	switch {
	case s.MRKey != "":
		return keyring.KMSMRKeyARN(s.MRKey), region
	case s.KMSKey != "":
		return keyring.KMSKeyARN(s.KMSKey), region
	case s.MRKRegion != "":
		return keyring.KMSMRDiscovery(s.MRKRegion), s.MRKRegion
	}
	return keyring.KMSDiscovery(), region
}

// storeServices are DynamoDB and KMS for a store that is only read.
type storeServices struct {
	*KeyStore
	rows []map[string]types.AttributeValue
}

func newStoreServices(s *KeyStore) (*storeServices, error) {
	services := &storeServices{KeyStore: s}
	for i, raw := range s.Rows {
		row, err := codec.UnmarshalItem(raw)
		if err != nil {
			return nil, fmt.Errorf("row %d of the key store: %w", i, err)
		}
		services.rows = append(services.rows, row)
	}
	return services, nil
}

// attribute returns an attribute that is an S or an N.
func attribute(row map[string]types.AttributeValue, name string) string {
	switch v := row[name].(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}

func (s *storeServices) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if *in.TableName != s.Table {
		return nil, &types.ResourceNotFoundException{}
	}
	for _, row := range s.rows {
		if attribute(row, "branch-key-id") == attribute(in.Key, "branch-key-id") && attribute(row, "type") == attribute(in.Key, "type") {
			return &dynamodb.GetItemOutput{Item: maps.Clone(row)}, nil
		}
	}
	return &dynamodb.GetItemOutput{}, nil
}

// Decrypt decrypts what is in a row, given the key and the encryption context that
// belong to it. DB-ESDK spec: materials, "Items".
func (s *storeServices) Decrypt(_ context.Context, in *kms.DecryptInput, _ ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	refused := &kmstypes.InvalidCiphertextException{}
	at := slices.IndexFunc(s.rows, func(row map[string]types.AttributeValue) bool {
		enc, ok := row["enc"].(*types.AttributeValueMemberB)
		return ok && string(enc.Value) == string(in.CiphertextBlob)
	})
	if at < 0 || s.KMSKey != "" && aws.ToString(in.KeyId) != s.KMSKey {
		return nil, refused
	}
	want := map[string]string{"tablename": s.Name}
	for name := range s.rows[at] {
		if name != "enc" {
			want[name] = attribute(s.rows[at], name)
		}
	}
	if !maps.Equal(in.EncryptionContext, want) {
		return nil, refused
	}
	for _, k := range s.KMSKeys {
		if string(k.Ciphertext) == string(in.CiphertextBlob) {
			return &kms.DecryptOutput{KeyId: in.KeyId, Plaintext: slices.Clone(k.Plaintext)}, nil
		}
	}
	return nil, refused
}

var errReadOnly = errors.New("the key store of a case is only read")

func (s *storeServices) TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return nil, errReadOnly
}

func (s *storeServices) GenerateDataKeyWithoutPlaintext(context.Context, *kms.GenerateDataKeyWithoutPlaintextInput, ...func(*kms.Options)) (*kms.GenerateDataKeyWithoutPlaintextOutput, error) {
	return nil, errReadOnly
}

func (s *storeServices) ReEncrypt(context.Context, *kms.ReEncryptInput, ...func(*kms.Options)) (*kms.ReEncryptOutput, error) {
	return nil, errReadOnly
}

// staticBranchKey is a store with one version of one branch key. The other clients'
// vectors were written with it.
type staticBranchKey struct{ *keyring.BranchKey }

// openStatic returns the hierarchical keyring over the branch key of the case.
func (p *Provider) openStatic() (crypt.Keyring, error) {
	k, err := keyring.NewBranchKey(p.BranchKeyID, p.BranchKeyVersion, p.Key)
	if err != nil {
		return nil, err
	}
	return keyring.NewHierarchical(staticBranchKey{k}, p.BranchKeyID)
}

func (s staticBranchKey) Name() string { return "static" }

func (s staticBranchKey) ActiveBranchKey(ctx context.Context, id string) (*keyring.BranchKey, error) {
	return s.BranchKeyVersion(ctx, id, s.Version)
}

func (s staticBranchKey) BranchKeyVersion(_ context.Context, id, version string) (*keyring.BranchKey, error) {
	if id != s.ID || version != s.Version {
		return nil, fmt.Errorf("%w: no version %s of branch key %q", crypt.ErrNoKey, version, id)
	}
	return s.BranchKey, nil
}

package keyring

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
)

// KMSDiscoveryKeyring is a DB-ESDK keyring that reads items of every KMS key of one
// region that its filter allows, and can't write any. It reads what a [KMSKeyring]
// wrote, with the key that the item names. It is safe for concurrent use. DB-ESDK
// spec: materials, "Discovery keyrings".
type KMSDiscoveryKeyring struct {
	client     KMSClient
	region     string
	filter     DiscoveryFilter
	anyReplica bool
	grants     []string
}

var _ crypt.Keyring = (*KMSDiscoveryKeyring)(nil)

// A DiscoveryFilter says which KMS keys a [KMSDiscoveryKeyring] may use: those of
// some accounts in one partition. The zero value is invalid.
type DiscoveryFilter struct {
	Partition string   // such as "aws"
	Accounts  []string // at least one, as in "111122223333"

	// DangerouslyAllowAnyKey allows every key that the program may decrypt
	// with, in place of the above. Whoever can write to the table and has such
	// a key, perhaps in an account of his own, can then forge items.
	DangerouslyAllowAnyKey bool
}

func (f DiscoveryFilter) check() error {
	limited := f.Partition != "" || len(f.Accounts) > 0
	switch {
	case f.DangerouslyAllowAnyKey && limited:
		return fmt.Errorf("%w: discovery filter allows any KMS key and only some", crypt.ErrConfig)
	case f.DangerouslyAllowAnyKey:
		return nil
	case f.Partition == "" || len(f.Accounts) == 0 || slices.Contains(f.Accounts, ""):
		return fmt.Errorf("%w: discovery filter has no partition, no account, or an empty one", crypt.ErrConfig)
	}
	return nil
}

func (f DiscoveryFilter) allows(key kmsARN) bool {
	return f.DangerouslyAllowAnyKey || key.partition == f.Partition && slices.Contains(f.Accounts, key.account)
}

// NewKMSDiscoveryKeyring returns a keyring that reads with the KMS keys of one region.
// Data keys of other regions are passed over; with [AnyReplica] those of
// multi-Region keys are decrypted with the replica in this region.
//
// The client is used as it is. If it tells its region, as *kms.Client does, and
// that is another one, the error wraps [crypt.ErrConfig], as it does for other bad
// arguments.
func NewKMSDiscoveryKeyring(client KMSClient, region string, filter DiscoveryFilter, opts ...KMSKeyringOption) (*KMSDiscoveryKeyring, error) {
	if client == nil {
		return nil, fmt.Errorf("%w: KMS client is nil", crypt.ErrConfig)
	}
	if region == "" {
		return nil, fmt.Errorf("%w: region is empty", crypt.ErrConfig)
	}
	// The region of a call never comes from the item, so a client of another
	// one could decrypt nothing.
	if c, ok := client.(interface{ Options() kms.Options }); ok && c.Options().Region != region {
		return nil, fmt.Errorf("%w: KMS client is of region %q, want %q", crypt.ErrConfig, c.Options().Region, region)
	}
	if err := filter.check(); err != nil {
		return nil, err
	}
	cfg, err := kmsKeyringConfig(opts)
	if err != nil {
		return nil, err
	}
	filter.Accounts = slices.Clone(filter.Accounts)
	client = tellingKMS(client, cfg.hooks, "KMSDiscoveryKeyring")
	return &KMSDiscoveryKeyring{client: client, region: region, filter: filter, anyReplica: cfg.anyReplica, grants: cfg.grants}, nil
}

// WrapKey returns an error that wraps [crypt.ErrNoKey].
func (k *KMSDiscoveryKeyring) WrapKey(context.Context, *crypt.KeyContext, []byte) ([]crypt.WrappedKey, error) {
	return nil, fmt.Errorf("%w: the discovery keyring has no KMS key to encrypt with and only reads", crypt.ErrNoKey)
}

// UnwrapKey asks KMS for each data key that the filter allows, in the order of the
// item, until it decrypts one. Each takes a call. The error is that of
// [KMSKeyring.UnwrapKey].
func (k *KMSDiscoveryKeyring) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	if err := checkKMSInfos(keys); err != nil {
		return nil, err
	}
	knows := func(e *crypt.EncryptedDataKey) bool {
		_, ok := k.key(e)
		return ok
	}
	return unwrapEach(ctx, kc, keys, discoveryName(k.region), knows, func(e *crypt.EncryptedDataKey, blob []byte) ([]byte, error) {
		key, _ := k.key(e)
		return kmsDecrypt(ctx, k.client, key, &kms.DecryptInput{
			CiphertextBlob:    blob,
			EncryptionContext: kc.Map(),
			GrantTokens:       k.grants,
		}, crypt.DataKeySize)
	})
}

// key returns the KMS key to decrypt a data key with, if there is one.
func (k *KMSDiscoveryKeyring) key(e *crypt.EncryptedDataKey) (kmsARN, bool) {
	if e.ProviderID != providerKMS {
		return kmsARN{}, false
	}
	key, ok := parseKMSARN(string(e.ProviderInfo))
	if !ok || !k.filter.allows(key) {
		return kmsARN{}, false
	}
	if k.anyReplica && key.multiRegion() {
		key = key.in(k.region)
	}
	return key, key.region == k.region
}

// discoveryName names the keys of a discovery keyring in errors.
type discoveryName string

func (n discoveryName) String() string {
	return fmt.Sprintf("a KMS key that the discovery keyring of %s may use", string(n))
}

// Format prints k without its grant tokens under every verb.
func (k *KMSDiscoveryKeyring) Format(f fmt.State, _ rune) { redact(f, "KMSDiscoveryKeyring") }

// LogValue prints k without its grant tokens in logs.
func (k *KMSDiscoveryKeyring) LogValue() slog.Value {
	return slog.StringValue("KMSDiscoveryKeyring(REDACTED)")
}

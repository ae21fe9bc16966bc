package keyring

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
)

// KMSKeyring is a DB-ESDK keyring that encrypts data keys under one AWS KMS key.
// Writing or reading an item takes one call. It is safe for concurrent use.
//
// KMS binds the data key to the item's encryption context: table name, names and
// values of the key attributes, and values of other attributes with the action
// crypt.SignAndIncludeInContext. It and its logs in CloudTrail see all of it.
//
// [KMS] is the DDBEC provider of the same kind. DB-ESDK spec: materials, "AWS KMS
// keyring and MRK keyring".
type KMSKeyring struct {
	client     KMSClient
	id         string // as configured
	key        kmsARN // zero if id is no ARN
	writesOnly bool
	anyReplica bool
	grants     []string
}

var _ crypt.Keyring = (*KMSKeyring)(nil)

// NewKMSKeyring returns a keyring that writes and reads with one KMS key, named by
// its ARN. The client is used in the key's region, whatever its own is.
//
// Items name their KMS key, so the keyring reads those that were written with
// exactly this one, or with [AnyReplica] those of its replicas too. An alias or a
// bare key id can't be compared with that: [NewKMSWriteOnly] takes them. The error
// wraps [crypt.ErrConfig].
func NewKMSKeyring(client KMSClient, keyARN string, opts ...KMSKeyringOption) (*KMSKeyring, error) {
	key, err := parseKeyARN(keyARN)
	if err != nil {
		return nil, err
	}
	return newKMSKeyring(client, keyARN, key, opts)
}

// NewKMSWriteOnly returns a keyring that writes with a KMS key named by its ARN, its
// id, an alias or the ARN of an alias, and can't read any item. What it wrote is
// read by a [NewKMSKeyring] with the ARN of the key that the alias stood for at the
// time, which the item names, or by a [NewKMSDiscoveryKeyring]. The error wraps
// [crypt.ErrConfig].
func NewKMSWriteOnly(client KMSClient, keyID string, opts ...KMSKeyringOption) (*KMSKeyring, error) {
	key, isARN := parseKMSARN(keyID)
	if strings.HasPrefix(keyID, "arn:") && !isARN {
		return nil, fmt.Errorf("%w: %.300q is not the ARN of a KMS key or alias", crypt.ErrConfig, keyID)
	}
	if _, err := parseKMSKey(keyID); err != nil {
		return nil, err
	}
	k, err := newKMSKeyring(client, keyID, key, opts)
	if err != nil {
		return nil, err
	}
	k.writesOnly = true
	return k, nil
}

func newKMSKeyring(client KMSClient, id string, key kmsARN, opts []KMSKeyringOption) (*KMSKeyring, error) {
	if client == nil {
		return nil, fmt.Errorf("%w: KMS client is nil", crypt.ErrConfig)
	}
	if len(id) > maxKeyID {
		return nil, fmt.Errorf("%w: name of the KMS key is %d characters, want at most %d", crypt.ErrConfig, len(id), maxKeyID)
	}
	cfg, err := kmsKeyringConfig(opts)
	if err != nil {
		return nil, err
	}
	return &KMSKeyring{client: tellingKMS(client, cfg.hooks, "KMSKeyring"), id: id, key: key, anyReplica: cfg.anyReplica, grants: cfg.grants}, nil
}

// WrapKey returns one data key, whose provider info is the ARN of the KMS key. KMS
// makes the intermediate key. The error wraps one of [ErrKeyRefused],
// [ErrUnavailable] and [crypt.ErrNoKey], which means that there is no such KMS
// key, or is a context's error.
func (k *KMSKeyring) WrapKey(ctx context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	out, err := k.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId:             aws.String(k.id),
		NumberOfBytes:     aws.Int32(crypt.DataKeySize),
		EncryptionContext: kc.Map(),
		GrantTokens:       k.grants,
	}, inRegion(k.key.region))
	if err != nil {
		return nil, serviceError(ctx, "KMS GenerateDataKey with "+k.id, err)
	}
	defer clear(out.Plaintext)
	arn := aws.ToString(out.KeyId)
	switch blob := out.CiphertextBlob; {
	case !k.names(arn):
		return nil, fmt.Errorf("%w: KMS answered for key %q instead of %q", crypt.ErrNoKey, arn, k.id)
	case len(out.Plaintext) != crypt.DataKeySize:
		return nil, fmt.Errorf("%w: KMS returned a data key of %d bytes, want %d", ErrUnavailable, len(out.Plaintext), crypt.DataKeySize)
	case len(blob) == 0 || len(blob) > maxBlob:
		return nil, fmt.Errorf("%w: KMS returned a ciphertext of %d bytes, want 1 to %d", ErrUnavailable, len(blob), maxBlob)
	}
	return wrapUnder(kc, dataKey, out.Plaintext, crypt.EncryptedDataKey{ProviderID: providerKMS, ProviderInfo: []byte(arn), Ciphertext: out.CiphertextBlob})
}

// names reports whether arn can be the key that k is configured with. Of an alias
// nothing is known but where its key is.
func (k *KMSKeyring) names(arn string) bool {
	got, ok := parseKMSARN(arn)
	switch {
	case !ok || got.alias():
		return false
	case k.key == kmsARN{}:
		return strings.HasPrefix(k.id, "alias/") || got.resource == "key/"+k.id
	case k.key.alias():
		got.resource = k.key.resource
	}
	return got == k.key
}

// UnwrapKey asks KMS for the first data key of the keyring's KMS key that KMS
// decrypts. The request names the key, and the answer is compared.
//
// The error wraps [crypt.ErrNoKey] if none of the data keys is of that KMS key, and
// [crypt.ErrVerify] besides if KMS finds that one doesn't belong to the item;
// [ErrKeyRefused] or [ErrUnavailable], with what the SDK returned, if KMS didn't
// decrypt one; [crypt.ErrMalformed] if a data key of KMS doesn't name its key by an
// ARN; or it is a context's error. Of several data keys all errors are told.
func (k *KMSKeyring) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	if k.writesOnly {
		return nil, fmt.Errorf("%w: the keyring of KMS key %q only writes", crypt.ErrNoKey, k.id)
	}
	if err := checkKMSInfos(keys); err != nil {
		return nil, err
	}
	knows := func(e *crypt.EncryptedDataKey) bool {
		arn := string(e.ProviderInfo)
		return e.ProviderID == providerKMS && (arn == k.id || k.anyReplica && sameKey(arn, k.id))
	}
	return unwrapEach(ctx, kc, keys, kmsName(k.id), knows, func(_ *crypt.EncryptedDataKey, blob []byte) ([]byte, error) {
		return kmsDecrypt(ctx, k.client, k.key, &kms.DecryptInput{
			CiphertextBlob:    blob,
			EncryptionContext: kc.Map(),
			GrantTokens:       k.grants,
		}, crypt.DataKeySize)
	})
}

// Format prints k without its grant tokens under every verb.
func (k *KMSKeyring) Format(f fmt.State, _ rune) { redact(f, "KMSKeyring") }

// LogValue prints k without its grant tokens in logs.
func (k *KMSKeyring) LogValue() slog.Value { return slog.StringValue("KMSKeyring(REDACTED)") }

package keyring

import (
	"context"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/backoff"
)

// A BranchKeyStore is a DynamoDB table of branch keys, which AWS KMS protects. A branch
// key is a key of one's own under a KMS key, most often one for each tenant: the
// hierarchical keyring encrypts data keys under it without a call to KMS.
//
// A branch key has an id, any number of versions, and a beacon key, which is for
// searchable encryption and stays the same. One version is active: items are
// written with it. Items name their version, and old versions stay readable.
//
// It is the branch key store of the DB-ESDK clients in other languages, and
// shares tables with them. Create a table with [CreateBranchKeyTable]. A BranchKeyStore
// keeps no keys: each method asks DynamoDB and KMS. Reads are consistent, so that
// a new version or branch key is found as soon as it is there. It is safe for
// concurrent use. DB-ESDK spec: materials, "Branch key store".
type BranchKeyStore struct {
	db    BranchKeyStoreClient
	kms   BranchKeyStoreKMSClient
	table string
	name  string
	keys  KMSConfiguration
	cfg   config

	now     func() time.Time
	backoff backoff.Backoff
}

// BranchKeyStoreClient is what a [BranchKeyStore] needs of *dynamodb.Client. A program that
// only reads needs no more than the permission for GetItem.
type BranchKeyStoreClient interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// BranchKeyStoreKMSClient is what a [BranchKeyStore] needs of *kms.Client. A program that only
// reads needs no more than the permission for Decrypt. The client is used in the
// region of each key, whatever its own is.
type BranchKeyStoreKMSClient interface {
	Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
	GenerateDataKeyWithoutPlaintext(context.Context, *kms.GenerateDataKeyWithoutPlaintextInput, ...func(*kms.Options)) (*kms.GenerateDataKeyWithoutPlaintextOutput, error)
	ReEncrypt(context.Context, *kms.ReEncryptInput, ...func(*kms.Options)) (*kms.ReEncryptOutput, error)
}

// A BranchKeyStoreOption changes what [NewBranchKeyStore] returns. There are
// [WithGrantTokens] and [WithClock].
type BranchKeyStoreOption interface{ applyBranchKeyStore(*BranchKeyStore) }

func (f option) applyBranchKeyStore(s *BranchKeyStore) { f(&s.cfg) }

// NewBranchKeyStore returns the store in a table that [CreateBranchKeyTable] or another
// client made. KMS binds every branch key to name, the logical name of the store,
// which is most often that of the table: it has to be the same for all who use
// the store, and stays the same when the table is restored under another name.
//
// No network is used. The error wraps [crypt.ErrConfig].
func NewBranchKeyStore(db BranchKeyStoreClient, kms BranchKeyStoreKMSClient, table, name string, keys KMSConfiguration, opts ...BranchKeyStoreOption) (*BranchKeyStore, error) {
	if db == nil || kms == nil {
		return nil, fmt.Errorf("%w: a key store needs clients of DynamoDB and KMS", crypt.ErrConfig)
	}
	if table == "" || name == "" || !utf8.ValidString(name) {
		return nil, fmt.Errorf("%w: table name or logical name of a key store is empty or not UTF-8", crypt.ErrConfig)
	}
	if err := keys.check(); err != nil {
		return nil, err
	}
	s := &BranchKeyStore{db: db, kms: kms, table: table, name: name, keys: keys, now: time.Now, backoff: writeBackoff}
	for _, opt := range opts {
		opt.applyBranchKeyStore(s)
	}
	if s.now == nil {
		return nil, fmt.Errorf("%w: clock is nil", crypt.ErrConfig)
	}
	if err := checkGrantTokens(s.cfg.kms.grants); err != nil {
		return nil, err
	}
	return s, nil
}

// checkGrantTokens refuses what KMS would. DB-ESDK spec: materials, "AWS KMS ARNs
// and key ids".
func checkGrantTokens(tokens []string) error {
	if len(tokens) > 10 {
		return fmt.Errorf("%w: %d grant tokens, want at most 10", crypt.ErrConfig, len(tokens))
	}
	for i, token := range tokens {
		if len(token) < 1 || len(token) > 8192 {
			return fmt.Errorf("%w: grant token %d is %d characters, want 1 to 8192", crypt.ErrConfig, i, len(token))
		}
	}
	return nil
}

// Name returns the logical name of the store.
func (s *BranchKeyStore) Name() string { return s.name }

// ActiveBranchKey returns the version that items are written with.
//
// The error wraps [crypt.ErrNoKey] if there is no branch key of that id, or if
// the store's [KMSConfiguration] doesn't include its KMS key; [crypt.ErrVerify]
// if its row is not what was written, for this id and this logical name of a
// store; [crypt.ErrMalformed] if the row can't be read, [crypt.ErrUnsupported] if
// it is of a later hierarchy version; [crypt.ErrConfig] if id can't be one;
// [ErrKeyRefused]; [ErrUnavailable]; or a context's error.
func (s *BranchKeyStore) ActiveBranchKey(ctx context.Context, id string) (*BranchKey, error) {
	return s.branchKey(ctx, id, typeActive)
}

// BranchKeyVersion returns one version, named by its UUID in lower case. Errors
// are those of [BranchKeyStore.ActiveBranchKey].
func (s *BranchKeyStore) BranchKeyVersion(ctx context.Context, id, version string) (*BranchKey, error) {
	if err := checkBranchKeyVersion(id, version); err != nil {
		return nil, err
	}
	return s.branchKey(ctx, id, typeVersion+version)
}

// BeaconKey returns the beacon key of a branch key, which has no version. Errors
// are those of [BranchKeyStore.ActiveBranchKey].
func (s *BranchKeyStore) BeaconKey(ctx context.Context, id string) (*BranchKey, error) {
	return s.branchKey(ctx, id, typeBeacon)
}

func (s *BranchKeyStore) branchKey(ctx context.Context, id, typ string) (*BranchKey, error) {
	row, err := s.read(ctx, id, typ)
	if err != nil {
		return nil, err
	}
	return s.decrypt(ctx, row)
}

// read returns a row that can be one of id and typ, and is not verified yet.
func (s *BranchKeyStore) read(ctx context.Context, id, typ string) (*keyRow, error) {
	if err := checkBranchKeyID(id); err != nil {
		return nil, err
	}
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table,
		Key: map[string]types.AttributeValue{
			attrBranchKeyID: &types.AttributeValueMemberS{Value: id},
			attrType:        &types.AttributeValueMemberS{Value: typ},
		},
		ConsistentRead: aws.Bool(true),
	}, withUserAgent)
	what := describeRow(id, typ)
	if err != nil {
		return nil, serviceError(ctx, what, err)
	}
	if len(out.Item) == 0 {
		return nil, fmt.Errorf("%w: there is no %s in the key store", crypt.ErrNoKey, what)
	}
	row, err := parseKeyRow(out.Item)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if row.id() != id || row.typ() != typ {
		return nil, fmt.Errorf("%w: the key store returned something else than %s", crypt.ErrVerify, what)
	}
	return row, nil
}

// decrypt asks KMS for the key of a row. KMS verifies every other attribute of
// the row, and the logical name of the store.
func (s *BranchKeyStore) decrypt(ctx context.Context, row *keyRow) (*BranchKey, error) {
	what := row.String()
	key, err := s.keys.keyOf(row)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	out, err := s.kms.Decrypt(ctx, &kms.DecryptInput{
		KeyId:             aws.String(key.String()),
		CiphertextBlob:    row.enc,
		EncryptionContext: row.kmsContext(s.name),
		GrantTokens:       s.cfg.kms.grants,
	}, inRegion(key.region))
	if err != nil {
		return nil, serviceError(ctx, "KMS Decrypt of "+what, err)
	}
	defer clear(out.Plaintext)
	if err := checkKeyID(key, out.KeyId); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if len(out.Plaintext) != branchKeySize {
		return nil, fmt.Errorf("%w: %s is %d bytes, want %d", crypt.ErrVerify, what, len(out.Plaintext), branchKeySize)
	}
	return newBranchKey(row.id(), row.version(), row.callersContext(), out.Plaintext), nil
}

// checkKeyID compares the key that an answer of KMS names with the one that was
// asked for.
func checkKeyID(want kmsARN, got *string) error {
	if aws.ToString(got) != want.String() {
		return fmt.Errorf("%w: KMS answered for key %q instead of %q", crypt.ErrNoKey, aws.ToString(got), want)
	}
	return nil
}

// Format prints s without its grant tokens under every verb.
func (s *BranchKeyStore) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "BranchKeyStore(%q)", s.name) }

// LogValue prints s without its grant tokens in logs.
func (s *BranchKeyStore) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("BranchKeyStore(%q)", s.name))
}

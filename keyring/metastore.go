package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// A MetaStore is a DynamoDB table of versioned wrapping and signing keys, the
// key table, which another provider protects: most often a [KMS] provider. Each
// version gives a [Wrapped] provider. Use it through [MostRecent], which asks it
// seldom. It is the MetaStore of the other clients, and shares tables with them.
//
// Everyone who can read a row and use the provider that protects it can read and
// forge every item of that version. It is safe for concurrent use. Spec: Materials
// and materials providers, "Meta store".
type MetaStore struct {
	client MetaStoreClient
	table  string
	rows   crypt.Encryptor
	cfg    metaConfig
}

// MetaStoreClient is what a [MetaStore] needs of *dynamodb.Client. A program that
// only reads needs no PutItem permission.
type MetaStoreClient interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
}

// descMetaID is the entry of an item's description that names its keys:
//
//	material name '#' version, decimal
const descMetaID = "amzn-ddb-meta-id"

// A MetaStoreOption changes what [NewMetaStore] returns.
type MetaStoreOption interface{ applyMetaStore(*metaConfig) }

type metaOption func(*metaConfig)

func (f metaOption) applyMetaStore(c *metaConfig) { f(c) }

type metaConfig struct {
	signedName string
	extra      func(ctx context.Context, name string, version int64) (map[string]types.AttributeValue, error)
	signOnly   []string
}

// SignedAs reads and writes the rows of a key table as those of another table
// name. Use it for a key table that was restored under a new name.
func SignedAs(table string) MetaStoreOption {
	return metaOption(func(c *metaConfig) { c.signedName = table })
}

// WithExtraAttributes adds attributes to the rows that are made, encrypted but
// for those in signOnly. Readers of such rows need the same signOnly; extra may
// be nil for them. The Python client can't read rows with a signOnly attribute.
func WithExtraAttributes(extra func(ctx context.Context, name string, version int64) (map[string]types.AttributeValue, error), signOnly ...string) MetaStoreOption {
	return metaOption(func(c *metaConfig) { c.extra, c.signOnly = extra, append(c.signOnly, signOnly...) })
}

// NewMetaStore returns the store in a table that [CreateMetaTable] or one of the
// other clients made. No network is used. The error wraps [crypt.ErrConfig].
func NewMetaStore(client MetaStoreClient, table string, protect crypt.Provider, opts ...MetaStoreOption) (*MetaStore, error) {
	if client == nil || protect == nil || table == "" {
		return nil, fmt.Errorf("%w: a key table needs a client, a name and a provider that protects it", crypt.ErrConfig)
	}
	s := &MetaStore{client: client, table: table, cfg: metaConfig{signedName: table}}
	for _, opt := range opts {
		opt.applyMetaStore(&s.cfg)
	}
	rows, err := rowEncryptor(protect, s.cfg)
	if err != nil {
		return nil, err
	}
	s.rows = rows
	return s, nil
}

// MaxVersion returns the newest version of a material, or -1 if there is none. It
// reads no keys.
func (s *MetaStore) MaxVersion(ctx context.Context, name string) (int64, error) {
	if err := checkMaterial(name, 0); err != nil {
		return 0, err
	}
	out, err := s.client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 &s.table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("#N = :name"),
		ProjectionExpression:      aws.String("#V"),
		ExpressionAttributeNames:  map[string]string{"#N": rowName, "#V": rowVersion},
		ExpressionAttributeValues: map[string]types.AttributeValue{":name": &types.AttributeValueMemberS{Value: name}},
		ScanIndexForward:          aws.Bool(false),
		Limit:                     aws.Int32(1),
	}, withUserAgent)
	if err != nil {
		return 0, serviceError(ctx, "newest version of material "+strconv.Quote(name), err)
	}
	if len(out.Items) == 0 {
		return -1, nil
	}
	n, _ := out.Items[0][rowVersion].(*types.AttributeValueMemberN)
	if n != nil {
		if v, err := parseVersion(n.Value); err == nil {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%w: newest version of material %q is not a version number", crypt.ErrMalformed, name)
}

// Provider returns the provider of one version. The error wraps [crypt.ErrNoKey]
// if there is no such version, what the protecting provider returned,
// [ErrKeyRefused], [ErrUnavailable], or a context's error.
func (s *MetaStore) Provider(ctx context.Context, name string, version int64) (crypt.Provider, error) {
	row, err := s.get(ctx, name, version)
	if err != nil {
		return nil, err
	}
	return providerOf(row, name, version)
}

// GetOrCreate returns the provider of one version, and makes its keys if it
// isn't there. Of several callers at the same time one makes the version, and all
// get that one. It always tries to write first. If the row can't be written the
// error says so, and nothing was encrypted under lost keys, which the Python
// client risks.
func (s *MetaStore) GetOrCreate(ctx context.Context, name string, version int64) (crypt.Provider, error) {
	if err := checkMaterial(name, version); err != nil {
		return nil, err
	}
	row, err := newRow(ctx, s.cfg, name, version)
	if err != nil {
		return nil, err
	}
	created, err := s.put(ctx, row, name, version)
	if err != nil {
		return nil, err
	}
	if !created {
		return s.Provider(ctx, name, version)
	}
	return providerOf(row, name, version)
}

// Newest returns the provider of the newest version, and makes version 0 if there
// is none.
func (s *MetaStore) Newest(ctx context.Context, name string) (crypt.Provider, error) {
	version, err := s.MaxVersion(ctx, name)
	if err != nil {
		return nil, err
	}
	if version < 0 {
		return s.GetOrCreate(ctx, name, 0)
	}
	return s.Provider(ctx, name, version)
}

// NewVersion makes the version after the newest one and returns its number. From
// then on, and after what caches hold has ended, items are written with it. Of
// several callers at the same time one makes it, and all get the same number.
func (s *MetaStore) NewVersion(ctx context.Context, name string) (int64, error) {
	version, err := s.MaxVersion(ctx, name)
	if err != nil {
		return 0, err
	}
	if _, err := s.GetOrCreate(ctx, name, version+1); err != nil {
		return 0, err
	}
	return version + 1, nil
}

// Replicate copies one version into another store, where the other store's
// provider protects it. If it is there already it stays as it is.
func (s *MetaStore) Replicate(ctx context.Context, name string, version int64, target *MetaStore) error {
	row, err := s.get(ctx, name, version)
	if err != nil {
		return err
	}
	_, err = target.put(ctx, row, name, version)
	return err
}

// VersionOf returns what an item's description says of its keys. The name is not
// compared with anything. The error wraps [crypt.ErrNoKey] if the description
// names no version, and [crypt.ErrMalformed] if it can't be read.
func (s *MetaStore) VersionOf(description map[string]string) (name string, version int64, err error) {
	id, ok := description[descMetaID]
	if !ok {
		return "", 0, fmt.Errorf("%w: its description lacks entry %q", crypt.ErrNoKey, descMetaID)
	}
	// Strict, as in Java. Python takes what follows the first '#', signs and
	// spaces included.
	name, text, ok := strings.Cut(id, "#")
	if ok && name != "" {
		if version, err = parseVersion(text); err == nil {
			return name, version, nil
		}
	}
	return "", 0, fmt.Errorf("%w: description entry %q is not a name and a version", crypt.ErrMalformed, descMetaID)
}

// parseVersion reads a version of nothing but decimal digits.
func parseVersion(s string) (int64, error) {
	if strings.Trim(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(s, 10, 64)
}

// checkMaterial refuses names that a description couldn't hold, and versions that
// don't exist.
func checkMaterial(name string, version int64) error {
	switch {
	case name == "" || strings.Contains(name, "#"):
		return fmt.Errorf("%w: material name %q is empty or has a # in it", crypt.ErrConfig, name)
	case version < 0:
		return fmt.Errorf("%w: version %d of material %q is negative", crypt.ErrConfig, version, name)
	}
	return nil
}

// get reads, verifies and decrypts one row.
func (s *MetaStore) get(ctx context.Context, name string, version int64) (map[string]types.AttributeValue, error) {
	if err := checkMaterial(name, version); err != nil {
		return nil, err
	}
	what := fmt.Sprintf("version %d of material %q", version, name)
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &s.table,
		Key:            rowKey(name, version),
		ConsistentRead: aws.Bool(true),
	}, withUserAgent)
	if err != nil {
		return nil, serviceError(ctx, what, err)
	}
	if len(out.Item) == 0 {
		return nil, fmt.Errorf("%w: there is no %s in the key table", crypt.ErrNoKey, what)
	}
	row, err := s.rows.Decrypt(ctx, out.Item)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	// A valid row, but is it the one that was asked for?
	if !isRow(row, name, version) {
		return nil, fmt.Errorf("%w: the key table returned something else than %s", crypt.ErrVerify, what)
	}
	return row, nil
}

// put stores a row unless there is one of its version.
func (s *MetaStore) put(ctx context.Context, row map[string]types.AttributeValue, name string, version int64) (created bool, err error) {
	what := fmt.Sprintf("storing version %d of material %q", version, name)
	stored, err := s.rows.Encrypt(ctx, row)
	if err != nil {
		return false, fmt.Errorf("%s: %w", what, err)
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                &s.table,
		Item:                     stored,
		ConditionExpression:      aws.String("attribute_not_exists(#N) AND attribute_not_exists(#V)"),
		ExpressionAttributeNames: map[string]string{"#N": rowName, "#V": rowVersion},
	}, withUserAgent)
	var exists *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &exists):
		return false, nil
	case err != nil:
		return false, serviceError(ctx, what, err)
	}
	return true, nil
}

func withUserAgent(o *dynamodb.Options) { o.APIOptions = append(o.APIOptions, userAgent) }

// Format prints s without the provider that protects it under every verb.
func (s *MetaStore) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "MetaStore(%q)", s.table) }

// LogValue prints s without the provider that protects it in logs.
func (s *MetaStore) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("MetaStore(%q)", s.table))
}

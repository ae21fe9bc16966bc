package crypt

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// plaintextTable is the [Encryptor] that a [Migration] has for plaintext. It only
// gets items without reserved attributes.
type plaintextTable struct{ partitionKey, sortKey string }

func plaintextForTable(t Table) (*plaintextTable, error) {
	if t.PartitionKey == "" {
		return nil, fmt.Errorf("%w: partition key is empty", ErrConfig)
	}
	return &plaintextTable{t.PartitionKey, t.SortKey}, nil
}

// Reserved implements [Encryptor].
func (*plaintextTable) Reserved() []string { return nil }

// ReservedPrefix implements [Encryptor].
func (*plaintextTable) ReservedPrefix() string { return "" }

// Encrypt implements [Encryptor]. Values that no format could hold are refused
// here too: DynamoDB would reject them with a text that quotes them.
func (t *plaintextTable) Encrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error) {
	if key := missingKey(item, t.partitionKey, t.sortKey); key != "" {
		return nil, fmt.Errorf("%w: key attribute %q is missing", ErrInvalidItem, key)
	}
	if err := contextErr(ctx); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(item)) {
		if _, err := codec.AppendDBESDK(nil, item[name]); err != nil {
			return nil, &AttributeError{Op: "encrypt", Name: name, Err: fmt.Errorf("%w: %w", ErrInvalidItem, err)}
		}
	}
	return maps.Clone(item), nil
}

// Decrypt implements [Encryptor].
func (t *plaintextTable) Decrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error) {
	if key := missingKey(item, t.partitionKey, t.sortKey); key != "" {
		return nil, fmt.Errorf("%w: key attribute %q is missing", ErrMalformed, key)
	}
	if err := contextErr(ctx); err != nil {
		return nil, err
	}
	return maps.Clone(item), nil
}

package crypt

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A Format encrypts items in one of the item formats, [DDBEC] or [DBESDK], or in
// one of them while another is still read: [Migration].
type Format interface {
	// ForTable checks t against the format's rules and returns the encryptor
	// of that table's items. Its error wraps [ErrConfig] and names every
	// violation at once. No network is used.
	ForTable(t Table) (Encryptor, error)
}

// An Encryptor encrypts and decrypts whole items of one table. It is safe for
// concurrent use. It never changes the map or values that it is given; what it
// returns may share the values of attributes that are not encrypted.
type Encryptor interface {
	// Encrypt returns item as it is to be stored. Its error wraps
	// [ErrInvalidItem], [ErrNoKey], or what the provider of keys returned.
	Encrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error)

	// Decrypt verifies a stored item, then decrypts it, and returns it without
	// the attributes that the format added. On error nothing of it is returned.
	Decrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error)

	// Reserved returns the names of the attributes that the format adds to an
	// item, which no item given to Encrypt may have.
	Reserved() []string

	// ReservedPrefix returns how other names begin that no item given to Encrypt
	// may have, or an empty string.
	ReservedPrefix() string
}

// Table describes the items of one table to a [Format].
type Table struct {
	// Name is the logical table name. It is part of what is signed, so items
	// can be read under this name only. It need not be the name that DynamoDB
	// knows the table by, which changes when a table is restored.
	Name string

	// PartitionKey and SortKey name the attributes of the primary key. SortKey
	// is empty if the table has none. Key attributes are never encrypted: the
	// default action EncryptAndSign becomes SignOnly for them.
	PartitionKey, SortKey string

	// Actions says what happens to each attribute on writing, and on reading
	// too unless ReadActions is set.
	Actions Actions

	// ReadActions, if set, are the actions that stored items were written
	// with, for the time of a change from one set of actions to another.
	ReadActions *Actions

	// IndexKeys names the key attributes of secondary indexes. They get the
	// same protection from being encrypted as the primary key.
	IndexKeys []string
}

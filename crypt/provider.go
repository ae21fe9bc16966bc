package crypt

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A Provider is a source of DDBEC keys, called a cryptographic materials
// provider by the other clients. Its methods are called once an item and from
// many goroutines at once. Package keyring has the usual ones; what a user
// writes can be tested with ddbenctest.TestProvider. Spec: Materials and
// materials providers.
type Provider interface {
	// EncryptionMaterials returns the keys that encrypt and sign one item.
	EncryptionMaterials(ctx context.Context, ec *EncryptionContext) (*EncryptionMaterials, error)

	// DecryptionMaterials returns the keys that verify and decrypt one item.
	// ec.Description is what the item says of its keys; nobody has verified
	// it yet, nor any attribute of ec.Item. If the content key can't be
	// unwrapped, the materials carry [UnusableContentKey] instead of an error,
	// so that the item is refused in the same way as for a bad signature.
	DecryptionMaterials(ctx context.Context, ec *EncryptionContext) (*DecryptionMaterials, error)
}

// An EncryptionContext tells a [Provider] which item it is asked for. It must
// not be changed or kept. Its printed form leaves out the values of attributes
// and of the material description. Spec: Encryption context.
type EncryptionContext struct {
	TableName             string // logical name, after any override
	PartitionKey, SortKey string // attribute names; SortKey may be empty

	// Item is the plaintext item when encrypting, and the item as stored,
	// unverified, when decrypting.
	Item map[string]types.AttributeValue

	// Description is the item's material description when decrypting, and what
	// the format was told to add to it when encrypting. Items may share it: it
	// must not be changed.
	Description map[string]string
}

// Format prints ec without the values of its item, under every verb.
func (ec EncryptionContext) Format(f fmt.State, _ rune) { fmt.Fprint(f, ec.String()) }

// String returns ec without the values of its item.
func (ec EncryptionContext) String() string {
	return fmt.Sprintf("EncryptionContext{table %q, partition key %q, sort key %q, %d attributes, %d description entries}",
		ec.TableName, ec.PartitionKey, ec.SortKey, len(ec.Item), len(ec.Description))
}

// LogValue prints ec in logs as String does.
func (ec EncryptionContext) LogValue() slog.Value { return slog.StringValue(ec.String()) }

// EncryptionMaterials encrypt and sign one item. A provider may return the
// same value for many items; nobody changes it once it was returned.
type EncryptionMaterials struct {
	ContentKey *ContentKey // nil if nothing can be encrypted
	SigningKey *SigningKey

	// Description is written to the item for the provider that reads it. The
	// encryptor adds the cipher mode and the signing algorithm. Readable and
	// not signed.
	Description map[string]string

	// encoded is the description as stored, once the first item needed it.
	encoded atomic.Pointer[[]byte]
}

// Format prints m without its keys and the values of its description, among them
// the wrapped key, under every verb.
func (m *EncryptionMaterials) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "EncryptionMaterials{%d description entries}", len(m.Description))
}

// LogValue prints m in logs as Format does.
func (m *EncryptionMaterials) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// DecryptionMaterials verify and decrypt one item. A provider may return the
// same value for many items; nobody changes it once it was returned.
type DecryptionMaterials struct {
	ContentKey      *ContentKey // nil if nothing can be decrypted
	VerificationKey *VerificationKey
}

// Keys of the material description that more than one provider uses. Spec:
// Registry of material-description keys.
const (
	DescContentAlgorithm = "amzn-ddb-env-alg"  // NAME or NAME/BITS of the content key
	DescContentKey       = "amzn-ddb-env-key"  // wrapped content key or KMS ciphertext blob, Base64
	DescWrapAlgorithm    = "amzn-ddb-wrap-alg" // wrapping transformation, or "kms"
)

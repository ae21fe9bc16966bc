package crypt

import (
	"crypto/cipher"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// FixedRandom makes the data key and the message id of every item what fill writes
// into its argument, one after the other. For tests that compare bytes.
func FixedRandom(fill func([]byte)) DBESDKOption {
	return dbesdkOption(func(o *dbesdkOptions) { o.random = fill })
}

// FixedSigner signs every item with sign and says that it is the key in entry. For
// tests that compare bytes.
func FixedSigner(entry string, sign func(recordHash []byte) ([]byte, error)) DBESDKOption {
	return dbesdkOption(func(o *dbesdkOptions) {
		o.newSigner = func() (*itemSigner, error) { return &itemSigner{publicKey: entry, sign: sign}, nil }
	})
}

// NewItemSigner returns what signs one item.
func NewItemSigner() (entry string, sign func([]byte) ([]byte, error), err error) {
	s, err := newItemSigner()
	if err != nil {
		return "", nil, err
	}
	return s.publicKey, s.sign, nil
}

// PublicKey reads a public key from an encryption context.
var PublicKey = publicKey

// SignatureVerifies verifies a signature under such a key.
var SignatureVerifies = signatureVerifies

// OpenDBESDKField decrypts one large stored attribute, which has a buffer of its own.
func OpenDBESDKField(stored, path []byte, aead cipher.AEAD, nonce []byte) (types.AttributeValue, error) {
	return openField(nil, &dbesdkField{dbesdkName: &dbesdkName{path: path}, terminal: stored}, aead, nonce)
}

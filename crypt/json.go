package crypt

import (
	"context"
	"fmt"

	"github.com/ddbenc/ddbenc/codec"
)

// EncryptJSON is [Encryptor.Encrypt] on an item in DynamoDB JSON, such as
//
//	{"id": {"S": "p-1"}, "age": {"N": "41"}}
//
// as exports, imports and Lambda events have it. JSON that is no item gives an
// error wrapping [ErrInvalidItem].
func EncryptJSON(ctx context.Context, enc Encryptor, item []byte) ([]byte, error) {
	plain, err := codec.UnmarshalItem(item)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidItem, err)
	}
	stored, err := enc.Encrypt(ctx, plain)
	if err != nil {
		return nil, err
	}
	return codec.MarshalItem(stored)
}

// DecryptJSON is [Encryptor.Decrypt] on an item in DynamoDB JSON. JSON that is
// no item gives an error wrapping [ErrMalformed].
func DecryptJSON(ctx context.Context, enc Encryptor, item []byte) ([]byte, error) {
	stored, err := codec.UnmarshalItem(item)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	plain, err := enc.Decrypt(ctx, stored)
	if err != nil {
		return nil, err
	}
	return codec.MarshalItem(plain)
}

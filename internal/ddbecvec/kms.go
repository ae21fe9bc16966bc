package ddbecvec

import (
	"bytes"
	"context"
	"errors"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/vectors"
	"github.com/ddbenc/ddbenc/keyring"
)

// FakeKMS is a KMS that knows one data key. It returns that key for every
// GenerateDataKey, and decrypts its one ciphertext under its one context, or
// under any if Context is nil.
type FakeKMS struct {
	Plaintext  []byte            `json:"plaintext_b64"`
	Ciphertext []byte            `json:"ciphertext_blob_b64"`
	Context    map[string]string `json:"encryption_context,omitempty"`
}

// A KMSRequest is a request that was sent to KMS, with the names that its API
// has for things.
type KMSRequest struct {
	CiphertextBlob    []byte            `json:",omitempty"`
	EncryptionContext map[string]string `json:",omitempty"`
	GrantTokens       []string          `json:",omitempty"`
	KeyId             string            `json:",omitempty"`
	NumberOfBytes     int32             `json:",omitempty"`
	Operation         string            `json:"operation"`
}

func (s *session) kms(p *Provider) (crypt.Provider, error) {
	client, err := s.kmsClient(p)
	if err != nil {
		return nil, err
	}
	opts := []keyring.KMSOption{keyring.WithDescription(p.Description)}
	if len(p.GrantTokens) > 0 {
		opts = append(opts, keyring.WithGrantTokens(p.GrantTokens...))
	}
	return keyring.NewKMS(client, p.KeyID, opts...)
}

// kmsClient returns a client that notes in s what is sent: to the case's fake
// KMS, or to the one at the endpoint that the case or the environment names.
func (s *session) kmsClient(p *Provider) (keyring.KMSClient, error) {
	if p.FakeKMS != nil {
		return &kmsLog{s, p.FakeKMS.Client(p.KeyID)}, nil
	}
	client := vectors.KMS(p.Endpoint, vectors.RegionOf(p.KeyID))
	if client == nil {
		return nil, errors.New("the case has neither fake_kms nor a KMS endpoint")
	}
	return &kmsLog{s, client}, nil
}

// kmsLog notes requests on their way to a KMS.
type kmsLog struct {
	session *session
	next    keyring.KMSClient
}

func (l *kmsLog) GenerateDataKey(ctx context.Context, in *kms.GenerateDataKeyInput, opts ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	l.session.requests = append(l.session.requests, KMSRequest{
		Operation: "GenerateDataKey", KeyId: aws.ToString(in.KeyId), NumberOfBytes: aws.ToInt32(in.NumberOfBytes),
		EncryptionContext: maps.Clone(in.EncryptionContext), GrantTokens: in.GrantTokens,
	})
	return l.next.GenerateDataKey(ctx, in, opts...)
}

func (l *kmsLog) Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	l.session.requests = append(l.session.requests, KMSRequest{
		Operation: "Decrypt", KeyId: aws.ToString(in.KeyId), CiphertextBlob: bytes.Clone(in.CiphertextBlob),
		EncryptionContext: maps.Clone(in.EncryptionContext), GrantTokens: in.GrantTokens,
	})
	return l.next.Decrypt(ctx, in, opts...)
}

// Client returns a KMS that has one key, of this id or ARN.
func (f *FakeKMS) Client(keyID string) keyring.KMSClient { return &fakeKMS{f, keyID} }

type fakeKMS struct {
	answer *FakeKMS
	keyID  string
}

func (f *fakeKMS) GenerateDataKey(context.Context, *kms.GenerateDataKeyInput, ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	return &kms.GenerateDataKeyOutput{
		KeyId: aws.String(f.keyID), Plaintext: bytes.Clone(f.answer.Plaintext), CiphertextBlob: bytes.Clone(f.answer.Ciphertext),
	}, nil
}

func (f *fakeKMS) Decrypt(_ context.Context, in *kms.DecryptInput, _ ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	otherContext := f.answer.Context != nil && !maps.Equal(f.answer.Context, in.EncryptionContext)
	if otherContext || !bytes.Equal(f.answer.Ciphertext, in.CiphertextBlob) {
		return nil, &kmstypes.InvalidCiphertextException{Message: aws.String("refused by the fake KMS")}
	}
	return &kms.DecryptOutput{KeyId: aws.String(f.keyID), Plaintext: bytes.Clone(f.answer.Plaintext)}, nil
}

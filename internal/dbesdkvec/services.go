package dbesdkvec

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/internal/vectors"
	"github.com/ddbenc/ddbenc/keyring"
)

// kmsClient returns the keyring's KMS: the case's own, or the one at the endpoint
// that the case or the environment names.
func (p *Provider) kmsClient(log *requestLog) (*loggingKMS, error) {
	if p.FakeKMS != nil {
		return &loggingKMS{next: p.FakeKMS.Client(p.KeyID), log: log}, nil
	}
	if p.FakePrivate != "" {
		next, err := p.fakeKMS()
		if err != nil {
			return nil, err
		}
		return &loggingKMS{next: next, log: log}, nil
	}
	return liveKMS(p.Endpoint, p.kmsRegion(), log)
}

// liveKMS returns a KMS client of a region.
func liveKMS(endpoint, region string, log *requestLog) (*loggingKMS, error) {
	client := vectors.KMS(endpoint, region)
	if client == nil {
		return nil, errors.New("the case has no KMS, and names no endpoint of one")
	}
	return &loggingKMS{next: client, log: log}, nil
}

// A requestLog has what was sent to KMS for a case, as a case tells it: the members
// of each request that were set, by the names of KMS, and "operation".
type requestLog struct {
	requests []map[string]any
	context  map[string]string // of the last GenerateDataKey
}

func (l *requestLog) add(operation string, in any) {
	request := map[string]any{"operation": operation}
	for v, i := reflect.ValueOf(in).Elem(), 0; i < v.NumField(); i++ {
		if field := v.Type().Field(i); field.IsExported() && !v.Field(i).IsZero() {
			data, err := json.Marshal(v.Field(i).Interface()) // now: the keyring may overwrite it
			if err == nil {
				request[field.Name] = json.RawMessage(data)
			}
		}
	}
	l.requests = append(l.requests, request)
}

// loggingKMS notes requests on their way to a KMS, which has at least the operations
// that are called.
type loggingKMS struct {
	next any
	log  *requestLog
}

var errNoOperation = errors.New("the case's KMS has no such operation")

func (l *loggingKMS) GenerateDataKey(ctx context.Context, in *kms.GenerateDataKeyInput, opts ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	l.log.add("GenerateDataKey", in)
	l.log.context = maps.Clone(in.EncryptionContext)
	if next, ok := l.next.(keyring.KMSClient); ok {
		return next.GenerateDataKey(ctx, in, opts...)
	}
	return nil, errNoOperation
}

func (l *loggingKMS) Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	l.log.add("Decrypt", in)
	if next, ok := l.next.(interface {
		Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
	}); ok {
		return next.Decrypt(ctx, in, opts...)
	}
	return nil, errNoOperation
}

func (l *loggingKMS) DeriveSharedSecret(ctx context.Context, in *kms.DeriveSharedSecretInput, opts ...func(*kms.Options)) (*kms.DeriveSharedSecretOutput, error) {
	l.log.add("DeriveSharedSecret", in)
	if next, ok := l.next.(keyring.KMSECDHClient); ok {
		return next.DeriveSharedSecret(ctx, in, opts...)
	}
	return nil, errNoOperation
}

func (l *loggingKMS) GetPublicKey(ctx context.Context, in *kms.GetPublicKeyInput, opts ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error) {
	l.log.add("GetPublicKey", in)
	if next, ok := l.next.(keyring.KMSECDHClient); ok {
		return next.GetPublicKey(ctx, in, opts...)
	}
	return nil, errNoOperation
}

func (l *loggingKMS) GenerateDataKeyWithoutPlaintext(ctx context.Context, in *kms.GenerateDataKeyWithoutPlaintextInput, opts ...func(*kms.Options)) (*kms.GenerateDataKeyWithoutPlaintextOutput, error) {
	l.log.add("GenerateDataKeyWithoutPlaintext", in)
	if next, ok := l.next.(keyring.BranchKeyStoreKMSClient); ok {
		return next.GenerateDataKeyWithoutPlaintext(ctx, in, opts...)
	}
	return nil, errNoOperation
}

func (l *loggingKMS) ReEncrypt(ctx context.Context, in *kms.ReEncryptInput, opts ...func(*kms.Options)) (*kms.ReEncryptOutput, error) {
	l.log.add("ReEncrypt", in)
	if next, ok := l.next.(keyring.BranchKeyStoreKMSClient); ok {
		return next.ReEncrypt(ctx, in, opts...)
	}
	return nil, errNoOperation
}

package keyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
)

// A KMSKeyringOption changes what the constructors of keyrings that call KMS return:
// [NewKMSKeyring], [NewKMSDiscoveryKeyring], [NewKMSRSA], [NewKMSECDH] and those that are
// named after them. [WithGrantTokens] is one.
type KMSKeyringOption interface{ applyKMSKeyring(*config) }

func (f option) applyKMSKeyring(c *config) { f(c) }

// AnyReplica treats the replicas of a multi-Region KMS key as one key: an item that
// was written with one of them is read with the one that a keyring is configured
// with, or with the one in a discovery keyring's region. Without it they are
// different keys. Of other keys it changes nothing.
//
// A [KMSRSA] and a [KMSECDH] keyring read items of every replica anyway.
func AnyReplica() KMSKeyringOption {
	return option(func(c *config) { c.kms.anyReplica = true })
}

func kmsKeyringConfig(opts []KMSKeyringOption) (kmsConfig, error) {
	var c config
	for _, opt := range opts {
		opt.applyKMSKeyring(&c)
	}
	return c.kms, checkGrantTokens(c.kms.grants)
}

// maxKeyID is the longest name of a KMS key in characters.
const maxKeyID = 2048

// parseKeyARN reads the ARN of a key. The error wraps [crypt.ErrConfig].
func parseKeyARN(s string) (kmsARN, error) {
	arn, ok := parseKMSARN(s)
	switch {
	case !ok || len(s) > maxKeyID:
		return kmsARN{}, fmt.Errorf("%w: %.300q is not the ARN of a KMS key", crypt.ErrConfig, s)
	case arn.alias():
		return kmsARN{}, fmt.Errorf("%w: %q is the ARN of a KMS alias, want that of a KMS key", crypt.ErrConfig, s)
	}
	return arn, nil
}

// checkKMSInfos refuses an item in which a data key of KMS doesn't name its key, as
// the other clients do before they ask KMS for any. DB-ESDK spec: materials, "AWS
// KMS keyring and MRK keyring".
func checkKMSInfos(keys []crypt.EncryptedDataKey) error {
	for i := range keys {
		if keys[i].ProviderID != providerKMS {
			continue
		}
		info := keys[i].ProviderInfo
		if arn, ok := parseKMSARN(string(info)); !ok || arn.alias() || len(info) > maxKeyID {
			return fmt.Errorf("%w: data key %d is of KMS and doesn't name its key by an ARN", crypt.ErrMalformed, i)
		}
	}
	return nil
}

// kmsName names a KMS key in errors.
type kmsName string

func (n kmsName) String() string { return fmt.Sprintf("KMS key %q", string(n)) }

// kmsDecrypt has KMS decrypt what belongs to an intermediate key, with key and no
// other. The result is size bytes.
func kmsDecrypt(ctx context.Context, client KMSClient, key kmsARN, in *kms.DecryptInput, size int) ([]byte, error) {
	if n := len(in.CiphertextBlob); n == 0 || n > maxBlob {
		return nil, errUnwrap // KMS would say no more
	}
	in.KeyId = aws.String(key.String())
	in.CiphertextBlob = bytes.Clone(in.CiphertextBlob)
	out, err := client.Decrypt(ctx, in, inRegion(key.region))
	if err != nil {
		err = serviceError(ctx, "KMS Decrypt with "+key.String(), err)
		if errors.Is(err, crypt.ErrVerify) {
			err = fmt.Errorf("%w: %w", crypt.ErrNoKey, err)
		}
		return nil, err
	}
	if err := checkKeyID(key, out.KeyId); err != nil {
		clear(out.Plaintext)
		return nil, err
	}
	if len(out.Plaintext) != size {
		clear(out.Plaintext)
		return nil, errUnwrap
	}
	return out.Plaintext, nil
}

// inRegion returns the options of a call to KMS: its region, unless that is empty
// and up to the client, and who calls.
func inRegion(region string) func(*kms.Options) {
	return func(o *kms.Options) {
		if region != "" {
			o.Region = region
		}
		o.APIOptions = append(o.APIOptions, userAgent)
	}
}

package keyring

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/ddbenc/ddbenc/crypt"
)

const providerKMSRSA = "aws-kms-rsa"

// KMSRSA is a DB-ESDK keyring that encrypts data keys under an RSA key whose private
// half stays in AWS KMS. Writing takes no call, reading takes one. It is for items
// of [crypt.SuiteMAC] only, as in the other clients. It is safe for concurrent use.
//
// KMS sees nothing of the item; that an intermediate key belongs to it is checked
// here. DB-ESDK spec: materials, "AWS KMS RSA keyring".
type KMSRSA struct {
	client  KMSClient // nil: only writes
	id      string
	key     kmsARN
	padding RSAPadding
	pub     *rsa.PublicKey // nil: only reads
	grants  []string
}

var _ crypt.Keyring = (*KMSRSA)(nil)

// NewKMSRSA returns a keyring with the KMS key of this ARN. Padding is [OAEPSHA256]
// or [OAEPSHA1]. Pub is the key's public half, an *rsa.PublicKey of at least 2048
// bits, such as [ParsePublicKey] makes of what kms:GetPublicKey returns. Without
// client the keyring only writes, without pub it only reads. Of a multi-Region key
// it reads items of every replica.
//
// The client is used in the key's region, whatever its own is. The error wraps
// [crypt.ErrConfig].
func NewKMSRSA(client KMSClient, keyARN string, padding RSAPadding, pub crypto.PublicKey, opts ...KMSKeyringOption) (*KMSRSA, error) {
	k := &KMSRSA{client: client, id: keyARN, padding: padding}
	if client == nil && pub == nil {
		return nil, fmt.Errorf("%w: KMS client and public key are both nil", crypt.ErrConfig)
	}
	var err error
	if k.key, err = parseKeyARN(keyARN); err != nil {
		return nil, err
	}
	if k.algorithm() == "" {
		return nil, fmt.Errorf("%w: KMS has no padding %v, want %v or %v", crypt.ErrConfig, padding, OAEPSHA256, OAEPSHA1)
	}
	if pub != nil {
		w, err := NewRSAWrappingKey(pub) // has the same conditions
		if err != nil {
			return nil, err
		}
		k.pub = w.pub
	}
	cfg, err := kmsKeyringConfig(opts)
	if err != nil {
		return nil, err
	}
	k.client, k.grants = tellingKMS(k.client, cfg.hooks, "KMSRSA"), cfg.grants
	return k, nil
}

func (k *KMSRSA) algorithm() types.EncryptionAlgorithmSpec {
	switch k.padding {
	case OAEPSHA1:
		return types.EncryptionAlgorithmSpecRsaesOaepSha1
	case OAEPSHA256:
		return types.EncryptionAlgorithmSpecRsaesOaepSha256
	}
	return ""
}

// checkSuite refuses items that are signed with ECDSA. Both suites would do, but
// no other client has it so.
func (k *KMSRSA) checkSuite(kc *crypt.KeyContext) error {
	if kc.Suite() != crypt.SuiteMAC {
		return fmt.Errorf("%w: a KMS RSA keyring is for crypt.SuiteMAC only: see crypt.WriteSuite", crypt.ErrUnsupported)
	}
	return nil
}

// WrapKey returns one data key, whose provider info is the ARN of the KMS key, with
// no call. What is encrypted is
//
//	SHA-384 of the encryption context, 48 bytes | intermediate key, 32 bytes
//
// The error wraps [crypt.ErrUnsupported] for another suite than [crypt.SuiteMAC], and
// [crypt.ErrNoKey] if the keyring only reads.
func (k *KMSRSA) WrapKey(_ context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	if err := k.checkSuite(kc); err != nil {
		return nil, err
	}
	if k.pub == nil {
		return nil, fmt.Errorf("%w: the keyring of KMS key %q has no public key and only reads", crypt.ErrNoKey, k.id)
	}
	return wrapIntermediate(kc, dataKey, providerKMSRSA, func(intermediate []byte) (info, ciphertext []byte, err error) {
		sum := sha512.Sum384(kc.Bytes())
		plaintext := append(sum[:], intermediate...)
		defer clear(plaintext)
		ciphertext, err = rsa.EncryptOAEPWithOptions(rand.Reader, k.pub, plaintext, &rsa.OAEPOptions{Hash: k.padding.hash()})
		if err != nil {
			return nil, nil, fmt.Errorf("ddbenc: KMS key %q: %w", k.id, err)
		}
		return []byte(k.id), ciphertext, nil
	})
}

// UnwrapKey asks KMS for the first data key of the keyring's KMS key that KMS
// decrypts. The error wraps [crypt.ErrUnsupported] if there is one in an item of
// another suite than [crypt.SuiteMAC]. Otherwise it is that of
// [KMSKeyring.UnwrapKey], but that data keys which don't name a KMS key by its ARN
// are passed over.
func (k *KMSRSA) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	if k.client == nil {
		return nil, fmt.Errorf("%w: the keyring of KMS key %q has no KMS client and only writes", crypt.ErrNoKey, k.id)
	}
	knows := func(e *crypt.EncryptedDataKey) bool {
		return e.ProviderID == providerKMSRSA && sameKey(string(e.ProviderInfo), k.id)
	}
	if !slices.ContainsFunc(keys, func(e crypt.EncryptedDataKey) bool { return knows(&e) }) {
		return nil, errNotFor(kmsName(k.id), keys)
	}
	if err := k.checkSuite(kc); err != nil {
		return nil, err
	}
	return unwrapEach(ctx, kc, keys, kmsName(k.id), knows, func(_ *crypt.EncryptedDataKey, blob []byte) ([]byte, error) {
		plaintext, err := kmsDecrypt(ctx, k.client, k.key, &kms.DecryptInput{
			CiphertextBlob:      blob,
			EncryptionAlgorithm: k.algorithm(),
			GrantTokens:         k.grants,
		}, sha512.Size384+crypt.DataKeySize)
		if err != nil {
			return nil, err
		}
		defer clear(plaintext)
		sum := sha512.Sum384(kc.Bytes())
		if subtle.ConstantTimeCompare(sum[:], plaintext[:sha512.Size384]) != 1 {
			return nil, errUnwrap
		}
		return bytes.Clone(plaintext[sha512.Size384:]), nil
	})
}

// Format prints k without its grant tokens under every verb.
func (k *KMSRSA) Format(f fmt.State, _ rune) { redact(f, "KMSRSA") }

// LogValue prints k without its grant tokens in logs.
func (k *KMSRSA) LogValue() slog.Value { return slog.StringValue("KMSRSA(REDACTED)") }

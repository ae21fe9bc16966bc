package keyring

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// KMSECDH is a DB-ESDK keyring that encrypts data keys under a secret that two
// parties share, as [RawECDH] does, with a private key that stays in AWS KMS.
// Writing or reading an item takes one call. The two kinds of keyrings read each
// other's items. It is safe for concurrent use.
//
// KMS sees nothing of the item. DB-ESDK spec: materials, "AWS KMS ECDH".
type KMSECDH struct {
	client KMSECDHClient
	key    kmsARN
	peer   *ecdh.PublicKey // nil: only reads, from whomever
	grants []string

	parties atomic.Pointer[ecdhParties] // nil until the public half of key is known
	fetch   chan struct{}               // holds a token while nobody asks KMS for that
}

var _ crypt.Keyring = (*KMSECDH)(nil)

// KMSECDHClient is what a [KMSECDH] keyring needs of *kms.Client. It is used in the
// key's region, whatever its own is. GetPublicKey is not called if the public key is
// given.
type KMSECDHClient interface {
	DeriveSharedSecret(context.Context, *kms.DeriveSharedSecretInput, ...func(*kms.Options)) (*kms.DeriveSharedSecretOutput, error)
	GetPublicKey(context.Context, *kms.GetPublicKeyInput, ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error)
}

// NewKMSECDH returns a keyring for two parties that know each other: items that
// either of them writes so are read by both. One has the KMS key of this ARN, which
// is for key agreement on P-256, P-384 or P-521; own is its public half. If own is
// nil, KMS is asked for it once, when it is first needed. The other party has peer,
// on the same curve. The error wraps [crypt.ErrConfig].
func NewKMSECDH(client KMSECDHClient, keyARN string, own, peer *ecdh.PublicKey, opts ...KMSKeyringOption) (*KMSECDH, error) {
	if peer == nil {
		return nil, fmt.Errorf("%w: ECDH key of the other party is nil", crypt.ErrConfig)
	}
	if _, err := ecdhCurveOf(peer.Curve()); err != nil {
		return nil, err
	}
	return newKMSECDH(client, keyARN, own, peer, opts)
}

// NewKMSECDHDiscovery returns a keyring that reads items that anyone wrote for the
// KMS key of this ARN, and can't write any. Whoever knows the public key can be
// their writer. Own is that of [NewKMSECDH]. The error wraps [crypt.ErrConfig].
func NewKMSECDHDiscovery(client KMSECDHClient, keyARN string, own *ecdh.PublicKey, opts ...KMSKeyringOption) (*KMSECDH, error) {
	return newKMSECDH(client, keyARN, own, nil, opts)
}

func newKMSECDH(client KMSECDHClient, keyARN string, own, peer *ecdh.PublicKey, opts []KMSKeyringOption) (*KMSECDH, error) {
	if client == nil {
		return nil, fmt.Errorf("%w: KMS client is nil", crypt.ErrConfig)
	}
	key, err := parseKeyARN(keyARN)
	if err != nil {
		return nil, err
	}
	cfg, err := kmsKeyringConfig(opts)
	if err != nil {
		return nil, err
	}
	if told(cfg.hooks) {
		client = toldKMSECDH{client, cfg.hooks}
	}
	k := &KMSECDH{client: client, key: key, peer: peer, grants: cfg.grants, fetch: make(chan struct{}, 1)}
	k.fetch <- struct{}{}
	if own != nil {
		if _, err := k.setOwn(own); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// setOwn keeps the public half of the KMS key.
func (k *KMSECDH) setOwn(own *ecdh.PublicKey) (*ecdhParties, error) {
	p, err := newECDHParties(own, k.peer)
	if err != nil {
		return nil, err
	}
	k.parties.Store(&p)
	return &p, nil
}

// public returns the parties with the public half of the KMS key. Whoever comes while
// KMS is asked waits for the answer. An error is not kept.
func (k *KMSECDH) public(ctx context.Context) (*ecdhParties, error) {
	if p := k.parties.Load(); p != nil {
		return p, nil
	}
	select {
	case <-k.fetch:
		defer func() { k.fetch <- struct{}{} }()
	case <-ctx.Done():
		return nil, fmt.Errorf("ddbenc: public key of KMS key %q: %w", k.key, contextError(ctx))
	}
	if p := k.parties.Load(); p != nil {
		return p, nil
	}
	out, err := k.client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: aws.String(k.key.String())}, inRegion(k.key.region))
	if err != nil {
		return nil, serviceError(ctx, "KMS GetPublicKey of "+k.key.String(), err)
	}
	if err := checkKeyID(k.key, out.KeyId); err != nil {
		return nil, err
	}
	if out.KeyUsage != types.KeyUsageTypeKeyAgreement {
		return nil, fmt.Errorf("%w: KMS key %q is for %s, want %s", crypt.ErrConfig, k.key, out.KeyUsage, types.KeyUsageTypeKeyAgreement)
	}
	parsed, err := x509.ParsePKIXPublicKey(out.PublicKey) // the point is on its curve
	if err != nil {
		return nil, fmt.Errorf("%w: public key of KMS key %q is not valid SubjectPublicKeyInfo", crypt.ErrConfig, k.key)
	}
	ec, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: public key of KMS key %q is a %T, want an EC key", crypt.ErrConfig, k.key, parsed)
	}
	own, err := ec.ECDH()
	if err != nil {
		return nil, fmt.Errorf("%w: public key of KMS key %q: %w", crypt.ErrConfig, k.key, err)
	}
	return k.setOwn(own)
}

// shared asks KMS for the secret that its key shares with other, which is on c.
func (k *KMSECDH) shared(ctx context.Context, c *ecdhCurve, other *ecdh.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(other)
	if err != nil {
		return nil, fmt.Errorf("ddbenc: ECDH: %w", err)
	}
	out, err := k.client.DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{
		KeyId:                 aws.String(k.key.String()),
		KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh,
		PublicKey:             der,
		GrantTokens:           k.grants,
	}, inRegion(k.key.region))
	if err != nil {
		return nil, serviceError(ctx, "KMS DeriveSharedSecret with "+k.key.String(), err)
	}
	if err := checkKeyID(k.key, out.KeyId); err != nil {
		clear(out.SharedSecret)
		return nil, err
	}
	if len(out.SharedSecret) != c.size() {
		clear(out.SharedSecret)
		return nil, fmt.Errorf("%w: KMS returned a shared secret of %d bytes, want %d", ErrUnavailable, len(out.SharedSecret), c.size())
	}
	return out.SharedSecret, nil
}

// WrapKey returns one data key. The error wraps [crypt.ErrNoKey] if the keyring only
// reads or there is no such KMS key, [crypt.ErrConfig] if the KMS key is not for key
// agreement on the other party's curve, [ErrKeyRefused] or [ErrUnavailable], or is a
// context's error.
func (k *KMSECDH) WrapKey(ctx context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	if k.peer == nil {
		return nil, fmt.Errorf("%w: the ECDH keyring has no public key to encrypt for and only reads", crypt.ErrNoKey)
	}
	p, err := k.public(ctx)
	if err != nil {
		return nil, err
	}
	return wrapIntermediate(kc, dataKey, providerKMSECDH, func(intermediate []byte) (info, ciphertext []byte, err error) {
		shared, err := k.shared(ctx, p.curve, p.peer)
		if err != nil {
			return nil, nil, err
		}
		defer clear(shared)
		i := ecdhInfo{recipient: p.peerPoint, sender: p.ownPoint}
		ciphertext, err = p.curve.seal(kc, shared, i, intermediate)
		return i.append(nil), ciphertext, err
	})
}

// UnwrapKey decrypts the first data key that was made with the keyring's keys, in
// either direction, that it can. Each takes a call. The error wraps [crypt.ErrNoKey]
// if there is none, and [crypt.ErrVerify] besides if one doesn't belong to the item;
// [ErrKeyRefused] or [ErrUnavailable], with what the SDK returned, if KMS derived no
// secret; or it is one of the others of [KMSECDH.WrapKey].
func (k *KMSECDH) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	if !slices.ContainsFunc(keys, func(e crypt.EncryptedDataKey) bool { return isECDH(&e) }) {
		return nil, errNotFor(ecdhKeys{}, keys) // without a call
	}
	p, err := k.public(ctx)
	if err != nil {
		return nil, err
	}
	return unwrapEach(ctx, kc, keys, ecdhKeys{}, p.knows, func(e *crypt.EncryptedDataKey, ciphertext []byte) ([]byte, error) {
		i, _ := p.of(e)
		peer, ok := p.other(i)
		if !ok || len(ciphertext) != ecdhSize {
			return nil, errUnwrap // without a call
		}
		shared, err := k.shared(ctx, p.curve, peer)
		if err != nil {
			return nil, err
		}
		defer clear(shared)
		intermediate, ok := p.curve.open(kc, shared, i, ciphertext)
		if !ok {
			return nil, errUnwrap
		}
		return intermediate, nil
	})
}

// Format prints k without its grant tokens under every verb.
func (k *KMSECDH) Format(f fmt.State, _ rune) { redact(f, "KMSECDH") }

// LogValue prints k without its grant tokens in logs.
func (k *KMSECDH) LogValue() slog.Value { return slog.StringValue("KMSECDH(REDACTED)") }

package keyring

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/internal/see"
)

// A HooksOption is for whatever asks others for keys: the providers and keyrings
// that call KMS, [MostRecent] and [Hierarchical].
type HooksOption interface {
	KMSOption
	KMSKeyringOption
	CacheOption
}

type hooksOption []*hook.Hooks

// WithHooks tells of the keys that are asked for, to the function KeyLoaded of each
// of hooks. Give the same to tables by ddbenc.WithHooks. A call to KMS is told with
// the name of its operation and of the key. What keeps keys in memory tells of each
// answer from there, and of each question to its store: a caller who waits while
// another one asks is not told of. The default is none.
func WithHooks(hooks ...*hook.Hooks) HooksOption { return hooksOption(hooks) }

func (h hooksOption) applyKMS(c *config)        { h.add(&c.kms.hooks) }
func (h hooksOption) applyKMSKeyring(c *config) { h.add(&c.kms.hooks) }

func (h hooksOption) applyMostRecent(c *mostRecentConfig)     { h.add(&c.hooks) }
func (h hooksOption) applyHierarchical(c *hierarchicalConfig) { h.add(&c.hooks) }

func (h hooksOption) add(to **hook.Hooks) {
	*to = see.Join(append([]*hook.Hooks{*to}, h...)...)
}

// loading calls load and tells h of it. e has what is known before.
func loading[V any](ctx context.Context, h *hook.Hooks, e hook.KeyLoad, load func(context.Context) (V, error)) (V, error) {
	if !told(h) {
		return load(ctx)
	}
	start := time.Now()
	v, err := load(ctx)
	e.Duration, e.Err = time.Since(start), hook.Redact(err)
	see.Call(ctx, h, h.KeyLoaded, e)
	return v, err
}

// told reports whether somebody is to be told of keys. Only then is it worth it to
// time what loads them, or to put their names together.
func told(h *hook.Hooks) bool { return h != nil && h.KeyLoaded != nil }

// found tells h of a key that was in memory.
func found(ctx context.Context, h *hook.Hooks, provider, op, key string) {
	see.Call(ctx, h, h.KeyLoaded, hook.KeyLoad{Provider: provider, Op: op, Key: key, Cached: true})
}

// A toldKMS is a KMS client that tells of its calls.
type toldKMS struct {
	KMSClient
	hooks    *hook.Hooks
	provider string
}

// tellingKMS returns client, or one that tells hooks of its calls. provider is the
// type that makes them.
func tellingKMS(client KMSClient, hooks *hook.Hooks, provider string) KMSClient {
	if !told(hooks) || client == nil {
		return client
	}
	return toldKMS{client, hooks, provider}
}

func (c toldKMS) GenerateDataKey(ctx context.Context, in *kms.GenerateDataKeyInput, opts ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	return callingKMS(ctx, c.hooks, c.provider, "GenerateDataKey", in.KeyId, func() (*kms.GenerateDataKeyOutput, error) {
		return c.KMSClient.GenerateDataKey(ctx, in, opts...)
	})
}

func (c toldKMS) Decrypt(ctx context.Context, in *kms.DecryptInput, opts ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	return callingKMS(ctx, c.hooks, c.provider, "Decrypt", in.KeyId, func() (*kms.DecryptOutput, error) {
		return c.KMSClient.Decrypt(ctx, in, opts...)
	})
}

// A toldKMSECDH is toldKMS for [KMSECDH].
type toldKMSECDH struct {
	KMSECDHClient
	hooks *hook.Hooks
}

func (c toldKMSECDH) DeriveSharedSecret(ctx context.Context, in *kms.DeriveSharedSecretInput, opts ...func(*kms.Options)) (*kms.DeriveSharedSecretOutput, error) {
	return callingKMS(ctx, c.hooks, "KMSECDH", "DeriveSharedSecret", in.KeyId, func() (*kms.DeriveSharedSecretOutput, error) {
		return c.KMSECDHClient.DeriveSharedSecret(ctx, in, opts...)
	})
}

func (c toldKMSECDH) GetPublicKey(ctx context.Context, in *kms.GetPublicKeyInput, opts ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error) {
	return callingKMS(ctx, c.hooks, "KMSECDH", "GetPublicKey", in.KeyId, func() (*kms.GetPublicKeyOutput, error) {
		return c.KMSECDHClient.GetPublicKey(ctx, in, opts...)
	})
}

// callingKMS tells of one call to KMS, and of its error as what it means to a
// caller.
func callingKMS[Out any](ctx context.Context, h *hook.Hooks, provider, op string, key *string, call func() (Out, error)) (Out, error) {
	start := time.Now()
	out, err := call()
	e := hook.KeyLoad{Provider: provider, Op: op, Key: aws.ToString(key), Duration: time.Since(start)}
	if err != nil {
		e.Err = hook.Redact(serviceError(ctx, "KMS "+op, err))
	}
	see.Call(ctx, h, h.KeyLoaded, e)
	return out, err
}

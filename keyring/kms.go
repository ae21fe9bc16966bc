package keyring

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
)

// A KMS provider makes a new data key for each item with AWS KMS, and derives
// the item's content and signing keys from it. Writing or reading an item takes
// one call. It is the other clients' AwsKmsCryptographicMaterialsProvider
// (Python) and DirectKmsMaterialProvider (Java). It is safe for concurrent use.
//
// KMS binds the data key to table name, key attributes and algorithms. It and
// its logs in CloudTrail therefore see the values of the key attributes.
//
// Unlike the other clients, which decrypt with any key that the program may use,
// a KMS provider reads only what was written with its own keys. Spec: Materials
// and materials providers, "AWS KMS provider"; Security considerations,
// "Cross-key confusion with KMS".
type KMS struct {
	clients map[string]KMSClient // by region; "" is that of the constructor
	keys    KMSKeys
	also    []kmsKey
	open    bool
	check   func(context.Context, *crypt.EncryptionContext, string) error
	grants  []string
	cfg     config
	write   kmsAlgorithms
}

var _ crypt.Provider = (*KMS)(nil)

// KMSClient is what a [KMS] provider and most keyrings that call KMS need of
// *kms.Client. Those that only read call Decrypt alone.
type KMSClient interface {
	GenerateDataKey(context.Context, *kms.GenerateDataKeyInput, ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error)
	Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
}

// KMSKeys selects the KMS keys of one item: the first one writes it, and any of
// them may read it. It is called from many goroutines at once. What it reads of
// ec.Item when an item is read is as stored: encrypted attributes can't be used,
// and nothing is verified yet. An item that was given to another key on the way
// doesn't decrypt.
type KMSKeys func(ctx context.Context, ec *crypt.EncryptionContext) (keyIDs []string, err error)

// NewKMS returns a provider that uses one KMS key, named by its ARN, its id, an
// alias, or the ARN of an alias.
//
// If keyID is an ARN the client is used in the key's region, whatever its own
// is. A multi-Region key may have been written with in any region: name the
// replica that is near. An alias means the key that it stands for at the time:
// when it is pointed to another key, name the old one with [AlsoReadWith] for as
// long as there are items of it.
//
// The error wraps [crypt.ErrConfig].
func NewKMS(client KMSClient, keyID string, opts ...KMSOption) (*KMS, error) {
	if _, err := parseKMSKey(keyID); err != nil {
		return nil, err
	}
	keys := []string{keyID}
	return NewKMSByItem(client, func(context.Context, *crypt.EncryptionContext) ([]string, error) { return keys, nil }, opts...)
}

// NewKMSByItem is [NewKMS] for items with different keys, such as the keys of
// tenants, who need not be known when the program starts: put the tenant into an
// attribute that is signed and not encrypted, and let keys look there. The error
// wraps [crypt.ErrConfig].
func NewKMSByItem(client KMSClient, keys KMSKeys, opts ...KMSOption) (*KMS, error) {
	if client == nil || keys == nil {
		return nil, fmt.Errorf("%w: KMS client or keys are nil", crypt.ErrConfig)
	}
	p := &KMS{keys: keys, clients: map[string]KMSClient{"": client}}
	for _, opt := range opts {
		opt.applyKMS(&p.cfg)
	}
	k := &p.cfg.kms
	for region, client := range k.clients {
		if region == "" || client == nil {
			return nil, fmt.Errorf("%w: the KMS client of region %q is nil, or the region is empty", crypt.ErrConfig, region)
		}
		p.clients[region] = client
	}
	for region, client := range p.clients {
		p.clients[region] = tellingKMS(client, k.hooks, "KMS")
	}
	p.open, p.check, p.grants = k.open, k.check, k.grants
	for _, id := range k.also {
		key, err := parseKMSKey(id)
		if err != nil {
			return nil, err
		}
		p.also = append(p.also, key)
	}
	if err := checkGrantTokens(p.grants); err != nil {
		return nil, err
	}
	if err := p.cfg.checkDescription(); err != nil {
		return nil, err
	}
	for _, name := range []string{crypt.DescWrapAlgorithm, descKMSContext} {
		if _, ok := p.cfg.description[name]; ok {
			return nil, fmt.Errorf("%w: description entry %q is reserved", crypt.ErrConfig, name)
		}
	}
	var err error
	p.write, err = parseKMSAlgorithms(
		orElse(p.cfg.description, crypt.DescContentAlgorithm, "AES/256"),
		orElse(p.cfg.description, descSigningKey, "HmacSHA256/256"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", crypt.ErrConfig, err)
	}
	return p, nil
}

func orElse(m map[string]string, key, otherwise string) string {
	if v, ok := m[key]; ok {
		return v
	}
	return otherwise
}

// kmsConfig collects the options that only [KMS] has.
type kmsConfig struct {
	clients map[string]KMSClient
	also    []string
	open    bool
	check   func(context.Context, *crypt.EncryptionContext, string) error
	grants  []string
	hooks   *hook.Hooks

	anyReplica bool // of a [KMSKeyring] or [KMSDiscoveryKeyring]
}

// A KMSOption changes what [NewKMS] and [NewKMSByItem] return.
type KMSOption interface{ applyKMS(*config) }

func (f option) applyKMS(c *config) { f(c) }

func kmsOption(f func(*kmsConfig)) KMSOption { return option(func(c *config) { f(&c.kms) }) }

// AlsoReadWith reads items that were written with one of these KMS keys too,
// which are not used for writing. They are tried in this order after the key
// that writes, each with a call of its own. It applies to [KMS].
func AlsoReadWith(keyIDs ...string) KMSOption {
	return kmsOption(func(c *kmsConfig) { c.also = append(c.also, keyIDs...) })
}

// WithKMSClient uses a client of its own for keys whose ARN names this region,
// for example one with the endpoint of another network.
func WithKMSClient(region string, client KMSClient) KMSOption {
	return kmsOption(func(c *kmsConfig) {
		if c.clients == nil {
			c.clients = map[string]KMSClient{}
		}
		c.clients[region] = client
	})
}

// A KMSCallOption is for whatever calls KMS.
type KMSCallOption interface {
	KMSOption
	KMSKeyringOption
	BranchKeyStoreOption
}

// WithGrantTokens sends grant tokens with every call to KMS that uses a key: at most
// ten, of 1 to 8192 characters.
func WithGrantTokens(tokens ...string) KMSCallOption {
	return option(func(c *config) { c.kms.grants = append(c.kms.grants, tokens...) })
}

// CheckKMSKey calls fn with the ARN of the key that KMS decrypted an item's data
// key with, before the data key is used. An error of fn refuses the item, and is
// what the caller gets.
func CheckKMSKey(fn func(ctx context.Context, ec *crypt.EncryptionContext, keyARN string) error) KMSOption {
	return kmsOption(func(c *kmsConfig) { c.check = fn })
}

// DangerouslyAllowAnyKMSKey reads items that were written with any KMS key that
// this program may decrypt with, as the other clients do. Whoever can write to
// the table and has such a key can then forge items. Combine it with
// [CheckKMSKey].
func DangerouslyAllowAnyKMSKey() KMSOption {
	return kmsOption(func(c *kmsConfig) { c.open = true })
}

// dataKeySize is what is asked of KMS, in bytes.
const dataKeySize = 32

// EncryptionMaterials makes a data key and derives the item's keys from it. It
// describes them with these entries beside those of the provider's description:
//
//	amzn-ddb-env-alg   AES/256, or as configured
//	amzn-ddb-env-key   the data key as KMS encrypted it, Base64
//	amzn-ddb-sig-alg   HmacSHA256/256, or as configured
//	amzn-ddb-wrap-alg  kms
//	aws-kms-ec-attr    *keys*
//
// A number that is a key attribute is bound to the data key in the spelling that
// DynamoDB returns it in. The other clients bind it as the caller spells it, and
// lose items for which the two differ.
//
// The error wraps [crypt.ErrInvalidItem] if a key attribute is missing, one of
// [ErrKeyRefused], [ErrUnavailable] and [crypt.ErrNoKey], or a context's error.
func (p *KMS) EncryptionMaterials(ctx context.Context, ec *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
	kctx, err := kmsContext(ec, p.write, true)
	if err != nil {
		return nil, err
	}
	ids, err := p.keys(ctx, ec)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 || ids[0] == "" {
		return nil, fmt.Errorf("%w: no KMS key was selected for it", crypt.ErrNoKey)
	}
	key, err := parseKMSKey(ids[0])
	if err != nil {
		return nil, err
	}
	client, options := p.client(key)
	out, err := client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId:             aws.String(key.id),
		NumberOfBytes:     aws.Int32(dataKeySize),
		EncryptionContext: kctx,
		GrantTokens:       p.grants,
	}, options)
	if err != nil {
		return nil, serviceError(ctx, "KMS GenerateDataKey with "+key.id, err)
	}
	defer clear(out.Plaintext)
	if len(out.Plaintext) != dataKeySize || len(out.CiphertextBlob) == 0 {
		return nil, fmt.Errorf("%w: KMS returned a data key of %d bytes, want %d", ErrUnavailable, len(out.Plaintext), dataKeySize)
	}
	content, signing, err := p.write.derive(out.Plaintext)
	if err != nil {
		return nil, err
	}
	description := make(map[string]string, len(p.cfg.description)+5)
	maps.Copy(description, p.cfg.description)
	description[crypt.DescContentAlgorithm] = p.write.content
	description[crypt.DescContentKey] = base64.StdEncoding.EncodeToString(out.CiphertextBlob)
	description[descSigningKey] = p.write.signing
	description[crypt.DescWrapAlgorithm] = wrapKMS
	description[descKMSContext] = "*keys*"
	return &crypt.EncryptionMaterials{ContentKey: content, SigningKey: signing, Description: description}, nil
}

// maxBlob is the longest ciphertext that KMS takes, in bytes.
const maxBlob = 6144

// DecryptionMaterials decrypts an item's data key and derives its keys. If KMS
// refuses the ciphertext and a key attribute's number is not in canonical form,
// it is asked once more with that form.
//
// The error wraps [crypt.ErrNoKey] if the item was not written with one of the
// provider's KMS keys, or not with KMS at all; [crypt.ErrVerify] if KMS finds
// that data key and item don't belong together; [crypt.ErrUnsupported] for
// algorithms that nobody writes; [ErrKeyRefused]; [ErrUnavailable]; or a
// context's error.
func (p *KMS) DecryptionMaterials(ctx context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
	blob, algorithms, err := p.readDescription(ec.Description)
	if err != nil {
		return nil, err
	}
	contexts, err := readContexts(ec, algorithms)
	if err != nil {
		return nil, err
	}
	keys, err := p.readKeys(ctx, ec)
	if err != nil {
		return nil, err
	}
	out, err := p.decrypt(ctx, blob, contexts, keys)
	if err != nil {
		return nil, err
	}
	defer clear(out.Plaintext)
	if p.check != nil {
		if err := p.check(ctx, ec, aws.ToString(out.KeyId)); err != nil {
			return nil, err
		}
	}
	if len(out.Plaintext) != dataKeySize {
		return nil, fmt.Errorf("%w: the data key is %d bytes, want %d", crypt.ErrMalformed, len(out.Plaintext), dataKeySize)
	}
	content, signing, err := algorithms.derive(out.Plaintext)
	if err != nil {
		return nil, err
	}
	return &crypt.DecryptionMaterials{ContentKey: content, VerificationKey: signing.VerificationKey()}, nil
}

// readDescription returns what an item says of its keys. KMS authenticates the
// algorithms, which are part of the encryption context, and the blob.
func (p *KMS) readDescription(d map[string]string) (blob []byte, a kmsAlgorithms, err error) {
	if err := p.cfg.checkRequired(d); err != nil {
		return nil, a, err
	}
	// The other clients don't look at the wrapping algorithm, so a missing one
	// is no reason to refuse. Another one means another provider's item.
	if wrap, ok := d[crypt.DescWrapAlgorithm]; ok && wrap != wrapKMS {
		return nil, a, fmt.Errorf("%w: its data key is not of KMS", crypt.ErrNoKey)
	}
	for _, name := range []string{crypt.DescContentKey, crypt.DescContentAlgorithm, descSigningKey} {
		if _, ok := d[name]; !ok {
			return nil, a, fmt.Errorf("%w: its description lacks entry %q", crypt.ErrNoKey, name)
		}
	}
	a, err = parseKMSAlgorithms(d[crypt.DescContentAlgorithm], d[descSigningKey])
	if err != nil {
		return nil, a, err
	}
	text := d[crypt.DescContentKey]
	if len(text) <= 2*maxBlob {
		blob, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil || len(blob) == 0 || len(blob) > maxBlob {
		return nil, a, fmt.Errorf("%w: description entry %q is not a KMS ciphertext", crypt.ErrMalformed, crypt.DescContentKey)
	}
	return blob, a, nil
}

// readContexts returns the encryption contexts that an item can have been
// written with, the likely one first.
func readContexts(ec *crypt.EncryptionContext, a kmsAlgorithms) ([]map[string]string, error) {
	found, err := kmsContext(ec, a, false)
	if err != nil {
		// Not the caller's mistake: this is a stored item.
		return nil, fmt.Errorf("%w: a key attribute is missing or not S, N or B", crypt.ErrMalformed)
	}
	contexts := []map[string]string{found}
	if canonical, err := kmsContext(ec, a, true); err == nil && !maps.Equal(found, canonical) {
		contexts = append(contexts, canonical)
	}
	return contexts, nil
}

// readKeys returns the keys that may read an item, in the order in which they
// are tried, or none if any key may.
func (p *KMS) readKeys(ctx context.Context, ec *crypt.EncryptionContext) ([]kmsKey, error) {
	ids, err := p.keys(ctx, ec)
	if err != nil {
		return nil, err
	}
	var keys []kmsKey
	for _, id := range ids {
		if id == "" {
			continue // as a map of tenants gives it for one that it doesn't know
		}
		key, err := parseKMSKey(id)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	for _, key := range p.also {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: no KMS key was selected for it", crypt.ErrNoKey)
	}
	return keys, nil
}

// decrypt asks KMS for a data key. The request names the key, so that KMS
// decrypts with no other; the answer is compared as well.
func (p *KMS) decrypt(ctx context.Context, blob []byte, contexts []map[string]string, keys []kmsKey) (*kms.DecryptOutput, error) {
	var errs []error
	for _, key := range keys {
		client, options := p.client(key)
		for _, kctx := range contexts {
			in := &kms.DecryptInput{CiphertextBlob: bytes.Clone(blob), EncryptionContext: kctx, GrantTokens: p.grants}
			if !p.open {
				in.KeyId = aws.String(key.id)
			}
			out, err := client.Decrypt(ctx, in, options)
			if err == nil {
				if arn := aws.ToString(out.KeyId); !p.open && arn != "" && !key.is(arn) {
					clear(out.Plaintext)
					return nil, fmt.Errorf("%w: KMS decrypted with %q instead of %q", crypt.ErrNoKey, arn, key.id)
				}
				return out, nil
			}
			err = serviceError(ctx, "KMS Decrypt with "+key.id, err)
			if ctx.Err() != nil || errors.Is(err, ErrUnavailable) {
				return nil, err
			}
			errs = append(errs, err)
			if !errors.Is(err, crypt.ErrVerify) {
				break // another spelling of the context won't help
			}
		}
		// KMS refused this key, for example because it is not the item's. If
		// the next one isn't either, all refusals are told.
	}
	// A key that is the item's and finds it changed has the last word.
	for _, err := range errs {
		if len(errs) == 1 || errors.Is(err, crypt.ErrVerify) {
			return nil, err
		}
	}
	return nil, errors.Join(errs...)
}

// client returns the client for a key, and the options of each call.
func (p *KMS) client(key kmsKey) (KMSClient, func(*kms.Options)) {
	if client, ok := p.clients[key.region]; ok {
		return client, inRegion("") // in its own
	}
	return p.clients[""], inRegion(key.region)
}

// Format prints p without its grant tokens under every verb.
func (p *KMS) Format(f fmt.State, _ rune) { redact(f, "KMS") }

// LogValue prints p without its grant tokens in logs.
func (p *KMS) LogValue() slog.Value { return slog.StringValue("KMS(REDACTED)") }

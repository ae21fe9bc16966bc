package ddbenctest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

// kmsEnginesEnv names other KMS engines that the suite runs on as well, such as
// "moto=http://127.0.0.1:5000", separated by commas.
const kmsEnginesEnv = "DDBENC_KMS_ENGINES"

// kmsDifferences are the checks that an engine is known to fail, with the reason; a
// name that ends with * stands for all that begin so. A check that passes after
// all fails the test, and its name can go.
var kmsDifferences = map[string][]kmsDifference{
	"moto": {
		{"keys in any state work", "disabled key does not *", "disabled key makes *", "pending deletion it does not *", "pending deletion it makes *",
			"pending deletion it is not *", "pending deletion it takes *", "rotation of a disabled key is refused", "grant of a disabled key is refused",
			"cancel deletion of a key that is not pending"},
		{"a ciphertext of another key is AccessDenied", "decrypt with another key", "alias of another key does not decrypt"},
		{"ReEncrypt ignores SourceKeyId", "re-encrypt with the wrong source key"},
		{"the encryption context is joined without lengths", "decrypt with a shifted boundary in the context"},
		{"a changed key id in a ciphertext is AccessDenied", "decrypt with its first byte changed"},
		{"replicas have keys of their own", "replica decrypts *", "primary decrypts *", "rotation of the primary reaches the replica"},
		{"replicas are made whatever is there", "replica of *", "primary with a replica waits for its deletion"},
		{"DryRun is ignored", "dry run of encrypt", "dry run of decrypt", "dry run of re-encrypt", "dry run of a data key", "dry run of a signature", "dry run of a grant *", "dry run with *"},
		{"operation not there", "agreement *", "primary Region moves", "data key pair*"},
		{"the usage of a key is not looked at", "data key with an RSA key is refused", "encryption with a key that signs is refused", "rotation of an RSA key is refused",
			"public key of a symmetric key is refused", "alias does not move to a key of another usage", "create key of an elliptic curve *", "create key of HMAC *",
			"MAC with an algorithm of another spec is refused", "encrypt with an RSA algorithm *", "decrypt with an RSA algorithm *"},
		{"answers the id, not the ARN", "public key of RSA", "public key for agreement", "MAC with SHA-*", "schedule deletion answers when", "cancel deletion leaves *", "grant is listed"},
		{"members of today's API are missing", "encrypt answers *", "* the key material", "re-encrypt names *", "create key names its material", "create key has the defaults",
			"schedule deletion answers the state", "HMAC key describes itself", "rotation on demand brings *", "rotations are listed with all material"},
		{"RSA ciphertexts are in moto's own format, with a context", "RSA decrypts OAEP *", "RSA decrypt *", "RSA takes no *", "RSA encrypt of *"},
		{"signatures are not as the service makes and checks them", "signature *"},
		{"limits are not checked", "encrypt with an unknown algorithm is refused", "encrypt with eleven *", "decrypt of nothing *", "decrypt of 6145 *", "schedule deletion in *",
			"rotation period *", "rotation on demand 26 *", "create key with a policy *"},
		{"lists have one page", "list keys in pages", "alias is listed in pages"},
		{"a grant's name does not make it the same", "grant with the same name *"},
	},
}

// A kmsDifference is a reason, and the names of the checks that fail for it.
type kmsDifference []string

// kmsDiffers is why an engine fails a check, and how its difference is written.
func kmsDiffers(engine, check string) (why, pattern string) {
	for _, d := range kmsDifferences[engine] {
		for _, name := range d[1:] {
			before, after, wild := strings.Cut(name, "*")
			if name == check || wild && strings.HasPrefix(check, before) && strings.HasSuffix(check, after) {
				return d[0], name
			}
		}
	}
	return "", ""
}

// A kmsCheck is one thing that KMS does. It returns an error instead of failing a
// test, so that a known difference can be told from a new one.
type kmsCheck struct {
	name string
	run  func(context.Context, *kmsBench) error
}

// kmsBench is what a check works with: clients of one engine.
type kmsBench struct {
	clients func(region string) *kms.Client
}

const (
	homeRegion  = "us-west-2"
	otherRegion = "eu-central-1"
)

func (b *kmsBench) home() *kms.Client  { return b.clients(homeRegion) }
func (b *kmsBench) other() *kms.Client { return b.clients(otherRegion) }

// TestKMS runs every check on the KMS of this package, and on the engines named in
// the environment.
func TestKMS(t *testing.T) {
	checks := slices.Concat(kmsCipherChecks, kmsDataKeyChecks, kmsKeyChecks, kmsAliasChecks, kmsStateChecks,
		kmsMultiRegionChecks, kmsRotationChecks, kmsAsymmetricChecks, kmsMACChecks, kmsGrantChecks, kmsDryRunChecks)
	t.Run("embedded", func(t *testing.T) {
		k := ddbenctest.NewKMS(t)
		runKMSChecks(t, checks, "embedded", &kmsBench{func(region string) *kms.Client { return k.Client(region) }})
	})
	for _, engine := range strings.FieldsFunc(os.Getenv(kmsEnginesEnv), func(r rune) bool { return r == ',' }) {
		name, url, ok := strings.Cut(strings.TrimSpace(engine), "=")
		if !ok {
			t.Fatalf("%s: %q is not name=URL", kmsEnginesEnv, engine)
		}
		t.Run(name, func(t *testing.T) {
			runKMSChecks(t, checks, name, &kmsBench{func(region string) *kms.Client {
				return kms.New(kms.Options{
					Region:       region,
					BaseEndpoint: aws.String(url),
					Retryer:      aws.NopRetryer{},
					Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
						return aws.Credentials{AccessKeyID: "ddbenctest", SecretAccessKey: "ddbenctest"}, nil
					}),
				})
			}})
		})
	}
}

func runKMSChecks(t *testing.T, checks []kmsCheck, engine string, b *kmsBench) {
	names, used := make(map[string]bool), make(map[string]bool)
	for _, c := range checks {
		if names[c.name] {
			t.Fatalf("two checks have the name %q", c.name)
		}
		names[c.name] = true
		why, pattern := kmsDiffers(engine, c.name)
		used[pattern] = true
		t.Run(c.name, func(t *testing.T) {
			err := c.run(t.Context(), b)
			switch {
			case err != nil && why != "":
				t.Skipf("%s differs: %s (%v)", engine, why, err)
			case err != nil:
				t.Error(err)
			case why != "":
				t.Errorf("%s no longer differs (%s)", engine, why)
			}
		})
	}
	for _, d := range kmsDifferences[engine] {
		for _, name := range d[1:] {
			if !used[name] {
				t.Errorf("known differences of %s: there is no check %q", engine, name)
			}
		}
	}
}

// code is the error code of a failed call, "" for nil.
func code(err error) string {
	if err == nil {
		return ""
	}
	if ae, ok := errors.AsType[smithy.APIError](err); ok {
		return ae.ErrorCode()
	}
	return "no API error: " + err.Error()
}

// wantCode is an error unless err has the code wanted; "" wants success.
func wantCode(err error, want string) error {
	if got := code(err); got != want {
		return fmt.Errorf("error %q (%v), want %q", got, err, want)
	}
	return nil
}

// refused makes a check of a call that must fail with a code.
func refused(want string, call func(context.Context, *kmsBench) error) func(context.Context, *kmsBench) error {
	return func(ctx context.Context, b *kmsBench) error { return wantCode(call(ctx, b), want) }
}

// newKey makes a symmetric key and returns its ARN; edits change the request.
func newKey(ctx context.Context, c *kms.Client, edits ...func(*kms.CreateKeyInput)) (string, error) {
	in := &kms.CreateKeyInput{}
	for _, e := range edits {
		e(in)
	}
	out, err := c.CreateKey(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.KeyMetadata.Arn), nil
}

func ofSpec(s types.KeySpec, u types.KeyUsageType) func(*kms.CreateKeyInput) {
	return func(in *kms.CreateKeyInput) { in.KeySpec, in.KeyUsage = s, u }
}

func multiRegion(in *kms.CreateKeyInput) { in.MultiRegion = aws.Bool(true) }

// withKey makes a check that needs one key.
func withKey(run func(ctx context.Context, b *kmsBench, arn string) error, edits ...func(*kms.CreateKeyInput)) func(context.Context, *kmsBench) error {
	return func(ctx context.Context, b *kmsBench) error {
		arn, err := newKey(ctx, b.home(), edits...)
		if err != nil {
			return fmt.Errorf("CreateKey: %w", err)
		}
		return run(ctx, b, arn)
	}
}

// keyRefused makes a check that needs one key, of a call that must fail.
func keyRefused(want string, call func(ctx context.Context, b *kmsBench, arn string) error, edits ...func(*kms.CreateKeyInput)) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		return wantCode(call(ctx, b, arn), want)
	}, edits...)
}

// keyID is the last part of a key's ARN.
func keyID(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// uniqueAlias is an alias name that no other check or run has.
func uniqueAlias() *string { return aws.String("alias/" + rand.Text()) }

// same is an error unless got is want.
func same[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s is %v, want %v", what, got, want)
	}
	return nil
}

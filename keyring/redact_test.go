package keyring_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/internal/redacttest"
	"github.com/ddbenc/ddbenc/keyring"
)

// Whatever holds keys prints without them.
func TestPrintingShowsNoSecrets(t *testing.T) {
	must := func(v any, err error) any {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	contentKey, signingKey, aesKey, branchKey := randomBytes(32), randomBytes(32), randomBytes(32), randomBytes(32)
	content := must(crypt.NewContentKey(contentKey)).(*crypt.ContentKey)
	signing := must(crypt.NewHMACKey("HmacSHA256", signingKey)).(*crypt.SigningKey)
	wrapping := must(keyring.NewAESWrappingKey(aesKey)).(*keyring.WrappingKey)
	ec := must(ecdh.P256().GenerateKey(rand.Reader)).(*ecdh.PrivateKey)
	peer := must(ecdh.P256().GenerateKey(rand.Reader)).(*ecdh.PrivateKey)
	rsaKey := rsaKeys[0]
	ecdsaKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).(*ecdsa.PrivateKey)
	ecdsaScalar := must(ecdsaKey.Bytes()).([]byte)
	parsed := func(key any) *keyring.PrivateKey {
		return must(keyring.ParsePrivateKey(must(x509.MarshalPKCS8PrivateKey(key)).([]byte))).(*keyring.PrivateKey)
	}

	service := ddbenctest.NewKMS(t)
	arn := service.CreateKey(ddbenctest.KMSKey{Region: region})
	rsaARN := rsaInKMS(t, service, rsaKey, ddbenctest.KMSKey{Region: region})
	ecARN, ecInside := ecInKMS(t, service, "ECC_NIST_P256", ecdh.P256())
	client := service.Client(region)
	granted := keyring.WithGrantTokens("a-token") // AWS KMS Developer Guide, "Grant token": it is no secret

	static := must(keyring.NewStatic(contentKey, signingKey)).(*keyring.Static)
	wrapped := must(keyring.NewWrapped(aesKey, signingKey)).(*keyring.Wrapped)
	store := mustMetaStore(t, newFakeTable(), wrapped)
	recent := mustMostRecent(t, store, keyring.WithHooks(&hook.Hooks{}))
	mustEncrypt(t, recent, numbered("1")) // so that there is something in its cache
	version := must(keyring.NewBranchKey("branch", "4a0c7b92-3703-4209-8961-24b07ab6562b", branchKey)).(*keyring.BranchKey)
	shared := must(keyring.NewBranchKeyCache(10)).(*keyring.BranchKeyCache)
	branchKeys := newBranchKeys("branch")
	branchKeys.set(func() { branchKeys.versions["branch"] = []*keyring.BranchKey{version} })
	branches := hierarchical(t, branchKeys, keyring.WithBranchKeyCache(shared))
	mustUnwrap(t, branches, wrap(t, branches))
	rawAES := rawAES(t, "namespace", "name", aesKey)
	_, err := keyring.NewRawAES("namespace", "name", aesKey[:31])
	_, parseErr := keyring.ParsePrivateKey([]byte(fmt.Sprintf("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", strings.Repeat("cGxhbnRl", 8))))

	p := redacttest.Package{
		Secrets: []redacttest.Secret{
			redacttest.Key("content key", contentKey), redacttest.Key("signing key", signingKey),
			redacttest.Key("AES key", aesKey), redacttest.Key("branch key", branchKey),
			redacttest.Number("RSA key", rsaKey.D), redacttest.Number("RSA prime", rsaKey.Primes[0]),
			redacttest.Key("ECDH key", ec.Bytes()), redacttest.Number("ECDH key", new(big.Int).SetBytes(ec.Bytes())),
			redacttest.Key("ECDH key of the peer", peer.Bytes()), redacttest.Key("ECDH key in KMS", ecInside.Bytes()),
			redacttest.Key("ECDSA key", ecdsaScalar), redacttest.Number("ECDSA key", new(big.Int).SetBytes(ecdsaScalar)),
			redacttest.Text("Base64 of a key file", "cGxhbnRl"),
		},
		Values: []any{
			static, wrapped, wrapping, parsed(rsaKey), parsed(ecdsaKey), recent, store, version, shared, branches, rawAES,
			keyring.StaticKeys{Content: content, Signing: signing, Verification: signing.VerificationKey()},
			keyring.WrappedKeys{Wrapping: wrapping, Unwrapping: wrapping, Signing: signing, Verification: signing.VerificationKey()},
			must(keyring.NewWrappedRSA(rsaKey, signing)),
			must(keyring.NewRSAUnwrappingKey(rsaKey)),
			must(keyring.NewSeveral(recent, static, wrapped)),
			must(keyring.NewMulti(rawAES, branches)),
			rawRSA(t, "name", keyring.OAEPSHA256, rsaKey),
			must(keyring.NewRawECDH(ec, peer.PublicKey())),
			must(keyring.NewRawECDHDiscovery(peer)),
			mustKMS(t, client, arn, granted),
			kmsRing(t, client, arn, granted),
			must(keyring.NewKMSDiscoveryKeyring(client, region, keyring.DiscoveryFilter{DangerouslyAllowAnyKey: true}, granted)),
			kmsRSA(t, client, rsaARN, keyring.OAEPSHA256, rsaKey.Public(), granted),
			kmsECDH(t, client, ecARN, ecInside.PublicKey(), peer.PublicKey(), granted),
			must(keyring.NewBranchKeyStore(ddbenctest.NewDynamoDB(t), client, "keys", "keys", keyring.KMSKeyARN(arn), granted)),
			granted, keyring.WithHooks(&hook.Hooks{}), keyring.WithTTL(time.Second), keyring.WithDescription(map[string]string{"a": "b"}),
			err, parseErr, fmt.Errorf("wrapped: %w", errors.Join(err, parseErr)),
		},
		Without: map[string]string{
			"CacheStats":       "numbers",
			"DiscoveryFilter":  "numbers of accounts",
			"KMSConfiguration": "the ARN of a KMS key, or its Region",
			"RSAPadding":       "a number",
		},
	}
	p.Test(t)
}

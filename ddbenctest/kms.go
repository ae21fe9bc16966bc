package ddbenctest

import (
	"net/http"
	"testing"
	"time"

	awskms "github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/inprocess"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/kms"
)

// A KMS is an AWS Key Management Service inside the process. It has the keys that
// keyrings need: symmetric keys with encryption contexts, data keys, RSA keys, key
// agreement, HMAC, multi-Region keys and replicas, aliases, rotation, states such
// as disabled and pending deletion, and the service's error codes. Policies and
// grants are recorded and not enforced: use [KMS.Fault] for a denied call.
//
// A KMS is safe for concurrent use. Its keys live as long as it does; nothing is
// written anywhere.
type KMS struct {
	engine *kms.Engine
	t      testing.TB
}

// A KMSOption changes what NewKMS makes.
type KMSOption interface{ applyKMS(*kms.Config) }

type kmsOption func(*kms.Config)

func (f kmsOption) applyKMS(c *kms.Config) { f(c) }

// WithKMSAccount sets the AWS account that keys belong to, 12 digits. Without it
// the account is 111122223333.
func WithKMSAccount(id string) KMSOption {
	return kmsOption(func(c *kms.Config) { c.Account = id })
}

// NewKMS makes a KMS without keys for one test. t may be nil, in an example or a
// program: what would fail the test then panics.
func NewKMS(t testing.TB, opts ...KMSOption) *KMS {
	var c kms.Config
	for _, o := range opts {
		o.applyKMS(&c)
	}
	return &KMS{kms.New(c), t}
}

// KMSHandler is a KMS of its own, without keys, to be served on a socket for
// other processes. It answers POST requests with X-Amz-Target: TrentService.… on
// any path; the Region of a request is the one that it was signed for. Unlike a
// test's KMS it keeps no log of requests.
func KMSHandler(opts ...KMSOption) http.Handler {
	c := kms.Config{NoLog: true}
	for _, o := range opts {
		o.applyKMS(&c)
	}
	return kms.New(c).Handler()
}

// Client makes an SDK client that calls k without a socket, in a Region of the
// caller's choice. Each Region has its own keys, as in AWS.
func (k *KMS) Client(region string, opts ...func(*awskms.Options)) *awskms.Client {
	return awskms.NewFromConfig(k.Config(region), opts...)
}

// Config is the SDK configuration behind [KMS.Client], for code that makes its
// own KMS clients.
func (k *KMS) Config(region string) aws.Config {
	return inprocess.Config(k.Handler(), region, "http://kms."+region+".ddbenctest")
}

// Handler is k as an HTTP handler, to be served with [net/http/httptest] to
// clients in other processes or languages.
func (k *KMS) Handler() http.Handler { return k.engine.Handler() }

// A KMSKey describes a key that a test wants to have. The zero value is a
// symmetric key with a random id in us-east-1.
type KMSKey struct {
	ARN    string // such as "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"; instead of ID and Region
	ID     string // random when empty; with the prefix "mrk-" a multi-Region key
	Region string // us-east-1 when empty

	Spec        string // "SYMMETRIC_DEFAULT" when empty; "RSA_2048", "ECC_NIST_P384", "HMAC_256", …
	Usage       string // "ENCRYPT_DECRYPT" when empty; "KEY_AGREEMENT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"
	MultiRegion bool
	Replicas    []string // Regions with replicas of a multi-Region key
	Aliases     []string // such as "alias/orders", in the key's own Region
	Description string

	// Material is the key itself, random when nil: 32 bytes for a symmetric key,
	// the HMAC key, or an RSA or elliptic-curve private key as PKCS#8.
	Material []byte
}

// CreateKey makes a key and returns its ARN. It fails the test when the
// description does not hold together or the key is there already.
func (k *KMS) CreateKey(key KMSKey) string {
	if k.t != nil {
		k.t.Helper()
	}
	arn, err := k.engine.CreateKey(kms.KeySpec(key))
	if err != nil {
		k.fail(err)
	}
	return arn
}

func (k *KMS) fail(err error) {
	if k.t == nil {
		panic("ddbenctest: " + err.Error())
	}
	k.t.Helper()
	k.t.Fatal(err)
}

// A KMSFault is trouble for calls to come: first Latency, then Drop or Code.
// With none of them it counts calls down and changes nothing.
type KMSFault struct {
	Operation string // the only operation that it meets, such as "Decrypt"; "" for any
	Region    string // the only Region that it meets; "" for any
	Skip      int    // how many such calls pass unharmed before it begins
	Times     int    // how many such calls it meets; 0 means 1, negative all from then on

	Latency time.Duration // real time to wait, or until the caller's context ends
	Drop    bool          // the connection closes without an answer
	Code    string        // the error answered, with nothing done: FaultThrottled, FaultAccessDenied or any other
	Message string        // of the error; a text of the service's kind when empty
}

// Codes of errors for [KMSFault]. The SDK retries all but a denied call.
const (
	FaultThrottled    = "ThrottlingException"
	FaultUnavailable  = "KMSInternalException"
	FaultTimeout      = "DependencyTimeoutException"
	FaultAccessDenied = "AccessDeniedException"
)

// Fault adds a fault. Of several that match a call the one added first meets it.
func (k *KMS) Fault(f KMSFault) { k.engine.Fault(kms.Fault(f)) }

// ClearFaults forgets all faults.
func (k *KMS) ClearFaults() { k.engine.ClearFaults() }

// A KMSRequest is what k noted of one call: names and contexts as they were sent,
// never plaintext or ciphertext.
type KMSRequest struct {
	Time      time.Time // k's own
	Operation string    // such as "GenerateDataKey"
	Region    string
	UserAgent string

	KeyID             string            // as sent: id, ARN or alias; the destination's of ReEncrypt; the ARN made by CreateKey
	EncryptionContext map[string]string // as sent; the destination's of ReEncrypt; nil when absent
	GrantTokens       []string          // as sent

	SourceKeyID             string            // of ReEncrypt
	SourceEncryptionContext map[string]string // of ReEncrypt

	Algorithm     string // of encryption, signing, MAC or key agreement, as sent
	NumberOfBytes int    // of a data key, as sent
	KeySpec       string // of a key, a data key or a data key pair, as sent

	Error string // the code of the error answered; "" for a call that succeeded
}

// String shows operation, Region, key and outcome. Encryption contexts can hold
// the values of key attributes: of them, only the names are shown.
func (r KMSRequest) String() string { return kms.Request(r).String() }

// Requests returns the calls so far in the order in which they were answered,
// retries included. The slice is the caller's, the maps in it are shared: don't
// change them.
func (k *KMS) Requests() []KMSRequest {
	log := k.engine.Requests()
	out := make([]KMSRequest, len(log))
	for i, r := range log {
		out[i] = KMSRequest(r)
	}
	return out
}

// ForgetRequests empties the log that Requests returns.
func (k *KMS) ForgetRequests() { k.engine.ForgetRequests() }

// Advance moves k's clock forward: keys whose waiting period ends are deleted,
// and automatic rotations that fall due happen.
func (k *KMS) Advance(d time.Duration) { k.engine.Advance(d) }

// Now is the time by k's clock, in UTC.
func (k *KMS) Now() time.Time { return k.engine.Now() }

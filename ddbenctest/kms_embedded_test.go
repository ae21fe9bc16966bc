package ddbenctest_test

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

// vectorKey is the key that stored items of other clients name.
const vectorKey = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func noRetries(o *kms.Options) { o.Retryer = aws.NopRetryer{} }

func TestKMSKeyOfChoice(t *testing.T) {
	material := make([]byte, 32)
	rand.Read(material)
	one, two := ddbenctest.NewKMS(t), ddbenctest.NewKMS(t)
	for _, k := range []*ddbenctest.KMS{one, two} {
		if got := k.CreateKey(ddbenctest.KMSKey{ARN: vectorKey, Material: material, Description: "of the vectors"}); got != vectorKey {
			t.Fatalf("CreateKey made %s, want %s", got, vectorKey)
		}
	}
	enc, err := one.Client("us-west-2").Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String(vectorKey), Plaintext: []byte("x"), EncryptionContext: orders})
	if err != nil {
		t.Fatal(err)
	}
	dec, err := two.Client("us-west-2").Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: enc.CiphertextBlob, EncryptionContext: orders})
	if err != nil {
		t.Fatalf("another KMS with the same key does not decrypt: %v", err)
	}
	if *dec.KeyId != vectorKey {
		t.Errorf("key %s decrypted, want %s", *dec.KeyId, vectorKey)
	}

	three := ddbenctest.NewKMS(t)
	three.CreateKey(ddbenctest.KMSKey{ARN: vectorKey})
	_, err = three.Client("us-west-2").Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: enc.CiphertextBlob, EncryptionContext: orders})
	if err := wantCode(err, "InvalidCiphertextException"); err != nil {
		t.Errorf("a key with the same id and other material: %v", err)
	}
}

func TestKMSKeyOfAnyKind(t *testing.T) {
	priv, err := ecdh.P384().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	k := ddbenctest.NewKMS(t, ddbenctest.WithKMSAccount("999988887777"))
	arn := k.CreateKey(ddbenctest.KMSKey{Region: "eu-west-1", Spec: "ECC_NIST_P384", Usage: "KEY_AGREEMENT", Material: pkcs8, Aliases: []string{"alias/peer"}})
	if !strings.HasPrefix(arn, "arn:aws:kms:eu-west-1:999988887777:key/") {
		t.Errorf("CreateKey made %s, want one of eu-west-1 and the account set", arn)
	}
	out, err := k.Client("eu-west-1").GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: aws.String("alias/peer")})
	if err != nil {
		t.Fatal(err)
	}
	if err := pairFits(pkcs8, out.PublicKey); err != nil {
		t.Error(err)
	}

	mrk := k.CreateKey(ddbenctest.KMSKey{ID: "mrk-1234abcd12ab34cd56ef1234567890ab", Region: "us-west-2", Replicas: []string{"us-east-1"}})
	if err := acrossRegions(t.Context(), k.Client("us-west-2"), mrk, k.Client("us-east-1"), strings.Replace(mrk, "us-west-2", "us-east-1", 1)); err != nil {
		t.Errorf("replica: %v", err)
	}
}

// fatalTB notes what would have failed a test.
type fatalTB struct {
	testing.TB
	failed string
}

func (f *fatalTB) Helper()           {}
func (f *fatalTB) Fatal(args ...any) { f.failed = fmt.Sprint(args...) }

func TestKMSKeyThatCannotBe(t *testing.T) {
	tests := []struct {
		name string
		key  ddbenctest.KMSKey
		want string
	}{
		{"no ARN", ddbenctest.KMSKey{ARN: "1234abcd"}, `"1234abcd" is not the ARN of a key`},
		{"alias ARN", ddbenctest.KMSKey{ARN: "arn:aws:kms:us-west-2:111122223333:alias/x"}, "is not the ARN of a key"},
		{"other partition", ddbenctest.KMSKey{ARN: "arn:aws-cn:kms:us-west-2:111122223333:key/x"}, `partition "aws-cn"`},
		{"ARN and Region", ddbenctest.KMSKey{ARN: vectorKey, Region: "us-west-2"}, "either an ARN or an ID and a Region"},
		{"no Region", ddbenctest.KMSKey{Region: "Oregon"}, `"Oregon" is not the name of a Region`},
		{"id with a slash", ddbenctest.KMSKey{ID: "a/b"}, `"a/b" cannot be a key id`},
		{"replica of a single-Region key", ddbenctest.KMSKey{Replicas: []string{"us-west-2"}}, "has to be a multi-Region key"},
		{"replica in the same Region", ddbenctest.KMSKey{MultiRegion: true, Replicas: []string{"us-east-1"}}, "AlreadyExistsException"},
		{"replica in another partition", ddbenctest.KMSKey{MultiRegion: true, Replicas: []string{"cn-north-1"}}, `"cn-north-1"`},
		{"unknown spec", ddbenctest.KMSKey{Spec: "DES"}, `no key spec "DES"`},
		{"usage that does not fit", ddbenctest.KMSKey{Spec: "RSA_2048", Usage: "KEY_AGREEMENT"}, `not "KEY_AGREEMENT"`},
		{"material of 16 bytes", ddbenctest.KMSKey{Material: make([]byte, 16)}, "material of SYMMETRIC_DEFAULT is 16 bytes, want 32"},
		{"material of HMAC too short", ddbenctest.KMSKey{Spec: "HMAC_512", Usage: "GENERATE_VERIFY_MAC", Material: make([]byte, 32)}, "is 32 bytes, want 64"},
		{"material that is no private key", ddbenctest.KMSKey{Spec: "RSA_2048", Material: []byte("pem")}, "is not a PKCS#8 private key"},
		{"alias without a prefix", ddbenctest.KMSKey{Aliases: []string{"orders"}}, "Invalid identifier"},
		{"alias twice", ddbenctest.KMSKey{Aliases: []string{"alias/a", "alias/a"}}, "AlreadyExistsException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tb := &fatalTB{TB: t}
			k := ddbenctest.NewKMS(tb)
			k.CreateKey(tt.key)
			if !strings.Contains(tb.failed, tt.want) {
				t.Errorf("CreateKey(%+v) fails the test with %q, want %q", tt.key, tb.failed, tt.want)
			}
			out, err := k.Client("us-east-1").ListKeys(t.Context(), &kms.ListKeysInput{})
			if err != nil || len(out.Keys) > 0 {
				t.Errorf("%d keys are there afterwards (%v), want none", len(out.Keys), err)
			}
		})
	}
}

func TestKMSRequests(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	k.CreateKey(ddbenctest.KMSKey{ARN: vectorKey, Aliases: []string{"alias/orders"}})
	c := k.Client("us-west-2", func(o *kms.Options) { o.AppID = "ddbenc-test" })
	dk, err := c.GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{KeyId: aws.String("alias/orders"), NumberOfBytes: aws.Int32(32), EncryptionContext: orders, GrantTokens: []string{"token"}})
	if err != nil {
		t.Fatal(err)
	}
	re, err := c.ReEncrypt(t.Context(), &kms.ReEncryptInput{CiphertextBlob: dk.CiphertextBlob, SourceKeyId: aws.String(vectorKey), SourceEncryptionContext: orders, DestinationKeyId: aws.String("alias/orders"), DestinationEncryptionContext: invoices})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: re.CiphertextBlob, EncryptionContext: orders}); err == nil {
		t.Fatal("Decrypt takes the wrong context")
	}
	log := k.Requests()
	want := []ddbenctest.KMSRequest{
		{Operation: "GenerateDataKey", Region: "us-west-2", KeyID: "alias/orders", EncryptionContext: orders, GrantTokens: []string{"token"}, NumberOfBytes: 32},
		{Operation: "ReEncrypt", Region: "us-west-2", KeyID: "alias/orders", EncryptionContext: invoices, SourceKeyID: vectorKey, SourceEncryptionContext: orders},
		{Operation: "Decrypt", Region: "us-west-2", EncryptionContext: orders, Error: "InvalidCiphertextException"},
	}
	if diff := cmp.Diff(want, log, cmpopts.IgnoreFields(ddbenctest.KMSRequest{}, "Time", "UserAgent")); diff != "" {
		t.Errorf("log differs (-want +got):\n%s", diff)
	}
	for _, r := range log {
		if !strings.Contains(r.UserAgent, "app/ddbenc-test") {
			t.Errorf("user agent is %q, want the application's id in it", r.UserAgent)
		}
		if s := fmt.Sprintf("%v %+v %s", r, r, r); strings.Contains(s, "token") && !strings.Contains(s, "1 grant tokens") || strings.Contains(s, `"7"`) {
			t.Errorf("request prints as %s, which shows values of the context or tokens", s)
		}
	}
	k.ForgetRequests()
	if n := len(k.Requests()); n != 0 {
		t.Errorf("%d requests are left, want none", n)
	}
}

// An SDK call meets a fault; what comes out, and how many requests it took.
func TestKMSFaults(t *testing.T) {
	tests := []struct {
		name     string
		fault    ddbenctest.KMSFault
		opts     []func(*kms.Options)
		want     string // code
		requests int
	}{
		{"throttled once, retried", ddbenctest.KMSFault{Code: ddbenctest.FaultThrottled}, nil, "", 2},
		{"unavailable once, retried", ddbenctest.KMSFault{Code: ddbenctest.FaultUnavailable}, nil, "", 2},
		{"timed out once, retried", ddbenctest.KMSFault{Code: ddbenctest.FaultTimeout}, nil, "", 2},
		{"connection lost once, retried", ddbenctest.KMSFault{Drop: true}, nil, "", 2},
		{"throttled for good", ddbenctest.KMSFault{Times: -1, Code: ddbenctest.FaultThrottled}, nil, "ThrottlingException", 3},
		{"throttled for good, no retries", ddbenctest.KMSFault{Times: -1, Code: ddbenctest.FaultThrottled}, []func(*kms.Options){noRetries}, "ThrottlingException", 1},
		{"denied", ddbenctest.KMSFault{Code: ddbenctest.FaultAccessDenied}, nil, "AccessDeniedException", 1},
		{"any code", ddbenctest.KMSFault{Code: "KeyUnavailableException", Times: 9, Message: "gone"}, []func(*kms.Options){noRetries}, "KeyUnavailableException", 1},
		{"another operation", ddbenctest.KMSFault{Operation: "Decrypt", Code: ddbenctest.FaultAccessDenied}, nil, "", 1},
		{"this operation", ddbenctest.KMSFault{Operation: "Encrypt", Code: ddbenctest.FaultAccessDenied}, nil, "AccessDeniedException", 1},
		{"another Region", ddbenctest.KMSFault{Region: "eu-west-1", Code: ddbenctest.FaultAccessDenied}, nil, "", 1},
		{"a later call", ddbenctest.KMSFault{Skip: 1, Code: ddbenctest.FaultAccessDenied}, nil, "", 1},
		{"only slow", ddbenctest.KMSFault{Latency: time.Millisecond}, nil, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := ddbenctest.NewKMS(t)
			k.CreateKey(ddbenctest.KMSKey{ARN: vectorKey})
			k.Fault(tt.fault)
			_, err := k.Client("us-west-2", tt.opts...).Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String(vectorKey), Plaintext: []byte("x")})
			if err := wantCode(err, tt.want); err != nil {
				t.Error(err)
			}
			if n := len(k.Requests()); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
			k.ClearFaults()
			if _, err := k.Client("us-west-2").Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String(vectorKey), Plaintext: []byte("x")}); err != nil {
				t.Errorf("after ClearFaults: %v", err)
			}
		})
	}
}

func TestKMSLatencyEndsWithTheContext(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	k.CreateKey(ddbenctest.KMSKey{ARN: vectorKey})
	server := httptest.NewServer(k.Handler())
	defer server.Close()
	for name, c := range map[string]*kms.Client{
		"in process": k.Client("us-west-2"),
		"on a socket": k.Client("us-west-2", func(o *kms.Options) {
			o.BaseEndpoint, o.HTTPClient = aws.String(server.URL), server.Client()
		}),
	} {
		t.Run(name, func(t *testing.T) {
			k.Fault(ddbenctest.KMSFault{Latency: time.Hour})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(vectorKey), Plaintext: []byte("x")})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error is %v, want the end of the context", err)
			}
		})
	}
}

func TestKMSClock(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	c := k.Client(homeRegion, noRetries)
	b := &kmsBench{func(region string) *kms.Client { return k.Client(region, noRetries) }}
	const day = 24 * time.Hour

	t.Run("a key is gone after its waiting period, with its aliases", func(t *testing.T) {
		arn := k.CreateKey(ddbenctest.KMSKey{Region: homeRegion, Aliases: []string{"alias/doomed"}})
		if err := scheduleDeletion(t.Context(), b, arn); err != nil {
			t.Fatal(err)
		}
		k.Advance(7*day - time.Minute)
		if err := wantCode(callEncrypt(t.Context(), c, arn, nil), "KMSInvalidStateException"); err != nil {
			t.Errorf("before: %v", err)
		}
		k.Advance(time.Minute)
		for _, id := range []string{arn, keyID(arn), "alias/doomed"} {
			if err := wantCode(callEncrypt(t.Context(), c, id, nil), "NotFoundException"); err != nil {
				t.Errorf("after, %s: %v", id, err)
			}
		}
		k.CreateKey(ddbenctest.KMSKey{Region: homeRegion, Aliases: []string{"alias/doomed"}})
	})

	t.Run("a primary key waits for its replicas and then its own period", func(t *testing.T) {
		arn := k.CreateKey(ddbenctest.KMSKey{Region: homeRegion, MultiRegion: true, Replicas: []string{otherRegion}})
		if err := scheduleDeletion(t.Context(), b, arn); err != nil {
			t.Fatal(err)
		}
		k.Advance(100 * day)
		if _, err := describe(t.Context(), c, arn); err != nil {
			t.Fatalf("the primary is gone before its replica: %v", err)
		}
		if _, err := b.other().ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyID(arn)), PendingWindowInDays: aws.Int32(7)}); err != nil {
			t.Fatal(err)
		}
		k.Advance(7*day + time.Minute)
		m, err := describe(t.Context(), c, arn)
		if err != nil {
			t.Fatal(err)
		}
		if m.KeyState != types.KeyStatePendingDeletion || m.DeletionDate == nil {
			t.Errorf("state is %s with date %v after the replica is gone, want PendingDeletion and a date", m.KeyState, m.DeletionDate)
		}
		k.Advance(7 * day)
		if _, err := describe(t.Context(), c, arn); code(err) != "NotFoundException" {
			t.Errorf("the primary outlives its waiting period: %v", err)
		}
	})

	t.Run("automatic rotation falls due", func(t *testing.T) {
		arn := k.CreateKey(ddbenctest.KMSKey{Region: homeRegion})
		old, err := c.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
		if err != nil {
			t.Fatal(err)
		}
		if err := enableRotation(t.Context(), c, arn); err != nil {
			t.Fatal(err)
		}
		k.Advance(2*365*day + time.Hour)
		out, err := c.ListKeyRotations(t.Context(), &kms.ListKeyRotationsInput{KeyId: &arn})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Rotations) != 2 || out.Rotations[0].RotationType != types.RotationTypeAutomatic {
			t.Errorf("after two years: %+v, want two automatic rotations", out.Rotations)
		}
		if err := callDecrypt(t.Context(), c, arn, old.CiphertextBlob); err != nil {
			t.Errorf("a ciphertext of before: %v", err)
		}
	})

	if d := time.Until(k.Now()); d < 800*day {
		t.Errorf("the clock is %v ahead, want more than 800 days", d)
	}
}

// Every bit of a ciphertext counts, whichever part it is of.
func TestKMSEveryBitCounts(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	k.CreateKey(ddbenctest.KMSKey{ARN: vectorKey})
	c := k.Client("us-west-2", noRetries)
	enc, err := c.Encrypt(t.Context(), &kms.EncryptInput{KeyId: aws.String(vectorKey), Plaintext: []byte("secret")})
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(enc.CiphertextBlob) * 8 {
		blob := append([]byte(nil), enc.CiphertextBlob...)
		blob[bit/8] ^= 1 << (bit % 8)
		if err := wantCode(callDecrypt(t.Context(), c, "", blob), "InvalidCiphertextException"); err != nil {
			t.Errorf("bit %d flipped: %v", bit, err)
		}
	}
	for n := 1; n < len(enc.CiphertextBlob); n++ {
		if err := wantCode(callDecrypt(t.Context(), c, "", enc.CiphertextBlob[:n]), "InvalidCiphertextException"); err != nil {
			t.Errorf("%d bytes left: %v", n, err)
		}
	}
}

func TestKMSConcurrently(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: homeRegion, MultiRegion: true, Replicas: []string{otherRegion}, Aliases: []string{"alias/busy"}})
	c, other := k.Client(homeRegion), k.Client(otherRegion)
	ctx := t.Context()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				dk, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: aws.String("alias/busy"), NumberOfBytes: aws.Int32(32), EncryptionContext: orders})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := other.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: dk.CiphertextBlob, EncryptionContext: orders}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &arn})
			k.Advance(time.Minute)
		}
	})
	wg.Go(func() {
		for range 20 {
			if _, err := describe(ctx, c, arn); err != nil {
				t.Error(err)
			}
			if _, err := c.TagResource(ctx, &kms.TagResourceInput{KeyId: &arn, Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}}); err != nil {
				t.Error(err)
			}
			k.CreateKey(ddbenctest.KMSKey{Region: homeRegion})
			k.Requests()
		}
	})
	wg.Wait()
}

// The protocol as other clients may speak it, over a socket.
func TestKMSHandler(t *testing.T) {
	server := httptest.NewServer(ddbenctest.KMSHandler(ddbenctest.WithKMSAccount("999988887777")))
	defer server.Close()
	const signed = "AWS4-HMAC-SHA256 Credential=AKID/20260131/eu-west-3/kms/aws4_request, SignedHeaders=host, Signature=00"
	tests := []struct {
		name   string
		target string
		auth   string
		method string
		body   string
		status int
		want   string // part of the answer
	}{
		{"create in the Region signed for", "TrentService.CreateKey", signed, "POST", `{}`, 200, "arn:aws:kms:eu-west-3:999988887777:key/"},
		{"create unsigned", "TrentService.CreateKey", "", "POST", `{}`, 200, "arn:aws:kms:us-east-1:999988887777:key/"},
		{"an empty body is an empty object", "TrentService.CreateKey", signed, "POST", ``, 200, `"KeyState":"Enabled"`},
		{"unknown members are ignored", "TrentService.GenerateRandom", signed, "POST", `{"NumberOfBytes":1,"Colour":"red"}`, 200, `"Plaintext":"`},
		{"operation that is not there", "TrentService.ImportKeyMaterial", signed, "POST", `{}`, 400, `the embedded KMS does not do \"ImportKeyMaterial\"`},
		{"service that is not there", "DynamoDB_20120810.ListTables", signed, "POST", `{}`, 400, `"__type":"UnknownOperationException"`},
		{"no target", "", signed, "POST", `{}`, 400, `"__type":"UnknownOperationException"`},
		{"GET", "TrentService.ListKeys", signed, "GET", ``, 400, `"__type":"UnknownOperationException"`},
		{"no JSON", "TrentService.ListKeys", signed, "POST", `KeyId=1`, 400, `"__type":"SerializationException"`},
		{"wrong type", "TrentService.DescribeKey", signed, "POST", `{"KeyId":7}`, 400, `member \"KeyId\" cannot be read from a JSON number`},
		{"wrong type of number", "TrentService.GenerateRandom", signed, "POST", `{"NumberOfBytes":"1"}`, 400, `"__type":"SerializationException"`},
		{"no base64", "TrentService.Decrypt", signed, "POST", `{"CiphertextBlob":"*"}`, 400, `"__type":"SerializationException"`},
		{"number in the context", "TrentService.Decrypt", signed, "POST", `{"CiphertextBlob":"AAAA","EncryptionContext":{"a":1}}`, 400, `"__type":"SerializationException"`},
		{"null in the context", "TrentService.Decrypt", signed, "POST", `{"CiphertextBlob":"AAAA","EncryptionContext":{"a":null}}`, 400, `"__type":"ValidationException"`},
		{"not UTF-8", "TrentService.DescribeKey", signed, "POST", "{\"KeyId\":\"\xff\"}", 400, `the request is not UTF-8`},
		{"two things wrong", "TrentService.Encrypt", signed, "POST", `{}`, 400, `2 validation errors detected: Value at 'keyId'`},
		{"too large", "TrentService.CreateKey", signed, "POST", `{"Description":"` + strings.Repeat("a", 1<<20) + `"}`, 400, "the request has more than 1048576 bytes"},
		{"enclaves", "TrentService.GenerateRandom", signed, "POST", `{"NumberOfBytes":1,"Recipient":{}}`, 400, "does not do Recipient"},
		{"origin EXTERNAL", "TrentService.CreateKey", signed, "POST", `{"Origin":"EXTERNAL"}`, 400, "UnsupportedOperationException"},
		{"spec that Go lacks", "TrentService.CreateKey", signed, "POST", `{"KeySpec":"SM2","KeyUsage":"SIGN_VERIFY"}`, 400, "UnsupportedOperationException"},
		{"marker that is none", "TrentService.ListKeys", signed, "POST", `{"Marker":"***"}`, 400, "InvalidMarkerException"},
		{"modifier of dry runs", "TrentService.Decrypt", signed, "POST", `{"CiphertextBlob":"AAAA","DryRunModifiers":["IGNORE_CIPHERTEXT"]}`, 400, "does not do DryRunModifiers"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Amz-Target", tt.target)
			req.Header.Set("Content-Type", "application/x-amz-json-1.1")
			req.Header.Set("Authorization", tt.auth)
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var body strings.Builder
			if err := resp.Write(&body); err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.status || !strings.Contains(body.String(), tt.want) {
				t.Errorf("answer is\n%s\nwant status %d and %q", body.String(), tt.status, tt.want)
			}
			if id := resp.Header.Get("X-Amzn-Requestid"); len(id) != 36 {
				t.Errorf("request id is %q, want a UUID", id)
			}
		})
	}
}

func BenchmarkKMS(b *testing.B) {
	k := ddbenctest.NewKMS(b)
	k.CreateKey(ddbenctest.KMSKey{ARN: vectorKey})
	server := httptest.NewServer(ddbenctest.KMSHandler())
	defer server.Close()
	socket := func(o *kms.Options) { o.BaseEndpoint, o.HTTPClient = aws.String(server.URL), server.Client() }
	onSocket, err := newKey(b.Context(), k.Client("us-west-2", socket))
	if err != nil {
		b.Fatal(err)
	}
	for _, via := range []struct {
		name, arn string
		client    *kms.Client
	}{
		{"in-process", vectorKey, k.Client("us-west-2")},
		{"socket", onSocket, k.Client("us-west-2", socket)},
	} {
		dk, err := via.client.GenerateDataKey(b.Context(), &kms.GenerateDataKeyInput{KeyId: &via.arn, NumberOfBytes: aws.Int32(32), EncryptionContext: orders})
		if err != nil {
			b.Fatal(err)
		}
		b.Run("GenerateDataKey/via="+via.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := via.client.GenerateDataKey(b.Context(), &kms.GenerateDataKeyInput{KeyId: &via.arn, NumberOfBytes: aws.Int32(32), EncryptionContext: orders}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("Decrypt/via="+via.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := via.client.Decrypt(b.Context(), &kms.DecryptInput{CiphertextBlob: dk.CiphertextBlob, EncryptionContext: orders}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

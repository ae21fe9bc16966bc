package keyring_test

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

const region = "us-west-2"

// fakeKMS answers with one data key, whatever it is asked.
type fakeKMS struct {
	plaintext, blob []byte
	arn             string // in answers
	requests        []any
}

func (f *fakeKMS) GenerateDataKey(_ context.Context, in *kms.GenerateDataKeyInput, _ ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	f.requests = append(f.requests, in)
	return &kms.GenerateDataKeyOutput{Plaintext: append([]byte(nil), f.plaintext...), CiphertextBlob: f.blob, KeyId: &f.arn}, nil
}

func (f *fakeKMS) Decrypt(_ context.Context, in *kms.DecryptInput, _ ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	f.requests = append(f.requests, in)
	return &kms.DecryptOutput{Plaintext: append([]byte(nil), f.plaintext...), KeyId: &f.arn}, nil
}

// Spec: Worked examples, "KMS key derivation".
func TestKMSWorkedExample(t *testing.T) {
	const arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	fake := &fakeKMS{plaintext: counting(32), blob: []byte("FAKEBLOB"), arn: arn}
	p := mustKMS(t, fake, arn)
	stored := exampleItem(t, "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb752c722566b25cbf092c3403ae9aac2",
		"4f42fc7632cbbf1e75f043238f4c4e92a361fedcbde2f8c4c5004f013af80d41", "00000000")
	stored = describe(t, stored, map[string]string{
		"aws-kms-ec-attr": "*keys*", "amzn-ddb-wrap-alg": "kms", "amzn-ddb-env-alg": "AES/256", "amzn-ddb-sig-alg": "HmacSHA256/256",
		"amzn-ddb-env-key": "RkFLRUJMT0I=", "amzn-ddb-map-sym-mode": "/CBC/PKCS5Padding",
	})
	got, err := exampleTable(t, p).Decrypt(t.Context(), stored)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(examplePlaintext(), got, ignoreSDK); diff != "" {
		t.Error(diff)
	}

	written, err := exampleTable(t, p).Encrypt(t.Context(), examplePlaintext())
	if err != nil {
		t.Fatal(err)
	}
	d := description(t, written)
	delete(d, "amzn-ddb-map-signingAlg")
	if diff := cmp.Diff(description(t, stored), d); diff != "" {
		t.Errorf("description: %s", diff)
	}
	kctx := map[string]string{"*amzn-ddb-env-alg*": "AES/256", "*amzn-ddb-sig-alg*": "HmacSHA256/256", "*aws-kms-table*": "T", "hk": "p"}
	want := []any{
		&kms.DecryptInput{CiphertextBlob: []byte("FAKEBLOB"), EncryptionContext: kctx, KeyId: aws.String(arn)},
		&kms.GenerateDataKeyInput{KeyId: aws.String(arn), NumberOfBytes: aws.Int32(32), EncryptionContext: kctx},
	}
	if diff := cmp.Diff(want, fake.requests, ignoreKMS); diff != "" {
		t.Errorf("requests: %s", diff)
	}
}

// One call an item, to the key's region, with grant tokens and user agent.
func TestKMSCalls(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: "eu-central-1"})
	p := mustKMS(t, k.Client(region), arn, keyring.WithGrantTokens("one", "two"), keyring.WithDescription(map[string]string{
		"amzn-ddb-env-alg": "AES/128", "amzn-ddb-sig-alg": "HmacSHA512/512", "owner": "team-a",
	}))
	stored := mustEncrypt(t, p, numbered("1.50"))
	if got := description(t, stored)["owner"]; got != "team-a" {
		t.Errorf("description has owner %q", got)
	}
	stored["sk"] = &types.AttributeValueMemberN{Value: "1.5"} // as DynamoDB returns it
	if _, err := sortedTable(t, p).Decrypt(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	kctx := map[string]string{
		"*amzn-ddb-env-alg*": "AES/128", "*amzn-ddb-sig-alg*": "HmacSHA512/512", "*aws-kms-table*": "T", "pk": "p", "sk": "1.5",
	}
	grants := []string{"one", "two"}
	want := []ddbenctest.KMSRequest{
		{Operation: "GenerateDataKey", Region: "eu-central-1", KeyID: arn, NumberOfBytes: 32, EncryptionContext: kctx, GrantTokens: grants},
		{Operation: "Decrypt", Region: "eu-central-1", KeyID: arn, EncryptionContext: kctx, GrantTokens: grants},
	}
	got := k.Requests()
	for i, r := range got {
		if !strings.Contains(r.UserAgent, "ddbenc/") {
			t.Errorf("%s has user agent %q, want ddbenc in it", r.Operation, r.UserAgent)
		}
		got[i].Time, got[i].UserAgent, got[i].Algorithm = time.Time{}, "", ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// An item that keeps its number's spelling, in a file for example, is found with
// a second call. Spec: AWS KMS provider, "The number-spelling trap".
func TestKMSNumberSpelling(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	p := mustKMS(t, k.Client(region), arn)
	stored := mustEncrypt(t, p, numbered("+1.00"))
	k.ForgetRequests()
	if _, err := sortedTable(t, p).Decrypt(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	if got, want := contexts(k, "sk"), []string{"Decrypt +1.00 InvalidCiphertextException", "Decrypt 1 "}; !cmp.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}

	// The other clients bind the spelling of the caller. As long as it is
	// stored, the first call finds it.
	k.ForgetRequests()
	if _, err := sortedTable(t, p).Decrypt(t.Context(), asOtherClients(t, k, arn, numbered("1.00"))); err != nil {
		t.Fatal(err)
	}
	if got, want := contexts(k, "sk"), []string{"Decrypt 1.00 "}; !cmp.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}

// asOtherClients writes an item whose number is bound to the data key as it is.
func asOtherClients(t *testing.T, k *ddbenctest.KMS, arn string, item map[string]types.AttributeValue) map[string]types.AttributeValue {
	t.Helper()
	p := mustKMS(t, spelling{k.Client(region), item["sk"].(*types.AttributeValueMemberN).Value}, arn)
	stored := mustEncrypt(t, p, item)
	k.ForgetRequests()
	return stored
}

// spelling is a client that puts the number back into the context.
type spelling struct {
	keyring.KMSClient
	sk string
}

func (s spelling) GenerateDataKey(ctx context.Context, in *kms.GenerateDataKeyInput, o ...func(*kms.Options)) (*kms.GenerateDataKeyOutput, error) {
	in.EncryptionContext["sk"] = s.sk
	return s.KMSClient.GenerateDataKey(ctx, in, o...)
}

// contexts shows the requests with one entry of their context.
func contexts(k *ddbenctest.KMS, name string) []string {
	var got []string
	for _, r := range k.Requests() {
		got = append(got, r.Operation+" "+r.EncryptionContext[name]+" "+r.Error)
	}
	return got
}

// Someone who can write to the table and has a KMS key of his own, with which
// the victim may decrypt, can't forge items.
func TestKMSKeyIsPinned(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	client := k.Client(region)
	mine := k.CreateKey(ddbenctest.KMSKey{Region: region, Aliases: []string{"alias/mine"}})
	mineID := mine[strings.LastIndex(mine, "/")+1:]
	theirs := k.CreateKey(ddbenctest.KMSKey{Region: region, Aliases: []string{"alias/theirs"}})
	forged := mustEncrypt(t, mustKMS(t, client, theirs), numbered("1"))
	own := mustEncrypt(t, mustKMS(t, client, mine), numbered("1"))

	noKey := errors.New("the hook says no")
	refuse := keyring.CheckKMSKey(func(_ context.Context, ec *crypt.EncryptionContext, arn string) error {
		if ec.TableName != "T" || arn != mine {
			return noKey
		}
		return nil
	})
	for _, tt := range []struct {
		name       string
		p          crypt.Provider
		wantForged error
	}{
		{"ARN", mustKMS(t, client, mine), crypt.ErrNoKey},
		{"id", mustKMS(t, client, mineID), crypt.ErrNoKey},
		{"alias", mustKMS(t, client, "alias/mine"), crypt.ErrNoKey},
		{"ARN of the alias", mustKMS(t, client, strings.Replace(mine, "key/"+mineID, "alias/mine", 1)), crypt.ErrNoKey},
		{"also theirs", mustKMS(t, client, mine, keyring.AlsoReadWith(theirs)), nil},
		{"also theirs by alias", mustKMS(t, client, mine, keyring.AlsoReadWith("alias/theirs")), nil},
		{"mine second", mustKMS(t, client, theirs, keyring.AlsoReadWith(mine)), nil},
		{"any", mustKMS(t, client, mine, keyring.DangerouslyAllowAnyKMSKey()), nil},
		{"any, and a check", mustKMS(t, client, mine, keyring.DangerouslyAllowAnyKMSKey(), refuse), noKey},
		{"also theirs, and a check", mustKMS(t, client, mine, keyring.AlsoReadWith(theirs), refuse), noKey},
	} {
		if _, err := sortedTable(t, tt.p).Decrypt(t.Context(), forged); !errors.Is(err, tt.wantForged) {
			t.Errorf("%s: error %v for the forged item, want %v", tt.name, err, tt.wantForged)
		}
		if _, err := sortedTable(t, tt.p).Decrypt(t.Context(), own); err != nil {
			t.Errorf("%s: own item: %v", tt.name, err)
		}
	}

	// Not even if KMS, or what stands between, doesn't look at the key id.
	fake := &fakeKMS{plaintext: counting(32), blob: []byte("blob"), arn: mine}
	item := mustEncrypt(t, mustKMS(t, fake, mine), numbered("1"))
	fake.arn = theirs
	if _, err := sortedTable(t, mustKMS(t, fake, mine)).Decrypt(t.Context(), item); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("another key in the answer: error %v, want ErrNoKey", err)
	}
}

func TestKMSMultiRegionKey(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	usARN := k.CreateKey(ddbenctest.KMSKey{ID: "mrk-1234abcd12ab34cd56ef1234567890ab", Region: region, Replicas: []string{"eu-west-1"}})
	euARN := strings.Replace(usARN, region, "eu-west-1", 1)
	us, eu := mustKMS(t, k.Client(region), usARN), mustKMS(t, k.Client("eu-west-1"), euARN)
	for name, pair := range map[string][2]crypt.Provider{"us to eu": {us, eu}, "eu to us": {eu, us}} {
		if _, err := sortedTable(t, pair[1]).Decrypt(t.Context(), mustEncrypt(t, pair[0], numbered("1"))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, r := range k.Requests() {
		if !strings.Contains(r.KeyID, r.Region) {
			t.Errorf("%s of %s in %s", r.Operation, r.KeyID, r.Region)
		}
	}
}

// When an alias is pointed to another key, old items need the old key's name.
func TestKMSAliasMoves(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	client := k.Client(region)
	before := k.CreateKey(ddbenctest.KMSKey{Region: region, Aliases: []string{"alias/records"}})
	p := mustKMS(t, client, "alias/records")
	stored := mustEncrypt(t, p, numbered("1"))
	after := k.CreateKey(ddbenctest.KMSKey{Region: region})
	if _, err := client.UpdateAlias(t.Context(), &kms.UpdateAliasInput{AliasName: aws.String("alias/records"), TargetKeyId: &after}); err != nil {
		t.Fatal(err)
	}
	if _, err := sortedTable(t, p).Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("error %v, want ErrNoKey", err)
	}
	p = mustKMS(t, client, "alias/records", keyring.AlsoReadWith(before))
	if _, err := sortedTable(t, p).Decrypt(t.Context(), stored); err != nil {
		t.Error(err)
	}
}

// Keys of several regions: each is asked in its own.
func TestKMSRegions(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	here := k.CreateKey(ddbenctest.KMSKey{Region: region})
	there := k.CreateKey(ddbenctest.KMSKey{Region: "ap-south-1"})
	stored := mustEncrypt(t, mustKMS(t, k.Client(region), there), numbered("1"))
	p := mustKMS(t, k.Client(region), here, keyring.AlsoReadWith(there))
	if _, err := sortedTable(t, p).Decrypt(t.Context(), stored); err != nil {
		t.Error(err)
	}

	own := &fakeKMS{plaintext: counting(32), blob: []byte("blob"), arn: there}
	p = mustKMS(t, k.Client(region), there, keyring.WithKMSClient("ap-south-1", own))
	k.ForgetRequests()
	mustEncrypt(t, p, numbered("1"))
	if len(own.requests) != 1 || len(k.Requests()) != 0 {
		t.Errorf("the region's client had %d calls and the other one %d, want 1 and 0", len(own.requests), len(k.Requests()))
	}
}

// Tenants who come while the program runs, each with a key.
func TestKMSByItem(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	tenants := map[string]string{}
	unknown := errors.New("unknown tenant")
	p, err := keyring.NewKMSByItem(k.Client(region), func(_ context.Context, ec *crypt.EncryptionContext) ([]string, error) {
		tenant, ok := ec.Item["tenant"].(*types.AttributeValueMemberS)
		if !ok || tenants[tenant.Value] == "" {
			return nil, unknown
		}
		return []string{tenants[tenant.Value]}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := crypt.NewDDBEC(p).ForTable(crypt.Table{
		Name: "T", PartitionKey: "pk",
		Actions: crypt.Actions{Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"tenant": crypt.SignOnly}},
	})
	if err != nil {
		t.Fatal(err)
	}
	item := func(tenant string) map[string]types.AttributeValue {
		return map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "p"}, "tenant": &types.AttributeValueMemberS{Value: tenant}, "a": &types.AttributeValueMemberS{Value: "secret"},
		}
	}
	if _, err := e.Encrypt(t.Context(), item("a")); !errors.Is(err, unknown) {
		t.Errorf("unknown tenant: error %v", err)
	}
	tenants["a"], tenants["b"] = k.CreateKey(ddbenctest.KMSKey{Region: region}), k.CreateKey(ddbenctest.KMSKey{Region: region})
	ofA, err := e.Encrypt(t.Context(), item("a"))
	if err != nil {
		t.Fatal(err)
	}
	ofB, err := e.Encrypt(t.Context(), item("b"))
	if err != nil {
		t.Fatal(err)
	}
	for tenant, stored := range map[string]map[string]types.AttributeValue{"a": ofA, "b": ofB} {
		if _, err := e.Decrypt(t.Context(), stored); err != nil {
			t.Errorf("tenant %s: %v", tenant, err)
		}
	}
	moved := maps.Clone(ofA)
	moved["tenant"] = &types.AttributeValueMemberS{Value: "b"}
	if _, err := e.Decrypt(t.Context(), moved); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("item given to another tenant: error %v, want ErrNoKey", err)
	}

	for name, ids := range map[string][]string{"no key": nil, "an empty key id": {""}} {
		none, err := keyring.NewKMSByItem(k.Client(region), func(context.Context, *crypt.EncryptionContext) ([]string, error) { return ids, nil })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := none.EncryptionMaterials(t.Context(), exampleContext(nil)); !errors.Is(err, crypt.ErrNoKey) {
			t.Errorf("%s selected on writing: error %v, want ErrNoKey", name, err)
		}
		if _, err := none.DecryptionMaterials(t.Context(), exampleContext(description(t, ofA))); !errors.Is(err, crypt.ErrNoKey) {
			t.Errorf("%s selected on reading: error %v, want ErrNoKey", name, err)
		}
	}
}

// What KMS says about a key, and what a caller can do with it.
func TestKMSFaults(t *testing.T) {
	for _, tt := range kmsFaults {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // the SDK waits before it tries again
			k := ddbenctest.NewKMS(t)
			arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
			p := mustKMS(t, k.Client(region), arn)
			stored := mustEncrypt(t, p, numbered("1"))
			tt.spoil(t, k, arn)
			check := func(what string, err error) {
				t.Helper()
				if !errors.Is(err, tt.want) {
					t.Errorf("%s: error %v, want %v", what, err, tt.want)
				}
				var api smithy.APIError
				if tt.code != "" && (!errors.As(err, &api) || api.ErrorCode() != tt.code) {
					t.Errorf("%s: the error of KMS is not to be had from %v", what, err)
				}
				if strings.Contains(text(err), "canary") {
					t.Errorf("%s: error %v shows the item", what, err)
				}
			}
			_, err := sortedTable(t, p).Encrypt(t.Context(), numbered("1"))
			check("Encrypt", err)
			_, err = sortedTable(t, p).Decrypt(t.Context(), stored)
			check("Decrypt", err)
		})
	}
}

func TestKMSContextEnds(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	p := mustKMS(t, k.Client(region), arn)
	stored := mustEncrypt(t, p, numbered("1"))
	k.Fault(ddbenctest.KMSFault{Times: -1, Latency: time.Minute})
	calls := map[string]func(context.Context) error{
		"Encrypt": func(ctx context.Context) error {
			_, err := sortedTable(t, p).Encrypt(ctx, numbered("1"))
			return err
		},
		"Decrypt": func(ctx context.Context) error {
			_, err := sortedTable(t, p).Decrypt(ctx, stored)
			return err
		},
	}
	reason := errors.New("the user went away")
	for name, call := range calls {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, keyring.ErrUnavailable) {
			t.Errorf("%s: error %v, want DeadlineExceeded", name, err)
		}
		cancel()
		cause, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { stop(reason) })
		if err := call(cause); !errors.Is(err, context.Canceled) || !errors.Is(err, reason) {
			t.Errorf("%s: error %v, want Canceled and the reason", name, err)
		}
	}
}

// What a stored item says of its data key is hostile until KMS has accepted it.
func TestKMSReads(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	p := mustKMS(t, k.Client(region), arn)
	stored := mustEncrypt(t, p, numbered("1"))
	const key, content, signing, wrap = "amzn-ddb-env-key", "amzn-ddb-env-alg", "amzn-ddb-sig-alg", "amzn-ddb-wrap-alg"
	for _, tt := range []struct {
		name   string
		change func(map[string]string)
		want   error
		calls  int
	}{
		{"nothing changed", func(map[string]string) {}, nil, 1},
		{"no informational entry", func(d map[string]string) { delete(d, "aws-kms-ec-attr") }, nil, 1},
		{"no wrapping algorithm", func(d map[string]string) { delete(d, wrap) }, nil, 1},
		{"lines", func(d map[string]string) { d[key] = d[key][:40] + "\r\n" + d[key][40:] + "\r\n" }, nil, 1},
		{"another provider's item", func(d map[string]string) { d[wrap] = "AESWrap" }, crypt.ErrNoKey, 0},
		{"nothing", func(d map[string]string) { clear(d) }, crypt.ErrNoKey, 0},
		{"no data key", func(d map[string]string) { delete(d, key) }, crypt.ErrNoKey, 0},
		{"no content algorithm", func(d map[string]string) { delete(d, content) }, crypt.ErrNoKey, 0},
		{"no signing algorithm", func(d map[string]string) { delete(d, signing) }, crypt.ErrNoKey, 0},
		{"empty data key", func(d map[string]string) { d[key] = "" }, crypt.ErrMalformed, 0},
		{"foreign characters", func(d map[string]string) { d[key] = "%" + d[key] }, crypt.ErrMalformed, 0},
		{"data key too long", func(d map[string]string) { d[key] = strings.Repeat("A", 8196) }, crypt.ErrMalformed, 0},
		{"data key far too long", func(d map[string]string) { d[key] = strings.Repeat("A", 60_000) }, crypt.ErrMalformed, 0},
		{"tampered data key", func(d map[string]string) { d[key] = flip(t, d[key]) }, crypt.ErrVerify, 1},
		{"other content length", func(d map[string]string) { d[content] = "AES/128" }, crypt.ErrVerify, 1},
		{"other signing algorithm", func(d map[string]string) { d[signing] = "HmacSHA512/256" }, crypt.ErrVerify, 1},
		{"unknown content algorithm", func(d map[string]string) { d[content] = "DESede/168" }, crypt.ErrUnsupported, 0},
		{"unknown signing algorithm", func(d map[string]string) { d[signing] = "HmacMD5/128" }, crypt.ErrUnsupported, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := description(t, stored)
			tt.change(d)
			k.ForgetRequests()
			_, err := sortedTable(t, p).Decrypt(t.Context(), describe(t, stored, d))
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if got := len(k.Requests()); got != tt.calls {
				t.Errorf("%d calls, want %d", got, tt.calls)
			}
		})
	}

	other := maps.Clone(stored)
	other["pk"] = &types.AttributeValueMemberS{Value: "q"}
	_, err := sortedTable(t, p).Decrypt(t.Context(), other)
	var invalid *kmstypes.InvalidCiphertextException
	if !errors.Is(err, crypt.ErrVerify) || !errors.As(err, &invalid) {
		t.Errorf("other partition key: error %v, want ErrVerify and KMS's", err)
	}
	delete(other, "sk")
	if _, err := sortedTable(t, p).Decrypt(t.Context(), other); !errors.Is(err, crypt.ErrMalformed) {
		t.Errorf("no sort key: error %v, want ErrMalformed", err)
	}
	delete(other, "pk")
	if _, err := sortedTable(t, p).Encrypt(t.Context(), other); err == nil {
		t.Error("an item without keys was encrypted")
	}
	keyless := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p"}}
	if _, err := sortedTable(t, p).Encrypt(t.Context(), keyless); !errors.Is(err, crypt.ErrInvalidItem) {
		t.Errorf("writing without sort key: error %v, want ErrInvalidItem", err)
	}
}

// A data key of another length is not what anyone asks KMS for.
func TestKMSDataKeyLength(t *testing.T) {
	for _, n := range []int{0, 16, 31, 64} {
		fake := &fakeKMS{plaintext: counting(n), blob: []byte("blob"), arn: "arn:aws:kms:us-west-2:111122223333:key/x"}
		p := mustKMS(t, fake, fake.arn)
		if _, err := p.EncryptionMaterials(t.Context(), exampleContext(nil)); !errors.Is(err, keyring.ErrUnavailable) {
			t.Errorf("writing with %d bytes: error %v, want ErrUnavailable", n, err)
		}
		d := map[string]string{"amzn-ddb-env-key": "AAAA", "amzn-ddb-env-alg": "AES/256", "amzn-ddb-sig-alg": "HmacSHA256/256"}
		if _, err := p.DecryptionMaterials(t.Context(), exampleContext(d)); !errors.Is(err, crypt.ErrMalformed) {
			t.Errorf("reading with %d bytes: error %v, want ErrMalformed", n, err)
		}
	}
}

func TestKMSErrors(t *testing.T) {
	client := &fakeKMS{}
	reserved := func(name string) keyring.Option {
		return keyring.WithDescription(map[string]string{name: "x"})
	}
	for name, open := range map[string]func() (*keyring.KMS, error){
		"no client": func() (*keyring.KMS, error) { return keyring.NewKMS(nil, "alias/x") },
		"no key":    func() (*keyring.KMS, error) { return keyring.NewKMS(client, "") },
		"no keys":   func() (*keyring.KMS, error) { return keyring.NewKMSByItem(client, nil) },
		"ARN of a table": func() (*keyring.KMS, error) {
			return keyring.NewKMS(client, "arn:aws:dynamodb:us-west-2:111122223333:table/x")
		},
		"bad key to read": func() (*keyring.KMS, error) { return keyring.NewKMS(client, "alias/x", keyring.AlsoReadWith("")) },
		"no regional client": func() (*keyring.KMS, error) {
			return keyring.NewKMS(client, "alias/x", keyring.WithKMSClient(region, nil))
		},
		"no region": func() (*keyring.KMS, error) {
			return keyring.NewKMS(client, "alias/x", keyring.WithKMSClient("", client))
		},
		"content algorithm":  func() (*keyring.KMS, error) { return keyring.NewKMS(client, "alias/x", reserved("amzn-ddb-env-alg")) },
		"signing algorithm":  func() (*keyring.KMS, error) { return keyring.NewKMS(client, "alias/x", reserved("amzn-ddb-sig-alg")) },
		"wrapping algorithm": func() (*keyring.KMS, error) { return keyring.NewKMS(client, "alias/x", reserved("amzn-ddb-wrap-alg")) },
		"data key":           func() (*keyring.KMS, error) { return keyring.NewKMS(client, "alias/x", reserved("amzn-ddb-env-key")) },
	} {
		if p, err := open(); p != nil || !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("%s: provider %v, error %v, want ErrConfig", name, p, err)
		}
	}
}

func TestKMSIsAProvider(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	ddbenctest.TestProvider(t, mustKMS(t, k.Client(region), arn, keyring.WithGrantTokens("token-of-a-grant")), []byte("token-of-a-grant"))
}

func mustKMS(t testing.TB, client keyring.KMSClient, id string, opts ...keyring.KMSOption) *keyring.KMS {
	t.Helper()
	p, err := keyring.NewKMS(client, id, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sortedTable is a table with a number as sort key.
func sortedTable(t testing.TB, p crypt.Provider) crypt.Encryptor {
	t.Helper()
	e, err := crypt.NewDDBEC(p).ForTable(crypt.Table{
		Name: "T", PartitionKey: "pk", SortKey: "sk", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func numbered(sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "p"},
		"sk": &types.AttributeValueMemberN{Value: sk},
		"a":  &types.AttributeValueMemberS{Value: "canary"},
	}
}

func mustEncrypt(t testing.TB, p crypt.Provider, item map[string]types.AttributeValue) map[string]types.AttributeValue {
	t.Helper()
	stored, err := sortedTable(t, p).Encrypt(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// flip changes the last byte of Base64.
func flip(t testing.TB, s string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	return base64.StdEncoding.EncodeToString(b)
}

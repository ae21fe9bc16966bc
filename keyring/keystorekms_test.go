package keyring

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// Which key is called for which row. DB-ESDK spec: materials, "Configuration" of
// the branch key store.
func TestKMSConfigurations(t *testing.T) {
	in := func(arn, region string) string {
		a, _ := parseKMSARN(arn)
		return a.in(region).String()
	}
	other := strings.Replace(testARN, "1234abcd-", "5678abcd-", 1)
	otherMRK := strings.Replace(testMRK, "mrk-1234", "mrk-5678", 1)
	foreignMRK := strings.Replace(testMRK, "111122223333", "444455556666", 1)
	for _, c := range []struct {
		name  string
		keys  KMSConfiguration
		own   string            // key of what is created; "" if nothing is
		reads map[string]string // key of a row to key that is called
	}{
		{
			"one key", KMSKeyARN(testARN), testARN,
			map[string]string{testARN: testARN, other: "", in(testARN, "us-west-2"): "", testMRK: ""},
		},
		{
			"one replica", KMSKeyARN(testMRK), testMRK,
			map[string]string{testMRK: testMRK, in(testMRK, "us-west-2"): ""},
		},
		{
			"multi-Region key", KMSMRKeyARN(testMRK), testMRK,
			map[string]string{testMRK: testMRK, in(testMRK, "us-west-2"): testMRK, otherMRK: "", foreignMRK: "", testARN: ""},
		},
		{
			"multi-Region key that is none", KMSMRKeyARN(testARN), testARN,
			map[string]string{testARN: testARN, in(testARN, "us-west-2"): "", other: ""},
		},
		{
			"discovery", KMSDiscovery(), "",
			map[string]string{testARN: testARN, other: other, testMRK: testMRK, in(testMRK, "us-west-2"): in(testMRK, "us-west-2"), foreignMRK: foreignMRK},
		},
		{
			"discovery in a region", KMSMRDiscovery("eu-west-1"), "",
			map[string]string{testARN: testARN, testMRK: testMRK, in(testMRK, "us-west-2"): testMRK, in(testARN, "us-west-2"): ""},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			own, err := c.keys.own()
			if c.own == "" {
				checkErrors(t, err, crypt.ErrConfig)
			} else if err != nil || own.String() != c.own {
				t.Errorf("creates with %q, error %v, want %q", own, err, c.own)
			}
			for arn, want := range c.reads {
				row := &keyRow{attrs: map[string]string{attrKMSARN: arn}}
				got, err := c.keys.keyOf(row)
				if want == "" {
					checkErrors(t, err, crypt.ErrNoKey)
				} else if err != nil || got.String() != want {
					t.Errorf("reads a row of %q with %q, error %v, want %q", arn, got, err, want)
				}
			}
		})
	}
}

// lastRequests returns what was sent to KMS since it was asked last.
func (b *storeBench) lastRequests() []ddbenctest.KMSRequest {
	requests := b.kms.Requests()
	b.kms.ForgetRequests()
	return requests
}

// What KMS is asked when branch keys are created, rotated and read, in order.
// DB-ESDK spec: materials, "Operations" of the branch key store.
func TestBranchKeyRequestsToKMS(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.store(KMSKeyARN(b.arn), WithGrantTokens("grant-1"), WithGrantTokens("grant-2"))
	if err := s.CreateKeyWithID(ctx, "t-1", tenantContext); err != nil {
		t.Fatal(err)
	}
	rows := b.rows("t-1")
	first := versionsOf(rows)[0]
	check := func(what string, want ...ddbenctest.KMSRequest) {
		t.Helper()
		got := b.lastRequests()
		for i := range got {
			if ua := got[i].UserAgent; !strings.Contains(ua, "ddbenc/") {
				t.Errorf("%s: user agent %q", what, ua)
			}
			got[i].UserAgent, got[i].Time = "", want[min(i, len(want)-1)].Time
		}
		for i := range want {
			want[i].Region, want[i].GrantTokens = storeRegion, []string{"grant-1", "grant-2"}
		}
		equal(t, what, got, want)
	}
	context := func(row map[string]string, changes ...string) map[string]string {
		c := map[string]string{
			"branch-key-id": "t-1", "create-time": row["create-time"], "hierarchy-version": "1", "kms-arn": b.arn,
			"tablename": storeName, "aws-crypto-ec:tenant": "t-1",
		}
		for i := 0; i < len(changes); i += 2 {
			c[changes[i]] = changes[i+1]
		}
		return c
	}
	attrs := func(typ string) map[string]string {
		row, err := parseKeyRow(b.rows("t-1")[typ])
		if err != nil {
			t.Fatal(err)
		}
		return row.attrs
	}
	generate := func(c map[string]string) ddbenctest.KMSRequest {
		return ddbenctest.KMSRequest{Operation: "GenerateDataKeyWithoutPlaintext", KeyID: b.arn, NumberOfBytes: 32, EncryptionContext: c}
	}
	reEncrypt := func(from, to map[string]string) ddbenctest.KMSRequest {
		return ddbenctest.KMSRequest{Operation: "ReEncrypt", SourceKeyID: b.arn, SourceEncryptionContext: from, KeyID: b.arn, EncryptionContext: to}
	}
	decrypt := func(c map[string]string) ddbenctest.KMSRequest {
		return ddbenctest.KMSRequest{Operation: "Decrypt", KeyID: b.arn, EncryptionContext: c}
	}
	firstVersion := context(attrs(first), "type", first)
	firstActive := context(attrs(first), "type", "branch:ACTIVE", "version", first)
	firstBeacon := context(attrs(first), "type", "beacon:ACTIVE")
	check("create", generate(firstVersion), reEncrypt(firstVersion, firstActive), generate(firstBeacon))

	version, err := s.VersionKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	second := typeVersion + version
	secondVersion := context(attrs(second), "type", second)
	secondActive := context(attrs(second), "type", "branch:ACTIVE", "version", second)
	check("rotate", reEncrypt(firstActive, firstActive), generate(secondVersion), reEncrypt(secondVersion, secondActive))

	if _, err := s.ActiveBranchKey(ctx, "t-1"); err != nil {
		t.Fatal(err)
	}
	check("active", decrypt(secondActive))
	if _, err := s.BranchKeyVersion(ctx, "t-1", first[len(typeVersion):]); err != nil {
		t.Fatal(err)
	}
	check("version", decrypt(firstVersion))
	if _, err := s.BeaconKey(ctx, "t-1"); err != nil {
		t.Fatal(err)
	}
	check("beacon", decrypt(firstBeacon))

	rotated, err := s.RotateOlderThan(ctx, "t-1", 1<<62)
	if rotated || err != nil {
		t.Fatal(rotated, err)
	}
	check("rotate later", reEncrypt(secondActive, secondActive))
}

// The rows are those of the Java client, with nothing more in them.
func TestBranchKeyRows(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	if _, err := s.VersionKey(ctx, "t-1"); err != nil {
		t.Fatal(err)
	}
	rows := b.rows("t-1")
	for typ, row := range rows {
		names := []string{"aws-crypto-ec:tenant", "branch-key-id", "create-time", "enc", "hierarchy-version", "kms-arn", "type"}
		if typ == typeActive {
			names = append(names, "version")
		}
		equal(t, "attributes of "+typ, slices.Sorted(maps.Keys(row)), names)
	}
	active := stringValue(rows[typeActive]["version"])
	equal(t, "create-time of active version", rows[typeActive]["create-time"], rows[active]["create-time"])
	for _, typ := range versionsOf(rows) {
		if typ != active {
			equal(t, "create-time of first version", rows[typ]["create-time"], rows[typeBeacon]["create-time"])
		}
	}
}

// A multi-Region key is called in the region that is configured, whichever
// replica is in the row. The replica in the row stays, as in Java, so that who is
// configured for that one goes on reading.
func TestMultiRegionKeys(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	mrk, _ := parseKMSARN(b.kms.CreateKey(ddbenctest.KMSKey{ARN: testMRK, Replicas: []string{"us-west-2"}}))
	west := mrk.in("us-west-2")
	home, away := b.store(KMSMRKeyARN(mrk.String())), b.store(KMSMRKeyARN(west.String()))
	if err := home.CreateKeyWithID(ctx, "t-1", tenantContext); err != nil {
		t.Fatal(err)
	}
	b.lastRequests()
	version, err := away.VersionKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	want, err := b.store(KMSKeyARN(mrk.String())).ActiveBranchKey(ctx, "t-1")
	if err != nil || want.Version != version {
		t.Fatalf("%v, error %v, want version %s", want, err, version)
	}
	for typ, row := range b.rows("t-1") {
		equal(t, "key of "+typ, stringValue(row[attrKMSARN]), mrk.String())
	}
	for _, r := range b.lastRequests()[:3] {
		if r.Region != "us-west-2" || r.KeyID != west.String() {
			t.Errorf("rotation asks %v", r)
		}
	}
	for name, c := range map[string]struct {
		keys   KMSConfiguration
		called kmsARN
	}{
		"home":              {KMSMRKeyARN(mrk.String()), mrk},
		"away":              {KMSMRKeyARN(west.String()), west},
		"discovery":         {KMSDiscovery(), mrk},
		"discovery at home": {KMSMRDiscovery("eu-west-1"), mrk},
		"discovery away":    {KMSMRDiscovery("us-west-2"), west},
	} {
		got, err := b.store(c.keys).ActiveBranchKey(ctx, "t-1")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		equal(t, name, got.secret(), want.secret())
		if r := b.lastRequests(); len(r) != 1 || r[0].Region != c.called.region || r[0].KeyID != c.called.String() {
			t.Errorf("%s: asks %v, want %v", name, r, c.called)
		}
	}
	_, err = b.store(KMSKeyARN(west.String())).ActiveBranchKey(ctx, "t-1")
	checkErrors(t, err, crypt.ErrNoKey)
	_, err = b.store(KMSMRDiscovery("ap-south-1")).ActiveBranchKey(ctx, "t-1") // no replica there
	checkErrors(t, err, crypt.ErrNoKey)
}

// A branch key of another KMS key is neither read nor rotated, and KMS isn't
// asked.
func TestBranchKeyOfAnotherKMSKey(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	b.created("t-1")
	other := b.kms.CreateKey(ddbenctest.KMSKey{Region: storeRegion})
	first := versionsOf(b.rows("t-1"))[0][len(typeVersion):]
	b.lastRequests()
	for _, keys := range []KMSConfiguration{KMSKeyARN(other), KMSMRKeyARN(other), KMSMRDiscovery("us-west-2")} {
		s := b.store(keys)
		_, err1 := s.ActiveBranchKey(ctx, "t-1")
		_, err2 := s.BranchKeyVersion(ctx, "t-1", first)
		_, err3 := s.BeaconKey(ctx, "t-1")
		for _, err := range []error{err1, err2, err3} {
			checkErrors(t, err, crypt.ErrNoKey)
		}
	}
	s := b.store(KMSKeyARN(other))
	_, err := s.VersionKey(ctx, "t-1")
	checkErrors(t, err, crypt.ErrNoKey)
	_, err = s.RotateOlderThan(ctx, "t-1", 0)
	checkErrors(t, err, crypt.ErrNoKey)
	if r := b.lastRequests(); len(r) != 0 {
		t.Errorf("KMS was asked %v", r)
	}
}

// KMS that answers for another key, or with something of another size.
func TestBranchKeyAnswersOfKMS(t *testing.T) {
	other := strings.Replace(testARN, "1234abcd-", "5678abcd-", 1)
	plain := func(n int) func(*kms.DecryptOutput) {
		return func(out *kms.DecryptOutput) { out.Plaintext = make([]byte, n) }
	}
	blob := func(n int) func(*kms.ReEncryptOutput) {
		return func(out *kms.ReEncryptOutput) { out.CiphertextBlob = make([]byte, n) }
	}
	dataKey := func(n int) func(*kms.GenerateDataKeyWithoutPlaintextOutput) {
		return func(out *kms.GenerateDataKeyWithoutPlaintextOutput) { out.CiphertextBlob = make([]byte, n) }
	}
	for _, c := range []struct {
		name   string
		fake   kmsFake
		read   bool // fails to read; else to create and rotate
		want   error
		reason string
	}{
		{"Decrypt with another key", kmsFake{decrypt: func(out *kms.DecryptOutput) { out.KeyId = &other }}, true, crypt.ErrNoKey, "KMS answered for key"},
		{"Decrypt with no key", kmsFake{decrypt: func(out *kms.DecryptOutput) { out.KeyId = nil }}, true, crypt.ErrNoKey, "KMS answered for key"},
		{"31 bytes", kmsFake{decrypt: plain(31)}, true, crypt.ErrVerify, "is 31 bytes, want 32"},
		{"33 bytes", kmsFake{decrypt: plain(33)}, true, crypt.ErrVerify, "is 33 bytes, want 32"},
		{"80 bytes, as in hierarchy version 2", kmsFake{decrypt: plain(80)}, true, crypt.ErrVerify, "is 80 bytes, want 32"},
		{"no bytes", kmsFake{decrypt: plain(0)}, true, crypt.ErrVerify, "is 0 bytes, want 32"},
		{"ReEncrypt from another key", kmsFake{reEncrypt: func(out *kms.ReEncryptOutput) { out.SourceKeyId = &other }}, false, crypt.ErrNoKey, "KMS answered for key"},
		{"ReEncrypt to another key", kmsFake{reEncrypt: func(out *kms.ReEncryptOutput) { out.KeyId = &other }}, false, crypt.ErrNoKey, "KMS answered for key"},
		{"ReEncrypt to no key", kmsFake{reEncrypt: func(out *kms.ReEncryptOutput) { out.KeyId = nil }}, false, crypt.ErrNoKey, "KMS answered for key"},
		{"ReEncrypt without ciphertext", kmsFake{reEncrypt: blob(0)}, false, ErrUnavailable, "a ciphertext of 0 bytes"},
		{"ReEncrypt with a long ciphertext", kmsFake{reEncrypt: blob(6145)}, false, ErrUnavailable, "a ciphertext of 6145 bytes"},
		{"data key of another key", kmsFake{generate: func(out *kms.GenerateDataKeyWithoutPlaintextOutput) { out.KeyId = &other }}, false, crypt.ErrNoKey, "KMS answered for key"},
		{"data key of an alias", kmsFake{generate: func(out *kms.GenerateDataKeyWithoutPlaintextOutput) { out.KeyId = aws.String(testAlias) }}, false, crypt.ErrNoKey, "KMS answered for key"},
		{"data key without ciphertext", kmsFake{generate: dataKey(0)}, false, ErrUnavailable, "a ciphertext of 0 bytes"},
		{"data key with a long ciphertext", kmsFake{generate: dataKey(6145)}, false, ErrUnavailable, "a ciphertext of 6145 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, ctx := newStoreBench(t), t.Context()
			good := b.created("t-1")
			before := b.rows("t-1")
			fake := c.fake
			fake.Client = b.kms.Client(storeRegion)
			s := b.storeOf(b.db, &fake, KMSKeyARN(b.arn))
			var errs []error
			if c.read {
				_, err1 := s.ActiveBranchKey(ctx, "t-1")
				_, err2 := s.BranchKeyVersion(ctx, "t-1", versionsOf(before)[0][len(typeVersion):])
				_, err3 := s.BeaconKey(ctx, "t-1")
				errs = append(errs, err1, err2, err3)
			} else {
				_, err := s.VersionKey(ctx, "t-1")
				errs = append(errs, err, s.CreateKeyWithID(ctx, "t-2", tenantContext))
			}
			for _, err := range errs {
				checkErrors(t, err, c.want)
				if err != nil && !strings.Contains(err.Error(), c.reason) {
					t.Errorf("error %v, want %q in it", err, c.reason)
				}
			}
			equal(t, "rows afterwards", b.rows("t-1"), before)
			if rows := b.rows("t-2"); len(rows) != 0 {
				t.Errorf("rows were made: %v", slices.Sorted(maps.Keys(rows)))
			}
			b.checkIntact(good, "t-1", 1)
		})
	}
}

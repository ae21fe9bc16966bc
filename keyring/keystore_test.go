package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// allErrors are what callers of this package decide on.
var allErrors = []error{
	crypt.ErrNoKey, crypt.ErrVerify, crypt.ErrMalformed, crypt.ErrUnsupported, crypt.ErrConfig, crypt.ErrInvalidItem,
	ErrKeyRefused, ErrUnavailable, ErrBranchKeyExists, ErrBranchKeyChanged, ErrUnknownOutcome,
	context.Canceled, context.DeadlineExceeded,
}

func TestBranchKeyLife(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.store(KMSKeyARN(b.arn))
	if s.Name() != storeName {
		t.Errorf("Name() = %q", s.Name())
	}
	if _, err := s.ActiveBranchKey(ctx, "t-1"); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("before it was created: error %v, want ErrNoKey", err)
	}
	if _, err := s.VersionKey(ctx, "t-1"); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("rotated before it was created: error %v, want ErrNoKey", err)
	}
	entries := map[string]string{"tenant": "t-1", "": "no name", "Stuttgart": "Größe"}
	if err := s.CreateKeyWithID(ctx, "t-1", entries); err != nil {
		t.Fatal(err)
	}
	b.checkIntact(s, "t-1", 1)
	first, err := s.ActiveBranchKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	if first.ID != "t-1" || !isUUID(first.Version) || len(first.Bytes()) != 32 {
		t.Errorf("active branch key %v", first)
	}
	equal(t, "encryption context", first.EncryptionContext, entries)
	beacon, err := s.BeaconKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	if beacon.ID != "t-1" || beacon.Version != "" || slices.Equal(beacon.secret(), first.secret()) {
		t.Errorf("beacon key %v", beacon)
	}
	equal(t, "encryption context of the beacon key", beacon.EncryptionContext, entries)

	version, err := s.VersionKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	b.checkIntact(s, "t-1", 2)
	second, err := s.ActiveBranchKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	if second.Version != version || version == first.Version || slices.Equal(second.secret(), first.secret()) {
		t.Errorf("after rotation to %s the active version is %v", version, second)
	}
	equal(t, "encryption context after rotation", second.EncryptionContext, entries)
	old, err := s.BranchKeyVersion(ctx, "t-1", first.Version)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the old version", old.secret(), first.secret())
	equal(t, "its version", old.Version, first.Version)
	again, err := s.BeaconKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the beacon key after rotation", again.secret(), beacon.secret())
	if _, err := s.BranchKeyVersion(ctx, "t-1", newUUID()); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("a version that isn't there: error %v, want ErrNoKey", err)
	}
}

func TestCreateKeyWithoutID(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.store(KMSKeyARN(b.arn))
	ids := map[string]bool{}
	for _, entries := range []map[string]string{nil, tenantContext} {
		id, err := s.CreateKey(ctx, entries)
		if err != nil {
			t.Fatal(err)
		}
		if !isUUID(id) || ids[id] {
			t.Errorf("id %q", id)
		}
		ids[id] = true
		b.checkIntact(s, id, 1)
		k, err := s.ActiveBranchKey(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "encryption context", k.EncryptionContext, entries)
	}
}

// What a caller does to a key doesn't change that of another.
func TestBranchKeyBytesAreCopies(t *testing.T) {
	b := newStoreBench(t)
	k, err := b.created("t-1").ActiveBranchKey(t.Context(), "t-1")
	if err != nil {
		t.Fatal(err)
	}
	clear(k.Bytes())
	if slices.Equal(k.Bytes(), make([]byte, 32)) {
		t.Error("Bytes returns the key itself")
	}
}

func TestCreateKeyWithIDOfAnother(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	before := b.rows("t-1")
	err := s.CreateKeyWithID(ctx, "t-1", map[string]string{"tenant": "another"})
	checkErrors(t, err, ErrBranchKeyExists)
	equal(t, "rows afterwards", b.rows("t-1"), before)
}

// Part of a branch key is enough: nothing is written over.
func TestCreateKeyWithIDOverRemains(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	for _, typ := range []string{typeActive, typeBeacon} {
		rows := b.rows("t-1")
		for other := range rows {
			if other != typ {
				_, err := b.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(storeTable), Key: rowKeyOf(rows[other])})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		checkErrors(t, s.CreateKeyWithID(ctx, "t-1", tenantContext), ErrBranchKeyExists)
		equal(t, "rows afterwards", b.rows("t-1"), map[string]map[string]types.AttributeValue{typ: rows[typ]})
		for _, row := range rows {
			b.replace(row)
		}
	}
}

func rowKeyOf(row map[string]types.AttributeValue) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{attrBranchKeyID: row[attrBranchKeyID], attrType: row[attrType]}
}

func TestRotateOlderThan(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	now := time.Now().UTC().Truncate(time.Microsecond)
	s.now = func() time.Time { return now }
	if _, err := s.VersionKey(ctx, "t-1"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		passed, age time.Duration
		want        bool
	}{
		{0, 0, false}, // not older than it is
		{0, time.Hour, false},
		{time.Hour - time.Second, time.Hour, false},
		{time.Second, time.Hour, false},
		{time.Microsecond, time.Hour, true},
		{59 * time.Minute, time.Hour, false}, // it is the new version's age that counts
		{2 * time.Minute, time.Hour, true},
		{time.Microsecond, 0, true},
		{-24 * time.Hour, 0, false}, // created in the future
	} {
		now = now.Add(c.passed)
		before := versionsOf(b.rows("t-1"))
		rotated, err := s.RotateOlderThan(ctx, "t-1", c.age)
		if err != nil || rotated != c.want {
			t.Errorf("RotateOlderThan(%v) after %v = %v, error %v, want %v", c.age, c.passed, rotated, err, c.want)
		}
		added := 0
		if c.want {
			added = 1
		}
		b.checkIntact(s, "t-1", len(before)+added)
	}
	_, err := s.RotateOlderThan(ctx, "t-1", -1)
	checkErrors(t, err, crypt.ErrConfig)
	_, err = s.RotateOlderThan(ctx, "t-2", 0)
	checkErrors(t, err, crypt.ErrNoKey)
}

// A version that pretends to be young or old is not rotated, nor left alone.
func TestRotateOlderThanVerifiesTheAge(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	row := b.rows("t-1")[typeActive]
	for _, at := range []string{"2001-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z", "yesterday"} {
		row[attrCreateTime] = &types.AttributeValueMemberS{Value: at}
		b.replace(row)
		rotated, err := s.RotateOlderThan(ctx, "t-1", time.Hour)
		checkErrors(t, err, crypt.ErrVerify)
		if rotated || len(versionsOf(b.rows("t-1"))) != 1 {
			t.Errorf("create-time %q: rotated", at)
		}
	}
}

// Another client may write what is verified and is no time.
func TestRotateOlderThanNeedsATime(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	key, _ := parseKMSARN(b.arn)
	row, err := s.read(ctx, "t-1", typeActive)
	if err != nil {
		t.Fatal(err)
	}
	row.attrs[attrCreateTime] = "yesterday"
	if err := s.generate(ctx, key, row); err != nil {
		t.Fatal(err)
	}
	b.replace(row.item())
	rotated, err := s.RotateOlderThan(ctx, "t-1", time.Hour)
	checkErrors(t, err, crypt.ErrMalformed)
	if err != nil && !strings.HasPrefix(err.Error(), `branch key "t-1": `) {
		t.Errorf("error %v, want one that says which branch key", err)
	}
	if rotated {
		t.Error("rotated")
	}
}

func TestNewBranchKeyStoreErrors(t *testing.T) {
	b := newStoreBench(t)
	kms := b.kms.Client(storeRegion)
	good := KMSKeyARN(testARN)
	for _, c := range []struct {
		name, table, logical string
		keys                 KMSConfiguration
		opts                 []BranchKeyStoreOption
	}{
		{"no table", "", "n", good, nil},
		{"no logical name", "t", "", good, nil},
		{"logical name not UTF-8", "t", "\xff", good, nil},
		{"no configuration", "t", "n", KMSConfiguration{}, nil},
		{"no ARN", "t", "n", KMSKeyARN(""), nil},
		{"key id", "t", "n", KMSKeyARN("1234abcd-12ab-34cd-56ef-1234567890ab"), nil},
		{"alias", "t", "n", KMSKeyARN("alias/records"), nil},
		{"alias ARN", "t", "n", KMSKeyARN(testAlias), nil},
		{"alias ARN for MRK", "t", "n", KMSMRKeyARN(testAlias), nil},
		{"bare MRK id", "t", "n", KMSMRKeyARN("mrk-1234abcd12ab34cd56ef1234567890ab"), nil},
		{"no region", "t", "n", KMSMRDiscovery(""), nil},
		{"no clock", "t", "n", good, []BranchKeyStoreOption{WithClock(nil)}},
		{"empty grant token", "t", "n", good, []BranchKeyStoreOption{WithGrantTokens("")}},
		{"long grant token", "t", "n", good, []BranchKeyStoreOption{WithGrantTokens(strings.Repeat("g", 8193))}},
		{"eleven grant tokens", "t", "n", good, []BranchKeyStoreOption{WithGrantTokens(strings.Split("abcdefghijk", "")...)}},
	} {
		s, err := NewBranchKeyStore(b.db, kms, c.table, c.logical, c.keys, c.opts...)
		if s != nil {
			t.Errorf("%s: a store", c.name)
		}
		t.Run(c.name, func(t *testing.T) { checkErrors(t, err, crypt.ErrConfig) })
	}
	if _, err := NewBranchKeyStore(nil, kms, "t", "n", good); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("no DynamoDB client: %v", err)
	}
	if _, err := NewBranchKeyStore(b.db, nil, "t", "n", good); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("no KMS client: %v", err)
	}
}

// Bad arguments cost no call.
func TestBranchKeyArguments(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	b.kms.ForgetRequests()
	b.engine.ForgetRequests()
	for _, id := range []string{"", "\xff", strings.Repeat("x", 2049)} {
		_, err1 := s.ActiveBranchKey(ctx, id)
		_, err2 := s.BranchKeyVersion(ctx, id, newUUID())
		_, err3 := s.BeaconKey(ctx, id)
		_, err4 := s.VersionKey(ctx, id)
		_, err5 := s.RotateOlderThan(ctx, id, 0)
		for _, err := range []error{err1, err2, err3, err4, err5, s.CreateKeyWithID(ctx, id, tenantContext)} {
			checkErrors(t, err, crypt.ErrConfig)
		}
	}
	uuid := "4a0c7b92-3703-4209-8961-24b07ab6562b"
	for _, version := range []string{"", "ACTIVE", strings.ToUpper(uuid), uuid[:35], uuid + "0", "branch:version:" + uuid, strings.ReplaceAll(uuid, "-", "0")} {
		_, err := s.BranchKeyVersion(ctx, "t-1", version)
		checkErrors(t, err, crypt.ErrConfig)
	}
	for _, entries := range []map[string]string{nil, {}} {
		checkErrors(t, s.CreateKeyWithID(ctx, "t-2", entries), crypt.ErrConfig)
	}
	for _, entries := range []map[string]string{{"\xff": "v"}, {"k": "\xff"}} {
		checkErrors(t, s.CreateKeyWithID(ctx, "t-2", entries), crypt.ErrConfig)
		_, err := s.CreateKey(ctx, entries)
		checkErrors(t, err, crypt.ErrConfig)
	}
	for _, keys := range []KMSConfiguration{KMSDiscovery(), KMSMRDiscovery(storeRegion)} {
		s := b.store(keys)
		_, err1 := s.CreateKey(ctx, nil)
		_, err2 := s.VersionKey(ctx, "t-1")
		_, err3 := s.RotateOlderThan(ctx, "t-1", 0)
		for _, err := range []error{s.CreateKeyWithID(ctx, "t-2", tenantContext), err1, err2, err3} {
			checkErrors(t, err, crypt.ErrConfig)
		}
	}
	if n, m := len(b.kms.Requests()), len(b.engine.Requests()); n+m != 0 {
		t.Errorf("%d calls to KMS and %d to DynamoDB, want none", n, m)
	}
}

func TestBranchKeysPrintNoSecrets(t *testing.T) {
	b := newStoreBench(t)
	b.created("t-1")
	s := b.store(KMSKeyARN(b.arn), WithGrantTokens("grant-secret"))
	k, err := s.ActiveBranchKey(t.Context(), "t-1")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("", "key", k, "value", *k, "store", s)
	texts := []string{log.String()}
	type holder struct {
		k BranchKey
		p *BranchKey
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, v := range []any{k, *k, s, []*BranchKey{k}, holder{*k, k}} {
			texts = append(texts, fmt.Sprintf(verb, v))
		}
	}
	key := k.Bytes()
	forms := []string{"grant-secret", string(key), fmt.Sprintf("%x", key), fmt.Sprintf("%X", key), fmt.Sprint(key), fmt.Sprintf("%#v", key), strings.Trim(fmt.Sprint(key), "[]")}
	for _, text := range texts {
		for _, form := range forms {
			if strings.Contains(text, form) {
				t.Errorf("%q holds a secret", text)
			}
		}
	}
	if got, want := fmt.Sprintf("%+v %v", k, s), fmt.Sprintf(`BranchKey("t-1", version %q, REDACTED) BranchKeyStore("branch-keys")`, k.Version); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

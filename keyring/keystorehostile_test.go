package keyring

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// readType reads the key of a row type.
func readType(ctx context.Context, s *BranchKeyStore, id, typ string) (*BranchKey, error) {
	switch typ {
	case typeActive:
		return s.ActiveBranchKey(ctx, id)
	case typeBeacon:
		return s.BeaconKey(ctx, id)
	}
	return s.BranchKeyVersion(ctx, id, strings.TrimPrefix(typ, typeVersion))
}

// returning returns a store whose table has one row under every key.
func (b *storeBench) returning(row map[string]types.AttributeValue) *BranchKeyStore {
	db := &dbFake{Client: b.db}
	db.get = func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
		return &dynamodb.GetItemOutput{Item: row}, nil
	}
	return b.storeOf(db, b.kms.Client(storeRegion), KMSKeyARN(b.arn))
}

// A row that can't be one is refused before KMS sees it, and is not rotated.
func TestHostileRows(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	b.created("t-1")
	rows := b.rows("t-1")
	b.lastRequests()
	for _, c := range badRows() {
		for typ, row := range rows {
			if c.only != "" && c.only != typ && !(isVersionType(c.only) && isVersionType(typ)) {
				continue
			}
			t.Run(c.name+" of "+typ, func(t *testing.T) {
				s := b.returning(c.apply(row))
				_, err := readType(ctx, s, "t-1", typ)
				errs := []error{err}
				if typ == typeActive {
					_, err1 := s.VersionKey(ctx, "t-1")
					_, err2 := s.RotateOlderThan(ctx, "t-1", 0)
					errs = append(errs, err1, err2)
				}
				for _, err := range errs {
					checkErrors(t, err, c.want)
					if err != nil && !strings.Contains(err.Error(), c.reason) {
						t.Errorf("error %v, want %q in it", err, c.reason)
					}
				}
			})
		}
	}
	if r := b.lastRequests(); len(r) != 0 {
		t.Errorf("KMS was asked %v", r)
	}
	equal(t, "rows afterwards", b.rows("t-1"), rows)
}

// A table that returns another row than was asked for. DB-ESDK spec: materials,
// "Items" of the branch key store: id and type are the requested ones.
func TestRowsOfAnotherKey(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	if err := s.CreateKeyWithID(ctx, "t-2", tenantContext); err != nil {
		t.Fatal(err)
	}
	rows, others := b.rows("t-1"), b.rows("t-2")
	b.lastRequests()
	for asked := range rows {
		for typ, row := range rows {
			if typ == asked {
				continue
			}
			_, err := readType(ctx, b.returning(row), "t-1", asked)
			checkErrors(t, err, crypt.ErrVerify)
		}
		for typ, row := range others {
			_, err := readType(ctx, b.returning(row), "t-1", asked)
			checkErrors(t, err, crypt.ErrVerify)
			if typ == typeActive {
				_, err = b.returning(row).VersionKey(ctx, "t-1")
				checkErrors(t, err, crypt.ErrVerify)
			}
		}
	}
	if r := b.lastRequests(); len(r) != 0 {
		t.Errorf("KMS was asked %v", r)
	}
}

// KMS binds the key to everything that a row says: whatever is changed, the row is
// refused and a rotation doesn't begin. DB-ESDK spec: materials, "Failure
// summary": another encryption context gives InvalidCiphertext.
func TestTamperedRows(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	if _, err := s.VersionKey(ctx, "t-1"); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateKeyWithID(ctx, "t-2", tenantContext); err != nil {
		t.Fatal(err)
	}
	second := b.kms.CreateKey(ddbenctest.KMSKey{Region: storeRegion})
	rows, others := b.rows("t-1"), b.rows("t-2")
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	old := slices.DeleteFunc(versionsOf(rows), func(typ string) bool { return typ == stringValue(rows[typeActive][attrActiveVersion]) })[0]

	type change struct {
		name   string
		change func(row map[string]types.AttributeValue)
	}
	set := func(name string, v types.AttributeValue) change {
		return change{name + " set", func(row map[string]types.AttributeValue) { row[name] = v }}
	}
	changes := []change{
		set(attrCreateTime, text("2026-11-23T23:59:07.000115Z")),
		set(prefixContext+"tenant", text("t-2")),
		set(prefixContext+"more", text("t-2")),
		set("more", text("t-2")),
		{"entry removed", func(row map[string]types.AttributeValue) { delete(row, prefixContext+"tenant") }},
		{"entry without its prefix", func(row map[string]types.AttributeValue) {
			row["tenant"] = row[prefixContext+"tenant"]
			delete(row, prefixContext+"tenant")
		}},
	}
	for typ, row := range rows {
		changes := slices.Clone(changes)
		if typ == typeActive {
			changes = append(changes, set(attrActiveVersion, text(old)), set(attrActiveVersion, text(typeVersion+newUUID())))
		}
		enc := row[attrEnc].(*types.AttributeValueMemberB).Value
		for i := range enc {
			changes = append(changes, change{"ciphertext byte", func(row map[string]types.AttributeValue) {
				row[attrEnc].(*types.AttributeValueMemberB).Value[i] ^= 1
			}})
		}
		changes = append(changes,
			change{"ciphertext cut", func(row map[string]types.AttributeValue) {
				row[attrEnc] = &types.AttributeValueMemberB{Value: enc[:len(enc)-1]}
			}},
			change{"ciphertext continued", func(row map[string]types.AttributeValue) {
				row[attrEnc] = &types.AttributeValueMemberB{Value: append(slices.Clone(enc), 0)}
			}})
		for other, from := range rows {
			if other != typ {
				changes = append(changes, set(attrEnc, from[attrEnc]))
			}
		}
		for _, from := range others {
			changes = append(changes, set(attrEnc, from[attrEnc]))
		}
		for _, c := range changes {
			changed := cloneRow(row)
			c.change(changed)
			t.Run(c.name+" of "+typ, func(t *testing.T) {
				_, err := readType(ctx, b.returning(changed), "t-1", typ)
				checkErrors(t, err, crypt.ErrVerify)
				if typ == typeActive {
					_, err1 := b.returning(changed).VersionKey(ctx, "t-1")
					_, err2 := b.returning(changed).RotateOlderThan(ctx, "t-1", 0)
					checkErrors(t, err1, crypt.ErrVerify)
					checkErrors(t, err2, crypt.ErrVerify)
				}
			})
		}

		// Another KMS key, which the store would take.
		changed := cloneRow(row)
		changed[attrKMSARN] = text(second)
		db := &dbFake{Client: b.db, get: func(context.Context, *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
			return &dynamodb.GetItemOutput{Item: changed}, nil
		}}
		_, err := readType(ctx, b.storeOf(db, b.kms.Client(storeRegion), KMSDiscovery()), "t-1", typ)
		checkErrors(t, err, crypt.ErrNoKey) // IncorrectKeyException

		// Under the key of another row.
		moved := cloneRow(row)
		moved[attrBranchKeyID] = text("t-3")
		b.replace(moved)
		_, err = readType(ctx, s, "t-3", typ)
		checkErrors(t, err, crypt.ErrVerify)
	}
	equal(t, "rows afterwards", b.rows("t-1"), rows)
}

// The logical name is bound, the name of the table isn't: a store of another name
// over the same table can't use the branch keys.
func TestLogicalNameIsBound(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	b.created("t-1")
	rows := b.rows("t-1")
	other, err := NewBranchKeyStore(b.db, b.kms.Client(storeRegion), storeTable, storeTable, KMSKeyARN(b.arn))
	if err != nil {
		t.Fatal(err)
	}
	for typ := range rows {
		_, err := readType(ctx, other, "t-1", typ)
		checkErrors(t, err, crypt.ErrVerify)
	}
	_, err = other.VersionKey(ctx, "t-1")
	checkErrors(t, err, crypt.ErrVerify)
	equal(t, "rows afterwards", b.rows("t-1"), rows)

	// The same rows in a table that was restored under another name.
	const restored = "branch-keys-restored"
	if _, err := CreateBranchKeyTable(ctx, b.db, restored); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if _, err := b.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(restored), Item: row}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := NewBranchKeyStore(b.db, b.kms.Client(storeRegion), restored, storeName, KMSKeyARN(b.arn))
	if err != nil {
		t.Fatal(err)
	}
	for typ := range rows {
		if _, err := readType(ctx, s, "t-1", typ); err != nil {
			t.Errorf("%s of the restored table: %v", typ, err)
		}
	}
}

// Reads are consistent, and ask for one row.
func TestBranchKeyReads(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	b.created("t-1")
	var got []*dynamodb.GetItemInput
	db := &dbFake{Client: b.db}
	db.get = func(ctx context.Context, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
		got = append(got, in)
		return b.db.GetItem(ctx, in)
	}
	s := b.storeOf(db, b.kms.Client(storeRegion), KMSKeyARN(b.arn))
	var want []*dynamodb.GetItemInput
	for _, typ := range slices.Sorted(maps.Keys(b.rows("t-1"))) {
		if _, err := readType(ctx, s, "t-1", typ); err != nil {
			t.Fatal(err)
		}
		want = append(want, &dynamodb.GetItemInput{
			TableName: aws.String(storeTable), ConsistentRead: aws.Bool(true),
			Key: map[string]types.AttributeValue{
				"branch-key-id": &types.AttributeValueMemberS{Value: "t-1"},
				"type":          &types.AttributeValueMemberS{Value: typ},
			},
		})
	}
	equal(t, "reads", got, want)
}

// No error says what a key is.
func TestBranchKeyErrorsHoldNoSecrets(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	k, err := s.ActiveBranchKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	row := b.rows("t-1")[typeActive]
	enc := row[attrEnc].(*types.AttributeValueMemberB).Value
	for _, c := range badRows() {
		_, err := b.returning(c.apply(row)).ActiveBranchKey(ctx, "t-1")
		if err == nil {
			continue
		}
		for _, secret := range []string{string(k.Bytes()), string(enc), "moved"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: error %q holds a value", c.name, err)
			}
		}
	}
}

// Whoever can write to the table can make an older version active again, since KMS
// knows no order of its rows. The newer one stays readable, and the age that a job
// rotates by is the older one's.
func TestActiveRowOfAnEarlierTime(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.created("t-1")
	first := b.rows("t-1")[typeActive]
	now := s.now().Add(time.Hour)
	s.now = func() time.Time { return now }
	newer, err := s.VersionKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	b.replace(first)
	active, err := s.ActiveBranchKey(ctx, "t-1")
	if err != nil || typeVersion+active.Version != stringValue(first[attrActiveVersion]) {
		t.Errorf("active: %v, %v, want the first version", active, err)
	}
	if _, err := s.BranchKeyVersion(ctx, "t-1", newer); err != nil {
		t.Errorf("the newer version: %v", err)
	}
	if rotated, err := s.RotateOlderThan(ctx, "t-1", time.Minute); !rotated || err != nil {
		t.Errorf("RotateOlderThan = %v, %v, want true", rotated, err)
	}
	b.checkIntact(s, "t-1", 3)
}

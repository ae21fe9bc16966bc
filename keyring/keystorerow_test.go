package keyring

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

const (
	testUUID  = "4a0c7b92-3703-4209-8961-24b07ab6562b"
	otherUUID = "e9ce18a3-edb5-4272-9f86-1cacb7997ff6"
)

// testRow returns a row as the clients write it, of one of the three types.
func testRow(typ string) map[string]types.AttributeValue {
	s := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	row := map[string]types.AttributeValue{
		attrBranchKeyID:          s("t-1"),
		attrType:                 s(typ),
		attrCreateTime:           s("2026-11-23T23:59:07.000114Z"),
		attrHierarchyVersion:     &types.AttributeValueMemberN{Value: "1"},
		attrKMSARN:               s(testARN),
		attrEnc:                  &types.AttributeValueMemberB{Value: []byte("ciphertext")},
		prefixContext + "tenant": s("t-1"),
	}
	if typ == typeActive {
		row[attrActiveVersion] = s(typeVersion + testUUID)
	}
	return row
}

var rowTypes = []string{typeVersion + testUUID, typeActive, typeBeacon}

func TestParseKeyRow(t *testing.T) {
	for _, typ := range rowTypes {
		row, err := parseKeyRow(testRow(typ))
		if err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
		want := map[string]string{
			"branch-key-id": "t-1", "type": typ, "create-time": "2026-11-23T23:59:07.000114Z",
			"hierarchy-version": "1", "kms-arn": testARN, "tablename": storeName, "aws-crypto-ec:tenant": "t-1",
		}
		version := testUUID
		switch typ {
		case typeActive:
			want["version"] = typeVersion + testUUID
		case typeBeacon:
			version = ""
		}
		equal(t, "encryption context for KMS", row.kmsContext(storeName), want)
		equal(t, "caller's encryption context", row.callersContext(), map[string]string{"tenant": "t-1"})
		equal(t, "version", row.version(), version)
		equal(t, "row written again", row.item(), testRow(typ))
	}
}

// An attribute that is not the clients' is bound, and not the caller's.
func TestParseKeyRowWithMore(t *testing.T) {
	item := testRow(typeActive)
	item["note"] = &types.AttributeValueMemberS{Value: "moved"}
	row, err := parseKeyRow(item)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "note", row.kmsContext(storeName)["note"], "moved")
	equal(t, "caller's encryption context", row.callersContext(), map[string]string{"tenant": "t-1"})
}

// A badRow is a way in which a row can't be one. DB-ESDK spec: materials, "Items"
// of the branch key store, and the sections after it.
type badRow struct {
	name   string
	attr   string
	value  types.AttributeValue // nil removes attr
	only   string               // row type, or "" for all
	want   error
	reason string // part of the error
}

func badRows() []badRow {
	s := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	n := func(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
	b := func(n int) types.AttributeValue { return &types.AttributeValueMemberB{Value: make([]byte, n)} }
	malformed := crypt.ErrMalformed
	rows := []badRow{
		{"create-time missing", attrCreateTime, nil, "", malformed, `"create-time" is missing`},
		{"create-time a number", attrCreateTime, n("7"), "", malformed, `"create-time" has a type`},
		{"create-time empty", attrCreateTime, s(""), "", malformed, `"create-time" is missing or empty`},
		{"hierarchy-version missing", attrHierarchyVersion, nil, "", malformed, `"hierarchy-version" is missing`},
		{"hierarchy-version a string", attrHierarchyVersion, s("1"), "", malformed, `"hierarchy-version" has a type`},
		{"hierarchy-version 2", attrHierarchyVersion, n("2"), "", crypt.ErrUnsupported, "hierarchy version of the branch key is not 1"},
		{"hierarchy-version 0", attrHierarchyVersion, n("0"), "", crypt.ErrUnsupported, "hierarchy version"},
		{"hierarchy-version 11", attrHierarchyVersion, n("11"), "", crypt.ErrUnsupported, "hierarchy version"},
		{"kms-arn missing", attrKMSARN, nil, "", malformed, `"kms-arn" is missing`},
		{"kms-arn bytes", attrKMSARN, b(5), "", malformed, `"kms-arn" has a type`},
		{"kms-arn empty", attrKMSARN, s(""), "", malformed, `"kms-arn" is missing or empty`},
		{"kms-arn a key id", attrKMSARN, s("1234abcd-12ab-34cd-56ef-1234567890ab"), "", malformed, "not the ARN"},
		{"kms-arn an alias", attrKMSARN, s("alias/records"), "", malformed, "not the ARN"},
		{"kms-arn an alias ARN", attrKMSARN, s(testAlias), "", malformed, "not the ARN"},
		{"kms-arn with five parts", attrKMSARN, s("arn:aws:kms:eu-west-1:111122223333"), "", malformed, "not the ARN"},
		{"kms-arn with a line end", attrKMSARN, s("arn:aws:kms:eu-west-1:111122223333:key/a\nlevel=ERROR"), "", malformed, "not the ARN"},
		{"kms-arn of another service", attrKMSARN, s("arn:aws:s3:eu-west-1:111122223333:key/a"), "", malformed, "not the ARN"},
		{"enc missing", attrEnc, nil, "", malformed, `"enc" is 0 bytes`},
		{"enc a string", attrEnc, s("ciphertext"), "", malformed, `"enc" has a type`},
		{"enc empty", attrEnc, b(0), "", malformed, `"enc" is 0 bytes`},
		{"enc too long", attrEnc, b(6145), "", malformed, `"enc" is 6145 bytes, want 1 to 6144`},
		{"tablename", "tablename", s(storeName), "", malformed, `"tablename" has a type or name`},
		{"more bytes", "more", b(1), "", malformed, `"more" has a type`},
		{"more numbers", "more", n("1"), "", malformed, `"more" has a type`},
		{"a null", "more", &types.AttributeValueMemberNULL{Value: true}, "", malformed, `"more" has a type`},
		{"a list", "more", &types.AttributeValueMemberL{}, "", malformed, `"more" has a type`},
		{"a map", "more", &types.AttributeValueMemberM{}, "", malformed, `"more" has a type`},
		{"a set", "more", &types.AttributeValueMemberSS{Value: []string{"a"}}, "", malformed, `"more" has a type`},
		{"a context number", prefixContext + "tenant", n("1"), "", malformed, `"aws-crypto-ec:tenant" has a type`},
		{"version of a version", attrActiveVersion, s(typeVersion + testUUID), typeVersion + testUUID, malformed, `"version" belongs to the active version only`},
		{"version of a beacon key", attrActiveVersion, s(typeVersion + testUUID), typeBeacon, malformed, `"version" belongs to the active version only`},
		{"empty version of a beacon key", attrActiveVersion, s(""), typeBeacon, malformed, `"version" belongs to the active version only`},
		{"version missing", attrActiveVersion, nil, typeActive, malformed, `"version" is not a version`},
		{"version a number", attrActiveVersion, n("1"), typeActive, malformed, `"version" has a type`},
	}
	for _, text := range []string{"", testUUID, typeVersion, "branch:version:x", typeActive, typeBeacon, strings.ToUpper(typeVersion) + testUUID, typeVersion + strings.ToUpper(testUUID), typeVersion + testUUID + "0"} {
		rows = append(rows, badRow{fmt.Sprintf("version %q", text), attrActiveVersion, s(text), typeActive, malformed, `"version" is not a version`})
	}
	return rows
}

func (r badRow) apply(row map[string]types.AttributeValue) map[string]types.AttributeValue {
	row = maps.Clone(row)
	if row[r.attr] = r.value; r.value == nil {
		delete(row, r.attr)
	}
	return row
}

func TestParseKeyRowErrors(t *testing.T) {
	s := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	cases := append(badRows(),
		badRow{"id missing", attrBranchKeyID, nil, "", crypt.ErrMalformed, `"branch-key-id" is missing`},
		badRow{"id empty", attrBranchKeyID, s(""), "", crypt.ErrMalformed, `"branch-key-id" is missing or empty`},
		badRow{"id a number", attrBranchKeyID, &types.AttributeValueMemberN{Value: "1"}, "", crypt.ErrMalformed, `"branch-key-id" has a type`},
		badRow{"type missing", attrType, nil, "", crypt.ErrMalformed, `"type" is missing`},
		badRow{"type empty", attrType, s(""), "", crypt.ErrMalformed, `"type" is missing or empty`},
		badRow{"type a number", attrType, &types.AttributeValueMemberN{Value: "1"}, "", crypt.ErrMalformed, `"type" has a type`},
	)
	for _, text := range []string{"branch:version:", "branch:version:x", "branch:active", "beacon:active", "beacon:version:" + testUUID, typeVersion + testUUID + "0"} {
		for _, only := range []string{typeVersion + testUUID, typeBeacon} {
			cases = append(cases, badRow{fmt.Sprintf("type %q", text), attrType, s(text), only, crypt.ErrMalformed, `"type" is unknown`})
		}
	}
	for _, c := range cases {
		for _, typ := range rowTypes {
			if c.only != "" && c.only != typ {
				continue
			}
			t.Run(c.name+" of "+typ, func(t *testing.T) {
				row, err := parseKeyRow(c.apply(testRow(typ)))
				if row != nil {
					t.Error("a row and an error")
				}
				checkErrors(t, err, c.want)
				if err != nil && !strings.Contains(err.Error(), c.reason) {
					t.Errorf("error %v, want %q in it", err, c.reason)
				}
			})
		}
	}
}

func TestUUID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		u := newUUID()
		if !isUUID(u) || u[14] != '4' || !strings.Contains("89ab", u[19:20]) || seen[u] {
			t.Fatalf("newUUID() = %q", u)
		}
		seen[u] = true
	}
	for i := range testUUID {
		for _, c := range "gG-/:`@ 0" {
			u := testUUID[:i] + string(c) + testUUID[i+1:]
			want := u == testUUID || c == '0' && testUUID[i] != '-'
			if isUUID(u) != want {
				t.Errorf("isUUID(%q) = %v", u, !want)
			}
		}
	}
}

func TestTimestamp(t *testing.T) {
	for text, at := range map[string]time.Time{
		"2026-11-23T23:59:07.000114Z": time.Date(2026, 11, 24, 0, 59, 7, 114_999, time.FixedZone("", 3600)),
		"2024-06-01T10:00:00.000000Z": time.Date(2024, 6, 1, 10, 0, 0, 0, time.UTC),
	} {
		s := &BranchKeyStore{now: func() time.Time { return at }}
		equal(t, "timestamp", s.timestamp(), text)
	}
}

// Whatever a table returns, a row that is taken says what it said.
func FuzzKeyRow(f *testing.F) {
	for _, typ := range rowTypes {
		for _, item := range []map[string]types.AttributeValue{testRow(typ), badRows()[5].apply(testRow(typ))} {
			text, err := codec.MarshalItem(item)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		item, err := codec.UnmarshalItem(in)
		if err != nil {
			return
		}
		row, err := parseKeyRow(item)
		if err != nil {
			if !errors.Is(err, crypt.ErrMalformed) && !errors.Is(err, crypt.ErrUnsupported) {
				t.Errorf("error %v", err)
			}
			return
		}
		if again := row.item(); !reflect.DeepEqual(again, item) {
			t.Errorf("read %v, written again %v", item, again)
		}
		bound := row.kmsContext(storeName)
		if len(bound) != len(item) || bound[contextStore] != storeName {
			t.Errorf("%d of %d attributes are bound", len(bound)-1, len(item)-1)
		}
		if (row.version() == "") != (row.typ() == typeBeacon) || row.id() == "" || row.kmsARN() == (kmsARN{}) || row.kmsARN().alias() {
			t.Errorf("%v of key %v has version %q", row, row.kmsARN(), row.version())
		}
		for name := range row.callersContext() {
			if _, ok := item[prefixContext+name]; !ok {
				t.Errorf("entry %q is of nobody", name)
			}
		}
	})
}

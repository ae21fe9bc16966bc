package keyring

import (
	"crypto/rand"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// The attributes of one row of a key store:
//
//	branch-key-id         S   id                                    partition key
//	type                  S   branch:version:<uuid>,                sort key
//	                          branch:ACTIVE or beacon:ACTIVE
//	version               S   branch:version:<uuid>                 only of branch:ACTIVE
//	create-time           S   2026-11-23T23:59:07.000114Z           UTC, microseconds
//	hierarchy-version     N   1
//	kms-arn               S   ARN of the KMS key
//	enc                   B   the key as KMS encrypted it, 1 to 6144 bytes
//	aws-crypto-ec:<name>  S   caller's encryption context
//
// DB-ESDK spec: materials, "Items" of the branch key store.
const (
	attrBranchKeyID      = "branch-key-id"
	attrType             = "type"
	attrActiveVersion    = "version"
	attrCreateTime       = "create-time"
	attrHierarchyVersion = "hierarchy-version"
	attrKMSARN           = "kms-arn"
	attrEnc              = "enc"
	prefixContext        = "aws-crypto-ec:"

	typeActive  = "branch:ACTIVE"
	typeBeacon  = "beacon:ACTIVE"
	typeVersion = "branch:version:" // followed by a UUID

	hierarchyVersion1 = "1"

	// contextStore is the entry of the KMS encryption context with the logical
	// name of the store. No attribute may have its name.
	contextStore = "tablename"

	// createTimeLayout is for package time.
	createTimeLayout = "2006-01-02T15:04:05.000000Z"

	maxBranchKeyID = 2048 // bytes, DynamoDB's limit of a partition key
)

// A keyRow is one row of a key store.
type keyRow struct {
	attrs map[string]string // all but enc; the number as its text
	enc   []byte
}

// parseKeyRow reads a row. What it says is not verified before KMS decrypts it;
// that id and type are the ones asked for is to be checked by the caller. The
// error wraps [crypt.ErrMalformed], or [crypt.ErrUnsupported] if the row is of
// another hierarchy version.
func parseKeyRow(item map[string]types.AttributeValue) (*keyRow, error) {
	// Version 2 has another encryption context and another plaintext, and nobody
	// writes it yet.
	if v, ok := item[attrHierarchyVersion].(*types.AttributeValueMemberN); ok && v.Value != hierarchyVersion1 {
		return nil, fmt.Errorf("%w: hierarchy version of the branch key is not 1", crypt.ErrUnsupported)
	}
	row := &keyRow{attrs: make(map[string]string, len(item))}
	for name, value := range item {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			if name != attrEnc && name != attrHierarchyVersion && name != contextStore {
				row.attrs[name] = v.Value
				continue
			}
		case *types.AttributeValueMemberN:
			if name == attrHierarchyVersion {
				row.attrs[name] = v.Value
				continue
			}
		case *types.AttributeValueMemberB:
			if name == attrEnc {
				row.enc = v.Value
				continue
			}
		}
		return nil, malformedRow("attribute %q has a type or name that a key store doesn't have", name)
	}
	for _, name := range []string{attrBranchKeyID, attrType, attrCreateTime, attrHierarchyVersion, attrKMSARN} {
		if row.attrs[name] == "" {
			return nil, malformedRow("attribute %q is missing or empty", name)
		}
	}
	if n := len(row.enc); n < 1 || n > maxBlob {
		return nil, malformedRow("attribute %q is %d bytes, want 1 to %d", attrEnc, n, maxBlob)
	}
	if arn, ok := parseKMSARN(row.attrs[attrKMSARN]); !ok || arn.alias() {
		return nil, malformedRow("attribute %q is not the ARN of a KMS key", attrKMSARN)
	}
	if err := row.checkVersion(); err != nil {
		return nil, err
	}
	return row, nil
}

// checkVersion checks that exactly the active row points to a version.
func (r *keyRow) checkVersion() error {
	version, has := r.attrs[attrActiveVersion]
	switch typ := r.typ(); {
	case typ == typeActive:
		if !isVersionType(version) {
			return malformedRow("attribute %q is not a version", attrActiveVersion)
		}
		return nil
	case typ != typeBeacon && !isVersionType(typ):
		return malformedRow("attribute %q is unknown", attrType)
	case has:
		return malformedRow("attribute %q belongs to the active version only", attrActiveVersion)
	}
	return nil
}

func malformedRow(format string, args ...any) error {
	return fmt.Errorf("%w: row of a key store: "+format, append([]any{crypt.ErrMalformed}, args...)...)
}

func (r *keyRow) id() string  { return r.attrs[attrBranchKeyID] }
func (r *keyRow) typ() string { return r.attrs[attrType] }

// version returns the UUID of the version, or "" for a beacon key.
func (r *keyRow) version() string {
	for _, name := range []string{attrActiveVersion, attrType} {
		if version, ok := strings.CutPrefix(r.attrs[name], typeVersion); ok {
			return version
		}
	}
	return ""
}

// as returns what r says with another type, and without a key.
func (r *keyRow) as(typ string) *keyRow {
	attrs := maps.Clone(r.attrs)
	delete(attrs, attrActiveVersion)
	attrs[attrType] = typ
	return &keyRow{attrs: attrs}
}

// item returns r as it is stored.
func (r *keyRow) item() map[string]types.AttributeValue {
	item := map[string]types.AttributeValue{attrEnc: &types.AttributeValueMemberB{Value: r.enc}}
	for name, value := range r.attrs {
		item[name] = &types.AttributeValueMemberS{Value: value}
	}
	item[attrHierarchyVersion] = &types.AttributeValueMemberN{Value: r.attrs[attrHierarchyVersion]}
	return item
}

func (r *keyRow) kmsARN() kmsARN {
	arn, _ := parseKMSARN(r.attrs[attrKMSARN])
	return arn
}

// kmsContext returns what KMS binds the key to: every attribute but enc, and the
// logical name of the store. Entries of the caller keep their prefix.
func (r *keyRow) kmsContext(store string) map[string]string {
	c := make(map[string]string, len(r.attrs)+1)
	maps.Copy(c, r.attrs)
	c[contextStore] = store
	return c
}

// callersContext returns the entries of the caller without their prefix.
func (r *keyRow) callersContext() map[string]string {
	var c map[string]string
	for name, value := range r.attrs {
		if name, ok := strings.CutPrefix(name, prefixContext); ok {
			if c == nil {
				c = map[string]string{}
			}
			c[name] = value
		}
	}
	return c
}

func (r *keyRow) String() string { return describeRow(r.id(), r.typ()) }

func describeRow(id, typ string) string {
	switch typ {
	case typeActive:
		return fmt.Sprintf("branch key %q", id)
	case typeBeacon:
		return fmt.Sprintf("beacon key of branch key %q", id)
	}
	return fmt.Sprintf("version %q of branch key %q", strings.TrimPrefix(typ, typeVersion), id)
}

func checkBranchKeyID(id string) error {
	if id == "" || len(id) > maxBranchKeyID || !utf8.ValidString(id) {
		return fmt.Errorf("%w: a branch key id of %d bytes, want 1 to %d of UTF-8", crypt.ErrConfig, len(id), maxBranchKeyID)
	}
	return nil
}

func checkBranchKeyVersion(id, version string) error {
	if !isUUID(version) {
		return fmt.Errorf("%w: version of branch key %q is not a UUID in lower case", crypt.ErrConfig, id)
	}
	return nil
}

// isVersionType reports whether s is the type of a version's row.
func isVersionType(s string) bool {
	uuid, ok := strings.CutPrefix(s, typeVersion)
	return ok && isUUID(uuid)
}

// isUUID reports whether s is a UUID in lower case.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}

// newUUID returns a random UUID (version 4 of RFC 9562) in lower case.
func newUUID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return branchVersionID(u).String()
}

package keyring

import (
	"fmt"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
)

// A kmsKey is one name of a KMS key:
//
//	arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
//	arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab
//	arn:aws:kms:eu-west-1:111122223333:alias/records
//	1234abcd-12ab-34cd-56ef-1234567890ab
//	alias/records
type kmsKey struct {
	id       string // as given
	region   string // empty if id is no ARN
	owner    string // partition and account, empty if id is no ARN
	resource string // "key/..." or "alias/..."
}

func parseKMSKey(id string) (kmsKey, error) {
	k := kmsKey{id: id, resource: id}
	if strings.HasPrefix(id, "arn:") {
		part := strings.SplitN(id, ":", 6)
		if len(part) != 6 || part[1] == "" || part[2] != "kms" || part[3] == "" || part[4] == "" {
			return kmsKey{}, fmt.Errorf("%w: %q is not the ARN of a KMS key", crypt.ErrConfig, id)
		}
		k.region, k.owner, k.resource = part[3], part[1]+":"+part[4], part[5]
		if !strings.HasPrefix(k.resource, "key/") && !k.alias() {
			return kmsKey{}, fmt.Errorf("%w: %q is the ARN of something else than a KMS key or alias", crypt.ErrConfig, id)
		}
		return k, nil
	}
	if id == "" || strings.ContainsAny(id, ": ") {
		return kmsKey{}, fmt.Errorf("%w: %q is not the id of a KMS key", crypt.ErrConfig, id)
	}
	if !k.alias() {
		k.resource = "key/" + id
	}
	return k, nil
}

// alias reports whether k is an alias, which can mean another key tomorrow.
func (k kmsKey) alias() bool { return strings.HasPrefix(k.resource, "alias/") }

// is reports whether arn, from a response of KMS, can be the ARN of k. Of a
// multi-Region key every replica is: they share the part after the region. Of an
// alias nothing is known here; KMS itself compares the key that it stands for,
// because the request names it. Spec: Security considerations, "Cross-key
// confusion with KMS".
func (k kmsKey) is(arn string) bool {
	if k.alias() {
		return true
	}
	got, err := parseKMSKey(arn)
	if err != nil || got.resource != k.resource || k.owner != "" && got.owner != k.owner {
		return false
	}
	return k.region == "" || k.region == got.region || strings.HasPrefix(k.resource, "key/mrk-")
}

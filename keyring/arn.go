package keyring

import "strings"

// A kmsARN is the ARN of a KMS key or of an alias:
//
//	arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
//	arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab
//	arn:aws:kms:eu-west-1:111122223333:alias/records
//
// DB-ESDK spec: materials, "AWS KMS ARNs and key ids".
type kmsARN struct {
	partition, region, account string
	resource                   string // "key/..." or "alias/..."
}

// parseKMSARN reads six parts, none of them empty. They are visible ASCII: an item or
// row could put lines into a log otherwise, since errors name the key.
func parseKMSARN(s string) (a kmsARN, ok bool) {
	part := strings.Split(s, ":")
	invisible := func(r rune) bool { return r <= ' ' || r > '~' }
	if strings.ContainsFunc(s, invisible) || len(part) != 6 || part[0] != "arn" || part[2] != "kms" {
		return kmsARN{}, false
	}
	a = kmsARN{partition: part[1], region: part[3], account: part[4], resource: part[5]}
	kind, name, _ := strings.Cut(a.resource, "/")
	if a.partition == "" || a.region == "" || a.account == "" || name == "" || kind != "key" && kind != "alias" {
		return kmsARN{}, false
	}
	return a, true
}

func (a kmsARN) String() string {
	return strings.Join([]string{"arn", a.partition, "kms", a.region, a.account, a.resource}, ":")
}

// alias reports whether a is an alias, which can mean another key tomorrow.
func (a kmsARN) alias() bool { return strings.HasPrefix(a.resource, "alias/") }

// multiRegion reports whether a is one of the replicas of a multi-Region key.
func (a kmsARN) multiRegion() bool { return strings.HasPrefix(a.resource, "key/mrk-") }

// in returns the replica of a multi-Region key in another region.
func (a kmsARN) in(region string) kmsARN {
	a.region = region
	return a
}

// sameKey reports whether two identifiers are equal, or the ARNs of replicas of
// one multi-Region key: "MRK match" in the spec.
func sameKey(x, y string) bool {
	if x == y {
		return true
	}
	a, ok := parseKMSARN(x)
	b, ok2 := parseKMSARN(y)
	return ok && ok2 && a.multiRegion() && a == b.in(a.region)
}

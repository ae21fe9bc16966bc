package keyring

import (
	"fmt"

	"github.com/ddbenc/ddbenc/crypt"
)

// A KMSConfiguration says which KMS keys a [BranchKeyStore] uses. Make one with
// [KMSKeyARN], [KMSMRKeyARN], [KMSDiscovery] or [KMSMRDiscovery], which have their
// names from the other clients. The zero value is invalid. DB-ESDK spec:
// materials, "Configuration" of the branch key store.
type KMSConfiguration struct {
	kind   kmsKind
	arn    string
	region string
}

type kmsKind uint8

const (
	_ kmsKind = iota
	oneKey
	oneMRKey
	anyKey
	anyMRKey
)

// KMSKeyARN creates, rotates and reads branch keys under this KMS key and no
// other. It has to be an ARN, and not that of an alias, which can mean another
// key tomorrow.
func KMSKeyARN(arn string) KMSConfiguration { return KMSConfiguration{kind: oneKey, arn: arn} }

// KMSMRKeyARN is [KMSKeyARN] that also reads and rotates branch keys that were
// created under other replicas of the key if it is a multi-Region key. Of the
// replicas it calls only this one: name the one that is near.
func KMSMRKeyARN(arn string) KMSConfiguration { return KMSConfiguration{kind: oneMRKey, arn: arn} }

// KMSDiscovery reads branch keys of any KMS key that the program may use, and
// creates and rotates none. Whoever can write to the table and has such a key can
// then make branch keys: prefer a configuration with a key where there is one.
func KMSDiscovery() KMSConfiguration { return KMSConfiguration{kind: anyKey} }

// KMSMRDiscovery is [KMSDiscovery] within one region: of multi-Region keys it
// calls the replica there, and branch keys of other keys of other regions aren't
// read.
func KMSMRDiscovery(region string) KMSConfiguration {
	return KMSConfiguration{kind: anyMRKey, region: region}
}

func (c KMSConfiguration) check() error {
	switch c.kind {
	case oneKey, oneMRKey:
		_, err := parseKeyARN(c.arn)
		return err
	case anyKey:
	case anyMRKey:
		if c.region == "" {
			return fmt.Errorf("%w: region of KMSMRDiscovery is empty", crypt.ErrConfig)
		}
	default:
		return fmt.Errorf("%w: a key store needs one of KMSKeyARN, KMSMRKeyARN, KMSDiscovery and KMSMRDiscovery", crypt.ErrConfig)
	}
	return nil
}

// keyOf returns the key to call KMS with for a row. The error wraps
// [crypt.ErrNoKey] if it is none of c's.
func (c KMSConfiguration) keyOf(row *keyRow) (kmsARN, error) {
	arn := row.kmsARN()
	own, _ := parseKMSARN(c.arn)
	switch {
	case c.kind == oneKey && arn == own, c.kind == anyKey:
		return arn, nil
	case c.kind == oneMRKey && sameKey(arn.String(), c.arn):
		return own, nil
	case c.kind == anyMRKey && (arn.multiRegion() || arn.region == c.region):
		return arn.in(c.region), nil
	}
	return kmsARN{}, fmt.Errorf("%w: its KMS key is %q, which the key store is not configured for", crypt.ErrNoKey, arn)
}

// own returns the key that branch keys are made with.
func (c KMSConfiguration) own() (kmsARN, error) {
	if c.kind != oneKey && c.kind != oneMRKey {
		return kmsARN{}, fmt.Errorf("%w: a key store without a KMS key of its own creates and rotates no branch keys", crypt.ErrConfig)
	}
	own, _ := parseKMSARN(c.arn)
	return own, nil
}

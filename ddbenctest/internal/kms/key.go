package kms

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// A key is one KMS key in one Region. Everything in it is guarded by the
// engine's mu.
type key struct {
	id, arn, region, account string
	family                   *family

	enabled        bool
	deletion       time.Time // zero unless a deletion date is set
	awaitsReplicas bool      // a primary scheduled for deletion that still has replicas
	windowDays     int       // of the scheduled deletion

	created     time.Time
	description string
	policy      string
	tags        []tag
	grants      []*grant // in order of creation
}

// A family is what the related keys of a multi-Region key share; a single-Region
// key is a family of one. Spec, usage, id and secret never change.
type family struct {
	id          string
	spec        *spec
	usage       string
	multiRegion bool
	secret      secret

	materials []*material // of a symmetric key, oldest first; only appended to
	rotation  rotation
	primary   string          // Region of the primary key
	members   map[string]*key // by Region
}

// state is the key's state as the API shows it.
func (k *key) state() string {
	switch {
	case k.awaitsReplicas:
		return "PendingReplicaDeletion"
	case !k.deletion.IsZero():
		return "PendingDeletion"
	case k.enabled:
		return "Enabled"
	}
	return "Disabled"
}

// pendingDeletion reports whether the key is scheduled for deletion.
func (k *key) pendingDeletion() bool { return k.awaitsReplicas || !k.deletion.IsZero() }

// notPending is the error for what a key that is to be deleted refuses.
func (k *key) notPending() error {
	if k.awaitsReplicas {
		return fail(codeInvalidState, "%s is pending replica deletion.", k.arn)
	}
	if k.pendingDeletion() {
		return fail(codeInvalidState, "%s is pending deletion.", k.arn)
	}
	return nil
}

// ready is the error for what only an enabled key does.
func (k *key) ready() error {
	if err := k.notPending(); err != nil {
		return err
	}
	if !k.enabled {
		return fail(codeDisabled, "%s is disabled.", k.arn)
	}
	return nil
}

// primary reports whether the key is the primary of a multi-Region key.
func (k *key) primary() bool { return k.family.multiRegion && k.family.primary == k.region }

// current is the newest version of a symmetric key's material.
func (f *family) current() *material { return f.materials[len(f.materials)-1] }

// A grip is what a cryptographic operation needs of a key: taken under the lock,
// immutable, used without it.
type grip struct {
	id, arn   string
	spec      *spec
	usage     string
	secret    secret
	materials []*material // oldest first
}

// current is the material that encrypts.
func (g *grip) current() *material { return g.materials[len(g.materials)-1] }

// material finds a version of the key's material by its id.
func (g *grip) material(id []byte) *material {
	for _, m := range g.materials {
		if string(m.id[:]) == string(id) {
			return m
		}
	}
	return nil
}

// grip takes hold of an enabled key of the right usage for an operation. The
// order of the checks is state, then usage. The caller holds the engine's mu.
func (k *key) grip(operation, usage string) (*grip, error) {
	if err := k.ready(); err != nil {
		return nil, err
	}
	f := k.family
	if f.usage != usage {
		return nil, fail(codeInvalidKeyUsage, "%s key usage is %s which is not valid for %s.", k.arn, f.usage, operation)
	}
	return &grip{id: k.id, arn: k.arn, spec: f.spec, usage: f.usage, secret: f.secret, materials: slices.Clip(f.materials)}, nil
}

// allows is the error for an algorithm that the key's spec does not have.
func (g *grip) allows(alg string) error {
	if !slices.Contains(g.spec.algs[g.usage], alg) {
		return fail(codeInvalidKeyUsage, "Algorithm %s is incompatible with key spec %s.", alg, g.spec.name)
	}
	return nil
}

// grip finds a key and takes hold of it, see [key.grip].
func (e *Engine) grip(c *call, id, usage string) (*grip, error) {
	defer e.lock()()
	k, err := e.find(c.region, id)
	if err != nil {
		return nil, err
	}
	return k.grip(c.operation, usage)
}

// An epoch is a time as the JSON 1.1 protocol writes it: seconds since 1970 with
// milliseconds as fraction.
type epoch time.Time

func (t epoch) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Time(t).UnixMilli()) / 1000)
}

// epochOf is nil for the zero time, so that the member is left out.
func epochOf(t time.Time) *epoch {
	if t.IsZero() {
		return nil
	}
	e := epoch(t)
	return &e
}

// keyMetadata is KeyMetadata of the API.
type keyMetadata struct {
	AWSAccountId                string
	KeyId                       string
	Arn                         string
	CreationDate                *epoch
	Enabled                     bool
	Description                 string
	KeyUsage                    string
	KeyState                    string
	DeletionDate                *epoch `json:",omitempty"`
	Origin                      string
	KeyManager                  string
	CustomerMasterKeySpec       string
	KeySpec                     string
	EncryptionAlgorithms        []string `json:",omitempty"`
	SigningAlgorithms           []string `json:",omitempty"`
	KeyAgreementAlgorithms      []string `json:",omitempty"`
	MacAlgorithms               []string `json:",omitempty"`
	MultiRegion                 bool
	MultiRegionConfiguration    *multiRegionConfiguration `json:",omitempty"`
	PendingDeletionWindowInDays int                       `json:",omitempty"`
	CurrentKeyMaterialId        string                    `json:",omitempty"`
}

type multiRegionConfiguration struct {
	MultiRegionKeyType string
	PrimaryKey         multiRegionKey
	ReplicaKeys        []multiRegionKey
}

type multiRegionKey struct {
	Arn    string
	Region string
}

// metadata describes the key; the caller holds the engine's mu.
func (k *key) metadata() keyMetadata {
	f := k.family
	m := keyMetadata{
		AWSAccountId:          k.account,
		KeyId:                 k.id,
		Arn:                   k.arn,
		CreationDate:          epochOf(k.created),
		Enabled:               k.state() == "Enabled",
		Description:           k.description,
		KeyUsage:              f.usage,
		KeyState:              k.state(),
		DeletionDate:          epochOf(k.deletion),
		Origin:                "AWS_KMS",
		KeyManager:            "CUSTOMER",
		CustomerMasterKeySpec: f.spec.name,
		KeySpec:               f.spec.name,
		MultiRegion:           f.multiRegion,
	}
	algs := f.spec.algs[f.usage]
	switch f.usage {
	case usageEncrypt:
		m.EncryptionAlgorithms = algs
	case usageSign:
		m.SigningAlgorithms = algs
	case usageAgree:
		m.KeyAgreementAlgorithms = algs
	case usageMAC:
		m.MacAlgorithms = algs
	}
	if len(f.materials) > 0 {
		m.CurrentKeyMaterialId = f.current().name()
	}
	if k.awaitsReplicas {
		m.PendingDeletionWindowInDays = k.windowDays
	}
	if f.multiRegion {
		c := &multiRegionConfiguration{MultiRegionKeyType: "REPLICA", ReplicaKeys: []multiRegionKey{}}
		if k.primary() {
			c.MultiRegionKeyType = "PRIMARY"
		}
		for region, member := range f.members {
			r := multiRegionKey{member.arn, region}
			if member.primary() {
				c.PrimaryKey = r
			} else {
				c.ReplicaKeys = append(c.ReplicaKeys, r)
			}
		}
		slices.SortFunc(c.ReplicaKeys, func(a, b multiRegionKey) int { return strings.Compare(a.Region, b.Region) })
		m.MultiRegionConfiguration = c
	}
	return m
}

package kms

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

var keyOperations = map[string]doer{
	"CreateKey":            op((*Engine).createKey),
	"DescribeKey":          op((*Engine).describeKey),
	"ListKeys":             op((*Engine).listKeys),
	"UpdateKeyDescription": op((*Engine).updateKeyDescription),
	"EnableKey":            op((*Engine).enableKey),
	"DisableKey":           op((*Engine).disableKey),
	"ScheduleKeyDeletion":  op((*Engine).scheduleKeyDeletion),
	"CancelKeyDeletion":    op((*Engine).cancelKeyDeletion),
}

// A KeySpec is a key to be made by a test: the zero value is a symmetric key with
// a random id in us-east-1. With the id, or the whole ARN, of the caller's choice
// the key answers to what is written in stored items; with its material given it
// is the same key in every run.
type KeySpec struct {
	ARN    string // such as arn:aws:kms:us-west-2:111122223333:key/1234abcd-…; instead of ID and Region
	ID     string // random when empty; an id that begins with "mrk-" makes a multi-Region key
	Region string // us-east-1 when empty

	Spec        string // "SYMMETRIC_DEFAULT" when empty; "RSA_2048", "ECC_NIST_P256", "HMAC_256", …
	Usage       string // "ENCRYPT_DECRYPT" when empty; "KEY_AGREEMENT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"
	MultiRegion bool
	Replicas    []string // Regions of replicas of a multi-Region key
	Aliases     []string // such as "alias/orders", in the key's own Region
	Description string

	// Material is the key itself, random when nil: 32 bytes for a symmetric key,
	// the HMAC key, or an RSA or elliptic-curve private key as PKCS#8.
	Material []byte
}

// CreateKey makes a key and returns its ARN. It fails when the description does
// not hold together or the key is there already.
func (e *Engine) CreateKey(s KeySpec) (string, error) {
	account := e.account
	if s.ARN != "" {
		p := strings.SplitN(s.ARN, ":", 6)
		if len(p) != 6 || p[0] != "arn" || p[2] != "kms" || p[4] == "" || !strings.HasPrefix(p[5], "key/") {
			return "", fmt.Errorf("kms: %q is not the ARN of a key", s.ARN)
		}
		if s.ID != "" || s.Region != "" {
			return "", fmt.Errorf("kms: a key has either an ARN or an ID and a Region")
		}
		s.Region, account, s.ID = p[3], p[4], strings.TrimPrefix(p[5], "key/")
		if p[1] != partition(s.Region) {
			return "", fmt.Errorf("kms: ARN %q has the partition %q, Region %s is in %q", s.ARN, p[1], s.Region, partition(s.Region))
		}
	}
	s.Region = cmp.Or(s.Region, DefaultRegion)
	multi := s.MultiRegion || strings.HasPrefix(s.ID, "mrk-")
	id := cmp.Or(s.ID, newKeyID(multi))
	if !keyIDPattern.MatchString(id) || len(id) > 255 {
		return "", fmt.Errorf("kms: %q cannot be a key id", id)
	}
	if len(s.Replicas) > 0 && !multi {
		return "", fmt.Errorf("kms: a key with replicas has to be a multi-Region key")
	}
	sp := specOf(cmp.Or(s.Spec, symmetricDefault))
	if sp == nil {
		return "", fmt.Errorf("kms: no key spec %q, want one of %q", s.Spec, specNames())
	}
	usage, ok := sp.choose(s.Usage)
	if !ok {
		return "", fmt.Errorf("kms: key spec %s has usage %q, not %q", sp.name, sp.usages, usage)
	}
	sec, err := sp.loadOrGenerate(s.Material)
	if err != nil {
		return "", err
	}
	for _, name := range s.Aliases {
		if err := checkAlias(name); err != nil {
			return "", err
		}
	}
	defer e.lock()()
	f := newFamily(id, sp, usage, multi, sec)
	if err := e.place(f, s, account); err != nil {
		for _, k := range f.members {
			e.remove(k) // all or nothing
		}
		return "", err
	}
	k := f.members[s.Region]
	k.description = s.Description
	return k.arn, nil
}

// place puts a new family into its Regions and gives its primary key aliases.
// The caller holds mu.
func (e *Engine) place(f *family, s KeySpec, account string) error {
	for _, r := range append([]string{s.Region}, s.Replicas...) {
		if !regionPattern.MatchString(r) || partition(r) != partition(s.Region) {
			return fmt.Errorf("kms: %q is not the name of a Region beside %s", r, s.Region)
		}
		if _, err := e.add(f, r, account); err != nil {
			return err
		}
	}
	for _, name := range s.Aliases {
		if err := e.addAlias(f.members[s.Region], name); err != nil {
			return err
		}
	}
	return nil
}

func (s *spec) loadOrGenerate(b []byte) (secret, error) {
	if b != nil {
		return s.load(b)
	}
	return s.generate()
}

// newKeyID is a random id of the service's form.
func newKeyID(multiRegion bool) string {
	if multiRegion {
		return "mrk-" + randomHex(16)
	}
	return newUUID()
}

func newFamily(id string, s *spec, usage string, multi bool, sec secret) *family {
	f := &family{id: id, spec: s, usage: usage, multiRegion: multi, secret: sec, members: make(map[string]*key)}
	if sec.symmetric != nil {
		f.materials = []*material{sec.symmetric}
	}
	return f
}

// add puts a key of the family into a Region; the family's first is its primary.
// The caller holds mu.
func (e *Engine) add(f *family, regionName, account string) (*key, error) {
	r := e.in(regionName)
	k := &key{
		id:      f.id,
		arn:     arn(regionName, account, "key/"+f.id),
		region:  regionName,
		account: account,
		family:  f,
		enabled: true,
		created: e.now(),
		policy:  defaultPolicy(regionName, account),
	}
	if r.keys[k.id] != nil {
		return nil, fail(codeAlreadyExists, "Key '%s' already exists", k.arn)
	}
	if len(f.members) == 0 {
		f.primary = regionName
	}
	f.members[regionName] = k
	r.keys[k.id] = k
	return k, nil
}

type createKeyInput struct {
	Policy                string
	Description           string
	KeyUsage              string
	KeySpec               string
	CustomerMasterKeySpec string
	Origin                string
	CustomKeyStoreId      string
	XksKeyId              string
	Tags                  []tag
	MultiRegion           bool
}

func (in *createKeyInput) note(r *Request) { r.KeySpec = cmp.Or(in.KeySpec, in.CustomerMasterKeySpec) }

func (in *createKeyInput) check(c *checker) {
	c.length("policy", len(in.Policy), 0, maxPolicy)
	c.length("description", len(in.Description), 0, 8192)
	c.oneOf("keyUsage", in.KeyUsage, append(slices.Clip(allUsages), "ENCAPSULATE_DECAPSULATE"))
	c.oneOf("keySpec", in.KeySpec, allSpecs)
	c.oneOf("customerMasterKeySpec", in.CustomerMasterKeySpec, allSpecs)
	c.oneOf("origin", in.Origin, []string{"AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"})
	checkTags(c, in.Tags)
}

type keyMetadataOutput struct {
	KeyMetadata keyMetadata
}

func (e *Engine) createKey(c *call, in *createKeyInput) (any, error) {
	switch {
	case in.Origin != "" && in.Origin != "AWS_KMS":
		return nil, fail(codeUnsupportedOperation, "the embedded KMS does not do keys of origin %s", in.Origin)
	case in.CustomKeyStoreId != "" || in.XksKeyId != "":
		return nil, fail(codeUnsupportedOperation, "the embedded KMS does not do custom key stores")
	case in.KeySpec != "" && in.CustomerMasterKeySpec != "" && in.KeySpec != in.CustomerMasterKeySpec:
		return nil, fail(codeValidation, "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
	}
	name := cmp.Or(in.KeySpec, in.CustomerMasterKeySpec, symmetricDefault)
	sp := specOf(name)
	if sp == nil {
		return nil, fail(codeUnsupportedOperation, "the embedded KMS does not do keys of spec %s", name)
	}
	usage, ok := sp.choose(in.KeyUsage)
	if !ok {
		if in.KeyUsage == "" {
			return nil, fail(codeValidation, "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
		}
		return nil, fail(codeValidation, "KeyUsage %s is not compatible with KeySpec %s", usage, name)
	}
	if err := validPolicy(in.Policy); err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	sec, err := sp.generate() // slow for RSA, so before the lock
	if err != nil {
		return nil, err
	}
	defer e.lock()()
	k, err := e.add(newFamily(newKeyID(in.MultiRegion), sp, usage, in.MultiRegion, sec), c.region, e.account)
	if err != nil {
		return nil, err
	}
	k.description, k.tags, k.policy = in.Description, tags, cmp.Or(in.Policy, k.policy)
	c.log.KeyID = k.arn // what the log is asked for is which key was made
	return &keyMetadataOutput{k.metadata()}, nil
}

type describeKeyInput struct {
	named
	GrantTokens []string
}

func (in *describeKeyInput) note(r *Request) {
	in.named.note(r)
	r.GrantTokens = in.GrantTokens
}

func (in *describeKeyInput) check(c *checker) {
	in.named.check(c)
	c.grantTokens(in.GrantTokens)
}

func (e *Engine) describeKey(c *call, in *describeKeyInput) (any, error) {
	defer e.lock()()
	k, err := e.find(c.region, in.KeyId)
	if err != nil {
		return nil, err
	}
	return &keyMetadataOutput{k.metadata()}, nil
}

type updateKeyDescriptionInput struct {
	named
	Description *string
}

func (in *updateKeyDescriptionInput) check(c *checker) {
	in.named.check(c)
	if in.Description == nil {
		c.problem("description", "Member must not be null")
		return
	}
	c.length("description", len(*in.Description), 0, 8192)
}

func (e *Engine) updateKeyDescription(c *call, in *updateKeyDescriptionInput) (any, error) {
	defer e.lock()()
	k, err := e.findKey(c.region, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := k.notPending(); err != nil {
		return nil, err
	}
	k.description = *in.Description
	return nil, nil
}

type listKeysInput struct {
	paging
}

func (in *listKeysInput) note(*Request) {}

func (in *listKeysInput) check(c *checker) { in.paging.check(c, 1000) }

type listKeysOutput struct {
	Keys []listedKey
	pageInfo
}

type listedKey struct {
	KeyId  string
	KeyArn string
}

func (e *Engine) listKeys(c *call, in *listKeysInput) (any, error) {
	defer e.lock()()
	keys := e.in(c.region).keys
	ids, info, err := page(slices.Sorted(maps.Keys(keys)), in.paging, 100, func(id string) string { return id })
	if err != nil {
		return nil, err
	}
	out := &listKeysOutput{Keys: []listedKey{}, pageInfo: info}
	for _, id := range ids {
		out.Keys = append(out.Keys, listedKey{id, keys[id].arn})
	}
	return out, nil
}

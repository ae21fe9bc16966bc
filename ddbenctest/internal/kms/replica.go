package kms

import "cmp"

var replicaOperations = map[string]doer{
	"ReplicateKey":        op((*Engine).replicateKey),
	"UpdatePrimaryRegion": op((*Engine).updatePrimaryRegion),
}

type replicateKeyInput struct {
	named
	ReplicaRegion string
	Policy        string
	Description   string
	Tags          []tag
}

func (in *replicateKeyInput) check(c *checker) {
	in.named.check(c)
	checkRegion(c, "replicaRegion", in.ReplicaRegion)
	c.length("policy", len(in.Policy), 0, maxPolicy)
	c.length("description", len(in.Description), 0, 8192)
	checkTags(c, in.Tags)
}

func checkRegion(c *checker, member, value string) {
	c.text(member, value, 1, 32)
	c.pattern(member, value, regionPattern)
}

type replicateKeyOutput struct {
	ReplicaKeyMetadata keyMetadata
	ReplicaPolicy      string
	ReplicaTags        []tag `json:",omitempty"`
}

// replicateKey makes a related key in another Region. The replica is enabled at
// once: the service's transient state Creating is not shown.
func (e *Engine) replicateKey(c *call, in *replicateKeyInput) (any, error) {
	if err := validPolicy(in.Policy); err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	defer e.lock()()
	k, err := e.primaryKey(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	if partition(in.ReplicaRegion) != partition(c.region) {
		return nil, fail(codeUnsupportedOperation, "Region %s is in another partition than %s.", in.ReplicaRegion, c.region)
	}
	r, err := e.add(k.family, in.ReplicaRegion, k.account)
	if err != nil {
		return nil, err
	}
	r.description, r.tags, r.policy = in.Description, tags, cmp.Or(in.Policy, r.policy)
	return &replicateKeyOutput{r.metadata(), r.policy, r.tags}, nil
}

// primaryKey finds an enabled primary key. The caller holds mu.
func (e *Engine) primaryKey(c *call, id string) (*key, error) {
	k, err := e.findKey(c.region, id)
	if err != nil {
		return nil, err
	}
	if !k.primary() {
		return nil, fail(codeUnsupportedOperation, "%s is not a multi-Region primary key.", k.arn)
	}
	return k, k.ready()
}

type updatePrimaryRegionInput struct {
	named
	PrimaryRegion string
}

func (in *updatePrimaryRegionInput) check(c *checker) {
	in.named.check(c)
	checkRegion(c, "primaryRegion", in.PrimaryRegion)
}

// updatePrimaryRegion makes a replica the primary and the primary a replica, at
// once: the service's transient state Updating is not shown.
func (e *Engine) updatePrimaryRegion(c *call, in *updatePrimaryRegionInput) (any, error) {
	defer e.lock()()
	k, err := e.primaryKey(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	next := k.family.members[in.PrimaryRegion]
	if next == nil {
		return nil, fail(codeNotFound, "Key '%s' does not exist", arn(in.PrimaryRegion, k.account, "key/"+k.id))
	}
	if err := next.ready(); err != nil {
		return nil, err
	}
	k.family.primary = in.PrimaryRegion
	return nil, nil
}

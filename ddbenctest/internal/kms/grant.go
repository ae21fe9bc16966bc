package kms

import (
	"crypto/rand"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A grant is recorded and listed; it permits nothing that was not possible before.
type grant struct {
	id, token string
	created   time.Time
	grantSpec
}

// grantSpec is what a caller says of a grant.
type grantSpec struct {
	GranteePrincipal         string
	GranteeServicePrincipal  string
	RetiringPrincipal        string
	RetiringServicePrincipal string
	Operations               []string
	Constraints              *grantConstraints
	Name                     string
}

type grantConstraints struct {
	EncryptionContextSubset map[string]string `json:",omitempty"`
	EncryptionContextEquals map[string]string `json:",omitempty"`
	SourceArn               string            `json:",omitempty"`
}

// same reports whether two grants of one name are one and the same.
func (s *grantSpec) same(o *grantSpec) bool {
	c, d := s.Constraints, o.Constraints
	if (c == nil) != (d == nil) {
		return false
	}
	if c != nil && (!maps.Equal(c.EncryptionContextSubset, d.EncryptionContextSubset) || !maps.Equal(c.EncryptionContextEquals, d.EncryptionContextEquals) || c.SourceArn != d.SourceArn) {
		return false
	}
	return s.Name == o.Name && s.GranteePrincipal == o.GranteePrincipal && s.GranteeServicePrincipal == o.GranteeServicePrincipal &&
		s.RetiringPrincipal == o.RetiringPrincipal && s.RetiringServicePrincipal == o.RetiringServicePrincipal &&
		slices.Equal(slices.Sorted(slices.Values(s.Operations)), slices.Sorted(slices.Values(o.Operations)))
}

var grantOperations = map[string]doer{
	"CreateGrant":         op((*Engine).createGrant),
	"ListGrants":          op((*Engine).listGrants),
	"ListRetirableGrants": op((*Engine).listRetirableGrants),
	"RetireGrant":         op((*Engine).retireGrant),
	"RevokeGrant":         op((*Engine).revokeGrant),
}

var grantable = []string{
	"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "Sign", "Verify",
	"GetPublicKey", "CreateGrant", "RetireGrant", "DescribeKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
	"GenerateMac", "VerifyMac", "DeriveSharedSecret", "Encapsulate", "Decapsulate",
}

var principalPattern = regexp.MustCompile(`^[\w+=,.@:/-]+$`)

type createGrantInput struct {
	named
	using
	grantSpec
}

func (in *createGrantInput) note(r *Request) {
	in.named.note(r)
	in.using.note(r)
}

func (in *createGrantInput) check(c *checker) {
	in.named.check(c)
	in.using.check(c)
	c.length("granteePrincipal", len(in.GranteePrincipal), 0, 256)
	c.pattern("granteePrincipal", in.GranteePrincipal, principalPattern)
	c.length("retiringPrincipal", len(in.RetiringPrincipal), 0, 256)
	c.pattern("retiringPrincipal", in.RetiringPrincipal, principalPattern)
	c.length("name", len(in.Name), 0, 256)
	c.pattern("name", in.Name, aliasPattern)
	if in.GranteePrincipal == "" && in.GranteeServicePrincipal == "" {
		c.problem("granteePrincipal", "Member must not be null")
	}
	if len(in.Operations) == 0 {
		c.problem("operations", "Member must not be null")
	}
	for _, o := range in.Operations {
		c.requiredOneOf("operations", o, grantable)
	}
}

type createGrantOutput struct {
	GrantToken string
	GrantId    string
}

// createGrant records a grant. Asked again for a named grant that is there
// already, it answers the same id with a new token, as the service does.
func (e *Engine) createGrant(c *call, in *createGrantInput) (any, error) {
	defer e.lock()()
	k, err := e.findKey(c.region, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := k.ready(); err != nil {
		return nil, err
	}
	if in.DryRun {
		return nil, errDryRun
	}
	token := rand.Text() + rand.Text() + rand.Text() + rand.Text()
	for _, g := range k.grants {
		if in.Name != "" && g.same(&in.grantSpec) {
			g.token = token
			return &createGrantOutput{token, g.id}, nil
		}
	}
	g := &grant{id: randomHex(32), token: token, created: e.now(), grantSpec: in.grantSpec}
	k.grants = append(k.grants, g)
	return &createGrantOutput{token, g.id}, nil
}

type listGrantsInput struct {
	named
	paging
	GrantId                 string
	GranteePrincipal        string
	GranteeServicePrincipal string
}

func (in *listGrantsInput) check(c *checker) {
	in.named.check(c)
	in.paging.check(c, 100)
	c.length("grantId", len(in.GrantId), 0, 128)
}

type listGrantsOutput struct {
	Grants []listedGrant
	pageInfo
}

type listedGrant struct {
	KeyId                    string
	GrantId                  string
	Name                     string `json:",omitempty"`
	CreationDate             *epoch
	GranteePrincipal         string `json:",omitempty"`
	GranteeServicePrincipal  string `json:",omitempty"`
	RetiringPrincipal        string `json:",omitempty"`
	RetiringServicePrincipal string `json:",omitempty"`
	IssuingAccount           string
	Operations               []string
	Constraints              *grantConstraints `json:",omitempty"`
}

func (k *key) listed(g *grant) listedGrant {
	return listedGrant{
		KeyId:                    k.arn,
		GrantId:                  g.id,
		Name:                     g.Name,
		CreationDate:             epochOf(g.created),
		GranteePrincipal:         g.GranteePrincipal,
		GranteeServicePrincipal:  g.GranteeServicePrincipal,
		RetiringPrincipal:        g.RetiringPrincipal,
		RetiringServicePrincipal: g.RetiringServicePrincipal,
		IssuingAccount:           "arn:" + partition(k.region) + ":iam::" + k.account + ":root",
		Operations:               g.Operations,
		Constraints:              g.Constraints,
	}
}

func (e *Engine) listGrants(c *call, in *listGrantsInput) (any, error) {
	defer e.lock()()
	k, err := e.findKey(c.region, in.KeyId)
	if err != nil {
		return nil, err
	}
	if in.GrantId != "" && !slices.ContainsFunc(k.grants, func(g *grant) bool { return g.id == in.GrantId }) {
		return nil, fail(codeNotFound, "Grant ID %s not found", in.GrantId)
	}
	all := []listedGrant{}
	for _, g := range k.grants {
		if (in.GrantId == "" || in.GrantId == g.id) &&
			(in.GranteePrincipal == "" || in.GranteePrincipal == g.GranteePrincipal) &&
			(in.GranteeServicePrincipal == "" || in.GranteeServicePrincipal == g.GranteeServicePrincipal) {
			all = append(all, k.listed(g))
		}
	}
	return grantsPage(all, in.paging)
}

func grantsPage(all []listedGrant, p paging) (any, error) {
	name := func(g listedGrant) string { return g.GrantId }
	slices.SortFunc(all, func(a, b listedGrant) int { return strings.Compare(a.GrantId, b.GrantId) })
	all, info, err := page(all, p, 50, name)
	if err != nil {
		return nil, err
	}
	return &listGrantsOutput{all, info}, nil
}

type listRetirableGrantsInput struct {
	paging
	RetiringPrincipal        string
	RetiringServicePrincipal string
}

func (in *listRetirableGrantsInput) note(*Request) {}

func (in *listRetirableGrantsInput) check(c *checker) {
	in.paging.check(c, 100)
	if in.RetiringPrincipal == "" && in.RetiringServicePrincipal == "" {
		c.problem("retiringPrincipal", "Member must not be null")
	}
}

func (e *Engine) listRetirableGrants(c *call, in *listRetirableGrantsInput) (any, error) {
	defer e.lock()()
	all := []listedGrant{}
	for _, k := range e.in(c.region).keys {
		for _, g := range k.grants {
			if in.RetiringPrincipal == g.RetiringPrincipal && in.RetiringServicePrincipal == g.RetiringServicePrincipal {
				all = append(all, k.listed(g))
			}
		}
	}
	return grantsPage(all, in.paging)
}

type retireGrantInput struct {
	GrantToken string
	KeyId      string
	GrantId    string
	DryRun     bool
}

func (in *retireGrantInput) note(r *Request) {
	r.KeyID = in.KeyId
	if in.GrantToken != "" {
		r.GrantTokens = []string{in.GrantToken}
	}
}

func (in *retireGrantInput) check(c *checker) {
	c.length("grantToken", len(in.GrantToken), 0, 8192)
	c.optionalKeyID("keyId", in.KeyId)
	c.length("grantId", len(in.GrantId), 0, 128)
}

// retireGrant ends a grant that is named by its token, or by its key and id.
func (e *Engine) retireGrant(c *call, in *retireGrantInput) (any, error) {
	byToken := in.GrantToken != ""
	if byToken == (in.KeyId != "" && in.GrantId != "") {
		return nil, fail(codeValidation, "Please specify either a grant token, or a key ID and a grant ID.")
	}
	defer e.lock()()
	if !byToken {
		return nil, e.endGrant(c, in.KeyId, in.GrantId, in.DryRun)
	}
	for _, k := range e.in(c.region).keys {
		for _, g := range k.grants {
			if g.token == in.GrantToken {
				return nil, e.endGrant(c, k.id, g.id, in.DryRun)
			}
		}
	}
	return nil, fail(codeInvalidGrantToken, "The grant token is not one of a grant.")
}

type revokeGrantInput struct {
	named
	GrantId string
	DryRun  bool
}

func (in *revokeGrantInput) check(c *checker) {
	in.named.check(c)
	c.text("grantId", in.GrantId, 1, 128)
}

func (e *Engine) revokeGrant(c *call, in *revokeGrantInput) (any, error) {
	defer e.lock()()
	return nil, e.endGrant(c, in.KeyId, in.GrantId, in.DryRun)
}

// endGrant removes a grant from its key. The caller holds mu.
func (e *Engine) endGrant(c *call, keyID, grantID string, dryRun bool) error {
	k, err := e.findKey(c.region, keyID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(k.grants, func(g *grant) bool { return g.id == grantID })
	if i < 0 {
		return fail(codeNotFound, "Grant ID %s not found", grantID)
	}
	if dryRun {
		return errDryRun
	}
	k.grants = slices.Delete(k.grants, i, i+1)
	return nil
}

package kms

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxAliases is how many aliases a key may have.
const maxAliases = 50

// An alias is another name of a key; the engine's mu guards it.
type alias struct {
	name, arn        string
	target           *key
	created, updated time.Time
}

var aliasOperations = map[string]doer{
	"CreateAlias": op((*Engine).createAlias),
	"UpdateAlias": op((*Engine).updateAlias),
	"DeleteAlias": op((*Engine).deleteAlias),
	"ListAliases": op((*Engine).listAliases),
}

var aliasPattern = regexp.MustCompile(`^[a-zA-Z0-9:/_-]+$`)

type aliasInput struct {
	AliasName   string
	TargetKeyId string
}

func (in *aliasInput) note(r *Request) { r.KeyID = in.TargetKeyId }

func (in *aliasInput) check(c *checker) {
	checkAliasName(c, in.AliasName)
	c.keyID("targetKeyId", in.TargetKeyId)
}

func checkAliasName(c *checker, name string) {
	c.text("aliasName", name, 1, 256)
	c.pattern("aliasName", name, aliasPattern)
}

// checkAlias refuses a name that no alias of a customer's can have.
func checkAlias(name string) error {
	switch rest, ok := strings.CutPrefix(name, "alias/"); {
	case !ok:
		return fail(codeValidation, "Invalid identifier")
	case strings.HasPrefix(rest, "aws/"):
		return fail(codeNotAuthorized, "Names that begin with alias/aws/ are reserved.")
	case rest == "" || strings.Contains(rest, ":") || !aliasPattern.MatchString(rest):
		return fail(codeValidation, "%s contains invalid characters for an alias", name)
	}
	return nil
}

// addAlias gives a key another name, in the key's Region. The caller holds mu.
func (e *Engine) addAlias(k *key, name string) error {
	r := e.in(k.region)
	if a := r.aliases[name]; a != nil {
		return fail(codeAlreadyExists, "An alias with the name %s already exists", a.arn)
	}
	if err := e.roomForAlias(k); err != nil {
		return err
	}
	now := e.now()
	r.aliases[name] = &alias{name, arn(k.region, e.account, name), k, now, now}
	return nil
}

func (e *Engine) roomForAlias(k *key) error {
	n := 0
	for _, a := range e.in(k.region).aliases {
		if a.target == k {
			n++
		}
	}
	if n >= maxAliases {
		return fail(codeLimitExceeded, "%s has %d aliases, no more are possible", k.arn, n)
	}
	return nil
}

// aliasTarget is the key that an alias is to name. The caller holds mu.
func (e *Engine) aliasTarget(c *call, id string) (*key, error) {
	if strings.HasPrefix(id, "alias/") || strings.HasPrefix(id, "arn:") && strings.Contains(id, ":alias/") {
		return nil, fail(codeValidation, "Aliases must refer to keys. Not aliases")
	}
	k, err := e.find(c.region, id)
	if err != nil {
		return nil, err
	}
	return k, k.notPending()
}

func (e *Engine) createAlias(c *call, in *aliasInput) (any, error) {
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	defer e.lock()()
	k, err := e.aliasTarget(c, in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	return nil, e.addAlias(k, in.AliasName)
}

// updateAlias points an alias at another key of the same sort.
func (e *Engine) updateAlias(c *call, in *aliasInput) (any, error) {
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	defer e.lock()()
	a, err := e.alias(c, in.AliasName)
	if err != nil {
		return nil, err
	}
	k, err := e.aliasTarget(c, in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	was, is := a.target.family, k.family
	if was.usage != is.usage || (was.spec.name == symmetricDefault) != (is.spec.name == symmetricDefault) {
		return nil, fail(codeValidation, "Alias %s names a %s key of usage %s, which a %s key of usage %s cannot replace", a.name, was.spec.name, was.usage, is.spec.name, is.usage)
	}
	if k != a.target {
		if err := e.roomForAlias(k); err != nil {
			return nil, err
		}
	}
	a.target, a.updated = k, e.now()
	return nil, nil
}

// alias finds an alias of the request's Region. The caller holds mu.
func (e *Engine) alias(c *call, name string) (*alias, error) {
	if a := e.in(c.region).aliases[name]; a != nil {
		return a, nil
	}
	return nil, fail(codeNotFound, "Alias %s is not found.", arn(c.region, e.account, name))
}

type deleteAliasInput struct {
	AliasName string
}

func (in *deleteAliasInput) note(r *Request) { r.KeyID = in.AliasName }

func (in *deleteAliasInput) check(c *checker) { checkAliasName(c, in.AliasName) }

func (e *Engine) deleteAlias(c *call, in *deleteAliasInput) (any, error) {
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	defer e.lock()()
	a, err := e.alias(c, in.AliasName)
	if err != nil {
		return nil, err
	}
	delete(e.in(c.region).aliases, a.name)
	return nil, nil
}

type listAliasesInput struct {
	KeyId string
	paging
}

func (in *listAliasesInput) note(r *Request) { r.KeyID = in.KeyId }

func (in *listAliasesInput) check(c *checker) {
	c.optionalKeyID("keyId", in.KeyId)
	in.paging.check(c, 100)
}

type listAliasesOutput struct {
	Aliases []listedAlias
	pageInfo
}

type listedAlias struct {
	AliasName       string
	AliasArn        string
	TargetKeyId     string
	CreationDate    *epoch
	LastUpdatedDate *epoch
}

func (e *Engine) listAliases(c *call, in *listAliasesInput) (any, error) {
	defer e.lock()()
	var of *key
	if in.KeyId != "" {
		k, err := e.findKey(c.region, in.KeyId)
		if err != nil {
			return nil, err
		}
		of = k
	}
	var all []*alias
	for _, a := range e.in(c.region).aliases {
		if of == nil || a.target == of {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b *alias) int { return strings.Compare(a.name, b.name) })
	all, info, err := page(all, in.paging, 50, func(a *alias) string { return a.name })
	if err != nil {
		return nil, err
	}
	out := &listAliasesOutput{Aliases: []listedAlias{}, pageInfo: info}
	for _, a := range all {
		out.Aliases = append(out.Aliases, listedAlias{a.name, a.arn, a.target.id, epochOf(a.created), epochOf(a.updated)})
	}
	return out, nil
}

package kms

import (
	"regexp"
	"strings"
)

// keyIDPattern is what a key id may look like: a UUID or "mrk-" and 32
// hexadecimal digits in AWS, and any such word here, so that tests can name keys.
var keyIDPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// find looks a key up by id, key ARN, alias name or alias ARN, in the Region that
// the request went to. Every failure is a NotFoundException; an ARN of another
// Region is one too, as with the service. The caller holds mu.
func (e *Engine) find(region, id string) (*key, error) {
	r := e.in(region)
	switch {
	case strings.HasPrefix(id, "arn:"):
		resource, err := e.resource(region, id)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(resource, "alias/") {
			if a := r.aliases[resource]; a != nil && a.arn == id {
				return e.upToDate(a.target), nil
			}
			return nil, fail(codeNotFound, "Alias %s is not found.", id)
		}
		if k := r.keys[strings.TrimPrefix(resource, "key/")]; k != nil && k.arn == id {
			return e.upToDate(k), nil
		}
		return nil, fail(codeNotFound, "Key '%s' does not exist", id)
	case strings.HasPrefix(id, "alias/"):
		if a := r.aliases[id]; a != nil {
			return e.upToDate(a.target), nil
		}
		return nil, fail(codeNotFound, "Alias %s is not found.", arn(region, e.account, id))
	case keyIDPattern.MatchString(id):
		if k := r.keys[id]; k != nil {
			return e.upToDate(k), nil
		}
		return nil, fail(codeNotFound, "Key '%s' does not exist", arn(region, e.account, "key/"+id))
	}
	return nil, fail(codeNotFound, "Invalid keyId '%s'", id)
}

// findKey is find for the operations that manage keys: they take a key's id or
// ARN, and no alias.
func (e *Engine) findKey(region, id string) (*key, error) {
	if strings.HasPrefix(id, "alias/") {
		return nil, fail(codeNotFound, "Invalid keyId '%s'", id)
	}
	if strings.HasPrefix(id, "arn:") && strings.Contains(id, ":alias/") {
		return nil, fail(codeInvalidArn, "ARN %s refers to an alias, not to a key", id)
	}
	return e.find(region, id)
}

// resource is the last part of an ARN, "key/…" or "alias/…". The ARN must be one
// of this Region: a KMS of one Region knows nothing of another's keys.
func (e *Engine) resource(region, id string) (string, error) {
	p := strings.SplitN(id, ":", 6)
	if len(p) != 6 || p[2] != "kms" || p[5] == "" {
		return "", fail(codeNotFound, "Invalid arn %s", id)
	}
	if p[1] != partition(region) || p[3] != region {
		return "", fail(codeNotFound, "Invalid arn %s", p[3])
	}
	if !strings.HasPrefix(p[5], "key/") && !strings.HasPrefix(p[5], "alias/") {
		return "", fail(codeNotFound, "Invalid arn %s", id)
	}
	return p[5], nil
}

// upToDate is k after the automatic rotations that have fallen due.
func (e *Engine) upToDate(k *key) *key {
	k.family.rotate(e.now())
	return k
}

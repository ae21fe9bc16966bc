package kms

import (
	"encoding/json"
	"strings"
)

// maxPolicy is the most bytes that a key policy may have.
const maxPolicy = 131072

var policyOperations = map[string]doer{
	"PutKeyPolicy":    op((*Engine).putKeyPolicy),
	"GetKeyPolicy":    op((*Engine).getKeyPolicy),
	"ListKeyPolicies": op((*Engine).listKeyPolicies),
}

// defaultPolicy is the policy of a key that was given none: the account may do
// everything. No policy is enforced here.
func defaultPolicy(region, account string) string {
	return strings.NewReplacer("PARTITION", partition(region), "ACCOUNT", account).Replace(`{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:PARTITION:iam::ACCOUNT:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`)
}

// validPolicy refuses what cannot be a policy; the empty string, none, passes.
func validPolicy(policy string) error {
	var p struct{ Statement json.RawMessage }
	if policy == "" {
		return nil
	}
	if json.Unmarshal([]byte(policy), &p) != nil || p.Statement == nil {
		return fail(codeMalformedPolicy, "The policy is not a JSON object with a Statement.")
	}
	return nil
}

type keyPolicyInput struct {
	named
	PolicyName string
}

// otherPolicy refuses every policy but the one that a key has.
func (in *keyPolicyInput) otherPolicy() error {
	if in.PolicyName != "" && in.PolicyName != "default" {
		return fail(codeNotFound, "No such policy exists")
	}
	return nil
}

type putKeyPolicyInput struct {
	keyPolicyInput
	Policy string
}

func (in *putKeyPolicyInput) check(c *checker) {
	in.named.check(c)
	c.text("policy", in.Policy, 1, maxPolicy)
}

func (e *Engine) putKeyPolicy(c *call, in *putKeyPolicyInput) (any, error) {
	if err := in.otherPolicy(); err != nil {
		return nil, err
	}
	if err := validPolicy(in.Policy); err != nil {
		return nil, err
	}
	defer e.lock()()
	k, err := e.findKey(c.region, in.KeyId)
	if err != nil {
		return nil, err
	}
	k.policy = in.Policy
	return nil, nil
}

type keyPolicyOutput struct {
	Policy     string
	PolicyName string
}

func (e *Engine) getKeyPolicy(c *call, in *keyPolicyInput) (any, error) {
	if err := in.otherPolicy(); err != nil {
		return nil, err
	}
	defer e.lock()()
	k, err := e.findKey(c.region, in.KeyId)
	if err != nil {
		return nil, err
	}
	return &keyPolicyOutput{k.policy, "default"}, nil
}

type listKeyPoliciesInput struct {
	named
	paging
}

func (in *listKeyPoliciesInput) check(c *checker) {
	in.named.check(c)
	in.paging.check(c, 1000)
}

type listKeyPoliciesOutput struct {
	PolicyNames []string
	pageInfo
}

func (e *Engine) listKeyPolicies(c *call, in *listKeyPoliciesInput) (any, error) {
	defer e.lock()()
	if _, err := e.findKey(c.region, in.KeyId); err != nil {
		return nil, err
	}
	names, info, err := page([]string{"default"}, in.paging, 100, func(s string) string { return s })
	if err != nil {
		return nil, err
	}
	return &listKeyPoliciesOutput{names, info}, nil
}

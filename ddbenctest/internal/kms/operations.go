package kms

import "maps"

// A doer does one operation, from the request's JSON to the response's struct; a
// nil response is an empty body. fault, when not nil, is answered as soon as the
// request has been read and noted.
type doer func(e *Engine, c *call, body []byte, fault *Error) (any, error)

// A request is one operation's input. note tells the log what was asked; check
// finds what is wrong with its shape.
type request interface {
	note(*Request)
	check(*checker)
}

// op makes a doer of an operation's method.
func op[In any, P interface {
	*In
	request
}](do func(e *Engine, c *call, in P) (any, error)) doer {
	return func(e *Engine, c *call, body []byte, fault *Error) (any, error) {
		in := P(new(In))
		if err := decode(body, in); err != nil {
			return nil, err
		}
		in.note(c.log)
		if fault != nil {
			return nil, fault
		}
		var ck checker
		in.check(&ck)
		if err := ck.err(); err != nil {
			return nil, err
		}
		return do(e, c, in)
	}
}

// dryOp is op for an operation that changes nothing and can be tried out: all of
// it is done, then with DryRun the success is told as an error.
func dryOp[In any, P interface {
	*In
	request
	dry() bool
}](do func(e *Engine, c *call, in P) (any, error)) doer {
	return op(func(e *Engine, c *call, in P) (any, error) {
		out, err := do(e, c, in)
		if err == nil && in.dry() {
			return nil, errDryRun
		}
		return out, err
	})
}

// errDryRun is what a request with DryRun gets that would have succeeded.
var errDryRun = fail(codeDryRun, "The request would have succeeded, but the DryRun option is set.")

// using is part of the input of every cryptographic operation.
type using struct {
	GrantTokens []string
	DryRun      bool
}

func (u *using) dry() bool { return u.DryRun }

func (u *using) note(r *Request) { r.GrantTokens = u.GrantTokens }

func (u *using) check(c *checker) { c.grantTokens(u.GrantTokens) }

// named is the input of an operation that needs a key and nothing else, and part
// of the input of others.
type named struct {
	KeyId string
}

func (n *named) note(r *Request) { r.KeyID = n.KeyId }

func (n *named) check(c *checker) { c.keyID("keyId", n.KeyId) }

// operations are all that the engine does, by name.
var operations = make(map[string]doer)

func init() {
	for _, group := range []map[string]doer{
		cipherOperations,
		dataKeyOperations,
		keyOperations,
		aliasOperations,
		replicaOperations,
		rotationOperations,
		publicKeyOperations,
		macOperations,
		signOperations,
		grantOperations,
		policyOperations,
		tagOperations,
	} {
		maps.Copy(operations, group)
	}
}

package kms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"strings"
)

var signOperations = map[string]doer{
	"Sign":   dryOp((*Engine).sign),
	"Verify": dryOp((*Engine).verify),
}

type signInput struct {
	named
	using
	Message          []byte
	MessageType      string
	SigningAlgorithm string
}

func (in *signInput) note(r *Request) {
	in.named.note(r)
	in.using.note(r)
	r.Algorithm = in.SigningAlgorithm
}

func (in *signInput) check(c *checker) {
	in.named.check(c)
	in.using.check(c)
	c.blob("message", in.Message, 1, maxMessage)
	c.oneOf("messageType", in.MessageType, messageTypes)
	c.requiredOneOf("signingAlgorithm", in.SigningAlgorithm, signingAlgs)
}

// digest is what is signed: the message's hash, or the message if it is one.
func (in *signInput) digest() ([]byte, crypto.Hash, error) {
	id, newHash := hashOf(in.SigningAlgorithm)
	if in.MessageType == "DIGEST" {
		if len(in.Message) != id.Size() {
			return nil, 0, fail(codeValidation, "Digest is invalid length for algorithm %s.", in.SigningAlgorithm)
		}
		return in.Message, id, nil
	}
	h := newHash()
	h.Write(in.Message)
	return h.Sum(nil), id, nil
}

// pss reports whether the algorithm is RSASSA-PSS, and how it is used: the salt
// is as long as the hash.
func (in *signInput) pss(h crypto.Hash) (*rsa.PSSOptions, bool) {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}, strings.HasPrefix(in.SigningAlgorithm, "RSASSA_PSS")
}

func (e *Engine) signingGrip(c *call, in *signInput) (*grip, error) {
	g, err := e.grip(c, in.KeyId, usageSign)
	if err != nil {
		return nil, err
	}
	return g, g.allows(in.SigningAlgorithm)
}

type signOutput struct {
	KeyId            string
	Signature        []byte
	SigningAlgorithm string
}

func (e *Engine) sign(c *call, in *signInput) (any, error) {
	g, err := e.signingGrip(c, in)
	if err != nil {
		return nil, err
	}
	digest, h, err := in.digest()
	if err != nil {
		return nil, err
	}
	var opts crypto.SignerOpts = h
	if o, ok := in.pss(h); ok {
		opts = o
	}
	sig, err := g.secret.private.Sign(rand.Reader, digest, opts)
	if err != nil {
		return nil, err
	}
	return &signOutput{g.arn, sig, in.SigningAlgorithm}, nil
}

type verifyInput struct {
	signInput
	Signature []byte
}

func (in *verifyInput) check(c *checker) {
	in.signInput.check(c)
	c.blob("signature", in.Signature, 1, maxCiphertext)
}

type verifyOutput struct {
	KeyId            string
	SignatureValid   bool
	SigningAlgorithm string
}

func (e *Engine) verify(c *call, in *verifyInput) (any, error) {
	g, err := e.signingGrip(c, &in.signInput)
	if err != nil {
		return nil, err
	}
	digest, h, err := in.digest()
	if err != nil {
		return nil, err
	}
	var ok bool
	switch pub := g.secret.private.Public().(type) {
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(pub, digest, in.Signature)
	case *rsa.PublicKey:
		if o, pss := in.pss(h); pss {
			ok = rsa.VerifyPSS(pub, h, digest, in.Signature, o) == nil
		} else {
			ok = rsa.VerifyPKCS1v15(pub, h, digest, in.Signature) == nil
		}
	}
	if !ok {
		return nil, fail(codeInvalidSignature, "The signature is not one of this message with this key.")
	}
	return &verifyOutput{g.arn, true, in.SigningAlgorithm}, nil
}

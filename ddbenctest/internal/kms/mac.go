package kms

import (
	"crypto/hmac"
)

// maxMessage is the most bytes that are signed or authenticated in one call.
const maxMessage = 4096

var macOperations = map[string]doer{
	"GenerateMac": dryOp((*Engine).generateMac),
	"VerifyMac":   dryOp((*Engine).verifyMac),
}

type macInput struct {
	named
	using
	Message      []byte
	MacAlgorithm string
}

func (in *macInput) note(r *Request) {
	in.named.note(r)
	in.using.note(r)
	r.Algorithm = in.MacAlgorithm
}

func (in *macInput) check(c *checker) {
	in.named.check(c)
	in.using.check(c)
	c.blob("message", in.Message, 1, maxMessage)
	c.requiredOneOf("macAlgorithm", in.MacAlgorithm, macAlgs)
}

type macOutput struct {
	Mac          []byte
	MacAlgorithm string
	KeyId        string
}

func (e *Engine) generateMac(c *call, in *macInput) (any, error) {
	mac, g, err := e.mac(c, in)
	if err != nil {
		return nil, err
	}
	return &macOutput{mac, in.MacAlgorithm, g.arn}, nil
}

func (e *Engine) mac(c *call, in *macInput) ([]byte, *grip, error) {
	g, err := e.grip(c, in.KeyId, usageMAC)
	if err != nil {
		return nil, nil, err
	}
	if err := g.allows(in.MacAlgorithm); err != nil {
		return nil, nil, err
	}
	_, newHash := hashOf(in.MacAlgorithm)
	h := hmac.New(newHash, g.secret.mac)
	h.Write(in.Message)
	return h.Sum(nil), g, nil
}

type verifyMacInput struct {
	macInput
	Mac []byte
}

func (in *verifyMacInput) check(c *checker) {
	in.macInput.check(c)
	c.blob("mac", in.Mac, 1, maxCiphertext)
}

type verifyMacOutput struct {
	KeyId        string
	MacValid     bool
	MacAlgorithm string
}

func (e *Engine) verifyMac(c *call, in *verifyMacInput) (any, error) {
	want, g, err := e.mac(c, &in.macInput)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(want, in.Mac) {
		return nil, fail(codeInvalidMac, "The MAC is not one of this message with this key.")
	}
	return &verifyMacOutput{g.arn, true, in.MacAlgorithm}, nil
}

package kms

import (
	"crypto/rand"
	"crypto/x509"
	"slices"
)

var dataKeyOperations = map[string]doer{
	"GenerateDataKey":                     dryOp((*Engine).generateDataKey),
	"GenerateDataKeyWithoutPlaintext":     dryOp((*Engine).generateDataKeyWithoutPlaintext),
	"GenerateDataKeyPair":                 dryOp((*Engine).generateDataKeyPair),
	"GenerateDataKeyPairWithoutPlaintext": dryOp((*Engine).generateDataKeyPairWithoutPlaintext),
	"GenerateRandom":                      op((*Engine).generateRandom),
}

type dataKeyInput struct {
	named
	using
	EncryptionContext encryptionContext
	NumberOfBytes     *int
	KeySpec           string
	Recipient         *recipient
}

func (in *dataKeyInput) note(r *Request) {
	in.named.note(r)
	in.using.note(r)
	r.EncryptionContext = in.EncryptionContext.plain()
	r.KeySpec = in.KeySpec
	if in.NumberOfBytes != nil {
		r.NumberOfBytes = *in.NumberOfBytes
	}
}

func (in *dataKeyInput) check(c *checker) {
	in.named.check(c)
	in.using.check(c)
	c.context("encryptionContext", in.EncryptionContext)
	c.number("numberOfBytes", in.NumberOfBytes, 1, 1024)
	c.oneOf("keySpec", in.KeySpec, dataKeySpecs)
}

// size is the data key's length in bytes.
func (in *dataKeyInput) size() (int, error) {
	switch {
	case (in.KeySpec == "") == (in.NumberOfBytes == nil):
		return 0, fail(codeValidation, "Please specify either number of bytes or key spec.")
	case in.KeySpec == "AES_128":
		return 16, nil
	case in.KeySpec == "AES_256":
		return 32, nil
	}
	return *in.NumberOfBytes, nil
}

type dataKeyOutput struct {
	CiphertextBlob []byte
	Plaintext      []byte `json:",omitempty"`
	KeyId          string
	KeyMaterialId  string
}

func (e *Engine) generateDataKey(c *call, in *dataKeyInput) (any, error) {
	out, err := e.dataKey(c, in)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (e *Engine) generateDataKeyWithoutPlaintext(c *call, in *dataKeyInput) (any, error) {
	out, err := e.dataKey(c, in)
	if err != nil {
		return nil, err
	}
	clear(out.Plaintext)
	out.Plaintext = nil
	return out, nil
}

func (e *Engine) dataKey(c *call, in *dataKeyInput) (*dataKeyOutput, error) {
	if err := refuse(in.Recipient, nil); err != nil {
		return nil, err
	}
	n, err := in.size()
	if err != nil {
		return nil, err
	}
	g, err := e.wrappingGrip(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	plaintext := make([]byte, n)
	rand.Read(plaintext)
	m := g.current()
	return &dataKeyOutput{m.seal(g.id, plaintext, in.EncryptionContext), plaintext, g.arn, m.name()}, nil
}

// wrappingGrip is grip for data keys, which only symmetric keys encrypt.
func (e *Engine) wrappingGrip(c *call, id string) (*grip, error) {
	g, err := e.grip(c, id, usageEncrypt)
	if err != nil {
		return nil, err
	}
	return g, g.allows(symmetricDefault)
}

type keyPairInput struct {
	named
	using
	EncryptionContext encryptionContext
	KeyPairSpec       string
	Recipient         *recipient
}

func (in *keyPairInput) note(r *Request) {
	in.named.note(r)
	in.using.note(r)
	r.EncryptionContext = in.EncryptionContext.plain()
	r.KeySpec = in.KeyPairSpec
}

func (in *keyPairInput) check(c *checker) {
	in.named.check(c)
	in.using.check(c)
	c.context("encryptionContext", in.EncryptionContext)
	c.requiredOneOf("keyPairSpec", in.KeyPairSpec, allKeyPairSpecs)
}

type keyPairOutput struct {
	PrivateKeyCiphertextBlob []byte
	PrivateKeyPlaintext      []byte `json:",omitempty"` // PKCS#8
	PublicKey                []byte // SubjectPublicKeyInfo
	KeyId                    string
	KeyPairSpec              string
	KeyMaterialId            string
}

func (e *Engine) generateDataKeyPair(c *call, in *keyPairInput) (any, error) {
	out, err := e.keyPair(c, in)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (e *Engine) generateDataKeyPairWithoutPlaintext(c *call, in *keyPairInput) (any, error) {
	out, err := e.keyPair(c, in)
	if err != nil {
		return nil, err
	}
	clear(out.PrivateKeyPlaintext)
	out.PrivateKeyPlaintext = nil
	return out, nil
}

func (e *Engine) keyPair(c *call, in *keyPairInput) (*keyPairOutput, error) {
	if err := refuse(in.Recipient, nil); err != nil {
		return nil, err
	}
	if !slices.Contains(keyPairSpecs, in.KeyPairSpec) {
		return nil, fail(codeUnsupportedOperation, "the embedded KMS does not do key pairs of spec %s", in.KeyPairSpec)
	}
	g, err := e.wrappingGrip(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	s, err := specOf(in.KeyPairSpec).generate()
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(s.private)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(s.private.Public())
	if err != nil {
		return nil, err
	}
	m := g.current()
	return &keyPairOutput{m.seal(g.id, private, in.EncryptionContext), private, public, g.arn, in.KeyPairSpec, m.name()}, nil
}

type randomInput struct {
	NumberOfBytes    *int
	CustomKeyStoreId string
	Recipient        *recipient
}

func (in *randomInput) note(r *Request) {
	if in.NumberOfBytes != nil {
		r.NumberOfBytes = *in.NumberOfBytes
	}
}

func (in *randomInput) check(c *checker) {
	if in.NumberOfBytes == nil {
		c.problem("numberOfBytes", "Member must not be null")
	}
	c.number("numberOfBytes", in.NumberOfBytes, 1, 1024)
}

type randomOutput struct {
	Plaintext []byte
}

func (e *Engine) generateRandom(_ *call, in *randomInput) (any, error) {
	if in.CustomKeyStoreId != "" {
		return nil, fail(codeUnsupportedOperation, "the embedded KMS does not do custom key stores")
	}
	if err := refuse(in.Recipient, nil); err != nil {
		return nil, err
	}
	b := make([]byte, *in.NumberOfBytes)
	rand.Read(b)
	return &randomOutput{b}, nil
}

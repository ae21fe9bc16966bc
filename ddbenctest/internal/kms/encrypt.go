package kms

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // RSAES_OAEP_SHA_1 is one of the service's algorithms
	"crypto/sha256"
	"hash"
)

// Limits of the API, in bytes.
const (
	maxPlaintext  = 4096
	maxCiphertext = 6144
)

var cipherOperations = map[string]doer{
	"Encrypt":   dryOp((*Engine).encrypt),
	"Decrypt":   dryOp((*Engine).decrypt),
	"ReEncrypt": dryOp((*Engine).reEncrypt),
}

type encryptInput struct {
	named
	using
	Plaintext           []byte
	EncryptionContext   encryptionContext
	EncryptionAlgorithm string
}

func (in *encryptInput) note(r *Request) {
	in.named.note(r)
	in.using.note(r)
	r.EncryptionContext = in.EncryptionContext.plain()
	r.Algorithm = in.EncryptionAlgorithm
}

func (in *encryptInput) check(c *checker) {
	in.named.check(c)
	in.using.check(c)
	c.blob("plaintext", in.Plaintext, 1, maxPlaintext)
	c.context("encryptionContext", in.EncryptionContext)
	c.oneOf("encryptionAlgorithm", in.EncryptionAlgorithm, encryptionAlgs)
}

type encryptOutput struct {
	CiphertextBlob      []byte
	KeyId               string
	EncryptionAlgorithm string
}

func (e *Engine) encrypt(c *call, in *encryptInput) (any, error) {
	g, err := e.grip(c, in.KeyId, usageEncrypt)
	if err != nil {
		return nil, err
	}
	alg := orSymmetric(in.EncryptionAlgorithm)
	blob, err := g.encrypt(alg, in.Plaintext, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return &encryptOutput{blob, g.arn, alg}, nil
}

type decryptInput struct {
	using
	KeyId               string
	CiphertextBlob      []byte
	EncryptionContext   encryptionContext
	EncryptionAlgorithm string
	Recipient           *recipient
	DryRunModifiers     []string
}

func (in *decryptInput) note(r *Request) {
	in.using.note(r)
	r.KeyID = in.KeyId
	r.EncryptionContext = in.EncryptionContext.plain()
	r.Algorithm = in.EncryptionAlgorithm
}

func (in *decryptInput) check(c *checker) {
	in.using.check(c)
	c.optionalKeyID("keyId", in.KeyId)
	c.blob("ciphertextBlob", in.CiphertextBlob, 1, maxCiphertext)
	c.context("encryptionContext", in.EncryptionContext)
	c.oneOf("encryptionAlgorithm", in.EncryptionAlgorithm, encryptionAlgs)
}

type decryptOutput struct {
	KeyId               string
	Plaintext           []byte
	EncryptionAlgorithm string
	KeyMaterialId       string `json:",omitempty"`
}

func (e *Engine) decrypt(c *call, in *decryptInput) (any, error) {
	if err := refuse(in.Recipient, in.DryRunModifiers); err != nil {
		return nil, err
	}
	alg := orSymmetric(in.EncryptionAlgorithm)
	o, err := e.open(c, in.KeyId, alg, in.CiphertextBlob, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return &decryptOutput{o.key.arn, o.plaintext, alg, o.materialID}, nil
}

type reEncryptInput struct {
	using
	CiphertextBlob                 []byte
	SourceKeyId                    string
	SourceEncryptionContext        encryptionContext
	SourceEncryptionAlgorithm      string
	DestinationKeyId               string
	DestinationEncryptionContext   encryptionContext
	DestinationEncryptionAlgorithm string
	DryRunModifiers                []string
}

func (in *reEncryptInput) note(r *Request) {
	in.using.note(r)
	r.KeyID = in.DestinationKeyId
	r.EncryptionContext = in.DestinationEncryptionContext.plain()
	r.SourceKeyID = in.SourceKeyId
	r.SourceEncryptionContext = in.SourceEncryptionContext.plain()
	r.Algorithm = in.DestinationEncryptionAlgorithm
}

func (in *reEncryptInput) check(c *checker) {
	in.using.check(c)
	c.blob("ciphertextBlob", in.CiphertextBlob, 1, maxCiphertext)
	c.optionalKeyID("sourceKeyId", in.SourceKeyId)
	c.context("sourceEncryptionContext", in.SourceEncryptionContext)
	c.oneOf("sourceEncryptionAlgorithm", in.SourceEncryptionAlgorithm, encryptionAlgs)
	c.keyID("destinationKeyId", in.DestinationKeyId)
	c.context("destinationEncryptionContext", in.DestinationEncryptionContext)
	c.oneOf("destinationEncryptionAlgorithm", in.DestinationEncryptionAlgorithm, encryptionAlgs)
}

type reEncryptOutput struct {
	CiphertextBlob                 []byte
	SourceKeyId                    string
	KeyId                          string
	SourceEncryptionAlgorithm      string
	DestinationEncryptionAlgorithm string
	SourceKeyMaterialId            string `json:",omitempty"`
	DestinationKeyMaterialId       string `json:",omitempty"`
}

func (e *Engine) reEncrypt(c *call, in *reEncryptInput) (any, error) {
	if err := refuse(nil, in.DryRunModifiers); err != nil {
		return nil, err
	}
	from, to := orSymmetric(in.SourceEncryptionAlgorithm), orSymmetric(in.DestinationEncryptionAlgorithm)
	g, err := e.grip(c, in.DestinationKeyId, usageEncrypt)
	if err != nil {
		return nil, err
	}
	o, err := e.open(c, in.SourceKeyId, from, in.CiphertextBlob, in.SourceEncryptionContext)
	if err != nil {
		return nil, err
	}
	defer clear(o.plaintext)
	blob, err := g.encrypt(to, o.plaintext, in.DestinationEncryptionContext)
	if err != nil {
		return nil, err
	}
	out := &reEncryptOutput{
		CiphertextBlob:                 blob,
		SourceKeyId:                    o.key.arn,
		KeyId:                          g.arn,
		SourceEncryptionAlgorithm:      from,
		DestinationEncryptionAlgorithm: to,
		SourceKeyMaterialId:            o.materialID,
	}
	if to == symmetricDefault {
		out.DestinationKeyMaterialId = g.current().name()
	}
	return out, nil
}

// encrypt encrypts with the key's newest material, or with its public key.
func (g *grip) encrypt(alg string, plaintext []byte, ec encryptionContext) ([]byte, error) {
	if err := g.allows(alg); err != nil {
		return nil, err
	}
	if alg == symmetricDefault {
		return g.current().seal(g.id, plaintext, ec), nil
	}
	if err := noContext(ec); err != nil {
		return nil, err
	}
	pub := g.secret.private.Public().(*rsa.PublicKey)
	h := oaepHash(alg)
	if room := pub.Size() - 2*h.Size() - 2; len(plaintext) > room {
		return nil, fail(codeValidation, "Algorithm %s and key spec %s cannot encrypt data larger than %d bytes.", alg, g.spec.name, room)
	}
	return rsa.EncryptOAEP(h, rand.Reader, pub, plaintext, nil)
}

// opened is a ciphertext that was decrypted.
type opened struct {
	key        *grip
	plaintext  []byte
	materialID string // "" for RSA
}

// open decrypts a ciphertext. keyID may be empty for a symmetric ciphertext,
// which names its key itself; one that is given must be the key that the
// ciphertext is of. Which check failed inside a ciphertext is not told.
func (e *Engine) open(c *call, keyID, alg string, ciphertext []byte, ec encryptionContext) (*opened, error) {
	if alg != symmetricDefault {
		return e.openRSA(c, keyID, alg, ciphertext, ec)
	}
	var g *grip
	var err error
	if keyID != "" {
		if g, err = e.grip(c, keyID, usageEncrypt); err != nil {
			return nil, err
		}
		if err = g.allows(alg); err != nil {
			return nil, err
		}
	}
	b, ok := parseBlob(ciphertext)
	if !ok {
		return nil, errInvalidCiphertext
	}
	if g == nil {
		if g, err = e.gripByBlob(c, b.keyID); err != nil {
			return nil, err
		}
	} else if g.id != b.keyID {
		return nil, fail(codeIncorrectKey, "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	m := g.material(b.materialID)
	if m == nil {
		return nil, errInvalidCiphertext
	}
	plaintext, ok := m.open(b, ec)
	if !ok {
		return nil, errInvalidCiphertext
	}
	return &opened{g, plaintext, m.name()}, nil
}

// openRSA decrypts what was encrypted with an RSA key's public key; such a
// ciphertext says nothing of its key, so the request has to.
func (e *Engine) openRSA(c *call, keyID, alg string, ciphertext []byte, ec encryptionContext) (*opened, error) {
	if keyID == "" {
		return nil, fail(codeValidation, "A key ID must be specified when the encryption algorithm is %s.", alg)
	}
	g, err := e.grip(c, keyID, usageEncrypt)
	if err != nil {
		return nil, err
	}
	if err := g.allows(alg); err != nil {
		return nil, err
	}
	if err := noContext(ec); err != nil {
		return nil, err
	}
	plaintext, err := rsa.DecryptOAEP(oaepHash(alg), nil, g.secret.private.(*rsa.PrivateKey), ciphertext, nil)
	if err != nil {
		return nil, errInvalidCiphertext
	}
	return &opened{g, plaintext, ""}, nil
}

// gripByBlob finds the key that a ciphertext names. That there is no such key, or
// that it is another Region's, looks to the caller like a key of someone else.
func (e *Engine) gripByBlob(c *call, id string) (*grip, error) {
	defer e.lock()()
	k := e.in(c.region).keys[id]
	if k == nil {
		return nil, fail(codeAccessDenied, "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
	}
	return e.upToDate(k).grip(c.operation, usageEncrypt)
}

// errInvalidCiphertext is one error for all that may be wrong with a ciphertext or
// its context, so that it tells nothing.
var errInvalidCiphertext = fail(codeInvalidCiphertext, "The ciphertext or its encryption context is not valid.")

func orSymmetric(alg string) string {
	if alg == "" {
		return symmetricDefault
	}
	return alg
}

func oaepHash(alg string) hash.Hash {
	if alg == "RSAES_OAEP_SHA_1" {
		return sha1.New()
	}
	return sha256.New()
}

// noContext refuses an encryption context where it could not be bound.
func noContext(ec encryptionContext) error {
	if len(ec) > 0 {
		return fail(codeValidation, "An encryption context can be used with the algorithm %s only.", symmetricDefault)
	}
	return nil
}

// recipient is the enclave that an answer is to be encrypted for.
type recipient struct{}

// refuse refuses the parameters that the engine does not do, rather than answer
// as if they had not been there.
func refuse(r *recipient, dryRunModifiers []string) error {
	if r != nil {
		return fail(codeUnsupportedOperation, "the embedded KMS does not do Recipient")
	}
	if len(dryRunModifiers) > 0 {
		return fail(codeUnsupportedOperation, "the embedded KMS does not do DryRunModifiers")
	}
	return nil
}

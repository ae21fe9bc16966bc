package kms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
)

var publicKeyOperations = map[string]doer{
	"GetPublicKey":       op((*Engine).getPublicKey),
	"DeriveSharedSecret": dryOp((*Engine).deriveSharedSecret),
}

type publicKeyOutput struct {
	KeyId                  string
	PublicKey              []byte // SubjectPublicKeyInfo
	CustomerMasterKeySpec  string
	KeySpec                string
	KeyUsage               string
	EncryptionAlgorithms   []string `json:",omitempty"`
	SigningAlgorithms      []string `json:",omitempty"`
	KeyAgreementAlgorithms []string `json:",omitempty"`
}

func (e *Engine) getPublicKey(c *call, in *describeKeyInput) (any, error) {
	k, private, err := e.asymmetric(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, err
	}
	return &publicKeyOutput{
		KeyId:                  k.Arn,
		PublicKey:              public,
		CustomerMasterKeySpec:  k.KeySpec,
		KeySpec:                k.KeySpec,
		KeyUsage:               k.KeyUsage,
		EncryptionAlgorithms:   k.EncryptionAlgorithms,
		SigningAlgorithms:      k.SigningAlgorithms,
		KeyAgreementAlgorithms: k.KeyAgreementAlgorithms,
	}, nil
}

type deriveSharedSecretInput struct {
	named
	using
	KeyAgreementAlgorithm string
	PublicKey             []byte
	Recipient             *recipient
}

func (in *deriveSharedSecretInput) note(r *Request) {
	in.named.note(r)
	in.using.note(r)
	r.Algorithm = in.KeyAgreementAlgorithm
}

func (in *deriveSharedSecretInput) check(c *checker) {
	in.named.check(c)
	in.using.check(c)
	c.requiredOneOf("keyAgreementAlgorithm", in.KeyAgreementAlgorithm, agreementAlgs)
	c.blob("publicKey", in.PublicKey, 1, 8192)
}

type deriveSharedSecretOutput struct {
	KeyId                 string
	SharedSecret          []byte
	KeyAgreementAlgorithm string
	KeyOrigin             string
}

// deriveSharedSecret answers the x coordinate of the shared point, at the full
// length of the curve's field: 32, 48 or 66 bytes.
func (e *Engine) deriveSharedSecret(c *call, in *deriveSharedSecretInput) (any, error) {
	if err := refuse(in.Recipient, nil); err != nil {
		return nil, err
	}
	g, err := e.grip(c, in.KeyId, usageAgree)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKIXPublicKey(in.PublicKey) // checks that the point is on its curve
	if err != nil {
		return nil, fail(codeValidation, "PublicKey is not the DER encoding of a public key.")
	}
	theirs, ok := parsed.(*ecdsa.PublicKey)
	if !ok || theirs.Curve != g.spec.curve {
		return nil, fail(codeValidation, "PublicKey is not a key on the curve of key spec %s.", g.spec.name)
	}
	peer, err := theirs.ECDH()
	if err != nil {
		return nil, fail(codeValidation, "PublicKey is not a key on the curve of key spec %s.", g.spec.name)
	}
	ours, err := g.secret.private.(*ecdsa.PrivateKey).ECDH()
	if err != nil {
		return nil, err
	}
	shared, err := ours.ECDH(peer)
	if err != nil {
		return nil, fail(codeValidation, "PublicKey gives no shared secret.")
	}
	return &deriveSharedSecretOutput{g.arn, shared, in.KeyAgreementAlgorithm, "AWS_KMS"}, nil
}

// asymmetric finds an enabled key that has a public key.
func (e *Engine) asymmetric(c *call, id string) (keyMetadata, crypto.Signer, error) {
	defer e.lock()()
	k, err := e.find(c.region, id)
	if err != nil {
		return keyMetadata{}, nil, err
	}
	if err := k.ready(); err != nil {
		return keyMetadata{}, nil, err
	}
	private := k.family.secret.private
	if private == nil {
		return keyMetadata{}, nil, fail(codeUnsupportedOperation, "%s is a key of spec %s, which has no public key.", k.arn, k.family.spec.name)
	}
	return k.metadata(), private, nil
}

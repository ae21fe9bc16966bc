package kms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"fmt"
	"hash"
	"slices"
)

// Key usages.
const (
	usageEncrypt = "ENCRYPT_DECRYPT"
	usageSign    = "SIGN_VERIFY"
	usageMAC     = "GENERATE_VERIFY_MAC"
	usageAgree   = "KEY_AGREEMENT"
)

// Algorithms that are the only one of their kind, and the default key spec.
const (
	symmetricDefault = "SYMMETRIC_DEFAULT"
	algorithmECDH    = "ECDH"
)

var (
	allUsages       = []string{usageSign, usageEncrypt, usageMAC, usageAgree}
	encryptionAlgs  = []string{symmetricDefault, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"}
	agreementAlgs   = []string{algorithmECDH}
	rsaSigningAlgs  = []string{"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512", "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"}
	signingAlgs     = append(slices.Clip(rsaSigningAlgs), "ECDSA_SHA_256", "ECDSA_SHA_384", "ECDSA_SHA_512")
	macAlgs         = []string{"HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512"}
	messageTypes    = []string{"RAW", "DIGEST"}
	dataKeySpecs    = []string{"AES_256", "AES_128"}
	keyPairSpecs    = []string{"RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"}
	specsNotHere    = []string{"ECC_SECG_P256K1", "SM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ECC_NIST_EDWARDS25519", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"}
	allSpecs        = append(specNames(), specsNotHere...)
	allKeyPairSpecs = append(slices.Clip(keyPairSpecs), "ECC_SECG_P256K1", "SM2", "ECC_NIST_EDWARDS25519", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024")
)

// A spec is one of the kinds of key that the engine can make.
type spec struct {
	name     string
	usages   []string       // the first is the default; none is when it must be given
	bits     int            // RSA modulus
	curve    elliptic.Curve // elliptic curves
	macBytes int            // HMAC key
	algs     map[string][]string
}

// choose is the usage asked for, or the default one, and whether the spec allows
// it. Only keys that can encrypt have a default.
func (s *spec) choose(usage string) (string, bool) {
	if usage == "" {
		usage = usageEncrypt
	}
	return usage, slices.Contains(s.usages, usage)
}

var specs = []*spec{
	{name: symmetricDefault, usages: []string{usageEncrypt}, algs: map[string][]string{usageEncrypt: {symmetricDefault}}},
	rsaSpec("RSA_2048", 2048),
	rsaSpec("RSA_3072", 3072),
	rsaSpec("RSA_4096", 4096),
	curveSpec("ECC_NIST_P256", elliptic.P256(), "ECDSA_SHA_256"),
	curveSpec("ECC_NIST_P384", elliptic.P384(), "ECDSA_SHA_384"),
	curveSpec("ECC_NIST_P521", elliptic.P521(), "ECDSA_SHA_512"),
	macSpec("HMAC_224", 28, "HMAC_SHA_224"),
	macSpec("HMAC_256", 32, "HMAC_SHA_256"),
	macSpec("HMAC_384", 48, "HMAC_SHA_384"),
	macSpec("HMAC_512", 64, "HMAC_SHA_512"),
}

func rsaSpec(name string, bits int) *spec {
	return &spec{name: name, bits: bits, usages: []string{usageEncrypt, usageSign}, algs: map[string][]string{
		usageEncrypt: {"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"},
		usageSign:    rsaSigningAlgs,
	}}
}

func curveSpec(name string, c elliptic.Curve, signing string) *spec {
	return &spec{name: name, curve: c, usages: []string{usageSign, usageAgree}, algs: map[string][]string{
		usageSign:  {signing},
		usageAgree: agreementAlgs,
	}}
}

func macSpec(name string, size int, alg string) *spec {
	return &spec{name: name, macBytes: size, usages: []string{usageMAC}, algs: map[string][]string{usageMAC: {alg}}}
}

func specNames() []string {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.name
	}
	return names
}

// specOf finds a spec by name, or is nil.
func specOf(name string) *spec {
	for _, s := range specs {
		if s.name == name {
			return s
		}
	}
	return nil
}

// A secret is what a key is made of. Exactly one of its members is set, and it
// never changes, so that it may be used without the engine's lock.
type secret struct {
	symmetric *material
	mac       []byte
	private   crypto.Signer // *rsa.PrivateKey or *ecdsa.PrivateKey
}

// generate makes a new secret; RSA takes from a tenth of a second to seconds.
func (s *spec) generate() (secret, error) {
	switch {
	case s.bits > 0:
		k, err := rsa.GenerateKey(rand.Reader, s.bits)
		return secret{private: k}, err
	case s.curve != nil:
		k, err := ecdsa.GenerateKey(s.curve, rand.Reader)
		return secret{private: k}, err
	case s.macBytes > 0:
		k := make([]byte, s.macBytes)
		rand.Read(k)
		return secret{mac: k}, nil
	default:
		k := make([]byte, materialSize)
		rand.Read(k)
		return secret{symmetric: newMaterial(k)}, nil
	}
}

// load makes a secret of given bytes: 32 for a symmetric key, PKCS#8 for RSA and
// elliptic curves, and for HMAC a key of the spec's length.
func (s *spec) load(b []byte) (secret, error) {
	switch {
	case s.bits > 0 || s.curve != nil:
		k, err := x509.ParsePKCS8PrivateKey(b)
		if err != nil {
			return secret{}, fmt.Errorf("kms: material of %s is not a PKCS#8 private key", s.name)
		}
		if p, ok := k.(*rsa.PrivateKey); ok && s.bits > 0 && p.N.BitLen() == s.bits {
			return secret{private: p}, nil
		}
		if p, ok := k.(*ecdsa.PrivateKey); ok && s.curve != nil && p.Curve == s.curve {
			return secret{private: p}, nil
		}
		return secret{}, fmt.Errorf("kms: material is not a key of spec %s", s.name)
	case s.macBytes > 0:
		if len(b) != s.macBytes {
			return secret{}, fmt.Errorf("kms: material of %s is %d bytes, want %d", s.name, len(b), s.macBytes)
		}
		return secret{mac: slices.Clone(b)}, nil
	default:
		if len(b) != materialSize {
			return secret{}, fmt.Errorf("kms: material of %s is %d bytes, want %d", s.name, len(b), materialSize)
		}
		return secret{symmetric: newMaterial(b)}, nil
	}
}

// hashOf is the hash function that an algorithm's name ends with.
func hashOf(alg string) (crypto.Hash, func() hash.Hash) {
	for i := len(alg) - 1; i >= 0; i-- {
		if alg[i] != '_' {
			continue
		}
		switch alg[i+1:] {
		case "224":
			return crypto.SHA224, sha256.New224
		case "256":
			return crypto.SHA256, sha256.New
		case "384":
			return crypto.SHA384, sha512.New384
		case "512":
			return crypto.SHA512, sha512.New
		}
		break
	}
	panic("kms: no hash in algorithm " + alg) // algorithms are checked against their lists
}

package dbesdkvec

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"fmt"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// Provider is the keyring of a case; Type says which fields matter.
type Provider struct {
	Type string `json:"type"`

	Namespace string `json:"key_namespace,omitempty"` // raw_aes, raw_rsa
	Name      string `json:"key_name,omitempty"`
	Key       []byte `json:"key_b64,omitempty"`         // raw_aes
	Padding   string `json:"padding,omitempty"`         // raw_rsa
	Public    string `json:"public_key_pem,omitempty"`  // raw_rsa
	Private   string `json:"private_key_pem,omitempty"` // raw_rsa

	Scheme           string `json:"scheme,omitempty"`                 // raw_ecdh
	Curve            string `json:"curve,omitempty"`                  // that of its keys, for other clients
	SenderPrivate    string `json:"sender_private_key_pem,omitempty"` // or of whoever reads
	RecipientPublic  string `json:"recipient_public_key_pem,omitempty"`
	RecipientPrivate string `json:"recipient_private_key_pem,omitempty"`

	Generator *Provider  `json:"generator,omitempty"` // multi
	Children  []Provider `json:"children,omitempty"`  // multi

	KMSProvider

	BranchKeyID string    `json:"branch_key_id,omitempty"`      // hierarchical
	BranchKeyBy string    `json:"branch_key_id_from,omitempty"` // or an attribute that has it
	KeyStore    *KeyStore `json:"key_store,omitempty"`          // hierarchical

	// For items whose key store is not there, those of the other clients' vectors:
	// the only version there is of a branch key, which is Key.
	BranchKeyVersion string `json:"branch_key_version,omitempty"`
}

// Types of keyrings.
const (
	typeAES    = "raw_aes"
	typeRSA    = "raw_rsa"
	typeECDH   = "raw_ecdh"
	typeMulti  = "multi"
	typeBranch = "static_branch_key"
	typeStore  = "hierarchical"
)

// Schemes of raw ECDH keyrings.
const (
	schemeStatic    = "RawPrivateKeyToStaticPublicKey"
	schemeEphemeral = "EphemeralPrivateKeyToStaticPublicKey"
	schemeDiscovery = "PublicKeyDiscovery"
)

// parts are the keyrings of a multi-keyring.
func (p *Provider) parts() []*Provider {
	var parts []*Provider
	if p.Generator != nil {
		parts = append(parts, p.Generator)
	}
	for i := range p.Children {
		parts = append(parts, &p.Children[i])
	}
	return parts
}

// missing returns the type of a keyring that this project doesn't have, or
// nothing.
func (p *Provider) missing() string {
	switch p.Type {
	case typeAES, typeRSA, typeECDH, typeBranch, typeStore:
		return ""
	case typeMulti:
		for _, part := range p.parts() {
			if missing := part.missing(); missing != "" {
				return missing
			}
		}
		return ""
	}
	if p.ofKMS() {
		return ""
	}
	return p.Type
}

// Open returns the keyring.
func (p *Provider) Open() (crypt.Keyring, error) { return p.open(new(requestLog)) }

// open returns the keyring, which notes in log what it sends to KMS.
func (p *Provider) open(log *requestLog) (crypt.Keyring, error) {
	switch p.Type {
	case typeAES:
		return keyring.NewRawAES(p.Namespace, p.Name, p.Key)
	case typeRSA:
		return p.openRSA()
	case typeECDH:
		return p.openECDH()
	case typeMulti:
		return p.openMulti(log)
	case typeBranch:
		return p.openStatic()
	case typeStore:
		return p.openHierarchical(log)
	}
	if p.ofKMS() {
		return p.openKMS(log)
	}
	return nil, fmt.Errorf("there is no keyring %q", p.Type)
}

func (p *Provider) openRSA() (crypt.Keyring, error) {
	padding := keyring.OAEPSHA256
	for ; padding.String() != p.Padding; padding++ {
		if padding > keyring.PKCS1v15 {
			return nil, fmt.Errorf("there is no padding %q", p.Padding)
		}
	}
	if p.Private == "" {
		pub, err := keyring.ParsePublicKey([]byte(p.Public))
		if err != nil {
			return nil, err
		}
		return keyring.NewRawRSAPublic(p.Namespace, p.Name, padding, pub)
	}
	priv, err := keyring.ParsePrivateKey([]byte(p.Private))
	if err != nil {
		return nil, err
	}
	return keyring.NewRawRSA(p.Namespace, p.Name, padding, priv)
}

func (p *Provider) openECDH() (crypt.Keyring, error) {
	switch p.Scheme {
	case schemeStatic:
		own, err := ecdhPrivate(p.SenderPrivate)
		if err != nil {
			return nil, err
		}
		peer, err := ecdhPublic(p.RecipientPublic)
		if err != nil {
			return nil, err
		}
		return keyring.NewRawECDH(own, peer)
	case schemeEphemeral:
		peer, err := ecdhPublic(p.RecipientPublic)
		if err != nil {
			return nil, err
		}
		return keyring.NewRawECDHEphemeral(peer)
	case schemeDiscovery:
		own, err := ecdhPrivate(p.RecipientPrivate)
		if err != nil {
			return nil, err
		}
		return keyring.NewRawECDHDiscovery(own)
	}
	return nil, fmt.Errorf("there is no scheme %q", p.Scheme)
}

func ecdhPrivate(pem string) (*ecdh.PrivateKey, error) {
	key, err := keyring.ParsePrivateKey([]byte(pem))
	if err != nil {
		return nil, err
	}
	return key.ECDH()
}

func ecdhPublic(pem string) (*ecdh.PublicKey, error) {
	key, err := keyring.ParsePublicKey([]byte(pem))
	if err != nil {
		return nil, err
	}
	ec, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("public key is a %T", key)
	}
	return ec.ECDH()
}

func (p *Provider) openMulti(log *requestLog) (crypt.Keyring, error) {
	var keyrings []crypt.Keyring
	for _, part := range p.parts() {
		k, err := part.open(log)
		if err != nil {
			return nil, err
		}
		keyrings = append(keyrings, k)
	}
	if len(keyrings) == 0 {
		return nil, fmt.Errorf("%w: multi-keyring without a keyring", crypt.ErrConfig)
	}
	return keyring.NewMulti(keyrings[0], keyrings[1:]...)
}

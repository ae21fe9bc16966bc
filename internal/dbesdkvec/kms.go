package dbesdkvec

import (
	"crypto"
	"crypto/ecdh"
	"fmt"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
	"github.com/ddbenc/ddbenc/internal/vectors"
	"github.com/ddbenc/ddbenc/keyring"
)

// Types of keyrings of AWS KMS.
const (
	typeKMS             = "aws_kms"
	typeKMSMRK          = "aws_kms_mrk"
	typeKMSDiscovery    = "aws_kms_discovery"
	typeKMSMRKDiscovery = "aws_kms_mrk_discovery"
	typeKMSRSA          = "aws_kms_rsa"
	typeKMSECDH         = "aws_kms_ecdh"
)

// Schemes of ECDH keyrings of AWS KMS.
const (
	schemeKMSStatic    = "KmsPrivateKeyToStaticPublicKey"
	schemeKMSDiscovery = "KmsPublicKeyDiscovery"
)

// KMSProvider are the fields of a [Provider] for the keyrings of AWS KMS.
type KMSProvider struct {
	KeyID       string            `json:"key_id,omitempty"` // aws_kms, aws_kms_mrk, aws_kms_rsa
	GrantTokens []string          `json:"grant_tokens,omitempty"`
	FakeKMS     *ddbecvec.FakeKMS `json:"fake_kms,omitempty"` // aws_kms

	// What a fake KMS knows of an asymmetric key: its RSA private key, or its EC
	// public key and the other party's private key.
	FakePrivate string `json:"fake_private_key_pem,omitempty"`
	FakePublic  string `json:"fake_public_key_pem,omitempty"`

	// Endpoint is that of the KMS. Without it and without a fake one, the SDKs'
	// environment variable counts.
	Endpoint string `json:"endpoint,omitempty"`

	Region string     `json:"region,omitempty"`           // of a discovery keyring
	Filter *KMSFilter `json:"discovery_filter,omitempty"` // of a discovery keyring; nil allows every key

	Algorithm string `json:"encryption_algorithm,omitempty"` // aws_kms_rsa, as KMS names it

	SenderKeyID    string `json:"sender_key_id,omitempty"`         // aws_kms_ecdh
	RecipientKeyID string `json:"recipient_key_id,omitempty"`      // aws_kms_ecdh that only reads
	SenderPublic   string `json:"sender_public_key_pem,omitempty"` // aws_kms_ecdh; empty: asked for
}

// KMSFilter says which keys a discovery keyring may use.
type KMSFilter struct {
	Partition string   `json:"partition"`
	Accounts  []string `json:"account_ids"`
}

// ofKMS reports whether the keyring is one of AWS KMS.
func (p *Provider) ofKMS() bool {
	switch p.Type {
	case typeKMS, typeKMSMRK, typeKMSDiscovery, typeKMSMRKDiscovery, typeKMSRSA, typeKMSECDH:
		return true
	}
	return false
}

// openKMS returns a keyring of AWS KMS.
func (p *Provider) openKMS(log *requestLog) (crypt.Keyring, error) {
	client, err := p.kmsClient(log)
	if err != nil {
		return nil, err
	}
	opts := p.kmsOptions()
	switch p.Type {
	case typeKMS, typeKMSMRK:
		if arn := strings.SplitN(p.KeyID, ":", 6); len(arn) < 6 || !strings.HasPrefix(arn[5], "key/") {
			return keyring.NewKMSWriteOnly(client, p.KeyID, opts...)
		}
		return keyring.NewKMSKeyring(client, p.KeyID, opts...)
	case typeKMSDiscovery, typeKMSMRKDiscovery:
		filter := keyring.DiscoveryFilter{DangerouslyAllowAnyKey: true}
		if p.Filter != nil {
			filter = keyring.DiscoveryFilter{Partition: p.Filter.Partition, Accounts: p.Filter.Accounts}
		}
		return keyring.NewKMSDiscoveryKeyring(client, p.kmsRegion(), filter, opts...)
	case typeKMSRSA:
		return p.openKMSRSA(client, opts)
	}
	return p.openKMSECDH(client, opts)
}

func (p *Provider) kmsOptions() []keyring.KMSKeyringOption {
	var opts []keyring.KMSKeyringOption
	if len(p.GrantTokens) > 0 {
		opts = append(opts, keyring.WithGrantTokens(p.GrantTokens...))
	}
	if p.Type == typeKMSMRK || p.Type == typeKMSMRKDiscovery {
		opts = append(opts, keyring.AnyReplica())
	}
	return opts
}

func (p *Provider) openKMSRSA(client keyring.KMSClient, opts []keyring.KMSKeyringOption) (crypt.Keyring, error) {
	paddings := map[string]keyring.RSAPadding{"RSAES_OAEP_SHA_1": keyring.OAEPSHA1, "RSAES_OAEP_SHA_256": keyring.OAEPSHA256}
	padding, ok := paddings[p.Algorithm]
	if !ok {
		return nil, fmt.Errorf("there is no encryption algorithm %q", p.Algorithm)
	}
	var pub crypto.PublicKey
	if p.Public != "" {
		var err error
		if pub, err = keyring.ParsePublicKey([]byte(p.Public)); err != nil {
			return nil, err
		}
	}
	return keyring.NewKMSRSA(client, p.KeyID, padding, pub, opts...)
}

func (p *Provider) openKMSECDH(client keyring.KMSECDHClient, opts []keyring.KMSKeyringOption) (crypt.Keyring, error) {
	switch p.Scheme {
	case schemeKMSStatic:
		peer, err := ecdhPublic(p.RecipientPublic)
		if err != nil {
			return nil, err
		}
		var own *ecdh.PublicKey
		if p.SenderPublic != "" {
			if own, err = ecdhPublic(p.SenderPublic); err != nil {
				return nil, err
			}
		}
		return keyring.NewKMSECDH(client, p.SenderKeyID, own, peer, opts...)
	case schemeKMSDiscovery:
		return keyring.NewKMSECDHDiscovery(client, p.RecipientKeyID, nil, opts...)
	}
	return nil, fmt.Errorf("there is no scheme %q", p.Scheme)
}

// kmsRegion is the region of a keyring's key, or of its discovery.
func (p *Provider) kmsRegion() string {
	if p.Region != "" {
		return p.Region
	}
	return vectors.RegionOf(p.KeyID, p.SenderKeyID, p.RecipientKeyID)
}

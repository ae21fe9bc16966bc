package dbesdkvec

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
	"github.com/ddbenc/ddbenc/keyring"
)

// fakeRSA is a KMS with one RSA key.
type fakeRSA struct {
	keyID string
	priv  *keyring.PrivateKey
}

func (f *fakeRSA) Decrypt(_ context.Context, in *kms.DecryptInput, _ ...func(*kms.Options)) (*kms.DecryptOutput, error) {
	hashes := map[kmstypes.EncryptionAlgorithmSpec]crypto.Hash{
		kmstypes.EncryptionAlgorithmSpecRsaesOaepSha1:   crypto.SHA1,
		kmstypes.EncryptionAlgorithmSpecRsaesOaepSha256: crypto.SHA256,
	}
	hash, ok := hashes[in.EncryptionAlgorithm]
	if !ok || aws.ToString(in.KeyId) != f.keyID || in.EncryptionContext != nil {
		return nil, &kmstypes.InvalidKeyUsageException{}
	}
	plaintext, err := f.priv.Decrypt(rand.Reader, in.CiphertextBlob, &rsa.OAEPOptions{Hash: hash})
	if err != nil {
		return nil, &kmstypes.InvalidCiphertextException{}
	}
	return &kms.DecryptOutput{KeyId: in.KeyId, Plaintext: plaintext}, nil
}

// fakeECDH is a KMS with one key for key agreement, of which nothing is known but
// the public half. It derives the secret with the other party's private key.
type fakeECDH struct {
	keyID string
	own   *ecdh.PublicKey
	peer  *ecdh.PrivateKey
}

func (f *fakeECDH) GetPublicKey(_ context.Context, in *kms.GetPublicKeyInput, _ ...func(*kms.Options)) (*kms.GetPublicKeyOutput, error) {
	der, err := x509.MarshalPKIXPublicKey(f.own)
	if err != nil || aws.ToString(in.KeyId) != f.keyID {
		return nil, &kmstypes.NotFoundException{}
	}
	return &kms.GetPublicKeyOutput{KeyId: in.KeyId, KeyUsage: kmstypes.KeyUsageTypeKeyAgreement, PublicKey: der}, nil
}

func (f *fakeECDH) DeriveSharedSecret(_ context.Context, in *kms.DeriveSharedSecretInput, _ ...func(*kms.Options)) (*kms.DeriveSharedSecretOutput, error) {
	der, err := x509.MarshalPKIXPublicKey(f.peer.PublicKey())
	if err != nil || aws.ToString(in.KeyId) != f.keyID || in.KeyAgreementAlgorithm != kmstypes.KeyAgreementAlgorithmSpecEcdh || !bytes.Equal(in.PublicKey, der) {
		return nil, &kmstypes.InvalidKeyUsageException{}
	}
	secret, err := f.peer.ECDH(f.own)
	if err != nil {
		return nil, err
	}
	return &kms.DeriveSharedSecretOutput{KeyId: in.KeyId, SharedSecret: secret}, nil
}

// inContext returns p with fake KMSs that know an item of this encryption context,
// and whether there are any. The signing key of the suite with ECDSA is part of a
// context, and is new in every item.
func (p *Provider) inContext(context map[string]string) (out *Provider, changed bool) {
	out = new(Provider)
	*out = *p
	if fake := p.FakeKMS; fake != nil && fake.Context != nil {
		out.FakeKMS = &ddbecvec.FakeKMS{Plaintext: fake.Plaintext, Ciphertext: fake.Ciphertext, Context: context}
		changed = true
	}
	if p.Generator != nil {
		part, ok := p.Generator.inContext(context)
		out.Generator, changed = part, changed || ok
	}
	out.Children = slices.Clone(p.Children)
	for i := range out.Children {
		part, ok := p.Children[i].inContext(context)
		out.Children[i], changed = *part, changed || ok
	}
	return out, changed
}

// fakeKMS returns a KMS that has the case's private key.
func (p *Provider) fakeKMS() (any, error) {
	if p.Type == typeKMSRSA {
		priv, err := keyring.ParsePrivateKey([]byte(p.FakePrivate))
		return &fakeRSA{p.KeyID, priv}, err
	}
	own, err := ecdhPublic(p.FakePublic)
	if err != nil {
		return nil, err
	}
	peer, err := ecdhPrivate(p.FakePrivate)
	return &fakeECDH{p.SenderKeyID, own, peer}, err
}

// answer gives the keyrings of KMS in p what KMS answered when a case's item was
// written, as far as the file has it.
func (f *officialFile) answer(p *Provider, g *generatedCase) error {
	stored, err := codec.UnmarshalItem(g.Encrypted)
	if err != nil {
		return err
	}
	in, err := headerOf(stored)
	if err != nil {
		return err
	}
	for _, part := range append(p.parts(), p) {
		switch part.Type {
		case typeKMS, typeKMSMRK:
			if part.FakeKMS, err = f.dataKey(in, part.KeyID); err != nil {
				return err
			}
			part.FakeKMS.Context = g.Context
		case typeKMSECDH:
			if part.FakePublic, err = senderOf(in); err != nil {
				return err
			}
		}
	}
	return nil
}

func headerOf(stored map[string]types.AttributeValue) (*codec.DBESDKHeader, error) {
	b, ok := stored[crypt.DBESDKHeader].(*types.AttributeValueMemberB)
	if !ok {
		return nil, errors.New("the item has no header")
	}
	return codec.DecodeDBESDKHeader(b.Value)
}

// dataKey returns what a KMS key made for an item.
func (f *officialFile) dataKey(h *codec.DBESDKHeader, arn string) (*ddbecvec.FakeKMS, error) {
	for _, k := range h.DataKeys {
		if string(k.ProviderInfo) != arn || len(k.Ciphertext) < crypt.WrappedDataKeySize {
			continue
		}
		blob := k.Ciphertext[crypt.WrappedDataKeySize:]
		plaintext, err := hex.DecodeString(f.KMSBlobs[hex.EncodeToString(blob)])
		return &ddbecvec.FakeKMS{Plaintext: plaintext, Ciphertext: blob}, err
	}
	return nil, fmt.Errorf("the item has no data key of %q", arn)
}

// senderOf returns the public key on P-384 of whoever wrote an item for another.
func senderOf(h *codec.DBESDKHeader) (string, error) {
	const size = 1 + 48 // compressed
	info := h.DataKeys[0].ProviderInfo
	if len(info) < size {
		return "", errors.New("the data key names no sender")
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P384(), info[len(info)-size:])
	if x == nil {
		return "", errors.New("the sender's key is not on P-384")
	}
	point := make([]byte, 2*size-1)
	point[0] = 4 // not compressed
	x.FillBytes(point[1:size])
	y.FillBytes(point[size:])
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P384(), point)
	if err != nil {
		return "", err
	}
	return publicPEM(pub)
}

// publicOf returns the public half of a private key.
func publicOf(privatePEM string) (string, error) {
	priv, err := keyring.ParsePrivateKey([]byte(privatePEM))
	if err != nil {
		return "", err
	}
	return publicPEM(priv.Public())
}

// publicPEM returns a public key as cases have it.
func publicPEM(pub crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

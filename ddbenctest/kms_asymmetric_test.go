package ddbenctest_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// pairFits is an error unless a PKCS#8 private key has the public key given.
func pairFits(private, public []byte) error {
	k, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	got, err := x509.MarshalPKIXPublicKey(k.(crypto.Signer).Public())
	if err != nil {
		return err
	}
	return same("equality of public keys", bytes.Equal(got, public), true)
}

// publicKey is a KMS key's public key.
func publicKey[T any](ctx context.Context, c *kms.Client, arn string) (key T, err error) {
	out, err := c.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &arn})
	if err != nil {
		return key, err
	}
	k, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil {
		return key, err
	}
	key, ok := k.(T)
	if !ok {
		return key, fmt.Errorf("public key is a %T", k)
	}
	return key, nil
}

// rsaOutside makes a check of a ciphertext made outside of KMS with the public
// key, as DB-ESDK's KMS RSA keyring does.
func rsaOutside(alg types.EncryptionAlgorithmSpec, h func() hash.Hash) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		pub, err := publicKey[*rsa.PublicKey](ctx, b.home(), arn)
		if err != nil {
			return err
		}
		plaintext := bytes.Repeat([]byte{9}, 80)
		ciphertext, err := rsa.EncryptOAEP(h(), rand.Reader, pub, plaintext, nil)
		if err != nil {
			return err
		}
		out, err := b.home().Decrypt(ctx, &kms.DecryptInput{KeyId: &arn, CiphertextBlob: ciphertext, EncryptionAlgorithm: alg})
		if err != nil {
			return err
		}
		return errors.Join(
			same("plaintext", string(out.Plaintext), string(plaintext)),
			same("key", aws.ToString(out.KeyId), arn),
			same("algorithm", out.EncryptionAlgorithm, alg))
	}, rsaKey)
}

var rsaKey = ofSpec(types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt)

const oaep256 = types.EncryptionAlgorithmSpecRsaesOaepSha256

// rsaInside encrypts and decrypts with KMS.
func rsaInside(ctx context.Context, b *kmsBench, arn string, edit func(*kms.DecryptInput)) error {
	enc, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("secret"), EncryptionAlgorithm: oaep256})
	if err != nil {
		return err
	}
	in := &kms.DecryptInput{KeyId: &arn, CiphertextBlob: enc.CiphertextBlob, EncryptionAlgorithm: oaep256}
	edit(in)
	out, err := b.home().Decrypt(ctx, in)
	if err != nil {
		return err
	}
	return same("plaintext", string(out.Plaintext), "secret")
}

func rsaRefused(want string, edit func(*kms.DecryptInput)) func(context.Context, *kmsBench) error {
	return keyRefused(want, func(ctx context.Context, b *kmsBench, arn string) error { return rsaInside(ctx, b, arn, edit) }, rsaKey)
}

// agreement makes a check of DeriveSharedSecret with a peer's key on a curve.
func agreement(spec types.KeySpec, curve ecdh.Curve, size int) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		peer, err := curve.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		der, err := x509.MarshalPKIXPublicKey(peer.PublicKey())
		if err != nil {
			return err
		}
		out, err := b.home().DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{KeyId: &arn, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh, PublicKey: der})
		if err != nil {
			return err
		}
		pub, err := publicKey[*ecdsa.PublicKey](ctx, b.home(), arn)
		if err != nil {
			return err
		}
		ours, err := pub.ECDH()
		if err != nil {
			return err
		}
		want, err := peer.ECDH(ours)
		if err != nil {
			return err
		}
		return errors.Join(
			same("equality of secrets", bytes.Equal(out.SharedSecret, want), true),
			same("length", len(out.SharedSecret), size),
			same("key", aws.ToString(out.KeyId), arn),
			same("algorithm", out.KeyAgreementAlgorithm, types.KeyAgreementAlgorithmSpecEcdh),
			same("origin", out.KeyOrigin, types.OriginTypeAwsKms))
	}, ofSpec(spec, types.KeyUsageTypeKeyAgreement))
}

// agreementRefused makes a check of a public key that is no good.
func agreementRefused(want string, der func() ([]byte, error), edits ...func(*kms.CreateKeyInput)) func(context.Context, *kmsBench) error {
	if edits == nil {
		edits = append(edits, ofSpec(types.KeySpecEccNistP384, types.KeyUsageTypeKeyAgreement))
	}
	return keyRefused(want, func(ctx context.Context, b *kmsBench, arn string) error {
		public, err := der()
		if err != nil {
			return err
		}
		_, err = b.home().DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{KeyId: &arn, KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh, PublicKey: public})
		return err
	}, edits...)
}

func p256DER() ([]byte, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKIXPublicKey(k.Public())
}

// offCurve is a P-384 public key whose point is not on the curve.
func offCurve() ([]byte, error) {
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		return nil, err
	}
	der[len(der)-1] ^= 1
	return der, nil
}

// signature makes a check of Sign and Verify, and of the signature with the
// public key outside of KMS.
func signature(spec types.KeySpec, alg types.SigningAlgorithmSpec, h crypto.Hash) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		message := []byte("to whom it may concern")
		digest := h.New()
		digest.Write(message)
		sum := digest.Sum(nil)
		for kind, signed := range map[types.MessageType][]byte{types.MessageTypeRaw: message, types.MessageTypeDigest: sum} {
			out, err := b.home().Sign(ctx, &kms.SignInput{KeyId: &arn, Message: signed, MessageType: kind, SigningAlgorithm: alg})
			if err != nil {
				return err
			}
			ver, err := b.home().Verify(ctx, &kms.VerifyInput{KeyId: &arn, Message: message, Signature: out.Signature, SigningAlgorithm: alg})
			if err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
			pub, err := publicKey[any](ctx, b.home(), arn)
			if err != nil {
				return err
			}
			if err := errors.Join(
				same("valid", ver.SignatureValid, true),
				verifyOutside(pub, string(alg), h, sum, out.Signature)); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
		return nil
	}, ofSpec(spec, types.KeyUsageTypeSignVerify))
}

func verifyOutside(pub any, alg string, h crypto.Hash, sum, sig []byte) error {
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		return same("ECDSA signature", ecdsa.VerifyASN1(pub, sum, sig), true)
	case *rsa.PublicKey:
		if strings.Contains(alg, "PSS") {
			return rsa.VerifyPSS(pub, h, sum, sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.VerifyPKCS1v15(pub, h, sum, sig)
	}
	return fmt.Errorf("public key is a %T", pub)
}

// p256Sign makes a check of a key that signs.
func p256Sign(want string, call func(ctx context.Context, c *kms.Client, arn string) error) func(context.Context, *kmsBench) error {
	return keyRefused(want, func(ctx context.Context, b *kmsBench, arn string) error { return call(ctx, b.home(), arn) },
		ofSpec(types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify))
}

const ecdsa256 = types.SigningAlgorithmSpecEcdsaSha256

var kmsAsymmetricChecks = []kmsCheck{
	{"RSA encrypts and decrypts", rsaRefused("", func(*kms.DecryptInput) {})},
	{"RSA decrypts OAEP with SHA-256 from outside", rsaOutside(oaep256, sha256.New)},
	{"RSA decrypts OAEP with SHA-1 from outside", rsaOutside(types.EncryptionAlgorithmSpecRsaesOaepSha1, sha1.New)},
	{"RSA decrypt with the other hash", rsaRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.EncryptionAlgorithm = types.EncryptionAlgorithmSpecRsaesOaepSha1
	})},
	{"RSA decrypt without a key id is refused", rsaRefused("ValidationException", func(in *kms.DecryptInput) { in.KeyId = nil })},
	{"RSA decrypt without an algorithm is refused", rsaRefused("InvalidKeyUsageException", func(in *kms.DecryptInput) { in.EncryptionAlgorithm = "" })},
	{"RSA decrypt of a changed ciphertext", rsaRefused("InvalidCiphertextException", func(in *kms.DecryptInput) { in.CiphertextBlob[9] ^= 1 })},
	{"RSA ciphertext that is cut short", rsaRefused("InvalidCiphertextException", func(in *kms.DecryptInput) { in.CiphertextBlob = in.CiphertextBlob[:len(in.CiphertextBlob)-1] })},
	{"RSA takes no encryption context", rsaRefused("ValidationException", func(in *kms.DecryptInput) { in.EncryptionContext = orders })},
	{"RSA encrypt of 191 bytes is refused", keyRefused("ValidationException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: make([]byte, 191), EncryptionAlgorithm: oaep256})
		return err
	}, rsaKey)},
	{"RSA key describes itself", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		m, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		return errors.Join(
			same("algorithms", fmt.Sprint(m.EncryptionAlgorithms), "[RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256]"),
			same("spec", m.KeySpec, types.KeySpecRsa2048))
	}, rsaKey)},
	{"public key of RSA", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &arn})
		if err != nil {
			return err
		}
		return errors.Join(
			same("key", aws.ToString(out.KeyId), arn),
			same("spec", out.KeySpec, types.KeySpecRsa2048),
			same("usage", out.KeyUsage, types.KeyUsageTypeEncryptDecrypt),
			same("algorithms", fmt.Sprint(out.EncryptionAlgorithms), "[RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256]"))
	}, rsaKey)},
	{"public key for agreement", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &arn})
		if err != nil {
			return err
		}
		return errors.Join(
			same("key", aws.ToString(out.KeyId), arn),
			same("usage", out.KeyUsage, types.KeyUsageTypeKeyAgreement),
			same("algorithms", fmt.Sprint(out.KeyAgreementAlgorithms), "[ECDH]"),
			same("length of the DER", len(out.PublicKey), 120))
	}, ofSpec(types.KeySpecEccNistP384, types.KeyUsageTypeKeyAgreement))},
	{"public key of a symmetric key is refused", keyRefused("UnsupportedOperationException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &arn})
		return err
	})},

	{"agreement on P-256", agreement(types.KeySpecEccNistP256, ecdh.P256(), 32)},
	{"agreement on P-384", agreement(types.KeySpecEccNistP384, ecdh.P384(), 48)},
	{"agreement on P-521", agreement(types.KeySpecEccNistP521, ecdh.P521(), 66)},
	{"agreement of two KMS keys", withKey(func(ctx context.Context, b *kmsBench, one string) error {
		two, err := newKey(ctx, b.home(), ofSpec(types.KeySpecEccNistP384, types.KeyUsageTypeKeyAgreement))
		if err != nil {
			return err
		}
		var secrets []string
		for _, pair := range [][2]string{{one, two}, {two, one}} {
			pub, err := b.home().GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: &pair[1]})
			if err != nil {
				return err
			}
			out, err := b.home().DeriveSharedSecret(ctx, &kms.DeriveSharedSecretInput{KeyId: &pair[0], KeyAgreementAlgorithm: types.KeyAgreementAlgorithmSpecEcdh, PublicKey: pub.PublicKey})
			if err != nil {
				return err
			}
			secrets = append(secrets, string(out.SharedSecret))
		}
		return same("equality of secrets", secrets[0] == secrets[1], true)
	}, ofSpec(types.KeySpecEccNistP384, types.KeyUsageTypeKeyAgreement))},
	{"agreement with a key on another curve is refused", agreementRefused("ValidationException", p256DER)},
	{"agreement with a point off the curve is refused", agreementRefused("ValidationException", offCurve)},
	{"agreement with what is no key is refused", agreementRefused("ValidationException", func() ([]byte, error) { return []byte("no key"), nil })},
	{"agreement with a key that signs is refused", agreementRefused("InvalidKeyUsageException", p256DER, ofSpec(types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify))},
	{"agreement with a symmetric key is refused", agreementRefused("InvalidKeyUsageException", p256DER, func(*kms.CreateKeyInput) {})},

	{"signature ECDSA on P-256", signature(types.KeySpecEccNistP256, ecdsa256, crypto.SHA256)},
	{"signature ECDSA on P-384", signature(types.KeySpecEccNistP384, types.SigningAlgorithmSpecEcdsaSha384, crypto.SHA384)},
	{"signature ECDSA on P-521", signature(types.KeySpecEccNistP521, types.SigningAlgorithmSpecEcdsaSha512, crypto.SHA512)},
	{"signature RSA PKCS#1", signature(types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPkcs1V15Sha256, crypto.SHA256)},
	{"signature RSA PSS", signature(types.KeySpecRsa2048, types.SigningAlgorithmSpecRsassaPssSha512, crypto.SHA512)},
	{"signature of another message", p256Sign("KMSInvalidSignatureException", func(ctx context.Context, c *kms.Client, arn string) error {
		out, err := c.Sign(ctx, &kms.SignInput{KeyId: &arn, Message: []byte("one"), SigningAlgorithm: ecdsa256})
		if err != nil {
			return err
		}
		_, err = c.Verify(ctx, &kms.VerifyInput{KeyId: &arn, Message: []byte("two"), Signature: out.Signature, SigningAlgorithm: ecdsa256})
		return err
	})},
	{"signature with an algorithm of another curve is refused", p256Sign("InvalidKeyUsageException", func(ctx context.Context, c *kms.Client, arn string) error {
		_, err := c.Sign(ctx, &kms.SignInput{KeyId: &arn, Message: []byte("x"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha384})
		return err
	})},
	{"signature of a digest of the wrong length is refused", p256Sign("ValidationException", func(ctx context.Context, c *kms.Client, arn string) error {
		_, err := c.Sign(ctx, &kms.SignInput{KeyId: &arn, Message: make([]byte, 31), MessageType: types.MessageTypeDigest, SigningAlgorithm: ecdsa256})
		return err
	})},
	{"signature with a key that encrypts is refused", keyRefused("InvalidKeyUsageException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().Sign(ctx, &kms.SignInput{KeyId: &arn, Message: []byte("x"), SigningAlgorithm: types.SigningAlgorithmSpecRsassaPssSha256})
		return err
	}, rsaKey)},
	{"encryption with a key that signs is refused", p256Sign("InvalidKeyUsageException", func(ctx context.Context, c *kms.Client, arn string) error {
		_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
		return err
	})},
}

// mac makes a check of GenerateMac and VerifyMac.
func mac(spec types.KeySpec, alg types.MacAlgorithmSpec, size int) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &arn, Message: []byte("message"), MacAlgorithm: alg})
		if err != nil {
			return err
		}
		ver, err := b.home().VerifyMac(ctx, &kms.VerifyMacInput{KeyId: &arn, Message: []byte("message"), Mac: out.Mac, MacAlgorithm: alg})
		if err != nil {
			return err
		}
		return errors.Join(
			same("key", aws.ToString(out.KeyId), arn),
			same("valid", ver.MacValid, true),
			same("length", len(out.Mac), size))
	}, ofSpec(spec, types.KeyUsageTypeGenerateVerifyMac))
}

var hmac256 = ofSpec(types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac)

var kmsMACChecks = []kmsCheck{
	{"MAC with SHA-224", mac(types.KeySpecHmac224, types.MacAlgorithmSpecHmacSha224, sha256.Size224)},
	{"MAC with SHA-256", mac(types.KeySpecHmac256, types.MacAlgorithmSpecHmacSha256, sha256.Size)},
	{"MAC with SHA-384", mac(types.KeySpecHmac384, types.MacAlgorithmSpecHmacSha384, sha512.Size384)},
	{"MAC with SHA-512", mac(types.KeySpecHmac512, types.MacAlgorithmSpecHmacSha512, sha512.Size)},
	{"MAC of another message", keyRefused("KMSInvalidMacException", func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &arn, Message: []byte("one"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		if err != nil {
			return err
		}
		_, err = b.home().VerifyMac(ctx, &kms.VerifyMacInput{KeyId: &arn, Message: []byte("two"), Mac: out.Mac, MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	}, hmac256)},
	{"MAC cut short", keyRefused("KMSInvalidMacException", func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &arn, Message: []byte("one"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		if err != nil {
			return err
		}
		_, err = b.home().VerifyMac(ctx, &kms.VerifyMacInput{KeyId: &arn, Message: []byte("one"), Mac: out.Mac[:16], MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	}, hmac256)},
	{"MAC with an algorithm of another spec is refused", keyRefused("InvalidKeyUsageException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &arn, Message: []byte("x"), MacAlgorithm: types.MacAlgorithmSpecHmacSha512})
		return err
	}, hmac256)},
	{"MAC with a symmetric key is refused", keyRefused("InvalidKeyUsageException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().GenerateMac(ctx, &kms.GenerateMacInput{KeyId: &arn, Message: []byte("x"), MacAlgorithm: types.MacAlgorithmSpecHmacSha256})
		return err
	})},
	{"HMAC key describes itself", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		m, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		return errors.Join(
			same("algorithms", fmt.Sprint(m.MacAlgorithms), "[HMAC_SHA_256]"),
			same("usage", m.KeyUsage, types.KeyUsageTypeGenerateVerifyMac))
	}, hmac256)},
}

package ddbenctest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

var orders = map[string]string{"*aws-kms-table*": "orders", "id": "7"}

// encryptAndDecrypt encrypts under one context and decrypts after an edit.
func encryptAndDecrypt(ctx context.Context, b *kmsBench, arn string, edit func(*kms.DecryptInput)) (*kms.DecryptOutput, error) {
	enc, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("secret"), EncryptionContext: orders})
	if err != nil {
		return nil, err
	}
	in := &kms.DecryptInput{CiphertextBlob: enc.CiphertextBlob, EncryptionContext: orders}
	edit(in)
	return b.home().Decrypt(ctx, in)
}

// decryptRefused makes a check of a Decrypt that must fail.
func decryptRefused(want string, edit func(*kms.DecryptInput)) func(context.Context, *kmsBench) error {
	return keyRefused(want, func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := encryptAndDecrypt(ctx, b, arn, edit)
		return err
	})
}

// encryptRefused makes a check of an Encrypt that must fail.
func encryptRefused(want string, edit func(*kms.EncryptInput)) func(context.Context, *kmsBench) error {
	return keyRefused(want, func(ctx context.Context, b *kmsBench, arn string) error {
		in := &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("secret")}
		edit(in)
		_, err := b.home().Encrypt(ctx, in)
		return err
	})
}

var kmsCipherChecks = []kmsCheck{
	{"encrypt and decrypt with the same context", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := encryptAndDecrypt(ctx, b, arn, func(*kms.DecryptInput) {})
		if err != nil {
			return err
		}
		return errors.Join(
			same("plaintext", string(out.Plaintext), "secret"),
			same("key id", aws.ToString(out.KeyId), arn))
	})},
	{"encrypt answers the key's ARN and the algorithm", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(keyID(arn)), Plaintext: []byte("x")})
		if err != nil {
			return err
		}
		return errors.Join(
			same("key id", aws.ToString(out.KeyId), arn),
			same("algorithm", out.EncryptionAlgorithm, types.EncryptionAlgorithmSpecSymmetricDefault))
	})},
	{"encrypt twice gives two ciphertexts", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		var blobs [2][]byte
		for i := range blobs {
			out, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
			if err != nil {
				return err
			}
			blobs[i] = out.CiphertextBlob
		}
		return same("equality", bytes.Equal(blobs[0], blobs[1]), false)
	})},
	{"encrypt the longest plaintext", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		plaintext := bytes.Repeat([]byte{7}, 4096)
		enc, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: plaintext})
		if err != nil {
			return err
		}
		dec, err := b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: enc.CiphertextBlob})
		if err != nil {
			return err
		}
		return same("equality", bytes.Equal(dec.Plaintext, plaintext), true)
	})},
	{"encrypt of 4097 bytes is refused", encryptRefused("ValidationException", func(in *kms.EncryptInput) { in.Plaintext = make([]byte, 4097) })},
	{"encrypt of nothing is refused", encryptRefused("ValidationException", func(in *kms.EncryptInput) { in.Plaintext = []byte{} })},
	{"encrypt with an unknown algorithm is refused", encryptRefused("ValidationException", func(in *kms.EncryptInput) { in.EncryptionAlgorithm = "ROT13" })},
	{"encrypt with an RSA algorithm and a symmetric key is refused", encryptRefused("InvalidKeyUsageException", func(in *kms.EncryptInput) {
		in.EncryptionAlgorithm = types.EncryptionAlgorithmSpecRsaesOaepSha256
	})},
	{"encrypt with eleven grant tokens is refused", encryptRefused("ValidationException", func(in *kms.EncryptInput) {
		in.GrantTokens = strings.Split("abcdefghijk", "")
	})},
	{"encrypt takes grant tokens", encryptRefused("", func(in *kms.EncryptInput) { in.GrantTokens = []string{"token"} })},
	{"encrypt with a key that is not there", encryptRefused("NotFoundException", func(in *kms.EncryptInput) {
		in.KeyId = aws.String("1234abcd-12ab-34cd-56ef-1234567890ab")
	})},
	{"encrypt with an alias that is not there", encryptRefused("NotFoundException", func(in *kms.EncryptInput) { in.KeyId = uniqueAlias() })},
	{"encrypt with what is no key id", encryptRefused("NotFoundException", func(in *kms.EncryptInput) { in.KeyId = aws.String("not a key") })},
	{"encrypt with the ARN of another Region", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.other().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
		return wantCode(err, "NotFoundException")
	})},
	{"encrypt with the id of another Region's key", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.other().Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(keyID(arn)), Plaintext: []byte("x")})
		return wantCode(err, "NotFoundException")
	})},

	{"decrypt with the key's ARN", decryptByKey(func(arn string) string { return arn })},
	{"decrypt with the key's id", decryptByKey(keyID)},
	{"decrypt names the key material", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := encryptAndDecrypt(ctx, b, arn, func(*kms.DecryptInput) {})
		if err != nil {
			return err
		}
		return same("length of KeyMaterialId", len(aws.ToString(out.KeyMaterialId)), 64)
	})},
	{"decrypt with the context in another order", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		for range 8 { // a Go map is sent in a different order each time
			if _, err := encryptAndDecrypt(ctx, b, arn, func(*kms.DecryptInput) {}); err != nil {
				return err
			}
		}
		return nil
	})},
	{"decrypt with a context of non-ASCII text", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		ec := map[string]string{"名前": "žluťoučký 🐎\x00\t", "": ""}
		enc, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x"), EncryptionContext: ec})
		if err != nil {
			return err
		}
		_, err = b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: enc.CiphertextBlob, EncryptionContext: ec})
		return err
	})},
	{"decrypt with an empty context is decrypt without", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		enc, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x"), EncryptionContext: map[string]string{}})
		if err != nil {
			return err
		}
		_, err = b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: enc.CiphertextBlob})
		return err
	})},
	{"decrypt with another value in the context", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.EncryptionContext = map[string]string{"*aws-kms-table*": "orders", "id": "8"}
	})},
	{"decrypt with a shifted boundary in the context", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.EncryptionContext = map[string]string{"*aws-kms-table*": "order", "sid": "7"}
	})},
	{"decrypt with an entry less", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.EncryptionContext = map[string]string{"*aws-kms-table*": "orders"}
	})},
	{"decrypt with an entry more", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.EncryptionContext = map[string]string{"*aws-kms-table*": "orders", "id": "7", "x": ""}
	})},
	{"decrypt with a name in another case", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.EncryptionContext = map[string]string{"*aws-kms-table*": "orders", "ID": "7"}
	})},
	{"decrypt without the context", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) { in.EncryptionContext = nil })},
	{"decrypt with its last byte changed", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.CiphertextBlob[len(in.CiphertextBlob)-1] ^= 1
	})},
	{"decrypt with its first byte changed", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) { in.CiphertextBlob[0] ^= 1 })},
	{"decrypt with its end missing", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.CiphertextBlob = in.CiphertextBlob[:len(in.CiphertextBlob)-1]
	})},
	{"decrypt of noise", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.CiphertextBlob = bytes.Repeat([]byte{0xa5}, 200)
	})},
	{"decrypt of nothing is refused", decryptRefused("ValidationException", func(in *kms.DecryptInput) { in.CiphertextBlob = []byte{} })},
	{"decrypt of 6145 bytes is refused", decryptRefused("ValidationException", func(in *kms.DecryptInput) { in.CiphertextBlob = make([]byte, 6145) })},
	{"decrypt with an RSA algorithm and a symmetric key is refused", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := encryptAndDecrypt(ctx, b, arn, func(in *kms.DecryptInput) {
			in.KeyId, in.EncryptionAlgorithm, in.EncryptionContext = &arn, types.EncryptionAlgorithmSpecRsaesOaepSha256, nil
		})
		return wantCode(err, "InvalidKeyUsageException")
	})},
	{"decrypt with another key", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		other, err := newKey(ctx, b.home())
		if err != nil {
			return err
		}
		_, err = encryptAndDecrypt(ctx, b, arn, func(in *kms.DecryptInput) { in.KeyId = &other })
		return wantCode(err, "IncorrectKeyException")
	})},
	{"decrypt with a key that is not there", decryptRefused("NotFoundException", func(in *kms.DecryptInput) {
		in.KeyId = aws.String("1234abcd-12ab-34cd-56ef-1234567890ab")
	})},
	{"decrypt in another Region", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		enc, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
		if err != nil {
			return err
		}
		_, err = b.other().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: enc.CiphertextBlob})
		return wantCode(err, "AccessDeniedException")
	})},

	{"re-encrypt under another context", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := reEncrypt(ctx, b, arn, func(*kms.ReEncryptInput) {})
		if err != nil {
			return err
		}
		_, err = b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: orders})
		if err := wantCode(err, "InvalidCiphertextException"); err != nil {
			return fmt.Errorf("old context: %w", err)
		}
		dec, err := b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: invoices})
		if err != nil {
			return err
		}
		return same("plaintext", string(dec.Plaintext), "secret")
	})},
	{"re-encrypt to another key", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		to, err := newKey(ctx, b.home())
		if err != nil {
			return err
		}
		out, err := reEncrypt(ctx, b, arn, func(in *kms.ReEncryptInput) { in.DestinationKeyId = &to })
		if err != nil {
			return err
		}
		dec, err := b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: invoices})
		if err != nil {
			return err
		}
		return errors.Join(
			same("source key", aws.ToString(out.SourceKeyId), arn),
			same("destination key", aws.ToString(out.KeyId), to),
			same("key of the new ciphertext", aws.ToString(dec.KeyId), to))
	})},
	{"re-encrypt names algorithms and materials", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := reEncrypt(ctx, b, arn, func(*kms.ReEncryptInput) {})
		if err != nil {
			return err
		}
		return errors.Join(
			same("source algorithm", out.SourceEncryptionAlgorithm, types.EncryptionAlgorithmSpecSymmetricDefault),
			same("destination algorithm", out.DestinationEncryptionAlgorithm, types.EncryptionAlgorithmSpecSymmetricDefault),
			same("source material", len(aws.ToString(out.SourceKeyMaterialId)), 64),
			same("destination material", len(aws.ToString(out.DestinationKeyMaterialId)), 64))
	})},
	{"re-encrypt with the wrong source key", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		other, err := newKey(ctx, b.home())
		if err != nil {
			return err
		}
		_, err = reEncrypt(ctx, b, arn, func(in *kms.ReEncryptInput) { in.SourceKeyId = &other })
		return wantCode(err, "IncorrectKeyException")
	})},
	{"re-encrypt with the right source key", reEncryptRefused("", func(in *kms.ReEncryptInput) { in.SourceKeyId = in.DestinationKeyId })},
	{"re-encrypt with the wrong source context", reEncryptRefused("InvalidCiphertextException", func(in *kms.ReEncryptInput) {
		in.SourceEncryptionContext = invoices
	})},
	{"re-encrypt to a key that is not there", reEncryptRefused("NotFoundException", func(in *kms.ReEncryptInput) { in.DestinationKeyId = uniqueAlias() })},
	{"re-encrypt of noise", reEncryptRefused("InvalidCiphertextException", func(in *kms.ReEncryptInput) {
		in.CiphertextBlob = bytes.Repeat([]byte{0xa5}, 200)
	})},
}

func decryptByKey(name func(arn string) string) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := encryptAndDecrypt(ctx, b, arn, func(in *kms.DecryptInput) { in.KeyId = aws.String(name(arn)) })
		if err != nil {
			return err
		}
		return same("key id", aws.ToString(out.KeyId), arn)
	})
}

var invoices = map[string]string{"*aws-kms-table*": "invoices"}

// reEncrypt moves a ciphertext from the context orders to the context invoices.
func reEncrypt(ctx context.Context, b *kmsBench, arn string, edit func(*kms.ReEncryptInput)) (*kms.ReEncryptOutput, error) {
	enc, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("secret"), EncryptionContext: orders})
	if err != nil {
		return nil, err
	}
	in := &kms.ReEncryptInput{
		CiphertextBlob:               enc.CiphertextBlob,
		SourceEncryptionContext:      orders,
		DestinationKeyId:             &arn,
		DestinationEncryptionContext: invoices,
	}
	edit(in)
	return b.home().ReEncrypt(ctx, in)
}

func reEncryptRefused(want string, edit func(*kms.ReEncryptInput)) func(context.Context, *kmsBench) error {
	return keyRefused(want, func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := reEncrypt(ctx, b, arn, edit)
		return err
	})
}

var kmsDataKeyChecks = []kmsCheck{
	{"data key of 32 bytes", dataKeySize(32, func(in *kms.GenerateDataKeyInput) { in.NumberOfBytes = aws.Int32(32) })},
	{"data key of 1 byte", dataKeySize(1, func(in *kms.GenerateDataKeyInput) { in.NumberOfBytes = aws.Int32(1) })},
	{"data key of 1024 bytes", dataKeySize(1024, func(in *kms.GenerateDataKeyInput) { in.NumberOfBytes = aws.Int32(1024) })},
	{"data key of AES_256", dataKeySize(32, func(in *kms.GenerateDataKeyInput) { in.KeySpec = types.DataKeySpecAes256 })},
	{"data key of AES_128", dataKeySize(16, func(in *kms.GenerateDataKeyInput) { in.KeySpec = types.DataKeySpecAes128 })},
	{"data key with both sizes is refused", dataKeyRefused("ValidationException", func(in *kms.GenerateDataKeyInput) {
		in.NumberOfBytes, in.KeySpec = aws.Int32(32), types.DataKeySpecAes256
	})},
	{"data key without a size is refused", dataKeyRefused("ValidationException", func(*kms.GenerateDataKeyInput) {})},
	{"data key of 0 bytes is refused", dataKeyRefused("ValidationException", func(in *kms.GenerateDataKeyInput) { in.NumberOfBytes = aws.Int32(0) })},
	{"data key of 1025 bytes is refused", dataKeyRefused("ValidationException", func(in *kms.GenerateDataKeyInput) { in.NumberOfBytes = aws.Int32(1025) })},
	{"data key of an unknown spec is refused", dataKeyRefused("ValidationException", func(in *kms.GenerateDataKeyInput) { in.KeySpec = "AES_512" })},
	{"data key with a key that is not there", dataKeyRefused("NotFoundException", func(in *kms.GenerateDataKeyInput) {
		in.KeyId, in.NumberOfBytes = uniqueAlias(), aws.Int32(32)
	})},
	{"data key with an RSA key is refused", keyRefused("InvalidKeyUsageException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &arn, NumberOfBytes: aws.Int32(32)})
		return err
	}, ofSpec(types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt))},
	{"data key opens with its context only", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &arn, NumberOfBytes: aws.Int32(32), EncryptionContext: orders})
		if err != nil {
			return err
		}
		if _, err := b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: orders}); err != nil {
			return err
		}
		_, err = b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob})
		return wantCode(err, "InvalidCiphertextException")
	})},
	{"data keys differ", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		seen := make(map[string]bool)
		for range 4 {
			out, err := b.home().GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &arn, NumberOfBytes: aws.Int32(32)})
			if err != nil {
				return err
			}
			seen[string(out.Plaintext)] = true
		}
		return same("number of different keys", len(seen), 4)
	})},
	{"data key names the key material", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &arn, NumberOfBytes: aws.Int32(32)})
		if err != nil {
			return err
		}
		return same("length of KeyMaterialId", len(aws.ToString(out.KeyMaterialId)), 64)
	})},
	{"data key without plaintext", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: &arn, NumberOfBytes: aws.Int32(32), EncryptionContext: orders})
		if err != nil {
			return err
		}
		dec, err := b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: orders})
		if err != nil {
			return err
		}
		return errors.Join(
			same("key id", aws.ToString(out.KeyId), arn),
			same("length of the key", len(dec.Plaintext), 32))
	})},
	{"random bytes", func(ctx context.Context, b *kmsBench) error {
		out, err := b.home().GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(1024)})
		if err != nil {
			return err
		}
		return same("length", len(out.Plaintext), 1024)
	}},
	{"random bytes beyond 1024 are refused", refused("ValidationException", func(ctx context.Context, b *kmsBench) error {
		_, err := b.home().GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(1025)})
		return err
	})},
	{"data key pair", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GenerateDataKeyPair(ctx, &kms.GenerateDataKeyPairInput{KeyId: &arn, KeyPairSpec: types.DataKeyPairSpecEccNistP384, EncryptionContext: orders})
		if err != nil {
			return err
		}
		dec, err := b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.PrivateKeyCiphertextBlob, EncryptionContext: orders})
		if err != nil {
			return err
		}
		return errors.Join(
			same("equality", bytes.Equal(dec.Plaintext, out.PrivateKeyPlaintext), true),
			pairFits(out.PrivateKeyPlaintext, out.PublicKey))
	})},
	{"data key pair without plaintext", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().GenerateDataKeyPairWithoutPlaintext(ctx, &kms.GenerateDataKeyPairWithoutPlaintextInput{KeyId: &arn, KeyPairSpec: types.DataKeyPairSpecRsa2048})
		if err != nil {
			return err
		}
		dec, err := b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.PrivateKeyCiphertextBlob})
		if err != nil {
			return err
		}
		return pairFits(dec.Plaintext, out.PublicKey)
	})},
}

func dataKeySize(want int, edit func(*kms.GenerateDataKeyInput)) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		in := &kms.GenerateDataKeyInput{KeyId: &arn}
		edit(in)
		out, err := b.home().GenerateDataKey(ctx, in)
		if err != nil {
			return err
		}
		dec, err := b.home().Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob})
		if err != nil {
			return err
		}
		return errors.Join(
			same("length", len(out.Plaintext), want),
			same("key id", aws.ToString(out.KeyId), arn),
			same("equality", bytes.Equal(out.Plaintext, dec.Plaintext), true))
	})
}

func dataKeyRefused(want string, edit func(*kms.GenerateDataKeyInput)) func(context.Context, *kmsBench) error {
	return keyRefused(want, func(ctx context.Context, b *kmsBench, arn string) error {
		in := &kms.GenerateDataKeyInput{KeyId: &arn}
		edit(in)
		_, err := b.home().GenerateDataKey(ctx, in)
		return err
	})
}

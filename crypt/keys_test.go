package crypt_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
)

func TestKeysAreChecked(t *testing.T) {
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	ecKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	signing := func(alg string, s crypto.Signer, opts ...crypt.KeyOption) error {
		_, err := crypt.NewSigningKey(alg, s, opts...)
		return err
	}
	verification := func(alg string, pub crypto.PublicKey, opts ...crypt.KeyOption) error {
		_, err := crypt.NewVerificationKey(alg, pub, opts...)
		return err
	}
	hmacKey := func(alg string, n int, opts ...crypt.KeyOption) error {
		_, err := crypt.NewHMACKey(alg, make([]byte, n), opts...)
		return err
	}
	contentKey := func(n int) error {
		_, err := crypt.NewContentKey(make([]byte, n))
		return err
	}
	for _, tt := range []struct {
		name      string
		err, want error
	}{
		{"AES 16", contentKey(16), nil},
		{"AES 17", contentKey(17), crypt.ErrConfig},
		{"HMAC", hmacKey("HmacSHA256", 16), nil},
		{"HMAC short", hmacKey("HmacSHA256", 15), crypt.ErrConfig},
		{"HMAC short, allowed", hmacKey("HmacSHA256", 1, crypt.AllowWeakKey()), nil},
		{"HMAC empty", hmacKey("HmacSHA256", 0, crypt.AllowWeakKey()), crypt.ErrConfig},
		{"HMAC of RSA", hmacKey("SHA256withRSA", 16), crypt.ErrConfig},
		{"HMAC unknown", hmacKey("HmacMD5", 16), crypt.ErrUnsupported},
		{"HMAC in other case", hmacKey("hmacsha256", 16), crypt.ErrUnsupported},
		{"RSA", signing("SHA256withRSA", rsaKey), nil},
		{"RSA of ECDSA", signing("SHA256withECDSA", rsaKey), crypt.ErrConfig},
		{"ECDSA", signing("SHA384withECDSA", ecKey), nil},
		{"ECDSA of RSA", signing("SHA256withRSA", ecKey), crypt.ErrConfig},
		{"Ed25519", signing("SHA256withECDSA", edKey), crypt.ErrConfig},
		{"no signer", signing("SHA256withRSA", nil), crypt.ErrConfig},
		{"nil RSA pointer", signing("SHA256withRSA", (*rsa.PrivateKey)(nil)), crypt.ErrConfig},
		{"public RSA", verification("SHA512withRSA", rsaKey.Public()), nil},
		{"no public key", verification("SHA512withRSA", nil), crypt.ErrConfig},
		{"nil public RSA pointer", verification("SHA512withRSA", (*rsa.PublicKey)(nil)), crypt.ErrConfig},
		{"private as public", verification("SHA512withRSA", rsaKey), crypt.ErrConfig},
		{"allowed", verification("SHA512withRSA", rsaKey.Public(), crypt.AllowAlgorithms("SHA256withRSA")), nil},
		{"unknown allowed", verification("SHA512withRSA", rsaKey.Public(), crypt.AllowAlgorithms("MD5withRSA")), crypt.ErrUnsupported},
		{"HMAC allowed for RSA", verification("SHA512withRSA", rsaKey.Public(), crypt.AllowAlgorithms("HmacSHA256")), crypt.ErrConfig},
	} {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.err, tt.want)
		}
	}
}

// Which algorithm an item names is not signed, so it counts only if the reader
// allows it, and only for keys that more than one algorithm fits.
func TestAllowAlgorithms(t *testing.T) {
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	written := must(crypt.NewDDBEC(&fixedKeys{sign: must(crypt.NewSigningKey("SHA384withRSA", rsaKey))}).ForTable(signOnly("T")))
	stored := must(written.Encrypt(t.Context(), item{"hk": str("p")}))
	for _, tt := range []struct {
		name  string
		allow []string
		want  error
	}{
		{"none", nil, crypt.ErrVerify},
		{"another", []string{"SHA512withRSA"}, crypt.ErrVerify},
		{"the item's", []string{"SHA512withRSA", "SHA384withRSA"}, nil},
	} {
		key := must(crypt.NewVerificationKey("SHA256withRSA", rsaKey.Public(), crypt.AllowAlgorithms(tt.allow...)))
		enc := must(crypt.NewDDBEC(&fixedKeys{verify: key}).ForTable(signOnly("T")))
		if _, err := enc.Decrypt(t.Context(), stored); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// Keys that no constructor made are as good as none.
func TestZeroKeys(t *testing.T) {
	stored := must(must(crypt.NewDDBEC(strongKeys("HmacSHA256")).ForTable(allTypesTable())).Encrypt(t.Context(), allTypes()))
	zero := must(crypt.NewDDBEC(&fixedKeys{content: &crypt.ContentKey{}, sign: &crypt.SigningKey{}, verify: &crypt.VerificationKey{}}).ForTable(allTypesTable()))
	if _, err := zero.Encrypt(t.Context(), allTypes()); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Encrypt: %v", err)
	}
	if _, err := zero.Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Decrypt: %v", err)
	}
}

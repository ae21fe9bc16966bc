package keyring

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
)

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// der returns the content of the last PEM block in a file.
func der(t testing.TB, name string) []byte {
	t.Helper()
	var der []byte
	for block, rest := pem.Decode(readTestdata(t, name)); block != nil; block, rest = pem.Decode(rest) {
		der = block.Bytes
	}
	return der
}

func TestParsePrivateKey(t *testing.T) {
	rsaPublic, err := ParsePublicKey(readTestdata(t, "rsa-public.pem"))
	if err != nil {
		t.Fatal(err)
	}
	ecPublic, err := ParsePublicKey(readTestdata(t, "ec-public.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		data []byte
		want crypto.PublicKey
	}{
		{"PKCS 8 PEM of RSA", readTestdata(t, "rsa.pem"), rsaPublic},
		{"PKCS 8 DER of RSA", der(t, "rsa.pem"), rsaPublic},
		{"PKCS 1 PEM", readTestdata(t, "rsa-pkcs1.pem"), rsaPublic},
		{"PKCS 1 DER", der(t, "rsa-pkcs1.pem"), rsaPublic},
		{"PKCS 8 PEM of ECDSA", readTestdata(t, "ec-pkcs8.pem"), ecPublic},
		{"PKCS 8 DER of ECDSA", der(t, "ec-pkcs8.pem"), ecPublic},
		{"SEC 1 PEM after its parameters", readTestdata(t, "ec-sec1.pem"), ecPublic},
		{"SEC 1 DER", der(t, "ec-sec1.pem"), ecPublic},
		{"PEM in text", []byte("# rotated in March\n" + string(readTestdata(t, "rsa.pem")) + "\nend"), rsaPublic},
		{"PEM with CRLF", bytes.ReplaceAll(readTestdata(t, "rsa.pem"), []byte("\n"), []byte("\r\n")), rsaPublic},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key, err := ParsePrivateKey(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if !tt.want.(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) {
				t.Error("ParsePrivateKey returned another key")
			}
		})
	}
}

func TestParsePrivateKeyErrors(t *testing.T) {
	rsaPEM := string(readTestdata(t, "rsa.pem"))
	for _, tt := range []struct{ name, data, want string }{
		{"nothing", "", "neither PEM nor DER"},
		{"text", "hunter2", "neither PEM nor DER"},
		{"encrypted PKCS 8", string(readTestdata(t, "rsa-encrypted.pem")), "private key is encrypted"},
		{"encrypted PKCS 1", string(readTestdata(t, "rsa-pkcs1-encrypted.pem")), "PEM is encrypted"},
		{"two keys", rsaPEM + string(readTestdata(t, "ec-pkcs8.pem")), "more than one key"},
		{"other key type", string(readTestdata(t, "ed25519.pem")), "ed25519.PrivateKey, want RSA or ECDSA"},
		{"public key", string(readTestdata(t, "rsa-public.pem")), `PEM block is "PUBLIC KEY", want a private key`},
		{"cut off PEM", rsaPEM[:len(rsaPEM)/2], "damaged or cut off"},
		{"damaged PEM", strings.Replace(rsaPEM, "MII", "M!I", 1), "damaged or cut off"},
		{"cut off DER", string(der(t, "rsa.pem")[:100]), "not valid PKCS #8, PKCS #1 or SEC 1"},
		{"public DER", string(der(t, "rsa-public.pem")), "not valid PKCS #8, PKCS #1 or SEC 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key, err := ParsePrivateKey([]byte(tt.data))
			if key != nil || !errors.Is(err, crypt.ErrConfig) || !strings.Contains(fmt.Sprint(err), tt.want) {
				t.Errorf("ParsePrivateKey = %v, error %v; want ErrConfig with %q", key, err, tt.want)
			}
		})
	}
}

func TestParsePublicKey(t *testing.T) {
	for name, want := range map[string]string{
		"rsa-public.pem": "*rsa.PublicKey", "rsa-public-pkcs1.pem": "*rsa.PublicKey", "ec-public.pem": "*ecdsa.PublicKey",
	} {
		for form, data := range map[string][]byte{"PEM": readTestdata(t, name), "DER": der(t, name)} {
			key, err := ParsePublicKey(data)
			if got := fmt.Sprintf("%T", key); err != nil || got != want {
				t.Errorf("ParsePublicKey(%s as %s) = %s, error %v, want %s", name, form, got, err, want)
			}
		}
	}
	for _, tt := range []struct{ name, data, want string }{
		{"nothing", "", "neither PEM nor DER"},
		{"private key", string(readTestdata(t, "rsa.pem")), `PEM block is "PRIVATE KEY", want a public key`},
		{"private DER", string(der(t, "rsa.pem")), "not valid SubjectPublicKeyInfo or PKCS #1"},
		// ed25519, RFC 8410 section 10.1
		{"other key type", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n", "ed25519.PublicKey, want RSA or ECDSA"},
	} {
		key, err := ParsePublicKey([]byte(tt.data))
		if key != nil || !errors.Is(err, crypt.ErrConfig) || !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("ParsePublicKey of %s = %v, error %v; want ErrConfig with %q", tt.name, key, err, tt.want)
		}
	}
}

func TestPrivateKeySignsAndDecrypts(t *testing.T) {
	digest := sha256.Sum256([]byte("message"))
	rsaKey, ecKey := mustPrivateKey(t, "rsa.pem"), mustPrivateKey(t, "ec-pkcs8.pem")
	sig, err := rsaKey.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil || rsa.VerifyPKCS1v15(rsaKey.Public().(*rsa.PublicKey), crypto.SHA256, digest[:], sig) != nil {
		t.Errorf("RSA signature does not verify, error %v", err)
	}
	sig, err = ecKey.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil || !ecdsa.VerifyASN1(ecKey.Public().(*ecdsa.PublicKey), digest[:], sig) {
		t.Errorf("ECDSA signature does not verify, error %v", err)
	}
	opts := oaepOptions(crypto.SHA256)
	ciphertext, err := rsa.EncryptOAEPWithOptions(rand.Reader, rsaKey.Public().(*rsa.PublicKey), []byte("key"), opts)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rsaKey.Decrypt(rand.Reader, ciphertext, opts); err != nil || string(got) != "key" {
		t.Errorf("Decrypt = %q, error %v", got, err)
	}
	if _, err := ecKey.Decrypt(rand.Reader, ciphertext, opts); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("Decrypt with an ECDSA key: error %v, want ErrConfig", err)
	}
}

func TestKeysPrintRedacted(t *testing.T) {
	aes, err := NewAESWrappingKey(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	static, err := NewStatic(make([]byte, 16), make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := NewWrapped(make([]byte, 16), make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	for want, v := range map[string]any{
		"PrivateKey(REDACTED)": mustPrivateKey(t, "rsa.pem"), "WrappingKey(REDACTED)": aes,
		"Static(REDACTED)": static, "Wrapped(REDACTED)": wrapped,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			if got := fmt.Sprintf(verb, v); got != want {
				t.Errorf("Sprintf(%q) = %q, want %q", verb, got, want)
			}
		}
		if got := v.(slog.LogValuer).LogValue().String(); got != want {
			t.Errorf("LogValue = %q, want %q", got, want)
		}
	}
}

func mustPrivateKey(t testing.TB, name string) *PrivateKey {
	t.Helper()
	key, err := ParsePrivateKey(readTestdata(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

package keyring_test

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// Spec: Worked examples, "AES key wrap".
func TestWrappedWorkedExample(t *testing.T) {
	kek, err := keyring.NewAESWrappingKey(counting(16))
	if err != nil {
		t.Fatal(err)
	}
	p := mustWrapped(t, keyring.WrappedKeys{
		Wrapping: kek, Unwrapping: kek, Signing: hmacKey(t, "HmacSHA256", counting(8)),
	})
	stored := exampleItem(t, "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb2013320a1401ed386c357ffa7495e71",
		"90439fed77c42bd91075a32d80dbbe4ca81767f88cd4176dac412e21ac38cb74", `
		0000000000000010616d7a6e2d6464622d656e762d616c67000000074145532f
		32353600000010616d7a6e2d6464622d656e762d6b657900000038446e674939
		516279772b6571627472586b3678456c62435436306775584879707758444a2b
		714239774d753768314575476631416b673d3d00000017616d7a6e2d6464622d
		6d61702d7369676e696e67416c670000000a486d616353484132353600000015
		616d7a6e2d6464622d6d61702d73796d2d6d6f6465000000112f4342432f504b
		43533550616464696e6700000011616d7a6e2d6464622d777261702d616c6700
		00000741455357726170`)
	got, err := exampleTable(t, p).Decrypt(t.Context(), stored)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(examplePlaintext(), got, ignoreSDK); diff != "" {
		t.Error(diff)
	}
}

// Spec: Materials and materials providers, "Wrapped provider"; what is written
// as content algorithm is the divergence table's row 17.
func TestWrappedWrites(t *testing.T) {
	aes := func(t *testing.T, opts ...keyring.WrappedOption) (*keyring.Wrapped, error) {
		return keyring.NewWrapped(counting(24), counting(32), opts...)
	}
	rsa := func(t *testing.T, opts ...keyring.WrappedOption) (*keyring.Wrapped, error) {
		return keyring.NewWrappedRSA(privateKey(t, "rsa.pem"), hmacKey(t, "HmacSHA256", counting(32)), opts...)
	}
	const oaep = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"
	for _, tt := range []struct {
		name             string
		open             func(*testing.T, ...keyring.WrappedOption) (*keyring.Wrapped, error)
		asked            map[string]string
		wantAlg          string
		wantWrap         string
		wantWrappedBytes int
	}{
		{"AES", aes, nil, "AES/256", "AESWrap", 40},
		{"AES asked for by name", aes, map[string]string{"amzn-ddb-wrap-alg": "AESWrap"}, "AES/256", "AESWrap", 40},
		{"AES/256", aes, map[string]string{"amzn-ddb-env-alg": "AES/256"}, "AES/256", "AESWrap", 40},
		{"AES/192", aes, map[string]string{"amzn-ddb-env-alg": "AES/192"}, "AES/192", "AESWrap", 32},
		{"AES/128", aes, map[string]string{"amzn-ddb-env-alg": "AES/128"}, "AES/128", "AESWrap", 24},
		{"AES without length", aes, map[string]string{"amzn-ddb-env-alg": "AES"}, "AES/256", "AESWrap", 40},
		{"RSA", rsa, nil, "AES/256", oaep, 256},
		{"RSA and AES/128", rsa, map[string]string{"amzn-ddb-env-alg": "AES/128"}, "AES/128", oaep, 256},
		{"OAEP SHA-1", rsa, map[string]string{"amzn-ddb-wrap-alg": "RSA/ECB/OAEPWithSHA-1AndMGF1Padding"}, "AES/256", "RSA/ECB/OAEPWithSHA-1AndMGF1Padding", 256},
		{"OAEP SHA-256", rsa, map[string]string{"amzn-ddb-wrap-alg": oaep}, "AES/256", oaep, 256},
		{"OAEP SHA-384", rsa, map[string]string{"amzn-ddb-wrap-alg": "RSA/ECB/OAEPWithSHA-384AndMGF1Padding"}, "AES/256", "RSA/ECB/OAEPWithSHA-384AndMGF1Padding", 256},
		{"OAEP SHA-512", rsa, map[string]string{"amzn-ddb-wrap-alg": "RSA/ECB/OAEPWithSHA-512AndMGF1Padding"}, "AES/256", "RSA/ECB/OAEPWithSHA-512AndMGF1Padding", 256},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := tt.open(t, keyring.WithDescription(tt.asked), keyring.WithDescription(map[string]string{"owner": "team-a"}))
			if err != nil {
				t.Fatal(err)
			}
			e := exampleTable(t, p)
			stored, err := e.Encrypt(t.Context(), examplePlaintext())
			if err != nil {
				t.Fatal(err)
			}
			got := description(t, stored)
			wrapped, err := base64.StdEncoding.Strict().DecodeString(got["amzn-ddb-env-key"])
			if err != nil || len(wrapped) != tt.wantWrappedBytes || strings.ContainsAny(got["amzn-ddb-env-key"], "\r\n") {
				t.Errorf("wrapped key is %d bytes, error %v, want %d", len(wrapped), err, tt.wantWrappedBytes)
			}
			delete(got, "amzn-ddb-env-key")
			want := map[string]string{
				"amzn-ddb-env-alg": tt.wantAlg, "amzn-ddb-wrap-alg": tt.wantWrap, "owner": "team-a",
				"amzn-ddb-map-sym-mode": "/CBC/PKCS5Padding", "amzn-ddb-map-signingAlg": "HmacSHA256",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("description: %s", diff)
			}
			if got, err := e.Decrypt(t.Context(), stored); err != nil || !cmp.Equal(got, examplePlaintext(), ignoreSDK) {
				t.Errorf("Decrypt = %v, error %v", got, err)
			}
		})
	}
}

// Every item has its own content key, also if the context that the provider is
// given describes one, which the Python client would use again.
func TestWrappedNeverReusesAKey(t *testing.T) {
	p, err := keyring.NewWrapped(counting(32), counting(32))
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.EncryptionMaterials(t.Context(), exampleContext(nil))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{m.Description["amzn-ddb-env-key"]: true}
	for range 100 {
		again, err := p.EncryptionMaterials(t.Context(), exampleContext(m.Description))
		if err != nil {
			t.Fatal(err)
		}
		if key := again.Description["amzn-ddb-env-key"]; seen[key] || key == "" {
			t.Fatal("two items have the same wrapped key")
		} else {
			seen[key] = true
		}
	}
}

// What a reader makes of each change to the description. Nil means that the item
// is read.
func TestWrappedReads(t *testing.T) {
	const key, alg, wrap = "amzn-ddb-env-key", "amzn-ddb-env-alg", "amzn-ddb-wrap-alg"
	without := func(names ...string) func(map[string]string) {
		return func(d map[string]string) {
			for _, name := range names {
				delete(d, name)
			}
		}
	}
	set := func(name, value string) func(map[string]string) {
		return func(d map[string]string) { d[name] = value }
	}
	edit := func(f func(string) string) func(map[string]string) {
		return func(d map[string]string) { d[key] = f(d[key]) }
	}
	broken := func(sep string) func(map[string]string) {
		return edit(func(s string) string { return s[:20] + sep + s[20:40] + sep + s[40:] + sep })
	}
	aes, err := keyring.NewWrapped(counting(16), counting(32))
	if err != nil {
		t.Fatal(err)
	}
	lenient, err := keyring.NewWrapped(counting(16), counting(32), keyring.AssumeAESWrap())
	if err != nil {
		t.Fatal(err)
	}
	signing := hmacKey(t, "HmacSHA256", counting(32))
	rsa, err := keyring.NewWrappedRSA(privateKey(t, "rsa.pem"), signing)
	if err != nil {
		t.Fatal(err)
	}
	old, err := keyring.NewWrappedRSA(privateKey(t, "rsa.pem"), signing, keyring.AllowPKCS1v15())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		p      crypt.Provider
		change func(map[string]string)
		want   error
	}{
		{"AES, nothing changed", aes, without(), nil},
		{"AES, lines of CRLF", aes, broken("\r\n"), nil},
		{"AES, lines of LF", aes, broken("\n"), nil},
		{"AES, space in the key", aes, broken(" "), crypt.ErrVerify},
		{"AES, minus in the key", aes, broken("-"), crypt.ErrVerify},
		{"AES, NUL in the key", aes, broken("\x00"), crypt.ErrVerify},
		{"AES, no padding of the text", aes, edit(func(s string) string { return strings.TrimRight(s, "=") }), crypt.ErrVerify},
		{"AES, empty key", aes, set(key, ""), crypt.ErrVerify},
		{"AES, key of 8 bytes", aes, set(key, "AAAAAAAAAAA="), crypt.ErrVerify},
		{"AES, other key", aes, set(key, base64.StdEncoding.EncodeToString(make([]byte, 40))), crypt.ErrVerify},
		{"AES, key too long", aes, set(key, base64.StdEncoding.EncodeToString(make([]byte, 48))), crypt.ErrVerify},
		{"AES, key of 60 kB", aes, set(key, strings.Repeat("A", 60_000)), crypt.ErrVerify},
		{"AES, no key", aes, without(key), crypt.ErrNoKey},
		{"AES, nothing", aes, func(d map[string]string) { clear(d) }, crypt.ErrNoKey},
		{"AES, no content algorithm", aes, without(alg), nil},
		{"AES, content algorithm of Java", aes, set(alg, "AES"), nil},
		{"AES, other length", aes, set(alg, "AES/128"), nil},
		{"AES, nonsense length", aes, set(alg, "AES/999/zz"), nil},
		{"AES, other content algorithm", aes, set(alg, "DESede/168"), crypt.ErrUnsupported},
		{"AES, lower case content algorithm", aes, set(alg, "aes/256"), crypt.ErrUnsupported},
		{"AES, empty content algorithm", aes, set(alg, ""), crypt.ErrUnsupported},
		{"AES, no wrapping algorithm", aes, without(wrap), crypt.ErrUnsupported},
		{"AES, no wrapping algorithm, AssumeAESWrap", lenient, without(wrap), nil},
		{"AES, empty wrapping algorithm, AssumeAESWrap", lenient, set(wrap, ""), crypt.ErrUnsupported},
		{"AES, cipher mode as wrapping algorithm", aes, set(wrap, "AES/CBC/PKCS5Padding"), crypt.ErrUnsupported},
		{"AES, PKCS 1", aes, set(wrap, "RSA/ECB/PKCS1Padding"), crypt.ErrUnsupported},
		{"AES, OAEP", aes, set(wrap, "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"), crypt.ErrUnsupported},
		{"AES, KMS", aes, set(wrap, "kms"), crypt.ErrUnsupported},
		{"AES, lower case wrapping algorithm", aes, set(wrap, "aeswrap"), crypt.ErrUnsupported},

		{"RSA, nothing changed", rsa, without(), nil},
		{"RSA, lines of CRLF", rsa, broken("\r\n"), nil},
		{"RSA, OAEP with another hash", rsa, set(wrap, "RSA/ECB/OAEPWithSHA-1AndMGF1Padding"), crypt.ErrVerify},
		{"RSA, unknown hash", rsa, set(wrap, "RSA/ECB/OAEPWithMD5AndMGF1Padding"), crypt.ErrUnsupported},
		{"RSA, other key", rsa, set(key, base64.StdEncoding.EncodeToString(make([]byte, 256))), crypt.ErrVerify},
		{"RSA, short key", rsa, set(key, base64.StdEncoding.EncodeToString(make([]byte, 255))), crypt.ErrVerify},
		{"RSA, no key", rsa, without(key), crypt.ErrNoKey},
		{"RSA, PKCS 1", rsa, set(wrap, "RSA/ECB/PKCS1Padding"), crypt.ErrUnsupported},
		{"RSA, PKCS 1 by short name", rsa, set(wrap, "RSA"), crypt.ErrUnsupported},
		{"RSA, no wrapping algorithm", rsa, without(wrap), crypt.ErrUnsupported},
		{"RSA, AES key wrap", rsa, set(wrap, "AESWrap"), crypt.ErrUnsupported},

		{"RSA allowing PKCS 1, OAEP", old, without(), nil},
		{"RSA allowing PKCS 1, OAEP called PKCS 1", old, set(wrap, "RSA/ECB/PKCS1Padding"), crypt.ErrVerify},
		{"RSA allowing PKCS 1, OAEP without a name", old, without(wrap), crypt.ErrVerify},
		{"RSA allowing PKCS 1, short key", old, func(d map[string]string) { d[wrap], d[key] = "RSA", "AAAA" }, crypt.ErrVerify},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := exampleTable(t, tt.p)
			stored, err := e.Encrypt(t.Context(), examplePlaintext())
			if err != nil {
				t.Fatal(err)
			}
			d := description(t, stored)
			tt.change(d)
			got, err := e.Decrypt(t.Context(), describe(t, stored, d))
			switch {
			case !errors.Is(err, tt.want):
				t.Errorf("error %v, want %v", err, tt.want)
			case tt.want == nil && !cmp.Equal(got, examplePlaintext(), ignoreSDK):
				t.Errorf("Decrypt = %v", got)
			case tt.want == crypt.ErrVerify && err.Error() != crypt.ErrVerify.Error():
				t.Errorf("error %q says more than ErrVerify", err)
			}
		})
	}
}

// Items as an old release of the Java client wrote them: PKCS #1 v1.5 padding,
// no wrapping algorithm, Base64 in lines.
func TestWrappedReadsPKCS1v15(t *testing.T) {
	for _, n := range []int{16, 24, 32} {
		content, err := crypt.NewContentKey(counting(n))
		if err != nil {
			t.Fatal(err)
		}
		signing := hmacKey(t, "HmacSHA256", counting(32))
		stored, err := exampleTable(t, mustStatic(t, keyring.StaticKeys{Content: content, Signing: signing})).Encrypt(t.Context(), examplePlaintext())
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("pkcs1v15-%d.b64", n)))
		if err != nil {
			t.Fatal(err)
		}
		p, err := keyring.NewWrappedRSA(privateKey(t, "rsa.pem"), signing, keyring.AllowPKCS1v15())
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"", "RSA", "RSA/ECB/PKCS1Padding"} {
			d := description(t, stored)
			d["amzn-ddb-env-alg"] = "AES"
			d["amzn-ddb-env-key"] = strings.ReplaceAll(string(wrapped), "\n", "\r\n")
			if name != "" {
				d["amzn-ddb-wrap-alg"] = name
			}
			got, err := exampleTable(t, p).Decrypt(t.Context(), describe(t, stored, d))
			if err != nil || !cmp.Equal(got, examplePlaintext(), ignoreSDK) {
				t.Errorf("%d bytes by %q: Decrypt = %v, error %v", n, name, got, err)
			}
		}
	}
}

// Whether PKCS #1 v1.5 padding is good must not show, not even for an item that
// needs no content key: it is read either way.
func TestWrappedPKCS1v15TellsNothing(t *testing.T) {
	signing := hmacKey(t, "HmacSHA256", counting(32))
	stored, err := signOnlyTable(t, mustStatic(t, keyring.StaticKeys{Signing: signing})).Encrypt(t.Context(), examplePlaintext())
	if err != nil {
		t.Fatal(err)
	}
	p, err := keyring.NewWrappedRSA(privateKey(t, "rsa.pem"), signing, keyring.AllowPKCS1v15())
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"good": "pkcs1v15-32.b64", "wrong length": "pkcs1v15-20.b64", "bad": "oaep-sha256.b64"} {
		wrapped, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		d := description(t, stored)
		d["amzn-ddb-wrap-alg"], d["amzn-ddb-env-key"] = "RSA/ECB/PKCS1Padding", string(wrapped)
		if _, err := signOnlyTable(t, p).Decrypt(t.Context(), describe(t, stored, d)); err != nil {
			t.Errorf("%s padding: error %v", name, err)
		}
	}
}

// An unwrapped key of an impossible length is refused like any other failure,
// even where none is needed. These are the bytes 00, 01 ... under the key
// 000102...0f, wrapped by steps with OpenSSL's AES.
func TestWrappedKeyLength(t *testing.T) {
	signing := hmacKey(t, "HmacSHA256", counting(32))
	stored, err := signOnlyTable(t, mustStatic(t, keyring.StaticKeys{Signing: signing})).Encrypt(t.Context(), examplePlaintext())
	if err != nil {
		t.Fatal(err)
	}
	p, err := keyring.NewWrapped(counting(16), counting(32))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		bytes   int
		wrapped string
		want    error
	}{
		{8, "8013069094676b994ac9e9ab2f76d003", crypt.ErrVerify},
		{16, "935a3eb101c34add025e170b46ff0db23e5c2fae8c8f8370", nil},
		{24, "8b75da89d82b987e5cfa42d62733bb30cce7d382f148930f7be13a7de37dd6da", nil},
		{32, "0e7808f506f2c3e7aa6edad793ac4495b093eb482e5c7ca9c170c9faa07dc0cbbb87512e19fd4092", nil},
	} {
		d := description(t, stored)
		d["amzn-ddb-wrap-alg"], d["amzn-ddb-env-key"] = "AESWrap", base64.StdEncoding.EncodeToString(unhex(t, tt.wrapped))
		if _, err := signOnlyTable(t, p).Decrypt(t.Context(), describe(t, stored, d)); !errors.Is(err, tt.want) {
			t.Errorf("content key of %d bytes: error %v, want %v", tt.bytes, err, tt.want)
		}
	}
}

func TestWrappedHalves(t *testing.T) {
	priv := privateKey(t, "rsa.pem")
	public, err := keyring.NewRSAWrappingKey(priv.Public())
	if err != nil {
		t.Fatal(err)
	}
	private, err := keyring.NewRSAUnwrappingKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	signing, err := crypt.NewSigningKey("SHA256withRSA", priv)
	if err != nil {
		t.Fatal(err)
	}
	writer := mustWrapped(t, keyring.WrappedKeys{Wrapping: public, Signing: signing})
	reader := mustWrapped(t, keyring.WrappedKeys{Unwrapping: private, Verification: signing.VerificationKey()})

	stored, err := exampleTable(t, writer).Encrypt(t.Context(), examplePlaintext())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := exampleTable(t, reader).Decrypt(t.Context(), stored); err != nil || !cmp.Equal(got, examplePlaintext(), ignoreSDK) {
		t.Errorf("Decrypt = %v, error %v", got, err)
	}
	if _, err := exampleTable(t, writer).Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Decrypt without unwrapping key: error %v, want ErrNoKey", err)
	}
	if _, err := exampleTable(t, reader).Encrypt(t.Context(), examplePlaintext()); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Encrypt without wrapping key: error %v, want ErrNoKey", err)
	}

	// An item without a wrapped key can still be verified by either.
	d := description(t, stored)
	delete(d, "amzn-ddb-env-key")
	for name, p := range map[string]crypt.Provider{"writer": writer, "reader": reader} {
		if m, err := p.DecryptionMaterials(t.Context(), exampleContext(d)); err != nil || m.ContentKey != nil || m.VerificationKey == nil {
			t.Errorf("%s: materials %+v, error %v, want only a verification key", name, m, err)
		}
	}
}

func TestWrappedErrors(t *testing.T) {
	aes, err := keyring.NewAESWrappingKey(counting(16))
	if err != nil {
		t.Fatal(err)
	}
	priv := privateKey(t, "rsa.pem")
	public, err := keyring.NewRSAWrappingKey(priv.Public())
	if err != nil {
		t.Fatal(err)
	}
	signing := hmacKey(t, "HmacSHA256", counting(32))
	with := func(name, value string) keyring.Option {
		return keyring.WithDescription(map[string]string{name: value})
	}
	small, err := keyring.NewRSAWrappingKey(&rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1023, 1), E: 65537}, crypt.AllowWeakKey())
	if err != nil {
		t.Fatal(err)
	}
	bytes := func(opts ...keyring.WrappedOption) func() (*keyring.Wrapped, error) {
		return func() (*keyring.Wrapped, error) { return keyring.NewWrapped(counting(32), counting(32), opts...) }
	}
	keys := func(k keyring.WrappedKeys, opts ...keyring.WrappedOption) func() (*keyring.Wrapped, error) {
		return func() (*keyring.Wrapped, error) { return keyring.NewWrappedKeys(k, opts...) }
	}
	for _, tt := range []struct {
		name string
		open func() (*keyring.Wrapped, error)
		want string
	}{
		{"no wrapping key", func() (*keyring.Wrapped, error) { return keyring.NewWrapped(nil, counting(32)) }, "AES wrapping key is 0 bytes, want 16, 24 or 32"},
		{"short signing key", func() (*keyring.Wrapped, error) { return keyring.NewWrapped(counting(32), counting(8)) }, "HMAC key is 8 bytes, want at least 16"},
		{"ECDSA wrapping key", func() (*keyring.Wrapped, error) { return keyring.NewWrappedRSA(privateKey(t, "ec-pkcs8.pem"), signing) }, "wrapping key: "},
		{"no keys", keys(keyring.WrappedKeys{}), "neither signing nor verification key"},
		{"RSA without signing key", func() (*keyring.Wrapped, error) { return keyring.NewWrappedRSA(priv, nil) }, "neither signing nor verification key"},
		{"only a signing key", keys(keyring.WrappedKeys{Signing: signing}), "neither wrapping nor unwrapping key"},
		{"wrapping and verification key", keys(keyring.WrappedKeys{Wrapping: aes, Verification: signing.VerificationKey()}), "needs a signing key"},
		{"public key to unwrap with", keys(keyring.WrappedKeys{Unwrapping: public, Signing: signing}), "can't unwrap"},
		{"keys of two families", keys(keyring.WrappedKeys{Wrapping: public, Unwrapping: aes, Signing: signing}), "wrapping key is RSA and unwrapping key is AES"},
		{"PKCS 1 with an AES key", bytes(keyring.AllowPKCS1v15()), "PKCS #1 v1.5 needs an RSA private key"},
		{"other cipher", bytes(with("amzn-ddb-env-alg", "DESede/168")), `content algorithm "DESede/168"`},
		{"other length", bytes(with("amzn-ddb-env-alg", "AES/512")), `content algorithm "AES/512"`},
		{"unknown wrapping", bytes(with("amzn-ddb-wrap-alg", "AES/CBC/PKCS5Padding")), "unknown wrapping algorithm"},
		{"KMS wrapping", bytes(with("amzn-ddb-wrap-alg", "kms")), "unknown wrapping algorithm"},
		{"RSA wrapping for AES", bytes(with("amzn-ddb-wrap-alg", "RSA/ECB/OAEPWithSHA-1AndMGF1Padding")), "doesn't fit an AES key"},
		{"small RSA key for a long hash", keys(keyring.WrappedKeys{Wrapping: small, Signing: signing}, with("amzn-ddb-wrap-alg", "RSA/ECB/OAEPWithSHA-512AndMGF1Padding")), "RSA key is 128 bytes, want at least 162"},
		{"PKCS 1 to write", keys(keyring.WrappedKeys{Wrapping: public, Signing: signing}, with("amzn-ddb-wrap-alg", "RSA/ECB/PKCS1Padding")), "is not written, only read"},
		{"reserved entry", bytes(with("amzn-ddb-env-key", "AAAA")), `description entry "amzn-ddb-env-key" is reserved`},
	} {
		p, err := tt.open()
		if p != nil || !errors.Is(err, crypt.ErrConfig) || !strings.Contains(text(err), tt.want) {
			t.Errorf("%s: provider %v, error %v, want ErrConfig with %q", tt.name, p, err, tt.want)
		}
	}
}

func TestWrappedIsAProvider(t *testing.T) {
	wrapping, signing := randomBytes(32), randomBytes(32)
	p, err := keyring.NewWrapped(wrapping, signing)
	if err != nil {
		t.Fatal(err)
	}
	ddbenctest.TestProvider(t, p, wrapping, signing)
}

func TestWrappedRSAIsAProvider(t *testing.T) {
	priv := privateKey(t, "rsa.pem")
	signing, err := crypt.NewSigningKey("SHA256withRSA", priv)
	if err != nil {
		t.Fatal(err)
	}
	p, err := keyring.NewWrappedRSA(priv, signing)
	if err != nil {
		t.Fatal(err)
	}
	ddbenctest.TestProvider(t, p)
}

func TestWrappedRSAWithECDSAIsAProvider(t *testing.T) {
	signing, err := crypt.NewSigningKey("SHA384withECDSA", privateKey(t, "ec-pkcs8.pem"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := keyring.NewWrappedRSA(privateKey(t, "rsa.pem"), signing, keyring.AllowPKCS1v15())
	if err != nil {
		t.Fatal(err)
	}
	ddbenctest.TestProvider(t, p)
}

func mustWrapped(t *testing.T, keys keyring.WrappedKeys, opts ...keyring.WrappedOption) *keyring.Wrapped {
	t.Helper()
	p, err := keyring.NewWrappedKeys(keys, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

package keyring

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/testenv"
)

// counting returns the bytes 0 to n-1.
func counting(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fromBase64(t testing.TB, s []byte) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(string(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Spec: Worked examples, "AES key wrap"; the rest is RFC 3394 section 4.
func TestAESKeyWrap(t *testing.T) {
	data := unhex(t, "00112233445566778899aabbccddeeff0001020304050607 08090a0b0c0d0e0f")
	for _, tt := range []struct {
		kek, key []byte
		wrapped  string
	}{
		{counting(16), counting(32), "0e7808f506f2c3e7aa6edad793ac4495b093eb482e5c7ca9c170c9faa07dc0cbbb87512e19fd4092"},
		{counting(16), data[:16], "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
		{counting(24), data[:16], "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"},
		{counting(32), data[:16], "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
		{counting(24), data[:24], "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2"},
		{counting(32), data[:24], "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"},
		{counting(32), data, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
	} {
		k, err := NewAESWrappingKey(tt.kek)
		if err != nil {
			t.Fatal(err)
		}
		wrapped, err := k.wrap(k.defaultWrapAlgorithm(), tt.key)
		if err != nil || hex.EncodeToString(wrapped) != tt.wrapped {
			t.Errorf("wrap of %d bytes with %d = %x, error %v, want %s", len(tt.key), len(tt.kek), wrapped, err, tt.wrapped)
		}
		if key, ok := k.unwrap(k.defaultWrapAlgorithm(), unhex(t, tt.wrapped)); !ok || !bytes.Equal(key, tt.key) {
			t.Errorf("unwrap of %s = %x, %v, want %x", tt.wrapped, key, ok, tt.key)
		}
		for i := range wrapped {
			wrapped[i] ^= 0x10
			if _, ok := k.unwrap(k.defaultWrapAlgorithm(), wrapped); ok {
				t.Errorf("unwrap accepts a change of byte %d", i)
			}
			if _, ok := k.unwrap(k.defaultWrapAlgorithm(), wrapped[:i]); ok {
				t.Errorf("unwrap accepts the first %d bytes", i)
			}
			wrapped[i] ^= 0x10
		}
	}
}

// An RSA ciphertext of OpenSSL for each OAEP hash, all with MGF1-SHA-1.
func TestOAEPDecryptsOpenSSL(t *testing.T) {
	k, err := NewRSAUnwrappingKey(mustPrivateKey(t, "rsa.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for hash, name := range map[string]string{
		"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512",
	} {
		a, ok := wrapAlgorithmOf("RSA/ECB/OAEPWith" + name + "AndMGF1Padding")
		if !ok {
			t.Fatalf("no wrapping algorithm for %s", name)
		}
		ciphertext := fromBase64(t, readTestdata(t, "oaep-"+hash+".b64"))
		if got, ok := k.unwrap(a, ciphertext); !ok || !bytes.Equal(got, counting(32)) {
			t.Errorf("unwrap with %s = %x, %v", name, got, ok)
		}
		wrapped, err := k.wrap(a, counting(24))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := k.unwrap(a, wrapped); !ok || !bytes.Equal(got, counting(24)) {
			t.Errorf("%s: wrap and unwrap = %x, %v", name, got, ok)
		}
		for _, other := range wrapAlgorithms {
			if other.oaep == 0 || other.oaep == a.oaep {
				continue
			}
			if _, ok := k.unwrap(other, ciphertext); ok {
				t.Errorf("what was wrapped with %s is unwrapped with %s", name, other.name)
			}
		}
	}
}

// Spec: Worked examples, "RSA-OAEP (SHA-256, MGF1-SHA-1)". The key is in the
// official vectors only.
func TestOAEPWorkedExample(t *testing.T) {
	dir := testenv.Vectors(t, "ddbec")
	data, err := os.ReadFile(filepath.Join(dir, "official", "encrypted_item", "keys.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("DDBENC_VECTORS has no official vectors")
	}
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]struct{ Material []byte }
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatal(err)
	}
	priv, err := ParsePrivateKey(keys["rsaEncPriv"].Material)
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewRSAUnwrappingKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := k.unwrap(k.defaultWrapAlgorithm(), unhex(t, `
		4c94afdcf9b0f3d8ea882e6859a6651439311d368db6dd1efff05fb8b69d7df8
		b9771b741e841d5f9f4cfbb0d9b2e233272d2f9989cf0a8d93317870aef87553
		0d07d5b1183a73e44f48a9d959e1ce6cf8b35efe096a87333947ed01ba22563b
		5a5687311234b87f58b7cf466ff4ffce64c12bf9f1a496aa00a5253d68292ae8
		fc2e9c93f49b2b9bd58a79440bc735af4934a43c7dae371bf03a73a18884fce4
		442c604f32d3eccc14522227cdb44bd85c9ee69cbf2d220df028e9808f1bed67
		604e992569d214e9e38e2ae05290ec06fe27d0958721459905459a6bfd2fb028
		b4e7d57e5338102429763a6d01e48a9d0e4e9336992f5788fcb8bfe2fa1eedbc`))
	if !ok || !bytes.Equal(got, counting(32)) {
		t.Errorf("unwrap = %x, %v, want %x", got, ok, counting(32))
	}
}

// Good padding around a key of a possible length gives that key; everything
// else gives 32 random bytes, other ones each time.
func TestUnwrapPKCS1v15(t *testing.T) {
	priv := mustPrivateKey(t, "rsa.pem").rsa
	for _, n := range []int{16, 24, 32} {
		got, err := unwrapPKCS1v15(priv, fromBase64(t, readTestdata(t, fmt.Sprintf("pkcs1v15-%d.b64", n))))
		if err != nil || !bytes.Equal(got, counting(n)) {
			t.Errorf("unwrapPKCS1v15 of %d bytes = %x, error %v", n, got, err)
		}
	}
	zeroPadding := make([]byte, priv.Size()) // the ciphertext of 0 is 0
	noPadding := make([]byte, priv.Size())
	copy(noPadding[1:], bytes.Repeat([]byte{7}, priv.Size()-1))
	for name, wrapped := range map[string][]byte{
		"a key of 20 bytes": fromBase64(t, readTestdata(t, "pkcs1v15-20.b64")),
		"OAEP":              fromBase64(t, readTestdata(t, "oaep-sha256.b64")),
		"no padding":        noPadding, "0": zeroPadding,
	} {
		first, err := unwrapPKCS1v15(priv, wrapped)
		second, err2 := unwrapPKCS1v15(priv, wrapped)
		if err != nil || err2 != nil || len(first) != 32 || len(second) != 32 || subtle.ConstantTimeCompare(first, second) == 1 {
			t.Errorf("unwrapPKCS1v15 of %s = %d bytes, error %v, then %d bytes, error %v; want 32 random bytes", name, len(first), err, len(second), err2)
		}
	}
	if _, err := unwrapPKCS1v15(priv, bytes.Repeat([]byte{0xff}, priv.Size())); err == nil {
		t.Errorf("unwrapPKCS1v15 of a number above the modulus: want an error")
	}
}

func TestUnwrapRSALengths(t *testing.T) {
	k, err := NewRSAUnwrappingKey(mustPrivateKey(t, "rsa.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range wrapAlgorithms {
		if a.family != "RSA" {
			continue
		}
		for _, n := range []int{0, 1, 255, 257, 512} {
			if _, ok := k.unwrap(a, make([]byte, n)); ok {
				t.Errorf("unwrap with %s takes %d bytes for a key of 256", a.name, n)
			}
		}
	}
}

func TestWrappingKeyErrors(t *testing.T) {
	weak := &rsa.PublicKey{N: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 1023), big.NewInt(1)), E: 65537}
	ec := mustPrivateKey(t, "ec-pkcs8.pem")
	for name, open := range map[string]func() (*WrappingKey, error){
		"no AES key":        func() (*WrappingKey, error) { return NewAESWrappingKey(nil) },
		"AES of 20 bytes":   func() (*WrappingKey, error) { return NewAESWrappingKey(make([]byte, 20)) },
		"no public key":     func() (*WrappingKey, error) { return NewRSAWrappingKey(nil) },
		"nil RSA key":       func() (*WrappingKey, error) { return NewRSAWrappingKey((*rsa.PublicKey)(nil)) },
		"ECDSA public key":  func() (*WrappingKey, error) { return NewRSAWrappingKey(ec.Public()) },
		"ECDSA private key": func() (*WrappingKey, error) { return NewRSAUnwrappingKey(ec) },
		"RSA of 1024 bits":  func() (*WrappingKey, error) { return NewRSAWrappingKey(weak) },
		"no private key":    func() (*WrappingKey, error) { return NewRSAUnwrappingKey(nil) },
		"nil private key":   func() (*WrappingKey, error) { return NewRSAUnwrappingKey((*rsa.PrivateKey)(nil)) },
		"key not parsed":    func() (*WrappingKey, error) { return NewRSAUnwrappingKey((*PrivateKey)(nil)) },
	} {
		if k, err := open(); k != nil || !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("%s: key %v, error %v, want ErrConfig", name, k, err)
		}
	}
	if _, err := NewRSAWrappingKey(weak, crypt.AllowWeakKey()); err != nil {
		t.Errorf("RSA of 1024 bits with AllowWeakKey: %v", err)
	}
}

func TestAESWrappingKeyIsCopied(t *testing.T) {
	raw := counting(16)
	k, err := NewAESWrappingKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	before, err := k.wrap(k.defaultWrapAlgorithm(), counting(32))
	if err != nil {
		t.Fatal(err)
	}
	clear(raw)
	if after, err := k.wrap(k.defaultWrapAlgorithm(), counting(32)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("changing the caller's slice changes the key")
	}
}

// A key in a security module is asked for OAEP with both hashes.
func TestUnwrappingKeyKeptElsewhere(t *testing.T) {
	m := &module{key: mustPrivateKey(t, "rsa.pem").rsa}
	k, err := NewRSAUnwrappingKey(m)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := k.unwrap(k.defaultWrapAlgorithm(), fromBase64(t, readTestdata(t, "oaep-sha256.b64")))
	if !ok || !bytes.Equal(got, counting(32)) {
		t.Fatalf("unwrap = %x, %v", got, ok)
	}
	if m.opts.Hash != crypto.SHA256 || m.opts.MGFHash != crypto.SHA1 || len(m.opts.Label) != 0 {
		t.Errorf("the module was given %+v", m.opts)
	}
	signing, err := crypt.NewHMACKey("HmacSHA256", counting(32))
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewWrappedRSA(m, signing, AllowPKCS1v15())
	if !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("AllowPKCS1v15 with a key kept elsewhere: error %v, want ErrConfig", err)
	}
}

// A module stands for a key that isn't in memory.
type module struct {
	key  *rsa.PrivateKey
	opts rsa.OAEPOptions
}

func (m *module) Public() crypto.PublicKey { return m.key.Public() }

func (m *module) Decrypt(_ io.Reader, ciphertext []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	m.opts = *opts.(*rsa.OAEPOptions)
	return m.key.Decrypt(rand.Reader, ciphertext, opts)
}

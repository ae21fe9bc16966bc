package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
)

// TestHierarchicalWrapExample writes the worked example of the spec again, byte for
// byte. DB-ESDK spec: materials, "Worked example".
func TestHierarchicalWrapExample(t *testing.T) {
	unhex := func(s string) []byte {
		t.Helper()
		b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	key, err := base64.StdEncoding.DecodeString("tJwf65epYvUt5HMiQsl/6jlvLxS0tgdjIuvFy2BLIwg=")
	if err != nil {
		t.Fatal(err)
	}
	const id, version = "bd3842ff-3076-4092-9918-4395730050b8", "e9ce18a3-edb5-4272-9f86-1cacb7997ff6"
	k, err := NewBranchKey(id, version, key)
	if err != nil {
		t.Fatal(err)
	}
	v, err := newBranchVersion(k, id)
	if err != nil {
		t.Fatal(err)
	}
	kc, err := crypt.NewKeyContext(crypt.SuiteECDSA, map[string]string{
		"aws-crypto-attr.RecNum":    "AAIx",
		"aws-crypto-partition-name": "RecNum",
		"aws-crypto-public-key":     "AlFRpKfrVcR1idjZ/xkMj+RBWGOIrciK/aZWndlX7O2j/7Lj/htGQ5pMvamfWsg5IA==",
		"aws-crypto-table-name":     "GazelleVectorTable",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := v.additional(kc), unhex(`
		6177732d6b6d732d68696572617263687962643338343266662d333037362d343039322d393931382d34333935373330
		3035306238e9ce18a3edb542729f861cacb7997ff6000400166177732d63727970746f2d617474722e5265634e756d00
		044141497800196177732d63727970746f2d706172746974696f6e2d6e616d6500065265634e756d00156177732d6372
		7970746f2d7075626c69632d6b65790044416c4652704b66725663523169646a5a2f786b4d6a2b524257474f49726369
		4b2f615a576e646c58374f326a2f374c6a2f6874475135704d76616d665773673549413d3d00156177732d6372797074
		6f2d7461626c652d6e616d65001247617a656c6c65566563746f725461626c65`); !bytes.Equal(got, want) {
		t.Errorf("additional data %x, want %x", got, want)
	}
	got, err := v.wrapWith(kc,
		unhex("dafb7a8ec15b5e71e42f21a386ee34a5a0c837c8532d877d3fb5b4cc3d588f66"),
		unhex("3d724fa183d758c3a7fc99ac6c2841b3dc76f2887cbe95e2dc37d57679f60717"),
		unhex("566becafebf928b7ea1d1537e4282049 62ec4cf9502cf70c528837a9"))
	if err != nil {
		t.Fatal(err)
	}
	if want := unhex(`
		d632e5e98b82ae301cb00008ee93ee55b78ec93e4fcdd0723cfe8126060c686bebd665da810ced28c483003b19d0582f
		566becafebf928b7ea1d1537e428204962ec4cf9502cf70c528837a9e9ce18a3edb542729f861cacb7997ff6694ef0a8
		158a38a15e0309ac32bc186090ea779e7b3cf597bf6e0a6fca2cffaddcd5bb0021fb1c96864e72cba138b6af`); !bytes.Equal(got.Ciphertext, want) {
		t.Errorf("ciphertext %x, want %x", got.Ciphertext, want)
	}
	if got.ProviderID != "aws-kms-hierarchy" || string(got.ProviderInfo) != id {
		t.Errorf("data key of %q, %q", got.ProviderID, got.ProviderInfo)
	}
	if want := unhex("5f6e51c1c4617d658520c21914f7b99f6116f019f33b22b2d5156496b2a8df31"); !bytes.Equal(got.MACKey, want) {
		t.Error("another MAC key than the example's")
	}
	// Provider info and ciphertext lie side by side in memory.
	_ = append(got.ProviderInfo, 0xff)
	if got.Ciphertext[0] != 0xd6 || cap(got.Ciphertext) != len(got.Ciphertext) {
		t.Error("appending to the provider info changes the ciphertext, or room is left")
	}
}

func TestBranchVersionID(t *testing.T) {
	const text = "e9ce18a3-edb5-4272-9f86-1cacb7997ff6"
	v, ok := parseBranchVersion(text)
	if !ok || v.String() != text || v[0] != 0xe9 || v[15] != 0xf6 {
		t.Errorf("parseBranchVersion = %v, %v", v, ok)
	}
	for _, bad := range []string{"", text[1:], text + "0", strings.ToUpper(text), strings.ReplaceAll(text, "-", ""), strings.ReplaceAll(text, "-", "0"), "g" + text[1:], "{" + text[:34] + "}", text[:35] + "é"} {
		if v, ok := parseBranchVersion(bad); ok {
			t.Errorf("parseBranchVersion(%q) = %v", bad, v)
		}
	}
}

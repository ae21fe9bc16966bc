package crypt_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
)

// TestWrapDataKey has the worked example of the spec, materials, "Hierarchical
// keyring": an intermediate key, and what the Java client wrapped with it.
func TestWrapDataKey(t *testing.T) {
	kc := must(crypt.NewKeyContext(crypt.SuiteECDSA, map[string]string{
		"aws-crypto-attr.RecNum":    "AAIx",
		"aws-crypto-partition-name": "RecNum",
		"aws-crypto-public-key":     "AlFRpKfrVcR1idjZ/xkMj+RBWGOIrciK/aZWndlX7O2j/7Lj/htGQ5pMvamfWsg5IA==",
		"aws-crypto-table-name":     "GazelleVectorTable",
	}))
	intermediate := unhex("3d724fa183d758c3a7fc99ac6c2841b3dc76f2887cbe95e2dc37d57679f60717")
	dataKey := unhex("dafb7a8ec15b5e71e42f21a386ee34a5a0c837c8532d877d3fb5b4cc3d588f66")
	wantWrapped := unhex("d632e5e98b82ae301cb00008ee93ee55b78ec93e4fcdd0723cfe8126060c686bebd665da810ced28c483003b19d0582f")
	wantMAC := unhex("5f6e51c1c4617d658520c21914f7b99f6116f019f33b22b2d5156496b2a8df31")

	wrapped, macKey, err := crypt.WrapDataKey(kc, dataKey, intermediate)
	if err != nil || !bytes.Equal(wrapped, wantWrapped) || !bytes.Equal(macKey, wantMAC) {
		t.Errorf("WrapDataKey = %x, %x, %v", wrapped, macKey, err)
	}
	k, err := crypt.UnwrapDataKey(kc, wrapped, intermediate)
	if err != nil || !bytes.Equal(k.DataKey, dataKey) || !bytes.Equal(k.MACKey, wantMAC) {
		t.Errorf("UnwrapDataKey: %v, or other keys", err)
	}

	otherContext := must(crypt.NewKeyContext(crypt.SuiteECDSA, nil))
	for _, tt := range []struct {
		name         string
		kc           *crypt.KeyContext
		wrapped, key []byte
		want         error
	}{
		{"another context", otherContext, wrapped, intermediate, crypt.ErrVerify},
		{"another intermediate key", kc, wrapped, dataKey, crypt.ErrVerify},
		{"wrapped key changed", kc, append([]byte{0}, wrapped[1:]...), intermediate, crypt.ErrVerify},
		{"wrapped key cut short", kc, wrapped[:47], intermediate, crypt.ErrVerify},
		{"wrapped key missing", kc, nil, intermediate, crypt.ErrVerify},
		{"intermediate key too short", kc, wrapped, intermediate[1:], crypt.ErrConfig},
	} {
		k, err := crypt.UnwrapDataKey(tt.kc, tt.wrapped, tt.key)
		if k != nil || !errors.Is(err, tt.want) {
			t.Errorf("UnwrapDataKey, %s = %v, %v, want %v", tt.name, k, err, tt.want)
		}
	}
	if _, _, err := crypt.WrapDataKey(kc, dataKey[1:], intermediate); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("WrapDataKey of 31 bytes: %v, want ErrConfig", err)
	}
	if _, _, err := crypt.WrapDataKey(kc, dataKey, nil); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("WrapDataKey without intermediate key: %v, want ErrConfig", err)
	}
}

func TestKeyContext(t *testing.T) {
	kc := must(crypt.NewKeyContext(crypt.SuiteMAC, map[string]string{"b": "secret", "a": "1"}))
	if got := fmt.Sprintf("%x", kc.Bytes()); got != "0002"+"000161"+"000131"+"000162"+"0006736563726574" {
		t.Errorf("Bytes = %s", got)
	}
	if v, ok := kc.Value("b"); v != "secret" || !ok {
		t.Errorf("Value = %q, %v", v, ok)
	}
	if v, ok := kc.Value("c"); v != "" || ok {
		t.Errorf("Value of a missing key = %q, %v", v, ok)
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "secret"}, kc.Map()); diff != "" {
		t.Error(diff)
	}
	if kc := must(crypt.NewKeyContext(crypt.SuiteMAC, nil)); len(kc.Bytes()) != 0 {
		t.Errorf("the empty context has %d bytes where it wraps keys, want none", len(kc.Bytes()))
	}
	if _, err := crypt.NewKeyContext(crypt.SuiteMAC, map[string]string{"": "x"}); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("empty key: %v, want ErrConfig", err)
	}
	for _, v := range []any{kc, crypt.WrappedKey{MACKey: []byte("secret")}, crypt.UnwrappedKey{DataKey: []byte("secret")}, &crypt.UnwrappedKey{MACKey: []byte("secret")}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, "secret") || strings.Contains(s, "736563726574") {
				t.Errorf("%s prints %s", verb, s)
			}
		}
	}
}

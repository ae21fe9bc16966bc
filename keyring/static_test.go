package keyring_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// Spec: Worked examples, "Static AES + HmacSHA256". The same item with the
// descriptions of both clients.
func TestStaticWorkedExample(t *testing.T) {
	content, err := crypt.NewContentKey(counting(16))
	if err != nil {
		t.Fatal(err)
	}
	p, err := keyring.NewStaticKeys(keyring.StaticKeys{Content: content, Signing: hmacKey(t, "HmacSHA256", counting(8))})
	if err != nil {
		t.Fatal(err)
	}
	for client, description := range map[string]string{
		"Python": "0000000000000017616d7a6e2d6464622d6d61702d7369676e696e67416c670000000a486d616353484132353600000015616d7a6e2d6464622d6d61702d73796d2d6d6f6465000000112f4342432f504b43533550616464696e67",
		"Java":   "0000000000000015616d7a6e2d6464622d6d61702d73796d2d6d6f6465000000112f4342432f504b43533550616464696e67",
	} {
		stored := exampleItem(t, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaff39fd059d13a5f154cd534e74f29bb2e",
			"6c9563f092d4591945976813c19b6a3b6bacd50ea6c5289ba95000cdb3cc5a6e", description)
		got, err := exampleTable(t, p).Decrypt(t.Context(), stored)
		if err != nil {
			t.Errorf("%s: %v", client, err)
		}
		if diff := cmp.Diff(examplePlaintext(), got, ignoreSDK); diff != "" {
			t.Errorf("%s: %s", client, diff)
		}
	}
}

func TestStaticForms(t *testing.T) {
	content, err := crypt.NewContentKey(counting(32))
	if err != nil {
		t.Fatal(err)
	}
	signing := hmacKey(t, "HmacSHA512", counting(64))
	both := mustStatic(t, keyring.StaticKeys{Content: content, Signing: signing})
	item := examplePlaintext()
	stored, err := exampleTable(t, both).Encrypt(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}

	readOnly := mustStatic(t, keyring.StaticKeys{Content: content, Verification: signing.VerificationKey()})
	if got, err := exampleTable(t, readOnly).Decrypt(t.Context(), stored); err != nil || !cmp.Equal(got, item, ignoreSDK) {
		t.Errorf("read-only provider: Decrypt = %v, error %v", got, err)
	}
	if _, err := exampleTable(t, readOnly).Encrypt(t.Context(), item); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("read-only provider: Encrypt error %v, want ErrNoKey", err)
	}

	verifyOnly := mustStatic(t, keyring.StaticKeys{Verification: signing.VerificationKey()})
	if _, err := exampleTable(t, verifyOnly).Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("verify-only provider on an encrypted item: error %v, want ErrNoKey", err)
	}
	broken := maps.Clone(stored)
	broken["hk"] = &types.AttributeValueMemberS{Value: "q"}
	if _, err := exampleTable(t, verifyOnly).Decrypt(t.Context(), broken); !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("verify-only provider on a changed item: error %v, want ErrVerify", err)
	}

	signOnly := mustStatic(t, keyring.StaticKeys{Signing: signing})
	if _, err := exampleTable(t, signOnly).Encrypt(t.Context(), item); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("provider without content key: Encrypt error %v, want ErrNoKey", err)
	}
	signed := signOnlyTable(t, signOnly)
	stored, err = signed.Encrypt(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]crypt.Provider{"sign-only": signOnly, "verify-only": verifyOnly, "full": both} {
		if got, err := signOnlyTable(t, p).Decrypt(t.Context(), stored); err != nil || !cmp.Equal(got, item, ignoreSDK) {
			t.Errorf("%s provider on a signed item: Decrypt = %v, error %v", name, got, err)
		}
	}
}

func TestStaticDescription(t *testing.T) {
	entries := map[string]string{"owner": "team-a", "amzn-ddb-env-alg": "carried along"}
	p, err := keyring.NewStatic(counting(32), counting(32), keyring.WithDescription(entries), keyring.WithDescription(map[string]string{"more": ""}))
	if err != nil {
		t.Fatal(err)
	}
	entries["owner"] = "changed later"
	m, err := p.EncryptionMaterials(t.Context(), exampleContext(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"owner": "team-a", "amzn-ddb-env-alg": "carried along", "more": ""}
	if diff := cmp.Diff(want, m.Description); diff != "" {
		t.Error(diff)
	}
}

func TestRequireDescription(t *testing.T) {
	required := keyring.RequireDescription(map[string]string{"owner": "team-a", "use": "records"})
	static, err := keyring.NewStatic(counting(32), counting(32), required)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := keyring.NewWrapped(counting(32), counting(32), required)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]crypt.Provider{"Static": static, "Wrapped": wrapped} {
		for _, tt := range []struct {
			description map[string]string
			want        string // error, or empty
		}{
			{map[string]string{"owner": "team-a", "use": "records", "else": "x"}, ""},
			{map[string]string{"owner": "team-a"}, `ddbenc: no key for this item: its description lacks entry "use"`},
			{map[string]string{"owner": "team-b", "use": "records"}, `ddbenc: no key for this item: its description has another value of "owner"`},
			{nil, `ddbenc: no key for this item: its description lacks entry "owner"`},
		} {
			_, err := p.DecryptionMaterials(t.Context(), exampleContext(tt.description))
			if got := text(err); got != tt.want || (err != nil && !errors.Is(err, crypt.ErrNoKey)) {
				t.Errorf("%s on %v: error %q, want %q", name, tt.description, got, tt.want)
			}
		}
	}
}

func TestStaticErrors(t *testing.T) {
	content, err := crypt.NewContentKey(counting(16))
	if err != nil {
		t.Fatal(err)
	}
	reserved := func(name string) keyring.Option {
		return keyring.WithDescription(map[string]string{name: "x"})
	}
	for name, open := range map[string]func() (*keyring.Static, error){
		"no content key":          func() (*keyring.Static, error) { return keyring.NewStatic(nil, counting(32)) },
		"content key of 20 bytes": func() (*keyring.Static, error) { return keyring.NewStatic(counting(20), counting(32)) },
		"no signing key":          func() (*keyring.Static, error) { return keyring.NewStatic(counting(32), nil) },
		"short signing key":       func() (*keyring.Static, error) { return keyring.NewStatic(counting(32), counting(15)) },
		"neither signing key":     func() (*keyring.Static, error) { return keyring.NewStaticKeys(keyring.StaticKeys{Content: content}) },
		"reserved wrapped key": func() (*keyring.Static, error) {
			return keyring.NewStatic(counting(32), counting(32), reserved("amzn-ddb-env-key"))
		},
		"reserved cipher mode": func() (*keyring.Static, error) {
			return keyring.NewStatic(counting(32), counting(32), reserved("amzn-ddb-map-sym-mode"))
		},
		"reserved signing algoritm": func() (*keyring.Static, error) {
			return keyring.NewStatic(counting(32), counting(32), reserved("amzn-ddb-map-signingAlg"))
		},
	} {
		if p, err := open(); p != nil || !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("%s: provider %v, error %v, want ErrConfig", name, p, err)
		}
	}
}

func TestStaticIsAProvider(t *testing.T) {
	content, signing := randomBytes(32), randomBytes(32)
	p, err := keyring.NewStatic(content, signing)
	if err != nil {
		t.Fatal(err)
	}
	ddbenctest.TestProvider(t, p, content, signing)
}

func TestStaticSignOnlyIsAProvider(t *testing.T) {
	key := randomBytes(32)
	ddbenctest.TestProvider(t, mustStatic(t, keyring.StaticKeys{Signing: hmacKey(t, "HmacSHA384", key)}), key)
}

func mustStatic(t *testing.T, keys keyring.StaticKeys) *keyring.Static {
	t.Helper()
	p, err := keyring.NewStaticKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var ignoreKMS = cmpopts.IgnoreUnexported(kms.DecryptInput{}, kms.GenerateDataKeyInput{})

var ignoreSDK = cmpopts.IgnoreUnexported(
	types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{},
)

package crypt_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
)

// A testManager returns what a test says.
type testManager struct {
	write, read *crypt.Materials
	err         error
	seen        *crypt.MaterialsRequest
}

func (m *testManager) WriteMaterials(_ context.Context, r *crypt.MaterialsRequest) (*crypt.Materials, error) {
	m.seen = r
	return m.write, m.err
}

func (m *testManager) ReadMaterials(_ context.Context, r *crypt.MaterialsRequest) (*crypt.Materials, error) {
	m.seen = r
	return m.read, m.err
}

func managed(t *testing.T, m crypt.MaterialsManager, suite crypt.Suite) crypt.Encryptor {
	t.Helper()
	return must(crypt.NewDBESDKManaged(m, crypt.WriteSuite(suite)).ForTable(specTable))
}

func TestMaterialsManager(t *testing.T) {
	for _, suite := range []crypt.Suite{crypt.SuiteMAC, crypt.SuiteECDSA} {
		m := &testManager{
			write: &crypt.Materials{Keyring: rawAES(), Stored: map[string]string{"team": "blue", "a": "1"}, Reproduced: map[string]string{"tenant": "acme"}},
			read:  &crypt.Materials{Keyring: rawAES(), Reproduced: map[string]string{"tenant": "acme"}},
		}
		enc := managed(t, m, suite)
		stored := must(enc.Encrypt(t.Context(), specItem()))
		in := must(crypt.Inspect(stored))
		delete(in.Context, "aws-crypto-public-key")
		if diff := cmp.Diff(m.write.Stored, in.Context); diff != "" {
			t.Errorf("the header stores (-want +got):\n%s", diff)
		}
		got, err := enc.Decrypt(t.Context(), stored)
		if diff := cmp.Diff(specItem(), got, sameValues); err != nil || diff != "" {
			t.Errorf("Decrypt: %v (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff(m.write.Stored, m.seen.Stored); diff != "" || len(m.seen.DataKeys) != 1 || m.seen.Reproduced("team") || !m.seen.Reproduced("aws-crypto-attr.hk") {
			t.Errorf("asked with %d data keys, stored (-want +got):\n%s", len(m.seen.DataKeys), diff)
		}
		for name, read := range map[string]*crypt.Materials{
			"not reproduced":         {Keyring: rawAES()},
			"reproduced otherwise":   {Keyring: rawAES(), Reproduced: map[string]string{"tenant": "globex"}},
			"one entry more":         {Keyring: rawAES(), Reproduced: map[string]string{"tenant": "acme", "x": "y"}},
			"a stored one otherwise": {Keyring: rawAES(), Reproduced: map[string]string{"tenant": "acme", "team": "red"}},
		} {
			m.read = read
			if got, err := enc.Decrypt(t.Context(), stored); got != nil || !errors.Is(err, crypt.ErrVerify) {
				t.Errorf("%s: Decrypt = %v, %v", name, got, err)
			}
		}
		// Without a manager, whoever has the key can't read it either.
		if _, err := must(crypt.NewDBESDK(rawAES()).ForTable(specTable)).Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrVerify) {
			t.Errorf("without the manager: %v", err)
		}
	}
}

// An item of the default manager is that of a keyring by itself.
func TestManageKeyring(t *testing.T) {
	plain, front := must(crypt.NewDBESDK(rawAES()).ForTable(specTable)), managed(t, crypt.ManageKeyring(rawAES()), crypt.SuiteECDSA)
	for _, pair := range [][2]crypt.Encryptor{{plain, front}, {front, plain}} {
		got, err := pair[1].Decrypt(t.Context(), must(pair[0].Encrypt(t.Context(), specItem())))
		if diff := cmp.Diff(specItem(), got, sameValues); err != nil || diff != "" {
			t.Errorf("Decrypt: %v (-want +got):\n%s", err, diff)
		}
	}
}

func TestMaterialsThatAreRefused(t *testing.T) {
	good := must(managed(t, crypt.ManageKeyring(rawAES()), crypt.SuiteMAC).Encrypt(t.Context(), specItem()))
	own := errors.New("own")
	for name, tt := range map[string]struct {
		materials *crypt.Materials
		err, want error
	}{
		"none":           {nil, nil, crypt.ErrNoKey},
		"no keyring":     {&crypt.Materials{}, nil, crypt.ErrNoKey},
		"reserved entry": {&crypt.Materials{Keyring: rawAES(), Reproduced: map[string]string{"aws-crypto-table-name": "U"}}, nil, crypt.ErrConfig},
		"public key":     {&crypt.Materials{Keyring: rawAES(), Reproduced: map[string]string{"aws-crypto-public-key": "x"}}, nil, crypt.ErrConfig},
		"empty key":      {&crypt.Materials{Keyring: rawAES(), Reproduced: map[string]string{"": "x"}}, nil, crypt.ErrConfig},
		"not UTF-8":      {&crypt.Materials{Keyring: rawAES(), Reproduced: map[string]string{"a": "\xff"}}, nil, crypt.ErrConfig},
		"its own error":  {nil, own, own},
	} {
		enc := managed(t, &testManager{write: tt.materials, read: tt.materials, err: tt.err}, crypt.SuiteMAC)
		if got, err := enc.Encrypt(t.Context(), specItem()); got != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: Encrypt = %v, %v, want %v", name, got, err, tt.want)
		}
		if got, err := enc.Decrypt(t.Context(), good); got != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: Decrypt = %v, %v, want %v", name, got, err, tt.want)
		}
	}
	twice := &crypt.Materials{Keyring: rawAES(), Stored: map[string]string{"a": "1"}, Reproduced: map[string]string{"a": "1"}}
	if _, err := managed(t, &testManager{write: twice}, crypt.SuiteMAC).Encrypt(t.Context(), specItem()); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("an entry both stored and reproduced: %v", err)
	}
	if _, err := crypt.NewDBESDKManaged(nil).ForTable(specTable); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("no manager: %v", err)
	}
}

func TestRequireContext(t *testing.T) {
	with := func(m *crypt.Materials) crypt.MaterialsManager { return &testManager{write: m, read: m} }
	tenant := map[string]string{"tenant": "acme"}
	for name, tt := range map[string]struct {
		next        crypt.MaterialsManager
		key         string
		write, read error
	}{
		"an attribute":           {crypt.ManageKeyring(rawAES()), "aws-crypto-attr.hk", nil, nil},
		"added, and reproduced":  {with(&crypt.Materials{Keyring: rawAES(), Reproduced: tenant}), "tenant", nil, nil},
		"added, and stored":      {with(&crypt.Materials{Keyring: rawAES(), Stored: tenant}), "tenant", crypt.ErrInvalidItem, crypt.ErrVerify},
		"an attribute, not that": {crypt.ManageKeyring(rawAES()), "aws-crypto-attr.x", crypt.ErrInvalidItem, crypt.ErrVerify},
	} {
		enc := managed(t, must(crypt.RequireContext(tt.next, tt.key)), crypt.SuiteMAC)
		if _, err := enc.Encrypt(t.Context(), specItem()); !errors.Is(err, tt.write) {
			t.Errorf("%s: Encrypt: %v", name, err)
		}
		stored := must(managed(t, tt.next, crypt.SuiteMAC).Encrypt(t.Context(), specItem()))
		if _, err := enc.Decrypt(t.Context(), stored); !errors.Is(err, tt.read) {
			t.Errorf("%s: Decrypt: %v", name, err)
		}
	}
	// The header stores the public key, which so is nothing that a reader makes.
	stored := must(managed(t, crypt.ManageKeyring(rawAES()), crypt.SuiteECDSA).Encrypt(t.Context(), specItem()))
	public := managed(t, must(crypt.RequireContext(crypt.ManageKeyring(rawAES()), "aws-crypto-public-key")), crypt.SuiteECDSA)
	if _, err := public.Encrypt(t.Context(), specItem()); !errors.Is(err, crypt.ErrInvalidItem) {
		t.Errorf("the public key: Encrypt: %v", err)
	}
	if _, err := public.Decrypt(t.Context(), stored); !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("the public key: Decrypt: %v", err)
	}
	for _, keys := range [][]string{nil, {""}} {
		if _, err := crypt.RequireContext(crypt.ManageKeyring(rawAES()), keys...); !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("keys %q: %v", keys, err)
		}
	}
	if _, err := crypt.RequireContext(nil, "a"); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("no manager: %v", err)
	}
}

// A tenantManager binds items to a tenant that no item names.
type tenantManager struct {
	tenant string
	next   crypt.MaterialsManager
}

func (m *tenantManager) WriteMaterials(ctx context.Context, r *crypt.MaterialsRequest) (*crypt.Materials, error) {
	return m.bind(m.next.WriteMaterials(ctx, r))
}

func (m *tenantManager) ReadMaterials(ctx context.Context, r *crypt.MaterialsRequest) (*crypt.Materials, error) {
	return m.bind(m.next.ReadMaterials(ctx, r))
}

func (m *tenantManager) bind(out *crypt.Materials, err error) (*crypt.Materials, error) {
	if err == nil {
		out.Reproduced = map[string]string{"tenant": m.tenant}
	}
	return out, err
}

// The items of one tenant can't be read as those of another, although nothing in
// them says whose they are.
func ExampleMaterialsManager() {
	ctx := context.Background()
	table := crypt.Table{Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}
	of := func(tenant string) crypt.Encryptor {
		m := &tenantManager{tenant, crypt.ManageKeyring(rawAES())}
		return must(crypt.NewDBESDKManaged(m, crypt.WriteSuite(crypt.SuiteMAC)).ForTable(table))
	}
	stored, err := of("acme").Encrypt(ctx, item{"id": str("p-1"), "name": str("Ada")})
	if err != nil {
		panic(err)
	}
	_, err = of("acme").Decrypt(ctx, stored)
	fmt.Println(err)
	_, err = of("globex").Decrypt(ctx, stored)
	fmt.Println(errors.Is(err, crypt.ErrVerify))
	// Output:
	// <nil>
	// true
}

// An attribute has to be in the encryption context of every item.
func ExampleRequireContext() {
	m, err := crypt.RequireContext(crypt.ManageKeyring(rawAES()), "aws-crypto-attr.tenant")
	if err != nil {
		panic(err)
	}
	table := crypt.Table{Name: "patients", PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}
	enc := must(crypt.NewDBESDKManaged(m).ForTable(table))
	_, err = enc.Encrypt(context.Background(), item{"id": str("p-1"), "tenant": str("acme")})
	fmt.Println(err)
	// Output:
	// ddbenc: item can't be encrypted: its encryption context lacks the required key "aws-crypto-attr.tenant", or stores it
}

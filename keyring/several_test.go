package keyring_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

func mustSeveral(t testing.TB, write crypt.Provider, also ...crypt.Provider) *keyring.Several {
	t.Helper()
	p, err := keyring.NewSeveral(write, also...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every kind of provider finds its items among those of the others.
func TestSeveralReadsAll(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	kmsProvider := mustKMS(t, k.Client(region), k.CreateKey(ddbenctest.KMSKey{Region: region}))
	otherKMS := mustKMS(t, k.Client(region), k.CreateKey(ddbenctest.KMSKey{Region: region}))
	store := mustMetaStore(t, newFakeTable(), protector(t))
	recent := mustMostRecent(t, store)
	wrapped, err := keyring.NewWrapped(randomBytes(32), randomBytes(32))
	if err != nil {
		t.Fatal(err)
	}
	otherWrapped, err := keyring.NewWrapped(randomBytes(32), randomBytes(32))
	if err != nil {
		t.Fatal(err)
	}
	rsa, err := keyring.NewWrappedRSA(privateKey(t, "rsa.pem"), hmacKey(t, "HmacSHA256", randomBytes(32)))
	if err != nil {
		t.Fatal(err)
	}
	mark := map[string]string{"owner": "team-a"}
	marked, err := keyring.NewStatic(randomBytes(32), randomBytes(32), keyring.WithDescription(mark), keyring.RequireDescription(mark))
	if err != nil {
		t.Fatal(err)
	}
	all := []crypt.Provider{kmsProvider, otherKMS, recent, wrapped, otherWrapped, rsa, marked, protector(t)}
	reader := mustSeveral(t, all[0], all[1:]...)
	for _, p := range all {
		if err := read(t, reader, mustEncrypt(t, p, numbered("1"))); err != nil {
			t.Errorf("item of %v: %v", p, err)
		}
		if err := read(t, kmsProvider, mustEncrypt(t, mustSeveral(t, kmsProvider, p), numbered("1"))); err != nil {
			t.Errorf("item not written with the first provider: %v", err)
		}
	}
}

// The first step from static keys to others: the program still writes with the
// static ones, which take every item for their own, and reads with both.
func TestSeveralWritesStatic(t *testing.T) {
	static, err := keyring.NewStatic(randomBytes(32), randomBytes(32))
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := keyring.NewWrapped(randomBytes(32), randomBytes(32))
	if err != nil {
		t.Fatal(err)
	}
	k := ddbenctest.NewKMS(t)
	mine := mustKMS(t, k.Client(region), k.CreateKey(ddbenctest.KMSKey{Region: region}))
	p := mustSeveral(t, static, mine, wrapped)
	for _, writer := range []crypt.Provider{static, mine, wrapped, p} {
		if err := read(t, p, mustEncrypt(t, writer, numbered("1"))); err != nil {
			t.Errorf("item of %v: %v", writer, err)
		}
	}
	if err := read(t, static, mustEncrypt(t, p, numbered("1"))); err != nil {
		t.Errorf("item not written with the static provider: %v", err)
	}
	other, err := keyring.NewStatic(randomBytes(32), randomBytes(32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.NewSeveral(static, mine, other); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("two static providers: error %v, want ErrConfig", err)
	}
}

func TestSeveralRefuses(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	mine := mustKMS(t, k.Client(region), k.CreateKey(ddbenctest.KMSKey{Region: region}))
	theirs := mustKMS(t, k.Client(region), k.CreateKey(ddbenctest.KMSKey{Region: region}))
	wrapped, err := keyring.NewWrapped(randomBytes(32), randomBytes(32))
	if err != nil {
		t.Fatal(err)
	}
	otherWrapped, err := keyring.NewWrapped(randomBytes(32), randomBytes(32))
	if err != nil {
		t.Fatal(err)
	}
	reader := mustSeveral(t, mine, wrapped)

	if err := read(t, reader, mustEncrypt(t, theirs, numbered("1"))); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("item of another KMS key: error %v, want ErrNoKey", err)
	}
	err = read(t, reader, mustEncrypt(t, otherWrapped, numbered("1")))
	if !errors.Is(err, crypt.ErrVerify) || err.Error() != crypt.ErrVerify.Error() {
		t.Errorf("item of another wrapping key: error %v, want ErrVerify and no more", err)
	}
	if err := read(t, reader, mustEncrypt(t, protector(t), numbered("1"))); !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("item without a wrapped key: error %v, want ErrVerify", err)
	}
	moved := mustEncrypt(t, mine, numbered("1"))
	moved["pk"] = &types.AttributeValueMemberS{Value: "q"}
	if err := read(t, reader, moved); !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("tampered item: error %v, want ErrVerify", err)
	}
	stored := mustEncrypt(t, mine, numbered("1"))
	k.Fault(ddbenctest.KMSFault{Times: -1, Code: ddbenctest.FaultAccessDenied})
	if err := read(t, reader, stored); !errors.Is(err, keyring.ErrKeyRefused) {
		t.Errorf("KMS denies: error %v, want ErrKeyRefused", err)
	}
	for _, p := range [][]crypt.Provider{{nil}, {mine, nil}} {
		if _, err := keyring.NewSeveral(p[0], p[1:]...); !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("nil provider: error %v, want ErrConfig", err)
		}
	}
}

func TestSeveralIsAProvider(t *testing.T) {
	wrapping, signing := randomBytes(32), randomBytes(32)
	wrapped, err := keyring.NewWrapped(wrapping, signing)
	if err != nil {
		t.Fatal(err)
	}
	rsa, err := keyring.NewWrappedRSA(privateKey(t, "rsa.pem"), hmacKey(t, "HmacSHA256", randomBytes(32)))
	if err != nil {
		t.Fatal(err)
	}
	ddbenctest.TestProvider(t, mustSeveral(t, wrapped, rsa), wrapping, signing)
}

package keyring_test

import (
	"crypto/ecdh"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// itemTable is a table of DB-ESDK items.
func itemTable(t testing.TB, k crypt.Keyring, name string, suite crypt.Suite) crypt.Encryptor {
	t.Helper()
	e, err := crypt.NewDBESDK(k, crypt.WriteSuite(suite)).ForTable(crypt.Table{
		Name: name, PartitionKey: "pk", SortKey: "sk", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// restore returns a copy of a stored item with a changed header, which commits to
// nothing.
func restore(t testing.TB, item map[string]types.AttributeValue, change func(*codec.DBESDKHeader)) map[string]types.AttributeValue {
	t.Helper()
	h, err := codec.DecodeDBESDKHeader(item[crypt.DBESDKHeader].(*types.AttributeValueMemberB).Value)
	if err != nil {
		t.Fatal(err)
	}
	change(h)
	head, err := codec.AppendDBESDKHeader(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	changed := maps.Clone(item)
	changed[crypt.DBESDKHeader] = &types.AttributeValueMemberB{Value: append(head, h.Commitment[:]...)}
	return changed
}

// DB-ESDK spec: materials, "Failure summary", as far as it is about keyrings of KMS.
func TestKMSFailureSummary(t *testing.T) {
	type bench struct {
		*testing.T
		k    *ddbenctest.KMS
		arn  string
		item map[string]types.AttributeValue // as stored
	}
	// refused reads item with ring, and returns why not, and after how many calls.
	refused := func(b *bench, ring crypt.Keyring, item map[string]types.AttributeValue) (calls int, err error) {
		b.Helper()
		b.k.ForgetRequests()
		got, err := itemTable(b, ring, "T", crypt.SuiteMAC).Decrypt(b.Context(), item)
		if got != nil || err == nil {
			b.Errorf("Decrypt = %v, %v, want an error", got, err)
		}
		if strings.Contains(text(err), "canary") {
			b.Errorf("error %v shows the item", err)
		}
		return len(b.k.Requests()), err
	}
	for _, tt := range []struct {
		situation string
		test      func(*bench)
	}{
		{"no EDK for this keyring", func(b *bench) {
			other := kmsRing(b, b.k.Client(region), b.k.CreateKey(ddbenctest.KMSKey{Region: region}))
			if calls, err := refused(b, other, b.item); !errors.Is(err, crypt.ErrNoKey) || errors.Is(err, crypt.ErrVerify) || calls != 0 {
				b.Errorf("error %v after %d calls, want ErrNoKey alone without one", err, calls)
			}
			elsewhere := discovery(b, b.k.Client("eu-west-1"), "eu-west-1", ours)
			if calls, err := refused(b, elsewhere, b.item); !errors.Is(err, crypt.ErrNoKey) || errors.Is(err, crypt.ErrVerify) || calls != 0 {
				b.Errorf("discovery: error %v after %d calls, want ErrNoKey alone without one", err, calls)
			}
			rsaRing := kmsRSA(b, b.k.Client(region), b.arn, keyring.OAEPSHA256, nil)
			if calls, err := refused(b, rsaRing, b.item); !errors.Is(err, crypt.ErrNoKey) || errors.Is(err, crypt.ErrVerify) || calls != 0 {
				b.Errorf("RSA: error %v after %d calls, want ErrNoKey alone without one", err, calls)
			}
		}},
		{"no EDK for an ECDH keyring", func(b *bench) {
			arn, own := ecInKMS(b, b.k, "ECC_NIST_P384", ecdh.P384())
			ring := kmsECDHDiscovery(b, b.k.Client(region), arn, own.PublicKey())
			calls, err := refused(b, ring, b.item)
			if !errors.Is(err, crypt.ErrNoKey) || errors.Is(err, crypt.ErrVerify) || calls != 0 || !strings.Contains(err.Error(), "ECDH") {
				b.Errorf("error %v after %d calls, want ErrNoKey alone without one, and what keyring", err, calls)
			}
		}},
		{"unwrapping of one EDK fails", func(b *bench) {
			second := kmsRing(b, b.k.Client(region), b.k.CreateKey(ddbenctest.KMSKey{Region: region}))
			first := kmsRing(b, b.k.Client(region), b.arn)
			both, err := keyring.NewMulti(first, second)
			if err != nil {
				b.Fatal(err)
			}
			e := itemTable(b, both, "T", crypt.SuiteMAC)
			item, err := e.Encrypt(b.Context(), numbered("1"))
			if err != nil {
				b.Fatal(err)
			}
			anyOf := discovery(b, b.k.Client(region), region, ours)
			for _, ring := range []crypt.Keyring{both, anyOf} {
				b.k.ForgetRequests()
				b.k.Fault(ddbenctest.KMSFault{Code: ddbenctest.FaultAccessDenied})
				if _, err := itemTable(b, ring, "T", crypt.SuiteMAC).Decrypt(b.Context(), item); err != nil || len(b.k.Requests()) != 2 {
					b.Errorf("the next one: error %v after %d calls, want none after 2", err, len(b.k.Requests()))
				}
				b.k.Fault(ddbenctest.KMSFault{Code: ddbenctest.FaultAccessDenied})
				b.k.Fault(ddbenctest.KMSFault{Code: "InvalidCiphertextException"})
				if calls, err := refused(b, ring, item); !errors.Is(err, keyring.ErrKeyRefused) || !errors.Is(err, crypt.ErrVerify) || calls != 2 {
					b.Errorf("all: error %v after %d calls, want ErrKeyRefused and ErrVerify after 2", err, calls)
				}
			}
		}},
		{"KMS error", func(b *bench) {
			for code, want := range map[string]error{ddbenctest.FaultAccessDenied: keyring.ErrKeyRefused, "KeyUnavailableException": keyring.ErrUnavailable} {
				b.k.Fault(ddbenctest.KMSFault{Code: code, Times: -1})
				if _, err := refused(b, kmsRing(b, b.k.Client(region), b.arn), b.item); !errors.Is(err, want) || errors.Is(err, crypt.ErrNoKey) || !strings.Contains(err.Error(), code) {
					b.Errorf("error %v, want %v and %s", err, want, code)
				}
				b.k.ClearFaults()
			}
		}},
		{"suite not allowed for keyring", func(b *bench) {
			ring := kmsRSA(b, b.k.Client(region), rsaInKMS(b, b.k, rsaKeys[0], ddbenctest.KMSKey{Region: region}), keyring.OAEPSHA256, &rsaKeys[0].PublicKey)
			if got, err := itemTable(b, ring, "T", crypt.SuiteECDSA).Encrypt(b.Context(), numbered("1")); got != nil || !errors.Is(err, crypt.ErrUnsupported) {
				b.Errorf("Encrypt = %v, %v, want ErrUnsupported", got, err)
			}
			signed, err := itemTable(b, kmsRing(b, b.k.Client(region), b.arn), "T", crypt.SuiteECDSA).Encrypt(b.Context(), numbered("1"))
			if err != nil {
				b.Fatal(err)
			}
			keys := stored(mustWrapKey(b, ring, someContext(b)))
			signed = restore(b, signed, func(h *codec.DBESDKHeader) { h.DataKeys = keys })
			if calls, err := refused(b, ring, signed); !errors.Is(err, crypt.ErrUnsupported) || errors.Is(err, crypt.ErrNoKey) || calls != 0 {
				b.Errorf("error %v after %d calls, want ErrUnsupported without one", err, calls)
			}
		}},
		{"alias or bare id on decrypt", func(b *bench) {
			for _, name := range []string{"alias/records", "arn:aws:kms:us-west-2:111122223333:alias/records", b.arn[strings.LastIndex(b.arn, "/")+1:]} {
				if ring, err := keyring.NewKMSKeyring(b.k.Client(region), name); ring != nil || !errors.Is(err, crypt.ErrConfig) {
					b.Errorf("NewKMSKeyring(%q) = %v, %v, want ErrConfig", name, ring, err)
				}
				ring, err := keyring.NewKMSWriteOnly(b.k.Client(region), name)
				if err != nil {
					b.Fatal(err)
				}
				if calls, err := refused(b, ring, b.item); !errors.Is(err, crypt.ErrNoKey) || calls != 0 {
					b.Errorf("%s: error %v after %d calls, want ErrNoKey without one", name, err, calls)
				}
			}
		}},
		{"stored and reproduced EC differ", func(b *bench) {
			changed := restore(b, b.item, func(h *codec.DBESDKHeader) {
				h.Context = []codec.ContextEntry{{Key: "aws-crypto-table-name", Value: "another"}}
			})
			if calls, err := refused(b, kmsRing(b, b.k.Client(region), b.arn), changed); !errors.Is(err, crypt.ErrVerify) && !errors.Is(err, crypt.ErrMalformed) || calls != 0 {
				b.Errorf("error %v after %d calls, want ErrVerify or ErrMalformed without one", err, calls)
			}
		}},
		{"EC different but consistent", func(b *bench) {
			moved := maps.Clone(b.item)
			moved["pk"] = &types.AttributeValueMemberS{Value: "q"}
			calls, err := refused(b, kmsRing(b, b.k.Client(region), b.arn), moved)
			var invalid *kmstypes.InvalidCiphertextException
			if !errors.Is(err, crypt.ErrVerify) || !errors.Is(err, crypt.ErrNoKey) || !errors.As(err, &invalid) || calls != 1 {
				b.Errorf("error %v after %d calls, want ErrVerify and KMS's after 1", err, calls)
			}

			ring := kmsRSA(b, b.k.Client(region), rsaInKMS(b, b.k, rsaKeys[0], ddbenctest.KMSKey{Region: region}), keyring.OAEPSHA256, &rsaKeys[0].PublicKey)
			item, err := itemTable(b, ring, "T", crypt.SuiteMAC).Encrypt(b.Context(), numbered("1"))
			if err != nil {
				b.Fatal(err)
			}
			item["pk"] = moved["pk"]
			if calls, err := refused(b, ring, item); !errors.Is(err, crypt.ErrVerify) || calls != 1 {
				b.Errorf("RSA: error %v after %d calls, want ErrVerify after 1", err, calls)
			}
		}},
	} {
		t.Run(tt.situation, func(t *testing.T) {
			b := &bench{T: t, k: ddbenctest.NewKMS(t)}
			b.arn = b.k.CreateKey(ddbenctest.KMSKey{Region: region, Aliases: []string{"alias/records"}})
			e := itemTable(t, kmsRing(t, b.k.Client(region), b.arn), "T", crypt.SuiteMAC)
			var err error
			if b.item, err = e.Encrypt(t.Context(), numbered("1")); err != nil {
				t.Fatal(err)
			}
			if _, err := e.Decrypt(t.Context(), b.item); err != nil {
				t.Fatal(err)
			}
			tt.test(b)
		})
	}
}

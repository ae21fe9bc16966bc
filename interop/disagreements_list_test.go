package interop

import (
	"crypto/elliptic"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
)

const (
	py = ddbecvec.Python
	ja = ddbecvec.Java
	us = ddbecvec.Go
)

// disagreements are in the order of the specification's table, "Divergences
// between Python and Java, and what a third client does", whose numbers are in
// the names. What is missing here can't be seen in one item: it is in the tests
// of package keyring, or a question of API.
func disagreements(t *testing.T) []disagreement {
	rsa := newGenerator(t, 1, ddbecvec.Java).rsaPair()
	rsa.Algorithm = "SHA256withRSA"
	rsa512 := *rsa
	rsa512.Algorithm = "SHA512withRSA"
	wrappedRSASigned, wrappedRSA512Signed := wrappedKeys, wrappedKeys
	wrappedRSASigned.Signing, wrappedRSA512Signed.Signing = rsa, &rsa512

	with := func(p ddbecvec.Provider, change func(p *ddbecvec.Provider)) map[string]any {
		change(&p)
		return provider(p)
	}
	// Of an item that is signed in two ways, each client reads its own and this
	// project both; it writes Java's.
	ownOrder := []reading{
		{of: py, want: outcomes{java: "!Bad signature"}},
		{of: ja, want: outcomes{python: "!Unable to verify"}},
		{of: us, want: outcomes{python: "!Unable to verify"}},
	}

	return []disagreement{
		{
			name:   "1 binary sets are sorted by signed or unsigned bytes",
			change: plaintext(`"a": {"BS": ["fw==", "gA=="]}`),
			reads:  ownOrder,
		},
		{
			name:   "2 attribute names are sorted by UTF-16 or code points",
			change: plaintext(`"ｚ": {"S": "1"}, "😀": {"S": "2"}`),
			reads:  ownOrder,
		},
		{
			name:   "2 string sets are sorted by UTF-16 or UTF-8",
			change: plaintext(`"a": {"SS": ["ｚ", "😀"]}`),
			reads:  ownOrder,
		},
		{
			name:   "2 map keys are sorted by UTF-16 or UTF-8",
			change: plaintext(`"a": {"M": {"ｚ": {"S": "1"}, "😀": {"S": "2"}}}`),
			reads:  ownOrder,
		},
		{
			name:   "3 Python rounds an encrypted number of 29 digits",
			change: and(encryptAllElse, plaintext(`"a": {"N": "12345678901234567890123456789"}`)),
			reads: []reading{
				{of: py, want: outcomes{rounded29, rounded29, rounded29}},
				{of: ja, want: outcomes{python: rounded29}},
				{of: us, want: outcomes{python: rounded29}},
			},
		},
		{
			name:   "3 Python signs a number of 29 digits rounded",
			change: plaintext(`"a": {"N": "12345678901234567890123456789"}`),
			reads: []reading{
				{of: py, want: outcomes{java: "!Bad signature", ddbenc: badSignature}},
				{of: ja, want: outcomes{python: "!Unable to verify"}},
				{of: us, want: outcomes{python: "!Unable to verify"}},
			},
		},
		{
			name:   "3 Python reads no number of more than 38 digits with its zeros",
			change: plaintext(`"a": {"N": "1000000000000000000000000000000000000000"}`),
			writes: outcomes{python: "!Rounded"},
			reads: []reading{
				{of: ja, want: outcomes{python: "!Rounded"}},
				{of: us, want: outcomes{python: "!Rounded"}},
			},
		},
		{
			name:   "4 Python signs a negative zero as such",
			change: plaintext(`"a": {"N": "-0"}`),
			reads: []reading{
				{of: py, want: outcomes{java: "!Bad signature", ddbenc: badSignature}},
				{of: ja, want: outcomes{python: "!Unable to verify"}},
				{of: us, want: outcomes{python: "!Unable to verify"}},
			},
		},
		{
			name:   "5 Python takes garbage for NaN",
			change: and(encryptAllElse, plaintext(`"a": {"N": "abc"}`)),
			writes: outcomes{java: "!NumberFormatException", ddbenc: "!not decimal text"},
			reads: []reading{
				{of: py, want: outcomes{wantItem(`"a": {"N": "NaN"}`), wantItem(`"a": {"N": "NaN"}`), badSignature}},
			},
		},
		{
			name:   "5 Java limits no exponent",
			change: plaintext(`"a": {"N": "1E+127"}`),
			writes: outcomes{python: "!Overflow", ddbenc: "!not in the range"},
			reads:  []reading{{of: ja, want: outcomes{python: "!Overflow", ddbenc: badSignature}}},
		},
		{
			name:   "5 Java limits no digits",
			change: plaintext(`"a": {"N": "123456789012345678901234567890123456789"}`),
			writes: outcomes{python: "!Inexact", ddbenc: "!more than 38 significant digits"},
			reads:  []reading{{of: ja, want: outcomes{python: "!Inexact", ddbenc: badSignature}}},
		},
		{
			name:   "6 Python writes a false NULL as null",
			change: plaintext(`"a": {"NULL": false}`),
			writes: outcomes{java: "!seemingly empty", ddbenc: "!NULL"},
		},
		{
			name:   "7 Java writes a lone surrogate as a question mark",
			change: and(encryptAllElse, plaintext(`"a": {"S": "\ud800"}`)),
			writes: outcomes{python: "!UnicodeEncodeError", ddbenc: "!malformed"},
			reads: []reading{
				{of: ja, want: outcomes{wantItem(`"a": {"S": "?"}`), wantItem(`"a": {"S": "?"}`), wantItem(`"a": {"S": "?"}`)}},
			},
		},
		{
			name:   "8 Python rounds what it decrypts",
			change: and(encryptAllElse),
			reads: []reading{
				{change: forge("\x00n\x00\x00\x00\x1d12345678901234567890123456789"), want: outcomes{
					rounded29, wantItem(`"a": {"N": "12345678901234567890123456789"}`), wantItem(`"a": {"N": "12345678901234567890123456789"}`),
				}},
			},
		},
		{
			name:   "10 Java trusts lengths and counts",
			change: and(encryptAllElse),
			reads: []reading{
				{change: forge("\x00s\x7f\xff\xff\xff"), want: outcomes{"!DeserializationError", "!OutOfMemoryError", badSignature}},
				{change: forge("\x00M\x80\x00\x00\x01"), want: outcomes{"!DeserializationError", wantItem(`"a": {"M": {}}`), badSignature}},
			},
		},
		{
			name:   "11 Java replaces what is no UTF-8",
			change: and(encryptAllElse),
			reads: []reading{
				{change: forge("\x00s\x00\x00\x00\x01\xff"), want: outcomes{"!UnicodeDecodeError", wantItem(`"a": {"S": "�"}`), badSignature}},
				{change: forge("\x00?\x02"), want: outcomes{"!KeyError", "!Improperly formatted data", badSignature}},
			},
		},
		{
			name:   "12 a missing table name is signed as None or null",
			change: and(map[string]any{"table_name": json.RawMessage("null")}, plaintext(`"a": {"S": "1"}`)),
			writes: outcomes{ddbenc: "!table name is empty"},
			reads: []reading{
				{of: py, want: outcomes{java: "!Bad signature", ddbenc: "!table name is empty"}},
				{of: py, with: map[string]any{"table_name": "None"}, want: allWell},
				{of: ja, want: outcomes{python: "!Unable to verify", ddbenc: "!table name is empty"}},
				{of: ja, with: map[string]any{"table_name": "null"}, want: allWell},
			},
		},
		{
			name:   "16 Java reads the signing algorithm of RSA keys from the description",
			change: and(provider(wrappedRSA512Signed), plaintext(`"a": {"S": "1"}`)),
			reads: []reading{
				{of: py, with: provider(wrappedRSASigned), want: outcomes{python: "!Unable to verify", ddbenc: badSignature}},
				{of: ja, with: provider(wrappedRSASigned), want: outcomes{python: "!Unable to verify", ddbenc: badSignature}},
				{of: us, with: provider(wrappedRSASigned), want: outcomes{python: "!Unable to verify", ddbenc: badSignature}},
			},
		},
		{
			name:   "18 Python assumes a content algorithm",
			change: and(encryptAllElse, provider(wrappedKeys), plaintext(`"a": {"S": "1"}`)),
			reads: []reading{
				{of: us, change: describe(func(d map[string]string) { delete(d, "amzn-ddb-env-alg") }), want: outcomes{java: "!NullPointerException"}},
			},
		},
		{
			name:   "19 nobody guesses how an AES key wraps",
			change: and(encryptAllElse, provider(wrappedKeys), plaintext(`"a": {"S": "1"}`)),
			reads: []reading{
				{of: us, change: describe(func(d map[string]string) { delete(d, "amzn-ddb-wrap-alg") }), want: outcomes{"!JceTransformationError", "!InvalidKeyException", "!unsupported"}},
			},
		},
		{
			name:   "21 Python ignores the mode of an AES wrapping",
			change: and(encryptAllElse, provider(wrappedKeys), plaintext(`"a": {"S": "1"}`)),
			reads: []reading{
				{of: us, change: describe(func(d map[string]string) { d["amzn-ddb-wrap-alg"] = "AES/CBC/PKCS5Padding" }), want: outcomes{java: "!Exception", ddbenc: "!unsupported"}},
			},
		},
		{
			name:   "22 Python wants a cipher mode for items in which nothing is encrypted",
			change: plaintext(`"a": {"S": "1"}`),
			reads: []reading{
				{of: us, change: describe(func(d map[string]string) { delete(d, "amzn-ddb-map-sym-mode") }), want: outcomes{python: "!TypeError"}},
			},
		},
		{
			name:   "23 the clients make up a key where none is wrapped",
			change: and(encryptAllElse, provider(wrappedKeys), plaintext(`"a": {"S": "1"}`)),
			reads: []reading{
				{of: us, change: describe(func(d map[string]string) { delete(d, "amzn-ddb-env-key") }), want: outcomes{"!", "!BadPaddingException", "!no key"}},
			},
		},
		{
			name:   "26 Python asks KMS without a missing key attribute",
			change: and(provider(kmsKeys), map[string]any{"plaintext_item": json.RawMessage(`{"a": {"S": "1"}}`)}),
			writes: outcomes{java: "!NullPointerException", ddbenc: "!key attribute"},
		},
		{
			name:   "30 Java's static provider wants its description in the item",
			change: plaintext(`"a": {"S": "1"}`),
			reads: []reading{
				{
					of: us, with: with(staticKeys, func(p *ddbecvec.Provider) { p.Description = map[string]string{"purpose": "interop"} }),
					want: outcomes{java: "!NullPointerException"},
				},
			},
		},
		{
			name: "31 HmacSHA1 is only known to Java",
			change: and(plaintext(`"a": {"S": "1"}`), with(staticKeys, func(p *ddbecvec.Provider) {
				p.Signing = &ddbecvec.Key{Algorithm: "HmacSHA1", Raw: sequence(20)}
			})),
			writes: outcomes{python: "!Unknown algorithm", ddbenc: "!unsupported"},
			reads:  []reading{{of: ja, want: outcomes{python: "!Unknown algorithm", ddbenc: "!unsupported"}}},
		},
		{
			name: "31 ECDSA is not known to Python",
			change: and(plaintext(`"a": {"S": "1"}`), with(staticKeys, func(p *ddbecvec.Provider) {
				p.Signing = newGenerator(t, 1, ddbecvec.Java).ecdsaPair("SHA256withECDSA", elliptic.P256())
			})),
			writes: outcomes{python: "!Unknown algorithm"},
			reads: []reading{
				{of: ja, want: outcomes{python: "!Unknown algorithm"}},
				{of: us, want: outcomes{python: "!Unknown algorithm"}},
			},
		},
		{
			name:   "32 a missing signature is an error of its own but for Java",
			change: plaintext(`"a": {"S": "1"}`),
			reads:  []reading{{of: us, change: drop(crypt.DDBECSignature), want: outcomes{"!No signature", "!Bad signature", "!not signed"}}},
		},
		{
			name: "33 Java returns an item whose own attributes have no action unverified",
			change: and(plaintext(`"a": {"S": "1"}`), map[string]any{
				"attribute_actions": ddbecvec.Actions{Default: "SIGN_ONLY", Attributes: map[string]string{"pk": "DO_NOTHING", "a": "DO_NOTHING"}},
			}),
			reads: []reading{
				{of: us, change: func(t *testing.T, stored item) {
					stored[crypt.DDBECSignature] = &types.AttributeValueMemberB{Value: []byte("no signature")}
					delete(stored, crypt.DDBECDescription)
				}, want: outcomes{
					"!", wantItem(`"a": {"S": "1"}, "*amzn-ddb-map-sig*": {"B": "bm8gc2lnbmF0dXJl"}`), badSignature,
				}},
			},
		},
		{
			name:   "34 Java overwrites reserved names",
			change: plaintext(`"*amzn-ddb-map-sig*": {"S": "mine"}`),
			writes: outcomes{python: "!Reserved attribute name", ddbenc: "!reserved"},
			reads:  []reading{{of: ja, want: outcomes{`{"pk": {"S": "1"}}`, `{"pk": {"S": "1"}}`, `{"pk": {"S": "1"}}`}}},
		},
		{
			name: "35 Java encrypts key attributes",
			change: and(plaintext(`"a": {"S": "1"}`), map[string]any{
				"attribute_actions": ddbecvec.Actions{Default: "SIGN_ONLY", Attributes: map[string]string{"pk": "ENCRYPT_AND_SIGN"}},
			}),
			writes: outcomes{python: "!Cannot encrypt partition key", ddbenc: "!can't be encrypted"},
		},
		{
			name: "37 Python wants a content key for an attribute that is not there",
			change: and(plaintext(`"a": {"S": "1"}`), map[string]any{
				"attribute_actions": ddbecvec.Actions{Default: "SIGN_ONLY", Attributes: map[string]string{"absent": "ENCRYPT_AND_SIGN"}},
			}, with(staticKeys, func(p *ddbecvec.Provider) { p.Encryption = nil })),
			writes: outcomes{python: "!no encryption key"},
			reads:  []reading{{of: us, want: outcomes{python: "!no decryption key"}}},
		},
		{
			name:   "42 Python reads the version of a key leniently",
			change: and(encryptAllElse, provider(tableKeys), plaintext(`"a": {"S": "1"}`)),
			reads: []reading{
				{
					of: us, change: describe(func(d map[string]string) { d["amzn-ddb-meta-id"] = "m#+0" }),
					want: outcomes{java: "!IllegalArgumentException", ddbenc: "!malformed"},
				},
			},
		},
		{
			name:   "the clients don't compare the name of a key",
			change: and(encryptAllElse, provider(tableKeys), plaintext(`"a": {"S": "1"}`)),
			reads: []reading{
				{
					of: us, change: describe(func(d map[string]string) { d["amzn-ddb-meta-id"] = "other#0" }),
					want: outcomes{ddbenc: "!no key"},
				},
			},
		},
		{
			name: "49 with every action DO_NOTHING Java still signs",
			change: and(plaintext(`"a": {"S": "1"}`), map[string]any{
				"attribute_actions": ddbecvec.Actions{Default: "DO_NOTHING", Attributes: map[string]string{}},
			}),
			reads: []reading{
				{of: py, want: allWell},
				{of: us, want: allWell},
			},
		},
		{
			name: "a content key of unsaid length",
			change: and(encryptAllElse, plaintext(`"a": {"S": "1"}`), with(wrappedKeys, func(p *ddbecvec.Provider) {
				p.Description = map[string]string{"amzn-ddb-env-alg": "AES"}
			})),
			writes: outcomes{python: "!TypeError"},
			reads:  []reading{{of: ja}, {of: us}},
		},
		{
			name:   "51 Base64 of a wrapped key may be broken into lines",
			change: and(encryptAllElse, provider(wrappedKeys), plaintext(`"a": {"S": "1"}`)),
			reads: []reading{
				{of: us, change: describe(func(d map[string]string) {
					d["amzn-ddb-env-key"] = d["amzn-ddb-env-key"][:20] + "\r\n" + d["amzn-ddb-env-key"][20:] + "\r\n"
				}), want: allWell},
			},
		},
		{
			name:   "52 both clients ignore what follows a value",
			change: and(encryptAllElse),
			reads: []reading{
				{change: forge("\x00?\x01more"), want: outcomes{wantItem(`"a": {"BOOL": true}`), wantItem(`"a": {"BOOL": true}`), badSignature}},
			},
		},
	}
}

var rounded29 = wantItem(`"a": {"N": "12345678901234567890123456790"}`)

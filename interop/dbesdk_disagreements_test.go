package interop

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
)

// A dbesdkDisagreement is something in which this project differs from the Java
// client of DB-ESDK, or that looks as if it could. Each is asserted, so that a
// release that changes one is noticed.
type dbesdkDisagreement struct {
	name   string
	change map[string]any // members of the case in place of those of [dbesdkBase]

	// What becomes of the plaintext, and of what each wrote in the hands of the
	// other: "" if all is well, "!" and a part of the error, or for a reading the
	// item that comes out.
	javaWrites, weWrite string
	javaReads, weRead   string
}

var rawKey = dbesdkvec.Provider{Type: "raw_aes", Namespace: "ns", Name: "k", Key: sequence(32)}

// dbesdkBase encrypts "a" and signs the key.
func dbesdkBase(t *testing.T, name string, change map[string]any) *dbesdkvec.Case {
	t.Helper()
	c := &dbesdkvec.Case{
		Name: name, TableName: "t", PartitionKey: "pk", Provider: rawKey,
		AttributeActions: dbesdkvec.Actions{Attributes: map[string]string{"pk": "SIGN_ONLY", "a": "ENCRYPT_AND_SIGN"}},
	}
	c.PlaintextItem = json.RawMessage(wantItem(`"a": {"S": "1"}`))
	out, err := c.With(change)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func actions(of map[string]string) map[string]any {
	return map[string]any{"attribute_actions": dbesdkvec.Actions{Attributes: of}}
}

var (
	signA    = actions(map[string]string{"pk": "SIGN_ONLY", "a": "SIGN_ONLY"})
	contextA = actions(map[string]string{"pk": "SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT", "a": "SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT"})
)

func rawKeyNamed(namespace, name string) map[string]any {
	return map[string]any{"provider": map[string]any{"type": "raw_aes", "key_namespace": namespace, "key_name": name, "key_b64": sequence(32)}}
}

func nested(levels int) string {
	return strings.Repeat(`{"L": [`, levels-1) + `{"S": "x"}` + strings.Repeat(`]}`, levels-1)
}

// dbesdkDisagreements are those in which the two differ. The Java client checks
// little of what DynamoDB would not store anyway; this project refuses it.
var dbesdkDisagreements = []dbesdkDisagreement{
	{
		name:    "Java writes a map key that is empty, in a map that is encrypted",
		change:  plaintext(`"a": {"M": {"": {"S": "1"}}}`),
		weWrite: "!map key", weRead: "!malformed",
	},
	{
		name:    "and in one that is signed",
		change:  and(signA, plaintext(`"a": {"M": {"": {"S": "1"}}}`)),
		weWrite: "!map key", weRead: "!malformed",
	},
	{
		name:    "Java writes a map key that is too long, and can't read it",
		change:  plaintext(`"a": {"M": {"` + strings.Repeat("x", 1<<16) + `": {"S": "1"}}}`),
		weWrite: "!map key", weRead: "!malformed",
	},
	{
		name: "Java drops attributes of reserved names",
		change: map[string]any{
			"plaintext_item": json.RawMessage(wantItem(`"a": {"S": "1"}, "aws_dbe_zzz": {"S": "2"}`)),
		},
		weWrite: "!reserved", weRead: wantItem(`"a": {"S": "1"}`),
	},
	{
		name: "Java takes an attribute name that is empty",
		change: and(actions(map[string]string{"pk": "SIGN_ONLY", "": "ENCRYPT_AND_SIGN"}), map[string]any{
			"plaintext_item": json.RawMessage(wantItem(`"": {"S": "1"}`)),
		}),
		weWrite: "!attribute name is empty", weRead: "!attribute name is empty",
	},
	{
		name:    "Java takes a table name that is empty",
		change:  map[string]any{"table_name": ""},
		weWrite: "!table name is empty", weRead: "!table name is empty",
	},
	{
		name:    "Java takes the namespace of a key that is empty",
		change:  rawKeyNamed("", "k"),
		weWrite: "!namespace or key name is empty", weRead: "!namespace or key name is empty",
	},
	{
		name:    "Java takes the name of a key that is empty",
		change:  rawKeyNamed("ns", ""),
		weWrite: "!namespace or key name is empty", weRead: "!namespace or key name is empty",
	},
	{
		name:       "Java wants a generator",
		change:     map[string]any{"provider": dbesdkvec.Provider{Type: "multi", Children: []dbesdkvec.Provider{rawKey}}},
		javaWrites: "!Need either a generator keyring",
	},
	{
		name: "Java wants no second generator",
		change: map[string]any{"provider": dbesdkvec.Provider{Type: "multi", Generator: &rawKey, Children: []dbesdkvec.Provider{
			{Type: "multi", Generator: &rawKey},
		}}},
		javaWrites: "!Child keyring failed to encrypt",
	},
	{
		name:       "Java takes no empty list of unsigned attributes",
		change:     map[string]any{"allowed_unsigned_attributes": []string{}},
		javaWrites: "!must be greater than or equal to 1", javaReads: "!must be greater than or equal to 1",
	},
	{
		name: "forced plaintext may be anything to Java",
		change: map[string]any{
			"plaintext_override": "FORCE_PLAINTEXT_WRITE_ALLOW_PLAINTEXT_READ",
			"plaintext_item":     json.RawMessage(wantItem(`"aws_dbe_zzz": {"S": "2"}`)),
		},
		weWrite: "!reserved", weRead: "!malformed",
	},
}

// dbesdkAgreements are odd too, and both do the same.
var dbesdkAgreements = []dbesdkDisagreement{
	{name: "a negative zero", change: plaintext(`"a": {"N": "-0"}`), javaReads: wantItem(`"a": {"N": "0"}`), weRead: wantItem(`"a": {"N": "0"}`)},
	{name: "a negative zero that is signed", change: and(signA, plaintext(`"a": {"N": "-0"}`))},
	{name: "a number in the context", change: and(contextA, plaintext(`"a": {"N": "-001.50E+3"}`))},
	{name: "a number with a sign", change: plaintext(`"a": {"N": "+1"}`)},
	{name: "a number that ends with its point", change: plaintext(`"a": {"N": "1."}`)},
	{name: "a number that begins with its point", change: plaintext(`"a": {"N": "-.5"}`)},
	{name: "zero with any exponent", change: plaintext(`"a": {"N": "0e99999999999999999999"}`)},
	{name: "38 digits and zeros", change: plaintext(`"a": {"N": "` + strings.Repeat("1", 38) + `0"}`)},
	{name: "39 digits", change: plaintext(`"a": {"N": "` + strings.Repeat("1", 39) + `"}`), javaWrites: "!", weWrite: "!more than 38"},
	{name: "the largest number", change: plaintext(`"a": {"N": "9.9E125"}`)},
	{name: "a larger one", change: plaintext(`"a": {"N": "1E126"}`), javaWrites: "!", weWrite: "!range"},
	{name: "a smaller one than the smallest", change: plaintext(`"a": {"N": "1E-131"}`), javaWrites: "!", weWrite: "!range"},
	{name: "a number with a blank", change: plaintext(`"a": {"N": " 1"}`), javaWrites: "!", weWrite: "!not decimal"},
	{name: "NaN", change: plaintext(`"a": {"N": "NaN"}`), javaWrites: "!", weWrite: "!not decimal"},
	{name: "no digits", change: plaintext(`"a": {"N": ""}`), javaWrites: "!", weWrite: "!"},
	{name: "digits of another script", change: plaintext(`"a": {"N": "١"}`), javaWrites: "!", weWrite: "!not decimal"},
	{name: "one number twice in a set", change: plaintext(`"a": {"NS": ["1", "1.0"]}`), javaWrites: "!", weWrite: "!"},
	{name: "zero twice in a set", change: plaintext(`"a": {"NS": ["0", "-0"]}`), javaWrites: "!", weWrite: "!"},
	{name: "one text twice in a set", change: and(signA, plaintext(`"a": {"SS": ["x", "x"]}`)), javaWrites: "!", weWrite: "!"},
	{name: "texts that only look alike", change: plaintext(`"a": {"SS": ["é", "e\u0301"]}`)},
	{name: "bytes twice in a set", change: plaintext(`"a": {"BS": ["AA==", "AA=="]}`), javaWrites: "!", weWrite: "!"},
	{name: "empty sets", change: plaintext(`"a": {"L": [{"SS": []}, {"NS": []}, {"BS": []}]}`)},
	{name: "empty everything", change: plaintext(`"a": {"L": [{"S": ""}, {"B": ""}, {"M": {}}, {"L": []}, {"SS": [""]}, {"BS": [""]}]}`)},
	{name: "order of names, keys and members beyond the BMP", change: and(signA, plaintext(`"a": {"M": {"ｚ": {"SS": ["ｚ", "😀"]}, "😀": {"BS": ["fw==", "gA=="]}}}`))},
	{name: "32 levels", change: plaintext(`"a": ` + nested(32))},
	{name: "33 levels", change: plaintext(`"a": ` + nested(33)), javaWrites: "!", weWrite: "!deep"},
	{name: "33 levels that are signed", change: and(signA, plaintext(`"a": `+nested(33))), javaWrites: "!", weWrite: "!deep"},
	{
		name: "33 levels that nobody signs",
		change: and(actions(map[string]string{"pk": "SIGN_ONLY", "a": "DO_NOTHING"}), plaintext(`"a": `+nested(33)),
			map[string]any{"allowed_unsigned_attributes": []string{"a"}}),
	},
	{name: "half of a character", change: plaintext(`"a": {"S": "\ud800"}`), javaWrites: "!", weWrite: "!"},
	{name: "half of a character as a map key", change: plaintext(`"a": {"M": {"\ud800": {"S": "x"}}}`), javaWrites: "!", weWrite: "!"},
	{name: "a value of no type", change: plaintext(`"a": {}`), javaWrites: "!", weWrite: "!"},
	{name: "an attribute without an action", change: plaintext(`"b": {"S": "1"}`), javaWrites: "!No Crypto Action", weWrite: "!"},
	{name: "an attribute in the context that begins like a reserved name", change: and(contextA, plaintext(`"a": {"S": "aws-crypto-x"}`))},
	{name: "a table that begins like a reserved name", change: map[string]any{"table_name": "aws-crypto-x"}, javaWrites: "!aws-crypto-", weWrite: "!"},
	{name: "a context of 65536 bytes", change: and(contextA, plaintext(`"a": {"S": "`+strings.Repeat("x", 1<<16)+`"}`)), javaWrites: "!", weWrite: "!"},
	{name: "all types in the context", change: and(contextA, plaintext(`"a": {"L": [{"NULL": true}, {"BOOL": false}, {"NS": ["2", "1e1"]}]}`))},
}

// TestDBESDKDisagreements runs odd cases through both.
func TestDBESDKDisagreements(t *testing.T) {
	java := openDBESDK(t)
	all := slices.Concat(dbesdkDisagreements, dbesdkAgreements)
	var cases []*dbesdkvec.Case
	for _, d := range all {
		cases = append(cases, dbesdkBase(t, d.name, d.change))
	}
	byJava, byUs := java.encrypt(t, cases), encryptDBESDK(t, cases)
	javaRead, weRead := java.decrypt(t, byUs), decryptDBESDK(t, byJava)
	for i, d := range all {
		t.Run(strings.ReplaceAll(d.name, " ", "-"), func(t *testing.T) {
			if !isOutcome(d.javaWrites, byJava[i].Error) {
				t.Errorf("Java writes with error %q, want %q", byJava[i].Error, d.javaWrites)
			}
			if !isOutcome(d.weWrite, byUs[i].Error) {
				t.Errorf("we write with error %q, want %q", byUs[i].Error, d.weWrite)
			}
			read := func(written *dbesdkvec.Case, r dbesdkvec.Result, want string) {
				t.Helper()
				if written.Error != "" {
					return
				}
				if want == "" {
					want = string(written.PlaintextItem)
				}
				if !isOutcome(want, r.Error) || r.Error == "" && !equalJSON(t, json.RawMessage(want), r.PlaintextItem) {
					t.Errorf("%s reads the item of %s as %.300s with error %q, want %.300s", r.Client, written.Client, r.PlaintextItem, r.Error, want)
				}
			}
			read(byUs[i], javaRead[i], d.javaReads)
			read(byJava[i], weRead[i], d.weRead)
		})
	}
}

package codec

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/ddbenc/ddbenc/internal/testenv"
)

// loadVectors reads a JSON list of cases and fails if there are none: a file that
// moved must not look like success.
func loadVectors[T any](t *testing.T, path string) []T {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []T
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if len(cases) == 0 {
		t.Fatalf("%s holds no vectors", path)
	}
	return cases
}

// A valueVector is one case of testdata/ddbec_values.json.
type valueVector struct {
	Name   string          // unique
	Value  json.RawMessage // DynamoDB JSON; absent if malformed
	Java   string          // hex, form J; only if ok
	Python string          // hex, form P; only if ok, and absent where it is form J
	Bytes  string          // hex; only if not ok
	Expect string          // ok: value and bytes both ways; read: only bytes to value; malformed
	Why    string
}

func TestVectorsValues(t *testing.T) {
	for _, tt := range loadVectors[valueVector](t, "testdata/ddbec_values.json") {
		t.Run(tt.Name, func(t *testing.T) {
			var want types.AttributeValue
			if tt.Expect != "malformed" {
				var err error
				if want, err = UnmarshalValue(tt.Value); err != nil {
					t.Fatal(err)
				}
			}
			switch tt.Expect {
			case "ok":
				forms := map[Order]string{JavaOrder: tt.Java, PythonOrder: tt.Java}
				if tt.Python != "" {
					forms[PythonOrder] = tt.Python
				}
				for o, form := range forms {
					got, err := AppendDDBEC(nil, want, o)
					if err != nil || hex.EncodeToString(got) != form {
						t.Errorf("AppendDDBEC(%v) = %x, %v, want %s (%s)", o, got, err, form, tt.Why)
					}
					v, err := DecodeDDBEC(unhex(t, form))
					if err != nil {
						t.Fatalf("DecodeDDBEC(%s): %v (%s)", form, err, tt.Why)
					}
					if diff := diff(normal(t, want), normal(t, v)); diff != "" {
						t.Errorf("DecodeDDBEC(%s), want -, got +:\n%s", form, diff)
					}
				}
				if got := OrdersDiffer(want); got != (tt.Python != "") {
					t.Errorf("OrdersDiffer = %v (%s)", got, tt.Why)
				}
			case "read":
				v, err := DecodeDDBEC(unhex(t, tt.Bytes))
				if err != nil {
					t.Fatalf("DecodeDDBEC(%s): %v (%s)", tt.Bytes, err, tt.Why)
				}
				if diff := diff(want, v); diff != "" {
					t.Errorf("DecodeDDBEC(%s), want -, got +:\n%s", tt.Bytes, diff)
				}
			case "malformed":
				if v, err := DecodeDDBEC(unhex(t, tt.Bytes)); v != nil || !errors.Is(err, ErrMalformed) {
					t.Errorf("DecodeDDBEC(%s) = %v, %v, want ErrMalformed (%s)", tt.Bytes, v, err, tt.Why)
				}
			default:
				t.Fatalf("unknown expectation %q", tt.Expect)
			}
		})
	}
}

// normal returns v with sets sorted and numbers canonical, for comparing: neither
// is part of a value's meaning.
func normal(t *testing.T, v types.AttributeValue) types.AttributeValue {
	t.Helper()
	number := func(s string) string {
		s, err := CanonicalNumber(s)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberN:
		return num(number(v.Value))
	case *types.AttributeValueMemberSS:
		return &types.AttributeValueMemberSS{Value: slices.Sorted(slices.Values(v.Value))}
	case *types.AttributeValueMemberNS:
		set := make([]string, 0, len(v.Value))
		for _, s := range v.Value {
			set = append(set, number(s))
		}
		slices.Sort(set)
		return &types.AttributeValueMemberNS{Value: set}
	case *types.AttributeValueMemberBS:
		return &types.AttributeValueMemberBS{Value: slices.SortedFunc(slices.Values(v.Value), slices.Compare[[]byte])}
	case *types.AttributeValueMemberL:
		list := make([]types.AttributeValue, 0, len(v.Value))
		for _, e := range v.Value {
			list = append(list, normal(t, e))
		}
		return &types.AttributeValueMemberL{Value: list}
	case *types.AttributeValueMemberM:
		m := make(map[string]types.AttributeValue, len(v.Value))
		for k, e := range v.Value {
			m[k] = normal(t, e)
		}
		return &types.AttributeValueMemberM{Value: m}
	}
	return v
}

// A descriptionVector is one case of testdata/ddbec_descriptions.json.
type descriptionVector struct {
	Name        string
	Description map[string]string // absent if malformed
	Bytes       string            // hex
	Expect      string            // ok: both ways; read: only bytes to description; malformed
	Why         string
}

func TestVectorsDescriptions(t *testing.T) {
	for _, tt := range loadVectors[descriptionVector](t, "testdata/ddbec_descriptions.json") {
		t.Run(tt.Name, func(t *testing.T) {
			m, err := DecodeDescription(unhex(t, tt.Bytes))
			switch tt.Expect {
			case "ok", "read":
				if err != nil {
					t.Fatalf("DecodeDescription(%s): %v (%s)", tt.Bytes, err, tt.Why)
				}
				if diff := diff(tt.Description, m); diff != "" {
					t.Errorf("DecodeDescription(%s), want -, got +:\n%s", tt.Bytes, diff)
				}
				got, err := AppendDescription(nil, tt.Description)
				if same := hex.EncodeToString(got) == tt.Bytes; err != nil || same != (tt.Expect == "ok") {
					t.Errorf("AppendDescription = %x, %v, from %s (%s)", got, err, tt.Bytes, tt.Why)
				}
			case "malformed":
				if m != nil || !errors.Is(err, ErrMalformed) {
					t.Errorf("DecodeDescription(%s) = %v, %v, want ErrMalformed (%s)", tt.Bytes, m, err, tt.Why)
				}
			default:
				t.Fatalf("unknown expectation %q", tt.Expect)
			}
		})
	}
}

// A numberVector is one case of testdata/numbers.json.
type numberVector struct {
	Name      string
	Number    string
	Canonical string
	Python    string // as the Python client signs it, where that differs
	Expect    string // ok or invalid
	Why       string
}

func TestVectorsNumbers(t *testing.T) {
	for _, tt := range loadVectors[numberVector](t, "testdata/numbers.json") {
		t.Run(tt.Name, func(t *testing.T) {
			got, err := CanonicalNumber(tt.Number)
			switch tt.Expect {
			case "ok":
				if got != tt.Canonical || err != nil {
					t.Errorf("CanonicalNumber(%q) = %q, %v, want %q (%s)", tt.Number, got, err, tt.Canonical, tt.Why)
				}
				want := tt.Canonical
				if tt.Python != "" {
					want = tt.Python
				}
				if got, err := writtenNumber(tt.Number, PythonRounding); got != want || err != nil {
					t.Errorf("writtenNumber(%q, PythonRounding) = %q, %v, want %q (%s)", tt.Number, got, err, want, tt.Why)
				}
			case "invalid":
				if got != "" || !errors.Is(err, ErrInvalid) {
					t.Errorf("CanonicalNumber(%q) = %q, %v, want ErrInvalid (%s)", tt.Number, got, err, tt.Why)
				}
			default:
				t.Fatalf("unknown expectation %q", tt.Expect)
			}
		})
	}
}

// official returns the path of a file of the clients' own test vectors.
func official(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(testenv.Vectors(t, "ddbec"), "official", name)
}

type officialValue struct {
	Attribute  json.RawMessage
	Serialized []byte
}

func TestVectorsOfficialSerialize(t *testing.T) {
	for i, tt := range loadVectors[officialValue](t, official(t, "serialize_attribute.json")) {
		v, err := UnmarshalValue(tt.Attribute)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		for _, o := range []Order{JavaOrder, PythonOrder, PythonRounding} {
			if got, err := AppendDDBEC(nil, v, o); err != nil || string(got) != string(tt.Serialized) {
				t.Errorf("%d: AppendDDBEC(%s, %v) = %x, %v, want %x", i, tt.Attribute, o, got, err, tt.Serialized)
			}
		}
	}
}

func TestVectorsOfficialDeserialize(t *testing.T) {
	for i, tt := range loadVectors[officialValue](t, official(t, "deserialize_attribute.json")) {
		want, err := UnmarshalValue(tt.Attribute)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		got, err := DecodeDDBEC(tt.Serialized)
		if err != nil {
			t.Errorf("%d: DecodeDDBEC(%x): %v", i, tt.Serialized, err)
			continue
		}
		if diff := diff(normal(t, want), normal(t, got)); diff != "" {
			t.Errorf("%d: DecodeDDBEC(%x), want -, got +:\n%s", i, tt.Serialized, diff)
		}
	}
}

func TestVectorsOfficialDescription(t *testing.T) {
	type officialDescription struct {
		Description map[string]string `json:"material_description"`
		Serialized  []byte
	}
	for i, tt := range loadVectors[officialDescription](t, official(t, "material_description.json")) {
		if got, err := AppendDescription(nil, tt.Description); err != nil || string(got) != string(tt.Serialized) {
			t.Errorf("%d: AppendDescription = %x, %v, want %x", i, got, err, tt.Serialized)
		}
		got, err := DecodeDescription(tt.Serialized)
		if err != nil {
			t.Errorf("%d: DecodeDescription(%x): %v", i, tt.Serialized, err)
			continue
		}
		if diff := diff(tt.Description, got); diff != "" {
			t.Errorf("%d: DecodeDescription(%x), want -, got +:\n%s", i, tt.Serialized, diff)
		}
	}
}

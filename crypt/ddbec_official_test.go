package crypt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/internal/testenv"
)

// TestVectorsStringToSign builds the strings to sign of the old clients' own
// vectors, whose values are given as stored whatever their action. The other
// vectors are read by package ddbecvec. Spec: Official test vectors,
// "string_to_sign.json".
func TestVectorsStringToSign(t *testing.T) {
	dir := testenv.Vectors(t, "ddbec")
	name := filepath.Join(dir, "official", "string_to_sign.json")
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		t.Skipf("this folder of vectors has no official ones: %s", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Table string `json:"table"`
		Item  map[string]struct {
			Value  json.RawMessage `json:"value"`
			Action string          `json:"action"`
		} `json:"item"`
		StringToSign []byte `json:"string_to_sign"`
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatalf("%s holds no vector", name)
	}
	actionNames := map[string]Action{"encrypt": EncryptAndSign, "sign": SignOnly, "nothing": DoNothing}
	for i, v := range vectors {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			item := make(map[string]types.AttributeValue)
			actions := Actions{Default: DoNothing, Attributes: make(map[string]Action)}
			for name, attribute := range v.Item {
				if item[name], err = codec.UnmarshalValue(attribute.Value); err != nil {
					t.Fatal(err)
				}
				actions.Attributes[name] = actionNames[attribute.Action]
			}
			var errs configErrors
			compiled := NewDDBEC(nil).compile(Table{}, actions, &errs)
			if errs != nil {
				t.Fatal(errs)
			}
			for _, order := range []codec.Order{codec.JavaOrder, codec.PythonOrder} {
				got, err := appendStringToSign(nil, hashTable(v.Table), compiled.fields(item), order)
				if err != nil || !bytes.Equal(got, v.StringToSign) {
					t.Errorf("string to sign in %v = %x, %v, want %x", order, got, err, v.StringToSign)
				}
			}
		})
	}
}

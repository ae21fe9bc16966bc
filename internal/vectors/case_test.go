package vectors

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

// keepingCase is a case that keeps its members, as those of the formats do.
type keepingCase struct {
	Name string `json:"name"`
	Items
	members map[string]json.RawMessage
}

func (c *keepingCase) UnmarshalJSON(data []byte) (err error) {
	type plain keepingCase
	c.members, err = Unmarshal(data, (*plain)(c))
	return err
}

func (c *keepingCase) MarshalJSON() ([]byte, error) {
	type plain keepingCase
	return Marshal(c.members, (*plain)(c))
}

func TestWith(t *testing.T) {
	for name, c := range map[string]*keepingCase{
		"made in Go": {Name: "made", Items: Items{PlaintextItem: json.RawMessage(`{"a":{"S":"1"}}`)}},
		"read": func() *keepingCase {
			c := new(keepingCase)
			if err := json.Unmarshal([]byte(`{"name": "made", "plaintext_item": {"a":{"S":"1"}}, "note": "kept"}`), c); err != nil {
				t.Fatal(err)
			}
			return c
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			out, err := With(c, map[string]any{"encrypted_item": json.RawMessage(`{}`), "plaintext_item": nil, "extra": 1})
			if err != nil {
				t.Fatal(err)
			}
			if out.Name != "made" || out.PlaintextItem != nil || string(out.EncryptedItem) != "{}" || string(out.members["extra"]) != "1" {
				t.Errorf("With = %+v", out)
			}
			if got, want := string(out.members["note"]), string(c.members["note"]); got != want {
				t.Errorf("With lost a member that means nothing here: %q, want %q", got, want)
			}
			if c.PlaintextItem == nil || c.EncryptedItem != nil {
				t.Errorf("With changed the case that it was called on: %+v", c)
			}
			if _, err := With(c, map[string]any{"name": 1}); err == nil {
				t.Error("With made a case whose name is a number")
			}
			if _, err := With(c, map[string]any{"extra": make(chan int)}); err == nil {
				t.Error("With took what JSON doesn't have")
			}
		})
	}
}

func TestUnmarshalNamesTheCase(t *testing.T) {
	err := json.Unmarshal([]byte(`{"name": "made", "plaintext_item": {}, "encrypted_item": 1, "decrypted_item": []}`), new(keepingCase))
	if err != nil {
		t.Errorf("items are not read before they are used, but: %v", err)
	}
	var c struct{ Number int }
	if _, err := Unmarshal([]byte(`{"name": "made", "number": "x"}`), &c); err == nil || !strings.Contains(err.Error(), `case "made"`) {
		t.Errorf("Unmarshal of a wrong member: %v", err)
	}
	if _, err := Unmarshal([]byte(`[]`), &c); err == nil {
		t.Error("Unmarshal of a list gave no error")
	}
}

func TestItems(t *testing.T) {
	i := Items{PlaintextItem: json.RawMessage(`{"a": {"S": "plain"}}`), EncryptedItem: json.RawMessage(`{"a": {"S": "stored"}}`)}
	text := func(item map[string]types.AttributeValue, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return item["a"].(*types.AttributeValueMemberS).Value
	}
	if got := text(i.Plaintext()); got != "plain" {
		t.Errorf("Plaintext = %s", got)
	}
	if got := text(i.Encrypted()); got != "stored" {
		t.Errorf("Encrypted = %s", got)
	}
	if got := text(i.Want()); got != "plain" {
		t.Errorf("Want without another item = %s", got)
	}
	i.DecryptedItem = json.RawMessage(`{"a": {"S": "other"}}`)
	if got := text(i.Want()); got != "other" {
		t.Errorf("Want = %s", got)
	}
	if _, err := new(Items).Want(); err == nil || !strings.Contains(err.Error(), "plaintext_item") {
		t.Errorf("Want without an item: %v", err)
	}
	i.EncryptedItem = json.RawMessage(`{"a": {"S": "1", "N": "1"}}`)
	if _, err := i.Encrypted(); err == nil || !strings.Contains(err.Error(), "encrypted_item") {
		t.Errorf("Encrypted of a value that is none: %v", err)
	}
}

func TestWrittenAndRead(t *testing.T) {
	item := map[string]types.AttributeValue{"a": &types.AttributeValueMemberS{Value: "1"}}
	wrong := map[string]types.AttributeValue{"a": nil}
	refused := errors.New("refused")
	const json1 = `{"a":{"S":"1"}}`
	for _, tt := range []struct {
		name    string
		item    map[string]types.AttributeValue
		err     error
		want    string // item
		wantErr string // part of it
	}{
		{"item", item, nil, json1, ""},
		{"refused", nil, refused, "", "refused"},
		{"refused with an item", item, refused, "", "refused"},
		{"not an item", wrong, nil, "", "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := With(&keepingCase{Name: "made"}, Written("go", tt.item, tt.err))
			if err != nil {
				t.Fatal(err)
			}
			var reason string
			if c.members["error"] != nil {
				if err := json.Unmarshal(c.members["error"], &reason); err != nil {
					t.Fatal(err)
				}
			}
			if string(c.EncryptedItem) != tt.want || !strings.Contains(reason, tt.wantErr) || (reason == "") != (tt.wantErr == "") {
				t.Errorf("Written: item %s, error %q", c.EncryptedItem, reason)
			}
			r := Read("made", "go", tt.item, tt.err)
			if string(r.PlaintextItem) != tt.want || !strings.Contains(r.Error, tt.wantErr) || (r.Error == "") != (tt.wantErr == "") {
				t.Errorf("Read = %+v", r)
			}
			if r.Name != "made" || r.Client != "go" || string(c.members["client"]) != `"go"` {
				t.Errorf("Read = %+v, Written by %s", r, c.members["client"])
			}
		})
	}
	before := &keepingCase{members: map[string]json.RawMessage{
		"name": json.RawMessage(`"made"`), "error": json.RawMessage(`"old"`), "kms_requests": json.RawMessage(`[]`), "encrypted_item": json.RawMessage(`{}`),
	}}
	c, err := With(before, Written("go", nil, refused))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]json.RawMessage{
		"name": json.RawMessage(`"made"`), "client": json.RawMessage(`"go"`), "client_version": json.RawMessage(`"devel"`), "error": json.RawMessage(`"refused"`),
	}
	if diff := cmp.Diff(want, c.members); diff != "" {
		t.Errorf("members of a case that was written before (-want +got):\n%s", diff)
	}
}

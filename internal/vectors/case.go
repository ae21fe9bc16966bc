package vectors

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// Items are the items of a case, in DynamoDB JSON. They stay raw because some cases
// hold values that DynamoDB knows nothing of, which must fail where they are used.
type Items struct {
	PlaintextItem json.RawMessage `json:"plaintext_item,omitempty"`
	EncryptedItem json.RawMessage `json:"encrypted_item,omitempty"`
	DecryptedItem json.RawMessage `json:"decrypted_item,omitempty"` // if it is not the plaintext item
}

// Plaintext is the item before encryption.
func (i *Items) Plaintext() (map[string]types.AttributeValue, error) {
	return unmarshalItem("plaintext_item", i.PlaintextItem)
}

// Encrypted is the item as stored.
func (i *Items) Encrypted() (map[string]types.AttributeValue, error) {
	return unmarshalItem("encrypted_item", i.EncryptedItem)
}

// Want is what a reader must make of the stored item.
func (i *Items) Want() (map[string]types.AttributeValue, error) {
	if i.DecryptedItem != nil {
		return unmarshalItem("decrypted_item", i.DecryptedItem)
	}
	return i.Plaintext()
}

func unmarshalItem(member string, data []byte) (map[string]types.AttributeValue, error) {
	if data == nil {
		return nil, fmt.Errorf("the case has no %s", member)
	}
	item, err := codec.UnmarshalItem(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", member, err)
	}
	return item, nil
}

// Unmarshal reads a case into plain, a pointer to a type without UnmarshalJSON, and
// returns all of its members: also those that plain has no field for.
func Unmarshal(data []byte, plain any) (members map[string]json.RawMessage, err error) {
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, plain); err != nil {
		return nil, fmt.Errorf("case %s: %w", members["name"], err)
	}
	return members, nil
}

// Marshal writes the case that [Unmarshal] read as it was read, or, without members,
// plain.
func Marshal(members map[string]json.RawMessage, plain any) ([]byte, error) {
	if members != nil {
		return json.Marshal(members)
	}
	return json.Marshal(plain)
}

// With returns the case c with the members in set, by their names in JSON, and
// without those for which set has nil.
func With[C any](c *C, set map[string]any) (*C, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	for name, value := range set {
		if value == nil {
			delete(members, name)
		} else if members[name], err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	if data, err = json.Marshal(members); err != nil {
		return nil, err
	}
	out := new(C)
	return out, json.Unmarshal(data, out)
}

// Written returns the members that are others in a case after client, this project,
// has encrypted its item or refused to: for [With]. What only the former writer knew
// of is removed.
func Written(client string, stored map[string]types.AttributeValue, err error) map[string]any {
	set := map[string]any{"client": client, "client_version": "devel", "encrypted_item": nil, "error": nil, "kms_requests": nil}
	if err == nil {
		var item json.RawMessage
		if item, err = codec.MarshalItem(stored); err == nil {
			set["encrypted_item"] = item
		}
	}
	if err != nil {
		set["error"] = err.Error()
	}
	return set
}

// A Result is what a reader made of one case.
type Result struct {
	Name          string          `json:"name"`
	Client        string          `json:"client"` // who read it
	PlaintextItem json.RawMessage `json:"plaintext_item,omitempty"`
	Error         string          `json:"error,omitempty"`
}

// Read returns the result of a case of this name, which client, this project, has
// decrypted or refused.
func Read(name, client string, plain map[string]types.AttributeValue, err error) Result {
	r := Result{Name: name, Client: client}
	if err == nil {
		if r.PlaintextItem, err = codec.MarshalItem(plain); err != nil {
			err = fmt.Errorf("decrypted item: %w", err)
		}
	}
	if err != nil {
		r.PlaintextItem, r.Error = nil, err.Error()
	}
	return r
}

// Package dbesdkvec reads DB-ESDK test cases, in the JSON shape that the vectors
// and the interop peers share, and runs ddbenc on them. A case says everything
// about one item: table, keyring, actions, plaintext, and, if somebody has written
// it already, the stored item and what a reader must make of it. The vectors that
// come with the other clients have shapes of their own, from which it makes cases.
package dbesdkvec

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// What a reader must do with a case's item.
const (
	ExpectDecrypt      = "decrypt"       // return the stated item
	ExpectReject       = "reject"        // refuse
	ExpectAccept       = "accept"        // return the stated item, or refuse where MayReject is set
	ExpectEncryptError = "encrypt-error" // there is no item: its writer refused
	ExpectRoundTrip    = "round-trip"    // there is no item: write one and read it
)

// A Case is one item and everything that is needed to write or read it.
type Case struct {
	Name          string `json:"name"`
	Category      string `json:"category,omitempty"`
	Client        string `json:"client,omitempty"` // who wrote EncryptedItem
	ClientVersion string `json:"client_version,omitempty"`

	TableName        string   `json:"table_name"`
	PartitionKey     string   `json:"partition_key"`
	SortKey          *string  `json:"sort_key"`
	AttributeActions Actions  `json:"attribute_actions"`
	Suite            string   `json:"algorithm_suite,omitempty"` // empty: the default
	Unsigned         []string `json:"allowed_unsigned_attributes,omitempty"`
	UnsignedPrefix   *string  `json:"allowed_unsigned_attribute_prefix,omitempty"`
	Provider         Provider `json:"provider"`

	LegacyOverride    *Legacy         `json:"legacy_override,omitempty"`
	PlaintextOverride string          `json:"plaintext_override,omitempty"`
	Search            json.RawMessage `json:"search,omitempty"` // beacons: see [Case.Skip]

	// Items in DynamoDB JSON. They stay raw because some cases hold values that
	// DynamoDB knows nothing of, which must fail where they are used.
	PlaintextItem json.RawMessage `json:"plaintext_item,omitempty"`
	EncryptedItem json.RawMessage `json:"encrypted_item,omitempty"`
	DecryptedItem json.RawMessage `json:"decrypted_item,omitempty"` // if it is not the plaintext item

	// DecryptOverrides are members of the case that are others when it is read.
	DecryptOverrides map[string]json.RawMessage `json:"decrypt_overrides,omitempty"`

	Expect       string  `json:"expect,omitempty"`
	MayReject    bool    `json:"may_reject,omitempty"`
	ParsedHeader *Header `json:"parsed_header,omitempty"`
	Tamper       string  `json:"tamper,omitempty"` // what was done to the item or its reader
	Error        string  `json:"error,omitempty"`  // why the writer refused

	members map[string]json.RawMessage // all of the case, for With
}

// Actions are the actions of a case's attributes. There is no default.
type Actions struct {
	Attributes map[string]string `json:"attributes"`
}

// Header is what a writer said about the header it wrote.
type Header struct {
	Suite         string            `json:"algorithm_suite"` // "0x6700" or "0x6701"
	Actions       map[string]string `json:"attribute_actions"`
	Context       map[string]string `json:"encryption_context"`
	StoredContext map[string]string `json:"stored_encryption_context"`
	DataKeys      []DataKey         `json:"encrypted_data_keys"`
}

// DataKey is one data key of a [Header].
type DataKey struct {
	ProviderID   string `json:"key_provider_id"`
	ProviderInfo []byte `json:"key_provider_info_b64"`
	Ciphertext   []byte `json:"ciphertext_b64"`
}

// UnmarshalJSON reads a case and keeps the members that this package has no use
// for.
func (c *Case) UnmarshalJSON(data []byte) error {
	type plain Case
	if err := json.Unmarshal(data, (*plain)(c)); err != nil {
		return fmt.Errorf("case %q: %w", c.Name, err)
	}
	return json.Unmarshal(data, &c.members)
}

// MarshalJSON writes the case as it was read, unless it was made in Go.
func (c *Case) MarshalJSON() ([]byte, error) {
	if c.members != nil {
		return json.Marshal(c.members)
	}
	type plain Case
	return json.Marshal((*plain)(c))
}

// With returns the case with the members in set, by their names in JSON, and
// without those for which set has nil.
func (c *Case) With(set map[string]any) (*Case, error) {
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
	out := new(Case)
	return out, json.Unmarshal(data, out)
}

// Reader returns the case as it is to be read.
func (c *Case) Reader() (*Case, error) {
	if len(c.DecryptOverrides) == 0 {
		return c, nil
	}
	set := map[string]any{"decrypt_overrides": nil}
	for name, value := range c.DecryptOverrides {
		set[name] = value
	}
	return c.With(set)
}

// Skip returns why ddbenc can't run the case, or nothing.
func (c *Case) Skip() string {
	switch {
	case c.Search != nil:
		return "beacons"
	}
	if missing := c.Provider.missing(); missing != "" {
		return "keyring " + missing
	}
	return ""
}

// Table describes the case's table to a format. A list of unsigned attributes that
// contradicts the actions can't be said to this project; it gives an error that
// wraps [crypt.ErrConfig], as it does in the other clients.
func (c *Case) Table() (crypt.Table, error) {
	t := crypt.Table{Name: c.TableName, PartitionKey: c.PartitionKey}
	if c.SortKey != nil {
		t.SortKey = *c.SortKey
	}
	t.Actions.Attributes = make(map[string]crypt.Action, len(c.AttributeActions.Attributes))
	for _, name := range slices.Sorted(maps.Keys(c.AttributeActions.Attributes)) {
		action, err := parseAction(c.AttributeActions.Attributes[name])
		if err != nil {
			return crypt.Table{}, fmt.Errorf("action of %q: %w", name, err)
		}
		listed := slices.Contains(c.Unsigned, name)
		prefixed := c.UnsignedPrefix != nil && strings.HasPrefix(name, *c.UnsignedPrefix)
		if listed && action != crypt.DoNothing || !listed && !prefixed && action == crypt.DoNothing {
			return crypt.Table{}, fmt.Errorf("%w: attribute %q has the action %v and is in the list of unsigned ones or not", crypt.ErrConfig, name, action)
		}
		t.Actions.Attributes[name] = action
	}
	for _, name := range c.Unsigned {
		t.Actions.Attributes[name] = crypt.DoNothing
	}
	return t, nil
}

func parseAction(name string) (crypt.Action, error) {
	for _, a := range []crypt.Action{crypt.EncryptAndSign, crypt.SignOnly, crypt.DoNothing, crypt.SignAndIncludeInContext} {
		if a.String() == name {
			return a, nil
		}
	}
	if name == "CONTEXT_AND_SIGN" { // in the other clients' vectors
		return crypt.SignAndIncludeInContext, nil
	}
	return 0, fmt.Errorf("there is no action %q", name)
}

// options are the case's options of a format.
func (c *Case) options() ([]crypt.DBESDKOption, error) {
	var opts []crypt.DBESDKOption
	switch c.Suite {
	case "":
	case crypt.SuiteMAC.String():
		opts = append(opts, crypt.WriteSuite(crypt.SuiteMAC))
	case crypt.SuiteECDSA.String():
		opts = append(opts, crypt.WriteSuite(crypt.SuiteECDSA))
	default:
		return nil, fmt.Errorf("there is no suite %q", c.Suite)
	}
	if c.UnsignedPrefix != nil {
		opts = append(opts, crypt.UnsignedPrefix(*c.UnsignedPrefix))
	}
	return opts, nil
}

// Plaintext is the item before encryption.
func (c *Case) Plaintext() (map[string]types.AttributeValue, error) {
	return unmarshalItem("plaintext_item", c.PlaintextItem)
}

// Encrypted is the item as stored.
func (c *Case) Encrypted() (map[string]types.AttributeValue, error) {
	return unmarshalItem("encrypted_item", c.EncryptedItem)
}

// Want is what a reader must make of the stored item.
func (c *Case) Want() (map[string]types.AttributeValue, error) {
	if c.DecryptedItem != nil {
		return unmarshalItem("decrypted_item", c.DecryptedItem)
	}
	return c.Plaintext()
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

// ErrNoCases reports JSON that is something else than cases.
var ErrNoCases = errors.New("dbesdkvec: no cases")

// Parse reads a JSON list of cases, or an object with such a list in its member
// "cases".
func Parse(data []byte) ([]*Case, error) {
	var object struct {
		Cases json.RawMessage `json:"cases"`
	}
	if json.Unmarshal(data, &object) == nil && object.Cases != nil {
		data = object.Cases
	}
	var elements []map[string]json.RawMessage
	if err := json.Unmarshal(data, &elements); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCases, err)
	}
	isCase := func(e map[string]json.RawMessage) bool {
		return e["name"] != nil && e["table_name"] != nil && e["attribute_actions"] != nil && e["provider"] != nil
	}
	if !slices.ContainsFunc(elements, isCase) {
		return nil, ErrNoCases
	}
	for i, e := range elements {
		if !isCase(e) {
			return nil, fmt.Errorf("dbesdkvec: element %d of a list of cases is not a case", i)
		}
	}
	var cases []*Case
	if err := json.Unmarshal(data, &cases); err != nil {
		return nil, fmt.Errorf("dbesdkvec: %w", err)
	}
	return cases, nil
}

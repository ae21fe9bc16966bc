// Package dbesdkvec reads DB-ESDK test cases, in the JSON shape that the vectors
// and the interop peers share, and runs ddbenc on them. Package vectors says what
// a case is. The vectors that come with the other clients have shapes of their own,
// from which it makes cases.
package dbesdkvec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/vectors"
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

	vectors.Items

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
func (c *Case) UnmarshalJSON(data []byte) (err error) {
	type plain Case
	c.members, err = vectors.Unmarshal(data, (*plain)(c))
	return err
}

// MarshalJSON writes the case as it was read, unless it was made in Go.
func (c *Case) MarshalJSON() ([]byte, error) {
	type plain Case
	return vectors.Marshal(c.members, (*plain)(c))
}

// With returns the case with the members in set, by their names in JSON, and
// without those for which set has nil.
func (c *Case) With(set map[string]any) (*Case, error) { return vectors.With(c, set) }

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
	if c.Search != nil {
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

// Parse reads a list of cases, as [vectors.Parse] does.
func Parse(data []byte) ([]*Case, error) { return vectors.Parse[Case](data) }

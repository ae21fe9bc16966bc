// Package ddbecvec reads DDBEC test cases, in the JSON shape that the vectors
// and the interop peers share, and runs ddbenc on them. A case says everything
// about one item: table, keys, actions, plaintext, and, if somebody has written
// it already, the stored item and what a reader must make of it.
//
// It is shared by the vector tests, by interop/ddbenc-peer and by the live
// interop tests. interop/README.md describes the fields.
package ddbecvec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	ExpectDivergent    = "divergent"     // the clients disagree; refusing is always right
	ExpectEncryptError = "encrypt-error" // there is no item: its writer refused
)

// Names of the clients that write cases.
const (
	Python = "python-ddbec"
	Java   = "java-ddbec"
	Go     = "go-ddbec" // this project
)

// A Case is one item and everything that is needed to write or read it.
type Case struct {
	Name          string `json:"name"`
	Category      string `json:"category,omitempty"`
	Client        string `json:"client,omitempty"` // who wrote EncryptedItem
	ClientVersion string `json:"client_version,omitempty"`

	TableName         string             `json:"table_name"`
	TableNameOverride *TableNameOverride `json:"table_name_override,omitempty"`
	PartitionKey      string             `json:"partition_key"`
	SortKey           *string            `json:"sort_key"`
	AttributeActions  Actions            `json:"attribute_actions"`
	Provider          Provider           `json:"provider"`

	// Items in DynamoDB JSON. They stay raw because some cases hold values that
	// DynamoDB knows nothing of, which must fail where they are used.
	PlaintextItem json.RawMessage `json:"plaintext_item,omitempty"`
	EncryptedItem json.RawMessage `json:"encrypted_item,omitempty"`
	DecryptedItem json.RawMessage `json:"decrypted_item,omitempty"` // if it is not the plaintext item

	Expect      string            `json:"expect,omitempty"`
	MayReject   bool              `json:"may_reject,omitempty"`
	Divergence  []string          `json:"divergence,omitempty"`      // on what the clients disagree
	Results     map[string]string `json:"decrypt_results,omitempty"` // by client
	KMSRequests []KMSRequest      `json:"kms_requests,omitempty"`    // what the writer sent
	Error       string            `json:"error,omitempty"`           // why the writer refused

	members map[string]json.RawMessage // all of the case, for [Case.With]
}

// TableNameOverride signs items of table From as items of table To.
type TableNameOverride struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Actions are the actions of a case's attributes, by the names that the Python
// client gives them.
type Actions struct {
	Attributes map[string]string `json:"attributes"`
	Default    string            `json:"default"`
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

// Table describes the case's table to a format. The error names an action that
// does not exist.
func (c *Case) Table() (crypt.Table, error) {
	t := crypt.Table{Name: c.TableName, PartitionKey: c.PartitionKey}
	if c.SortKey != nil {
		t.SortKey = *c.SortKey
	}
	var err error
	if t.Actions.Default, err = parseAction(c.AttributeActions.Default); err != nil {
		return crypt.Table{}, fmt.Errorf("default action: %w", err)
	}
	t.Actions.Attributes = make(map[string]crypt.Action, len(c.AttributeActions.Attributes))
	for name, action := range c.AttributeActions.Attributes {
		if t.Actions.Attributes[name], err = parseAction(action); err != nil {
			return crypt.Table{}, fmt.Errorf("action of %q: %w", name, err)
		}
	}
	return t, nil
}

func parseAction(name string) (crypt.Action, error) {
	for _, a := range []crypt.Action{crypt.EncryptAndSign, crypt.SignOnly, crypt.DoNothing} {
		if a.String() == name {
			return a, nil
		}
	}
	return 0, fmt.Errorf("there is no action %q", name)
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

// SignedByPythonOnly reports whether the Python client wrote the case and the
// clients disagree on its numbers: such an item may carry a signature over
// rounded numbers or over -0, which only a reader verifies that was told to.
func (c *Case) SignedByPythonOnly() bool { return c.Client == Python && c.numbersDiffer() }

func (c *Case) numbersDiffer() bool {
	return slices.ContainsFunc(c.Divergence, func(reason string) bool {
		return strings.Contains(reason, "significant digits") || strings.Contains(reason, "negative zero")
	})
}

// Load returns the cases of every JSON file below dir that is a list of cases,
// whatever its name, in the order of the files' paths. Other JSON files are
// passed over; a list that is only partly one of cases is an error.
func Load(dir string) ([]*Case, error) {
	var all []*Case
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		cases, err := Parse(data)
		if errors.Is(err, ErrNoCases) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, cases...)
		return nil
	})
	return all, err
}

// ErrNoCases reports JSON that is something else than a list of cases.
var ErrNoCases = errors.New("ddbecvec: not a list of cases")

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
	if len(elements) > 0 && !slices.ContainsFunc(elements, isCase) {
		return nil, ErrNoCases
	}
	for i, e := range elements {
		if !isCase(e) {
			return nil, fmt.Errorf("ddbecvec: element %d of a list of cases is not a case", i)
		}
	}
	var cases []*Case
	if err := json.Unmarshal(data, &cases); err != nil {
		return nil, fmt.Errorf("ddbecvec: %w", err)
	}
	return cases, nil
}

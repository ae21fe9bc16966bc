// Package ddbecvec reads DDBEC test cases, in the JSON shape that the vectors
// and the interop peers share, and runs ddbenc on them. Package vectors says what
// a case is.
//
// It is shared by the vector tests, by interop/ddbenc-peer and by the live
// interop tests. interop/README.md describes the fields.
package ddbecvec

import (
	"encoding/json"
	"fmt"
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

	vectors.Items

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
	return vectors.Load(dir, func(_ string, data []byte) ([]*Case, error) { return Parse(data) })
}

// Parse reads a list of cases, as [vectors.Parse] does.
func Parse(data []byte) ([]*Case, error) { return vectors.Parse[Case](data) }

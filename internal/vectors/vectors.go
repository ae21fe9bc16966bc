// Package vectors has what test cases of both formats share. A case is a JSON object
// that says everything about one item: table, keys, actions, plaintext, and, if
// somebody has written it already, the stored item and what a reader must make of
// it. Packages ddbecvec and dbesdkvec say what a case of their format has besides,
// and run ddbenc on it.
//
// Here cases are found and parsed, keep members that nobody here knows, say what
// became of them, reach the engines that they name, and have their items compared.
package vectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// ErrNoCases reports JSON that is something else than a list of cases.
var ErrNoCases = errors.New("vectors: not a list of cases")

// Load returns what parse finds in every JSON file below dir, whatever its name, in
// the order of the files' paths. Files for which parse returns an error that wraps
// [ErrNoCases] are passed over.
func Load[C any](dir string, parse func(path string, data []byte) ([]*C, error)) ([]*C, error) {
	var all []*C
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		cases, err := parse(path, data)
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

// Parse reads a JSON list of cases, or an object with such a list in its member
// "cases". A list in which nothing is a case, and anything else, gives an error that
// wraps [ErrNoCases]; for a list that is only partly one of cases it is another.
func Parse[C any](data []byte) ([]*C, error) {
	elements, err := Elements(data)
	if err != nil {
		return nil, err
	}
	if len(elements) > 0 && !slices.ContainsFunc(elements, isCase) {
		return nil, ErrNoCases
	}
	var cases []*C
	for i, e := range elements {
		if !isCase(e) {
			return nil, fmt.Errorf("vectors: element %d of a list of cases is not a case", i)
		}
		c := new(C)
		if err := json.Unmarshal(e, c); err != nil {
			return nil, fmt.Errorf("vectors: %w", err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// Elements returns the elements of a JSON list, or of the list in the member "cases"
// of an object, whatever they are. The error for anything else wraps [ErrNoCases].
func Elements(data []byte) ([]json.RawMessage, error) {
	var object struct {
		Cases json.RawMessage `json:"cases"`
	}
	if json.Unmarshal(data, &object) == nil && object.Cases != nil {
		data = object.Cases
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(data, &elements); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCases, err)
	}
	return elements, nil
}

// isCase reports whether an element has what every case has.
func isCase(element json.RawMessage) bool {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(element, &members); err != nil {
		return false
	}
	for _, name := range []string{"name", "table_name", "attribute_actions", "provider"} {
		if members[name] == nil {
			return false
		}
	}
	return true
}

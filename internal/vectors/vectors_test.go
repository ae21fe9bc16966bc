package vectors

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testCase is a case of a format that has a number besides what all have.
type testCase struct {
	Name   string `json:"name"`
	Number int    `json:"number"`
}

const aCase = `{"name": "made", "table_name": "t", "attribute_actions": {}, "provider": {}, "number": 7, "note": "kept"}`

func TestParse(t *testing.T) {
	anyError := errors.New("any other error")
	cases := []struct {
		name, in string
		want     int
		err      error // anyError is every other than ErrNoCases
	}{
		{"list", "[" + aCase + "," + aCase + "]", 2, nil},
		{"object", `{"cases": [` + aCase + `]}`, 1, nil},
		{"empty list", "[]", 0, nil},
		{"list of something else", `[{"table": "t", "item": {}}]`, 0, ErrNoCases},
		{"list of numbers", `[1, 2]`, 0, ErrNoCases},
		{"object without cases", `{"keys": {}}`, 0, ErrNoCases},
		{"no JSON", `{`, 0, ErrNoCases},
		{"one element is no case", "[" + aCase + `, {"name": "x"}]`, 0, anyError},
		{"one element is no object", "[" + aCase + `, 1]`, 0, anyError},
		{"case with a list as name", `[{"name": [], "table_name": "", "attribute_actions": {}, "provider": {}}]`, 0, anyError},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse[testCase]([]byte(tt.in))
			if len(got) != tt.want || (err == nil) != (tt.err == nil) || errors.Is(err, ErrNoCases) != (tt.err == ErrNoCases) {
				t.Errorf("Parse(%s) = %d cases, %v; want %d, %v", tt.in, len(got), err, tt.want, tt.err)
			}
			for _, c := range got {
				if c.Name != "made" || c.Number != 7 {
					t.Errorf("case %+v", c)
				}
			}
		})
	}
}

// TestElements: elements need not be cases, as they may be of several formats.
func TestElements(t *testing.T) {
	for _, in := range []string{`[1, {}]`, `{"cases": [1, {}]}`} {
		got, err := Elements([]byte(in))
		if err != nil || len(got) != 2 || string(got[0]) != "1" || string(got[1]) != "{}" {
			t.Errorf("Elements(%s) = %s, %v", in, got, err)
		}
	}
	if _, err := Elements([]byte(`{"keys": [1]}`)); !errors.Is(err, ErrNoCases) {
		t.Errorf("Elements of an object without cases: %v", err)
	}
}

// TestLoad: files are found at any depth and under any name, in order, and passed
// over if they hold something else.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var read []string // the files that were parsed, in order
	parse := func(path string, data []byte) ([]*testCase, error) {
		name, err := filepath.Rel(dir, path)
		read = append(read, name)
		if err != nil {
			return nil, err
		}
		return Parse[testCase](data)
	}
	write("keys.json", `{"aesKey": {}}`)
	write("README.md", "["+aCase+"]")
	if got, err := Load(dir, parse); err != nil || len(got) != 0 {
		t.Errorf("Load of a folder without cases = %d cases, %v", len(got), err)
	}
	write("deep/er/any name.json", "["+aCase+"]")
	write("top.json", "["+aCase+"]")
	read = nil
	if got, err := Load(dir, parse); err != nil || len(got) != 2 {
		t.Errorf("Load = %d cases, %v; want 2", len(got), err)
	}
	if diff := cmp.Diff([]string{filepath.Join("deep", "er", "any name.json"), "keys.json", "top.json"}, read); diff != "" {
		t.Errorf("files read (-want +got):\n%s", diff)
	}
	write("broken.json", "["+aCase+", {}]")
	if _, err := Load(dir, parse); err == nil || !strings.Contains(err.Error(), "broken.json") {
		t.Errorf("Load of a list that is partly one of cases: %v", err)
	}
	if _, err := Load(filepath.Join(dir, "missing"), parse); err == nil {
		t.Error("Load of a missing folder gave no error")
	}
}

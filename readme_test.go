package ddbenc_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Code in documents must not rot: every Go block stands, line by line, in a Go
// file that is compiled and run by a test or an example.
func TestDocumentsShowCodeThatRuns(t *testing.T) {
	var sources []string
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "examples/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			sources = append(sources, squeeze(read(t, f)))
		}
	}
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, doc := range append(documents, "README.md") {
		for _, m := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(read(t, doc), -1) {
			blocks++
			for _, part := range strings.Split(m[1], "\n\n") {
				if !inAny(sources, squeeze(part)) {
					t.Errorf("%s shows code that no test or example has:\n%s", doc, part)
				}
			}
		}
	}
	if blocks == 0 {
		t.Error("no code was found in the documents")
	}
}

func inAny(sources []string, part string) bool {
	for _, s := range sources {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// squeeze makes runs of white space one space.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

package ddbenctest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/suggest"
)

// RequireEncrypted fails the test at once unless every named attribute of T is
// encrypted and signed, by its tag or by default. It is the one line that keeps
// a secret a secret when somebody edits the struct:
//
//	ddbenctest.RequireEncrypted[Patient](t, "name", "notes")
//
// Names are those in DynamoDB, not Go's. The failure lists what is wrong and
// shows the schema. To pin everything that T says, compare [ddbenc.SchemaOf]
// with go-cmp.
func RequireEncrypted[T any](t testing.TB, names ...string) {
	t.Helper()
	require[T](t, "encrypted", names, crypt.EncryptAndSign)
}

// RequireSigned fails the test at once unless every named attribute of T is
// signed but readable: the action sign, or context. Attributes that a program
// has to filter by, or that an index needs, are kept so.
func RequireSigned[T any](t testing.TB, names ...string) {
	t.Helper()
	require[T](t, "signed and readable", names, crypt.SignOnly, crypt.SignAndIncludeInContext)
}

// RequireUnsigned fails the test at once unless every named attribute of T is
// left alone: readable, and changeable by anyone who can write to the table.
func RequireUnsigned[T any](t testing.TB, names ...string) {
	t.Helper()
	require[T](t, "unsigned", names, crypt.DoNothing)
}

// require checks that each attribute has one of the actions, which what
// describes.
func require[T any](t testing.TB, what string, names []string, actions ...crypt.Action) {
	t.Helper()
	schema, err := ddbenc.SchemaOf[T]()
	if err != nil {
		t.Fatalf("the type has mistakes:\n%v", err)
	}
	if problems := check(schema, what, names, actions); len(problems) > 0 {
		t.Fatalf("%s: %s\n%s", schema.Type, strings.Join(problems, "; "), schema)
	}
}

func check(schema *ddbenc.Schema, what string, names []string, actions []crypt.Action) (problems []string) {
	if len(names) == 0 {
		// A list that was emptied by mistake must not pass.
		return []string{"no attribute was named"}
	}
	for _, name := range names {
		attr, ok := schema.Attribute(name)
		if !ok {
			problems = append(problems, unknownAttribute(schema, name))
			continue
		}
		if !slices.Contains(actions, attr.Action) {
			problems = append(problems, fmt.Sprintf("attribute %q is not %s but %s (%s)", name, what, attr.Action, attr.Why))
		}
	}
	return problems
}

// unknownAttribute explains a name that is none of the schema's. Most often it
// is the name of the Go field, or a typo.
func unknownAttribute(schema *ddbenc.Schema, name string) string {
	var names []string
	for _, attr := range schema.Attributes {
		if attr.Field == name {
			return fmt.Sprintf("no attribute %q: the field %s is stored as %q", name, name, attr.Name)
		}
		names = append(names, attr.Name)
	}
	if near, ok := suggest.Nearest(name, names); ok {
		return fmt.Sprintf("no attribute %q: did you mean %q?", name, near)
	}
	return fmt.Sprintf("no attribute %q", name)
}

package ddbenctest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

type patient struct {
	ID     string `dynamodbav:"patient_id,partition"`
	Name   string `dynamodbav:"name" ddbenc:"encrypt"`
	Notes  string `dynamodbav:"notes"`
	Clinic string `dynamodbav:"clinic" ddbenc:"sign"`
	Views  int    `dynamodbav:"views" ddbenc:"none"`
}

// A recorder is a test that may fail. It has only what the checks use.
type recorder struct {
	testing.TB
	failure  string
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Errorf(format string, args ...any) {
	r.failure += fmt.Sprintf(format, args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// record runs check as a test of its own and returns how it failed.
func record(t *testing.T, check func(t testing.TB)) string {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		check(r)
	}()
	<-done
	for _, f := range r.cleanups {
		f()
	}
	return r.failure
}

func TestRequire(t *testing.T) {
	type broken struct {
		ID string `dynamodbav:"id,partition" ddbenc:"encrypt"`
	}
	tests := []struct {
		name  string
		check func(t testing.TB)
		want  string // first line of the failure; empty for none
	}{
		{"all encrypted", func(t testing.TB) { ddbenctest.RequireEncrypted[patient](t, "name", "notes") }, ""},
		{"a pointer type", func(t testing.TB) { ddbenctest.RequireEncrypted[*patient](t, "name") }, ""},
		{"two that are not", func(t testing.TB) { ddbenctest.RequireEncrypted[patient](t, "name", "clinic", "views") },
			`patient: attribute "clinic" is not encrypted but SIGN_ONLY (tag); attribute "views" is not encrypted but DO_NOTHING (tag)`},
		{"a key", func(t testing.TB) { ddbenctest.RequireEncrypted[patient](t, "patient_id") },
			`patient: attribute "patient_id" is not encrypted but SIGN_ONLY (partition key)`},
		{"a typo", func(t testing.TB) { ddbenctest.RequireEncrypted[patient](t, "nmae") },
			`patient: no attribute "nmae": did you mean "name"?`},
		{"a field's name", func(t testing.TB) { ddbenctest.RequireEncrypted[patient](t, "Name") },
			`patient: no attribute "Name": the field Name is stored as "name"`},
		{"no such attribute", func(t testing.TB) { ddbenctest.RequireEncrypted[patient](t, "salary") },
			`patient: no attribute "salary"`},
		{"no name", func(t testing.TB) { ddbenctest.RequireEncrypted[patient](t) },
			`patient: no attribute was named`},
		{"a broken type", func(t testing.TB) { ddbenctest.RequireEncrypted[broken](t, "id") },
			`the type has mistakes:`},

		{"signed", func(t testing.TB) { ddbenctest.RequireSigned[patient](t, "patient_id", "clinic") }, ""},
		{"encrypted, so not readable", func(t testing.TB) { ddbenctest.RequireSigned[patient](t, "name") },
			`patient: attribute "name" is not signed and readable but ENCRYPT_AND_SIGN (tag)`},
		{"unsigned", func(t testing.TB) { ddbenctest.RequireUnsigned[patient](t, "views") }, ""},
		{"signed all the same", func(t testing.TB) { ddbenctest.RequireUnsigned[patient](t, "notes") },
			`patient: attribute "notes" is not unsigned but ENCRYPT_AND_SIGN (default)`},
	}
	for _, tt := range tests {
		got := record(t, tt.check)
		first, rest, _ := strings.Cut(got, "\n")
		if first != tt.want {
			t.Errorf("%s: failed with %q, want %q", tt.name, first, tt.want)
		}
		if first != "" && !strings.Contains(rest, "schema of patient") && tt.name != "a broken type" {
			t.Errorf("%s: the failure doesn't show the schema:\n%s", tt.name, got)
		}
	}
}

func ExampleRequireEncrypted() {
	type Patient struct {
		ID     string `dynamodbav:"patient_id,partition"`
		Name   string `dynamodbav:"name" ddbenc:"encrypt"`
		Notes  string `dynamodbav:"notes"` // encrypted by default
		Clinic string `dynamodbav:"clinic" ddbenc:"sign"`
	}
	t := new(testing.T) // your test has it from go test

	ddbenctest.RequireEncrypted[Patient](t, "name", "notes")
	ddbenctest.RequireSigned[Patient](t, "patient_id", "clinic")
	fmt.Println("failed:", t.Failed())
	// Output:
	// failed: false
}

package ddbenc

import (
	"strconv"
	"strings"
)

// A SchemaError is one mistake in a type, for those who show or sort them.
// It wraps [ErrSchema].
type SchemaError struct {
	// Type is the name of the type that was compiled.
	Type string

	// Field leads from the type to the field, such as "Audit.At", or
	// "Lines[].Price" for a field of the elements of Lines. It is empty for a
	// mistake of the whole type.
	Field string

	// Tag is the tag as it stands in the source. It is empty if the mistake is
	// not in a tag, or is that there is none.
	Tag string

	// Reason says what is wrong.
	Reason string

	// Suggestion is what was probably meant: a word, or a whole tag. It is
	// empty if there is no good guess.
	Suggestion string
}

func (e *SchemaError) Error() string {
	var b strings.Builder
	b.WriteString("ddbenc: " + e.Type)
	if e.Field != "" {
		b.WriteString("." + e.Field)
	}
	b.WriteString(": ")
	if e.Tag != "" {
		b.WriteString(e.Tag + ": ")
	}
	b.WriteString(e.Reason)
	switch {
	case strings.Contains(e.Suggestion, `"`):
		b.WriteString("; did you mean " + e.Suggestion + "?")
	case e.Suggestion != "":
		b.WriteString("; did you mean " + strconv.Quote(e.Suggestion) + "?")
	}
	return b.String()
}

// Unwrap returns ErrSchema.
func (e *SchemaError) Unwrap() error { return ErrSchema }

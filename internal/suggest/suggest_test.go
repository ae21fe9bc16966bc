package suggest_test

import (
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/internal/suggest"
)

func TestNearest(t *testing.T) {
	actions := []string{"encrypt", "sign", "none", "context"}
	tests := []struct {
		word string
		want string // "" for no suggestion
	}{
		{"encrpyt", "encrypt"},   // neighbours swapped
		{"encrypt", "encrypt"},   // the word itself
		{"ncrypt", "encrypt"},    // first letter missing
		{"encryptt", "encrypt"},  // one too many
		{"enkript", "encrypt"},   // two slips in a long word
		{"enkrippt", ""},         // three
		{"Encrypt", "encrypt"},   // case
		{"en_crypt", "encrypt"},  // punctuation
		{"sing", "sign"},         // neighbours swapped
		{"sig", "sign"},          // one letter missing
		{"sgin", "sign"},         // one swap
		{"gsni", ""},             // two slips in a short word
		{"nnoe", "none"},         // one swap
		{"non", "none"},          // last letter missing
		{"context ", "context"},  // a space
		{"", ""},                 // nothing was typed
		{"json", ""},             // something else
		{"-", ""},                // punctuation only
		{"plaintext", ""},        // a synonym is no near miss
		{"encrypted", "encrypt"}, // two letters too many
	}
	for _, tt := range tests {
		got, ok := suggest.Nearest(tt.word, actions)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Nearest(%q) = %q, %t; want %q", tt.word, got, ok, tt.want)
		}
	}
}

func TestNearestPrefersTheClosest(t *testing.T) {
	if got, _ := suggest.Nearest("omitempy", []string{"omitemptyel", "omitempty"}); got != "omitempty" {
		t.Errorf("got %q, want omitempty", got)
	}
	if got, _ := suggest.Nearest("bat", []string{"cat", "rat"}); got != "cat" {
		t.Errorf("got %q, want the first of equals", got)
	}
}

func TestNearestOfAHugeWord(t *testing.T) {
	if got, ok := suggest.Nearest(strings.Repeat("x", 1<<20), []string{"encrypt"}); ok {
		t.Errorf("got %q, want no suggestion", got)
	}
}

package ddbenc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Names are folded as package attributevalue compares them.
func TestFoldCase(t *testing.T) {
	names := []string{"", "a", "A", "ab", "aB", "k", "K", "\u212a", "s", "S", "\u017f", "ß", "ẞ", "ss", "σ", "ς", "Σ", "Ǆ", "ǅ", "ǆ",
		"i", "I", "ı", "İ", "\xff", "\xfe", "\ufffd", "name", "Name", "n\u00e4me", "N\u00c4ME"}
	for _, a := range names {
		for _, b := range names {
			if got, want := foldCase(a) == foldCase(b), strings.EqualFold(a, b); got != want {
				t.Errorf("%q and %q: same is %v, want %v", a, b, got, want)
			}
		}
	}
}

// A map with as many names as an item has room for, all of them exchanged.
func TestMergeWideMaps(t *testing.T) {
	const n = 40_000
	stored, after := make(item, n), make(item, n)
	for i := range n {
		stored[fmt.Sprint("old", i)] = &types.AttributeValueMemberBOOL{}
		after[fmt.Sprint("new", i)] = &types.AttributeValueMemberBOOL{}
	}
	stored["unknown"] = &types.AttributeValueMemberBOOL{}
	before := make(item, n)
	for name, v := range stored {
		if name != "unknown" {
			before[name] = v
		}
	}
	merged := mergeItem(stored, before, after, true)
	after["unknown"] = stored["unknown"]
	if differ(merged, after) {
		t.Errorf("%d names are left, want %d others", len(merged), len(after))
	}
}

package ddbenc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ddbenc/ddbenc/internal/suggest"
)

// An indexRole says that an attribute is a key of a secondary index.
type indexRole struct {
	index  string
	global bool // else local
	sort   bool // else partition
}

// parseIndexes reads dynamodbindex:"index,global|local,partition|sort", several
// of them with semicolons between, as the SDK's entity manager has it.
func (r *rule) parseIndexes(p tagPair) (problems []problem) {
	refuse := func(suggestion, format string, args ...any) {
		problems = append(problems, problem{tag: p.text, reason: fmt.Sprintf(format, args...), suggestion: suggestion})
	}
	for part := range strings.SplitSeq(p.value, ";") {
		words := strings.Split(part, ",")
		role := indexRole{index: words[0]}
		if !validIndexName(role.index) {
			refuse("", "%q is not an index name: 3 to 255 letters, digits, and any of _ - .", role.index)
			continue
		}
		var kinds, keys int
		before := len(problems)
		for _, word := range words[1:] {
			switch word {
			case "global", "local":
				role.global = word == "global"
				kinds++
			case "partition", "sort":
				role.sort = word == "sort"
				keys++
			default:
				suggestion, ok := suggest.Nearest(word, []string{"global", "local", "partition", "sort"})
				if !ok {
					suggestion = attrSynonyms[strings.ToLower(word)]
				}
				refuse(suggestion, "unknown word %q", word)
			}
		}
		if len(problems) > before {
			continue
		}
		if kinds != 1 {
			refuse("", "index %s is either global or local: say one", role.index)
		}
		if keys != 1 {
			refuse("", "a key of index %s is either its partition or its sort key: say one", role.index)
		}
		if slices.ContainsFunc(r.indexes, func(o indexRole) bool { return o.index == role.index }) {
			refuse("", "index %s twice on one field", role.index)
		}
		if len(problems) == before {
			r.indexes = append(r.indexes, role)
		}
	}
	return problems
}

// validIndexName applies DynamoDB's rule for the names of indexes.
func validIndexName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return 3 <= len(name) && len(name) <= 255
}

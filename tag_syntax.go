package ddbenc

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// The struct tags that ddbenc reads.
const (
	actionKey = "ddbenc"        // what is protected
	attrKey   = "dynamodbav"    // name and options: attributevalue's, and the key roles
	indexKey  = "dynamodbindex" // keys of secondary indexes
)

// A tagPair is one key:"value" of a struct tag.
type tagPair struct {
	key   string
	value string // unquoted
	text  string // as it stands in the source
}

// splitTag reads a struct tag by the convention of [reflect.StructTag]: pairs of
// key:"value", a space between them. Where [reflect.StructTag.Lookup] stops
// without a word at the first thing that it can't read, and so loses every tag
// behind it, splitTag returns the pairs up to there and an error.
func splitTag(tag reflect.StructTag) ([]tagPair, error) {
	var pairs []tagPair
	rest := string(tag)
	for {
		trimmed := strings.TrimLeft(rest, " ")
		if trimmed == "" {
			return pairs, nil
		}
		if len(pairs) > 0 && trimmed == rest {
			return pairs, fmt.Errorf("no space between %s and %q", pairs[len(pairs)-1].text, trimmed)
		}
		key, value, ok := strings.Cut(trimmed, ":")
		switch {
		case !ok:
			return pairs, fmt.Errorf("%q is not key:\"value\"", trimmed)
		case !validTagKey(key):
			return pairs, fmt.Errorf("%q is not a tag's key", key)
		}
		quoted, err := strconv.QuotedPrefix(value)
		if err != nil || quoted[0] != '"' {
			return pairs, fmt.Errorf("the value of %s has no quotes around it", key)
		}
		unquoted, err := strconv.Unquote(quoted)
		if err != nil {
			return pairs, fmt.Errorf("the value of %s can't be unquoted", key)
		}
		text := trimmed[:len(key)+len(":")+len(quoted)]
		pairs = append(pairs, tagPair{key: key, value: unquoted, text: text})
		rest = trimmed[len(text):]
	}
}

// validTagKey reports whether reflect would find a pair of this key: it has no
// space, quote, colon or control character in it.
func validTagKey(key string) bool {
	if key == "" {
		return false
	}
	for i := range len(key) {
		if c := key[i]; c <= ' ' || c == '"' || c == ':' || c == 0x7f {
			return false
		}
	}
	return true
}

package ddbenc

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// This file refuses values that DynamoDB would read and reject. The service says
// why by quoting them, "The parameter cannot be converted to a numeric value:
// ...", and its text becomes part of an error that ends up in logs.

// checkReadable refuses what DynamoDB would reject of the attributes that it can
// read. Those that are encrypted it can't, and those that are signed are checked
// when they are serialized, but for the rules of sets, which the item formats
// don't have.
func (s *shape) checkReadable(r *refusals, it item) {
	var bad []string
	for name, v := range it {
		if s.readableProblem(name, v) != "" {
			bad = append(bad, name)
		}
	}
	slices.Sort(bad)
	for _, name := range bad {
		r.add("attribute %q %s", name, s.readableProblem(name, it[name]))
	}
}

func (s *shape) readableProblem(name string, v types.AttributeValue) string {
	switch act := s.action(name); {
	case s.plaintext, act == crypt.DoNothing:
		return valueProblem(v)
	case act == crypt.EncryptAndSign:
		return ""
	}
	return setProblem(v, 1)
}

// values refuses expression attribute values that DynamoDB would reject.
//
// It would reject a value that is in none of expressions, any of which may be nil, but
// after it was sent: the expression that it was meant for may have been refused here.
func (r *refusals) values(values item, expressions ...*string) {
	if len(values) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if problem := valueProblem(values[name]); problem != "" {
			r.add("expression value %q %s", name, problem)
		}
		if !slices.ContainsFunc(expressions, func(text *string) bool { return text != nil && hasToken(*text, name) }) {
			r.add("expression value %q is in no expression: leave it out", name)
		}
	}
}

// hasToken reports whether a placeholder is in an expression, and not only as the
// beginning of a longer one. Nothing in an expression is quoted.
func hasToken(text, placeholder string) bool {
	for placeholder != "" {
		_, rest, found := strings.Cut(text, placeholder)
		if !found {
			break
		}
		if rest == "" || !isWordByte(rest[0]) {
			return true
		}
		text = rest
	}
	return false
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// valueProblem says why DynamoDB would reject v, or returns an empty string.
func valueProblem(v types.AttributeValue) string {
	// What has no serialized form is no value for DynamoDB either.
	if _, err := codec.AppendDDBEC(nil, v, codec.JavaOrder); err != nil {
		return fmt.Sprintf("can't be stored: %v", err)
	}
	return setProblem(v, 1)
}

// setProblem says which rule of sets v, or something in it, violates.
func setProblem(v types.AttributeValue, depth int) string {
	if isNil(v) || depth > codec.MaxDepth {
		return "" // refused for that when it is serialized
	}
	var empty, twice bool
	switch v := v.(type) {
	case *types.AttributeValueMemberSS:
		empty, twice = len(v.Value) == 0, hasTwice(v.Value, func(s string) string { return s })
	case *types.AttributeValueMemberNS:
		empty, twice = len(v.Value) == 0, hasTwice(v.Value, func(s string) string {
			n, _ := codec.CanonicalNumber(s)
			return n
		})
	case *types.AttributeValueMemberBS:
		sorted := slices.SortedFunc(slices.Values(v.Value), bytes.Compare)
		empty, twice = len(v.Value) == 0, len(slices.CompactFunc(sorted, bytes.Equal)) < len(v.Value)
	case *types.AttributeValueMemberL:
		for _, e := range v.Value {
			if problem := setProblem(e, depth+1); problem != "" {
				return problem
			}
		}
	case *types.AttributeValueMemberM:
		for _, e := range v.Value {
			if problem := setProblem(e, depth+1); problem != "" {
				return problem
			}
		}
	}
	switch {
	case empty:
		return "has an empty set, which DynamoDB does not allow"
	case twice:
		return "has a set with the same member twice, which DynamoDB does not allow"
	}
	return ""
}

// hasTwice reports whether two members are the same by their keys.
func hasTwice(members []string, key func(string) string) bool {
	if len(members) < 2 {
		return false
	}
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		if k := key(m); seen[k] {
			return true
		} else {
			seen[k] = true
		}
	}
	return false
}

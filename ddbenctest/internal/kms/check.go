package kms

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A checker collects every constraint that a request breaks and reports them
// together, as the service does. Member names are spelled as in its messages: the
// request's own, with a small first letter. Values stay out of the text.
type checker struct {
	problems []string
}

func (c *checker) problem(member, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("Value at '%s' failed to satisfy constraint: ", member)+fmt.Sprintf(format, args...))
}

// text checks a required string of lo to hi bytes.
func (c *checker) text(member, value string, lo, hi int) {
	if value == "" {
		c.problem(member, "Member must not be null")
		return
	}
	c.length(member, len(value), lo, hi)
}

// blob checks a required run of lo to hi bytes.
func (c *checker) blob(member string, value []byte, lo, hi int) {
	if value == nil {
		c.problem(member, "Member must not be null")
		return
	}
	c.length(member, len(value), lo, hi)
}

// length checks a size in bytes, or a count of members.
func (c *checker) length(member string, n, lo, hi int) {
	if n < lo {
		c.problem(member, "Member must have length greater than or equal to %d", lo)
	}
	if n > hi {
		c.problem(member, "Member must have length less than or equal to %d", hi)
	}
}

// number checks an optional number; nil passes.
func (c *checker) number(member string, n *int, lo, hi int) {
	if n == nil {
		return
	}
	if *n < lo {
		c.problem(member, "Member must have value greater than or equal to %d", lo)
	}
	if *n > hi {
		c.problem(member, "Member must have value less than or equal to %d", hi)
	}
}

// oneOf checks an optional enumeration; the empty string passes.
func (c *checker) oneOf(member, value string, allowed []string) {
	if value != "" && !slices.Contains(allowed, value) {
		c.problem(member, "Member must satisfy enum value set: [%s]", strings.Join(allowed, ", "))
	}
}

// requiredOneOf checks an enumeration that has to be given.
func (c *checker) requiredOneOf(member, value string, allowed []string) {
	if value == "" {
		c.problem(member, "Member must not be null")
		return
	}
	c.oneOf(member, value, allowed)
}

// pattern checks an optional string against a regular expression.
func (c *checker) pattern(member, value string, re *regexp.Regexp) {
	if value != "" && !re.MatchString(value) {
		c.problem(member, "Member must satisfy regular expression pattern: %s", re)
	}
}

// keyID checks a required key identifier of any form.
func (c *checker) keyID(member, value string) { c.text(member, value, 1, 2048) }

// optionalKeyID checks a key identifier that may be left out.
func (c *checker) optionalKeyID(member, value string) { c.length(member, len(value), 0, 2048) }

// grantTokens checks the shape of a list of grant tokens: at most 10, each of 1
// to 8192 bytes.
func (c *checker) grantTokens(tokens []string) {
	c.length("grantTokens", len(tokens), 0, 10)
	for _, t := range tokens {
		if len(t) < 1 || len(t) > 8192 {
			c.problem("grantTokens", "Member must satisfy constraint: [Member must have length less than or equal to 8192, Member must have length greater than or equal to 1]")
			return
		}
	}
}

// context checks an encryption context: every entry a pair of strings.
func (c *checker) context(member string, ec encryptionContext) {
	for _, v := range ec {
		if v == nil {
			c.problem(member, "Map value must satisfy constraint: [Member must not be null]")
			return
		}
	}
}

// err is nil when nothing was wrong, and one ValidationException otherwise.
func (c *checker) err() error {
	switch n := len(c.problems); n {
	case 0:
		return nil
	case 1:
		return fail(codeValidation, "1 validation error detected: %s", c.problems[0])
	default:
		return fail(codeValidation, "%d validation errors detected: %s", n, strings.Join(c.problems, "; "))
	}
}

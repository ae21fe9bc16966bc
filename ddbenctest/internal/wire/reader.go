package wire

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

// maxDepth bounds the nesting of a request: values nest 32 deep, two JSON
// objects a level, below a few members.
const maxDepth = 128

// A reader walks the JSON of one request from front to back. Its methods read
// the value that stands next and fail with a SerializationException, in the
// service's words, when that value is of another kind. Strings are copied out of
// the request.
type reader struct {
	src     []byte
	pos     int
	depth   int
	refused error // the first value that was read but will be refused
}

func serialization(format string, args ...any) error {
	return &engine.Error{Code: engine.Serialization, Message: fmt.Sprintf(format, args...)}
}

// errSyntax is what the service says of a body that is not JSON: a type without
// a message.
var errSyntax error = &engine.Error{Code: engine.Serialization}

// members calls read for each member of the structure that stands next, which
// must read its value. Members that are null are left out, as if absent.
func (r *reader) members(typ string, read func(name string) error) error {
	if err := r.expect('{', typ); err != nil {
		return err
	}
	return r.list('}', func() error {
		name, err := r.text()
		if err != nil {
			return err
		}
		if r.space(); r.next() != ':' {
			return errSyntax
		}
		r.pos++
		if null, err := r.null(); null || err != nil {
			return err
		}
		return read(name)
	})
}

// elements calls read for each element of the array that stands next, which must
// read it.
func (r *reader) elements(read func(i int) error) error {
	if err := r.expect('[', ""); err != nil {
		return err
	}
	i := 0
	return r.list(']', func() error {
		i++
		if null, err := r.null(); null || err != nil {
			return err
		}
		return read(i - 1)
	})
}

// expect reads the opening bracket of what stands next, or tells what stands
// there instead. typ is the Java class that the service names.
func (r *reader) expect(open byte, typ string) error {
	r.space()
	switch c := r.next(); {
	case c == open:
		r.pos++
		return nil
	case c == '{':
		return serialization("Start of structure or map found where not expected")
	case c == '[':
		if typ == "" {
			return serialization("Unrecognized collection type")
		}
		return serialization("Unrecognized collection type %s", typ)
	case c == '"' || c == 't' || c == 'f' || c == '-' || '0' <= c && c <= '9':
		return serialization("Unexpected field type")
	}
	return errSyntax
}

// list reads elements and the commas between them up to end.
func (r *reader) list(end byte, element func() error) error {
	if r.depth++; r.depth > maxDepth {
		return serialization("Nesting is deeper than %d levels", maxDepth)
	}
	defer func() { r.depth-- }()
	if r.space(); r.next() == end {
		r.pos++
		return nil
	}
	for {
		if r.space(); r.pos == len(r.src) {
			return errSyntax
		}
		if err := element(); err != nil {
			return err
		}
		r.space()
		switch r.next() {
		case ',':
			r.pos++
		case end:
			r.pos++
			return nil
		default:
			return errSyntax
		}
	}
}

// str reads a string.
func (r *reader) str() (string, error) {
	r.space()
	if r.next() != '"' {
		return "", r.mismatch("String")
	}
	return r.text()
}

// boolean reads true or false. The service takes words in strings for it, too.
func (r *reader) boolean() (bool, error) {
	r.space()
	switch r.next() {
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case '"':
		s, err := r.text()
		if err != nil {
			return false, err
		}
		switch strings.ToLower(s) {
		case "true", "yes", "1":
			return true, nil
		case "false", "no", "0":
			return false, nil
		}
		return false, serialization("Unexpected token received from parser")
	}
	return false, r.mismatch("Boolean")
}

// integer reads a number and drops its fraction, as the service does. What does
// not fit in 32 bits is refused, or in 64 for wide.
func (r *reader) integer(wide bool) (int64, error) {
	typ, limit := "Integer", float64(math.MaxInt32)
	if wide {
		typ, limit = "Long", 1<<53
	}
	r.space()
	if c := r.next(); c != '-' && (c < '0' || c > '9') {
		return 0, r.mismatch(typ)
	}
	text, err := r.number()
	if err != nil {
		return 0, err
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && (wide || n == int64(int32(n))) {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) > limit {
		return 0, serialization("NUMBER_VALUE cannot be converted to %s", typ)
	}
	return int64(f), nil
}

// mismatch tells that what stands next is not the scalar that is wanted.
func (r *reader) mismatch(want string) error {
	switch c := r.next(); {
	case c == '"':
		return serialization("STRING_VALUE cannot be converted to %s", want)
	case c == 't':
		return serialization("TRUE_VALUE cannot be converted to %s", want)
	case c == 'f':
		return serialization("FALSE_VALUE cannot be converted to %s", want)
	case c == '{':
		return serialization("Start of structure or map found where not expected")
	case c == '[':
		return serialization("Unrecognized collection type class java.lang.%s", want)
	case c == '-' || '0' <= c && c <= '9':
		text, err := r.number()
		if err != nil {
			return err
		}
		if strings.ContainsAny(text, ".eE") {
			return serialization("DECIMAL_VALUE cannot be converted to %s", want)
		}
		return serialization("NUMBER_VALUE cannot be converted to %s", want)
	}
	return errSyntax
}

// raw returns the bytes of the value that stands next, which alias the request.
// Their syntax is checked.
func (r *reader) raw() ([]byte, error) {
	r.space()
	start := r.pos
	if err := r.skip(); err != nil {
		return nil, err
	}
	return r.src[start:r.pos], nil
}

func (r *reader) skip() error {
	r.space()
	switch c := r.next(); {
	case c == '{':
		r.pos++
		return r.list('}', func() error {
			if err := r.skipText(); err != nil {
				return err
			}
			if r.space(); r.next() != ':' {
				return errSyntax
			}
			r.pos++
			return r.skip()
		})
	case c == '[':
		r.pos++
		return r.list(']', r.skip)
	case c == '"':
		return r.skipText()
	case c == 't':
		return r.word("true")
	case c == 'f':
		return r.word("false")
	case c == 'n':
		return r.word("null")
	case c == '-' || '0' <= c && c <= '9':
		_, err := r.number()
		return err
	}
	return errSyntax
}

func (r *reader) next() byte {
	if r.pos < len(r.src) {
		return r.src[r.pos]
	}
	return 0
}

func (r *reader) space() {
	for r.pos < len(r.src) {
		switch r.src[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

// null reads null if it stands next.
func (r *reader) null() (bool, error) {
	if r.space(); r.next() != 'n' {
		return false, nil
	}
	return true, r.word("null")
}

func (r *reader) word(w string) error {
	if !strings.HasPrefix(string(r.src[r.pos:min(len(r.src), r.pos+len(w))]), w) {
		return errSyntax
	}
	r.pos += len(w)
	return nil
}

// number reads a JSON number and returns its text.
func (r *reader) number() (string, error) {
	start := r.pos
	if r.next() == '-' {
		r.pos++
	}
	whole := r.digits()
	if whole == 0 || whole > 1 && r.src[r.pos-whole] == '0' {
		return "", errSyntax
	}
	if r.next() == '.' {
		r.pos++
		if r.digits() == 0 {
			return "", errSyntax
		}
	}
	if c := r.next(); c == 'e' || c == 'E' {
		r.pos++
		if c := r.next(); c == '+' || c == '-' {
			r.pos++
		}
		if r.digits() == 0 {
			return "", errSyntax
		}
	}
	return string(r.src[start:r.pos]), nil
}

func (r *reader) digits() int {
	start := r.pos
	for c := r.next(); '0' <= c && c <= '9'; c = r.next() {
		r.pos++
	}
	return r.pos - start
}

// skipText passes a string, whose escapes it checks as far as it must to find
// the end.
func (r *reader) skipText() error {
	if r.next() != '"' {
		return errSyntax
	}
	for r.pos++; r.pos < len(r.src); r.pos++ {
		switch c := r.src[r.pos]; {
		case c == '"':
			r.pos++
			return nil
		case c == '\\':
			r.pos++
		case c < ' ':
			return errSyntax
		}
	}
	return errSyntax
}

// text reads a string and undoes its escapes. A lone surrogate becomes U+FFFD;
// bytes that are not UTF-8 are refused.
func (r *reader) text() (string, error) {
	if r.next() != '"' {
		return "", errSyntax
	}
	r.pos++
	start := r.pos
	plain := true
	for ; r.pos < len(r.src) && r.src[r.pos] != '"'; r.pos++ {
		switch c := r.src[r.pos]; {
		case c == '\\':
			plain = false
			r.pos++
		case c < ' ':
			return "", errSyntax
		}
	}
	if r.pos >= len(r.src) {
		return "", errSyntax
	}
	quoted := r.src[start:r.pos]
	r.pos++
	if !utf8.Valid(quoted) {
		return "", errSyntax
	}
	if plain {
		return string(quoted), nil
	}
	return unescape(quoted)
}

func unescape(quoted []byte) (string, error) {
	out := make([]byte, 0, len(quoted))
	for i := 0; i < len(quoted); i++ {
		if quoted[i] != '\\' {
			out = append(out, quoted[i])
			continue
		}
		i++ // text never ends a string on a lone backslash
		switch quoted[i] {
		case '"', '\\', '/':
			out = append(out, quoted[i])
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			u, ok := hex4(quoted[i+1:])
			if !ok {
				return "", errSyntax
			}
			i += 4
			if utf16.IsSurrogate(u) {
				low := rune(utf8.RuneError)
				if i+2 < len(quoted) && quoted[i+1] == '\\' && quoted[i+2] == 'u' {
					low, _ = hex4(quoted[i+3:])
				}
				if u = utf16.DecodeRune(u, low); u != utf8.RuneError {
					i += 6
				}
			}
			out = utf8.AppendRune(out, u)
		default:
			return "", errSyntax
		}
	}
	return string(out), nil
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 16)
	return rune(n), err == nil
}

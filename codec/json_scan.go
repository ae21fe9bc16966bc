package codec

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner walks JSON text. It knows objects, arrays, strings, true and false,
// which is all that DynamoDB JSON has: numbers of JSON would pass through a float
// in some other program, so they are not read at all. As in a cursor, the first
// failure stays and later reads give zero values.
type scanner struct {
	src []byte
	off int
	err error // wraps ErrMalformed
}

func (s *scanner) failf(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
	}
}

// peek returns the next byte after space without consuming it, and zero at the
// end or after a failure.
func (s *scanner) peek() byte {
	if s.err != nil {
		return 0
	}
	for s.off < len(s.src) {
		switch c := s.src[s.off]; c {
		case ' ', '\t', '\r', '\n':
			s.off++
		default:
			return c
		}
	}
	return 0
}

// accept consumes c if it comes next.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.off++
	return true
}

func (s *scanner) expect(c byte) {
	if !s.accept(c) {
		s.failf("%q expected at byte %d", c, s.off)
	}
}

// end refuses anything but space after the value.
func (s *scanner) end() {
	if s.peek() != 0 || s.off < len(s.src) {
		s.failf("text after the value, from byte %d", s.off)
	}
}

// object reads an object and calls member after each name, to read its value.
func (s *scanner) object(member func(name string)) {
	s.expect('{')
	if s.accept('}') {
		return
	}
	for s.err == nil {
		name := s.string()
		s.expect(':')
		if s.err != nil {
			return
		}
		member(name)
		if !s.accept(',') {
			s.expect('}')
			return
		}
	}
}

// array reads an array and calls element to read each element.
func (s *scanner) array(element func()) {
	s.expect('[')
	if s.accept(']') {
		return
	}
	for s.err == nil {
		element()
		if !s.accept(',') {
			s.expect(']')
			return
		}
	}
}

func (s *scanner) bool() bool {
	switch s.peek(); { // peek skips space
	case s.err != nil:
		return false
	case bytes.HasPrefix(s.src[s.off:], []byte("true")):
		s.off += len("true")
		return true
	case bytes.HasPrefix(s.src[s.off:], []byte("false")):
		s.off += len("false")
		return false
	}
	s.failf("true or false expected at byte %d", s.off)
	return false
}

// string reads a string.
func (s *scanner) string() string {
	raw, escaped := s.rawString()
	if !escaped {
		return string(raw)
	}
	return string(s.unescape(raw))
}

// binary reads a string of base64. The package base64 skips line breaks, which
// would give one value many spellings.
func (s *scanner) binary() []byte {
	raw, escaped := s.rawString()
	if escaped {
		raw = s.unescape(raw)
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(raw)))
	n, err := base64.StdEncoding.Strict().Decode(b, raw)
	if err != nil || bytes.ContainsAny(raw, "\r\n") {
		s.failf("text before byte %d is not base64", s.off)
	}
	return b[:n]
}

// rawString reads a string and returns what is between the quotes, which is part
// of src, and whether it holds escapes. It is valid UTF-8 without control
// characters.
func (s *scanner) rawString() (raw []byte, escaped bool) {
	s.expect('"')
	if s.err != nil {
		return nil, false
	}
	start := s.off
	for i := start; i < len(s.src); i++ {
		switch c := s.src[i]; {
		case c == '"':
			raw, s.off = s.src[start:i], i+1
			if !utf8.Valid(raw) {
				s.failf("string at byte %d is not valid UTF-8", start-1)
			}
			return raw, escaped
		case c == '\\':
			escaped = true
			i++
		case c < 0x20:
			s.failf("control character in a string at byte %d", i)
			return nil, false
		}
	}
	s.failf("string at byte %d does not end", start-1)
	return nil, false
}

// unescape resolves the escapes of raw, which holds a byte after each backslash.
// Half of a surrogate pair is an error: it stands for no character.
func (s *scanner) unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case '"', '\\', '/':
			out = append(out, c)
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
			r, ok := hex4(raw[i+1:])
			i += 4
			if ok && utf16.IsSurrogate(r) {
				var low rune
				if ok = bytes.HasPrefix(raw[min(i+1, len(raw)):], []byte(`\u`)); ok {
					low, ok = hex4(raw[i+3:])
				}
				r = utf16.DecodeRune(r, low)
				ok = ok && r != utf8.RuneError
				i += 6
			}
			if !ok {
				s.failf(`bad \u in the string before byte %d`, s.off)
				return nil
			}
			out = utf8.AppendRune(out, r)
		default:
			s.failf("unknown escape in the string before byte %d", s.off)
			return nil
		}
	}
	return out
}

// hex4 reads four hexadecimal digits at the start of b.
func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

package attr

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxSkip bounds the nesting of JSON that is read past without being kept.
const maxSkip = 10000

// peek returns the next byte after white space, or 0 at the end.
func (d *decoder) peek() byte {
	for d.off < len(d.src) {
		switch c := d.src[d.off]; c {
		case ' ', '\t', '\r', '\n':
			d.off++
		default:
			return c
		}
	}
	return 0
}

func (d *decoder) expect(c byte) bool {
	if d.peek() != c {
		d.fail()
		return false
	}
	d.off++
	return true
}

// literal consumes word, which is next by its first byte.
func (d *decoder) literal(word string) {
	if !bytes.HasPrefix(d.src[d.off:], []byte(word)) {
		d.fail()
		return
	}
	d.off += len(word)
}

// null consumes a null if there is one.
func (d *decoder) null() bool {
	if d.err != nil || d.peek() != 'n' {
		return false
	}
	d.literal("null")
	return d.err == nil
}

// numberToken consumes a JSON number and returns its text.
func (d *decoder) numberToken() string {
	start := d.off
	for d.off < len(d.src) {
		switch c := d.src[d.off]; {
		case '0' <= c && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			d.off++
			continue
		}
		break
	}
	return string(d.src[start:d.off])
}

// skip reads past one JSON value of any shape.
func (d *decoder) skip() {
	var open []byte // the closing bytes still to come
	for d.err == nil {
		switch c := d.peek(); {
		case c == '{' && len(open) < maxSkip:
			d.off++
			if d.peek() != '}' {
				open = append(open, '}')
				d.skipName()
				continue
			}
			d.off++
		case c == '[' && len(open) < maxSkip:
			d.off++
			if d.peek() != ']' {
				open = append(open, ']')
				continue
			}
			d.off++
		case c == '"':
			d.str()
		case c == 't':
			d.literal("true")
		case c == 'f':
			d.literal("false")
		case c == 'n':
			d.literal("null")
		case c == '-' || '0' <= c && c <= '9':
			d.numberToken()
		default:
			d.fail()
			return
		}
		// A value ended: close what ends with it.
		for {
			if d.err != nil || len(open) == 0 {
				return
			}
			closing := open[len(open)-1]
			if !d.more(closing) {
				if closing == '}' {
					d.skipName()
				}
				break
			}
			open = open[:len(open)-1]
		}
	}
}

func (d *decoder) skipName() {
	if d.peek() != '"' {
		d.fail()
		return
	}
	d.str()
	d.expect(':')
}

// str reads the string whose quote is next. Escapes that are half a surrogate
// pair and bytes that are not UTF-8 become U+FFFD, as in encoding/json.
func (d *decoder) str() string {
	d.off++
	start := d.off
	plain := true
	for i := start; i < len(d.src); i++ {
		switch c := d.src[i]; {
		case c == '"':
			d.off = i + 1
			if plain {
				return string(d.src[start:i])
			}
			return d.unquote(d.src[start:i])
		case c < ' ':
			d.off = i
			d.fail()
			return ""
		case c == '\\':
			plain = false
			i++
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	d.off = len(d.src)
	d.fail()
	return ""
}

// unquote resolves the escapes of a string's inside.
func (d *decoder) unquote(in []byte) string {
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); {
		c := in[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(in[i:])
			out = utf8.AppendRune(out, r)
			i += size
			continue
		}
		if c != '\\' {
			out = append(out, c)
			i++
			continue
		}
		i++
		if i == len(in) {
			d.fail()
			return ""
		}
		switch in[i] {
		case '"', '\\', '/':
			out = append(out, in[i])
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
			r, ok := hex4(in[i+1:])
			if !ok {
				d.fail()
				return ""
			}
			i += 4
			if utf16.IsSurrogate(r) {
				low, ok := rune(0), false
				if i+2 < len(in) && in[i+1] == '\\' && in[i+2] == 'u' {
					low, ok = hex4(in[i+3:])
				}
				if full := utf16.DecodeRune(r, low); ok && full != utf8.RuneError {
					r = full
					i += 6
				} else {
					r = utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			d.fail()
			return ""
		}
		i++
	}
	return string(out)
}

func hex4(in []byte) (rune, bool) {
	if len(in) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(in[:4]), 16, 16)
	return rune(n), err == nil
}

package expr

import (
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	eof     tokenKind = iota
	word              // a letter, then letters, digits and underscores
	keyword           // one of keywords, in any case
	nameRef           // #name
	valueRef
	integer // 0, or digits that begin with another digit
	symbol  // ( ) [ ] , . + - and the comparators
	illegal // any other character
)

// A token is a piece of the text: text[start:end].
type token struct {
	kind       tokenKind
	start, end int
	text       string // of a keyword in capitals
}

// keywords are reserved by the grammar itself, in every kind of expression.
var keywords = [...]string{"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"}

// keywordOf returns the keyword that s is in capitals, or "".
func keywordOf(s string) string {
	for _, k := range keywords {
		if len(k) == len(s) && strings.EqualFold(k, s) {
			return k
		}
	}
	return ""
}

// lex cuts text into tokens. The last of them is the end.
func lex(text string) []token {
	tokens := make([]token, 0, 8+len(text)/3)
	for at := 0; ; {
		for at < len(text) && strings.IndexByte(" \t\r\n", text[at]) >= 0 {
			at++
		}
		if at == len(text) {
			return append(tokens, token{eof, at, at, "<EOF>"})
		}
		t := next(text, at)
		tokens = append(tokens, t)
		at = t.end
	}
}

// next returns the token that begins at text[at].
func next(text string, at int) token {
	c := text[at]
	end := at + 1
	kind := symbol
	switch {
	case isLetter(c):
		end = wordEnd(text, at)
		if upper := keywordOf(text[at:end]); upper != "" {
			return token{keyword, at, end, upper}
		}
		kind = word
	case c == '#' || c == ':':
		end = wordEnd(text, at+1)
		switch {
		case end == at+1:
			kind = illegal
		case c == '#':
			kind = nameRef
		default:
			kind = valueRef
		}
	case c == '0':
		kind = integer
	case '1' <= c && c <= '9':
		kind = integer
		for end < len(text) && '0' <= text[end] && text[end] <= '9' {
			end++
		}
	case c == '<' && end < len(text) && (text[end] == '=' || text[end] == '>'):
		end++
	case c == '>' && end < len(text) && text[end] == '=':
		end++
	case strings.IndexByte("=<>()[],.+-", c) >= 0:
	default:
		kind = illegal
		_, size := utf8.DecodeRuneInString(text[at:])
		end = at + size
	}
	return token{kind, at, end, text[at:end]}
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// wordEnd returns where the letters, digits and underscores from text[at] end.
func wordEnd(text string, at int) int {
	for at < len(text) {
		c := text[at]
		if !isLetter(c) && c != '_' && (c < '0' || c > '9') {
			break
		}
		at++
	}
	return at
}

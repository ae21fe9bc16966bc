package redacttest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
)

// A Secret is what may not be found in what is printed. It prints as its name.
type Secret struct {
	name  string
	forms []string
}

// String returns the name of s.
func (s Secret) String() string { return s.name }

// Key returns the secret of key bytes, in every form that package fmt, Base64 or a
// cipher's words give them. Half of it is as secret as the whole. It has to have at
// least 9 bytes, which must not look like anything else.
func Key(name string, key []byte) Secret {
	s := Secret{name: name}
	const window = 9 // what Base64 writes without regard to what is beside it
	if len(key) < window {
		panic("redacttest: a secret of less than 9 bytes is found everywhere")
	}
	for i := range len(key) - window + 1 {
		if i < 3 || i%8 == 0 { // each of the ways in which Base64 can begin
			s.addBytes(key[i : i+window])
		}
	}
	return s
}

// Text returns the secret of a text, whole, as it is and as bytes.
func Text(name, text string) Secret {
	s := Secret{name: name}
	s.addBytes([]byte(text))
	return s
}

// Number returns the secret of a number with more than 100 bits, as it is and as
// bytes. Half of it is as secret as the whole.
func Number(name string, n *big.Int) Secret {
	s := Key(name, n.Bytes())
	for _, base := range []int{10, 16} {
		digits := n.Text(base)
		for i := 0; i+30 <= len(digits); i += 30 {
			s.add(digits[i : i+30])
		}
	}
	return s
}

func (s *Secret) add(form string) { s.forms = append(s.forms, form) }

func (s *Secret) addBytes(b []byte) {
	s.add(string(b))
	for _, format := range []string{"%x", "%X", "% x", "% X", "%v", "%o", "%O", "%b", "%U", "%c", "%q", "%+q", "%#v", "%#x", "%#o"} {
		form := fmt.Sprintf(format, b)
		form = strings.TrimSuffix(strings.TrimPrefix(form, "[]byte{"), "}")
		form = strings.TrimPrefix(strings.Trim(form, `[]"`), "0x") // of the whole, and not of each byte
		s.add(form)
	}
	s.add(fmt.Sprintf("%q", []rune(string(b)))) // as one character after the other
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		s.add(e.EncodeToString(b[:len(b)/3*3]))
	}
	if len(b) < 8 {
		return
	}
	for _, order := range []binary.ByteOrder{binary.BigEndian, binary.LittleEndian} {
		words := []uint32{order.Uint32(b), order.Uint32(b[4:])}
		for _, format := range []string{"%d", "%x", "%X"} {
			s.add(strings.Trim(fmt.Sprintf(format, words), "[]"))
			s.add(fmt.Sprintf(format, order.Uint64(b)))
		}
		s.add(fmt.Sprintf("0x%x, 0x%x", words[0], words[1]))
	}
}

// in returns the form in which s is in text, if it is.
func (s Secret) in(text string) (form string, found bool) {
	for _, form := range s.forms {
		if strings.Contains(text, form) {
			return form, true
		}
	}
	return "", false
}

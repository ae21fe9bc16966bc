package codec

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// AppendPath appends the canonical path of the attribute called name in the
// table of that logical name:
//
//	table, UTF-8 | depth 1, 8 bytes | '$' | length of the name, 8 bytes | name, UTF-8
//
// Integers are big-endian, and the length is in UTF-16 code units, not bytes: the
// clients measure a UTF-16 string. Text that is not UTF-8 gives an error wrapping
// [ErrInvalid] and leaves dst as it came. DB-ESDK spec: "Canonical path".
func AppendPath(dst []byte, table, name string) ([]byte, error) {
	if !utf8.ValidString(table) || !utf8.ValidString(name) {
		return dst, fmt.Errorf("%w: name of a table or attribute is not valid UTF-8", ErrInvalid)
	}
	dst = append(dst, table...)
	dst = binary.BigEndian.AppendUint64(dst, 1)
	dst = append(dst, '$')
	dst = binary.BigEndian.AppendUint64(dst, uint64(lenUTF16(name)))
	return append(dst, name...), nil
}

// ComparePaths compares two names of attributes of one table as the bytes of
// their canonical paths compare, and returns -1, 0 or 1: by their lengths in
// UTF-16 code units first, then by their UTF-8 bytes. DB-ESDK spec: "Canonical
// path".
func ComparePaths(a, b string) int {
	return cmp.Or(cmp.Compare(lenUTF16(a), lenUTF16(b)), strings.Compare(a, b))
}

// lenUTF16 returns how many UTF-16 code units s has, if it is valid UTF-8: one
// for each character, which has one byte that does not continue another, and one
// more for characters of 4 bytes.
func lenUTF16(s string) int {
	n := 0
	for i := range len(s) {
		if s[i]&0xc0 != 0x80 {
			n++
		}
		if s[i] >= 0xf0 {
			n++
		}
	}
	return n
}

package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// A ContextEntry is one entry of a DB-ESDK encryption context.
type ContextEntry struct{ Key, Value string }

// AppendContext appends an encryption context, whose entries come sorted by the
// UTF-8 bytes of their keys:
//
//	count, 2 bytes | for each entry: length, 2 bytes | key, UTF-8 | length, 2 bytes | value, UTF-8
//
// Integers are big-endian; the empty context is 00 00. More than 65535 entries, a
// longer key or value, text that is not UTF-8, an empty key, a key that does not
// come after the one before it: each gives an error wrapping [ErrInvalid] and
// leaves dst as it came. DB-ESDK spec: "EC serialization".
func AppendContext(dst []byte, entries []ContextEntry) ([]byte, error) {
	out, err := appendLength16(dst, len(entries))
	if err != nil {
		return dst, fmt.Errorf("encryption context: %w", err)
	}
	last := "" // so an empty key is out of order
	for i, e := range entries {
		if e.Key <= last {
			return dst, fmt.Errorf("%w: encryption context: key %d is empty or out of order", ErrInvalid, i)
		}
		last = e.Key
		if out, err = appendText16(out, e.Key); err != nil {
			return dst, fmt.Errorf("encryption context, key %d: %w", i, err)
		}
		if out, err = appendText16(out, e.Value); err != nil {
			return dst, fmt.Errorf("encryption context, value %d: %w", i, err)
		}
	}
	return out, nil
}

// CompareEntries compares two entries by their keys.
func CompareEntries(a, b ContextEntry) int { return strings.Compare(a.Key, b.Key) }

// appendLength16 appends a length or count, checked before it narrows.
func appendLength16(dst []byte, n int) ([]byte, error) {
	if n > math.MaxUint16 {
		return dst, fmt.Errorf("%w: length %d, at most %d fits", ErrInvalid, n, math.MaxUint16)
	}
	return binary.BigEndian.AppendUint16(dst, uint16(n)), nil
}

func appendText16(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, errNotUTF8
	}
	dst, err := appendLength16(dst, len(s))
	return append(dst, s...), err
}

func appendBinary16(dst, b []byte) ([]byte, error) {
	dst, err := appendLength16(dst, len(b))
	return append(dst, b...), err
}

// minContextEntry is the fewest bytes of an entry: two lengths and a key.
const minContextEntry = 5

// context reads an encryption context, whose keys must ascend.
func (c *cursor) context() []ContextEntry {
	n := int(c.uint16())
	if n > c.left()/minContextEntry {
		c.failf("encryption context of %d entries before byte %d, room for %d", n, c.off, c.left()/minContextEntry)
		return nil
	}
	entries := make([]ContextEntry, n)
	last := ""
	for i := range entries {
		entries[i] = ContextEntry{Key: c.text16(), Value: c.text16()}
		if c.err == nil && entries[i].Key <= last {
			c.failf("encryption context key %d is empty or out of order", i)
		}
		if c.err != nil {
			return nil
		}
		last = entries[i].Key
	}
	return entries
}

// text16 reads a length of 2 bytes and that many bytes of UTF-8.
func (c *cursor) text16() string { return c.validText(uint32(c.uint16())) }

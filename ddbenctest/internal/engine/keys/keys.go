// Package keys turns key attributes into bytes whose order is DynamoDB's:
// numbers by value, strings and binaries by bytes. Every key ends where the
// next begins, so keys can be put one after the other and compared at once.
//
// A table keeps its items under
//
//	8 bytes hash of the partition key | partition key | sort key
//
// which makes a query a range under one prefix, a scan the whole map, and a
// segment of a parallel scan a range of hashes. An index appends the key of the
// item in the table, which tells entries of one index key apart.
package keys

import (
	"encoding/binary"
	"strings"
)

// Bytes that separate keys. A zero byte inside a string or binary key becomes
// zero and escaped, and zero followed by terminator ends it, so that a key comes
// before every longer key that it begins.
const (
	zero       = 0x00
	escaped    = 0xff
	terminator = 0x01
)

// AppendString appends the key form of a string or binary key to dst:
//
//	bytes, with 00 written as 00 ff | 00 01
func AppendString(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, zero)
		if i < 0 {
			dst = append(dst, s...)
			return append(dst, zero, terminator)
		}
		dst = append(dst, s[:i]...)
		dst = append(dst, zero, escaped)
		s = s[i+1:]
	}
}

// Signs of numbers, in their order.
const (
	negative = 0x01
	none     = 0x02
	positive = 0x03
)

// AppendNumber appends the key form of a decimal number to dst:
//
//	sign, 1 byte | exponent, 2 bytes big-endian | digits | 00
//
// where the number is 0.digits × 10^exponent with no zero at either end of
// digits. The bytes after the sign of a negative number are inverted. The text
// may have a sign, a point and an exponent, in any spelling that DynamoDB
// accepts; it must be a number, as an attribute value that was checked is.
func AppendNumber(dst []byte, text string) []byte {
	neg := strings.HasPrefix(text, "-")
	digits, exponent := decimal(strings.TrimLeft(text, "+-"))
	if digits == "" {
		return append(dst, none)
	}
	start := len(dst) + 1
	if neg {
		dst = append(dst, negative)
	} else {
		dst = append(dst, positive)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(exponent+1<<15))
	dst = append(dst, digits...)
	dst = append(dst, 0)
	if neg {
		for i := start; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}

// decimal splits an unsigned number into digits without zeros at either end
// and the exponent that makes it 0.digits × 10^exponent. Zero has no digits.
func decimal(text string) (digits string, exponent int) {
	mantissa := text
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		exponent = smallInt(text[i+1:])
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	digits = whole
	if point {
		digits += fraction
	}
	exponent += len(whole)
	trimmed := strings.TrimLeft(digits, "0")
	exponent -= len(digits) - len(trimmed)
	return strings.TrimRight(trimmed, "0"), exponent
}

// smallInt reads an exponent, which for a checked number is within ±300 or so.
func smallInt(s string) int {
	neg := strings.HasPrefix(s, "-")
	n := 0
	for _, c := range strings.TrimLeft(s, "+-") {
		if n < 10_000 {
			n = n*10 + int(c-'0')
		}
	}
	if neg {
		return -n
	}
	return n
}

// Hash returns where a partition key, in its key form, stands in the order of a
// scan. It is FNV-1a with a final mix, the same in every process, so that tests
// see the same order each time; equal spellings of a number hash alike.
func Hash(key []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range key {
		h = (h ^ uint64(b)) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Partition returns the hash and the key form of a partition key, the prefix of
// all its items. encoded is the key form that AppendString or AppendNumber gave.
func Partition(encoded []byte) []byte {
	dst := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(encoded)+32), Hash(encoded))
	return append(dst, encoded...)
}

// After returns the first key after every key that begins with prefix, or ""
// when there is none, which only a prefix of ff bytes has.
func After(prefix string) string {
	b := []byte(prefix)
	for len(b) > 0 {
		if last := len(b) - 1; b[last] < 0xff {
			b[last]++
			return string(b)
		}
		b = b[:len(b)-1]
	}
	return ""
}

// Segment returns the keys that segment i of total holds: those at or after from
// and before to, where "" as to means the end. Every key is in exactly one
// segment.
func Segment(i, total int) (from, to string) {
	return boundary(i, total), boundary(i+1, total)
}

func boundary(i, total int) string {
	if i == 0 || i == total {
		return ""
	}
	// The hash at i/total of the range; the division rounds down for every
	// caller alike, so neighbours share their boundary.
	step := ^uint64(0)/uint64(total) + 1
	return string(binary.BigEndian.AppendUint64(nil, uint64(i)*step))
}

// AppendPrefix appends to dst what the key forms of all strings that begin with s
// begin with.
func AppendPrefix(dst []byte, s string) []byte {
	dst = AppendString(dst, s)
	return dst[:len(dst)-2] // without what ends it
}

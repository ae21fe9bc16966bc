package attr

import "strings"

// Size returns the bytes that v takes of an item's 400 KB, as DynamoDB counts
// them:
//
//	S, B         the UTF-8 or raw bytes
//	N            1 byte for every two significant digits, counted in pairs from
//	             the decimal point, 1 byte more, and 1 byte for a minus sign
//	BOOL, NULL   1 byte
//	SS, NS, BS   the members, counted as values
//	L, M         3 bytes, and for each element 1 byte, its name and its value
//
// Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats".
func (v Value) Size() int {
	switch v.Kind {
	case S, B:
		return len(v.Str)
	case N:
		return numberSize(v.Str)
	case BOOL, NULL:
		return 1
	case SS, BS:
		n := 0
		for _, m := range v.Set {
			n += len(m)
		}
		return n
	case NS:
		n := 0
		for _, m := range v.Set {
			n += numberSize(m)
		}
		return n
	case L:
		n := 3
		for _, e := range v.List {
			n += 1 + e.Size()
		}
		return n
	case M:
		n := 3
		for name, e := range v.Map {
			n += 1 + len(name) + e.Size()
		}
		return n
	}
	return 0
}

// ItemSize returns the size of an item in bytes: its names and its values.
func ItemSize(item Item) int {
	n := 0
	for name, v := range item {
		n += len(name) + v.Size()
	}
	return n
}

// numberSize counts canonical text. The digits are kept in pairs, so that
// 0.01 has one byte of digits and 0.1 (as 0.10) too, but 100.1 has three.
func numberSize(s string) int {
	negative, whole, fraction := plainParts(s)
	n := 1
	if negative {
		n++
	}
	// Zeros at the two ends are not significant; what is left of the point and
	// what is right of it are counted from the point outwards.
	if fraction == "" {
		significant := strings.TrimRight(whole, "0")
		trailing := len(whole) - len(significant)
		return n + (len(whole)+1)/2 - trailing/2
	}
	if whole == "" {
		leading := len(fraction) - len(strings.TrimLeft(fraction, "0"))
		return n + (len(fraction)+1)/2 - leading/2
	}
	return n + (len(whole)+1)/2 + (len(fraction)+1)/2
}

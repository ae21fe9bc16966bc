package codec

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Fewest bytes that one element takes, for checking counts.
const (
	minDBESDKElement = 6  // of a list: type id and length of a NULL
	minDBESDKPair    = 13 // of a map: type id, length and one byte of a key, and a NULL
)

// DecodeDBESDK reads one terminal as [AppendDBESDK] writes it, and nothing else:
// src must end with the value. Members of sets and keys of maps may come in any
// order; sets keep theirs. Two equal members of a set and two entries of a map
// with the same key are refused. The text of numbers is kept as it is, as the
// clients keep it; no client writes any but the canonical one. A length around a
// container has to be that of the container, which the clients don't check.
//
// The error wraps [ErrMalformed] and tells where src went wrong, not what is in
// it. Memory grows with len(src), whatever counts and lengths src claims. The
// result copies src, as that of [DecodeDDBEC] does. DB-ESDK spec: "Values", rules
// on parsing.
func DecodeDBESDK(src []byte) (types.AttributeValue, error) {
	c := cursor{src: src}
	id := c.typeID()
	v := c.terminal(id, uint32(c.left()), 1)
	c.end()
	if c.err != nil {
		return nil, c.err
	}
	return v, nil
}

// DecodeDBESDKInPlace is [DecodeDBESDK] for a caller who hands src over: a value
// that is a binary is a part of src instead of a copy. It saves a large one from
// being in memory twice. Other values don't share memory with src, which may then
// be used again.
func DecodeDBESDKInPlace(src []byte) (types.AttributeValue, error) {
	if len(src) < TypeIDSize || typeID(binary.BigEndian.Uint16(src)) != idBinary {
		return DecodeDBESDK(src)
	}
	return &types.AttributeValueMemberB{Value: src[TypeIDSize:len(src):len(src)]}, nil
}

// typeID reads a type id, known or not.
func (c *cursor) typeID() typeID { return typeID(c.uint16()) }

// uint16 reads 2 bytes, big-endian.
func (c *cursor) uint16() uint16 {
	b := c.take(2)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint16(b)
}

// terminal reads the value of a terminal of n bytes. After a failure the result
// means nothing.
func (c *cursor) terminal(id typeID, n uint32, depth int) types.AttributeValue {
	if depth > MaxDBESDKDepth {
		c.failf("nested deeper than %d levels at byte %d", MaxDBESDKDepth, c.off)
		return nil
	}
	if c.err == nil && uint64(n) > uint64(c.left()) {
		c.failf("%d bytes wanted at byte %d, %d left", n, c.off, c.left())
	}
	if c.err != nil {
		return nil
	}
	end := c.off + int(n)
	v := c.terminalValue(id, n, depth)
	if c.err == nil && c.off != end {
		c.failf("value ending at byte %d should end at byte %d", c.off, end)
	}
	return v
}

func (c *cursor) terminalValue(id typeID, n uint32, depth int) types.AttributeValue {
	switch id {
	case idNull:
		return &types.AttributeValueMemberNULL{Value: true}
	case idBool:
		return &types.AttributeValueMemberBOOL{Value: c.bool()}
	case idString:
		v := c.texts.next(c.moreDBESDK())
		v.Value = c.validText(n)
		return v
	case idNumber:
		v := c.numbers.next(c.moreDBESDK())
		v.Value = c.validText(n)
		return v
	case idBinary:
		b := make([]byte, n)
		copy(b, c.take(n))
		return &types.AttributeValueMemberB{Value: b}
	case idStringSet:
		return &types.AttributeValueMemberSS{Value: dbesdkSet(c, c.string, compareUTF16)}
	case idNumberSet:
		return &types.AttributeValueMemberNS{Value: dbesdkSet(c, c.string, compareUTF16)}
	case idBinarySet:
		return &types.AttributeValueMemberBS{Value: dbesdkSet(c, c.binary, bytes.Compare)}
	case idList:
		return &types.AttributeValueMemberL{Value: c.dbesdkList(depth)}
	case idMap:
		v := c.maps.next(c.moreDBESDK())
		v.Value = c.dbesdkMap(depth)
		return v
	}
	c.failf("unknown type id %04x before byte %d", uint16(id), c.off)
	return nil
}

// moreDBESDK returns how many values may follow in the containers around this
// place.
func (c *cursor) moreDBESDK() int { return c.promised / minDBESDKElement }

// validText reads n bytes as UTF-8.
func (c *cursor) validText(n uint32) string {
	s := c.text(n)
	if !utf8.ValidString(s) {
		c.failf("text of %d bytes ending at byte %d is not valid UTF-8", len(s), c.off)
	}
	return s
}

// dbesdkSet reads the members of a set. Compare is the order that writers sort by.
func dbesdkSet[T any](c *cursor, member func() T, compare func(a, b T) int) []T {
	set := ddbecSet(c, member)
	if hasTwice(set, compare) {
		c.failf("set ending at byte %d has two equal members", c.off)
	}
	return set
}

func hasTwice[T any](set []T, compare func(a, b T) int) bool {
	if ascending(set, compare) {
		return false
	}
	set = slices.SortedFunc(slices.Values(set), compare)
	return !ascending(set, compare)
}

// ascending reports whether each member comes before the next.
func ascending[T any](set []T, compare func(a, b T) int) bool {
	for i := 1; i < len(set); i++ {
		if compare(set[i-1], set[i]) >= 0 {
			return false
		}
	}
	return true
}

func (c *cursor) dbesdkList(depth int) []types.AttributeValue {
	c.share = true
	list := make([]types.AttributeValue, c.count(minDBESDKElement))
	for i := range list {
		c.kept(minDBESDKElement)
		id := c.typeID()
		list[i] = c.terminal(id, c.uint32(), depth+1)
		if c.err != nil {
			return nil
		}
	}
	return list
}

func (c *cursor) dbesdkMap(depth int) map[string]types.AttributeValue {
	c.share = true
	n := c.count(minDBESDKPair)
	m := make(map[string]types.AttributeValue, n)
	for i := range n {
		c.kept(minDBESDKPair)
		if id := c.typeID(); c.err == nil && id != idString {
			c.failf("map key at byte %d is not a string", c.off-TypeIDSize)
		}
		key := c.string()
		if c.err == nil && (len(key) == 0 || len(key) > maxDBESDKKey) {
			c.failf("map key of %d bytes ending at byte %d, want 1 to %d", len(key), c.off, maxDBESDKKey)
		}
		id := c.typeID()
		value := c.terminal(id, c.uint32(), depth+1)
		if c.err != nil {
			return nil
		}
		m[key] = value
		if len(m) == i {
			c.failf("map has a key twice, the second value ending at byte %d", c.off)
			return nil
		}
	}
	return m
}

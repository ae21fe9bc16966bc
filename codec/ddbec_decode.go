package codec

import (
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Fewest bytes that one element takes, for checking counts. Spec:
// "Deserialization", huge count.
const (
	minMember  = 4 // of a set: its length
	minElement = 2 // of a list: the two bytes of a NULL
	minPair    = 8 // of a map: the tag and length of an empty key, and a NULL
)

// DecodeDDBEC reads one value as [AppendDDBEC] writes it, in either order, and
// nothing else: src must end with the value. Numbers come back canonical. They
// are checked as CanonicalNumber does, but 1E+126 is accepted, to which the
// Python client rounds the largest numbers. Members of sets may come in any order
// and more than once; they keep their order. Two entries of a map with the same
// key are refused, as is anything else that no client writes: a BOOL that is
// neither 00 nor 01, text that is not UTF-8, nesting beyond [MaxDepth].
//
// The error wraps [ErrMalformed] and tells where src went wrong, not what is in
// it. Memory grows with len(src), whatever counts and lengths src claims. The
// result copies src; empty binaries, sets, lists and maps are empty, not nil.
// Values and short texts inside a container share allocations, so one that is
// kept by itself can keep some kilobytes of its neighbours alive.
// Spec: "Deserialization".
func DecodeDDBEC(src []byte) (types.AttributeValue, error) {
	c := cursor{src: src}
	v := c.ddbecValue(1)
	c.end()
	if c.err != nil {
		return nil, c.err
	}
	return v, nil
}

// DecodeDDBECInPlace is [DecodeDDBEC] for a caller who hands src over: a value
// that is a binary is a part of src instead of a copy. It saves a large one from
// being in memory twice. Other values don't share memory with src, which may then
// be used again.
func DecodeDDBECInPlace(src []byte) (types.AttributeValue, error) {
	if len(src) < 2 || src[0] != 0 || src[1] != tagBinary {
		return DecodeDDBEC(src)
	}
	c := cursor{src: src, off: 2}
	v := &types.AttributeValueMemberB{Value: c.lengthValue()}
	c.end()
	if c.err != nil {
		return nil, c.err
	}
	return v, nil
}

// ddbecValue reads one value. After a failure the result means nothing.
func (c *cursor) ddbecValue(depth int) types.AttributeValue {
	if depth > MaxDepth {
		c.failf("nested deeper than %d levels at byte %d", MaxDepth, c.off)
		return nil
	}
	head := c.take(2)
	if head == nil {
		return nil
	}
	if head[0] != 0 {
		c.failf("value at byte %d does not start with a zero byte", c.off-2)
		return nil
	}
	switch head[1] {
	case tagNull:
		return &types.AttributeValueMemberNULL{Value: true}
	case tagBool:
		return &types.AttributeValueMemberBOOL{Value: c.bool()}
	case tagString:
		v := c.texts.next(c.more())
		v.Value = c.string()
		return v
	case tagNumber:
		v := c.numbers.next(c.more())
		v.Value = c.number()
		return v
	case tagBinary:
		return &types.AttributeValueMemberB{Value: c.binary()}
	case tagStringSet:
		return &types.AttributeValueMemberSS{Value: ddbecSet(c, c.string)}
	case tagNumberSet:
		return &types.AttributeValueMemberNS{Value: ddbecSet(c, c.number)}
	case tagBinarySet:
		return &types.AttributeValueMemberBS{Value: ddbecSet(c, c.binary)}
	case tagList:
		return &types.AttributeValueMemberL{Value: c.ddbecList(depth)}
	case tagMap:
		v := c.maps.next(c.more())
		v.Value = c.ddbecMap(depth)
		return v
	}
	c.failf("unknown type at byte %d", c.off-1)
	return nil
}

// more returns how many values may follow in the containers around this place.
func (c *cursor) more() int { return c.promised / minElement }

func (c *cursor) bool() bool {
	b := c.take(1)
	if b == nil {
		return false
	}
	if b[0] > 1 {
		c.failf("BOOL at byte %d is neither 00 nor 01", c.off-1)
	}
	return b[0] == 1
}

func (c *cursor) string() string {
	s := c.lengthText()
	if !utf8.ValidString(s) {
		c.failf("text of %d bytes ending at byte %d is not valid UTF-8", len(s), c.off)
	}
	return s
}

func (c *cursor) number() string {
	s := c.lengthText()
	if c.err != nil {
		return ""
	}
	s, err := readNumber(s)
	if err != nil {
		c.failf("%w, ending at byte %d", err, c.off)
	}
	return s
}

func (c *cursor) binary() []byte {
	src := c.lengthValue()
	b := make([]byte, len(src))
	copy(b, src)
	return b
}

func ddbecSet[T any](c *cursor, member func() T) []T {
	c.share = true
	set := make([]T, c.count(minMember))
	for i := range set {
		c.kept(minMember)
		set[i] = member()
		if c.err != nil {
			return nil
		}
	}
	return set
}

func (c *cursor) ddbecList(depth int) []types.AttributeValue {
	c.share = true
	list := make([]types.AttributeValue, c.count(minElement))
	for i := range list {
		c.kept(minElement)
		list[i] = c.ddbecValue(depth + 1)
		if c.err != nil {
			return nil
		}
	}
	return list
}

func (c *cursor) ddbecMap(depth int) map[string]types.AttributeValue {
	c.share = true
	n := c.count(minPair)
	m := make(map[string]types.AttributeValue, n)
	for i := range n {
		c.kept(minPair)
		if head := c.take(2); head != nil && (head[0] != 0 || head[1] != tagString) {
			c.failf("map key at byte %d is not a string", c.off-2)
		}
		key := c.string()
		value := c.ddbecValue(depth + 1)
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

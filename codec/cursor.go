package codec

import (
	"encoding/binary"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A cursor walks serialized bytes. The first failure stays, and later reads give
// zero values: check err before acting on what was read, and at the end.
type cursor struct {
	src []byte
	off int
	err error // wraps ErrMalformed

	// promised is how many bytes the elements still to come in the containers
	// around this place take at least. Without it, every list inside a list could
	// claim all the bytes that are left, and each level would allocate for them.
	promised int

	// Short texts are cut from copies of up to textWindow bytes of src, the newest
	// of which is window and begins at windowOff. Many texts cost one allocation
	// that way, and one text kept by itself keeps no more than a window alive. A
	// value that is a single text is copied alone: share is false.
	share     bool
	window    string
	windowOff int

	// Values of the commonest types, allocated in groups.
	texts   slab[types.AttributeValueMemberS]
	numbers slab[types.AttributeValueMemberN]
	maps    slab[types.AttributeValueMemberM]
}

// textWindow is how many bytes of source share an allocation, and sharedText is
// the longest text that does.
const (
	textWindow = 4096
	sharedText = 256
)

func (c *cursor) failf(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
	}
}

func (c *cursor) left() int { return len(c.src) - c.off }

// take returns the next n bytes. They alias src and do not leave the package.
func (c *cursor) take(n uint32) []byte {
	if c.err != nil {
		return nil
	}
	if uint64(n) > uint64(c.left()) { // uint64: n may be more than a 32-bit int holds
		c.failf("%d bytes wanted at byte %d, %d left", n, c.off, c.left())
		return nil
	}
	c.off += int(n)
	return c.src[c.off-int(n) : c.off : c.off]
}

// uint32 reads 4 bytes, big-endian.
func (c *cursor) uint32() uint32 {
	b := c.take(4)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// lengthValue reads a length and that many bytes.
func (c *cursor) lengthValue() []byte { return c.take(c.uint32()) }

// lengthText reads a length and that many bytes as text, not yet checked to be
// UTF-8.
func (c *cursor) lengthText() string { return c.text(c.uint32()) }

// text reads n bytes as text, not yet checked to be UTF-8.
func (c *cursor) text(n uint32) string {
	b := c.take(n)
	if !c.share || len(b) > sharedText {
		return string(b)
	}
	start := c.off - len(b)
	if c.off > c.windowOff+len(c.window) {
		c.windowOff = start
		c.window = string(c.src[start:min(start+textWindow, len(c.src))])
	}
	return c.window[start-c.windowOff : c.off-c.windowOff]
}

// count reads how many elements of at least size bytes follow, and promises them
// their bytes: call kept with the same size before each element is read. A count
// that the rest of src cannot hold is refused, so the caller may allocate for it.
func (c *cursor) count(size int) int {
	n := c.uint32()
	if c.err != nil {
		return 0
	}
	free := max(c.left()-c.promised, 0)
	if uint64(n)*uint64(size) > uint64(free) { // at most 2^35
		c.failf("count %d at byte %d, room for %d", n, c.off-4, free/size)
		return 0
	}
	c.promised += int(n) * size
	return int(n)
}

// kept gives back what count promised for one element.
func (c *cursor) kept(size int) { c.promised -= size }

// end refuses bytes after the value.
func (c *cursor) end() {
	if c.err == nil && c.left() > 0 {
		c.failf("%d bytes after the value", c.left())
	}
}

// A slab hands out zero values of T, allocated in growing groups.
type slab[T any] struct {
	free []T
	size int // of the group before
}

// next returns a new T; more says how many others may follow.
func (s *slab[T]) next(more int) *T {
	if len(s.free) == 0 {
		s.size = min(max(4, 2*s.size), 1+more, 32)
		s.free = make([]T, s.size)
	}
	v := &s.free[0]
	s.free = s.free[1:]
	return v
}

package codec

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// AppendDescription appends a material description, the content of an item's
// attribute *amzn-ddb-map-desc*, to dst:
//
//	version, 4 bytes, always 0
//	for each entry until the end, sorted by the UTF-8 bytes of its key:
//	length, 4 bytes big-endian | key, UTF-8 | length, 4 bytes big-endian | value, UTF-8
//
// Readers accept any order; this one is the Python client's and always gives the
// same bytes. Empty keys and values are allowed, and a nil map is an empty one.
// Text that is not UTF-8 gives an error wrapping [ErrInvalid] and leaves dst as it
// came. Spec: "Material description".
func AppendDescription(dst []byte, m map[string]string) ([]byte, error) {
	type entry struct{ key, value string }
	var few [fewEntries]entry
	entries := few[:0]
	if len(m) > len(few) {
		entries = make([]entry, 0, len(m))
	}
	for key, value := range m {
		entries = append(entries, entry{key, value})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })

	out := binary.BigEndian.AppendUint32(dst, descriptionVersion)
	var err error
	for i, e := range entries {
		if out, err = appendText(out, e.key); err != nil {
			return dst, fmt.Errorf("material description, key %d: %w", i, err)
		}
		if out, err = appendText(out, e.value); err != nil {
			return dst, fmt.Errorf("material description, value %d: %w", i, err)
		}
	}
	return out, nil
}

// descriptionVersion is the only version there is.
const descriptionVersion = 0

// DecodeDescription reads what [AppendDescription] writes, with the entries in any
// order. Another version, an entry cut short, bytes after the last entry, text
// that is not UTF-8 or a key that occurs twice gives an error wrapping
// [ErrMalformed]. (Java and Python take the last of two entries with the same key;
// no client writes them, and the description is not signed.)
//
// The result copies src. src is not authenticated: whoever can write the table
// chose it. Spec: "Material description".
func DecodeDescription(src []byte) (map[string]string, error) {
	c := cursor{src: src, share: true}
	if version := c.uint32(); c.err == nil && version != descriptionVersion {
		c.failf("version %d of the material description, want %d", version, descriptionVersion)
	}
	if c.err != nil {
		return nil, fmt.Errorf("material description: %w", c.err)
	}
	m := make(map[string]string)
	for n := 0; c.err == nil && c.left() > 0; n++ {
		key, value := c.string(), c.string()
		if m[key] = value; c.err == nil && len(m) == n {
			c.failf("a key occurs twice, the second time before byte %d", c.off)
		}
	}
	if c.err != nil {
		return nil, fmt.Errorf("material description: %w", c.err)
	}
	return m, nil
}

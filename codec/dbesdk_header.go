package codec

import (
	"bytes"
	"fmt"
	"math"
)

// Sizes of the fields of a [DBESDKHeader], in bytes.
const (
	MessageIDSize  = 32
	CommitmentSize = 32
)

// A Flavor says which suite an item is written with. It is the second byte of the
// suite's id, whose first is 67. DB-ESDK spec: "Algorithm suites".
type Flavor uint8

const (
	FlavorMAC   Flavor = 0 // only authentication codes
	FlavorECDSA Flavor = 1 // and a signature, ECDSA P-384
)

// Bytes of a header's legend, one for each signed attribute. DB-ESDK spec:
// "Crypto actions and attribute names".
const (
	LegendEncrypt = 'e' // ENCRYPT_AND_SIGN
	LegendSign    = 's' // SIGN_ONLY
	LegendContext = 'c' // SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT
)

// A DBESDKHeader is the content of the attribute aws_dbe_head.
type DBESDKHeader struct {
	Version   uint8 // 1, or 2 if the legend has a 'c'
	Flavor    Flavor
	MessageID [MessageIDSize]byte

	// Legend has a byte for each signed attribute, in the order of their paths.
	Legend []byte

	// Context is the part of the encryption context that the item stores, sorted
	// by the bytes of its keys.
	Context []ContextEntry

	DataKeys []EncryptedDataKey

	// Commitment authenticates the bytes before it under a key that is derived
	// from the data key. [AppendDBESDKHeader] doesn't write it.
	Commitment [CommitmentSize]byte
}

// An EncryptedDataKey is a data key as it is stored in an item, encrypted for
// one of those who may read it.
type EncryptedDataKey struct {
	ProviderID   string // kind of keyring, or the namespace of a raw key
	ProviderInfo []byte // which key encrypts it, and how
	Ciphertext   []byte
}

// AppendDBESDKHeader appends a header up to its commitment, which is computed
// over what was appended, and follows it:
//
//	version, 1 byte | flavor, 1 byte | message id, 32 bytes
//	length, 2 bytes | legend
//	encryption context, see [AppendContext]
//	count, 1 byte | for each data key: length, 2 bytes, before each of provider id, provider info and ciphertext
//
// Integers are big-endian. Another version or flavor, an unknown byte in the
// legend, no data key or more than 255, a length that doesn't fit its field: each
// gives an error wrapping [ErrInvalid] and leaves dst as it came. DB-ESDK spec:
// "Header".
func AppendDBESDKHeader(dst []byte, h *DBESDKHeader) ([]byte, error) {
	switch {
	case h.Version != 1 && h.Version != 2:
		return dst, fmt.Errorf("%w: header of version %d, want 1 or 2", ErrInvalid, h.Version)
	case h.Flavor > FlavorECDSA:
		return dst, fmt.Errorf("%w: header of flavor %d, want 0 or 1", ErrInvalid, h.Flavor)
	case len(h.DataKeys) == 0 || len(h.DataKeys) > math.MaxUint8:
		return dst, fmt.Errorf("%w: header with %d data keys, want 1 to %d", ErrInvalid, len(h.DataKeys), math.MaxUint8)
	}
	for i, b := range h.Legend {
		if !isLegend(b) {
			return dst, fmt.Errorf("%w: legend byte %d is unknown", ErrInvalid, i)
		}
	}
	out := append(dst, h.Version, byte(h.Flavor))
	out = append(out, h.MessageID[:]...)
	out, err := appendBinary16(out, h.Legend)
	if err != nil {
		return dst, fmt.Errorf("legend: %w", err)
	}
	if out, err = AppendContext(out, h.Context); err != nil {
		return dst, err
	}
	out = append(out, byte(len(h.DataKeys)))
	for i := range h.DataKeys {
		if out, err = appendDataKey(out, &h.DataKeys[i]); err != nil {
			return dst, fmt.Errorf("data key %d: %w", i, err)
		}
	}
	return out, nil
}

func isLegend(b byte) bool { return b == LegendEncrypt || b == LegendSign || b == LegendContext }

func appendDataKey(dst []byte, k *EncryptedDataKey) ([]byte, error) {
	dst, err := appendText16(dst, k.ProviderID)
	if err == nil {
		dst, err = appendBinary16(dst, k.ProviderInfo)
	}
	if err == nil {
		dst, err = appendBinary16(dst, k.Ciphertext)
	}
	return dst, err
}

// DecodeDBESDKHeader reads a header with its commitment, which is not verified.
// The error wraps [ErrMalformed]; besides lengths that don't fit it reports what
// [AppendDBESDKHeader] refuses to write, and bytes after the commitment. Memory
// grows with len(src). The result copies src. DB-ESDK spec: "Header".
func DecodeDBESDKHeader(src []byte) (*DBESDKHeader, error) {
	c := cursor{src: bytes.Clone(src)} // what take returns may leave the package
	h := new(DBESDKHeader)
	if head := c.take(2); head != nil {
		h.Version, h.Flavor = head[0], Flavor(head[1])
		if h.Version != 1 && h.Version != 2 {
			c.failf("version %d, want 1 or 2", h.Version)
		}
		if h.Flavor > FlavorECDSA {
			c.failf("flavor %d, want 0 or 1", h.Flavor)
		}
	}
	copy(h.MessageID[:], c.take(MessageIDSize))
	h.Legend = c.take(uint32(c.uint16()))
	for i, b := range h.Legend {
		if !isLegend(b) {
			c.failf("legend byte %d is unknown", i)
		}
	}
	h.Context = c.context()
	h.DataKeys = c.dataKeys()
	copy(h.Commitment[:], c.take(CommitmentSize))
	c.end()
	if c.err != nil {
		return nil, fmt.Errorf("header: %w", c.err)
	}
	return h, nil
}

// minDataKey is the fewest bytes of a data key: three lengths.
const minDataKey = 6

func (c *cursor) dataKeys() []EncryptedDataKey {
	b := c.take(1)
	if b == nil {
		return nil
	}
	n := int(b[0])
	if n == 0 || n > c.left()/minDataKey {
		c.failf("%d data keys before byte %d, want at least 1, room for %d", n, c.off, c.left()/minDataKey)
		return nil
	}
	keys := make([]EncryptedDataKey, n)
	for i := range keys {
		keys[i].ProviderID = c.text16()
		keys[i].ProviderInfo = c.take(uint32(c.uint16()))
		keys[i].Ciphertext = c.take(uint32(c.uint16()))
	}
	return keys
}

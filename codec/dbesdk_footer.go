package codec

import "fmt"

// Sizes of the parts of a footer, in bytes.
const (
	TagSize = 48 // HMAC-SHA-384

	// SignatureSize is that of an ECDSA P-384 signature in DER. Such signatures
	// are of 102 to 104 bytes mostly; a writer makes one of this size.
	SignatureSize = 103
)

// A DBESDKFooter is the content of the attribute aws_dbe_foot.
type DBESDKFooter struct {
	Tags      [][]byte // of TagSize bytes, one for each data key in the header
	Signature []byte   // of SignatureSize bytes with [FlavorECDSA], else empty
}

// AppendDBESDKFooter appends a footer:
//
//	for each data key of the header: tag, 48 bytes
//	with [FlavorECDSA]: signature, 103 bytes
//
// No tag, or a part of another size, gives an error wrapping [ErrInvalid] and
// leaves dst as it came. DB-ESDK spec: "Canonical record and footer".
func AppendDBESDKFooter(dst []byte, f *DBESDKFooter) ([]byte, error) {
	if len(f.Tags) == 0 {
		return dst, fmt.Errorf("%w: footer without a tag", ErrInvalid)
	}
	if n := len(f.Signature); n != 0 && n != SignatureSize {
		return dst, fmt.Errorf("%w: signature is %d bytes, want %d", ErrInvalid, n, SignatureSize)
	}
	out := dst
	for i, tag := range f.Tags {
		if len(tag) != TagSize {
			return dst, fmt.Errorf("%w: tag %d is %d bytes, want %d", ErrInvalid, i, len(tag), TagSize)
		}
		out = append(out, tag...)
	}
	return append(out, f.Signature...), nil
}

// DecodeDBESDKFooter reads the footer of an item whose header has that flavor and
// that many data keys. Any size but the one that follows from them gives an error
// wrapping [ErrMalformed]. The result aliases src. DB-ESDK spec: "Canonical record
// and footer".
func DecodeDBESDKFooter(src []byte, flavor Flavor, dataKeys int) (*DBESDKFooter, error) {
	want := dataKeys * TagSize
	if flavor == FlavorECDSA {
		want += SignatureSize
	}
	if dataKeys < 1 || len(src) != want {
		return nil, fmt.Errorf("%w: footer: %d bytes, want %d for %d data keys", ErrMalformed, len(src), want, dataKeys)
	}
	f := &DBESDKFooter{Tags: make([][]byte, dataKeys)}
	for i := range f.Tags {
		f.Tags[i] = src[i*TagSize : (i+1)*TagSize : (i+1)*TagSize]
	}
	f.Signature = src[dataKeys*TagSize:]
	return f, nil
}

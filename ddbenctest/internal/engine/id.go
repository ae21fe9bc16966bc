package engine

import (
	"crypto/rand"
	"encoding/hex"
	mathrand "math/rand/v2"
)

// NewRequestID returns an id for a request: 52 letters and digits, as the
// service's. It need be unique, not hard to guess.
func NewRequestID() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	var id [52]byte
	for i := range id {
		id[i] = alphabet[mathrand.IntN(len(alphabet))]
	}
	return string(id[:])
}

// newUUID returns a random UUID.
func newUUID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

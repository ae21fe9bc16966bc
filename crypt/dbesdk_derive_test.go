package crypt

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"testing"
)

// TestDeriveKeys compares the derivation with that of the standard library.
func TestDeriveKeys(t *testing.T) {
	for _, size := range []int{0, 1, 32, 127, 128, 129} {
		from := make([]byte, size)
		rand.Read(from)
		infos := []string{"", labelWrapEncrypt, labelWrapMAC, string(make([]byte, 200))}
		got := make([][]byte, len(infos))
		var keys []derivation
		for i, info := range infos {
			keys = append(keys, derivation{info, &got[i]})
		}
		deriveKeys(from, keys)
		for i, info := range infos {
			want, err := hkdf.Key(sha512.New, from, nil, info, DataKeySize)
			if err != nil || !bytes.Equal(got[i], want) {
				t.Errorf("derived from %d bytes with info %d: %x, want %x, %v", size, i, got[i], want, err)
			}
		}
	}
}

package crypt

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"testing"
)

// TestDeriveKeys compares with package crypto/hkdf.
func TestDeriveKeys(t *testing.T) {
	for range 100 {
		from, info := make([]byte, DataKeySize), make([]byte, 50)
		rand.Read(from)
		rand.Read(info)
		var got [3][]byte
		if err := deriveKeys(from, []derivation{{info, &got[0]}, {nil, &got[1]}, {info[:7], &got[2]}}); err != nil {
			t.Fatal(err)
		}
		for i, info := range []string{string(info), "", string(info[:7])} {
			want, err := hkdf.Key(sha512.New, from, nil, info, DataKeySize)
			if err != nil || !bytes.Equal(got[i], want) {
				t.Fatalf("key %d = %x, want %x, %v", i, got[i], want, err)
			}
		}
	}
}

package kms

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
)

func contextOf(pairs ...string) encryptionContext {
	ec := make(encryptionContext)
	for i := 0; i < len(pairs); i += 2 {
		ec[pairs[i]] = &pairs[i+1]
	}
	return ec
}

// Contexts that differ have different bytes, however their text is cut.
func TestContextBytes(t *testing.T) {
	contexts := map[string]encryptionContext{
		"empty":             contextOf(),
		"one":               contextOf("a", "b"),
		"value in name":     contextOf("ab", ""),
		"name in value":     contextOf("", "ab"),
		"two":               contextOf("a", "b", "c", "d"),
		"two in one":        contextOf("a", "bcd"),
		"lengths in values": contextOf("a", "b\x00\x00\x00\x01c\x00\x00\x00\x01d"),
		"swapped":           contextOf("a", "d", "c", "b"),
	}
	seen := make(map[string]string)
	for name, ec := range contexts {
		b := string(ec.appendCanonical(nil))
		if other, ok := seen[b]; ok {
			t.Errorf("%s and %s have the same bytes %x", name, other, b)
		}
		seen[b] = name
	}
	const want = "\x00\x00\x00\x01a\x00\x00\x00\x01b\x00\x00\x00\x01c\x00\x00\x00\x01d"
	if got := string(contexts["two"].appendCanonical(nil)); got != want {
		t.Errorf("appendCanonical gives %x, want %x", got, want)
	}
}

func TestSealAndOpen(t *testing.T) {
	key := make([]byte, materialSize)
	rand.Read(key)
	m := newMaterial(key)
	if again := newMaterial(key); again.id != m.id {
		t.Error("the same key has two material ids")
	}
	for _, size := range []int{0, 1, 15, 16, 17, 4096} {
		for _, id := range []string{"x", "1234abcd-12ab-34cd-56ef-1234567890ab", strings.Repeat("k", 255)} {
			plaintext := bytes.Repeat([]byte{5}, size)
			b, ok := parseBlob(m.seal(id, plaintext, contextOf("a", "b")))
			if !ok {
				t.Fatalf("parseBlob refuses what seal made of %d bytes for key %q", size, id)
			}
			got, ok := m.open(b, contextOf("a", "b"))
			if !ok || !bytes.Equal(got, plaintext) || b.keyID != id {
				t.Errorf("open of %d bytes for key %q: ok %v, equal %v, key %q", size, id, ok, bytes.Equal(got, plaintext), b.keyID)
			}
			if _, ok := m.open(b, contextOf("a", "c")); ok {
				t.Errorf("open of %d bytes for key %q takes another context", size, id)
			}
		}
	}
}

// Whatever the bytes, they are refused or opened by nobody's accident: parseBlob
// never panics, and what it takes is made of the parts that it names.
func FuzzParseBlob(f *testing.F) {
	m := newMaterial(make([]byte, materialSize))
	f.Add(m.seal("key", []byte("plaintext"), nil))
	f.Add(m.seal("mrk-1234abcd12ab34cd56ef1234567890ab", nil, contextOf("a", "b")))
	f.Add([]byte("ddbk\x01"))
	f.Fuzz(func(t *testing.T, src []byte) {
		b, ok := parseBlob(src)
		if !ok {
			return
		}
		if got := append(append(bytes.Clone(b.header), b.iv...), b.sealed...); !bytes.Equal(got, src) {
			t.Errorf("parts of %x make %x", src, got)
		}
		m.open(b, nil)
	})
}

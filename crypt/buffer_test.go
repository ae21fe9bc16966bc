package crypt_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// Values for which there are shared buffers, and others.
var bufferTests = map[string]types.AttributeValue{
	"small text":   str("some text"),
	"small binary": bin([]byte("some bytes")),
	"large text":   str(strings.Repeat("text", 1000)),
	"large binary": bin(bytes.Repeat([]byte("bytes"), 1000)),
	"large list":   &types.AttributeValueMemberL{Value: []types.AttributeValue{bin(bytes.Repeat([]byte("bytes"), 1000))}},
}

// A notingBlock notes where it decrypts to.
type notingBlock struct {
	cipher.Block
	dst [][]byte
}

func (b *notingBlock) Decrypt(dst, src []byte) {
	b.dst = append(b.dst, dst[:aes.BlockSize:aes.BlockSize])
	b.Block.Decrypt(dst, src)
}

// TestDDBECClearsBuffers: what was decrypted is nowhere but in the item that is
// returned, and in none if the item is refused.
func TestDDBECClearsBuffers(t *testing.T) {
	for name, value := range bufferTests {
		for _, refused := range []bool{false, true} {
			in := item{"hk": str("p"), "a": value}
			keys := specKeys()
			stored := must(must(crypt.NewDDBEC(keys).ForTable(specTable)).Encrypt(t.Context(), in))
			key := sequence(16)
			if refused {
				key[0]++ // so that the padding, or else the value, is not valid
			}
			block := &notingBlock{Block: must(aes.NewCipher(key))}
			keys.content = crypt.ContentKeyOf(block)
			got, err := must(crypt.NewDDBEC(keys).ForTable(specTable)).Decrypt(t.Context(), stored)
			if refused {
				if got != nil || !errors.Is(err, crypt.ErrVerify) {
					t.Errorf("%s: Decrypt = %v, %v, want ErrVerify", name, got, err)
				}
			} else if diff := cmp.Diff(in, got, sameValues); diff != "" || err != nil {
				t.Errorf("%s: Decrypt: %v (-want +got):\n%s", name, err, diff)
			}
			if len(block.dst) == 0 {
				t.Errorf("%s: nothing was decrypted by the key's block", name)
			}
			if name == "large binary" && !refused {
				continue // a part of the buffer
			}
			for i, dst := range block.dst {
				if !bytes.Equal(dst, make([]byte, len(dst))) {
					t.Errorf("%s, refused %v: block %d is still there", name, refused, i)
					break
				}
			}
		}
	}
}

// A notingAEAD notes where it decrypts to, with what was there before.
type notingAEAD struct {
	cipher.AEAD
	dst []byte
}

func (a *notingAEAD) Open(dst, nonce, sealed, data []byte) ([]byte, error) {
	a.dst = dst[:len(dst)+len(sealed)-a.Overhead()]
	return a.AEAD.Open(dst, nonce, sealed, data)
}

// TestDBESDKClearsBuffers: a large value that was decrypted is nowhere but in the
// result, and nowhere if it is refused.
func TestDBESDKClearsBuffers(t *testing.T) {
	aead, path := must(cipher.NewGCM(must(aes.NewCipher(sequence(32))))), []byte("path")
	nonce := sequence(aead.NonceSize())
	seal := func(terminal []byte) []byte {
		return aead.Seal(terminal[:codec.TypeIDSize:codec.TypeIDSize], nonce, terminal[codec.TypeIDSize:], path)
	}
	for name, value := range bufferTests {
		if strings.HasPrefix(name, "small") {
			continue // in the caller's buffer
		}
		terminal := must(codec.AppendDBESDK(nil, value))
		a := &notingAEAD{AEAD: aead}
		got, err := crypt.OpenDBESDKField(seal(terminal), path, a, nonce)
		if diff := cmp.Diff(value, got, sameValues); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		if b, ok := got.(*types.AttributeValueMemberB); ok {
			if &b.Value[0] != &a.dst[codec.TypeIDSize] {
				t.Errorf("%s: copied", name)
			}
		} else if !bytes.Equal(a.dst, make([]byte, len(terminal))) {
			t.Errorf("%s: still there", name)
		}

		malformed := bytes.Clone(terminal)
		malformed[0], malformed[1] = 0, 5 // no type
		forged := seal(terminal)
		forged[len(forged)-1]++
		for how, tt := range map[string]struct {
			stored []byte
			want   error
		}{
			"malformed": {seal(malformed), crypt.ErrMalformed},
			"forged":    {forged, crypt.ErrVerify},
		} {
			a := &notingAEAD{AEAD: aead}
			if got, err := crypt.OpenDBESDKField(tt.stored, path, a, nonce); got != nil || !errors.Is(err, tt.want) {
				t.Errorf("%s, %s: %v, %v, want %v", name, how, got, err, tt.want)
			}
			if !bytes.Equal(a.dst, make([]byte, len(terminal))) {
				t.Errorf("%s, %s: still there", name, how)
			}
		}
	}
}

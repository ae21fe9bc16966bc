package codec

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A binary is a part of what was decoded; other values are copies, and both ways
// of decoding accept and refuse the same.
func TestDecodeDDBECInPlace(t *testing.T) {
	src := []byte{0, 'b', 0, 0, 0, 2, 1, 2}
	v, err := DecodeDDBECInPlace(src)
	if err != nil {
		t.Fatal(err)
	}
	b := v.(*types.AttributeValueMemberB).Value
	if src[6] = 9; b[0] != 9 {
		t.Error("a binary was copied")
	}
	if cap(b) != 2 {
		t.Errorf("a binary has capacity %d, want 2", cap(b))
	}
	text := []byte{0, 's', 0, 0, 0, 1, 'a'}
	v, err = DecodeDDBECInPlace(text)
	if err != nil {
		t.Fatal(err)
	}
	if text[6] = 'z'; v.(*types.AttributeValueMemberS).Value != "a" {
		t.Error("a text shares memory with what was decoded")
	}
	for n := range src {
		for _, in := range [][]byte{src[:n], append(src[:n:n], 0xff, 0xff, 0xff, 0xff)} {
			_, wantErr := DecodeDDBEC(in)
			if _, err := DecodeDDBECInPlace(in); (err == nil) != (wantErr == nil) {
				t.Errorf("%x: %v, and %v in place", in, wantErr, err)
			}
		}
	}
}

package ddbenc

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// maxItem is how many bytes an item may have, names included. Amazon DynamoDB
// Developer Guide, "Service, account, and table quotas".
const maxItem = 400 << 10

// encrypt encrypts an item that is to be stored. It refuses one that has become
// too large for DynamoDB, before it is sent, and says how much of it is not the
// caller's.
//
// It is where all items are encrypted that are to be stored.
func (c *core) encrypt(ctx context.Context, enc crypt.Encryptor, op string, plain item) (item, error) {
	start := c.began()
	sealed, err := enc.Encrypt(ctx, plain)
	if err != nil {
		c.tellEncrypted(ctx, start, op, plain, err)
		return nil, err
	}
	if n := itemSize(sealed); n > maxItem {
		own := itemSize(plain)
		return nil, refusalf("the item has %d bytes, of which encryption added %d, and DynamoDB takes %d: "+
			"store less, or large values elsewhere", n, n-own, maxItem)
	}
	c.tellEncrypted(ctx, start, op, sealed, nil)
	return sealed, nil
}

// itemSize returns how many bytes of an item DynamoDB counts, or, where there are
// numbers, a few less: those are counted by what they have at least.
//
//	name     its UTF-8 bytes, at the top of an item and in maps
//	S, B     their bytes
//	N        1, for every two significant digits 1, for a minus sign 1
//	BOOL     1, as NULL
//	SS       the members, as in NS and BS
//	L, M     3, for every element 1 and what it has
//
// Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats".
func itemSize(it item) (n int) {
	for name, v := range it {
		n += len(name) + valueSize(v)
	}
	return n
}

func valueSize(v types.AttributeValue) (n int) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return numberSize(v.Value)
	case *types.AttributeValueMemberSS:
		for _, s := range v.Value {
			n += len(s)
		}
		return n
	case *types.AttributeValueMemberBS:
		for _, b := range v.Value {
			n += len(b)
		}
		return n
	case *types.AttributeValueMemberNS:
		for _, s := range v.Value {
			n += numberSize(s)
		}
		return n
	case *types.AttributeValueMemberL:
		n = 3
		for _, e := range v.Value {
			n += 1 + valueSize(e)
		}
		return n
	case *types.AttributeValueMemberM:
		n = 3
		for name, e := range v.Value {
			n += 1 + len(name) + valueSize(e)
		}
		return n
	}
	return 1
}

// numberSize counts the digits of a number between its first and its last one
// that is not 0. DynamoDB counts them in pairs from the point, which may be one
// byte more.
func numberSize(s string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	n := 1
	if strings.HasPrefix(mantissa, "-") {
		n++
	}
	digits := strings.Trim(strings.Replace(strings.TrimLeft(mantissa, "+-"), ".", "", 1), "0")
	return n + (len(digits)+1)/2
}

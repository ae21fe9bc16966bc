package crypt

import "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

// sharedBuffer is the size in bytes up to which values of an item are decrypted one
// after the other into the same buffer and copied out of it. A larger one has a
// buffer of its own, of which a B becomes a part.
const sharedBuffer = 1 << 10

// clearUnlessPart clears the buffer that a large value was decrypted in, unless value
// is a B and so a part of it. After an error there is no value.
func clearUnlessPart(buf []byte, value types.AttributeValue) {
	if _, isBinary := value.(*types.AttributeValueMemberB); !isBinary {
		clear(buf)
	}
}

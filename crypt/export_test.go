package crypt

import "crypto/cipher"

// ContentKeyOf returns the content key of a block cipher that a test has.
func ContentKeyOf(block cipher.Block) *ContentKey { return &ContentKey{block: block} }

// FixedIVs makes every IV what fill writes into it. For tests that compare bytes.
func FixedIVs(fill func([]byte)) DDBECOption {
	return ddbecOption(func(o *ddbecOptions) { o.random = fill })
}

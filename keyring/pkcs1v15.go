package keyring

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"slices"
)

// unwrapPKCS1v15 unwraps a content key of 16, 24 or 32 bytes that an old
// release of the Java client, or anyone who knows the public key, padded with
// PKCS #1 v1.5.
//
// Who learns whether the padding of a ciphertext of his choice was right can
// decrypt everything that was ever wrapped under the key (Bleichenbacher, 1998),
// and here he has what he needs: wrapped key and wrapping algorithm are in the
// part of the item that nobody signs, and an item that he took from the table
// keeps its good signature when he replaces them. So bad padding must look
// exactly like good padding around a wrong key. It gives a random key, as in
// TLS. An attribute decrypted with that key is refused in the way in which it is
// with any wrong key; an item in which nothing is encrypted is read, as it is
// with any key. If bad padding were an error, both would tell.
//
// The length can't be used for this either: it isn't known beforehand, since
// Java writes "AES" without a length and since amzn-ddb-env-alg is not signed.
// All three lengths are therefore tried always, at the price of three private
// key operations, and the one that fits is chosen without a branch. What remains
// visible is the number of AES rounds that the key causes later, and only to
// someone who guesses a padding with one of three exact lengths.
//
// Wrapped is as long as the modulus. The error says that it isn't a number below
// it, which anyone can see.
func unwrapPKCS1v15(priv *rsa.PrivateKey, wrapped []byte) ([]byte, error) {
	random := make([]byte, 32)
	rand.Read(random) // never fails
	key, size := slices.Clone(random), len(random)
	for _, n := range []int{16, 24, 32} {
		try := slices.Clone(random[:n])
		//lint:ignore SA1019 items of old releases have no other padding; see above for what is done about it
		if err := rsa.DecryptPKCS1v15SessionKey(nil, priv, wrapped, try); err != nil {
			return nil, err
		}
		hit := 1 ^ subtle.ConstantTimeCompare(try, random[:n])
		size = subtle.ConstantTimeSelect(hit, n, size)
		subtle.ConstantTimeCopy(hit, key[:n], try)
	}
	return key[:size], nil
}

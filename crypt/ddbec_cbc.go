package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// A stored encrypted attribute is a B of
//
//	IV, 16 bytes | AES-CBC of the serialized value, PKCS #7 padded
//
// so at least 32 bytes and a multiple of 16. Serialized for the string to sign
// it has a head before it:
//
//	0x00 'b' | length, 4 bytes big-endian
//
// Both are built in one piece. Spec: Attribute encryption.
const (
	ivSize   = aes.BlockSize // bytes
	headSize = 6             // bytes
)

// openSealed makes room at the end of buf for the head and the IV of an
// encrypted attribute. The serialized value is appended next, then [closeSealed]
// is called.
func openSealed(buf []byte) []byte {
	var room [headSize + ivSize]byte
	return append(buf, room[:]...)
}

// closeSealed pads and encrypts what follows the room at buf[start:], in place,
// and fills in the head and the IV.
func closeSealed(buf []byte, start int, block cipher.Block, iv []byte) []byte {
	body := start + headSize + ivSize
	pad := aes.BlockSize - (len(buf)-body)%aes.BlockSize
	for range pad {
		buf = append(buf, byte(pad))
	}
	sealed := buf[start:]
	sealed[1] = 'b'
	binary.BigEndian.PutUint32(sealed[2:], uint32(len(sealed)-headSize)) // an item of more than 4 GB can't be made: codec bounds values
	copy(sealed[headSize:], iv)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(buf[body:], buf[body:])
	return buf
}

// open decrypts a stored attribute into dst, which has room for it, and returns
// the serialized value, a part of dst. The padding is checked after the item was
// verified, so how it fails tells an attacker nothing that he may use; the
// caller turns every failure into the same error all the same.
func open(dst []byte, block cipher.Block, stored []byte) ([]byte, bool) {
	if len(stored) < ivSize+aes.BlockSize || len(stored)%aes.BlockSize != 0 {
		return nil, false
	}
	plain := dst[:len(stored)-ivSize]
	cipher.NewCBCDecrypter(block, stored[:ivSize]).CryptBlocks(plain, stored[ivSize:])
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, false
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, false
		}
	}
	return plain[:len(plain)-pad], true
}

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

// putHead writes the head of a binary value of n bytes. DynamoDB holds 400 KB, and
// codec refuses what is over 2 GB.
func putHead(dst []byte, n int) {
	dst[0], dst[1] = 0, 'b'
	binary.BigEndian.PutUint32(dst[2:], uint32(n))
}

// A cbc encrypts or decrypts one piece after another, each with an IV of its own.
// It is for one goroutine.
type cbc struct {
	block   cipher.Block
	newMode func(cipher.Block, []byte) cipher.BlockMode
	mode    cipher.BlockMode
}

func encrypter(key *ContentKey) *cbc { return &cbc{block: key.block, newMode: cipher.NewCBCEncrypter} }
func decrypter(key *ContentKey) *cbc { return &cbc{block: key.block, newMode: cipher.NewCBCDecrypter} }

// crypt encrypts or decrypts src to dst. The modes of the standard library take a
// new IV, which crypto/tls uses too and which saves copying the key schedule.
func (c *cbc) crypt(dst, src, iv []byte) {
	if m, ok := c.mode.(interface{ SetIV([]byte) }); ok {
		m.SetIV(iv)
	} else {
		c.mode = c.newMode(c.block, iv)
	}
	c.mode.CryptBlocks(dst, src)
}

// openSealed makes room at the end of buf for the head and the IV of an
// encrypted attribute. The serialized value is appended next, then [closeSealed]
// is called.
func openSealed(buf []byte) []byte {
	var room [headSize + ivSize]byte
	return append(buf, room[:]...)
}

// closeSealed pads and encrypts what follows the room at buf[start:], in place,
// and fills in the head and the IV.
func closeSealed(buf []byte, start int, c *cbc, iv []byte) []byte {
	body := start + headSize + ivSize
	pad := aes.BlockSize - (len(buf)-body)%aes.BlockSize
	for range pad {
		buf = append(buf, byte(pad))
	}
	sealed := buf[start:]
	putHead(sealed, len(sealed)-headSize)
	copy(sealed[headSize:], iv)
	c.crypt(buf[body:], buf[body:], iv)
	return buf
}

// open decrypts a stored attribute into dst, which has room for it, and returns
// the serialized value, a part of dst. The padding is checked after the item was
// verified, so how it fails tells an attacker nothing that he may use; the
// caller turns every failure into the same error all the same.
func open(dst []byte, c *cbc, stored []byte) ([]byte, bool) {
	if len(stored) < ivSize+aes.BlockSize || len(stored)%aes.BlockSize != 0 {
		return nil, false
	}
	plain := dst[:len(stored)-ivSize]
	c.crypt(plain, stored[ivSize:], stored[:ivSize])
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

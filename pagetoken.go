package ddbenc

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// ErrPageToken reports a page token that is not good for this query, this context
// and this time. Which of them it is not, or whether it was made up, is not told.
// Nothing was sent to DynamoDB. It is the fault of whoever sent the token: a web
// API answers with status 400.
var ErrPageToken = errors.New("ddbenc: bad page token")

// PageTokens turns cursors into tokens that may leave the service, and back: in the
// links of a web page, or an API's answers. Who holds a token can't read it, change
// it, use it for another query than the one that it is from (see [Cursor]), or in
// another context than the one that it was sealed for, such as another user. It can
// be used any number of times until it expires. A PageTokens is safe for concurrent
// use, and prints as REDACTED.
//
// Each token has its own AES-256-GCM key, derived from the caller's with
// HKDF-SHA256, so that their number is not limited by random nonces:
//
//	base64url of  0x01 | salt, 32 bytes | nonce, 12 bytes | ciphertext | tag, 16 bytes
//	key           HKDF-SHA256 of the key, salt, and "ddbenc page token"
//	bound to      binding of the query, 32 bytes | context
//	plaintext     expiry in seconds since 1970 or 0, 8 bytes | position | zeros
//
// Zeros fill the plaintext up to a multiple of 128 bytes, so that the length says
// little about the key attributes in it: most tokens have 252 characters.
type PageTokens struct {
	keys     func() [][]byte // the first one seals; a function prints as nothing but its address
	lifetime time.Duration
}

const (
	tokenVersion  = 1
	tokenSalt     = 32 // bytes
	tokenOverhead = 12 + 16
	tokenStep     = 128 // bytes
	tokenKey      = 32  // bytes
	tokenInfo     = "ddbenc page token"
)

// NewPageTokens returns what seals tokens with key, 32 random bytes, and opens those
// that were sealed with key or any of older. All instances of a service have the
// same keys. To replace a key, give all of them the new one as an older one first,
// then as the first one, and drop the old one when its tokens have expired. A
// lifetime of 0 lets tokens be good for as long as the keys are; otherwise it is
// rounded up to seconds. What can't be gives an error that wraps [ErrConfig].
func NewPageTokens(lifetime time.Duration, key []byte, older ...[]byte) (*PageTokens, error) {
	if lifetime < 0 {
		return nil, fmt.Errorf("%w: the lifetime of page tokens is negative", ErrConfig)
	}
	var keys [][]byte
	for i, k := range append([][]byte{key}, older...) {
		if len(k) != tokenKey {
			return nil, fmt.Errorf("%w: key %d of page tokens has %d bytes, want %d", ErrConfig, i, len(k), tokenKey)
		}
		keys = append(keys, bytes.Clone(k))
	}
	return &PageTokens{keys: func() [][]byte { return keys }, lifetime: lifetime}, nil
}

// Format prints t without its keys, under every verb.
func (t *PageTokens) Format(f fmt.State, _ rune) { fmt.Fprint(f, "PageTokens(REDACTED)") }

// LogValue prints t in logs as Format does.
func (t *PageTokens) LogValue() slog.Value { return slog.StringValue("PageTokens(REDACTED)") }

// Seal returns a token for c that [PageTokens.Resume] takes together with the same
// context: who may use it, such as a user's id, and whatever else must not change
// from page to page. The context is not in the token. The zero Cursor gives an empty
// token.
func (t *PageTokens) Seal(c Cursor, context string) string {
	if c.IsZero() {
		return ""
	}
	b, position := c.split()
	var expiry uint64
	if t.lifetime > 0 {
		end := time.Now().Add(t.lifetime + time.Second - 1)
		expiry = uint64(max(end.Unix(), 1))
	}
	plain := append(binary.BigEndian.AppendUint64(nil, expiry), position...)
	plain = append(plain, make([]byte, -len(plain)&(tokenStep-1))...)

	token := make([]byte, 1+tokenSalt, 1+tokenSalt+tokenOverhead+len(plain))
	token[0] = tokenVersion
	rand.Read(token[1:])
	token = tokenCipher(t.keys()[0], token[1:]).Seal(token, nil, plain, tokenBound(b, context))
	return base64.RawURLEncoding.EncodeToString(token)
}

// Resume is [Resume] at the position that token was sealed for, with an error that
// wraps [ErrPageToken] unless [PageTokens.Seal] made it with this context, for this
// query, and not too long ago. An empty token begins at the beginning.
func (t *PageTokens) Resume(token, context string) ListOption {
	return option(func(c *call) {
		c.resume = &resumption{failed: ErrPageToken, open: func(b binding) (string, bool) {
			if token == "" {
				return "", true
			}
			return t.open(token, b, context)
		}}
	})
}

// open returns the position in a token.
func (t *PageTokens) open(token string, b binding, context string) (position string, ok bool) {
	sealed, err := unbase64(token)
	if err != nil || len(sealed) < 1+tokenSalt+tokenOverhead || sealed[0] != tokenVersion {
		return "", false
	}
	salt, sealed := sealed[1:1+tokenSalt], sealed[1+tokenSalt:]
	var plain []byte
	for _, key := range t.keys() {
		if plain, err = tokenCipher(key, salt).Open(nil, nil, sealed, tokenBound(b, context)); err == nil {
			break
		}
	}
	if err != nil || len(plain) < 8 {
		return "", false
	}
	expiry, plain := binary.BigEndian.Uint64(plain), plain[8:]
	if expiry > 0 && uint64(max(time.Now().Unix(), 0)) >= expiry {
		return "", false
	}
	_, rest, err := parsePosition(plain)
	if err != nil || len(rest) >= tokenStep || slices.ContainsFunc(rest, func(b byte) bool { return b != 0 }) {
		return "", false
	}
	return string(plain[:len(plain)-len(rest)]), true
}

// tokenBound is what a token is bound to. The binding has a fixed length, so that
// no two pairs are written the same.
func tokenBound(b binding, context string) []byte { return append(b[:], context...) }

// tokenCipher returns the cipher of one token. It chooses and prepends the nonce.
func tokenCipher(key, salt []byte) cipher.AEAD {
	derived, err := hkdf.Key(sha256.New, key, salt, tokenInfo, tokenKey)
	if err == nil {
		var block cipher.Block
		if block, err = aes.NewCipher(derived); err == nil {
			var aead cipher.AEAD
			if aead, err = cipher.NewGCMWithRandomNonce(block); err == nil {
				return aead
			}
		}
	}
	panic("ddbenc: page tokens: " + err.Error()) // sizes are fixed, so it can't be
}

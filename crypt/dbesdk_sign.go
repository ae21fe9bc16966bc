package crypt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/ddbenc/ddbenc/codec"
)

// Labels of what is derived from a data key, each followed by the message id.
// DB-ESDK spec: "Header", "Key derivation and field encryption".
const (
	labelCommit = "AWS_DBE_COMMIT_KEY"
	labelFields = "AWS_DBE_DERIVE_KEY"
)

// itemKeys derives an item's commit key and field root from its data key.
func itemKeys(dataKey []byte, messageID *[codec.MessageIDSize]byte) (commit, fieldRoot []byte, err error) {
	id := string(messageID[:])
	err = deriveKeys(dataKey, []derivation{{labelCommit + id, &commit}, {labelFields + id, &fieldRoot}})
	return commit, fieldRoot, err
}

// commitment returns the commitment of a header, given the bytes before it. It is
// made with SHA-512, not SHA-384 as the published text says: headers that Java
// wrote prove it. DB-ESDK spec: "Header", Commitment.
func commitment(commitKey, header []byte) (c [codec.CommitmentSize]byte) {
	m := hmac.New(sha512.New, commitKey)
	m.Write(header)
	copy(c[:], m.Sum(nil))
	return c
}

// recordHash returns the SHA-384 of an item's canonical record:
//
//	header | length, 8 bytes big-endian | encryption context | for each field: field
//
// and a field is
//
//	path | length, 8 bytes big-endian | "ENCRYPTED" or "PLAINTEXT" | type id | value
//
// where the length is that of the value, in the encrypted case with its tag.
// DB-ESDK spec: "Canonical record and footer".
func recordHash(header, context []byte, fields []dbesdkField) [sha512.Size384]byte {
	h := sha512.New384()
	h.Write(header)
	var scratch [8 + len("ENCRYPTED")]byte
	binary.BigEndian.PutUint64(scratch[:], uint64(len(context)))
	h.Write(scratch[:8])
	h.Write(context)
	for i := range fields {
		f := &fields[i]
		h.Write(f.path)
		binary.BigEndian.PutUint64(scratch[:], uint64(len(f.terminal)-codec.TypeIDSize))
		if f.action == EncryptAndSign {
			copy(scratch[8:], "ENCRYPTED")
		} else {
			copy(scratch[8:], "PLAINTEXT")
		}
		h.Write(scratch[:])
		h.Write(f.terminal)
	}
	return [sha512.Size384]byte(h.Sum(nil))
}

// tag returns the tag of a record for those who have macKey.
func tag(macKey, recordHash []byte) []byte {
	m := hmac.New(sha512.New384, macKey)
	m.Write(recordHash)
	return m.Sum(nil)
}

// tagIn reports whether one of tags is that of the record. The reader doesn't
// know which is meant for it.
func tagIn(tags [][]byte, macKey, recordHash []byte) bool {
	want := tag(macKey, recordHash)
	found := 0
	for _, t := range tags {
		found |= subtle.ConstantTimeCompare(want, t)
	}
	return found == 1
}

// An itemSigner signs one item of [SuiteECDSA].
type itemSigner struct {
	publicKey string // as the encryption context has it
	sign      func(recordHash []byte) ([]byte, error)
}

// newItemSigner returns a signer with a new key. DB-ESDK spec: materials, "Default
// CMM".
func newItemSigner() (*itemSigner, error) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("ddbenc: signing key: %w", err)
	}
	point, err := key.PublicKey.Bytes() // 04 | X | Y
	if err != nil {
		return nil, fmt.Errorf("ddbenc: signing key: %w", err)
	}
	compressed := point[:len(point)/2+1]
	compressed[0] = 2 | point[len(point)-1]&1
	return &itemSigner{
		publicKey: base64.StdEncoding.EncodeToString(compressed),
		sign:      func(recordHash []byte) ([]byte, error) { return signRecord(key, recordHash) },
	}, nil
}

// signRecord returns a signature of codec.SignatureSize bytes. It signs the hash
// as a message, so it hashes once more. DER leaves off leading zeros, and puts
// one before a number whose top bit is set; about half of all signatures have
// the right size, and most others get it when s is replaced by n - s, which is as
// valid. DB-ESDK spec: "Canonical record and footer".
func signRecord(key *ecdsa.PrivateKey, recordHash []byte) ([]byte, error) {
	digest := sha512.Sum384(recordHash)
	for {
		signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		if err != nil {
			return nil, fmt.Errorf("ddbenc: signature: %w", err)
		}
		if len(signature) == codec.SignatureSize {
			return signature, nil
		}
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(signature, &rs); err != nil {
			return nil, fmt.Errorf("ddbenc: signature: %w", err)
		}
		rs.S.Sub(key.Curve.Params().N, rs.S)
		if signature, err = asn1.Marshal(rs); err != nil {
			return nil, fmt.Errorf("ddbenc: signature: %w", err)
		}
		if len(signature) == codec.SignatureSize {
			return signature, nil
		}
	}
}

// publicKey returns the key in an encryption context entry: a compressed point in
// Base64.
func publicKey(entry string) (*ecdsa.PublicKey, error) {
	point, err := base64.StdEncoding.Strict().DecodeString(entry)
	if err != nil {
		return nil, fmt.Errorf("%w: public key is not Base64", ErrMalformed)
	}
	curve := elliptic.P384()
	x, y := elliptic.UnmarshalCompressed(curve, point)
	if x == nil {
		return nil, fmt.Errorf("%w: public key is no point of P-384", ErrMalformed)
	}
	size := (curve.Params().BitSize + 7) / 8
	uncompressed := make([]byte, 1+2*size)
	uncompressed[0] = 4
	x.FillBytes(uncompressed[1 : 1+size])
	y.FillBytes(uncompressed[1+size:])
	key, err := ecdsa.ParseUncompressedPublicKey(curve, uncompressed)
	if err != nil {
		return nil, fmt.Errorf("%w: public key is no point of P-384", ErrMalformed)
	}
	return key, nil
}

// signatureVerifies reports whether signature is one of the record.
func signatureVerifies(key *ecdsa.PublicKey, recordHash, signature []byte) bool {
	digest := sha512.Sum384(recordHash)
	return ecdsa.VerifyASN1(key, digest[:], signature)
}

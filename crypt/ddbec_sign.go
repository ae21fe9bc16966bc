package crypt

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// A ddbecField is one attribute of an item beside what is known of its name.
type ddbecField struct {
	*ddbecName
	value types.AttributeValue
}

// fields returns the attributes of item in Java's order of their names, leaving
// out the reserved ones and those with the action DoNothing. What the table's
// actions name is found in order; only other names are sorted.
func (a *ddbecActions) fields(item map[string]types.AttributeValue) []ddbecField {
	fields := make([]ddbecField, 0, len(item))
	found := 0
	for i := range a.known {
		n := &a.known[i]
		v, ok := item[n.name]
		if !ok {
			continue
		}
		found++
		if n.action.signed() {
			fields = append(fields, ddbecField{n, v})
		}
	}
	if !a.byDefault.signed() || found == len(item) {
		return fields
	}
	sorted := true
	for name, v := range item {
		if _, ok := a.index[name]; ok || name == DDBECDescription || name == DDBECSignature {
			continue
		}
		fields = append(fields, ddbecField{newDDBECName(name, a.byDefault), v})
		sorted = false
	}
	if !sorted {
		slices.SortFunc(fields, func(x, y ddbecField) int { return javaNames(x.name, y.name) })
	}
	return fields
}

var (
	hashEncrypted = sha256.Sum256([]byte("ENCRYPTED"))
	hashPlaintext = sha256.Sum256([]byte("PLAINTEXT"))
)

func hashTable(name string) [sha256.Size]byte {
	return sha256.Sum256([]byte("TABLE>" + name + "<TABLE"))
}

// inOrder returns fields, which are in Java's order, in order.
func inOrder(fields []ddbecField, order codec.Order) []ddbecField {
	if order == codec.JavaOrder {
		return fields
	}
	return slices.SortedFunc(slices.Values(fields), func(x, y ddbecField) int {
		return codec.CompareNames(order, x.name, y.name)
	})
}

// stringToSignSize is the size of the string to sign over n attributes, in bytes.
func stringToSignSize(n int) int { return sha256.Size * (1 + 3*n) }

// appendFieldHashes appends one attribute's part of the string to sign:
//
//	SHA-256(name) | SHA-256("ENCRYPTED" or "PLAINTEXT") | SHA-256(serialized value)
//
// Serialized is the value as stored, so of an encrypted attribute its
// ciphertext. Spec: String to sign and signature, "Construction".
func appendFieldHashes(dst []byte, f *ddbecField, serialized []byte) []byte {
	sum := sha256.Sum256(serialized)
	return append(appendNameHashes(dst, f), sum[:]...)
}

// appendNameHashes appends the first two of an attribute's three hashes.
func appendNameHashes(dst []byte, f *ddbecField) []byte {
	marker := &hashPlaintext
	if f.action == EncryptAndSign {
		marker = &hashEncrypted
	}
	dst = append(dst, f.hash[:]...)
	return append(dst, marker[:]...)
}

// A binaryHasher hashes binary values as they are serialized, without copying
// them: most of what is stored is ciphertext.
type binaryHasher struct {
	digest hash.Hash
	head   [headSize]byte
}

func (h *binaryHasher) append(dst, value []byte) []byte {
	putHead(h.head[:], len(value))
	h.digest.Reset()
	h.digest.Write(h.head[:])
	h.digest.Write(value)
	return h.digest.Sum(dst)
}

// appendStringToSign appends the string to sign of a stored item to dst. Fields
// are in Java's order.
func appendStringToSign(dst []byte, table [sha256.Size]byte, fields []ddbecField, order codec.Order) ([]byte, error) {
	fields = inOrder(fields, order)
	longest := 0
	for i := range fields {
		if _, isBinary := binaryOf(fields[i].value); !isBinary {
			longest = max(longest, sizeHint(fields[i].value))
		}
	}
	dst = append(slices.Grow(dst, stringToSignSize(len(fields))+longest), table[:]...)
	binary := binaryHasher{digest: sha256.New()}
	for i := range fields {
		f := &fields[i]
		if b, isBinary := binaryOf(f.value); isBinary {
			dst = binary.append(appendNameHashes(dst, f), b)
			continue
		}
		done := len(dst) // what follows is room to serialize in
		room, err := codec.AppendDDBEC(dst, f.value, order)
		if err != nil {
			return nil, &AttributeError{Op: "sign", Name: f.name, Err: fmt.Errorf("%w: %w", ErrInvalidItem, err)}
		}
		dst = appendFieldHashes(room[:done], f, room[done:])
	}
	return dst, nil
}

// orderDependent reports whether the Java and the Python client build different
// strings to sign from fields.
func orderDependent(fields []ddbecField) bool {
	for i := range fields {
		if fields[i].action == SignOnly && codec.OrdersDiffer(fields[i].value) {
			return true
		}
	}
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].name
	}
	return codec.NameOrdersDiffer(names)
}

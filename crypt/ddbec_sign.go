package crypt

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// A ddbecField is one attribute of an item beside its action.
type ddbecField struct {
	name   string
	value  types.AttributeValue
	action Action
	hash   [sha256.Size]byte // of the name
}

// fields appends the attributes of item to dst in Java's order of their names,
// leaving out the reserved ones and those with the action DoNothing. What the
// table's actions name is found in order; only other names are sorted.
func (a *ddbecActions) fields(dst []ddbecField, item map[string]types.AttributeValue) []ddbecField {
	found := 0
	for i := range a.known {
		n := &a.known[i]
		v, ok := item[n.name]
		if !ok {
			continue
		}
		found++
		if n.action.signed() {
			dst = append(dst, ddbecField{n.name, v, n.action, n.hash})
		}
	}
	if !a.byDefault.signed() || found == len(item) {
		return dst
	}
	sorted := true
	for name, v := range item {
		if _, ok := a.index[name]; ok || name == DDBECDescription || name == DDBECSignature {
			continue
		}
		dst = append(dst, ddbecField{name, v, a.byDefault, sha256.Sum256([]byte(name))})
		sorted = false
	}
	if !sorted {
		slices.SortFunc(dst, func(x, y ddbecField) int { return javaNames(x.name, y.name) })
	}
	return dst
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
	marker := &hashPlaintext
	if f.action == EncryptAndSign {
		marker = &hashEncrypted
	}
	sum := sha256.Sum256(serialized)
	dst = append(dst, f.hash[:]...)
	dst = append(dst, marker[:]...)
	return append(dst, sum[:]...)
}

// appendStringToSign appends the string to sign of a stored item to dst. Fields
// are in Java's order.
func appendStringToSign(dst []byte, table [sha256.Size]byte, fields []ddbecField, order codec.Order) ([]byte, error) {
	fields = inOrder(fields, order)
	dst = append(slices.Grow(dst, stringToSignSize(len(fields))), table[:]...)
	var scratch [512]byte
	buf := scratch[:0]
	for i := range fields {
		var err error
		if buf, err = codec.AppendDDBEC(buf[:0], fields[i].value, order); err != nil {
			return nil, &AttributeError{Op: "sign", Name: fields[i].name, Err: fmt.Errorf("%w: %w", ErrInvalidItem, err)}
		}
		dst = appendFieldHashes(dst, &fields[i], buf)
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

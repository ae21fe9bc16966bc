package crypt

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// Decrypt implements [Encryptor]. Spec: Encrypting and decrypting one item,
// "Decrypt"; the comments number its steps.
func (t *ddbecTable) Decrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error) {
	if t.read.none { // 1
		return maps.Clone(item), nil
	}
	signature, ok := binaryOf(item[DDBECSignature]) // 2
	if !ok {
		return nil, ErrNotSigned
	}
	description, err := t.descriptions.of(item)
	if err != nil {
		return nil, err
	}
	if err := contextErr(ctx); err != nil {
		return nil, err
	}
	ec, tableHash, err := t.contextFor(item, description) // 3
	if err != nil {
		return nil, err
	}
	materials, err := t.provider.DecryptionMaterials(ctx, ec) // 4
	if err != nil {
		return nil, err
	}
	if materials == nil || !materials.VerificationKey.usable() {
		return nil, fmt.Errorf("%w: the provider returned no verification key", ErrNoKey)
	}
	fields := t.read.fields(item)
	verified := t.verify(fields, tableHash, materials.VerificationKey, description[descSigningAlgorithm], signature) // 5
	if !verified {
		return nil, ErrVerify
	}
	return decryptFields(item, fields, materials.ContentKey, description) // 6, 7
}

// binaryOf returns the content of a B.
func binaryOf(v types.AttributeValue) (content []byte, ok bool) {
	b, ok := v.(*types.AttributeValueMemberB)
	if !ok || b == nil {
		return nil, false
	}
	return b.Value, true
}

// descriptions reads material descriptions and keeps the last one that can serve
// many items: all those of a static provider have the same.
type descriptions struct {
	last atomic.Pointer[storedDescription]
}

type storedDescription struct {
	encoded []byte
	entries map[string]string // shared: not to be changed
}

// of returns an item's material description; a missing one is empty. Spec:
// Material description.
func (d *descriptions) of(item map[string]types.AttributeValue) (map[string]string, error) {
	v, ok := item[DDBECDescription]
	if !ok {
		return nil, nil
	}
	encoded, ok := binaryOf(v)
	if !ok {
		return nil, fmt.Errorf("%w: the material description is not binary", ErrMalformed)
	}
	if last := d.last.Load(); last != nil && bytes.Equal(last.encoded, encoded) {
		return last.entries, nil
	}
	entries, err := codec.DecodeDescription(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: material description: %w", ErrMalformed, err)
	}
	if _, ofOneItem := entries[DescContentKey]; !ofOneItem {
		d.last.Store(&storedDescription{bytes.Clone(encoded), entries})
	}
	return entries, nil
}

// verify reports whether signature is that of the stored fields in the Java
// client's order, or else in the Python client's if that is another.
func (t *ddbecTable) verify(fields []ddbecField, table [32]byte, key *VerificationKey, algorithm string, signature []byte) bool {
	verifiesAs := func(order codec.Order) bool {
		message, err := appendStringToSign(nil, table, fields, order)
		return err == nil && key.verifies(algorithm, message, signature) // DynamoDB can't have stored what has no string to sign
	}
	return verifiesAs(codec.JavaOrder) ||
		orderDependent(fields) && verifiesAs(codec.PythonOrder) ||
		t.rounding && verifiesAs(codec.PythonRounding)
}

// decryptFields returns a verified item without the reserved attributes and
// with its encrypted attributes decrypted.
func decryptFields(item map[string]types.AttributeValue, fields []ddbecField, key *ContentKey, description map[string]string) (map[string]types.AttributeValue, error) {
	encrypted, longest := 0, 0
	for i := range fields {
		if f := &fields[i]; f.action == EncryptAndSign {
			stored, ok := binaryOf(f.value)
			if !ok {
				return nil, ErrVerify // signed all the same: a broken writer
			}
			encrypted++
			if len(stored) <= sharedBuffer {
				longest = max(longest, len(stored))
			}
		}
	}
	if encrypted > 0 && key == nil {
		return nil, fmt.Errorf("%w: attributes are encrypted and there is no content key", ErrNoKey)
	}
	// The mode comes before the key. It is not signed, and if another mode were
	// refused only after the key was found usable, it would tell a forger whether a
	// wrapped key of his choice could be unwrapped.
	if mode := description[descCipherMode]; encrypted > 0 && mode != cipherMode {
		return nil, fmt.Errorf("%w: the cipher mode is not %s", ErrUnsupported, cipherMode)
	}
	if key != nil && key.block == nil {
		return nil, ErrVerify // unwrapping failed
	}
	plain := make(map[string]types.AttributeValue, len(item))
	for name, v := range item {
		if name != DDBECDescription && name != DDBECSignature {
			plain[name] = v
		}
	}
	if encrypted == 0 {
		return plain, nil
	}
	buf := make([]byte, longest)
	defer clear(buf)
	c := decrypter(key)
	for i := range fields {
		f := &fields[i]
		if f.action != EncryptAndSign {
			continue
		}
		value, err := decryptValue(buf, c, f.value.(*types.AttributeValueMemberB).Value)
		if err != nil {
			return nil, err
		}
		plain[f.name] = value
	}
	return plain, nil
}

// decryptValue decrypts one stored value, in buf if it is small. The caller clears
// buf after the last one.
func decryptValue(buf []byte, c *cbc, stored []byte) (value types.AttributeValue, err error) {
	decode := codec.DecodeDDBEC
	if len(stored) > sharedBuffer {
		buf, decode = make([]byte, len(stored)), codec.DecodeDDBECInPlace
		defer func() { clearUnlessPart(buf, value) }()
	}
	serialized, ok := open(buf, c, stored)
	if !ok {
		return nil, ErrVerify
	}
	// Strict about trailing bytes, or a wrapped key could be replaced with little
	// work. Spec: Security considerations, "No key commitment in wrapped materials".
	if value, err = decode(serialized); err != nil {
		return nil, ErrVerify
	}
	return value, nil
}

package crypt

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// Encrypt implements [Encryptor]. Spec: Encrypting and decrypting one item,
// "Encrypt"; the comments number its steps.
func (t *ddbecTable) Encrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error) {
	if t.write.none { // 1
		return maps.Clone(item), nil
	}
	for _, name := range t.Reserved() { // 2; values are validated as they are serialized
		if _, ok := item[name]; ok {
			return nil, fmt.Errorf("%w: attribute name %q is reserved", ErrInvalidItem, name)
		}
	}
	if err := contextErr(ctx); err != nil {
		return nil, err
	}
	ec, tableHash, err := t.contextFor(item, t.description) // 4
	if err != nil {
		return nil, err
	}
	materials, err := t.provider.EncryptionMaterials(ctx, ec) // 5
	if err != nil {
		return nil, err
	}
	if materials == nil || !materials.SigningKey.usable() {
		return nil, fmt.Errorf("%w: the provider returned no signing key", ErrNoKey)
	}
	if k := materials.ContentKey; k != nil && k.block == nil {
		return nil, fmt.Errorf("%w: the provider returned an unusable content key", ErrNoKey)
	}
	fields := t.write.fields(item)
	s := sealer{order: t.order, fields: inOrder(fields, t.order), tableHash: tableHash}
	stored, err := s.seal(item, materials.ContentKey, t.random) // 6, 7
	if err != nil {
		return nil, err
	}
	if t.sameOrder && orderDependent(fields) { // asked of values that are valid
		return nil, fmt.Errorf("%w: the Java and the Python client sort its sets or names differently", ErrInvalidItem)
	}
	description, err := t.describe(materials) // 8
	if err != nil {
		return nil, err
	}
	signature, err := materials.SigningKey.sign(s.toSign) // 9
	if err != nil {
		return nil, err
	}
	stored[DDBECDescription] = &types.AttributeValueMemberB{Value: description}
	stored[DDBECSignature] = &types.AttributeValueMemberB{Value: signature}
	return stored, nil
}

// A sealer encrypts the attributes of one item and builds its string to sign.
type sealer struct {
	order     codec.Order
	fields    []ddbecField // in order
	tableHash [32]byte
	toSign    []byte
}

// seal returns a copy of item with its attributes encrypted, with room for two
// more, and leaves the string to sign in s.toSign.
func (s *sealer) seal(item map[string]types.AttributeValue, key *ContentKey, random func([]byte)) (map[string]types.AttributeValue, error) {
	encrypted, size, longestPlain := 0, 0, 0
	for i := range s.fields {
		f := &s.fields[i]
		if f.action == EncryptAndSign {
			encrypted++
			size += headSize + 2*ivSize + sizeHint(f.value)
		} else {
			longestPlain = max(longestPlain, sizeHint(f.value))
		}
	}
	if encrypted > 0 && key == nil {
		return nil, fmt.Errorf("%w: attributes are to be encrypted and the provider returned no content key", ErrNoKey)
	}
	ivs := make([]byte, encrypted*ivSize)
	random(ivs)

	// All ciphertexts share one buffer, which ends with room to serialize other
	// values in. It may move while it grows, so values are cut from it at the end.
	buf := make([]byte, 0, size+longestPlain)
	ends := make([]int, 0, encrypted)
	var c *cbc
	if encrypted > 0 {
		c = encrypter(key)
	}
	s.toSign = append(make([]byte, 0, stringToSignSize(len(s.fields))), s.tableHash[:]...)
	for i := range s.fields {
		f, start := &s.fields[i], len(buf)
		if f.action == EncryptAndSign {
			buf = openSealed(buf)
		}
		var err error
		if buf, err = codec.AppendDDBEC(buf, f.value, s.order); err != nil {
			clear(buf) // holds plaintext
			return nil, &AttributeError{Op: "encrypt", Name: f.name, Err: fmt.Errorf("%w: %w", ErrInvalidItem, err)}
		}
		if f.action != EncryptAndSign {
			s.toSign = appendFieldHashes(s.toSign, f, buf[start:])
			buf = buf[:start]
			continue
		}
		buf = closeSealed(buf, start, c, ivs[len(ends)*ivSize:][:ivSize])
		s.toSign = appendFieldHashes(s.toSign, f, buf[start:])
		ends = append(ends, len(buf))
	}

	stored := make(map[string]types.AttributeValue, len(item)+2)
	for name, v := range item {
		stored[name] = v
	}
	values := make([]types.AttributeValueMemberB, encrypted)
	start, n := 0, 0
	for i := range s.fields {
		if s.fields[i].action == EncryptAndSign {
			values[n].Value = buf[start+headSize : ends[n] : ends[n]]
			stored[s.fields[i].name] = &values[n]
			start = ends[n]
			n++
		}
	}
	return stored, nil
}

// sizeHint returns about how many bytes v has serialized, and seldom fewer. It
// runs before v was validated: any part of v may be nil, and v may contain itself.
func sizeHint(v types.AttributeValue) int {
	size, _ := sizeWithin(v, codec.MaxDepth)
	return size
}

// sizeWithin is sizeHint for a value that may be nested depth levels deep. It
// gives up at the first one that is nested deeper.
func sizeWithin(v types.AttributeValue, depth int) (size int, ok bool) {
	if depth == 0 {
		return 0, false
	}
	size = 8 // tag and length, or all of a bool
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		if v != nil {
			size += len(v.Value)
		}
	case *types.AttributeValueMemberN:
		if v != nil {
			size += len(v.Value)
		}
	case *types.AttributeValueMemberB:
		if v != nil {
			size += len(v.Value)
		}
	case *types.AttributeValueMemberSS:
		if v != nil {
			size += textsHint(v.Value)
		}
	case *types.AttributeValueMemberNS:
		if v != nil {
			size += textsHint(v.Value)
		}
	case *types.AttributeValueMemberL:
		if v != nil {
			for _, e := range v.Value {
				n, ok := sizeWithin(e, depth-1)
				if size += n; !ok {
					return size, false
				}
			}
		}
	case *types.AttributeValueMemberM:
		if v != nil {
			for name, e := range v.Value {
				n, ok := sizeWithin(e, depth-1)
				if size += 8 + len(name) + n; !ok {
					return size, false
				}
			}
		}
	}
	return size, true
}

func textsHint(texts []string) int {
	size := 0
	for _, s := range texts {
		size += 4 + len(s)
	}
	return size
}

// describe returns the material description to store. That of materials which
// serve many items is encoded once.
func (t *ddbecTable) describe(m *EncryptionMaterials) ([]byte, error) {
	if done := m.encoded.Load(); done != nil && t.description == nil {
		return *done, nil
	}
	entries := make(map[string]string, len(t.description)+len(m.Description)+2)
	maps.Copy(entries, t.description)
	maps.Copy(entries, m.Description)
	if m.ContentKey != nil {
		entries[descCipherMode] = cipherMode
	}
	entries[descSigningAlgorithm] = m.SigningKey.Algorithm()
	encoded, err := codec.AppendDescription(nil, entries)
	if err != nil {
		return nil, fmt.Errorf("%w: material description: %w", ErrInvalidItem, err)
	}
	if t.description == nil {
		m.encoded.Store(&encoded)
	}
	return encoded, nil
}

package crypt

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// Decrypt implements [Encryptor]. DB-ESDK spec: "Decrypting an item, order of
// checks"; the comments number its steps. Step 2 is about another format.
func (t *dbesdkTable) Decrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error) {
	if key := missingKey(item, t.partitionKey, t.sortKey); key != "" { // 1
		return nil, fmt.Errorf("%w: key attribute %q is missing", ErrMalformed, key)
	}
	head, foot, err := headAndFoot(item) // 3, 5, 7
	if err != nil {
		return nil, err
	}
	header, err := codec.DecodeDBESDKHeader(head)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := contextErr(ctx); err != nil {
		return nil, err
	}
	fields, err := t.read.toRead(item) // 6
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := applyLegend(fields, header.Legend); err != nil { // 8
		return nil, err
	}
	if err := storedTerminals(fields); err != nil { // 4
		return nil, err
	}
	kc, err := t.storedContext(header, fields) // 9
	if err != nil {
		return nil, err
	}
	keyring := t.keyring
	if t.manager != nil {
		if keyring, kc, err = t.manageRead(ctx, header, kc); err != nil {
			return nil, err
		}
	}
	key, err := keyring.UnwrapKey(ctx, kc, header.DataKeys) // 10
	if err != nil {
		return nil, err
	}
	defer key.clear()
	if key == nil || len(key.DataKey) != DataKeySize || len(key.MACKey) != DataKeySize {
		return nil, fmt.Errorf("%w: the keyring returned no data key of %d bytes", ErrNoKey, DataKeySize)
	}
	commitKey, fieldRoot, err := itemKeys(key.DataKey, &header.MessageID)
	if err != nil {
		return nil, err
	}
	defer clear(fieldRoot)
	committed := commitment(commitKey, head[:len(head)-codec.CommitmentSize]) // 11
	if subtle.ConstantTimeCompare(committed[:], header.Commitment[:]) != 1 {
		return nil, ErrCommitment
	}
	if err := verifyFooter(head, foot, header, kc, fields, key.MACKey); err != nil { // 12
		return nil, err
	}
	plain := make(map[string]types.AttributeValue, len(item)) // 14
	for name, v := range item {
		if !strings.HasPrefix(name, DBESDKPrefix) {
			plain[name] = v
		}
	}
	if err := openFields(plain, fields, fieldRoot); err != nil { // 13
		return nil, err
	}
	return plain, nil
}

// headAndFoot returns the content of the two attributes that an encrypted item
// has.
func headAndFoot(item map[string]types.AttributeValue) (head, foot []byte, err error) {
	h, hasHead := item[DBESDKHeader]
	f, hasFoot := item[DBESDKFooter]
	if !hasHead && !hasFoot {
		return nil, nil, ErrNotSigned
	}
	if head, err = binaryAttribute(DBESDKHeader, h); err != nil {
		return nil, nil, err
	}
	if foot, err = binaryAttribute(DBESDKFooter, f); err != nil {
		return nil, nil, err
	}
	return head, foot, nil
}

func binaryAttribute(name string, v types.AttributeValue) ([]byte, error) {
	b, ok := v.(*types.AttributeValueMemberB)
	switch {
	case v == nil:
		return nil, fmt.Errorf("%w: attribute %q is missing", ErrMalformed, name)
	case !ok || b == nil:
		return nil, fmt.Errorf("%w: attribute %q is not binary", ErrMalformed, name)
	}
	return b.Value, nil
}

// applyLegend gives fields the actions that the item's writer gave them.
func applyLegend(fields []dbesdkField, legend []byte) error {
	switch {
	case len(fields) > len(legend):
		return fmt.Errorf("%w: %d attributes are signed now, %d were", ErrLegend, len(fields), len(legend))
	case len(fields) < len(legend):
		return fmt.Errorf("%w: only %d attributes are signed now, %d were", ErrLegend, len(fields), len(legend))
	}
	for i := range fields {
		fields[i].action = legendAction(legend[i])
	}
	return nil
}

// storedTerminals sets the terminals of stored fields. An encrypted attribute is
// its own.
func storedTerminals(fields []dbesdkField) error {
	size := 0
	for i := range fields {
		if fields[i].action != EncryptAndSign {
			size += codec.TypeIDSize + sizeHint(fields[i].value)
		}
	}
	buf := make([]byte, 0, size)
	for i := range fields {
		f := &fields[i]
		if f.action == EncryptAndSign {
			b, ok := f.value.(*types.AttributeValueMemberB)
			if !ok || b == nil || len(b.Value) < codec.TypeIDSize+gcmTagSize {
				return &AttributeError{Op: "verify", Name: f.name, Err: fmt.Errorf("%w: it was encrypted and is no ciphertext", ErrMalformed)}
			}
			f.terminal = b.Value
			continue
		}
		start := len(buf)
		var err error
		if buf, err = codec.AppendDBESDK(buf, f.value); err != nil {
			return &AttributeError{Op: "verify", Name: f.name, Err: fmt.Errorf("%w: %w", ErrMalformed, err)}
		}
		f.terminal = buf[start:] // stays valid if buf moves
	}
	return nil
}

// storedContext returns the encryption context of a stored item: what it stores,
// and what follows from table and item. Entries that must follow, such as those of
// attributes, are refused where they don't: a header could otherwise tell a keyring
// by which key the item is to be read, contrary to the item.
func (t *dbesdkTable) storedContext(h *codec.DBESDKHeader, fields []dbesdkField) (*KeyContext, error) {
	own := t.context(h.Version, fields)
	for _, e := range h.Context {
		if !strings.HasPrefix(e.Key, contextPrefix) || e.Key == contextPublicKey {
			continue
		}
		if _, follows := slices.BinarySearchFunc(own, e, codec.CompareEntries); !follows {
			return nil, fmt.Errorf("%w: its header stores entry %q, which does not follow from the item", ErrMalformed, e.Key)
		}
	}
	entries, err := unite(h.Context, own)
	if err != nil {
		return nil, err
	}
	kc, err := newKeyContext(suiteOf(h.Flavor), entries)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if _, ok := kc.Value(contextPublicKey); ok != (kc.suite == SuiteECDSA) {
		return nil, fmt.Errorf("%w: suite %v and the presence of a public key don't agree", ErrMalformed, kc.suite)
	}
	return kc, nil
}

// verifyFooter checks tag and signature of an item.
func verifyFooter(head, foot []byte, h *codec.DBESDKHeader, kc *KeyContext, fields []dbesdkField, macKey []byte) error {
	footer, err := codec.DecodeDBESDKFooter(foot, h.Flavor, len(h.DataKeys))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	hash := recordHash(head, kc.Bytes(), fields)
	if !tagIn(footer.Tags, macKey, hash[:]) {
		return ErrVerify
	}
	if kc.suite != SuiteECDSA {
		return nil
	}
	entry, _ := kc.Value(contextPublicKey)
	key, err := publicKey(entry)
	if err != nil {
		return err
	}
	if !signatureVerifies(key, hash[:], footer.Signature) {
		return ErrVerify
	}
	return nil
}

// openFields decrypts the encrypted fields of a verified item into plain.
func openFields(plain map[string]types.AttributeValue, fields []dbesdkField, root []byte) error {
	keys, err := newFieldKeys(root)
	if err != nil {
		return err
	}
	buf := make([]byte, 0, sharedBuffer)
	defer func() { clear(buf[:cap(buf)]) }()
	var stream [fieldBlocks * aes.BlockSize]byte
	defer clear(stream[:])
	for i := range fields {
		f := &fields[i]
		if f.action != EncryptAndSign {
			continue
		}
		aead, nonce, err := keys.next(&stream)
		if err != nil {
			return err
		}
		if plain[f.name], err = openField(buf, f, aead, nonce); err != nil {
			return err
		}
	}
	return nil
}

// openField decrypts one field, in buf if it is small. buf is empty and has room for
// it; the caller clears it after the last one.
func openField(buf []byte, f *dbesdkField, aead cipher.AEAD, nonce []byte) (value types.AttributeValue, err error) {
	decode := codec.DecodeDBESDK
	if size := len(f.terminal) - gcmTagSize; len(f.terminal) > sharedBuffer {
		buf, decode = make([]byte, 0, size), codec.DecodeDBESDKInPlace
		defer func() { clearUnlessPart(buf[:size], value) }()
	}
	typeID, sealed := f.terminal[:codec.TypeIDSize], f.terminal[codec.TypeIDSize:]
	terminal, err := aead.Open(append(buf, typeID...), nonce, sealed, f.path)
	if err != nil {
		return nil, ErrVerify // tagged all the same: a broken writer
	}
	if value, err = decode(terminal); err != nil {
		return nil, &AttributeError{Op: "decrypt", Name: f.name, Err: fmt.Errorf("%w: %w", ErrMalformed, err)}
	}
	return value, nil
}

package crypt

import (
	"context"
	"crypto/aes"
	"fmt"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// Encrypt implements [Encryptor]. DB-ESDK spec: "Encrypting an item, step by
// step"; the comments number its steps. Steps 3 and 4 are about other formats.
func (t *dbesdkTable) Encrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error) {
	if key := missingKey(item, t.partitionKey, t.sortKey); key != "" { // 1
		return nil, fmt.Errorf("%w: key attribute %q is missing", ErrInvalidItem, key)
	}
	for i := range t.write.known { // 2
		n := &t.write.known[i]
		if _, ok := item[n.name]; !ok && n.action == SignAndIncludeInContext {
			return nil, fmt.Errorf("%w: attribute %q is missing and belongs into the encryption context", ErrInvalidItem, n.name)
		}
	}
	if err := contextErr(ctx); err != nil {
		return nil, err
	}
	fields, err := t.write.toWrite(item) // 6
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidItem, err)
	}
	buf, err := serialize(fields) // 5
	if err != nil {
		return nil, err
	}
	stored, err := t.seal(ctx, item, fields)
	if err != nil {
		clear(buf) // holds plaintext
		return nil, err
	}
	return stored, nil
}

// serialize sets the terminals of fields, which share the returned buffer. Those
// to be encrypted are followed by room for their tags.
func serialize(fields []dbesdkField) ([]byte, error) {
	size := 0
	for i := range fields {
		size += codec.TypeIDSize + sizeHint(fields[i].value) + gcmTagSize
	}
	// The buffer may move while it grows, so terminals are cut from it at the end.
	buf := make([]byte, 0, size)
	ends := make([]int, len(fields))
	for i := range fields {
		f := &fields[i]
		var err error
		if buf, err = codec.AppendDBESDK(buf, f.value); err != nil {
			clear(buf)
			return nil, &AttributeError{Op: "encrypt", Name: f.name, Err: fmt.Errorf("%w: %w", ErrInvalidItem, err)}
		}
		ends[i] = len(buf)
		if f.action == EncryptAndSign {
			buf = append(buf, make([]byte, gcmTagSize)...)
		}
	}
	start := 0
	for i := range fields {
		fields[i].terminal = buf[start:ends[i]]
		start = ends[i]
		if fields[i].action == EncryptAndSign {
			start += gcmTagSize
		}
	}
	return buf, nil
}

// seal does steps 7 to 11. It encrypts the terminals in place.
func (t *dbesdkTable) seal(ctx context.Context, item map[string]types.AttributeValue, fields []dbesdkField) (map[string]types.AttributeValue, error) {
	header := codec.DBESDKHeader{Version: 1, Flavor: t.suite.flavor(), Legend: make([]byte, len(fields))}
	encrypted := 0
	for i := range fields {
		switch fields[i].action {
		case EncryptAndSign:
			header.Legend[i] = codec.LegendEncrypt
			encrypted++
		case SignAndIncludeInContext:
			header.Legend[i] = codec.LegendContext
			header.Version = 2
		default:
			header.Legend[i] = codec.LegendSign
		}
	}

	entries := t.context(header.Version, fields) // 7
	var signer *itemSigner
	if t.suite == SuiteECDSA {
		var err error
		if signer, err = t.newSigner(); err != nil {
			return nil, err
		}
		header.Context = []codec.ContextEntry{{Key: contextPublicKey, Value: signer.publicKey}}
		at, _ := slices.BinarySearchFunc(entries, header.Context[0], codec.CompareEntries)
		entries = slices.Insert(entries, at, header.Context[0])
	}
	kc, err := newKeyContext(t.suite, entries)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidItem, err)
	}
	keyring := t.keyring
	if t.manager != nil {
		if keyring, kc, header.Context, err = t.manageWrite(ctx, kc, header.Context); err != nil {
			return nil, err
		}
	}

	var random [DataKeySize + codec.MessageIDSize]byte // 8, 9
	t.random(random[:])
	dataKey := random[:DataKeySize]
	defer clear(dataKey)
	header.MessageID = [codec.MessageIDSize]byte(random[DataKeySize:])
	wrapped, err := keyring.WrapKey(ctx, kc, dataKey)
	if err != nil {
		return nil, err
	}
	if err := checkWrapped(wrapped); err != nil {
		return nil, err
	}
	header.DataKeys = make([]EncryptedDataKey, len(wrapped))
	for i := range wrapped {
		header.DataKeys[i] = wrapped[i].EncryptedDataKey
	}
	commitKey, fieldRoot, err := itemKeys(dataKey, &header.MessageID)
	if err != nil {
		return nil, err
	}
	defer clear(fieldRoot)
	head, err := codec.AppendDBESDKHeader(make([]byte, 0, headerSizeHint(&header)), &header)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidItem, err)
	}
	committed := commitment(commitKey, head)
	head = append(head, committed[:]...)

	if err := encryptFields(fields, fieldRoot); err != nil { // 10
		return nil, err
	}
	hash := recordHash(head, kc.Bytes(), fields)
	footer := codec.DBESDKFooter{Tags: make([][]byte, len(wrapped))}
	for i := range wrapped {
		footer.Tags[i] = tag(wrapped[i].MACKey, hash[:])
	}
	if signer != nil {
		if footer.Signature, err = signer.sign(hash[:]); err != nil {
			return nil, err
		}
	}
	foot, err := codec.AppendDBESDKFooter(make([]byte, 0, len(wrapped)*codec.TagSize+len(footer.Signature)), &footer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidItem, err)
	}

	stored := make(map[string]types.AttributeValue, len(item)+2) // 11
	for name, v := range item {
		stored[name] = v
	}
	values := make([]types.AttributeValueMemberB, encrypted)
	for i := range fields {
		if f := &fields[i]; f.action == EncryptAndSign {
			values[0].Value = slices.Clip(f.terminal)
			stored[f.name] = &values[0]
			values = values[1:]
		}
	}
	stored[DBESDKHeader] = &types.AttributeValueMemberB{Value: head}
	stored[DBESDKFooter] = &types.AttributeValueMemberB{Value: foot}
	return stored, nil
}

// checkWrapped checks what a keyring returned.
func checkWrapped(keys []WrappedKey) error {
	if len(keys) == 0 || len(keys) > math.MaxUint8 {
		return fmt.Errorf("%w: the keyring returned %d data keys, want 1 to %d", ErrNoKey, len(keys), math.MaxUint8)
	}
	for i := range keys {
		if n := len(keys[i].MACKey); n != DataKeySize {
			return fmt.Errorf("%w: the keyring returned a MAC key of %d bytes, want %d", ErrNoKey, n, DataKeySize)
		}
	}
	return nil
}

// headerSizeHint returns the size of a header with its commitment.
func headerSizeHint(h *codec.DBESDKHeader) int {
	size := 2 + codec.MessageIDSize + 2 + len(h.Legend) + 2 + 1 + codec.CommitmentSize
	for _, e := range h.Context {
		size += 4 + len(e.Key) + len(e.Value)
	}
	for _, k := range h.DataKeys {
		size += 6 + len(k.ProviderID) + len(k.ProviderInfo) + len(k.Ciphertext)
	}
	return size
}

// encryptFields encrypts terminals in place, each with its path as additional
// data, and leaves their type ids.
func encryptFields(fields []dbesdkField, root []byte) error {
	keys, err := newFieldKeys(root)
	if err != nil {
		return err
	}
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
		value := f.terminal[codec.TypeIDSize:]
		sealed := aead.Seal(value[:0], nonce, value, f.path)
		f.terminal = f.terminal[:codec.TypeIDSize+len(sealed)]
	}
	return nil
}

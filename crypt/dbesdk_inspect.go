package crypt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// An Inspection is what a stored item says of itself to everyone. Nothing of it
// is verified.
type Inspection struct {
	Format string // "DDBEC" or "DB-ESDK"

	// Description is the material description of a DDBEC item.
	Description map[string]string

	// The rest is of DB-ESDK items.

	Version int // of the header: 1, or 2 with attributes in the encryption context
	Suite   Suite

	// Legend has the action of each signed attribute, in the order of names by
	// codec.ComparePaths. Which attributes are signed, only a reader's
	// configuration says.
	Legend []Action

	// Context is the stored part of the encryption context.
	Context map[string]string

	DataKeys []DataKeyInfo
}

// DataKeyInfo says which key encrypts a data key.
type DataKeyInfo struct {
	// Provider is the kind of keyring, such as "aws-kms-hierarchy", or the
	// namespace of a raw key.
	Provider string

	// Key is the ARN of a KMS key, the id of a branch key or the name of a raw
	// key. It is empty where an item has no name but only public keys, and for a
	// provider that is not known and names its keys in binary.
	Key string

	// BranchKeyVersion is the version of a branch key, a UUID in lower case.
	BranchKeyVersion string
}

// Inspect tells how a stored item was encrypted, without keys. An item that is
// not encrypted gives [ErrNotSigned], one that can't be read an error wrapping
// [ErrMalformed]. DB-ESDK spec: "Branch key id supplier for DynamoDB and header
// inspection".
func Inspect(item map[string]types.AttributeValue) (*Inspection, error) {
	if _, ok := item[DBESDKHeader]; ok {
		return inspectDBESDK(item)
	}
	if _, ok := item[DDBECSignature].(*types.AttributeValueMemberB); !ok {
		return nil, ErrNotSigned
	}
	return inspectDDBEC(item)
}

func inspectDDBEC(item map[string]types.AttributeValue) (*Inspection, error) {
	in := &Inspection{Format: "DDBEC"}
	v, ok := item[DDBECDescription]
	if !ok {
		return in, nil
	}
	encoded, err := binaryAttribute(DDBECDescription, v)
	if err != nil {
		return nil, err
	}
	if in.Description, err = codec.DecodeDescription(encoded); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return in, nil
}

func inspectDBESDK(item map[string]types.AttributeValue) (*Inspection, error) {
	head, err := binaryAttribute(DBESDKHeader, item[DBESDKHeader])
	if err != nil {
		return nil, err
	}
	h, err := codec.DecodeDBESDKHeader(head)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	in := &Inspection{
		Format:  "DB-ESDK",
		Version: int(h.Version),
		Suite:   suiteOf(h.Flavor),
		Context: make(map[string]string, len(h.Context)),
	}
	for _, b := range h.Legend {
		in.Legend = append(in.Legend, legendAction(b))
	}
	for _, e := range h.Context {
		in.Context[e.Key] = e.Value
	}
	for i := range h.DataKeys {
		in.DataKeys = append(in.DataKeys, inspectDataKey(&h.DataKeys[i]))
	}
	return in, nil
}

// legendAction returns the action that a legend's byte stands for. The byte is
// known to be one of them.
func legendAction(b byte) Action {
	switch b {
	case codec.LegendEncrypt:
		return EncryptAndSign
	case codec.LegendContext:
		return SignAndIncludeInContext
	}
	return SignOnly
}

// providerHierarchy is the provider id of data keys under a branch key.
const providerHierarchy = "aws-kms-hierarchy"

// branchVersionAt is where such a ciphertext holds the version of the branch key:
// after the wrapped data key, a salt of 16 bytes and a nonce of 12. DB-ESDK spec:
// materials, "Hierarchical keyring".
const branchVersionAt = WrappedDataKeySize + 16 + gcmNonceSize

func inspectDataKey(k *EncryptedDataKey) DataKeyInfo {
	info := DataKeyInfo{Provider: k.ProviderID, Key: keyName(k.ProviderInfo)}
	if k.ProviderID == providerHierarchy && len(k.Ciphertext) >= branchVersionAt+16 {
		info.BranchKeyVersion = uuid(k.Ciphertext[branchVersionAt : branchVersionAt+16])
	}
	return info
}

// keyName returns the name of a key in a provider info: all of it, or for raw AES
// what comes before the sizes of tag and nonce and the nonce. DB-ESDK spec:
// materials, "Raw AES keyring".
func keyName(info []byte) string {
	sizes := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 8*gcmTagSize), gcmNonceSize)
	if at := len(info) - len(sizes) - gcmNonceSize; at >= 0 && bytes.HasPrefix(info[at:], sizes) {
		info = info[:at]
	}
	name := string(info)
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if !utf8.ValidString(name) || strings.ContainsFunc(name, control) {
		return ""
	}
	return name
}

// uuid prints 16 bytes as a UUID.
func uuid(b []byte) string {
	s := hex.EncodeToString(b)
	return strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-")
}

package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// dbesdkActions are the actions of a table's attributes, with what can be
// computed before an item comes.
type dbesdkActions struct {
	table     string
	byDefault Action // 0 if there is none
	options   *dbesdkOptions
	known     []dbesdkName   // in the order of their paths
	index     map[string]int // name to its place in known
}

type dbesdkName struct {
	name       string
	action     Action
	path       []byte // canonical path
	contextKey string // of the attribute's entry in the encryption context
}

func newDBESDKName(table, name string, action Action) (*dbesdkName, error) {
	path, err := codec.AppendPath(nil, table, name)
	if err != nil {
		return nil, err
	}
	return &dbesdkName{name: name, action: action, path: path, contextKey: contextAttribute + name}, nil
}

// A dbesdkField is one signed attribute of an item.
type dbesdkField struct {
	*dbesdkName
	action Action // on reading that of the item's legend
	value  types.AttributeValue

	// terminal is what is signed: the serialized value, or type id, ciphertext
	// and tag.
	terminal []byte
}

// of returns the action of an attribute that is not among those known.
func (a *dbesdkActions) of(name string) Action {
	if a.options.unsigned(name) {
		return DoNothing
	}
	return a.byDefault
}

// toWrite returns the attributes of item that are signed, in the order of their
// paths. Reserved names and names without an action give an error.
func (a *dbesdkActions) toWrite(item map[string]types.AttributeValue) ([]dbesdkField, error) {
	return a.fields(item, func(name string) (Action, error) {
		switch act := a.of(name); {
		case strings.HasPrefix(name, DBESDKPrefix), strings.HasPrefix(name, contextPrefix):
			return 0, fmt.Errorf("attribute name %q is reserved", name)
		case act == 0:
			return 0, fmt.Errorf("attribute %q has no action", name)
		default:
			return act, nil
		}
	})
}

// toRead is toWrite for a stored item: every attribute is taken for signed that
// is not allowed to be unsigned. DB-ESDK spec: "Decrypting an item, order of
// checks", 6.
func (a *dbesdkActions) toRead(item map[string]types.AttributeValue) ([]dbesdkField, error) {
	return a.fields(item, func(name string) (Action, error) {
		if act := a.of(name); act == DoNothing || strings.HasPrefix(name, DBESDKPrefix) {
			return DoNothing, nil
		}
		return SignOnly, nil
	})
}

// fields finds what the table's actions name in order; only other names, which
// unknown decides on, are sorted.
func (a *dbesdkActions) fields(item map[string]types.AttributeValue, unknown func(name string) (Action, error)) ([]dbesdkField, error) {
	fields := make([]dbesdkField, 0, len(item))
	found := 0
	for i := range a.known {
		n := &a.known[i]
		v, ok := item[n.name]
		if !ok {
			continue
		}
		found++
		if n.action != DoNothing {
			fields = append(fields, dbesdkField{dbesdkName: n, action: n.action, value: v})
		}
	}
	if found == len(item) {
		return fields, nil
	}
	ordered := len(fields)
	for name, v := range item {
		if _, ok := a.index[name]; ok {
			continue
		}
		act, err := unknown(name)
		if err != nil {
			return nil, err
		}
		if act == DoNothing {
			continue
		}
		n, err := newDBESDKName(a.table, name, act)
		if err != nil {
			return nil, err
		}
		fields = append(fields, dbesdkField{dbesdkName: n, action: act, value: v})
	}
	if len(fields) > ordered {
		slices.SortFunc(fields, func(x, y dbesdkField) int { return codec.ComparePaths(x.name, y.name) })
	}
	return fields, nil
}

// fieldKeys derive the key and the nonce of each encrypted attribute of an item
// from its field root. DB-ESDK spec: "Key derivation and field encryption".
type fieldKeys struct {
	block   cipher.Block
	count   uint32              // of attributes so far
	counter [aes.BlockSize]byte // here, since what a Block is given escapes
}

const (
	fieldCounter = "AwsDbeField\x2c" // followed by 4 bytes, big-endian: 3 * the attribute's number
	fieldBlocks  = 3                 // blocks of key stream that an attribute takes: 44 bytes are used
)

// maxFields is how many attributes have counters of 32 bits.
const maxFields = 1431655765

func newFieldKeys(root []byte) (*fieldKeys, error) {
	block, err := aes.NewCipher(root)
	if err != nil {
		return nil, fmt.Errorf("ddbenc: field root: %w", err)
	}
	k := &fieldKeys{block: block}
	copy(k.counter[:], fieldCounter)
	return k, nil
}

// next returns what encrypts the next attribute. The nonce is valid until the
// next call.
func (k *fieldKeys) next(stream *[fieldBlocks * aes.BlockSize]byte) (aead cipher.AEAD, nonce []byte, err error) {
	if k.count >= maxFields {
		return nil, nil, fmt.Errorf("%w: too many attributes", ErrInvalidItem)
	}
	for i := range fieldBlocks {
		binary.BigEndian.PutUint32(k.counter[len(fieldCounter):], fieldBlocks*k.count+uint32(i))
		k.block.Encrypt(stream[i*aes.BlockSize:], k.counter[:])
	}
	k.count++
	if aead, err = newGCM(stream[:DataKeySize]); err != nil {
		return nil, nil, fmt.Errorf("ddbenc: field key: %w", err)
	}
	return aead, stream[DataKeySize : DataKeySize+gcmNonceSize], nil
}

package keyring

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// The attributes of one row of a key table:
//
//	N       S   material name                      signed
//	V       N   version, not negative              signed
//	t       S   type of the row, always "0"        encrypted
//	encAlg  S   "AES"                              encrypted
//	enc     B   wrapping key, 32 bytes when new    encrypted
//	intAlg  S   "HmacSHA256"                       encrypted
//	int     B   signing key, 32 bytes when new     encrypted
//
// Spec: Meta store, "Item".
const (
	rowName    = "N"
	rowVersion = "V"
	rowType    = "t"
	rowEncAlg  = "encAlg"
	rowEnc     = "enc"
	rowIntAlg  = "intAlg"
	rowInt     = "int"

	rowTypeZero = "0"
)

// rowEncryptor returns what protects the rows.
func rowEncryptor(protect crypt.Provider, c metaConfig) (crypt.Encryptor, error) {
	actions := map[string]crypt.Action{rowName: crypt.SignOnly, rowVersion: crypt.SignOnly}
	for _, name := range c.signOnly {
		if slices.Contains([]string{rowType, rowEncAlg, rowEnc, rowIntAlg, rowInt}, name) {
			return nil, fmt.Errorf("%w: attribute %q of a key table has to be encrypted", crypt.ErrConfig, name)
		}
		actions[name] = crypt.SignOnly
	}
	return crypt.NewDDBEC(protect).ForTable(crypt.Table{
		Name: c.signedName, PartitionKey: rowName, SortKey: rowVersion,
		Actions: crypt.Actions{Default: crypt.EncryptAndSign, Attributes: actions},
	})
}

func rowKey(name string, version int64) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		rowName:    &types.AttributeValueMemberS{Value: name},
		rowVersion: &types.AttributeValueMemberN{Value: strconv.FormatInt(version, 10)},
	}
}

// newRow makes the keys of a version. Extra attributes replace standard ones of
// the same name, as in Java, but not the row's key.
func newRow(ctx context.Context, c metaConfig, name string, version int64) (map[string]types.AttributeValue, error) {
	enc, mac := make([]byte, 32), make([]byte, 32)
	rand.Read(enc) // never fails
	rand.Read(mac)
	row := map[string]types.AttributeValue{
		rowType:   &types.AttributeValueMemberS{Value: rowTypeZero},
		rowEncAlg: &types.AttributeValueMemberS{Value: "AES"},
		rowEnc:    &types.AttributeValueMemberB{Value: enc},
		rowIntAlg: &types.AttributeValueMemberS{Value: "HmacSHA256"},
		rowInt:    &types.AttributeValueMemberB{Value: mac},
	}
	if c.extra != nil {
		extra, err := c.extra(ctx, name, version)
		if err != nil {
			return nil, err
		}
		maps.Copy(row, extra)
	}
	maps.Copy(row, rowKey(name, version))
	return row, nil
}

// isRow reports whether a decrypted row is that of name and version.
func isRow(row map[string]types.AttributeValue, name string, version int64) bool {
	n, ok := row[rowName].(*types.AttributeValueMemberS)
	if !ok || n.Value != name {
		return false
	}
	v, ok := row[rowVersion].(*types.AttributeValueMemberN)
	if !ok {
		return false
	}
	got, err := parseVersion(v.Value)
	return err == nil && got == version
}

// providerOf returns the provider of a decrypted row. Old rows have shorter keys.
func providerOf(row map[string]types.AttributeValue, name string, version int64) (*Wrapped, error) {
	fail := func(err error) error {
		return fmt.Errorf("version %d of material %q: %w", version, name, err)
	}
	text := func(attr string) string {
		s, _ := row[attr].(*types.AttributeValueMemberS)
		if s == nil {
			return ""
		}
		return s.Value
	}
	key := func(attr string) []byte {
		b, _ := row[attr].(*types.AttributeValueMemberB)
		if b == nil {
			return nil
		}
		return b.Value
	}
	if t := text(rowType); t != rowTypeZero {
		return nil, fail(fmt.Errorf("%w: row is of another type than %q", crypt.ErrUnsupported, rowTypeZero))
	}
	if alg := text(rowEncAlg); alg != "AES" && alg != "AESWrap" {
		return nil, fail(fmt.Errorf("%w: wrapping key is not for AES", crypt.ErrUnsupported))
	}
	wrapping, err := NewAESWrappingKey(key(rowEnc))
	if err != nil {
		return nil, fail(fmt.Errorf("%w: wrapping key of %d bytes", crypt.ErrUnsupported, len(key(rowEnc))))
	}
	signing, err := crypt.NewHMACKey(text(rowIntAlg), key(rowInt), crypt.AllowWeakKey())
	if err != nil {
		return nil, fail(fmt.Errorf("%w: signing key of %d bytes, or its algorithm", crypt.ErrUnsupported, len(key(rowInt))))
	}
	p, err := NewWrappedKeys(WrappedKeys{Wrapping: wrapping, Unwrapping: wrapping, Signing: signing},
		WithDescription(map[string]string{descMetaID: materialVersion{name, version}.String()}))
	if err != nil {
		return nil, fail(err)
	}
	return p, nil
}

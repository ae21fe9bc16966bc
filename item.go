package ddbenc

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// EncryptItem and DecryptItem, in errors. DynamoDB has no such operations.
const (
	opEncryptItem = "EncryptItem"
	opDecryptItem = "DecryptItem"
)

// EncryptItem returns the item that [Table.Put] would store of v, without storing
// it: for an import, or a program that writes by other means. The network is used
// only if the source of keys does so. What Put would refuse is refused, with an
// error that wraps [ErrRefused] or [ErrInvalidItem].
//
// If T has a version, the item has the one that v has, or 1 if that is 0, since
// there is no stored item to compare it with. v is left as it is.
func (t *Table[T]) EncryptItem(ctx context.Context, v *T, opts ...EncryptOption) (map[string]types.AttributeValue, error) {
	plain, err := t.binder.encode(v)
	if err != nil {
		return nil, t.core.opError(opEncryptItem, err)
	}
	if t.version != nil {
		n, err := t.version.of(v)
		if err != nil {
			return nil, t.core.opError(opEncryptItem, err)
		}
		plain[t.version.name] = t.version.value(max(n, 1))
	}
	return t.core.encryptItem(ctx, plain, opts)
}

// DecryptItem verifies and decrypts a stored item that was read by other means:
// from an export, a stream, or an event. It is what [Table.Get] does with what
// DynamoDB returned. stored is left as it is.
//
// A signature says that an item is genuine, not that it is the one that was meant:
// give [UnderKey] if the key is known. If the item can't be verified, decrypted or
// read, the error is an [*ItemError] and nothing of it is returned.
func (t *Table[T]) DecryptItem(ctx context.Context, stored map[string]types.AttributeValue, opts ...DecryptOption) (*T, error) {
	c := decryptCall(opts)
	r := &refusals{op: opDecryptItem, table: t.core.name}
	key := t.underKey(r, &c)
	plain, err := t.core.decryptItem(ctx, r, &c, key, stored)
	if err != nil {
		return nil, err
	}
	return t.decode(opDecryptItem, plain)
}

// KeyAttributes returns the attributes of a primary key, as DynamoDB's requests have
// them. A key that does not fit the table is refused, with an error that wraps
// [ErrRefused]: a value that does not fit its field, a missing attribute, or one too
// many.
func (t *Table[T]) KeyAttributes(key PrimaryKey) (map[string]types.AttributeValue, error) {
	r := &refusals{op: "KeyAttributes", table: t.core.name}
	attributes, err := t.core.checkedKey(r, t.keys.attributes(r, key))
	return maps.Clone(attributes), err
}

// underKey returns the attributes of the key that UnderKey gave, or nil.
func (t *Table[T]) underKey(r *refusals, c *call) item {
	if c.under == nil {
		return nil
	}
	return t.keys.attributes(r, *c.under)
}

// EncryptItem encrypts and signs an item as [Table.EncryptItem] does. plain is left
// as it is.
func (t *RawTable) EncryptItem(ctx context.Context, plain map[string]types.AttributeValue, opts ...EncryptOption) (map[string]types.AttributeValue, error) {
	return t.core.encryptItem(ctx, plain, opts)
}

// DecryptItem verifies and decrypts a stored item as [Table.DecryptItem] does. Of
// keys, it takes those that [RawKey] made.
func (t *RawTable) DecryptItem(ctx context.Context, stored map[string]types.AttributeValue, opts ...DecryptOption) (map[string]types.AttributeValue, error) {
	c := decryptCall(opts)
	r := &refusals{op: opDecryptItem, table: t.core.name}
	var key item
	if c.under != nil {
		key = rawAttributes(r, *c.under)
	}
	return t.core.decryptItem(ctx, r, &c, key, stored)
}

// KeyAttributes returns the attributes of a primary key that [RawKey] made, checked
// as [Table.KeyAttributes] does.
func (t *RawTable) KeyAttributes(key PrimaryKey) (map[string]types.AttributeValue, error) {
	r := &refusals{op: "KeyAttributes", table: t.core.name}
	attributes, err := t.core.checkedKey(r, rawAttributes(r, key))
	return maps.Clone(attributes), err
}

// UnderKey refuses an item that is not the one under key, although it may be
// genuine: the error is an [*ItemError] that wraps [ErrVerify]. It is for items from
// where someone may have exchanged one for another. The default is to take any
// genuine item of the table.
func UnderKey(key PrimaryKey) DecryptOption {
	return option(func(c *call) { c.under = &key })
}

func decryptCall(opts []DecryptOption) (c call) {
	for _, opt := range opts {
		opt.applyDecrypt(&c)
	}
	return c
}

// rawAttributes returns the attributes of a key that RawKey made, and refuses
// another one: without a type there is nothing to marshal it by.
func rawAttributes(r *refusals, key PrimaryKey) item {
	if key.attributes == nil {
		r.add("the key has no attribute names: make it with RawKey")
	}
	return key.attributes
}

// encryptItem encrypts an item that is written by other means than this package's.
func (c *core) encryptItem(ctx context.Context, plain item, opts []EncryptOption) (_ item, err error) {
	defer c.tellRefused(ctx, opEncryptItem, &err)
	var o call
	for _, opt := range opts {
		opt.applyEncrypt(&o)
	}
	r := &refusals{op: opEncryptItem, table: c.name}
	c.shape.checkItem(r, plain)
	if err := r.err(); err != nil {
		return nil, err
	}
	sealed, err := c.encrypt(ctx, c.encryptor(o.encryptor), opEncryptItem, plain)
	if err != nil {
		return nil, c.opError(opEncryptItem, err)
	}
	return sealed, nil
}

// decryptItem opens an item that was read by other means than this package's. r has
// what is wrong with key already, which is nil if any item will do.
func (c *core) decryptItem(ctx context.Context, r *refusals, o *call, key, stored item) (_ item, err error) {
	defer c.tellRefused(ctx, opDecryptItem, &err)
	if o.under == nil {
		return c.open(ctx, c.encryptor(o.encryptor), opDecryptItem, stored)
	}
	if _, err := c.checkedKey(r, key); err != nil {
		return nil, err
	}
	return c.openAt(ctx, c.encryptor(o.encryptor), opDecryptItem, key, stored)
}

// checkedKey returns key if it is one of the table. r has what is wrong with it
// already; if there is anything, key is not looked at.
func (c *core) checkedKey(r *refusals, key item) (item, error) {
	if len(r.errs) == 0 {
		c.shape.checkKey(r, key)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return key, nil
}

// Package ddbenc keeps the items of a DynamoDB table encrypted on the client's
// side. A struct says what is secret, and a [Table] of it marshals, encrypts,
// signs, stores, verifies and decrypts.
//
// Most programs need [NewTable], [Key] and the methods of [Table], a source of
// keys from package keyring, and a format from package crypt:
//
//	keys, err := keyring.NewRawAES("my-program", "key-1", key)
//	patients, err := ddbenc.NewTable[Patient](db, "patients", crypt.NewDBESDK(keys))
//	err = patients.Put(ctx, &Patient{ID: "p-1", Name: "Ada"})
//	p, err := patients.Get(ctx, ddbenc.Key("p-1"))
//
// Code that was written for a plain *dynamodb.Client keeps its calls and gets
// encryption through [Encrypted].
//
// # Tags
//
// What a type stores and what of it is protected is its schema: [SchemaOf] has the
// tags, and prints the result. A tag that can't be read is an error when the table
// is opened, never a default.
//
// # What is refused
//
// DynamoDB sees ciphertext where an attribute is encrypted, and a signature covers
// a whole item. A request that would compare an encrypted attribute, return a part
// of an item, or store plaintext is refused before it is sent, with an error that
// wraps [ErrRefused] and names the attribute and the way out. What is supported is
// a closed list: whatever is not on it is refused too. A part of an item, with
// nothing secret in it, is read by a [NewUnverifiedReader], whose results say that
// nobody checked them.
//
// # Errors
//
// Branch on the sentinels with errors.Is: [ErrNotFound], [ErrConditionFailed],
// [ErrVerify], [ErrPageToken] and their like; errors of the AWS SDK stay reachable
// with errors.As.
// No error holds a key, a plaintext or, unless the table was opened with
// [ShowKeys], an attribute's value.
//
// # Packages
//
//	stream      what changed in a table: Lambda, DynamoDB Streams, exports
//	ddbenc      tables, tags, schemas, encryption inside an SDK client
//	keyring     where keys come from: given ones, AWS KMS, key tables, branch keys
//	crypt       one item in, one item out, in each format and from one to another
//	codec       attribute values and bytes, both ways; no keys
//	hook        what a program can learn of the work; hookslog logs it
//	ddbenctest  DynamoDB and KMS inside the process, and checks, for tests
//
// Imports point down this list, ddbenctest aside, which imports what it tests with.
// Packages crypt and codec are useful without a table.
//
// # Compatibility
//
// Items are those of the AWS Database Encryption SDK for DynamoDB in Java, .NET and
// Rust, or of its predecessor, the Amazon DynamoDB Encryption Client for Python and
// Java, byte for byte. They stay readable by later versions of this package.
package ddbenc

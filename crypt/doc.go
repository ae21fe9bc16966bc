// Package crypt encrypts, signs, verifies and decrypts DynamoDB items, one at a
// time. It knows neither tables nor networks: package ddbenc, which most programs
// use instead, calls it for every item that it reads or writes. By itself it
// serves programs that hold items already: a Lambda, an export, an import.
//
//	enc, err := crypt.NewDDBEC(provider).ForTable(crypt.Table{
//		Name:         "patients",
//		PartitionKey: "id",
//		Actions:      crypt.Actions{Default: crypt.EncryptAndSign},
//	})
//	stored, err := enc.Encrypt(ctx, item)
//
// # Formats
//
// [NewDDBEC] is the format of the Amazon DynamoDB Encryption Client (DDBEC) for
// Python and Java. An encrypted attribute keeps its name and becomes binary; the
// item gets two more attributes, [DDBECDescription] and [DDBECSignature]. What
// was once written stays readable by later versions of this package.
//
// [NewDBESDK] is the format of its successor, the AWS Database Encryption SDK for
// DynamoDB (DB-ESDK) for Java, .NET and Rust, with attributes [DBESDKHeader] and
// [DBESDKFooter]. The header commits to the data key and keeps the action of each
// signed attribute, so items stay readable when actions change. Searchable
// encryption is not supported, but items that have it are read, without the
// attributes that it added.
//
// [Migrate] is for the time in which items of both formats, or plaintext, are in one
// table.
//
// # What is protected
//
// Names and stored values of signed attributes are authentic, and belong to this
// table's name. Encrypted values are secret, except for their length (with DDBEC
// to the next multiple of 16 bytes) and, with DB-ESDK, their type. Not secret:
// names of tables and attributes, key attributes, signed and untouched values, and
// the material description or header. Not authentic: attributes with the action
// [DoNothing], the material description, and time: an older version of an item,
// signature and all, is accepted.
//
// # Errors
//
// Errors hold names of attributes, sizes and algorithms, never a key, a
// plaintext or the value of an attribute. Branch on the sentinels, [ErrVerify]
// first among them, with errors.Is.
package crypt

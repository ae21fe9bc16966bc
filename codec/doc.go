// Package codec turns DynamoDB attribute values into bytes and back. It holds no
// keys and does no I/O: what it writes is what package crypt encrypts and signs.
// Most users need neither this package nor its functions; they are for tools that
// read stored items, and for tests.
//
// # The DDBEC form
//
// [AppendDDBEC] and [DecodeDDBEC] are the serialization of the Amazon DynamoDB
// Encryption Client (DDBEC spec, "Attribute value serialization"), and
// [AppendDescription] and [DecodeDescription] that of its material description
// ("Material description"). A serialized value is the plaintext of an encrypted
// attribute and, hashed, a part of what is signed, so each value has one spelling:
// numbers are canonical, sets and map keys sorted.
//
// # The DB-ESDK form
//
// [AppendDBESDK] and [DecodeDBESDK] are the serialization of the AWS Database
// Encryption SDK for DynamoDB (DB-ESDK spec, "Attribute value -> terminal");
// [AppendPath], [AppendContext], [AppendDBESDKHeader] and [AppendDBESDKFooter] are
// the other things that it signs or stores. It has one order only.
//
// # Two orders
//
// The Java and Python clients sort differently. [JavaOrder] is what this project
// writes; [PythonOrder] is for verifying what Python wrote, and for fleets that
// Python must read. [OrdersDiffer] and [NameOrdersDiffer] tell the rare values and
// names on which the two disagree.
//
// # Numbers
//
// A DynamoDB number is decimal text and stays that: [CanonicalNumber] works on its
// digits, and nothing in this package passes a number through a float. 38 digits
// go in and come out.
//
// # JSON
//
// [MarshalItem] and [UnmarshalItem] are DynamoDB JSON, the form of items in
// exports, streams and tests: {"name":{"S":"text"},"age":{"N":"42"}}.
//
// # Hostile input
//
// Decoders take bytes from anyone. Lengths, counts and depth are checked against
// what is left before anything is allocated, so that decoding takes memory in
// proportion to its input; bytes after the value are refused; the result never
// aliases the input. Encoders are given values by the program and refuse what has
// no encoding. Both return errors wrapping [ErrMalformed] or [ErrInvalid] that say
// where and why, without quoting the value.
//
// # Concurrency
//
// Every function may be called from many goroutines at once, as long as nobody
// changes its arguments meanwhile.
//
// # Compatibility
//
// Bytes once written stay readable: what a release encodes, every later one
// decodes, and a value's encoding does not change.
package codec

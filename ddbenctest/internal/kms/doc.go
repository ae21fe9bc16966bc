// Package kms is an AWS Key Management Service inside the process, for tests and
// demonstrations. [Engine] keeps the keys, [Engine.Handler] speaks the service's
// JSON 1.1 protocol (X-Amz-Target: TrentService.…), so that the AWS SDKs talk to
// it unchanged. Standard library only.
//
// # Keys
//
// Keys live per Region, and the Region is the one in the credential scope of the
// request's signature, as with the real service; signatures are not checked. A
// key is named by id, key ARN, alias name or alias ARN. Symmetric, RSA, NIST
// elliptic-curve and HMAC keys are there, and multi-Region keys with replicas.
// Key material comes from crypto/rand, or from the test: see [KeySpec].
//
// # Ciphertext
//
// A symmetric ciphertext is AES-256-GCM, bound to its key, to the version of the
// key material and to the encryption context; blob.go shows the bytes. They are
// this package's own: the real service cannot read them, nor the reverse.
//
// # What it leaves out
//
// Every caller may do everything. Key policies, grants and grant tokens are
// recorded and handed back, never enforced; [Fault] gives AccessDeniedException
// when a test wants it. Imported key material, custom key stores, enclaves
// (Recipient) and the key specs that the standard library lacks are refused with
// UnsupportedOperationException, other operations with UnknownOperationException.
//
// # Security
//
// Keys stay in memory and die with the process. Nothing here is meant to protect
// data: it is an answer machine whose answers have the right shape.
package kms

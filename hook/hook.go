// Package hook has what a program can learn of the work of ddbenc: how many items
// were encrypted and decrypted, how large they were and how long it took, which
// failed, which requests were refused, which changes were tried again, and which
// keys were loaded.
//
// A [Hooks] is a set of functions, any of which may be nil. It is given to tables by
// ddbenc.WithHooks and to what loads keys by keyring.WithHooks; one value can serve
// all of them:
//
//	seen := &hook.Hooks{
//		Failed: func(ctx context.Context, e hook.Item) {
//			log.Printf("%s on %s: %v", e.Op, e.Table, e.Err)
//		},
//	}
//
// Packages hookslog and hookotel make one for log/slog and for OpenTelemetry.
//
// # What is told
//
// Names of tables, indexes, attributes and keys, sizes, times, and errors by what
// they are. No event has the value of an attribute or a byte of a key: what is not
// there can't end up in a log.
//
// # Calls
//
// Functions are called from many goroutines at once, in the goroutine that does the
// work, which waits for them: they should be quick. They are called after what they
// tell of, and with no lock held. One that panics is stopped there, and what it was
// called for goes on as if it had returned: see [Hooks.Panicked].
//
// The context is that of the call that the work was done for, with its values. A
// context that a key is loaded with may outlive the call, since other callers may
// wait for the same key.
package hook

import (
	"context"
	"time"
)

// Hooks are the functions that are called, each for one kind of event. Those that
// are nil are not. More may be added: name the fields that you set. A Hooks must not
// be changed once it was given to something.
type Hooks struct {
	// Encrypted is called for each item that was encrypted, before it is sent.
	Encrypted func(context.Context, Item)

	// Decrypted is called for each item that was read, verified and decrypted, and
	// is the one that was asked for.
	Decrypted func(context.Context, Item)

	// Failed is called for each item that could not be encrypted, or that was read
	// and could not be verified and decrypted, or is another one than was asked
	// for. Item.Err says why.
	Failed func(context.Context, Item)

	// Refused is called for each call that ended with ddbenc.ErrRefused.
	Refused func(context.Context, Refusal)

	// Retried is called before something is tried again, and when it is given up
	// since it was tried too often.
	Retried func(context.Context, Retry)

	// KeyLoaded is called each time that keys were asked for, of a key service, a
	// table of keys, or a cache.
	KeyLoaded func(context.Context, KeyLoad)

	// Panicked is called with what another function panicked with, and must not
	// panic itself. If it is nil, panics are dropped.
	Panicked func(value any)
}

// What was done with an [Item].
const (
	Encrypt = "encrypt"
	Decrypt = "decrypt"
)

// An Item is one item that was encrypted or decrypted, or could not be.
type Item struct {
	Table  string // physical table name or ARN, as the table was opened
	Index  string // name of the index that it was read from, or empty
	Op     string // DynamoDB operation, such as "PutItem", or EncryptItem or DecryptItem of ddbenc
	Action string // Encrypt or Decrypt

	// Attributes and Bytes are the size of the item as stored, with what encryption
	// added, in bytes as DynamoDB counts them, but that it may count a few more for
	// numbers. If the item could not be encrypted, they are those of the plaintext.
	Attributes int
	Bytes      int

	// Duration is the time for all of it, the wait for keys included.
	Duration time.Duration

	// Err is nil if all went well. Else errors.Is finds in it what the call's error
	// wraps; its text says no more than that. See [Reason].
	Err error
}

// A Refusal is a call that was not made, or not to its end, since it could have
// stored plaintext, compared ciphertext, returned what can't be verified, or been
// rejected.
type Refusal struct {
	Table string // physical table name or ARN; empty if it can't be told
	Op    string // DynamoDB operation, such as "PutItem"

	// Err wraps ddbenc.ErrRefused. Its text names attributes, and the way out, and
	// has no values.
	Err error
}

// Why something is tried again.
const (
	Conflict    = "conflict"    // others write to the item
	Throttled   = "throttled"   // the service has too much to do
	Unprocessed = "unprocessed" // the service left a part of a batch
)

// A Retry is something that did not succeed and can be tried again. Retries of the
// SDK are not told.
type Retry struct {
	// Table is the physical table name or ARN. A transaction is told to the hooks
	// of each of its tables, with the name of that one.
	Table string

	Op     string // DynamoDB operation, such as "UpdateItem"
	Reason string // Conflict, Throttled or Unprocessed

	// Attempt is the one that did not succeed, counted from 1; of a batch, from the
	// last one that got something done. There will be no other if GaveUp.
	Attempt int
	GaveUp  bool
}

// A KeyLoad is a question for keys and what became of it.
type KeyLoad struct {
	// Provider is the type in package keyring that asked, such as "KMS" or
	// "MostRecent".
	Provider string

	// Op is what was asked, by the name of the KMS operation or of the method, such
	// as "GenerateDataKey" or "MaxVersion".
	Op string

	// Key names the key: the KMS key, as it was configured, the material and its
	// version, or the id of the branch key. There can be as many as there are
	// tenants. It is never the key.
	Key string

	// Cached says that the answer came from memory. Duration is 0 then.
	Cached   bool
	Duration time.Duration

	// Err is nil if there was an answer, and else as in [Item].
	Err error
}

package crypt

import (
	"errors"
	"fmt"
)

// What a caller can decide on. Every error of this package, and of a well
// written [Provider] or [Keyring], wraps one of these, a context's error, or an error of the
// key service it called.
var (
	// ErrNotSigned reports an item that has no signature: it was stored in
	// plaintext, or its signature was removed or has the wrong type.
	ErrNotSigned = errors.New("ddbenc: item is not signed")

	// ErrVerify reports an item that is not what its writer signed, or whose
	// keys don't fit. It is one error, with one text, for every failure from
	// unwrapping the content key to decrypting the last attribute, so that it
	// teaches nothing to someone who forges items.
	ErrVerify = errors.New("ddbenc: item failed verification")

	// ErrMalformed reports a material description that can't be read, or a
	// DB-ESDK item whose header, footer or attributes can't, or that lacks one
	// of its key attributes.
	ErrMalformed = errors.New("ddbenc: item is malformed")

	// ErrNoKey reports that the provider holds no key for what was asked: no
	// content key for an attribute that is encrypted, or a verify-only key
	// asked to sign. A keyring holds none if no data key of the item is for it,
	// or, wrapping ErrVerify too, if one is and can't be decrypted.
	ErrNoKey = errors.New("ddbenc: no key for this item")

	// ErrKeyRefused reports that a key can't be used now: it is disabled, it
	// waits for its deletion, or this program may not use it. The same holds
	// for a table of keys that may not be read or written.
	ErrKeyRefused = errors.New("ddbenc: key may not be used")

	// ErrUnavailable reports that a key service or a table of keys gave no
	// answer: throttling that didn't end, a time-out, a network error. It may
	// help to try again later.
	ErrUnavailable = errors.New("ddbenc: keys are unavailable")

	// ErrUnsupported reports an algorithm, cipher mode or wrapping that is
	// unknown or not allowed here.
	ErrUnsupported = errors.New("ddbenc: unsupported algorithm")

	// ErrInvalidItem reports an item that can't be encrypted: a value that the
	// format can't hold, or a reserved attribute name.
	ErrInvalidItem = errors.New("ddbenc: item can't be encrypted")

	// ErrConfig reports keys, actions or names that can't work together. It
	// comes from constructors and from [Format.ForTable], and for an item only
	// if a function that was given to them returned what can't be used.
	ErrConfig = errors.New("ddbenc: bad configuration")
)

// An AttributeError says which attribute could not be handled. Values never
// enter its text.
type AttributeError struct {
	Op   string // "encrypt", "sign", "verify" or "decrypt"
	Name string // attribute name
	Err  error
}

func (e *AttributeError) Error() string {
	return fmt.Sprintf("ddbenc: %s attribute %q: %v", e.Op, e.Name, e.Err)
}

func (e *AttributeError) Unwrap() error { return e.Err }

// configErrors collects all that is wrong with a configuration.
type configErrors []error

// addf adds an error that wraps [ErrConfig].
func (e *configErrors) addf(format string, args ...any) {
	*e = append(*e, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
}

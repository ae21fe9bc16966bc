package kms

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Request is what the engine noted of one call: names and contexts, as sent,
// and never plaintext, ciphertext or a message.
type Request struct {
	Time      time.Time // the engine's
	Operation string    // such as "GenerateDataKey"
	Region    string
	UserAgent string

	KeyID             string            // as sent: id, ARN or alias; DestinationKeyId of ReEncrypt; TargetKeyId of CreateAlias
	EncryptionContext map[string]string // as sent; DestinationEncryptionContext of ReEncrypt; nil when absent
	GrantTokens       []string          // as sent

	SourceKeyID             string            // ReEncrypt
	SourceEncryptionContext map[string]string // ReEncrypt

	Algorithm     string // EncryptionAlgorithm, SigningAlgorithm, MacAlgorithm or KeyAgreementAlgorithm as sent
	NumberOfBytes int    // of a data key, as sent
	KeySpec       string // of a data key or a data key pair, as sent

	Error string // the error's code; "" for a call that succeeded
}

// String shows what a test's failure needs: operation, Region, key and how it
// ended. An encryption context may hold key attributes' values, so of it only the
// names are shown; of grant tokens only how many.
func (r Request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s", r.Operation, r.Region)
	if r.KeyID != "" {
		fmt.Fprintf(&b, " of %s", r.KeyID)
	}
	if len(r.EncryptionContext) > 0 {
		fmt.Fprintf(&b, " with context of %q", slices.Sorted(maps.Keys(r.EncryptionContext)))
	}
	if len(r.GrantTokens) > 0 {
		fmt.Fprintf(&b, " and %d grant tokens", len(r.GrantTokens))
	}
	if r.Error != "" {
		fmt.Fprintf(&b, ": %s", r.Error)
	}
	return b.String()
}

// requestLog keeps the calls in the order in which they were answered.
type requestLog struct {
	off bool

	mu       sync.Mutex
	requests []Request
}

func (l *requestLog) add(r Request) {
	if l.off {
		return
	}
	l.mu.Lock()
	l.requests = append(l.requests, r)
	l.mu.Unlock()
}

// Requests returns the calls so far, oldest first, as a copy.
func (e *Engine) Requests() []Request {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	return slices.Clone(e.log.requests)
}

// ForgetRequests empties the log.
func (e *Engine) ForgetRequests() {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.log.requests = nil
}

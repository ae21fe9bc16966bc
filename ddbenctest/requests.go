package ddbenctest

import (
	"bytes"
	"encoding/base64"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/wire"
)

// maxLog is how many bytes of request bodies an engine keeps.
const maxLog = 256 << 20

// A Request is one request as the engine received it.
type Request struct {
	Time      time.Time // the engine's
	Operation string    // such as "PutItem"
	Tables    []string  // that it names, when it could be read
	Body      []byte    // DynamoDB JSON, as sent; not to be changed
}

// requestLog keeps requests in the order in which they came.
type requestLog struct {
	off bool

	mu       sync.Mutex
	requests []Request
	bytes    int
	dropped  int
}

func (l *requestLog) add(r Request) {
	if l.off {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, r)
	l.bytes += len(r.Body)
	n := 0
	for l.bytes > maxLog && n < len(l.requests)-1 {
		l.bytes -= len(l.requests[n].Body)
		n++
	}
	if n > 0 {
		l.dropped += n
		l.requests = slices.Clone(l.requests[n:])
	}
}

// observe notes a request and returns what becomes of it.
func (e *Engine) observe(r wire.Request) wire.Effect {
	if e.hook != nil || !e.log.off {
		noted := Request{Time: e.Now(), Operation: r.Operation, Tables: r.Tables, Body: r.Body}
		e.log.add(noted)
		if e.hook != nil {
			e.hook(noted)
		}
	}
	return e.faults.meet(r).effect()
}

// Requests returns the requests so far, oldest first, as a copy. Of more than 256
// MB of bodies the oldest are gone.
func (e *Engine) Requests() []Request {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	return slices.Clone(e.log.requests)
}

// ForgetRequests empties the log.
func (e *Engine) ForgetRequests() {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.log.requests, e.log.bytes, e.log.dropped = nil, 0, 0
}

// RequireNoPlaintext fails the test if any request that e has received holds one
// of the secrets: as it is, escaped as JSON escapes it, or as part of a Base64
// text, wherever in it the secret begins. It fails, too, when it can't tell: for an
// engine that keeps no log or had to drop some of it, and for a log that is empty.
// A secret of less than 4 bytes is refused, as it may be in any ciphertext.
func RequireNoPlaintext(t testing.TB, e *Engine, secrets ...string) {
	t.Helper()
	e.log.mu.Lock()
	requests, dropped := slices.Clone(e.log.requests), e.log.dropped
	e.log.mu.Unlock()
	switch {
	case e.log.off:
		t.Fatalf("RequireNoPlaintext: the engine keeps no log of requests")
	case dropped > 0:
		t.Fatalf("RequireNoPlaintext: the log holds no more than %d bytes; %d requests were dropped", maxLog, dropped)
	case len(requests) == 0:
		t.Fatalf("RequireNoPlaintext: the engine has received no requests")
	}
	for i, secret := range secrets {
		if len(secret) < 4 {
			t.Fatalf("RequireNoPlaintext: secret %d is %d bytes, want at least 4", i, len(secret))
		}
		forms := plaintextForms(secret)
		for _, r := range requests {
			for name, form := range forms {
				if bytes.Contains(r.Body, form) {
					t.Errorf("secret %d is in the body of %s %v, %s", i, r.Operation, r.Tables, name)
				}
			}
		}
	}
}

// plaintextForms returns what to look for in a body, by how it is told.
func plaintextForms(secret string) map[string][]byte {
	forms := map[string][]byte{
		"as it is":           []byte(secret),
		"as JSON escapes it": jsonForm(secret),
	}
	// In Base64, three bytes are four characters: depending on where in the
	// whole a secret begins, its text is one of three. The characters that also
	// depend on its neighbours are cut off.
	for shift, name := range []string{"in Base64", "in Base64, shifted by 1", "in Base64, shifted by 2"} {
		padded := append(make([]byte, shift), secret...)
		encoded := base64.StdEncoding.EncodeToString(padded)
		start := []int{0, 2, 3}[shift]
		end := len(padded) / 3 * 4
		if end-start >= 4 {
			forms[name] = []byte(encoded[start:end])
		}
	}
	return forms
}

// jsonForm returns s as encoders write it inside a JSON string.
func jsonForm(s string) []byte {
	quoted := attr.AppendString(nil, s)
	return quoted[1 : len(quoted)-1]
}

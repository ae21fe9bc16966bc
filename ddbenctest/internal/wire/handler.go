// Package wire speaks DynamoDB's protocol for package engine: JSON 1.0 over
// HTTP, the operation in the X-Amz-Target header. It reads requests into the
// engine's structures, checks the constraints on their members, and writes
// results and errors as clients of the service parse them.
package wire

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

// maxBody is the size of a request that the service reads at most.
const maxBody = 16 << 20

// A Handler serves an engine over HTTP. It is safe for concurrent use.
type Handler struct {
	Engine *engine.Engine

	// Observe, if not nil, sees every request that came with a target before it
	// is served, and may change what becomes of it.
	Observe func(Request) Effect
}

// A Request is a request as it came.
type Request struct {
	Target    string // the X-Amz-Target header
	Operation string // its last part, such as "PutItem"
	Tables    []string
	Body      []byte
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		text := "healthy: dynamodb.us-east-1.amazonaws.com "
		write(w, http.StatusOK, "text/plain", []byte(text))
		return
	}
	body, err := readBody(w, r)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		write(w, http.StatusRequestEntityTooLarge, "text/plain", nil)
		return
	} else if err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	target := r.Header.Get("X-Amz-Target")
	if r.Method != http.MethodPost || target == "" {
		write(w, http.StatusNotFound, "application/xml", []byte("<UnknownOperationException/>\n"))
		return
	}
	status, answer := h.answer(r.Context(), target, body)
	write(w, status, "application/x-amz-json-1.0", answer)
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var body bytes.Buffer
	if 0 < r.ContentLength && r.ContentLength <= maxBody {
		body.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody))
	return body.Bytes(), err
}

// answer serves a request and returns the HTTP status and the body of the answer.
func (h *Handler) answer(ctx context.Context, target string, body []byte) (int, []byte) {
	var do func(context.Context) (any, error)
	var in any
	call, err := lookup(target)
	if err == nil {
		do, in, err = call(h.Engine, body)
	}
	var effect Effect
	if h.Observe != nil {
		_, operation, _ := strings.Cut(target, ".")
		effect = h.Observe(Request{Target: target, Operation: operation, Tables: tablesOf(in), Body: body})
	}
	if effect.Before != nil {
		if fault := effect.Before(ctx); fault != nil && err == nil {
			err = fault
		}
	}
	var out any
	if err == nil {
		out, err = do(effect.context(ctx))
	}
	if effect.After != nil {
		effect.After(ctx)
	}
	if err != nil {
		e := engine.AsError(err)
		return statusOf(e.Code), appendError(nil, e)
	}
	return http.StatusOK, encodeResponse(make([]byte, 0, 512), out)
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	header := w.Header()
	header["Content-Type"] = []string{contentType}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	header["X-Amz-Crc32"] = []string{strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)}
	header["X-Amzn-Requestid"] = []string{engine.NewRequestID()}
	w.WriteHeader(status)
	w.Write(body) // the client may be gone
}

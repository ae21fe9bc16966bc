package kms

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxBody bounds a request: a key policy of 128 KiB, escaped, fits.
const maxBody = 1 << 20

// targetPrefix begins the X-Amz-Target header of every KMS request.
const targetPrefix = "TrentService."

// A call is one request on its way through the engine.
type call struct {
	operation string
	region    string
	log       *Request
}

// Serves reports whether a request is meant for KMS, for a server that answers
// several services on one port.
func Serves(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
}

// Handler returns the engine's HTTP side: POST with X-Amz-Target and a JSON body.
// It waits no longer than the request's context.
func (e *Engine) Handler() http.Handler { return http.HandlerFunc(e.serve) }

func (e *Engine) serve(w http.ResponseWriter, r *http.Request) {
	log := Request{
		Time:      e.Now(),
		Operation: strings.TrimPrefix(r.Header.Get("X-Amz-Target"), targetPrefix),
		Region:    requestRegion(r),
		UserAgent: r.UserAgent(),
	}
	// The body comes first: until it is read, net/http doesn't notice that a
	// client has gone.
	in, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	f, met := e.faults.meet(log.Operation, log.Region)
	if met && f.Latency > 0 {
		t := time.NewTimer(f.Latency)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			log.Error = "canceled"
			e.log.add(log)
			panic(http.ErrAbortHandler) // nobody reads the answer
		}
	}
	if met && f.Drop {
		log.Error = "dropped"
		e.log.add(log)
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	out, err := e.run(r, in, &log, f)
	var body []byte
	status := http.StatusOK
	if err == nil {
		body, err = json.Marshal(out)
	}
	if err != nil {
		ae := apiError(err)
		log.Error, status = ae.Code, ae.status()
		body, _ = json.Marshal(errorBody{ae.Code, ae.Message}) // two strings always marshal
	}
	e.log.add(log)
	h := w.Header()
	h.Set("Content-Type", "application/x-amz-json-1.1")
	h.Set("X-Amzn-Requestid", newUUID())
	h.Set("Cache-Control", "no-cache, no-store, must-revalidate, private")
	if string(body) == "null" { // an operation that returns nothing
		body = nil
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // the client may be gone
}

type errorBody struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

// run does what a request asks.
func (e *Engine) run(r *http.Request, body []byte, log *Request, f Fault) (any, error) {
	do := operations[log.Operation]
	c := &call{operation: log.Operation, region: log.Region, log: log}
	// What is no request at all is told before a fault is met.
	switch {
	case r.Method != http.MethodPost || !Serves(r):
		return nil, fail(codeUnknownOperation, "no KMS operation: want POST with X-Amz-Target: %sOPERATION", targetPrefix)
	case do == nil:
		return nil, fail(codeUnknownOperation, "the embedded KMS does not do %q", log.Operation)
	case len(body) > maxBody:
		return nil, fail(codeValidation, "the request has more than %d bytes", maxBody)
	case !utf8.Valid(body):
		return nil, fail(codeSerialization, "the request is not UTF-8")
	}
	return do(e, c, body, f.err(log.Operation))
}

// apiError is err in the service's terms; what is none of its errors is ours to
// explain, as an internal error.
func apiError(err error) *Error {
	if ae, ok := errors.AsType[*Error](err); ok {
		return ae
	}
	return fail(codeInternal, "the embedded KMS failed")
}

// decode reads a request's JSON. What is wrong with it is told by type and
// member, without the value.
func decode(body []byte, in any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	err := json.Unmarshal(body, in)
	if err == nil {
		return nil
	}
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		member := te.Field[strings.LastIndexByte(te.Field, '.')+1:] // without the struct that it is part of
		return fail(codeSerialization, "member %q cannot be read from a JSON %s", member, strings.Fields(te.Value)[0])
	}
	return fail(codeSerialization, "the request is not the JSON of this operation")
}

var regionPattern = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)

// requestRegion is the Region that the request was signed for, from the
// credential scope in its Authorization header or, presigned, in its query:
//
//	AKID/20260131/us-west-2/kms/aws4_request
func requestRegion(r *http.Request) string {
	_, scope, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok {
		scope = r.URL.Query().Get("X-Amz-Credential")
	}
	scope, _, _ = strings.Cut(scope, ",")
	if p := strings.Split(strings.TrimSpace(scope), "/"); len(p) == 5 && regionPattern.MatchString(p[2]) {
		return p[2]
	}
	return DefaultRegion
}

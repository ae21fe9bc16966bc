// Package inprocess lets an AWS SDK client call an http.Handler in the same
// process, without a socket.
package inprocess

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// A Client is what the SDK calls an HTTP client: its requests go straight to the
// handler, on the caller's goroutine. It is safe for concurrent use if the
// handler is.
type Client struct {
	Handler http.Handler
}

var _ aws.HTTPClient = Client{}

// Do calls the handler. A handler that panics with [http.ErrAbortHandler] looks
// like a connection that was reset, or like the end of the request's context when
// that is over.
func (c Client) Do(r *http.Request) (resp *http.Response, err error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	defer func() {
		switch p := recover(); {
		case p == nil:
		case p != http.ErrAbortHandler:
			panic(p)
		case ctx.Err() != nil:
			resp, err = nil, ctx.Err()
		default:
			resp, err = nil, &net.OpError{Op: "read", Net: "in-process", Err: syscall.ECONNRESET}
		}
	}()
	w := &response{header: make(http.Header)}
	c.Handler.ServeHTTP(w, r)
	w.WriteHeader(http.StatusOK) // when the handler wrote nothing
	return &http.Response{
		Status:        http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       r,
	}, nil
}

// Config is an SDK configuration whose clients call h: signed for the Region with
// made-up credentials, and sent to an endpoint that no socket listens on.
func Config(h http.Handler, region, endpoint string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(endpoint),
		HTTPClient:   Client{h},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ddbenctest", SecretAccessKey: "ddbenctest", Source: "ddbenctest"}, nil
		}),
	}
}

// response is the handler's side of an answer.
type response struct {
	header http.Header
	sent   http.Header // the header as it was when the status was written
	status int
	body   bytes.Buffer
}

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

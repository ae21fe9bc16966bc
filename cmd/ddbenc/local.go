package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

const localHelp = `Serves an in-memory DynamoDB and KMS for tests and demos, in every language: point an
AWS SDK at the printed endpoints. Nothing is kept when it ends. Any credentials are
accepted; it is no database, and not to be reached from other machines. An address
with port 0 gets a free port. Without flags both services get one; with one flag only
that service runs.`

// runLocal serves until ctx ends.
func runLocal(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flags("local", localHelp)
	dynamo := f.String("dynamodb", "", "`address` to serve DynamoDB and DynamoDB Streams on, such as 127.0.0.1:8000")
	kms := f.String("kms", "", "`address` to serve KMS on, such as 127.0.0.1:8001")
	if err := parse(f, args, stdout, stderr); err != nil {
		return err
	}
	if *dynamo == "" && *kms == "" {
		*dynamo, *kms = "127.0.0.1:0", "127.0.0.1:0"
	}
	services := []*service{
		{address: *dynamo, handler: ddbenctest.Handler, variables: []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_DYNAMODB_STREAMS"}},
		{address: *kms, handler: func() http.Handler { return ddbenctest.KMSHandler() }, variables: []string{"AWS_ENDPOINT_URL_KMS"}},
	}
	return serve(ctx, services, stdout)
}

// A service is an HTTP handler at an address. It doesn't run if that is empty.
type service struct {
	address   string
	handler   func() http.Handler
	variables []string // that point an SDK to it
	listener  net.Listener
}

// serve runs services until ctx ends or one of them fails. All addresses are
// taken before anything is served or printed.
func serve(ctx context.Context, services []*service, stdout io.Writer) (err error) {
	defer func() {
		for _, s := range services {
			if s.listener != nil && err != nil {
				s.listener.Close()
			}
		}
	}()
	for _, s := range services {
		if s.address == "" {
			continue
		}
		if s.listener, err = net.Listen("tcp", s.address); err != nil {
			return err
		}
	}

	failed := make(chan error, len(services))
	var servers []*http.Server
	for _, s := range services {
		if s.listener == nil {
			continue
		}
		server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
		servers = append(servers, server)
		go func() { failed <- server.Serve(s.listener) }()
		for _, name := range s.variables {
			fmt.Fprintf(stdout, "export %s=http://%s\n", name, s.listener.Addr())
		}
	}
	fmt.Fprintln(stdout, "# press Ctrl-C to stop; nothing is kept")

	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	return errors.Join(err, stop(servers))
}

// stop lets requests that are under way end, for a moment.
func stop(servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	var errs []error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, errors.Join(err, s.Close()))
		}
	}
	return errors.Join(errs...)
}

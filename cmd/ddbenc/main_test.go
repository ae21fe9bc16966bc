package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

func TestUsage(t *testing.T) {
	cases := []struct {
		args           []string
		code           int
		stdout, stderr string // parts of what is printed
	}{
		{nil, exitUsage, "", "Usage: ddbenc COMMAND"},
		{[]string{"-h"}, exitOK, "local", ""},
		{[]string{"help"}, exitOK, "local", ""},
		{[]string{"lokal"}, exitUsage, "", `unknown command "lokal"`},
		{[]string{"local", "-h"}, exitOK, "-dynamodb address", ""},
		{[]string{"local", "-dynamo", "x"}, exitUsage, "", "flag provided but not defined"},
		{[]string{"local", "8000"}, exitUsage, "", `unexpected argument "8000"`},
		{[]string{"local", "-dynamodb", "256.0.0.1:0"}, exitFailure, "", "ddbenc local: listen"},
	}
	for _, c := range cases {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), c.args, &stdout, &stderr)
		if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("ddbenc %s: exit %d\nstdout: %s\nstderr: %s", strings.Join(c.args, " "), code, &stdout, &stderr)
		}
		if c.code == exitOK && stderr.Len() > 0 || c.code != exitOK && stdout.Len() > 0 {
			t.Errorf("ddbenc %s prints to the wrong stream\nstdout: %s\nstderr: %s", strings.Join(c.args, " "), &stdout, &stderr)
		}
	}
}

// local runs ddbenc local until the test ends, and returns the variables that it
// printed.
func local(t *testing.T, args ...string) map[string]string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	done := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		done <- run(ctx, append([]string{"local"}, args...), in, &stderr)
		in.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != exitOK {
			t.Errorf("exit %d: %s", code, &stderr)
		}
	})
	variables := map[string]string{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if !ok {
			break // the comment at the end
		}
		variables[name] = value
	}
	return variables
}

func TestLocal(t *testing.T) {
	variables := local(t)
	if variables["AWS_ENDPOINT_URL_DYNAMODB"] == "" || variables["AWS_ENDPOINT_URL_DYNAMODB"] != variables["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] {
		t.Fatalf("printed %v", variables)
	}
	cfg := aws.Config{Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")}
	db := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(variables["AWS_ENDPOINT_URL_DYNAMODB"]) })
	if _, err := db.ListTables(t.Context(), nil); err != nil {
		t.Error(err)
	}
	keys := kms.NewFromConfig(cfg, func(o *kms.Options) { o.BaseEndpoint = aws.String(variables["AWS_ENDPOINT_URL_KMS"]) })
	if _, err := keys.CreateKey(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestLocalOneService(t *testing.T) {
	variables := local(t, "-kms", "127.0.0.1:0")
	if len(variables) != 1 || variables["AWS_ENDPOINT_URL_KMS"] == "" {
		t.Errorf("printed %v", variables)
	}
}

// An address that is taken is a failure, before anything is printed.
func TestLocalAddressTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"local", "-dynamodb", "127.0.0.1:0", "-kms", taken.Addr().String()}, &stdout, &stderr)
	if code != exitFailure || stdout.Len() > 0 {
		t.Errorf("exit %d, stdout %q, stderr %q", code, &stdout, &stderr)
	}
}

package ddbenctest

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/inprocess"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/wire"
)

// dynamoDBRegion is the Region of an engine's tables. Requests that are signed for
// another are answered all the same.
const dynamoDBRegion = "us-east-1"

// An Engine is a DynamoDB inside the process: the real SDK client talks to it
// without a socket, and it answers as the service does, in its limits, its order
// of things and its errors. Its tables live in memory, as long as it does. It is
// for tests and demos and no database.
//
// It does not do PartiQL, backups, global tables, imports and exports, and says so
// when it is asked to. It does not throttle by the throughput of a table: see
// [Engine.Fault] for throttling at will.
//
// An Engine is safe for concurrent use and has no goroutines, so there is nothing
// to close.
type Engine struct {
	engine  *engine.Engine
	handler *wire.Handler
	log     requestLog
	faults  faults
	hook    func(Request)
}

// A DynamoDBOption changes what [NewEngine] and [NewDynamoDB] make.
type DynamoDBOption interface{ applyDynamoDB(*Engine) }

type dynamoDBOption func(*Engine)

func (f dynamoDBOption) applyDynamoDB(e *Engine) { f(e) }

// WithRequestHook makes the engine call hook with every request, before it is
// served and on the goroutine that serves it. Calls may come at the same time.
func WithRequestHook(hook func(Request)) DynamoDBOption {
	return dynamoDBOption(func(e *Engine) { e.hook = hook })
}

// WithoutRequestLog makes the engine keep no requests, for a server that runs for
// long or a benchmark.
func WithoutRequestLog() DynamoDBOption {
	return dynamoDBOption(func(e *Engine) { e.log.off = true })
}

// NewEngine makes an engine without tables.
func NewEngine(opts ...DynamoDBOption) *Engine {
	e := &Engine{engine: engine.New()}
	e.handler = &wire.Handler{Engine: e.engine, Observe: e.observe}
	for _, o := range opts {
		o.applyDynamoDB(e)
	}
	return e
}

// NewDynamoDB returns a client of a new engine, for a test that needs no more than
// a DynamoDB. t may be nil, in an example or a program.
//
//	db := ddbenctest.NewDynamoDB(t)
func NewDynamoDB(t testing.TB, opts ...DynamoDBOption) *dynamodb.Client {
	if t != nil {
		t.Helper()
	}
	return NewEngine(opts...).Client()
}

// Handler returns a new engine as an HTTP handler, to be served on a socket for
// other processes and languages. It keeps no log of requests, and items whose time
// to live ends are deleted when it serves a request after that.
func Handler() http.Handler { return expiring{NewEngine(WithoutRequestLog())} }

// expiring is an engine for which time passes by itself.
type expiring struct{ *Engine }

func (h expiring) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.engine.ExpireSometimes()
	h.handler.ServeHTTP(w, r)
}

// Client makes an SDK client that calls e without a socket. It retries what the
// SDK retries, as often as the SDK does, but does not wait in between. It looks at
// no environment variables or files.
func (e *Engine) Client(opts ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.NewFromConfig(e.Config(), opts...)
}

// StreamsClient makes an SDK client for the streams of e's tables, as
// [Engine.Client] does for the tables.
func (e *Engine) StreamsClient(opts ...func(*dynamodbstreams.Options)) *dynamodbstreams.Client {
	return dynamodbstreams.NewFromConfig(e.Config(), opts...)
}

// Config is the SDK configuration behind [Engine.Client], for code that makes its
// own clients.
func (e *Engine) Config() aws.Config {
	c := inprocess.Config(e.Handler(), dynamoDBRegion, "http://dynamodb."+dynamoDBRegion+".ddbenctest")
	c.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			o.RateLimiter = ratelimit.None
		})
	}
	return c
}

// Handler is e as an HTTP handler, to be served with [net/http/httptest] to
// clients in other processes or languages.
func (e *Engine) Handler() http.Handler { return e.handler }

// Now is the engine's time, in UTC: the machine's, moved by [Engine.Advance].
func (e *Engine) Now() time.Time { return e.engine.Now() }

// Advance moves the engine's clock forward by d, which may be 0, and deletes the
// items whose time to live has ended by then, as the service does within days.
// Until the next Advance they stay, as they may in the service.
func (e *Engine) Advance(d time.Duration) { e.engine.Advance(d) }

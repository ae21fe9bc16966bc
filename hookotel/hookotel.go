// Package hookotel makes OpenTelemetry metrics and traces of what package hook
// tells:
//
//	seen, err := hookotel.New()
//	patients, err := ddbenc.NewTable[Patient](db, "patients", format, ddbenc.WithHooks(seen))
//
// # Metrics
//
//	name                      kind       unit       attributes beside
//	ddbenc.item.duration      histogram  s          ddbenc.action, db.operation.name, index
//	ddbenc.item.size          histogram  By         ddbenc.action, db.operation.name, index
//	ddbenc.refusals           counter    {refusal}  db.operation.name
//	ddbenc.retries            counter    {retry}    db.operation.name, ddbenc.reason, ddbenc.gave_up
//	ddbenc.key.duration       histogram  s          ddbenc.key.provider, ddbenc.key.operation
//	ddbenc.key.requests       counter    {request}  ddbenc.key.provider, ddbenc.key.operation, ddbenc.key.cached
//
// Those of items, refusals and retries have db.system.name and, as
// db.collection.name, the table; index stands for aws.dynamodb.index_name, which is
// there if one was read. What failed has error.type, a result of [hook.Reason]; the
// count of ddbenc.item.duration without it is that of the items that are well.
// ddbenc.key.duration leaves out what a cache answered.
//
// All attributes have few values: those of tables, indexes and providers that the
// program has. Names of keys, of which there can be one for each tenant, are in
// spans only.
//
// # Traces
//
// A key that was loaded, and not found in a cache, is a span, "KMS Decrypt" for
// example, if it was loaded for something that is traced. Items that fail, refusals
// and retries are events of the span that is there. What the SDK traces of its
// requests is left as it is; items that are well have no spans of their own.
package hookotel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/ddbenc/ddbenc/hook"
)

const scope = "github.com/ddbenc/ddbenc/hookotel"

// An Option changes what [New] returns.
type Option interface{ apply(*config) }

type option func(*config)

func (f option) apply(c *config) { f(c) }

type config struct {
	meters  metric.MeterProvider
	tracers trace.TracerProvider
}

// WithMeterProvider makes the metrics with p. The default is the global provider.
func WithMeterProvider(p metric.MeterProvider) Option {
	return option(func(c *config) { c.meters = p })
}

// WithTracerProvider makes the spans with p. The default is the global provider.
func WithTracerProvider(p trace.TracerProvider) Option {
	return option(func(c *config) { c.tracers = p })
}

// New returns hooks that make metrics and traces. The error is that of a meter that
// does not take the metrics.
func New(opts ...Option) (*hook.Hooks, error) {
	c := config{meters: otel.GetMeterProvider(), tracers: otel.GetTracerProvider()}
	for _, opt := range opts {
		opt.apply(&c)
	}
	m := c.meters.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	var s seer
	var errs [6]error
	s.items, errs[0] = m.Float64Histogram("ddbenc.item.duration", metric.WithUnit("s"), durations,
		metric.WithDescription("Time to encrypt or decrypt an item, the wait for keys included."))
	s.sizes, errs[1] = m.Int64Histogram("ddbenc.item.size", metric.WithUnit("By"), sizes,
		metric.WithDescription("Size of an item as stored."))
	s.refusals, errs[2] = m.Int64Counter("ddbenc.refusals", metric.WithUnit("{refusal}"),
		metric.WithDescription("Calls that could have leaked or returned something unverified, and were not made."))
	s.retries, errs[3] = m.Int64Counter("ddbenc.retries", metric.WithUnit("{retry}"),
		metric.WithDescription("Attempts that did not succeed, apart from those of the SDK."))
	s.loads, errs[4] = m.Float64Histogram("ddbenc.key.duration", metric.WithUnit("s"), durations,
		metric.WithDescription("Time to load a key that was not in a cache."))
	s.keys, errs[5] = m.Int64Counter("ddbenc.key.requests", metric.WithUnit("{request}"),
		metric.WithDescription("Questions for keys."))
	s.tracer = c.tracers.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return &hook.Hooks{
		Encrypted: s.item,
		Decrypted: s.item,
		Failed:    s.failed,
		Refused:   s.refused,
		Retried:   s.retried,
		KeyLoaded: s.keyLoaded,
	}, nil
}

// An item takes some microseconds, and some milliseconds if a key has to be asked
// for. It has 400 KiB at most.
var (
	durations = metric.WithExplicitBucketBoundaries(
		0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
	sizes = metric.WithExplicitBucketBoundaries(256, 512, 1<<10, 2<<10, 4<<10, 8<<10, 16<<10, 32<<10, 64<<10, 128<<10, 256<<10, 400<<10)
)

// A seer holds the instruments.
type seer struct {
	items, loads            metric.Float64Histogram
	sizes                   metric.Int64Histogram
	refusals, retries, keys metric.Int64Counter
	tracer                  trace.Tracer
}

// onTable returns the attributes of something that was done with a table, with room
// for more.
func onTable(table, op string) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 8)
	attrs = append(attrs, semconv.DBSystemNameAWSDynamoDB, semconv.DBOperationName(op))
	if table != "" {
		attrs = append(attrs, semconv.DBCollectionName(table))
	}
	return attrs
}

func withError(attrs []attribute.KeyValue, err error) []attribute.KeyValue {
	if err == nil {
		return attrs
	}
	return append(attrs, semconv.ErrorTypeKey.String(hook.Reason(err)))
}

func itemAttributes(e hook.Item) []attribute.KeyValue {
	attrs := append(onTable(e.Table, e.Op), attribute.String("ddbenc.action", e.Action))
	if e.Index != "" {
		attrs = append(attrs, semconv.AWSDynamoDBIndexName(e.Index))
	}
	return withError(attrs, e.Err)
}

func (s *seer) item(ctx context.Context, e hook.Item) { s.record(ctx, e, itemAttributes(e)) }

// record adds an item to the metrics. It sorts attrs.
func (s *seer) record(ctx context.Context, e hook.Item, attrs []attribute.KeyValue) {
	set := metric.WithAttributeSet(attribute.NewSet(attrs...))
	s.items.Record(ctx, e.Duration.Seconds(), set)
	s.sizes.Record(ctx, int64(e.Bytes), set)
}

func (s *seer) failed(ctx context.Context, e hook.Item) {
	attrs := itemAttributes(e)
	s.record(ctx, e, attrs)
	event(ctx, "ddbenc.item.failed", attrs)
}

func (s *seer) refused(ctx context.Context, e hook.Refusal) {
	attrs := onTable(e.Table, e.Op)
	s.refusals.Add(ctx, 1, metric.WithAttributes(attrs...))
	event(ctx, "ddbenc.refused", append(attrs, attribute.String("ddbenc.refusal", e.Err.Error())))
}

func (s *seer) retried(ctx context.Context, e hook.Retry) {
	attrs := append(onTable(e.Table, e.Op), attribute.String("ddbenc.reason", e.Reason), attribute.Bool("ddbenc.gave_up", e.GaveUp))
	s.retries.Add(ctx, 1, metric.WithAttributes(attrs...))
	event(ctx, "ddbenc.retried", append(attrs, attribute.Int("ddbenc.attempt", e.Attempt)))
}

// event adds an event to the span of ctx, if there is one.
func event(ctx context.Context, name string, attrs []attribute.KeyValue) {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.AddEvent(name, trace.WithAttributes(attrs...))
	}
}

func (s *seer) keyLoaded(ctx context.Context, e hook.KeyLoad) {
	attrs := withError([]attribute.KeyValue{
		attribute.String("ddbenc.key.provider", e.Provider),
		attribute.String("ddbenc.key.operation", e.Op),
	}, e.Err)
	s.keys.Add(ctx, 1, metric.WithAttributes(append(attrs, attribute.Bool("ddbenc.key.cached", e.Cached))...))
	if e.Cached {
		return
	}
	s.loads.Record(ctx, e.Duration.Seconds(), metric.WithAttributes(attrs...))
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return
	}
	end := time.Now()
	_, span := s.tracer.Start(ctx, e.Provider+" "+e.Op, trace.WithTimestamp(end.Add(-e.Duration)),
		trace.WithAttributes(append(attrs, attribute.String("ddbenc.key.id", e.Key))...))
	if e.Err != nil {
		span.SetStatus(codes.Error, e.Err.Error())
	}
	span.End(trace.WithTimestamp(end))
}

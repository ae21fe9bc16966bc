package hookotel_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/hookotel"
)

// recorded is what a test sees: a line for each point of a metric, and the spans.
type recorded struct {
	hooks  *hook.Hooks
	reader *sdkmetric.ManualReader
	spans  *tracetest.SpanRecorder
	traces *sdktrace.TracerProvider
}

func newRecorded(t *testing.T) *recorded {
	t.Helper()
	r := &recorded{reader: sdkmetric.NewManualReader(), spans: tracetest.NewSpanRecorder()}
	r.traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r.spans))
	var err error
	r.hooks, err = hookotel.New(
		hookotel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))),
		hookotel.WithTracerProvider(r.traces))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// points returns what was counted, sorted: the name and unit of the metric, count and
// sum, and the attributes.
func (r *recorded) points(t *testing.T) []string {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := r.reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			add := func(count, sum any, set attribute.Set) {
				lines = append(lines, fmt.Sprintf("%s [%s] %v %v %s", m.Name, m.Unit, count, sum, text(set.ToSlice())))
			}
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(p.Count, p.Sum, p.Attributes)
				}
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					add(p.Count, p.Sum, p.Attributes)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add("", p.Value, p.Attributes)
				}
			default:
				t.Errorf("%s is a %T", m.Name, data)
			}
			if m.Description == "" {
				t.Errorf("%s has no description", m.Name)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func text(attrs []attribute.KeyValue) string {
	var b []string
	for _, a := range attrs {
		b = append(b, string(a.Key)+"="+a.Value.String())
	}
	slices.Sort(b)
	return strings.Join(b, " ")
}

func TestEventsBecomeMetrics(t *testing.T) {
	ctx := t.Context()
	r := newRecorded(t)
	h := r.hooks
	put := hook.Item{Table: "patients", Op: "PutItem", Action: hook.Encrypt, Attributes: 7, Bytes: 500, Duration: time.Second / 4}
	get := hook.Item{Table: "patients", Op: "Query", Index: "by-clinic", Action: hook.Decrypt, Attributes: 7, Bytes: 300, Duration: time.Second / 2}
	bad := get
	bad.Err = hook.Redact(crypt.ErrVerify)
	h.Encrypted(ctx, put)
	h.Encrypted(ctx, put)
	h.Decrypted(ctx, get)
	h.Failed(ctx, bad)
	h.Refused(ctx, hook.Refusal{Table: "patients", Op: "Scan", Err: errors.New("no")})
	h.Refused(ctx, hook.Refusal{Op: "Scan", Err: errors.New("which table?")})
	h.Retried(ctx, hook.Retry{Table: "patients", Op: "UpdateItem", Attempt: 1, Reason: hook.Conflict})
	h.Retried(ctx, hook.Retry{Table: "patients", Op: "UpdateItem", Attempt: 2, Reason: hook.Conflict})
	h.Retried(ctx, hook.Retry{Table: "patients", Op: "UpdateItem", Attempt: 3, Reason: hook.Conflict, GaveUp: true})
	for _, tenant := range []string{"alias/a", "alias/b", "alias/c"} {
		h.KeyLoaded(ctx, hook.KeyLoad{Provider: "KMS", Op: "Decrypt", Key: tenant, Duration: time.Second / 2})
	}
	h.KeyLoaded(ctx, hook.KeyLoad{Provider: "KMS", Op: "Decrypt", Key: "alias/a", Duration: time.Second, Err: hook.Redact(crypt.ErrKeyRefused)})
	h.KeyLoaded(ctx, hook.KeyLoad{Provider: "MostRecent", Op: "MaxVersion", Key: "patients", Cached: true})

	want := []string{
		`ddbenc.item.duration [s] 1 0.5 aws.dynamodb.index_name=by-clinic db.collection.name=patients db.operation.name=Query db.system.name=aws.dynamodb ddbenc.action=decrypt`,
		`ddbenc.item.duration [s] 1 0.5 aws.dynamodb.index_name=by-clinic db.collection.name=patients db.operation.name=Query db.system.name=aws.dynamodb ddbenc.action=decrypt error.type=verify`,
		`ddbenc.item.duration [s] 2 0.5 db.collection.name=patients db.operation.name=PutItem db.system.name=aws.dynamodb ddbenc.action=encrypt`,
		`ddbenc.item.size [By] 1 300 aws.dynamodb.index_name=by-clinic db.collection.name=patients db.operation.name=Query db.system.name=aws.dynamodb ddbenc.action=decrypt`,
		`ddbenc.item.size [By] 1 300 aws.dynamodb.index_name=by-clinic db.collection.name=patients db.operation.name=Query db.system.name=aws.dynamodb ddbenc.action=decrypt error.type=verify`,
		`ddbenc.item.size [By] 2 1000 db.collection.name=patients db.operation.name=PutItem db.system.name=aws.dynamodb ddbenc.action=encrypt`,
		`ddbenc.key.duration [s] 1 1 ddbenc.key.operation=Decrypt ddbenc.key.provider=KMS error.type=key_refused`,
		`ddbenc.key.duration [s] 3 1.5 ddbenc.key.operation=Decrypt ddbenc.key.provider=KMS`,
		`ddbenc.key.requests [{request}]  1 ddbenc.key.cached=false ddbenc.key.operation=Decrypt ddbenc.key.provider=KMS error.type=key_refused`,
		`ddbenc.key.requests [{request}]  1 ddbenc.key.cached=true ddbenc.key.operation=MaxVersion ddbenc.key.provider=MostRecent`,
		`ddbenc.key.requests [{request}]  3 ddbenc.key.cached=false ddbenc.key.operation=Decrypt ddbenc.key.provider=KMS`,
		`ddbenc.refusals [{refusal}]  1 db.collection.name=patients db.operation.name=Scan db.system.name=aws.dynamodb`,
		`ddbenc.refusals [{refusal}]  1 db.operation.name=Scan db.system.name=aws.dynamodb`,
		`ddbenc.retries [{retry}]  1 db.collection.name=patients db.operation.name=UpdateItem db.system.name=aws.dynamodb ddbenc.gave_up=true ddbenc.reason=conflict`,
		`ddbenc.retries [{retry}]  2 db.collection.name=patients db.operation.name=UpdateItem db.system.name=aws.dynamodb ddbenc.gave_up=false ddbenc.reason=conflict`,
	}
	if diff := cmp.Diff(want, r.points(t)); diff != "" {
		t.Errorf("the metrics differ (-want +got):\n%s", diff)
	}
	if spans := r.spans.Started(); len(spans) > 0 {
		t.Errorf("%d spans were started without one around them, such as %s", len(spans), spans[0].Name())
	}
}

func TestLoadsOfKeysAreSpans(t *testing.T) {
	r := newRecorded(t)
	ctx, parent := r.traces.Tracer("test").Start(t.Context(), "request")
	r.hooks.KeyLoaded(ctx, hook.KeyLoad{Provider: "KMS", Op: "Decrypt", Key: "alias/a", Duration: time.Second})
	r.hooks.KeyLoaded(ctx, hook.KeyLoad{Provider: "MostRecent", Op: "Provider", Key: "patients#1", Duration: time.Second, Err: hook.Redact(crypt.ErrUnavailable)})
	r.hooks.KeyLoaded(ctx, hook.KeyLoad{Provider: "MostRecent", Op: "MaxVersion", Key: "patients", Cached: true})
	spans := r.spans.Ended()
	if len(spans) != 2 {
		t.Fatalf("%d spans, want 2", len(spans))
	}
	for i, want := range []struct {
		name, attrs string
		status      sdktrace.Status
	}{
		{"KMS Decrypt", "ddbenc.key.id=alias/a ddbenc.key.operation=Decrypt ddbenc.key.provider=KMS", sdktrace.Status{}},
		{"MostRecent Provider", "ddbenc.key.id=patients#1 ddbenc.key.operation=Provider ddbenc.key.provider=MostRecent error.type=unavailable",
			sdktrace.Status{Code: codes.Error, Description: "ddbenc: keys are unavailable"}},
	} {
		s := spans[i]
		if s.Name() != want.name || text(s.Attributes()) != want.attrs || s.Status() != want.status {
			t.Errorf("span %d is %q with %q and %v, want %q with %q and %v",
				i, s.Name(), text(s.Attributes()), s.Status(), want.name, want.attrs, want.status)
		}
		if d := s.EndTime().Sub(s.StartTime()); d != time.Second {
			t.Errorf("span %d took %v, want what the load took, 1s", i, d)
		}
		if s.Parent().SpanID() != parent.SpanContext().SpanID() {
			t.Errorf("span %d is not a child of the request's", i)
		}
	}
}

func TestFailuresAreEventsOfTheSpanThatIsThere(t *testing.T) {
	r := newRecorded(t)
	ctx, span := r.traces.Tracer("test").Start(t.Context(), "request")
	r.hooks.Encrypted(ctx, hook.Item{Table: "patients", Op: "PutItem", Action: hook.Encrypt})
	r.hooks.Failed(ctx, hook.Item{Table: "patients", Op: "GetItem", Action: hook.Decrypt, Err: hook.Redact(crypt.ErrNotSigned)})
	r.hooks.Refused(ctx, hook.Refusal{Table: "patients", Op: "Scan", Err: errors.New("no")})
	r.hooks.Retried(ctx, hook.Retry{Table: "patients", Op: "UpdateItem", Attempt: 1, Reason: hook.Conflict})
	span.End()
	ended := r.spans.Ended()
	if len(ended) != 1 {
		t.Fatalf("%d spans, want that of the request alone", len(ended))
	}
	var got []string
	for _, e := range ended[0].Events() {
		got = append(got, e.Name+" "+text(e.Attributes))
	}
	want := []string{
		`ddbenc.item.failed db.collection.name=patients db.operation.name=GetItem db.system.name=aws.dynamodb ddbenc.action=decrypt error.type=not_signed`,
		`ddbenc.refused db.collection.name=patients db.operation.name=Scan db.system.name=aws.dynamodb ddbenc.refusal=no`,
		`ddbenc.retried db.collection.name=patients db.operation.name=UpdateItem db.system.name=aws.dynamodb ddbenc.attempt=1 ddbenc.gave_up=false ddbenc.reason=conflict`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the events differ (-want +got):\n%s", diff)
	}
}

// noMeter is a meter that takes nothing.
type noMeter struct{ noop.Meter }

type noMeters struct{ noop.MeterProvider }

func (noMeters) Meter(string, ...metric.MeterOption) metric.Meter { return noMeter{} }

var errNoMetric = errors.New("no metric")

func (noMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return nil, errNoMetric
}

func TestMeterThatTakesNoMetrics(t *testing.T) {
	h, err := hookotel.New(hookotel.WithMeterProvider(noMeters{}))
	if h != nil || !errors.Is(err, errNoMetric) {
		t.Errorf("New gives %v, %v, want the meter's error", h, err)
	}
}

func TestGlobalProvidersAreTheDefault(t *testing.T) {
	h, err := hookotel.New()
	if err != nil {
		t.Fatal(err)
	}
	h.Encrypted(context.Background(), hook.Item{}) // which the global providers drop
}

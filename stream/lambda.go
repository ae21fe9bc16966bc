package stream

import (
	"context"
	"errors"
	"log/slog"
)

// A Response tells Lambda which records of a batch were not handled. It heeds it
// only if ReportBatchItemFailures is among the FunctionResponseTypes of the event
// source mapping. AWS Lambda Developer Guide, "Configuring partial batch response
// with DynamoDB and Lambda".
type Response struct {
	BatchItemFailures []ItemFailure `json:"batchItemFailures"`
}

// An ItemFailure names one record, by its sequence number. An empty one means the
// whole batch.
type ItemFailure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}

// A LambdaOption changes what [Mux.Lambda] does with records that fail.
type LambdaOption interface{ applyLambda(*lambdaOptions) }

type lambdaOptions struct {
	goOn      bool
	whole     bool
	onFailure func(context.Context, *RecordError)
}

type lambdaOption func(*lambdaOptions)

func (f lambdaOption) applyLambda(o *lambdaOptions) { f(o) }

// ContinueAfterFailure handles the records behind one that failed, too, and tells
// Lambda of every failure. Lambda begins again at the first of them all the same, so
// those behind it come twice at least, and an item's records are handled out of
// order for a while. The default is to stop at the first failure.
func ContinueAfterFailure() LambdaOption {
	return lambdaOption(func(o *lambdaOptions) { o.goOn = true })
}

// FailWholeBatch makes the function fail with the first record that does, so that
// Lambda sends the whole batch again. It is for an event source mapping without
// ReportBatchItemFailures: one that does not have it ignores the response, and takes
// records that failed as done. The default is to return which ones failed.
func FailWholeBatch() LambdaOption {
	return lambdaOption(func(o *lambdaOptions) { o.whole = true })
}

// OnFailure calls fn with each record that failed. Lambda gets only its sequence
// number, so there is no other place for the reason. The default is to log it by
// slog.Default.
func OnFailure(fn func(context.Context, *RecordError)) LambdaOption {
	return lambdaOption(func(o *lambdaOptions) { o.onFailure = fn })
}

// Lambda returns the function to start:
//
//	lambda.Start(mux.Lambda())
//
// It handles the records in order, one at a time. When one fails it stops, and tells
// Lambda the record's sequence number, so that Lambda sends that record and those
// behind it again, and not those before it. For that the event source mapping must
// have ReportBatchItemFailures, or every failure is lost: see [FailWholeBatch].
//
// The function's own error is nil, unless there is FailWholeBatch.
func (m *Mux) Lambda(opts ...LambdaOption) func(context.Context, Event) (Response, error) {
	o := lambdaOptions{onFailure: func(ctx context.Context, e *RecordError) {
		slog.ErrorContext(ctx, "record of a DynamoDB stream was not handled", "error", e)
	}}
	for _, opt := range opts {
		opt.applyLambda(&o)
	}
	return func(ctx context.Context, e Event) (Response, error) {
		failures := []ItemFailure{} // in JSON a list, if an empty one
		for i := range e.Records {
			err := m.Handle(ctx, &e.Records[i])
			if err == nil {
				continue
			}
			var failed *RecordError
			if !errors.As(err, &failed) {
				return Response{}, err
			}
			if o.onFailure != nil {
				o.onFailure(ctx, failed)
			}
			if o.whole {
				return Response{BatchItemFailures: failures}, err
			}
			failures = append(failures, ItemFailure{failed.Change.SequenceNumber})
			if !o.goOn {
				break
			}
		}
		return Response{BatchItemFailures: failures}, nil
	}
}

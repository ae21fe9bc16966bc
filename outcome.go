package ddbenc

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// An outcome tells whether a write that failed may have taken effect all the
// same. The error of a call is that of its last attempt only: a write whose answer
// was lost, and which was throttled when the SDK tried again, fails as throttled.
// So every attempt is looked at. It is of one call.
type outcome struct {
	watched bool // by a client that runs middleware, which a fake may not
	unknown int  // attempts that may have taken effect
}

// watch is an option of the call.
func (o *outcome) watch(opts *dynamodb.Options) {
	o.watched = true
	opts.APIOptions = append(opts.APIOptions, func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(o, middleware.After) // beside the transport
	})
}

// ID names the middleware.
func (*outcome) ID() string { return "ddbenc.outcome" }

// HandleDeserialize looks at the answer to one attempt.
func (o *outcome) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || resp.StatusCode < http.StatusBadRequest || resp.StatusCode >= http.StatusInternalServerError {
		o.unknown++
	}
	return out, metadata, err
}

// mayBeDone reports whether the call, which failed with err or else succeeded,
// may have taken effect before its last attempt, or in it if that failed.
func (o *outcome) mayBeDone(err error) bool {
	switch {
	case !o.watched:
		return err != nil && !refusedByService(err)
	case err == nil:
		return o.unknown > 1 // the last one is known
	}
	return o.unknown > 0
}

// refusedByService reports whether err is an answer by which the service says
// that it did not do what it was asked.
func refusedByService(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorFault() == smithy.FaultClient
}

package wire

import (
	"net/http"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

// The namespaces of error types. Clients look at what follows the "#".
const (
	ownErrors      = "com.amazonaws.dynamodb.v20120810#"
	validateErrors = "com.amazon.coral.validate#"
	serviceErrors  = "com.amazon.coral.service#"
	busyErrors     = "com.amazon.coral.availability#"
)

// namespaces are those of the errors that are not DynamoDB's own.
var namespaces = map[string]string{
	engine.Validation:       validateErrors,
	engine.Serialization:    serviceErrors,
	engine.UnknownOperation: serviceErrors,
	engine.AccessDenied:     serviceErrors,
	engine.Throttling:       busyErrors,
}

// statusOf returns the HTTP status of an error.
func statusOf(code string) int {
	switch code {
	case engine.InternalServer:
		return http.StatusInternalServerError
	case engine.ServiceUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// appendError appends an error's JSON to dst. Most errors spell "message" small;
// a cancelled transaction's has a capital.
func appendError(dst []byte, e *engine.Error) []byte {
	space, ok := namespaces[e.Code]
	if !ok {
		space = ownErrors
	}
	dst = append(dst, `{"__type":`...)
	dst = attr.AppendString(dst, space+e.Code)
	if e.Reasons != nil {
		dst = append(dst, `,"CancellationReasons":[`...)
		for i, r := range e.Reasons {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `{"Code":`...)
			dst = attr.AppendString(dst, r.Code)
			if r.Message != "" {
				dst = append(dst, `,"Message":`...)
				dst = attr.AppendString(dst, r.Message)
			}
			dst = appendErrorItem(dst, r.Item)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	dst = appendErrorItem(dst, e.Item)
	if e.Message != "" {
		name := `,"message":`
		if e.Reasons != nil {
			name = `,"Message":`
		}
		dst = append(dst, name...)
		dst = attr.AppendString(dst, e.Message)
	}
	return append(dst, '}')
}

func appendErrorItem(dst []byte, item attr.Item) []byte {
	if item == nil {
		return dst
	}
	dst = append(dst, `,"Item":`...)
	return attr.AppendItem(dst, item)
}

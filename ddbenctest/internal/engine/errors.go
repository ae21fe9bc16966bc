package engine

import (
	"fmt"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// Codes of the errors that operations answer with, as clients know them.
const (
	AccessDenied           = "AccessDeniedException"
	ConditionalCheckFailed = "ConditionalCheckFailedException"
	ExpiredIterator        = "ExpiredIteratorException"
	IdempotentMismatch     = "IdempotentParameterMismatchException"
	InternalServer         = "InternalServerError"
	LimitExceeded          = "LimitExceededException"
	RequestLimit           = "RequestLimitExceeded"
	ResourceInUse          = "ResourceInUseException"
	ResourceNotFound       = "ResourceNotFoundException"
	Serialization          = "SerializationException"
	ServiceUnavailable     = "ServiceUnavailable"
	Throttling             = "ThrottlingException"
	ThroughputExceeded     = "ProvisionedThroughputExceededException"
	TransactionCanceled    = "TransactionCanceledException"
	TransactionConflict    = "TransactionConflictException"
	TransactionInProgress  = "TransactionInProgressException"
	TrimmedDataAccess      = "TrimmedDataAccessException"
	UnknownOperation       = "UnknownOperationException"
	Validation             = "ValidationException"
)

// An Error is an answer other than success: one of the service's errors, with
// the service's message where it is known.
type Error struct {
	Code    string
	Message string

	// Item is the item that a condition failed on, when the request asked for
	// it. Only of ConditionalCheckFailed.
	Item attr.Item

	// Reasons says, for each action of a transaction in order, why it was
	// canceled. Only of TransactionCanceled.
	Reasons []CancellationReason
}

// A CancellationReason says what one action of a transaction met. Code is "None"
// for an action that was not at fault.
type CancellationReason struct {
	Code    string
	Message string
	Item    attr.Item // as [Error.Item]
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

func invalid(format string, args ...any) error {
	return &Error{Code: Validation, Message: fmt.Sprintf(format, args...)}
}

// invalidParameter is the service's most common kind of refusal.
func invalidParameter(format string, args ...any) error {
	return invalid("One or more parameter values were invalid: "+format, args...)
}

func fail(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

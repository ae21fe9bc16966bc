package keyring

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/ddbenc/ddbenc/crypt"
)

// What a caller can decide on beside the errors of package crypt. The error of
// the service stays reachable through errors.As.
var (
	ErrKeyRefused  = crypt.ErrKeyRefused  // a key, or a table of keys, can't be used now
	ErrUnavailable = crypt.ErrUnavailable // a key service or a table of keys gave no answer

	// ErrBranchKeyExists reports that a [BranchKeyStore] has a branch key of
	// the id that one was to be created with.
	ErrBranchKeyExists = errors.New("ddbenc: branch key exists already")

	// ErrBranchKeyChanged reports a rotation that did not take effect, since
	// the branch key was rotated by somebody else at the same time.
	ErrBranchKeyChanged = errors.New("ddbenc: branch key changed at the same time")

	// ErrUnknownOutcome reports a change of a [BranchKeyStore] that was sent
	// and may have taken effect as a whole, or may still, or not at all.
	ErrUnknownOutcome = errors.New("ddbenc: the outcome is unknown")
)

// serviceError wraps an error of an AWS service in the sentinel that fits, or in
// none if ctx has ended. What says which call it was, and holds no value of an
// item.
func serviceError(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ddbenc: %s: %w", what, contextError(ctx))
	}
	return fmt.Errorf("%w: %s: %w", sentinelOf(err), what, err)
}

// sentinelOf sorts the error codes of KMS and DynamoDB.
func sentinelOf(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ErrUnavailable // network, credentials
	}
	code := api.ErrorCode()
	switch code {
	case "InvalidCiphertextException":
		return crypt.ErrVerify // data key or encryption context are not what was written
	case "IncorrectKeyException", "NotFoundException", "InvalidArnException", "ResourceNotFoundException":
		return crypt.ErrNoKey // no such KMS key, or no such key table
	case "KeyUnavailableException", "DependencyTimeoutException":
		return ErrUnavailable
	}
	if _, throttled := retry.DefaultThrottleErrorCodes[code]; throttled || api.ErrorFault() == smithy.FaultServer {
		return ErrUnavailable
	}
	return ErrKeyRefused // AccessDeniedException, DisabledException, KMSInvalidStateException, ...
}

// contextError returns why ctx has ended: [context.Canceled] or
// [context.DeadlineExceeded], and the cause if there is one of its own.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

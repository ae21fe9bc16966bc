package keyring

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/backoff"
)

// Conditions of rows that are written.
const (
	notExists     = "attribute_not_exists(#BranchKeyIdentifierField)"
	existsWithOld = "attribute_exists(#BranchKeyIdentifierField) AND #Ciphertext = :old"
)

// A keyWrite is rows to be written, all of them or none.
type keyWrite struct {
	version *keyRow // the new version, which tells by its random UUID whether they were
	puts    []types.TransactWriteItem
	refused error // if a condition doesn't hold
}

// writeBackoff is for the transaction that writes a branch key.
var writeBackoff = backoff.Backoff{Base: 50 * time.Millisecond, Max: 2 * time.Second, Tries: 10}

// write makes the transaction of w. Every try has the same token, by which
// DynamoDB makes it once, and is a call of its own, without the client's retries:
// the error of a call that was retried is that of its last try, and says nothing of
// an answer that was lost before. If one was, the table is asked whether the new
// version is there.
func (s *BranchKeyStore) write(ctx context.Context, w keyWrite) error {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: w.puts, ClientRequestToken: aws.String(newUUID())}
	what := "storing " + w.version.String()
	unknown := false // whether a try may have taken effect, or may still
	for n := 1; ; n++ {
		if ctx.Err() != nil {
			return s.settle(ctx, w, unknown, serviceError(ctx, what, ctx.Err()))
		}
		_, err := s.db.TransactWriteItems(ctx, in, withUserAgent, withoutRetries)
		if err == nil {
			return nil
		}
		var cancelled *types.TransactionCanceledException
		again := retryable(err)
		switch {
		case !errors.As(err, &cancelled):
			unknown = unknown || mayBeDone(err)
			err = serviceError(ctx, what, err)
		case failedCondition(cancelled):
			return s.settle(ctx, w, unknown, fmt.Errorf("%w: %s: %w", w.refused, what, err))
		case backoff.Contended(cancelled):
			again = true
			err = fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
		default:
			err = serviceError(ctx, what, err)
		}
		if again {
			if again, _ = s.backoff.Wait(ctx, n); again {
				continue
			}
		}
		if ctx.Err() != nil {
			err = serviceError(ctx, what, err)
		}
		return s.settle(ctx, w, unknown, err)
	}
}

// settle returns the error of a transaction that failed with err, or nil if it
// turns out that it was made. Unknown says that an answer was lost. If the new
// version isn't there the transaction can still be under way.
func (s *BranchKeyStore) settle(ctx context.Context, w keyWrite, unknown bool, err error) error {
	if !unknown {
		return err
	}
	_, readErr := s.read(ctx, w.version.id(), w.version.typ())
	switch {
	case readErr == nil:
		return nil
	case errors.Is(readErr, crypt.ErrNoKey) && errors.Is(err, w.refused):
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
}

// withoutRetries makes a call one try.
func withoutRetries(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// retryable reports whether it may help to try again after err.
func retryable(err error) bool {
	var api smithy.APIError
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary ||
		retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary ||
		errors.As(err, &api) && api.ErrorFault() == smithy.FaultServer
}

// mayBeDone reports whether a transaction that failed with err may have taken
// effect, or may still: err is no answer by which the service refuses it.
func mayBeDone(err error) bool {
	var underWay *types.TransactionInProgressException
	if errors.As(err, &underWay) {
		return true
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		status := response.HTTPStatusCode()
		return status < http.StatusBadRequest || status >= http.StatusInternalServerError
	}
	var api smithy.APIError
	return !errors.As(err, &api) || api.ErrorFault() != smithy.FaultClient
}

// failedCondition reports whether a condition of a cancelled transaction didn't
// hold.
func failedCondition(c *types.TransactionCanceledException) bool {
	return slices.ContainsFunc(c.CancellationReasons, func(r types.CancellationReason) bool {
		return aws.ToString(r.Code) == "ConditionalCheckFailed"
	})
}

package backoff

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Contended reports whether a transaction was cancelled for nothing but other
// requests to its items or too many of them: the same transaction can succeed a
// moment later.
func Contended(c *types.TransactionCanceledException) bool {
	contended := false
	for _, r := range c.CancellationReasons {
		switch aws.ToString(r.Code) {
		case "None", "":
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			contended = true
		default:
			return false
		}
	}
	return contended
}

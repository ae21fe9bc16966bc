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
		switch code := aws.ToString(r.Code); {
		case code == "None" || code == "":
		case ContentionCode(code):
			contended = true
		default:
			return false
		}
	}
	return contended
}

// ContentionCode reports whether the code of a reason says nothing against the
// transaction itself.
func ContentionCode(code string) bool {
	switch code {
	case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
		return true
	}
	return false
}

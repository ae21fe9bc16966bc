package backoff

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestContended(t *testing.T) {
	for _, tt := range []struct {
		name  string
		codes []string
		want  bool
	}{
		{"no reason", nil, false},
		{"none of the operations", []string{"None", "None"}, false},
		{"a conflict", []string{"None", "TransactionConflict"}, true},
		{"throttled", []string{"ThrottlingError", "ProvisionedThroughputExceeded"}, true},
		{"a condition", []string{"ConditionalCheckFailed"}, false},
		{"a conflict and a condition", []string{"TransactionConflict", "ConditionalCheckFailed"}, false},
		{"a conflict and what is unknown", []string{"TransactionConflict", "Other"}, false},
	} {
		c := &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{{}}} // without a code
		for _, code := range tt.codes {
			c.CancellationReasons = append(c.CancellationReasons, types.CancellationReason{Code: &code})
		}
		if got := Contended(c); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

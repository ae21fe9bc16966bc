package ddbenctest_test

import "slices"

// A conformanceDifference says why an engine fails some checks, and where the
// public documentation says that the service is otherwise.
type conformanceDifference struct {
	why    string
	source string
	checks []string
}

// conformanceDifferences are the checks that an engine is known to fail. What
// DynamoDB Local answers is right unless it is listed here. A check that passes
// after all fails the test, and its name can go.
var conformanceDifferences = map[string][]conformanceDifference{
	"local": {
		{"it takes throughput that is not used", "API reference, CreateTable, ProvisionedThroughput: not with PAY_PER_REQUEST",
			[]string{"table pays per request or has throughput"}},
		{"it tells the capacity of a deletion of nothing unasked", "API reference, DeleteItem, ConsumedCapacity: only returned if asked for",
			[]string{"item is deleted", "delete returns the old item"}},
		{"UPDATED_OLD and UPDATED_NEW have whole attributes", "github.com/nubo-db/dynoxide/issues/36 and github.com/ExtendDB/extenddb/issues/98, compared with the service",
			[]string{"update returns UPDATED_OLD", "update returns UPDATED_NEW", "update returns elements of a list", "update: SET m.b = :v",
				"update: SET m.d.e = :v, m.d.f = :v", "update: SET l[1] = :v", "update: ADD m.d.e :v", "update: ADD m.x :v"}},
		{"it keeps the spelling of some numbers", "Developer guide, Data types, Number: leading and trailing zeroes are trimmed",
			[]string{"number in a list and a map is spelled as others are", "update: SET n = :v + n"}},
		{"a page of a query with a filter counts what passes", "Developer guide, Filter expressions for Query: 1 MB before the filter is evaluated",
			[]string{"query page counts what a filter drops"}},
		{"a new index has items that lack its key's type", "Developer guide, Detecting and correcting index key violations",
			[]string{"index that is added leaves out keys of other types"}},
		{"a batch pays nothing for an item that is not there", "Developer guide, Read consumption: reads of items that do not exist consume as well",
			[]string{"batch get capacity"}},
		{"it refuses the request instead of canceling the transaction", "API reference, TransactWriteItems, cancellation reasons: ValidationError and its messages",
			[]string{"transaction with an update that is invalid for its item", "transaction with a wrong key"}},
		{"it takes any text for ReturnConsumedCapacity", "API reference, GetItem, ReturnConsumedCapacity: valid values",
			[]string{"request of an unknown return value"}},
	},
}

// knownDifference is why the engine fails a check, or "".
func (e *conformanceEngine) knownDifference(check string) string {
	for _, d := range conformanceDifferences[e.name] {
		if slices.Contains(d.checks, check) {
			return d.why + " (" + d.source + ")"
		}
	}
	return ""
}

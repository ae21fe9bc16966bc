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
		{"a legacy update without an action does nothing", "API reference, UpdateItem, AttributeUpdates: PUT is the default action",
			[]string{"legacy update: put without an action"}},
		{"a legacy update that only deletes makes an item", "API reference, UpdateItem, AttributeUpdates: DELETE causes nothing to happen without the item",
			[]string{"legacy update: delete alone makes no item"}},
		{"errors have no checksum", "Developer guide, Low-level API, response format: x-amz-crc32 is of the response's body",
			[]string{"error has its type, status and CRC32"}},
		{"it fails with other errors when a request cannot be read, or takes it", "Developer guide, Error handling: SerializationException",
			[]string{"protocol refuses body that is no JSON", "protocol refuses member of a wrong type",
				"protocol refuses attribute value of a wrong type", "protocol refuses binary that is no Base64"}},
	},
	// dynoxide's makers compare it with the service, by checks other than these;
	// DynamoDB Local, which is AWS's own, is believed where the two disagree.
	"dynoxide": {
		{"a transaction's reads have the key beside what is projected", "DynamoDB Local; API reference, Get, ProjectionExpression",
			[]string{"transaction reads projected attributes alone"}},
		{"a page ends before the item that passes 1 MB, which it counts as scanned", "DynamoDB Local",
			[]string{"query pages end after 1 MB", "query page counts what a filter drops", "scan pages end after 1 MB"}},
		{"a list that is written past its end is filled with NULL", "DynamoDB Local; Developer guide, Update expressions: added at the end",
			[]string{"update: SET l[9] = :v", "update: SET l[9] = :v, l[7] = :w"}},
		{"REMOVE counts elements after the removals before", "DynamoDB Local", []string{"update: REMOVE l[0], l[2]"}},
		{"numbers in the sets of expressions are compared as text", "DynamoDB Local; API reference, AttributeValue: numbers",
			[]string{"update: ADD ns :v", "update: DELETE ns :v"}},
		{"ReturnValues have a whole list, or the key of an item that was not there", "as for DynamoDB Local",
			[]string{"update returns elements of a list", "update: SET l[1] = :v", "update of a new item returns no old item"}},
		{"expressions are not checked as closely", "DynamoDB Local; Developer guide, Service quotas, Expression parameters",
			[]string{"condition is refused: function in capitals", "condition is refused: order of booleans", "condition is refused: order of sets",
				"condition is refused: type that is no type", "condition is refused: type that is a path", "condition is refused: same operand twice",
				"condition with an unused value", "condition with an unused name", "condition of more than 300 operators",
				"condition with IN of more than 100", "update is refused: removal below what is not there", "legacy condition is refused: order of sets",
				"transaction with a syntax error", "transaction with an unused value", "transaction of two in one element"}},
		{"key conditions are read in one order and not checked against the schema", "DynamoDB Local; API reference, Query",
			[]string{"query: range key on the left", "query is refused: hash key of another type", "query is refused: an empty hash key",
				"query is refused: start key of another hash key", "query is refused: start key outside the range"}},
		{"indexes are read for what they do not project, and take keys of other types", "DynamoDB Local; Developer guide, Secondary indexes",
			[]string{"global index has no more than it projects", "local index of keys fetches the rest", "index that is added leaves out keys of other types"}},
		{"names and settings are not checked", "DynamoDB Local; Developer guide, Service quotas, Naming rules",
			[]string{"item is refused: attribute name of 65536 bytes", "item is refused: empty attribute name", "map with an empty name is refused",
				"table pays per request or has throughput", "time to live is set and unset"}},
		{"a legacy update that only deletes makes an item", "as for DynamoDB Local", []string{"legacy update: delete alone makes no item"}},
		{"streams know less", "DynamoDB Local; API reference, DynamoDB Streams",
			[]string{"stream leaves out what changes nothing", "stream is read from anywhere", "stream is listed and described", "stream is turned on and off"}},
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

package wire

import (
	"context"
	"strings"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

// The targets' prefixes: the API of tables and items, and that of streams.
const (
	dynamoDB = "DynamoDB_20120810."
	streams  = "DynamoDBStreams_20120810."
)

// A call reads the body of a request and returns a function that does what it
// asks. in is the request that was read.
type call func(e *engine.Engine, body []byte) (do func(context.Context) (any, error), in any, err error)

// serve makes a call of an operation of the engine.
func serve[In, Out any](method func(*engine.Engine, context.Context, *In) (*Out, error)) call {
	return func(e *engine.Engine, body []byte) (func(context.Context) (any, error), any, error) {
		in := new(In)
		if err := decodeRequest(body, in); err != nil {
			return nil, in, err
		}
		return func(ctx context.Context) (any, error) { return method(e, ctx, in) }, in, nil
	}
}

// operations are the operations that the engine serves, by target.
var operations = map[string]call{
	dynamoDB + "BatchGetItem":       serve((*engine.Engine).BatchGetItem),
	dynamoDB + "BatchWriteItem":     serve((*engine.Engine).BatchWriteItem),
	dynamoDB + "CreateTable":        serve((*engine.Engine).CreateTable),
	dynamoDB + "DeleteItem":         serve((*engine.Engine).DeleteItem),
	dynamoDB + "DeleteTable":        serve((*engine.Engine).DeleteTable),
	dynamoDB + "DescribeLimits":     serve((*engine.Engine).DescribeLimits),
	dynamoDB + "DescribeTable":      serve((*engine.Engine).DescribeTable),
	dynamoDB + "DescribeTimeToLive": serve((*engine.Engine).DescribeTimeToLive),
	dynamoDB + "GetItem":            serve((*engine.Engine).GetItem),
	dynamoDB + "ListTables":         serve((*engine.Engine).ListTables),
	dynamoDB + "ListTagsOfResource": serve((*engine.Engine).ListTagsOfResource),
	dynamoDB + "PutItem":            serve((*engine.Engine).PutItem),
	dynamoDB + "Query":              serve((*engine.Engine).Query),
	dynamoDB + "Scan":               serve((*engine.Engine).Scan),
	dynamoDB + "TagResource":        serve((*engine.Engine).TagResource),
	dynamoDB + "TransactGetItems":   serve((*engine.Engine).TransactGetItems),
	dynamoDB + "TransactWriteItems": serve((*engine.Engine).TransactWriteItems),
	dynamoDB + "UntagResource":      serve((*engine.Engine).UntagResource),
	dynamoDB + "UpdateItem":         serve((*engine.Engine).UpdateItem),
	dynamoDB + "UpdateTable":        serve((*engine.Engine).UpdateTable),
	dynamoDB + "UpdateTimeToLive":   serve((*engine.Engine).UpdateTimeToLive),

	streams + "DescribeStream":   serve((*engine.Engine).DescribeStream),
	streams + "GetRecords":       serve((*engine.Engine).GetRecords),
	streams + "GetShardIterator": serve((*engine.Engine).GetShardIterator),
	streams + "ListStreams":      serve((*engine.Engine).ListStreams),
}

// lookup returns the call for a target.
func lookup(target string) (call, error) {
	if c, ok := operations[target]; ok {
		return c, nil
	}
	api, operation, _ := strings.Cut(target, ".")
	if api+"." == dynamoDB || api+"." == streams {
		return nil, &engine.Error{Code: engine.UnknownOperation, Message: "The embedded engine does not do " + operation}
	}
	return nil, &engine.Error{Code: engine.UnknownOperation}
}

// tablesOf returns the tables that a request names.
func tablesOf(in any) []string {
	if r, ok := in.(interface{ TableNames() []string }); ok {
		return r.TableNames()
	}
	return nil
}

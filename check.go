package ddbenc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// ErrMismatch reports a table that is not as its schema says. The error is a
// [*CheckError].
var ErrMismatch = errors.New("ddbenc: the table is not as its schema says")

// CheckAPI is what Check calls of the SDK. A [*dynamodb.Client] has it.
type CheckAPI interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
}

var _ CheckAPI = (*dynamodb.Client)(nil)

// A Difference is one thing in which a table is not as its schema says.
type Difference struct {
	// Index is the name of the index that it is about, or empty if it is about the
	// table itself.
	Index string

	Want, Got string // what the schema says, and what the table has
	Breaks    string // what does not work because of it
}

// String returns the difference as one line of text.
func (d Difference) String() string {
	text := fmt.Sprintf("want %s, got %s: %s", d.Want, d.Got, d.Breaks)
	if d.Index != "" {
		return fmt.Sprintf("index %q: %s", d.Index, text)
	}
	return text
}

// A CheckError lists everything in which a table is not as its schema says. It wraps
// [ErrMismatch].
type CheckError struct {
	Table       string // physical table name or ARN
	Differences []Difference
}

func (e *CheckError) Error() string {
	lines := make([]string, len(e.Differences))
	for i, d := range e.Differences {
		lines[i] = d.String()
	}
	return fmt.Sprintf("ddbenc: table %q is not as its schema says: %s", e.Table, strings.Join(lines, "; "))
}

// Unwrap returns ErrMismatch.
func (e *CheckError) Unwrap() error { return ErrMismatch }

// Check compares the table in DynamoDB with T, once, when a program starts or in a
// test of its deployment; no other method does so. It takes one DescribeTable and, if
// T has a time to live, one DescribeTimeToLive. db is most often the client that the
// table was opened with.
//
// Compared are the key of the table, the indexes that T declares with their keys and
// projections, the types of key attributes, and the time to live. What T does not
// know of, such as other indexes, is not a difference; neither is the table's status
// or class.
//
// All differences are told at once, in a [*CheckError]. Any other error is the SDK's:
// nothing is known then. Only if DescribeTimeToLive is not allowed, or not known to
// the service, the time to live is left unchecked.
func (t *Table[T]) Check(ctx context.Context, db CheckAPI) error {
	s := t.binder.schema
	return t.core.check(ctx, db, s.TTL)
}

// Check compares the table in DynamoDB with the schema that it was opened with, as
// [Table.Check] does. A [RawSchema] says nothing of types and of times to live.
func (t *RawTable) Check(ctx context.Context, db CheckAPI) error {
	return t.core.check(ctx, db, "")
}

// check compares the table with its shape, and with ttl, the attribute with the time
// to live, unless that is empty.
func (c *core) check(ctx context.Context, db CheckAPI, ttl string) error {
	if isNilClient(db) {
		return c.opError(opCheck, fmt.Errorf("%w: no DynamoDB client", ErrConfig))
	}
	out, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: c.tableName()})
	if err != nil {
		return c.opError(opCheck, err)
	}
	if out == nil || out.Table == nil {
		return c.opError(opCheck, errors.New("ddbenc: DescribeTable returned no table"))
	}
	found := c.shape.differences(out.Table)
	if ttl != "" {
		d, err := c.checkTTL(ctx, db, ttl)
		if err != nil {
			return c.opError(opCheck, err)
		}
		found = append(found, d...)
	}
	if len(found) > 0 {
		return &CheckError{Table: c.name, Differences: found}
	}
	return nil
}

const opCheck = "DescribeTable"

// isNilClient reports whether db, a client or what stands in for one, is none, or the
// nil of the SDK's type.
func isNilClient(db any) bool {
	client, ok := db.(*dynamodb.Client)
	return db == nil || ok && client == nil
}

// differences compares a table with s.
func (s *shape) differences(table *types.TableDescription) (found []Difference) {
	defined := map[string]string{}
	for _, a := range table.AttributeDefinitions {
		defined[deref(a.AttributeName)] = string(a.AttributeType)
	}
	add := func(index, want, got, breaks string) {
		found = append(found, Difference{Index: index, Want: want, Got: got, Breaks: breaks})
	}
	compareKey := func(index string, want []keyAttr, got []types.KeySchemaElement, breaks string) {
		if w, g := describedKey(want), elementsText(got); w != g {
			add(index, w, g, breaks)
			return
		}
		for _, k := range want {
			if typ := defined[k.name]; k.typ != "" && typ != k.typ {
				add(index, fmt.Sprintf("key attribute %q of type %s", k.name, k.typ), "type "+orNone(typ),
					"DynamoDB rejects every item and key that has it")
			}
		}
	}
	compareKey("", s.keys, table.KeySchema, "DynamoDB rejects every request, and items are not verified to be those under the key")
	for _, want := range s.indexes {
		got, ok := describedIndex(table, want.name)
		switch {
		case !ok:
			add(want.name, kind(want.global)+" index", "none of that name", "queries and scans of it fail")
			continue
		case got.global != want.global:
			add(want.name, kind(want.global)+" index", kind(got.global)+" index",
				"consistent reads are refused, or sent where DynamoDB has none")
		}
		compareKey(want.name, want.keys, got.keys, "queries of it are rejected, and what it returns is not verified to be of the partition")
		if got.projection != types.ProjectionTypeAll {
			add(want.name, "projection ALL", "projection "+orNone(string(got.projection)),
				"items that are read from it lack attributes and do not verify: make an index that projects all")
		}
	}
	return found
}

// A describedIndexShape is an index as DynamoDB describes it.
type describedIndexShape struct {
	global     bool
	keys       []types.KeySchemaElement
	projection types.ProjectionType
}

func describedIndex(table *types.TableDescription, name string) (describedIndexShape, bool) {
	projection := func(p *types.Projection) types.ProjectionType {
		if p == nil {
			return ""
		}
		return p.ProjectionType
	}
	for _, x := range table.GlobalSecondaryIndexes {
		if deref(x.IndexName) == name {
			return describedIndexShape{true, x.KeySchema, projection(x.Projection)}, true
		}
	}
	for _, x := range table.LocalSecondaryIndexes {
		if deref(x.IndexName) == name {
			return describedIndexShape{false, x.KeySchema, projection(x.Projection)}, true
		}
	}
	return describedIndexShape{}, false
}

// checkTTL compares the attribute by which DynamoDB deletes items with want.
func (c *core) checkTTL(ctx context.Context, db CheckAPI, want string) ([]Difference, error) {
	out, err := db.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: c.tableName()})
	var api smithy.APIError
	if errors.As(err, &api) && slices.Contains([]string{"AccessDeniedException", "UnknownOperationException"}, api.ErrorCode()) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	got := "none"
	if d := ttlOf(out); d != nil && (d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
		if deref(d.AttributeName) == want {
			return nil, nil
		}
		got = fmt.Sprintf("%q", deref(d.AttributeName))
	}
	return []Difference{{Want: fmt.Sprintf("time to live %q", want), Got: got,
		Breaks: "DynamoDB does not delete expired items, or deletes by another attribute: see Schema.TimeToLiveInput"}}, nil
}

// describedKey and elementsText write a key in the same way: as the names of the partition
// and the sort key.
func describedKey(keys []keyAttr) string { return "key (" + keyNames(keys) + ")" }

func elementsText(elements []types.KeySchemaElement) string {
	var keys []keyAttr
	for _, kind := range []types.KeyType{types.KeyTypeHash, types.KeyTypeRange} {
		for _, e := range elements {
			if e.KeyType == kind {
				keys = append(keys, keyAttr{name: deref(e.AttributeName)})
			}
		}
	}
	return describedKey(keys)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func ttlOf(out *dynamodb.DescribeTimeToLiveOutput) *types.TimeToLiveDescription {
	if out == nil {
		return nil
	}
	return out.TimeToLiveDescription
}

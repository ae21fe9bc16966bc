package ddbenc

import (
	"reflect"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
)

// This file is the closed list of an encrypted client: every operation of the
// SDK, and every field of the requests and responses that move items, with what
// becomes of it. What a newer SDK adds is in no class. Such an operation is
// refused, such a field of a request is refused when it is set, and such a field
// of a response is cleared, until someone has decided otherwise.
// TestClosedList fails when the SDK that this module names has one.

// A class is what becomes of an operation or a field on an encrypted table.
type class uint8

const (
	_         class = iota
	passes          // goes through as it is: it holds nothing of an item but key attributes
	checked         // goes through after a check
	rewritten       // encrypted on the way out, verified and decrypted on the way in
	refused         // not on an encrypted table
)

// operations has the class of each operation.
var operations = classify(map[class]string{
	rewritten: "PutItem GetItem DeleteItem UpdateItem Query Scan BatchGetItem BatchWriteItem TransactGetItems TransactWriteItems",
	refused:   "ExecuteStatement BatchExecuteStatement ExecuteTransaction SearchVectors StartBulkPutItems",
	passes: `
		CancelBulkOperation CreateBackup CreateGlobalTable CreateTable DeleteBackup DeleteResourcePolicy DeleteTable
		DescribeBackup DescribeBulkOperation DescribeContinuousBackups DescribeContributorInsights DescribeEndpoints
		DescribeExport DescribeGlobalTable DescribeGlobalTableSettings DescribeImport DescribeKinesisStreamingDestination
		DescribeLimits DescribeTable DescribeTableReplicaAutoScaling DescribeTimeToLive
		DisableKinesisStreamingDestination EnableKinesisStreamingDestination ExportTableToPointInTime GetResourcePolicy
		ImportTable ListBackups ListBulkOperations ListContributorInsights ListExports ListGlobalTables ListImports
		ListTables ListTagsOfResource PutResourcePolicy RestoreTableFromBackup RestoreTableToPointInTime TagResource
		UntagResource UpdateContinuousBackups UpdateContributorInsights UpdateGlobalTable UpdateGlobalTableSettings
		UpdateKinesisStreamingDestination UpdateTable UpdateTableReplicaAutoScaling UpdateTimeToLive`,
})

// fields has the class of each field, by the name of its struct. What is behind a
// refused field is not listed.
var fields = map[string]map[string]class{
	"PutItemInput": classify(map[class]string{
		rewritten: "Item",
		checked:   "TableName ConditionExpression ExpressionAttributeNames ExpressionAttributeValues ReturnValues",
		refused:   "Expected ConditionalOperator",
		passes:    "ReturnConsumedCapacity ReturnItemCollectionMetrics ReturnValuesOnConditionCheckFailure",
	}),
	"PutItemOutput": classify(map[class]string{
		rewritten: "Attributes",
		passes:    "ConsumedCapacity ItemCollectionMetrics ResultMetadata",
	}),
	"GetItemInput": classify(map[class]string{
		checked: "TableName Key",
		refused: "AttributesToGet ProjectionExpression",
		passes:  "ConsistentRead ExpressionAttributeNames ReturnConsumedCapacity",
	}),
	"GetItemOutput": classify(map[class]string{
		rewritten: "Item",
		passes:    "ConsumedCapacity ResultMetadata",
	}),
	"DeleteItemInput": classify(map[class]string{
		checked: "TableName Key ConditionExpression ExpressionAttributeNames ExpressionAttributeValues ReturnValues",
		refused: "Expected ConditionalOperator",
		passes:  "ReturnConsumedCapacity ReturnItemCollectionMetrics ReturnValuesOnConditionCheckFailure",
	}),
	"DeleteItemOutput": classify(map[class]string{
		rewritten: "Attributes",
		passes:    "ConsumedCapacity ItemCollectionMetrics ResultMetadata",
	}),
	"UpdateItemInput": classify(map[class]string{
		rewritten: "ConditionExpression ExpressionAttributeNames",
		checked:   "TableName Key UpdateExpression ExpressionAttributeValues ReturnValues",
		refused:   "AttributeUpdates Expected ConditionalOperator",
		passes:    "ReturnConsumedCapacity ReturnItemCollectionMetrics ReturnValuesOnConditionCheckFailure",
	}),
	"UpdateItemOutput": classify(map[class]string{
		rewritten: "Attributes",
		passes:    "ConsumedCapacity ItemCollectionMetrics ResultMetadata",
	}),
	"QueryInput": classify(map[class]string{
		checked: "TableName IndexName ConsistentRead KeyConditionExpression FilterExpression ExpressionAttributeNames " +
			"ExpressionAttributeValues ExclusiveStartKey Select",
		refused: "AttributesToGet ProjectionExpression KeyConditions QueryFilter ConditionalOperator",
		passes:  "Limit ScanIndexForward ReturnConsumedCapacity",
	}),
	"QueryOutput": classify(map[class]string{
		rewritten: "Items",
		passes:    "Count ScannedCount LastEvaluatedKey ConsumedCapacity ResultMetadata",
	}),
	"ScanInput": classify(map[class]string{
		checked: "TableName IndexName ConsistentRead FilterExpression ExpressionAttributeNames ExpressionAttributeValues ExclusiveStartKey Select",
		refused: "AttributesToGet ProjectionExpression ScanFilter ConditionalOperator",
		passes:  "Limit Segment TotalSegments ReturnConsumedCapacity",
	}),
	"ScanOutput": classify(map[class]string{
		rewritten: "Items",
		passes:    "Count ScannedCount LastEvaluatedKey ConsumedCapacity ResultMetadata",
	}),

	"BatchGetItemInput": classify(map[class]string{
		checked: "RequestItems",
		passes:  "ReturnConsumedCapacity",
	}),
	"KeysAndAttributes": classify(map[class]string{
		checked: "Keys",
		refused: "AttributesToGet ProjectionExpression",
		passes:  "ConsistentRead ExpressionAttributeNames",
	}),
	"BatchGetItemOutput": classify(map[class]string{
		rewritten: "Responses",
		checked:   "UnprocessedKeys",
		passes:    "ConsumedCapacity ResultMetadata",
	}),
	"BatchWriteItemInput": classify(map[class]string{
		rewritten: "RequestItems",
		passes:    "ReturnConsumedCapacity ReturnItemCollectionMetrics",
	}),
	"WriteRequest":  classify(map[class]string{rewritten: "PutRequest", checked: "DeleteRequest"}),
	"PutRequest":    classify(map[class]string{rewritten: "Item"}),
	"DeleteRequest": classify(map[class]string{checked: "Key"}),
	"BatchWriteItemOutput": classify(map[class]string{
		rewritten: "UnprocessedItems",
		passes:    "ConsumedCapacity ItemCollectionMetrics ResultMetadata",
	}),

	"TransactGetItemsInput": classify(map[class]string{
		checked: "TransactItems",
		passes:  "ReturnConsumedCapacity",
	}),
	"TransactGetItem": classify(map[class]string{checked: "Get"}),
	"Get": classify(map[class]string{
		checked: "TableName Key",
		refused: "ProjectionExpression",
		passes:  "ExpressionAttributeNames",
	}),
	"TransactGetItemsOutput": classify(map[class]string{
		rewritten: "Responses",
		passes:    "ConsumedCapacity ResultMetadata",
	}),
	"ItemResponse": classify(map[class]string{rewritten: "Item"}),
	"TransactWriteItemsInput": classify(map[class]string{
		rewritten: "TransactItems",
		passes:    "ClientRequestToken ReturnConsumedCapacity ReturnItemCollectionMetrics",
	}),
	"TransactWriteItem": classify(map[class]string{
		rewritten: "Put Update",
		checked:   "Delete ConditionCheck",
	}),
	"Put": classify(map[class]string{
		rewritten: "Item",
		checked:   "TableName ConditionExpression ExpressionAttributeNames ExpressionAttributeValues",
		passes:    "ReturnValuesOnConditionCheckFailure",
	}),
	"Update": classify(map[class]string{
		rewritten: "ConditionExpression ExpressionAttributeNames",
		checked:   "TableName Key UpdateExpression ExpressionAttributeValues",
		passes:    "ReturnValuesOnConditionCheckFailure",
	}),
	"Delete": classify(map[class]string{
		checked: "TableName Key ConditionExpression ExpressionAttributeNames ExpressionAttributeValues",
		passes:  "ReturnValuesOnConditionCheckFailure",
	}),
	"ConditionCheck": classify(map[class]string{
		checked: "TableName Key ConditionExpression ExpressionAttributeNames ExpressionAttributeValues",
		passes:  "ReturnValuesOnConditionCheckFailure",
	}),
	"TransactWriteItemsOutput": classify(map[class]string{
		passes: "ConsumedCapacity ItemCollectionMetrics ResultMetadata",
	}),

	"ConditionalCheckFailedException": classify(map[class]string{
		rewritten: "Item",
		passes:    "Message ErrorCodeOverride",
	}),
	"TransactionCanceledException": classify(map[class]string{
		rewritten: "CancellationReasons",
		passes:    "Message ErrorCodeOverride",
	}),
	"CancellationReason": classify(map[class]string{
		rewritten: "Item",
		passes:    "Code Message",
	}),

	// The key in these is the partition key's attribute.
	"ItemCollectionMetrics": classify(map[class]string{passes: "ItemCollectionKey SizeEstimateRangeGB"}),
	"ConsumedCapacity": classify(map[class]string{
		passes: "CapacityUnits GlobalSecondaryIndexes LocalSecondaryIndexes ReadCapacityUnits Table TableName VectorIndexes WriteCapacityUnits",
	}),
	"Capacity":       classify(map[class]string{passes: "CapacityUnits ReadCapacityUnits WriteCapacityUnits"}),
	"VectorCapacity": classify(map[class]string{passes: "VectorSearchRequestBytes VectorWriteRequestBytes"}),
}

// classify turns lists of names around.
func classify(lists map[class]string) map[string]class {
	classes := make(map[string]class)
	for c, names := range lists {
		for _, name := range strings.Fields(names) {
			classes[name] = c
		}
	}
	return classes
}

// dataTypes are the requests and responses of the operations that are rewritten.
var dataTypes = []reflect.Type{
	reflect.TypeFor[dynamodb.PutItemInput](), reflect.TypeFor[dynamodb.PutItemOutput](),
	reflect.TypeFor[dynamodb.GetItemInput](), reflect.TypeFor[dynamodb.GetItemOutput](),
	reflect.TypeFor[dynamodb.DeleteItemInput](), reflect.TypeFor[dynamodb.DeleteItemOutput](),
	reflect.TypeFor[dynamodb.UpdateItemInput](), reflect.TypeFor[dynamodb.UpdateItemOutput](),
	reflect.TypeFor[dynamodb.QueryInput](), reflect.TypeFor[dynamodb.QueryOutput](),
	reflect.TypeFor[dynamodb.ScanInput](), reflect.TypeFor[dynamodb.ScanOutput](),
	reflect.TypeFor[dynamodb.BatchGetItemInput](), reflect.TypeFor[dynamodb.BatchGetItemOutput](),
	reflect.TypeFor[dynamodb.BatchWriteItemInput](), reflect.TypeFor[dynamodb.BatchWriteItemOutput](),
	reflect.TypeFor[dynamodb.TransactGetItemsInput](), reflect.TypeFor[dynamodb.TransactGetItemsOutput](),
	reflect.TypeFor[dynamodb.TransactWriteItemsInput](), reflect.TypeFor[dynamodb.TransactWriteItemsOutput](),
}

// An unknownFields has the indexes of the fields that are in no class, by their
// struct. It is empty if all are in one.
type unknownFields map[reflect.Type][]int

// unknownInSDK is what the SDK has that the program is built with, which may be
// newer than the one that this module names.
var unknownInSDK = sync.OnceValue(func() unknownFields {
	u := unknownFields{}
	seen := map[reflect.Type]bool{}
	for _, t := range dataTypes {
		u.collect(t, seen)
	}
	return u
})

// collect adds the fields of t, and of all structs that t leads to.
func (u unknownFields) collect(t reflect.Type, seen map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[middleware.Metadata]() || seen[t] {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue // not for users of the SDK, and not sent
		}
		switch fields[t.Name()][f.Name] {
		case 0:
			u[t] = append(u[t], i)
		case refused:
		default:
			u.collect(f.Type, seen)
		}
	}
}

// visit calls do for each field of u that is set in v.
func (u unknownFields) visit(v reflect.Value, do func(t reflect.Type, f reflect.StructField)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			u.visit(v.Elem(), do)
		}
	case reflect.Slice:
		for i := range v.Len() {
			u.visit(v.Index(i), do)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			u.visit(v.MapIndex(k), do)
		}
	case reflect.Struct:
		t := v.Type()
		for _, i := range u[t] {
			if !v.Field(i).IsZero() {
				do(t, t.Field(i))
			}
		}
		for i := range t.NumField() {
			if c := fields[t.Name()][t.Field(i).Name]; c != 0 && c != refused {
				u.visit(v.Field(i), do)
			}
		}
	}
}

// refuseUnknown refuses a request, or a part of one, that has a field set of
// which nothing is known.
func refuseUnknown(op, table string, in any) error {
	u := unknownInSDK()
	if len(u) == 0 {
		return nil
	}
	return u.refuse(op, table, in)
}

func (u unknownFields) refuse(op, table string, in any) error {
	r := &refusals{op: op, table: table}
	u.visit(reflect.ValueOf(in), func(t reflect.Type, f reflect.StructField) {
		r.add("%s.%s is unknown to this version of ddbenc, so it can't be told what it would do: leave it out", t.Name(), f.Name)
	})
	return r.err()
}

// clearUnknown clears the fields of a response of which nothing is known: they
// could hold what was not verified.
func clearUnknown(out any) {
	if u := unknownInSDK(); len(u) > 0 {
		u.clear(out)
	}
}

func (u unknownFields) clear(out any) { u.clearIn(reflect.ValueOf(out)) }

func (u unknownFields) clearIn(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			u.clearIn(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			u.clearIn(v.Index(i))
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			elem := reflect.New(v.Type().Elem()).Elem() // what is in a map can't be changed in place
			elem.Set(v.MapIndex(k))
			u.clearIn(elem)
			v.SetMapIndex(k, elem)
		}
	case reflect.Struct:
		t := v.Type()
		for _, i := range u[t] {
			v.Field(i).SetZero()
		}
		for i := range t.NumField() {
			if fields[t.Name()][t.Field(i).Name] != 0 {
				u.clearIn(v.Field(i))
			}
		}
	}
}

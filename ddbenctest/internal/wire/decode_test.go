package wire

import (
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

func TestDecodeRequest(t *testing.T) {
	in := new(engine.PutItemInput)
	err := decodeRequest([]byte(`{"TableName":"orders","Item":{"pk":{"S":"x"},"n":{"N":"1.50"}},"ReturnValues":"ALL_OLD",
		"ConditionExpression":"n = :n","ExpressionAttributeValues":{":n":{"N":"2"}},"Expected":null}`), in)
	if err != nil {
		t.Fatal(err)
	}
	if *in.TableName != "orders" || in.Item["n"].Str != "1.5" || in.ReturnValues != "ALL_OLD" || *in.ConditionExpression != "n = :n" ||
		in.ExpressionAttributeValues[":n"].Str != "2" || in.Expected != nil {
		t.Errorf("decoded %+v", in)
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	const one = "1 validation error detected: "
	for _, test := range []struct{ name, body, want string }{
		{"nothing", ``, "SerializationException"},
		{"half a request", `{"TableName":"orders"`, "SerializationException"},
		{"two requests", `{"TableName":"orders","Item":{}}{}`, "SerializationException"},
		{"a member of another kind", `{"TableName":5}`, "SerializationException: NUMBER_VALUE cannot be converted to String"},
		{"an unknown member", `{"TableName":"orders","Itme":{}}`, "ValidationException: The embedded engine does not support the parameter Itme"},
		{"no table", `{"Item":{}}`, "ValidationException: " + one + "Value null at 'tableName' failed to satisfy constraint: Member must not be null"},
		{"an empty table name, told alone", `{"TableName":"","ReturnValues":"X"}`,
			"ValidationException: " + one + "Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"two violations", `{"TableName":"orders","Item":{},"ReturnValues":"X","ReturnConsumedCapacity":"Y"}`,
			"ValidationException: 2 validation errors detected: Value 'Y' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]; " +
				"Value 'X' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"},
		{"a violation before a bad value", `{"TableName":"orders","Item":{"a":{"N":"x"}},"ReturnValues":"X"}`,
			"ValidationException: " + one + "Value 'X' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"},
		{"a bad value", `{"TableName":"orders","Item":{"a":{"N":"x"}}}`, "ValidationException: The parameter cannot be converted to a numeric value: x"},
		{"a bad value of an expression", `{"TableName":"orders","Item":{},"ExpressionAttributeValues":{":v":{"SS":[]}}}`,
			"ValidationException: ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :v"},
	} {
		err := decodeRequest([]byte(test.body), new(engine.PutItemInput))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v\nwant %s", test.name, err, test.want)
		}
	}
}

func TestConstraintPaths(t *testing.T) {
	for _, test := range []struct {
		name string
		in   any
		body string
		want string
	}{
		{"list in a structure", new(engine.CreateTableInput), `{"TableName":"orders","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"X"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]}`,
			"Value 'X' at 'attributeDefinitions.2.member.attributeType' failed"},
		{"too long a list", new(engine.CreateTableInput), `{"TableName":"orders","AttributeDefinitions":[],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"},{"AttributeName":"c","KeyType":"RANGE"}]}`,
			"Value '[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=b, keyType=RANGE), KeySchemaElement(attributeName=c, keyType=RANGE)]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"},
		{"map of structures", new(engine.BatchGetItemInput), `{"RequestItems":{"orders":{"Keys":[]}}}`,
			"Value at 'RequestItems.orders.member.Keys' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"number", new(engine.QueryInput), `{"TableName":"orders","Limit":0}`, "Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"deep in a transaction", new(engine.TransactWriteItemsInput), `{"TransactItems":[{"Put":{"TableName":"orders","Item":{}}},{"Delete":{"Key":{}}}]}`,
			"Value null at 'transactItems.2.member.delete.tableName' failed to satisfy constraint: Member must not be null"},
	} {
		err := decodeRequest([]byte(test.body), test.in)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\nwant %s", test.name, err, test.want)
		}
	}
}

// Every operation's structures compile: no field has a type or a tag that package
// wire does not know.
func TestOperationsDecode(t *testing.T) {
	for target, call := range operations {
		if _, in, err := call(engine.New(), []byte(`{}`)); in == nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}

package ddbenctest_test

import "fmt"

// Members of requests for the item that most checks use.
const (
	keyOne  = `"Key":{"pk":{"S":"$"},"sk":{"S":"1"}}`
	keyText = `"pk":{"S":"$"},"sk":{"S":"1"}`
)

// put stores an item with the attributes given.
func put(attributes string) step {
	if attributes != "" {
		attributes = "," + attributes
	}
	return step{"PutItem", `{"Item":{` + keyText + attributes + `}}`, `{}`}
}

// get wants an item with the attributes given.
func get(attributes string) step {
	if attributes != "" {
		attributes = "," + attributes
	}
	return step{"GetItem", `{"ConsistentRead":true,` + keyOne + `}`, `{"Item":{` + keyText + attributes + `}}`}
}

// getNothing wants that there is no item.
var getNothing = step{"GetItem", `{"ConsistentRead":true,` + keyOne + `}`, `{}`}

// itemChecks are of items that are put, read and deleted.
var itemChecks = []conformanceCheck{
	script("item is stored", "@item", put(`"a":{"S":"x"}`), get(`"a":{"S":"x"}`)),
	script("item that is not there", "@item", getNothing),
	script("item is replaced as a whole", "@item", put(`"a":{"S":"x"},"b":{"N":"1"}`), put(`"b":{"N":"2"}`), get(`"b":{"N":"2"}`)),
	script("item is deleted", "@item", put(``), step{"DeleteItem", `{` + keyOne + `}`, `{}`}, getNothing, step{"DeleteItem", `{` + keyOne + `}`, `{}`}),
	script("item has its range key", "@item",
		put(``), step{"PutItem", `{"Item":{"pk":{"S":"$"},"sk":{"S":"2"},"a":{"S":"x"}}}`, `{}`}, get(``),
		step{"DeleteItem", `{"Key":{"pk":{"S":"$"},"sk":{"S":"2"}}}`, `{}`}, get(``)),
	stored("a string", `{"S":"héllo, 世界 \u0000\u0001\"\\"}`),
	stored("an empty string", `{"S":""}`),
	stored("a binary", `{"B":"AAEC/f7/"}`),
	stored("an empty binary", `{"B":""}`),
	stored("a number", `{"N":"-12.5"}`),
	stored("true", `{"BOOL":true}`),
	stored("false", `{"BOOL":false}`),
	stored("null", `{"NULL":true}`),
	stored("a string set", `{"SS":["a","b","c"]}`),
	stored("a set with an empty string", `{"SS":["","a"]}`),
	stored("a number set", `{"NS":["-1","0","3.5"]}`),
	stored("a binary set", `{"BS":["","AQ==","Ag=="]}`),
	stored("a list", `{"L":[{"S":"x"},{"N":"1"},{"NULL":true},{"L":[]},{"M":{}}]}`),
	stored("an empty list", `{"L":[]}`),
	stored("a map", `{"M":{"a":{"S":"x"},"b":{"M":{"c":{"L":[{"B":"AQ=="}]}}}}}`),
	stored("an empty map", `{"M":{}}`),
	script("map with an empty name is refused", "@item", step{"PutItem", `{"Item":{` + keyText + `,"m":{"M":{"":{"S":"x"}}}}}`, `ValidationException`}),
	stored("names of all kinds", `{"M":{"#":{"S":"a"},"a.b":{"S":"b"},"a[0]":{"S":"c"},"ä":{"S":"d"},"*":{"S":"e"}}}`),
	script("item without attributes but its key", "@hash", step{"PutItem", `{"Item":{"pk":{"S":"$"}}}`, `{}`}, step{"GetItem", `{"Key":{"pk":{"S":"$"}}}`, `{"Item":{"pk":{"S":"$"}}}`}),
	script("item's set may come in any order", "@item",
		put(`"s":{"SS":["c","a","b"]},"n":{"NS":["3","1","2"]},"b":{"BS":["Aw==","AQ=="]}`),
		get(`"s":{"SS":["a","b","c"]},"n":{"NS":["1","2","3"]},"b":{"BS":["AQ==","Aw=="]}`)),

	projected("one attribute", `a`, `{}`, `{"a":{"S":"x"}}`),
	projected("attributes without the key", `a, b`, `{}`, `{"a":{"S":"x"},"b":{"N":"1"}}`),
	projected("an attribute that is missing", `a, nope`, `{}`, `{"a":{"S":"x"}}`),
	projected("nothing", `nope`, `{}`, `{}`),
	projected("a nested attribute", `m.c.d`, `{}`, `{"m":{"M":{"c":{"M":{"d":{"S":"deep"}}}}}}`),
	projected("two nested attributes", `m.a, m.c.e`, `{}`, `{"m":{"M":{"a":{"S":"y"},"c":{"M":{"e":{"N":"5"}}}}}}`),
	projected("a list's element", `l[1]`, `{}`, `{"l":{"L":[{"S":"one"}]}}`),
	projected("a list's elements in the list's order", `l[2].k, l[0]`, `{}`, `{"l":{"L":[{"S":"zero"},{"M":{"k":{"S":"two"}}}]}}`),
	projected("inside a list's element", `l[2].k`, `{}`, `{"l":{"L":[{"M":{"k":{"S":"two"}}}]}}`),
	projected("past a list's end", `l[9]`, `{}`, `{}`),
	projected("a map in what is no map", `a.b`, `{}`, `{}`),
	projected("names with substitutes", `#m.#c.#d`, `{"#m":"m","#c":"c","#d":"d"}`, `{"m":{"M":{"c":{"M":{"d":{"S":"deep"}}}}}}`),
	projected("a name with a dot", `#n`, `{"#n":"x.y"}`, `{"x.y":{"S":"dotted"}}`),
	script("projection of the same attribute twice", "@item", step{"GetItem", `{` + keyOne + `,"ProjectionExpression":"a, a"}`,
		`ValidationException: Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]`}),
	script("projection of overlapping paths", "@item", step{"GetItem", `{` + keyOne + `,"ProjectionExpression":"m, m.a"}`,
		`ValidationException: Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, a]`}),
	script("projection that is empty", "@item", step{"GetItem", `{` + keyOne + `,"ProjectionExpression":""}`,
		`ValidationException: Invalid ProjectionExpression: The expression can not be empty;`}),
	script("projection with a reserved word", "@item", step{"GetItem", `{` + keyOne + `,"ProjectionExpression":"name"}`,
		`ValidationException: Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: name`}),
	script("projection with an undefined name", "@item", step{"GetItem", `{` + keyOne + `,"ProjectionExpression":"#a"}`,
		`ValidationException: Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; attribute name: #a`}),
	script("projection with an unused name", "@item", step{"GetItem", `{` + keyOne + `,"ProjectionExpression":"a","ExpressionAttributeNames":{"#b":"b"}}`,
		`ValidationException: Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}`}),
	script("projection with a syntax error", "@item", step{"GetItem", `{` + keyOne + `,"ProjectionExpression":"a b"}`,
		`ValidationException: Invalid ProjectionExpression: Syntax error; …`}),
	script("names without an expression", "@item", step{"GetItem", `{` + keyOne + `,"ExpressionAttributeNames":{"#b":"b"}}`,
		`ValidationException: ExpressionAttributeNames can only be specified when using expressions`}),
}

// stored checks that a value is read as it was written.
func stored(what, value string) conformanceCheck {
	attributes := `"v":` + value + `,"l":{"L":[` + value + `]},"m":{"M":{"v":` + value + `}}`
	return script("stores "+what, "@item", put(attributes), get(attributes))
}

// projected checks what GetItem gives for a projection.
func projected(what, expression, names, want string) conformanceCheck {
	if names != "{}" {
		names = `,"ExpressionAttributeNames":` + names
	} else {
		names = ""
	}
	return script("projection of "+what, "@item",
		put(`"a":{"S":"x"},"b":{"N":"1"},"x.y":{"S":"dotted"},"m":{"M":{"a":{"S":"y"},"c":{"M":{"d":{"S":"deep"},"e":{"N":"5"}}}}},
			"l":{"L":[{"S":"zero"},{"S":"one"},{"M":{"k":{"S":"two"},"j":{"S":"too"}}}]}`),
		step{"GetItem", `{` + keyOne + `,"ProjectionExpression":"` + expression + `"` + names + `}`, `{"Item":` + want + `}`})
}

// returnChecks are of ReturnValues, ReturnValuesOnConditionCheckFailure and
// ReturnConsumedCapacity.
var returnChecks = []conformanceCheck{
	script("put returns nothing", "@item", put(`"a":{"S":"x"}`), step{"PutItem", `{"Item":{` + keyText + `},"ReturnValues":"NONE"}`, `{}`}),
	script("put returns the old item", "@item", put(`"a":{"S":"x"},"n":{"N":"1"}`),
		step{"PutItem", `{"Item":{` + keyText + `,"a":{"S":"y"}},"ReturnValues":"ALL_OLD"}`, `{"Attributes":{` + keyText + `,"a":{"S":"x"},"n":{"N":"1"}}}`}),
	script("put of a new item returns no old item", "@item", step{"PutItem", `{"Item":{` + keyText + `},"ReturnValues":"ALL_OLD"}`, `{}`}),
	refusedReturn("PutItem", `"Item":{`+keyText+`}`, "ALL_NEW"),
	refusedReturn("PutItem", `"Item":{`+keyText+`}`, "UPDATED_OLD"),
	refusedReturn("PutItem", `"Item":{`+keyText+`}`, "UPDATED_NEW"),
	script("delete returns the old item", "@item", put(`"a":{"S":"x"}`),
		step{"DeleteItem", `{` + keyOne + `,"ReturnValues":"ALL_OLD"}`, `{"Attributes":{` + keyText + `,"a":{"S":"x"}}}`},
		step{"DeleteItem", `{` + keyOne + `,"ReturnValues":"ALL_OLD"}`, `{}`}),
	refusedReturn("DeleteItem", keyOne, "ALL_NEW"),
	refusedReturn("DeleteItem", keyOne, "UPDATED_OLD"),
	refusedReturn("DeleteItem", keyOne, "UPDATED_NEW"),

	updateReturns("NONE", `{}`),
	updateReturns("ALL_OLD", `{"Attributes":{`+keyText+`,"a":{"S":"old"},"b":{"S":"kept"},"c":{"S":"gone"},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}}}}`),
	updateReturns("ALL_NEW", `{"Attributes":{`+keyText+`,"a":{"S":"new"},"b":{"S":"kept"},"d":{"S":"new"},"m":{"M":{"x":{"N":"5"},"y":{"N":"2"}}}}}`),
	updateReturns("UPDATED_OLD", `{"Attributes":{"a":{"S":"old"},"c":{"S":"gone"},"m":{"M":{"x":{"N":"1"}}}}}`),
	updateReturns("UPDATED_NEW", `{"Attributes":{"a":{"S":"new"},"d":{"S":"new"},"m":{"M":{"x":{"N":"5"}}}}}`),
	script("update of a new item returns no old item", "@item",
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{":a":{"S":"x"}},"ReturnValues":"ALL_OLD"}`, `{}`}),
	script("update of a new item returns no updated old item", "@item",
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{":a":{"S":"x"}},"ReturnValues":"UPDATED_OLD"}`, `{}`}),
	script("update of a new item returns the new item", "@item",
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{":a":{"S":"x"}},"ReturnValues":"ALL_NEW"}`, `{"Attributes":{` + keyText + `,"a":{"S":"x"}}}`}),
	script("update of nothing makes the item", "@item", step{"UpdateItem", `{` + keyOne + `,"ReturnValues":"ALL_NEW"}`, `{"Attributes":{` + keyText + `}}`}, get(``)),
	script("update returns elements of a list", "@item", put(`"l":{"L":[{"N":"0"},{"N":"1"},{"N":"2"}]}`),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET l[1] = :a","ExpressionAttributeValues":{":a":{"S":"x"}},"ReturnValues":"UPDATED_NEW"}`, `{"Attributes":{"l":{"L":[{"S":"x"}]}}}`}),
	refusedReturn("UpdateItem", keyOne, "SOME"),

	conditionFailure("put", "PutItem", `"Item":{`+keyText+`}`, ``),
	conditionFailure("put", "PutItem", `"Item":{`+keyText+`}`, `NONE`),
	conditionFailure("put", "PutItem", `"Item":{`+keyText+`}`, `ALL_OLD`),
	conditionFailure("update", "UpdateItem", keyOne+`,"UpdateExpression":"REMOVE a"`, ``),
	conditionFailure("update", "UpdateItem", keyOne+`,"UpdateExpression":"REMOVE a"`, `ALL_OLD`),
	conditionFailure("delete", "DeleteItem", keyOne, ``),
	conditionFailure("delete", "DeleteItem", keyOne, `ALL_OLD`),
	script("failed condition on no item returns no item", "@item",
		step{"PutItem", `{"Item":{` + keyText + `},"ConditionExpression":"attribute_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`,
			`ConditionalCheckFailedException: The conditional request failed`}),

	script("capacity is not returned unless asked", "@item", put(``), step{"GetItem", `{` + keyOne + `}`, `{"Item":{` + keyText + `}}`}),
	script("capacity of a put", "@item", step{"PutItem", `{"Item":{` + keyText + `},"ReturnConsumedCapacity":"TOTAL"}`, `has {"ConsumedCapacity":{"TableName":"@item","CapacityUnits":1}}`}),
	script("capacity of a read", "@item", put(``),
		step{"GetItem", `{` + keyOne + `,"ReturnConsumedCapacity":"TOTAL"}`, `has {"ConsumedCapacity":{"TableName":"@item","CapacityUnits":0.5}}`},
		step{"GetItem", `{` + keyOne + `,"ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL"}`, `has {"ConsumedCapacity":{"TableName":"@item","CapacityUnits":1}}`}),
	script("capacity of a read by index", "@item", put(``),
		step{"GetItem", `{` + keyOne + `,"ReturnConsumedCapacity":"INDEXES"}`, `has {"ConsumedCapacity":{"CapacityUnits":0.5,"Table":{"CapacityUnits":0.5}}}`}),
	script("capacity counts 4 KB reads and 1 KB writes", "@item",
		step{"PutItem", `{"Item":{` + keyText + `,"a":{"S":"<x*5000>"}},"ReturnConsumedCapacity":"TOTAL"}`, `has {"ConsumedCapacity":{"CapacityUnits":5}}`},
		step{"GetItem", `{` + keyOne + `,"ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL"}`, `has {"ConsumedCapacity":{"CapacityUnits":2}}`}),
	script("item collection metrics are absent without a local index", "@item",
		step{"PutItem", `{"Item":{` + keyText + `},"ReturnItemCollectionMetrics":"SIZE"}`, `{}`}),
}

// refusedReturn checks that an operation does not take a value of ReturnValues.
func refusedReturn(op, members, value string) conformanceCheck {
	return script(fmt.Sprintf("%s does not return %s", op, value), "@item", step{op, `{` + members + `,"ReturnValues":"` + value + `"}`, `ValidationException`})
}

// updateReturns checks what an update returns that sets, adds and removes.
func updateReturns(value, want string) conformanceCheck {
	return script("update returns "+value, "@item",
		put(`"a":{"S":"old"},"b":{"S":"kept"},"c":{"S":"gone"},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}}`),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET a = :new, d = :new, m.x = :n REMOVE c",
			"ExpressionAttributeValues":{":new":{"S":"new"},":n":{"N":"5"}},"ReturnValues":"` + value + `"}`, want})
}

// conditionFailure checks what an operation answers when its condition fails.
func conditionFailure(what, op, members, value string) conformanceCheck {
	request, want := `{`+members+`,"ConditionExpression":"a = :no","ExpressionAttributeValues":{":no":{"S":"no"}}`, `ConditionalCheckFailedException: The conditional request failed`
	if value != "" {
		request += `,"ReturnValuesOnConditionCheckFailure":"` + value + `"`
	}
	if value == "ALL_OLD" {
		want += ` {"Item":{` + keyText + `,"a":{"S":"x"},"n":{"N":"1.5"}}}`
	}
	return script(fmt.Sprintf("failed condition of a %s returns %q", what, value), "@item",
		put(`"a":{"S":"x"},"n":{"N":"1.5"}`), step{op, request + `}`, want}, get(`"a":{"S":"x"},"n":{"N":"1.5"}`))
}

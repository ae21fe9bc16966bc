package ddbenctest_test

import "fmt"

// legacyItem is the item that the parameters before expressions are tried on.
const legacyItem = `"s":{"S":"banana"},"n":{"N":"10"},"ss":{"SS":["a","b"]},"l":{"L":[{"S":"a"}]},"z":{"NULL":true}`

// legacyChecks are of the parameters that came before expressions.
var legacyChecks = []conformanceCheck{
	expected(`"s":{"Value":{"S":"banana"}}`, true), expected(`"s":{"Value":{"S":"apple"}}`, false),
	expected(`"s":{"Exists":true,"Value":{"S":"banana"}}`, true), expected(`"nope":{"Exists":false}`, true), expected(`"s":{"Exists":false}`, false),
	expected(`"n":{"ComparisonOperator":"EQ","AttributeValueList":[{"N":"10.0"}]}`, true), expected(`"n":{"ComparisonOperator":"NE","AttributeValueList":[{"N":"9"}]}`, true),
	expected(`"n":{"ComparisonOperator":"LT","AttributeValueList":[{"N":"9"}]}`, false), expected(`"n":{"ComparisonOperator":"LE","AttributeValueList":[{"N":"10"}]}`, true),
	expected(`"n":{"ComparisonOperator":"GT","AttributeValueList":[{"N":"9"}]}`, true), expected(`"n":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"11"}]}`, false),
	expected(`"n":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"N":"9"},{"N":"11"}]}`, true), expected(`"n":{"ComparisonOperator":"IN","AttributeValueList":[{"N":"9"},{"N":"10"}]}`, true),
	expected(`"s":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"ban"}]}`, true), expected(`"s":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"nan"}]}`, true),
	expected(`"ss":{"ComparisonOperator":"CONTAINS","AttributeValueList":[{"S":"a"}]}`, true), expected(`"ss":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"a"}]}`, false),
	expected(`"s":{"ComparisonOperator":"NOT_NULL"}`, true), expected(`"nope":{"ComparisonOperator":"NULL"}`, true), expected(`"z":{"ComparisonOperator":"NULL"}`, false),
	expected(`"ss":{"ComparisonOperator":"EQ","AttributeValueList":[{"SS":["b","a"]}]}`, true),
	expected(`"s":{"Value":{"S":"banana"}},"n":{"Value":{"N":"9"}}`, false),
	script("legacy conditions joined by OR", "@item", put(legacyItem), step{"DeleteItem", `{` + keyOne + `,"ConditionalOperator":"OR","Expected":{"s":{"Value":{"S":"apple"}},"n":{"Value":{"N":"10"}}}}`, `{}`}),
	script("legacy condition that fails has the item", "@item", put(legacyItem),
		step{"PutItem", `{"Item":{` + keyText + `},"Expected":{"s":{"Exists":false}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`,
			`ConditionalCheckFailedException: The conditional request failed {"Item":{` + keyText + `,` + legacyItem + `}}`}),
	attributeUpdates("put", `"s":{"Action":"PUT","Value":{"S":"new"}}`, `{"s":{"S":"new"}}`),
	attributeUpdates("put without an action", `"a":{"Value":{"S":"new"}}`, `{"a":{"S":"new"}}`),
	attributeUpdates("add of a number", `"n":{"Action":"ADD","Value":{"N":"5"}},"c":{"Action":"ADD","Value":{"N":"1"}}`, `{"n":{"N":"15"},"c":{"N":"1"}}`),
	attributeUpdates("add to a set", `"ss":{"Action":"ADD","Value":{"SS":["c"]}}`, `{"ss":{"SS":["a","b","c"]}}`),
	attributeUpdates("add to a list", `"l":{"Action":"ADD","Value":{"L":[{"S":"b"}]}}`, `{"l":{"L":[{"S":"a"},{"S":"b"}]}}`),
	attributeUpdates("delete from a set", `"ss":{"Action":"DELETE","Value":{"SS":["a"]}}`, `{"ss":{"SS":["b"]}}`),
	script("legacy update: delete", "@item", put(`"s":{"S":"x"},"t":{"S":"y"}`), step{"UpdateItem", `{` + keyOne + `,"AttributeUpdates":{"s":{"Action":"DELETE"}}}`, `{}`}, get(`"t":{"S":"y"}`)),
	script("legacy update: delete alone makes no item", "@item", step{"UpdateItem", `{` + keyOne + `,"AttributeUpdates":{"s":{"Action":"DELETE"}}}`, `{}`}, getNothing),
	script("legacy update of a key", "@item", step{"UpdateItem", `{` + keyOne + `,"AttributeUpdates":{"pk":{"Action":"PUT","Value":{"S":"x"}}}}`,
		`ValidationException: One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key`}),
	script("legacy update under a condition", "@item", put(`"v":{"N":"1"}`),
		step{"UpdateItem", `{` + keyOne + `,"AttributeUpdates":{"v":{"Action":"PUT","Value":{"N":"2"}}},"Expected":{"v":{"Value":{"N":"1"}}}}`, `{}`},
		step{"UpdateItem", `{` + keyOne + `,"AttributeUpdates":{"v":{"Action":"PUT","Value":{"N":"3"}}},"Expected":{"v":{"Value":{"N":"1"}}}}`, `ConditionalCheckFailedException: The conditional request failed`},
		get(`"v":{"N":"2"}`)),
	querying("legacy key conditions", `"KeyConditions":{"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"$"}]},"sk":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"b"}]}},"AttributesToGet":["sk"]`,
		`{"Items":[{"sk":{"S":"b1"}},{"sk":{"S":"b2"}}],"Count":2,"ScannedCount":2}`),
	querying("legacy key condition between", `"KeyConditions":{"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"$"}]},"sk":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"S":"a2"},{"S":"b1"}]}},"Select":"COUNT"`,
		`{"Count":3,"ScannedCount":3}`),
	querying("legacy filter", `"KeyConditions":{"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"$"}]}},"QueryFilter":{"n":{"ComparisonOperator":"GT","AttributeValueList":[{"N":"4"}]}},"AttributesToGet":["sk"]`,
		`{"Items":[{"sk":{"S":"b2"}}],"Count":1,"ScannedCount":5}`),
	script("legacy scan filter", "@item.legacyscan",
		step{"PutItem", `{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"n":{"N":"1"}}}`, `{}`}, step{"PutItem", `{"Item":{"pk":{"S":"b"},"sk":{"S":"1"},"n":{"N":"2"},"m":{"S":"x"}}}`, `{}`},
		step{"Scan", `{"ScanFilter":{"n":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"2"}]}},"AttributesToGet":["pk"]}`, `{"Items":[{"pk":{"S":"b"}}],"Count":1,"ScannedCount":2}`},
		step{"Scan", `{"ScanFilter":{"n":{"ComparisonOperator":"EQ","AttributeValueList":[{"N":"1"}]},"m":{"ComparisonOperator":"NOT_NULL"}},"ConditionalOperator":"OR","Select":"COUNT"}`, `{"Count":2,"ScannedCount":2}`}),
	script("legacy attributes to get", "@item", put(legacyItem), step{"GetItem", `{` + keyOne + `,"AttributesToGet":["s","nope"]}`, `{"Item":{"s":{"S":"banana"}}}`},
		step{"GetItem", `{` + keyOne + `,"AttributesToGet":["s","s"]}`, `ValidationException: One or more parameter values were invalid: Duplicate value in attribute name: s || Cannot have two attributes with the same name`},
		step{"BatchGetItem", `{"RequestItems":{"@item":{"Keys":[{` + keyText + `}],"AttributesToGet":["n"]}}}`, `{"Responses":{"@item":[{"n":{"N":"10"}}]},"UnprocessedKeys":{}}`}),
	refusedExpected("a value and no existence", `"s":{"Exists":false,"Value":{"S":"x"}}`),
	refusedExpected("existence without a value", `"s":{"Exists":true}`),
	refusedExpected("too few values", `"s":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"S":"x"}]}`),
	refusedExpected("a value and a comparison", `"s":{"ComparisonOperator":"EQ","Value":{"S":"x"},"AttributeValueList":[{"S":"x"}]}`),
	refusedExpected("order of sets", `"s":{"ComparisonOperator":"LT","AttributeValueList":[{"SS":["x"]}]}`),
}

// expected checks whether a legacy condition holds for legacyItem.
func expected(condition string, holds bool) conformanceCheck {
	want := `ConditionalCheckFailedException: The conditional request failed`
	if holds {
		want = `{}`
	}
	return talk("legacy condition: "+condition, "@item.legacy", func(c *conversation) {
		c.do("PutItem", `{"Item":{"pk":{"S":"c"},"sk":{"S":"1"},`+legacyItem+`}}`, `{}`)
		c.do("DeleteItem", `{"Key":{"pk":{"S":"c"},"sk":{"S":"1"}},"Expected":{`+condition+`}}`, want)
	})
}

// refusedExpected checks that a legacy condition is refused.
func refusedExpected(what, condition string) conformanceCheck {
	return script("legacy condition is refused: "+what, "@item", step{"DeleteItem", `{` + keyOne + `,"Expected":{` + condition + `}}`, `ValidationException`})
}

// attributeUpdates checks what a legacy update of legacyItem gives as UPDATED_NEW.
func attributeUpdates(what, updates, want string) conformanceCheck {
	return script("legacy update: "+what, "@item", put(legacyItem),
		step{"UpdateItem", fmt.Sprintf(`{%s,"AttributeUpdates":{%s},"ReturnValues":"UPDATED_NEW"}`, keyOne, updates), `{"Attributes":` + want + `}`})
}

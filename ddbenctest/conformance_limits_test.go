package ddbenctest_test

import (
	"fmt"
	"strings"
)

// limitChecks are of sizes, depths and values that are refused.
var limitChecks = []conformanceCheck{
	// An item is the bytes of its names and values: 2+1 and 2+1 for the keys of
	// these items, and 1 for the name a.
	script("item of 400 KB", "@item.kb", step{"PutItem", `{"Item":{"pk":{"S":"p"},"sk":{"S":"1"},"a":{"S":"<x*409593>"}}}`, `{}`}),
	script("item of 400 KB and a byte", "@item.kb", step{"PutItem", `{"Item":{"pk":{"S":"p"},"sk":{"S":"2"},"a":{"S":"<x*409594>"}}}`, `ValidationException: Item size has exceeded the maximum allowed size`}),
	script("item of 400 KB of names", "@item.kb", step{"PutItem", `{"Item":{"pk":{"S":"p"},"sk":{"S":"3"},"m":{"M":{"<n*65000>":{"S":"<x*344585>"}}}}}`, `{}`}),
	script("item of 400 KB in letters of two bytes", "@item.kb", step{"PutItem", `{"Item":{"pk":{"S":"p"},"sk":{"S":"4"},"a":{"S":"<é*204796>x"}}}`, `{}`},
		step{"PutItem", `{"Item":{"pk":{"S":"p"},"sk":{"S":"5"},"a":{"S":"<é*204797>"}}}`, `ValidationException: Item size has exceeded the maximum allowed size`}),
	script("update that makes an item too large", "@item", put(`"a":{"S":"<x*300000>"}`),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET b = :v","ExpressionAttributeValues":{":v":{"S":"<x*200000>"}}}`, `ValidationException: Item size to update has exceeded the maximum allowed size`},
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET b = a"}`, `ValidationException: Item size to update has exceeded the maximum allowed size`},
		get(`"a":{"S":"<x*300000>"}`)),
	script("attribute name of 65535 bytes", "@item", put(`"<n*65535>":{"S":"x"}`), get(`"<n*65535>":{"S":"x"}`)),
	refusedItem("attribute name of 65536 bytes", `"<n*65536>":{"S":"x"}`, ``),
	refusedItem("empty attribute name", `"":{"S":"x"}`, ``),
	script("nesting 32 deep", "@item", put(`"a":`+nested(31)), get(`"a":`+nested(31))),
	refusedItem("nesting 33 deep", `"a":`+nested(32), `Nesting Levels have exceeded supported limits…`),
	script("update that nests too deep", "@item", put(`"a":`+nested(31)), step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET b = :v","ExpressionAttributeValues":{":v":` + nested(32) + `}}`, `ValidationException`}),

	refusedItem("empty string set", `"a":{"SS":[]}`, `One or more parameter values were invalid: An string set  may not be empty`),
	refusedItem("empty number set", `"a":{"NS":[]}`, `One or more parameter values were invalid: An number set  may not be empty`),
	refusedItem("empty binary set", `"a":{"BS":[]}`, `One or more parameter values were invalid: Binary sets should not be empty`),
	refusedItem("empty set in a list", `"a":{"L":[{"SS":[]}]}`, `One or more parameter values were invalid: An string set  may not be empty`),
	refusedItem("string set with a member twice", `"a":{"SS":["x","y","x"]}`, `One or more parameter values were invalid: Input collection [x, y, x] contains duplicates. || One or more parameter values were invalid: Input collection [x, y, x] contains duplicates`),
	refusedItem("binary set with a member twice", `"a":{"BS":["AQ==","AQ=="]}`, `One or more parameter values were invalid: Input collection [AQ==, AQ==]of type BS contains duplicates. || One or more parameter values were invalid: Input collection of type BS contains duplicates.`),
	refusedItem("number set with a member twice", `"a":{"NS":["1","1"]}`, `Input collection contains duplicates`),
	refusedItem("null that is false", `"a":{"NULL":false}`, `One or more parameter values were invalid: Null attribute value types must have the value of true`),

	script("request of an unknown return value", "@item", step{"GetItem", `{` + keyOne + `,"ReturnConsumedCapacity":"SOME"}`, `ValidationException: 1 validation error detected: Value 'SOME' at 'returnConsumedCapacity' failed to satisfy constraint: …`}),
	script("request of two mistakes", "@item", step{"Query", `{"Limit":0,"Select":"NONE"}`, `ValidationException: 2 validation errors detected: … || Limit must be greater than or equal to 1`}),
	script("expression and legacy parameter together", "@item",
		step{"GetItem", `{` + keyOne + `,"ProjectionExpression":"a","AttributesToGet":["a"]}`,
			`ValidationException: Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}`},
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"REMOVE a","AttributeUpdates":{"a":{"Action":"DELETE"}}}`,
			`ValidationException: Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}`}),
}

// nested is a string in maps, so many levels below the item.
func nested(levels int) string {
	return strings.Repeat(`{"M":{"a":`, levels) + `{"S":"deep"}` + strings.Repeat(`}}`, levels)
}

// refusedItem checks that an item with these attributes is refused and not stored.
func refusedItem(what, attributes, message string) conformanceCheck {
	want := `ValidationException`
	if message != "" {
		want += `: ` + message
	}
	return script(fmt.Sprintf("item is refused: %s", what), "@item", step{"PutItem", `{"Item":{` + keyText + `,` + attributes + `}}`, want}, getNothing)
}

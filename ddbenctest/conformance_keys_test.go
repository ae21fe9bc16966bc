package ddbenctest_test

import "fmt"

// wrongKey is what the service and DynamoDB Local say of a key with other
// attributes than the table's.
const wrongKey = "The provided key element does not match the schema || The number of conditions on the keys is invalid || One or more parameter values were invalid: Type mismatch for key"

// keyChecks are of key attributes: their order, types and limits.
var keyChecks = []conformanceCheck{
	sorted("strings by bytes", "@item", "S",
		"0", "10", "2", "A", "B", "Z", "a", "aa", "ab", "b", "é", "世", "\U0001F600"),
	sorted("numbers by value", "@number", "N",
		"-1e125", "-100", "-20.5", "-20", "-3", "-1", "-0.5", "-0.05", "-1e-130", "0", "1e-130", "0.05", "0.5", "1", "2", "3", "10", "20", "20.5", "100",
		"12345678901234567890123456789012345678", "12345678901234567890123456789012345679", "1e125"),
	sorted("binaries by unsigned bytes", "@binary", "B", "AA==", "AAA=", "AQ==", "AQD/", "AQE=", "fw==", "gA==", "/w==", "/wA=", "//8="),

	refusedKey("missing hash key", "@item", `{"sk":{"S":"1"}}`, "One or more parameter values were invalid: Missing the key pk in the item || One of the required keys was not given a value", wrongKey),
	refusedKey("missing range key", "@item", `{"pk":{"S":"$"}}`, "One or more parameter values were invalid: Missing the key sk in the item || One of the required keys was not given a value", wrongKey),
	refusedKey("hash key of another type", "@item", `{"pk":{"N":"1"},"sk":{"S":"1"}}`,
		"One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N || One or more parameter values were invalid: Type mismatch for key", wrongKey),
	refusedKey("range key of another type", "@number", `{"pk":{"S":"$"},"sk":{"S":"1"}}`,
		"One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S || One or more parameter values were invalid: Type mismatch for key", wrongKey),
	refusedKey("empty string hash key", "@item", `{"pk":{"S":""},"sk":{"S":"1"}}`,
		"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk", ""),
	refusedKey("empty string range key", "@item", `{"pk":{"S":"$"},"sk":{"S":""}}`,
		"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: sk", ""),
	refusedKey("empty binary range key", "@binary", `{"pk":{"S":"$"},"sk":{"B":""}}`,
		"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: sk", ""),
	refusedKey("hash key of 2049 bytes", "@item", `{"pk":{"S":"<x*2049>"},"sk":{"S":"1"}}`,
		"One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes || Hash primary key values must be under 2048 bytes, and range primary key values must be under 1024 bytes", ""),
	refusedKey("hash key of 2049 bytes in 1025 letters", "@hash", `{"pk":{"S":"x<é*1024>"}}`,
		"One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes || Hash primary key values must be under 2048 bytes, and range primary key values must be under 1024 bytes", ""),
	refusedKey("range key of 1025 bytes", "@item", `{"pk":{"S":"$"},"sk":{"S":"<x*1025>"}}`,
		"One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes || Hash primary key values must be under 2048 bytes, and range primary key values must be under 1024 bytes", ""),
	script("key with another attribute", "@item",
		step{"GetItem", `{"Key":{"pk":{"S":"$"},"sk":{"S":"1"},"a":{"S":"x"}}}`, `ValidationException: ` + wrongKey},
		step{"DeleteItem", `{"Key":{"pk":{"S":"$"},"sk":{"S":"1"},"a":{"S":"x"}}}`, `ValidationException: ` + wrongKey},
		step{"UpdateItem", `{"Key":{"pk":{"S":"$"},"sk":{"S":"1"},"a":{"S":"x"}}}`, `ValidationException: ` + wrongKey}),
	script("keys of the largest sizes", "@item",
		step{"PutItem", `{"Item":{"pk":{"S":"<x*2048>"},"sk":{"S":"<y*1024>"}}}`, `{}`},
		step{"GetItem", `{"Key":{"pk":{"S":"<x*2048>"},"sk":{"S":"<y*1024>"}}}`, `{"Item":{"pk":{"S":"<x*2048>"},"sk":{"S":"<y*1024>"}}}`}),
	script("keys that look alike", "@item",
		step{"PutItem", `{"Item":{"pk":{"S":"$a"},"sk":{"S":"b"}}}`, `{}`},
		step{"GetItem", `{"Key":{"pk":{"S":"$"},"sk":{"S":"ab"}}}`, `{}`},
		step{"PutItem", `{"Item":{"pk":{"S":"$a\u0000"},"sk":{"S":"b"}}}`, `{}`},
		step{"Query", `{"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$a"}}}`, `has {"Count":1}`}),
	script("binary hash key", "@bhash",
		step{"PutItem", `{"Item":{"pk":{"B":"AP8="},"a":{"S":"x"}}}`, `{}`},
		step{"GetItem", `{"Key":{"pk":{"B":"AP8="}}}`, `{"Item":{"pk":{"B":"AP8="},"a":{"S":"x"}}}`},
		step{"GetItem", `{"Key":{"pk":{"B":"AP4="}}}`, `{}`}),
}

// sorted checks that a query gives the range keys in this order, and backward in
// the other.
func sorted(what, table, kind string, keys ...string) conformanceCheck {
	return talk("order of "+what, table, func(c *conversation) {
		// Put out of order: odd positions first, from the end.
		for _, odd := range []int{1, 0} {
			for i := len(keys) - 1; i >= 0; i-- {
				if i%2 == odd {
					c.do("PutItem", fmt.Sprintf(`{"Item":{"pk":{"S":"$"},"sk":{%q:%q},"i":{"S":"%d"}}}`, kind, keys[i], i), `{}`)
				}
			}
		}
		var want []string
		for i := range keys {
			want = append(want, fmt.Sprint(i))
		}
		for _, forward := range []bool{true, false} {
			got := itemValues(c.do("Query", fmt.Sprintf(`{"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"ScanIndexForward":%v}`, forward), ``), "i")
			if fmt.Sprint(got) != fmt.Sprint(want) {
				c.t.Errorf("forward %v: got %v, want %v", forward, got, want)
			}
			for i, j := 0, len(want)-1; i < j; i, j = i+1, j-1 {
				want[i], want[j] = want[j], want[i]
			}
		}
	})
}

// itemValues are the strings or numbers that the items of an answer have for one
// attribute.
func itemValues(a answer, name string) []string {
	var values []string
	items, _ := a.body["Items"].([]any)
	for _, item := range items {
		for _, v := range item.(map[string]any)[name].(map[string]any) {
			values = append(values, v.(string))
		}
	}
	return values
}

// refusedKey checks that a key is refused by all that take one. The message differs
// for an item and a key unless the second is empty.
func refusedKey(what, table, key, itemMessage, keyMessage string) conformanceCheck {
	if keyMessage == "" {
		keyMessage = itemMessage
	}
	return script("key is refused: "+what, table,
		step{"PutItem", `{"Item":` + key + `}`, `ValidationException: ` + itemMessage},
		step{"GetItem", `{"Key":` + key + `}`, `ValidationException: ` + keyMessage},
		step{"DeleteItem", `{"Key":` + key + `}`, `ValidationException: ` + keyMessage},
		step{"UpdateItem", `{"Key":` + key + `}`, `ValidationException: ` + keyMessage},
	)
}

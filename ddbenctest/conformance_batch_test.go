package ddbenctest_test

import (
	"fmt"
	"strings"
)

// batchChecks are of BatchGetItem and BatchWriteItem.
var batchChecks = []conformanceCheck{
	script("batch get gives the items there are", "", putAt("@item", "1"), putAt("@item", "2"),
		step{"BatchGetItem", batchGet("@item", "1", "nope", "2"), `has {"UnprocessedKeys":{}}`},
		step{"BatchGetItem", batchGet("@item", "2"), `{"Responses":{"@item":[{"pk":{"S":"$"},"sk":{"S":"2"},"a":{"S":"a2"}}]},"UnprocessedKeys":{}}`},
		step{"BatchGetItem", batchGet("@item", "nope"), `{"Responses":{"@item":[]},"UnprocessedKeys":{}}`}),
	script("batch get of two tables", "", putAt("@item", "1"), putAt("@item.batch", "1"),
		step{"BatchGetItem", `{"RequestItems":{"@item":{"Keys":[{` + keyText + `}],"ProjectionExpression":"a"},"@item.batch":{"Keys":[{` + keyText + `}],"ConsistentRead":true,"ProjectionExpression":"#s","ExpressionAttributeNames":{"#s":"sk"}}}}`,
			`{"Responses":{"@item":[{"a":{"S":"a1"}}],"@item.batch":[{"sk":{"S":"1"}}]},"UnprocessedKeys":{}}`}),
	talk("batch get of 100 keys", "", func(c *conversation) {
		var sks []string
		for i := range 100 {
			sks = append(sks, fmt.Sprint(i))
		}
		for i := 0; i < 100; i += 25 {
			c.do("BatchWriteItem", batchWrite("@item", sks[i:i+25]...), `{"UnprocessedItems":{}}`)
		}
		a := c.do("BatchGetItem", batchGet("@item", sks...), `has {"UnprocessedKeys":{}}`)
		if items := a.body["Responses"].(map[string]any)["@item"].([]any); len(items) != 100 {
			c.t.Errorf("got %d items", len(items))
		}
		c.do("BatchGetItem", batchGet("@item", append(sks, "100")...), `ValidationException`)
	}),
	script("batch get of a key twice", "", step{"BatchGetItem", batchGet("@item", "1", "1"), `ValidationException: Provided list of item keys contains duplicates`}),
	script("batch get of nothing", "", step{"BatchGetItem", `{"RequestItems":{}}`, `ValidationException`}, step{"BatchGetItem", `{"RequestItems":{"@item":{"Keys":[]}}}`, `ValidationException`}),
	script("batch get of a table that is not there", "", step{"BatchGetItem", batchGet("@missing", "1"), `ResourceNotFoundException`}),
	talk("batch get gives 16 MB and names the rest", "@item.sixteen", func(c *conversation) {
		var sks []string
		for i := range 50 {
			sks = append(sks, fmt.Sprint(i))
			c.do("PutItem", fmt.Sprintf(`{"Item":{"pk":{"S":"$"},"sk":{"S":"%d"},"a":{"S":"<x*390000>"}}}`, i), `{}`)
		}
		a := c.do("BatchGetItem", batchGet("@item.sixteen", sks...), ``)
		items, _ := a.body["Responses"].(map[string]any)["@item.sixteen"].([]any)
		rest, _ := a.body["UnprocessedKeys"].(map[string]any)["@item.sixteen"].(map[string]any)
		keys, _ := rest["Keys"].([]any)
		if len(items) == 0 || len(items)*390000 > 17<<20 || len(items)+len(keys) != 50 {
			c.t.Errorf("got %d items and %d keys that remain, of 50", len(items), len(keys))
		}
		seen := make(map[any]bool)
		for _, item := range items {
			seen[item.(map[string]any)["sk"].(map[string]any)["S"]] = true
		}
		for _, key := range keys {
			seen[key.(map[string]any)["sk"].(map[string]any)["S"]] = true
		}
		if len(seen) != 50 {
			c.t.Errorf("%d different keys were given or named, want 50", len(seen))
		}
	}),
	script("batch get capacity", "", putAt("@item", "1"), step{"BatchGetItem", `{"ReturnConsumedCapacity":"TOTAL",` + batchGet("@item", "1", "2")[1:], `has {"ConsumedCapacity":[{"TableName":"@item","CapacityUnits":1}]}`}),

	script("batch write puts and deletes", "", putAt("@item", "1"),
		step{"BatchWriteItem", `{"RequestItems":{"@item":[{"DeleteRequest":{"Key":{` + keyText + `}}},{"PutRequest":{"Item":{"pk":{"S":"$"},"sk":{"S":"2"},"a":{"S":"x"}}}}],
			"@hash":[{"PutRequest":{"Item":{"pk":{"S":"$"}}}}]}}`, `{"UnprocessedItems":{}}`},
		step{"GetItem", `{"TableName":"@item",` + keyOne + `}`, `{}`},
		step{"GetItem", `{"TableName":"@item","Key":{"pk":{"S":"$"},"sk":{"S":"2"}}}`, `{"Item":{"pk":{"S":"$"},"sk":{"S":"2"},"a":{"S":"x"}}}`},
		step{"GetItem", `{"TableName":"@hash","Key":{"pk":{"S":"$"}}}`, `{"Item":{"pk":{"S":"$"}}}`}),
	talk("batch write of more than 25", "", func(c *conversation) {
		var sks []string
		for i := range 26 {
			sks = append(sks, fmt.Sprint(i))
		}
		c.do("BatchWriteItem", batchWrite("@item", sks...), `ValidationException`)
		c.do("GetItem", `{"TableName":"@item","Key":{"pk":{"S":"$"},"sk":{"S":"0"}}}`, `{}`)
	}),
	script("batch write of a key twice", "", step{"BatchWriteItem", batchWrite("@item", "1", "1"), `ValidationException: Provided list of item keys contains duplicates`},
		step{"BatchWriteItem", `{"RequestItems":{"@item":[{"PutRequest":{"Item":{` + keyText + `}}},{"DeleteRequest":{"Key":{` + keyText + `}}}]}}`, `ValidationException: Provided list of item keys contains duplicates`}),
	script("batch write of nothing", "", step{"BatchWriteItem", `{"RequestItems":{}}`, `ValidationException`}, step{"BatchWriteItem", `{"RequestItems":{"@item":[]}}`, `ValidationException`}),
	script("batch write of neither put nor delete", "", step{"BatchWriteItem", `{"RequestItems":{"@item":[{}]}}`, `ValidationException`}),
	script("batch write of a table that is not there", "", step{"BatchWriteItem", batchWrite("@missing", "1"), `ResourceNotFoundException`}),
	script("batch write with one item too large writes none", "", step{"BatchWriteItem", `{"RequestItems":{"@item":[{"PutRequest":{"Item":{` + keyText + `}}},{"PutRequest":{"Item":{"pk":{"S":"$"},"sk":{"S":"2"},"a":{"S":"<x*409600>"}}}}]}}`,
		`ValidationException: Item size has exceeded the maximum allowed size…`}, step{"GetItem", `{"TableName":"@item",` + keyOne + `}`, `{}`}),
	script("batch write with one bad number writes none", "", step{"BatchWriteItem", `{"RequestItems":{"@item":[{"PutRequest":{"Item":{` + keyText + `}}},{"PutRequest":{"Item":{"pk":{"S":"$"},"sk":{"S":"2"},"a":{"N":"x"}}}}]}}`,
		`ValidationException`}, step{"GetItem", `{"TableName":"@item",` + keyOne + `}`, `{}`}),
	script("batch write capacity", "", step{"BatchWriteItem", `{"ReturnConsumedCapacity":"TOTAL",` + batchWrite("@item", "1", "2")[1:], `has {"ConsumedCapacity":[{"TableName":"@item","CapacityUnits":2}]}`}),
	batchKey("missing hash key", "@item", `{"sk":{"S":"1"}}`),
	batchKey("missing range key", "@item", `{"pk":{"S":"$"}}`),
	batchKey("key of another type", "@item", `{"pk":{"N":"1"},"sk":{"S":"1"}}`),
	batchKey("empty hash key", "@item", `{"pk":{"S":""},"sk":{"S":"1"}}`),
	batchKey("empty binary range key", "@binary", `{"pk":{"S":"$"},"sk":{"B":""}}`),
	batchKey("hash key of 2049 bytes", "@item", `{"pk":{"S":"<x*2049>"},"sk":{"S":"1"}}`),
	batchKey("range key of 1025 bytes", "@item", `{"pk":{"S":"$"},"sk":{"S":"<x*1025>"}}`),
}

// putAt puts an item with a range key.
func putAt(table, sk string) step {
	return step{"PutItem", `{"TableName":"` + table + `","Item":{"pk":{"S":"$"},"sk":{"S":"` + sk + `"},"a":{"S":"a` + sk + `"}}}`, `{}`}
}

// batchGet is a request for items by range key.
func batchGet(table string, sks ...string) string {
	return `{"RequestItems":{"` + table + `":{"Keys":[` + each(sks, `{"pk":{"S":"$"},"sk":{"S":"%s"}}`) + `]}}}`
}

// batchWrite is a request that puts items.
func batchWrite(table string, sks ...string) string {
	return `{"RequestItems":{"` + table + `":[` + each(sks, `{"PutRequest":{"Item":{"pk":{"S":"$"},"sk":{"S":"%s"}}}}`) + `]}}`
}

// each writes one element of a JSON list for each text.
func each(texts []string, format string) string {
	elements := make([]string, len(texts))
	for i, text := range texts {
		elements[i] = fmt.Sprintf(format, text)
	}
	return strings.Join(elements, ",")
}

// batchKey checks that batches refuse a key.
func batchKey(what, table, key string) conformanceCheck {
	return script("batches refuse "+what, "",
		step{"BatchGetItem", `{"RequestItems":{"` + table + `":{"Keys":[` + key + `]}}}`, `ValidationException`},
		step{"BatchWriteItem", `{"RequestItems":{"` + table + `":[{"PutRequest":{"Item":` + key + `}}]}}`, `ValidationException`},
		step{"BatchWriteItem", `{"RequestItems":{"` + table + `":[{"DeleteRequest":{"Key":` + key + `}}]}}`, `ValidationException`})
}

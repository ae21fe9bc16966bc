package ddbenctest_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// queryChecks are of Query.
var queryChecks = []conformanceCheck{
	finds("hash key alone", `pk = :p`, ``, "a1 a2 a3 b1 b2"),
	finds("range key equal", `pk = :p AND sk = :v`, `,":v":{"S":"a2"}`, "a2"),
	finds("range key on the left", `sk = :v AND pk = :p`, `,":v":{"S":"a2"}`, "a2"),
	finds("value on the left", `:p = pk AND :v < sk`, `,":v":{"S":"a3"}`, "b1 b2"),
	finds("range key less", `pk = :p AND sk < :v`, `,":v":{"S":"a3"}`, "a1 a2"),
	finds("range key less or equal", `pk = :p AND sk <= :v`, `,":v":{"S":"a3"}`, "a1 a2 a3"),
	finds("range key greater", `pk = :p AND sk > :v`, `,":v":{"S":"a3"}`, "b1 b2"),
	finds("range key greater or equal", `pk = :p AND sk >= :v`, `,":v":{"S":"a3"}`, "a3 b1 b2"),
	finds("range key between", `pk = :p AND sk BETWEEN :v AND :w`, `,":v":{"S":"a2"},":w":{"S":"b1"}`, "a2 a3 b1"),
	finds("range key begins with", `pk = :p AND begins_with(sk, :v)`, `,":v":{"S":"a"}`, "a1 a2 a3"),
	finds("parentheses", `(pk = :p) AND (sk > :v)`, `,":v":{"S":"a3"}`, "b1 b2"),
	finds("nothing", `pk = :p AND sk > :v`, `,":v":{"S":"c"}`, ""),
	querying("another hash key", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$other"}}`, `{"Items":[],"Count":0,"ScannedCount":0}`),
	querying("range key number between", `"TableName":"@number","KeyConditionExpression":"pk = :p AND sk BETWEEN :a AND :b","ExpressionAttributeValues":{":p":{"S":"none"},":a":{"N":"-5"},":b":{"N":"10"}}`, `{"Items":[],"Count":0,"ScannedCount":0}`),
	querying("backward", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"ScanIndexForward":false,"ProjectionExpression":"sk","Limit":3`,
		`{"Items":[{"sk":{"S":"b2"}},{"sk":{"S":"b1"}},{"sk":{"S":"a3"}}],"Count":3,"ScannedCount":3,"LastEvaluatedKey":{"pk":{"S":"$"},"sk":{"S":"a3"}}}`),
	querying("limit", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"Limit":2,"ProjectionExpression":"sk"`,
		`{"Items":[{"sk":{"S":"a1"}},{"sk":{"S":"a2"}}],"Count":2,"ScannedCount":2,"LastEvaluatedKey":{"pk":{"S":"$"},"sk":{"S":"a2"}}}`),
	querying("limit of exactly all", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"Limit":5,"Select":"COUNT"`,
		`{"Count":5,"ScannedCount":5,"LastEvaluatedKey":{"pk":{"S":"$"},"sk":{"S":"b2"}}}`),
	querying("limit of more", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"Limit":6,"Select":"COUNT"`, `{"Count":5,"ScannedCount":5}`),
	querying("start key", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"ExclusiveStartKey":{"pk":{"S":"$"},"sk":{"S":"a3"}},"ProjectionExpression":"sk"`,
		`{"Items":[{"sk":{"S":"b1"}},{"sk":{"S":"b2"}}],"Count":2,"ScannedCount":2}`),
	querying("start key of no item", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"ExclusiveStartKey":{"pk":{"S":"$"},"sk":{"S":"a9"}},"ProjectionExpression":"sk"`,
		`{"Items":[{"sk":{"S":"b1"}},{"sk":{"S":"b2"}}],"Count":2,"ScannedCount":2}`),
	querying("start key backward", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"ExclusiveStartKey":{"pk":{"S":"$"},"sk":{"S":"a3"}},"ScanIndexForward":false,"ProjectionExpression":"sk"`,
		`{"Items":[{"sk":{"S":"a2"}},{"sk":{"S":"a1"}}],"Count":2,"ScannedCount":2}`),
	querying("filter", `"KeyConditionExpression":"pk = :p","FilterExpression":"n > :n","ExpressionAttributeValues":{":p":{"S":"$"},":n":{"N":"3"}},"ProjectionExpression":"sk"`,
		`{"Items":[{"sk":{"S":"b1"}},{"sk":{"S":"b2"}}],"Count":2,"ScannedCount":5}`),
	querying("filter comes after the limit", `"KeyConditionExpression":"pk = :p","FilterExpression":"n > :n","ExpressionAttributeValues":{":p":{"S":"$"},":n":{"N":"3"}},"Limit":2`,
		`{"Items":[],"Count":0,"ScannedCount":2,"LastEvaluatedKey":{"pk":{"S":"$"},"sk":{"S":"a2"}}}`),
	querying("filter that all fail", `"KeyConditionExpression":"pk = :p","FilterExpression":"attribute_exists(nope)","ExpressionAttributeValues":{":p":{"S":"$"}}`, `{"Items":[],"Count":0,"ScannedCount":5}`),
	querying("count", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"Select":"COUNT"`, `{"Count":5,"ScannedCount":5}`),
	querying("count with a filter", `"KeyConditionExpression":"pk = :p","FilterExpression":"n < :n","ExpressionAttributeValues":{":p":{"S":"$"},":n":{"N":"3"}},"Select":"COUNT"`, `{"Count":2,"ScannedCount":5}`),
	querying("select all attributes", `"KeyConditionExpression":"pk = :p AND sk = :s","ExpressionAttributeValues":{":p":{"S":"$"},":s":{"S":"a1"}},"Select":"ALL_ATTRIBUTES"`,
		`{"Items":[{"pk":{"S":"$"},"sk":{"S":"a1"},"n":{"N":"1"},"m":{"M":{"x":{"S":"a1"},"y":{"N":"0"}}}}],"Count":1,"ScannedCount":1}`),
	querying("select specific attributes", `"KeyConditionExpression":"pk = :p AND sk = :s","ExpressionAttributeValues":{":p":{"S":"$"},":s":{"S":"a1"}},"Select":"SPECIFIC_ATTRIBUTES","ProjectionExpression":"n"`,
		`{"Items":[{"n":{"N":"1"}}],"Count":1,"ScannedCount":1}`),
	querying("nested projection", `"KeyConditionExpression":"pk = :p AND sk = :s","ExpressionAttributeValues":{":p":{"S":"$"},":s":{"S":"a1"}},"ProjectionExpression":"#m.x","ExpressionAttributeNames":{"#m":"m"}`,
		`{"Items":[{"m":{"M":{"x":{"S":"a1"}}}}],"Count":1,"ScannedCount":1}`),
	querying("projection that leaves nothing", `"KeyConditionExpression":"pk = :p AND sk = :s","ExpressionAttributeValues":{":p":{"S":"$"},":s":{"S":"a1"}},"ProjectionExpression":"nope"`,
		`{"Items":[{}],"Count":1,"ScannedCount":1}`),
	querying("filter on what is not projected", `"KeyConditionExpression":"pk = :p","FilterExpression":"n = :n","ExpressionAttributeValues":{":p":{"S":"$"},":n":{"N":"4"}},"ProjectionExpression":"sk"`,
		`{"Items":[{"sk":{"S":"b1"}}],"Count":1,"ScannedCount":5}`),
	querying("consistent", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"ConsistentRead":true,"Select":"COUNT"`, `{"Count":5,"ScannedCount":5}`),
	querying("capacity", `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"Select":"COUNT","ReturnConsumedCapacity":"TOTAL"`,
		`{"Count":5,"ScannedCount":5,"ConsumedCapacity":{"TableName":"@item","CapacityUnits":0.5}}`),
	talk("query in pages of every size", "@item", func(c *conversation) {
		for i := range 23 {
			c.do("PutItem", fmt.Sprintf(`{"Item":{"pk":{"S":"$"},"sk":{"S":"%02d"}}}`, i), `{}`)
		}
		for _, limit := range []int{1, 2, 5, 22, 23, 24} {
			for _, forward := range []bool{true, false} {
				got := c.pages("Query", fmt.Sprintf(`{"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"Limit":%d,"ScanIndexForward":%v`, limit, forward), "sk")
				if len(got) != 23 || (got[0] < got[22]) != forward {
					c.t.Errorf("limit %d, forward %v: got %v", limit, forward, got)
				}
			}
		}
	}),
	talk("query pages end after 1 MB", "@item", func(c *conversation) {
		for i := range 5 {
			c.do("PutItem", fmt.Sprintf(`{"Item":{"pk":{"S":"$"},"sk":{"S":"%d"},"a":{"S":"<x*300000>"}}}`, i), `{}`)
		}
		// A page is full with the item that passes 1 MB, whatever is projected.
		c.do("Query", `{"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"ProjectionExpression":"sk"}`,
			`{"Items":[{"sk":{"S":"0"}},{"sk":{"S":"1"}},{"sk":{"S":"2"}},{"sk":{"S":"3"}}],"Count":4,"ScannedCount":4,"LastEvaluatedKey":{"pk":{"S":"$"},"sk":{"S":"3"}}}`)
		c.do("Query", `{"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"Select":"COUNT"}`,
			`{"Count":4,"ScannedCount":4,"LastEvaluatedKey":{"pk":{"S":"$"},"sk":{"S":"3"}}}`)
		if got := c.pages("Query", `{"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}},"ProjectionExpression":"sk"`, "sk"); len(got) != 5 {
			c.t.Errorf("got %v", got)
		}
	}),
	talk("query page counts what a filter drops", "@item", func(c *conversation) {
		for i := range 5 {
			c.do("PutItem", fmt.Sprintf(`{"Item":{"pk":{"S":"$"},"sk":{"S":"%d"},"a":{"S":"<x*300000>"}}}`, i), `{}`)
		}
		c.do("Query", `{"KeyConditionExpression":"pk = :p","FilterExpression":"b = :p","ExpressionAttributeValues":{":p":{"S":"$"}}}`,
			`{"Items":[],"Count":0,"ScannedCount":4,"LastEvaluatedKey":{"pk":{"S":"$"},"sk":{"S":"3"}}}`)
	}),
}

// querying is a check of one query over five items. The query names the table if it
// is another.
func querying(what, members, want string) conformanceCheck {
	return talk("query: "+what, "@item", func(c *conversation) {
		for i, sk := range []string{"a1", "a2", "a3", "b1", "b2"} {
			c.do("PutItem", fmt.Sprintf(`{"Item":{"pk":{"S":"$"},"sk":{"S":%q},"n":{"N":"%d"},"m":{"M":{"x":{"S":%q},"y":{"N":"0"}}}}}`, sk, i+1, sk), `{}`)
		}
		c.do("Query", `{`+members+`}`, want)
	})
}

// finds checks which of the five items a key condition finds.
func finds(what, condition, values, want string) conformanceCheck {
	items := []string{}
	for _, sk := range strings.Fields(want) {
		items = append(items, `{"sk":{"S":"`+sk+`"}}`)
	}
	return querying(what, `"KeyConditionExpression":"`+condition+`","ExpressionAttributeValues":{":p":{"S":"$"}`+values+`},"ProjectionExpression":"sk"`,
		fmt.Sprintf(`{"Items":[%s],"Count":%d,"ScannedCount":%d}`, strings.Join(items, ","), len(items), len(items)))
}

// pages reads all pages of a query or scan, whose request lacks its last brace, and
// returns the values of one attribute.
func (c *conversation) pages(op, request, name string) []string {
	c.t.Helper()
	var values []string
	start := ""
	for range 1000 {
		a := c.do(op, request+start+"}", ``)
		values = append(values, itemValues(a, name)...)
		last, ok := a.body["LastEvaluatedKey"]
		if a.code != "" || !ok {
			return values
		}
		key, err := json.Marshal(last)
		if err != nil {
			c.t.Fatal(err)
		}
		start = `,"ExclusiveStartKey":` + string(key)
	}
	c.t.Fatalf("%s %s has no end", op, request)
	return nil
}

// queryErrorChecks are of queries that are refused.
var queryErrorChecks = []conformanceCheck{
	refusedQuery("no condition", ``, `Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.`),
	refusedQuery("no hash key", `"KeyConditionExpression":"sk = :v","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Query condition missed key schema element: pk || Query condition missed key schema element`),
	refusedQuery("hash key not equal", `"KeyConditionExpression":"pk > :v","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Query key condition not supported`),
	refusedQuery("begins_with of the hash key", `"KeyConditionExpression":"begins_with(pk, :v)","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Query key condition not supported`),
	refusedQuery("a non-key attribute", `"KeyConditionExpression":"pk = :v AND a = :v","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Query condition missed key schema element: sk || Query condition missed key schema element`),
	refusedQuery("OR", `"KeyConditionExpression":"pk = :v OR sk = :v","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Invalid operator used in KeyConditionExpression: OR`),
	refusedQuery("NOT", `"KeyConditionExpression":"NOT pk = :v","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Invalid operator used in KeyConditionExpression: NOT`),
	refusedQuery("IN", `"KeyConditionExpression":"pk IN (:v)","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Invalid operator used in KeyConditionExpression: IN`),
	refusedQuery("not equal", `"KeyConditionExpression":"pk = :v AND sk <> :v","ExpressionAttributeValues":{":v":{"S":"x"}}`, `…`),
	refusedQuery("contains", `"KeyConditionExpression":"pk = :v AND contains(sk, :v)","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Invalid operator used in KeyConditionExpression: contains`),
	refusedQuery("attribute_exists", `"KeyConditionExpression":"pk = :v AND attribute_exists(sk)","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Invalid operator used in KeyConditionExpression: attribute_exists`),
	refusedQuery("size", `"KeyConditionExpression":"pk = :v AND size(sk) = :n","ExpressionAttributeValues":{":v":{"S":"x"},":n":{"N":"1"}}`, `…`),
	refusedQuery("a key twice", `"KeyConditionExpression":"pk = :v AND sk > :v AND sk < :w","ExpressionAttributeValues":{":v":{"S":"x"},":w":{"S":"y"}}`, `KeyConditionExpressions must only contain one condition per key`),
	refusedQuery("hash key of another type", `"KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"N":"1"}}`, `One or more parameter values were invalid: Condition parameter type does not match schema type`),
	refusedQuery("an empty hash key", `"KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"S":""}}`, `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk`),
	refusedQuery("filter on a key", `"KeyConditionExpression":"pk = :v","FilterExpression":"sk = :v","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Filter Expression can only contain non-primary key attributes: Primary key attribute: sk`),
	refusedQuery("filter with a syntax error", `"KeyConditionExpression":"pk = :v","FilterExpression":"a = ","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Invalid FilterExpression: Syntax error; token: "<EOF>", near: "= "`),
	refusedQuery("limit 0", `"KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"S":"x"}},"Limit":0`, `…`),
	refusedQuery("count with a projection", `"KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"S":"x"}},"Select":"COUNT","ProjectionExpression":"a"`, `Cannot specify the ProjectionExpression when choosing to get only the Count`),
	refusedQuery("specific attributes without a projection", `"KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"S":"x"}},"Select":"SPECIFIC_ATTRIBUTES"`,
		`Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES`),
	refusedQuery("projected attributes of a table", `"KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"S":"x"}},"Select":"ALL_PROJECTED_ATTRIBUTES"`, `ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName`),
	refusedQuery("start key of another hash key", `"KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"S":"x"}},"ExclusiveStartKey":{"pk":{"S":"y"},"sk":{"S":"1"}}`, `The provided starting key is outside query boundaries based on provided conditions || The provided starting key does not match the range key predicate`),
	refusedQuery("start key without a range key", `"KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"S":"x"}},"ExclusiveStartKey":{"pk":{"S":"x"}}`, `The provided starting key is invalid… || Exclusive Start Key must have same size as table's key schema`),
	refusedQuery("start key outside the range", `"KeyConditionExpression":"pk = :v AND sk > :v","ExpressionAttributeValues":{":v":{"S":"x"}},"ExclusiveStartKey":{"pk":{"S":"x"},"sk":{"S":"a"}}`, `The provided starting key does not match the range key predicate`),
	refusedQuery("an index that is not there", `"IndexName":"nope","KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"S":"x"}}`, `The table does not have the specified index: nope`),
	refusedQuery("between in the wrong order", `"KeyConditionExpression":"pk = :v AND sk BETWEEN :v AND :w","ExpressionAttributeValues":{":v":{"S":"x"},":w":{"S":"a"}}`, `…`),
	refusedQuery("an unused value", `"KeyConditionExpression":"pk = :v","ExpressionAttributeValues":{":v":{"S":"x"},":w":{"S":"y"}}`, `Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}`),
}

// refusedQuery checks how a query is refused.
func refusedQuery(what, members, message string) conformanceCheck {
	return script("query is refused: "+what, "@item", step{"Query", `{` + members + `}`, `ValidationException: ` + message})
}

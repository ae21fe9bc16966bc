package ddbenctest_test

import (
	"fmt"
	"sync"
)

// Parts of transactions on the check's own items.
const (
	canceled = `TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons `
	failed   = `{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}`
	none     = `{"Code":"None"}`
)

// transactChecks are of TransactWriteItems and TransactGetItems.
var transactChecks = []conformanceCheck{
	script("transaction puts, updates, deletes and checks", "@item", putAt("@item", "2"), putAt("@item", "3"), putAt("@item", "4"),
		step{"TransactWriteItems", transactWrite(tPut("1", `,"a":{"S":"new"}`, ``), tUpdate("2", `SET b = a`, ``), tDelete("3", ``), tCheck("4", `attribute_exists(pk)`, ``)), `{}`},
		step{"Query", `{` + byP + `,"ProjectionExpression":"sk, a, b"}`,
			`{"Items":[{"sk":{"S":"1"},"a":{"S":"new"}},{"sk":{"S":"2"},"a":{"S":"a2"},"b":{"S":"a2"}},{"sk":{"S":"4"},"a":{"S":"a4"}}],"Count":3,"ScannedCount":3}`}),
	script("transaction of two tables", "",
		step{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"@item","Item":{` + keyText + `}}},{"Put":{"TableName":"@hash","Item":{"pk":{"S":"$"}}}}]}`, `{}`},
		step{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"@hash","Key":{"pk":{"S":"$"}}}},{"Get":{"TableName":"@item",` + keyOne + `}}]}`,
			`{"Responses":[{"Item":{"pk":{"S":"$"}}},{"Item":{` + keyText + `}}]}`}),
	script("transaction that fails changes nothing", "@item", putAt("@item", "2"),
		step{"TransactWriteItems", transactWrite(tPut("1", ``, ``), tDelete("2", `attribute_not_exists(pk)`)),
			canceled + `[None, ConditionalCheckFailed] {"CancellationReasons":[` + none + `,` + failed + `]}`}, getNothing),
	script("transaction's reasons are in order", "@item", putAt("@item", "1"), putAt("@item", "2"), putAt("@item", "3"), putAt("@item", "4"),
		step{"TransactWriteItems", transactWrite(tCheck("1", `attribute_not_exists(pk)`, ``), tPut("2", ``, ``), tUpdate("3", `SET b = a`, `attribute_exists(b)`), tDelete("4", ``)),
			`has ` + canceled + `[ConditionalCheckFailed, None, ConditionalCheckFailed, None] {"CancellationReasons":[{"Code":"ConditionalCheckFailed"},` + none + `,` + failed + `,` + none + `]}`}),
	script("transaction's reasons have the old items", "@item", putAt("@item", "1"), putAt("@item", "2"),
		step{"TransactWriteItems", transactWrite(
			tCheck("1", `attribute_not_exists(pk)`, `ALL_OLD`), tCheck("2", `attribute_not_exists(pk)`, `NONE`), tCheck("nope", `attribute_exists(pk)`, `ALL_OLD`)),
			`has ` + canceled + `[ConditionalCheckFailed, ConditionalCheckFailed, ConditionalCheckFailed] {"CancellationReasons":[
				{"Code":"ConditionalCheckFailed","Item":{` + keyText + `,"a":{"S":"a1"}}},{"Code":"ConditionalCheckFailed"},{"Code":"ConditionalCheckFailed"}]}`}),
	script("transaction's reasons have no items unless asked", "@item", putAt("@item", "1"),
		step{"TransactWriteItems", transactWrite(tDelete("1", `attribute_not_exists(pk)`)), canceled + `[ConditionalCheckFailed] {"CancellationReasons":[` + failed + `]}`}),
	script("transaction's put has its old item in the reason", "@item", putAt("@item", "1"),
		step{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"@item","Item":{` + keyText + `},"ConditionExpression":"a = :v","ExpressionAttributeValues":{":v":{"S":"x"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}}]}`,
			canceled + `[ConditionalCheckFailed] {"CancellationReasons":[{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":{` + keyText + `,"a":{"S":"a1"}}}]}`}),
	script("transaction with an update that is invalid for its item", "@item", putAt("@item", "1"),
		step{"TransactWriteItems", transactWrite(tPut("2", ``, ``), tUpdate("1", `SET a.b = a`, ``)),
			canceled + `[None, ValidationError] {"CancellationReasons":[` + none + `,{"Code":"ValidationError","Message":"The document path provided in the update expression is invalid for update"}]}`}),
	script("transaction sees no changes of its own", "@item", putAt("@item", "1"),
		step{"TransactWriteItems", transactWrite(tDelete("1", ``), tPut("2", ``, ``), tCheck("3", `attribute_not_exists(pk)`, ``)), `{}`}, getNothing),
	script("transaction with a token is done once", "@item",
		step{"TransactWriteItems", `{"ClientRequestToken":"@1",` + transactWrite(tUpdate("1", `ADD n :1`, ``))[1:], `{}`},
		step{"TransactWriteItems", `{"ClientRequestToken":"@1",` + transactWrite(tUpdate("1", `ADD n :1`, ``))[1:], `{}`},
		get(`"n":{"N":"1"}`),
		step{"TransactWriteItems", `{"ClientRequestToken":"@2",` + transactWrite(tUpdate("1", `ADD n :1`, ``))[1:], `{}`},
		get(`"n":{"N":"2"}`)),
	script("transaction with the token of another is refused", "@item",
		step{"TransactWriteItems", `{"ClientRequestToken":"@3",` + transactWrite(tUpdate("1", `ADD n :1`, ``))[1:], `{}`},
		step{"TransactWriteItems", `{"ClientRequestToken":"@3",` + transactWrite(tUpdate("1", `ADD m :1`, ``))[1:], `IdempotentParameterMismatchException`},
		get(`"n":{"N":"1"}`)),
	script("transaction that failed may come again with its token", "@item",
		step{"TransactWriteItems", `{"ClientRequestToken":"@4",` + transactWrite(tUpdate("1", `SET a = :1`, `attribute_exists(pk)`))[1:], `TransactionCanceledException`},
		put(``),
		step{"TransactWriteItems", `{"ClientRequestToken":"@4",` + transactWrite(tUpdate("1", `SET a = :1`, `attribute_exists(pk)`))[1:], `{}`}, get(`"a":{"N":"1"}`)),
	talk("transactions of 100 writes and reads", "@item", func(c *conversation) {
		var writes, reads []string
		for i := range 100 {
			writes = append(writes, tPut(fmt.Sprintf("%03d", i), ``, ``))
			reads = append(reads, tGet(fmt.Sprintf("%03d", i), ``))
		}
		c.do("TransactWriteItems", transactWrite(writes...), `{}`)
		a := c.do("TransactGetItems", transactWrite(reads...), ``)
		if responses, _ := a.body["Responses"].([]any); len(responses) != 100 {
			c.t.Errorf("got %d responses", len(responses))
		}
		c.do("TransactWriteItems", transactWrite(append(writes, tPut("100", ``, ``))...), `ValidationException`)
		c.do("TransactGetItems", transactWrite(append(reads, tGet("100", ``))...), `ValidationException`)
	}),
	script("transaction reads in order, with what is missing", "@item", putAt("@item", "1"), putAt("@item", "2"),
		step{"TransactGetItems", transactWrite(tGet("2", ``), tGet("nope", ``), tGet("1", ``)),
			`{"Responses":[{"Item":{"pk":{"S":"$"},"sk":{"S":"2"},"a":{"S":"a2"}}},{},{"Item":{` + keyText + `,"a":{"S":"a1"}}}]}`}),
	script("transaction reads projected attributes alone", "@item", putAt("@item", "1"),
		step{"TransactGetItems", transactWrite(tGet("1", `,"ProjectionExpression":"#a","ExpressionAttributeNames":{"#a":"a"}`)), `{"Responses":[{"Item":{"a":{"S":"a1"}}}]}`}),
	script("transaction capacity is twice a write's", "@item",
		step{"TransactWriteItems", `{"ReturnConsumedCapacity":"TOTAL",` + transactWrite(tPut("1", ``, ``))[1:], `has {"ConsumedCapacity":[{"TableName":"@item","CapacityUnits":2}]}`},
		step{"TransactGetItems", `{"ReturnConsumedCapacity":"TOTAL",` + transactWrite(tGet("1", ``))[1:], `has {"ConsumedCapacity":[{"TableName":"@item","CapacityUnits":2}]}`}),
	talk("transactions that add at once lose nothing", "@item", func(c *conversation) {
		const workers, times = 4, 10
		c.do("GetItem", `{`+keyOne+`}`, `{}`) // makes the table
		var wg sync.WaitGroup
		results := make([]int, workers)
		for w := range workers {
			wg.Go(func() {
				for range times {
					if c.call("TransactWriteItems", transactWrite(tUpdate("1", `ADD n :1`, ``), tUpdate("2", `ADD n :1`, ``))).code == "" {
						results[w]++
					}
				}
			})
		}
		wg.Wait()
		done := 0
		for _, n := range results {
			done += n
		}
		c.do("TransactGetItems", transactWrite(tGet("1", ``), tGet("2", ``)),
			fmt.Sprintf(`has {"Responses":[{"Item":{"n":{"N":"%d"}}},{"Item":{"n":{"N":"%d"}}}]}`, done, done))
	}),
}

// transactErrorChecks are of transactions that are refused as a whole.
var transactErrorChecks = []conformanceCheck{
	script("transaction with an item twice", "@item", step{"TransactWriteItems", transactWrite(tPut("1", ``, ``), tDelete("1", ``)),
		`ValidationException: Transaction request cannot include multiple operations on one item`}, getNothing),
	script("transaction that reads an item twice", "@item", putAt("@item", "1"), step{"TransactGetItems", transactWrite(tGet("1", ``), tGet("1", ``)),
		`ValidationException: Transaction request cannot include multiple operations on one item`}),
	script("transaction of nothing", "@item", step{"TransactWriteItems", `{"TransactItems":[]}`, `ValidationException`}, step{"TransactGetItems", `{"TransactItems":[]}`, `ValidationException`}),
	script("transaction of an empty element", "@item", step{"TransactWriteItems", `{"TransactItems":[{}]}`, `ValidationException`}),
	script("transaction of two in one element", "@item", step{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"@item","Item":{` + keyText + `}},"Delete":{"TableName":"@item",` + keyOne + `}}]}`, `ValidationException`}),
	script("transaction on a table that is not there", "@item", step{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"@missing","Item":{` + keyText + `}}}]}`, `ResourceNotFoundException`},
		step{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"@missing",` + keyOne + `}}]}`, `ResourceNotFoundException`}),
	script("transaction with a syntax error", "@item", step{"TransactWriteItems", transactWrite(tPut("1", ``, `a = `)), `ValidationException`}, getNothing),
	script("transaction with an unused value", "@item", step{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"@item","Item":{` + keyText + `},"ConditionExpression":"attribute_exists(a)","ExpressionAttributeValues":{":v":{"S":"x"}}}}]}`,
		`ValidationException`}, getNothing),
	script("transaction with a wrong key", "@item", step{"TransactWriteItems", `{"TransactItems":[{"Delete":{"TableName":"@item","Key":{"pk":{"S":"$"}}}}]}`,
		canceled + `[ValidationError] {"CancellationReasons":[{"Code":"ValidationError","Message":"The provided key element does not match the schema"}]}`}),
	script("transaction with an item too large", "@item", step{"TransactWriteItems", transactWrite(tPut("1", `,"a":{"S":"<x*409600>"}`, ``), tPut("2", ``, ``)), `ValidationException: Item size has exceeded the maximum allowed size`}, getNothing),
	talk("transaction of more than 4 MB", "@item", func(c *conversation) {
		var writes []string
		for i := range 12 {
			writes = append(writes, tPut(fmt.Sprint(i), `,"a":{"S":"<x*390000>"}`, ``))
		}
		c.do("TransactWriteItems", transactWrite(writes...), `ValidationException`)
		c.do("GetItem", `{`+keyOne+`}`, `{}`)
	}),
	script("transaction's token has at most 36 characters", "@item",
		step{"TransactWriteItems", `{"ClientRequestToken":"<t*37>",` + transactWrite(tPut("1", ``, ``))[1:], `ValidationException`}),
}

// transactWrite is a transaction of these elements.
func transactWrite(elements ...string) string {
	return `{"TransactItems":[` + each(elements, `%s`) + `]}`
}

// tPut, tUpdate, tDelete, tCheck and tGet are elements of transactions on the item
// with a range key.
func tPut(sk, attributes, condition string) string {
	return `{"Put":{"TableName":"@item","Item":{"pk":{"S":"$"},"sk":{"S":"` + sk + `"}` + attributes + `}` + onCondition(condition) + `}}`
}

func tUpdate(sk, expression, condition string) string {
	_, values := substitutes(expression)
	return `{"Update":{"TableName":"@item","Key":{"pk":{"S":"$"},"sk":{"S":"` + sk + `"}},"UpdateExpression":"` + expression + `"` + values + onCondition(condition) + `}}`
}

func tDelete(sk, condition string) string {
	return `{"Delete":{"TableName":"@item","Key":{"pk":{"S":"$"},"sk":{"S":"` + sk + `"}}` + onCondition(condition) + `}}`
}

func tCheck(sk, condition, returns string) string {
	if returns != "" {
		returns = `,"ReturnValuesOnConditionCheckFailure":"` + returns + `"`
	}
	return `{"ConditionCheck":{"TableName":"@item","Key":{"pk":{"S":"$"},"sk":{"S":"` + sk + `"}}` + onCondition(condition) + returns + `}}`
}

func tGet(sk, members string) string {
	return `{"Get":{"TableName":"@item","Key":{"pk":{"S":"$"},"sk":{"S":"` + sk + `"}}` + members + `}}`
}

// onCondition is the member of a request that has a condition, unless it is empty.
func onCondition(condition string) string {
	if condition == "" {
		return ""
	}
	return `,"ConditionExpression":"` + condition + `"`
}

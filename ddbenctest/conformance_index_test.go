package ddbenctest_test

import (
	"fmt"
	"time"
)

// Members of requests that query an index for the check's own key.
const (
	byG = `"KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"$"}}`
	byP = `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"$"}}`
)

// indexed puts an item with index keys: g, r and l may be empty.
func indexed(sk, g, r, l string) step {
	item := `"pk":{"S":"$"},"sk":{"S":"` + sk + `"},"a":{"S":"a` + sk + `"},"b":{"S":"b"},"c":{"S":"c"}`
	for name, value := range map[string]string{"g": `{"S":"` + g + `"}`, "r": `{"N":"` + r + `"}`, "l": `{"N":"` + l + `"}`} {
		if value != `{"S":""}` && value != `{"N":""}` {
			item += `,"` + name + `":` + value
		}
	}
	return step{"PutItem", `{"Item":{` + item + `}}`, `{}`}
}

// inIndex wants these range keys of the table, in order, from an index.
func inIndex(index, by string, sks ...string) step {
	items := ""
	for i, sk := range sks {
		if i > 0 {
			items += ","
		}
		items += `{"sk":{"S":"` + sk + `"}}`
	}
	return step{"Query", `{"IndexName":"` + index + `",` + by + `,"ProjectionExpression":"sk"}`, fmt.Sprintf(`{"Items":[%s],"Count":%d,"ScannedCount":%d}`, items, len(sks), len(sks))}
}

// indexChecks are of what indexes hold and how they are read.
var indexChecks = []conformanceCheck{
	script("global index is in the order of its range key", "@index", indexed("1", "$", "20", ""), indexed("2", "$", "3", ""), indexed("3", "$", "-1", ""),
		inIndex("all", byG, "3", "2", "1"),
		step{"Query", `{"IndexName":"all",` + byG + `,"ScanIndexForward":false,"Limit":1,"ProjectionExpression":"sk"}`,
			`{"Items":[{"sk":{"S":"1"}}],"Count":1,"ScannedCount":1,"LastEvaluatedKey":{"pk":{"S":"$"},"sk":{"S":"1"},"g":{"S":"$"},"r":{"N":"20"}}}`},
		step{"Query", `{"IndexName":"all","KeyConditionExpression":"g = :g AND r BETWEEN :a AND :b","ExpressionAttributeValues":{":g":{"S":"$"},":a":{"N":"0"},":b":{"N":"20.0"}},"Select":"COUNT"}`, `{"Count":2,"ScannedCount":2}`}),
	script("global index is sparse", "@index", indexed("1", "$", "1", ""), indexed("2", "$", "", ""), indexed("3", "", "1", ""), indexed("4", "", "", ""),
		inIndex("all", byG, "1"),
		step{"Query", `{"IndexName":"keys",` + byG + `,"Select":"COUNT"}`, `{"Count":2,"ScannedCount":2}`}),
	script("global index follows updates", "@index", indexed("1", "$", "1", ""), indexed("2", "$", "2", ""), inIndex("all", byG, "1", "2"),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET r = :r","ExpressionAttributeValues":{":r":{"N":"3"}}}`, `{}`}, inIndex("all", byG, "2", "1"),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"REMOVE g"}`, `{}`}, inIndex("all", byG, "2"),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"$"}}}`, `{}`}, inIndex("all", byG, "2", "1"),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET a = :g","ExpressionAttributeValues":{":g":{"S":"new"}}}`, `{}`},
		step{"Query", `{"IndexName":"all","KeyConditionExpression":"g = :g AND r = :r","ExpressionAttributeValues":{":g":{"S":"$"},":r":{"N":"3"}},"ProjectionExpression":"a"}`, `{"Items":[{"a":{"S":"new"}}],"Count":1,"ScannedCount":1}`},
		step{"DeleteItem", `{` + keyOne + `}`, `{}`}, inIndex("all", byG, "2"),
		indexed("2", "$other", "2", ""), inIndex("all", byG)),
	script("global index projects all", "@index", indexed("1", "$", "1", "5"),
		step{"Query", `{"IndexName":"all",` + byG + `}`, `{"Items":[{` + keyText + `,"a":{"S":"a1"},"b":{"S":"b"},"c":{"S":"c"},"g":{"S":"$"},"r":{"N":"1"},"l":{"N":"5"}}],"Count":1,"ScannedCount":1}`}),
	script("global index projects keys only", "@index", indexed("1", "$", "1", "5"),
		step{"Query", `{"IndexName":"keys",` + byG + `}`, `{"Items":[{` + keyText + `,"g":{"S":"$"}}],"Count":1,"ScannedCount":1}`}),
	script("global index projects what it includes", "@index", indexed("1", "$", "1", "5"),
		step{"Query", `{"IndexName":"include",` + byG + `}`, `{"Items":[{` + keyText + `,"g":{"S":"$"},"a":{"S":"a1"},"b":{"S":"b"}}],"Count":1,"ScannedCount":1}`},
		step{"Query", `{"IndexName":"include",` + byG + `,"Select":"ALL_PROJECTED_ATTRIBUTES"}`, `{"Items":[{` + keyText + `,"g":{"S":"$"},"a":{"S":"a1"},"b":{"S":"b"}}],"Count":1,"ScannedCount":1}`},
		step{"Query", `{"IndexName":"include",` + byG + `,"Select":"COUNT"}`, `{"Count":1,"ScannedCount":1}`}),
	script("global index has no more than it projects", "@index", indexed("1", "$", "1", ""),
		step{"Query", `{"IndexName":"keys",` + byG + `,"Select":"ALL_ATTRIBUTES"}`, `ValidationException: One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index keys because its projection type is not ALL`},
		step{"Query", `{"IndexName":"keys",` + byG + `,"ProjectionExpression":"sk, c"}`, `ValidationException: One or more parameter values were invalid: Global secondary index keys does not project [c]`},
		step{"Query", `{"IndexName":"keys",` + byG + `,"FilterExpression":"attribute_not_exists(c)","Select":"COUNT"}`, `ValidationException: One or more parameter values were invalid: Secondary index keys does not project one or more filter attributes: [c]`}),
	script("global index cannot be read consistently", "@index",
		step{"Query", `{"IndexName":"all",` + byG + `,"ConsistentRead":true}`, `ValidationException: Consistent reads are not supported on global secondary indexes`},
		step{"Scan", `{"IndexName":"all","ConsistentRead":true}`, `ValidationException: Consistent reads are not supported on global secondary indexes`}),
	script("global index takes keys of its type only", "@index",
		step{"PutItem", `{"Item":{` + keyText + `,"g":{"N":"1"}}}`, `ValidationException: One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: … || One or more parameter values were invalid: Type mismatch for Index Key`},
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET r = :v","ExpressionAttributeValues":{":v":{"S":"x"}}}`, `ValidationException: … || The update expression attempted to update the secondary index key to unsupported type`},
		step{"PutItem", `{"Item":{` + keyText + `,"g":{"S":""}}}`, `ValidationException: One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: …`},
		step{"PutItem", `{"Item":{` + keyText + `,"g":{"NULL":true}}}`, `ValidationException`}),
	talk("global index with equal keys is read in pages", "@index", func(c *conversation) {
		for i := range 9 {
			s := indexed(fmt.Sprint(i), "$", "7", "")
			c.do(s.op, s.request, s.want)
		}
		for _, limit := range []int{1, 2, 4} {
			seen := make(map[string]bool)
			got := c.pages("Query", fmt.Sprintf(`{"IndexName":"all",%s,"Limit":%d`, byG, limit), "sk")
			for _, sk := range got {
				seen[sk] = true
			}
			if len(got) != 9 || len(seen) != 9 {
				c.t.Errorf("limit %d: got %v", limit, got)
			}
		}
	}),
	talk("global index is scanned in segments", "@index.segments", func(c *conversation) {
		for i := range 30 {
			c.do("PutItem", fmt.Sprintf(`{"Item":{"pk":{"S":"%d"},"sk":{"S":"x"},"g":{"S":"g%d"},"r":{"N":"1"}}}`, i, i%7), `{}`)
		}
		c.do("PutItem", `{"Item":{"pk":{"S":"31"},"sk":{"S":"x"},"g":{"S":"g"}}}`, `{}`)
		seen := make(map[string]bool)
		n := 0
		for segment := range 3 {
			for _, pk := range c.pages("Scan", fmt.Sprintf(`{"IndexName":"all","Segment":%d,"TotalSegments":3,"Limit":4`, segment), "pk") {
				seen[pk] = true
				n++
			}
		}
		if n != 30 || len(seen) != 30 {
			c.t.Errorf("got %d items, %d of them different, want 30", n, len(seen))
		}
	}),
	script("global index's start key has both keys", "@index", indexed("1", "$", "1", ""), indexed("2", "$", "2", ""),
		step{"Query", `{"IndexName":"all",` + byG + `,"ExclusiveStartKey":{` + keyText + `,"g":{"S":"$"},"r":{"N":"1"}},"Select":"COUNT"}`, `{"Count":1,"ScannedCount":1}`},
		step{"Query", `{"IndexName":"all",` + byG + `,"ExclusiveStartKey":{` + keyText + `},"Select":"COUNT"}`, `ValidationException: The provided starting key is invalid…`}),

	script("local index is in the order of its range key", "@index", indexed("1", "", "", "20"), indexed("2", "", "", "3"), indexed("3", "", "", "-1"), indexed("4", "", "", ""),
		inIndex("local", byP, "3", "2", "1"),
		step{"Query", `{"IndexName":"local",` + byP + `,"ConsistentRead":true,"Select":"COUNT"}`, `{"Count":3,"ScannedCount":3}`},
		step{"Query", `{"IndexName":"local","KeyConditionExpression":"pk = :p AND l > :l","ExpressionAttributeValues":{":p":{"S":"$"},":l":{"N":"0"}},"Limit":1,"ProjectionExpression":"sk"}`,
			`{"Items":[{"sk":{"S":"2"}}],"Count":1,"ScannedCount":1,"LastEvaluatedKey":{"pk":{"S":"$"},"sk":{"S":"2"},"l":{"N":"3"}}}`}),
	script("local index of keys fetches the rest", "@index", indexed("1", "", "", "5"),
		step{"Query", `{"IndexName":"local-keys",` + byP + `}`, `{"Items":[{` + keyText + `,"l":{"N":"5"}}],"Count":1,"ScannedCount":1}`},
		step{"Query", `{"IndexName":"local-keys",` + byP + `,"ProjectionExpression":"a"}`, `{"Items":[{"a":{"S":"a1"}}],"Count":1,"ScannedCount":1}`},
		step{"Query", `{"IndexName":"local-keys",` + byP + `,"Select":"ALL_ATTRIBUTES"}`, `{"Items":[{` + keyText + `,"a":{"S":"a1"},"b":{"S":"b"},"c":{"S":"c"},"l":{"N":"5"}}],"Count":1,"ScannedCount":1}`}),
	script("local index is scanned", "@index.localscan", indexed("1", "", "", "5"), indexed("2", "", "", ""),
		step{"Scan", `{"IndexName":"local","ConsistentRead":true,"Select":"COUNT"}`, `{"Count":1,"ScannedCount":1}`}),
}

// indexUpdateChecks are of UpdateTable.
var indexUpdateChecks = []conformanceCheck{
	talk("index that is added has the items before it", "@item.added", func(c *conversation) {
		c.do("PutItem", `{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"g":{"S":"x"}}}`, `{}`)
		c.do("PutItem", `{"Item":{"pk":{"S":"c"},"sk":{"S":"1"}}}`, `{}`)
		c.do("UpdateTable", `{"AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"new",
			"KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]}`, ``)
		c.untilIndexes(1)
		c.do("PutItem", `{"Item":{"pk":{"S":"d"},"sk":{"S":"1"},"g":{"S":"x"}}}`, `{}`)
		c.do("Query", `{"IndexName":"new","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"x"}},"Select":"COUNT"}`, `{"Count":2,"ScannedCount":2}`)
		c.do("Scan", `{"IndexName":"new","Select":"COUNT"}`, `{"Count":2,"ScannedCount":2}`)
		c.do("UpdateTable", `{"GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"new"}}]}`, ``)
		c.untilIndexes(0)
		c.do("Query", `{"IndexName":"new","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"x"}}}`, `ValidationException: The table does not have the specified index: new`)
	}),
	talk("index that is added leaves out keys of other types", "@item.mistyped", func(c *conversation) {
		c.do("PutItem", `{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"g":{"S":"x"}}}`, `{}`)
		c.do("PutItem", `{"Item":{"pk":{"S":"b"},"sk":{"S":"1"},"g":{"N":"1"}}}`, `{}`)
		c.do("UpdateTable", `{"AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"new",
			"KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]}`, ``)
		c.untilIndexes(1)
		c.do("Scan", `{"IndexName":"new","Select":"COUNT"}`, `{"Count":1,"ScannedCount":1}`)
	}),
	script("index that is not there is not deleted", "@item", step{"UpdateTable", `{"GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"nope"}}]}`, `ResourceNotFoundException`}),
	script("index that is there is not made again", "@index.again",
		step{"UpdateTable", `{"AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"keys","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]}`, `ValidationException`}),
	script("update of nothing in a table is refused", "@item", step{"UpdateTable", `{}`, `ValidationException`}),
	script("table changes how it is paid", "@item.paid",
		step{"UpdateTable", `{"BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}}`, ``},
		step{"DescribeTable", `{}`, `has {"Table":{"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}}}`}),
	script("table that is protected is not deleted", "",
		step{"CreateTable", `{"TableName":"@protected","BillingMode":"PAY_PER_REQUEST","DeletionProtectionEnabled":true,` + tableSchema + `}`, ``},
		step{"DeleteTable", `{"TableName":"@protected"}`, `ValidationException`},
		step{"UpdateTable", `{"TableName":"@protected","DeletionProtectionEnabled":false}`, ``},
		step{"DeleteTable", `{"TableName":"@protected"}`, ``},
	),
}

// untilIndexes waits until a table has n global indexes, all active.
func (c *conversation) untilIndexes(n int) {
	c.t.Helper()
	for range 200 {
		table := c.do("DescribeTable", `{}`, ``).body["Table"].(map[string]any)
		indexes, _ := table["GlobalSecondaryIndexes"].([]any)
		active := table["TableStatus"] == "ACTIVE" && len(indexes) == n
		for _, index := range indexes {
			active = active && index.(map[string]any)["IndexStatus"] == "ACTIVE"
		}
		if active {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatalf("there are not %d active indexes after 10 seconds", n)
}

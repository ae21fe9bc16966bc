package ddbenctest_test

import (
	"fmt"
	"slices"
	"strings"
)

// scanChecks are of Scan, in one piece and in segments.
var scanChecks = []conformanceCheck{
	script("scan of an empty table", "@item.empty", step{"Scan", `{}`, `{"Items":[],"Count":0,"ScannedCount":0}`}),
	talk("scan gives every item once", "@item.scan", func(c *conversation) {
		want := fillForScan(c)
		for _, limit := range []int{1, 3, 50, 100} {
			got := c.pages("Scan", fmt.Sprintf(`{"Limit":%d`, limit), "id")
			slices.Sort(got)
			if !slices.Equal(got, want) {
				c.t.Errorf("limit %d: got %v", limit, got)
			}
		}
	}),
	talk("scan keeps the range keys of a hash key in order", "@item.scan", func(c *conversation) {
		fillForScan(c)
		last := ""
		for _, id := range c.pages("Scan", `{"Limit":7`, "id") {
			if hash, _, _ := strings.Cut(id, "/"); strings.HasPrefix(last, hash+"/") && id < last {
				c.t.Errorf("%s comes after %s", id, last)
			}
			last = id
		}
	}),
	talk("parallel scan segments are disjoint and complete", "@item.scan", func(c *conversation) {
		want := fillForScan(c)
		for _, segments := range []int{1, 2, 4, 7} {
			var got []string
			for segment := range segments {
				got = append(got, c.pages("Scan", fmt.Sprintf(`{"Segment":%d,"TotalSegments":%d,"Limit":9`, segment, segments), "id")...)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				c.t.Errorf("%d segments: got %d items, want %d: %v", segments, len(got), len(want), got)
			}
		}
	}),
	talk("parallel scan segments share the items", "@item.scan", func(c *conversation) {
		want := fillForScan(c)
		for segment := range 2 {
			if got := c.pages("Scan", fmt.Sprintf(`{"Segment":%d,"TotalSegments":2`, segment), "id"); len(got) == 0 || len(got) == len(want) {
				c.t.Errorf("segment %d has %d of %d items", segment, len(got), len(want))
			}
		}
	}),
	script("scan with a filter and a projection", "@item.scanfilter",
		step{"PutItem", `{"Item":{"pk":{"S":"a"},"sk":{"S":"1"},"n":{"N":"1"},"m":{"M":{"x":{"S":"y"},"z":{"S":"z"}}}}}`, `{}`},
		step{"PutItem", `{"Item":{"pk":{"S":"b"},"sk":{"S":"1"},"n":{"N":"2"}}}`, `{}`},
		step{"Scan", `{"FilterExpression":"n = :n","ExpressionAttributeValues":{":n":{"N":"1.0"}},"ProjectionExpression":"pk, m.x"}`,
			`{"Items":[{"pk":{"S":"a"},"m":{"M":{"x":{"S":"y"}}}}],"Count":1,"ScannedCount":2}`},
		step{"Scan", `{"FilterExpression":"pk = :p AND n < :n","ExpressionAttributeValues":{":n":{"N":"3"},":p":{"S":"b"}},"Select":"COUNT"}`, `{"Count":1,"ScannedCount":2}`},
		step{"Scan", `{"FilterExpression":"attribute_exists(m)","ConsistentRead":true,"Select":"COUNT"}`, `{"Count":1,"ScannedCount":2}`},
	),
	talk("scan pages end after 1 MB", "@item.megabyte", func(c *conversation) {
		for i := range 5 {
			c.do("PutItem", fmt.Sprintf(`{"Item":{"pk":{"S":"p"},"sk":{"S":"%d"},"a":{"S":"<x*300000>"}}}`, i), `{}`)
		}
		c.do("Scan", `{"ProjectionExpression":"sk"}`,
			`{"Items":[{"sk":{"S":"0"}},{"sk":{"S":"1"}},{"sk":{"S":"2"}},{"sk":{"S":"3"}}],"Count":4,"ScannedCount":4,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"3"}}}`)
		c.do("Scan", `{"Select":"COUNT","FilterExpression":"attribute_exists(nope)"}`, `{"Count":0,"ScannedCount":4,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"3"}}}`)
		if got := c.pages("Scan", `{"ProjectionExpression":"sk"`, "sk"); len(got) != 5 {
			c.t.Errorf("got %v", got)
		}
	}),
	script("scan that is limited to its last item says so", "@item.lastitem",
		step{"PutItem", `{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}}}`, `{}`},
		step{"Scan", `{"Limit":1,"Select":"COUNT"}`, `{"Count":1,"ScannedCount":1,"LastEvaluatedKey":{"pk":{"S":"a"},"sk":{"S":"1"}}}`},
		step{"Scan", `{"Limit":1,"ExclusiveStartKey":{"pk":{"S":"a"},"sk":{"S":"1"}}}`, `{"Items":[],"Count":0,"ScannedCount":0}`}),
	refusedScan("a segment without a total", `"Segment":0`, `The TotalSegments parameter is required but was not present in the request when Segment parameter is present || If segment is specified, total segment must also be specified`),
	refusedScan("a total without a segment", `"TotalSegments":2`, `The Segment parameter is required but was not present in the request when parameter TotalSegments is present || If total segments is specified, a particular segment must also be specified for this request`),
	refusedScan("a segment past the total", `"Segment":2,"TotalSegments":2`, `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2 || 1 validation error detected: Value '2' at 'segment' failed to satisfy constraint: Member must have value less than or equal to 1`),
	refusedScan("no segments", `"Segment":0,"TotalSegments":0`, `…`),
	refusedScan("too many segments", `"Segment":0,"TotalSegments":1000001`, `…`),
	refusedScan("limit 0", `"Limit":0`, `…`),
	refusedScan("an index that is not there", `"IndexName":"nope"`, `The table does not have the specified index: nope`),
	refusedScan("a start key without a range key", `"ExclusiveStartKey":{"pk":{"S":"x"}}`, `The provided starting key is invalid… || Exclusive Start Key must have same size as table's key schema`),
	refusedScan("a filter with a reserved word", `"FilterExpression":"name = :v","ExpressionAttributeValues":{":v":{"S":"x"}}`, `Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: name`),
	refusedScan("an empty filter", `"FilterExpression":""`, `Invalid FilterExpression: The expression can not be empty;`),
	refusedScan("values without an expression", `"ExpressionAttributeValues":{":v":{"S":"x"}}`, `ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null`),
}

// fillForScan puts 60 items under 20 hash keys and returns what they have as id.
func fillForScan(c *conversation) []string {
	var ids []string
	for hash := range 20 {
		for sort := range 3 {
			id := fmt.Sprintf("%02d/%d", hash, sort)
			c.do("PutItem", fmt.Sprintf(`{"Item":{"pk":{"S":"hash %d"},"sk":{"S":"%d"},"id":{"S":%q}}}`, hash, sort, id), `{}`)
			ids = append(ids, id)
		}
	}
	return ids
}

// refusedScan checks how a scan is refused.
func refusedScan(what, members, message string) conformanceCheck {
	return script("scan is refused: "+what, "@item", step{"Scan", `{` + members + `}`, `ValidationException: ` + message})
}

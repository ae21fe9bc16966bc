package ddbenctest_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// update makes up an UpdateItem of up to three attributes.
func (g *differentialGenerator) update() differentialStep {
	sections := map[string][]string{}
	nested := false
	names := g.Perm(8)[:1+g.IntN(3)]
	for _, i := range names {
		name := []string{"a", "b", "c", "d", "m", "els", "marks", "g"}[i]
		path := name
		switch {
		case name == "m" && !g.chance(4):
			path = pick(g, "m.x", "m.y", "m.w")
		case name == "els" && !g.chance(3):
			path = pick(g, "els[0]", "els[1]", "els[7]")
		}
		nested = nested || path != name
		section, action := g.action(name, path)
		sections[section] = append(sections[section], action)
	}
	var clauses []string
	for _, section := range []string{"SET", "REMOVE", "ADD", "DELETE"} {
		if len(sections[section]) > 0 {
			clauses = append(clauses, section+" "+strings.Join(sections[section], ", "))
		}
	}
	g.Shuffle(len(clauses), func(i, j int) { clauses[i], clauses[j] = clauses[j], clauses[i] })
	returns := []string{"NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"}
	if nested { // DynamoDB Local returns more than was updated
		returns = returns[:3]
	}
	return differentialStep{op: "UpdateItem", request: g.members(`"Key":`+g.key(), `"UpdateExpression":"`+strings.Join(clauses, " ")+`"`, g.condition(), g.returns(returns...))}
}

// action is what an update does to one path.
func (g *differentialGenerator) action(name, path string) (section, action string) {
	switch name {
	case "g":
		if g.chance(3) {
			return "REMOVE", path
		}
		return "SET", path + " = " + g.placeholder(pick(g, `{"S":"g"}`, `{"S":"h"}`))
	case "marks":
		return pick(g, "ADD", "DELETE"), path + " " + g.placeholder(pick(g, `{"SS":["a"]}`, `{"SS":["c","a"]}`, `{"NS":["1"]}`, `{"NS":["3","2.5"]}`))
	}
	switch g.IntN(8) {
	case 0:
		return "REMOVE", path
	case 1:
		return "ADD", path + " " + g.placeholder(g.number())
	case 2:
		return "SET", path + " = " + g.path()
	case 3:
		return "SET", path + " = " + pick(g, "a", "b", "d") + pick(g, " + ", " - ") + g.placeholder(g.number())
	case 4:
		return "SET", path + " = if_not_exists(" + g.path() + ", " + g.placeholder(g.value(1)) + ")"
	case 5:
		return "SET", path + " = list_append(" + pick(g, "els", "if_not_exists(els, "+g.placeholder(`{"L":[]}`)+")") + ", " + g.placeholder(`{"L":[`+g.value(1)+`]}`) + ")"
	}
	return "SET", path + " = " + g.placeholder(g.value(2))
}

// query makes up a query of the table or an index, in one page or all.
func (g *differentialGenerator) query() differentialStep {
	var members []string
	s := differentialStep{op: "Query"}
	partial := false // whether the index lacks attributes
	hash := g.placeholder(`{"S":"` + pick(g, "p", "q", "r", "none") + `"}`)
	switch g.IntN(5) {
	case 0, 1:
		a := pick(g, "1", "10", "a", "b")
		members = append(members, fmt.Sprintf(`"KeyConditionExpression":"pk = %s%s"`, hash, pick(g, "",
			" AND sk = "+g.placeholder(`{"S":"`+a+`"}`), " AND sk "+pick(g, "<", "<=", ">", ">=")+" "+g.placeholder(`{"S":"`+a+`"}`),
			" AND begins_with(sk, "+g.placeholder(`{"S":"`+a+`"}`)+")",
			" AND sk BETWEEN "+g.placeholder(`{"S":"1"}`)+" AND "+g.placeholder(`{"S":"`+a+`"}`))))
	case 2:
		members = append(members, `"IndexName":"`+pick(g, "local", "local-keys")+`"`,
			fmt.Sprintf(`"KeyConditionExpression":"pk = %s AND l %s %s"`, hash, pick(g, "<", ">=", ">"), g.placeholder(g.number())))
		s.unordered = true // items with the same l
	default:
		g.values[hash] = []byte(`{"S":"` + pick(g, "g", "h") + `"}`)
		index := pick(g, "all", "keys", "include")
		members = append(members, `"IndexName":"`+index+`"`, fmt.Sprintf(`"KeyConditionExpression":"g = %s"`, hash))
		s.unordered, partial = true, index != "all"
	}
	if !partial && g.chance(3) {
		members = append(members, `"FilterExpression":"`+g.test(1)+`"`)
	}
	members = append(members, pick(g, `"ScanIndexForward":true`, `"ScanIndexForward":false`))
	switch {
	case g.chance(5):
		members = append(members, `"Select":"COUNT"`)
	case !partial:
		members = append(members, g.projection())
	}
	if s.unordered || g.chance(2) {
		s.all = true
		members = append(members, fmt.Sprintf(`"Limit":%d`, 1+g.IntN(6)))
	}
	s.request = g.members(members...)
	if s.all {
		s.request = strings.TrimSuffix(s.request, "}")
	}
	return s
}

// scan makes up a scan of all pages, of the table, an index or a segment.
func (g *differentialGenerator) scan() differentialStep {
	var members []string
	if g.chance(3) {
		members = append(members, `"IndexName":"`+pick(g, "all", "keys", "local")+`"`)
	} else if g.chance(2) {
		members = append(members, `"FilterExpression":"`+g.test(1)+`"`, g.projection())
	}
	members = append(members, fmt.Sprintf(`"Limit":%d`, 1+g.IntN(9)))
	return differentialStep{op: "Scan", request: strings.TrimSuffix(g.members(members...), "}"), all: true, unordered: true}
}

// batch makes up a batch of different keys.
func (g *differentialGenerator) batch() differentialStep {
	seen := make(map[string]bool)
	var elements []string
	write := g.chance(2)
	for range 1 + g.IntN(5) {
		key := g.key()
		if seen[key] {
			continue
		}
		seen[key] = true
		switch {
		case !write:
			elements = append(elements, key)
		case g.chance(3):
			elements = append(elements, `{"DeleteRequest":{"Key":`+key+`}}`)
		default:
			elements = append(elements, `{"PutRequest":{"Item":`+strings.TrimSuffix(key, "}")+`,"a":`+g.value(2)+g.indexKeys()+`}}}`)
		}
	}
	list := strings.Join(elements, ",")
	if write {
		return differentialStep{op: "BatchWriteItem", request: `{"RequestItems":{"@index":[` + list + `]}}`}
	}
	return differentialStep{op: "BatchGetItem", request: `{"RequestItems":{"@index":{"Keys":[` + list + `]}}}`, unordered: true}
}

// transaction makes up a transaction on different keys.
func (g *differentialGenerator) transaction() differentialStep {
	seen := make(map[string]bool)
	var elements []string
	read := g.chance(3)
	for range 1 + g.IntN(4) {
		key := g.key()
		if seen[key] {
			continue
		}
		seen[key] = true
		g.values = map[string]json.RawMessage{}
		condition := pick(g, ``, ``, `"ConditionExpression":"`+g.test(0)+`"`)
		switch {
		case read:
			elements = append(elements, `{"Get":{"TableName":"@index","Key":`+key+`}}`)
		case g.chance(3):
			elements = append(elements, `{"Delete":`+g.members(`"Key":`+key, condition)+`}`)
		case g.chance(2):
			elements = append(elements, `{"Put":`+g.members(`"Item":`+strings.TrimSuffix(key, "}")+`,"b":`+g.value(1)+`}`, condition)+`}`)
		default:
			elements = append(elements, `{"Update":`+g.members(`"Key":`+key, condition, `"UpdateExpression":"SET c = `+g.placeholder(g.value(1))+`"`)+`}`)
		}
	}
	op := "TransactWriteItems"
	if read {
		op = "TransactGetItems"
	}
	return differentialStep{op: op, request: `{"TransactItems":[` + strings.Join(elements, ",") + `]}`}
}

// legacy makes up a call with the parameters that came before expressions.
func (g *differentialGenerator) legacy() differentialStep {
	name := func() string { return pick(g, "a", "b", "c", "d", "marks", "nope") }
	comparison := func() string {
		return pick(g,
			`{"ComparisonOperator":"`+pick(g, "EQ", "NE")+`","AttributeValueList":[`+g.value(1)+`]}`,
			`{"ComparisonOperator":"`+pick(g, "LT", "LE", "GT", "GE")+`","AttributeValueList":[`+g.number()+`]}`,
			`{"ComparisonOperator":"`+pick(g, "NULL", "NOT_NULL")+`"}`,
			`{"ComparisonOperator":"`+pick(g, "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH")+`","AttributeValueList":[{"S":"a"}]}`)
	}
	expected := pick(g, ``, `"Expected":{"`+name()+`":`+comparison()+`}`, `"Expected":{"`+name()+`":{"Value":`+g.value(1)+`}}`, `"Expected":{"`+name()+`":{"Exists":false}}`)
	switch g.IntN(4) {
	case 0:
		return differentialStep{op: "PutItem", request: g.members(`"Item":`+g.item(), expected, g.returns("NONE", "ALL_OLD"))}
	case 1:
		return differentialStep{op: "Query", request: g.members(`"KeyConditions":{"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"`+pick(g, "p", "q", "r")+`"}]}}`,
			`"QueryFilter":{"`+name()+`":`+comparison()+`}`, pick(g, ``, `"AttributesToGet":["a","sk"]`))}
	case 2:
		return differentialStep{op: "Scan", all: true, unordered: true,
			request: strings.TrimSuffix(g.members(`"ScanFilter":{"a":`+comparison()+`,"b":`+comparison()+`}`, pick(g, ``, `"ConditionalOperator":"OR"`)), "}")}
	}
	action := pick(g, `{"Action":"PUT","Value":`+g.value(1)+`}`, `{"Action":"DELETE"}`, `{"Action":"ADD","Value":`+g.number()+`}`, `{"Action":"DELETE","Value":{"SS":["a"]}}`)
	// The second update is there since a DELETE alone differs: it makes an item in
	// DynamoDB Local.
	return differentialStep{op: "UpdateItem", request: g.members(`"Key":`+g.key(), `"AttributeUpdates":{"`+name()+`":`+action+`,"z":{"Action":"PUT","Value":`+g.value(1)+`}}`, expected,
		g.returns("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"))}
}

// mistake is a call with one thing wrong.
func (g *differentialGenerator) mistake() differentialStep {
	key := `"Key":` + g.key()
	switch g.IntN(12) {
	case 0:
		return differentialStep{op: "UpdateItem", request: g.members(key, `"UpdateExpression":"SET pk = `+g.placeholder(`{"S":"x"}`)+`"`)}
	case 1:
		return differentialStep{op: "UpdateItem", request: g.members(key, `"UpdateExpression":"SET a = `+g.placeholder(g.value(1))+`, a = b"`)}
	case 2:
		return differentialStep{op: "DeleteItem", request: g.members(key, `"ConditionExpression":"a = "`)}
	case 3:
		return differentialStep{op: "DeleteItem", request: `{"TableName":"@index",` + key + `,"ConditionExpression":"attribute_exists(a)","ExpressionAttributeValues":{":unused":` + g.value(1) + `}}`}
	case 4:
		return differentialStep{op: "GetItem", request: g.members(key, `"ProjectionExpression":"`+pick(g, "a, a", "m, m.x", "name", "#x", "a b", "")+`"`)}
	case 5:
		return differentialStep{op: "PutItem", request: `{"TableName":"@index","Item":{"pk":{"S":"p"},"sk":{"S":"1"},"g":` + pick(g, `{"N":"1"}`, `{"BOOL":true}`, `{"S":""}`) + `}}`, coarse: true}
	case 6:
		return differentialStep{op: "PutItem", request: `{"TableName":"@index","Item":{"pk":{"S":"p"},"sk":{"S":"1"},"x":` + pick(g, `{"SS":[]}`, `{"NS":["1","1"]}`, `{"N":"x"}`, `{"NULL":false}`, `{"N":"1e200"}`) + `}}`, coarse: true}
	case 7:
		return differentialStep{op: "Query", request: g.members(`"KeyConditionExpression":"` + pick(g, "pk > ", "sk = ", "pk <> ", "a = ") + g.placeholder(`{"S":"p"}`) + `"`), coarse: true}
	case 8:
		return differentialStep{op: "GetItem", request: `{"TableName":"@index","Key":` + pick(g, `{"pk":{"S":"p"}}`, `{"pk":{"N":"1"},"sk":{"S":"1"}}`, `{"pk":{"S":""},"sk":{"S":"1"}}`) + `}`, coarse: true}
	case 9:
		return differentialStep{op: "Query", request: g.members(`"IndexName":"`+pick(g, "nope", "all")+`"`, `"ConsistentRead":true`, `"KeyConditionExpression":"g = `+g.placeholder(`{"S":"g"}`)+`"`)}
	case 10:
		k := g.key()
		return differentialStep{op: "BatchGetItem", request: `{"RequestItems":{"@index":{"Keys":[` + k + `,` + k + `]}}}`}
	}
	return differentialStep{op: "UpdateItem", request: g.members(key, `"UpdateExpression":"`+pick(g, "SET a = size(b)", "SET a = nope.x", "REMOVE nope.x", "SET a.b.c = b", "ADD a b", "SET a", "REMOVE pk")+`"`)}
}

package ddbenctest_test

import "fmt"

// conditionItem is the item that conditions are tried on.
const conditionItem = `"s":{"S":"banana"},"n":{"N":"10"},"b":{"B":"AQID"},"t":{"BOOL":true},"z":{"NULL":true},"e":{"S":""},
	"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"bs":{"BS":["AQ==","Ag=="]},"l":{"L":[{"S":"a"},{"N":"1"},{"L":[{"S":"in"}]}]},
	"m":{"M":{"k":{"S":"v"},"n":{"N":"3"},"d":{"M":{"e":{"S":"f"}}}}}`

// conditionChecks are of what a condition holds for. Values name themselves:
// ":10" is the number and ":apple" the string.
var conditionChecks = []conformanceCheck{
	holds(`s = :banana`), fails(`s = :apple`), holds(`s <> :apple`), fails(`s <> :banana`),
	holds(`:banana = s`), holds(`n = :10`), holds(`n = :10_0`), fails(`n = :s10`), holds(`n <> :s10`),
	holds(`n > :9`), fails(`n < :9`), holds(`n >= :10`), holds(`n <= :10`), fails(`n > :10`),
	fails(`s < :9`), fails(`s >= :9`), // never ordered across types
	holds(`s > :apple`), fails(`s > :cherry`), holds(`s > :B`), // by bytes
	holds(`b = :bin010203`), holds(`b > :bin0101`), fails(`b > :bin0102ff`), holds(`b < :binff`),
	holds(`t = :true`), fails(`t = :false`), holds(`z = :null`), fails(`e = :null`), holds(`e < :apple`),
	fails(`nope = :banana`), holds(`nope <> :banana`), fails(`nope < :banana`), fails(`nope = nope2`), holds(`nope <> nope2`),
	holds(`ss = :ssba`), fails(`ss = :ssa`), holds(`ns = :ns2_1`), holds(`bs = :bs0201`), fails(`ss = :lab`),
	holds(`l = :l`), fails(`l = :lab`), holds(`m.d = :md`), fails(`m = :md`),
	holds(`m.k = :v`), holds(`l[0] = :a`), fails(`l[5] = :a`), holds(`l[2][0] = :in`), holds(`m.d.e = :f`), fails(`s.k = :v`), fails(`m[0] = :v`),
	holds(`n BETWEEN :9 AND :10`), fails(`n BETWEEN :1 AND :9`), holds(`s BETWEEN :apple AND :cherry`), holds(`:9 BETWEEN m.n AND n`),
	fails(`nope BETWEEN :1 AND :9`),
	holds(`n IN (:1, :9, :10)`), fails(`n IN (:1, :9)`), holds(`s IN (:banana)`), fails(`nope IN (:1)`), holds(`n IN (:apple, :10)`),
	holds(`attribute_exists(s)`), fails(`attribute_exists(nope)`), holds(`attribute_exists(m.d.e)`), fails(`attribute_exists(m.x.e)`), holds(`attribute_exists(z)`), holds(`attribute_exists(l[1])`),
	holds(`attribute_not_exists(nope)`), fails(`attribute_not_exists(s)`), holds(`attribute_not_exists(s.x)`), fails(`attribute_not_exists(e)`),
	holds(`attribute_type(s, :S)`), fails(`attribute_type(s, :N)`), holds(`attribute_type(z, :NULL)`), holds(`attribute_type(ss, :SS)`), holds(`attribute_type(m.d, :M)`), holds(`attribute_type(t, :BOOL)`), fails(`attribute_type(nope, :S)`),
	holds(`begins_with(s, :ban)`), fails(`begins_with(s, :nan)`), holds(`begins_with(b, :bin0102)`), fails(`begins_with(n, :ban)`), holds(`begins_with(s, :empty)`), fails(`begins_with(nope, :ban)`),
	holds(`contains(s, :nan)`), fails(`contains(s, :xyz)`), holds(`contains(ss, :a)`), fails(`contains(ss, :z)`), holds(`contains(ns, :1_0)`), holds(`contains(bs, :bin02)`),
	holds(`contains(l, :a)`), holds(`contains(l, :1)`), fails(`contains(l, :in)`), holds(`contains(l[2], :in)`), holds(`contains(b, :bin02)`), fails(`contains(n, :1)`), fails(`contains(m, :v)`),
	holds(`size(s) = :6`), holds(`size(b) = :3`), holds(`size(ss) = :2`), holds(`size(l) = :3`), holds(`size(m) = :3`), holds(`size(e) = :0`), holds(`size(l[0]) < n`), fails(`size(nope) = :0`), fails(`size(n) > :0`),
	holds(`size(m.d) BETWEEN :0 AND :2`), holds(`size(s) IN (:6, :9)`),
	holds(`NOT s = :apple`), fails(`NOT s = :banana`), holds(`NOT attribute_exists(nope)`), holds(`NOT NOT s = :banana`),
	holds(`s = :apple OR n = :10`), fails(`s = :apple OR n = :9`), holds(`s = :banana AND n = :10`), fails(`s = :banana AND n = :9`),
	holds(`s = :banana OR s = :apple AND n = :9`),   // AND binds tighter
	fails(`(s = :banana OR s = :apple) AND n = :9`), // unless there are parentheses
	holds(`NOT s = :apple AND n = :10`),             // NOT binds tightest
	fails(`NOT (s = :apple OR n = :10)`),
	holds(`n BETWEEN :9 AND :10 AND s = :banana`), // the first AND is BETWEEN's
	holds(`NOT n BETWEEN :1 AND :9 AND t = :true`),
	holds(`s=:banana and n>:9 or not t=:true`), // keywords in any case, no spaces
	holds("s\t=\n:banana"),
	holds(`m.k <> s AND l[0] < m.k`), // paths on both sides
	holds(`#n = :banana`),            // #n stands for s
	holds(`m.#k = :v`),               // #k stands for k
	holds(`attribute_exists(#m.#d.e)`),
	holds(`attribute_exists(pk) AND begins_with(sk, :s1)`), // keys
}

// holds checks that a condition is true of conditionItem.
func holds(condition string) conformanceCheck { return conditionCheck("holds", condition, `{}`) }

// fails checks that a condition is false of conditionItem.
func fails(condition string) conformanceCheck {
	return conditionCheck("fails", condition, `ConditionalCheckFailedException: The conditional request failed`)
}

func conditionCheck(verb, condition, want string) conformanceCheck {
	names, values := substitutes(condition)
	return talk(fmt.Sprintf("condition %s: %s", verb, condition), "@item.conditions", func(c *conversation) {
		c.do("PutItem", `{"Item":{"pk":{"S":"c"},"sk":{"S":"1"},`+conditionItem+`}}`, `{}`)
		c.do("DeleteItem", `{"Key":{"pk":{"S":"c"},"sk":{"S":"1"}},"ConditionExpression":`+fmt.Sprintf("%q", condition)+names+values+`}`, want)
	})
}

// conditionErrorChecks are of conditions that are refused.
var conditionErrorChecks = []conformanceCheck{
	refusedCondition("empty", ``, `{}`, `{}`, `The expression can not be empty;`),
	refusedCondition("syntax error", `a = = :v`, `{}`, `{":v":{"S":"x"}}`, `Syntax error; token: "=", near: "= = :v"`),
	refusedCondition("half", `a =`, `{}`, `{}`, `Syntax error; token: "<EOF>", near: "="`),
	refusedCondition("a lone path", `a`, `{}`, `{}`, `Syntax error; …`),
	refusedCondition("a literal number", `a = 5`, `{}`, `{}`, `Syntax error; token: "5", near: "= 5"`),
	refusedCondition("unknown function", `foo(a)`, `{}`, `{}`, `Invalid function name; function: foo`),
	refusedCondition("function in capitals", `ATTRIBUTE_EXISTS(a)`, `{}`, `{}`, `Invalid function name; function: ATTRIBUTE_EXISTS`),
	refusedCondition("function of an update", `if_not_exists(a, :v) = :v`, `{}`, `{":v":{"S":"x"}}`, `The function is not allowed in a condition expression; function: if_not_exists`),
	refusedCondition("too few operands", `begins_with(a)`, `{}`, `{}`, `Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1`),
	refusedCondition("too many operands", `attribute_exists(a, b)`, `{}`, `{}`, `Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2`),
	refusedCondition("a function that is no condition", `size(a)`, `{}`, `{}`, `The function is not allowed to be used this way in an expression; function: size`),
	refusedCondition("a condition as operand", `attribute_exists(a) = :v`, `{}`, `{":v":{"BOOL":true}}`, `The function is not allowed to be used this way in an expression; function: attribute_exists`),
	refusedCondition("begins_with of a number", `begins_with(a, :v)`, `{}`, `{":v":{"N":"1"}}`, `Incorrect operand type for operator or function; operator or function: begins_with, operand type: N`),
	refusedCondition("order of booleans", `a < :v`, `{}`, `{":v":{"BOOL":true}}`, `Incorrect operand type for operator or function; operator or function: <, operand type: BOOL`),
	refusedCondition("order of sets", `a >= :v`, `{}`, `{":v":{"SS":["x"]}}`, `Incorrect operand type for operator or function; operator or function: >=, operand type: SS`),
	refusedCondition("type that is no type", `attribute_type(a, :v)`, `{}`, `{":v":{"S":"X"}}`, `Invalid attribute type name found; type: X, valid types: {…`),
	refusedCondition("type that is a path", `attribute_type(a, b)`, `{}`, `{}`, `…`),
	refusedCondition("exists of a value", `attribute_exists(:v)`, `{}`, `{":v":{"S":"x"}}`, `Operator or function requires a document path; operator or function: attribute_exists`),
	refusedCondition("between bounds in the wrong order", `a BETWEEN :v AND :w`, `{}`, `{":v":{"N":"2"},":w":{"N":"1"}}`,
		`The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}`),
	refusedCondition("between bounds of two types", `a BETWEEN :v AND :w`, `{}`, `{":v":{"N":"2"},":w":{"S":"3"}}`,
		`The BETWEEN operator requires same data type for lower and upper bounds; …`),
	refusedCondition("reserved word", `name = :v`, `{}`, `{":v":{"S":"x"}}`, `Attribute name is a reserved keyword; reserved keyword: name`),
	refusedCondition("undefined name", `#a = :v`, `{}`, `{":v":{"S":"x"}}`, `An expression attribute name used in the document path is not defined; attribute name: #a`),
	refusedCondition("undefined value", `a = :v`, `{}`, `{":w":{"S":"x"}}`, `An expression attribute value used in expression is not defined; attribute value: :v`),
	refusedCondition("same operand twice", `a = a`, `{}`, `{}`, `The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]`),
	refusedCondition("redundant parentheses", `((a = :v)) AND ((b = :v))`, `{}`, `{":v":{"S":"x"}}`, `The expression has redundant parentheses;`),
	script("condition with an unused value", "@item", put(``), step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"a = :v","ExpressionAttributeValues":{":v":{"S":"x"},":w":{"S":"x"}}}`,
		`ValidationException: Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}`}),
	script("condition with an unused name", "@item", step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"attribute_exists(a)","ExpressionAttributeNames":{"#w":"x"}}`,
		`ValidationException: Value provided in ExpressionAttributeNames unused in expressions: keys: {#w}`}),
	script("condition with values and no expression", "@item", step{"DeleteItem", `{` + keyOne + `,"ExpressionAttributeValues":{":w":{"S":"x"}}}`,
		`ValidationException: ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null`}),
	script("condition with a name of a wrong form", "@item", step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"attribute_exists(a)","ExpressionAttributeNames":{"w":"x"}}`,
		`ValidationException: ExpressionAttributeNames contains invalid key: Syntax error; key: "w"`}),
	script("condition with a value of a wrong form", "@item", step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"attribute_exists(a)","ExpressionAttributeValues":{"w":{"S":"x"}}}`,
		`ValidationException: ExpressionAttributeValues contains invalid key: Syntax error; key: "w"`}),
	script("condition with no names in its map", "@item", step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"attribute_exists(a)","ExpressionAttributeNames":{}}`,
		`ValidationException: ExpressionAttributeNames must not be empty`}),
	script("condition with no values in its map", "@item", step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"attribute_exists(a)","ExpressionAttributeValues":{}}`,
		`ValidationException: ExpressionAttributeValues must not be empty`}),
	script("condition of 300 operators", "@item", put(`"a":{"S":"x"}`), step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"a = :v<  AND a = :v*149>","ExpressionAttributeValues":{":v":{"S":"x"}}}`, `{}`}),
	script("condition of more than 300 operators", "@item", step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"a = :v< AND a = :v*151>","ExpressionAttributeValues":{":v":{"S":"x"}}}`,
		`ValidationException: Invalid ConditionExpression: The expression contains too many operators…`}),
	script("condition of more than 4 KB", "@item", step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"attribute_exists(<a*4090>)"}`,
		`ValidationException: Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4108`}),
	script("condition with IN of more than 100", "@item", step{"DeleteItem", `{` + keyOne + `,"ConditionExpression":"a IN (b<, b*100>)"}`,
		`ValidationException: Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101`}),
	script("condition on a new item is of no attributes", "@item", step{"PutItem", `{"Item":{` + keyText + `,"a":{"S":"x"}},"ConditionExpression":"attribute_not_exists(a)"}`, `{}`},
		step{"PutItem", `{"Item":{` + keyText + `,"a":{"S":"x"}},"ConditionExpression":"attribute_not_exists(pk)"}`, `ConditionalCheckFailedException: The conditional request failed`}),
}

// refusedCondition checks how a condition is refused.
func refusedCondition(what, condition, names, values, message string) conformanceCheck {
	request := `{` + keyOne + fmt.Sprintf(`,"ConditionExpression":%q`, condition)
	if names != "{}" {
		request += `,"ExpressionAttributeNames":` + names
	}
	if values != "{}" {
		request += `,"ExpressionAttributeValues":` + values
	}
	want := `ValidationException: Invalid ConditionExpression: ` + message
	return script("condition is refused: "+what, "@item", step{"DeleteItem", request + `}`, want})
}

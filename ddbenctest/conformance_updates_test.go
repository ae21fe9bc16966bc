package ddbenctest_test

import "fmt"

// updateItem is the item that updates are tried on.
const updateItem = `"s":{"S":"x"},"n":{"N":"10"},"l":{"L":[{"N":"0"},{"N":"1"},{"N":"2"}]},"m":{"M":{"a":{"S":"y"},"d":{"M":{"e":{"N":"1"}}}}},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"bs":{"BS":["AQ=="]}`

// updateChecks are of what updates do. The wanted answer has the attributes that
// were updated, as they are now.
var updateChecks = []conformanceCheck{
	updates("SET a = :v", `{":v":{"S":"v"}}`, `{"a":{"S":"v"}}`),
	updates("SET s = :v, a = :v", `{":v":{"N":"1"}}`, `{"s":{"N":"1"},"a":{"N":"1"}}`),
	updates("SET a = s", `{}`, `{"a":{"S":"x"}}`),
	updates("SET s = n, n = s", `{}`, `{"s":{"N":"10"},"n":{"S":"x"}}`), // all right sides are of the item before
	updates("SET a = m.d.e", `{}`, `{"a":{"N":"1"}}`),
	updates("SET n = n + :v", `{":v":{"N":"5"}}`, `{"n":{"N":"15"}}`),
	updates("SET n = n - :v", `{":v":{"N":"15"}}`, `{"n":{"N":"-5"}}`),
	updates("SET n = :v - n", `{":v":{"N":"15"}}`, `{"n":{"N":"5"}}`),
	updates("SET a = n + m.d.e", `{}`, `{"a":{"N":"11"}}`),
	updates("SET n = :v + n", `{":v":{"N":"0.10"}}`, `{"n":{"N":"10.1"}}`),
	updates("SET a = if_not_exists(a, :v)", `{":v":{"S":"v"}}`, `{"a":{"S":"v"}}`),
	updates("SET s = if_not_exists(s, :v)", `{":v":{"S":"v"}}`, `{"s":{"S":"x"}}`),
	updates("SET a = if_not_exists(s, :v)", `{":v":{"S":"v"}}`, `{"a":{"S":"x"}}`),
	updates("SET c = if_not_exists(c, :z) + :v", `{":z":{"N":"0"},":v":{"N":"1"}}`, `{"c":{"N":"1"}}`),
	updates("SET n = if_not_exists(n, :z) + :v", `{":z":{"N":"0"},":v":{"N":"1"}}`, `{"n":{"N":"11"}}`),
	updates("SET a = if_not_exists(nope, if_not_exists(n, :v))", `{":v":{"N":"1"}}`, `{"a":{"N":"10"}}`),
	updates("SET l = list_append(l, :v)", `{":v":{"L":[{"N":"3"}]}}`, `{"l":{"L":[{"N":"0"},{"N":"1"},{"N":"2"},{"N":"3"}]}}`),
	updates("SET l = list_append(:v, l)", `{":v":{"L":[{"N":"3"}]}}`, `{"l":{"L":[{"N":"3"},{"N":"0"},{"N":"1"},{"N":"2"}]}}`),
	updates("SET l = list_append(l, l)", `{}`, `{"l":{"L":[{"N":"0"},{"N":"1"},{"N":"2"},{"N":"0"},{"N":"1"},{"N":"2"}]}}`),
	updates("SET a = list_append(if_not_exists(a, :e), :v)", `{":e":{"L":[]},":v":{"L":[{"N":"3"}]}}`, `{"a":{"L":[{"N":"3"}]}}`),
	updates("SET m.b = :v", `{":v":{"S":"v"}}`, `{"m":{"M":{"b":{"S":"v"}}}}`),
	updates("SET m.d.e = :v, m.d.f = :v", `{":v":{"S":"v"}}`, `{"m":{"M":{"d":{"M":{"e":{"S":"v"},"f":{"S":"v"}}}}}}`),
	updates("SET l[1] = :v", `{":v":{"S":"v"}}`, `{"l":{"L":[{"S":"v"}]}}`),
	wholeUpdate("SET l[9] = :v", `{":v":{"S":"v"}}`, `"l"`, `{"L":[{"N":"0"},{"N":"1"},{"N":"2"},{"S":"v"}]}`),                                     // past the end appends
	wholeUpdate("SET l[9] = :v, l[7] = :w", `{":v":{"S":"v"},":w":{"S":"w"}}`, `"l"`, `{"L":[{"N":"0"},{"N":"1"},{"N":"2"},{"S":"w"},{"S":"v"}]}`), // in order of index
	wholeUpdate("REMOVE l[0], l[2]", `{}`, `"l"`, `{"L":[{"N":"1"}]}`),                                                                             // indexes are of the list before
	wholeUpdate("REMOVE l[9]", `{}`, `"l"`, `{"L":[{"N":"0"},{"N":"1"},{"N":"2"}]}`),
	wholeUpdate("REMOVE m.d.e", `{}`, `"m"`, `{"M":{"a":{"S":"y"},"d":{"M":{}}}}`),
	wholeUpdate("REMOVE m.nope, nope", `{}`, `"m"`, `{"M":{"a":{"S":"y"},"d":{"M":{"e":{"N":"1"}}}}}`),
	wholeUpdate("SET l[0] = :v REMOVE l[1]", `{":v":{"S":"v"}}`, `"l"`, `{"L":[{"S":"v"},{"N":"2"}]}`),
	script("update: REMOVE s, m", "@item", put(`"s":{"S":"x"},"m":{"M":{}},"t":{"S":"y"}`),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"REMOVE s, m"}`, `{}`}, get(`"t":{"S":"y"}`)),
	updates("ADD n :v", `{":v":{"N":"-3"}}`, `{"n":{"N":"7"}}`),
	updates("ADD a :v", `{":v":{"N":"3"}}`, `{"a":{"N":"3"}}`),
	updates("ADD m.d.e :v", `{":v":{"N":"3"}}`, `{"m":{"M":{"d":{"M":{"e":{"N":"4"}}}}}}`),
	updates("ADD m.x :v", `{":v":{"N":"3"}}`, `{"m":{"M":{"x":{"N":"3"}}}}`),
	updates("ADD ss :v", `{":v":{"SS":["c","a"]}}`, `{"ss":{"SS":["a","b","c"]}}`),
	updates("ADD ns :v", `{":v":{"NS":["3","1.0"]}}`, `{"ns":{"NS":["1","2","3"]}}`),
	updates("ADD bs :v", `{":v":{"BS":["Ag=="]}}`, `{"bs":{"BS":["AQ==","Ag=="]}}`),
	updates("ADD b :v", `{":v":{"SS":["c"]}}`, `{"b":{"SS":["c"]}}`),
	updates("DELETE ss :v", `{":v":{"SS":["a","z"]}}`, `{"ss":{"SS":["b"]}}`),
	updates("DELETE ns :v", `{":v":{"NS":["2.00"]}}`, `{"ns":{"NS":["1"]}}`),
	script("update: DELETE of all members removes the set", "@item", put(`"ss":{"SS":["a","b"]}`),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"DELETE ss :v","ExpressionAttributeValues":{":v":{"SS":["a","b"]}}}`, `{}`}, get(``)),
	script("update: DELETE from no set", "@item", put(``),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"DELETE ss :v","ExpressionAttributeValues":{":v":{"SS":["a","b"]}}}`, `{}`}, get(``)),
	updates("set a = :v remove s add n :n delete ss :ss", `{":v":{"S":"v"},":n":{"N":"1"},":ss":{"SS":["a"]}}`, `{"a":{"S":"v"},"n":{"N":"11"},"ss":{"SS":["b"]}}`),
	script("update leaves other numbers alone", "@item", put(`"big":{"N":"12345678901234567890123456789012345678"},"s":{"NS":["1.1","98765432109876543210987654321098765432"]}`),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET a = :v","ExpressionAttributeValues":{":v":{"S":"v"}}}`, `{}`},
		get(`"a":{"S":"v"},"big":{"N":"12345678901234567890123456789012345678"},"s":{"NS":["1.1","98765432109876543210987654321098765432"]}`)),
	script("update makes the item", "@item",
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET a = :v ADD n :n","ExpressionAttributeValues":{":v":{"S":"v"},":n":{"N":"1"}}}`, `{}`}, get(`"a":{"S":"v"},"n":{"N":"1"}`)),
	script("update with REMOVE of a new item makes it", "@item", step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"REMOVE a"}`, `{}`}, get(``)),
	script("update under a condition", "@item", put(`"v":{"N":"1"}`),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET v = v + :1","ConditionExpression":"v = :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`, `{}`},
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET v = v + :1","ConditionExpression":"v = :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`, `ConditionalCheckFailedException: The conditional request failed`},
		get(`"v":{"N":"2"}`)),
	script("update of an attribute named by a reserved word", "@item", step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET #n = :v","ExpressionAttributeNames":{"#n":"name"},"ExpressionAttributeValues":{":v":{"S":"v"}}}`, `{}`}, get(`"name":{"S":"v"}`)),
}

// updates checks what an update of updateItem gives as UPDATED_NEW.
func updates(expression, values, want string) conformanceCheck {
	return script("update: "+expression, "@item", put(updateItem), update(expression, values, `{"Attributes":`+want+`}`))
}

// wholeUpdate checks what an update makes of one attribute of updateItem.
func wholeUpdate(expression, values, name, want string) conformanceCheck {
	s := update(expression, values, ``)
	return script("update: "+expression, "@item", put(updateItem), s,
		step{"GetItem", `{` + keyOne + `,"ProjectionExpression":` + name + `}`, `{"Item":{` + name + `:` + want + `}}`})
}

// update is a call of UpdateItem that returns UPDATED_NEW.
func update(expression, values, want string) step {
	if values == "{}" {
		values = ""
	} else {
		values = `,"ExpressionAttributeValues":` + values
	}
	return step{"UpdateItem", `{` + keyOne + fmt.Sprintf(`,"UpdateExpression":%q`, expression) + values + `,"ReturnValues":"UPDATED_NEW"}`, want}
}

// updateErrorChecks are of updates that are refused.
var updateErrorChecks = []conformanceCheck{
	refusedUpdate("empty", ``, `{}`, `Invalid UpdateExpression: The expression can not be empty;`),
	refusedUpdate("syntax error", `SET a :v`, `{":v":{"S":"x"}}`, `Invalid UpdateExpression: Syntax error; token: ":v", near: "a :v"`),
	refusedUpdate("no clause", `a = :v`, `{":v":{"S":"x"}}`, `Invalid UpdateExpression: Syntax error; token: "a", near: "a ="`),
	refusedUpdate("clause twice", `SET a = :v SET b = :v`, `{":v":{"S":"x"}}`, `Invalid UpdateExpression: The "SET" section can only be used once in an update expression;`),
	refusedUpdate("same path twice", `SET a = :v, a = :v`, `{":v":{"S":"x"}}`,
		`Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]`),
	refusedUpdate("overlapping paths", `SET m = :v, m.a = :v`, `{":v":{"S":"x"}}`,
		`Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, a]`),
	refusedUpdate("overlapping paths of two clauses", `SET m.a = :v REMOVE m`, `{":v":{"S":"x"}}`,
		`Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m]`),
	refusedUpdate("conflicting paths", `SET m.a = :v, m[0] = :v`, `{":v":{"S":"x"}}`,
		`Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, [0]]`),
	refusedUpdate("the hash key", `SET pk = :v`, `{":v":{"S":"x"}}`, `One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key`),
	refusedUpdate("the range key", `REMOVE sk`, `{}`, `One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key`),
	refusedUpdate("a path that is not there", `SET nope.a = :v`, `{":v":{"S":"x"}}`, `The document path provided in the update expression is invalid for update`),
	refusedUpdate("a path into a string", `SET s.a = :v`, `{":v":{"S":"x"}}`, `The document path provided in the update expression is invalid for update`),
	refusedUpdate("removal below what is not there", `REMOVE nope.a`, `{}`, `The document path provided in the update expression is invalid for update`),
	refusedUpdate("an attribute that is not there", `SET a = nope`, `{}`, `The provided expression refers to an attribute that does not exist in the item`),
	refusedUpdate("a sum with what is not there", `SET a = nope + :v`, `{":v":{"N":"1"}}`, `The provided expression refers to an attribute that does not exist in the item`),
	refusedUpdate("a sum with a string", `SET a = s + :v`, `{":v":{"N":"1"}}`, `An operand in the update expression has an incorrect data type`),
	refusedUpdate("a sum with a string value", `SET a = n + :v`, `{":v":{"S":"1"}}`, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand type: S`),
	refusedUpdate("a list_append of a string", `SET a = list_append(s, :v)`, `{":v":{"L":[]}}`, `An operand in the update expression has an incorrect data type`),
	refusedUpdate("a list_append of a string value", `SET a = list_append(l, :v)`, `{":v":{"S":"x"}}`, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: list_append, operand type: S`),
	refusedUpdate("ADD of a string", `ADD s :v`, `{":v":{"S":"x"}}`, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING…`),
	refusedUpdate("ADD of a list", `ADD l :v`, `{":v":{"L":[]}}`, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: LIST…`),
	refusedUpdate("ADD of a number to a string", `ADD s :v`, `{":v":{"N":"1"}}`, `An operand in the update expression has an incorrect data type`),
	refusedUpdate("ADD of numbers to a set of strings", `ADD ss :v`, `{":v":{"NS":["1"]}}`, `An operand in the update expression has an incorrect data type`),
	refusedUpdate("DELETE of a number", `DELETE n :v`, `{":v":{"N":"1"}}`, `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER…`),
	refusedUpdate("DELETE of numbers from a set of strings", `DELETE ss :v`, `{":v":{"NS":["1"]}}`, `An operand in the update expression has an incorrect data type`),
	refusedUpdate("ADD of a path", `ADD n m.d.e`, `{}`, `Invalid UpdateExpression: Syntax error; …`),
	refusedUpdate("three operands", `SET a = n + n + n`, `{}`, `Invalid UpdateExpression: Syntax error; …`),
	refusedUpdate("function of a condition", `SET a = size(s)`, `{}`, `Invalid UpdateExpression: The function is not allowed in an update expression; function: size`),
	refusedUpdate("unknown function", `SET a = foo(s)`, `{}`, `Invalid UpdateExpression: Invalid function name; function: foo`),
	refusedUpdate("reserved word", `SET name = :v`, `{":v":{"S":"x"}}`, `Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: name`),
	refusedUpdate("undefined value", `SET a = :w`, `{":v":{"S":"x"}}`, `Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :w`),
	refusedUpdate("undefined name", `SET #a = :v`, `{":v":{"S":"x"}}`, `Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #a`),
	refusedUpdate("unused value", `SET a = :v`, `{":v":{"S":"x"},":w":{"S":"x"}}`, `Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}`),
	refusedUpdate("an empty set", `SET a = :v`, `{":v":{"SS":[]}}`, `ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :v`),
	script("update with values and no expression", "@item", step{"UpdateItem", `{` + keyOne + `,"ExpressionAttributeValues":{":v":{"S":"x"}}}`,
		`ValidationException: ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null`}),
	script("update that makes a number too large", "@item", put(`"n":{"N":"9.9e125"}`), step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"ADD n :v","ExpressionAttributeValues":{":v":{"N":"9.9e125"}}}`,
		`ValidationException: Number overflow. Attempting to store a number with magnitude larger than supported range`}),
	script("update that would need more than 38 digits", "@item", put(`"n":{"N":"1"}`), step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"ADD n :v","ExpressionAttributeValues":{":v":{"N":"1e-38"}}}`,
		`ValidationException`}),
}

// refusedUpdate checks how an update of updateItem is refused, and that the item
// stays as it was.
func refusedUpdate(what, expression, values, message string) conformanceCheck {
	s := update(expression, values, `ValidationException: `+message)
	return script("update is refused: "+what, "@item", put(updateItem), s, get(updateItem))
}

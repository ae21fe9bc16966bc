package ddbenctest_test

import (
	"fmt"
	"strings"
)

// numberChecks are of numbers: decimals of up to 38 digits, in one spelling.
var numberChecks = []conformanceCheck{
	spelled("0", "0"), spelled("-0", "0"), spelled("0.0", "0"), spelled("000", "0"), spelled("0e10", "0"),
	spelled("1", "1"), spelled("+1", "1"), spelled("-1", "-1"), spelled("007", "7"), spelled("1.0", "1"), spelled("1.50", "1.5"), spelled(".5", "0.5"), spelled("5.", "5"),
	spelled("1e3", "1000"), spelled("1E3", "1000"), spelled("1e+3", "1000"), spelled("1.5e1", "15"), spelled("100", "100"), spelled("1e-3", "0.001"), spelled("-12.30e-2", "-0.123"),
	spelled("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
	spelled("-0.12345678901234567890123456789012345678", "-0.12345678901234567890123456789012345678"),
	spelled("1234567890.1234567890123456789012345678", "1234567890.1234567890123456789012345678"),
	spelled("1234567890123456789012345678901234567800000", "1234567890123456789012345678901234567800000"),
	spelled("00000000000000000000000000000000000000000000000000001", "1"),
	spelled("1.00000000000000000000000000000000000000000000000000", "1"),
	spelled("0.1", "0.1"), spelled("0.30000000000000004", "0.30000000000000004"), spelled("9007199254740993", "9007199254740993"),
	spelled("1e125", "1"+strings.Repeat("0", 125)),
	spelled("-9.9999999999999999999999999999999999999e125", "-"+strings.Repeat("9", 38)+strings.Repeat("0", 88)),
	spelled("1e-130", "0."+strings.Repeat("0", 129)+"1"),
	refusedNumber("123456789012345678901234567890123456789", "Attempting to store more than 38 significant digits in a Number"),
	refusedNumber("0.123456789012345678901234567890123456789", "Attempting to store more than 38 significant digits in a Number"),
	refusedNumber("1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
	refusedNumber("-1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
	refusedNumber("1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
	refusedNumber("", "The parameter cannot be converted to a numeric value"),
	refusedNumber("abc", "The parameter cannot be converted to a numeric value: abc"),
	refusedNumber("1 ", "The parameter cannot be converted to a numeric value: 1 "),
	refusedNumber("1,5", "The parameter cannot be converted to a numeric value: 1,5"),
	refusedNumber("0x10", "The parameter cannot be converted to a numeric value: 0x10"),
	refusedNumber("NaN", "The parameter cannot be converted to a numeric value: NaN"),
	refusedNumber("Infinity", "The parameter cannot be converted to a numeric value: Infinity"),
	refusedNumber("1e", "The parameter cannot be converted to a numeric value: 1e"),
	refusedNumber("--1", "The parameter cannot be converted to a numeric value: --1"),
	script("number set has each number once", "@item", step{"PutItem", `{"Item":{` + keyText + `,"s":{"NS":["1","1.0"]}}}`,
		`ValidationException: One or more parameter values were invalid: Input collection… || Input collection contains duplicates`}),
	script("number set is spelled as numbers are", "@item", put(`"s":{"NS":["1.50","2e1","-0"]}`), get(`"s":{"NS":["0","1.5","20"]}`)),

	script("number in a list and a map is spelled as others are", "@item", put(`"l":{"L":[{"N":"1.50"}]},"m":{"M":{"n":{"N":"2e1"}}}`), get(`"l":{"L":[{"N":"1.5"}]},"m":{"M":{"n":{"N":"20"}}}`)),

	sum("0.1", "+", "0.2", "0.3"), sum("1", "-", "1", "0"), sum("1e125", "-", "1e125", "0"),
	sum("99999999999999999999999999999999999998", "+", "1", "99999999999999999999999999999999999999"),
	sum("99999999999999999999999999999999999999", "+", "1", "1"+strings.Repeat("0", 38)),
	sum("0.00000000000000000000000000000000000001", "+", "0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000002"),
	sum("9007199254740993", "+", "9007199254740993", "18014398509481986"), sum("5", "-", "7.25", "-2.25"),

	script("number key is the same however it is spelled", "@nhash",
		step{"PutItem", `{"Item":{"pk":{"N":"77.50"},"a":{"S":"x"}}}`, `{}`},
		step{"GetItem", `{"Key":{"pk":{"N":"7.75e1"}}}`, `{"Item":{"pk":{"N":"77.5"},"a":{"S":"x"}}}`},
		step{"DeleteItem", `{"Key":{"pk":{"N":"077.5"}}}`, `{}`},
		step{"GetItem", `{"Key":{"pk":{"N":"77.5"}}}`, `{}`}),
	script("number key of 38 digits", "@nhash",
		step{"PutItem", `{"Item":{"pk":{"N":"12345678901234567890123456789012345678"},"a":{"S":"x"}}}`, `{}`},
		step{"PutItem", `{"Item":{"pk":{"N":"12345678901234567890123456789012345679"},"a":{"S":"y"}}}`, `{}`},
		step{"GetItem", `{"Key":{"pk":{"N":"12345678901234567890123456789012345678"}}}`, `{"Item":{"pk":{"N":"12345678901234567890123456789012345678"},"a":{"S":"x"}}}`}),
	refusedNumberKey("123456789012345678901234567890123456789"),
	refusedNumberKey("x"),
}

// spelled checks how a number is read that was written as text.
func spelled(text, want string) conformanceCheck {
	return script(fmt.Sprintf("number %s is read as %s", text, short(want)), "@item",
		put(`"n":{"N":"`+text+`"},"s":{"NS":["`+text+`"]}`), get(`"n":{"N":"`+want+`"},"s":{"NS":["`+want+`"]}`))
}

// refusedNumber checks that text is refused as a number.
func refusedNumber(text, message string) conformanceCheck {
	local := "A value provided cannot be converted into a number"
	if strings.HasPrefix(message, "Attempting") {
		local = "DynamoDB only supports precision up to 38 digits"
	}
	want := `ValidationException: ` + message + ` || ` + local
	return script(fmt.Sprintf("number %q is refused", text), "@item",
		step{"PutItem", `{"Item":{` + keyText + `,"n":{"N":"` + text + `"}}}`, want},
		step{"PutItem", `{"Item":{` + keyText + `,"n":{"L":[{"M":{"x":{"N":"` + text + `"}}}]}}}`, want},
		step{"PutItem", `{"Item":{` + keyText + `,"n":{"NS":["` + text + `"]}}}`, want})
}

// refusedNumberKey checks that text is refused as a key.
func refusedNumberKey(text string) conformanceCheck {
	return script(fmt.Sprintf("number key %q is refused", text), "@nhash",
		step{"PutItem", `{"Item":{"pk":{"N":"` + text + `"}}}`, `ValidationException`},
		step{"GetItem", `{"Key":{"pk":{"N":"` + text + `"}}}`, `ValidationException`})
}

// sum checks what SET makes of two numbers; want is exact.
func sum(a, op, b, want string) conformanceCheck {
	return script(fmt.Sprintf("sum %s %s %s", a, op, b), "@item", put(`"n":{"N":"`+a+`"}`),
		step{"UpdateItem", `{` + keyOne + `,"UpdateExpression":"SET n = n ` + op + ` :v","ExpressionAttributeValues":{":v":{"N":"` + b + `"}},"ReturnValues":"UPDATED_NEW"}`,
			`{"Attributes":{"n":{"N":"` + want + `"}}}`})
}

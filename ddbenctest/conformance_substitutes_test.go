package ddbenctest_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
)

// conditionValues are those substitutes of conditionChecks that cannot be told
// from their names.
var conditionValues = map[string]string{
	":empty":  `{"S":""}`,
	":s10":    `{"S":"10"}`,
	":s1":     `{"S":"1"}`,
	":true":   `{"BOOL":true}`,
	":false":  `{"BOOL":false}`,
	":null":   `{"NULL":true}`,
	":ssba":   `{"SS":["b","a"]}`,
	":ssa":    `{"SS":["a"]}`,
	":ns2_1":  `{"NS":["2.0","1"]}`,
	":bs0201": `{"BS":["Ag==","AQ=="]}`,
	":lab":    `{"L":[{"S":"a"},{"S":"b"}]}`,
	":l":      `{"L":[{"S":"a"},{"N":"1"},{"L":[{"S":"in"}]}]}`,
	":md":     `{"M":{"e":{"S":"f"}}}`,
}

var (
	substituteToken = regexp.MustCompile(`[:#][A-Za-z0-9_]*`)
	numberToken     = regexp.MustCompile(`^[0-9]+(_[0-9]+)?$`)
)

// substitutes are the members of a request that say what the names and values in
// an expression stand for: "#k" for k, ":10" and ":10_0" for numbers, ":bin0102" for
// bytes, ":apple" for a string, and what conditionValues has.
func substitutes(expression string) (names, values string) {
	n, v := map[string]string{}, map[string]json.RawMessage{}
	for _, token := range substituteToken.FindAllString(expression, -1) {
		name, special := token[1:], conditionValues[token]
		digits, bin := strings.CutPrefix(name, "bin")
		switch {
		case token == "#n":
			n[token] = "s"
		case token[0] == '#':
			n[token] = name
		case special != "":
			v[token] = json.RawMessage(special)
		case numberToken.MatchString(name):
			v[token] = json.RawMessage(`{"N":"` + strings.Replace(name, "_", ".", 1) + `"}`)
		case bin:
			b, err := hex.DecodeString(digits)
			if err != nil {
				panic("ddbenctest: " + err.Error())
			}
			v[token] = json.RawMessage(`{"B":"` + base64.StdEncoding.EncodeToString(b) + `"}`)
		default:
			v[token] = json.RawMessage(`{"S":"` + name + `"}`)
		}
	}
	if len(n) > 0 {
		text, _ := json.Marshal(n)
		names = `,"ExpressionAttributeNames":` + string(text)
	}
	if len(v) > 0 {
		text, _ := json.Marshal(v)
		values = `,"ExpressionAttributeValues":` + string(text)
	}
	return names, values
}

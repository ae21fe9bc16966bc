package ddbenctest_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A step is one call of a script and the answer it wants.
//
// In the request and the answer, "@item" is a table of the engine (see
// conformanceTables), "$" stands for text that no other check has, and
// "<x*300>" for 300 times x. A request without a table is for the script's.
//
// The answer wanted is one of
//
//	""                                any, without error
//	{"Count":1}                       exactly this
//	has {"Count":1}                   these members at least; errors take has, too
//	SomeException                     an error with this code
//	SomeException: text               and this message, which may end in … for more
//	SomeException: text || other      or the other, which is DynamoDB Local's own wording
//	SomeException: text {"Item":{}}   and these members
type step struct {
	op, request, want string
}

// script is a check that makes calls and looks at their answers. Its calls are for
// the table given if they do not name another.
func script(name, table string, steps ...step) conformanceCheck {
	return conformanceCheck{name, func(t testing.TB, e *conformanceEngine) {
		t.Helper()
		c := &conversation{t, e, table, uniqueText(name)}
		for _, s := range steps {
			c.do(s.op, s.request, s.want)
		}
	}}
}

// A conversation is a sequence of calls for one check.
type conversation struct {
	t      testing.TB
	e      *conformanceEngine
	table  string // of requests that name none, such as "@item"
	unique string // what $ stands for
}

// talk is a check in Go for what a script cannot say.
func talk(name, table string, run func(c *conversation)) conformanceCheck {
	return conformanceCheck{name, func(t testing.TB, e *conformanceEngine) {
		t.Helper()
		run(&conversation{t, e, table, uniqueText(name)})
	}}
}

func uniqueText(name string) string {
	return strings.NewReplacer(" ", "-", `"`, "'", `\`, "/").Replace(name)
}

// do makes a call, compares its answer with the one wanted, and returns it.
func (c *conversation) do(op, request, want string) answer {
	c.t.Helper()
	a := c.call(op, request)
	if problem := c.compare(a, want); problem != "" {
		c.t.Errorf("%s %s\n%s", op, short(request), problem)
	}
	return a
}

// call makes a call. The prefix of the engine's tables is gone from its answer.
func (c *conversation) call(op, request string) answer {
	c.t.Helper()
	if c.table != "" && tabled[op] && !strings.Contains(request, `"TableName"`) {
		request = strings.Replace(request, "{", `{"TableName":"`+c.table+`",`, 1)
		request = strings.Replace(request, ",}", "}", 1)
	}
	if op != "CreateTable" {
		for _, name := range tableToken.FindAllStringSubmatch(request, -1) {
			c.e.want(c.t, name[1])
		}
	} else if name := tableToken.FindStringSubmatch(request); name != nil {
		c.e.tables[c.e.prefix+name[1]] = true
	}
	a, err := c.e.call(c.t.Context(), op, strings.ReplaceAll(c.expand(request), "@", c.e.prefix))
	if err != nil {
		c.t.Fatalf("%v", err)
	}
	a.message = strings.ReplaceAll(a.message, c.e.prefix, "@")
	a.body, _ = unprefix(a.body, c.e.prefix).(map[string]any)
	return a
}

// tabled are the operations whose request has one table.
var tabled = map[string]bool{
	"PutItem": true, "GetItem": true, "UpdateItem": true, "DeleteItem": true, "Query": true, "Scan": true,
	"DescribeTable": true, "UpdateTable": true, "DeleteTable": true, "UpdateTimeToLive": true, "DescribeTimeToLive": true,
}

var (
	tableToken  = regexp.MustCompile(`"@([A-Za-z0-9_.-]+)"`)
	repeatToken = regexp.MustCompile(`<([^<>*]*)\*(\d+)>`)
)

// expand writes out what a step's text abbreviates, except for tables.
func (c *conversation) expand(text string) string {
	return strings.ReplaceAll(repeatToken.ReplaceAllStringFunc(text, func(token string) string {
		m := repeatToken.FindStringSubmatch(token)
		n, _ := strconv.Atoi(m[2])
		return strings.Repeat(m[1], n)
	}), "$", c.unique)
}

// compare says how an answer is not the one wanted, or "".
func (c *conversation) compare(a answer, want string) string {
	want = c.expand(want)
	partial := false
	switch {
	case want == "" && a.code == "":
		return ""
	case strings.HasPrefix(want, "has "):
		want, partial = want[len("has "):], true
	}
	code, message, body := "", "", want
	if !strings.HasPrefix(want, "{") {
		body = ""
		if i := strings.Index(want, ` {"`); i >= 0 {
			want, body = want[:i], want[i+1:]
		}
		code, message, _ = strings.Cut(want, ": ")
		partial = partial || body == "" && message == ""
	}
	problem := func(what, got, want string) string {
		return fmt.Sprintf("got  %s\nwant %s (%s)", short(got), short(want), what)
	}
	if code != a.code {
		return problem("code", a.String(), c.expand(want))
	}
	if message != "" && !c.e.ownWording && !slices.ContainsFunc(strings.Split(message, " || "), a.says) {
		return problem("message", a.message, message)
	}
	wanted := map[string]any{}
	if body != "" {
		if err := json.Unmarshal([]byte(body), &wanted); err != nil {
			c.t.Fatalf("%s: %v", short(body), err)
		}
	}
	got := map[string]any{}
	for name, member := range a.body {
		got[name] = member
	}
	if partial {
		got, _ = part(got, wanted).(map[string]any)
	}
	if !cmp.Equal(got, wanted) {
		return problem("members", a.String(), body)
	}
	return ""
}

// says reports whether an answer has a message, or one that begins so.
func (a answer) says(message string) bool {
	start, more := strings.CutSuffix(message, "…")
	return a.message == message || more && strings.HasPrefix(a.message, start)
}

// part is got without the members of objects that wanted does not have.
func part(got, wanted any) any {
	switch wanted := wanted.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return nil
		}
		some := map[string]any{}
		for name, w := range wanted {
			if g, ok := got[name]; ok {
				some[name] = part(g, w)
			}
		}
		return some
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(wanted) {
			return got
		}
		some := make([]any, len(got))
		for i := range got {
			some[i] = part(got[i], wanted[i])
		}
		return some
	}
	return got
}

// unprefix turns the engine's table names into what checks call them.
func unprefix(v any, prefix string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, prefix, "@")
	case []any:
		for i := range v {
			v[i] = unprefix(v[i], prefix)
		}
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, member := range v {
			members[strings.ReplaceAll(name, prefix, "@")] = unprefix(member, prefix)
		}
		return members
	}
	return v
}

// short is text for a person: long runs of a letter are counted and the rest is cut.
func short(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && text[j] == text[i] {
			j++
		}
		if j-i > 20 {
			fmt.Fprintf(&b, "<%c*%d>", text[i], j-i)
		} else {
			b.WriteString(text[i:j])
		}
		i = j
	}
	if s := b.String(); len(s) > 3000 {
		return s[:3000] + "…"
	}
	return b.String()
}

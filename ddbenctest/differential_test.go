package ddbenctest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

const (
	seedEnv  = "DDBENC_SEED"  // of TestDifferential; the time when empty
	stepsEnv = "DDBENC_STEPS" // how many calls TestDifferential makes; 400 when empty
)

// TestDifferential makes the same random calls on the engine of this package and
// on DynamoDB Local, and compares every answer. It prints its seed; with the same
// seed and number of steps it makes the same calls again. A sequence that differs
// is made shorter and printed.
func TestDifferential(t *testing.T) {
	var local *conformanceEngine
	for _, e := range conformanceEngines(t) {
		if e.name == "local" {
			local = e
		}
	}
	if local == nil {
		t.Skipf("start DynamoDB Local and set %s, such as local=http://127.0.0.1:8000", enginesEnv)
	}
	seed, steps := numberEnv(t, seedEnv, uint64(time.Now().UnixNano())), numberEnv(t, stepsEnv, 400)
	t.Logf("%s=%d %s=%d", seedEnv, seed, stepsEnv, steps)
	g := &differentialGenerator{Rand: rand.New(rand.NewPCG(seed, 0))}
	sequence := make([]differentialStep, steps)
	for i := range sequence {
		sequence[i] = g.step()
	}
	d := &differential{t: t, local: local}
	if at, difference := d.run(sequence); at >= 0 {
		shorter, difference := d.shorten(sequence[:at+1], difference)
		var text strings.Builder
		for _, s := range shorter {
			fmt.Fprintf(&text, "  %s\n", s)
		}
		t.Errorf("call %d differs; %d calls are enough:\n%s%s", at, len(shorter), text.String(), difference)
	}
}

// numberEnv is a number in the environment, or one in its stead.
func numberEnv(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// A differential compares the engine of this package with DynamoDB Local.
type differential struct {
	t     *testing.T
	local *conformanceEngine
	runs  int
}

// run makes calls on new tables until the answers to one differ, and returns which
// and how; -1 if none does.
func (d *differential) run(steps []differentialStep) (at int, difference string) {
	d.runs++
	other := newConformanceEngine("local", socketConfig(*d.local.db.Options().BaseEndpoint))
	defer other.drop(d.t)
	embedded := &conversation{t: d.t, e: newConformanceEngine("embedded", ddbenctest.NewEngine().Config())}
	local := &conversation{t: d.t, e: other}
	for i, s := range steps {
		got, want := s.answer(embedded), s.answer(local)
		if diff := cmp.Diff(want, got); diff != "" {
			return i, fmt.Sprintf("call %d: %s\n local    %s\n embedded %s", i, s, short(want), short(got))
		}
	}
	return -1, ""
}

// shorten leaves out calls, in ever smaller runs, as long as some answer differs.
func (d *differential) shorten(steps []differentialStep, difference string) ([]differentialStep, string) {
	const patience = 60 // runs
	d.runs = 0
	for size := len(steps) / 2; size > 0; size /= 2 {
		for from := 0; from < len(steps)-1 && d.runs < patience; {
			fewer := slices.Concat(steps[:from], steps[min(from+size, len(steps)-1):])
			if at, how := d.run(fewer); at >= 0 {
				steps, difference = fewer[:at+1], how
			} else {
				from += size
			}
		}
	}
	return steps, difference
}

// answer makes the call and gives what is to be equal.
func (s differentialStep) answer(c *conversation) string {
	request := s.request
	if s.all {
		request += "}"
	}
	a := c.call(s.op, request)
	if s.all {
		a = s.rest(c, a)
	}
	if s.coarse || a.code == "SerializationException" {
		return a.code
	}
	if s.op == "DeleteItem" {
		delete(a.body, "ConsumedCapacity") // DynamoDB Local tells it unasked
	}
	a.body, _ = canonical(a.body).(map[string]any)
	if s.unordered {
		sortItems(a.body)
	}
	a.message = sameMeaning(a.message)
	return a.String()
}

// rest reads the pages after the first and joins them.
func (s differentialStep) rest(c *conversation, first answer) answer {
	items, _ := first.body["Items"].([]any)
	total := first
	for a := first; a.code == "" && a.body["LastEvaluatedKey"] != nil; {
		key, err := json.Marshal(a.body["LastEvaluatedKey"])
		if err != nil {
			c.t.Fatal(err)
		}
		if a = c.call(s.op, s.request+`,"ExclusiveStartKey":`+string(key)+`}`); a.code != "" {
			return a
		}
		more, _ := a.body["Items"].([]any)
		items = append(items, more...)
		for _, name := range []string{"Count", "ScannedCount"} {
			total.body[name] = total.body[name].(float64) + a.body[name].(float64)
		}
	}
	if first.code == "" {
		delete(total.body, "LastEvaluatedKey")
		total.body["Items"] = items
	}
	return total
}

// sortItems puts the items of an answer in some order.
func sortItems(body map[string]any) {
	lists := []any{body["Items"]}
	if responses, ok := body["Responses"].(map[string]any); ok {
		for _, list := range responses {
			lists = append(lists, list)
		}
	}
	for _, list := range lists {
		if list, ok := list.([]any); ok {
			slices.SortFunc(list, func(a, b any) int {
				x, _ := json.Marshal(a)
				y, _ := json.Marshal(b)
				return strings.Compare(string(x), string(y))
			})
		}
	}
}

// canonical spells the numbers of an answer as the service does: DynamoDB Local
// keeps the spelling of those in lists and maps, and of sums.
func canonical(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = canonical(v[i])
		}
	case map[string]any:
		for name, member := range v {
			if text, ok := member.(string); ok && name == "N" && len(v) == 1 {
				if number, err := codec.CanonicalNumber(text); err == nil {
					v[name] = number
				}
				continue
			}
			if text, ok := member.(string); ok && name == "Message" {
				v[name] = sameMeaning(strings.TrimSuffix(text, ".")) // of a transaction's reason
				continue
			}
			v[name] = canonical(member)
		}
	}
	return v
}

// sameMeaning is one text for messages that may stand for each other. Of several
// faults of one update the service reports any, attributes are listed in the order
// of a hash table, and DynamoDB Local has words of its own.
func sameMeaning(message string) string {
	if start, _, ok := strings.Cut(message, " does not project one or more filter attributes: "); ok {
		return start
	}
	switch message {
	case "The document path provided in the update expression is invalid for update",
		"The provided expression refers to an attribute that does not exist in the item",
		"An operand in the update expression has an incorrect data type",
		"Attempting to store more than 38 significant digits in a Number",
		"DynamoDB only supports precision up to 38 digits":
		return "(the update does not fit the item)"
	}
	return message
}

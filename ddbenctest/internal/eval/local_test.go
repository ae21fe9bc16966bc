package eval_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
	"github.com/ddbenc/ddbenc/internal/expr"
)

var (
	localSeed  = flag.Uint64("local.seed", 0, "seed of TestLocal; 0 takes the time")
	localCount = flag.Int("local.count", 500, "how many expressions of each kind TestLocal compares")
)

// TestLocal compares random expressions, most of them wrong in some way, with
// DynamoDB Local: results and error messages.
func TestLocal(t *testing.T) {
	endpoint := os.Getenv("DDBENC_DYNAMODB_LOCAL")
	if endpoint == "" {
		t.Skip("set DDBENC_DYNAMODB_LOCAL to the URL of a DynamoDB Local, such as http://127.0.0.1:8000")
	}
	seed := *localSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-local.seed=%d", seed)
	db := local{t, endpoint, fmt.Sprintf("expr-%d", seed)}
	db.create()
	defer db.call("DeleteTable", map[string]any{"TableName": db.table}, nil)

	compare := func(kind string, ask func(*generator) (text, want, got string)) {
		t.Run(kind, func(t *testing.T) {
			g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
			failures := 0
			for range *localCount {
				text, want, got := ask(g)
				if want, got = known(want), known(got); got != want && failures < 20 {
					failures++
					t.Errorf("%s\n local %s\n  here %s", text, want, got)
				}
			}
		})
	}
	compare("filter", db.filter)
	compare("projection", db.projection)
	compare("update", db.update)
	compare("key", db.key)
}

// known rewrites the answers in which DynamoDB Local differs from the service.
func known(answer string) string {
	for local, service := range map[string]string{
		"DynamoDB only supports precision up to 38 digits":                                                   "Attempting to store more than 38 significant digits in a Number",
		"{S,BS,SS,DOUBLESET,BOOL,L,DOUBLE,NULL,FLOAT,N,HDS,FS,NS,DECIMAL,INTSET,DICT,DECIMALSET,INT,B,HD,M}": "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}",
	} {
		answer = strings.ReplaceAll(answer, local, service)
	}
	// Of several faults of one update, any may be reported.
	switch answer {
	case "The document path provided in the update expression is invalid for update",
		"The provided expression refers to an attribute that does not exist in the item",
		"An operand in the update expression has an incorrect data type",
		"Attempting to store more than 38 significant digits in a Number":
		answer = "update failed"
	}
	answer = heapBuffer.ReplaceAllString(answer, "{B:YQ==}")
	// Of more than two paths, DynamoDB Local may name one that does not overlap.
	answer, _, _ = strings.Cut(answer, ", path two: ")
	return answer
}

var heapBuffer = regexp.MustCompile(`\{B:java\.nio\.HeapByteBuffer[^}]*\}`)

const localItem = `{"pk":{"S":"p"},"sk":{"N":"1"},"a":{"S":"abc"},"b":{"N":"5"},
	"c":{"L":[{"S":"a"},{"N":"1"},{"L":[{"S":"x"}]},{"M":{"a":{"N":"1"},"b":{"SS":["a"]}}}]},
	"d":{"M":{"a":{"N":"7"},"b":{"L":[{"N":"1"},{"N":"2"}]},"c":{"M":{}},"d":{"SS":["a","b"]}}},
	"e":{"SS":["a","b"]},"f":{"NS":["1","2"]},"g":{"B":"YWJj"},"h":{"BOOL":true},"i":{"NULL":true}}`

const localValues = `{":s":{"S":"a"},":s2":{"S":"abc"},":n":{"N":"1"},":n2":{"N":"5"},":n0":{"N":"0"},
	":l":{"L":[{"N":"1"}]},":m":{"M":{"a":{"N":"1"}}},":ss":{"SS":["a","c"]},":ns":{"NS":["1"]},":b":{"B":"YQ=="},
	":t":{"BOOL":true},":z":{"NULL":true},":big":{"N":"99999999999999999999999999999999999999"},":tiny":{"N":"1E-130"},
	":max":{"N":"9.9E125"},":y":{"S":"SS"},":w":{"S":"N"}}`

// A local is a DynamoDB Local with a table.
type local struct {
	t        *testing.T
	endpoint string
	table    string
}

// call sends a request and decodes the response, or returns the error's message.
func (db local) call(operation string, request map[string]any, response any) string {
	body, err := json.Marshal(request)
	if err != nil {
		db.t.Fatal(err)
	}
	r, err := http.NewRequest("POST", db.endpoint, bytes.NewReader(body))
	if err != nil {
		db.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Date", "20240101T000000Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20240101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		db.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		db.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		var e struct{ Message string }
		if err := json.Unmarshal(text, &e); err != nil {
			db.t.Fatalf("%s: %v", text, err)
		}
		return e.Message
	}
	if response != nil {
		if err := json.Unmarshal(text, response); err != nil {
			db.t.Fatal(err)
		}
	}
	return ""
}

func (db local) create() {
	message := db.call("CreateTable", map[string]any{
		"TableName": db.table, "BillingMode": "PAY_PER_REQUEST",
		"KeySchema": []any{
			map[string]string{"AttributeName": "pk", "KeyType": "HASH"},
			map[string]string{"AttributeName": "sk", "KeyType": "RANGE"},
		},
		"AttributeDefinitions": []any{
			map[string]string{"AttributeName": "pk", "AttributeType": "S"},
			map[string]string{"AttributeName": "sk", "AttributeType": "N"},
		},
	}, nil)
	if message != "" {
		db.t.Fatal(message)
	}
	db.put()
}

func (db local) put() {
	if message := db.call("PutItem", map[string]any{"TableName": db.table, "Item": json.RawMessage(localItem)}, nil); message != "" {
		db.t.Fatal(message)
	}
}

var placeholders = regexp.MustCompile(`[#:]\w+`)

// parameters returns the request's placeholders: those of text that are known,
// and rarely another.
func (g *generator) parameters(text string, request map[string]any) (names map[string]string, values eval.Values) {
	all, err := attr.DecodeItem([]byte(localValues))
	if err != nil {
		panic(err)
	}
	for _, p := range append(placeholders.FindAllString(text, -1), g.pick("", "", "", "", "", "", "", "", "", "#c", ":n")) {
		if p == "#a" || p == "#b" || p == "#c" {
			if names == nil {
				names = make(map[string]string)
			}
			names[p] = p[1:]
		}
		if v, ok := all[p]; ok {
			if values == nil {
				values = make(eval.Values)
			}
			values[p] = v
		}
	}
	if names != nil {
		request["ExpressionAttributeNames"] = names
	}
	if values != nil {
		request["ExpressionAttributeValues"] = values
	}
	return names, values
}

func mustItem(text string) attr.Item {
	item, err := attr.DecodeItem([]byte(text))
	if err != nil {
		panic(err)
	}
	return item
}

func (db local) filter(g *generator) (text, want, got string) {
	text = g.broken(g.condition(3))
	request := map[string]any{"TableName": db.table, "FilterExpression": text}
	names, values := g.parameters(text, request)
	var response struct{ Count int }
	if want = db.call("Scan", request, &response); want == "" {
		want = fmt.Sprint(response.Count == 1)
	}
	return text, want, answer(func() (string, error) {
		scope, err := eval.NewScope(names, values)
		if err != nil {
			return "", err
		}
		c, err := scope.Condition(expr.FilterExpression, text)
		if err != nil {
			return "", err
		}
		if err := scope.Unused(); err != nil {
			return "", err
		}
		return fmt.Sprint(eval.Condition(c, mustItem(localItem), values)), eval.CheckScalars(expr.ConditionRefs(c), localSchema)
	})
}

func answer(f func() (string, error)) string {
	result, err := f()
	if err != nil {
		return err.Error()
	}
	return result
}

func (db local) projection(g *generator) (text, want, got string) {
	text = g.broken(g.list(1, 3, g.path))
	request := map[string]any{
		"TableName": db.table, "ProjectionExpression": text,
		"Key": map[string]any{"pk": map[string]string{"S": "p"}, "sk": map[string]string{"N": "1"}},
	}
	names, _ := g.parameters(text, request)
	delete(request, "ExpressionAttributeValues")
	var response struct{ Item map[string]attr.Value }
	if want = db.call("GetItem", request, &response); want == "" {
		want = string(attr.AppendItem(nil, response.Item))
	}
	return text, want, answer(func() (string, error) {
		scope, err := eval.NewScope(names, nil)
		if err != nil {
			return "", err
		}
		paths, err := scope.Projection(text)
		if err != nil {
			return "", err
		}
		if err := scope.Unused(); err != nil {
			return "", err
		}
		return string(attr.AppendItem(nil, eval.Project(paths, mustItem(localItem)))), eval.CheckScalars(expr.ProjectionRefs(paths), localSchema)
	})
}

var localSchema = eval.Schema{Partition: "pk", PartitionKind: attr.S, Sort: "sk", SortKind: attr.N}

func (db local) update(g *generator) (text, want, got string) {
	text = g.broken(g.update())
	db.put()
	request := map[string]any{
		"TableName": db.table, "UpdateExpression": text, "ReturnValues": "ALL_NEW",
		"Key": map[string]any{"pk": map[string]string{"S": "p"}, "sk": map[string]string{"N": "1"}},
	}
	names, values := g.parameters(text, request)
	var response struct{ Attributes map[string]attr.Value }
	if want = db.call("UpdateItem", request, &response); want == "" {
		want = string(attr.AppendItem(nil, response.Attributes))
	}
	return text, want, answer(func() (string, error) {
		scope, err := eval.NewScope(names, values)
		if err != nil {
			return "", err
		}
		u, err := scope.Update(text)
		if err != nil {
			return "", err
		}
		if err := scope.Unused(); err != nil {
			return "", err
		}
		if err := eval.CheckUpdate(u, localSchema); err != nil {
			return "", err
		}
		item, err := eval.Update(u, mustItem(localItem), values)
		return string(attr.AppendItem(nil, item)), err
	})
}

func (db local) key(g *generator) (text, want, got string) {
	text = g.broken(g.keyCondition())
	request := map[string]any{"TableName": db.table, "KeyConditionExpression": text}
	filter := ""
	if g.IntN(3) == 0 {
		filter = g.condition(1)
		request["FilterExpression"] = filter
	}
	names, values := g.parameters(text+filter, request)
	var response struct{ Count int }
	if want = db.call("Query", request, &response); want == "" {
		want = fmt.Sprint(response.Count == 1)
	}
	if strings.HasPrefix(want, "Query condition missed key schema element") {
		want = "Query condition missed key schema element" // without the name
	}
	got = answer(func() (string, error) {
		scope, err := eval.NewScope(names, values)
		if err != nil {
			return "", err
		}
		var f expr.Condition
		if filter != "" {
			if f, err = scope.Condition(expr.FilterExpression, filter); err != nil {
				return "", err
			}
		}
		c, err := scope.Condition(expr.KeyConditionExpression, text)
		if err != nil {
			return "", err
		}
		if err := scope.Unused(); err != nil {
			return "", err
		}
		if f != nil {
			if err := eval.CheckScalars(expr.ConditionRefs(f), localSchema); err != nil {
				return "", err
			}
		}
		key, err := eval.KeyCondition(c, localSchema, values)
		if err != nil {
			return "", err
		}
		item := mustItem(localItem)
		if f != nil {
			if err := eval.CheckFilter(f, localSchema); err != nil {
				return "", err
			}
		}
		found := attr.Equal(key.Partition, item["pk"]) && (key.Sort == nil || key.Sort.Contains(item["sk"]))
		return fmt.Sprint(found && (f == nil || eval.Condition(f, item, values))), nil
	})
	if strings.HasPrefix(got, "Query condition missed key schema element") {
		got = "Query condition missed key schema element"
	}
	return text + " | " + filter, want, got
}

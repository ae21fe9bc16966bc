package ddbenctest_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

func TestRequests(t *testing.T) {
	var hooked atomic.Int32
	e := ddbenctest.NewEngine(ddbenctest.WithRequestHook(func(r ddbenctest.Request) {
		if len(r.Body) > 0 {
			hooked.Add(1)
		}
	}))
	db := e.Client()
	makeTable(t, db, "items")
	if err := putItem(t.Context(), db, 7); err != nil {
		t.Fatal(err)
	}
	requests := e.Requests()
	if len(requests) != 2 || requests[0].Operation != "CreateTable" || requests[1].Operation != "PutItem" {
		t.Fatalf("Requests() = %v, want CreateTable and PutItem", requests)
	}
	put := requests[1]
	if len(put.Tables) != 1 || put.Tables[0] != "items" || !strings.Contains(string(put.Body), `"sk":{"N":"7"}`) || put.Time.IsZero() {
		t.Errorf("the request is %+v with body %s", put, put.Body)
	}
	if hooked.Load() != 2 {
		t.Errorf("the hook saw %d requests, want 2", hooked.Load())
	}
	e.ForgetRequests()
	if n := len(e.Requests()); n != 0 {
		t.Errorf("after ForgetRequests there are %d requests", n)
	}
	quiet := ddbenctest.NewEngine(ddbenctest.WithoutRequestLog())
	makeTable(t, quiet.Client(), "items")
	if n := len(quiet.Requests()); n != 0 {
		t.Errorf("an engine without a log has %d requests", n)
	}
}

func TestRequireNoPlaintext(t *testing.T) {
	const secret = `blood type "AB+"`
	sent := func(v types.AttributeValue) *ddbenctest.Engine {
		e, db := faultEngine(t)
		item := faultItem(1)
		item["v"] = v
		if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("items"), Item: item}); err != nil {
			t.Fatal(err)
		}
		return e
	}
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	bytes := func(s string) types.AttributeValue { return &types.AttributeValueMemberB{Value: []byte(s)} }
	for _, test := range []struct {
		name  string
		value types.AttributeValue
		found bool
	}{
		{"text", text("her " + secret), true},
		{"binary", bytes(secret), true},
		{"binary from the second byte", bytes("x" + secret + "yz"), true},
		{"binary from the third byte", bytes("xy" + secret + "z"), true},
		{"text in Base64", text(base64.StdEncoding.EncodeToString([]byte(secret))), true},
		{"list in a map", &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"a": &types.AttributeValueMemberL{Value: []types.AttributeValue{text(secret)}}}}, true},
		{"other text", text("blood type"), false},
		{"other binary", bytes("blood type"), false},
	} {
		e := sent(test.value)
		if failure := record(t, func(t testing.TB) { ddbenctest.RequireNoPlaintext(t, e, "something else", secret) }); (failure != "") != test.found {
			t.Errorf("%s: failure %q, want one: %v", test.name, failure, test.found)
		} else if strings.Contains(failure, secret) {
			t.Errorf("%s: the failure shows the secret: %s", test.name, failure)
		}
	}
	for name, e := range map[string]*ddbenctest.Engine{
		"no requests": ddbenctest.NewEngine(),
		"no log":      ddbenctest.NewEngine(ddbenctest.WithoutRequestLog()),
	} {
		if record(t, func(t testing.TB) { ddbenctest.RequireNoPlaintext(t, e, secret) }) == "" {
			t.Errorf("%s: RequireNoPlaintext passes", name)
		}
	}
	if record(t, func(t testing.TB) { ddbenctest.RequireNoPlaintext(t, sent(text("x")), "abc") }) == "" {
		t.Error("RequireNoPlaintext takes a secret of 3 bytes")
	}
}

func ExampleEngine_Requests() {
	e := ddbenctest.NewEngine()
	if _, err := e.Client().ListTables(context.Background(), &dynamodb.ListTablesInput{Limit: aws.Int32(5)}); err != nil {
		panic(err)
	}
	for _, r := range e.Requests() {
		fmt.Println(r.Operation, string(r.Body))
	}
	// Output: ListTables {"Limit":5}
}

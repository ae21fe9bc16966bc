package wire

import (
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/ddbenctest/internal/engine"
)

func TestHandler(t *testing.T) {
	h := &Handler{Engine: engine.New()}
	for _, test := range []struct {
		name, method, target, body string
		status                     int
		want                       string
	}{
		{"health", "GET", "", "", 200, "healthy: dynamodb.us-east-1.amazonaws.com "},
		{"no target", "POST", "", "{}", 404, "<UnknownOperationException/>\n"},
		{"another method", "PUT", "DynamoDB_20120810.ListTables", "{}", 404, "<UnknownOperationException/>\n"},
		{"success", "POST", "DynamoDB_20120810.ListTables", "{}", 200, `{"TableNames":[]}`},
		{"left out", "POST", "DynamoDB_20120810.ExecuteStatement", "{}", 400,
			`{"__type":"com.amazon.coral.service#UnknownOperationException","message":"The embedded engine does not do ExecuteStatement"}`},
		{"another service", "POST", "TrentService.Encrypt", "{}", 400, `{"__type":"com.amazon.coral.service#UnknownOperationException"}`},
		{"no JSON", "POST", "DynamoDB_20120810.ListTables", "{", 400, `{"__type":"com.amazon.coral.service#SerializationException"}`},
		{"error", "POST", "DynamoDB_20120810.DescribeTable", `{"TableName":"orders"}`, 400,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found: Table: orders not found"}`},
		{"too large", "POST", "DynamoDB_20120810.ListTables", strings.Repeat(" ", maxBody+1), 413, ""},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(test.method, "/", strings.NewReader(test.body))
		if test.target != "" {
			r.Header.Set("X-Amz-Target", test.target)
		}
		h.ServeHTTP(w, r)
		if w.Code != test.status || w.Body.String() != test.want {
			t.Errorf("%s: %d %s\nwant %d %s", test.name, w.Code, w.Body, test.status, test.want)
		}
		sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE(w.Body.Bytes())), 10)
		if got := w.Header().Get("X-Amz-Crc32"); got != sum {
			t.Errorf("%s: checksum %s, want %s", test.name, got, sum)
		}
		if id := w.Header().Get("X-Amzn-Requestid"); len(id) != 52 {
			t.Errorf("%s: request id %q", test.name, id)
		}
	}
}

func TestErrorBodies(t *testing.T) {
	item := attr.Item{"pk": {Kind: attr.S, Str: "x"}}
	for _, test := range []struct {
		err    *engine.Error
		status int
		want   string
	}{
		{&engine.Error{Code: engine.ConditionalCheckFailed, Message: "The conditional request failed", Item: item}, http.StatusBadRequest,
			`{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":{"pk":{"S":"x"}},"message":"The conditional request failed"}`},
		{&engine.Error{Code: engine.TransactionCanceled, Message: "cancelled", Reasons: []engine.CancellationReason{{Code: "None"}, {Code: "ConditionalCheckFailed", Message: "failed", Item: item}}}, http.StatusBadRequest,
			`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"failed","Item":{"pk":{"S":"x"}}}],"Message":"cancelled"}`},
		{&engine.Error{Code: engine.InternalServer, Message: "m"}, http.StatusInternalServerError, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"m"}`},
		{&engine.Error{Code: engine.Throttling, Message: "m"}, http.StatusBadRequest, `{"__type":"com.amazon.coral.availability#ThrottlingException","message":"m"}`},
	} {
		if got := string(appendError(nil, test.err)); got != test.want || statusOf(test.err.Code) != test.status {
			t.Errorf("%s: %d %s\nwant %d %s", test.err.Code, statusOf(test.err.Code), got, test.status, test.want)
		}
	}
}

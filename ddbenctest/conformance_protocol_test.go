package ddbenctest_test

import (
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

// protocolChecks are of HTTP and JSON around the operations.
var protocolChecks = []conformanceCheck{
	talk("answer has a request id", "@item", func(c *conversation) {
		first, _ := awsmiddleware.GetRequestIDMetadata(c.do("GetItem", `{`+keyOne+`}`, `{}`).metadata)
		second, _ := awsmiddleware.GetRequestIDMetadata(c.do("GetItem", `{`+keyOne+`}`, `{}`).metadata)
		if first == "" || first == second {
			c.t.Errorf("request ids %q and %q", first, second)
		}
	}),
	talk("answer has its CRC32", "@item", func(c *conversation) {
		c.do("PutItem", `{"Item":{`+keyText+`,"a":{"S":"héllo"}}}`, `{}`)
		r := c.raw("DynamoDB_20120810.GetItem", `{"TableName":"@item",`+keyOne+`}`)
		if got, want := r.header.Get("X-Amz-Crc32"), fmt.Sprint(crc32.ChecksumIEEE([]byte(r.body))); got != want {
			c.t.Errorf("got %s, want %s", got, want)
		}
		if got := r.header.Get("Content-Type"); got != "application/x-amz-json-1.0" {
			c.t.Errorf("content type is %s", got)
		}
	}),
	talk("error has its type, status and CRC32", "@item", func(c *conversation) {
		r := c.raw("DynamoDB_20120810.GetItem", `{"TableName":"@missing",`+keyOne+`}`)
		if r.status != http.StatusBadRequest || !strings.Contains(r.body, `"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"`) {
			c.t.Errorf("status %d, %s", r.status, r.body)
		}
		if got, want := r.header.Get("X-Amz-Crc32"), fmt.Sprint(crc32.ChecksumIEEE([]byte(r.body))); got != want {
			c.t.Errorf("got %s, want %s", got, want)
		}
		if r.header.Get("X-Amzn-Requestid") == "" {
			c.t.Error("no request id")
		}
	}),
	refusedRaw("body that is no JSON", "DynamoDB_20120810.GetItem", `{"TableName":`, "SerializationException"),
	refusedRaw("member of a wrong type", "DynamoDB_20120810.GetItem", `{"TableName":5,"Key":{"pk":{"S":"x"}}}`, "SerializationException"),
	refusedRaw("attribute value of a wrong type", "DynamoDB_20120810.GetItem", `{"TableName":"@item","Key":{"pk":{"S":5},"sk":{"S":"x"}}}`, "SerializationException"),
	refusedRaw("attribute value of no type", "DynamoDB_20120810.GetItem", `{"TableName":"@item","Key":{"pk":{},"sk":{"S":"x"}}}`, "ValidationException"),
	refusedRaw("attribute value of two types", "DynamoDB_20120810.GetItem", `{"TableName":"@item","Key":{"pk":{"S":"x","N":"1"},"sk":{"S":"x"}}}`, "ValidationException"),
	refusedRaw("binary that is no Base64", "DynamoDB_20120810.PutItem", `{"TableName":"@item","Item":{"pk":{"S":"x"},"sk":{"S":"x"},"b":{"B":"***"}}}`, "SerializationException"),
	refusedRaw("operation that is not there", "DynamoDB_20120810.NoSuchOperation", `{}`, "UnknownOperationException"),
	refusedRaw("request without a table", "DynamoDB_20120810.GetItem", `{"Key":{"pk":{"S":"x"}}}`, "ValidationException"),
	refusedRaw("request without a key", "DynamoDB_20120810.GetItem", `{"TableName":"@item"}`, "ValidationException"),
}

// A rawAnswer is an answer as it came.
type rawAnswer struct {
	status int
	header http.Header
	body   string
}

// raw sends a request of which the SDK does no more than sign it.
func (c *conversation) raw(target, body string) rawAnswer {
	c.t.Helper()
	for _, name := range tableToken.FindAllStringSubmatch(body, -1) {
		c.e.want(c.t, name[1])
	}
	options := c.e.db.Options()
	url := "http://ddbenctest.invalid/"
	if options.BaseEndpoint != nil {
		url = *options.BaseEndpoint
	}
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, url, strings.NewReader(strings.ReplaceAll(c.expand(body), "@", c.e.prefix)))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Date", "20260101T000000Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=ddbenctest/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0")
	resp, err := options.HTTPClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return rawAnswer{resp.StatusCode, resp.Header, string(text)}
}

// refusedRaw checks that a request is refused with an error's type.
func refusedRaw(what, target, body, code string) conformanceCheck {
	return talk("protocol refuses "+what, "", func(c *conversation) {
		if r := c.raw(target, body); r.status != http.StatusBadRequest || !strings.Contains(r.body, "#"+code+`"`) {
			c.t.Errorf("status %d, %s, want %s", r.status, short(r.body), code)
		}
	})
}

// TestRefusedOperations checks that the engine of this package says of what it
// leaves out that it does so.
func TestRefusedOperations(t *testing.T) {
	c := &conversation{t: t, e: newConformanceEngine("embedded", ddbenctest.NewEngine().Config())}
	for _, target := range []string{
		"DynamoDB_20120810.ExecuteStatement", "DynamoDB_20120810.BatchExecuteStatement", "DynamoDB_20120810.ExecuteTransaction",
		"DynamoDB_20120810.CreateBackup", "DynamoDB_20120810.DescribeBackup", "DynamoDB_20120810.ListBackups", "DynamoDB_20120810.RestoreTableFromBackup",
		"DynamoDB_20120810.UpdateContinuousBackups", "DynamoDB_20120810.RestoreTableToPointInTime",
		"DynamoDB_20120810.CreateGlobalTable", "DynamoDB_20120810.DescribeGlobalTable", "DynamoDB_20120810.UpdateTableReplicaAutoScaling",
		"DynamoDB_20120810.ImportTable", "DynamoDB_20120810.ExportTableToPointInTime", "DynamoDB_20120810.EnableKinesisStreamingDestination",
		"DynamoDB_20120810.UpdateContributorInsights", "DynamoDB_20120810.PutResourcePolicy",
	} {
		r := c.raw(target, `{}`)
		if r.status != http.StatusBadRequest || !strings.Contains(r.body, "#UnknownOperationException") || !strings.Contains(r.body, "embedded engine") {
			t.Errorf("%s: status %d, %s", target, r.status, r.body)
		}
	}
}

package ddbenctest_test

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// tableSchema is a table with a string hash key.
const tableSchema = `"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]`

// tableChecks are of what makes, describes and deletes tables.
var tableChecks = []conformanceCheck{
	script("table is described as it was made", "",
		step{"CreateTable", `{"TableName":"@described","BillingMode":"PAY_PER_REQUEST",` + conformanceTables["index"] + `}`,
			`has {"TableDescription":{"TableName":"@described"}}`},
		step{"DescribeTable", `{"TableName":"@described"}`, `has {"Table":{"TableName":"@described","TableStatus":"ACTIVE","ItemCount":0,
			"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},
			"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}}`},
	),
	script("table counts its items", "@item.counted",
		step{"PutItem", `{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}}}`, ``},
		step{"PutItem", `{"Item":{"pk":{"S":"a"},"sk":{"S":"2"}}}`, ``},
		step{"DescribeTable", `{}`, `has {"Table":{"ItemCount":2}}`},
	),
	talk("table describes its indexes", "@index", func(c *conversation) {
		table := c.do("DescribeTable", `{}`, ``).body["Table"].(map[string]any)
		got := make(map[string]string)
		for _, kind := range []string{"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} {
			indexes, _ := table[kind].([]any)
			for _, index := range indexes {
				index := index.(map[string]any)
				projection := index["Projection"].(map[string]any)
				got[index["IndexName"].(string)] = fmt.Sprint(index["IndexStatus"], projection["ProjectionType"], projection["NonKeyAttributes"])
			}
		}
		want := map[string]string{
			"local": "<nil>ALL<nil>", "local-keys": "<nil>KEYS_ONLY<nil>",
			"all": "ACTIVEALL<nil>", "keys": "ACTIVEKEYS_ONLY<nil>", "include": "ACTIVEINCLUDE[a b]",
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			c.t.Errorf("got %v, want %v", got, want)
		}
	}),
	script("table has throughput when provisioned", "",
		step{"CreateTable", `{"TableName":"@provisioned",` + tableSchema + `,"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}}`, ``},
		step{"DescribeTable", `{"TableName":"@provisioned"}`, `has {"Table":{"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}}}`},
	),
	script("table made twice is in use", "",
		step{"CreateTable", `{"TableName":"@twice","BillingMode":"PAY_PER_REQUEST",` + tableSchema + `}`, ``},
		step{"CreateTable", `{"TableName":"@twice","BillingMode":"PAY_PER_REQUEST",` + tableSchema + `}`, `ResourceInUseException: …`},
	),
	script("table is gone after its deletion", "",
		step{"CreateTable", `{"TableName":"@gone","BillingMode":"PAY_PER_REQUEST",` + tableSchema + `}`, ``},
		step{"DeleteTable", `{"TableName":"@gone"}`, `has {"TableDescription":{"TableName":"@gone"}}`},
		step{"DeleteTable", `{"TableName":"@gone"}`, `ResourceNotFoundException`},
		step{"DescribeTable", `{"TableName":"@gone"}`, `ResourceNotFoundException`},
		step{"CreateTable", `{"TableName":"@gone","BillingMode":"PAY_PER_REQUEST",` + tableSchema + `}`, ``},
	),
	script("table that is not there", "@missing",
		step{"DescribeTable", `{}`, `ResourceNotFoundException: …`},
		step{"DeleteTable", `{}`, `ResourceNotFoundException: …`},
		step{"GetItem", `{"Key":{"pk":{"S":"a"}}}`, `ResourceNotFoundException: …`},
		step{"PutItem", `{"Item":{"pk":{"S":"a"}}}`, `ResourceNotFoundException: …`},
		step{"UpdateItem", `{"Key":{"pk":{"S":"a"}}}`, `ResourceNotFoundException: …`},
		step{"DeleteItem", `{"Key":{"pk":{"S":"a"}}}`, `ResourceNotFoundException: …`},
		step{"Scan", `{}`, `ResourceNotFoundException: …`},
		step{"Query", `{"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"a"}}}`, `ResourceNotFoundException: …`},
	),
	talk("table waiters end", "", func(c *conversation) {
		in := &dynamodb.DescribeTableInput{TableName: aws.String(c.e.prefix + "waited")}
		c.do("CreateTable", `{"TableName":"@waited","BillingMode":"PAY_PER_REQUEST",`+tableSchema+`}`, ``)
		exists := dynamodb.NewTableExistsWaiter(c.e.db, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 10 * time.Millisecond })
		if err := exists.Wait(c.t.Context(), in, 10*time.Second); err != nil {
			c.t.Errorf("waiting until the table exists: %v", err)
		}
		c.do("DeleteTable", `{"TableName":"@waited"}`, ``)
		gone := dynamodb.NewTableNotExistsWaiter(c.e.db, func(o *dynamodb.TableNotExistsWaiterOptions) { o.MinDelay = 10 * time.Millisecond })
		if err := gone.Wait(c.t.Context(), in, 10*time.Second); err != nil {
			c.t.Errorf("waiting until the table does not exist: %v", err)
		}
	}),
	talk("tables are listed in pages", "", func(c *conversation) {
		want := ""
		for _, name := range []string{"listed-a", "listed-b", "listed-c"} {
			c.do("CreateTable", `{"TableName":"@`+name+`","BillingMode":"PAY_PER_REQUEST",`+tableSchema+`}`, ``)
			want += "@" + name + " "
		}
		got := ""
		for start := "@listed-"; start != ""; {
			page := c.do("ListTables", `{"Limit":1,"ExclusiveStartTableName":"`+start+`"}`, ``)
			start, _ = page.body["LastEvaluatedTableName"].(string)
			names := page.body["TableNames"].([]any)
			if len(names) > 1 {
				c.t.Fatalf("a page has %d tables, want at most 1", len(names))
			}
			for _, name := range names {
				got += name.(string) + " "
			}
			if len(got) >= len(want) {
				break
			}
		}
		if got != want {
			c.t.Errorf("got %q, want %q", got, want)
		}
	}),
	script("table needs its key attributes defined", "",
		step{"CreateTable", `{"TableName":"@undefined","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],
			"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`, `ValidationException`},
		step{"CreateTable", `{"TableName":"@undefined","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},
			{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`, `ValidationException`},
	),
	script("table needs a hash key first", "",
		step{"CreateTable", `{"TableName":"@range","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
			"KeySchema":[{"AttributeName":"pk","KeyType":"RANGE"}]}`, `ValidationException`},
		step{"CreateTable", `{"TableName":"@range","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},
			{"AttributeName":"sk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"HASH"}]}`, `ValidationException`},
	),
	script("table names are checked", "",
		step{"CreateTable", `{"TableName":"ab","BillingMode":"PAY_PER_REQUEST",` + tableSchema + `}`, `ValidationException`},
		step{"CreateTable", `{"TableName":"a b c","BillingMode":"PAY_PER_REQUEST",` + tableSchema + `}`, `ValidationException`},
		step{"CreateTable", `{"TableName":"<a*256>","BillingMode":"PAY_PER_REQUEST",` + tableSchema + `}`, `ValidationException`},
	),
	script("table pays per request or has throughput", "",
		step{"CreateTable", `{"TableName":"@paid",` + tableSchema + `}`, `ValidationException`},
		step{"CreateTable", `{"TableName":"@paid","BillingMode":"PAY_PER_REQUEST",` + tableSchema + `,"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}}`, `ValidationException`},
	),
	script("table's local index needs a range key", "",
		step{"CreateTable", `{"TableName":"@lsi","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},
			{"AttributeName":"l","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
			"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],
			"Projection":{"ProjectionType":"ALL"}}]}`, `ValidationException`},
	),
	script("table's index names are unique", "",
		step{"CreateTable", `{"TableName":"@samename","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},
			{"AttributeName":"g","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"GlobalSecondaryIndexes":[
			{"IndexName":"one","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"one","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}`, `ValidationException`},
	),
}

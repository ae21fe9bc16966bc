package ddbenctest_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

// enginesEnv names other engines that the conformance suite and the randomized
// comparison run on as well, such as
// "local=http://127.0.0.1:8000 dynoxide=http://127.0.0.1:8001".
const enginesEnv = "DDBENC_ENGINES"

// A conformanceCheck is one thing that DynamoDB does, under a name that is
// unique. It works on items and tables of its own.
type conformanceCheck struct {
	name string
	run  func(t testing.TB, e *conformanceEngine)
}

// conformanceChecks are all checks, in the order in which they run.
var conformanceChecks = slices.Concat(
	tableChecks, itemChecks, returnChecks, conditionChecks, conditionErrorChecks,
	updateChecks, updateErrorChecks, numberChecks, keyChecks, queryChecks, queryErrorChecks,
	scanChecks, indexChecks, indexUpdateChecks, batchChecks, transactChecks, transactErrorChecks,
	limitChecks, ttlChecks, streamChecks, legacyChecks, protocolChecks,
)

// TestConformance runs every check on the engine of this package, and on the
// engines named in the environment.
func TestConformance(t *testing.T) {
	names := make(map[string]bool)
	for _, c := range conformanceChecks {
		if names[c.name] {
			t.Errorf("two checks have the name %q", c.name)
		}
		names[c.name] = true
	}
	for engine, differences := range conformanceDifferences {
		for _, d := range differences {
			for _, name := range d.checks {
				if !names[name] {
					t.Errorf("known differences of %s: there is no check %q", engine, name)
				}
			}
		}
	}
	for _, e := range conformanceEngines(t) {
		t.Run(e.name, func(t *testing.T) {
			t.Cleanup(func() { e.drop(t) })
			for _, c := range conformanceChecks {
				t.Run(c.name, func(t *testing.T) {
					e.runCheck(t, c)
				})
			}
		})
	}
}

// runCheck runs one check. One that is known to fail is skipped when it does, and
// fails when it passes after all, so that its name goes.
func (e *conformanceEngine) runCheck(t *testing.T, c conformanceCheck) {
	why := e.knownDifference(c.name)
	if why == "" {
		c.run(t, e)
		return
	}
	if failure := record(t, func(t testing.TB) { c.run(t, e) }); failure == "" {
		t.Errorf("%s no longer differs: %s", e.name, why)
	} else {
		t.Skipf("%s differs: %s\n%s", e.name, why, failure)
	}
}

// A conformanceEngine is a DynamoDB to check. Its tables have a prefix of their
// own, for engines that others use as well.
type conformanceEngine struct {
	api
	name   string
	prefix string
	tables map[string]bool // made so far, with prefix

	// ownWording is for an engine whose messages are not compared, their codes
	// only. DynamoDB Local's are: they are the service's with few exceptions.
	ownWording bool
}

// conformanceEngines are the engines to check.
func conformanceEngines(t testing.TB) []*conformanceEngine {
	engines := []*conformanceEngine{newConformanceEngine("embedded", ddbenctest.NewEngine().Config())}
	for _, field := range strings.Fields(os.Getenv(enginesEnv)) {
		name, url, ok := strings.Cut(field, "=")
		if !ok {
			t.Fatalf("%s: %q is not name=URL", enginesEnv, field)
		}
		engines = append(engines, newConformanceEngine(name, socketConfig(url)))
	}
	return engines
}

func newConformanceEngine(name string, config aws.Config) *conformanceEngine {
	return &conformanceEngine{
		api:    api{dynamodb.NewFromConfig(config), dynamodbstreams.NewFromConfig(config)},
		name:   name,
		prefix: "t" + strings.ToLower(rand.Text()[:8]) + "-",
		tables: make(map[string]bool),

		ownWording: name != "embedded" && name != "local",
	}
}

// socketConfig is the SDK's configuration for an engine with a URL. DynamoDB Local
// takes an access key of letters and digits only.
func socketConfig(url string) aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(url),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ddbenctest", SecretAccessKey: "ddbenctest"}, nil
		}),
	}
}

// conformanceTables are the tables that checks name: "@item" is the table of that
// kind, and "@item.own" one of the same kind for the check that made up the
// rest of the name. They are made when a request first names them.
var conformanceTables = map[string]string{
	"hash":   keySchema("pk S"),
	"item":   keySchema("pk S", "sk S"),
	"number": keySchema("pk S", "sk N"),
	"binary": keySchema("pk S", "sk B"),
	"nhash":  keySchema("pk N"),
	"bhash":  keySchema("pk B"),
	"index": `"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},
		{"AttributeName":"l","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"r","AttributeType":"N"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
		"LocalSecondaryIndexes":[
			{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"local-keys","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
		"GlobalSecondaryIndexes":[
			{"IndexName":"all","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"r","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}},
			{"IndexName":"keys","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}},
			{"IndexName":"include","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["a","b"]}}]`,
}

// keySchema is the keys of a table, such as "pk S", "sk N".
func keySchema(keys ...string) string {
	var definitions, schema []string
	for i, key := range keys {
		name, kind, _ := strings.Cut(key, " ")
		definitions = append(definitions, fmt.Sprintf(`{"AttributeName":%q,"AttributeType":%q}`, name, kind))
		schema = append(schema, fmt.Sprintf(`{"AttributeName":%q,"KeyType":%q}`, name, []string{"HASH", "RANGE"}[i]))
	}
	return `"AttributeDefinitions":[` + strings.Join(definitions, ",") + `],"KeySchema":[` + strings.Join(schema, ",") + `]`
}

// want makes the table called name, without prefix, unless it is there.
func (e *conformanceEngine) want(t testing.TB, name string) {
	t.Helper()
	kind, _, _ := strings.Cut(name, ".")
	schema, ok := conformanceTables[kind]
	if full := e.prefix + name; ok && !e.tables[full] {
		e.tables[full] = true
		a, err := e.call(t.Context(), "CreateTable", `{"TableName":"`+full+`","BillingMode":"PAY_PER_REQUEST",`+schema+`}`)
		if err != nil || a.code != "" {
			t.Fatalf("creating table %s: %v %v", name, a, err)
		}
	}
}

// drop deletes the tables that the checks made.
func (e *conformanceEngine) drop(t testing.TB) {
	ctx := context.WithoutCancel(t.Context())
	for name := range e.tables {
		a, err := e.call(ctx, "DeleteTable", `{"TableName":"`+name+`"}`)
		if err != nil || a.code != "" && a.code != "ResourceNotFoundException" {
			t.Errorf("deleting table %s: %v %v", name, a, err)
		}
	}
}

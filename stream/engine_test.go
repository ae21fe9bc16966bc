package stream_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/stream"
)

// clients returns those of the DynamoDB that this test runs on: the one at
// $AWS_ENDPOINT_URL_DYNAMODB if that is set, which serves its streams there too, else
// one inside the process.
func clients(t *testing.T) (*dynamodb.Client, *dynamodbstreams.Client) {
	t.Helper()
	endpoint := os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")
	if endpoint == "" {
		e := ddbenctest.NewEngine()
		return e.Client(), e.StreamsClient()
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg, func(o *dynamodbstreams.Options) { o.BaseEndpoint = &endpoint })
}

// A reader follows a stream that stays open, is stopped, and goes on where it was.
func TestReaderOnEngine(t *testing.T) {
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			db, streams := clients(t)
			name := "ddbenc-stream-" + strings.ToLower(rand.Text())
			in := must(ddbenc.SchemaOf[Patient]()).CreateTableInput(name)
			in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages}
			created, err := db.CreateTable(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if err := dynamodb.NewTableExistsWaiter(db).Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, time.Minute); err != nil {
				t.Fatal(err)
			}
			patients := must(ddbenc.NewTable[Patient](db, name, f.format))
			var checkpoints stream.MemoryCheckpoints

			// follow handles records until it has n.
			follow := func(n int) (got []string) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				mux := must(stream.NewMux(stream.On(patients, func(_ context.Context, r *stream.Record[Patient]) error {
					text := string(r.Operation)
					for _, p := range []*Patient{r.Old, r.New} {
						if p != nil {
							text += fmt.Sprintf(" %s %s", p.Name, p.Weight)
						}
					}
					if got = append(got, text); len(got) == n {
						cancel()
					}
					return nil
				})))
				reader := must(stream.NewReader(streams, *created.TableDescription.LatestStreamArn, mux,
					stream.WithCheckpoints(&checkpoints), stream.PollInterval(10*time.Millisecond), stream.PageSize(2)))
				if err := reader.Run(ctx); !errors.Is(err, context.Canceled) {
					t.Fatalf("Run: %v, after %q", err, got)
				}
				return got
			}
			check := func(want ...string) {
				t.Helper()
				if got := follow(len(want)); strings.Join(got, "; ") != strings.Join(want, "; ") {
					t.Errorf("handled %q, want %q", got, want)
				}
			}
			put(t, patients, Patient{ID: "p-1", Name: "Ada", Weight: digits, Photo: []byte{0, 255}}, Patient{ID: "p-2", Name: "Grace", Weight: "1.5"})
			check("INSERT Ada "+digits, "INSERT Grace 1.5")
			put(t, patients, Patient{ID: "p-1", Name: "Ada King", Weight: "-7"})
			if err := patients.Delete(t.Context(), ddbenc.Key("p-2", 0)); err != nil {
				t.Fatal(err)
			}
			check("MODIFY Ada "+digits+" Ada King -7", "REMOVE Grace 1.5")
		})
	}
}

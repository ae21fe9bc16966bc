package hookotel_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hookotel"
	"github.com/ddbenc/ddbenc/keyring"
)

func Example() {
	reader := sdkmetric.NewManualReader()
	seen, err := hookotel.New(hookotel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))))
	if err != nil {
		panic(err)
	}
	provider, err := keyring.NewWrapped([]byte(strings.Repeat("w", 32)), []byte(strings.Repeat("s", 32)))
	if err != nil {
		panic(err)
	}
	patients, err := ddbenc.NewRawTable("patients", crypt.NewDDBEC(provider), ddbenc.RawSchema{
		PartitionKey: "id", Actions: crypt.Actions{Default: crypt.EncryptAndSign},
	}, ddbenc.WithHooks(seen))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	_, err = patients.EncryptItem(ctx, map[string]types.AttributeValue{
		"id":   &types.AttributeValueMemberS{Value: "p-1"},
		"name": &types.AttributeValueMemberS{Value: "Ada"},
	})
	if err != nil {
		panic(err)
	}

	var data metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &data); err != nil {
		panic(err)
	}
	for _, m := range data.ScopeMetrics[0].Metrics {
		fmt.Printf("%s, %s\n", m.Name, m.Unit)
	}
	// Output:
	// ddbenc.item.duration, s
	// ddbenc.item.size, By
}

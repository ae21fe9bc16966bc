package hookslog_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/hookslog"
	"github.com/ddbenc/ddbenc/keyring"
)

type Patient struct {
	ID   string `dynamodbav:"id,partition"`
	Name string `dynamodbav:"name"`
}

// open opens the table and its keys with the same hooks.
func open(db *dynamodb.Client, kms keyring.KMSClient, keyARN string, logger *slog.Logger) (*ddbenc.Table[Patient], error) {
	seen := hookslog.New(logger)
	provider, err := keyring.NewKMS(kms, keyARN, keyring.WithHooks(seen))
	if err != nil {
		return nil, err
	}
	return ddbenc.NewTable[Patient](db, "patients", crypt.NewDDBEC(provider), ddbenc.WithHooks(seen))
}

func Example() {
	ctx := context.Background()
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTimes}))
	kms := ddbenctest.NewKMS(nil)
	patients, err := open(ddbenctest.NewEngine().Client(), kms.Client("eu-west-1"), kms.CreateKey(ddbenctest.KMSKey{
		ARN: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}), logger)
	if err != nil {
		panic(err)
	}
	if _, err := patients.Get(ctx, ddbenc.Key(7)); err != nil {
		fmt.Println("the call fails too")
	}
	kms.Fault(ddbenctest.KMSFault{Code: ddbenctest.FaultAccessDenied})
	if err := patients.Put(ctx, &Patient{ID: "p-1", Name: "Ada"}); err != nil {
		fmt.Println("the call fails too")
	}
	// Output:
	// level=WARN msg="request refused" table=patients op=GetItem error="ddbenc: request refused: key attribute \"id\" has the type string: a value of type int does not convert to it without loss"
	// the call fails too
	// level=ERROR msg="key failed" provider=KMS op=GenerateDataKey key=arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab reason=key_refused error="ddbenc: key may not be used"
	// level=ERROR msg="item failed" table=patients op=PutItem action=encrypt attributes=2 bytes=12 reason=key_refused error="ddbenc: key may not be used"
	// the call fails too
}

// withoutTimes drops what is another one each time.
func withoutTimes(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || strings.HasSuffix(a.Key, "duration") {
		return slog.Attr{}
	}
	return a
}

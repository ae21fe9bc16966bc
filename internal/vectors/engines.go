package vectors

import (
	"cmp"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// DefaultRegion is that of tables, and of keys whose id names none.
const DefaultRegion = "us-west-2"

// RegionOf returns the region of the first of ids that is an ARN and so names one, or
// else the default.
func RegionOf(ids ...string) string {
	for _, id := range ids {
		if parts := strings.SplitN(id, ":", 5); len(parts) == 5 {
			return parts[3]
		}
	}
	return DefaultRegion
}

// KMS returns a client of the KMS at an endpoint, or if that is empty, at the one that
// the SDKs' environment variable names. Without either it returns nil.
func KMS(endpoint, region string) *kms.Client {
	if endpoint = cmp.Or(endpoint, os.Getenv("AWS_ENDPOINT_URL_KMS")); endpoint == "" {
		return nil
	}
	return kms.New(kms.Options{Region: region, BaseEndpoint: aws.String(endpoint), Credentials: engineCredentials()})
}

// DynamoDB returns a client of the DynamoDB at an endpoint, as [KMS] does.
func DynamoDB(endpoint string) *dynamodb.Client {
	if endpoint = cmp.Or(endpoint, os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")); endpoint == "" {
		return nil
	}
	return dynamodb.New(dynamodb.Options{Region: DefaultRegion, BaseEndpoint: aws.String(endpoint), Credentials: engineCredentials()})
}

// engineCredentials are those of the environment, or ones that no engine checks.
func engineCredentials() aws.CredentialsProvider {
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	if id == "" {
		id, secret = "interop", "interop"
	}
	return credentials.NewStaticCredentialsProvider(id, secret, os.Getenv("AWS_SESSION_TOKEN"))
}

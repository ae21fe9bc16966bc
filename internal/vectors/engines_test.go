package vectors

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestEngines(t *testing.T) {
	const named, ofEnvironment = "http://127.0.0.1:1", "http://127.0.0.1:2"
	for _, tt := range []struct{ endpoint, variable, want string }{
		{"", "", ""},
		{named, "", named},
		{"", ofEnvironment, ofEnvironment},
		{named, ofEnvironment, named},
	} {
		t.Setenv("AWS_ENDPOINT_URL_KMS", tt.variable)
		t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", tt.variable)
		var gotKMS, gotDynamoDB string
		if client := KMS(tt.endpoint, "eu-west-1"); client != nil {
			if gotKMS = aws.ToString(client.Options().BaseEndpoint); client.Options().Region != "eu-west-1" {
				t.Errorf("KMS is in %s", client.Options().Region)
			}
		}
		if client := DynamoDB(tt.endpoint); client != nil {
			gotDynamoDB = aws.ToString(client.Options().BaseEndpoint)
		}
		if gotKMS != tt.want || gotDynamoDB != tt.want {
			t.Errorf("endpoint %q, variable %q: KMS at %q, DynamoDB at %q, want %q", tt.endpoint, tt.variable, gotKMS, gotDynamoDB, tt.want)
		}
	}
}

func TestRegionOf(t *testing.T) {
	const dublin, sydney = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1", "arn:aws:kms:ap-southeast-2:111122223333:key/mrk-1"
	for _, tt := range []struct {
		ids  []string
		want string
	}{
		{nil, DefaultRegion},
		{[]string{""}, DefaultRegion},
		{[]string{"alias/mine"}, DefaultRegion},
		{[]string{dublin}, "eu-west-1"},
		{[]string{dublin, sydney}, "eu-west-1"},
		{[]string{"", "alias/mine", sydney, dublin}, "ap-southeast-2"},
	} {
		if got := RegionOf(tt.ids...); got != tt.want {
			t.Errorf("RegionOf(%q) = %q, want %q", tt.ids, got, tt.want)
		}
	}
}

package kms

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRequestRegion(t *testing.T) {
	tests := []struct {
		name, auth, query, want string
	}{
		{"signed", "AWS4-HMAC-SHA256 Credential=AKID/20260131/us-west-2/kms/aws4_request, SignedHeaders=host, Signature=0", "", "us-west-2"},
		{"signed without spaces", "AWS4-HMAC-SHA256 Credential=AKID/20260131/eu-central-1/kms/aws4_request,SignedHeaders=host,Signature=0", "", "eu-central-1"},
		{"government", "AWS4-HMAC-SHA256 Credential=AKID/20260131/us-gov-west-1/kms/aws4_request", "", "us-gov-west-1"},
		{"presigned", "", "X-Amz-Credential=AKID%2F20260131%2Fap-south-1%2Fkms%2Faws4_request", "ap-south-1"},
		{"unsigned", "", "", DefaultRegion},
		{"other scheme", "Bearer abc", "", DefaultRegion},
		{"scope too short", "AWS4-HMAC-SHA256 Credential=AKID/us-west-2", "", DefaultRegion},
		{"Region that is none", "AWS4-HMAC-SHA256 Credential=AKID/20260131/nowhere/kms/aws4_request", "", DefaultRegion},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/?"+tt.query, nil)
			r.Header.Set("Authorization", tt.auth)
			if got := requestRegion(r); got != tt.want {
				t.Errorf("requestRegion is %s, want %s", got, tt.want)
			}
		})
	}
}

// Every operation survives an empty request and a null one, on an engine with no
// keys: an answer or one of the service's errors, and no failure of ours.
func TestEmptyRequests(t *testing.T) {
	h := New(Config{}).Handler()
	for name := range operations {
		for _, body := range []string{"", "{}", "null", `{"KeyId":null,"EncryptionContext":null,"Tags":null}`, `{"KeyId":"x","TargetKeyId":"x","AliasName":"alias/x"}`} {
			r := httptest.NewRequest("POST", "/", strings.NewReader(body))
			r.Header.Set("X-Amz-Target", targetPrefix+name)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 400 {
				t.Errorf("%s %s: status %d, body %s", name, body, w.Code, w.Body)
			}
		}
	}
}

func TestPage(t *testing.T) {
	all := strings.Split("abcdefg", "")
	name := func(s string) string { return s }
	var got []string
	var marker *string
	for limit := 3; ; {
		members, info, err := page(all, paging{&limit, marker}, 100, name)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join(members, ""))
		if !info.Truncated {
			break
		}
		marker = &info.NextMarker
		all = append(all, "z") // something comes while the pages are read
	}
	if s := strings.Join(got, " "); s != "abc def gzz" {
		t.Errorf("pages are %q, want %q", s, "abc def gzz")
	}
}

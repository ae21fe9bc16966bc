package dbesdkvec

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/internal/testenv"
	"github.com/google/go-cmp/cmp"
)

// TestVectorsKMSRequests: writing an item asks KMS what the other client's writer
// asked, no more and in the same words.
func TestVectorsKMSRequests(t *testing.T) {
	cases, err := Load(testenv.Vectors(t, "dbesdk"))
	if err != nil {
		t.Fatal(err)
	}
	ran := map[string]int{}
	for _, c := range cases {
		if c.members["kms_requests"] == nil || c.Skip() != "" || c.Category == "negative" {
			continue
		}
		ran[c.Provider.Type]++
		out, err := c.Encrypt(t.Context())
		if err != nil || out.Error != "" {
			t.Errorf("%s: %v %s", c.Name, err, out.Error)
			continue
		}
		want, got := requestsOf(t, c), requestsOf(t, out)
		if len(want) == 0 {
			t.Errorf("%s: its writer asked nothing", c.Name)
		}
		const signer = "aws-crypto-public-key" // is new in every item
		for i := range min(len(want), len(got)) {
			ours, _ := got[i]["EncryptionContext"].(map[string]any)
			theirs, _ := want[i]["EncryptionContext"].(map[string]any)
			if ours[signer] != nil && theirs[signer] != nil {
				ours[signer] = theirs[signer]
			}
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s: requests (-want +got):\n%s", c.Name, cmp.Diff(want, got))
		}
	}
	for _, keyring := range []string{typeKMS, typeStore} {
		if ran[keyring] == 0 {
			t.Errorf("no case of the keyring %s has requests to KMS", keyring)
		}
		t.Logf("%d cases of the keyring %s ran", ran[keyring], keyring)
	}
}

func requestsOf(t *testing.T, c *Case) []map[string]any {
	t.Helper()
	var requests []map[string]any
	if err := json.Unmarshal(c.members["kms_requests"], &requests); err != nil {
		t.Fatal(err)
	}
	return requests
}

// TestVectorsKMSRequestLog: reading an item asks KMS what the other client's reader
// asked. The file has these requests as that client prints them.
func TestVectorsKMSRequestLog(t *testing.T) {
	dir := filepath.Join(testenv.Vectors(t, "dbesdk"), "official")
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var known []map[string]any
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var log struct {
			RequestLog []struct{ Op, Req string } `json:"requestLog"`
		}
		if json.Unmarshal(data, &log) == nil {
			for _, r := range log.RequestLog {
				known = append(known, parseRequest(t, r.Op, r.Req))
			}
		}
	}
	cases, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, c := range cases {
		kinds := map[string]bool{typeKMS: true, typeKMSMRK: true, typeKMSRSA: true, typeKMSECDH: true, typeMulti: c.Provider.Generator != nil && c.Provider.Generator.Type == typeKMS}
		if !kinds[c.Provider.Type] {
			continue
		}
		ran++
		log := new(requestLog)
		e, err := c.encryptor(t.Context(), log, false)
		if err != nil {
			t.Fatal(err)
		}
		item, err := c.Encrypted()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Decrypt(t.Context(), item); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		data, err := json.Marshal(log.requests)
		if err != nil {
			t.Fatal(err)
		}
		var got []map[string]any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			t.Errorf("%s: KMS was not asked", c.Name)
		}
	requests:
		for _, r := range got {
			for _, k := range known {
				if reflect.DeepEqual(r, k) {
					continue requests
				}
			}
			t.Errorf("%s: the other client didn't send %v", c.Name, r)
		}
	}
	if ran == 0 {
		t.Error("no case of a KMS keyring is there")
	}
	t.Logf("%d cases ran", ran)
}

var (
	requestMember = regexp.MustCompile(`(KeyId|KeyAgreementAlgorithm|EncryptionAlgorithm|NumberOfBytes)=([^,)]+)`)
	requestBytes  = regexp.MustCompile(`(CiphertextBlob|PublicKey)=SdkBytes\(bytes=0x([0-9a-f]+)\)`)
	requestTokens = regexp.MustCompile(`GrantTokens=\[([^\]]+)\]`)
	requestMap    = regexp.MustCompile(`EncryptionContext=\{([^}]*)\}`)
)

// parseRequest reads a request as the AWS SDK for Java prints it, except for those
// to DynamoDB.
func parseRequest(t *testing.T, op, text string) map[string]any {
	t.Helper()
	r := map[string]any{"operation": strings.ToUpper(op[:1]) + op[1:]}
	for _, m := range requestMember.FindAllStringSubmatch(text, -1) {
		r[m[1]] = m[2]
		if m[1] == "NumberOfBytes" {
			r[m[1]] = 32.
		}
	}
	for _, m := range requestBytes.FindAllStringSubmatch(text, -1) {
		b, err := hex.DecodeString(m[2])
		if err != nil {
			t.Fatal(err)
		}
		r[m[1]] = base64.StdEncoding.EncodeToString(b)
	}
	if m := requestTokens.FindStringSubmatch(text); m != nil {
		r["GrantTokens"] = []any{m[1]}
	}
	if m := requestMap.FindStringSubmatch(text); m != nil {
		entries := map[string]any{}
		for _, e := range strings.Split(m[1], ", ") {
			key, value, _ := strings.Cut(e, "=")
			entries[key] = value
		}
		r["EncryptionContext"] = entries
	}
	return r
}
